//! Where records are kept: state, event and ledger entry in one transaction, on SQLite or PostgreSQL.
//!
//! A [`Batch`] is everything that one act changes. [`Store::commit`] writes all of it or nothing: the new states, each with a revision
//! one higher than the one that was read (or a [`StorageError::Conflict`] that names the record), the events, where the records wait now,
//! when the clock has to look at them, the jobs and messages that follow. So a count and its list never disagree, and a second clerk
//! never overwrites the first.
//!
//! An event is an entry of the ledger from the moment that it is written: its hash is fixed by its columns. [`Store::sequence`] gives
//! new entries their places in the Merkle tree, one writer at a time, so that thousands may write events at once without waiting for the
//! root (the way of Certificate Transparency's logs).
//!
//! SQL is the common subset of both and lives in `backend.rs`, `commit.rs`, `derive.rs` and `tree.rs`, which are compiled once for each; what differs
//! is in `migrations/` and in the few lines of `sqlite.rs` and `postgres.rs` that hand over many rows at once.

pub mod access;
mod audit;
mod batch;
mod error;
mod idempotency;
mod log;
mod postgres;
mod queue;
mod ready;
mod rows;
mod sqlite;

pub use batch::{Batch, Blob, Change, HistoryEntry, Job, Message, Note, Stored};
pub use error::StorageError;
pub use idempotency::{Claim, Claimed};
pub use log::{Entry, LogHead};
pub use queue::{Count, Cursor, PageQuery, Scope, Waiting};

use std::collections::HashMap;

use casework::{Kind, Procedure, RecordId};
use jiff::Timestamp;
use ledger::{Checkpoint, Consistency, Hash, Inclusion};
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

static FOR_SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static FOR_POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// An open store.
#[derive(Debug, Clone)]
pub enum Store {
    /// `sqlite:FILE`.
    Sqlite(SqliteStore),
    /// `postgres://…`.
    Postgres(PostgresStore),
}

/// A store in one file.
#[derive(Debug, Clone)]
pub struct SqliteStore(sqlite::Backend);

/// A store on a server.
#[derive(Debug, Clone)]
pub struct PostgresStore(postgres::Backend);

/// Asks whichever backend it is.
macro_rules! ask {
    ($store:expr, $backend:ident => $call:expr) => {
        match $store {
            Store::Sqlite(SqliteStore($backend)) => $call,
            Store::Postgres(PostgresStore($backend)) => $call,
        }
    };
}
pub(crate) use ask;

