//! An import undone: every record that nobody touched since is again what it was before, and the others are listed.
//!
//! Nothing is deleted. What is undone gets one event more, with the state before the import, folded from the record's own events; a record
//! that the import opened is taken back: on no queue, in no count, found by nothing, until it is registered again. Each part is one
//! transaction, so an undo that was killed is run again and goes on; what it undid is not undone twice.
//!
//! A record was touched when a later act on it still stands (one that was itself undone does not), or when work about it was done since
//! that its own revision does not show: on a row of a cleaning list, on an inquiry, on its cluster of duplicates. Facilities that an import
//! opened stay. Doses, accounts and mandates refer to them by their code without changing them, so whether somebody uses one can't be told
//! from its record, and one without doses is on no queue; whoever wants it gone closes it.
//!
//! A cleaning list that was applied is no such bulk act: each of its rows is an identity that the police signed for, and an identity
//! changes by a signature or by the register's answer, never because an operator takes a signature back. A wrong row is mended by the next
//! version of the list.

use std::collections::HashMap;
use std::sync::Arc;

use casework::cleaning::item::Item;
use casework::inquiry::Inquiry;
use casework::policy::Policy;
use casework::subject::{Action, Command, Event, Subject, UNDO_BY_PLATFORM};
use casework::{Act, Actor, Kind, Procedure, RecordId, Refusal, carry_out, lookup, replay};
use jiff::Timestamp;
use serde::Serialize;
use storage::{Batch, Change, HistoryEntry, StorageError, Store, Stored};

use super::written::{self, Trace};

/// Records that are undone at once.
const AT_ONCE: usize = 2_000;

/// What an undo did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// Records that are again what they were before the import changed them.
    pub restored: u64,
    /// Records that the import had opened, and that are no more.
    pub taken_back: u64,
    /// Records that an earlier undo of this import had undone.
    pub already: u64,
    /// Facilities that the import had opened, which stay.
    pub facilities: u64,
    /// Records that stay as they are, because somebody touched them since.
    pub touched: Vec<Touched>,
}

/// A record that an undo leaves as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Touched {
    /// The person's record.
    pub id: RecordId,
    /// The revision that the import wrote.
    pub written: u64,
    /// The revision now.
    pub now: u64,
    /// Who touched it last.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Stable code of the reason.
    pub code: &'static str,
    /// The reason.
    pub reason: &'static str,
}

/// Why an import is not undone. What was undone before stays undone.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// No import has this id.
    #[error(
        "there is no import `{0}`: nothing was undone; give the id that the import printed (`import/…`)"
    )]
    Unknown(String),
    /// Not by whoever asks.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A record's events do not lead to what it was.
    #[error("the events of {} {id} are not whole: run `minhchung ledger verify`", kind.as_str())]
    NotWhole {
        /// Kind of the record.
        kind: Kind,
        /// Its id.
        id: RecordId,
    },
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Undoes an import, as an act of the platform itself. Run twice, it undoes nothing twice.
///
/// # Errors
/// No such import; an act that is not the platform's; the store failed.
pub async fn undo(
    store: &Store,
    policy: Arc<Policy>,
    import: &str,
    act: &Act,
) -> Result<Undone, UndoError> {
    UNDO_BY_PLATFORM.unless(act.by.is_system())?;
    let Some(begun) = written::begun(store, import).await? else {
        return Err(UndoError::Unknown(import.to_owned()));
    };
    let undo = Undo {
        store,
        policy,
        import,
        begun: begun.at,
        act,
    };
    let mut done = Undone::default();
    for n in 0.. {
        let Some(records) = written::records_of(store, import, n).await? else {
            break;
        };
        undo.batch(records, &mut done).await?;
    }
    undo.note(&done).await?;
    Ok(done)
}

struct Undo<'u> {
    store: &'u Store,
    policy: Arc<Policy>,
    import: &'u str,
    /// When the import began: work on other records from then on is work on what it wrote.
    begun: Timestamp,
    act: &'u Act,
}

/// A person's record that the import wrote.
struct Record {
    id: RecordId,
    written: u64,
    stored: Stored<Subject>,
    /// All that happened to it; empty when that is the import alone.
    history: History,
}

type History = Vec<HistoryEntry<Event>>;

/// How a record stands to what the import wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It is what the import wrote.
    AsWritten,
    /// The import was undone on it.
    Undone,
    /// The act that led to this revision stands since.
    Touched(u64),
}

