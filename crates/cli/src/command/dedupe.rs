//! `dedupe`: finds records of the same person within one file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::builder::{StringBuilder, UInt32Builder};
use arrow_schema::{DataType, Field, Schema};
use clap::Args;
use intake::{IntakeError, TableWriter};
use linkage::{Clusters, DedupeOptions, Records, Statements};
use serde_json::json;

use crate::Outcome;
use crate::command::evaluate::Table;
use crate::command::link::stop_if_asked;
use crate::command::people;
use crate::exit::{Blame, Exit, Failure, usage};
use crate::measure::Stopwatch;

/// Find records of the same person within one file. Nothing is merged: records of one person share a name.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung dedupe --records A.parquet --out persons.csv\n\nThe result has the columns id, person, records: every record of the file once, the smallest id among the records of\nits person, and how many there are.\n\nFILES of --apart and --together have the columns id, other_id, as --pairs writes them. They change the clusters of the\nrecords that they name and no other."
)]
pub struct Dedupe {
    /// The records (CSV, XLSX or Parquet).
    #[arg(long, value_name = "FILE")]
    records: PathBuf,
    /// Where the persons go (.parquet or .csv).
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    how: people::How,
    /// Where the pairs of records go, with their probabilities (.parquet or .csv).
    #[arg(long, value_name = "FILE")]
    pairs: Option<PathBuf>,
    /// Pairs of records that people found to be different persons: undoes a merge.
    #[arg(long, value_name = "FILE")]
    apart: Option<PathBuf>,
    /// Pairs of records that people found to be one person.
    #[arg(long, value_name = "FILE")]
    together: Option<PathBuf>,
    /// Print figures of the run as one JSON object.
    #[arg(long)]
    json: bool,
}

impl Dedupe {
    /// Runs the command.
    pub fn run(self) -> Outcome {
        let (spec, progress) = self.how.begin(&self.records, &[])?;
        let mut watch = Stopwatch::start();
        let (records, _) = people::read(&self.records, &spec, self.how.map.as_deref(), &progress)?;
        watch.lap("read");
        let model = self.how.model()?;
        let options = DedupeOptions {
            model: model.as_ref(),
            ..DedupeOptions::default()
        };
        let statements = self.statements(&records)?;
        let mut clusters = linkage::dedupe(&spec, &records, &options, &progress).or_usage()?;
        clusters.settle(&spec, &records, &statements).or_usage()?;
        watch.lap("dedupe");
        stop_if_asked()?;
        let sizes = sizes(&clusters);
        write(&self.out, &records, &clusters, &sizes).or_usage()?;
        if let Some(path) = &self.pairs {
            write_pairs(path, &records, &clusters).or_usage()?;
        }
        watch.lap("write");
        let several = sizes.iter().filter(|size| **size > 1);
        let (persons, with_several) = (sizes.len(), several.clone().count());
        let in_several: u32 = several.sum();
        if self.json {
            let mut told = json!({
                "records": records.len(),
                "persons": persons,
                "persons_with_several_records": with_several,
                "records_of_those": in_several,
                "candidates": clusters.compared,
                "model": clusters.model,
            });
            watch.tell(&mut told);
            println!("{told}");
        } else {
            println!("{} records of {persons} persons", records.len());
            println!("{with_several} persons have several records, {in_several} in all");
            println!("Persons: {}", self.out.display());
        }
        Ok(Exit::Good)
    }
}

impl Dedupe {
    /// What people said about pairs of records.
    fn statements(&self, records: &Records) -> Result<Statements, Failure> {
        if self.apart.is_none() && self.together.is_none() {
            return Ok(Statements::default());
        }
        let ids = (0..records.len() as u32).filter_map(|row| Some((records.id(row)?, row)));
        let rows: HashMap<&str, u32> = ids.collect();
        let read = |path: &Option<PathBuf>| {
            let path = path.as_deref();
            path.map_or(Ok(Vec::new()), |path| read_pairs(path, &rows))
        };
        Ok(Statements {
            apart: read(&self.apart)?,
            together: read(&self.together)?,
        })
    }
}

