//! `migrate`, `import`, `undo-import`, `ledger`: running the store of records.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use casework::policy::Policy;
use casework::{Act, Actor};
use clap::{Args, Subcommand};
use ledger::{
    Audit, Checkpoint, Difference, KeyType, NoteKey, NoteSigner, SignedCheckpoint, Verdict,
};
use platform::import::{
    self, Files, Import, ImportError, Imported, Reviewed, Source, Touched, UndoError, Undone,
};
use platform::{Ids as _, RandomIds};
use serde_json::{Value, json};
use storage::{StorageError, Store};

use crate::Outcome;
use crate::clock::now;
use crate::command::clean::read_text;
use crate::command::key::write_key;
use crate::exit::{Blame, Exit, Failure, usage};

/// Environment variable with the address of the store.
const STORE: &str = "MINHCHUNG_STORE";

/// New entries that get their places in the ledger at once.
const SEQUENCED_AT_ONCE: u32 = 5_000;

/// Where the records are.
#[derive(Args)]
pub struct Place {
    /// The store: `sqlite:FILE` or `postgres://USER@HOST/DATABASE` [or set `MINHCHUNG_STORE`].
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

impl Place {
    /// Opens it as it is.
    pub async fn open(&self) -> Result<Store, Failure> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the binary reads the environment"
        )]
        let url = self.store.clone().or_else(|| std::env::var(STORE).ok());
        let url = url.ok_or_else(|| {
            usage(format!(
                "say where the records are: --store sqlite:FILE, or set {STORE}"
            ))
        })?;
        Store::open(&url).await.or_usage()
    }

    /// Opens it and brings its tables to this version.
    pub async fn open_ready(&self) -> Result<Store, Failure> {
        let store = self.open().await?;
        store.migrate().await.or_usage()?;
        Ok(store)
    }
}

/// Bring the tables of a store to this version; a new store is made.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  minhchung migrate --store sqlite:records.db\n  minhchung migrate --store postgres://minhchung@localhost/minhchung"
)]
pub struct Migrate {
    #[command(flatten)]
    place: Place,
}

impl Migrate {
    /// Runs it.
    pub fn run(self) -> Outcome {
        wait(async {
            self.place.open_ready().await?.close().await;
            eprintln!(
                "the tables are those of version {}",
                env!("CARGO_PKG_VERSION")
            );
            Ok(Exit::Good)
        })
    }
}

/// Take cleaned records into a store: new ones, and what changed. The same files twice change nothing
///
/// Every row is accounted for: rows = new + updated + unchanged + duplicate + rejected. An import never changes who a record is about:
/// such rows are rejected, and a file in which most known ids name other people is refused as shifted. It prints the id by which
/// `undo-import` undoes it.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung clean --records subjects.parquet --doses doses.parquet --facilities facilities.parquet --register register.parquet --out result\n  minhchung import --records subjects.parquet --doses doses.parquet --facilities facilities.parquet --cleaned result --store sqlite:records.db --preview"
)]
pub struct TakeIn {
    #[command(flatten)]
    place: Place,
    /// Subjects, as given to `clean`.
    #[arg(long, value_name = "FILE")]
    records: PathBuf,
    /// Doses, as given to `clean`.
    #[arg(long, value_name = "FILE")]
    doses: Option<PathBuf>,
    /// Facilities.
    #[arg(long, value_name = "FILE")]
    facilities: Option<PathBuf>,
    /// The folder that `clean` wrote.
    #[arg(long, value_name = "DIR")]
    cleaned: PathBuf,
    /// Only say what would be done; with a file, row by row: one line for each, to be looked through.
    #[arg(long, value_name = "FILE.jsonl", num_args = 0..=1)]
    #[expect(
        clippy::option_option,
        reason = "an option that was not given, given alone, or given with a file"
    )]
    preview: Option<Option<PathBuf>>,
    /// Do exactly what this preview says, without the lines that were taken out of it. A row whose record changed since comes back as
    /// rejected.
    #[arg(long, value_name = "FILE.jsonl", conflicts_with = "preview")]
    reviewed: Option<PathBuf>,
    /// Where the rejected rows go, with their reasons.
    #[arg(long, value_name = "FILE.csv")]
    rejects: Option<PathBuf>,
    /// The ministry's rules, when they are not the shipped ones.
    #[arg(long, value_name = "FILE.toml")]
    policy: Option<PathBuf>,
    /// One JSON object on stdout.
    #[arg(long)]
    json: bool,
}

