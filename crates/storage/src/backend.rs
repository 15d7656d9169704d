//! The store's SQL, in the subset that both databases read: compiled once for each, with `Db` and `BEGIN` of the module around it.

use std::collections::HashMap;

use casework::{Kind, Queue, RecordId, Unit};
use jiff::Timestamp;
use ledger::{Consistency, Hash, Inclusion, Plan};
use sqlx::{AssertSqlSafe, Pool, Transaction};

use super::commit;
use super::tree::{Head, frontier, read_nodes, read_page};
use super::{BEGIN, Db, texts};
use crate::log::EventRow;
use crate::{
    Batch, Blob, Count, Cursor, Entry, Job, LogHead, Message, Note, PageQuery, Scope, StorageError,
    Waiting,
};

/// A query over the rows of a queue ($1) in a scope ($2), and the value of the scope.
macro_rules! in_scope {
    ($scope:expr, $select:literal, $rest:literal) => {
        match $scope {
            Scope::Desk(desk) => (
                concat!($select, " WHERE queue = $1 AND desk = $2 ", $rest),
                desk.to_string(),
            ),
            Scope::Commune(commune) => (
                concat!($select, " WHERE queue = $1 AND commune = $2 ", $rest),
                commune.to_string(),
            ),
            Scope::District(district) => (
                concat!($select, " WHERE queue = $1 AND district = $2 ", $rest),
                district.to_string(),
            ),
            Scope::Province(province) => (
                concat!($select, " WHERE queue = $1 AND province = $2 ", $rest),
                province.to_string(),
            ),
            Scope::Country => (
                concat!($select, " WHERE queue = $1 AND $2 = '' ", $rest),
                String::new(),
            ),
        }
    };
}

/// A query for whole rows of the event table.
macro_rules! events {
    ($rest:literal) => {
        concat!(
            "SELECT seq, kind, id, revision, ordinal, at, salt, body, position FROM event ",
            $rest
        )
    };
}

/// The kind of an entry that belongs to no record's revisions.
pub(super) const NOTE: &str = "note";

/// Indexes whose entries come in another order than records do: what it is, its name, what is in it.
const SORTED_AFTERWARDS: &[(&str, &str, &str)] = &[
    (
        "INDEX",
        "task_of_desk",
        "task (queue, desk, state, due, kind, id, open)",
    ),
    (
        "INDEX",
        "task_of_commune",
        "task (queue, commune, state, due, kind, id, open, desk)",
    ),
    (
        "INDEX",
        "task_of_district",
        "task (queue, district, state, due, kind, id, open, desk)",
    ),
    (
        "INDEX",
        "task_of_province",
        "task (queue, province, state, due, kind, id, open, desk)",
    ),
    (
        "INDEX",
        "task_of_country",
        "task (queue, state, due, kind, id, open, desk)",
    ),
    ("UNIQUE INDEX", "lookup_of_key", "lookup (kind, key, id)"),
];

/// The due time of what has none: it comes last.
pub(super) const NEVER: i64 = i64::MAX;

/// A pool of connections.
#[derive(Debug, Clone)]
pub(crate) struct Backend {
    pool: Pool<Db>,
}

pub(super) type Tx = Transaction<'static, Db>;

#[derive(sqlx::FromRow)]
struct WaitingRow {
    kind: String,
    id: String,
    desk: String,
    state: String,
    open: i64,
    due: i64,
}

#[derive(sqlx::FromRow)]
struct JobRow {
    key: String,
    name: String,
    payload: String,
    run_at: i64,
    attempts: i64,
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    key: String,
    channel: String,
    recipient: String,
    body: String,
    at: i64,
}

impl Backend {
    pub(crate) fn new(pool: Pool<Db>) -> Self {
        Self { pool }
    }

    pub(crate) fn pool(&self) -> &Pool<Db> {
        &self.pool
    }

    pub(super) async fn begin(&self) -> Result<Tx, StorageError> {
        Ok(self.pool.begin_with(BEGIN).await?)
    }

    // Records.

