//! `cargo xtask bench linkage-scale`: what a run, an index, a day and a lookup cost at one size and at ten times that.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::linkage::{hard_task, python};
use super::{Section, Targets, grouped, out, table};
use crate::measure::{Spread, Usage, cores, measure};
use crate::shell;

/// Records of a day.
const DAY: &str = "10000";
/// Records looked up one by one.
const LOOKUPS: &str = "200";
/// A ceiling of memory at the smaller size.
const CEILING: &str = "450MiB";
/// How many times more records the larger size has.
const FACTOR: u64 = 10;

/// What one size cost.
struct Size {
    people: u64,
    direct: Usage,
    /// A run under a ceiling of memory.
    within: Option<Usage>,
    same_links: bool,
    index: Usage,
    index_bytes: u64,
    whole_file: Usage,
    day: Usage,
    /// Milliseconds inside the program, and those of the whole process.
    lookups: Vec<(f64, f64)>,
}

pub(super) fn run(minhchung: &Path, people: u64) -> Result<Section> {
    let python = python()?;
    let small = measured(minhchung, &python, people, Some(CEILING))?;
    let large = measured(minhchung, &python, people * FACTOR, None)?;
    let mut targets = Targets::default();
    let mut most = |what: String, value: f64, limit: f64| {
        targets.add(
            format!("{what} at most {limit}; measured {value:.1}"),
            value <= limit,
        );
    };
    for (size, limit) in [(&small, 5.0), (&large, 20.0)] {
        let records = grouped(size.people);
        most(
            format!("{records}: a lookup, median, in ms"),
            size.lookup().median(),
            limit,
        );
        most(
            format!("{records}: a lookup, slowest, in ms"),
            size.lookup().max(),
            limit,
        );
    }
    let records = grouped(large.people);
    most(format!("{records}: wall s"), large.direct.wall, 90.0);
    most(
        format!("{records}: peak GiB"),
        large.direct.memory as f64 / (1_u64 << 30) as f64,
        6.0,
    );
    most(
        format!("{records}: CPU time over that of a tenth"),
        large.direct.cpu / small.direct.cpu,
        12.0,
    );
    if let Some(within) = small.within {
        let peak = within.memory as f64 / f64::from(1 << 20);
        most(
            format!("peak MiB under a ceiling of {CEILING}"),
            peak,
            450.0,
        );
    }
    for size in [&small, &large] {
        let what = format!(
            "{}: every other way that was run gives the links of the run in memory, byte for byte",
            grouped(size.people)
        );
        targets.add(what, size.same_links);
    }
    Ok(Section {
        name: "linkage-scale",
        text: format!(
            "## Linkage as files grow\n\n`cargo xtask bench linkage-scale --people {people}`: `hard` tasks of {} and {} records on each side, {} threads, one run each.\n\
             The run in memory trains the model, which is given to all others. The index is that of B; \"all records\" links A through it and\n\
             keeps the claims; \"a day\" adds {DAY} records to them and decides anew over all; lookups are of {LOOKUPS} records of A, one process each,\n\
             with the time that the program gives for itself and that of the process.\n\n{}",
            grouped(small.people),
            grouped(large.people),
            cores(),
            table(
                &[
                    "",
                    &format!("{} records", grouped(small.people)),
                    &format!("{} records", grouped(large.people))
                ],
                &rows(&small, &large)
            ),
        ),
        targets,
    })
}

impl Size {
    fn lookup(&self) -> Spread {
        Spread::of(&self.lookups, 1, |(inside, _)| *inside)
    }

    fn process(&self) -> Spread {
        Spread::of(&self.lookups, 1, |(_, process)| *process)
    }
}

fn rows(small: &Size, large: &Size) -> Vec<Vec<String>> {
    let usage = |usage: &Usage| {
        let mib = usage.memory as f64 / 1_048_576.0;
        format!(
            "{:.1} s wall, {:.1} CPU s, {mib:.0} MiB",
            usage.wall, usage.cpu
        )
    };
    let row = |what: &str, cell: &dyn Fn(&Size) -> String| {
        vec![what.to_owned(), cell(small), cell(large)]
    };
    vec![
        row("link, in memory", &|size| usage(&size.direct)),
        row(&format!("link, `--memory {CEILING}`"), &|size| {
            size.within
                .as_ref()
                .map_or_else(|| "not run".to_owned(), usage)
        }),
        row("index", &|size| {
            format!(
                "{}, {} MB on disk",
                usage(&size.index),
                size.index_bytes / 1_000_000
            )
        }),
        row("all records through the index", &|size| {
            usage(&size.whole_file)
        }),
        row("a day added", &|size| usage(&size.day)),
        row("a lookup, ms", &|size| size.lookup().to_string()),
        row("the process of a lookup, ms", &|size| {
            size.process().to_string()
        }),
    ]
}

