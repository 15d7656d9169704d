//! `link`: finds each record's person in a register.

mod ceiling;
mod parts;
mod work;

use std::borrow::Borrow;
use std::fmt::Display;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder, UInt32Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use clap::Args;
use intake::TableWriter;
use linkage::{Candidate, Claims, Linker, Links, Model, RecordClaims, Spec, TrainOptions};
use serde_json::json;

use ceiling::Ceiling;

use crate::Outcome;
use crate::command::{index, people};
use crate::exit::{Blame, Exit, Failure, usage};
use crate::measure::Stopwatch;
use crate::progress::{Progress, interrupted};

/// Rows of a batch of the result.
const BATCH_ROWS: usize = 1 << 16;

/// Find each record's person in the register, with a probability for every candidate and for "none of them".
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung link --records A.parquet --register B.parquet --out links.parquet\n\nThe result has the columns a_id, b_id, probability, weight, outcome, shape, rank. Rank 1 is the chosen record;\nthe row without b_id carries the probability that nobody in the register is the person."
)]
pub struct Link {
    /// Records to look for (CSV, XLSX or Parquet).
    #[arg(long, value_name = "FILE")]
    records: PathBuf,
    /// The register to look in.
    #[arg(long, value_name = "FILE", required_unless_present = "index")]
    register: Option<PathBuf>,
    /// An index of the register, made by `minhchung index`, instead of the register itself.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["register", "plan", "model", "model_out"])]
    index: Option<PathBuf>,
    /// Claims of the records of earlier days against the index: today's are added, and all are decided together.
    #[arg(long, value_name = "FILE.jsonl", requires = "index")]
    claims: Option<PathBuf>,
    /// Where the links go (.parquet or .csv).
    #[arg(long, value_name = "FILE", required_unless_present = "plan")]
    out: Option<PathBuf>,
    /// Only count the pairs that each blocking rule would make.
    #[arg(long, conflicts_with = "out")]
    plan: bool,
    #[command(flatten)]
    how: people::How,
    /// Columns of the register, where the headings don't say it.
    #[arg(long, value_name = "FILE.toml")]
    map_register: Option<PathBuf>,
    /// The most memory that may be used (2GiB, 800MB): what does not fit goes through files beside the result.
    #[arg(long, value_name = "SIZE", value_parser = ceiling::size, conflicts_with_all = ["plan", "index"])]
    memory: Option<u64>,
    /// Go through files beside the result, and keep what is done after every N records: a run that was stopped goes on with --resume.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with_all = ["plan", "index"])]
    checkpoint: Option<u64>,
    /// Go on with a run that was stopped, with --memory or --checkpoint; files, spec and model have to be the same.
    #[arg(long, conflicts_with_all = ["plan", "index"])]
    resume: bool,
    /// Where the trained model goes.
    #[arg(long, value_name = "FILE.json")]
    model_out: Option<PathBuf>,
    /// Print figures of the run as one JSON object.
    #[arg(long)]
    json: bool,
}

impl Link {
    /// Runs the command.
    pub fn run(self) -> Outcome {
        let register = self
            .register
            .as_deref()
            .map(|register| (register, self.map_register.as_deref()));
        let (spec, progress) = self.how.begin(&self.records, register.as_slice())?;
        if let Some(path) = &self.index {
            return self.link_to_index(path, &spec, &progress);
        }
        let Some(register) = &self.register else {
            return Err(usage("give --register or --index"));
        };
        if self.memory.is_some() || self.checkpoint.is_some() || self.resume {
            let map = self.how.map.as_deref();
            let records = Self::count_rows(&self.records, &spec, map, &progress)?;
            if !self.fits(records, register, &spec, &progress)? {
                return self.link_through_files(records, register, &spec, &progress);
            }
        }
        self.link_in_memory(register, &spec, &progress)
    }

    /// Whether the files fit the memory that may be used, and nothing of the run has to be kept.
    fn fits(
        &self,
        records: u64,
        register: &Path,
        spec: &Spec,
        progress: &Progress,
    ) -> Result<bool, Failure> {
        if self.resume || self.checkpoint.is_some() {
            return Ok(false);
        }
        let entries = Self::count_rows(register, spec, self.map_register.as_deref(), progress)?;
        Ok(Ceiling::of(self.memory).holds_all(records + entries))
    }

