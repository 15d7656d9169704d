//! What one act changes.

use casework::account::Account;
use casework::campaign::Campaign;
use casework::cleaning::item::Item;
use casework::cleaning::list::List;
use casework::contact::Contact;
use casework::facility::Facility;
use casework::feedback::Feedback;
use casework::inquiry::Inquiry;
use casework::report::Report;
use casework::subject::Subject;
use casework::{Act, Kind, Procedure, RecordId, Reminder, Task};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::StorageError;
use crate::access::AccessChange;
use crate::log::EventRow;

/// Everything that one act changes: all of it is written, or nothing.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// New states.
    pub changes: Vec<Change>,
    /// Work that follows.
    pub jobs: Vec<Job>,
    /// Messages that follow.
    pub messages: Vec<Message>,
    /// Entries of the ledger beside them.
    pub notes: Vec<Note>,
    /// What accounts sign in with.
    pub access: Vec<AccessChange>,
    /// Files that go with them.
    pub blobs: Vec<Blob>,
}

/// A file, kept under the hash of its bytes: the same file twice is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// SHA-256 of the bytes, in hexadecimal.
    pub sha256: String,
    /// Its media type.
    pub media_type: String,
    /// When it came.
    pub at: Timestamp,
    /// The bytes; `None` when they are in another place, and only this is known of them.
    pub bytes: Option<Vec<u8>>,
    /// How many bytes it has.
    pub size: u64,
}

/// An entry of the ledger that changes no record: that one was read, that something was refused or exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// About what: a record (`subject/S000001`) or anything else that has a name (`export/2022-04-25`).
    pub about: String,
    /// When; kept to the microsecond.
    pub at: Timestamp,
    /// What there is to say, as JSON.
    pub body: String,
}

/// The new state of one record.
#[derive(Debug, Clone)]
pub struct Change {
    pub(crate) kind: Kind,
    pub(crate) id: RecordId,
    /// The revision that was read; 0 for a new record.
    pub(crate) read: u64,
    pub(crate) state: String,
    pub(crate) at: Timestamp,
    pub(crate) events: Vec<String>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) reminders: Vec<Reminder>,
    pub(crate) keys: Vec<String>,
}

/// A state as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<P> {
    /// Counts the acts on the record, from 1.
    pub revision: u64,
    /// The state.
    pub state: P,
}

/// What happened to a record once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry<E> {
    /// The revision that it led to.
    pub revision: u64,
    /// What happened.
    pub event: E,
    /// Who, when, from where, why.
    pub act: Act,
    /// Its place in the ledger, once it has one.
    pub position: Option<u64>,
}

/// Work for later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The same key twice is one job.
    pub key: String,
    /// What to do.
    pub name: String,
    /// With what, as JSON.
    pub payload: String,
    /// When, at the earliest.
    pub run_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
}

/// A message to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The same key twice is one message.
    pub key: String,
    /// `sms` or `email`.
    pub channel: String,
    /// Phone or address.
    pub recipient: String,
    /// The text.
    pub body: String,
    /// When it was asked for.
    pub at: Timestamp,
}

/// The body of an event as it is kept: what happened, and the act.
#[derive(Serialize, Deserialize)]
struct Body<E> {
    event: E,
    act: Act,
}

impl Change {
    /// The change from the revision that was read to a new state.
    ///
    /// # Errors
    /// State or event can't be written as JSON.
    pub fn of<P: Procedure>(
        id: &RecordId,
        read: u64,
        after: &P,
        events: &[P::Event],
        act: &Act,
    ) -> Result<Self, StorageError> {
        let body = |event: &P::Event| {
            serde_json::to_string(&Body {
                event,
                act: act.clone(),
            })
        };
        Ok(Self {
            kind: P::KIND,
            id: id.clone(),
            read,
            state: serde_json::to_string(after)?,
            at: act.at,
            events: events.iter().map(body).collect::<Result<_, _>>()?,
            tasks: after.tasks(),
            reminders: after.reminders(),
            keys: sorted_keys(after),
        })
    }
}

impl Change {
    /// The kind of the record.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// A state that stays as it is, with what follows from it.
    ///
    /// # Errors
    /// A state that this version can't read.
    pub(crate) fn standing(
        kind: Kind,
        id: RecordId,
        revision: u64,
        state: &str,
    ) -> Result<Self, StorageError> {
        let of = match kind {
            Kind::Subject => Self::standing_as::<Subject>,
            Kind::Facility => Self::standing_as::<Facility>,
            Kind::CleaningList => Self::standing_as::<List>,
            Kind::CleaningItem => Self::standing_as::<Item>,
            Kind::Inquiry => Self::standing_as::<Inquiry>,
            Kind::Feedback => Self::standing_as::<Feedback>,
            Kind::Campaign => Self::standing_as::<Campaign>,
            Kind::Report => Self::standing_as::<Report>,
            Kind::Contact => Self::standing_as::<Contact>,
            Kind::Account => Self::standing_as::<Account>,
        };
        of(id, revision, state)
    }

    fn standing_as<P: Procedure>(
        id: RecordId,
        revision: u64,
        state: &str,
    ) -> Result<Self, StorageError> {
        let stored = Stored::<P>::read(P::KIND, &id, revision, state)?;
        Ok(Self {
            kind: P::KIND,
            read: revision,
            state: String::new(),
            at: Timestamp::UNIX_EPOCH,
            events: Vec::new(),
            tasks: stored.state.tasks(),
            reminders: stored.state.reminders(),
            keys: sorted_keys(&stored.state),
            id,
        })
    }

    /// The record.
    pub fn id(&self) -> &RecordId {
        &self.id
    }

    /// The revision that was read; 0 for a new record.
    pub fn read(&self) -> u64 {
        self.read
    }
}

fn sorted_keys<P: Procedure>(state: &P) -> Vec<String> {
    let mut keys = state.keys();
    keys.sort();
    keys
}

impl<P: Procedure> Stored<P> {
    pub(crate) fn read(
        kind: Kind,
        id: &RecordId,
        revision: u64,
        state: &str,
    ) -> Result<Self, StorageError> {
        let state = serde_json::from_str(state).map_err(|source| StorageError::Unreadable {
            what: "the state",
            kind,
            id: id.clone(),
            source,
        })?;
        Ok(Self { revision, state })
    }
}

impl<E: serde::de::DeserializeOwned> HistoryEntry<E> {
    pub(crate) fn read<P: Procedure<Event = E>>(row: &EventRow) -> Result<Self, StorageError> {
        let body: Body<E> =
            serde_json::from_str(&row.body).map_err(|source| StorageError::Unreadable {
                what: "an event",
                kind: P::KIND,
                id: RecordId(row.id.clone()),
                source,
            })?;
        Ok(Self {
            revision: row.revision.cast_unsigned(),
            event: body.event,
            act: body.act,
            position: row.position.map(i64::cast_unsigned),
        })
    }
}
