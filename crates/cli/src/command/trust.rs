//! `trust`: lists of the signers that verifiers accept.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use passport::trust::{Basis, Import, ImportedSigner, Rejected, RemovedSigner, TrustList};
use serde_json::{Value, json};
use signing::{Certificate, DetachedJws};

use crate::Outcome;
use crate::clock::{moment, now};
use crate::command::clean::read_text;
use crate::command::key::purposes;
use crate::command::lang::Lang;
use crate::command::sealed::{Seal, authorities, read_bytes, read_jws, tell};
use crate::exit::{Exit, Failure, usage};

/// Trust lists: built from authorities, signed, imported from others, checked.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung trust build --csca csca.pem --dsc signer.pem --out trust.json --key lists.p8 --cert lists.pem --valid-days 7\n  minhchung trust check trust.json --signer csca.pem\n\nThe signature stands beside the list, in trust.json.jws; hand out both."
)]
pub struct Trust {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Build(Build),
    Import(ImportList),
    Show(Show),
    Check(Check),
    Remove(Remove),
}

/// Build a list of the signers that the authorities vouch for now.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung trust build --csca csca.pem --dsc signer-1.pem --dsc signer-2.pem --out trust.json --key lists.p8 --cert lists.pem --valid-days 7"
)]
struct Build {
    /// Authorities that are trusted (PEM or DER, any number).
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    csca: Vec<PathBuf>,
    /// Signers.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    dsc: Vec<PathBuf>,
    #[command(flatten)]
    make: Make,
}

/// Take the signers from the lists of others: the form of the EU gateway, `kid → certificate`, arrays of certificates, PEM or DER.
#[derive(Args)]
#[command(
    name = "import",
    after_help = "Examples:\n  minhchung trust import gateway.json --csca authorities.pem --out trust.json --key lists.p8 --cert lists.pem --valid-days 2\n  curl --fail https://… | minhchung trust import - --csca authorities.pem --out …\n\nAuthorities within a list are not trusted for standing there: name those that you trust with --csca."
)]
struct ImportList {
    /// The lists; `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    lists: Vec<PathBuf>,
    /// Authorities that are trusted (PEM or DER, any number).
    #[arg(long, value_name = "FILE", required_unless_present = "as_handed_in")]
    csca: Vec<PathBuf>,
    /// Take every signer that is valid now, whoever issued it: only for lists that were checked by other means.
    #[arg(long, conflicts_with = "csca")]
    as_handed_in: bool,
    #[command(flatten)]
    make: Make,
}

