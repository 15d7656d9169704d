//! `cargo xtask bench linkage`: our linker and Splink on the same tasks, one after the other, judged by the same scorer.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Section, Targets, grouped, out, table};
use crate::measure::{Spread, Usage, cores, measure, usage_cells};
use crate::{packages, shell};

/// F1 at p ≥ 0.5 that Splink reaches on the `hard` task of 100,000, and that we must.
const LEAST_F1_HARD: f64 = 0.9929;
/// The same for FEBRL 4, through this spec file.
const LEAST_F1_FEBRL4: f64 = 0.9990;
const FEBRL4_SPEC: &str = "crates/linkage/specs/febrl4.toml";
/// The same for FEBRL 3, over pairs of records of one file.
const LEAST_F1_FEBRL3: f64 = 0.9960;

/// Share of Splink's CPU time that we may use on a million records.
const LEAST_SPEEDUP: f64 = 25.0;
/// The same with a model given.
const LEAST_SPEEDUP_TRAINED: f64 = 8.0;
/// Bytes that a million records may take.
const MOST_MEMORY: u64 = 700_000_000;

/// Tasks of a hundred thousand and the published set FEBRL 4.
pub(super) fn run(minhchung: &Path, people: u64, runs: u64) -> Result<Section> {
    let bench = Bench {
        minhchung,
        python: python()?,
    };
    let (ours, peers) = bench.both(people, runs)?;
    let peer = bench.febrl_by_peer()?;
    let febrl = bench.febrl4(&peer)?;
    let febrl3 = bench.febrl3(&peer)?;
    let mut targets = Targets::default();
    for run in &ours {
        let f1 = number(&run.scores, "/cutoffs/0.5/f1")?;
        targets.add(
            format!(
                "F1 at p ≥ 0.5 at least {LEAST_F1_HARD} on hard, seed {}",
                run.seed
            ),
            f1 >= LEAST_F1_HARD,
        );
        let own = number(&run.evaluated, "/cutoffs/0.5/f1")?;
        targets.add(
            format!("`evaluate` agrees with score.py, seed {}", run.seed),
            (own - f1).abs() < 2e-5,
        );
    }
    targets.add(
        format!("F1 at p ≥ 0.5 at least {LEAST_F1_FEBRL4} on FEBRL 4"),
        febrl.f1 >= LEAST_F1_FEBRL4,
    );
    targets.add(
        format!("F1 over pairs at p ≥ 0.5 at least {LEAST_F1_FEBRL3} on FEBRL 3"),
        febrl3.f1 >= LEAST_F1_FEBRL3,
    );
    let mut text = format!(
        "## Linkage, side by side with Splink\n\n{}",
        described("linkage", people, runs, &ours, &peers)?
    );
    let _ = write!(
        text,
        "\n### FEBRL 4, 5,000 + 5,000 records\n\n{}\n### FEBRL 3, 5,000 records of 2,000 people in one file\n\n{}",
        febrl.text, febrl3.text
    );
    Ok(Section {
        name: "linkage",
        text,
        targets,
    })
}

/// Tasks of a million: what the probabilities are worth, and what they cost.
pub(super) fn run_million(minhchung: &Path, people: u64, runs: u64) -> Result<Section> {
    let bench = Bench {
        minhchung,
        python: python()?,
    };
    let (ours, peers) = bench.both(people, runs)?;
    let mut targets = Targets::default();
    for (our, peer) in ours.iter().zip(&peers) {
        let figure = |pointer| number(&our.scores, pointer);
        let mut least = |what: &str, value: f64, limit: f64| {
            let text = format!(
                "seed {}: {what} at least {limit}; measured {value:.4}",
                our.seed
            );
            targets.add(text, value >= limit);
        };
        least("F1 at p ≥ 0.5", figure("/cutoffs/0.5/f1")?, 0.995);
        let recall = figure("/recall_by_flag/no_usable_id_and_wrong_dob/recall")?;
        least(
            "recall without usable number and with a wrong birth date",
            recall,
            0.93,
        );
        least(
            "Splink's CPU time over ours",
            peer.usage.cpu / our.usage.cpu,
            LEAST_SPEEDUP,
        );
        let mut most = |what: &str, value: f64, limit: f64| {
            let text = format!(
                "seed {}: {what} at most {limit}; measured {value:.4}",
                our.seed
            );
            targets.add(text, value <= limit);
        };
        most(
            "records between 0.01 and 0.95",
            figure("/review_band/records")?,
            5_000.0,
        );
        most(
            "calibration error among them",
            figure("/calibration_in_band/ece")?,
            0.05,
        );
        let false_links = figure("/without_counterpart/false_links")?;
        most(
            "false links of 50,000 people without counterpart",
            false_links,
            250.0,
        );
        most(
            "peak memory in bytes",
            our.usage.memory as f64,
            MOST_MEMORY as f64,
        );
    }
    let (with_model, peers_with_model) = bench.with_models(people, runs)?;
    let ratio = cpu(&peers_with_model) / cpu(&with_model);
    targets.add(
        format!("with a trained model, Splink's CPU time over ours at least {LEAST_SPEEDUP_TRAINED}; measured {ratio:.1}"),
        ratio >= LEAST_SPEEDUP_TRAINED,
    );
    let trained = |name: &str, usages: &[Usage]| {
        [name.to_owned()]
            .into_iter()
            .chain(usage_cells(usages))
            .collect()
    };
    Ok(Section {
        name: "linkage-million",
        text: format!(
            "## Linkage of a million records\n\n{}\nThe same with the model that each trained on the first task.\n\n{}",
            described("linkage-million", people, runs, &ours, &peers)?,
            table(
                &["linker", "wall s", "CPU s", "peak MiB"],
                &[
                    trained("Minh Chứng", &with_model),
                    trained("Splink", &peers_with_model)
                ]
            ),
        ),
        targets,
    })
}

