//! `key`: makes keys, and the certificates that say whose they are.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand, ValueEnum};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use signing::authority::{self, Request, Subject, Validity};
use signing::{Algorithm, Certificate, KeyKind, KeyPair, Purpose, SoftwareKey};

use crate::Outcome;
use crate::clock::{moment, now};
use crate::command::keys::{KeyName, Secrets, SigningKey, TokenKeyName, of_token};
use crate::command::people;
use crate::command::sealed::{certificates, read_bytes, tell};
use crate::exit::{Blame, Exit, Failure, usage};

/// Keys in files and tokens, and their certificates: the country's authority (CSCA), requests (CSR), signers (DSC).
#[derive(Args)]
#[command(
    after_help = "Example, from nothing to a signer:\n  export MINHCHUNG_PASSPHRASE=…\n  minhchung key new --out csca.p8\n  minhchung key csca --key csca.p8 --country VN --name 'Bộ Y tế CSCA' --years 4 --out csca.pem\n  minhchung key new --out signer.p8\n  minhchung key csr --key signer.p8 --country VN --name 'Bộ Y tế DSC 1' --out signer.csr\n  minhchung key dsc --csca csca.pem --key csca.p8 --csr signer.csr --days 730 --for vaccination --out signer.pem\n\nA key in a token: --key 'pkcs11:module=/usr/lib/softhsm/libsofthsm2.so;token=LABEL;object=NAME'"
)]
pub struct Key {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    New(New),
    Token(MakeInToken),
    Csca(Csca),
    Csr(Csr),
    Dsc(Dsc),
    Show(Show),
}

/// Make a key in an encrypted PKCS#8 file. An existing file is never replaced.
#[derive(Args)]
#[command(after_help = "Example:\n  minhchung key new --out signer.p8 --passphrase-file secret")]
struct New {
    /// Where the key goes.
    #[arg(long, value_name = "FILE.p8")]
    out: PathBuf,
    #[command(flatten)]
    kind: Kind,
    #[command(flatten)]
    secrets: Secrets,
    #[command(flatten)]
    told: Told,
}

/// Show a key of a PKCS#11 token, or make a new one, which never leaves it.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung key token --module /usr/lib/softhsm/libsofthsm2.so --token minhchung --label dsc-1 --new --pin-file pin"
)]
struct MakeInToken {
    /// The PKCS#11 library that the maker of the token supplies.
    #[arg(long, value_name = "LIB")]
    module: PathBuf,
    /// Label of the token.
    #[arg(long, value_name = "LABEL")]
    token: String,
    /// Label of the key.
    #[arg(long, value_name = "NAME")]
    label: String,
    /// Make the key. One of this name is never replaced.
    #[arg(long)]
    new: bool,
    #[command(flatten)]
    kind: Kind,
    #[command(flatten)]
    secrets: Secrets,
    #[command(flatten)]
    told: Told,
}

/// Make the certificate of the country's authority, signed by its own key.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung key csca --key csca.p8 --country VN --name 'Bộ Y tế CSCA' --years 4 --out csca.pem"
)]
struct Csca {
    #[command(flatten)]
    key: SigningKey,
    #[command(flatten)]
    who: Who,
    /// Years of validity.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=30))]
    years: u8,
    /// Beginning of the validity [default: now].
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    from: Option<Timestamp>,
    #[command(flatten)]
    out: Out,
}

/// Make the request with which a signer asks the authority for its certificate.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung key csr --key signer.p8 --country VN --name 'Bộ Y tế DSC 1' --out signer.csr"
)]
struct Csr {
    #[command(flatten)]
    key: SigningKey,
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    out: Out,
}

/// Issue the certificate of a signer for its request. Compare the subject and the public key with what the sender tells you.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung key dsc --csca csca.pem --key csca.p8 --csr signer.csr --from 2026-12-01 --days 730 --for vaccination --out signer.pem"
)]
struct Dsc {
    /// Certificate of the authority.
    #[arg(long, value_name = "FILE.pem")]
    csca: PathBuf,
    #[command(flatten)]
    key: SigningKey,
    /// The signer's request.
    #[arg(long, value_name = "FILE.csr")]
    csr: PathBuf,
    /// Beginning of the validity [default: now].
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    from: Option<Timestamp>,
    /// Days of validity: longer than everything that it will sign.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36600))]
    days: u32,
    /// What it may sign [default: everything].
    #[arg(long = "for", value_name = "KIND", value_enum, value_delimiter = ',')]
    purposes: Vec<For>,
    #[command(flatten)]
    out: Out,
}

/// Show what a file or a key in a token is: certificates, a request, or a key.
#[derive(Args)]
#[command(after_help = "Example:\n  minhchung key show signer.pem")]
struct Show {
    /// The file, or a key in a token as pkcs11:module=LIB;token=LABEL;object=NAME.
    #[arg(value_name = "FILE|pkcs11:…")]
    what: KeyName,
    #[command(flatten)]
    secrets: Secrets,
    #[command(flatten)]
    told: Told,
}

