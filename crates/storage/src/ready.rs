//! Whether the tables of a store are those of this version.

use std::collections::BTreeSet;

use crate::{FOR_POSTGRES, FOR_SQLITE, PostgresStore, SqliteStore, StorageError, Store};

/// PostgreSQL's code for a table that is not there.
const UNDEFINED_TABLE: &str = "42P01";

/// Migrations that a store ran: what [`Store::migrate`] notes.
const RAN: &str = "SELECT version FROM _sqlx_migrations WHERE success";

impl Store {
    /// The migrations that [`Store::migrate`] would run, by their numbers. Reads only: nothing is made.
    ///
    /// # Errors
    /// The store failed.
    pub async fn pending_migrations(&self) -> Result<Vec<i64>, StorageError> {
        let (wanted, ran) = match self {
            Self::Sqlite(SqliteStore(backend)) => {
                let ran = sqlx::query_scalar(RAN).fetch_all(backend.pool()).await;
                (&FOR_SQLITE, ran)
            }
            Self::Postgres(PostgresStore(backend)) => {
                let ran = sqlx::query_scalar(RAN).fetch_all(backend.pool()).await;
                (&FOR_POSTGRES, ran)
            }
        };
        let ran: Vec<i64> = match ran {
            Err(error) if is_no_table(&error) => Vec::new(),
            other => other?,
        };
        let ran: BTreeSet<i64> = ran.into_iter().collect();
        let wanted = wanted.iter().map(|migration| migration.version);
        Ok(wanted.filter(|version| !ran.contains(version)).collect())
    }
}

fn is_no_table(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.code().as_deref() == Some(UNDEFINED_TABLE)
            || error.message().starts_with("no such table")
    })
}
