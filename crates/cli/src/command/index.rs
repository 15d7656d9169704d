//! `index` and `lookup`: a register made ready on disk, and one record searched in it.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use linkage::{
    Index, IndexError, Linker, RecordsBuilder, Silent, Spec, TrainOptions, rule_names, write_index,
};
use serde_json::json;

use crate::Outcome;
use crate::command::people;
use crate::exit::{Blame, Exit, Failure, usage};
use crate::measure::Stopwatch;

/// Make a register ready on disk, so that records are found in it without reading it again.
#[derive(Args)]
#[command(
    name = "index",
    after_help = "Examples:\n  minhchung index --register B.parquet --model model.json --out register.index\n  minhchung index --register B.parquet --records A.parquet --out register.index\n\nThe index holds the model with which records are weighed: the one given, or one trained on --records. Then:\n  minhchung link --records today.csv --index register.index --claims claims.jsonl --out links.parquet\n  minhchung lookup --index register.index full_name='Nguyễn Văn An' dob=1980-05-03"
)]
pub struct MakeIndex {
    /// The register (CSV, XLSX or Parquet).
    #[arg(long, value_name = "FILE")]
    register: PathBuf,
    /// Where the index goes.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Records to train the model on, where none is given.
    #[arg(long, value_name = "FILE", required_unless_present = "model")]
    records: Option<PathBuf>,
    #[command(flatten)]
    how: people::How,
    /// Columns of the register, where the headings don't say it.
    #[arg(long, value_name = "FILE.toml")]
    map_register: Option<PathBuf>,
    /// Print figures of the run as one JSON object.
    #[arg(long)]
    json: bool,
}

impl MakeIndex {
    /// Runs the command.
    pub fn run(self) -> Outcome {
        let register = (self.register.as_path(), self.map_register.as_deref());
        let (spec, progress) = match &self.records {
            Some(records) => self.how.begin(records, &[register])?,
            None => self.how.begin(&self.register, &[])?,
        };
        let mut watch = Stopwatch::start();
        let (register, _) = people::read(
            &self.register,
            &spec,
            self.map_register.as_deref(),
            &progress,
        )?;
        watch.lap("read");
        let model = match (self.how.model()?, &self.records) {
            (Some(model), _) => model,
            (None, Some(records)) => {
                let (records, _) =
                    people::read(records, &spec, self.how.map.as_deref(), &progress)?;
                let linker = Linker::new(&spec, &records, &register);
                let candidates = linker.candidates(&progress);
                linker
                    .train(&candidates, &TrainOptions::default())
                    .or_usage()?
            }
            (None, None) => return Err(usage("give --model, or --records to train one")),
        };
        watch.lap("train");
        let bytes = people::write_whole(&self.out, |file| {
            let mut out = BufWriter::with_capacity(1 << 20, file);
            write_index(&spec, &register, &model, u64::MAX, &mut out, &progress).map_err(told)?;
            out.flush().map_err(|error| told(error.into()))
        })?;
        watch.lap("write");
        if self.json {
            let mut told = json!({ "register": register.len(), "bytes": bytes });
            watch.tell(&mut told);
            println!("{told}");
        } else {
            println!("{} entries, {bytes} bytes", register.len());
            println!("Index: {}", self.out.display());
        }
        Ok(Exit::Good)
    }
}

/// Find one record's person in an index.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung lookup --index register.index full_name='Nguyễn Văn An' dob=1980-05-03 commune=00001\n\nExit code 1 when nobody in the register is likely enough to be looked at."
)]
pub struct Lookup {
    /// The index.
    #[arg(long, value_name = "FILE")]
    index: PathBuf,
    /// The spec of the index: a built-in one or a TOML file.
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "vietnam")]
    spec: String,
    /// What is known of the person.
    #[arg(required = true, value_name = "COLUMN=VALUE")]
    values: Vec<String>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

impl Lookup {
    /// Runs the command.
    pub fn run(self) -> Outcome {
        let spec = people::spec(&self.spec)?;
        let watch = Stopwatch::start();
        let index = open(&self.index, &spec)?;
        let mut records = RecordsBuilder::new(&spec);
        let row = one_row(&spec, &self.values)?;
        let cells: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
        records.push(&cells).or_usage()?;
        let claims = index
            .claims(&spec, &records.finish(), &Silent)
            .map_err(|error| usage(format!("{}: {error}", self.index.display())))?;
        let links = claims.decide(&spec, &index, &Silent).or_usage()?;
        let found: Vec<_> = links
            .of(0)
            .iter()
            .filter_map(|candidate| {
                let claim = claims.claim(0, candidate.b_row)?;
                Some(json!({
                    "b_id": claim.b_id,
                    "probability": candidate.probability,
                    "weight": candidate.weight,
                    "shape": claim.shape,
                    "veto": candidate.veto,
                    "rules": rule_names(&spec, candidate.rules),
                }))
            })
            .collect();
        let outcome = links.outcome(0);
        if self.json {
            let mut told = json!({
                "outcome": outcome.as_str(),
                "candidates": found,
                "p_none": links.p_none(0),
            });
            watch.tell(&mut told);
            println!("{told}");
        } else {
            for candidate in &found {
                println!(
                    "{:>8.4}  {}  {}",
                    candidate["probability"].as_f64().unwrap_or_default(),
                    candidate["b_id"].as_str().unwrap_or_default(),
                    candidate["shape"].as_str().unwrap_or_default()
                );
            }
            println!("{:>8.4}  none of them", links.p_none(0));
        }
        Ok(match outcome {
            linkage::Outcome::None => Exit::No,
            linkage::Outcome::Linked | linkage::Outcome::Review => Exit::Good,
        })
    }
}

/// Opens an index of a spec.
pub fn open(path: &Path, spec: &Spec) -> Result<Index<File>, Failure> {
    let said = |error: String| usage(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(|error| said(error.to_string()))?;
    Index::open(file, spec).map_err(|error| said(error.to_string()))
}

fn told(error: IndexError) -> Failure {
    usage(error)
}

/// The row of some `column=value`; the id is made up where none is given.
fn one_row(spec: &Spec, values: &[String]) -> Result<Vec<Option<String>>, Failure> {
    let columns = spec.columns();
    let mut row = vec![None; columns.len()];
    for value in values {
        let known = || {
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            names.join(", ")
        };
        let (name, text) = value.split_once('=').ok_or_else(|| {
            usage(format!(
                "'{value}' is not COLUMN=VALUE; columns: {}",
                known()
            ))
        })?;
        let place = columns.iter().position(|column| column.name == name.trim());
        let cell = place.and_then(|place| row.get_mut(place));
        *cell.ok_or_else(|| usage(format!("no column '{name}'; columns: {}", known())))? =
            Some(text.to_owned());
    }
    if let Some(id) = row.first_mut() {
        id.get_or_insert_with(|| "record".to_owned());
    }
    Ok(row)
}