#[derive(Args)]
struct Kind {
    /// ES256 makes short signatures; PS256 is for issuers that must use RSA.
    #[arg(long, value_enum, default_value = "es256")]
    algorithm: Made,
}

#[derive(Clone, Copy, ValueEnum)]
enum Made {
    /// ECDSA on P-256.
    Es256,
    /// RSA of 2048 bits.
    Ps256,
    /// RSA of 3072 bits.
    #[value(name = "ps256-3072")]
    Ps256Long,
}

#[derive(Clone, Copy, ValueEnum)]
enum For {
    Vaccination,
    Test,
    Recovery,
}

#[derive(Args)]
struct Who {
    /// Country, two capital letters (ISO 3166-1).
    #[arg(long, value_name = "CC")]
    country: String,
    /// Name of the authority or signer.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Its organisation [default: the name].
    #[arg(long, value_name = "NAME")]
    organisation: Option<String>,
}

#[derive(Args)]
struct Out {
    /// Where it goes, in PEM form.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    told: Told,
}

#[derive(Args)]
struct Told {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Key {
    /// Runs the command.
    pub fn run(self) -> Outcome {
        match self.what {
            What::New(command) => command.run(),
            What::Token(command) => command.run(),
            What::Csca(command) => command.run(),
            What::Csr(command) => command.run(),
            What::Dsc(command) => command.run(),
            What::Show(command) => command.run(),
        }
    }
}

impl New {
    fn run(self) -> Outcome {
        let path = &self.out;
        let passphrase = self.secrets.passphrase()?;
        let key = SoftwareKey::generate(self.kind.algorithm.into()).or_fault()?;
        let pem = key.to_encrypted_pem(passphrase.as_bytes()).or_usage()?;
        write_key(path, pem.as_bytes())?;
        let mut facts = facts_of_key(&key);
        facts.push(("file", json!(path.display().to_string())));
        tell(self.told.json, &facts);
        Ok(Exit::Good)
    }
}

/// Writes a key that was not there.
pub fn write_key(path: &Path, key: &[u8]) -> Result<(), Failure> {
    if path.exists() {
        return Err(usage(format!(
            "{} is there already; a key is never replaced: choose another name",
            path.display()
        )));
    }
    people::write_whole(path, |file| {
        for_owner_alone(file)
            .and_then(|()| file.write_all(key))
            .map_err(|error| usage(format!("cannot write {}: {error}", path.display())))
    })?;
    Ok(())
}

/// Nobody else needs to read a key, be it encrypted.
#[cfg(unix)]
fn for_owner_alone(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn for_owner_alone(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

impl MakeInToken {
    fn run(self) -> Outcome {
        let token = self.secrets.open_token(&self.module, &self.token, 1)?;
        let key = if self.new {
            token.generate(&self.label, self.kind.algorithm.into())
        } else {
            token.key(&self.label)
        };
        let mut facts = facts_of_key(&key.map_err(of_token)?);
        let name = TokenKeyName {
            module: self.module,
            token: self.token,
            object: self.label,
        };
        facts.push(("key", json!(name.to_string())));
        tell(self.told.json, &facts);
        Ok(Exit::Good)
    }
}

impl Csca {
    fn run(self) -> Outcome {
        let not_before = self.from.unwrap_or_else(now);
        let end = not_before
            .to_zoned_datetime(TimeZone::UTC)
            .checked_add(Span::new().years(i64::from(self.years)));
        let validity = Validity {
            not_before,
            not_after: end.or_usage()?.timestamp(),
        };
        let key = self.key.open(1)?;
        let made = authority::create_authority(&*key, &self.who.subject(), validity).or_usage()?;
        self.out.write(&made.to_pem(), &facts_of_certificate(&made))
    }
}

impl Csr {
    fn run(self) -> Outcome {
        let key = self.key.open(1)?;
        let request = Request::create(&*key, &self.who.subject()).or_usage()?;
        let mut facts = vec![("subject", json!(request.subject()))];
        facts.extend(facts_of_key(&*key));
        self.out.write(&request.to_pem(), &facts)
    }
}

impl Dsc {
    fn run(self) -> Outcome {
        let csca = only(&self.csca)?;
        let request = read_request(&self.csr, &read_bytes(&self.csr)?)?;
        let not_before = self.from.unwrap_or_else(now);
        let days = SignedDuration::from_hours(i64::from(self.days) * 24);
        let validity = Validity {
            not_before,
            not_after: not_before.checked_add(days).or_usage()?,
        };
        let purposes: Vec<Purpose> = self.purposes.iter().map(|of| (*of).into()).collect();
        let key = self.key.open(1)?;
        let made =
            authority::issue_signer(&*key, &csca, &request, &purposes, validity).or_usage()?;
        if made.subject_country() != made.issuer_country() {
            eprintln!("warning: signer and authority are of different countries");
        }
        self.out.write(&made.to_pem(), &facts_of_certificate(&made))
    }
}

impl Show {
    fn run(self) -> Outcome {
        let KeyName::File(path) = &self.what else {
            let key = self.secrets.open(&self.what, 1)?;
            tell(self.told.json, &facts_of_key(&*key));
            return Ok(Exit::Good);
        };
        let bytes = read_bytes(path)?;
        let holds = |label: &str| {
            let label = label.as_bytes();
            bytes.windows(label.len()).any(|part| part == label)
        };
        if holds("PRIVATE KEY-----") {
            let key = self.secrets.open(&self.what, 1)?;
            tell(self.told.json, &facts_of_key(&*key));
        } else if holds("CERTIFICATE REQUEST-----") {
            let request = read_request(path, &bytes)?;
            let facts = [
                ("subject", json!(request.subject())),
                ("algorithm", json!(name_of(request.algorithm()))),
                (
                    "public_key",
                    json!(public_key_id(&request.public_key_der().or_usage()?)),
                ),
            ];
            tell(self.told.json, &facts);
        } else {
            let found = Certificate::from_bytes(&bytes)
                .map_err(|error| usage(format!("{}: {error}", path.display())))?;
            show_certificates(&found, self.told.json);
        }
        Ok(Exit::Good)
    }
}

fn show_certificates(found: &[Certificate], json: bool) {
    if json {
        let all = found.iter().map(|of| {
            let facts = facts_of_certificate(of).into_iter();
            Value::Object(facts.map(|(name, fact)| (name.to_owned(), fact)).collect())
        });
        tell(true, &[("certificates", Value::Array(all.collect()))]);
        return;
    }
    for (number, certificate) in found.iter().enumerate() {
        if number > 0 {
            println!();
        }
        tell(false, &facts_of_certificate(certificate));
    }
}

impl Out {
    fn write(&self, pem: &str, facts: &[(&str, Value)]) -> Outcome {
        people::write_text(&self.out, pem)?;
        let file = ("file", json!(self.out.display().to_string()));
        tell(self.told.json, &[facts, &[file]].concat());
        Ok(Exit::Good)
    }
}

impl Who {
    fn subject(&self) -> Subject {
        Subject {
            country: self.country.clone(),
            organisation: self.organisation.as_ref().unwrap_or(&self.name).clone(),
            common_name: self.name.clone(),
        }
    }
}

impl From<Made> for KeyKind {
    fn from(made: Made) -> Self {
        match made {
            Made::Es256 => Self::P256,
            Made::Ps256 => Self::Rsa2048,
            Made::Ps256Long => Self::Rsa3072,
        }
    }
}

impl From<For> for Purpose {
    fn from(of: For) -> Self {
        match of {
            For::Vaccination => Self::Vaccination,
            For::Test => Self::Test,
            For::Recovery => Self::Recovery,
        }
    }
}

/// The one certificate of a file.
fn only(path: &Path) -> Result<Certificate, Failure> {
    let mut found = certificates(path)?.into_iter();
    match (found.next(), found.next()) {
        (Some(certificate), None) => Ok(certificate),
        _ => Err(usage(format!(
            "{}: this file should hold one certificate",
            path.display()
        ))),
    }
}

fn read_request(path: &Path, bytes: &[u8]) -> Result<Request, Failure> {
    let read = match std::str::from_utf8(bytes) {
        Ok(text) if text.contains("-----BEGIN") => Request::from_pem(text),
        _ => Request::from_der(bytes),
    };
    read.map_err(|error| usage(format!("{}: {error}", path.display())))
}

fn facts_of_key(key: &dyn KeyPair) -> Vec<(&'static str, Value)> {
    vec![
        ("algorithm", json!(name_of(key.algorithm()))),
        ("public_key", json!(public_key_id(key.public_key_der()))),
    ]
}

/// SHA-256 of the public key as `SubjectPublicKeyInfo`, which key, request and certificate have in common.
fn public_key_id(der: &[u8]) -> String {
    hex::encode(Sha256::digest(der))
}

fn facts_of_certificate(certificate: &Certificate) -> Vec<(&'static str, Value)> {
    let public = certificate.public_key_der().ok();
    vec![
        ("subject", json!(certificate.subject())),
        ("issuer", json!(certificate.issuer())),
        ("country", json!(certificate.subject_country())),
        ("kid", json!(STANDARD.encode(certificate.kid()))),
        ("fingerprint", json!(hex::encode(certificate.fingerprint()))),
        ("not_before", json!(certificate.not_before().to_string())),
        ("not_after", json!(certificate.not_after().to_string())),
        ("purposes", json!(purposes(certificate))),
        ("algorithm", json!(certificate.algorithm().map(name_of))),
        ("public_key", json!(public.map(|der| public_key_id(&der)))),
    ]
}

/// What a certificate may sign.
pub fn purposes(certificate: &Certificate) -> Vec<&'static str> {
    if certificate.may_sign_certificates() {
        return vec!["authority"];
    }
    let kinds = [
        (Purpose::Vaccination, "vaccination"),
        (Purpose::Test, "test"),
        (Purpose::Recovery, "recovery"),
    ];
    let allowed = kinds.iter().filter(|(of, _)| certificate.allows(*of));
    allowed.map(|(_, name)| *name).collect()
}

fn name_of(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Es256 => "ES256",
        Algorithm::Ps256 => "PS256",
    }
}