#[derive(Args)]
struct Make {
    /// Where the list goes; its signature goes beside it. Removals that stand in an earlier list there are kept.
    #[arg(long, value_name = "FILE.json")]
    out: PathBuf,
    /// An earlier list whose removals are kept [default: the one that is replaced].
    #[arg(long, value_name = "FILE.json")]
    previous: Option<PathBuf>,
    #[command(flatten)]
    seal: Seal,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Show what a list holds, without looking at its signature.
#[derive(Args)]
#[command(after_help = "Example:\n  minhchung trust show trust.json --lang en")]
struct Show {
    /// The list.
    #[arg(value_name = "FILE.json")]
    list: PathBuf,
    /// The moment for which it is shown [default: now].
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<Timestamp>,
    /// Language of sentences.
    #[arg(long, value_enum, default_value = "vi")]
    lang: Lang,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Check that a list is signed by somebody who is to be believed, and fresh. Exit code 1 when it is not.
#[derive(Args)]
#[command(after_help = "Example:\n  minhchung trust check trust.json --signer csca.pem")]
struct Check {
    /// The list; its signature stands beside it.
    #[arg(value_name = "FILE.json")]
    list: PathBuf,
    /// The authority whose signer has signed the list (CSCA; any number).
    #[arg(long, value_name = "FILE", required = true)]
    signer: Vec<PathBuf>,
    /// The moment for which it is checked [default: now].
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<Timestamp>,
    /// Language of the answer.
    #[arg(long, value_enum, default_value = "vi")]
    lang: Lang,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Take a signer out, because its key was compromised or for another reason, and sign the list anew. Exit code 1 when it is not in.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung trust remove trust.json --signer csca.pem --kid 0q5WjmmEk1M= --reason 'key compromised' --since 2026-11-25 --key lists.p8 --cert lists.pem --valid-days 7\n\nNothing that the signer ever signed is accepted after that: whoever has the key can write any date."
)]
struct Remove {
    /// The list; its signature stands beside it, and must be good before it is signed anew.
    #[arg(value_name = "FILE.json")]
    list: PathBuf,
    /// The authority whose signer has signed the list as it is.
    #[arg(long, value_name = "FILE", required = true)]
    signer: Vec<PathBuf>,
    /// The signer to take out, in Base64 or 16 hexadecimal digits.
    #[arg(long, value_name = "KID", value_parser = kid)]
    kid: Kid,
    /// Its fingerprint (64 hexadecimal digits), where several signers share the kid.
    #[arg(long, value_name = "HEX")]
    fingerprint: Option<String>,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Since when it is not trusted any more [default: now].
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    since: Option<Timestamp>,
    #[command(flatten)]
    seal: Seal,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Trust {
    /// Runs the command.
    pub fn run(self) -> Outcome {
        match self.what {
            What::Build(command) => command.run(),
            What::Import(command) => command.run(),
            What::Show(command) => command.run(),
            What::Check(command) => command.run(),
            What::Remove(command) => command.run(),
        }
    }
}

impl Build {
    fn run(self) -> Outcome {
        let trust = authorities(&self.csca)?;
        let (signers, skipped) = read_lists(&self.dsc)?;
        self.make.run(Basis::Authorities(&trust), signers, skipped)
    }
}

impl ImportList {
    fn run(self) -> Outcome {
        let trust = authorities(&self.csca)?;
        let (signers, skipped) = read_lists(&self.lists)?;
        let basis = if self.as_handed_in {
            Basis::HandedIn
        } else {
            Basis::Authorities(&trust)
        };
        self.make.run(basis, signers, skipped)
    }
}

/// The signers of lists of any form. What cannot be read is named, counted and left out.
fn read_lists(files: &[PathBuf]) -> Result<(Vec<ImportedSigner>, usize), Failure> {
    let (mut signers, mut skipped) = (Vec::new(), 0);
    for file in files {
        let name = file.display();
        let import =
            Import::read(&read_bytes(file)?).map_err(|error| usage(format!("{name}: {error}")))?;
        for skipped in &import.skipped {
            eprintln!(
                "{name}: entry {} left out: {}",
                skipped.entry, skipped.problem
            );
        }
        if !import.authorities.is_empty() {
            eprintln!(
                "{name}: authorities in it, which are not trusted for that: {}",
                import.authorities.len()
            );
        }
        skipped += import.skipped.len();
        signers.extend(import.signers);
    }
    Ok((signers, skipped))
}

impl Make {
    fn run(self, basis: Basis<'_>, signers: Vec<ImportedSigner>, skipped: usize) -> Outcome {
        let seal = self.seal.open(now())?;
        let removed = self.removed()?;
        let (list, rejected) =
            TrustList::build(basis, signers, removed, seal.as_of, seal.stale_after);
        say_rejected(&rejected);
        if list.signers().is_empty() {
            return Err(usage(
                "no signer is left that could be trusted, so that no list was written; the reasons are above",
            ));
        }
        seal.write(&self.out, &list.to_json())?;
        tell(
            self.json,
            &facts(&self.out, &list, skipped + rejected.len()),
        );
        Ok(Exit::Good)
    }