fn measured(minhchung: &Path, python: &Path, people: u64, ceiling: Option<&str>) -> Result<Size> {
    let task = hard_task(python, people, 1)?;
    let (records, register) = (task.join("A.parquet"), task.join("B.parquet"));
    let file = |name: &str| out().join(format!("scale_{name}"));
    let (direct_links, links, model, index, claims) = (
        file("direct.parquet"),
        file("links.parquet"),
        file("model.json"),
        file("register.index"),
        file("claims.jsonl"),
    );
    let link = |words: &[&str], records: &Path, out: &Path| {
        let mut link = shell::command(minhchung, &["link", "--quiet"]);
        link.args(words)
            .arg("--records")
            .arg(records)
            .arg("--out")
            .arg(out);
        link
    };
    let (direct, _) = measure(
        link(&[], &records, &direct_links)
            .arg("--register")
            .arg(&register)
            .arg("--model-out")
            .arg(&model),
    )?;
    let mut same_links = true;
    let mut within = None;
    if let Some(ceiling) = ceiling {
        let mut link = link(&["--memory", ceiling], &records, &links);
        link.arg("--register")
            .arg(&register)
            .arg("--model")
            .arg(&model);
        within = Some(measure(&mut link)?.0);
        same_links = same(&direct_links, &links)?;
    }
    let mut make = shell::command(minhchung, &["index", "--quiet"]);
    make.arg("--register")
        .arg(&register)
        .arg("--model")
        .arg(&model)
        .arg("--out")
        .arg(&index);
    let (indexed, _) = measure(&mut make)?;
    if claims.exists() {
        std::fs::remove_file(&claims)?;
    }
    let by_index = |records: &Path| {
        let mut link = link(&[], records, &links);
        link.arg("--index").arg(&index).arg("--claims").arg(&claims);
        link
    };
    let (whole_file, _) = measure(&mut by_index(&records))?;
    let day_file = file("day.parquet");
    shell::run(
        shell::command(python, &["bench/linkage/rows.py"])
            .arg(&records)
            .args(["--last", DAY])
            .arg(&day_file),
    )?;
    let (day, _) = measure(&mut by_index(&day_file))?;
    same_links &= same(&direct_links, &links)?;
    Ok(Size {
        people,
        direct,
        within,
        same_links,
        index: indexed,
        index_bytes: std::fs::metadata(&index)?.len(),
        whole_file,
        day,
        lookups: lookups(minhchung, python, &records, &index)?,
    })
}

fn same(one: &Path, other: &Path) -> Result<bool> {
    Ok(std::fs::read(one)? == std::fs::read(other)?)
}

fn lookups(
    minhchung: &Path,
    python: &Path,
    records: &Path,
    index: &Path,
) -> Result<Vec<(f64, f64)>> {
    let told = shell::capture(
        shell::command(python, &["bench/linkage/rows.py"])
            .arg(records)
            .args(["--json", LOOKUPS]),
    )?;
    let mut times = Vec::new();
    for line in told.lines() {
        let row: Value = serde_json::from_str(line)?;
        let values = row.as_object().context("rows.py printed no object")?;
        let mut lookup = shell::command(minhchung, &["lookup", "--json", "--index"]);
        lookup.arg(index);
        for (column, value) in values {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            lookup.arg(format!("{column}={text}"));
        }
        let watch = crate::measure::Stopwatch::start();
        let output = lookup.output()?;
        let process = watch.seconds() * 1e3;
        ensure!(
            output.status.code().is_some_and(|code| code < 2),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let found: Value = serde_json::from_slice(&output.stdout)?;
        let inside = found["wall_seconds"].as_f64().context("no time")? * 1e3;
        times.push((inside, process));
    }
    Ok(times)
}
