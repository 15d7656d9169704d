//! One batch into all tables, each table at once: compiled once for each database.
//!
//! Whatever the number of changes, there is one statement (or one `COPY`) for each table, with rows in order of their keys. Everybody
//! takes what they lock in one order: the head of the ledger, records that change, records that are new, counters. So two batches never
//! wait for each other in a ring.

use std::collections::{BTreeMap, BTreeSet};

use casework::{Kind, RecordId, Reminder, Task};
use jiff::Timestamp;

use super::backend::{NEVER, NOTE, Tx};
use super::tree::Head;
use super::{insert, texts};
use crate::log::{EntryColumns, SALT, random_ordinal, salts};
use crate::rows::Rows;
use crate::{Batch, Blob, Change, Job, Message, Note, StorageError};

/// Writes a batch; `head` when its entries get their places at once.
pub(super) async fn write(
    tx: &mut Tx,
    batch: &Batch,
    mut head: Option<&mut Head>,
) -> Result<(), StorageError> {
    let mut counts = Counts::new();
    for turn in turns(&batch.changes) {
        let changed: Vec<&Change> = turn
            .iter()
            .copied()
            .filter(|change| change.read > 0)
            .collect();
        lock(tx, &changed).await?;
        write_records(tx, &turn, &changed).await?;
        let entries: Vec<NewEntry<'_>> = turn.iter().flat_map(|change| events(change)).collect();
        write_entries(tx, &entries, head.as_deref_mut()).await?;
        write_tasks(tx, &turn, &changed, &mut counts).await?;
        write_reminders(tx, &turn, &changed).await?;
        write_keys(tx, &turn, &changed).await?;
    }
    write_counts(tx, &counts).await?;
    write_jobs(tx, &batch.jobs).await?;
    write_messages(tx, &batch.messages).await?;
    write_blobs(tx, &batch.blobs).await?;
    super::access::write(tx, &batch.access).await?;
    write_entries(tx, &notes(&batch.notes)?, head).await
}

/// Writes what follows from states that stay as they are; the caller holds them.
pub(super) async fn derive(tx: &mut Tx, standing: &[Change]) -> Result<(), StorageError> {
    let standing: Vec<&Change> = standing.iter().collect();
    let mut counts = Counts::new();
    write_tasks(tx, &standing, &standing, &mut counts).await?;
    write_reminders(tx, &standing, &standing).await?;
    write_keys(tx, &standing, &standing).await?;
    write_counts(tx, &counts).await
}

/// The changes in order of their records; a second change of a record comes in a turn after the first.
fn turns(changes: &[Change]) -> Vec<Vec<&Change>> {
    let mut sorted: Vec<&Change> = changes.iter().collect();
    sorted.sort_by(|one, other| (one.kind, &one.id).cmp(&(other.kind, &other.id)));
    let mut turns: Vec<Vec<&Change>> = Vec::new();
    for of_record in sorted.chunk_by(|one, other| (one.kind, &one.id) == (other.kind, &other.id)) {
        for (turn, change) in of_record.iter().enumerate() {
            if turn == turns.len() {
                turns.push(Vec::new());
            }
            if let Some(turn) = turns.get_mut(turn) {
                turn.push(change);
            }
        }
    }
    turns
}

/// The ids of changes, kind by kind.
fn by_kind<'c>(changes: &[&'c Change]) -> Vec<(Kind, Vec<&'c str>)> {
    let mut kinds: BTreeMap<Kind, Vec<&str>> = BTreeMap::new();
    for change in changes {
        kinds.entry(change.kind).or_default().push(&change.id.0);
    }
    kinds.into_iter().collect()
}

/// Locks the records that change, and asks whether each is still at the revision that was read.
async fn lock(tx: &mut Tx, changed: &[&Change]) -> Result<(), StorageError> {
    let mut found = BTreeMap::new();
    for (kind, ids) in by_kind(changed) {
        let rows: Vec<(String, i64)> = sqlx::query_as(with_lock!(concat!(
            "SELECT id, revision FROM record WHERE kind = $1 AND id ",
            among!(2),
            " ORDER BY id"
        )))
        .bind(kind.as_str())
        .bind(texts(&ids)?)
        .fetch_all(&mut **tx)
        .await?;
        found.extend(
            rows.into_iter()
                .map(|(id, revision)| ((kind, id), revision.cast_unsigned())),
        );
    }
    let moved =
        |change: &&&Change| found.get(&(change.kind, change.id.0.clone())) != Some(&change.read);
    changed
        .iter()
        .find(moved)
        .map_or(Ok(()), |change| Err(conflict(change)))
}

fn conflict(change: &Change) -> StorageError {
    StorageError::Conflict {
        kind: change.kind,
        id: change.id.clone(),
        expected: change.read,
    }
}

