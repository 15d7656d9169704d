//! A file of one's own: no server, one writer at a time.

use sqlx::Sqlite as Db;

/// Takes the write lock at once: a transaction that reads first and writes later could not get it.
const BEGIN: &str = "BEGIN IMMEDIATE";

#[path = "backend.rs"]
mod backend;

#[path = "idempotency_sql.rs"]
mod idempotency_sql;

pub(crate) use backend::Backend;
