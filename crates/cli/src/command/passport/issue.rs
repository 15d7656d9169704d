//! `passport issue`: certificates for a whole file of subjects, or for one person.

mod one;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use jiff::tz::Offset;
use passport::issue::{Claims, IssueError, Issuer};
use passport::profile::Profile;
use rayon::prelude::*;
use serde_json::json;
use signing::Certificate;

use super::paper::{Drawing, Paper};
use super::records::{Plan, Records, Refusal};
use super::store::{self, Certified, Journal};
use crate::Outcome;
use crate::clock::now;
use crate::command::clean::{read_text, set_threads};
use crate::command::keys::SigningKey;
use crate::command::people::write_whole;
use crate::exit::{Blame, Exit, Failure, usage};
use crate::progress::{Progress, interrupted};

/// Issue certificates for a file of subjects and their doses, or for one person.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung passport issue --subjects subjects.parquet --doses doses.parquet --outcomes cleaned \\\n      --profile eu-2023 --key signer.p8 --passphrase-file secret --cert signer.pem --out issued --pdf a4\n\nWrites certificates.parquet and refusals.csv into the folder: subjects read = issued + refused. Every certificate has an identifier of\nits own. A run that broke off goes on with --resume; nobody gets a second certificate.\n\nOne person: --json-file person.json with {\"name\", \"dob\", \"vaccine\", \"manufacturer\", \"date\", \"doses\": [dn, sd]}; the code goes to stdout,\nand with --out FILE.png or FILE.pdf also into that file."
)]
pub struct Issue {
    /// Subjects (CSV, XLSX or Parquet).
    #[arg(long, value_name = "FILE", requires = "doses", requires = "out")]
    subjects: Option<PathBuf>,
    /// Their doses.
    #[arg(long, value_name = "FILE", requires = "subjects")]
    doses: Option<PathBuf>,
    /// Folder that `clean` wrote: only verified subjects without blocking findings get a certificate.
    #[arg(long, value_name = "DIR", requires = "subjects")]
    outcomes: Option<PathBuf>,
    /// One person instead of a file.
    #[arg(long, value_name = "FILE.json", conflicts_with = "subjects", required_unless_present = "subjects")]
    json_file: Option<PathBuf>,
    #[command(flatten)]
    by: By,
    /// Folder for the certificates; for one person a file, .png or .pdf.
    #[arg(long, value_name = "DIR|FILE")]
    out: Option<PathBuf>,
    /// Print every certificate as PDF.
    #[arg(long, value_enum)]
    pdf: Option<Paper>,
    /// Draw every code as PNG.
    #[arg(long)]
    png: bool,
    /// Only the first so many subjects.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Go on with a run that broke off.
    #[arg(long)]
    resume: bool,
    /// Threads, and sessions of a token.
    #[arg(long, value_name = "N", default_value_t = 2)]
    threads: usize,
    /// Print the summary as one JSON object.
    #[arg(long)]
    json: bool,
    /// No progress.
    #[arg(long, short)]
    quiet: bool,
}

/// By which rules, and with which key.
#[derive(Args)]
pub(super) struct By {
    /// eu-2023, vn-2022, or a TOML file.
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "eu-2023")]
    profile: String,
    #[command(flatten)]
    key: SigningKey,
    /// Certificate of the key (PEM or DER).
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
}

impl By {
    pub(super) fn profile(&self) -> Result<Profile, Failure> {
        let named = match self.profile.as_str() {
            "eu-2023" => Profile::parse(Profile::EU_2023),
            "vn-2022" => Profile::parse(Profile::VN_2022),
            file => Profile::parse(&read_text(Path::new(file))?),
        };
        named.map_err(|error| usage(format!("{}: {error}", self.profile)))
    }

    /// The certificate of the key: the first of its file.
    pub(super) fn certificate(&self) -> Result<Certificate, Failure> {
        let certificates = super::verify::certificates(std::slice::from_ref(&self.cert))?;
        certificates.into_iter().next().ok_or_else(|| {
            usage(format!("{}: no certificate in it", self.cert.display()))
        })
    }

    pub(super) fn open(&self, threads: usize) -> Result<Box<dyn signing::KeyPair>, Failure> {
        self.key.open(threads)
    }
}

/// A number that no other certificate has.
pub(super) fn new_id() -> Result<u128, Failure> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).or_fault()?;
    Ok(u128::from_be_bytes(bytes))
}

/// Certificates signed between two looks at the disk.
const AT_ONCE: usize = 1024;