    pub(crate) async fn load(
        &self,
        kind: Kind,
        id: &RecordId,
    ) -> Result<Option<(u64, String)>, StorageError> {
        let row: Option<(i64, String)> =
            sqlx::query_as("SELECT revision, state FROM record WHERE kind = $1 AND id = $2")
                .bind(kind.as_str())
                .bind(&id.0)
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.map(|(revision, state)| (revision.cast_unsigned(), state)))
    }

    /// Revision and state of those of the records that are there.
    pub(crate) async fn load_many(
        &self,
        kind: Kind,
        ids: &[&str],
    ) -> Result<HashMap<String, (u64, String)>, StorageError> {
        let rows: Vec<(String, i64, String)> = sqlx::query_as(concat!(
            "SELECT id, revision, state FROM record WHERE kind = $1 AND id ",
            among!(2)
        ))
        .bind(kind.as_str())
        .bind(texts(ids)?)
        .fetch_all(&self.pool)
        .await?;
        let by_id =
            |(id, revision, state): (String, i64, String)| (id, (revision.cast_unsigned(), state));
        Ok(rows.into_iter().map(by_id).collect())
    }

    /// Those of the ids that are there.
    pub(crate) async fn known(
        &self,
        kind: Kind,
        ids: &[&str],
    ) -> Result<Vec<String>, StorageError> {
        let rows: Vec<(String,)> = sqlx::query_as(concat!(
            "SELECT id FROM record WHERE kind = $1 AND id ",
            among!(2)
        ))
        .bind(kind.as_str())
        .bind(texts(ids)?)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    pub(crate) async fn records(&self, kind: Kind) -> Result<u64, StorageError> {
        let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM record WHERE kind = $1")
            .bind(kind.as_str())
            .fetch_one(&self.pool)
            .await?;
        Ok(n.cast_unsigned())
    }

    /// Takes the indexes away that a large load would write to at random.
    pub(crate) async fn begin_load(&self) -> Result<(), StorageError> {
        for (_, name, _) in SORTED_AFTERWARDS {
            sqlx::query(AssertSqlSafe(format!("DROP INDEX IF EXISTS {name}")))
                .execute(&self.pool)
                .await?;
        }
        Ok(())
    }

    /// Makes those of them that are missing.
    pub(crate) async fn end_load(&self) -> Result<(), StorageError> {
        for (index, name, columns) in SORTED_AFTERWARDS {
            let create = format!("CREATE {index} IF NOT EXISTS {name} ON {columns}");
            sqlx::query(AssertSqlSafe(create))
                .execute(&self.pool)
                .await?;
        }
        Ok(())
    }

    pub(crate) async fn events_of(
        &self,
        kind: Kind,
        id: &RecordId,
    ) -> Result<Vec<EventRow>, StorageError> {
        let rows = sqlx::query_as(events!(
            "WHERE kind = $1 AND id = $2 ORDER BY revision, ordinal"
        ));
        Ok(rows
            .bind(kind.as_str())
            .bind(&id.0)
            .fetch_all(&self.pool)
            .await?)
    }

    /// The events of those of the records that are there, each record's in order.
    pub(crate) async fn events_of_many(
        &self,
        kind: Kind,
        ids: &[&str],
    ) -> Result<Vec<EventRow>, StorageError> {
        let rows = sqlx::query_as(concat!(
            events!("WHERE kind = $1 AND id "),
            among!(2),
            " ORDER BY id, revision, ordinal"
        ));
        Ok(rows
            .bind(kind.as_str())
            .bind(texts(ids)?)
            .fetch_all(&self.pool)
            .await?)
    }

    /// Writes a batch; its entries get their places in the ledger at once, or later by [`Self::sequence`].
    pub(crate) async fn commit(
        &self,
        batch: &Batch,
        in_ledger: bool,
    ) -> Result<Vec<u64>, StorageError> {
        let mut tx = self.begin().await?;
        match write(&mut tx, batch, in_ledger).await {
            Ok(()) => tx.commit().await?,
            Err(StorageError::Database(error)) if is_taken(&error) => {
                tx.rollback().await?;
                let taken = commit::taken(&mut self.begin().await?, batch).await?;
                return Err(taken.unwrap_or(StorageError::Database(error)));
            }
            Err(other) => return Err(other),
        }
        Ok(batch.changes.iter().map(|change| change.read + 1).collect())
    }

    pub(crate) async fn find(
        &self,
        kind: Kind,
        key: &str,
        after: Option<&RecordId>,
        limit: u32,
    ) -> Result<Vec<RecordId>, StorageError> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT id FROM lookup WHERE kind = $1 AND key = $2 AND id > $3 ORDER BY id LIMIT $4",
        )
        .bind(kind.as_str())
        .bind(key)
        .bind(after.map_or("", |after| after.0.as_str()))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(id,)| RecordId(id)).collect())
    }

    pub(crate) async fn find_many(
        &self,
        kind: Kind,
        keys: &[&str],
    ) -> Result<Vec<(String, RecordId)>, StorageError> {
        let rows: Vec<(String, String)> = sqlx::query_as(concat!(
            "SELECT key, id FROM lookup WHERE kind = $1 AND key ",
            among!(2)
        ))
        .bind(kind.as_str())
        .bind(texts(keys)?)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(key, id)| (key, RecordId(id)))
            .collect())
    }

    pub(crate) async fn notes(&self, about: &str, limit: u32) -> Result<Vec<Note>, StorageError> {
        let rows: Vec<EventRow> = sqlx::query_as(events!(
            "WHERE kind = $1 AND id = $2 ORDER BY revision DESC, ordinal DESC LIMIT $3"
        ))
        .bind(NOTE)
        .bind(about)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let note = |row: EventRow| {
            Ok(Note {
                at: moment("at", row.at)?,
                about: row.id,
                body: row.body,
            })
        };
        rows.into_iter().map(note).collect()
    }

    // Queues.

    pub(crate) async fn page(&self, query: &PageQuery) -> Result<Vec<Waiting>, StorageError> {
        let states = match &query.state {
            Some(state) => vec![state.clone()],
            None => self.open_states(query).await?,
        };
        // Each state has its index; the first rows of all of them are among the first of each.
        let mut rows = Vec::new();
        for state in states {
            rows.extend(self.page_of_state(query, &state).await?);
        }
        rows.sort_by(|one, other| {
            (one.due, &one.kind, &one.id).cmp(&(other.due, &other.kind, &other.id))
        });
        rows.truncate(query.limit as usize);
        rows.into_iter().map(waiting).collect()
    }

    async fn open_states(&self, query: &PageQuery) -> Result<Vec<String>, StorageError> {
        let counts = self.counts(query.queue, &query.scope).await?;
        Ok(counts
            .into_iter()
            .filter(|count| count.open)
            .map(|count| count.state)
            .collect())
    }

    async fn page_of_state(
        &self,
        query: &PageQuery,
        state: &str,
    ) -> Result<Vec<WaitingRow>, StorageError> {
        let (sql, scope) = in_scope!(
            &query.scope,
            "SELECT kind, id, desk, state, open, due FROM task",
            "AND state = $3 AND (due, kind, id) > ($4, $5, $6) ORDER BY due, kind, id LIMIT $7"
        );
        let (due, kind, id) = query.after.as_ref().map_or((i64::MIN, "", ""), |after| {
            (
                after.due.map_or(NEVER, Timestamp::as_microsecond),
                after.kind.as_str(),
                after.id.0.as_str(),
            )
        });
        let rows = sqlx::query_as(sql)
            .bind(query.queue.as_str())
            .bind(scope)
            .bind(state)
            .bind(due)
            .bind(kind)
            .bind(id)
            .bind(i64::from(query.limit));
        Ok(rows.fetch_all(&self.pool).await?)
    }

    pub(crate) async fn counts(
        &self,
        queue: Queue,
        scope: &Scope,
    ) -> Result<Vec<Count>, StorageError> {
        let (sql, scope) = match scope {
            // Ten thousand communes have their counters: those of a province are summed already.
            Scope::Province(_) | Scope::Country => in_scope!(
                scope,
                "SELECT state, open, CAST(SUM(n) AS BIGINT) FROM task_total",
                "GROUP BY state, open HAVING SUM(n) <> 0 ORDER BY state, open"
            ),
            Scope::Desk(_) | Scope::Commune(_) | Scope::District(_) => in_scope!(
                scope,
                "SELECT state, open, CAST(SUM(n) AS BIGINT) FROM task_count",
                "GROUP BY state, open HAVING SUM(n) <> 0 ORDER BY state, open"
            ),
        };
        self.counted(sql, queue, scope).await
    }

    pub(crate) async fn recount(
        &self,
        queue: Queue,
        scope: &Scope,
    ) -> Result<Vec<Count>, StorageError> {
        let (sql, scope) = in_scope!(
            scope,
            "SELECT state, open, COUNT(*) FROM task",
            "GROUP BY state, open ORDER BY state, open"
        );
        self.counted(sql, queue, scope).await
    }

    async fn counted(
        &self,
        sql: &'static str,
        queue: Queue,
        scope: String,
    ) -> Result<Vec<Count>, StorageError> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(sql)
            .bind(queue.as_str())
            .bind(scope)
            .fetch_all(&self.pool)
            .await?;
        let count = |(state, open, n): (String, i64, i64)| Count {
            state,
            open: open != 0,
            rows: n.cast_unsigned(),
        };
        Ok(rows.into_iter().map(count).collect())
    }

    // The clock, jobs and messages.

    pub(crate) async fn due(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Kind, RecordId, String)>, StorageError> {
        let rows: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT kind, id, what FROM reminder WHERE at <= $1 ORDER BY at, kind, id LIMIT $2",
        )
        .bind(now.as_microsecond())
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(kind, id, what)| Ok((read_kind(&kind)?, RecordId(id), what)))
            .collect()
    }

    pub(crate) async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Job>, StorageError> {
        // The outer condition is asked again when two workers wanted the same job: the second goes away empty-handed.
        let rows: Vec<JobRow> = sqlx::query_as(
            "UPDATE job SET leased_until = $2, attempts = attempts + 1 \
             WHERE done = 0 AND leased_until <= $1 AND key IN (\
                 SELECT key FROM job WHERE done = 0 AND run_at <= $1 AND leased_until <= $1 \
                 ORDER BY run_at, key LIMIT $3) \
             RETURNING key, name, payload, run_at, attempts",
        )
        .bind(now.as_microsecond())
        .bind(until.as_microsecond())
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let mut jobs = rows
            .into_iter()
            .map(|row| {
                Ok(Job {
                    run_at: moment("run_at", row.run_at)?,
                    key: row.key,
                    name: row.name,
                    payload: row.payload,
                    attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
                })
            })
            .collect::<Result<Vec<Job>, StorageError>>()?;
        jobs.sort_by(|one, other| (one.run_at, &one.key).cmp(&(other.run_at, &other.key)));
        Ok(jobs)
    }

    pub(crate) async fn finish(&self, key: &str) -> Result<(), StorageError> {
        sqlx::query("UPDATE job SET done = 1 WHERE key = $1")
            .bind(key)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(crate) async fn put_off(
        &self,
        key: &str,
        error: &str,
        run_at: Timestamp,
    ) -> Result<(), StorageError> {
        sqlx::query("UPDATE job SET run_at = $3, last_error = $2, leased_until = 0 WHERE key = $1 AND done = 0")
            .bind(key)
            .bind(error)
            .bind(run_at.as_microsecond())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(crate) async fn unsent(&self, limit: u32) -> Result<Vec<Message>, StorageError> {
        let rows: Vec<MessageRow> = sqlx::query_as(
            "SELECT key, channel, recipient, body, at FROM outbox WHERE sent_at IS NULL ORDER BY at, key LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let message = |row: MessageRow| {
            let at = moment("at", row.at)?;
            Ok(Message {
                key: row.key,
                channel: row.channel,
                recipient: row.recipient,
                body: row.body,
                at,
            })
        };
        rows.into_iter().map(message).collect()
    }

    pub(crate) async fn sent(&self, key: &str, at: Timestamp) -> Result<(), StorageError> {
        sqlx::query("UPDATE outbox SET sent_at = $2 WHERE key = $1 AND sent_at IS NULL")
            .bind(key)
            .bind(at.as_microsecond())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    // The ledger.

    pub(crate) async fn sequence(&self, limit: u32) -> Result<LogHead, StorageError> {
        let mut tx = self.begin().await?;
        let mut head = Head::lock(&mut tx).await?;
        let new: Vec<EventRow> =
            sqlx::query_as(events!("WHERE position IS NULL ORDER BY seq LIMIT $1"))
                .bind(i64::from(limit))
                .fetch_all(&mut *tx)
                .await?;
        // Running numbers without a gap get places without a gap: one statement for each such run.
        for run in new.chunk_by(|one, next| one.seq + 1 == next.seq) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else {
                continue;
            };
            let begin = head.size().cast_signed();
            for row in run {
                head.place(row.entry());
            }
            sqlx::query("UPDATE event SET position = seq + $1 WHERE seq BETWEEN $2 AND $3 AND position IS NULL")
                .bind(begin - first.seq)
                .bind(first.seq)
                .bind(last.seq)
                .execute(&mut *tx)
                .await?;
        }
        let head = head.write(&mut tx).await?;
        tx.commit().await?;
        Ok(head)
    }

    pub(crate) async fn stored_size(&self) -> Result<u64, StorageError> {
        let head: (i64,) = sqlx::query_as("SELECT size FROM ledger_head WHERE one = 1")
            .fetch_one(&self.pool)
            .await?;
        Ok(head.0.cast_unsigned())
    }

    pub(crate) async fn log_head(&self) -> Result<LogHead, StorageError> {
        let size = self.stored_size().await?;
        let frontier = frontier(&mut self.pool.begin().await?, size).await?;
        Ok(LogHead {
            size: frontier.size(),
            root: frontier.root(),
        })
    }

    pub(crate) async fn entries(&self, from: u64, limit: u32) -> Result<Vec<Entry>, StorageError> {
        let rows: Vec<EventRow> =
            sqlx::query_as(events!("WHERE position >= $1 ORDER BY position LIMIT $2"))
                .bind(from.cast_signed())
                .bind(i64::from(limit))
                .fetch_all(&self.pool)
                .await?;
        let entry = |row: EventRow| Entry {
            position: row.position.unwrap_or_default().cast_unsigned(),
            text: row.entry(),
        };
        Ok(rows.into_iter().map(entry).collect())
    }

    pub(crate) async fn page_of_nodes(&self, page: u64) -> Result<Vec<Hash>, StorageError> {
        let mut tx = self.pool.begin().await?;
        Ok(read_page(&mut tx, page).await?.unwrap_or_default())
    }

    pub(crate) async fn inclusion(&self, index: u64, size: u64) -> Result<Inclusion, StorageError> {
        self.within(size).await?;
        if index >= size {
            return Err(StorageError::BeyondLedger { asked: index, size });
        }
        let path = self.path(&Plan::inclusion(index, size), size).await?;
        Ok(Inclusion { index, size, path })
    }

    pub(crate) async fn consistency(
        &self,
        old: u64,
        new: u64,
    ) -> Result<Consistency, StorageError> {
        self.within(new).await?;
        if old > new {
            return Err(StorageError::BeyondLedger {
                asked: old,
                size: new,
            });
        }
        let path = self.path(&Plan::consistency(old, new), new).await?;
        Ok(Consistency { old, new, path })
    }

    async fn within(&self, asked: u64) -> Result<(), StorageError> {
        let size = self.stored_size().await?;
        if asked > size {
            Err(StorageError::BeyondLedger { asked, size })
        } else {
            Ok(())
        }
    }

    async fn path(&self, plan: &Plan, size: u64) -> Result<Vec<Hash>, StorageError> {
        let mut tx = self.pool.begin().await?;
        let nodes = read_nodes(&mut tx, &plan.positions()).await?;
        plan.assemble(&nodes)
            .ok_or_else(|| StorageError::LedgerNotWhole(format!("no proof at size {size}")))
    }

    pub(crate) async fn keep_checkpoint(
        &self,
        size: u64,
        note: &str,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        sqlx::query(
            "INSERT INTO checkpoint (size, at, note) VALUES ($1, $2, $3) ON CONFLICT (size) DO UPDATE SET note = excluded.note",
        )
        .bind(size.cast_signed())
        .bind(at.as_microsecond())
        .bind(note)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub(crate) async fn ids(
        &self,
        kind: Kind,
        after: Option<&RecordId>,
        limit: u32,
    ) -> Result<Vec<RecordId>, StorageError> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT id FROM record WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3",
        )
        .bind(kind.as_str())
        .bind(after.map_or("", |after| after.0.as_str()))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(id,)| RecordId(id)).collect())
    }

    pub(crate) async fn blob(&self, sha256: &str) -> Result<Option<Blob>, StorageError> {
        type Row = (String, i64, i64, Option<Vec<u8>>);
        let row: Option<Row> =
            sqlx::query_as("SELECT media_type, at, size, bytes FROM blob WHERE sha256 = $1")
                .bind(sha256)
                .fetch_optional(&self.pool)
                .await?;
        let blob = |(media_type, at, size, bytes): Row| {
            Ok(Blob {
                sha256: sha256.to_owned(),
                media_type,
                at: moment("at", at)?,
                bytes,
                size: size.cast_unsigned(),
            })
        };
        row.map(blob).transpose()
    }

    pub(crate) async fn last_checkpoint(&self) -> Result<Option<(u64, Timestamp)>, StorageError> {
        let row: Option<(i64, i64)> =
            sqlx::query_as("SELECT size, at FROM checkpoint ORDER BY size DESC LIMIT 1")
                .fetch_optional(&self.pool)
                .await?;
        row.map(|(size, at)| Ok((size.cast_unsigned(), moment("at", at)?)))
            .transpose()
    }

    pub(crate) async fn last_event(&self) -> Result<u64, StorageError> {
        let (seq,): (i64,) = sqlx::query_as("SELECT COALESCE(MAX(seq), 0) FROM event")
            .fetch_one(&self.pool)
            .await?;
        Ok(seq.cast_unsigned())
    }

    pub(crate) async fn checkpoints(&self) -> Result<Vec<String>, StorageError> {
        let rows: Vec<(String,)> = sqlx::query_as("SELECT note FROM checkpoint ORDER BY size")
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|(note,)| note).collect())
    }
}

