//! `cargo xtask bench …`: measures the release build, side by side with the peer where there is one, and writes the numbers down.
//!
//! Each bench makes one section of docs/benchmarks.md, so that one can be repeated without the others. Data and results stay in
//! bench/out, outside the repository; data that is there already is used again.

mod clean;
mod intake;
mod linkage;
mod passport;
mod platform;
mod scale;
mod synth;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::measure::circumstances;
use crate::{Verdict, shell};

/// What `cargo xtask bench` can be told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// What to measure.
    what: What,
    /// Size of the task in people (rows, for intake) [default: 100000 for linkage, 1030000 for clean, 50000 for platform, 1000000 for the
    /// others].
    #[arg(long)]
    people: Option<u64>,
    /// Runs of each measurement; linkage takes a new data set for each.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// Put the section into docs/benchmarks.md.
    #[arg(long)]
    write: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    /// Link against Splink, on invented Vietnamese people and on FEBRL 4.
    Linkage,
    /// The same on a million records, with what the probabilities are worth.
    LinkageMillion,
    /// A run, an index, a day and a lookup, on a million records and on ten.
    LinkageScale,
    /// The whole cleaning of a national extract.
    Clean,
    /// Certificates issued and verified, beside the peers.
    Passport,
    /// Queues, acts, places in the ledger and imports, on both stores.
    Platform,
    /// Reading CSV, Parquet and XLSX.
    Intake,
    /// Inventing people.
    Synth,
}

/// What a bench found.
struct Section {
    /// Its name in the markers of docs/benchmarks.md.
    name: &'static str,
    /// Its text, from the heading on.
    text: String,
    /// Whether the targets were reached.
    targets: Targets,
}

pub(crate) fn run(options: &Options) -> Result<Verdict> {
    let place = circumstances()?;
    let minhchung = || shell::build_minhchung(true);
    let people = |usual| options.people.unwrap_or(usual);
    let section = match options.what {
        What::Linkage => linkage::run(&minhchung()?, people(100_000), options.runs)?,
        What::LinkageMillion => {
            linkage::run_million(&minhchung()?, people(1_000_000), options.runs)?
        }
        What::LinkageScale => scale::run(&minhchung()?, people(1_000_000))?,
        // So many people have a million records.
        What::Clean => clean::run(&minhchung()?, people(1_030_000), options.runs)?,
        What::Passport => passport::run(options.runs)?,
        What::Platform => platform::run(people(50_000), options.runs)?,
        What::Intake => intake::run(people(1_000_000), options.runs)?,
        What::Synth => synth::run(&minhchung()?, people(1_000_000), options.runs)?,
    };
    let text = format!("{}\n{}\n{place}\n", section.text, section.targets.text());
    println!("{text}");
    if options.write {
        let path = shell::root().join("docs/benchmarks.md");
        let page = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let page = with_section(&page, section.name, &text)
            .with_context(|| format!("{} has no section {}", path.display(), section.name))?;
        std::fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(if section.targets.all_reached() {
        Verdict::Good
    } else {
        Verdict::Bad
    })
}

/// The page with the text between the markers of a section replaced; `None` when the markers are not there.
fn with_section(page: &str, name: &str, text: &str) -> Option<String> {
    let (begin, end) = (
        format!("<!-- bench {name} -->\n"),
        format!("<!-- end {name} -->"),
    );
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}{text}{end}{after}"))
}

/// Targets, each with what was measured.
#[derive(Default)]
struct Targets(Vec<(String, bool)>);

impl Targets {
    fn add(&mut self, what: String, reached: bool) {
        self.0.push((what, reached));
    }

    fn all_reached(&self) -> bool {
        self.0.iter().all(|(_, reached)| *reached)
    }

    fn text(&self) -> String {
        let line = |(what, reached): &(String, bool)| {
            format!(
                "* {what}: {}\n",
                if *reached { "reached" } else { "**missed**" }
            )
        };
        self.0.iter().map(line).collect()
    }
}

/// A Markdown table.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = head.iter().map(|&cell| cell.to_owned()).collect();
    let rule: Vec<String> = head.iter().map(|_| "---".to_owned()).collect();
    let body: String = rows.iter().map(|row| line(row)).collect();
    format!("{}{}{body}", line(&head), line(&rule))
}

/// A whole number with commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let (head, tail) = digits.split_at(first);
    let groups = tail
        .as_bytes()
        .chunks(3)
        .map(|group| String::from_utf8_lossy(group).into_owned());
    let parts: Vec<String> = (!head.is_empty())
        .then(|| head.to_owned())
        .into_iter()
        .chain(groups)
        .collect();
    parts.join(",")
}

/// Where data and results of benches are kept.
fn out() -> PathBuf {
    shell::root().join("bench/out")
}

/// The `national` country of this size with seed 1, invented unless an earlier bench did.
fn national(minhchung: &Path, people: u64) -> Result<PathBuf> {
    let folder = out().join(format!("national_{people}"));
    if !folder.join("truth.parquet").exists() {
        shell::run(&mut synth::command(minhchung, people, &folder)?)?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::{grouped, with_section};

    #[test]
    fn a_section_is_replaced_and_the_rest_of_the_page_stays() {
        let page = "a\n<!-- bench x -->\nold\n<!-- end x -->\nb\n";
        let new = with_section(page, "x", "new\n");
        assert_eq!(
            new.as_deref(),
            Some("a\n<!-- bench x -->\nnew\n<!-- end x -->\nb\n")
        );
        assert_eq!(with_section(page, "y", "new\n"), None);
    }

    #[test]
    fn thousands_are_grouped_from_the_right() {
        let shown = [0, 999, 1_000, 123_456, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "123,456", "1,234,567"]);
    }
}
