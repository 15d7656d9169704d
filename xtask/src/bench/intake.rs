//! `cargo xtask bench intake`: reading CSV, Parquet and XLSX, on one core.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Section, Targets, grouped, out, table};
use crate::measure::Spread;
use crate::shell;

/// Rows a second that a reader must reach on one core.
const LEAST_CSV: u32 = 300_000;
const LEAST_XLSX: u32 = 30_000;

pub(super) fn run(rows: u64, runs: u64) -> Result<Section> {
    let folder = out().join("intake");
    let arguments = [
        "run",
        "--release",
        "--quiet",
        "--package",
        "intake",
        "--example",
        "rate",
        "--",
    ];
    let mut files: BTreeMap<String, Vec<Rate>> = BTreeMap::new();
    for _ in 0..runs {
        let mut rate = shell::command("cargo", &arguments);
        let printed = shell::capture(rate.arg(&folder).arg(rows.to_string()))?;
        for line in printed.lines() {
            let (file, rate) =
                read(line).with_context(|| format!("the example printed `{line}`"))?;
            files.entry(file).or_default().push(rate);
        }
    }
    let mut targets = Targets::default();
    let mut lines = Vec::new();
    for (file, rates) in &files {
        let speed = Spread::of(rates, 0, |rate| rate.rows as f64 / rate.seconds / 1000.0);
        let least = match Path::new(file)
            .extension()
            .and_then(|extension| extension.to_str())
        {
            Some("csv") => Some(LEAST_CSV),
            Some("xlsx") => Some(LEAST_XLSX),
            _ => None,
        };
        if let Some(least) = least {
            let wanted = grouped(u64::from(least));
            targets.add(
                format!("{file}: at least {wanted} rows/s"),
                speed.median() * 1000.0 >= f64::from(least),
            );
        }
        let rows = rates.first().map_or(0, |rate| rate.rows);
        lines.push(vec![file.clone(), grouped(rows), speed.to_string()]);
    }
    let text = format!(
        "## Reading files\n\n\
         `cargo xtask bench intake --people {rows} --runs {runs}` runs `cargo run --release -p intake --example rate -- DIR {rows}`: invented\n\
         subjects in nine columns, from opening the file to the last batch of text columns. The readers use one thread. Median\n\
         (smallest–largest) of {runs} runs.\n\n{}",
        table(&["file", "rows", "thousand rows/s"], &lines),
    );
    Ok(Section {
        name: "intake",
        text,
        targets,
    })
}

/// How one file was read.
struct Rate {
    rows: u64,
    seconds: f64,
}

/// Reads `DIR/plain.csv: 1000000 rows in 1.30 s, …`.
fn read(line: &str) -> Option<(String, Rate)> {
    let (path, measured) = line.rsplit_once(": ")?;
    let (rows, rest) = measured.split_once(" rows in ")?;
    let (seconds, _) = rest.split_once(" s,")?;
    let file = Path::new(path).file_name()?.to_str()?.to_owned();
    Some((
        file,
        Rate {
            rows: rows.parse().ok()?,
            seconds: seconds.parse().ok()?,
        },
    ))
}