/// What was run, and how well and how fast both did.
fn described(what: &str, people: u64, runs: u64, ours: &[Run], peers: &[Run]) -> Result<String> {
    Ok(format!(
        "`cargo xtask bench {what} --people {people} --runs {runs}`: a task of `make_people.py {people} DIR --profile hard --seed S` per run;\n\
         `minhchung link --records A.parquet --register B.parquet --out LINKS --json` and `splink_link.py` (see\n\
         [bench/linkage](../bench/linkage/README.md)), each with {} threads, alternately on the same machine.\n\n\
         ### Quality, hard, {} records on each side\n\n\
         Scored by `bench/linkage/score.py`; `minhchung evaluate --links LINKS --truth truth.parquet` gives the same.\n\n{}\n\
         ### Time and memory, {} records\n\nThe whole process, training included. Median (smallest–largest) of {runs} runs.\n\n{}",
        cores(),
        grouped(people),
        quality(ours, peers)?,
        grouped(people),
        table(
            &["linker", "wall s", "CPU s", "peak MiB"],
            &[speed("Minh Chứng", ours), speed("Splink", peers)]
        ),
    ))
}

/// Median CPU seconds.
fn cpu(usages: &[Usage]) -> f64 {
    Spread::of(usages, 1, |usage| usage.cpu).median()
}

/// One linker's run on one task.
struct Run {
    seed: u64,
    usage: Usage,
    /// What score.py says.
    scores: Value,
    /// What `minhchung evaluate` says.
    evaluated: Value,
}

/// The quality of every run as a table, ours above the peer's for each task.
fn quality(ours: &[Run], peers: &[Run]) -> Result<String> {
    let mut rows = Vec::new();
    for (our, peer) in ours.iter().zip(peers) {
        for (name, run) in [("Minh Chứng", our), ("Splink", peer)] {
            let mut row = vec![run.seed.to_string(), name.to_owned()];
            for figure in [
                "/cutoffs/0.5/precision",
                "/cutoffs/0.5/recall",
                "/cutoffs/0.5/f1",
                "/best_f1/f1",
                "/cutoffs/0.99/precision",
                "/cutoffs/0.99/recall",
                "/calibration/ece",
                "/calibration/brier",
                "/calibration_in_band/ece",
            ] {
                row.push(format!("{:.5}", number(&run.scores, figure)?));
            }
            for count in ["/review_band/records", "/without_counterpart/false_links"] {
                row.push(format!("{:.0}", number(&run.scores, count)?));
            }
            rows.push(row);
        }
    }
    Ok(table(
        &[
            "seed",
            "linker",
            "P at 0.5",
            "R at 0.5",
            "F1 at 0.5",
            "best F1",
            "P at 0.99",
            "R at 0.99",
            "ECE",
            "Brier",
            "ECE in the band",
            "0.01 < p < 0.95",
            "false links of people without counterpart",
        ],
        &rows,
    ))
}

fn speed(name: &str, runs: &[Run]) -> Vec<String> {
    let usages: Vec<Usage> = runs.iter().map(|run| run.usage).collect();
    [name.to_owned()]
        .into_iter()
        .chain(usage_cells(&usages))
        .collect()
}

/// The programs of the bench.
struct Bench<'a> {
    minhchung: &'a Path,
    python: PathBuf,
}