impl Store {
    /// Opens `sqlite:FILE` (made when it is not there) or `postgres://…`, without touching its tables.
    ///
    /// # Errors
    /// Neither form, or the store can't be reached.
    pub async fn open(url: &str) -> Result<Self, StorageError> {
        let opened = |source| StorageError::Open {
            url: without_password(url),
            source,
        };
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options: PgConnectOptions = url.parse().map_err(opened)?;
            // For the indexes that are made after a load.
            let options = options.options([("maintenance_work_mem", "256MB")]);
            let pool = sqlx::postgres::PgPoolOptions::new()
                .max_connections(16)
                .connect_with(options)
                .await;
            return Ok(Self::Postgres(PostgresStore(postgres::Backend::new(
                pool.map_err(opened)?,
            ))));
        }
        let file = url
            .strip_prefix("sqlite:")
            .ok_or_else(|| StorageError::UnknownStore(without_password(url)))?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What was acknowledged survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // A writer keeps the inner pages of its indexes; pages come from the system's cache without a copy.
            .pragma("cache_size", "-262144")
            .pragma("mmap_size", "17179869184")
            // Back into the file in large pieces.
            .pragma("wal_autocheckpoint", "65536")
            .pragma("temp_store", "MEMORY")
            .busy_timeout(std::time::Duration::from_secs(30));
        let pool = sqlx::sqlite::SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await;
        Ok(Self::Sqlite(SqliteStore(sqlite::Backend::new(
            pool.map_err(opened)?,
        ))))
    }

    /// Brings the tables to this version, and what follows from the states of the records to what this version says of them.
    ///
    /// # Errors
    /// A migration that was changed since it ran, a store made by a later version, or a state that this version can't read.
    pub async fn migrate(&self) -> Result<(), StorageError> {
        match self {
            Self::Sqlite(SqliteStore(backend)) => FOR_SQLITE.run(backend.pool()).await?,
            Self::Postgres(PostgresStore(backend)) => FOR_POSTGRES.run(backend.pool()).await?,
        }
        // What a load left behind that was killed.
        self.end_load().await?;
        ask!(self, backend => backend.derive().await)
    }

    /// Before a load that is much larger than what is there: takes the indexes away that rows would reach in another order than they come
    /// in. Until [`Store::end_load`] everything is right but lists and searches are slow. After a load that was killed,
    /// [`Store::migrate`] makes them.
    ///
    /// # Errors
    /// The store failed.
    pub async fn begin_load(&self) -> Result<(), StorageError> {
        ask!(self, backend => backend.begin_load().await)
    }

    /// Makes the indexes that [`Store::begin_load`] took away.
    ///
    /// # Errors
    /// The store failed.
    pub async fn end_load(&self) -> Result<(), StorageError> {
        ask!(self, backend => backend.end_load().await)
    }

    /// Closes it; what was committed is on disk.
    pub async fn close(&self) {
        ask!(self, backend => backend.pool().close().await);
    }

    /// The state of a record with its revision.
    ///
    /// # Errors
    /// The store failed, or the state can't be read by this version.
    pub async fn load<P: Procedure>(
        &self,
        id: &RecordId,
    ) -> Result<Option<Stored<P>>, StorageError> {
        let row = ask!(self, backend => backend.load(P::KIND, id).await)?;
        row.map(|(revision, state)| Stored::read(P::KIND, id, revision, &state))
            .transpose()
    }

    /// The states of records with their revisions, in the order of the ids; `None` for those that are not there.
    ///
    /// # Errors
    /// As for [`Store::load`].
    pub async fn load_many<P: Procedure>(
        &self,
        ids: &[RecordId],
    ) -> Result<Vec<Option<Stored<P>>>, StorageError> {
        let texts: Vec<&str> = ids.iter().map(|id| id.0.as_str()).collect();
        let rows = ask!(self, backend => backend.load_many(P::KIND, &texts).await)?;
        let stored = |id: &RecordId| {
            let row = rows.get(&id.0);
            row.map(|(revision, state)| Stored::read(P::KIND, id, *revision, state))
                .transpose()
        };
        ids.iter().map(stored).collect()
    }

    /// Those of the ids that are records of a kind, in no order.
    ///
    /// # Errors
    /// The store failed.
    pub async fn known(&self, kind: Kind, ids: &[&str]) -> Result<Vec<String>, StorageError> {
        ask!(self, backend => backend.known(kind, ids).await)
    }

    /// How many records of a kind there are.
    ///
    /// # Errors
    /// The store failed.
    pub async fn records(&self, kind: Kind) -> Result<u64, StorageError> {
        ask!(self, backend => backend.records(kind).await)
    }

    /// Everything that happened to a record, in order.
    ///
    /// # Errors
    /// The store failed, or an event can't be read by this version.
    pub async fn history<P: Procedure>(
        &self,
        id: &RecordId,
    ) -> Result<Vec<HistoryEntry<P::Event>>, StorageError> {
        let rows = ask!(self, backend => backend.events_of(P::KIND, id).await)?;
        rows.iter()
            .map(|row| HistoryEntry::read::<P>(row))
            .collect()
    }

    /// Everything that happened to records, in the order of the ids; nothing for those that are not there.
    ///
    /// # Errors
    /// As for [`Store::history`].
    pub async fn histories<P: Procedure>(
        &self,
        ids: &[RecordId],
    ) -> Result<Vec<Vec<HistoryEntry<P::Event>>>, StorageError> {
        let texts: Vec<&str> = ids.iter().map(|id| id.0.as_str()).collect();
        let rows = ask!(self, backend => backend.events_of_many(P::KIND, &texts).await)?;
        let mut by_id: HashMap<&str, Vec<HistoryEntry<P::Event>>> = HashMap::new();
        for row in &rows {
            let entry = HistoryEntry::read::<P>(row)?;
            by_id.entry(&row.id).or_default().push(entry);
        }
        let of = |id: &RecordId| by_id.remove(id.0.as_str()).unwrap_or_default();
        Ok(ids.iter().map(of).collect())
    }

    /// Writes everything that one act changes, or nothing. The new revisions come back in order of the changes.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when a record is no longer at the revision that was read; the store failed.
    pub async fn commit(&self, batch: &Batch) -> Result<Vec<u64>, StorageError> {
        ask!(self, backend => backend.commit(batch, false).await)
    }

    /// The same, and the entries get their places in the ledger in the same transaction: for one writer of many, such as an import. Other
    /// writers do not wait for it, whoever gives places does.
    ///
    /// # Errors
    /// As for [`Store::commit`]; the ledger's tree is not whole.
    pub async fn commit_in_ledger(&self, batch: &Batch) -> Result<Vec<u64>, StorageError> {
        ask!(self, backend => backend.commit(batch, true).await)
    }

    /// The ids of records of a kind that are found by a key ([`casework::lookup`]), in order, after one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find(
        &self,
        kind: Kind,
        key: &str,
        after: Option<&RecordId>,
        limit: u32,
    ) -> Result<Vec<RecordId>, StorageError> {
        ask!(self, backend => backend.find(kind, key, after, limit).await)
    }

    /// The records of a kind that are found by any of the keys, each with the key, in no order.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find_many(
        &self,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<(String, RecordId)>, StorageError> {
        let texts: Vec<&str> = keys.iter().map(String::as_str).collect();
        ask!(self, backend => backend.find_many(kind, &texts).await)
    }

    /// What was noted about something, the newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn notes(&self, about: &str, limit: u32) -> Result<Vec<Note>, StorageError> {
        ask!(self, backend => backend.notes(about, limit).await)
    }

    /// The next rows of a queue, by due time.
    ///
    /// # Errors
    /// The store failed.
    pub async fn page(&self, query: &PageQuery) -> Result<Vec<Waiting>, StorageError> {
        ask!(self, backend => backend.page(query).await)
    }

    /// How many rows of a queue are in each state.
    ///
    /// # Errors
    /// The store failed.
    pub async fn counts(
        &self,
        queue: casework::Queue,
        scope: &Scope,
    ) -> Result<Vec<Count>, StorageError> {
        ask!(self, backend => backend.counts(queue, scope).await)
    }

    /// The same, counted from the rows themselves: what [`Store::counts`] must always equal.
    ///
    /// # Errors
    /// The store failed.
    pub async fn recount(
        &self,
        queue: casework::Queue,
        scope: &Scope,
    ) -> Result<Vec<Count>, StorageError> {
        ask!(self, backend => backend.recount(queue, scope).await)
    }

    /// Records that the clock has to look at by now, the longest due first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn due(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Kind, RecordId, String)>, StorageError> {
        ask!(self, backend => backend.due(now, limit).await)
    }

    /// Takes jobs that are due for so long; a worker that dies loses them to the next.
    ///
    /// # Errors
    /// The store failed.
    pub async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Job>, StorageError> {
        ask!(self, backend => backend.lease(now, until, limit).await)
    }

    /// Ends a job. A lease that ran out in the meantime makes no difference: a job is done once.
    ///
    /// # Errors
    /// The store failed.
    pub async fn finish(&self, key: &str) -> Result<(), StorageError> {
        ask!(self, backend => backend.finish(key).await)
    }

    /// Puts a job off after an error.
    ///
    /// # Errors
    /// The store failed.
    pub async fn put_off(
        &self,
        key: &str,
        error: &str,
        run_at: Timestamp,
    ) -> Result<(), StorageError> {
        ask!(self, backend => backend.put_off(key, error, run_at).await)
    }

    /// Messages not sent yet, the oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn unsent(&self, limit: u32) -> Result<Vec<Message>, StorageError> {
        ask!(self, backend => backend.unsent(limit).await)
    }

    /// Marks a message as sent.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sent(&self, key: &str, at: Timestamp) -> Result<(), StorageError> {
        ask!(self, backend => backend.sent(key, at).await)
    }

    /// Gives up to so many new entries their places in the ledger.
    ///
    /// # Errors
    /// The store failed, or its tree is not whole.
    pub async fn sequence(&self, limit: u32) -> Result<LogHead, StorageError> {
        ask!(self, backend => backend.sequence(limit).await)
    }

    /// Size and root of the ledger.
    ///
    /// # Errors
    /// The store failed, or its tree is not whole.
    pub async fn log_head(&self) -> Result<LogHead, StorageError> {
        ask!(self, backend => backend.log_head().await)
    }

    /// How many entries the ledger says it has.
    pub(crate) async fn stored_size(&self) -> Result<u64, StorageError> {
        ask!(self, backend => backend.stored_size().await)
    }

    /// Entries of the ledger from a place on, as their columns say now.
    ///
    /// # Errors
    /// The store failed.
    pub async fn entries(&self, from: u64, limit: u32) -> Result<Vec<Entry>, StorageError> {
        ask!(self, backend => backend.entries(from, limit).await)
    }

    /// Nodes of the ledger's tree from a page on; empty after the last.
    ///
    /// # Errors
    /// The store failed, or a page is not whole.
    pub async fn nodes(&self, page: u64) -> Result<Vec<Hash>, StorageError> {
        ask!(self, backend => backend.page_of_nodes(page).await)
    }

    /// The proof that an entry is in the ledger of that size.
    ///
    /// # Errors
    /// The store failed, or the entry is not in it.
    pub async fn inclusion(&self, index: u64, size: u64) -> Result<Inclusion, StorageError> {
        ask!(self, backend => backend.inclusion(index, size).await)
    }

    /// The proof that the ledger only grew.
    ///
    /// # Errors
    /// The store failed, or the sizes are not those of this ledger.
    pub async fn consistency(&self, old: u64, new: u64) -> Result<Consistency, StorageError> {
        ask!(self, backend => backend.consistency(old, new).await)
    }

    /// Keeps a signed checkpoint.
    ///
    /// # Errors
    /// The store failed.
    pub async fn keep_checkpoint(
        &self,
        checkpoint: &Checkpoint,
        note: &str,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        ask!(self, backend => backend.keep_checkpoint(checkpoint.size, note, at).await)
    }

    /// The ids of a kind of record, in order.
    ///
    /// # Errors
    /// The store failed.
    pub async fn ids(
        &self,
        kind: Kind,
        after: Option<&RecordId>,
        limit: u32,
    ) -> Result<Vec<RecordId>, StorageError> {
        ask!(self, backend => backend.ids(kind, after, limit).await)
    }

    /// A file by the hash of its bytes.
    ///
    /// # Errors
    /// The store failed.
    pub async fn blob(&self, sha256: &str) -> Result<Option<Blob>, StorageError> {
        ask!(self, backend => backend.blob(sha256).await)
    }

    /// Size and time of the newest checkpoint.
    ///
    /// # Errors
    /// The store failed.
    pub async fn last_checkpoint(&self) -> Result<Option<(u64, Timestamp)>, StorageError> {
        ask!(self, backend => backend.last_checkpoint().await)
    }

    /// The number of the last event that was written, whether it has its place in the ledger or not; 0 before the first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn last_event(&self) -> Result<u64, StorageError> {
        ask!(self, backend => backend.last_event().await)
    }

    /// The checkpoints kept, as signed notes, the smallest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn checkpoints(&self) -> Result<Vec<String>, StorageError> {
        ask!(self, backend => backend.checkpoints().await)
    }
}

/// An address that can be shown: a password in it is nobody's business.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:***@{host}")
        }
        None => url.to_owned(),
    }
}
