//! `model`: what a linkage model believes, and how two of them differ.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use linkage::{Model, Outcomes};
use serde_json::json;

use crate::Outcome;
use crate::command::{evaluate, people};
use crate::exit::{Blame, Exit};

/// Show a linkage model, draw it, or say how two of them differ.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  minhchung model report model.json --links links.parquet --truth truth.csv --out report.html\n  minhchung model diff january.json february.json\n\n`diff` ends with exit code 1 when a level's evidence changed by more than --tolerance bits."
)]
pub struct ModelCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The evidence of every level, and how the model was learned.
    Show {
        /// The model.
        #[arg(value_name = "FILE.json")]
        model: PathBuf,
    },
    /// A page of charts, each with its table: the evidence of every level, and of links their weights and thresholds.
    Report {
        /// The model.
        #[arg(value_name = "FILE.json")]
        model: PathBuf,
        /// Links that the model made (Parquet or CSV).
        #[arg(long, value_name = "FILE")]
        links: Option<PathBuf>,
        /// The truth, as for `evaluate`: with it the page shows precision, recall and calibration.
        #[arg(long, value_name = "FILE", requires = "links")]
        truth: Option<PathBuf>,
        /// Where the page goes.
        #[arg(long, value_name = "FILE.html")]
        out: PathBuf,
    },
    /// What changed from one model to another of the same spec.
    Diff {
        /// The earlier model.
        #[arg(value_name = "BEFORE.json")]
        before: PathBuf,
        /// The later one.
        #[arg(value_name = "AFTER.json")]
        after: PathBuf,
        /// Changes of up to so many bits are none.
        #[arg(long, value_name = "BITS", default_value_t = 1.0)]
        tolerance: f64,
        /// Print the changes as one JSON object.
        #[arg(long)]
        json: bool,
    },
}

impl ModelCommand {
    /// Runs the command.
    pub fn run(self) -> Outcome {
        match self.what {
            What::Show { model } => {
                show(&people::read_model(&model)?);
                Ok(Exit::Good)
            }
            What::Report {
                model,
                links,
                truth,
                out,
            } => report(&model, links.as_deref(), truth.as_deref(), &out),
            What::Diff {
                before,
                after,
                tolerance,
                json,
            } => diff(
                &people::read_model(&before)?,
                &people::read_model(&after)?,
                tolerance,
                json,
            ),
        }
    }
}

fn show(model: &Model) {
    let learned = &model.provenance;
    println!("spec {}", model.spec);
    println!(
        "learned from {} of {} records against {}: {} candidate pairs, {} random pairs",
        learned.sampled_records,
        learned.records,
        learned.register,
        learned.candidate_pairs,
        learned.random_pairs
    );
    println!(
        "{} after {} rounds; last change {:.1e}, log-likelihood {:.1}",
        if model.converged {
            "converged"
        } else {
            "did NOT converge"
        },
        model.iterations,
        model.last_change,
        model.log_likelihood
    );
    println!(
        "records with a counterpart {:.4}, relatives met per record {:.4}",
        model.match_rate, model.kin_rate
    );
    match model.careless {
        Some(careless) => println!(
            "careless records {:.4}, in which a field differs {:.2} times as often as on average\n",
            careless.share, careless.factor
        ),
        None => println!("errors come singly, or there are too few to tell\n"),
    }
    println!(
        "{:<18} {:<15} {:>9} {:>9} {:>9} {:>7}",
        "column", "level", "m", "u", "kin", "bits"
    );
    for comparison in &model.comparisons {
        for level in &comparison.levels {
            println!(
                "{:<18} {:<15} {:>9.2e} {:>9.2e} {:>9.2e} {:>+7.1}",
                comparison.column,
                level.level,
                level.m,
                level.u,
                level.kin,
                level.bits()
            );
        }
    }
    if !model.dependence.is_empty() {
        println!(
            "\nhow fields of one person differ together, the farthest from independence first"
        );
        println!(
            "{:<36} {:>11} {:>11}",
            "columns", "correlation", "both differ"
        );
    }
    for dependence in &model.dependence {
        println!(
            "{:<36} {:>+11.3} {:>10.2}x",
            dependence.columns.join(", "),
            dependence.correlation,
            dependence.both_differ
        );
    }
    for warning in &learned.warnings {
        println!("note: {warning}");
    }
}

fn report(model: &Path, links: Option<&Path>, truth: Option<&Path>, out: &Path) -> Outcome {
    let model = people::read_model(model)?;
    let links = links.map(evaluate::read_weighed).transpose()?;
    let truth = truth.map(evaluate::read_truth).transpose()?;
    let outcomes = links.map(|(records, links)| {
        let truth = truth.as_ref().map(|(truth, _)| truth.as_slice());
        Outcomes::new(records, &links, truth)
    });
    people::write_text(out, &linkage::model_report(&model, outcomes.as_ref()))?;
    println!("Report: {}", out.display());
    Ok(Exit::Good)
}

fn diff(before: &Model, after: &Model, tolerance: f64, as_json: bool) -> Outcome {
    let changes = before.diff(after).or_usage()?;
    let large = changes
        .iter()
        .filter(|change| change.change().abs() > tolerance);
    let count = large.clone().count();
    if as_json {
        let told = json!({
            "spec": before.spec,
            "match_rate": [before.match_rate, after.match_rate],
            "kin_rate": [before.kin_rate, after.kin_rate],
            "careless": [before.careless, after.careless],
            "changed": count,
            "levels": changes,
        });
        println!("{told}");
    } else {
        println!(
            "records with a counterpart {:.4} -> {:.4}, relatives met per record {:.4} -> {:.4}",
            before.match_rate, after.match_rate, before.kin_rate, after.kin_rate
        );
        let share = |model: &Model| model.careless.map_or(0.0, |careless| careless.share);
        println!(
            "careless records {:.4} -> {:.4}",
            share(before),
            share(after)
        );
        for change in large {
            println!(
                "{:<18} {:<15} {:>+6.1} -> {:>+6.1} bits ({:+.1})",
                change.column,
                change.level,
                change.before_bits,
                change.after_bits,
                change.change()
            );
        }
        println!("{count} levels changed by more than {tolerance} bits");
    }
    Ok(if count > 0 { Exit::No } else { Exit::Good })
}