impl TakeIn {
    /// Runs it.
    pub fn run(self) -> Outcome {
        let files = Files {
            subjects: self.records.clone(),
            doses: self.doses.clone(),
            facilities: self.facilities.clone(),
            cleaned: self.cleaned.clone(),
        };
        let policy = read_policy(self.policy.as_deref())?;
        let source = Source::read(&files).or_usage()?;
        let (id, done) = wait(async {
            let store = self.place.open_ready().await?;
            let name = self
                .records
                .file_name()
                .unwrap_or_default()
                .to_string_lossy();
            let number = RandomIds.next().or_fault()?;
            let import = Import::new(&store, Arc::new(policy), now(), &name, number);
            let id = self.preview.is_none().then(|| import.id().to_owned());
            if let Some(id) = &id {
                // Known before the first row is written: an import that is stopped can be undone too.
                eprintln!("this is {id}");
            }
            let done = self.go(import, &source).await?;
            if id.is_some() {
                sequence_all(&store).await?;
            }
            store.close().await;
            Ok((id, done))
        })?;
        if let Some(path) = &self.rejects {
            write_rejects(path, &done)?;
        }
        self.tell(id.as_deref(), &done)?;
        Ok(Exit::Good)
    }

    async fn go(&self, import: Import<'_>, source: &Source) -> Result<Imported, Failure> {
        let done = match (&self.preview, &self.reviewed) {
            (Some(Some(path)), _) => {
                let file = std::fs::File::create(path)
                    .map_err(|error| usage(format!("{}: {error}", path.display())))?;
                let mut out = std::io::BufWriter::new(file);
                let done = import.preview_to(source, &mut out).await;
                out.flush()
                    .map_err(|error| usage(format!("{}: {error}", path.display())))?;
                done
            }
            (Some(None), _) => import.preview(source).await,
            (None, Some(path)) => {
                let file = std::fs::File::open(path)
                    .map_err(|error| usage(format!("{}: {error}", path.display())))?;
                let reviewed = Reviewed::read(std::io::BufReader::new(file))
                    .map_err(|error| usage(format!("{}: {error}", path.display())))?;
                import.commit_reviewed(source, reviewed).await
            }
            (None, None) => import.commit(source).await,
        };
        done.map_err(blame)
    }

    /// What was done by the import with an id; without one, what would be done.
    fn tell(&self, id: Option<&str>, done: &Imported) -> Result<(), Failure> {
        let tally = &done.tally;
        let mut out = std::io::stdout().lock();
        if self.json {
            let mut value = serde_json::to_value(tally).or_fault()?;
            if let Value::Object(fields) = &mut value {
                fields.insert("import".into(), json!(id));
                fields.insert("preview".into(), json!(id.is_none()));
                fields.insert("reconciles".into(), json!(tally.reconciles()));
            }
            return writeln!(out, "{value}").or_fault();
        }
        match id {
            None => writeln!(out, "Xem trước, chưa ghi (preview, nothing written)"),
            Some(id) => writeln!(
                out,
                "Đã ghi (written)\nMã lần nhập (import): {id}\nHoàn tác (to undo it): minhchung undo-import {id}"
            ),
        }
        .or_fault()?;
        let lines = [
            ("Số dòng", "rows", tally.rows),
            ("  mới", "new", tally.new),
            ("  cập nhật", "updated", tally.updated),
            ("  không đổi", "unchanged", tally.unchanged),
            ("  trùng mã trong tệp", "duplicate ids", tally.duplicate),
            ("  bị từ chối", "rejected", tally.rejected),
            (
                "Mũi tiêm của hồ sơ mới hoặc cập nhật",
                "doses of new or updated records",
                tally.doses,
            ),
            (
                "Mũi tiêm không có hồ sơ",
                "doses without a record",
                tally.orphan_doses,
            ),
            ("Cơ sở tiêm mới", "new facilities", tally.new_facilities),
        ];
        write_numbers(&mut out, &lines)
    }
}

/// Undo an import: what nobody touched since is again what it was before; the rest is listed
///
/// A record that the import opened is taken back, until it is imported again; one that it changed is restored. A record that somebody
/// touched since stays as it is, and so do facilities. Everything stays in the log. Run twice, it undoes nothing twice.
///
/// Exit code 0 when all records were undone, 1 when some were touched since.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung undo-import import/20220419T050000-0123456789abcdef0123456789abcdef --store sqlite:records.db --why 'wrong file' --touched touched.csv"
)]
pub struct UndoImport {
    /// The id that the import printed.
    #[arg(value_name = "import/ID")]
    id: String,
    #[command(flatten)]
    place: Place,
    /// Why, for the log.
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// Where the records go that somebody touched since, with who and when.
    #[arg(long, value_name = "FILE.csv")]
    touched: Option<PathBuf>,
    /// The ministry's rules, when they are not the shipped ones.
    #[arg(long, value_name = "FILE.toml")]
    policy: Option<PathBuf>,
    /// One JSON object on stdout.
    #[arg(long)]
    json: bool,
}

