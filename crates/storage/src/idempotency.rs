//! Requests that are carried out once, however often they are sent: the sender gives each a key, and the first answer is kept.

use jiff::Timestamp;

use crate::{PostgresStore, SqliteStore, StorageError, Store};

/// A request with the key that its sender gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who sends it: keys of different senders never meet.
    pub sender: String,
    /// The key.
    pub key: String,
    /// Hash of everything that makes it this request and no other.
    pub fingerprint: String,
    /// Whoever carries it out has died when there is no answer by then.
    pub lease_until: Timestamp,
    /// The answer is kept until then.
    pub expires_at: Timestamp,
}

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// Nothing: it has to be carried out, by whoever asked.
    First,
    /// It is being carried out.
    Running,
    /// It was carried out, with this answer.
    Done(String),
    /// The key belongs to another request.
    OtherRequest,
}

/// A row as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct ClaimRow {
    pub(crate) fingerprint: String,
    pub(crate) lease_until: i64,
    pub(crate) expires_at: i64,
    pub(crate) answer: Option<String>,
}

impl Store {
    /// Claims a request. Of many at once with the same key, one is the first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn claim(&self, claim: &Claim, now: Timestamp) -> Result<Claimed, StorageError> {
        match self {
            Self::Sqlite(SqliteStore(backend)) => backend.claim(claim, now).await,
            Self::Postgres(PostgresStore(backend)) => backend.claim(claim, now).await,
        }
    }

    /// Keeps the answer to a claimed request; nothing when the claim has passed to somebody else.
    ///
    /// # Errors
    /// The store failed.
    pub async fn answer_claim(&self, claim: &Claim, answer: &str) -> Result<(), StorageError> {
        match self {
            Self::Sqlite(SqliteStore(backend)) => backend.answer_claim(claim, answer).await,
            Self::Postgres(PostgresStore(backend)) => backend.answer_claim(claim, answer).await,
        }
    }

    /// Gives a claim back: the request was not carried out and may be sent again.
    ///
    /// # Errors
    /// The store failed.
    pub async fn release_claim(&self, claim: &Claim) -> Result<(), StorageError> {
        match self {
            Self::Sqlite(SqliteStore(backend)) => backend.release_claim(claim).await,
            Self::Postgres(PostgresStore(backend)) => backend.release_claim(claim).await,
        }
    }

    /// Forgets the requests whose time is over; how many.
    ///
    /// # Errors
    /// The store failed.
    pub async fn forget_claims(&self, now: Timestamp) -> Result<u64, StorageError> {
        match self {
            Self::Sqlite(SqliteStore(backend)) => backend.forget_claims(now).await,
            Self::Postgres(PostgresStore(backend)) => backend.forget_claims(now).await,
        }
    }
}
