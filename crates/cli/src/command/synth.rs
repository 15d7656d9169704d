//! `synth`: invents a country with known errors.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use registry::area::ProvinceCode;
use registry::date::Date;
use synth::{Counts, Order, Profile, SynthError};

use crate::Outcome;
use crate::command::clean::{read_text, set_threads};
use crate::exit::{Blame, Exit, Failure, usage};
use crate::progress::{Progress, interrupted};

/// Invent a country: register, subjects, doses, facilities, lots, and the truth about every error.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung synth --people 100000 --seed 1 --profile national --out country"
)]
pub struct Synth {
    /// How many people.
    #[arg(long, default_value_t = 20_000)]
    people: u64,
    /// Fixes everything that is left to chance: the same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// `brief`, `hard`, `national`, or a TOML file of rates.
    #[arg(long, default_value = "national")]
    profile: String,
    /// Provinces of permanent residence, by code or name, comma-separated [default: all 63].
    #[arg(long, value_delimiter = ',')]
    provinces: Vec<String>,
    /// Day of the extracts: nothing is later.
    #[arg(long, value_name = "YYYY-MM-DD", default_value_t = synth::DEFAULT_TODAY)]
    today: Date,
    /// Folder for the files.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Format of the files.
    #[arg(long, value_enum, default_value = "parquet")]
    format: Format,
    /// Threads [default: all cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Print the counts as one JSON object.
    #[arg(long)]
    json: bool,
    /// No progress.
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Parquet,
    Csv,
    Xlsx,
}

impl From<Format> for synth::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Parquet => Self::Parquet,
            Format::Csv => Self::Csv,
            Format::Xlsx => Self::Xlsx,
        }
    }
}

impl Synth {
    /// Runs the command.
    pub fn run(self) -> Outcome {
        set_threads(self.threads)?;
        let order = Order {
            people: self.people,
            seed: self.seed,
            profile: profile(&self.profile)?,
            provinces: provinces(&self.provinces)?,
            today: self.today,
        };
        let counts = write(
            &order,
            &self.out,
            self.format.into(),
            &Progress::new(self.quiet),
        )?;
        if self.json {
            println!("{}", serde_json::to_string(&counts).or_fault()?);
        } else {
            println!(
                "{} people, {} register rows, {} subjects, {} doses in {}",
                counts.people,
                counts.register,
                counts.subjects,
                counts.doses,
                self.out.display()
            );
        }
        Ok(Exit::Good)
    }
}

/// Writes what is ordered, with progress.
pub fn write(
    order: &Order,
    out: &Path,
    format: synth::Format,
    progress: &Progress,
) -> Result<Counts, Failure> {
    progress.start("invent", order.people, "people");
    let mut shown = 0;
    let written = synth::write_folder(order, out, format, &mut |done, _total| {
        progress.add(done.saturating_sub(shown));
        shown = done;
        !interrupted()
    });
    let counts = written.map_err(blame)?;
    progress.stop("invent", "");
    Ok(counts)
}

fn blame(error: SynthError) -> Failure {
    if matches!(error, SynthError::Stopped) {
        Failure::Stopped
    } else if error.is_callers() {
        Failure::Usage(error.into())
    } else {
        Failure::Fault(error.into())
    }
}

fn profile(name: &str) -> Result<Profile, Failure> {
    let path = Path::new(name);
    if path.is_file() {
        Profile::parse(&read_text(path)?).or_usage()
    } else {
        Profile::builtin(name).or_usage()
    }
}

fn provinces(names: &[String]) -> Result<Option<Vec<ProvinceCode>>, Failure> {
    let codes: Result<Vec<ProvinceCode>, Failure> = names
        .iter()
        .map(|name| {
            ProvinceCode::parse(name)
                .ok_or_else(|| usage(format!("'{name}' is no province code or name")))
        })
        .collect();
    codes.map(|codes| (!codes.is_empty()).then_some(codes))
}
