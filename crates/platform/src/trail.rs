//! What leaves no change but has to be known: reads, refusals and exports, as notes in the ledger (9438; who, when, from where, why).

use casework::{Act, Kind, Queue, RecordId, Refusal};
use serde::Serialize;
use storage::{Note, StorageError};

/// What somebody did, or was not allowed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Trace<'a> {
    /// Read a record in full.
    Read,
    /// Read a record's history.
    ReadHistory,
    /// Searched for a person; the words themselves are not kept.
    Searched {
        /// By what ("number", "person", "phone").
        by: &'a str,
        /// How many records were shown.
        found: usize,
    },
    /// Was refused an act or a read.
    Refused {
        /// The reason's stable code.
        code: &'a str,
    },
    /// Took something out.
    Exported {
        /// How many rows.
        rows: u64,
        /// What for, in the words of the actor.
        purpose: &'a str,
    },
    /// Signed in.
    SignedIn {
        /// With what.
        means: &'a str,
    },
    /// Signed out, or ended another of their sessions.
    SignedOut,
    /// Is signed in from two places at once.
    UsedElsewhere {
        /// The other place.
        other: &'a str,
    },
    /// Changed what somebody or another system signs in with.
    ChangedAccess {
        /// What changed (`recovery_codes`, `outside_identity`, `token`).
        part: &'a str,
    },
}

/// The name under which searches for persons are found.
pub(crate) const SEARCHES: &str = "search/subject";

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    trace: Trace<'a>,
    act: &'a Act,
}

/// The name under which a record's notes are found.
pub fn about(kind: Kind, id: &RecordId) -> String {
    format!("{}/{}", kind.as_str(), id.0)
}

/// The name under which a queue's notes are found.
pub(crate) fn about_queue(queue: Queue) -> String {
    format!("queue/{}", queue.as_str())
}

/// The note of something that somebody did about a record.
pub(crate) fn note(about: String, trace: Trace<'_>, act: &Act) -> Result<Note, StorageError> {
    Ok(Note {
        about,
        at: act.at,
        body: serde_json::to_string(&Body { trace, act })?,
    })
}

/// The note of a refusal.
pub(crate) fn refusal(about: String, refusal: &Refusal, act: &Act) -> Result<Note, StorageError> {
    let code = refusal.reason.code;
    note(about, Trace::Refused { code }, act)
}
