//! `revocation`: what is revoked, kept by the issuer as a working list, and published in slices from which nobody learns who it is.

mod target;
pub mod working;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use passport::revocation::{
    HashKind, Kid, KidList, Manifest, Mode, Options, Publication, Revocations, SliceForm, SliceId,
};
use registry::text::Text;
use serde_json::{Value, json};

use self::target::{Signer, Target, Which};
use self::working::Working;
use crate::Outcome;
use crate::clock::{moment, now};
use crate::command::clean::read_text;
use crate::command::lang::Lang;
use crate::command::people;
use crate::command::sealed::{Seal, authorities, jws_path, read_jws, tell};
use crate::exit::{Blame, Exit, Failure, usage};

/// Revocation lists as the EU specifies them: kept, merged, published in slices, and asked.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung revocation new revoked.jsonl\n  minhchung revocation add revoked.jsonl --code 'HC1:…'\n  minhchung revocation publish revoked.jsonl --out revocation --key lists.p8 --cert lists.pem --valid-days 2\n  minhchung revocation check revocation --signer csca.pem --code 'HC1:…'\n\nThe working list is for the issuer alone. It holds hashes, one batch of the EU gateway (JSON) per line, so that batches of others can be merged."
)]
pub struct Revocation {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    New(New),
    Add(Add),
    Unrevoke(Unrevoke),
    Merge(Merge),
    Publish(Publish),
    Show(Show),
    Check(Check),
}

/// Begin an empty working list.
#[derive(Args)]
#[command(after_help = "Example:\n  minhchung revocation new revoked.jsonl")]
struct New {
    /// Where it goes. An existing file is not replaced.
    #[arg(value_name = "LIST")]
    list: PathBuf,
}

