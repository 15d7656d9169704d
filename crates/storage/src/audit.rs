//! The audit: every event as its columns say now, against the tree, against what was signed.

use ledger::{Audit, Checkpoint, Hash, Log, MemoryStore, NodeStore as _, audit, node_count};

use crate::{StorageError, Store};

/// Entries that are read at once.
const CHUNK: u32 = 10_000;

impl Store {
    /// Compares all events and the tree with signed checkpoints, the newest last, whose signatures have been verified. It reads only what
    /// stands in the store: nobody has to be trusted but whoever keeps the checkpoints.
    ///
    /// # Errors
    /// [`StorageError::LedgerNotWhole`] when there is less in the store than was signed, or its tree is none; the store failed.
    pub async fn audit(&self, checkpoints: &[Checkpoint]) -> Result<Audit, StorageError> {
        let head = self.stored_size().await?;
        let signed = checkpoints
            .iter()
            .map(|checkpoint| checkpoint.size)
            .max()
            .unwrap_or_default();
        if head < signed {
            return Err(StorageError::LedgerNotWhole(format!(
                "{signed} entries were signed, the store has {head}: its end was cut off"
            )));
        }
        let nodes = self.all_nodes().await?;
        if nodes.len() != node_count(head) {
            return Err(StorageError::LedgerNotWhole(format!(
                "a tree of {head} entries has {} nodes, the store has {}",
                node_count(head),
                nodes.len()
            )));
        }
        let leaves = self.all_leaves().await?;
        let whole = |error: ledger::StoreError| StorageError::LedgerNotWhole(error.to_string());
        let log = Log::new(nodes).map_err(whole)?;
        audit(&log, checkpoints, leaves.into_iter().map(Ok)).map_err(whole)
    }

    async fn all_nodes(&self) -> Result<MemoryStore, StorageError> {
        let mut nodes = MemoryStore::default();
        for page in 0.. {
            let of_page = self.nodes(page).await?;
            if of_page.is_empty() {
                break;
            }
            let appended = nodes.append(&of_page);
            appended.map_err(|error| StorageError::LedgerNotWhole(error.to_string()))?;
        }
        Ok(nodes)
    }

    async fn all_leaves(&self) -> Result<Vec<Hash>, StorageError> {
        let mut leaves = Vec::new();
        let mut from = 0;
        loop {
            let entries = self.entries(from, CHUNK).await?;
            let Some(last) = entries.last() else {
                return Ok(leaves);
            };
            from = last.position + 1;
            leaves.extend(entries.iter().map(crate::Entry::leaf));
        }
    }
}
