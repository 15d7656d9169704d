//! Records of a cleaned file into the store: looked at first, then committed; the same file twice changes nothing.
//!
//! `rows = new + updated + unchanged + duplicate + rejected`, always. An import changes vaccination facts, contact and residence. It
//! never changes an identity: a row that names somebody else under a known id is rejected with that reason, because identities change by
//! the register's answer or a list that the police signed.

mod source;

use std::collections::HashSet;
use std::sync::Arc;

use casework::facility::{self, Facility};
use casework::policy::Policy;
use casework::subject::dose::Dose;
use casework::subject::{Action, Command, Registration, Subject};
use casework::{Act, RecordId, Refusal, carry_out};
use jiff::Timestamp;
use registry::status::SubjectIdentity;
use serde::Serialize;
use storage::{Batch, Change, StorageError, Store};

pub use source::{Files, Incoming, IncomingFacility, Source, SourceError};

/// Records that are written at once.
const BATCH: usize = 500;

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
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The values seem to stand beside the ids of other rows.
    #[error(
        "of {known} ids that are known, only {same} still name the same person: the file looks shifted or sorted by one column; nothing was written. Compare a few rows with the source, and import again"
    )]
    LooksShifted {
        /// Ids that the store has.
        known: u64,
        /// Those that name the same person.
        same: u64,
    },
}

/// An import of one file into one store.
#[derive(Debug, Clone)]
pub struct Import<'s> {
    store: &'s Store,
    policy: Arc<Policy>,
    act: Act,
}

/// What a row would do.
enum Step {
    Unchanged,
    New(Change, u64),
    Updated(Change, u64),
    Rejected(&'static str, String),
}

impl<'s> Import<'s> {
    /// An import into a store, as the platform's own act at that moment.
    pub fn new(store: &'s Store, policy: Arc<Policy>, at: Timestamp, file: &str) -> Self {
        let mut act = Act::system("import", at);
        act.why = Some(file.to_owned());
        Self { store, policy, act }
    }

    /// What the import would do; writes nothing.
    ///
    /// # Errors
    /// A file can't be read, the store failed, or the file looks shifted.
    pub async fn preview(&self, source: &Source) -> Result<Imported, ImportError> {
        self.run(source, false).await
    }

    /// Does it. A row whose record somebody changed since it was read is decided anew; what is committed stays when a later row fails, and
    /// the same file again goes on from there.
    ///
    /// # Errors
    /// As for [`Import::preview`]; a file that looks shifted writes nothing.
    pub async fn commit(&self, source: &Source) -> Result<Imported, ImportError> {
        self.run(source, true).await
    }

    async fn run(&self, source: &Source, write: bool) -> Result<Imported, ImportError> {
        self.check_shift(source).await?;
        let mut done = Imported::default();
        done.tally.rows = source.subjects().len() as u64 + source.unreadable;
        done.tally.rejected = source.unreadable;
        done.tally.orphan_doses = source.orphan_doses;
        done.tally.new_facilities = self.facilities(source, write).await?;
        let mut seen = HashSet::new();
        for rows in source.subjects().chunks(BATCH) {
            let (first, again): (Vec<&Incoming>, Vec<&Incoming>) =
                rows.iter().partition(|row| seen.insert(row.id.as_str()));
            done.tally.duplicate += again.len() as u64;
            if !self.take(&first, write, &mut done).await? {
                for row in first {
                    while !self.take(&[row], write, &mut done).await? {}
                }
            }
        }
        Ok(done)
    }

    /// Takes rows in as one batch; `false`, and nothing is counted, when somebody changed one of the records in between: then each row is
    /// decided anew by itself.
    async fn take(
        &self,
        rows: &[&Incoming],
        write: bool,
        done: &mut Imported,
    ) -> Result<bool, ImportError> {
        let mut taken = Imported::default();
        let mut batch = Batch::default();
        for row in rows {
            let step = self.step(row).await?;
            taken.take(row, step, &mut batch);
        }
        if write {
            match self.store.commit(&batch).await {
                Ok(_) => {}
                Err(StorageError::Conflict { .. }) => return Ok(false),
                Err(other) => return Err(other.into()),
            }
        }
        done.add(taken);
        Ok(true)
    }

    async fn step(&self, row: &Incoming) -> Result<Step, ImportError> {
        let id = RecordId(row.id.clone());
        let Some(stored) = self.store.load::<Subject>(&id).await? else {
            let action = Action::Register(row.registration.clone());
            let doses = row.registration.doses.len() as u64;
            return self.change(&id, 0, None, vec![action], |change| {
                Step::New(change, doses)
            });
        };
        if stored.state.person != row.registration.person {
            let reason = "the record names another person under this id: identities change by the register or a police list, not by an import";
            return Ok(Step::Rejected("import.identity_differs", reason.into()));
        }
        let actions = differences(&stored.state, &row.registration);
        let doses = actions
            .iter()
            .filter(|action| concerns_dose(action))
            .count() as u64;
        self.change(
            &id,
            stored.revision,
            Some(stored.state),
            actions,
            |change| Step::Updated(change, doses),
        )
    }

