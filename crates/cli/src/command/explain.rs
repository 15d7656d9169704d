//! `explain`: the evidence for one pair, field by field.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use linkage::{Linker, Model, Records, TrainOptions};

use crate::Outcome;
use crate::command::people;
use crate::exit::{Blame, Exit, Failure, usage};

/// Show why two records are, or are not, taken for the same person.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung explain --records A.csv --register B.csv --pair A17,B203 --model model.json\n\nWithout --model the model is trained first, on the same two files."
)]
pub struct Explain {
    /// Records (CSV, XLSX or Parquet).
    #[arg(long, value_name = "FILE")]
    records: PathBuf,
    /// Register.
    #[arg(long, value_name = "FILE")]
    register: PathBuf,
    /// The two ids.
    #[arg(long, value_name = "A_ID,B_ID")]
    pair: String,
    #[command(flatten)]
    how: people::How,
    /// Columns of the register, where the headings don't say it.
    #[arg(long, value_name = "FILE.toml")]
    map_register: Option<PathBuf>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
    /// The same as --format json.
    #[arg(long)]
    json: bool,
}

/// Form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A table for a terminal.
    Text,
    /// One JSON object.
    Json,
    /// A waterfall picture.
    Svg,
}

impl Explain {
    /// Runs the command.
    pub fn run(self) -> Outcome {
        let register = (self.register.as_path(), self.map_register.as_deref());
        let (spec, progress) = self.how.begin(&self.records, &[register])?;
        let (a_id, b_id) = self
            .pair
            .split_once(',')
            .ok_or_else(|| usage("--pair takes two ids with a comma between: A_ID,B_ID"))?;
        let (records, _) = people::read(&self.records, &spec, self.how.map.as_deref(), &progress)?;
        let (register, _) = people::read(
            &self.register,
            &spec,
            self.map_register.as_deref(),
            &progress,
        )?;
        let a_row = row(&records, a_id, &self.records)?;
        let b_row = row(&register, b_id, &self.register)?;
        let linker = Linker::new(&spec, &records, &register);
        let model = match self.how.model()? {
            Some(model) => model,
            None => {
                Model::train(&spec, &records, &register, &TrainOptions::default()).or_usage()?
            }
        };
        let explanation = linker
            .explain(&model, a_row, b_row)
            .or_usage()?
            .ok_or_else(|| usage("there is no such pair"))?;
        let format = if self.json { Form::Json } else { self.format };
        match format {
            Form::Json => println!("{}", serde_json::to_string(&explanation).or_fault()?),
            Form::Text => print!("{}", explanation.text()),
            Form::Svg => print!("{}", explanation.svg()),
        }
        Ok(Exit::Good)
    }
}

fn row(records: &Records, id: &str, path: &std::path::Path) -> Result<u32, Failure> {
    records.row_of(id.trim()).ok_or_else(|| {
        usage(format!(
            "{} has no record with id '{}'",
            path.display(),
            id.trim()
        ))
    })
}
