//! `demo`: an invented province, cleaned, and a few days of its procedures.

mod life;

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use cleaning::{Input, Inputs, Settings};
use registry::area::ProvinceCode;
use synth::{Order, Profile};

use crate::Outcome;
use crate::clock::now;
use crate::command::store::wait;
use crate::command::{clean, synth as invent};
use crate::exit::{Blame, Exit, usage};
use crate::progress::Progress;

/// The invented province: Thái Nguyên, whose real figures of May 2022 were published.
const PROVINCE: ProvinceCode = ProvinceCode(19);

/// Invent a province, clean it, and show the report.
#[derive(Args)]
#[command(after_help = "Example:\n  minhchung demo --no-serve")]
pub struct Demo {
    /// How many people.
    #[arg(long, default_value_t = 20_000)]
    people: u64,
    /// Fixes everything that is left to chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for data and results.
    #[arg(long, value_name = "DIR", default_value = "minhchung-demo")]
    dir: PathBuf,
    /// Stop after the store is filled (there are no pages yet, so it always does; `serve` answers from it).
    #[arg(long)]
    no_serve: bool,
    /// No progress.
    #[arg(long, short)]
    quiet: bool,
}

impl Demo {
    /// Runs the command.
    pub fn run(self) -> Outcome {
        let data = self.dir.join("data");
        let used = std::fs::read_dir(&self.dir).is_ok_and(|mut entries| entries.next().is_some());
        if used && !data.is_dir() {
            return Err(usage(format!(
                "{} is not empty and holds no earlier demo; name a new folder with --dir",
                self.dir.display()
            )));
        }
        let order = Order {
            people: self.people,
            seed: self.seed,
            profile: Profile::builtin("national").or_fault()?,
            provinces: Some(vec![PROVINCE]),
            today: synth::DEFAULT_TODAY,
        };
        let progress = Progress::new(self.quiet);
        invent::write(&order, &data, synth::Format::Parquet, &progress)?;

        let file = |name: &str| {
            Some(Input {
                path: data.join(format!("{name}.parquet")),
                map: None,
            })
        };
        let inputs = Inputs {
            subjects: file("subjects"),
            register: file("register"),
            doses: file("doses"),
            facilities: file("facilities"),
            lots: file("lots"),
        };
        let settings = Settings {
            out: self.dir.join("result"),
            as_of: synth::DEFAULT_TODAY,
            register_as_of: Some(synth::DEFAULT_TODAY),
            allow_old_register: false,
            resume: false,
            keep_work: false,
            rule_overrides: None,
            model: None,
        };
        let summary = cleaning::run(&inputs, &settings, &progress)?;
        clean::print_summary(&summary, &settings.out);
        let told = wait(life::live(&self.dir, now()))?;
        self.tell(&told)
    }

    /// What the store holds, and how to get in.
    fn tell(&self, told: &life::Told) -> Outcome {
        let accounts = self.dir.join("accounts.csv");
        let mut csv = csv::Writer::from_path(&accounts).or_usage()?;
        csv.write_record(["account", "first_password"]).or_fault()?;
        for (account, password) in &told.accounts {
            csv.write_record([&account.0, password]).or_fault()?;
        }
        csv.flush().or_fault()?;
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "Kho dữ liệu (store): {}\n  {} hồ sơ, {} dòng danh sách làm sạch, {} phản ánh, {} người đã ký, {} hộ chiếu\n  ({} subjects, {} rows of a list, {} feedback, {} persons signed, {} passports)",
            self.dir.join("records.db").display(),
            told.subjects, told.rows, told.feedback, told.signed, told.passports,
            told.subjects, told.rows, told.feedback, told.signed, told.passports,
        )
        .or_fault()?;
        writeln!(
            out,
            "Tài khoản (accounts, first passwords): {}\nminhchung serve --store sqlite:{}",
            accounts.display(),
            self.dir.join("records.db").display(),
        )
        .or_fault()?;
        Ok(Exit::Good)
    }
}