    fn link_in_memory(&self, register: &Path, spec: &Spec, progress: &Progress) -> Outcome {
        let mut watch = Stopwatch::start();
        let (records, _) = people::read(&self.records, spec, self.how.map.as_deref(), progress)?;
        let (register, _) = people::read(register, spec, self.map_register.as_deref(), progress)?;
        watch.lap("read");
        let linker = Linker::new(spec, &records, &register);
        let Some(out) = &self.out else {
            print_plan(&linker.plan(progress), self.json);
            return Ok(Exit::Good);
        };
        let given = self.how.model()?;
        let linker = match &given {
            Some(model) => linker.like(model),
            None => linker,
        };
        let candidates = linker.candidates(progress);
        watch.lap("candidates");
        stop_if_asked()?;
        let model = match given {
            Some(model) => model,
            None => linker
                .train(&candidates, &TrainOptions::default())
                .or_usage()?,
        };
        watch.lap("train");
        let links = linker.link(&model, &candidates, progress).or_usage()?;
        watch.lap("score");
        stop_if_asked()?;
        if let Some(path) = &self.model_out {
            people::write_text(path, &model.to_json().or_fault()?)?;
        }
        let named = Named {
            record: &|row| records.id(row),
            entry: &|_, b_row| register.id(b_row),
            shape: &|row, candidate| linker.shape(candidate.pattern, row, candidate.b_row),
        };
        write(out, &links, &named).or_usage()?;
        watch.lap("write");
        let linked = count(&links, linkage::Outcome::Linked);
        if self.json {
            let rules: serde_json::Map<_, _> = candidates
                .rules()
                .iter()
                .map(|rule| (rule.rule.clone(), json!(rule.pairs)))
                .collect();
            let mut told = json!({
                "records": records.len(),
                "register": register.len(),
                "linked": linked,
                "settled": candidates.settled(),
                "candidates": links.compared(),
                "candidate_rules": rules,
                "rules": candidates.rules(),
                "model": model,
            });
            watch.tell(&mut told);
            println!("{told}");
        } else {
            summary(spec, &links);
            notes(&candidates, &model);
            println!("Links: {}", out.display());
        }
        Ok(Exit::Good)
    }

    /// Finds the records through an index, together with those of earlier days.
    fn link_to_index(&self, path: &Path, spec: &Spec, progress: &Progress) -> Outcome {
        let Some(out) = &self.out else {
            return Err(usage("give --out"));
        };
        let mut watch = Stopwatch::start();
        let index = index::open(path, spec)?;
        let (records, _) = people::read(&self.records, spec, self.how.map.as_deref(), progress)?;
        watch.lap("read");
        let failed =
            |path: &Path, error: &dyn Display| usage(format!("{}: {error}", path.display()));
        let mut claims = match &self.claims {
            Some(claims) if claims.exists() => File::open(claims)
                .map_err(linkage::ClaimsError::from)
                .and_then(|file| Claims::read(BufReader::new(file), &index))
                .map_err(|error| failed(claims, &error))?,
            _ => index.no_claims(),
        };
        watch.lap("claims");
        let today = index
            .claims(spec, &records, progress)
            .map_err(|error| failed(path, &error))?;
        claims.add(today);
        watch.lap("search");
        stop_if_asked()?;
        let links = claims.decide(spec, &index, progress).or_usage()?;
        watch.lap("score");
        if let Some(path) = &self.claims {
            people::write_whole(path, |file| {
                claims
                    .write(&mut BufWriter::new(file))
                    .map_err(|error| failed(path, &error))
            })?;
        }
        write_claimed(out, &links, claims.records().iter().map(Ok))?;
        watch.lap("write");
        if self.json {
            let mut told = json!({
                "records": links.len(),
                "new_records": records.len(),
                "register": index.len(),
                "linked": count(&links, linkage::Outcome::Linked),
                "candidates": links.compared(),
                "model": index.model(),
            });
            watch.tell(&mut told);
            println!("{told}");
        } else {
            summary(spec, &links);
            println!("Links: {}", out.display());
        }
        Ok(Exit::Good)
    }
}

/// Records with an outcome.
fn count(links: &Links, wanted: linkage::Outcome) -> usize {
    (0..links.len() as u32)
        .filter(|row| links.outcome(*row) == wanted)
        .count()
}

fn summary(spec: &Spec, links: &Links) {
    println!(
        "{} records, {} candidate pairs",
        links.len(),
        links.compared()
    );
    println!(
        "{:>10}  linked (probability {} or more)",
        count(links, linkage::Outcome::Linked),
        spec.accept()
    );
    println!(
        "{:>10}  for a person to look at",
        count(links, linkage::Outcome::Review)
    );
    println!(
        "{:>10}  without counterpart",
        count(links, linkage::Outcome::None)
    );
}

fn notes(candidates: &linkage::Candidates, model: &Model) {
    for rule in candidates
        .rules()
        .iter()
        .filter(|rule| rule.dropped_keys > 0)
    {
        println!(
            "note: rule '{}' left out {} values that are too common ({} pairs)",
            rule.rule, rule.dropped_keys, rule.dropped_pairs
        );
    }
    if !model.converged {
        println!(
            "note: training stopped after {} rounds before it had settled",
            model.iterations
        );
    }
}

fn print_plan(plans: &[linkage::RulePlan], as_json: bool) {
    if as_json {
        println!("{}", json!({ "rules": plans }));
        return;
    }
    println!(
        "{:>14} {:>14} {:>9} {:>9} {:>14}  rule",
        "pairs", "largest key", "cap", "to narrow", "with pairs"
    );
    for plan in plans {
        println!(
            "{:>14} {:>14} {:>9} {:>9} {:>14}  {}",
            plan.pairs, plan.largest, plan.cap, plan.capped_keys, plan.capped_pairs, plan.rule
        );
    }
}

