//! What an import leaves in the ledger about itself: that it began, and which records it wrote at which revisions. So exactly that can be
//! undone, and whoever reads the log knows what belongs together.
//!
//! The first note is about `import/ID`. Its n-th batch has a note about `import/ID/n`, counted from 0 without a gap, in the transaction of
//! what it wrote. What an undo did is noted about `import/ID` again.

use casework::{Act, Kind, RecordId};
use serde::{Deserialize, Serialize};
use storage::{Note, StorageError, Store};

/// What all ids of imports begin with.
const PREFIX: &str = "import/";

/// A record that an import wrote, and the revision that it has from it.
pub(super) type Written = (Kind, RecordId, u64);

/// What a note about an import says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(super) enum Trace {
    /// It began.
    Imports { act: Act },
    /// A batch of it wrote these records.
    Wrote { records: Vec<Written> },
    /// It was undone, as far as that was possible.
    Undid {
        restored: u64,
        taken_back: u64,
        already: u64,
        touched: u64,
        act: Act,
    },
}

impl Trace {
    /// The note about an import, or about one of its batches.
    pub(super) fn note(&self, about: String, act: &Act) -> Result<Note, StorageError> {
        Ok(Note {
            about,
            at: act.at,
            body: serde_json::to_string(self)?,
        })
    }
}

/// The name of an import's n-th batch.
pub(super) fn batch(import: &str, n: u64) -> String {
    format!("{import}/{n}")
}

/// The act by which an import began; `None` when there is no such import.
pub(super) async fn begun(store: &Store, import: &str) -> Result<Option<Act>, StorageError> {
    if !import.starts_with(PREFIX) {
        return Ok(None);
    }
    // One for the import, and one for each time that it was undone.
    let notes = store.notes(import, u32::MAX).await?;
    for note in &notes {
        if let Trace::Imports { act } = read(note)? {
            return Ok(Some(act));
        }
    }
    Ok(None)
}

/// The records that an import's n-th batch wrote; `None` after the last.
pub(super) async fn records_of(
    store: &Store,
    import: &str,
    n: u64,
) -> Result<Option<Vec<Written>>, StorageError> {
    let notes = store.notes(&batch(import, n), 1).await?;
    Ok(match notes.first().map(read).transpose()? {
        Some(Trace::Wrote { records }) => Some(records),
        Some(Trace::Imports { .. } | Trace::Undid { .. }) | None => None,
    })
}

fn read(note: &Note) -> Result<Trace, StorageError> {
    serde_json::from_str(&note.body).map_err(|_| StorageError::Altered {
        column: "the note of an import",
        value: note.about.clone(),
    })
}