impl Bench<'_> {
    /// Both linkers on a task per run, alternately.
    fn both(&self, people: u64, runs: u64) -> Result<(Vec<Run>, Vec<Run>)> {
        let (mut ours, mut peers) = (Vec::new(), Vec::new());
        for seed in 1..=runs {
            let task = hard_task(&self.python, people, seed)?;
            ours.push(self.link(&task, seed)?);
            peers.push(self.link_by_peer(&task, seed)?);
        }
        Ok((ours, peers))
    }

    /// What each linker takes with the model that it trained before.
    fn with_models(&self, people: u64, runs: u64) -> Result<(Vec<Usage>, Vec<Usage>)> {
        let (model, peers_model) = (out().join("model.json"), out().join("model_splink.json"));
        let (mut ours, mut peers) = (Vec::new(), Vec::new());
        for seed in 1..=runs {
            let task = hard_task(&self.python, people, seed)?;
            let mut link = self.link_command(&task, &out().join("links.parquet"));
            if seed == 1 {
                shell::run(link.arg("--model-out").arg(&model))?;
                let mut peer = self.peer_command(&task, &out().join("links_splink.parquet"));
                shell::run(peer.arg("--model-out").arg(&peers_model))?;
                link = self.link_command(&task, &out().join("links.parquet"));
            }
            ours.push(measure(link.arg("--model").arg(&model))?.0);
            let mut peer = self.peer_command(&task, &out().join("links_splink.parquet"));
            peers.push(measure(peer.arg("--model-in").arg(&peers_model))?.0);
        }
        Ok((ours, peers))
    }

    fn link_command(&self, task: &Path, links: &Path) -> Command {
        let mut link = shell::command(self.minhchung, &["link", "--json", "--threads"]);
        link.arg(cores().to_string());
        link.arg("--records").arg(task.join("A.parquet"));
        link.arg("--register").arg(task.join("B.parquet"));
        link.arg("--out").arg(links);
        link
    }

    fn peer_command(&self, task: &Path, links: &Path) -> Command {
        let mut link = shell::command(&self.python, &["bench/linkage/splink_link.py"]);
        link.arg(task).arg(links).args(["--no-count", "--threads"]);
        link.arg(cores().to_string());
        link
    }

    fn link(&self, task: &Path, seed: u64) -> Result<Run> {
        let links = out().join("links.parquet");
        let (usage, _) = measure(&mut self.link_command(task, &links))?;
        self.judged(&links, task, seed, usage)
    }

    fn link_by_peer(&self, task: &Path, seed: u64) -> Result<Run> {
        let links = out().join("links_splink.parquet");
        let (usage, _) = measure(&mut self.peer_command(task, &links))?;
        self.judged(&links, task, seed, usage)
    }

    fn judged(&self, links: &Path, task: &Path, seed: u64, usage: Usage) -> Result<Run> {
        let truth = task.join("truth.parquet");
        let mut score = shell::command(&self.python, &["bench/linkage/score.py", "--json"]);
        let scores = serde_json::from_str(&shell::capture(score.arg(links).arg(&truth))?)?;
        Ok(Run {
            seed,
            usage,
            scores,
            evaluated: self.evaluate(links, &truth)?,
        })
    }

    fn evaluate(&self, links: &Path, truth: &Path) -> Result<Value> {
        let mut evaluate = shell::command(self.minhchung, &["evaluate", "--json"]);
        let json = shell::capture(evaluate.arg("--links").arg(links).arg("--truth").arg(truth))?;
        serde_json::from_str(&json).context("`minhchung evaluate --json` printed no JSON")
    }

    /// FEBRL 4 through a spec file, beside the models of Splink's own example.
    fn febrl4(&self, peer: &[Value]) -> Result<Febrl> {
        let data = shell::root().join("data/linkage/febrl");
        let (links, truth) = (out().join("febrl4.parquet"), out().join("febrl4_truth.csv"));
        write_febrl_truth(&data, &truth)?;
        let mut link = shell::command(self.minhchung, &["link", "--json", "--spec", FEBRL4_SPEC]);
        link.arg("--records").arg(data.join("dataset4a.csv"));
        link.arg("--register").arg(data.join("dataset4b.csv"));
        let (usage, _) = measure(link.arg("--out").arg(&links))?;
        let scores = self.evaluate(&links, &truth)?;
        let f1 = number(&scores, "/cutoffs/0.5/f1")?;

        let mut rows = vec![febrl_row("Minh Chứng", &scores, usage.cpu)?];
        rows.extend(peer_rows(peer, "febrl4")?);
        let text = format!(
            "`minhchung link --spec {FEBRL4_SPEC} --records dataset4a.csv --register dataset4b.csv --out LINKS`, judged by\n\
             `minhchung evaluate` against every true pair; `bench/linkage/febrl.py` judges all pairs that Splink proposes against the same\n\
             pairs and counts the CPU time from loading to predicting.\n\n{}",
            table(&FEBRL_HEAD, &rows),
        );
        Ok(Febrl { f1, text })
    }

    /// FEBRL 3 within one file: all pairs that either proposes, judged against all true pairs.
    fn febrl3(&self, peer: &[Value]) -> Result<Febrl> {
        let records = shell::root().join("data/linkage/febrl/dataset3.csv");
        let (persons, pairs) = (out().join("febrl3.csv"), out().join("febrl3_pairs.csv"));
        let mut dedupe = shell::command(self.minhchung, &["dedupe", "--json", "--spec", "febrl3"]);
        dedupe.arg("--records").arg(&records);
        dedupe.arg("--out").arg(&persons).arg("--pairs").arg(&pairs);
        let (usage, _) = measure(&mut dedupe)?;
        let true_pairs = true_pairs(&febrl_people(&read(&records)?))?;
        let scores = judged_pairs(&read(&pairs)?, true_pairs)?;
        let f1 = number(&scores, "/cutoffs/0.5/f1")?;
        let mut rows = vec![febrl_row("Minh Chứng", &scores, usage.cpu)?];
        rows.extend(peer_rows(peer, "febrl3")?);
        let text = format!(
            "`minhchung dedupe --spec febrl3 --records dataset3.csv --out PERSONS --pairs PAIRS`; the pairs of both are judged against every true\n\
             pair, before they are joined into persons.\n\n{}",
            table(&FEBRL_HEAD, &rows),
        );
        Ok(Febrl { f1, text })
    }

    /// What the peer reaches on the FEBRL sets, an object per set and model.
    fn febrl_by_peer(&self) -> Result<Vec<Value>> {
        let mut febrl = shell::command(&self.python, &["bench/linkage/febrl.py"]);
        let told = shell::capture(&mut febrl)?;
        let lines = told.lines().map(serde_json::from_str);
        lines
            .collect::<Result<_, _>>()
            .context("febrl.py printed no JSON")
    }
}

