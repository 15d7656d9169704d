//! The store of many.

use sqlx::Postgres as Db;

const BEGIN: &str = "BEGIN";

#[path = "access_backend.rs"]
#[expect(
    clippy::duplicate_mod,
    reason = "one source, compiled for each database"
)]
mod access;
#[path = "backend.rs"]
#[expect(
    clippy::duplicate_mod,
    reason = "one source, compiled for each database"
)]
mod backend;

pub(crate) use backend::Backend;
