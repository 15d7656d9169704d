//! One job: which files, which folder, which stages are already done.

use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use intake::ColumnMap;
use registry::date::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::watch::{Stage, Watch};
use crate::{CleanError, files};

/// Changes whenever a stage writes something else for the same input, so that `--resume` never mixes versions.
const FORMAT: u32 = 1;

/// The inputs of a job.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// A: vaccination subjects.
    pub subjects: Option<Input>,
    /// B: population register extract.
    pub register: Option<Input>,
    /// Doses.
    pub doses: Option<Input>,
    /// Facilities.
    pub facilities: Option<Input>,
    /// Vaccine lots.
    pub lots: Option<Input>,
}

impl Inputs {
    /// Every input, whether it was given or not, in a fixed order.
    pub(crate) fn all(&self) -> [&Option<Input>; 5] {
        [
            &self.subjects,
            &self.register,
            &self.doses,
            &self.facilities,
            &self.lots,
        ]
    }
}

/// One input file.
#[derive(Debug, Clone)]
pub struct Input {
    /// The file.
    pub path: PathBuf,
    /// Its columns, where the headings don't say it.
    pub map: Option<ColumnMap>,
}

/// What the job is asked to do.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Folder for the results.
    pub out: PathBuf,
    /// The day from which dates are judged: nothing may lie after it.
    pub as_of: Date,
    /// The day of the register extract, where it is known.
    pub register_as_of: Option<Date>,
    /// Go on although the register is older than the records.
    pub allow_old_register: bool,
    /// Go on after the last finished stage.
    pub resume: bool,
    /// Keep the folder of intermediate files.
    pub keep_work: bool,
    /// Changes to the rule catalogue (TOML).
    pub rule_overrides: Option<String>,
    /// A trained linkage model (JSON) to use instead of training one.
    pub model: Option<String>,
}

/// A job with its folder prepared.
pub(crate) struct Job<'a> {
    /// What to do.
    pub(crate) settings: &'a Settings,
    /// With which files.
    pub(crate) inputs: &'a Inputs,
    /// Who watches.
    pub(crate) watch: &'a dyn Watch,
    fingerprint: String,
}

/// Written after each stage.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    stage: String,
    fingerprint: String,
}

impl<'a> Job<'a> {
    /// Checks the folder and computes what identifies this job.
    pub(crate) fn open(
        inputs: &'a Inputs,
        settings: &'a Settings,
        watch: &'a dyn Watch,
    ) -> Result<Self, CleanError> {
        let fingerprint = fingerprint(inputs, settings)?;
        let job = Self {
            settings,
            inputs,
            watch,
            fingerprint,
        };
        job.prepare_folder()?;
        Ok(job)
    }

    /// A path in the result folder.
    pub(crate) fn out(&self, name: &str) -> PathBuf {
        self.settings.out.join(name)
    }

    /// A path in the folder of intermediate files.
    pub(crate) fn work(&self, name: &str) -> PathBuf {
        self.settings.out.join(".work").join(name)
    }

    /// Runs a stage, unless its results of an earlier run with the same inputs are here.
    pub(crate) fn stage(
        &self,
        stage: Stage,
        run: impl FnOnce() -> Result<(), CleanError>,
    ) -> Result<(), CleanError> {
        self.check_stop()?;
        let done = self.done(stage);
        if !done {
            run()?;
            let manifest = Manifest {
                stage: stage.name().into(),
                fingerprint: self.fingerprint.clone(),
            };
            files::write(&self.manifest(stage), to_json(&manifest).as_bytes())?;
        }
        self.watch.end(stage, done);
        Ok(())
    }

    /// Ends the job when the user wants it.
    pub(crate) fn check_stop(&self) -> Result<(), CleanError> {
        if self.watch.stop_requested() {
            Err(CleanError::Stopped)
        } else {
            Ok(())
        }
    }

    /// Counts progress, and ends the job when the user wants it.
    pub(crate) fn advance(&self, units: u64) -> Result<(), CleanError> {
        self.watch.advance(units);
        self.check_stop()
    }

    /// Marks the job as finished and clears intermediate files.
    pub(crate) fn finish(&self) -> Result<(), CleanError> {
        if !self.settings.keep_work {
            let work = self.work("");
            fs::remove_dir_all(&work).map_err(CleanError::io(&work))?;
        }
        Ok(())
    }

    fn manifest(&self, stage: Stage) -> PathBuf {
        self.work(&format!("{}.done.json", stage.name()))
    }

    fn done(&self, stage: Stage) -> bool {
        self.settings.resume
            && fs::read(self.manifest(stage))
                .ok()
                .and_then(|text| serde_json::from_slice::<Manifest>(&text).ok())
                .is_some_and(|manifest| manifest.fingerprint == self.fingerprint)
    }

    /// Makes the folder, or accepts the one of an earlier run; never touches a folder of somebody else.
    fn prepare_folder(&self) -> Result<(), CleanError> {
        let out = &self.settings.out;
        let work = self.work("");
        let used = fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
        let ours = work.is_dir() || out.join("summary.json").is_file();
        if used && !ours {
            return Err(CleanError::ForeignFolder { path: out.clone() });
        }
        if self.settings.resume && !Stage::ALL.iter().any(|stage| self.done(*stage)) {
            return Err(CleanError::NothingToResume { path: out.clone() });
        }
        if !self.settings.resume {
            self.clear_results()?;
        }
        fs::create_dir_all(&work).map_err(CleanError::io(&work))
    }

    /// Removes what an earlier run left, so that old and new results can never stand side by side.
    fn clear_results(&self) -> Result<(), CleanError> {
        for name in RESULTS {
            let path = self.out(name);
            let removed = match fs::symlink_metadata(&path) {
                Err(_) => Ok(()),
                Ok(data) if data.is_dir() => fs::remove_dir_all(&path),
                Ok(_) => fs::remove_file(&path),
            };
            removed.map_err(CleanError::io(&path))?;
        }
        Ok(())
    }
}

/// Everything that a job writes into its folder.
pub const RESULTS: &[&str] = &[
    ".work",
    "rejects",
    "outcome.parquet",
    "findings.parquet",
    "persons.parquet",
    "doses.parquet",
    "model.json",
    "worklists",
    "summary.json",
    "report.html",
];

/// Identifies inputs by their content, and settings by their values.
fn fingerprint(inputs: &Inputs, settings: &Settings) -> Result<String, CleanError> {
    let mut hash = Sha256::new();
    hash.update(format!(
        "{FORMAT} {} {} {:?} {} {:?} {:?}",
        env!("CARGO_PKG_VERSION"),
        settings.as_of,
        settings.register_as_of,
        settings.allow_old_register,
        settings.rule_overrides,
        settings.model
    ));
    for input in inputs.all() {
        hash.update([0]);
        if let Some(input) = input {
            hash.update(content_hash(&input.path).map_err(CleanError::io(&input.path))?);
            hash.update(format!("{:?}", input.map));
        }
    }
    Ok(hex(&hash.finalize()))
}

/// SHA-256 of what stands in a file.
///
/// # Errors
/// When the file cannot be read.
pub fn content_hash(path: &Path) -> std::io::Result<[u8; 32]> {
    let mut file = fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hash.finalize().into());
        }
        hash.update(&buffer[..read]);
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// JSON of one of our own structs.
pub(crate) fn to_json(value: &impl Serialize) -> String {
    // Our structs have text keys and finite numbers: there is nothing that JSON cannot hold.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
