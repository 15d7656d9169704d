//! One act: the right is checked, casework decides, what follows is added, and all of it is saved at once.

use std::sync::Arc;

use casework::facility::Facility;
use casework::policy::Policy;
use casework::routing::Delegations;
use casework::{Act, Kind, Procedure, RecordId, Refusal, Unit, carry_out};
use registry::area::Place;
use registry::facility::FacilityCode;
use serde_json::Value;
use storage::{Batch, Change, StorageError, Store, Stored};

use crate::attachments::{Vault, VaultError};
use crate::flow::Governed;
use crate::guard;
use crate::trail;

/// How often an act that the platform does by itself is decided anew when somebody else changed the record in between.
const TRIES: u32 = 5;

/// The acts of the system on one store.
#[derive(Clone)]
pub struct Platform(Arc<Parts>);

struct Parts {
    store: Store,
    settings: Settings,
}

/// What a deployment decides.
#[derive(Clone)]
pub struct Settings {
    /// The ministry's dated rules.
    pub policy: Arc<Policy>,
    /// Districts and communes to which their province delegated feedback.
    pub delegations: Delegations,
    /// Where the ids of new records come from.
    pub ids: Arc<dyn Ids>,
    /// Where files are kept; `None`: in the store itself.
    pub vault: Option<Arc<dyn Vault>>,
}

/// A source of ids.
pub trait Ids: Send + Sync {
    /// A number that was never given before.
    ///
    /// # Errors
    /// The source gives none.
    fn next(&self) -> Result<u128, StorageError>;
}

/// Random ids.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

/// What an act did.
#[derive(Debug, Clone, PartialEq)]
pub struct Done<P: Procedure> {
    /// The revision now.
    pub revision: u64,
    /// The state now.
    pub state: P,
    /// What happened; nothing when it was so already.
    pub events: Vec<P::Event>,
}