impl Issue {
    /// Runs the command.
    pub(super) fn run(self) -> Outcome {
        set_threads(Some(self.threads))?;
        let profile = self.by.profile()?;
        let certificate = self.by.certificate()?;
        if let Some(person) = &self.json_file {
            return self.one(person, &profile, &certificate);
        }
        let (Some(subjects), Some(doses), Some(out)) = (&self.subjects, &self.doses, &self.out)
        else {
            return Err(usage("give --subjects, --doses and --out, or --json-file"));
        };
        let folder = Folder::open(out, self.resume)?;
        let key = self.by.open(self.threads)?;
        let issuer = Issuer::new(&profile, &certificate, key.as_ref()).or_usage()?;
        if self.outcomes.is_none() {
            eprintln!("note: without --outcomes every subject is taken as verified");
        }
        let records = Records::read(subjects, doses, self.outcomes.as_deref(), self.limit)?;
        let progress = Progress::new(self.quiet);
        let at = now();
        let mut run = Run::default();
        folder.issue(&records, &profile, &issuer, at, &progress, &mut run)?;
        self.draw(&folder, &records, &profile, &progress, &mut run)?;
        run.report(&records, self.outcomes.is_some(), out, self.json);
        Ok(Exit::Good)
    }

    fn draw(
        &self,
        folder: &Folder,
        records: &Records,
        profile: &Profile,
        progress: &Progress,
        run: &mut Run,
    ) -> Result<(), Failure> {
        let drawing = Drawing {
            level: profile.qr_error_correction,
        };
        if self.png {
            let place = folder.path.join("png");
            let undrawn = drawing.draw_all(&place, "png", &run.issued, progress, |certified| {
                drawing.png(&certified.code)
            })?;
            run.undrawn.extend(undrawn);
        }
        if let Some(paper) = self.pdf {
            let nations: HashMap<&str, &str> = records
                .subjects
                .iter()
                .filter_map(|subject| Some((subject.id.as_str(), subject.nationality.as_deref()?)))
                .collect();
            let place = folder.path.join("pdf");
            let undrawn = drawing.draw_all(&place, "pdf", &run.issued, progress, |certified| {
                let nation = nations.get(certified.subject_id.as_str()).copied();
                drawing.pdf(&certified.code, nation, paper)
            })?;
            run.undrawn.extend(undrawn);
        }
        Ok(())
    }
}

/// The folder of a run.
struct Folder {
    path: PathBuf,
    table: PathBuf,
    journal: PathBuf,
}

impl Folder {
    fn open(path: &Path, resume: bool) -> Result<Self, Failure> {
        std::fs::create_dir_all(path)
            .map_err(|error| usage(format!("cannot make {}: {error}", path.display())))?;
        let folder = Self {
            path: path.to_owned(),
            table: path.join("certificates.parquet"),
            journal: path.join("certificates.journal"),
        };
        if !resume && (folder.table.exists() || folder.journal.exists()) {
            return Err(usage(format!(
                "{}: certificates were issued into this folder; --resume goes on with them, another --out begins anew",
                path.display()
            )));
        }
        Ok(folder)
    }

    /// Signs for everybody who has no certificate yet, and writes the table.
    fn issue(
        &self,
        records: &Records,
        profile: &Profile,
        issuer: &Issuer<'_>,
        at: Timestamp,
        progress: &Progress,
        run: &mut Run,
    ) -> Result<(), Failure> {
        let (mut journal, mut earlier) = Journal::open(&self.journal)?;
        if self.table.exists() {
            earlier.extend(store::read(&self.table)?);
        }
        let mut issued: HashMap<String, Certified> = earlier
            .into_iter()
            .map(|certified| (certified.subject_id.clone(), certified))
            .collect();
        run.resumed = issued.len();
        let today = Offset::UTC.to_datetime(at).date();
        let plans = records.plans(profile, today);
        progress.start("issue", plans.len() as u64, "subjects");
        let everybody: Vec<_> = records.subjects.iter().zip(plans).collect();
        for portion in everybody.chunks(AT_ONCE) {
            let open = portion.iter().filter_map(|(subject, plan)| {
                let plan = plan.as_ref().ok()?;
                (!issued.contains_key(&subject.id)).then_some((subject.id.as_str(), plan))
            });
            let open: Vec<_> = open.collect();
            let made: Vec<_> = open
                .par_iter()
                .map(|(id, plan)| sign(issuer, id, plan, at))
                .collect();
            let mut new = Vec::new();
            let mut stopped = None;
            for ((id, _), made) in open.iter().zip(made) {
                match made {
                    Ok(Ok(certified)) => new.push(certified),
                    Ok(Err(refusal)) => run.refuse(id, refusal),
                    Err(failure) => stopped = Some(failure),
                }
            }
            // What was signed before the key went away is kept.
            journal.add(&new)?;
            issued.extend(new.into_iter().map(|new| (new.subject_id.clone(), new)));
            if let Some(failure) = stopped {
                return Err(failure);
            }
            progress.add(portion.len() as u64);
            if interrupted() {
                return Err(Failure::Stopped);
            }
        }
        progress.stop("issue", "");
        for (subject, plan) in everybody {
            if let Some(certified) = issued.remove(&subject.id) {
                run.issued.push(certified);
            } else if let Err(refusal) = plan {
                run.refuse(&subject.id, refusal);
            }
        }
        if !issued.is_empty() {
            return Err(usage(format!(
                "{}: {} certificates in it are of subjects that are not in the file; resume with the file of the earlier run",
                self.path.display(),
                issued.len()
            )));
        }
        write_refusals(&self.path.join("refusals.csv"), &run.refused)?;
        store::write(&self.table, &run.issued)?;
        std::fs::remove_file(&self.journal).or_usage()
    }
}