async fn write_records(
    tx: &mut Tx,
    turn: &[&Change],
    changed: &[&Change],
) -> Result<(), StorageError> {
    let over =
        "ON CONFLICT (kind, id) DO UPDATE SET revision = excluded.revision, state = excluded.state";
    insert(tx, &records(changed).on_conflict(over)).await?;
    let new: Vec<&Change> = turn
        .iter()
        .copied()
        .filter(|change| change.read == 0)
        .collect();
    insert(tx, &records(&new)).await
}

fn records<'c>(changes: &[&'c Change]) -> Rows<'c> {
    Rows::into("record")
        .text("kind", changes.iter().map(|change| change.kind.as_str()))
        .text("id", changes.iter().map(|change| change.id.0.as_str()))
        .integer(
            "revision",
            changes.iter().map(|change| change.read.cast_signed() + 1),
        )
        .text("state", changes.iter().map(|change| change.state.as_str()))
}

/// The first of the new records of a batch that is there already.
pub(super) async fn taken(
    tx: &mut Tx,
    batch: &Batch,
) -> Result<Option<StorageError>, StorageError> {
    let changes = &batch.changes;
    let new: Vec<&Change> = changes.iter().filter(|change| change.read == 0).collect();
    for (kind, ids) in by_kind(&new) {
        let there: Option<(String,)> = sqlx::query_as(concat!(
            "SELECT id FROM record WHERE kind = $1 AND id ",
            among!(2),
            " ORDER BY id LIMIT 1"
        ))
        .bind(kind.as_str())
        .bind(texts(&ids)?)
        .fetch_optional(&mut **tx)
        .await?;
        if let Some((id,)) = there {
            let (id, expected) = (RecordId(id), 0);
            return Ok(Some(StorageError::Conflict { kind, id, expected }));
        }
    }
    Ok(None)
}

/// A row of the event table before it has a salt and a place.
struct NewEntry<'b> {
    kind: &'static str,
    id: &'b str,
    revision: i64,
    ordinal: i64,
    at: i64,
    body: &'b str,
}

fn events(change: &Change) -> impl Iterator<Item = NewEntry<'_>> {
    (0..).zip(&change.events).map(|(ordinal, body)| NewEntry {
        kind: change.kind.as_str(),
        id: &change.id.0,
        revision: change.read.cast_signed() + 1,
        ordinal,
        at: change.at.as_microsecond(),
        body,
    })
}

fn notes(notes: &[Note]) -> Result<Vec<NewEntry<'_>>, StorageError> {
    let mut entries = Vec::with_capacity(notes.len());
    for (ordinal, note) in (random_ordinal()?..).zip(notes) {
        entries.push(NewEntry {
            kind: NOTE,
            id: &note.about,
            revision: note.at.as_microsecond(),
            ordinal,
            at: note.at.as_microsecond(),
            body: &note.body,
        });
    }
    Ok(entries)
}

async fn write_entries(
    tx: &mut Tx,
    entries: &[NewEntry<'_>],
    head: Option<&mut Head>,
) -> Result<(), StorageError> {
    let bytes = salts(entries.len())?;
    let (salts, _) = bytes.as_chunks::<SALT>();
    let mut positions = vec![None; entries.len()];
    if let Some(head) = head {
        for ((entry, salt), position) in entries.iter().zip(salts).zip(&mut positions) {
            *position = Some(head.place(entry.text(salt)).cast_signed());
        }
    }
    let rows = Rows::into("event")
        .text("kind", entries.iter().map(|entry| entry.kind))
        .text("id", entries.iter().map(|entry| entry.id))
        .integer("revision", entries.iter().map(|entry| entry.revision))
        .integer("ordinal", entries.iter().map(|entry| entry.ordinal))
        .integer("at", entries.iter().map(|entry| entry.at))
        .bytes("salt", salts.iter().map(<[u8; SALT]>::as_slice))
        .text("body", entries.iter().map(|entry| entry.body))
        .maybe_integer("position", positions.into_iter());
    insert(tx, &rows).await
}

impl NewEntry<'_> {
    fn text(&self, salt: &[u8]) -> String {
        EntryColumns {
            kind: self.kind,
            id: self.id,
            revision: self.revision,
            ordinal: self.ordinal,
            at: self.at,
            salt,
            body: self.body,
        }
        .text()
    }
}

/// A row of the task table without its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, sqlx::FromRow)]
struct TaskRow {
    id: String,
    queue: String,
    desk: String,
    province: String,
    district: String,
    commune: String,
    state: String,
    open: i64,
    due: i64,
}

