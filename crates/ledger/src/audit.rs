//! The offline audit: entries and log against signed checkpoints, and the first entry that is not what it was.

use crate::checkpoint::Checkpoint;
use crate::hash::{Hash, node_hash};
use crate::log::Log;
use crate::store::{NodeStore, StoreError};
use crate::tree::{Frontier, fold, node_position, subtrees};

/// Entries whose hashes are read at once.
const CHUNK: u64 = 1 << 12;

/// What an audit has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Entries that the newest checkpoint covers.
    pub signed: u64,
    /// Entries of the log that no checkpoint covers yet.
    pub unsigned: u64,
    /// The finding.
    pub verdict: Verdict,
}

/// Whether all is as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every entry is the original one.
    Intact,
    /// The log is the original, an entry is not.
    EntryDiffers {
        /// The first such place, from 0.
        index: u64,
        /// What became of it.
        difference: Difference,
    },
    /// The entries are the originals, the log's own hash of one is not.
    LogDiffers {
        /// The first such place, from 0.
        index: u64,
    },
    /// Entries and the log's hashes of them are the originals, an inner node of the tree is not: proofs that need it would fail.
    NodeDiffers {
        /// The place of the first such node.
        position: u64,
    },
    /// Neither the entries nor the log lead to the signed root. The first altered entry is one of these.
    BothDiffer {
        /// The first place that it can have, from 0.
        first: u64,
        /// The last place that it can have.
        last: u64,
    },
}

/// How the entries differ from the log at the first place where they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Another entry stands in its place.
    Altered,
    /// The entry is gone, those after it have moved up.
    Removed,
    /// An entry stands there that the log does not know.
    Inserted,
    /// The entry is there, at another place.
    Reordered,
    /// The entries end here.
    Truncated,
}

/// Compares entries, given by their hashes, and a log with the checkpoints that were signed over it.
///
/// The checkpoints are in order of their size, the newest last, and their signatures have been verified. Earlier ones are not needed,
/// but narrow down what happened when log and entries were altered together.
///
/// # Errors
///
/// When the store or the source of the entries fails, or when there is no checkpoint or one of a greater size than the log.
pub fn audit<S: NodeStore>(
    log: &Log<S>,
    checkpoints: &[Checkpoint],
    entries: impl IntoIterator<Item = Result<Hash, StoreError>>,
) -> Result<Audit, StoreError> {
    let newest = checkpoints.last().map_or(u64::MAX, |of| of.size);
    let beyond = checkpoints
        .iter()
        .map(|of| of.size)
        .max()
        .unwrap_or(u64::MAX);
    if beyond > log.size() {
        return Err(StoreError::OutOfRange {
            asked: beyond,
            size: log.size(),
        });
    }
    let seen = compare(log, newest, entries)?;
    let roots = checkpoints.last().map(|of| of.root);
    let (log_root, wrong_at) = rebuild(log, checkpoints)?;
    let log_is_original = Some(log_root) == roots;
    let entries_are_original = seen.root == roots;
    let verdict = match (seen.first, log_is_original) {
        (None, true) => match altered_node(log)? {
            Some(position) => Verdict::NodeDiffers { position },
            None => Verdict::Intact,
        },
        (Some(first), true) => Verdict::EntryDiffers {
            index: first.index,
            difference: first.difference(),
        },
        (Some(first), false) if entries_are_original => Verdict::LogDiffers { index: first.index },
        (_, false) => {
            let (first, last) = contradiction(log, newest, roots)?;
            let (after, before) = wrong_at;
            Verdict::BothDiffer {
                first: first.max(after),
                last: last.min(before),
            }
        }
    };
    Ok(Audit {
        signed: newest,
        unsigned: log.size() - newest,
        verdict,
    })
}

/// The entries beside the log.
struct Comparison {
    first: Option<FirstDifference>,
    /// Root of the tree over as many of the entries as the checkpoint covers; `None` when there are fewer.
    root: Option<Hash>,
}

/// The first place where entries and log differ, and what is found of the two hashes further on.
struct FirstDifference {
    index: u64,
    of_entries: Option<Hash>,
    of_log: Option<Hash>,
    /// The log's hash comes later among the entries.
    entries_have_it: bool,
    /// The entry's hash comes later in the log.
    log_has_it: bool,
}

impl FirstDifference {
    fn difference(&self) -> Difference {
        if self.of_entries.is_none() {
            return Difference::Truncated;
        }
        match (
            self.of_log.is_none() || self.entries_have_it,
            self.log_has_it,
        ) {
            (true, true) => Difference::Reordered,
            (true, false) => Difference::Inserted,
            (false, true) => Difference::Removed,
            (false, false) => Difference::Altered,
        }
    }
}

