//! The folder of a run that goes through files: each finished piece stands there, so that a run that was stopped can go on.
//!
//! Beside `links.parquet` it is `links.parquet.work`, with `run.json` (what the run was asked), `model.json`, `register.index` and
//! `claims-0000.jsonl`, `claims-0001.jsonl` … A piece has its name only when it is whole and on the disk, so that nothing has to be asked of it
//! but whether it is there.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use linkage::{Claims, ClaimsError, Index, Model, RecordClaims, Spec};

use crate::command::people;
use crate::exit::{Failure, usage};

/// Changes whenever a piece means something else, so that a run never goes on with pieces of another version.
const FORMAT: &str = "1";
const RUN: &str = "run.json";
const MODEL: &str = "model.json";
const INDEX: &str = "register.index";
/// Bytes written or read at a time.
const BUFFER: usize = 1 << 20;

/// What a run was asked: the content of each input, by what people call it.
pub(super) type Asked = BTreeMap<String, String>;

/// What a run is asked: a text for each thing that decides what its pieces hold.
///
/// # Errors
/// When an input cannot be read.
pub(super) fn asked(spec: &Spec, files: &[(&str, Option<&Path>)]) -> Result<Asked, Failure> {
    let version = format!("{FORMAT}, {}", env!("CARGO_PKG_VERSION"));
    let mut asked = Asked::from([
        ("this program".to_owned(), version),
        ("the spec".to_owned(), spec.fingerprint().to_owned()),
    ]);
    for (name, path) in files {
        let content = match path {
            None => "none".to_owned(),
            Some(path) => cleaning::content_hash(path)
                .map(hex::encode)
                .map_err(|error| usage(format!("{}: {error}", path.display())))?,
        };
        asked.insert((*name).to_owned(), content);
    }
    Ok(asked)
}

/// The folder of one run.
pub(super) struct Work {
    folder: PathBuf,
    /// Held for as long as the run goes, so that no second one works in the folder.
    #[expect(dead_code, reason = "closing the file gives the folder free")]
    lock: File,
    parts: usize,
}

impl Work {
    /// The folder of a result.
    pub(super) fn folder(out: &Path) -> PathBuf {
        let mut name = out.as_os_str().to_owned();
        name.push(".work");
        PathBuf::from(name)
    }

    /// An empty folder for a new run; what a stopped one left is cleared.
    pub(super) fn begin(out: &Path, asked: &Asked) -> Result<Self, Failure> {
        let folder = Self::folder(out);
        let failed = |error: std::io::Error| said(&folder, &error);
        if folder.join(RUN).is_file() {
            // One that still runs keeps its lock, and its pieces.
            drop(lock(&folder)?);
            fs::remove_dir_all(&folder).map_err(failed)?;
        } else if folder.exists() && !is_blank(&folder).map_err(failed)? {
            return Err(said(
                &folder,
                &"not the folder of a run: remove it, or choose another --out",
            ));
        }
        fs::create_dir_all(&folder).map_err(failed)?;
        let text = serde_json::to_string_pretty(asked).unwrap_or_default() + "\n";
        people::write_text(&folder.join(RUN), &text)?;
        let lock = lock(&folder)?;
        Ok(Self {
            folder,
            lock,
            parts: 0,
        })
    }

    /// The folder of a run that was stopped and was asked the same.
    pub(super) fn resume(out: &Path, asked: &Asked) -> Result<Self, Failure> {
        let folder = Self::folder(out);
        let run = folder.join(RUN);
        if !run.is_file() {
            return Err(usage(format!(
                "there is nothing to resume: {} holds no stopped run\nhint: run without --resume; what is done is kept with --memory and with --checkpoint",
                folder.display()
            )));
        }
        let lock = lock(&folder)?;
        let text = fs::read_to_string(&run).map_err(|error| said(&run, &error))?;
        let before: Asked = serde_json::from_str(&text).map_err(|error| said(&run, &error))?;
        let changed: Vec<&str> = asked
            .iter()
            .filter(|(name, content)| before.get(*name) != Some(content))
            .map(|(name, _)| name.as_str())
            .collect();
        if !changed.is_empty() {
            return Err(usage(format!(
                "the stopped run in {} cannot be resumed: {} changed since\nhint: give what was given then, or run without --resume",
                folder.display(),
                changed.join(", ")
            )));
        }
        let mut work = Self {
            folder,
            lock,
            parts: 0,
        };
        while work.part(work.parts).is_file() {
            work.parts += 1;
        }
        Ok(work)
    }

    /// True when a piece is finished.
    pub(super) fn holds_something(&self) -> bool {
        self.folder.join(MODEL).is_file()
    }

    /// The model, if the run came so far.
    pub(super) fn model(&self) -> Result<Option<Model>, Failure> {
        let path = self.folder.join(MODEL);
        path.is_file()
            .then(|| people::read_model(&path))
            .transpose()
    }

    /// Keeps the model.
    pub(super) fn keep_model(&self, model: &Model) -> Result<(), Failure> {
        let path = self.folder.join(MODEL);
        let text = model.to_json().map_err(|error| said(&path, &error))?;
        keep(&path, |out| Ok(out.write_all(text.as_bytes())?))
    }

    /// The index of the register, if the run came so far.
    pub(super) fn index(&self, spec: &Spec) -> Result<Option<Index<File>>, Failure> {
        let path = self.folder.join(INDEX);
        path.is_file()
            .then(|| super::index::open(&path, spec))
            .transpose()
    }

