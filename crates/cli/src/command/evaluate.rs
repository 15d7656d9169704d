//! `evaluate`: how good links are, against the truth.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use arrow_array::{Array, StringArray};
use clap::Args;
use intake::{Options, Wanted};
use linkage::WeighedLink;
use linkage::evaluate::{Calibration, Proposed, Rates, Scores, Truth, evaluate};

use crate::Outcome;
use crate::exit::{Blame, Exit, Failure, usage};

/// Judge links against the truth: precision, recall, F1, calibration, review band.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung evaluate --links links.parquet --truth truth.parquet\n\nLINKS has the columns a_id, b_id, probability; TRUTH has a_id, b_id (blank: no counterpart), and any columns of\ntrue and false that name the mistakes of a record. Exit code 1 when F1 is below --at-least."
)]
pub struct Evaluate {
    /// Links, as `link` writes them (Parquet or CSV).
    #[arg(long, value_name = "FILE")]
    links: PathBuf,
    /// The truth.
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,
    /// F1 at probability 0.5 that has to be reached.
    #[arg(long, value_name = "F1")]
    at_least: Option<f64>,
    /// Print the figures as one JSON object.
    #[arg(long)]
    json: bool,
}

impl Evaluate {
    /// Runs the command.
    pub fn run(self) -> Outcome {
        let links = read_links(&self.links)?;
        let (truth, flags) = read_truth(&self.truth)?;
        let scores = evaluate(&links, &truth, &flags);
        if self.json {
            println!("{}", serde_json::to_string(&scores).or_fault()?);
        } else {
            print_scores(&scores);
        }
        let f1 = scores
            .cutoffs
            .get("0.5")
            .and_then(|rates| rates.f1)
            .unwrap_or(0.0);
        let missed = self.at_least.is_some_and(|wanted| f1 < wanted);
        Ok(if missed { Exit::No } else { Exit::Good })
    }
}

/// A table of text: headings and cells.
pub struct Table {
    path: PathBuf,
    headings: Vec<String>,
    columns: Vec<Vec<Option<String>>>,
}

impl Table {
    /// Reads a whole file; one with a row that cannot be read is refused.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let mut reader = intake::open(path, Wanted::AsInFile, &Options::default()).or_usage()?;
        let mut table = Self {
            path: path.to_owned(),
            headings: Vec::new(),
            columns: Vec::new(),
        };
        while let Some(batch) = reader.next_batch().or_usage()? {
            let schema = batch.rows.schema();
            let named = schema.fields().iter().zip(batch.rows.columns());
            let texts: Vec<(&str, &StringArray)> = named
                .filter_map(|(field, column)| {
                    Some((field.name().as_str(), column.as_any().downcast_ref()?))
                })
                .collect();
            if table.headings.is_empty() {
                table.headings = texts
                    .iter()
                    .map(|(name, _)| (*name).trim().to_owned())
                    .collect();
                table.columns = vec![Vec::new(); texts.len()];
            }
            for (column, (_, cells)) in table.columns.iter_mut().zip(&texts) {
                column.extend(cells.iter().map(|cell| {
                    cell.map(str::trim)
                        .filter(|cell| !cell.is_empty())
                        .map(str::to_owned)
                }));
            }
        }
        let counts = reader.counts();
        if counts.rejected > 0 {
            return Err(usage(format!(
                "{}: {} rows could not be read; the rest alone would mislead",
                path.display(),
                counts.rejected
            )));
        }
        Ok(table)
    }

    /// The cells under a heading.
    pub fn column(&self, name: &str) -> Result<&[Option<String>], Failure> {
        let place = self.headings.iter().position(|heading| heading == name);
        place
            .and_then(|place| self.columns.get(place))
            .map(Vec::as_slice)
            .ok_or_else(|| {
                usage(format!(
                    "{}: no column '{name}'; the file has {}",
                    self.path.display(),
                    self.headings.join(", ")
                ))
            })
    }

    /// A cell that must not be blank.
    pub fn cell<'a>(
        &self,
        column: &'a [Option<String>],
        name: &str,
        row: usize,
    ) -> Result<&'a str, Failure> {
        column.get(row).and_then(Option::as_deref).ok_or_else(|| {
            usage(format!(
                "{}, record {}: '{name}' is blank",
                self.path.display(),
                row + 1
            ))
        })
    }
}

fn read_links(path: &Path) -> Result<Vec<Proposed>, Failure> {
    let (_, links) = read_weighed(path)?;
    Ok(links.into_iter().map(|found| found.link).collect())
}