/// What a counter counts: queue, desk, province, district, commune, state, open.
type Counted = ([String; 6], i64);
type Counts = BTreeMap<Counted, i64>;

/// Rows of the task table with their kind, in order of their records.
type TaskRows = Vec<(Kind, TaskRow)>;

async fn write_tasks(
    tx: &mut Tx,
    turn: &[&Change],
    changed: &[&Change],
    counts: &mut Counts,
) -> Result<(), StorageError> {
    let mut old: BTreeMap<(Kind, String), BTreeSet<TaskRow>> = BTreeMap::new();
    for (kind, ids) in by_kind(changed) {
        let rows: Vec<TaskRow> = sqlx::query_as(concat!(
            "SELECT id, queue, desk, province, district, commune, state, open, due FROM task WHERE kind = $1 AND id ",
            among!(2)
        ))
        .bind(kind.as_str())
        .bind(texts(&ids)?)
        .fetch_all(&mut **tx)
        .await?;
        for row in rows {
            old.entry((kind, row.id.clone())).or_default().insert(row);
        }
    }
    let mut stale = Vec::new();
    let mut rows = TaskRows::new();
    for &change in turn {
        let before = old
            .remove(&(change.kind, change.id.0.clone()))
            .unwrap_or_default();
        let after = TaskRow::all_of(change);
        if before == after {
            continue;
        }
        if !before.is_empty() {
            stale.push(change);
        }
        for row in &before {
            *counts.entry(row.counted()).or_default() -= 1;
        }
        for row in after {
            *counts.entry(row.counted()).or_default() += 1;
            rows.push((change.kind, row));
        }
    }
    for (kind, ids) in by_kind(&stale) {
        sqlx::query(concat!(
            "DELETE FROM task WHERE kind = $1 AND id ",
            among!(2)
        ))
        .bind(kind.as_str())
        .bind(texts(&ids)?)
        .execute(&mut **tx)
        .await?;
    }
    insert(tx, &task_rows(&rows)).await
}

fn task_rows(rows: &TaskRows) -> Rows<'_> {
    Rows::into("task")
        .text("queue", rows.iter().map(|(_, row)| row.queue.as_str()))
        .text("desk", rows.iter().map(|(_, row)| row.desk.as_str()))
        .text("kind", rows.iter().map(|(kind, _)| kind.as_str()))
        .text("id", rows.iter().map(|(_, row)| row.id.as_str()))
        .text(
            "province",
            rows.iter().map(|(_, row)| row.province.as_str()),
        )
        .text(
            "district",
            rows.iter().map(|(_, row)| row.district.as_str()),
        )
        .text("commune", rows.iter().map(|(_, row)| row.commune.as_str()))
        .text("state", rows.iter().map(|(_, row)| row.state.as_str()))
        .integer("open", rows.iter().map(|(_, row)| row.open))
        .integer("due", rows.iter().map(|(_, row)| row.due))
}

impl TaskRow {
    /// The rows of a record: it waits once on a queue of a desk.
    fn all_of(change: &Change) -> BTreeSet<Self> {
        let rows = change.tasks.iter().map(|task| Self::of(&change.id, task));
        let by_desk: BTreeMap<(String, String), Self> = rows
            .map(|row| ((row.queue.clone(), row.desk.clone()), row))
            .collect();
        by_desk.into_values().collect()
    }

