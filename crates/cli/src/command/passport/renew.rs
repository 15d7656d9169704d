//! `passport renew`: a new code for every certificate that expires soon.

use std::collections::HashSet;
use std::path::PathBuf;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use passport::dcc::{Dcc, Entry};
use passport::issue::Issuer;
use passport::journal::Certified;
use passport::names::HolderName;
use passport::numbering::DoseNumber;
use passport::profile::Profile;
use passport::revocation::{CertificateHashes, HashKind, RevocationHash};
use passport::verify::verify;
use signing::Certificate;

use super::batch::Folder;
use super::issue::By;
use super::paper::Prints;
use super::records::{Plan, Refusal};
use super::store;
use crate::Outcome;
use crate::clock::{moment, now};
use crate::command::clean::set_threads;
use crate::command::revocation::working::Working;
use crate::command::sealed::all_certificates;
use crate::exit::{Blame, Exit};
use crate::progress::Progress;

/// Renew certificates that expire soon or have expired: the same claims, a new identifier, a new signature.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung passport renew --certificates issued/certificates.parquet --within-days 28 \\\n      --key new.p8 --passphrase-file secret --cert new.pem --signer signer.pem --out renewed --pdf a4\n\nOnly what one of the signers had signed is renewed, and nothing that stands on the list given to --revoked."
)]
pub struct Renew {
    /// The table that `passport issue` or an earlier `renew` wrote.
    #[arg(long, value_name = "FILE")]
    certificates: PathBuf,
    /// Renew what expires within so many days.
    #[arg(long, value_name = "N", default_value_t = 28)]
    within_days: u16,
    /// The moment to count from [default: now].
    #[arg(long, value_name = "RFC3339", value_parser = moment)]
    at: Option<Timestamp>,
    #[command(flatten)]
    by: By,
    /// Certificates of earlier signers, beside --cert.
    #[arg(long, value_name = "FILE.pem|der")]
    signer: Vec<PathBuf>,
    /// A working list of revocations: what stands on it is not renewed.
    #[arg(long, value_name = "FILE")]
    revoked: Option<PathBuf>,
    /// Folder for the new certificates.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    prints: Prints,
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

impl Renew {
    /// Runs the command.
    pub(super) fn run(self) -> Outcome {
        set_threads(Some(self.threads))?;
        let profile = self.by.profile()?;
        let certificate = self.by.certificate()?;
        let mut signers = all_certificates(&self.signer)?;
        signers.push(certificate.clone());
        let at = self.at.unwrap_or_else(now);
        let window = SignedDuration::from_hours(24 * i64::from(self.within_days));
        let until = at.checked_add(window).or_usage()?;
        let all = store::read(&self.certificates)?;
        let revoked = self.revoked.as_deref().map(Working::read).transpose()?;
        let revoked = revoked.map(|working| working.all()).unwrap_or_default();
        let check = Check {
            profile: &profile,
            signers: &signers,
            revoked: revoked
                .iter()
                .map(|(_, kind, hash, _)| (kind, hash))
                .collect(),
        };
        let due = all.iter().filter(|certified| certified.expires <= until);
        let everybody: Vec<_> = due
            .map(|certified| (certified.subject_id.as_str(), check.plan(certified)))
            .collect();
        let folder = Folder::open(&self.out, self.resume)?;
        let key = self.by.open(&certificate, self.threads)?;
        let issuer = Issuer::new(&profile, &certificate, key.as_ref()).or_usage()?;
        let progress = Progress::new(self.quiet);
        let mut run = folder.issue(&everybody, &issuer, at, &progress)?;
        self.prints
            .draw(&folder.path, &profile, &progress, &mut run)?;
        run.report(0, &self.out, self.json);
        Ok(Exit::Good)
    }
}

/// What a certificate must stand to be renewed.
struct Check<'a> {
    profile: &'a Profile,
    signers: &'a [Certificate],
    /// What is revoked, by any kind of hash.
    revoked: HashSet<(HashKind, RevocationHash)>,
}

impl Check<'_> {
    /// What the new certificate says: what the old one said, if our signature is on it. A table can be changed by whoever can write files.
    fn plan(&self, certified: &Certified) -> Result<Plan, Refusal> {
        let report = verify(&certified.code, self.signers, certified.issued);
        if !report.is_valid() {
            let text = report.sentence();
            let code = "not_genuine";
            return Err(Refusal { code, text });
        }
        let contents = report.contents.as_ref();
        let Some(dcc) = contents.and_then(|contents| contents.dcc.as_ref()) else {
            return Err(unreadable());
        };
        let hashes = contents.and_then(CertificateHashes::of);
        let mut hashes = hashes.iter().flat_map(CertificateHashes::all);
        if hashes.any(|hash| self.revoked.contains(&hash)) {
            return Err(Refusal::new(
                "revoked",
                "Chứng nhận đã bị thu hồi.",
                "The certificate has been revoked.",
            ));
        }
        self.claims(dcc, certified.nationality.clone())
    }

    /// The nationality is the only claim that stands in no code.
    fn claims(&self, dcc: &Dcc, nationality: Option<String>) -> Result<Plan, Refusal> {
        let Entry::Vaccination(entry) = &dcc.entry else {
            return Err(unreadable());
        };
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        let name = HolderName::new(&part(&dcc.name.family), &part(&dcc.name.given))
            .map_err(Refusal::of_name)?;
        let vaccine = self
            .profile
            .codes_of(&entry.product, Some(&entry.manufacturer))
            .map_err(|error| Refusal::of_vaccine(&error))?;
        Ok(Plan {
            name,
            birth_date: dcc.birth_date().ok_or_else(unreadable)?,
            vaccine,
            number: DoseNumber {
                dose: entry.dose,
                doses: entry.doses,
                // A certificate is of a complete course; of which length, it does not say.
                course: entry.doses.min(entry.dose),
            },
            date: entry.date.parse().map_err(|_| unreadable())?,
            nationality,
        })
    }
}

fn unreadable() -> Refusal {
    Refusal::new(
        "unreadable",
        "Chứng nhận cũ không đọc được.",
        "The old certificate cannot be read.",
    )
}
