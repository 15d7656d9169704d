//! What the platform does by itself: the clock, questions to the register, messages, the ledger's places and its daily checkpoint.
//!
//! Every step can be repeated: a reminder fires from the record's own state, a job is done once, a message is sent once. So a crash, a
//! second worker, or a clock that was set back change nothing.

use std::sync::Arc;

use casework::campaign::{self, Campaign};
use casework::contact::{self, Contact};
use casework::feedback::{self, Feedback};
use casework::inquiry::{self, Inquiry};
use casework::subject::{self, Action, Subject};
use casework::{Act, Kind, RecordId, calendar};
use jiff::{SignedDuration, Timestamp};
use ledger::{Checkpoint, NoteSigner};
use storage::{Job, Message, StorageError};

use crate::acts::{ActError, Platform};
use crate::flow::Governed;
use crate::register::{Asked, Register};
use crate::{jobs, messages};

/// What is done in one round at most.
const AT_ONCE: u32 = 500;

/// A worker that dies gives its jobs back after so long.
const LEASE: SignedDuration = SignedDuration::from_mins(2);

/// How messages leave.
pub trait Courier: Send + Sync {
    /// Hands a message on. Blocks until it is taken.
    ///
    /// # Errors
    /// It was not taken: it is tried again.
    fn send(&self, message: &Message) -> Result<(), NotTaken>;
}

/// A message that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the message was not taken: {0}")]
pub struct NotTaken(pub String);

/// The platform's own hands.
#[derive(Clone)]
pub struct Workers {
    platform: Platform,
    register: Option<Arc<dyn Register>>,
    courier: Option<Arc<dyn Courier>>,
    checkpoints: Option<Arc<NoteSigner>>,
}

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Records that the clock changed.
    pub ticked: u64,
    /// Questions that the register answered.
    pub answered: u64,
    /// Jobs that were put off.
    pub put_off: u64,
    /// Messages that left.
    pub sent: u64,
    /// Entries of the ledger that got their places.
    pub sequenced: u64,
    /// A checkpoint was signed.
    pub checkpoint: bool,
}

impl Workers {
    /// Workers without register and courier: questions and messages wait.
    pub fn new(platform: Platform) -> Self {
        Self {
            platform,
            register: None,
            courier: None,
            checkpoints: None,
        }
    }

    /// With a register.
    #[must_use]
    pub fn with_register(mut self, register: Arc<dyn Register>) -> Self {
        self.register = Some(register);
        self
    }

    /// With a courier.
    #[must_use]
    pub fn with_courier(mut self, courier: Arc<dyn Courier>) -> Self {
        self.courier = Some(courier);
        self
    }

    /// With the key that signs a checkpoint each day.
    #[must_use]
    pub fn with_checkpoints(mut self, signer: Arc<NoteSigner>) -> Self {
        self.checkpoints = Some(signer);
        self
    }

    /// One round of everything that is due.
    ///
    /// # Errors
    /// The store failed; what was done stays done.
    pub async fn round(&self, now: Timestamp) -> Result<Round, ActError> {
        let mut round = Round {
            ticked: self.tick(now).await?,
            ..Round::default()
        };
        self.run_jobs(now, &mut round).await?;
        round.sent = self.send(now).await?;
        let before = self.platform.store().log_head().await?.size;
        round.sequenced = self.sequence().await? - before;
        round.checkpoint = self.sign_checkpoint(now).await?;
        Ok(round)
    }

    /// Rounds until nothing is due any more.
    ///
    /// # Errors
    /// As for [`Workers::round`].
    pub async fn settle(&self, now: Timestamp) -> Result<Round, ActError> {
        let mut all = Round::default();
        loop {
            let round = self.round(now).await?;
            all.ticked += round.ticked;
            all.answered += round.answered;
            all.put_off += round.put_off;
            all.sent += round.sent;
            all.sequenced += round.sequenced;
            all.checkpoint |= round.checkpoint;
            if round.ticked + round.answered + round.sent == 0 {
                return Ok(all);
            }
        }
    }

    /// The clock looks at each record that is due.
    async fn tick(&self, now: Timestamp) -> Result<u64, ActError> {
        let act = Act::system("clock", now);
        let mut ticked = 0;
        let mut last = None;
        for (kind, id, _) in self.platform.store().due(now, AT_ONCE).await? {
            // One look is enough for all that is due on a record.
            if last.as_ref() == Some(&(kind, id.clone())) {
                continue;
            }
            ticked += u64::from(self.look(&act, kind, &id).await?);
            last = Some((kind, id));
        }
        Ok(ticked)
    }

    async fn look(&self, act: &Act, kind: Kind, id: &RecordId) -> Result<bool, ActError> {
        let clock = subject::Command {
            action: Action::Clock,
            policy: self.platform.policy(),
        };
        let changed = match kind {
            Kind::Subject => self.changes::<Subject>(act, id, clock).await,
            Kind::Feedback => {
                self.changes::<Feedback>(act, id, feedback::Command::Clock)
                    .await
            }
            Kind::Inquiry => {
                self.changes::<Inquiry>(act, id, inquiry::Command::Clock)
                    .await
            }
            Kind::Campaign => {
                self.changes::<Campaign>(act, id, campaign::Command::Clock)
                    .await
            }
            Kind::Contact => {
                self.changes::<Contact>(act, id, contact::Command::Clock)
                    .await
            }
            Kind::Facility
            | Kind::CleaningList
            | Kind::CleaningItem
            | Kind::Report
            | Kind::Account => Ok(false),
        };
        match changed {
            // Somebody ended it meanwhile, and the refusal is noted.
            Err(ActError::Refused(_)) => Ok(false),
            other => other,
        }
    }

