//! The log: entries go in, roots and proofs come out.

use std::ops::Range;

use crate::hash::{Hash, leaf_hash};
use crate::proof::{Consistency, Inclusion, Plan};
use crate::store::{NodeStore, StoreError};
use crate::tree::{Frontier, fold, node_position, size_of, subtrees};

/// Nodes are handed to the store when so many have come together: 1 MiB.
const BATCH: usize = 1 << 15;

/// An append-only list of entries with a Merkle tree over it.
#[derive(Debug)]
pub struct Log<S> {
    store: S,
    frontier: Frontier,
}

impl<S: NodeStore> Log<S> {
    /// The log whose nodes the store holds.
    ///
    /// # Errors
    ///
    /// When the store fails, or when no tree has as many nodes as it holds.
    pub fn new(store: S) -> Result<Self, StoreError> {
        let position = store.len();
        let size = size_of(position).ok_or(StoreError::Missing { position })?;
        let peaks = store.read(&Frontier::positions(size))?;
        let frontier = Frontier::restore(size, peaks).ok_or(StoreError::Missing { position })?;
        Ok(Self { store, frontier })
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root of the tree over all entries.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The store of the nodes.
    pub fn store(&self) -> &S {
        &self.store
    }

    pub(crate) fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }

    /// Appends entries and returns their indices. They are safe once a checkpoint over them is kept.
    ///
    /// # Errors
    ///
    /// When the store fails; the log has to be opened anew then.
    pub fn append<E: AsRef<[u8]>>(
        &mut self,
        entries: impl IntoIterator<Item = E>,
    ) -> Result<Range<u64>, StoreError> {
        self.append_hashes(entries.into_iter().map(|entry| leaf_hash(entry.as_ref())))
    }

    /// Appends entries that are hashed already (see [`leaf_hash`]).
    ///
    /// # Errors
    ///
    /// As [`Log::append`].
    pub fn append_hashes(
        &mut self,
        leaves: impl IntoIterator<Item = Hash>,
    ) -> Result<Range<u64>, StoreError> {
        let first = self.size();
        let mut nodes = Vec::new();
        for leaf in leaves {
            self.frontier.append(leaf, &mut nodes);
            if nodes.len() >= BATCH {
                self.store.append(&nodes)?;
                nodes.clear();
            }
        }
        self.store.append(&nodes)?;
        Ok(first..self.size())
    }

    /// Returns when every appended entry is on the medium.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        self.store.sync()
    }

    /// The hash of one entry.
    ///
    /// # Errors
    ///
    /// When there is no such entry, or when the store fails.
    pub fn leaf(&self, index: u64) -> Result<Hash, StoreError> {
        self.within(index, self.size().checked_sub(1))?;
        let position = node_position(0, index);
        let nodes = self.store.read(&[position])?;
        nodes
            .first()
            .copied()
            .ok_or(StoreError::Missing { position })
    }

    /// The root of the tree over the first so many entries.
    ///
    /// # Errors
    ///
    /// When there are fewer, or when the store fails.
    pub fn root_at(&self, size: u64) -> Result<Hash, StoreError> {
        self.within(size, Some(self.size()))?;
        let peaks = self.store.read(&subtrees(0, size))?;
        Ok(fold(&peaks).unwrap_or_else(Hash::empty))
    }

    /// The proof that an entry is in the tree over the first `size` entries.
    ///
    /// # Errors
    ///
    /// When the entry is not among them, when there are fewer, or when the store fails.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Inclusion, StoreError> {
        self.within(size, Some(self.size()))?;
        self.within(index, size.checked_sub(1))?;
        let path = self.assemble(&Plan::inclusion(index, size))?;
        Ok(Inclusion { index, size, path })
    }

    /// The proof that the tree over the first `old` entries is the beginning of the one over the first `new`.
    ///
    /// # Errors
    ///
    /// When `old` is greater than `new`, when there are fewer entries, or when the store fails.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Consistency, StoreError> {
        self.within(new, Some(self.size()))?;
        self.within(old, Some(new))?;
        let path = self.assemble(&Plan::consistency(old, new))?;
        Ok(Consistency { old, new, path })
    }

    fn assemble(&self, plan: &Plan) -> Result<Vec<Hash>, StoreError> {
        let nodes = self.store.read(&plan.positions())?;
        plan.assemble(&nodes).ok_or(StoreError::Missing {
            position: self.store.len(),
        })
    }

    fn within(&self, asked: u64, limit: Option<u64>) -> Result<(), StoreError> {
        if limit.is_some_and(|limit| asked <= limit) {
            return Ok(());
        }
        Err(StoreError::OutOfRange {
            asked,
            size: self.size(),
        })
    }
}
