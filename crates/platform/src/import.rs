//! Records of a cleaned file into the store: looked at first, then committed; the same file twice changes nothing.
//!
//! `rows = new + updated + unchanged + duplicate + rejected`, always. An import changes vaccination facts, contact and residence. It
//! never changes an identity: a row that names somebody else under a known id is rejected with that reason, because identities change by
//! the register's answer or a list that the police signed.
//!
//! An import can be undone as a whole ([`undo()`]).

mod decide;
mod review;
mod source;
mod undo;
mod written;

use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;

use casework::facility::{self, Facility};
use casework::policy::Policy;
use casework::subject::Subject;
use casework::{Act, Kind, Origin, Procedure as _, RecordId, carry_out};
use jiff::Timestamp;
use serde::Serialize;
use storage::{Batch, Change, StorageError, Store};
use tokio::task::{JoinError, JoinHandle};

use decide::{Decided, Decider, Step};
use review::{content, write_head, write_line};
use written::Trace;

pub use review::{PreviewRow, ReviewError, Reviewed, Would};
pub use source::{Files, Incoming, IncomingFacility, Source, SourceError};
pub use undo::{Touched, UndoError, Undone, undo};

/// Records that are written at once.
const BATCH: usize = 10_000;

/// Ids that are asked for at once.
const ASKED_AT_ONCE: usize = 50_000;

/// A file with fewer rows is no load that is worth taking indexes away for.
const LARGE: u64 = 50_000;

/// Known records whose person is compared, to tell whether a file is shifted.
const SAMPLE: usize = 2_000;

/// From so many known ids on, a file is measured by how many of them still name the same person.
const ENOUGH_TO_TELL: u64 = 20;

/// Below this share a file looks shifted: values of one row beside the id of another.
const SAME_PERSON_SHARE: f64 = 0.8;

/// What became of the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Rows of the file.
    pub rows: u64,
    /// Records that were not there.
    pub new: u64,
    /// Records that changed.
    pub updated: u64,
    /// Records that are already so.
    pub unchanged: u64,
    /// Rows with an id that an earlier row has.
    pub duplicate: u64,
    /// Rows that were turned away, with their reasons beside.
    pub rejected: u64,
    /// Doses of the records that are new or changed.
    pub doses: u64,
    /// Doses whose subject is not in the file.
    pub orphan_doses: u64,
    /// Facilities that were not there.
    pub new_facilities: u64,
}

/// A row that was turned away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// Its number in the file, from 1.
    pub row: u64,
    /// The id that it has.
    pub id: String,
    /// Stable code of the reason.
    pub code: &'static str,
    /// The reason.
    pub reason: String,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The counts.
    pub tally: Tally,
    /// The rows that were turned away.
    pub rejected: Vec<Rejected>,
}

/// Why an import does not run.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file can't be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The preview can't be written or read.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The thread that decides ended without an answer.
    #[error("the import was interrupted: {0}")]
    Interrupted(#[from] JoinError),
    /// Another import has the same id.
    #[error("there is an import `{0}` already: nothing was written; begin another one")]
    IdTaken(String),
    /// The values seem to stand beside the ids of other rows.
    #[error(
        "of {known} known ids that were compared, only {same} still name the same person: the file looks shifted or sorted by one column; nothing was written. Compare a few rows with the source, and import again"
    )]
    LooksShifted {
        /// Ids that the store has and that were compared.
        known: u64,
        /// Those that name the same person.
        same: u64,
    },
}

/// An import of one file into one store.
#[derive(Debug, Clone)]
pub struct Import<'s> {
    store: &'s Store,
    decider: Decider,
}

/// Rows by their numbers in the source.
type Rows = Vec<usize>;

/// What rows would do.
type Steps = Vec<Decided>;

/// Where what was decided goes.
enum To<'o> {
    /// Into the tally alone.
    Nowhere,
    /// Into a file, to be looked through.
    Preview(&'o mut (dyn Write + Send)),
    /// Into the store, as the batch of that number.
    Store { batch: u64 },
}

impl<'s> Import<'s> {
    /// An import into a store, as the platform's own act at that moment; `number` was never given to another one ([`crate::Ids`]). Its id
    /// is kept with every event, as where the act came from, and is what undoes it.
    pub fn new(
        store: &'s Store,
        policy: Arc<Policy>,
        at: Timestamp,
        file: &str,
        number: u128,
    ) -> Self {
        let mut act = Act::system("import", at);
        let moment = at.strftime("%Y%m%dT%H%M%S");
        act.from = Origin(format!("import/{moment}-{number:032x}"));
        act.why = Some(file.to_owned());
        let decider = Decider {
            policy,
            act,
            reviewed: None,
        };
        Self { store, decider }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.decider.act.from.0
    }

