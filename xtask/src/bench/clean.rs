//! `cargo xtask bench clean`: the main job on a national extract.

use std::path::Path;

use anyhow::Result;

use super::{Section, Targets, grouped, national, out, table};
use crate::measure::{Spread, measure, usage_cells};
use crate::shell;

/// Seconds and memory for a million subjects, on two cores.
const MOST_SECONDS: f64 = 90.0;
const MOST_GIB: f64 = 4.0;

pub(super) fn run(minhchung: &Path, people: u64, runs: u64) -> Result<Section> {
    let data = national(minhchung, people)?;
    let result = out().join("clean");
    let mut usages = Vec::new();
    for _ in 0..runs {
        shell::empty_folder(&result)?;
        let mut clean = shell::command(minhchung, &["clean", "--json"]);
        for (option, file) in [
            ("--records", "subjects"),
            ("--doses", "doses"),
            ("--register", "register"),
        ] {
            clean
                .arg(option)
                .arg(data.join(file).with_extension("parquet"));
        }
        usages.push(measure(clean.arg("--out").arg(result.join("result")))?.0);
    }
    let wall = Spread::of(&usages, 1, |run| run.wall);
    let memory = Spread::of(&usages, 2, |run| run.memory as f64 / f64::from(1 << 30));
    let mut targets = Targets::default();
    if people >= 1_000_000 {
        targets.add(
            format!("at most {MOST_SECONDS} s for a million subjects"),
            wall.median() <= MOST_SECONDS,
        );
        targets.add(format!("at most {MOST_GIB} GiB"), memory.max() <= MOST_GIB);
    }
    let [wall, cpu, peak] = usage_cells(&usages);
    let row = vec![grouped(people), wall, cpu, peak];
    let text = format!(
        "## The main job: `minhchung clean`\n\n\
         `cargo xtask bench clean --people {people} --runs {runs}` runs `minhchung clean --records subjects.parquet --doses doses.parquet\n\
         --register register.parquet --out DIR` on what `minhchung synth --people {people} --seed 1 --profile national` invents. All\n\
         outputs are written: Parquet, worklists, report. Median (smallest–largest) of {runs} runs.\n\n{}",
        table(&["people", "wall s", "CPU s", "peak MiB"], &[row]),
    );
    Ok(Section {
        name: "clean",
        text,
        targets,
    })
}
