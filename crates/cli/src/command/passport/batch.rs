//! Many certificates in one run: signed on all threads, journalled, and counted so that the sums agree.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use passport::issue::{Claims, IssueError, Issuer};
use rayon::prelude::*;
use serde_json::json;

use super::records::{Plan, Refusal};
use super::store::{self, Certified, Journal};
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
    pub(super) fn open(path: &Path, resume: bool) -> Result<Self, Failure> {
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
                return Err(Failure::Stopped);
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