    /// What the import would do; writes nothing.
    ///
    /// # Errors
    /// A file can't be read, the store failed, or the file looks shifted.
    pub async fn preview(&self, source: &Source) -> Result<Imported, ImportError> {
        self.run(source, &mut To::Nowhere).await
    }

    /// The same, row by row into a file that [`Reviewed::read`] reads; still writes nothing into the store.
    ///
    /// # Errors
    /// As for [`Import::preview`]; the file can't be written.
    pub async fn preview_to(
        &self,
        source: &Source,
        out: &mut (dyn Write + Send),
    ) -> Result<Imported, ImportError> {
        write_head(out)?;
        self.run(source, &mut To::Preview(out)).await
    }

    /// Does it, once. A row whose record somebody changed since it was read is decided anew; what is committed stays when a later row
    /// fails, and the same file again, as another import, goes on from there.
    ///
    /// # Errors
    /// As for [`Import::preview`]; a file that looks shifted writes nothing.
    pub async fn commit(self, source: &Source) -> Result<Imported, ImportError> {
        let mut to = To::Store { batch: 0 };
        if !self.is_load(source).await? {
            return self.run(source, &mut to).await;
        }
        self.store.begin_load().await?;
        let done = self.run(source, &mut to).await;
        self.store.end_load().await?;
        done
    }

    /// Notes that it begins: from then on it is known by its id.
    async fn begin(&self) -> Result<(), ImportError> {
        let id = self.id().to_owned();
        if written::begun(self.store, &id).await?.is_some() {
            return Err(ImportError::IdTaken(id));
        }
        let act = &self.decider.act;
        let trace = Trace::Imports { act: act.clone() };
        let batch = Batch {
            notes: vec![trace.note(id, act)?],
            ..Batch::default()
        };
        self.store.commit_in_ledger(&batch).await?;
        Ok(())
    }

    /// Writes a batch with the note of what it wrote; `false` when somebody changed one of the records in between.
    async fn write(&self, mut batch: Batch, number: &mut u64) -> Result<bool, ImportError> {
        if batch.changes.is_empty() {
            return Ok(true);
        }
        let records = batch.changes.iter();
        let trace = Trace::Wrote {
            records: records
                .map(|change| (change.kind(), change.id().clone(), change.read() + 1))
                .collect(),
        };
        let about = written::batch(self.id(), *number);
        batch.notes.push(trace.note(about, &self.decider.act)?);
        match self.store.commit_in_ledger(&batch).await {
            Ok(_) => *number += 1,
            Err(StorageError::Conflict { .. }) => return Ok(false),
            Err(other) => return Err(other.into()),
        }
        Ok(true)
    }

    /// Does exactly what was reviewed. A row whose record changed since the preview, or that says something else now, comes back as
    /// rejected (`import.changed_since_preview`, `import.row_changed`), to be looked at again; so does a row that has no line in the
    /// preview (`import.not_reviewed`). The others are written.
    ///
    /// # Errors
    /// As for [`Import::commit`].
    pub async fn commit_reviewed(
        mut self,
        source: &Source,
        reviewed: Reviewed,
    ) -> Result<Imported, ImportError> {
        self.decider.reviewed = Some(reviewed);
        self.commit(source).await
    }

    /// True when the store is all but empty beside what comes.
    async fn is_load(&self, source: &Source) -> Result<bool, ImportError> {
        let rows = source.subjects().len() as u64;
        Ok(rows >= LARGE && self.store.records(Subject::KIND).await? < rows / 10)
    }

    /// Reads, decides and writes: while one batch is written, the next is decided on another thread.
    async fn run(&self, source: &Source, to: &mut To<'_>) -> Result<Imported, ImportError> {
        let known = self.known(source).await?;
        self.check_shift(source, &known).await?;
        if let To::Store { .. } = to {
            self.begin().await?;
        }
        let mut done = Imported::default();
        done.tally.rows = source.subjects().len() as u64 + source.unreadable;
        done.tally.rejected = source.unreadable;
        done.tally.orphan_doses = source.orphan_doses;
        done.tally.new_facilities = self.facilities(source, to).await?;
        let (first, again) = first_rows(source);
        done.tally.duplicate = again.len() as u64;
        if let To::Preview(out) = to {
            write_duplicates(*out, source, &again)?;
        }
        let decider = Arc::new(self.decider.clone());
        let mut waiting: Option<JoinHandle<_>> = None;
        for rows in first.chunks(BATCH) {
            let next = self.start(&decider, source, rows.to_vec(), &known).await?;
            if let Some(before) = waiting.replace(next) {
                self.finish(source, before.await??, to, &mut done).await?;
            }
        }
        if let Some(last) = waiting {
            self.finish(source, last.await??, to, &mut done).await?;
        }
        Ok(done)
    }

