//! `clean`: the main job, from raw files to lists that people work from.

use std::path::{Path, PathBuf};

use clap::Args;
use cleaning::{Input, Inputs, Settings, Summary};
use intake::ColumnMap;
use registry::date::Date;

use crate::Outcome;
use crate::exit::{Blame, Exit, Failure, usage};
use crate::progress::Progress;

/// Check, verify, link and dedupe whole files; write lists per commune and facility, and a report.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung clean --records subjects.xlsx --doses doses.csv --register register.parquet --out result"
)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub struct Clean {
    /// Vaccination subjects (CSV, XLSX or Parquet).
    #[arg(long, value_name = "FILE")]
    records: PathBuf,
    /// Population register extract.
    #[arg(long, value_name = "FILE")]
    register: PathBuf,
    /// Doses.
    #[arg(long, value_name = "FILE")]
    doses: Option<PathBuf>,
    /// Facilities.
    #[arg(long, value_name = "FILE")]
    facilities: Option<PathBuf>,
    /// Vaccine lots.
    #[arg(long, value_name = "FILE")]
    lots: Option<PathBuf>,
    /// Folder for the results.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Columns of the subjects, where the headings don't say it.
    #[arg(long, value_name = "FILE.toml")]
    map: Option<PathBuf>,
    /// Columns of the register.
    #[arg(long, value_name = "FILE.toml")]
    map_register: Option<PathBuf>,
    /// Columns of the doses.
    #[arg(long, value_name = "FILE.toml")]
    map_doses: Option<PathBuf>,
    /// Day of the data: nothing may lie after it [default: today].
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<Date>,
    /// Day of the register extract. A register older than the newest record is refused.
    #[arg(long, value_name = "YYYY-MM-DD")]
    register_as_of: Option<Date>,
    /// Accept a register that is older than the records.
    #[arg(long)]
    allow_old_register: bool,
    /// Changes to the rule catalogue.
    #[arg(long, value_name = "FILE.toml")]
    rules: Option<PathBuf>,
    /// A trained linkage model to use instead of training one.
    #[arg(long, value_name = "FILE.json")]
    model: Option<PathBuf>,
    /// Threads [default: all cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Go on after the last finished stage of an earlier run.
    #[arg(long)]
    resume: bool,
    /// Keep the folder of intermediate files.
    #[arg(long)]
    keep_work: bool,
    /// Print the numbers as one JSON object.
    #[arg(long)]
    json: bool,
    /// No progress.
    #[arg(long, short)]
    quiet: bool,
}

impl Clean {
    /// Runs the command.
    pub fn run(self) -> Outcome {
        set_threads(self.threads)?;
        let inputs = Inputs {
            subjects: Some(input(&self.records, self.map.as_deref())?),
            register: Some(input(&self.register, self.map_register.as_deref())?),
            doses: optional_input(self.doses.as_deref(), self.map_doses.as_deref())?,
            facilities: optional_input(self.facilities.as_deref(), None)?,
            lots: optional_input(self.lots.as_deref(), None)?,
        };
        let settings = Settings {
            out: self.out,
            as_of: self.as_of.unwrap_or_else(today),
            register_as_of: self.register_as_of,
            allow_old_register: self.allow_old_register,
            resume: self.resume,
            keep_work: self.keep_work,
            rule_overrides: self.rules.as_deref().map(read_text).transpose()?,
            model: self.model.as_deref().map(read_text).transpose()?,
        };
        let summary = cleaning::run(&inputs, &settings, &Progress::new(self.quiet))?;
        if self.json {
            println!("{}", serde_json::to_string(&summary).or_fault()?);
        } else {
            print_summary(&summary, &settings.out);
        }
        if summary.reconciles() {
            Ok(Exit::Good)
        } else {
            Err(Failure::Fault(anyhow::anyhow!(
                "the numbers of the report do not add up; see its table of sums"
            )))
        }
    }
}

/// Today, in the local time zone.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line is where the clock enters"
)]
pub fn today() -> Date {
    let seconds = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    // Vietnam time: UTC+7 without daylight saving.
    let days = (seconds + 7 * 3600) / 86_400;
    registry::date::from_day_number(i32::try_from(days).unwrap_or(i32::MAX)).unwrap_or(Date::MAX)
}

/// Limits the threads of the whole process.
pub fn set_threads(threads: Option<usize>) -> Result<(), Failure> {
    let Some(threads) = threads else {
        return Ok(());
    };
    if threads == 0 {
        return Err(usage("--threads must be at least 1"));
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .or_fault()
}

fn input(path: &Path, map: Option<&Path>) -> Result<Input, Failure> {
    let map = map.map(ColumnMap::load).transpose().or_usage()?;
    Ok(Input {
        path: path.to_owned(),
        map,
    })
}

fn optional_input(path: Option<&Path>, map: Option<&Path>) -> Result<Option<Input>, Failure> {
    path.map(|path| input(path, map)).transpose()
}

/// A text file that the user named.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| usage(format!("{}: {error}", path.display())))
}

/// The numbers that matter, in both languages, and where the results are.
pub fn print_summary(summary: &Summary, out: &Path) {
    let (funnel, found) = (&summary.funnel, &summary.suggestions);
    let lines = [
        ("Bản ghi đối tượng", "subject records", funnel.accepted, 0),
        (
            "Khớp với CSDL dân cư (TRUE)",
            "verified against the register",
            funnel.verified,
            1,
        ),
        (
            "E1 thiếu số CCCD/CMND",
            "no identity number",
            summary.categories.e1,
            1,
        ),
        (
            "E2 số sai định dạng",
            "malformed number",
            summary.categories.e2,
            1,
        ),
        (
            "E3 sai thông tin cơ bản",
            "wrong basic data",
            summary.categories.e3,
            1,
        ),
        ("Người nước ngoài", "foreigners, exempt", funnel.exempt, 1),
        (
            "Cần làm sạch",
            "to be cleaned",
            summary.categories.open(),
            0,
        ),
        (
            "có một người được gợi ý",
            "one person suggested",
            found.suggested(),
            1,
        ),
        (
            "nhiều người ngang nhau",
            "several fit equally",
            found.tie,
            1,
        ),
        (
            "không được tự động liên kết",
            "automatic link forbidden",
            found.vetoed,
            1,
        ),
        ("không có gợi ý", "no suggestion", found.none, 1),
        (
            "Bản ghi trùng người",
            "records of the same person",
            summary.persons.records,
            0,
        ),
    ];
    for (vi, en, count, level) in lines {
        let label = format!("{}{vi}", "  ".repeat(level));
        println!("{label:<34}{:>12}   {en}", grouped(count));
    }
    if let Some(doses) = &summary.doses {
        println!("{:<34}{:>12}   doses", "Mũi tiêm", grouped(doses.accepted));
        println!(
            "{:<34}{:>12}   with a finding",
            "  có phát hiện",
            grouped(doses.with_finding)
        );
    }
    println!();
    println!(
        "Báo cáo (report):     {}",
        out.join("report.html").display()
    );
    println!("Danh sách (worklists): {}", out.join("worklists").display());
}

/// "1.240".
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
    out
}
