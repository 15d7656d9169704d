//! `link`: finds each record's person in a register.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder, UInt32Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use clap::Args;
use intake::TableWriter;
use linkage::{Linker, Links, Model, Records, Spec, TrainOptions};
use serde_json::json;

use crate::Outcome;
use crate::command::people;
use crate::exit::{Blame, Exit, Failure};
use crate::measure::Stopwatch;
use crate::progress::interrupted;

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
    #[arg(long, value_name = "FILE")]
    register: PathBuf,
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
        let register = (self.register.as_path(), self.map_register.as_deref());
        let (spec, progress) = self.how.begin(&self.records, &[register])?;
        let mut watch = Stopwatch::start();
        let (records, _) = people::read(&self.records, &spec, self.how.map.as_deref(), &progress)?;
        let (register, _) = people::read(
            &self.register,
            &spec,
            self.map_register.as_deref(),
            &progress,
        )?;
        watch.lap("read");
        let linker = Linker::new(&spec, &records, &register);
        let Some(out) = self.out else {
            print_plan(&linker.plan(&progress), self.json);
            return Ok(Exit::Good);
        };
        let candidates = linker.candidates(&progress);
        watch.lap("candidates");
        stop_if_asked()?;
        let model = match self.how.model()? {
            Some(model) => model,
            None => linker
                .train(&candidates, &TrainOptions::default())
                .or_usage()?,
        };
        watch.lap("train");
        let links = linker.link(&model, &candidates, &progress).or_usage()?;
        watch.lap("score");
        stop_if_asked()?;
        if let Some(path) = &self.model_out {
            people::write_text(path, &model.to_json().or_fault()?)?;
        }
        write(&out, &linker, &links, &records, &register).or_usage()?;
        watch.lap("write");
        let linked = (0..records.len() as u32)
            .filter(|row| links.outcome(*row) == linkage::Outcome::Linked)
            .count();
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
            summary(&spec, &links, records.len(), &candidates, &model);
            println!("Links: {}", out.display());
        }
        Ok(Exit::Good)
    }
}

fn summary(
    spec: &Spec,
    links: &Links,
    records: usize,
    candidates: &linkage::Candidates,
    model: &Model,
) {
    let count = |wanted| {
        (0..records as u32)
            .filter(|row| links.outcome(*row) == wanted)
            .count()
    };
    println!("{records} records, {} candidate pairs", links.compared());
    println!(
        "{:>10}  linked (probability {} or more)",
        count(linkage::Outcome::Linked),
        spec.accept()
    );
    println!(
        "{:>10}  for a person to look at",
        count(linkage::Outcome::Review)
    );
    println!("{:>10}  without counterpart", count(linkage::Outcome::None));
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
        "{:>14} {:>14} {:>9} {:>14}  rule",
        "pairs", "largest key", "to narrow", "with pairs"
    );
    for plan in plans {
        println!(
            "{:>14} {:>14} {:>9} {:>14}  {}",
            plan.pairs, plan.largest, plan.capped_keys, plan.capped_pairs, plan.rule
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

/// Writes the candidates of every record, best first, and the probability of none of them.
fn write(
    path: &Path,
    linker: &Linker<'_>,
    links: &Links,
    records: &Records,
    register: &Records,
) -> Result<(), intake::IntakeError> {
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
    let mut writer = TableWriter::create(path, schema.clone())?;
    let rows = 0..records.len();
    for start in rows.step_by(BATCH_ROWS) {
        let end = records.len().min(start + BATCH_ROWS);
        let mut batch = Batch::default();
        for row in start as u32..end as u32 {
            batch.push(row, linker, links, records, register);
        }
        let batch = RecordBatch::try_new(schema.clone(), batch.finish());
        writer.write(&batch.map_err(|error| intake::IntakeError::Write {
            file: path.display().to_string(),
            detail: error.to_string(),
        })?)?;
    }
    writer.finish()
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
    fn push(
        &mut self,
        row: u32,
        linker: &Linker<'_>,
        links: &Links,
        records: &Records,
        register: &Records,
    ) {
        let id = records.id(row).unwrap_or_default();
        let outcome = links.outcome(row).as_str();
        for (place, candidate) in links.of(row).iter().enumerate() {
            self.a.append_value(id);
            self.b.append_option(register.id(candidate.b_row));
            self.probability.append_value(candidate.probability);
            self.weight.append_value(candidate.weight);
            self.outcome.append_value(outcome);
            self.shape.append_value(linker.shape(row, candidate.b_row));
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
