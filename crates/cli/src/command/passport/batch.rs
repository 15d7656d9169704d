//! Many certificates in one run: signed on all threads, journalled, and counted so that the sums agree.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use passport::issue::{Claims, IssueError, Issuer};
use passport::journal::Certified;
use rayon::prelude::*;
use serde_json::json;

use super::records::{Plan, Refusal};
use super::store::{self, Journal};
use crate::command::people::write_whole;
use crate::exit::{Blame, Failure, usage};
use crate::progress::{Progress, interrupted};

/// Certificates signed between two looks at the disk.
const AT_ONCE: usize = 1024;

/// A number that no other certificate has.
pub(super) fn new_id() -> Result<u128, Failure> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).or_fault()?;
    Ok(u128::from_be_bytes(bytes))
}

/// The folder of a run.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    table: PathBuf,
    journal: PathBuf,
}

impl Folder {
    /// Makes sure that nothing is issued into a folder of another run; nothing is made before there is something to write.
    pub(super) fn open(path: &Path, resume: bool) -> Result<Self, Failure> {
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
    pub(super) fn issue(
        &self,
        everybody: &[(&str, Result<Plan, Refusal>)],
        issuer: &Issuer<'_>,
        at: Timestamp,
        progress: &Progress,
    ) -> Result<Run, Failure> {
        let mut run = Run {
            read: everybody.len() as u64,
            ..Run::default()
        };
        std::fs::create_dir_all(&self.path)
            .map_err(|error| usage(format!("cannot make {}: {error}", self.path.display())))?;
        let (mut journal, mut earlier) = Journal::open(&self.journal)?;
        if self.table.exists() {
            earlier.extend(store::read(&self.table)?);
        }
        let mut issued: HashMap<String, Certified> = earlier
            .into_iter()
            .map(|certified| (certified.subject_id.clone(), certified))
            .collect();
        run.resumed = issued.len();
        progress.start("issue", everybody.len() as u64, "subjects");
        for portion in everybody.chunks(AT_ONCE) {
            let open = portion.iter().filter_map(|(id, plan)| {
                let plan = plan.as_ref().ok()?;
                (!issued.contains_key(*id)).then_some((*id, plan))
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
                return Err(Failure::Paused);
            }
        }
        progress.stop("issue", "");
        for (id, plan) in everybody {
            match plan {
                Ok(_) => run.issued.extend(issued.remove(*id)),
                Err(refusal) => run.refuse(id, refusal.clone()),
            }
        }
        if !issued.is_empty() {
            return Err(usage(format!(
                "{}: {} certificates in it are of subjects who get none from this file; resume with the files of the earlier run",
                self.path.display(),
                issued.len()
            )));
        }
        write_refusals(&self.path.join("refusals.csv"), &run.refused)?;
        store::write(&self.table, &run.issued)?;
        std::fs::remove_file(&self.journal).or_usage()?;
        Ok(run)
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
        Ok(issued) => Ok(Ok(Certified::new(id, plan.nationality.as_deref(), &issued))),
        Err(ref error @ IssueError::Incomplete { dose, course }) => {
            let vi = format!("Mới tiêm {dose} trên {course} liều cơ bản.");
            Ok(Err(Refusal::new("incomplete", vi, error.to_string())))
        }
        Err(error @ (IssueError::Schema(_) | IssueError::TooLarge)) => Ok(Err(Refusal::new(
            "schema",
            "Dữ liệu không đúng quy định của chứng nhận.",
            error.to_string(),
        ))),
        Err(IssueError::Sign(error)) => Err(usage(format!("{error} with --resume"))),
        Err(error) => Err(Failure::Usage(error.into())),
    }
}

/// What became of everybody.
#[derive(Default)]
pub(super) struct Run {
    pub(super) issued: Vec<Certified>,
    /// Subjects that were read.
    read: u64,
    /// Certificates that an earlier run had issued.
    resumed: usize,
    refused: Vec<(String, Refusal)>,
    /// Issued, but not on paper: subject and reason.
    pub(super) undrawn: Vec<(String, String)>,
}

impl Run {
    fn refuse(&mut self, id: &str, refusal: Refusal) {
        self.refused.push((id.to_owned(), refusal));
    }

    /// Tells the sums: everybody who was read is issued or refused. `unreadable` rows had no subject that could be named.
    pub(super) fn report(&self, unreadable: u64, out: &Path, as_json: bool) {
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, refusal) in &self.refused {
            *reasons.entry(refusal.code).or_default() += 1;
        }
        if unreadable > 0 {
            reasons.insert("unreadable_row", unreadable);
        }
        let refused: u64 = reasons.values().sum();
        let read = self.read + unreadable;
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
            });
            println!("{told}");
            return;
        }
        println!(
            "{read} subjects read = {} issued + {refused} refused",
            self.issued.len()
        );
        for (reason, count) in reasons {
            println!("{count:>10}  {reason}");
        }
        println!(
            "Certificates: {}",
            out.join("certificates.parquet").display()
        );
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
            writer
                .write_record([id, *code, &text.vi, &text.en])
                .or_usage()?;
        }
        writer.flush().or_usage()
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use jiff::civil::date;
    use passport::names::HolderName;
    use passport::numbering::DoseNumber;
    use passport::profile::Profile;
    use registry::date::BirthDate;
    use signing::authority::{Request, Subject, Validity, create_authority, issue_signer};
    use signing::software::KeyKind;
    use signing::{Algorithm, Certificate, Purpose, SignError, Signer, SoftwareKey};

    use super::*;

    /// A key whose token is pulled out after so many signatures.
    struct Unplugged<'k>(&'k SoftwareKey, AtomicUsize);

    impl Signer for Unplugged<'_> {
        fn algorithm(&self) -> Algorithm {
            self.0.algorithm()
        }

        fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
            let take = |left: usize| left.checked_sub(1);
            match self
                .1
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
            {
                Ok(_) => self.0.sign(message),
                Err(_) => Err(SignError::TokenGone {
                    reason: "CKR_DEVICE_REMOVED".into(),
                }),
            }
        }
    }

    fn certificate(key: &SoftwareKey) -> Certificate {
        let subject = |name: &str| Subject {
            country: "VN".into(),
            organisation: "Invented".into(),
            common_name: name.into(),
        };
        let validity = Validity {
            not_before: "2026-01-01T00:00:00Z".parse().unwrap(),
            not_after: "2029-01-01T00:00:00Z".parse().unwrap(),
        };
        let root = SoftwareKey::generate(KeyKind::P256).unwrap();
        let authority = create_authority(&root, &subject("CSCA"), validity).unwrap();
        let request = Request::create(key, &subject("DSC")).unwrap();
        issue_signer(
            &root,
            &authority,
            &request,
            &[Purpose::Vaccination],
            validity,
        )
        .unwrap()
    }

    fn plan(profile: &Profile) -> Plan {
        Plan {
            name: HolderName::from_full_name("Đặng Thị Hoa").unwrap(),
            birth_date: BirthDate::Year(1975),
            vaccine: profile.codes_of("Pfizer", None).unwrap(),
            number: DoseNumber {
                dose: 2,
                doses: 2,
                course: 2,
            },
            date: date(2021, 10, 1),
            nationality: None,
        }
    }

    #[test]
    fn a_run_whose_token_was_pulled_out_goes_on_and_gives_nobody_two_identifiers() {
        let profile = Profile::parse(Profile::EU_2023).unwrap();
        let key = SoftwareKey::generate(KeyKind::P256).unwrap();
        let certificate = certificate(&key);
        let ids: Vec<String> = (0..1500).map(|id| format!("A{id}")).collect();
        let everybody: Vec<_> = ids
            .iter()
            .map(|id| (id.as_str(), Ok(plan(&profile))))
            .collect();
        let at = "2026-11-25T00:00:00Z".parse().unwrap();
        let quiet = Progress::new(true);
        let place = tempfile::tempdir().unwrap();

        let unplugged = Unplugged(&key, AtomicUsize::new(700));
        let issuer = Issuer::new(&profile, &certificate, &unplugged).unwrap();
        let folder = Folder::open(place.path(), false).unwrap();
        let stopped = folder.issue(&everybody, &issuer, at, &quiet);
        assert!(
            matches!(stopped, Err(Failure::Usage(error)) if error.to_string().contains("--resume"))
        );
        let (_, signed) = Journal::open(&folder.journal).unwrap();
        assert_eq!(signed.len(), 700);
        assert!(!folder.table.exists());
        assert!(Folder::open(place.path(), false).is_err());

        let issuer = Issuer::new(&profile, &certificate, &key).unwrap();
        let folder = Folder::open(place.path(), true).unwrap();
        let run = folder.issue(&everybody, &issuer, at, &quiet).unwrap();
        assert_eq!((run.issued.len(), run.resumed), (1500, 700));
        let of_whom = |of: &Certified| of.subject_id.clone();
        let subjects: HashSet<_> = run.issued.iter().map(of_whom).collect();
        let identifiers: HashSet<_> = run.issued.iter().map(|of| of.ci.clone()).collect();
        assert_eq!((subjects.len(), identifiers.len()), (1500, 1500));
        assert!(signed.iter().all(|earlier| run.issued.contains(earlier)));
        assert_eq!(store::read(&folder.table).unwrap(), run.issued);
        assert!(!folder.journal.exists());
    }
}