    /// A key that was removed must not come back with the next import.
    fn removed(&self) -> Result<Vec<RemovedSigner>, Failure> {
        let earlier = match &self.previous {
            Some(previous) => previous,
            None if self.out.exists() => &self.out,
            None => return Ok(Vec::new()),
        };
        let removed = read(earlier)?.removed().to_vec();
        if !removed.is_empty() {
            eprintln!(
                "removals kept from {}: {}",
                earlier.display(),
                removed.len()
            );
        }
        Ok(removed)
    }
}

fn say_rejected(rejected: &[Rejected]) {
    for Rejected { subject, why } in rejected {
        eprintln!("{subject} left out: {why}");
    }
}

fn facts(path: &Path, list: &TrustList, left_out: usize) -> Vec<(&'static str, Value)> {
    vec![
        ("file", json!(path.display().to_string())),
        ("signers", json!(list.signers().len())),
        ("removed", json!(list.removed().len())),
        ("left_out", json!(left_out)),
        ("as_of", json!(list.as_of().to_string())),
        ("stale_after", json!(list.stale_after().to_string())),
    ]
}

impl Show {
    fn run(self) -> Outcome {
        let list = read(&self.list)?;
        let at = self.at.unwrap_or_else(now);
        if self.json {
            println!("{}", as_json(&list, at));
            return Ok(Exit::Good);
        }
        println!("{}", self.lang.of(list.status(at)));
        println!(
            "as of {}, stale after {}\n",
            list.as_of(),
            list.stale_after()
        );
        for signer in list.signers() {
            let certificate = &signer.certificate;
            println!(
                "{:<3} {:<13} {}…{}  {:<27} {:<13} {}",
                signer.country,
                STANDARD.encode(&signer.kid),
                certificate.not_before().strftime("%Y-%m-%d"),
                certificate.not_after().strftime("%Y-%m-%d"),
                purposes(certificate).join(","),
                status(certificate, at),
                certificate.subject()
            );
        }
        for removed in list.removed() {
            println!(
                "    {:<13} removed since {}: {}",
                STANDARD.encode(&removed.kid),
                removed.since,
                removed.reason
            );
        }
        Ok(Exit::Good)
    }
}

fn status(certificate: &Certificate, at: Timestamp) -> &'static str {
    if at < certificate.not_before() {
        "not yet valid"
    } else if certificate.not_after() < at {
        "expired"
    } else {
        "valid"
    }
}

fn as_json(list: &TrustList, at: Timestamp) -> Value {
    let signers = list.signers().iter().map(|signer| {
        let certificate = &signer.certificate;
        json!({
            "country": signer.country,
            "kid": STANDARD.encode(&signer.kid),
            "fingerprint": hex::encode(certificate.fingerprint()),
            "subject": certificate.subject(),
            "not_before": certificate.not_before().to_string(),
            "not_after": certificate.not_after().to_string(),
            "purposes": purposes(certificate),
            "status": status(certificate, at),
        })
    });
    let removed = list.removed().iter().map(|removed| {
        json!({
            "kid": STANDARD.encode(&removed.kid),
            "fingerprint": hex::encode(removed.fingerprint),
            "since": removed.since.to_string(),
            "reason": removed.reason,
        })
    });
    json!({
        "as_of": list.as_of().to_string(),
        "stale_after": list.stale_after().to_string(),
        "fresh": list.at(at).is_ok(),
        "signers": signers.collect::<Vec<_>>(),
        "removed": removed.collect::<Vec<_>>(),
    })
}

impl Check {
    fn run(self) -> Outcome {
        let trust = authorities(&self.signer)?;
        let (text, jws) = (read_text(&self.list)?, read_jws(&self.list)?);
        let at = self.at.unwrap_or_else(now);
        let checked = TrustList::open(&text, &jws, &trust, at);
        let (good, text, why) = match &checked {
            Ok(list) => (true, list.status(at), None),
            Err(error) => (false, error.message(), Some(error.to_string())),
        };
        let said = self.lang.of(text);
        if self.json {
            let known = checked.as_ref().ok();
            let facts = [
                ("valid", json!(good)),
                ("reason", json!(said)),
                ("detail", json!(why)),
                ("as_of", json!(known.map(|of| of.as_of().to_string()))),
                (
                    "stale_after",
                    json!(known.map(|of| of.stale_after().to_string())),
                ),
                ("signers", json!(known.map(|of| of.signers().len()))),
            ];
            tell(true, &facts);
        } else {
            println!("{said}");
            if let Some(why) = why {
                eprintln!("{why}");
            }
        }
        Ok(if good { Exit::Good } else { Exit::No })
    }
}

impl Remove {
    fn run(self) -> Outcome {
        let now = now();
        let mut list = self.believed(now)?;
        let Some(fingerprint) = self.choose(&list)? else {
            eprintln!("no signer of this kid is in the list; nothing was changed");
            return Ok(Exit::No);
        };
        list.remove(&fingerprint, self.since.unwrap_or(now), &self.reason);
        let seal = self.seal.open(now)?;
        let (list, rejected) = anew(&list, seal.as_of, seal.stale_after);
        say_rejected(&rejected);
        seal.write(&self.list, &list.to_json())?;
        tell(self.json, &facts(&self.list, &list, rejected.len()));
        Ok(Exit::Good)
    }