impl UndoImport {
    /// Runs it.
    pub fn run(self) -> Outcome {
        let policy = Arc::new(read_policy(self.policy.as_deref())?);
        let undone = wait(async {
            let store = self.place.open_ready().await?;
            let act = Act {
                why: self.why.clone(),
                ..Act::system("console", now())
            };
            let undone = import::undo(&store, policy, &self.id, &act).await;
            let undone = undone.map_err(blame_undo)?;
            sequence_all(&store).await?;
            store.close().await;
            Ok(undone)
        })?;
        if let Some(path) = &self.touched {
            write_touched(path, &undone.touched)?;
        }
        self.tell(&undone)?;
        Ok(if undone.touched.is_empty() {
            Exit::Good
        } else {
            Exit::No
        })
    }

    fn tell(&self, undone: &Undone) -> Result<(), Failure> {
        let touched = undone.touched.len() as u64;
        let mut out = std::io::stdout().lock();
        if self.json {
            let mut value = serde_json::to_value(undone).or_fault()?;
            if let Value::Object(fields) = &mut value {
                fields.insert("touched".into(), json!(touched));
                fields.insert("import".into(), json!(self.id));
            }
            return writeln!(out, "{value}").or_fault();
        }
        writeln!(out, "Đã hoàn tác (undone): {}", self.id).or_fault()?;
        let lines = [
            (
                "Hồ sơ trở lại như trước",
                "records restored",
                undone.restored,
            ),
            ("Hồ sơ mới được rút lại", "taken back", undone.taken_back),
            (
                "Đã hoàn tác từ lần trước",
                "undone by an earlier run",
                undone.already,
            ),
            ("Giữ nguyên vì đã có người sửa", "touched since", touched),
            (
                "Cơ sở tiêm giữ lại",
                "facilities that stay",
                undone.facilities,
            ),
        ];
        write_numbers(&mut out, &lines)
    }
}

/// Lines of numbers with their words in both languages.
fn write_numbers(
    out: &mut impl std::io::Write,
    lines: &[(&str, &str, u64)],
) -> Result<(), Failure> {
    for (vi, en, n) in lines {
        writeln!(out, "{vi:<38}{n:>10}   {en}").or_fault()?;
    }
    Ok(())
}

/// The ministry's rules: of a file, or the shipped ones.
fn read_policy(path: Option<&std::path::Path>) -> Result<Policy, Failure> {
    match path {
        Some(path) => Policy::parse(&read_text(path)?)
            .map_err(|error| usage(format!("{}: {error}", path.display()))),
        None => Ok(Policy::shipped()),
    }
}

fn blame_undo(error: UndoError) -> Failure {
    match error {
        UndoError::Unknown(_) | UndoError::Refused(_) => Failure::Usage(error.into()),
        UndoError::NotWhole { .. } | UndoError::Storage(_) => Failure::Fault(error.into()),
    }
}

fn write_touched(path: &std::path::Path, touched: &[Touched]) -> Result<(), Failure> {
    let mut csv = csv::Writer::from_path(path).or_usage()?;
    csv.write_record(["id", "written", "now", "by", "at", "code", "reason"])
        .or_fault()?;
    for row in touched {
        let numbers = [row.written, row.now].map(|number| number.to_string());
        let [written, now] = &numbers;
        let (by, at) = (name_of(&row.by), row.at.to_string());
        csv.write_record([&row.id.0, written, now, &by, &at, row.code, row.reason])
            .or_fault()?;
    }
    csv.flush().or_fault()
}

/// Who acted: the account, the token, or the part of the platform.
fn name_of(actor: &Actor) -> String {
    match actor {
        Actor::Staff { account, .. } => account.0.clone(),
        Actor::Client { token, .. } => format!("token {token}"),
        Actor::Citizen => "citizen".to_owned(),
        Actor::System { part } => format!("system {part}"),
    }
}

