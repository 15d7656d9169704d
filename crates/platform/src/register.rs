//! The population register as a port, and the questions that wait for it (9438; process, 5.2).
//!
//! The register down for a day holds up nothing else: a question stays a job, asked again later and later. The answer may carry no reason.

use std::sync::Arc;

use casework::cleaning::item::{self, Item};
use casework::subject::person::{IdentityField, Person, RegisterAnswer};
use casework::subject::{self, Action, Subject};
use casework::{Act, Kind, RecordId, lookup};
use jiff::{SignedDuration, Timestamp};
use linkage::verify::{Claim, Register as Entries};
use registry::status::{CleaningItem, SubjectIdentity, Verification};
use storage::{Batch, Job, StorageError};

use crate::acts::{ActError, Platform};
use crate::jobs::Question;

/// The first wait after the register could not be asked; each further one is twice as long, up to the longest.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(30);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(30);

/// Rows of lists that one person can have open at most.
const ROWS_OF_ONE: u32 = 100;

/// The population register.
pub trait Register: Send + Sync {
    /// Whether it holds a person just so. Blocks until it answers.
    ///
    /// # Errors
    /// It can't be asked now: ask again later.
    fn ask(&self, request: &str, person: &Person) -> Result<RegisterAnswer, Unreachable>;
}

/// The register can't be asked now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the population register can't be asked: {0}")]
pub struct Unreachable(pub String);

/// A local extract of the register.
#[derive(Debug, Default)]
pub struct Extract(Entries);

impl Extract {
    /// An extract with these entries.
    pub fn new(entries: Entries) -> Self {
        Self(entries)
    }
}

impl Register for Extract {
    fn ask(&self, _request: &str, person: &Person) -> Result<RegisterAnswer, Unreachable> {
        let answer = self.0.verify(&Claim {
            number: person.number.as_deref(),
            name: Some(&person.full_name),
            birth: Some(&person.birth_date),
            sex: Some(&person.sex),
            foreign: person.foreign,
        });
        Ok(match answer.verification {
            Verification::True => RegisterAnswer::True,
            Verification::False => RegisterAnswer::False {
                differing: answer
                    .differing
                    .fields()
                    .filter_map(IdentityField::from_heading)
                    .collect(),
            },
            Verification::NotFound => RegisterAnswer::False {
                differing: vec![IdentityField::Number],
            },
            Verification::NoId | Verification::BadFormat | Verification::ForeignerExempt => {
                RegisterAnswer::Unverifiable
            }
        })
    }
}

impl Platform {
    /// Asks a question that waits, and takes the answer into the person's record and the rows of lists that wait for it. Asked again after a
    /// crash it goes on where it stopped: the request has the name of the job.
    pub(crate) async fn ask(
        &self,
        register: &Arc<dyn Register>,
        job: &Job,
        now: Timestamp,
    ) -> Result<Asked, ActError> {
        let question: Question = serde_json::from_str(&job.payload).map_err(StorageError::from)?;
        let id = &question.subject;
        let act = Act::system("register", now);
        let Some(person) = self.send(&act, id, &job.key).await? else {
            return Ok(Asked::NotNeeded);
        };
        let (port, request) = (Arc::clone(register), job.key.clone());
        let answer = tokio::task::spawn_blocking(move || port.ask(&request, &person)).await;
        let answer = answer.unwrap_or_else(|stopped| Err(Unreachable(stopped.to_string())));
        match answer {
            Ok(answer) => {
                self.take_answer(&act, id, &job.key, answer).await?;
                Ok(Asked::Answered)
            }
            Err(unreachable) => Ok(Asked::Later(unreachable.to_string(), wait(job.attempts))),
        }
    }

    /// Marks the question as sent; `None` when nobody waits for it any more.
    async fn send(
        &self,
        act: &Act,
        id: &RecordId,
        request: &str,
    ) -> Result<Option<Person>, ActError> {
        let stored = self.store().load::<Subject>(id).await?;
        let Some(stored) = stored.filter(|stored| !stored.state.taken_back) else {
            return Ok(None);
        };
        let person = stored.state.person.clone();
        let asked = stored.state.asked.as_ref();
        if asked.is_some_and(|asked| asked.request == request) {
            return Ok(Some(person));
        }
        let outdated = asked.is_some_and(|it| it.identity_version != stored.state.identity_version);
        let sendable = match stored.state.identity {
            SubjectIdentity::NotSent
            | SubjectIdentity::Stale
            | SubjectIdentity::False
            | SubjectIdentity::Unverifiable => true,
            SubjectIdentity::Pending => outdated,
            _ => false,
        };
        if !sendable {
            return Ok(None);
        }
        let mut batch = Batch::default();
        let command = self.about_identity(Action::Send {
            request: request.to_owned(),
        });
        self.also::<Subject>(act, id, &command, &mut batch).await?;
        for (row, _) in self.rows_in(id, CleaningItem::TytUpdated).await? {
            let command = item::Command::Send {
                request: request.to_owned(),
            };
            self.also::<Item>(act, &row, &command, &mut batch).await?;
        }
        self.store().commit(&batch).await?;
        Ok(Some(person))
    }

    async fn take_answer(
        &self,
        act: &Act,
        id: &RecordId,
        request: &str,
        answer: RegisterAnswer,
    ) -> Result<(), ActError> {
        let mut batch = Batch::default();
        let command = self.about_identity(Action::Answer {
            request: request.to_owned(),
            answer: answer.clone(),
        });
        self.also::<Subject>(act, id, &command, &mut batch).await?;
        for (row, waiting) in self.rows_in(id, CleaningItem::Recheck).await? {
            let command = item::Command::Answer {
                // A row may have waited for an earlier question about the same person.
                request: waiting.request.unwrap_or_else(|| request.to_owned()),
                answer: answer.clone(),
                now: self.snapshot(id).await?,
            };
            self.also::<Item>(act, &row, &command, &mut batch).await?;
        }
        self.store().commit(&batch).await?;
        Ok(())
    }

    fn about_identity(&self, action: Action) -> subject::Command {
        subject::Command {
            action,
            policy: self.policy(),
        }
    }

    /// The rows of lists about a person that stand in a state.
    async fn rows_in(
        &self,
        subject: &RecordId,
        state: CleaningItem,
    ) -> Result<Vec<(RecordId, Item)>, StorageError> {
        let key = lookup::subject(subject);
        let ids = self
            .store()
            .find(Kind::CleaningItem, &key, None, ROWS_OF_ONE)
            .await?;
        let rows = self.both::<Item>(ids).await?.into_iter();
        Ok(rows
            .map(|(id, row)| (id, row.state))
            .filter(|(_, row)| row.state == state)
            .collect())
    }
}

/// What became of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The answer is on record.
    Answered,
    /// Nobody waits for it any more.
    NotNeeded,
    /// The register could not be asked; again after so long.
    Later(String, SignedDuration),
}

fn wait(attempts: u32) -> SignedDuration {
    let doublings = attempts.saturating_sub(1).min(10);
    (FIRST_WAIT * 2_i32.pow(doublings)).min(LONGEST_WAIT)
}
