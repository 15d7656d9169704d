//! Attachments beside the store: in a folder, or as objects after the manner of S3.
//!
//! A file has the hash of its bytes as its name, under the first two digits of it (`3f/3f0a…`): the same bytes twice are one object, and
//! whoever reads knows whether it is what was kept. It is there whole or not at all. Nothing is ever removed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use object_store::aws::AmazonS3Builder;
use object_store::client::{HttpClient, HttpConnector};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt as _, RetryConfig};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::access::Secret;
use crate::address::guarded;
use crate::attachments::{Vault, VaultError};

/// Where attachments are kept, as the deployment configures it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VaultPlace {
    /// `folder = "attachments"`.
    Folder(PathBuf),
    /// `s3 = { endpoint = …, bucket = …, region = …, access_key_id = …, secret_file = … }`.
    S3(Bucket),
}

/// A bucket of a server that speaks S3, addressed by path (`ENDPOINT/BUCKET/…`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Encrypted, or on this very machine.
    pub endpoint: String,
    /// Its name; it has to be there.
    pub bucket: String,
    /// Of the signatures; servers of one's own mostly take `us-east-1`.
    pub region: String,
    /// Who we are there.
    pub access_key_id: String,
    /// Where the secret of that key stands.
    pub secret_file: PathBuf,
}

/// Attachments as objects.
#[derive(Debug)]
pub struct ObjectVault {
    objects: Arc<dyn ObjectStore>,
    /// For messages: the folder, or endpoint and bucket.
    place: String,
}

/// How long a connection to a server may take.
const CONNECT: Duration = Duration::from_secs(3);

/// How long one request may take, and how long after its begin it is sent again. Who waits for both is a person with a browser.
const REQUEST: Duration = Duration::from_secs(10);

/// How often a request is sent again, to a server that is being restarted.
const RETRIES: usize = 2;

/// Letters of another program's message that are told.
const LONGEST_CAUSE: usize = 300;

impl VaultPlace {
    /// Opens the place. Paths are relative to `base`.
    ///
    /// # Errors
    /// The folder can't be made, the secret can't be read, or what was configured is no address.
    pub fn open(&self, base: &Path) -> Result<ObjectVault, VaultError> {
        match self {
            Self::Folder(folder) => ObjectVault::folder(&base.join(folder)),
            Self::S3(bucket) => {
                let path = base.join(&bucket.secret_file);
                let text = fs::read_to_string(&path).map(Zeroizing::new);
                let text = text.map_err(|error| unfit(&path.display().to_string(), &error))?;
                ObjectVault::s3(bucket, &text.trim().to_owned().into())
            }
        }
    }
}

impl ObjectVault {
    /// Files in a folder, which is made if it is not there, for its owner alone.
    ///
    /// # Errors
    /// It can't be made.
    pub fn folder(path: &Path) -> Result<Self, VaultError> {
        let place = path.display().to_string();
        make_private(path).map_err(|error| unfit(&place, &error))?;
        let objects =
            LocalFileSystem::new_with_prefix(path).map_err(|error| unfit(&place, &error))?;
        Ok(Self {
            // What was acknowledged survives a power cut.
            objects: Arc::new(objects.with_fsync(true)),
            place,
        })
    }

    /// Objects in a bucket. Nothing is asked before the first file.
    ///
    /// # Errors
    /// The endpoint is neither encrypted nor on this machine, or something is missing.
    pub fn s3(bucket: &Bucket, secret: &Secret) -> Result<Self, VaultError> {
        let place = format!(
            "{}/{}",
            bucket.endpoint.trim_end_matches('/'),
            bucket.bucket
        );
        if guarded(&bucket.endpoint).is_none() {
            let why = "the endpoint has to begin with https://, or with http:// and the number of this very machine (127.0.0.1)";
            return Err(unfit(&place, &why));
        }
        let given = [&bucket.bucket, &bucket.region, &bucket.access_key_id];
        if given.iter().any(|text| text.is_empty()) || secret.expose().is_empty() {
            return Err(unfit(
                &place,
                &"bucket, region, access key or secret is empty",
            ));
        }
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: RETRIES,
            retry_timeout: REQUEST,
        };
        let objects = AmazonS3Builder::new()
            .with_endpoint(&bucket.endpoint)
            .with_bucket_name(&bucket.bucket)
            .with_region(&bucket.region)
            .with_access_key_id(&bucket.access_key_id)
            .with_secret_access_key(secret.expose())
            .with_virtual_hosted_style_request(false)
            .with_http_connector(Direct)
            .with_retry(retry)
            .build()
            .map_err(|error| unfit(&place, &error))?;
        Ok(Self {
            objects: Arc::new(objects),
            place,
        })
    }

    fn failed(&self, sha256: &str, error: &object_store::Error) -> VaultError {
        VaultError::Failed {
            place: self.place.clone(),
            sha256: sha256.to_owned(),
            why: cause(error),
        }
    }
}

#[async_trait]
impl Vault for ObjectVault {
    async fn put(&self, sha256: &str, bytes: Vec<u8>) -> Result<(), VaultError> {
        let put = self.objects.put(&key(sha256), bytes.into()).await;
        put.map_err(|error| self.failed(sha256, &error))?;
        Ok(())
    }

