//! What a deployment decides, in one file: keys, the register, login providers, where messages and attachments go.
//!
//! Paths are relative to the file. Secrets stand in files of their own, so that this one can be shown around.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use casework::Unit;
use casework::policy::Policy;
use casework::routing::Delegations;
use ledger::NoteSigner;
use platform::Keys;
use platform::access::{Provider, Rules, SealKey};
use platform::attachments::Vault;
use platform::issuing::PassportKey;
use platform::register::Extract;
use platform::signing::SigningKey;
use platform::vault::VaultPlace;
use platform::workers::{Courier, NotTaken};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use signing::{Certificate, KeyPair, Signer};
use storage::Message;

use crate::command::clean::read_text;
use crate::command::keys::{KeyName, Secrets, check_pair};
use crate::command::passport::named_profile;
use crate::command::register::register;
use crate::command::sealed::{authorities, certificates};
use crate::exit::{Blame, Failure, usage};

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Deployment {
    /// The domain of the pages, to which passkeys are bound.
    pub(super) domain: Option<String>,
    /// Our own proxies.
    pub(super) proxies: Vec<IpAddr>,
    /// To which districts and communes provinces delegated feedback.
    pub(super) delegations: Delegations,
    policy: Option<PathBuf>,
    access: Option<PathBuf>,
    seal_key: Option<PathBuf>,
    checkpoint_key: Option<PathBuf>,
    register: Option<PathBuf>,
    messages: Option<PathBuf>,
    attachments: Option<VaultPlace>,
    authorities: Vec<PathBuf>,
    #[serde(rename = "provider")]
    providers: Vec<LoginProvider>,
    #[serde(rename = "signing_key")]
    signing_keys: Vec<OfUnit>,
    passports: Option<OfPassports>,
    /// Where the file lies.
    #[serde(skip)]
    folder: PathBuf,
}

/// A login provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginProvider {
    name: String,
    issuer: String,
    client_id: String,
    client_secret_file: Option<PathBuf>,
    redirect_uri: String,
}

/// The key of a facility, or of a unit that signs for facilities.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfUnit {
    unit: Unit,
    key: String,
    certificate: PathBuf,
    passphrase_file: Option<PathBuf>,
    pin_file: Option<PathBuf>,
}

/// The ministry's key for passports.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfPassports {
    profile: String,
    key: String,
    certificate: PathBuf,
    passphrase_file: Option<PathBuf>,
    pin_file: Option<PathBuf>,
}

