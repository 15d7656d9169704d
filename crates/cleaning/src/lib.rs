//! The batch job: from raw files to a folder that communes can work from.
//!
//! [`run`] reads the inputs, checks every record, verifies it exactly against the register, searches the rest by probability, finds records of
//! the same person and of the same dose, and writes outcome, findings, worklists and report. Each stage is a function from files to files; with
//! the same inputs and settings the result has the same bytes, whatever the number of threads.

mod error;
mod files;
mod finding;
mod job;
mod outcome;
mod place;
pub mod report;
mod rules;
mod stage;
pub mod summary;
mod table;
mod watch;
pub mod worklist;

pub use error::CleanError;
pub use job::{Input, Inputs, RESULTS, Settings, content_hash};

use job::Job;
pub use summary::Summary;
pub use watch::{Stage, Unwatched, Watch};

/// Runs the whole job and gives back its numbers.
///
/// # Errors
/// [`CleanError`]: whose fault it is can be asked with [`CleanError::is_callers`]. Nothing half-written stays behind under its final name.
pub fn run(inputs: &Inputs, settings: &Settings, watch: &dyn Watch) -> Result<Summary, CleanError> {
    let job = Job::open(inputs, settings, watch)?;
    job.stage(Stage::Read, || stage::read::run(&job))?;
    job.stage(Stage::Check, || stage::check::run(&job))?;
    job.stage(Stage::Verify, || stage::verify::run(&job))?;
    job.stage(Stage::Link, || stage::link::run(&job))?;
    job.stage(Stage::Dedupe, || stage::dedupe::run(&job))?;
    job.stage(Stage::Outcome, || stage::outcome::run(&job))?;
    job.stage(Stage::Doses, || stage::doses::run(&job))?;
    job.stage(Stage::Findings, || stage::findings::run(&job))?;
    job.stage(Stage::Worklists, || stage::lists::run(&job))?;
    job.stage(Stage::Report, || stage::report::run(&job))?;
    let summary = stage::report::load(&job)?;
    job.finish()?;
    Ok(summary)
}

/// Runs the rule catalogue over files, without a register: what the records themselves, the files and the tables decide. Subjects, doses or both.
///
/// The findings go to `findings`, as Parquet or CSV by its ending; `settings.out` is a folder for intermediate files. Gives back what was understood
/// of the inputs, and the findings by rule.
///
/// # Errors
/// As [`run`].
pub fn check(
    inputs: &Inputs,
    settings: &Settings,
    findings: &std::path::Path,
    watch: &dyn Watch,
) -> Result<Checked, CleanError> {
    let job = Job::open(inputs, settings, watch)?;
    job.stage(Stage::Read, || stage::read::run(&job))?;
    job.stage(Stage::Check, || stage::check::run(&job))?;
    job.stage(Stage::Doses, || stage::doses::run_alone(&job))?;
    let parts = [stage::check::FINDINGS, stage::doses::FINDINGS].map(|name| job.work(name));
    finding::join(&[&parts[0], &parts[1]], findings)?;
    let mut counts = std::collections::BTreeMap::new();
    for part in &parts {
        finding::read(part, |found| *counts.entry(found.rule).or_insert(0) += 1)?;
    }
    Ok(Checked {
        inputs: stage::read::load_inputs(&job)?,
        findings: counts,
    })
}

/// What [`check`] gives back.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The files as they were read.
    pub inputs: Vec<summary::InputFile>,
    /// Findings by rule.
    pub findings: std::collections::BTreeMap<quality::RuleId, u64>,
}