/// Put certificates on the working list.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  minhchung revocation add revoked.jsonl --dsc signer.pem --code 'HC1:…'\n  minhchung revocation add revoked.jsonl --kid 0q5WjmmEk1M= --ci 'URN:UVCI:01:VN:…' --expires 2027-11-25\n\nWithout --dsc a code is read, but not verified: a forged one can carry the identifier of a genuine certificate.\nVerifiers learn of it with the next `publish`."
)]
struct Add {
    /// The working list.
    #[arg(value_name = "LIST")]
    list: PathBuf,
    #[command(flatten)]
    which: Which,
    /// What is hashed. The identifier is surer: an ECDSA signature can be altered without becoming invalid.
    #[arg(long, value_enum, default_value = "uci")]
    by: By,
    /// When the certificate expires and need not be listed any more [default: as the code says].
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    expires: Option<Timestamp>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Take a mistaken revocation back. Exit code 1 when one of the certificates is not on the list.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung revocation unrevoke revoked.jsonl --kid 0q5WjmmEk1M= --ci 'URN:UVCI:01:VN:…'\n\nPublish the list anew. Verifiers with the old one go on refusing until it is stale: who cannot wait needs a new certificate."
)]
struct Unrevoke {
    /// The working list.
    #[arg(value_name = "LIST")]
    list: PathBuf,
    #[command(flatten)]
    which: Which,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Put everything of other working lists, or of batches of the EU gateway, on a working list.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung revocation merge revoked.jsonl north.jsonl batch.json"
)]
struct Merge {
    /// The working list.
    #[arg(value_name = "LIST")]
    list: PathBuf,
    /// What is put on it; it stays as it is.
    #[arg(value_name = "FILE", required = true)]
    others: Vec<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Cut a working list into slices for verifiers, and sign them.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung revocation publish revoked.jsonl --out revocation --mode vector --form bloom --rate 1e-9 --key lists.p8 --cert lists.pem --valid-days 2\n\nThe folder holds manifest.json, its signature manifest.json.jws, and slices/. An earlier publication in it is replaced."
)]
struct Publish {
    /// The working list.
    #[arg(value_name = "LIST")]
    list: PathBuf,
    /// The folder for verifiers.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How finely the list is cut [default: by its length].
    #[arg(long, value_enum)]
    mode: Option<Cut>,
    /// The form of the slices.
    #[arg(long, value_enum, default_value = "hashes")]
    form: Form,
    /// How often at most a good certificate may be taken for a revoked one.
    #[arg(long, value_name = "RATE", default_value = "1e-9")]
    rate: f64,
    #[command(flatten)]
    seal: Seal,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Show a working list or a publication, without looking at its signature.
#[derive(Args)]
#[command(after_help = "Example:\n  minhchung revocation show revocation")]
struct Show {
    /// The file or folder.
    #[arg(value_name = "LIST|DIR")]
    list: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Ask a publication whether a certificate is revoked: exit code 1 when it is, 2 when the list cannot be believed or is stale.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  minhchung revocation check revocation --signer csca.pem --code 'HC1:…'\n  minhchung revocation check revocation --signer csca.pem --ci 'URN:UVCI:01:VN:…'"
)]
struct Check {
    /// The folder of the publication.
    #[arg(value_name = "DIR")]
    list: PathBuf,
    /// The authority whose signer has signed the publication (CSCA; any number).
    #[arg(long, value_name = "FILE", required = true)]
    signer: Vec<PathBuf>,
    #[command(flatten)]
    which: Which,
    /// The moment for which it is asked [default: now].
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<Timestamp>,
    /// Language of the answer.
    #[arg(long, value_enum, default_value = "vi")]
    lang: Lang,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What is hashed of a certificate.
#[derive(Clone, Copy, ValueEnum)]
pub enum By {
    /// The identifier.
    Uci,
    /// Country and identifier.
    CountryUci,
    /// The signature; for `add` only with --code.
    Signature,
}

#[derive(Clone, Copy, ValueEnum)]
enum Cut {
    /// 16 chunks.
    Point,
    /// 256 chunks.
    Vector,
    /// 4096 chunks.
    Coordinate,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// Bloom filters.
    Bloom,
    /// Beginnings of the hashes.
    Hashes,
}

impl Revocation {
    /// Runs the command.
    pub fn run(self) -> Outcome {
        match self.what {
            What::New(command) => command.run(),
            What::Add(command) => command.run(),
            What::Unrevoke(command) => command.run(),
            What::Merge(command) => command.run(),
            What::Publish(command) => command.run(),
            What::Show(command) => command.run(),
            What::Check(command) => command.run(),
        }
    }
}

impl New {
    fn run(self) -> Outcome {
        if self.list.exists() {
            return Err(usage(format!(
                "{} is there already and is not replaced",
                self.list.display()
            )));
        }
        Working::default().write(&self.list)?;
        Ok(Exit::Good)
    }
}

impl Add {
    fn run(self) -> Outcome {
        let mut working = Working::read(&self.list)?;
        let before = working.len();
        let targets = self.which.targets(now())?;
        for target in &targets {
            let expires = self.expires.or(target.expires).ok_or_else(|| {
                target
                    .refused("when does it expire? Give --expires, so that it is listed until then")
            })?;
            let Signer(kid) = target.kid.ok_or_else(|| {
                target.refused("give --kid, the signer of the certificate, or `unknown`")
            })?;
            if matches!(self.by, By::Signature) && target.signature.is_none() {
                return Err(target.refused("its signature is not known: give --code"));
            }
            let kind = self.by.into();
            let hash = target.hashes().of_kind(kind);
            working.of(&target.country).revoke(kid, kind, hash, expires);
        }
        working.write(&self.list)?;
        let new = working.len() - before;
        tell(
            self.json,
            &[
                ("given", json!(targets.len())),
                ("new", json!(new)),
                ("entries", json!(working.len())),
            ],
        );
        Ok(Exit::Good)
    }
}

impl Unrevoke {
    fn run(self) -> Outcome {
        let mut working = Working::read(&self.list)?;
        let targets = self.which.targets(now())?;
        let mut taken_back = 0;
        for target in &targets {
            if working.unrevoke(target) {
                taken_back += 1;
            } else {
                eprintln!("{} is not on the list", target.id);
            }
        }
        if taken_back > 0 {
            working.write(&self.list)?;
        }
        tell(
            self.json,
            &[
                ("given", json!(targets.len())),
                ("taken_back", json!(taken_back)),
                ("entries", json!(working.len())),
            ],
        );
        Ok(if taken_back == targets.len() {
            Exit::Good
        } else {
            Exit::No
        })
    }
}

impl Merge {
    fn run(self) -> Outcome {
        let mut working = Working::read(&self.list)?;
        let before = working.len();
        for other in &self.others {
            working.merge(&Working::read(other)?);
        }
        working.write(&self.list)?;
        tell(
            self.json,
            &[
                ("new", json!(working.len() - before)),
                ("entries", json!(working.len())),
            ],
        );
        Ok(Exit::Good)
    }
}

impl Publish {
    fn run(self) -> Outcome {
        let options = Options {
            form: match self.form {
                Form::Bloom => SliceForm::BloomFilter,
                Form::Hashes => SliceForm::VarHashList { shortest: 4 },
            },
            false_positive_rate: self.rate,
            mode: self.mode.map(Mode::from),
            ..Options::default()
        };
        let seal = self.seal.open(now())?;
        let mut list = Working::read(&self.list)?.all();
        let expired = list.drop_expired(seal.as_of);
        let published = list
            .publish(&options, seal.as_of, seal.stale_after)
            .or_usage()?;
        write_slices(&self.out, &published)?;
        let manifest = self.out.join(MANIFEST);
        seal.write(&manifest, &published.manifest_json())?;
        remove_others(&self.out, &published)?;
        let size = published.size;
        tell(
            self.json,
            &[
                ("entries", json!(size.entries)),
                ("expired", json!(expired)),
                ("slices", json!(size.slices)),
                ("bytes", json!(size.bytes)),
                ("false_alarms", json!(size.false_positive_rate)),
                ("as_of", json!(seal.as_of.to_string())),
                ("stale_after", json!(seal.stale_after.to_string())),
                ("manifest", json!(manifest.display().to_string())),
                (
                    "signature",
                    json!(jws_path(&manifest).display().to_string()),
                ),
            ],
        );
        Ok(Exit::Good)
    }
}

/// What a verifier reads first.
pub const MANIFEST: &str = "manifest.json";
/// Where the slices are, each under its name.
pub const SLICES: &str = "slices";

/// Slices are named by their content: those of an earlier publication stay good until its manifest is replaced.
fn write_slices(out: &Path, published: &Publication) -> Result<(), Failure> {
    let folder = out.join(SLICES);
    std::fs::create_dir_all(&folder)
        .map_err(|error| usage(format!("cannot make {}: {error}", folder.display())))?;
    for (id, bytes) in &published.slices {
        let path = folder.join(id.to_string());
        people::write_whole(&path, |file| {
            file.write_all(bytes)
                .map_err(|error| usage(format!("cannot write {}: {error}", path.display())))
        })?;
    }
    Ok(())
}

fn remove_others(out: &Path, published: &Publication) -> Result<(), Failure> {
    let folder = out.join(SLICES);
    let failed = |error: std::io::Error| usage(format!("{}: {error}", folder.display()));
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let id = entry.file_name().to_string_lossy().parse::<SliceId>();
        if id.is_ok_and(|id| !published.slices.contains_key(&id)) {
            std::fs::remove_file(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}

impl Show {
    fn run(self) -> Outcome {
        if self.list.is_dir() {
            let path = self.list.join(MANIFEST);
            let manifest = manifest(&path, &read_text(&path)?)?;
            show_manifest(&manifest, self.json);
        } else {
            let working = Working::read(&self.list)?;
            let entries = working.counts().map(|(country, kid, kind, entries)| {
                json!({ "country": country, "kid": kid_text(kid), "hash_type": kind, "entries": entries })
            });
            let facts = [
                ("entries", json!(working.len())),
                ("lists", entries.collect()),
            ];
            show(&facts, self.json);
        }
        Ok(Exit::Good)
    }
}

fn show_manifest(manifest: &Manifest, json: bool) {
    let lists = manifest.lists.iter().map(|list| {
        json!({
            "kid": kid_text(list.kid),
            "mode": list.mode,
            "hash_types": list.hash_types,
            "expires": list.expires.to_string(),
            "slices": slices(list).count(),
        })
    });
    let facts = [
        ("as_of", json!(manifest.as_of.to_string())),
        ("stale_after", json!(manifest.stale_after.to_string())),
        ("lists", lists.collect()),
    ];
    show(&facts, json);
}

/// Facts, the last of which is a table.
fn show(facts: &[(&str, Value)], json: bool) {
    if json {
        return tell(true, facts);
    }
    let (rows, facts) = facts
        .split_last()
        .map_or((&[][..], facts), |(last, facts)| {
            (last.1.as_array().map_or(&[][..], Vec::as_slice), facts)
        });
    tell(false, facts);
    for row in rows {
        println!();
        let row = row.as_object().into_iter().flatten();
        let row: Vec<_> = row
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        tell(false, &row);
    }
}

fn slices(list: &KidList) -> impl Iterator<Item = &SliceId> {
    let chunks = list.partitions.iter().flat_map(|part| part.chunks.values());
    chunks.flat_map(|chunk| chunk.values().map(|slice| &slice.hash))
}

fn kid_text(kid: Option<Kid>) -> String {
    kid.map_or_else(|| "unknown".to_owned(), |kid| STANDARD.encode(kid))
}

fn manifest(path: &Path, text: &str) -> Result<Manifest, Failure> {
    serde_json::from_str(text).map_err(|error| {
        usage(format!(
            "{}: this is no manifest of a publication: {error}",
            path.display()
        ))
    })
}

impl Check {
    fn run(self) -> Outcome {
        let now = now();
        let at = self.at.unwrap_or(now);
        let (revocations, manifest) = self.believed(at)?;
        let mut answers = Vec::new();
        for target in self.which.targets(now)? {
            let found =
                find(&revocations, &manifest, &target, at).map_err(|error| self.refused(&error))?;
            if target.signature.is_none() && by_signature(&manifest) {
                eprintln!(
                    "{}: some certificates are listed by their signature, which the identifier does not tell; give --code to be sure",
                    target.id
                );
            }
            answers.push((target, found));
        }
        let revoked = answers.iter().any(|(_, found)| found.is_some());
        self.tell(&answers, &revocations);
        Ok(if revoked { Exit::No } else { Exit::Good })
    }

    fn tell(&self, answers: &[(Target, Option<HashKind>)], revocations: &Revocations) {
        if self.json {
            let answers = answers.iter().map(|(target, found)| {
                json!({ "ci": target.id, "revoked": found.is_some(), "hash_type": found })
            });
            let facts = [
                ("certificates", answers.collect()),
                ("as_of", json!(revocations.as_of().to_string())),
                ("stale_after", json!(revocations.stale_after().to_string())),
            ];
            return tell(true, &facts);
        }
        for (target, found) in answers {
            let said = match found {
                Some(_) => Text::new("đã bị thu hồi", "revoked"),
                None => Text::new("chưa bị thu hồi", "not revoked"),
            };
            println!("{}: {}", target.id, self.lang.of(said));
        }
    }

    /// The publication, if its signature is good and nothing is missing.
    fn believed(&self, at: Timestamp) -> Result<(Revocations, Manifest), Failure> {
        let trust = authorities(&self.signer)?;
        let path = self.list.join(MANIFEST);
        let (text, jws) = (read_text(&path)?, read_jws(&path)?);
        let folder = self.list.join(SLICES);
        let fetch = |id: &SliceId| std::fs::read(folder.join(id.to_string())).ok();
        let opened = Revocations::open_signed(&text, &jws, &trust, at, fetch)
            .map_err(|error| self.refused(&error))?;
        Ok((opened, manifest(&path, &text)?))
    }

    fn refused(&self, error: &passport::revocation::RevocationError) -> Failure {
        usage(format!(
            "{}: {} ({error})",
            self.list.display(),
            self.lang.of(error.message())
        ))
    }
}

/// Asks the list of the signer, or all lists when the signer is not known.
fn find(
    revocations: &Revocations,
    manifest: &Manifest,
    target: &Target,
    at: Timestamp,
) -> Result<Option<HashKind>, passport::revocation::RevocationError> {
    let hashes = target.hashes();
    let kids: BTreeSet<Kid> = match target.kid {
        Some(Signer(Some(kid))) => [kid].into(),
        _ => manifest.lists.iter().filter_map(|list| list.kid).collect(),
    };
    // The list of unknown signers is asked each time, also where there is no other.
    let mut found = revocations.find(&[], &hashes, at)?;
    for kid in kids {
        found = found.or(revocations.find(&kid, &hashes, at)?);
    }
    Ok(found)
}

fn by_signature(manifest: &Manifest) -> bool {
    let kinds = manifest.lists.iter().flat_map(|list| &list.hash_types);
    kinds.into_iter().any(|kind| *kind == HashKind::Signature)
}

impl From<By> for HashKind {
    fn from(by: By) -> Self {
        match by {
            By::Uci => Self::Uci,
            By::CountryUci => Self::CountryCodeUci,
            By::Signature => Self::Signature,
        }
    }
}

impl From<Cut> for Mode {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::Point => Self::Point,
            Cut::Vector => Self::Vector,
            Cut::Coordinate => Self::Coordinate,
        }
    }
}