/// Pairs of ids, as rows of the records.
fn read_pairs(path: &Path, rows: &HashMap<&str, u32>) -> Result<Vec<(u32, u32)>, Failure> {
    let table = Table::read(path)?;
    let (ids, others) = (table.column("id")?, table.column("other_id")?);
    let wrong = |row: usize, what: String| {
        let place = format!("{}, record {}", path.display(), row + 1);
        usage(format!("{place}: {what}"))
    };
    let find = |cells: &[Option<String>], name: &str, row: usize| {
        let id = table.cell(cells, name, row)?;
        rows.get(id)
            .copied()
            .ok_or_else(|| wrong(row, format!("the records have no id '{id}'")))
    };
    (0..ids.len())
        .map(|row| {
            let pair = (find(ids, "id", row)?, find(others, "other_id", row)?);
            if pair.0 == pair.1 {
                return Err(wrong(row, "the same record twice".to_owned()));
            }
            Ok(pair)
        })
        .collect()
}

/// Records of each person.
fn sizes(clusters: &Clusters) -> Vec<u32> {
    let persons = clusters
        .of
        .iter()
        .max()
        .map_or(0, |last| *last as usize + 1);
    let mut sizes = vec![0; persons];
    for person in &clusters.of {
        sizes[*person as usize] += 1;
    }
    sizes
}

/// Name of each person: the smallest id among the records. It stays the same whatever the order of the file and whoever else is added to it.
fn names<'a>(records: &'a Records, clusters: &Clusters, persons: usize) -> Vec<&'a str> {
    let mut names: Vec<Option<&str>> = vec![None; persons];
    for (row, person) in clusters.of.iter().enumerate() {
        let id = records.id(row as u32).unwrap_or_default();
        let name = &mut names[*person as usize];
        *name = Some(name.map_or(id, |known| known.min(id)));
    }
    names.into_iter().map(Option::unwrap_or_default).collect()
}

fn write(
    path: &Path,
    records: &Records,
    clusters: &Clusters,
    sizes: &[u32],
) -> Result<(), IntakeError> {
    let mut ids = StringBuilder::new();
    let mut persons = StringBuilder::new();
    let names = names(records, clusters, sizes.len());
    let mut counts = UInt32Builder::new();
    for (row, person) in clusters.of.iter().enumerate() {
        ids.append_option(records.id(row as u32));
        persons.append_value(names[*person as usize]);
        counts.append_value(sizes[*person as usize]);
    }
    let columns = vec![
        Field::new("id", DataType::Utf8, false),
        Field::new("person", DataType::Utf8, false),
        Field::new("records", DataType::UInt32, false),
    ];
    table(
        path,
        columns,
        vec![
            Arc::new(ids.finish()),
            Arc::new(persons.finish()),
            Arc::new(counts.finish()),
        ],
    )
}

fn write_pairs(path: &Path, records: &Records, clusters: &Clusters) -> Result<(), IntakeError> {
    let mut one = StringBuilder::new();
    let mut other = StringBuilder::new();
    let mut probability = arrow_array::builder::Float64Builder::new();
    let mut veto = StringBuilder::new();
    for pair in &clusters.pairs {
        one.append_option(records.id(pair.one));
        other.append_option(records.id(pair.other));
        probability.append_value(pair.probability);
        veto.append_option(pair.veto.map(linkage::Veto::rule));
    }
    let columns = vec![
        Field::new("id", DataType::Utf8, false),
        Field::new("other_id", DataType::Utf8, false),
        Field::new("probability", DataType::Float64, false),
        Field::new("veto", DataType::Utf8, true),
    ];
    table(
        path,
        columns,
        vec![
            Arc::new(one.finish()),
            Arc::new(other.finish()),
            Arc::new(probability.finish()),
            Arc::new(veto.finish()),
        ],
    )
}

fn table(
    path: &Path,
    columns: Vec<Field>,
    values: Vec<arrow_array::ArrayRef>,
) -> Result<(), IntakeError> {
    let schema = Arc::new(Schema::new(columns));
    let mut writer = TableWriter::create(path, schema.clone())?;
    let batch = RecordBatch::try_new(schema, values).map_err(|error| IntakeError::Write {
        file: path.display().to_string(),
        detail: error.to_string(),
    })?;
    writer.write(&batch)?;
    writer.finish()
}