/// Ends the command after Ctrl-C; nothing has been written yet.
pub fn stop_if_asked() -> Result<(), Failure> {
    if interrupted() {
        Err(Failure::Stopped)
    } else {
        Ok(())
    }
}

/// How the rows of links are called.
struct Named<'a> {
    record: &'a dyn Fn(u32) -> Option<&'a str>,
    /// The entry in a row of the register that a record met.
    entry: &'a dyn Fn(u32, u32) -> Option<&'a str>,
    shape: &'a dyn Fn(u32, &Candidate) -> String,
}

/// Writes the links of all records.
fn write(path: &Path, links: &Links, named: &Named<'_>) -> Result<(), intake::IntakeError> {
    let mut writer = LinkWriter::create(path)?;
    for row in 0..links.len() as u32 {
        writer.push(row, links, named)?;
    }
    writer.finish()
}

/// Writes the links of records whose claims come one after the other.
fn write_claimed<R: Borrow<RecordClaims>>(
    path: &Path,
    links: &Links,
    claims: impl Iterator<Item = Result<R, Failure>>,
) -> Result<(), Failure> {
    let mut writer = LinkWriter::create(path).or_usage()?;
    for (row, record) in (0..).zip(claims) {
        let record = record?;
        let record: &RecordClaims = record.borrow();
        let named = Named {
            record: &|_| Some(record.id.as_str()),
            entry: &|_, b_row| record.claim(b_row).map(|claim| claim.b_id.as_str()),
            shape: &|_, candidate| {
                let claim = record.claim(candidate.b_row);
                claim.map(|claim| claim.shape.clone()).unwrap_or_default()
            },
        };
        writer.push(row, links, &named).or_usage()?;
    }
    writer.finish().or_usage()
}

/// Writes the candidates of every record, best first, and the probability of none of them.
struct LinkWriter {
    path: String,
    schema: Arc<Schema>,
    writer: TableWriter,
    batch: Batch,
}

impl LinkWriter {
    fn create(path: &Path) -> Result<Self, intake::IntakeError> {
        let text = |name, nullable| Field::new(name, DataType::Utf8, nullable);
        let schema = Arc::new(Schema::new(vec![
            text("a_id", false),
            text("b_id", true),
            Field::new("probability", DataType::Float64, false),
            Field::new("weight", DataType::Float64, true),
            text("outcome", false),
            text("shape", true),
            Field::new("rank", DataType::UInt32, true),
        ]));
        Ok(Self {
            path: path.display().to_string(),
            writer: TableWriter::create(path, schema.clone())?,
            schema,
            batch: Batch::default(),
        })
    }

    fn push(
        &mut self,
        row: u32,
        links: &Links,
        named: &Named<'_>,
    ) -> Result<(), intake::IntakeError> {
        self.batch.push(row, links, named);
        if (row as usize + 1).is_multiple_of(BATCH_ROWS) {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), intake::IntakeError> {
        let columns = std::mem::take(&mut self.batch).finish();
        let batch = RecordBatch::try_new(self.schema.clone(), columns);
        self.writer
            .write(&batch.map_err(|error| intake::IntakeError::Write {
                file: self.path.clone(),
                detail: error.to_string(),
            })?)
    }

    fn finish(mut self) -> Result<(), intake::IntakeError> {
        self.flush()?;
        self.writer.finish()
    }
}

/// Rows of the result in the making.
#[derive(Default)]
struct Batch {
    a: StringBuilder,
    b: StringBuilder,
    probability: Float64Builder,
    weight: Float64Builder,
    outcome: StringBuilder,
    shape: StringBuilder,
    rank: UInt32Builder,
}

impl Batch {
    fn push(&mut self, row: u32, links: &Links, named: &Named<'_>) {
        let id = (named.record)(row).unwrap_or_default();
        let outcome = links.outcome(row).as_str();
        for (place, candidate) in links.of(row).iter().enumerate() {
            self.a.append_value(id);
            self.b.append_option((named.entry)(row, candidate.b_row));
            self.probability.append_value(candidate.probability);
            self.weight.append_value(candidate.weight);
            self.outcome.append_value(outcome);
            self.shape.append_value((named.shape)(row, candidate));
            self.rank.append_value(place as u32 + 1);
        }
        self.a.append_value(id);
        self.b.append_null();
        self.probability.append_value(links.p_none(row));
        self.weight.append_null();
        self.outcome.append_value(outcome);
        self.shape.append_null();
        self.rank.append_null();
    }

    fn finish(mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.a.finish()),
            Arc::new(self.b.finish()),
            Arc::new(self.probability.finish()),
            Arc::new(self.weight.finish()),
            Arc::new(self.outcome.finish()),
            Arc::new(self.shape.finish()),
            Arc::new(self.rank.finish()),
        ]
    }
}
