//! Files that are believed because of the signature beside them: `trust.json` with `trust.json.jws`, a detached JWS with its certificates.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use signing::{Certificate, DetachedJws, KeyPair, Trust};

use crate::command::keys::SigningKey;
use crate::command::people;
use crate::exit::{Blame, Failure, usage};

/// Who signs a file, and how long it counts.
#[derive(Args)]
pub struct Seal {
    #[command(flatten)]
    key: SigningKey,
    /// The certificate of the key, issued by an authority that the readers trust.
    #[arg(long, value_name = "FILE.pem")]
    cert: PathBuf,
    /// Days after which readers must not rely on it any more.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3660))]
    valid_days: u32,
}

/// A seal that is ready.
pub struct OpenSeal {
    key: Box<dyn KeyPair>,
    chain: Vec<Certificate>,
    /// Since when what it signs is known.
    pub as_of: Timestamp,
    /// How long that counts.
    pub stale_after: Timestamp,
}

impl Seal {
    /// Opens the key, and makes sure that its certificate is good for the whole time that the file counts.
    pub fn open(&self, now: Timestamp) -> Result<OpenSeal, Failure> {
        let chain = certificates(&self.cert)?;
        let stale_after = now
            .checked_add(SignedDuration::from_hours(i64::from(self.valid_days) * 24))
            .or_usage()?;
        let name = self.cert.display();
        if let Some(own) = chain.first() {
            if !own.may_sign_messages() {
                return Err(usage(format!(
                    "{name}: this certificate may not sign files; give that of a signer, not of an authority"
                )));
            }
            if !own.valid_at(now) || own.not_after() < stale_after {
                return Err(usage(format!(
                    "{name}: this certificate is valid from {} to {}, and the file should count until {stale_after}: have a new one issued, or give fewer --valid-days",
                    own.not_before(),
                    own.not_after()
                )));
            }
        }
        Ok(OpenSeal {
            key: self.key.open(1)?,
            chain,
            as_of: now,
            stale_after,
        })
    }
}

impl OpenSeal {
    /// Writes a file and the signature beside it. Readers who meet the one without the other believe neither.
    pub fn write(&self, path: &Path, text: &str) -> Result<(), Failure> {
        let key: &dyn KeyPair = &*self.key;
        let jws = DetachedJws::sign(text.as_bytes(), key, &self.chain, self.as_of).or_usage()?;
        people::write_text(path, text)?;
        people::write_text(&jws_path(path), jws.text())
    }
}

/// Where the signature of a file is.
pub fn jws_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".jws");
    name.into()
}

/// The signature of a file, without the line end that an editor may have put behind it.
pub fn read_jws(path: &Path) -> Result<String, Failure> {
    let path = jws_path(path);
    let text = std::fs::read_to_string(&path).map_err(|error| {
        usage(format!(
            "{}: {error}; the signature belongs beside the file",
            path.display()
        ))
    })?;
    Ok(text.trim_end().to_owned())
}

/// Trust in the authorities whose certificates stand in these files.
pub fn authorities(files: &[PathBuf]) -> Result<Trust, Failure> {
    let all = all_certificates(files)?;
    if let Some(other) = all.iter().find(|of| !of.may_sign_certificates()) {
        return Err(usage(format!(
            "{} is no authority: give the certificate of the authority (CSCA) that issued it",
            other.subject()
        )));
    }
    Ok(Trust::new(all))
}

/// The certificates of all these files.
pub fn all_certificates(files: &[PathBuf]) -> Result<Vec<Certificate>, Failure> {
    let each: Result<Vec<_>, _> = files.iter().map(|file| certificates(file)).collect();
    Ok(each?.concat())
}

/// The certificates of a file, PEM or DER.
pub fn certificates(path: &Path) -> Result<Vec<Certificate>, Failure> {
    let bytes = read_bytes(path)?;
    Certificate::from_bytes(&bytes).map_err(|error| usage(format!("{}: {error}", path.display())))
}

/// A file, or standard input for `-`.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes).map(|_| ())
    } else {
        std::fs::read(path).map(|read| bytes = read)
    };
    read.map_err(|error| usage(format!("{}: {error}", path.display())))?;
    Ok(bytes)
}

/// Prints facts as lines, or as one JSON object.
pub fn tell(json: bool, facts: &[(&str, Value)]) {
    if json {
        let object: serde_json::Map<_, _> = facts
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        println!("{}", Value::Object(object));
        return;
    }
    let mut out = std::io::stdout().lock();
    for (name, value) in facts {
        let said = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            Value::Array(parts) => {
                let parts = parts.iter().map(|part| part.as_str().unwrap_or_default());
                parts.collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        // A reader that has seen enough is no fault.
        let _ = writeln!(out, "{:<14} {said}", format!("{}:", name.replace('_', " ")));
    }
}