impl Undo<'_> {
    async fn batch(
        &self,
        records: Vec<written::Written>,
        done: &mut Undone,
    ) -> Result<(), UndoError> {
        let (subjects, others): (Vec<_>, Vec<_>) = records
            .into_iter()
            .partition(|(kind, ..)| *kind == Kind::Subject);
        done.facilities += others.len() as u64;
        let subjects: Vec<(RecordId, u64)> = subjects
            .into_iter()
            .map(|(_, id, written)| (id, written))
            .collect();
        for part in subjects.chunks(AT_ONCE) {
            if self.part(part, done).await? {
                continue;
            }
            for one in part {
                while !self.part(std::slice::from_ref(one), done).await? {}
            }
        }
        Ok(())
    }

    /// Undoes records together; `false`, and nothing is counted, when somebody changed one of them in between.
    async fn part(&self, part: &[(RecordId, u64)], done: &mut Undone) -> Result<bool, UndoError> {
        let records = self.records(part).await?;
        let work = self.work_on_others(&records).await?;
        let mut taken = Undone::default();
        let mut batch = Batch::default();
        for record in records {
            match standing(&record.history, record.written) {
                Standing::Undone => taken.already += 1,
                Standing::Touched(revision) => {
                    let act = &record.entry(revision)?.act;
                    taken.touched.push(record.touched(act, CHANGED_SINCE));
                }
                Standing::AsWritten => match work.get(&record.id) {
                    Some(act) => taken.touched.push(record.touched(act, WORKED_ON_SINCE)),
                    None => self.one(record, &mut taken, &mut batch).await?,
                },
            }
        }
        if !batch.changes.is_empty() {
            match self.store.commit_in_ledger(&batch).await {
                Ok(_) => {}
                Err(StorageError::Conflict { .. }) => return Ok(false),
                Err(other) => return Err(other.into()),
            }
        }
        done.add(taken);
        Ok(true)
    }

    async fn records(&self, part: &[(RecordId, u64)]) -> Result<Vec<Record>, UndoError> {
        let ids: Vec<RecordId> = part.iter().map(|(id, _)| id.clone()).collect();
        let stored = self.store.load_many::<Subject>(&ids).await?;
        let mut records = Vec::with_capacity(part.len());
        for ((id, written), stored) in part.iter().zip(stored) {
            let stored = stored.ok_or_else(|| UndoError::NotWhole {
                kind: Kind::Subject,
                id: id.clone(),
            })?;
            records.push(Record {
                id: id.clone(),
                written: *written,
                stored,
                history: History::new(),
            });
        }
        let with_history = |record: &&mut Record| record.stored.revision > 1;
        let mut older: Vec<&mut Record> = records.iter_mut().filter(with_history).collect();
        let ids: Vec<RecordId> = older.iter().map(|record| record.id.clone()).collect();
        let histories = self.store.histories::<Subject>(&ids).await?;
        for (record, history) in older.iter_mut().zip(histories) {
            let reached = history.last().map_or(0, |entry| entry.revision);
            if reached < record.stored.revision {
                return Err(record.not_whole());
            }
            record.history = history;
        }
        Ok(records)
    }

    /// Undoes one record that nobody touched.
    async fn one(
        &self,
        record: Record,
        taken: &mut Undone,
        batch: &mut Batch,
    ) -> Result<(), UndoError> {
        let command = Command {
            action: Action::Undo {
                of: self.import.to_owned(),
                before: record.before()?.map(Box::new),
            },
            policy: Arc::clone(&self.policy),
        };
        match carry_out(Some(record.stored.state.clone()), &command, self.act) {
            Ok((Some(after), events)) => {
                if after.taken_back {
                    taken.taken_back += 1;
                } else {
                    taken.restored += 1;
                }
                let read = record.stored.revision;
                let change = Change::of::<Subject>(&record.id, read, &after, &events, self.act)?;
                batch.changes.push(change);
            }
            Ok((None, _)) => return Err(record.not_whole()),
            Err(Refusal { reason, .. }) => {
                let history = self.store.history::<Subject>(&record.id).await?;
                let last = history.last().ok_or_else(|| record.not_whole())?;
                let why = (reason.code, reason.en);
                taken.touched.push(record.touched(&last.act, why));
            }
        }
        Ok(())
    }

    /// The last act since the import on other records that are about these.
    async fn work_on_others(
        &self,
        records: &[Record],
    ) -> Result<HashMap<RecordId, Act>, UndoError> {
        let mut by_subject: Finding<'_> = HashMap::new();
        let mut by_cluster: Finding<'_> = HashMap::new();
        for record in records {
            let key = lookup::subject(&record.id);
            by_subject.entry(key).or_default().push(&record.id);
            if let Some(cluster) = &record.stored.state.cluster {
                let key = lookup::cluster(cluster);
                by_cluster.entry(key).or_default().push(&record.id);
            }
        }
        let mut work = HashMap::new();
        self.find_work::<Item>(&by_subject, |_| true, &mut work)
            .await?;
        self.find_work::<Inquiry>(&by_subject, |_| true, &mut work)
            .await?;
        let joins = |event: &Event| matches!(event, Event::Linked { .. });
        self.find_work::<Subject>(&by_cluster, joins, &mut work)
            .await?;
        Ok(work)
    }

    /// The last act since the import on records of a kind that are found by the keys, as far as its event counts.
    async fn find_work<P: Procedure>(
        &self,
        keys: &Finding<'_>,
        counts: impl Fn(&P::Event) -> bool,
        work: &mut HashMap<RecordId, Act>,
    ) -> Result<(), UndoError> {
        let texts: Vec<String> = keys.keys().cloned().collect();
        let found = self.store.find_many(P::KIND, &texts).await?;
        let ids: Vec<RecordId> = found.iter().map(|(_, id)| id.clone()).collect();
        let histories = self.store.histories::<P>(&ids).await?;
        for ((key, _), history) in found.iter().zip(histories) {
            let since = history
                .into_iter()
                .rfind(|entry| entry.act.at >= self.begun && counts(&entry.event));
            let Some(HistoryEntry { act, .. }) = since else {
                continue;
            };
            for &id in keys.get(key).into_iter().flatten() {
                let last = work.entry(id.clone()).or_insert_with(|| act.clone());
                if act.at > last.at {
                    *last = act.clone();
                }
            }
        }
        Ok(())
    }

    async fn note(&self, done: &Undone) -> Result<(), UndoError> {
        let trace = Trace::Undid {
            restored: done.restored,
            taken_back: done.taken_back,
            already: done.already,
            touched: done.touched.len() as u64,
            act: self.act.clone(),
        };
        let batch = Batch {
            notes: vec![trace.note(self.import.to_owned(), self.act)?],
            ..Batch::default()
        };
        self.store.commit_in_ledger(&batch).await?;
        Ok(())
    }
}