fn blame(error: ImportError) -> Failure {
    match error {
        ImportError::Source(_)
        | ImportError::Review(_)
        | ImportError::IdTaken(_)
        | ImportError::LooksShifted { .. } => Failure::Usage(error.into()),
        ImportError::Storage(_) | ImportError::Interrupted(_) => Failure::Fault(error.into()),
    }
}

fn write_rejects(path: &std::path::Path, done: &Imported) -> Result<(), Failure> {
    let mut csv = csv::Writer::from_path(path).or_usage()?;
    csv.write_record(["row", "id", "code", "reason"])
        .or_fault()?;
    for row in &done.rejected {
        csv.write_record([&row.row.to_string(), &row.id, row.code, &row.reason])
            .or_fault()?;
    }
    csv.flush().or_fault()
}

/// The log of everything that happened: sign it, check it
///
/// Every event is an entry of a Merkle log. A checkpoint says its size and root and is signed; keep checkpoints where nobody who can
/// change the store can change them. Verifying compares every event with the log and the log with the checkpoints.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung ledger key --name minhchung.example/log --out log.key\n  minhchung ledger checkpoint --store sqlite:records.db --key log.key > checkpoint.txt\n  minhchung ledger verify --store sqlite:records.db --log-key 'minhchung.example/log+…' --checkpoint checkpoint.txt"
)]
pub struct LedgerCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Key(NewKey),
    Checkpoint(SignCheckpoint),
    Verify(Verify),
}

impl LedgerCommand {
    /// Runs it.
    pub fn run(self) -> Outcome {
        match self.what {
            What::Key(command) => command.run(),
            What::Checkpoint(command) => command.run(),
            What::Verify(command) => command.run(),
        }
    }
}

/// Make the key that signs checkpoints; prints the public key that verifiers need
#[derive(Args)]
struct NewKey {
    /// Name of the log, as in checkpoints: an address without scheme.
    #[arg(long)]
    name: String,
    /// Where the private key goes; an existing file is never replaced.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl NewKey {
    fn run(self) -> Outcome {
        let signer = NoteSigner::generate(&self.name, KeyType::Ed25519).or_usage()?;
        let text = signer.to_private_text().or_fault()?;
        write_key(&self.out, text.as_bytes())?;
        println!("{}", signer.public());
        Ok(Exit::Good)
    }
}

/// Give new entries their places, sign size and root of the log, keep the checkpoint and print it
#[derive(Args)]
struct SignCheckpoint {
    #[command(flatten)]
    place: Place,
    /// The private key made by `ledger key`.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

impl SignCheckpoint {
    fn run(self) -> Outcome {
        let text = zeroize::Zeroizing::new(read_text(&self.key)?);
        let signer = NoteSigner::parse(&text)
            .map_err(|error| usage(format!("{}: {error}", self.key.display())))?;
        wait(async {
            let store = self.place.open_ready().await?;
            let head = sequence_all(&store).await?;
            self.check_growth(&store, signer.public(), head.size)
                .await?;
            let checkpoint = Checkpoint::new(signer.public().name(), head.size, head.root);
            let signed = checkpoint.sign(&signer).or_fault()?;
            store
                .keep_checkpoint(&checkpoint, signed.text(), now())
                .await
                .or_fault()?;
            store.close().await;
            print!("{}", signed.text());
            Ok(Exit::Good)
        })
    }

