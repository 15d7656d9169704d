//! `passport revoke`: puts certificates on the working list of revocations.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use passport::journal::Certified;
use passport::revocation::{CertificateHashes, HashKind, Kid};
use serde_json::json;

use super::paper::contents;
use super::store;
use crate::Outcome;
use crate::clock::now;
use crate::command::revocation::By;
use crate::command::revocation::working::Working;
use crate::exit::{Blame, Exit, Failure, usage};

/// Put certificates on the working list of revocations.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung passport revoke --certificates issued/certificates.parquet --ci 'URN:UVCI:01:VN:8F2C…#I' --reason fraud --list revoked.jsonl\n\nThe list holds hashes until the certificates expire, as EU revocation batches. Reasons are kept beside it, in\nLIST.reasons.csv: a published list gives none. Verifiers know nothing of it before the list is published."
)]
pub struct Revoke {
    /// The table that `passport issue` or `renew` wrote.
    #[arg(long, value_name = "FILE")]
    certificates: PathBuf,
    /// Identifier of the certificate, may be repeated.
    #[arg(long, value_name = "UVCI", required = true)]
    ci: Vec<String>,
    /// What is hashed, may be repeated. The identifier is surer: an ECDSA signature can be altered without becoming invalid.
    #[arg(long, value_enum, default_value = "uci")]
    by: Vec<By>,
    /// Why.
    #[arg(long, value_enum)]
    reason: Reason,
    /// The working list; made when it is not there.
    #[arg(long, value_name = "FILE")]
    list: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Reason {
    /// A newer certificate takes its place.
    Superseded,
    /// The issuer takes it back.
    Withdrawn,
    /// It was got by fraud.
    Fraud,
    /// It names somebody else.
    WrongPerson,
    /// The key of its signer is in other hands.
    KeyCompromise,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
            Self::Fraud => "fraud",
            Self::WrongPerson => "wrong_person",
            Self::KeyCompromise => "key_compromise",
        }
    }
}

impl Revoke {
    /// Runs the command.
    pub(super) fn run(self) -> Outcome {
        let wanted: HashSet<&str> = self.ci.iter().map(String::as_str).collect();
        let mut found = store::read(&self.certificates)?;
        found.retain(|certified| wanted.contains(certified.ci.as_str()));
        let known: HashSet<&str> = found
            .iter()
            .map(|certified| certified.ci.as_str())
            .collect();
        if let Some(unknown) = self.ci.iter().find(|ci| !known.contains(ci.as_str())) {
            return Err(usage(format!(
                "{unknown} is not in {}; nothing was revoked",
                self.certificates.display()
            )));
        }
        let mut list = if self.list.exists() {
            Working::read(&self.list)?
        } else {
            Working::default()
        };
        let mut revoked = 0;
        for certified in &found {
            let before = list.len();
            self.add(&mut list, certified)?;
            revoked += usize::from(list.len() > before);
        }
        self.note_reasons(&found)?;
        list.write(&self.list)?;
        if self.json {
            println!("{}", json!({ "revoked": revoked, "listed": list.len() }));
        } else {
            println!(
                "{revoked} revoked, {} hashes on the list {}",
                list.len(),
                self.list.display()
            );
        }
        Ok(Exit::Good)
    }

    /// Reasons are for the house, not for verifiers.
    fn note_reasons(&self, found: &[Certified]) -> Result<(), Failure> {
        let mut name = self.list.as_os_str().to_owned();
        name.push(".reasons.csv");
        let mut file = OpenOptions::new();
        let file = file.append(true).create(true).open(&name).or_usage()?;
        let mut writer = csv::Writer::from_writer(file);
        for certified in found {
            let at = now().to_string();
            writer
                .write_record([&certified.ci, self.reason.as_str(), &at])
                .or_usage()?;
        }
        writer.flush().or_usage()
    }

    /// Adds one certificate to the list of its country.
    fn add(&self, list: &mut Working, certified: &Certified) -> Result<(), Failure> {
        let broken = || usage(format!("{}: its code cannot be read", certified.ci));
        let contents = contents(&certified.code).ok_or_else(broken)?;
        let hashes = CertificateHashes::of(&contents).ok_or_else(broken)?;
        let kid: Option<Kid> = contents.kid.and_then(|kid| kid.try_into().ok());
        let country = contents.issuer.ok_or_else(broken)?;
        let list = list.of(&country);
        for kind in self.by.iter().copied().map(HashKind::from) {
            list.revoke(kid, kind, hashes.of_kind(kind), certified.expires);
        }
        Ok(())
    }
}