/// One certificate; or why this subject gets none; or why nobody does.
fn sign(
    issuer: &Issuer<'_>,
    id: &str,
    plan: &Plan,
    at: Timestamp,
) -> Result<Result<Certified, Refusal>, Failure> {
    let claims = Claims {
        name: &plan.name,
        birth_date: plan.birth_date,
        vaccine: plan.vaccine,
        number: plan.number,
        date: plan.date,
        id: new_id()?,
    };
    match issuer.issue(&claims, at) {
        Ok(issued) => Ok(Ok(Certified::new(id, &issued))),
        Err(error @ IssueError::Incomplete { .. }) => Ok(Err(Refusal::because(
            "incomplete",
            "Chưa tiêm đủ liều cơ bản",
            &error,
        ))),
        Err(error @ (IssueError::Schema(_) | IssueError::TooLarge)) => Ok(Err(Refusal::because(
            "schema",
            "Dữ liệu không đúng quy định của chứng nhận",
            &error,
        ))),
        Err(IssueError::Sign(error)) => Err(usage(format!("{error} with --resume"))),
        Err(error) => Err(Failure::Usage(error.into())),
    }
}

/// What became of everybody.
#[derive(Default)]
struct Run {
    issued: Vec<Certified>,
    /// Of these, issued by an earlier run.
    resumed: usize,
    refused: Vec<(String, Refusal)>,
    /// Issued, but not on paper: subject and reason.
    undrawn: Vec<(String, String)>,
}

impl Run {
    fn refuse(&mut self, id: &str, refusal: Refusal) {
        self.refused.push((id.to_owned(), refusal));
    }

    fn report(&self, records: &Records, cleaned: bool, out: &Path, as_json: bool) {
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, refusal) in &self.refused {
            *reasons.entry(refusal.code).or_default() += 1;
        }
        if records.unreadable > 0 {
            reasons.insert("unreadable_row", records.unreadable);
        }
        let read = records.subjects.len() as u64 + records.unreadable;
        let refused: u64 = reasons.values().sum();
        for (id, reason) in &self.undrawn {
            eprintln!("warning: {id} is issued but not printed: {reason}");
        }
        if as_json {
            let told = json!({
                "read": read,
                "issued": self.issued.len(),
                "issued_earlier": self.resumed,
                "refused": refused,
                "reasons": reasons,
                "not_printed": self.undrawn.len(),
                "verified_by_cleaning": cleaned,
            });
            println!("{told}");
            return;
        }
        println!("{read} subjects read = {} issued + {refused} refused", self.issued.len());
        for (reason, count) in reasons {
            println!("{count:>10}  {reason}");
        }
        println!("Certificates: {}", out.join("certificates.parquet").display());
        println!("Refusals:     {}", out.join("refusals.csv").display());
    }
}

/// The list of those who get none, for people.
fn write_refusals(path: &Path, refused: &[(String, Refusal)]) -> Result<(), Failure> {
    write_whole(path, |file| {
        let mut writer = csv::Writer::from_writer(file);
        writer
            .write_record(["subject_id", "reason", "reason_vi", "reason_en"])
            .or_usage()?;
        for (id, refusal) in refused {
            let Refusal { code, text } = refusal;
            writer.write_record([id, *code, &text.vi, &text.en]).or_usage()?;
        }
        writer.flush().or_usage()
    })?;
    Ok(())
}
