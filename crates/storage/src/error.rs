//! What can go wrong, and whose fault it is.

use casework::{Kind, RecordId};

/// A store that does not do what was asked. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Not a store that we know.
    #[error("`{0}` names no store: expected `sqlite:FILE` or `postgres://USER@HOST/DATABASE`")]
    UnknownStore(String),
    /// It can't be opened.
    #[error("the store `{url}` can't be opened: {source}")]
    Open {
        /// Without password.
        url: String,
        /// Why.
        source: sqlx::Error,
    },
    /// Its tables can't be brought to this version.
    #[error("the tables can't be brought to this version: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database refused or failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// Somebody else changed the record in the meantime.
    #[error("{} {id} is no longer at revision {expected}: read it again, look at the difference, and decide anew", kind.as_str())]
    Conflict {
        /// Kind of the record.
        kind: Kind,
        /// Its id.
        id: RecordId,
        /// The revision that was read; 0 when it was not there.
        expected: u64,
    },
    /// A state or an event that this version can't read.
    #[error("{what} of {} {id} can't be read: {source}", kind.as_str())]
    Unreadable {
        /// State or event.
        what: &'static str,
        /// Kind of the record.
        kind: Kind,
        /// Its id.
        id: RecordId,
        /// Why.
        source: serde_json::Error,
    },
    /// A state or an event that can't be written.
    #[error("a change can't be written as JSON: {0}")]
    Unwritable(#[from] serde_json::Error),
    /// A value that can't stand in that column: the store was altered by hand.
    #[error("the store holds `{value}` as {column}, which is none: it was altered from outside")]
    Altered {
        /// Which column.
        column: &'static str,
        /// What stands there.
        value: String,
    },
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes: nothing was written")]
    NoRandomness,
    /// Asked for what the ledger does not have.
    #[error("the ledger has {size} entries there; nothing is at {asked}")]
    BeyondLedger {
        /// What was asked for.
        asked: u64,
        /// Entries in it.
        size: u64,
    },
    /// Nodes of the ledger's tree that are not there.
    #[error("the ledger's tree is not whole: {0}; run `minhchung ledger verify`")]
    LedgerNotWhole(String),
}