const FEBRL_HEAD: [&str; 7] = [
    "linker",
    "P at 0.5",
    "R at 0.5",
    "F1 at 0.5",
    "best F1",
    "R at 0.99",
    "CPU s",
];

/// The peer's rows of one set; its models are named where there are several.
fn peer_rows(peer: &[Value], set: &str) -> Result<Vec<Vec<String>>> {
    let of_set = peer.iter().filter_map(|scores| {
        let model = scores["set"].as_str()?.strip_prefix(set)?.trim();
        Some((model, scores))
    });
    of_set
        .map(|(model, scores)| {
            let name = match model {
                "" => "Splink".to_owned(),
                model => format!("Splink, {model}"),
            };
            febrl_row(&name, scores, number(scores, "/cpu_s")?)
        })
        .collect()
}

/// The people of a FEBRL file with how many records each has: `rec-7-org` and `rec-7-dup-0` are one person.
fn febrl_people(records: &str) -> BTreeMap<&str, u64> {
    let mut people = BTreeMap::new();
    let ids = records
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next());
    for person in ids.filter_map(person_of) {
        *people.entry(person).or_default() += 1;
    }
    people
}

fn person_of(id: &str) -> Option<&str> {
    id.trim().split('-').nth(1)
}

fn true_pairs(people: &BTreeMap<&str, u64>) -> Result<u64> {
    let pairs = people
        .values()
        .map(|records| records * (records - 1) / 2)
        .sum();
    anyhow::ensure!(pairs > 0, "the file holds nobody twice");
    Ok(pairs)
}

