//! The store of many.

use sqlx::{AssertSqlSafe, PgConnection, Postgres as Db};

use crate::StorageError;
use crate::rows::{Column, Rows};

const BEGIN: &str = "BEGIN";

/// The condition that a column is one of the texts of a parameter, which [`texts`] makes.
macro_rules! among {
    ($parameter:literal) => {
        concat!("= ANY($", $parameter, ")")
    };
}

/// A query that also locks the rows that it finds, in their order.
macro_rules! with_lock {
    ($select:expr) => {
        concat!($select, " FOR UPDATE")
    };
}

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
#[path = "commit.rs"]
#[expect(
    clippy::duplicate_mod,
    reason = "one source, compiled for each database"
)]
mod commit;
#[path = "derive.rs"]
#[expect(
    clippy::duplicate_mod,
    reason = "one source, compiled for each database"
)]
mod derive;
#[path = "tree.rs"]
#[expect(
    clippy::duplicate_mod,
    reason = "one source, compiled for each database"
)]
mod tree;

#[path = "idempotency_sql.rs"]
#[expect(
    clippy::duplicate_mod,
    reason = "one source, compiled for each database"
)]
mod idempotency_sql;

pub(crate) use backend::Backend;

/// Texts as one parameter.
#[expect(clippy::unnecessary_wraps, reason = "as in the other database")]
fn texts(values: &[&str]) -> Result<Vec<String>, StorageError> {
    Ok(values.iter().map(|&value| value.to_owned()).collect())
}

/// From so many rows on, `COPY` costs less than its round trips.
const COPIED_FROM: usize = 200;

/// Bytes that are sent at once.
const SENT_AT_ONCE: usize = 1 << 18;

/// Writes rows: a few as arrays of a statement that is prepared once, many by `COPY`.
async fn insert(connection: &mut PgConnection, rows: &Rows<'_>) -> Result<(), StorageError> {
    if rows.len() == 0 {
        return Ok(());
    }
    if rows.len() >= COPIED_FROM && rows.conflict.is_empty() {
        return copy(connection, rows).await;
    }
    let arrays: Vec<String> = (1..)
        .zip(&rows.columns)
        .map(|(n, (_, column))| match column {
            Column::Text(_) => format!("${n}::text[]"),
            Column::Integer(_) => format!("${n}::bigint[]"),
            Column::Bytes(_) => format!("${n}::bytea[]"),
        })
        .collect();
    let statement = format!(
        "INSERT INTO {} SELECT * FROM UNNEST({}) {}",
        rows.target(),
        arrays.join(", "),
        rows.conflict
    );
    let mut query = sqlx::query(AssertSqlSafe(statement));
    for (_, column) in &rows.columns {
        query = match column {
            Column::Text(values) => query.bind(values),
            Column::Integer(values) => query.bind(values),
            Column::Bytes(values) => query.bind(values),
        };
    }
    query.execute(connection).await?;
    Ok(())
}

/// Sends rows in the binary format of `COPY`: a header, and for each row the number of its fields and each field with its length.
async fn copy(connection: &mut PgConnection, rows: &Rows<'_>) -> Result<(), StorageError> {
    let statement = format!("COPY {} FROM STDIN (FORMAT BINARY)", rows.target());
    let mut copy = connection.copy_in_raw(&statement).await?;
    let mut bytes = Vec::with_capacity(SENT_AT_ONCE + (1 << 14));
    bytes.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    let fields = i16::try_from(rows.columns.len()).unwrap_or(i16::MAX);
    for row in 0..rows.len() {
        bytes.extend_from_slice(&fields.to_be_bytes());
        for (_, column) in &rows.columns {
            match column {
                Column::Text(values) => {
                    let text = values.get(row).map(|text| text.as_bytes());
                    field(&mut bytes, text);
                }
                Column::Bytes(values) => field(&mut bytes, values.get(row).copied()),
                Column::Integer(values) => {
                    let value = values.get(row).copied().flatten().map(i64::to_be_bytes);
                    field(&mut bytes, value.as_ref().map(<[u8; 8]>::as_slice));
                }
            }
        }
        if bytes.len() >= SENT_AT_ONCE {
            copy.send(bytes.as_slice()).await?;
            bytes.clear();
        }
    }
    bytes.extend_from_slice(&(-1i16).to_be_bytes());
    copy.send(bytes.as_slice()).await?;
    copy.finish().await?;
    Ok(())
}

/// A field: its length and its bytes, or −1 for none. No value is longer than `i32` counts: a text of two gigabytes does not fit into
/// the memory that a column may take.
fn field(bytes: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        Some(value) => {
            let length = i32::try_from(value.len()).unwrap_or(i32::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(value);
        }
        None => bytes.extend_from_slice(&(-1i32).to_be_bytes()),
    }
}