impl Deployment {
    /// Reads the file.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let mut deployment: Self = toml::from_str(&read_text(path)?)
            .map_err(|error| usage(format!("{}: {error}", path.display())))?;
        deployment.folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(deployment)
    }

    fn at(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// Reads the text of a file and makes something of it.
    fn parsed<T, E: std::fmt::Display>(
        &self,
        path: Option<&PathBuf>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Failure> {
        let Some(path) = path.map(|path| self.at(path)) else {
            return Ok(None);
        };
        let parsed = parse(&zeroize::Zeroizing::new(read_text(&path)?));
        let parsed = parsed.map_err(|error| usage(format!("{}: {error}", path.display())))?;
        Ok(Some(parsed))
    }

    /// The ministry's rules.
    pub(super) fn policy(&self) -> Result<Policy, Failure> {
        let own = self.parsed(self.policy.as_ref(), Policy::parse)?;
        Ok(own.unwrap_or_else(Policy::shipped))
    }

    /// The terms of signing in.
    pub(super) fn rules(&self) -> Result<Rules, Failure> {
        let own = self.parsed(self.access.as_ref(), Rules::parse)?;
        Ok(own.unwrap_or_else(Rules::shipped))
    }

    /// The key that seals the secrets of authenticator apps.
    pub(super) fn seal(&self) -> Result<Option<SealKey>, Failure> {
        self.parsed(self.seal_key.as_ref(), |text| {
            SealKey::parse(text).ok_or("this file should hold 64 hexadecimal digits")
        })
    }

    /// The key that signs a checkpoint each day.
    pub(super) fn checkpoints(&self) -> Result<Option<Arc<NoteSigner>>, Failure> {
        let signer = self.parsed(self.checkpoint_key.as_ref(), NoteSigner::parse)?;
        Ok(signer.map(Arc::new))
    }

    /// Login providers.
    pub(super) fn providers(&self) -> Result<Vec<Provider>, Failure> {
        let read = |provider: &LoginProvider| {
            let secret = self.parsed(provider.client_secret_file.as_ref(), |text| {
                Ok::<_, String>(text.trim().to_owned().into())
            });
            Ok(Provider {
                name: provider.name.clone(),
                issuer: provider.issuer.clone(),
                client_id: provider.client_id.clone(),
                client_secret: secret?,
                redirect_uri: provider.redirect_uri.clone(),
            })
        };
        self.providers.iter().map(read).collect()
    }

    /// A local extract of the population register.
    pub(super) fn register(&self) -> Result<Option<Arc<Extract>>, Failure> {
        let Some(path) = &self.register else {
            return Ok(None);
        };
        let entries = register(&self.at(path))?;
        Ok(Some(Arc::new(Extract::new(entries))))
    }

    /// Where messages go.
    pub(super) fn courier(&self) -> Result<Option<Arc<Outbox>>, Failure> {
        let Some(path) = &self.messages else {
            return Ok(None);
        };
        let folder = self.at(path);
        fs::create_dir_all(&folder).or_usage()?;
        Ok(Some(Arc::new(Outbox(folder))))
    }

    /// Where attachments are kept; the store itself when nothing is said.
    pub(super) fn vault(&self) -> Result<Option<Arc<dyn Vault>>, Failure> {
        let opened = self.attachments.as_ref().map(|it| it.open(&self.folder));
        let vault = opened.transpose().or_usage()?;
        Ok(vault.map(|vault| Arc::new(vault) as Arc<dyn Vault>))
    }

    /// The keys that sign here.
    pub(super) fn keys(&self) -> Result<Keys, Failure> {
        let mut of_units = BTreeMap::new();
        for entry in &self.signing_keys {
            let secrets = self.secrets(entry.passphrase_file.as_deref(), entry.pin_file.as_deref());
            let (signer, chain) = self.open(&entry.key, &secrets, &entry.certificate)?;
            let unit = entry.unit.clone();
            let key = SigningKey {
                signer,
                chain,
                unit: unit.clone(),
            };
            if of_units.insert(unit, key).is_some() {
                return Err(usage(format!("two signing keys of {}", entry.unit)));
            }
        }
        let files: Vec<PathBuf> = self.authorities.iter().map(|path| self.at(path)).collect();
        Ok(Keys {
            of_units,
            passports: self.passports()?,
            trust: authorities(&files)?,
        })
    }

    fn passports(&self) -> Result<Option<PassportKey>, Failure> {
        let Some(entry) = &self.passports else {
            return Ok(None);
        };
        let profile = named_profile(&entry.profile, &self.folder)?;
        let secrets = self.secrets(entry.passphrase_file.as_deref(), entry.pin_file.as_deref());
        let (signer, chain) = self.open(&entry.key, &secrets, &entry.certificate)?;
        let certificate = chain.into_iter().next();
        Ok(certificate.map(|certificate| PassportKey {
            profile,
            certificate,
            signer,
        }))
    }

    fn secrets(&self, passphrase: Option<&Path>, pin: Option<&Path>) -> Secrets {
        let at = |path: &Path| self.at(path);
        Secrets::in_files(passphrase.map(at), pin.map(at))
    }

    /// Opens a key with its certificate and the chain of that.
    fn open(
        &self,
        key: &str,
        secrets: &Secrets,
        certificate: &Path,
    ) -> Result<(Arc<dyn Signer>, Vec<Certificate>), Failure> {
        let name = match key.parse().map_err(usage)? {
            KeyName::File(path) => KeyName::File(self.at(&path)),
            in_token @ KeyName::Token(_) => in_token,
        };
        let opened: Arc<dyn KeyPair> = Arc::from(secrets.open(&name, 1)?);
        let path = self.at(certificate);
        let chain = certificates(&path)?;
        let own = chain.first();
        let own = own.ok_or_else(|| usage(format!("{}: no certificate in it", path.display())))?;
        check_pair(own, opened.as_ref(), &path)?;
        Ok((opened, chain))
    }
}

/// A folder where an SMS or e-mail gateway finds messages: one JSON file each, whole from the moment that it has its name.
pub(super) struct Outbox(PathBuf);

impl Courier for Outbox {
    fn send(&self, message: &Message) -> Result<(), NotTaken> {
        let name = hex::encode(Sha256::digest(&message.key));
        let text = json!({
            "key": message.key,
            "channel": message.channel,
            "recipient": message.recipient,
            "body": message.body,
            "at": message.at,
        });
        let (begun, whole) = (
            self.0.join(format!(".{name}")),
            self.0.join(format!("{name}.json")),
        );
        let written = write_private(&begun, text.to_string().as_bytes());
        written
            .and_then(|()| fs::rename(&begun, &whole))
            .map_err(|error| NotTaken(error.to_string()))
    }
}

/// A file that holds a phone number: for its owner alone, and on the disk when this returns.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
