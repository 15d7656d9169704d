//! Records that another system sends, many at once: looked at first, then taken in, each in the sender's right and by itself.
//!
//! What a facility's own system sends has ids of that system, so it is kept under the facility's code: nobody meets, or finds out, another's
//! record. A row is one act on its record whatever it changes; sent again, it changes nothing. As with files, an identity that is known never
//! changes by a row, and rows that were sorted apart are refused as a whole.

use std::collections::BTreeSet;

use casework::rights::{self, Right};
use casework::subject::dose::Dose;
use casework::subject::{Action, Command, Registration, Subject};
use casework::{Act, Kind, RecordId, Refusal, Unit};
use storage::{Batch, StorageError, Stored};

use crate::acts::{ActError, Done, Platform};
use crate::flow::placed;
use crate::guard::Guarded as _;
use crate::import::looks_shifted;
use crate::trail;

casework::reasons! {
    /// The record is of somebody else.
    IDENTITY_DIFFERS Conflict "import.identity_differs"
        "Bản ghi mang mã này là của người khác" "The record with this id is of another person"
        "Thông tin định danh chỉ thay đổi theo CSDLQG về dân cư hoặc danh sách Công an đã ký." "Identities change by the register or a list that the police signed.",
    /// The same id again.
    ROW_TWICE Invalid "import.row_twice"
        "Mã này đã có ở một dòng trước" "An earlier row has this id"
        "Giữ một dòng cho mỗi người." "Keep one row for each person.",
    /// Values beside the ids of other rows.
    LOOKS_SHIFTED Invalid "import.looks_shifted"
        "Dữ liệu có vẻ bị lệch dòng: phần lớn mã đã biết mang tên người khác" "The rows look shifted: most known ids name somebody else"
        "So lại vài dòng với dữ liệu gốc rồi gửi lại." "Compare a few rows with the source, and send them again.",
}

/// A row as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The sender's id of the person.
    pub id: String,
    /// The revision that was shown when it was looked at; `None` for whatever it is now.
    pub read: Option<u64>,
    /// What is known.
    pub registration: Registration,
}

/// A row that was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDone {
    /// The record.
    pub id: RecordId,
    /// The revision that it was decided on; 0 when there was no record.
    pub read: u64,
    /// What became of it.
    pub outcome: RowOutcome,
}

/// What became of a row, or would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowOutcome {
    /// There was no such record: now there is, at this revision.
    New(u64),
    /// The record changed, to this revision.
    Updated(u64),
    /// The record says so already.
    Unchanged,
    /// An earlier row has the same id.
    Duplicate,
    /// The record changed since the row was looked at.
    Stale(u64),
    /// It was turned away.
    Rejected(Refusal),
}

impl Platform {
    /// Decides rows, and takes them in when `take`. Each row that is taken in stays, whatever becomes of the next one.
    ///
    /// # Errors
    /// Forbidden without the right to import; `import.looks_shifted`; the store failed. A row that does not fit is no error.
    pub async fn take_rows(
        &self,
        act: &Act,
        rows: &[Row],
        take: bool,
    ) -> Result<Vec<RowDone>, ActError> {
        let about = RecordId("import".to_owned());
        let allowed = rights::check_role(&act.by, Right::Import);
        let allowed = allowed.map(|_| ()).map_err(ActError::from);
        self.noting_refusal::<Subject, _>(act, &about, allowed)
            .await?;
        let ids: Vec<RecordId> = rows.iter().map(|row| record_of(act, &row.id)).collect();
        let stored = self.store().load_many::<Subject>(&ids).await?;
        let fit = LOOKS_SHIFTED.unless(!are_shifted(act, rows, &stored));
        self.noting_refusal::<Subject, _>(act, &about, fit.map_err(ActError::from))
            .await?;
        let mut seen = BTreeSet::new();
        let mut done = Vec::with_capacity(rows.len());
        for ((row, id), stored) in rows.iter().zip(ids).zip(stored) {
            done.push(if seen.insert(id.clone()) {
                self.take_row(act, row, id, stored, take).await?
            } else {
                RowDone {
                    id,
                    read: 0,
                    outcome: RowOutcome::Duplicate,
                }
            });
        }
        Ok(done)
    }

