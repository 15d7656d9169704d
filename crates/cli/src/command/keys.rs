//! How a command is told which key signs: `--key`, and where its passphrase or PIN is. Neither is ever an argument, since arguments are
//! seen by everybody on the machine.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use signing::token::{Token, TokenError};
use signing::{Certificate, KeyPair, SoftwareKey};
use zeroize::Zeroizing;

use crate::command::clean::read_text;
use crate::exit::{Blame, Failure, usage};

/// Environment variable with the passphrase of key files.
const PASSPHRASE: &str = "MINHCHUNG_PASSPHRASE";
/// Environment variable with the PIN of tokens.
const PIN: &str = "MINHCHUNG_PIN";

/// The key that signs, and what opens it.
#[derive(Args)]
pub struct SigningKey {
    /// The key that signs: an encrypted PKCS#8 file, or a key in a token as pkcs11:module=LIB;token=LABEL;object=NAME (RFC 7512).
    #[arg(long, value_name = "FILE.p8|pkcs11:…")]
    key: KeyName,
    #[command(flatten)]
    secrets: Secrets,
}

impl SigningKey {
    /// Opens the key. `threads` is how many will sign with it at the same time.
    pub fn open(&self, threads: usize) -> Result<Box<dyn KeyPair>, Failure> {
        self.secrets.open(&self.key, threads)
    }
}

/// Where the passphrase of a key file or the PIN of a token is.
#[derive(Args)]
pub struct Secrets {
    /// File with the passphrase of the key file [or set `MINHCHUNG_PASSPHRASE`].
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// File with the PIN of the token [or set `MINHCHUNG_PIN`].
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,
    /// Use the PIN even when one more wrong one locks the token.
    #[arg(long)]
    last_try: bool,
}

impl Secrets {
    /// Secrets in these files.
    pub fn in_files(passphrase_file: Option<PathBuf>, pin_file: Option<PathBuf>) -> Self {
        Self {
            passphrase_file,
            pin_file,
            last_try: false,
        }
    }

    /// Opens a key. A PIN is given to the token once.
    pub fn open(&self, key: &KeyName, threads: usize) -> Result<Box<dyn KeyPair>, Failure> {
        match key {
            KeyName::File(path) => {
                let pem = Zeroizing::new(read_text(path)?);
                let opened = SoftwareKey::from_encrypted_pem(&pem, self.passphrase()?.as_bytes());
                let key = opened.map_err(|error| usage(format!("{}: {error}", path.display())))?;
                Ok(Box::new(key))
            }
            KeyName::Token(name) => {
                let token = self.open_token(&name.module, &name.token, threads)?;
                let key = token.key(&name.object).map_err(of_token)?;
                Ok(Box::new(key))
            }
        }
    }

    /// Opens a token by its label.
    pub fn open_token(&self, module: &Path, label: &str, threads: usize) -> Result<Token, Failure> {
        let pin = secret(self.pin_file.as_deref(), PIN)?.ok_or_else(|| {
            usage(format!(
                "the token '{label}' needs its PIN: give --pin-file FILE, or set {PIN}"
            ))
        })?;
        Token::open(module, label, &pin, threads, self.last_try).map_err(of_token)
    }

    /// The passphrase of key files.
    pub fn passphrase(&self) -> Result<Zeroizing<String>, Failure> {
        secret(self.passphrase_file.as_deref(), PASSPHRASE)?.ok_or_else(|| {
            usage(format!(
                "the key file needs its passphrase: give --passphrase-file FILE, or set {PASSPHRASE}"
            ))
        })
    }
}

/// Refuses a certificate of another key: what the key signs could be verified by nobody.
pub fn check_pair(
    certificate: &Certificate,
    key: &dyn KeyPair,
    path: &Path,
) -> Result<(), Failure> {
    if certificate.public_key_der().or_usage()? == key.public_key_der() {
        return Ok(());
    }
    Err(usage(format!(
        "{}: this certificate is of another key than the one that signs; give the one that was issued for it",
        path.display()
    )))
}

/// Says what to do where the token's answer leaves it open.
pub fn of_token(error: TokenError) -> Failure {
    match error {
        TokenError::LastTry => usage(format!("{error} with --last-try")),
        error => Failure::Usage(error.into()),
    }
}