    fn of(id: &RecordId, task: &Task) -> Self {
        let code = |code: Option<String>| code.unwrap_or_default();
        Self {
            id: id.0.clone(),
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

    fn counted(&self) -> Counted {
        let texts = [
            &self.queue,
            &self.desk,
            &self.province,
            &self.district,
            &self.commune,
            &self.state,
        ];
        (texts.map(Clone::clone), self.open)
    }
}

async fn write_counts(tx: &mut Tx, counts: &Counts) -> Result<(), StorageError> {
    let counts: Vec<(&Counted, i64)> = counts
        .iter()
        .map(|(counted, n)| (counted, *n))
        .filter(|(_, n)| *n != 0)
        .collect();
    let names = ["queue", "desk", "province", "district", "commune", "state"];
    let mut rows = Rows::into("task_count");
    for (column, name) in names.into_iter().enumerate() {
        let values = counts
            .iter()
            .filter_map(|((texts, _), _)| texts.get(column));
        rows = rows.text(name, values.map(String::as_str));
    }
    let rows = rows
        .integer("open", counts.iter().map(|((_, open), _)| *open))
        .integer("n", counts.iter().map(|(_, n)| *n))
        .on_conflict(
            "ON CONFLICT (queue, desk, province, district, commune, state, open) DO UPDATE SET n = task_count.n + excluded.n",
        );
    insert(tx, &rows).await
}

async fn write_reminders(
    tx: &mut Tx,
    turn: &[&Change],
    changed: &[&Change],
) -> Result<(), StorageError> {
    for (kind, ids) in by_kind(changed) {
        sqlx::query(concat!(
            "DELETE FROM reminder WHERE kind = $1 AND id ",
            among!(2)
        ))
        .bind(kind.as_str())
        .bind(texts(&ids)?)
        .execute(&mut **tx)
        .await?;
    }
    let mut new: Vec<(&Change, &Reminder)> = Vec::new();
    for change in turn {
        new.extend(change.reminders.iter().map(|reminder| (*change, reminder)));
    }
    let rows = Rows::into("reminder")
        .text("kind", new.iter().map(|(change, _)| change.kind.as_str()))
        .text("id", new.iter().map(|(change, _)| change.id.0.as_str()))
        .text(
            "what",
            new.iter().map(|(_, reminder)| reminder.what.as_str()),
        )
        .integer(
            "at",
            new.iter().map(|(_, reminder)| reminder.at.as_microsecond()),
        );
    insert(tx, &rows).await
}

async fn write_keys(
    tx: &mut Tx,
    turn: &[&Change],
    changed: &[&Change],
) -> Result<(), StorageError> {
    let mut old: BTreeMap<(Kind, String), BTreeSet<String>> = BTreeMap::new();
    for (kind, ids) in by_kind(changed) {
        let rows: Vec<(String, String)> = sqlx::query_as(concat!(
            "SELECT id, key FROM lookup WHERE kind = $1 AND id ",
            among!(2)
        ))
        .bind(kind.as_str())
        .bind(texts(&ids)?)
        .fetch_all(&mut **tx)
        .await?;
        for (id, key) in rows {
            old.entry((kind, id)).or_default().insert(key);
        }
    }
    let mut stale = Vec::new();
    let mut new: Vec<(&Change, &str)> = Vec::new();
    for &change in turn {
        let before = old
            .remove(&(change.kind, change.id.0.clone()))
            .unwrap_or_default();
        if before.iter().eq(&change.keys) {
            continue;
        }
        if !before.is_empty() {
            stale.push(change);
        }
        new.extend(change.keys.iter().map(|key| (change, key.as_str())));
    }
    for (kind, ids) in by_kind(&stale) {
        sqlx::query(concat!(
            "DELETE FROM lookup WHERE kind = $1 AND id ",
            among!(2)
        ))
        .bind(kind.as_str())
        .bind(texts(&ids)?)
        .execute(&mut **tx)
        .await?;
    }
    let rows = Rows::into("lookup")
        .text("kind", new.iter().map(|(change, _)| change.kind.as_str()))
        .text("id", new.iter().map(|(change, _)| change.id.0.as_str()))
        .text("key", new.iter().map(|(_, key)| *key));
    insert(tx, &rows).await
}

async fn write_jobs(tx: &mut Tx, jobs: &[Job]) -> Result<(), StorageError> {
    let rows = Rows::into("job")
        .text("key", jobs.iter().map(|job| job.key.as_str()))
        .text("name", jobs.iter().map(|job| job.name.as_str()))
        .text("payload", jobs.iter().map(|job| job.payload.as_str()))
        .integer("run_at", jobs.iter().map(|job| job.run_at.as_microsecond()))
        .on_conflict("ON CONFLICT (key) DO NOTHING");
    insert(tx, &rows).await
}

async fn write_messages(tx: &mut Tx, messages: &[Message]) -> Result<(), StorageError> {
    let rows = Rows::into("outbox")
        .text("key", messages.iter().map(|message| message.key.as_str()))
        .text(
            "channel",
            messages.iter().map(|message| message.channel.as_str()),
        )
        .text(
            "recipient",
            messages.iter().map(|message| message.recipient.as_str()),
        )
        .text("body", messages.iter().map(|message| message.body.as_str()))
        .integer(
            "at",
            messages.iter().map(|message| message.at.as_microsecond()),
        )
        .on_conflict("ON CONFLICT (key) DO NOTHING");
    insert(tx, &rows).await
}

async fn write_blobs(tx: &mut Tx, blobs: &[Blob]) -> Result<(), StorageError> {
    for blob in blobs {
        // What was kept elsewhere once and is handed in again here is kept here from then on.
        sqlx::query(
            "INSERT INTO blob (sha256, media_type, at, size, bytes) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (sha256) DO UPDATE SET bytes = COALESCE(blob.bytes, excluded.bytes)",
        )
        .bind(&blob.sha256)
        .bind(&blob.media_type)
        .bind(blob.at.as_microsecond())
        .bind(blob.size.cast_signed())
        .bind(blob.bytes.as_deref())
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