    /// All actions of a row as one change of its record.
    fn change(
        &self,
        id: &RecordId,
        read: u64,
        before: Option<Subject>,
        actions: Vec<Action>,
        step: impl FnOnce(Change) -> Step,
    ) -> Result<Step, ImportError> {
        let mut state = before;
        let mut events = Vec::new();
        for action in actions {
            let command = Command {
                action,
                policy: Arc::clone(&self.policy),
            };
            match carry_out(state.clone(), &command, &self.act) {
                Ok((after, new)) => {
                    state = after;
                    events.extend(new);
                }
                Err(Refusal { reason, detail }) => {
                    let detail = detail
                        .map(|detail| format!(": {detail}"))
                        .unwrap_or_default();
                    return Ok(Step::Rejected(
                        reason.code,
                        format!("{}{detail}", reason.en),
                    ));
                }
            }
        }
        match state {
            Some(after) if !events.is_empty() => Ok(step(Change::of::<Subject>(
                id, read, &after, &events, &self.act,
            )?)),
            _ => Ok(Step::Unchanged),
        }
    }

    async fn facilities(&self, source: &Source, write: bool) -> Result<u64, ImportError> {
        let mut new = 0;
        for facilities in source.facilities().chunks(BATCH) {
            let mut batch = Batch::default();
            for IncomingFacility { code, name, place } in facilities {
                let id = RecordId(code.as_str().to_owned());
                if self.store.load::<Facility>(&id).await?.is_some() {
                    continue;
                }
                let command = facility::Command::Register {
                    code: code.clone(),
                    name: name.clone(),
                    place: *place,
                };
                if let Ok((Some(after), events)) = carry_out(None::<Facility>, &command, &self.act)
                {
                    batch
                        .changes
                        .push(Change::of::<Facility>(&id, 0, &after, &events, &self.act)?);
                }
            }
            new += batch.changes.len() as u64;
            if write {
                self.store.commit(&batch).await?;
            }
        }
        Ok(new)
    }

    /// A file whose columns were sorted apart gives known ids to other people: the one mistake of a spreadsheet that no row shows.
    async fn check_shift(&self, source: &Source) -> Result<(), ImportError> {
        let (mut known, mut same) = (0u64, 0u64);
        for row in source.subjects() {
            if let Some(stored) = self
                .store
                .load::<Subject>(&RecordId(row.id.clone()))
                .await?
            {
                known += 1;
                same += u64::from(stored.state.person == row.registration.person);
            }
        }
        let share = same as f64 / known.max(1) as f64;
        if known >= ENOUGH_TO_TELL && share < SAME_PERSON_SHARE {
            return Err(ImportError::LooksShifted { known, same });
        }
        Ok(())
    }
}

impl Imported {
    fn take(&mut self, row: &Incoming, step: Step, batch: &mut Batch) {
        let tally = &mut self.tally;
        match step {
            Step::Unchanged => tally.unchanged += 1,
            Step::New(change, doses) => {
                tally.new += 1;
                tally.doses += doses;
                batch.changes.push(change);
            }
            Step::Updated(change, doses) => {
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
}

impl Imported {
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

/// What an existing record has to be told so that it says what the row says.
fn differences(subject: &Subject, row: &Registration) -> Vec<Action> {
    let mut actions = Vec::new();
    if subject.contact != row.contact {
        actions.push(Action::ChangeContact(row.contact.clone()));
    }
    if subject.residence != row.residence || subject.hamlet != row.hamlet {
        actions.push(Action::Move {
            residence: row.residence,
            hamlet: row.hamlet.clone(),
        });
    }
    for new in &row.doses {
        let (dose, facts, check) = (new.id.clone(), new.facts.clone(), new.check.clone());
        match subject.doses.get(&new.id).filter(|dose| dose.counts()) {
            None if subject.doses.contains_key(&new.id) => {}
            None => actions.push(Action::EnterDose { dose, facts, check }),
            Some(Dose {
                facts: known,
                version,
                ..
            }) if *known != facts => {
                actions.push(Action::CorrectDose {
                    dose,
                    version: *version,
                    facts,
                    check,
                });
            }
            Some(known) if known.check != check => actions.push(Action::CheckDose { dose, check }),
            Some(_) => {}
        }
    }
    let unasked = subject.identity == SubjectIdentity::NotSent;
    if let Some(answer) = row.answer.clone().filter(|_| unasked) {
        let request = "import".to_owned();
        actions.push(Action::Send {
            request: request.clone(),
        });
        actions.push(Action::Answer { request, answer });
    }
    actions
}

fn concerns_dose(action: &Action) -> bool {
    matches!(
        action,
        Action::EnterDose { .. } | Action::CorrectDose { .. } | Action::CheckDose { .. }
    )
}