    async fn changes<P: Governed>(
        &self,
        act: &Act,
        id: &RecordId,
        clock: P::Command,
    ) -> Result<bool, ActError> {
        let done = self.platform.act::<P>(act, id, None, clock).await?;
        Ok(!done.events.is_empty())
    }

    async fn run_jobs(&self, now: Timestamp, round: &mut Round) -> Result<(), ActError> {
        let store = self.platform.store();
        let until = now.checked_add(LEASE).unwrap_or(Timestamp::MAX);
        let Some(register) = &self.register else {
            return Ok(());
        };
        for job in store.lease(now, until, AT_ONCE).await? {
            let asked = match job.name.as_str() {
                jobs::ASK_REGISTER => self.platform.ask(register, &job, now).await,
                other => Ok(Asked::Later(
                    format!("this version knows no job `{other}`"),
                    LEASE,
                )),
            };
            match asked {
                Ok(Asked::Answered) => {
                    store.finish(&job.key).await?;
                    round.answered += 1;
                }
                Ok(Asked::NotNeeded) => store.finish(&job.key).await?,
                Ok(Asked::Later(why, wait)) => {
                    self.put_off(&job, &why, now, wait).await?;
                    round.put_off += 1;
                }
                // The person is another one by now: there is a question of its own for that.
                Err(ActError::Refused(refusal))
                    if refusal.reason == &subject::ANSWER_OUTDATED
                        || refusal.reason == &subject::NOT_ASKED =>
                {
                    store.finish(&job.key).await?;
                }
                // Changed in between, or refused for a reason that may pass.
                Err(ActError::Refused(refusal)) => {
                    self.put_off(&job, &refusal.to_string(), now, LEASE).await?;
                    round.put_off += 1;
                }
                Err(ActError::Storage(StorageError::Conflict { .. })) => {
                    self.put_off(&job, "changed in between", now, SignedDuration::ZERO)
                        .await?;
                    round.put_off += 1;
                }
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    async fn put_off(
        &self,
        job: &Job,
        why: &str,
        now: Timestamp,
        wait: SignedDuration,
    ) -> Result<(), StorageError> {
        let run_at = now.checked_add(wait).unwrap_or(Timestamp::MAX);
        self.platform.store().put_off(&job.key, why, run_at).await
    }

    /// Hands messages to the courier, and closes the feedback whose citizen was told.
    async fn send(&self, now: Timestamp) -> Result<u64, ActError> {
        let Some(courier) = &self.courier else {
            return Ok(0);
        };
        let store = self.platform.store();
        let mut sent = 0;
        for message in store.unsent(AT_ONCE).await? {
            let (courier, copy) = (Arc::clone(courier), message.clone());
            let taken = tokio::task::spawn_blocking(move || courier.send(&copy)).await;
            if !matches!(taken, Ok(Ok(()))) {
                continue;
            }
            if let Some(feedback) = messages::closes(&message.key) {
                self.told(&feedback, &message, now).await?;
            }
            store.sent(&message.key, now).await?;
            sent += 1;
        }
        Ok(sent)
    }

    async fn told(
        &self,
        feedback: &RecordId,
        message: &Message,
        now: Timestamp,
    ) -> Result<(), ActError> {
        let act = Act::system("outbox", now);
        let command = feedback::Command::Notify {
            message: message.key.clone(),
        };
        let told = self.platform.act::<Feedback>(&act, feedback, None, command);
        match told.await {
            // Told already, before a crash.
            Ok(_) | Err(ActError::Refused(_)) => Ok(()),
            Err(other) => Err(other),
        }
    }

    async fn sequence(&self) -> Result<u64, StorageError> {
        const PLACES_AT_ONCE: u32 = 5_000;
        let store = self.platform.store();
        let mut size = store.log_head().await?.size;
        loop {
            let head = store.sequence(PLACES_AT_ONCE).await?;
            if head.size == size {
                return Ok(size);
            }
            size = head.size;
        }
    }

    /// Signs a checkpoint on the first round of each day in Vietnam on which the ledger has grown.
    async fn sign_checkpoint(&self, now: Timestamp) -> Result<bool, ActError> {
        let Some(signer) = &self.checkpoints else {
            return Ok(false);
        };
        let store = self.platform.store();
        let last = store.last_checkpoint().await?;
        let today = calendar::day_in_vietnam(now);
        let signed_today = last.is_some_and(|(_, at)| calendar::day_in_vietnam(at) >= today);
        let head = store.log_head().await?;
        let grown = last.is_none_or(|(size, _)| head.size > size);
        if signed_today || !grown || head.size == 0 {
            return Ok(false);
        }
        let checkpoint = Checkpoint::new(signer.public().name(), head.size, head.root);
        let note = checkpoint
            .sign(signer.as_ref())
            .map_err(|error| StorageError::LedgerNotWhole(error.to_string()))?;
        store.keep_checkpoint(&checkpoint, note.text(), now).await?;
        Ok(true)
    }
}
