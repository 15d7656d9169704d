//! Where the nodes of a tree are kept.

use std::io;
use std::path::PathBuf;

use crate::hash::Hash;

/// A list of hashes that only grows: the nodes of one tree, by their places.
///
/// A database holds them as rows `position → hash`. A caller who cannot call it synchronously uses [`crate::Frontier`] to append and
/// [`crate::Plan`] to prove, which say what to write and read and leave the writing and reading to the caller.
pub trait NodeStore {
    /// How many nodes it holds.
    fn len(&self) -> u64;

    /// Whether it holds none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The nodes at these places, in their order.
    ///
    /// # Errors
    ///
    /// When a place holds none, or when the medium fails.
    fn read(&self, positions: &[u64]) -> Result<Vec<Hash>, StoreError>;

    /// Adds nodes after the last.
    ///
    /// # Errors
    ///
    /// When the medium fails.
    fn append(&mut self, nodes: &[Hash]) -> Result<(), StoreError>;

    /// Returns when everything appended is on the medium.
    ///
    /// # Errors
    ///
    /// When the medium fails.
    fn sync(&mut self) -> Result<(), StoreError>;
}

/// Why nodes could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The caller asked for a leaf or a tree that is not there.
    #[error("the log has {size} entries; there is nothing at {asked}")]
    OutOfRange {
        /// What was asked for.
        asked: u64,
        /// Entries in the log.
        size: u64,
    },
    /// The store has lost nodes.
    #[error("the log's node {position} is missing; restore the log from a copy")]
    Missing {
        /// The place of the node.
        position: u64,
    },
    /// The medium failed.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A checkpoint to be kept is not one of this log.
    #[error(
        "the checkpoint of size {size} does not belong to this log: {reason}; nothing was saved"
    )]
    ForeignCheckpoint {
        /// Its size.
        size: u64,
        /// What does not fit.
        reason: &'static str,
    },
    /// Another kind of store failed.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

/// Nodes in memory: for trees that are made, signed and given away.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Vec<Hash>);

impl NodeStore for MemoryStore {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, positions: &[u64]) -> Result<Vec<Hash>, StoreError> {
        positions
            .iter()
            .map(|&position| {
                let index = usize::try_from(position).ok();
                let node = index.and_then(|index| self.0.get(index));
                node.copied().ok_or(StoreError::Missing { position })
            })
            .collect()
    }

    fn append(&mut self, nodes: &[Hash]) -> Result<(), StoreError> {
        self.0.extend_from_slice(nodes);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}