    /// A log never signs what is not a continuation of what it signed.
    async fn check_growth(&self, store: &Store, key: &NoteKey, size: u64) -> Result<(), Failure> {
        let Some(last) = kept(store, key).await?.pop() else {
            return Ok(());
        };
        let grown = match store.consistency(last.size, size).await {
            Ok(proof) => {
                let root = store.log_head().await.or_fault()?.root;
                proof.verify(last.root, root).is_ok()
            }
            Err(StorageError::BeyondLedger { .. }) => false,
            Err(other) => return Err(Failure::Fault(other.into())),
        };
        if grown {
            return Ok(());
        }
        Err(usage(format!(
            "the log is no continuation of the checkpoint at {} entries that was signed before: nothing was signed; run `minhchung ledger verify`",
            last.size
        )))
    }
}

/// Check every event and the log against signed checkpoints, and name the first that is not what it was
///
/// Exit code 0 when all is as it was signed, 1 when it is not.
#[derive(Args)]
struct Verify {
    #[command(flatten)]
    place: Place,
    /// The public key that `ledger key` printed, or a file with it.
    #[arg(long, value_name = "KEY|FILE")]
    log_key: String,
    /// Checkpoints kept elsewhere; those in the store are checked too.
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// One JSON object on stdout.
    #[arg(long)]
    json: bool,
}

impl Verify {
    fn run(self) -> Outcome {
        let key = self.public_key()?;
        let mut checkpoints = Vec::new();
        for path in &self.checkpoint {
            let note = read_text(path)?;
            checkpoints.push(
                verified(&note, &key)
                    .map_err(|error| usage(format!("{}: {error}", path.display())))?,
            );
        }
        let found = wait(async {
            let store = self.place.open().await?;
            checkpoints.extend(kept(&store, &key).await?);
            checkpoints.sort_by_key(|checkpoint| checkpoint.size);
            checkpoints.dedup();
            if checkpoints.is_empty() {
                return Err(usage(
                    "there is no checkpoint to check against: sign one with `minhchung ledger checkpoint`",
                ));
            }
            let found = store.audit(&checkpoints).await;
            store.close().await;
            Ok(found)
        })?;
        match found {
            Ok(audit) => Ok(self.tell(&audit)),
            Err(error @ StorageError::LedgerNotWhole(_)) => {
                Ok(self.say("not_whole", None, &error.to_string(), false))
            }
            Err(other) => Err(Failure::Fault(other.into())),
        }
    }

    fn public_key(&self) -> Result<NoteKey, Failure> {
        let text = if std::path::Path::new(&self.log_key).exists() {
            read_text(std::path::Path::new(&self.log_key))?
        } else {
            self.log_key.clone()
        };
        NoteKey::parse(text.trim()).or_usage()
    }

    fn tell(&self, audit: &Audit) -> Exit {
        let Audit {
            signed,
            unsigned,
            verdict,
        } = audit;
        match verdict {
            Verdict::Intact => {
                let text = format!(
                    "all {signed} signed entries are what they were; {unsigned} are not signed yet"
                );
                self.say("intact", None, &text, true)
            }
            Verdict::EntryDiffers { index, difference } => {
                let what = match difference {
                    Difference::Altered => "was altered",
                    Difference::Removed => "was removed",
                    Difference::Inserted => "was inserted",
                    Difference::Reordered => "was moved",
                    Difference::Truncated => "and all after it were cut off",
                };
                self.say(
                    "entry_differs",
                    Some(*index),
                    &format!("entry {index} {what}"),
                    false,
                )
            }
            Verdict::LogDiffers { index } => {
                let text = format!(
                    "the entries are what they were, the log's own hash of entry {index} was altered"
                );
                self.say("log_differs", Some(*index), &text, false)
            }
            Verdict::NodeDiffers { position } => {
                let text = format!(
                    "the entries are what they were, node {position} of the log's tree was altered"
                );
                self.say("node_differs", Some(*position), &text, false)
            }
            Verdict::BothDiffer { first, last } => {
                let text = format!(
                    "entries and log were altered together; the first altered entry is one of {first} to {last}"
                );
                self.say("both_differ", Some(*first), &text, false)
            }
        }
    }

    fn say(&self, verdict: &str, first: Option<u64>, text: &str, good: bool) -> Exit {
        if self.json {
            println!(
                "{}",
                json!({ "intact": good, "verdict": verdict, "first": first, "text": text })
            );
        } else {
            println!("{text}");
        }
        if good { Exit::Good } else { Exit::No }
    }
}

/// The checkpoints in the store, smallest first. One with a wrong signature was put there by somebody else.
async fn kept(store: &Store, key: &NoteKey) -> Result<Vec<Checkpoint>, Failure> {
    let notes = store.checkpoints().await.or_usage()?;
    let read = |note: &String| {
        verified(note, key).map_err(|error| {
            usage(format!(
                "a checkpoint in the store is not of this log: {error}"
            ))
        })
    };
    notes.iter().map(read).collect()
}

fn verified(note: &str, key: &NoteKey) -> Result<Checkpoint, ledger::CheckpointError> {
    SignedCheckpoint::parse(note)?.verify(key, &[], 0)
}

/// Gives all new entries their places.
async fn sequence_all(store: &Store) -> Result<storage::LogHead, Failure> {
    let mut head = store.log_head().await.or_fault()?;
    loop {
        let next = store.sequence(SEQUENCED_AT_ONCE).await.or_fault()?;
        if next.size - head.size < u64::from(SEQUENCED_AT_ONCE) {
            return Ok(next);
        }
        head = next;
    }
}

/// Runs what waits for a database.
pub fn wait<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .or_fault()?;
    runtime.block_on(work)
}