/// Why an act did not happen. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// A named reason.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The record changed since it was read.
    #[error("{} {id} changed since it was read: it is at revision {now}, not {read}", kind.as_str())]
    Changed {
        /// Kind of the record.
        kind: Kind,
        /// Its id.
        id: RecordId,
        /// The revision that was read.
        read: u64,
        /// The revision now.
        now: u64,
        /// What happened since, as far as the actor may see it.
        since: Vec<Value>,
    },
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The place for files failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Platform {
    /// The acts on a store.
    pub fn new(store: Store, settings: Settings) -> Self {
        Self(Arc::new(Parts { store, settings }))
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// What the deployment decides.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.0.settings.policy)
    }

    /// The id of a new record.
    ///
    /// # Errors
    /// The source of ids gives none.
    pub fn new_id(&self, prefix: &str) -> Result<RecordId, StorageError> {
        let number = self.0.settings.ids.next()?;
        Ok(RecordId(format!("{prefix}-{number:032x}")))
    }

    /// One act on one record. `read` is the revision that the actor looked at; without it the act is decided on what the record is now.
    ///
    /// # Errors
    /// A named refusal, which is noted; [`ActError::Changed`] with what happened since when the record is no longer at `read`.
    pub async fn act<P: Governed>(
        &self,
        act: &Act,
        id: &RecordId,
        read: Option<u64>,
        command: P::Command,
    ) -> Result<Done<P>, ActError> {
        let mut tries = 0;
        loop {
            let mut batch = Batch::default();
            let done = self.prepare::<P>(act, id, read, &command, &mut batch).await;
            let done = self.noting_refusal::<P, _>(act, id, done).await?;
            match self.store().commit(&batch).await {
                Ok(_) => return Ok(done),
                // Nobody looked at a revision, or another record got in between: decide anew on what is there now.
                Err(StorageError::Conflict { .. }) if tries < TRIES => tries += 1,
                Err(other) => return Err(other.into()),
            }
        }
    }

    /// Decides an act into a batch without saving it: for acts on several records at once.
    ///
    /// # Errors
    /// As for [`Platform::act`]; nothing is noted.
    pub(crate) async fn prepare<P: Governed>(
        &self,
        act: &Act,
        id: &RecordId,
        read: Option<u64>,
        command: &P::Command,
        batch: &mut Batch,
    ) -> Result<Done<P>, ActError> {
        let stored = self.store().load::<P>(id).await?;
        let (revision, before) =
            stored.map_or((0, None), |stored| (stored.revision, Some(stored.state)));
        guard::role_may(before.as_ref(), command, act)?;
        let new = if before.is_none() {
            // What the command claims of places is replaced before it is asked where it may act.
            let command = P::completed(self, None, command, act).await?;
            guard::may_do::<P>(None, &command, act)?;
            Some(command)
        } else {
            guard::may_do(before.as_ref(), command, act)?;
            None
        };
        if let Some(read) = read.filter(|read| *read != revision) {
            return Err(self.changed::<P>(act, id, read, revision).await?);
        }
        match new {
            Some(command) => {
                self.carry_on(act, id, revision, before, &command, batch)
                    .await
            }
            None => self.decide(act, id, revision, before, command, batch).await,
        }
    }

    /// Completes a command and decides it into a batch. Rights were checked by the caller.
    pub(crate) async fn decide<P: Governed>(
        &self,
        act: &Act,
        id: &RecordId,
        revision: u64,
        before: Option<P>,
        command: &P::Command,
        batch: &mut Batch,
    ) -> Result<Done<P>, ActError> {
        let command = P::completed(self, before.as_ref(), command, act).await?;
        self.carry_on(act, id, revision, before, &command, batch)
            .await
    }

    /// The same with several commands, as one change of the record: all of them, or none.
    pub(crate) async fn decide_all<P: Governed>(
        &self,
        act: &Act,
        id: &RecordId,
        revision: u64,
        before: Option<P>,
        commands: &[P::Command],
        batch: &mut Batch,
    ) -> Result<Done<P>, ActError> {
        let (mut state, mut events) = (before.clone(), Vec::new());
        for command in commands {
            let command = P::completed(self, state.as_ref(), command, act).await?;
            let (after, also) = self.outcome(act, state, &command).await?;
            state = after;
            events.extend(also);
        }
        self.put(act, id, revision, before.as_ref(), (state, events), batch)
            .await
    }

    /// What casework decides of a completed command, and what follows from it.
    async fn carry_on<P: Governed>(
        &self,
        act: &Act,
        id: &RecordId,
        revision: u64,
        before: Option<P>,
        command: &P::Command,
        batch: &mut Batch,
    ) -> Result<Done<P>, ActError> {
        let after = self.outcome(act, before.clone(), command).await?;
        self.put(act, id, revision, before.as_ref(), after, batch)
            .await
    }

    /// The record and what happened to it, with what settles by itself.
    async fn outcome<P: Governed>(
        &self,
        act: &Act,
        before: Option<P>,
        command: &P::Command,
    ) -> Result<(Option<P>, Vec<P::Event>), ActError> {
        let (mut state, mut events) = carry_out(before, command, act)?;
        if let Some(now) = state.as_ref().filter(|_| !events.is_empty()) {
            for more in P::settling(self, now, command, act).await? {
                let (after, also) = carry_out(state, &more, act)?;
                state = after;
                events.extend(also);
            }
        }
        Ok((state, events))
    }

    /// Puts a change into a batch, with what it causes elsewhere.
    async fn put<P: Governed>(
        &self,
        act: &Act,
        id: &RecordId,
        revision: u64,
        before: Option<&P>,
        (state, events): (Option<P>, Vec<P::Event>),
        batch: &mut Batch,
    ) -> Result<Done<P>, ActError> {
        let Some(state) = state else {
            return Err(casework::rights::NOT_FOUND.refusal().into());
        };
        if events.is_empty() {
            return Ok(Done {
                revision,
                state,
                events,
            });
        }
        batch
            .changes
            .push(Change::of::<P>(id, revision, &state, &events, act)?);
        let done = Done {
            revision: revision + 1,
            state,
            events,
        };
        P::follow(self, act, id, before, &done, batch).await?;
        Ok(done)
    }

    /// An act that the platform does by itself on another record in the same batch. A record that is changed twice in one batch would
    /// conflict with itself, so whoever calls this names each record once.
    pub(crate) async fn also<P: Governed>(
        &self,
        act: &Act,
        id: &RecordId,
        command: &P::Command,
        batch: &mut Batch,
    ) -> Result<Option<Done<P>>, ActError> {
        let Some(stored) = self.store().load::<P>(id).await? else {
            return Ok(None);
        };
        let before = Some(stored.state);
        let done = self
            .decide(act, id, stored.revision, before, command, batch)
            .await?;
        Ok(Some(done))
    }

    /// Hands a result on; a refusal is noted first.
    pub(crate) async fn noting_refusal<P: Procedure, T>(
        &self,
        act: &Act,
        id: &RecordId,
        result: Result<T, ActError>,
    ) -> Result<T, ActError> {
        if let Err(ActError::Refused(refusal)) = &result {
            let note = trail::refusal(trail::about(P::KIND, id), refusal, act)?;
            self.keep_note(note).await?;
        }
        result
    }

    /// A refusal about something that is no record: noted, and handed back.
    pub(crate) async fn refused<T>(
        &self,
        act: &Act,
        about: String,
        refusal: Refusal,
    ) -> Result<T, ActError> {
        self.keep_note(trail::refusal(about, &refusal, act)?)
            .await?;
        Err(refusal.into())
    }

    pub(crate) async fn keep_note(&self, note: storage::Note) -> Result<(), StorageError> {
        let batch = Batch {
            notes: vec![note],
            ..Batch::default()
        };
        self.store().commit(&batch).await.map(|_| ())
    }

    /// The difference that the second of two clerks sees. Who may not see the record learns nothing.
    async fn changed<P: Governed>(
        &self,
        act: &Act,
        id: &RecordId,
        read: u64,
        now: u64,
    ) -> Result<ActError, ActError> {
        let since = match self.history::<P>(act, id).await {
            Ok(history) => history
                .into_iter()
                .filter(|entry| entry.revision > read)
                .map(|entry| serde_json::to_value(crate::view::Happened::from(entry)))
                .collect::<Result<_, _>>()
                .map_err(StorageError::from)?,
            Err(ActError::Refused(_)) => Vec::new(),
            Err(other) => return Err(other),
        };
        Ok(ActError::Changed {
            kind: P::KIND,
            id: id.clone(),
            read,
            now,
            since,
        })
    }

    /// A facility's record.
    pub(crate) async fn facility(
        &self,
        code: &FacilityCode,
    ) -> Result<Option<Facility>, StorageError> {
        let id = RecordId(code.as_str().to_owned());
        let stored = self.store().load::<Facility>(&id).await?;
        Ok(stored.map(|stored| stored.state))
    }

    /// Records with their ids; those that are not there are left out.
    pub(crate) async fn both<P: Procedure>(
        &self,
        ids: Vec<RecordId>,
    ) -> Result<Vec<(RecordId, Stored<P>)>, StorageError> {
        let stored = self.store().load_many::<P>(&ids).await?;
        let pairs = ids.into_iter().zip(stored);
        Ok(pairs.filter_map(|(id, it)| Some((id, it?))).collect())
    }

    /// Where a unit stands: its code says so, and a facility's record. Never what somebody claims.
    pub(crate) async fn place_of(&self, unit: &Unit) -> Result<Place, StorageError> {
        match unit {
            Unit::Facility(code) => Ok(self
                .facility(code)
                .await?
                .map(|facility| facility.place)
                .unwrap_or_default()),
            other => Ok(other.place()),
        }
    }
}

impl Ids for RandomIds {
    fn next(&self) -> Result<u128, StorageError> {
        let mut bytes = [0; 16];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| StorageError::NoRandomness)?;
        Ok(u128::from_be_bytes(bytes))
    }
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Platform")
            .field("store", &self.0.store)
            .finish_non_exhaustive()
    }
}
