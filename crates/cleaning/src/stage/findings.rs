//! All findings in one file: subjects by their own record, subjects by the register, doses and facilities.

use crate::stage::{check, doses, outcome};
use crate::watch::Stage;
use crate::{CleanError, Job, finding};

/// Joins the findings of the earlier stages.
pub(crate) fn run(job: &Job<'_>) -> Result<(), CleanError> {
    let parts = [check::FINDINGS, outcome::FINDINGS, doses::FINDINGS].map(|name| job.work(name));
    job.watch
        .begin(Stage::Findings, parts.len() as u64, "files");
    let parts: Vec<&std::path::Path> = parts.iter().map(std::path::PathBuf::as_path).collect();
    finding::join(&parts, &job.out("findings.parquet"))?;
    job.advance(parts.len() as u64)
}