/// Rates of pairs (`id,other_id,probability,…`) in the shape of score.py.
fn judged_pairs(pairs: &str, true_pairs: u64) -> Result<Value> {
    let mut judged = Vec::new();
    for line in pairs.lines().skip(1) {
        let mut cells = line.split(',');
        let (Some(id), Some(other), Some(probability)) = (cells.next(), cells.next(), cells.next())
        else {
            anyhow::bail!("no pair: {line}");
        };
        let probability: f64 = probability
            .parse()
            .with_context(|| format!("no pair: {line}"))?;
        judged.push((probability, person_of(id) == person_of(other)));
    }
    let at = |cutoff: f64| {
        let taken = judged.iter().filter(|(p, _)| *p >= cutoff);
        let right = taken.clone().filter(|(_, right)| *right).count() as f64;
        let (found, wanted) = (taken.count() as f64, true_pairs as f64);
        json!({
            "precision": right / found,
            "recall": right / wanted,
            "f1": 2.0 * right / (found + wanted),
        })
    };
    let cutoffs = judged.iter().map(|(p, _)| *p);
    let best = cutoffs
        .filter_map(|cutoff| at(cutoff)["f1"].as_f64())
        .fold(0.0, f64::max);
    Ok(json!({
        "cutoffs": { "0.5": at(0.5), "0.99": at(0.99) },
        "best_f1": { "f1": best },
    }))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// What the bench says of a FEBRL set.
struct Febrl {
    f1: f64,
    text: String,
}

fn febrl_row(name: &str, scores: &Value, cpu: f64) -> Result<Vec<String>> {
    let mut row = vec![name.to_owned()];
    for figure in [
        "/cutoffs/0.5/precision",
        "/cutoffs/0.5/recall",
        "/cutoffs/0.5/f1",
        "/best_f1/f1",
        "/cutoffs/0.99/recall",
    ] {
        row.push(format!("{:.5}", number(scores, figure)?));
    }
    row.push(format!("{cpu:.1}"));
    Ok(row)
}

/// Writes which record of 4b belongs to each of 4a: `rec-7-org` and `rec-7-dup-0` are one person.
fn write_febrl_truth(data: &Path, truth: &Path) -> Result<()> {
    let records = std::fs::read_to_string(data.join("dataset4a.csv"))?;
    let mut text = String::from("a_id,b_id\n");
    for id in records
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
    {
        let person = id
            .strip_suffix("-org")
            .with_context(|| format!("dataset4a.csv: unexpected id {id}"))?;
        let _ = writeln!(text, "{id},{person}-dup-0");
    }
    std::fs::write(truth, text).with_context(|| format!("cannot write {}", truth.display()))
}

/// The folder of a `hard` task, made unless an earlier bench did.
pub(super) fn hard_task(python: &Path, people: u64, seed: u64) -> Result<PathBuf> {
    let folder = out().join(format!("hard_{people}_{seed}"));
    if !folder.join("info.json").exists() {
        let mut make = shell::command(python, &["bench/linkage/make_people.py"]);
        make.arg(people.to_string())
            .arg(&folder)
            .args(["--profile", "hard", "--seed"]);
        shell::run(make.arg(seed.to_string()))?;
    }
    Ok(folder)
}

/// A Python with the peer and its libraries.
pub(super) fn python() -> Result<PathBuf> {
    environment("venv", "bench/linkage/requirements.txt")
}

/// A Python with the libraries of a list, in a virtual environment of its own.
pub(super) fn environment(name: &str, requirements: &str) -> Result<PathBuf> {
    let environment = out().join(name);
    let python = environment.join("bin/python");
    let stamp = environment.join("requirements.txt");
    let wanted = std::fs::read_to_string(shell::root().join(requirements))?;
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    packages::require(&[packages::PYTHON])?;
    shell::empty_folder(&environment)?;
    shell::run(shell::command("python3", &["-m", "venv"]).arg(&environment))?;
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--requirement",
        requirements,
    ];
    shell::run(&mut shell::command(&python, &install))?;
    std::fs::write(stamp, wanted)?;
    Ok(python)
}

/// A number inside a JSON value, by its pointer.
fn number(value: &Value, pointer: &str) -> Result<f64> {
    value
        .pointer(pointer)
        .and_then(Value::as_f64)
        .with_context(|| format!("no number at {pointer}"))
}

#[cfg(test)]
mod tests {
    use super::{febrl_people, judged_pairs, number, true_pairs};

    #[test]
    fn pairs_are_judged_against_every_true_pair() {
        let records = "rec_id, name\nrec-1-org, a\nrec-1-dup-0, a\nrec-1-dup-1, a\nrec-2-org, b\n";
        let pairs =
            "id,other_id,probability,veto\nrec-1-org,rec-1-dup-0,0.9,\nrec-1-org,rec-2-org,0.6,\n";
        let all = true_pairs(&febrl_people(records)).expect("pairs");
        assert_eq!(all, 3);
        let scores = judged_pairs(pairs, all).expect("scores");
        let figure = |pointer| format!("{:.3}", number(&scores, pointer).expect("a number"));
        assert_eq!(figure("/cutoffs/0.5/precision"), "0.500");
        assert_eq!(figure("/cutoffs/0.5/recall"), "0.333");
        assert_eq!(figure("/best_f1/f1"), "0.500");
    }
}