    async fn take_row(
        &self,
        act: &Act,
        row: &Row,
        id: RecordId,
        mut stored: Option<Stored<Subject>>,
        take: bool,
    ) -> Result<RowDone, ActError> {
        loop {
            let read = stored.as_ref().map_or(0, |stored| stored.revision);
            let mut batch = Batch::default();
            let outcome = match self.row(act, row, &id, stored.take(), &mut batch).await {
                Ok(outcome) => outcome,
                Err(ActError::Refused(refusal)) => RowOutcome::Rejected(refusal),
                Err(other) => return Err(other),
            };
            if !take {
                return Ok(RowDone { id, read, outcome });
            }
            if let RowOutcome::Rejected(refusal) = &outcome {
                let about = trail::about(Kind::Subject, &id);
                self.keep_note(trail::refusal(about, refusal, act)?).await?;
            } else {
                match self.store().commit(&batch).await {
                    Ok(_) => {}
                    // Somebody got in between: decided anew on what is there now.
                    Err(StorageError::Conflict { .. }) => {
                        stored = self.store().load::<Subject>(&id).await?;
                        continue;
                    }
                    Err(other) => return Err(other.into()),
                }
            }
            return Ok(RowDone { id, read, outcome });
        }
    }

    /// What one row does to its record, as one change in a batch.
    async fn row(
        &self,
        act: &Act,
        row: &Row,
        id: &RecordId,
        stored: Option<Stored<Subject>>,
        batch: &mut Batch,
    ) -> Result<RowOutcome, ActError> {
        let revision = stored.as_ref().map_or(0, |stored| stored.revision);
        let before = stored.map(|stored| stored.state);
        let there = before.as_ref().filter(|subject| !subject.taken_back);
        if let Some(subject) = there {
            rights::NOT_FOUND.unless(is_within(act, subject))?;
        }
        if row.read.is_some_and(|read| read != revision) {
            return Ok(RowOutcome::Stale(revision));
        }
        let Some(subject) = there else {
            let register = Action::Register(row.registration.clone());
            let command = self.under_policy(register);
            let target = Subject::target_of_new(&command, act).unwrap_or_default();
            rights::check(&act.by, Right::Import, &target)?;
            let done = self
                .decide_all::<Subject>(act, id, revision, before, &[command], batch)
                .await?;
            return Ok(RowOutcome::New(done.revision));
        };
        IDENTITY_DIFFERS.unless(subject.person == row.registration.person)?;
        let actions = self.differences(subject, &row.registration).await?;
        let commands: Vec<Command> = actions
            .into_iter()
            .map(|action| self.under_policy(action))
            .collect();
        let done: Done<Subject> = self
            .decide_all(act, id, revision, before, &commands, batch)
            .await?;
        Ok(if done.events.is_empty() {
            RowOutcome::Unchanged
        } else {
            RowOutcome::Updated(done.revision)
        })
    }

    /// What the record has to be told so that it says what the row says. What the row is silent about stays.
    async fn differences(
        &self,
        subject: &Subject,
        row: &Registration,
    ) -> Result<Vec<Action>, ActError> {
        let mut actions = Vec::new();
        let says_contact = row.contact.phone.is_some() || row.contact.email.is_some();
        if says_contact && subject.contact != row.contact {
            actions.push(Action::ChangeContact(row.contact.clone()));
        }
        let moved = subject.residence != row.residence || subject.hamlet != row.hamlet;
        if moved && row.residence != registry::area::Place::default() {
            actions.push(Action::Move {
                residence: row.residence,
                hamlet: row.hamlet.clone(),
            });
        }
        for new in &row.doses {
            let (dose, check) = (new.id.clone(), new.check.clone());
            match subject.doses.get(&new.id) {
                None => actions.push(Action::EnterDose {
                    dose,
                    facts: new.facts.clone(),
                    check,
                }),
                Some(Dose { facts, version, .. }) => {
                    if *facts != placed(self, &new.facts).await? {
                        actions.push(Action::CorrectDose {
                            dose,
                            version: *version,
                            facts: new.facts.clone(),
                            check,
                        });
                    }
                }
            }
        }
        Ok(actions)
    }

    fn under_policy(&self, action: Action) -> Command {
        Command {
            action,
            policy: self.policy(),
        }
    }
}

/// True when most of the ids that the sender may know of name somebody else now.
fn are_shifted(act: &Act, rows: &[Row], stored: &[Option<Stored<Subject>>]) -> bool {
    let known = rows.iter().zip(stored).filter_map(|(row, stored)| {
        let there = |it: &&Stored<Subject>| !it.state.taken_back && is_within(act, &it.state);
        let stored = stored.as_ref().filter(there)?;
        Some(stored.state.person == row.registration.person)
    });
    looks_shifted(&known.collect::<Vec<_>>())
}

/// True when the sender may import what is said of such a person.
fn is_within(act: &Act, subject: &Subject) -> bool {
    rights::check(&act.by, Right::Import, &subject.target()).is_ok()
}

/// Under which id a sender's person is kept.
fn record_of(act: &Act, id: &str) -> RecordId {
    match act.by.unit() {
        Some(Unit::Facility(code)) => RecordId(format!("{}.{id}", code.as_str())),
        _ => RecordId(id.to_owned()),
    }
}
