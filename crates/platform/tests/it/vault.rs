//! Attachments in the store, in a folder and on an S3 server: whoever sends and reads them meets no difference.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use casework::RecordId;
use casework::feedback::Feedback;
use casework::feedback::submission::Attachment;
use hyper_util::rt::TokioIo;
use platform::attachments::{Vault, VaultError};
use platform::vault::{Bucket, ObjectVault, VaultPlace};
use platform::{ActError, Platform, Settings};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::feedback::{citizen, submission, submit};
use crate::world::{HERE, code_of, id, on_both, open_facility, province, station};

const BUCKET: &str = "minhchung";
const KEY_ID: &str = "minhchung";
const SECRET: &str = "bí mật của một bài thử";

/// The same files, wherever they are kept.
async fn sends_and_reads(platform: &Platform, kept: &Kept) {
    let platform = &with(platform.store().clone(), kept.vault());
    open_facility(platform, HERE).await;
    let photo = picture(1, 30_000);
    let sent = platform.attach(&citizen(1), photo.clone()).await;
    let sent = sent.expect("is taken");
    assert_eq!(
        (sent.media_type.as_str(), sent.size),
        ("image/jpeg", 30_000)
    );
    let twice = platform.attach(&citizen(2), photo.clone()).await;
    assert_eq!(twice.expect("is taken"), sent);
    let other = platform.attach(&citizen(3), picture(2, 10)).await;
    let other = other.expect("is taken");
    assert_ne!(other.sha256, sent.sha256);
    if let Some(root) = kept.root() {
        assert_eq!(
            files(&root),
            BTreeSet::from([file(&root, &sent), file(&root, &other)])
        );
    }

    let empty = platform.attach(&citizen(4), Vec::new()).await;
    assert_eq!(code_of(empty), "feedback.attachment_unfit");
    let large = platform.attach(&citizen(4), picture(3, 10_000_001)).await;
    assert_eq!(code_of(large), "feedback.attachment_unfit");
    let page = platform.attach(&citizen(4), b"<html>".to_vec()).await;
    assert_eq!(code_of(page), "feedback.attachment_unfit");
    if let Some(root) = kept.root() {
        assert_eq!(files(&root).len(), 2, "nothing was kept of those");
    }

    let feedback = with_files(platform, vec![sent.clone(), other]).await;
    let read = platform
        .attachment(&province(), &feedback, &sent.sha256)
        .await;
    assert_eq!(read.expect("reads"), (sent.clone(), photo));
    let elsewhere = station(26740);
    let beyond = platform
        .attachment(&elsewhere, &feedback, &sent.sha256)
        .await;
    assert_eq!(code_of(beyond), "record.not_found");
    let unknown = platform
        .attachment(&province(), &feedback, &"0".repeat(64))
        .await;
    assert_eq!(code_of(unknown), "record.not_found");
}

/// A file that was altered or taken away where it lay, and a place that is gone.
async fn finds_what_is_wrong(platform: &Platform, kept: &Kept) {
    let platform = &with(platform.store().clone(), kept.vault());
    open_facility(platform, HERE).await;
    let photo = picture(4, 5_000);
    let sent = platform.attach(&citizen(1), photo.clone()).await;
    let sent = sent.expect("is taken");
    let feedback = with_files(platform, vec![sent.clone()]).await;
    let read = async || {
        platform
            .attachment(&province(), &feedback, &sent.sha256)
            .await
    };
    let object = file(&kept.root().expect("a folder"), &sent);
    for altered in [picture(5, 5_000), picture(4, 4_999), Vec::new()] {
        fs::write(&object, altered).expect("writes");
        let error = vault_error(read().await);
        assert!(matches!(error, VaultError::Altered { .. }), "{error}");
        assert!(error.to_string().contains(&kept.place()), "{error}");
    }
    fs::remove_file(&object).expect("removes");
    let error = vault_error(read().await);
    assert!(matches!(error, VaultError::Missing { .. }), "{error}");
    assert!(error.to_string().contains(&kept.place()), "{error}");
    // Whoever has the file sends it again.
    platform
        .attach(&citizen(2), photo.clone())
        .await
        .expect("is taken");
    assert_eq!(read().await.expect("reads").1, photo);

    kept.break_down();
    let error = vault_error(read().await);
    assert!(matches!(error, VaultError::Failed { .. }), "{error}");
    assert!(error.to_string().contains(&kept.place()), "{error}");
    let new = picture(6, 100);
    let error = vault_error(platform.attach(&citizen(3), new.clone()).await);
    assert!(matches!(error, VaultError::Failed { .. }), "{error}");
    let hash = error.to_string();
    let hash = hash.split([' ', ':']).find(|word| word.len() == 64);
    let recorded = platform.store().blob(hash.expect("a hash")).await;
    assert_eq!(recorded.expect("reads"), None, "nothing was recorded");
}

