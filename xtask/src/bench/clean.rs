//! `cargo xtask bench clean`: the main job on a national extract.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Section, Targets, grouped, national, out, table};
use crate::measure::{Spread, measure, usage_cells};
use crate::shell;

/// Seconds and memory for a million subjects, on two cores.
const MOST_SECONDS: f64 = 90.0;
const MOST_GIB: f64 = 4.0;

/// Options of `minhchung clean` with the files of `minhchung synth` that they take.
const INPUTS: [(&str, &str); 5] = [
    ("--records", "subjects.parquet"),
    ("--doses", "doses.parquet"),
    ("--register", "register.parquet"),
    ("--facilities", "facilities.parquet"),
    ("--lots", "lots.parquet"),
];
/// Day of the extracts that `minhchung synth` makes.
const TODAY: &str = "2022-08-31";

pub(super) fn run(minhchung: &Path, people: u64, runs: u64) -> Result<Section> {
    let data = national(minhchung, people)?;
    let folder = out().join("clean");
    let mut usages = Vec::new();
    for _ in 0..runs {
        shell::empty_folder(&folder)?;
        let mut clean = command(minhchung, &data, &folder.join("result"));
        usages.push(measure(&mut clean)?.0);
    }
    let wall = Spread::of(&usages, 1, |run| run.wall);
    let memory = Spread::of(&usages, 2, |run| run.memory as f64 / f64::from(1 << 30));
    let mut targets = Targets::default();
    if people >= 1_000_000 {
        let fast = wall.median() <= MOST_SECONDS;
        targets.add(
            format!("at most {MOST_SECONDS} s for a million subjects"),
            fast,
        );
        targets.add(format!("at most {MOST_GIB} GiB"), memory.max() <= MOST_GIB);
    }
    let inputs = INPUTS
        .map(|(option, file)| format!("{option} {file}"))
        .join(" ");
    let [wall, cpu, peak] = usage_cells(&usages);
    let text = format!(
        "## The main job: `minhchung clean`\n\n\
         `cargo xtask bench clean --people {people} --runs {runs}` runs\n\n\
         ```sh\nminhchung synth --people {people} --seed 1 --profile national --out DIR\n\
         minhchung clean {inputs} --as-of {TODAY} --out result\n```\n\n\
         All outputs are written: Parquet, worklists, report. Only `clean` is measured. Median (smallest–largest) of {runs} runs.\n\n{}",
        table(
            &["people", "wall s", "CPU s", "peak MiB"],
            &[vec![grouped(people), wall, cpu, peak]]
        ),
    );
    Ok(Section {
        name: "clean",
        text,
        targets,
    })
}

/// `minhchung clean` of the files in a folder.
pub(super) fn command(minhchung: &Path, data: &Path, result: &Path) -> Command {
    let mut clean = shell::command(minhchung, &["clean", "--json", "--as-of", TODAY]);
    for (option, file) in INPUTS {
        clean.arg(option).arg(data.join(file));
    }
    clean.arg("--out").arg(result);
    clean
}