    async fn get(&self, sha256: &str, size: u64) -> Result<Vec<u8>, VaultError> {
        let (place, object) = (self.place.clone(), sha256.to_owned());
        let found = match self.objects.get(&key(sha256)).await {
            Ok(found) => found,
            Err(error) if is_missing(&error) => {
                return Err(VaultError::Missing {
                    place,
                    sha256: object,
                });
            }
            Err(error) => return Err(self.failed(sha256, &error)),
        };
        let altered = VaultError::Altered {
            place,
            sha256: object,
        };
        // Whatever lies there in place of the file might be of any size.
        if found.meta.size != size {
            return Err(altered);
        }
        let bytes = found.bytes().await;
        let bytes = bytes.map_err(|error| self.failed(sha256, &error))?;
        if hex::encode(Sha256::digest(&bytes)) == sha256 {
            Ok(bytes.into())
        } else {
            Err(altered)
        }
    }
}

/// Where a file lies. No folder holds more than a 256th of them.
fn key(sha256: &str) -> Key {
    let first = sha256.get(..2).unwrap_or_default();
    Key::from_iter([first, sha256])
}

/// Whether the object alone is missing: without its bucket all of them are.
fn is_missing(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotFound { .. })
        && !error.to_string().contains("NoSuchBucket")
}

/// What failed, in the words of whoever failed first.
fn cause(error: &object_store::Error) -> String {
    let mut first: &dyn std::error::Error = error;
    while let Some(source) = first.source() {
        first = source;
    }
    let text = match error {
        object_store::Error::PermissionDenied { .. }
        | object_store::Error::Unauthenticated { .. } => {
            format!("it refuses our key or what we may do there: {first}")
        }
        _ => first.to_string(),
    };
    text.chars().take(LONGEST_CAUSE).collect()
}

fn unfit(place: &str, why: &dyn std::fmt::Display) -> VaultError {
    VaultError::Unfit {
        place: place.to_owned(),
        why: why.to_string(),
    }
}

fn make_private(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Connections to the configured endpoint and nowhere else: no redirect is followed, no proxy of the environment asked.
#[derive(Debug)]
struct Direct;

impl HttpConnector for Direct {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(REQUEST)
            .build();
        let client = client.map_err(|error| object_store::Error::Generic {
            store: "S3",
            source: error.into(),
        })?;
        Ok(HttpClient::new(client))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket() -> Bucket {
        Bucket {
            endpoint: "https://objects.example.vn".into(),
            bucket: "minhchung".into(),
            region: "us-east-1".into(),
            access_key_id: "minhchung".into(),
            secret_file: "objects.secret".into(),
        }
    }

    #[test]
    fn a_configuration_names_one_place_and_nothing_unknown() {
        let read = |text: &str| toml::from_str::<VaultPlace>(text);
        let folder = read("folder = 'attachments'").expect("reads");
        assert_eq!(folder, VaultPlace::Folder("attachments".into()));
        let s3 = "endpoint = 'https://objects.example.vn', bucket = 'minhchung', region = 'us-east-1', access_key_id = 'minhchung', secret_file = 'objects.secret'";
        let read_s3 = read(&format!("s3 = {{ {s3} }}")).expect("reads");
        assert_eq!(read_s3, VaultPlace::S3(bucket()));
        for wrong in [
            "",
            "folders = 'attachments'",
            "folder = 'attachments'\ns3 = { bucket = 'minhchung' }",
            "s3 = { bucket = 'minhchung' }",
            &format!("s3 = {{ {s3}, secret = 'x' }}"),
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_bucket_is_asked_encrypted_or_on_this_machine_and_with_a_key() {
        let open = |bucket: &Bucket, secret: &str| {
            ObjectVault::s3(bucket, &secret.to_owned().into()).map(|vault| vault.place)
        };
        let place = open(&bucket(), "bí mật").expect("opens");
        assert_eq!(place, "https://objects.example.vn/minhchung");
        let here = Bucket {
            endpoint: "http://127.0.0.1:9000/".into(),
            ..bucket()
        };
        let place = open(&here, "bí mật").expect("opens");
        assert_eq!(place, "http://127.0.0.1:9000/minhchung");
        for endpoint in ["http://objects.example.vn", "objects.example.vn", ""] {
            let there = Bucket {
                endpoint: endpoint.into(),
                ..bucket()
            };
            let error = open(&there, "bí mật").expect_err("is refused");
            assert!(error.to_string().contains("https://"), "{error}");
        }
        assert!(open(&bucket(), "").is_err());
    }

    #[test]
    fn a_secret_that_is_not_there_is_told_by_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let opened = VaultPlace::S3(bucket()).open(folder.path());
        let error = opened.expect_err("is refused").to_string();
        assert!(error.contains("objects.secret"), "{error}");
        fs::write(folder.path().join("objects.secret"), "bí mật\n").expect("writes");
        VaultPlace::S3(bucket()).open(folder.path()).expect("opens");
    }
}