/// The records that are found by a key.
type Finding<'r> = HashMap<String, Vec<&'r RecordId>>;

/// Why a record stays: stable code and words.
type Why = (&'static str, &'static str);

const CHANGED_SINCE: Why = (
    "undo.changed_since",
    "the record was changed since the import: correct it field by field where that is needed",
);

const WORKED_ON_SINCE: Why = (
    "undo.worked_on_since",
    "a cleaning list, an inquiry or a cluster about the record was worked on since the import: settle that first, then correct the record",
);

/// Which of the acts from the import on still stand: an undo takes the last of them away.
fn standing(history: &[HistoryEntry<Event>], written: u64) -> Standing {
    let mut standing = vec![written];
    for entry in history.iter().filter(|entry| entry.revision > written) {
        if matches!(entry.event, Event::Undone { .. }) {
            standing.pop();
        } else if standing.last() != Some(&entry.revision) {
            standing.push(entry.revision);
        }
    }
    match standing.as_slice() {
        [first] if *first == written => Standing::AsWritten,
        [first, .., last] if *first == written => Standing::Touched(*last),
        _ => Standing::Undone,
    }
}

impl Record {
    /// The record before the import; `None` when that opened it.
    fn before(&self) -> Result<Option<Subject>, UndoError> {
        if self.written == 1 {
            return Ok(None);
        }
        let earlier = self.history.iter();
        let earlier = earlier
            .take_while(|entry| entry.revision < self.written)
            .map(|entry| (&entry.event, &entry.act));
        let before = replay::<Subject>(earlier);
        before.map(Some).ok_or_else(|| self.not_whole())
    }

    fn entry(&self, revision: u64) -> Result<&HistoryEntry<Event>, UndoError> {
        let entry = self.history.iter().find(|entry| entry.revision == revision);
        entry.ok_or_else(|| self.not_whole())
    }

    fn touched(&self, act: &Act, (code, reason): Why) -> Touched {
        Touched {
            id: self.id.clone(),
            written: self.written,
            now: self.stored.revision,
            by: act.by.clone(),
            at: act.at,
            code,
            reason,
        }
    }

    fn not_whole(&self) -> UndoError {
        UndoError::NotWhole {
            kind: Kind::Subject,
            id: self.id.clone(),
        }
    }
}

impl Undone {
    fn add(&mut self, more: Self) {
        self.restored += more.restored;
        self.taken_back += more.taken_back;
        self.already += more.already;
        self.facilities += more.facilities;
        self.touched.extend(more.touched);
    }
}
