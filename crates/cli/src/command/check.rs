//! `check`: the rule catalogue over files, without a register.

use std::path::{Path, PathBuf};

use clap::Args;
use cleaning::{Checked, Input, Inputs, Settings};
use intake::{ColumnMap, Options, Wanted};
use quality::Severity;
use registry::date::Date;
use registry::fields::{DoseField, Field, SubjectField};
use registry::text::Lang;
use serde_json::json;

use crate::Outcome;
use crate::command::clean::{read_text, set_threads, today};
use crate::exit::{Blame, Exit, Failure, usage};
use crate::progress::Progress;

/// Run the rule catalogue over files of subjects or doses; findings per row.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung check subjects.xlsx doses.csv --out findings.csv\n\nExit code 1 when a finding of severity B or E was made."
)]
pub struct Check {
    /// A file of subjects, a file of doses, or both; which is which is seen from the headings.
    #[arg(required = true, num_args = 1..=2, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Facilities.
    #[arg(long, value_name = "FILE")]
    facilities: Option<PathBuf>,
    /// Vaccine lots.
    #[arg(long, value_name = "FILE")]
    lots: Option<PathBuf>,
    /// Where the findings go (.parquet or .csv) [default: only their counts are shown].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Columns, where the headings don't say it.
    #[arg(long, value_name = "FILE.toml")]
    map: Option<PathBuf>,
    /// Day of the data: nothing may lie after it [default: today].
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<Date>,
    /// Changes to the rule catalogue.
    #[arg(long, value_name = "FILE.toml")]
    rules: Option<PathBuf>,
    /// Threads [default: all cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Print the counts as one JSON object.
    #[arg(long)]
    json: bool,
    /// No progress.
    #[arg(long, short)]
    quiet: bool,
}

impl Check {
    /// Runs the command.
    pub fn run(self) -> Outcome {
        set_threads(self.threads)?;
        let map = self
            .map
            .as_deref()
            .map(ColumnMap::load)
            .transpose()
            .or_usage()?;
        let mut inputs = Inputs::default();
        for path in &self.inputs {
            place(path, map.as_ref(), &mut inputs)?;
        }
        let plain = |path: &PathBuf| Input {
            path: path.clone(),
            map: None,
        };
        inputs.facilities = self.facilities.as_ref().map(plain);
        inputs.lots = self.lots.as_ref().map(plain);
        let folder = scratch_folder().or_fault()?;
        let settings = Settings {
            out: folder.path().join("check"),
            as_of: self.as_of.unwrap_or_else(today),
            register_as_of: None,
            allow_old_register: false,
            resume: false,
            keep_work: true,
            rule_overrides: self.rules.as_deref().map(read_text).transpose()?,
            model: None,
        };
        let findings = self
            .out
            .clone()
            .unwrap_or_else(|| folder.path().join("findings.parquet"));
        let checked = cleaning::check(&inputs, &settings, &findings, &Progress::new(self.quiet))
            .map_err(|error| match Failure::from(error) {
                // The folder of intermediate files goes with the command.
                Failure::Paused => Failure::Stopped,
                other => other,
            })?;
        if self.json {
            print_json(&checked)?;
        } else {
            print_counts(&checked, self.out.as_deref());
        }
        let grave = |severity| matches!(severity, Severity::Block | Severity::Error);
        let bad = checked
            .findings
            .keys()
            .any(|rule| grave(quality::catalogue().rule(*rule).severity));
        Ok(if bad { Exit::No } else { Exit::Good })
    }
}

/// A folder for intermediate files that vanishes with the command.
fn scratch_folder() -> std::io::Result<tempfile::TempDir> {
    tempfile::Builder::new()
        .prefix("minhchung-check-")
        .tempdir()
}

/// Puts a file where its headings belong.
fn place(path: &Path, map: Option<&ColumnMap>, inputs: &mut Inputs) -> Result<(), Failure> {
    let input = Input {
        path: path.to_owned(),
        map: map.cloned(),
    };
    let subjects =
        matched::<SubjectField>(path, map, &[SubjectField::UniqueId, SubjectField::FullName]);
    let doses = matched::<DoseField>(path, map, &[DoseField::DoseId, DoseField::SubjectId]);
    let role = match (subjects, doses) {
        (Ok(subjects), Ok(doses)) if doses > subjects => &mut inputs.doses,
        (Ok(_), _) => &mut inputs.subjects,
        (Err(_), Ok(_)) => &mut inputs.doses,
        (Err(error), Err(_)) => return Err(Failure::Usage(error.into())),
    };
    if let Some(earlier) = role.replace(input) {
        return Err(usage(format!(
            "{} and {} look like files of the same kind; check them one by one",
            earlier.path.display(),
            path.display()
        )));
    }
    Ok(())
}

/// How many columns of a file are understood as fields of `F`.
fn matched<F: Field>(
    path: &Path,
    map: Option<&ColumnMap>,
    required: &[F],
) -> Result<usize, intake::IntakeError> {
    let fields = intake::fields_of(required);
    let options = Options {
        map: map.cloned(),
        ..Options::default()
    };
    let reader = intake::open(path, Wanted::Fields(&fields), &options)?;
    Ok(reader
        .layout()
        .columns
        .iter()
        .filter(|column| !column.sources.is_empty())
        .count())
}

fn print_counts(checked: &Checked, out: Option<&Path>) {
    for input in &checked.inputs {
        println!(
            "{}: {} rows read = {} accepted + {} rejected",
            input.file, input.read, input.accepted, input.rejected
        );
    }
    for (id, count) in &checked.findings {
        let rule = quality::catalogue().rule(*id);
        println!(
            "{count:>10}  {:<5} {:<2} {}",
            id.as_str(),
            rule.severity.as_str(),
            rule.title.get(Lang::Vi)
        );
    }
    if let Some(out) = out {
        println!("Findings: {}", out.display());
    }
}

fn print_json(checked: &Checked) -> Result<(), Failure> {
    let findings: serde_json::Map<_, _> = checked
        .findings
        .iter()
        .map(|(id, count)| (id.as_str().to_owned(), json!(count)))
        .collect();
    println!(
        "{}",
        serde_json::to_string(&json!({ "inputs": checked.inputs, "findings": findings }))
            .or_fault()?
    );
    Ok(())
}
