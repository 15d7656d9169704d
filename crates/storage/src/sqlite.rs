//! A file of one's own: no server, one writer at a time.

use sqlx::{AssertSqlSafe, Sqlite as Db, SqliteConnection};

use crate::StorageError;
use crate::rows::{Column, Rows};

/// Takes the write lock at once: a transaction that reads first and writes later could not get it.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// The condition that a column is one of the texts of a parameter, which [`texts`] makes.
macro_rules! among {
    ($parameter:literal) => {
        concat!("IN (SELECT value FROM json_each($", $parameter, "))")
    };
}

/// Whoever has the write lock has the rows too.
macro_rules! with_lock {
    ($select:expr) => {
        $select
    };
}

#[path = "access_backend.rs"]
mod access;
#[path = "backend.rs"]
mod backend;
#[path = "commit.rs"]
mod commit;
#[path = "derive.rs"]
mod derive;
#[path = "tree.rs"]
mod tree;

#[path = "idempotency_sql.rs"]
mod idempotency_sql;

pub(crate) use backend::Backend;

/// Texts as one parameter.
fn texts(values: &[&str]) -> Result<String, StorageError> {
    Ok(serde_json::to_string(values)?)
}

/// Rows of one statement: beyond this a longer one gains nothing.
const MOST_ROWS: usize = 64;

/// Writes rows, in statements of a few sizes only, so that each is prepared once.
async fn insert(connection: &mut SqliteConnection, rows: &Rows<'_>) -> Result<(), StorageError> {
    let mut at = 0;
    while at < rows.len() {
        let rest = rows.len() - at;
        let size = MOST_ROWS.min(1 << rest.ilog2());
        let mut query = sqlx::query(AssertSqlSafe(statement(rows, size)));
        for row in at..at + size {
            for (_, column) in &rows.columns {
                query = match column {
                    Column::Text(values) => query.bind(values.get(row).copied()),
                    Column::Integer(values) => query.bind(values.get(row).copied().flatten()),
                    Column::Bytes(values) => query.bind(values.get(row).copied()),
                };
            }
        }
        query.execute(&mut *connection).await?;
        at += size;
    }
    Ok(())
}

fn statement(rows: &Rows<'_>, size: usize) -> String {
    let row = format!("({})", vec!["?"; rows.columns.len()].join(", "));
    let values = vec![row; size].join(", ");
    format!(
        "INSERT INTO {} VALUES {values} {}",
        rows.target(),
        rows.conflict
    )
}