fn compare<S: NodeStore>(
    log: &Log<S>,
    signed: u64,
    entries: impl IntoIterator<Item = Result<Hash, StoreError>>,
) -> Result<Comparison, StoreError> {
    let mut first: Option<FirstDifference> = None;
    let mut frontier = Frontier::default();
    let mut nodes = Vec::new();
    let mut root = (signed == 0).then(Hash::empty);
    let mut leaves = Leaves::new(log);
    let mut entries = entries.into_iter();
    for index in 0.. {
        let entry = entries.next().transpose()?;
        let leaf = leaves.next()?;
        if entry.is_none() && leaf.is_none() {
            break;
        }
        if let Some(first) = &mut first {
            first.entries_have_it |= entry.is_some() && entry == first.of_log;
            first.log_has_it |= leaf.is_some() && leaf == first.of_entries;
        } else if entry != leaf {
            first = Some(FirstDifference {
                index,
                of_entries: entry,
                of_log: leaf,
                entries_have_it: false,
                log_has_it: false,
            });
        }
        if let Some(entry) = entry.filter(|_| index < signed) {
            nodes.clear();
            frontier.append(entry, &mut nodes);
            if frontier.size() == signed {
                root = Some(frontier.root());
            }
        }
    }
    Ok(Comparison { first, root })
}

/// The root that follows from the log's leaves at the newest checkpoint, and between which places the first checkpoint that they
/// contradict puts the alteration.
fn rebuild<S: NodeStore>(
    log: &Log<S>,
    checkpoints: &[Checkpoint],
) -> Result<(Hash, (u64, u64)), StoreError> {
    let mut frontier = Frontier::default();
    let mut nodes = Vec::new();
    let mut leaves = Leaves::new(log);
    let mut wrong_at = None;
    let mut proved = 0;
    for checkpoint in checkpoints {
        while frontier.size() < checkpoint.size {
            let Some(leaf) = leaves.next()? else { break };
            nodes.clear();
            frontier.append(leaf, &mut nodes);
        }
        if frontier.root() == checkpoint.root {
            proved = checkpoint.size;
        } else if wrong_at.is_none() {
            wrong_at = Some((proved, checkpoint.size.saturating_sub(1)));
        }
    }
    Ok((frontier.root(), wrong_at.unwrap_or((0, u64::MAX))))
}

/// The first node of the tree that does not follow from the leaves.
fn altered_node<S: NodeStore>(log: &Log<S>) -> Result<Option<u64>, StoreError> {
    let mut frontier = Frontier::default();
    let mut leaves = Leaves::new(log);
    let mut nodes = Vec::new();
    let mut from = 0;
    while let Some(leaf) = leaves.next()? {
        frontier.append(leaf, &mut nodes);
        if frontier.size().is_multiple_of(CHUNK) || frontier.size() == log.size() {
            let places: Vec<u64> = (from..from + nodes.len() as u64).collect();
            let stored = log.store().read(&places)?;
            let mut beside = places.iter().zip(nodes.iter().zip(&stored));
            if let Some((position, _)) = beside.find(|(_, (rebuilt, stored))| rebuilt != stored) {
                return Ok(Some(*position));
            }
            from += nodes.len() as u64;
            nodes.clear();
        }
    }
    Ok(None)
}

/// The leftmost subtree whose node, proved from the signed root downwards, does not follow from its children: its first and last leaf.
fn contradiction<S: NodeStore>(
    log: &Log<S>,
    size: u64,
    root: Option<Hash>,
) -> Result<(u64, u64), StoreError> {
    let store = log.store();
    let peaks = store.read(&subtrees(0, size))?;
    if fold(&peaks) != root {
        return Ok((0, size.saturating_sub(1)));
    }
    let mut from = 0;
    while from < size {
        let level = (size - from)
            .ilog2()
            .min(if from == 0 { 63 } else { from.trailing_zeros() });
        if let Some(leaves) = descend(store, level, from >> level)? {
            return Ok(leaves);
        }
        from += 1 << level;
    }
    Ok((0, size.saturating_sub(1)))
}

fn descend<S: NodeStore>(
    store: &S,
    level: u32,
    index: u64,
) -> Result<Option<(u64, u64)>, StoreError> {
    let Some(below) = level.checked_sub(1) else {
        return Ok(None);
    };
    let places = [
        node_position(level, index),
        node_position(below, 2 * index),
        node_position(below, 2 * index + 1),
    ];
    if let [node, left, right] = *store.read(&places)?
        && node != node_hash(left, right)
    {
        return Ok(Some((index << level, ((index + 1) << level) - 1)));
    }
    match descend(store, below, 2 * index)? {
        None => descend(store, below, 2 * index + 1),
        found => Ok(found),
    }
}

/// The hashes of a log's entries, in order.
struct Leaves<'l, S> {
    log: &'l Log<S>,
    next: u64,
    chunk: std::vec::IntoIter<Hash>,
}

impl<'l, S: NodeStore> Leaves<'l, S> {
    fn new(log: &'l Log<S>) -> Self {
        Self {
            log,
            next: 0,
            chunk: Vec::new().into_iter(),
        }
    }

    fn next(&mut self) -> Result<Option<Hash>, StoreError> {
        if let Some(leaf) = self.chunk.next() {
            return Ok(Some(leaf));
        }
        let end = self.log.size().min(self.next + CHUNK);
        if self.next == end {
            return Ok(None);
        }
        // Leaves and inner nodes stand together: reading all of them at once is faster than picking the leaves.
        let (first, last) = (node_position(0, self.next), node_position(0, end - 1));
        let places: Vec<u64> = (first..=last).collect();
        let nodes = self.log.store().read(&places)?;
        let leaves: Vec<Hash> = (self.next..end)
            .filter_map(|index| {
                nodes
                    .get((node_position(0, index) - first) as usize)
                    .copied()
            })
            .collect();
        self.next = end;
        self.chunk = leaves.into_iter();
        Ok(self.chunk.next())
    }
}
