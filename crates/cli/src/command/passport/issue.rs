//! `passport issue`: certificates for a whole file of subjects, or for one person.

mod one;

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::tz::Offset;
use passport::issue::Issuer;
use passport::profile::Profile;
use signing::{Certificate, KeyPair};

use super::batch::Folder;
use super::named_profile;
use super::paper::Prints;
use super::records::Records;
use crate::Outcome;
use crate::clock::now;
use crate::command::clean::set_threads;
use crate::command::keys::{SigningKey, check_pair};
use crate::command::sealed::certificates;
use crate::exit::{Blame, Exit, Failure, usage};
use crate::progress::Progress;

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
    #[arg(
        long,
        value_name = "FILE.json",
        conflicts_with = "subjects",
        required_unless_present = "subjects"
    )]
    json_file: Option<PathBuf>,
    #[command(flatten)]
    by: By,
    /// Folder for the certificates; for one person a file, .png or .pdf.
    #[arg(long, value_name = "DIR|FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    prints: Prints,
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
        named_profile(&self.profile, Path::new(""))
    }

    /// The certificate of the key: the first of its file.
    pub(super) fn certificate(&self) -> Result<Certificate, Failure> {
        let certificates = certificates(&self.cert)?;
        certificates
            .into_iter()
            .next()
            .ok_or_else(|| usage(format!("{}: no certificate in it", self.cert.display())))
    }

    /// Opens the key, of which the certificate has to be.
    pub(super) fn open(
        &self,
        certificate: &Certificate,
        threads: usize,
    ) -> Result<Box<dyn KeyPair>, Failure> {
        let key = self.key.open(threads)?;
        check_pair(certificate, key.as_ref(), &self.cert)?;
        Ok(key)
    }
}

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
        let key = self.by.open(&certificate, self.threads)?;
        let issuer = Issuer::new(&profile, &certificate, key.as_ref()).or_usage()?;
        if self.outcomes.is_none() {
            eprintln!("note: without --outcomes every subject is taken as verified");
        }
        let records = Records::read(subjects, doses, self.outcomes.as_deref(), self.limit)?;
        let progress = Progress::new(self.quiet);
        let at = now();
        let today = Offset::UTC.to_datetime(at).date();
        let plans = records.plans(&profile, today);
        let ids = records.subjects.iter().map(|subject| subject.id.as_str());
        let everybody: Vec<_> = ids.zip(plans).collect();
        let mut run = folder.issue(&everybody, &issuer, at, &progress)?;
        self.prints
            .draw(&folder.path, &profile, &progress, &mut run)?;
        run.report(records.unreadable, out, self.json);
        Ok(Exit::Good)
    }
}
