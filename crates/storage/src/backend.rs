//! The store's SQL, in the subset that both databases read: compiled once for each, with `Db` and `BEGIN` of the module around it.

use std::collections::{BTreeMap, btree_map};

use casework::{Kind, Queue, RecordId, Reminder, Task, Unit};
use jiff::Timestamp;
use ledger::{Consistency, Frontier, Hash, Inclusion, Plan, node_count};
use sqlx::{Pool, Transaction};

use super::{BEGIN, Db};
use crate::log::{EventRow, PAGE};
use crate::{
    Batch, Change, Count, Cursor, Entry, Job, LogHead, Message, Note, PageQuery, Scope,
    StorageError, Waiting,
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
const NOTE: &str = "note";

/// The due time of what has none: it comes last.
const NEVER: i64 = i64::MAX;

/// A pool of connections.
#[derive(Debug, Clone)]
pub(crate) struct Backend {
    pool: Pool<Db>,
}

type Tx = Transaction<'static, Db>;

/// A row of the task table without its record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, sqlx::FromRow)]
struct TaskRow {
    queue: String,
    desk: String,
    province: String,
    district: String,
    commune: String,
    state: String,
    open: i64,
    due: i64,
}

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

    async fn begin(&self) -> Result<Tx, StorageError> {
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

    pub(crate) async fn commit(&self, batch: &Batch) -> Result<Vec<u64>, StorageError> {
        let mut tx = self.begin().await?;
        // Everybody takes records and counters in one order, so that two batches never wait for each other in a ring.
        let mut changes: Vec<&Change> = batch.changes.iter().collect();
        changes.sort_by(|one, other| (one.kind, &one.id).cmp(&(other.kind, &other.id)));
        let mut counts = BTreeMap::new();
        for change in changes {
            write_record(&mut tx, change).await?;
            write_events(&mut tx, change).await?;
            write_tasks(&mut tx, change, &mut counts).await?;
            write_reminders(&mut tx, change).await?;
            write_keys(&mut tx, change).await?;
        }
        for (row, n) in counts.into_iter().filter(|(_, n)| *n != 0) {
            add_to_count(&mut tx, &row, n).await?;
        }
        for job in &batch.jobs {
            write_job(&mut tx, job).await?;
        }
        for message in &batch.messages {
            write_message(&mut tx, message).await?;
        }
        write_notes(&mut tx, &batch.notes).await?;
        tx.commit().await?;
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
        let (sql, scope) = in_scope!(
            scope,
            "SELECT state, open, CAST(SUM(n) AS BIGINT) FROM task_count",
            "GROUP BY state, open HAVING SUM(n) <> 0 ORDER BY state, open"
        );
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
        // Takes the head's lock: one writer of the tree at a time.
        let (size,): (i64,) =
            sqlx::query_as("UPDATE ledger_head SET size = size WHERE one = 1 RETURNING size")
                .fetch_one(&mut *tx)
                .await?;
        let size = size.cast_unsigned();
        let new: Vec<EventRow> =
            sqlx::query_as(events!("WHERE position IS NULL ORDER BY seq LIMIT $1"))
                .bind(i64::from(limit))
                .fetch_all(&mut *tx)
                .await?;
        let mut frontier = frontier(&mut tx, size).await?;
        let mut nodes = Vec::new();
        for (position, row) in (size..).zip(&new) {
            let entry = Entry {
                position,
                text: row.entry(),
            };
            frontier.append(entry.leaf(), &mut nodes);
            sqlx::query("UPDATE event SET position = $1 WHERE seq = $2 AND position IS NULL")
                .bind(position.cast_signed())
                .bind(row.seq)
                .execute(&mut *tx)
                .await?;
        }
        write_nodes(&mut tx, node_count(size), &nodes).await?;
        sqlx::query("UPDATE ledger_head SET size = $1 WHERE one = 1")
            .bind(frontier.size().cast_signed())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(LogHead {
            size: frontier.size(),
            root: frontier.root(),
        })
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

async fn write_record(tx: &mut Tx, change: &Change) -> Result<(), StorageError> {
    let sql = if change.read == 0 {
        "INSERT INTO record (kind, id, revision, state) VALUES ($1, $2, $3 + 1, $4) ON CONFLICT (kind, id) DO NOTHING"
    } else {
        "UPDATE record SET revision = revision + 1, state = $4 WHERE kind = $1 AND id = $2 AND revision = $3"
    };
    let written = sqlx::query(sql)
        .bind(change.kind.as_str())
        .bind(&change.id.0)
        .bind(change.read.cast_signed())
        .bind(&change.state)
        .execute(&mut **tx)
        .await?;
    if written.rows_affected() == 1 {
        return Ok(());
    }
    Err(StorageError::Conflict {
        kind: change.kind,
        id: change.id.clone(),
        expected: change.read,
    })
}

async fn write_events(tx: &mut Tx, change: &Change) -> Result<(), StorageError> {
    for (ordinal, body) in (0i64..).zip(&change.events) {
        sqlx::query(
            "INSERT INTO event (kind, id, revision, ordinal, at, salt, body) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(change.kind.as_str())
        .bind(&change.id.0)
        .bind(change.read.cast_signed() + 1)
        .bind(ordinal)
        .bind(change.at.as_microsecond())
        .bind(crate::log::salt()?)
        .bind(body)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// What a counter counts: a task row without its due time.
type CountRow = TaskRow;

async fn write_tasks(
    tx: &mut Tx,
    change: &Change,
    counts: &mut BTreeMap<CountRow, i64>,
) -> Result<(), StorageError> {
    let old: Vec<TaskRow> = if change.read == 0 {
        Vec::new()
    } else {
        sqlx::query_as(
            "SELECT queue, desk, province, district, commune, state, open, due FROM task WHERE kind = $1 AND id = $2",
        )
        .bind(change.kind.as_str())
        .bind(&change.id.0)
        .fetch_all(&mut **tx)
        .await?
    };
    let old: BTreeMap<(String, String), TaskRow> = by_desk(old);
    let new = by_desk(change.tasks.iter().map(TaskRow::of).collect());
    if old == new {
        return Ok(());
    }
    for row in old
        .into_values()
        .filter(|row| new.get(&row.key()) != Some(row))
    {
        sqlx::query("DELETE FROM task WHERE kind = $1 AND id = $2 AND queue = $3 AND desk = $4")
            .bind(change.kind.as_str())
            .bind(&change.id.0)
            .bind(&row.queue)
            .bind(&row.desk)
            .execute(&mut **tx)
            .await?;
        *counts.entry(row.counted()).or_default() -= 1;
    }
    for row in new.into_values() {
        let written = sqlx::query(
            "INSERT INTO task (queue, desk, kind, id, province, district, commune, state, open, due) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (kind, id, queue, desk) DO NOTHING",
        )
        .bind(&row.queue)
        .bind(&row.desk)
        .bind(change.kind.as_str())
        .bind(&change.id.0)
        .bind(&row.province)
        .bind(&row.district)
        .bind(&row.commune)
        .bind(&row.state)
        .bind(row.open)
        .bind(row.due)
        .execute(&mut **tx)
        .await?;
        if written.rows_affected() == 1 {
            *counts.entry(row.counted()).or_default() += 1;
        }
    }
    Ok(())
}

async fn add_to_count(tx: &mut Tx, row: &CountRow, n: i64) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO task_count (queue, desk, province, district, commune, state, open, n) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (queue, desk, province, district, commune, state, open) \
         DO UPDATE SET n = task_count.n + excluded.n",
    )
    .bind(&row.queue)
    .bind(&row.desk)
    .bind(&row.province)
    .bind(&row.district)
    .bind(&row.commune)
    .bind(&row.state)
    .bind(row.open)
    .bind(n)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn write_reminders(tx: &mut Tx, change: &Change) -> Result<(), StorageError> {
    if change.read != 0 {
        sqlx::query("DELETE FROM reminder WHERE kind = $1 AND id = $2")
            .bind(change.kind.as_str())
            .bind(&change.id.0)
            .execute(&mut **tx)
            .await?;
    }
    for Reminder { at, what } in &change.reminders {
        sqlx::query("INSERT INTO reminder (kind, id, what, at) VALUES ($1, $2, $3, $4)")
            .bind(change.kind.as_str())
            .bind(&change.id.0)
            .bind(what)
            .bind(at.as_microsecond())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

async fn write_keys(tx: &mut Tx, change: &Change) -> Result<(), StorageError> {
    if change.read != 0 {
        sqlx::query("DELETE FROM lookup WHERE kind = $1 AND id = $2")
            .bind(change.kind.as_str())
            .bind(&change.id.0)
            .execute(&mut **tx)
            .await?;
    }
    for key in &change.keys {
        sqlx::query("INSERT INTO lookup (kind, id, key) VALUES ($1, $2, $3)")
            .bind(change.kind.as_str())
            .bind(&change.id.0)
            .bind(key)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

async fn write_notes(tx: &mut Tx, notes: &[Note]) -> Result<(), StorageError> {
    for (ordinal, note) in (crate::log::random_ordinal()?..).zip(notes) {
        let at = note.at.as_microsecond();
        sqlx::query(
            "INSERT INTO event (kind, id, revision, ordinal, at, salt, body) VALUES ($1, $2, $3, $4, $3, $5, $6)",
        )
        .bind(NOTE)
        .bind(&note.about)
        .bind(at)
        .bind(ordinal)
        .bind(crate::log::salt()?)
        .bind(&note.body)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

async fn write_job(tx: &mut Tx, job: &Job) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO job (key, name, payload, run_at) VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO NOTHING",
    )
    .bind(&job.key)
    .bind(&job.name)
    .bind(&job.payload)
    .bind(job.run_at.as_microsecond())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn write_message(tx: &mut Tx, message: &Message) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO outbox (key, channel, recipient, body, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO NOTHING",
    )
    .bind(&message.key)
    .bind(&message.channel)
    .bind(&message.recipient)
    .bind(&message.body)
    .bind(message.at.as_microsecond())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn frontier(tx: &mut Tx, size: u64) -> Result<Frontier, StorageError> {
    let peaks = read_nodes(tx, &Frontier::positions(size)).await?;
    Frontier::restore(size, peaks)
        .ok_or_else(|| StorageError::LedgerNotWhole(format!("no root at size {size}")))
}

async fn read_nodes(tx: &mut Tx, positions: &[u64]) -> Result<Vec<Hash>, StorageError> {
    let mut pages: BTreeMap<u64, Vec<Hash>> = BTreeMap::new();
    let mut nodes = Vec::with_capacity(positions.len());
    for position in positions {
        let (page, place) = (position / PAGE, (position % PAGE) as usize);
        let hashes = match pages.entry(page) {
            btree_map::Entry::Occupied(read) => read.into_mut(),
            btree_map::Entry::Vacant(unread) => {
                unread.insert(read_page(tx, page).await?.unwrap_or_default())
            }
        };
        let missing = || StorageError::LedgerNotWhole(format!("node {position} is missing"));
        nodes.push(*hashes.get(place).ok_or_else(missing)?);
    }
    Ok(nodes)
}

async fn read_page(tx: &mut Tx, page: u64) -> Result<Option<Vec<Hash>>, StorageError> {
    let row: Option<(Vec<u8>,)> = sqlx::query_as("SELECT hashes FROM ledger_page WHERE page = $1")
        .bind(page.cast_signed())
        .fetch_optional(&mut **tx)
        .await?;
    let Some((bytes,)) = row else { return Ok(None) };
    let (hashes, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() {
        return Err(StorageError::LedgerNotWhole(format!(
            "page {page} has {} bytes",
            bytes.len()
        )));
    }
    Ok(Some(hashes.iter().copied().map(Hash).collect()))
}

/// Appends nodes from a place on, page by page.
async fn write_nodes(tx: &mut Tx, from: u64, nodes: &[Hash]) -> Result<(), StorageError> {
    let mut rest = nodes;
    let mut at = from;
    while !rest.is_empty() {
        let (page, place) = (at / PAGE, (at % PAGE) as usize);
        let (of_page, after) = rest.split_at(rest.len().min(PAGE as usize - place));
        let mut hashes = read_page(tx, page).await?.unwrap_or_default();
        // What stands beyond the head was never part of the ledger.
        hashes.truncate(place);
        if hashes.len() != place {
            return Err(StorageError::LedgerNotWhole(format!(
                "page {page} ends before node {at}"
            )));
        }
        hashes.extend(of_page);
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
        sqlx::query(
            "INSERT INTO ledger_page (page, hashes) VALUES ($1, $2) ON CONFLICT (page) DO UPDATE SET hashes = excluded.hashes",
        )
        .bind(page.cast_signed())
        .bind(bytes)
        .execute(&mut **tx)
        .await?;
        at += of_page.len() as u64;
        rest = after;
    }
    Ok(())
}

impl TaskRow {
    fn of(task: &Task) -> Self {
        let code = |code: Option<String>| code.unwrap_or_default();
        Self {
            queue: task.queue.as_str().to_owned(),
            desk: task.desk.to_string(),
            province: code(task.place.province.map(|code| code.to_string())),
            district: code(task.place.district.map(|code| code.to_string())),
            commune: code(task.place.commune.map(|code| code.to_string())),
            state: task.state.clone(),
            open: i64::from(task.open),
            due: task.due.map_or(NEVER, Timestamp::as_microsecond),
        }
    }

    fn key(&self) -> (String, String) {
        (self.queue.clone(), self.desk.clone())
    }

    fn counted(&self) -> CountRow {
        Self {
            due: 0,
            ..self.clone()
        }
    }
}

/// A record waits once on a queue of a desk.
fn by_desk(rows: Vec<TaskRow>) -> BTreeMap<(String, String), TaskRow> {
    rows.into_iter().map(|row| (row.key(), row)).collect()
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