fn vault_error<T: std::fmt::Debug>(result: Result<T, ActError>) -> VaultError {
    match result {
        Err(ActError::Vault(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// Feedback with these files.
async fn with_files(platform: &Platform, files: Vec<Attachment>) -> RecordId {
    let feedback = id(&format!("PA-{}", files[0].sha256));
    let mut sent = submission(1);
    sent.attachments = files;
    let done = platform
        .act::<Feedback>(&citizen(10), &feedback, None, submit(sent))
        .await;
    done.expect("is recorded");
    feedback
}

/// Something that begins as a photo does.
fn picture(seed: u8, size: usize) -> Vec<u8> {
    let mut bytes = vec![seed; size];
    bytes[..3].copy_from_slice(b"\xff\xd8\xff");
    bytes
}

/// Where a file has to lie.
fn file(root: &Path, file: &Attachment) -> PathBuf {
    root.join(&file.sha256[..2]).join(&file.sha256)
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("reads") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path);
        }
    }
    found
}

/// Where files are kept.
enum Kept {
    Store,
    Folder(TempDir),
    S3(Server),
}

impl Kept {
    fn vault(&self) -> Option<Arc<dyn Vault>> {
        match self {
            Self::Store => None,
            Self::Folder(folder) => {
                let place = VaultPlace::Folder("attachments".into());
                Some(Arc::new(place.open(folder.path()).expect("opens")))
            }
            Self::S3(server) => Some(Arc::new(server.vault(SECRET))),
        }
    }

    /// The folder in which they end.
    fn root(&self) -> Option<PathBuf> {
        match self {
            Self::Store => None,
            Self::Folder(folder) => Some(folder.path().join("attachments")),
            Self::S3(server) => Some(server.folder.path().join(BUCKET)),
        }
    }

    /// How messages name it.
    fn place(&self) -> String {
        match self {
            Self::Store => String::new(),
            Self::Folder(folder) => folder.path().join("attachments").display().to_string(),
            Self::S3(server) => format!("{}/{BUCKET}", server.endpoint),
        }
    }

    fn break_down(&self) {
        match self {
            Self::Store => {}
            // A file in place of the folder: even the superuser, as whom tests may run, finds nothing behind it.
            Self::Folder(folder) => {
                let root = folder.path().join("attachments");
                fs::remove_dir_all(&root).expect("removes");
                fs::write(&root, "").expect("writes");
            }
            Self::S3(server) => server.work.abort(),
        }
    }
}

/// An S3 server on this machine, which checks signatures and keeps objects in a folder.
struct Server {
    folder: TempDir,
    endpoint: String,
    work: JoinHandle<()>,
}

impl Server {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join(BUCKET)).expect("a bucket");
        let objects = s3s_fs::FileSystem::new(folder.path()).expect("opens");
        let mut service = S3ServiceBuilder::new(objects);
        service.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
        let address = listener.local_addr().expect("an address");
        Self {
            folder,
            endpoint: format!("http://{address}"),
            work: tokio::spawn(serve(listener, service.build())),
        }
    }

    fn vault(&self, secret: &str) -> ObjectVault {
        let bucket = Bucket {
            endpoint: self.endpoint.clone(),
            bucket: BUCKET.into(),
            region: "us-east-1".into(),
            access_key_id: KEY_ID.into(),
            secret_file: PathBuf::new(),
        };
        ObjectVault::s3(&bucket, &secret.to_owned().into()).expect("opens")
    }
}