/// The candidates of a links file with their weights, where it has them, and how many records it tells of.
pub fn read_weighed(path: &Path) -> Result<(u64, Vec<WeighedLink>), Failure> {
    let table = Table::read(path)?;
    let weights = table.column("weight").ok();
    let weight = |row: usize| weights?.get(row)?.as_deref()?.parse::<f64>().ok();
    let (a, b) = (table.column("a_id")?, table.column("b_id")?);
    let probability = table.column("probability")?;
    let mut links = Vec::new();
    let mut records = HashSet::new();
    for (row, b_id) in b.iter().enumerate() {
        let a_id = table.cell(a, "a_id", row)?;
        records.insert(a_id);
        let Some(b_id) = b_id else { continue };
        let text = table.cell(probability, "probability", row)?;
        let value: Option<f64> = text.parse().ok().filter(|p| (0.0..=1.0).contains(p));
        let probability = value.ok_or_else(|| {
            usage(format!(
                "{}, record {}: '{text}' is no probability",
                path.display(),
                row + 1
            ))
        })?;
        links.push(WeighedLink {
            link: Proposed {
                a_id: a_id.to_owned(),
                b_id: b_id.clone(),
                probability,
            },
            weight: weight(row).filter(|bits| bits.is_finite()),
        });
    }
    Ok((records.len() as u64, links))
}

/// The truth, and the names of the mistakes that it tells of.
pub fn read_truth(path: &Path) -> Result<(Vec<Truth>, Vec<String>), Failure> {
    let table = Table::read(path)?;
    let (a, b) = (table.column("a_id")?, table.column("b_id")?);
    let named = table.headings.iter().zip(&table.columns);
    let (flags, marks): (Vec<String>, Vec<Vec<bool>>) = named
        .filter(|(name, _)| !["a_id", "b_id"].contains(&name.as_str()))
        .filter_map(|(name, cells)| {
            Some((
                name.clone(),
                cells
                    .iter()
                    .map(|cell| flag(cell.as_deref()))
                    .collect::<Option<_>>()?,
            ))
        })
        .unzip();
    let truth = (0..a.len())
        .map(|row| {
            Ok(Truth {
                a_id: table.cell(a, "a_id", row)?.to_owned(),
                b_id: b.get(row).cloned().flatten(),
                flags: marks.iter().map(|column: &Vec<bool>| column[row]).collect(),
            })
        })
        .collect::<Result<_, Failure>>()?;
    Ok((truth, flags))
}

/// A cell of a column of true and false.
fn flag(cell: Option<&str>) -> Option<bool> {
    match cell? {
        "true" | "TRUE" | "True" | "1" => Some(true),
        "false" | "FALSE" | "False" | "0" => Some(false),
        _ => None,
    }
}

fn print_scores(scores: &Scores) {
    println!(
        "{} records, {} with a counterpart\n",
        scores.persons, scores.true_links
    );
    println!("{:24}{:>11}  precis.  recall   F1", "", "accepted");
    for (cutoff, rates) in &scores.cutoffs {
        print_rates(&format!("p >= {cutoff}"), rates);
    }
    let best = &scores.best_f1;
    print_rates(
        &format!("best F1 (p >= {})", figure(best.cutoff)),
        &best.rates,
    );
    for (cutoff, rates) in &scores.one_to_one {
        print_rates(&format!("one to one, p >= {cutoff}"), rates);
    }
    println!(
        "\n{:24}{:>11}  right    mean p   ECE      Brier",
        "", "links"
    );
    print_calibration("all proposed links", &scores.calibration);
    print_calibration("0.01 < p < 0.95", &scores.calibration_in_band);
    let none = &scores.without_counterpart;
    println!(
        "\nfalse links at 0.5 among {} records without counterpart: {}",
        none.persons, none.false_links
    );
    if !scores.recall_by_flag.is_empty() {
        println!("\n{:28}{:>11}  recall", "recall at 0.5 with", "records");
        for (name, recall) in &scores.recall_by_flag {
            println!("{name:28}{:>11}  {}", recall.records, figure(recall.recall));
        }
    }
}

fn print_rates(label: &str, rates: &Rates) {
    println!(
        "{label:24}{:>11}  {}  {}  {}",
        rates.accepted,
        figure(rates.precision),
        figure(rates.recall),
        figure(rates.f1)
    );
}

fn print_calibration(label: &str, of: &Calibration) {
    println!(
        "{label:24}{:>11}  {}  {}  {}  {}",
        of.links,
        figure(of.share_right),
        figure(of.mean_probability),
        figure(of.ece),
        figure(of.brier)
    );
}

fn figure(value: Option<f64>) -> String {
    value.map_or_else(|| "      -".to_owned(), |value| format!("{value:.5}"))
}
