//! The store of many.

use sqlx::Postgres as Db;

const BEGIN: &str = "BEGIN";

#[path = "backend.rs"]
#[expect(
    clippy::duplicate_mod,
    reason = "one source, compiled for each database"
)]
mod backend;

#[path = "idempotency_sql.rs"]
#[expect(
    clippy::duplicate_mod,
    reason = "one source, compiled for each database"
)]
mod idempotency_sql;

pub(crate) use backend::Backend;