/// Answers until it is aborted, and with it all connections.
async fn serve(listener: TcpListener, service: S3Service) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("accepts");
        let service = service.clone();
        connections.spawn(async move {
            let served = hyper::server::conn::http1::Builder::new();
            // A client that goes away is no matter of the server.
            let _ = served.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn with(store: storage::Store, vault: Option<Arc<dyn Vault>>) -> Platform {
    let settings = crate::world::platform(store.clone()).settings().clone();
    Platform::new(store, Settings { vault, ..settings })
}

#[test]
fn files_are_sent_and_read_alike_in_the_store_a_folder_and_s3() {
    on_both(|platform| async move {
        sends_and_reads(&platform, &Kept::Store).await;
    });
    on_both(|platform| async move {
        let kept = Kept::Folder(tempfile::tempdir().expect("a folder"));
        sends_and_reads(&platform, &kept).await;
    });
    on_both(|platform| async move {
        let kept = Kept::S3(Server::start().await);
        sends_and_reads(&platform, &kept).await;
    });
}

#[test]
fn a_file_altered_or_gone_and_a_place_that_is_gone_are_told_by_name() {
    on_both(|platform| async move {
        let kept = Kept::Folder(tempfile::tempdir().expect("a folder"));
        finds_what_is_wrong(&platform, &kept).await;
    });
    on_both(|platform| async move {
        let kept = Kept::S3(Server::start().await);
        finds_what_is_wrong(&platform, &kept).await;
    });
}

#[test]
fn a_place_that_is_not_configured_any_more_is_told_and_files_of_the_store_stay_readable() {
    on_both(|platform| async move {
        open_facility(&platform, HERE).await;
        let kept = Kept::Folder(tempfile::tempdir().expect("a folder"));
        let beside = with(platform.store().clone(), kept.vault());
        let in_store = platform.attach(&citizen(1), picture(1, 50)).await;
        let in_folder = beside.attach(&citizen(1), picture(2, 50)).await;
        let (in_store, in_folder) = (in_store.expect("is taken"), in_folder.expect("is taken"));
        let feedback = with_files(&platform, vec![in_store.clone(), in_folder.clone()]).await;
        for platform in [&platform, &beside] {
            let read = platform
                .attachment(&province(), &feedback, &in_store.sha256)
                .await;
            assert_eq!(read.expect("reads").1, picture(1, 50));
        }
        let lost = platform
            .attachment(&province(), &feedback, &in_folder.sha256)
            .await;
        let expected = VaultError::Unconfigured(in_folder.sha256);
        assert_eq!(vault_error(lost), expected);
    });
}

#[test]
fn a_server_that_refuses_our_key_says_so_and_keeps_nothing() {
    on_both(|platform| async move {
        let server = Server::start().await;
        let wrong: Arc<dyn Vault> = Arc::new(server.vault("đoán thử"));
        let refused = with(platform.store().clone(), Some(wrong));
        let error = vault_error(refused.attach(&citizen(1), picture(1, 50)).await);
        assert!(error.to_string().contains("refuses our key"), "{error}");
        assert!(!error.to_string().contains("đoán thử"), "{error}");
        assert!(files(&server.folder.path().join(BUCKET)).is_empty());
    });
}

#[cfg(unix)]
#[test]
fn a_new_folder_is_for_its_owner_alone_and_one_that_cannot_be_made_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let place = VaultPlace::Folder("a/b".into());
    place.open(folder.path()).expect("opens");
    let mode = fs::metadata(folder.path().join("a/b"))
        .expect("is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    fs::write(folder.path().join("file"), "").expect("writes");
    let error = VaultPlace::Folder("file/b".into()).open(folder.path());
    let error = error.expect_err("is refused").to_string();
    assert!(error.contains("file/b"), "{error}");
}