    /// The list, if its signature is good: what somebody else has put in must not be signed. It may be stale.
    fn believed(&self, now: Timestamp) -> Result<TrustList, Failure> {
        let trust = authorities(&self.signer)?;
        let (text, jws) = (read_text(&self.list)?, read_jws(&self.list)?);
        let verified =
            DetachedJws::parse(&jws).and_then(|jws| jws.verify(text.as_bytes(), &trust, now));
        match verified {
            Ok(_) => parse(&self.list, &text),
            Err(error) => Err(usage(format!(
                "{}: its signature is not good ({error}), so that it is not signed anew; build the list again",
                self.list.display()
            ))),
        }
    }

    /// The signer that is meant, by its fingerprint.
    fn choose(&self, list: &TrustList) -> Result<Option<[u8; 32]>, Failure> {
        let of_kid = list.signers().iter().filter(|of| of.kid == self.kid);
        let found: Vec<[u8; 32]> = of_kid.map(|of| *of.certificate.fingerprint()).collect();
        match (&self.fingerprint, &found[..]) {
            (None, []) => Ok(None),
            (None, [one]) => Ok(Some(*one)),
            (None, several) => Err(usage(format!(
                "{} signers share this kid; say which with --fingerprint: {}",
                several.len(),
                several
                    .iter()
                    .map(hex::encode)
                    .collect::<Vec<_>>()
                    .join(", ")
            ))),
            (Some(wanted), found) => {
                let same = |of: &&[u8; 32]| hex::encode(of).eq_ignore_ascii_case(wanted);
                Ok(found.iter().find(same).copied())
            }
        }
    }
}

/// The same list at another moment, without those that are not valid any more.
fn anew(list: &TrustList, as_of: Timestamp, stale_after: Timestamp) -> (TrustList, Vec<Rejected>) {
    let signers = list.signers().iter().cloned().map(|of| ImportedSigner {
        kid: of.kid,
        country: of.country,
        certificate: of.certificate,
    });
    let removed = list.removed().to_vec();
    TrustList::build(Basis::HandedIn, signers, removed, as_of, stale_after)
}

fn read(path: &Path) -> Result<TrustList, Failure> {
    parse(path, &read_text(path)?)
}

fn parse(path: &Path, text: &str) -> Result<TrustList, Failure> {
    TrustList::from_json(text).map_err(|error| usage(format!("{}: {error}", path.display())))
}

/// A key identifier on the command line.
type Kid = Vec<u8>;

/// Reads a key identifier: Base64, or 16 hexadecimal digits.
fn kid(text: &str) -> Result<Kid, String> {
    if text.len() == 16
        && let Ok(bytes) = hex::decode(text)
    {
        return Ok(bytes);
    }
    let bytes = STANDARD.decode(text).unwrap_or_default();
    if bytes.is_empty() {
        return Err("give a kid in Base64 or as 16 hexadecimal digits".to_owned());
    }
    Ok(bytes)
}
