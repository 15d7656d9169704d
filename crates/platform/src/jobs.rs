//! Work for later, kept in the transaction of what asks for it.

use casework::RecordId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use storage::{Job, StorageError};

/// A question to the population register about one person.
pub(crate) const ASK_REGISTER: &str = "register.ask";

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Question {
    /// Whose identity.
    pub(crate) subject: RecordId,
}

/// A question about a person, for the state that a record reached: asked once for each.
pub(crate) fn ask_register(
    subject: &RecordId,
    cause: &RecordId,
    revision: u64,
    at: Timestamp,
) -> Result<Job, StorageError> {
    Ok(Job {
        key: format!("{ASK_REGISTER}/{cause}/{revision}"),
        name: ASK_REGISTER.to_owned(),
        payload: serde_json::to_string(&Question {
            subject: subject.clone(),
        })?,
        run_at: at,
        attempts: 0,
    })
}