async fn write(tx: &mut Tx, batch: &Batch, in_ledger: bool) -> Result<(), StorageError> {
    if !in_ledger {
        return commit::write(tx, batch, None).await;
    }
    let mut head = Head::lock(tx).await?;
    commit::write(tx, batch, Some(&mut head)).await?;
    head.write(tx).await?;
    Ok(())
}

/// True when something was to be written that is there already.
fn is_taken(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

fn waiting(row: WaitingRow) -> Result<Waiting, StorageError> {
    let due = if row.due == NEVER {
        None
    } else {
        Some(moment("due", row.due)?)
    };
    let desk: Unit = row.desk.parse().map_err(|_| StorageError::Altered {
        column: "desk",
        value: row.desk.clone(),
    })?;
    let cursor = Cursor {
        due,
        kind: read_kind(&row.kind)?,
        id: RecordId(row.id),
    };
    Ok(Waiting {
        cursor,
        desk,
        state: row.state,
        open: row.open != 0,
    })
}

fn read_kind(text: &str) -> Result<Kind, StorageError> {
    Kind::parse(text).ok_or_else(|| StorageError::Altered {
        column: "kind",
        value: text.to_owned(),
    })
}

fn moment(column: &'static str, microseconds: i64) -> Result<Timestamp, StorageError> {
    Timestamp::from_microsecond(microseconds).map_err(|_| StorageError::Altered {
        column,
        value: microseconds.to_string(),
    })
}