    /// Loads the records of rows and has them decided.
    async fn start(
        &self,
        decider: &Arc<Decider>,
        source: &Source,
        places: Rows,
        known: &HashSet<String>,
    ) -> Result<JoinHandle<Result<Steps, StorageError>>, ImportError> {
        let subjects = source.shared();
        let rows = places.iter().filter_map(|&place| subjects.get(place));
        let is_known: Vec<bool> = rows.clone().map(|row| known.contains(&row.id)).collect();
        let ids: Vec<RecordId> = rows
            .zip(&is_known)
            .filter(|(_, known)| **known)
            .map(|(row, _)| RecordId(row.id.clone()))
            .collect();
        let mut loaded = self.store.load_many::<Subject>(&ids).await?.into_iter();
        let decider = Arc::clone(decider);
        Ok(tokio::task::spawn_blocking(move || {
            let mut steps = Steps::with_capacity(places.len());
            for (place, known) in places.into_iter().zip(is_known) {
                let stored = known.then(|| loaded.next().flatten()).flatten();
                if let Some(row) = subjects.get(place) {
                    steps.push(decider.decide(place, row, stored)?);
                }
            }
            Ok(steps)
        }))
    }

    /// Writes what was decided. When somebody changed one of the records in between, nothing of it is written, and each row is decided anew
    /// by itself.
    async fn finish(
        &self,
        source: &Source,
        steps: Steps,
        to: &mut To<'_>,
        done: &mut Imported,
    ) -> Result<(), ImportError> {
        let places: Rows = steps.iter().map(|decided| decided.place).collect();
        if self.take(source, steps, to, done).await? {
            return Ok(());
        }
        for place in places {
            let Some(row) = source.subjects().get(place) else {
                continue;
            };
            loop {
                let id = RecordId(row.id.clone());
                let stored = self.store.load::<Subject>(&id).await?;
                let steps = vec![self.decider.decide(place, row, stored)?];
                if self.take(source, steps, to, done).await? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Takes rows in as one batch; `false`, and nothing is counted, when somebody changed one of the records in between.
    async fn take(
        &self,
        source: &Source,
        steps: Steps,
        to: &mut To<'_>,
        done: &mut Imported,
    ) -> Result<bool, ImportError> {
        let mut taken = Imported::default();
        let mut batch = Batch::default();
        for decided in steps {
            let Some(row) = source.subjects().get(decided.place) else {
                continue;
            };
            if let To::Preview(out) = to {
                write_line(*out, &PreviewRow::of(row, &decided))?;
            }
            taken.take(row, decided.step, &mut batch);
        }
        let written = match to {
            To::Store { batch: number } => self.write(batch, number).await?,
            To::Nowhere | To::Preview(_) => true,
        };
        if written {
            done.add(taken);
        }
        Ok(written)
    }

    async fn facilities(&self, source: &Source, to: &mut To<'_>) -> Result<u64, ImportError> {
        let mut new = 0;
        for facilities in source.facilities().chunks(BATCH) {
            loop {
                let batch = self.new_facilities(facilities).await?;
                let opened = batch.changes.len() as u64;
                let written = match to {
                    To::Store { batch: number } => self.write(batch, number).await?,
                    To::Nowhere | To::Preview(_) => true,
                };
                if written {
                    new += opened;
                    break;
                }
            }
        }
        Ok(new)
    }

    /// Those of the facilities that are not there, to be opened.
    async fn new_facilities(&self, facilities: &[IncomingFacility]) -> Result<Batch, ImportError> {
        let codes: Vec<&str> = facilities
            .iter()
            .map(|facility| facility.code.as_str())
            .collect();
        let known = self.store.known(Facility::KIND, &codes).await?;
        let mut known: HashSet<String> = known.into_iter().collect();
        let mut batch = Batch::default();
        for IncomingFacility { code, name, place } in facilities {
            if !known.insert(code.as_str().to_owned()) {
                continue;
            }
            let command = facility::Command::Register {
                code: code.clone(),
                name: name.clone(),
                place: *place,
            };
            let act = &self.decider.act;
            if let Ok((Some(after), events)) = carry_out(None::<Facility>, &command, act) {
                let id = RecordId(code.as_str().to_owned());
                let change = Change::of::<Facility>(&id, 0, &after, &events, act)?;
                batch.changes.push(change);
            }
        }
        Ok(batch)
    }

    /// The ids of the file that the store has.
    async fn known(&self, source: &Source) -> Result<HashSet<String>, ImportError> {
        let mut known = HashSet::new();
        if self.store.records(Kind::Subject).await? == 0 {
            return Ok(known);
        }
        for rows in source.subjects().chunks(ASKED_AT_ONCE) {
            let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
            known.extend(self.store.known(Kind::Subject, &ids).await?);
        }
        Ok(known)
    }

    /// A file whose columns were sorted apart gives known ids to other people: the one mistake of a spreadsheet that no row shows.
    async fn check_shift(
        &self,
        source: &Source,
        known: &HashSet<String>,
    ) -> Result<(), ImportError> {
        let rows = source.subjects().iter();
        let rows: Vec<&Incoming> = rows.filter(|row| known.contains(&row.id)).collect();
        // Evenly over the file: a part of it may be shifted.
        let step = rows.len().div_ceil(SAMPLE).max(1);
        let sample: Vec<&Incoming> = rows.into_iter().step_by(step).collect();
        let ids: Vec<RecordId> = sample.iter().map(|row| RecordId(row.id.clone())).collect();
        let stored = self.store.load_many::<Subject>(&ids).await?;
        let pairs = sample.iter().zip(stored);
        let same: Vec<bool> = pairs
            .filter_map(|(row, stored)| {
                let state = stored?.state;
                // What an undo took back is no longer known to be anybody.
                (!state.taken_back).then(|| state.person == row.registration.person)
            })
            .collect();
        if looks_shifted(&same) {
            return Err(ImportError::LooksShifted {
                known: same.len() as u64,
                same: same.iter().filter(|same| **same).count() as u64,
            });
        }
        Ok(())
    }
}

/// True when so many known ids no longer name the same person that rows must have been sorted apart.
pub(crate) fn looks_shifted(same: &[bool]) -> bool {
    let known = same.len() as u64;
    let kept = same.iter().filter(|same| **same).count() as f64;
    known >= ENOUGH_TO_TELL && kept / (known as f64) < SAME_PERSON_SHARE
}

/// The rows whose id no earlier row has, and the others.
fn first_rows(source: &Source) -> (Rows, Rows) {
    let subjects = source.subjects();
    let mut seen = HashSet::with_capacity(subjects.len());
    let mut is_first = |place: &usize| {
        subjects
            .get(*place)
            .is_some_and(|row| seen.insert(row.id.as_str()))
    };
    (0..subjects.len()).partition(|place| is_first(place))
}

fn write_duplicates(
    out: &mut dyn Write,
    source: &Source,
    places: &Rows,
) -> Result<(), ReviewError> {
    for row in places
        .iter()
        .filter_map(|&place| source.subjects().get(place))
    {
        let line = PreviewRow {
            row: row.row,
            id: row.id.clone(),
            would: Would::Duplicate,
            read: 0,
            content: content(row),
            actions: Vec::new(),
            code: None,
            reason: None,
        };
        write_line(out, &line)?;
    }
    Ok(())
}

impl PreviewRow {
    fn of(row: &Incoming, decided: &Decided) -> Self {
        let (actions, code, reason) = match &decided.step {
            Step::Updated { actions, .. } => (actions.as_slice(), None, None),
            Step::Rejected(code, reason) => (
                [].as_slice(),
                Some((*code).to_owned()),
                Some(reason.clone()),
            ),
            Step::New(_) | Step::Unchanged => ([].as_slice(), None, None),
        };
        Self {
            row: row.row,
            id: row.id.clone(),
            would: decided.step.would(),
            read: decided.read,
            content: content(row),
            actions: actions.iter().map(|&action| action.to_owned()).collect(),
            code,
            reason,
        }
    }
}

impl Imported {
    fn take(&mut self, row: &Incoming, step: Step, batch: &mut Batch) {
        let tally = &mut self.tally;
        match step {
            Step::Unchanged => tally.unchanged += 1,
            Step::New(change) => {
                tally.new += 1;
                tally.doses += row.registration.doses.len() as u64;
                batch.changes.push(change);
            }
            Step::Updated { change, doses, .. } => {
                tally.updated += 1;
                tally.doses += doses;
                batch.changes.push(change);
            }
            Step::Rejected(code, reason) => {
                tally.rejected += 1;
                self.rejected.push(Rejected {
                    row: row.row,
                    id: row.id.clone(),
                    code,
                    reason,
                });
            }
        }
    }

    fn add(&mut self, more: Self) {
        let (all, more_of) = (&mut self.tally, &more.tally);
        all.new += more_of.new;
        all.updated += more_of.updated;
        all.unchanged += more_of.unchanged;
        all.rejected += more_of.rejected;
        all.doses += more_of.doses;
        self.rejected.extend(more.rejected);
    }
}

impl Tally {
    /// True when every row is accounted for.
    pub fn reconciles(&self) -> bool {
        self.rows == self.new + self.updated + self.unchanged + self.duplicate + self.rejected
    }
}