    /// Keeps the index that `write` writes.
    pub(super) fn keep_index(
        &self,
        write: impl FnOnce(&mut BufWriter<&mut File>) -> anyhow::Result<()>,
    ) -> Result<(), Failure> {
        keep(&self.folder.join(INDEX), write)
    }

    /// Keeps the claims of one more part of the records.
    pub(super) fn keep_claims(&mut self, claims: &Claims) -> Result<(), Failure> {
        keep(&self.part(self.parts), |out| Ok(claims.write(out)?))?;
        self.parts += 1;
        Ok(())
    }

    /// All claims that were kept, in the order of the records.
    pub(super) fn claims<'a>(
        &'a self,
        index: &'a Index<File>,
    ) -> impl Iterator<Item = Result<RecordClaims, Failure>> + 'a {
        (0..self.parts).flat_map(move |number| {
            let path = self.part(number);
            let (first, rest) = match read_claims(&path, index) {
                Ok(claims) => (None, Some(claims)),
                Err(error) => (Some(Err(error)), None),
            };
            first
                .into_iter()
                .chain(rest.into_iter().flatten())
                .map(move |claims| claims.map_err(|error| said(&path, &error)))
        })
    }

    /// The run is over: its folder goes.
    pub(super) fn finish(self) -> Result<(), Failure> {
        fs::remove_dir_all(&self.folder).map_err(|error| said(&self.folder, &error))
    }

    fn part(&self, number: usize) -> PathBuf {
        self.folder.join(format!("claims-{number:04}.jsonl"))
    }
}

/// True when nothing stands in a folder but what a run leaves that was stopped as it began.
fn is_blank(folder: &Path) -> std::io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        if entry?.file_name() != "run.json.partial" {
            return Ok(false);
        }
    }
    Ok(true)
}

fn read_claims<'a>(
    path: &Path,
    index: &'a Index<File>,
) -> Result<impl Iterator<Item = Result<RecordClaims, ClaimsError>> + use<'a>, ClaimsError> {
    Claims::read_records(BufReader::with_capacity(BUFFER, File::open(path)?), index)
}

/// Writes a piece; it has its name when all of it is on the disk.
fn keep(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> anyhow::Result<()>,
) -> Result<(), Failure> {
    people::write_whole(path, |file| {
        let mut out = BufWriter::with_capacity(BUFFER, &mut *file);
        write(&mut out).map_err(|error| said(path, &error))?;
        out.flush().map_err(|error| said(path, &error))?;
        drop(out);
        file.sync_all().map_err(|error| said(path, &error))
    })?;
    Ok(())
}

/// The folder for this run alone, until the file is closed.
fn lock(folder: &Path) -> Result<File, Failure> {
    let path = folder.join(RUN);
    let file = File::open(&path).map_err(|error| said(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(said(folder, &"another run is still at work in it")),
        Err(TryLockError::Error(error)) => Err(said(&path, &error)),
    }
}

fn said(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    usage(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Asked, MODEL, Work};
    use crate::exit::Failure;

    fn asked(records: &str) -> Asked {
        Asked::from([
            ("the records".to_owned(), records.to_owned()),
            ("the register".to_owned(), "b".to_owned()),
        ])
    }

    fn refused(work: Result<Work, Failure>) -> String {
        match work {
            Err(Failure::Usage(error)) => error.to_string(),
            other => panic!("not refused: {:?}", other.map(|_| ())),
        }
    }

    /// A run that ended after its first piece.
    fn stopped(out: &Path) {
        let work = Work::begin(out, &asked("a")).expect("a folder");
        fs::write(work.folder.join(MODEL), "{}").expect("written");
    }

    #[test]
    fn one_run_works_in_a_folder_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("links.csv");
        let first = Work::begin(&out, &asked("a")).expect("a folder");
        assert!(refused(Work::begin(&out, &asked("a"))).contains("another run is still at work"));
        assert!(refused(Work::resume(&out, &asked("a"))).contains("another run is still at work"));
        drop(first);
        assert!(Work::resume(&out, &asked("a")).is_ok());
    }

    #[test]
    fn a_run_goes_on_only_with_what_it_was_asked_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("links.csv");
        assert!(refused(Work::resume(&out, &asked("a"))).contains("there is nothing to resume"));
        stopped(&out);
        let said = refused(Work::resume(&out, &asked("other")));
        assert!(
            said.contains("the records changed") && !said.contains("register changed"),
            "{said}"
        );
        let work = Work::resume(&out, &asked("a")).expect("the same run");
        assert!(work.holds_something());
        work.finish().expect("cleared");
        assert!(!Work::folder(&out).exists());
    }

    #[test]
    fn a_new_run_clears_what_a_stopped_one_left_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("links.csv");
        stopped(&out);
        let work = Work::begin(&out, &asked("a")).expect("a new run");
        assert!(!work.holds_something());
        work.finish().expect("cleared");
        fs::create_dir(Work::folder(&out)).expect("a folder of somebody else");
        fs::write(Work::folder(&out).join("letter.txt"), "dear").expect("written");
        assert!(refused(Work::begin(&out, &asked("a"))).contains("not the folder of a run"));
        assert!(Work::folder(&out).join("letter.txt").is_file());
    }
}
