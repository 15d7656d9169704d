//! `cargo xtask bench synth`: inventing a country.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Section, Targets, grouped, out, table};
use crate::measure::{Spread, measure, usage_cells};
use crate::shell;

/// Seconds and memory for a million people, on two cores.
const MOST_SECONDS: f64 = 20.0;
const MOST_GIB: f64 = 2.0;

pub(super) fn run(minhchung: &Path, people: u64, runs: u64) -> Result<Section> {
    let folder = out().join("synth");
    let mut usages = Vec::new();
    for _ in 0..runs {
        shell::empty_folder(&folder)?;
        usages.push(measure(&mut command(minhchung, people, &folder)?)?.0);
    }
    let wall = Spread::of(&usages, 1, |run| run.wall);
    let memory = Spread::of(&usages, 2, |run| run.memory as f64 / f64::from(1 << 30));
    let mut targets = Targets::default();
    if people >= 1_000_000 {
        targets.add(
            format!("at most {MOST_SECONDS} s for a million people"),
            wall.median() <= MOST_SECONDS,
        );
        targets.add(format!("at most {MOST_GIB} GiB"), memory.max() <= MOST_GIB);
    }
    let [wall, cpu, peak] = usage_cells(&usages);
    let row = vec![grouped(people), wall, cpu, peak];
    let text = format!(
        "## Inventing a country: `minhchung synth`\n\n\
         `cargo xtask bench synth --people {people} --runs {runs}` runs\n\
         `minhchung synth --people {people} --seed 1 --profile national --out DIR` (Parquet): register, subjects, doses,\n\
         facilities, lots and truth. Median (smallest–largest) of {runs} runs.\n\n{}",
        table(&["people", "wall s", "CPU s", "peak MiB"], &[row]),
    );
    Ok(Section {
        name: "synth",
        text,
        targets,
    })
}

/// `minhchung synth` for the `national` profile, seed 1.
pub(super) fn command(minhchung: &Path, people: u64, folder: &Path) -> Result<Command> {
    let folder = folder
        .to_str()
        .context("the path of the repository is no UTF-8")?;
    let people = people.to_string();
    let arguments = [
        "synth",
        "--people",
        &people,
        "--seed",
        "1",
        "--profile",
        "national",
        "--out",
        folder,
    ];
    Ok(shell::command(minhchung, &arguments))
}