/// A secret from its file, or else from the environment. The line end of the file is no part of it.
fn secret(file: Option<&Path>, variable: &str) -> Result<Option<Zeroizing<String>>, Failure> {
    let Some(path) = file else {
        return Ok(environment(variable).map(Zeroizing::new));
    };
    let text = Zeroizing::new(read_text(path)?);
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.contains('\n') {
        return Err(usage(format!(
            "{}: this file should hold one line, the secret",
            path.display()
        )));
    }
    Ok(Some(Zeroizing::new(line.to_owned())))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the binary reads the environment, and hands the secret on"
)]
fn environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|text| !text.is_empty())
}

/// Which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyName {
    /// An encrypted PKCS#8 file.
    File(PathBuf),
    /// A key in a token.
    Token(TokenKeyName),
}

/// Where a key in a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenKeyName {
    /// The PKCS#11 library.
    pub module: PathBuf,
    /// Label of the token.
    pub token: String,
    /// Label of the key.
    pub object: String,
}

impl FromStr for KeyName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("pkcs11:") {
            Some(attributes) => attributes.parse().map(Self::Token),
            None => Ok(Self::File(text.into())),
        }
    }
}

/// Reads the attributes of an RFC 7512 URI. The standard has the library as `?module-path=`; `module=` among the others is taken too.
impl FromStr for TokenKeyName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (mut module, mut token, mut object) = (None, None, None);
        for attribute in text.split([';', '?', '&']).filter(|part| !part.is_empty()) {
            let (name, value) = attribute
                .split_once('=')
                .ok_or_else(|| format!("'{attribute}' should be name=value"))?;
            let place = match name {
                "module" | "module-path" => &mut module,
                "token" => &mut token,
                "object" => &mut object,
                "type" if value == "private" => continue,
                "pin-value" | "pin-source" => {
                    return Err(format!(
                        "a PIN does not stand here: give --pin-file FILE, or set {PIN}"
                    ));
                }
                other => {
                    return Err(format!(
                        "'{other}' is not used here: give module, token and object"
                    ));
                }
            };
            let value = percent_decode_str(value)
                .decode_utf8()
                .map_err(|_| format!("'{value}' is not UTF-8"))?;
            if place.replace(value.into_owned()).is_some() {
                return Err(format!("'{name}' is there twice"));
            }
        }
        let needed = |part: Option<String>, name: &str| {
            part.filter(|part| !part.is_empty()).ok_or_else(|| {
                format!("'{name}' is missing: pkcs11:module=LIB;token=LABEL;object=NAME")
            })
        };
        Ok(Self {
            module: needed(module, "module")?.into(),
            token: needed(token, "token")?,
            object: needed(object, "object")?,
        })
    }
}

impl fmt::Display for TokenKeyName {
    /// As it is given to `--key`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ESCAPED: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC
            .remove(b'/')
            .remove(b'.')
            .remove(b'-')
            .remove(b'_');
        let module = self.module.display().to_string();
        let escaped = |text| utf8_percent_encode(text, ESCAPED);
        write!(
            f,
            "pkcs11:module={};token={};object={}",
            escaped(&module),
            escaped(&self.token),
            escaped(&self.object)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_a_token_is_read_as_it_is_written() {
        let name = TokenKeyName {
            module: "/usr/lib/softhsm/libsofthsm2.so".into(),
            token: "Bộ Y tế; 100 %".to_owned(),
            object: "csca=1".to_owned(),
        };
        assert_eq!(name.to_string().parse(), Ok(KeyName::Token(name)));
    }

    #[test]
    fn the_form_of_the_standard_is_read_too() {
        let read: Result<KeyName, _> =
            "pkcs11:token=My%20token;object=dsc;type=private?module-path=/lib/p11.so".parse();
        let wanted = TokenKeyName {
            module: "/lib/p11.so".into(),
            token: "My token".to_owned(),
            object: "dsc".to_owned(),
        };
        assert_eq!(read, Ok(KeyName::Token(wanted)));
    }

    #[test]
    fn a_name_that_is_not_whole_says_what_it_lacks() {
        for (text, said) in [
            ("pkcs11:token=a;object=b", "'module' is missing"),
            ("pkcs11:module=m;token=a;object=", "'object' is missing"),
            (
                "pkcs11:module=m;token=a;object=b;object=c",
                "'object' is there twice",
            ),
            (
                "pkcs11:module=m;token=a;object=b?pin-value=1234",
                "--pin-file",
            ),
            ("pkcs11:module=m;serial=7", "'serial' is not used here"),
            ("pkcs11:module", "should be name=value"),
            ("pkcs11:module=%ff", "is not UTF-8"),
        ] {
            let read = text.parse::<KeyName>();
            assert!(
                read.as_ref().is_err_and(|error| error.contains(said)),
                "{read:?}"
            );
        }
    }
}
