//! Proofs of inclusion and of consistency: made from the nodes of a tree, checked against nothing but roots.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use crate::hash::{Hash, leaf_hash, node_hash};
use crate::note::NoteKey;
use crate::tree::{fold, subtrees};

/// That an entry is in a tree (RFC 6962, section 2.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// The entry's place, from 0.
    pub index: u64,
    /// Entries of the tree.
    pub size: u64,
    /// The hashes beside the way from the leaf up to the root.
    pub path: Vec<Hash>,
}

/// That a tree is the beginning of a later one (RFC 6962, section 2.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    /// Entries of the earlier tree.
    pub old: u64,
    /// Entries of the later tree.
    pub new: u64,
    /// The hashes from which both roots follow.
    pub path: Vec<Hash>,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index or the sizes do not go together.
    #[error("the proof speaks of a place that its tree does not have")]
    OutOfRange,
    /// The path has too few or too many hashes for its place.
    #[error("the proof has too few or too many hashes")]
    WrongLength,
    /// The path leads to another root.
    #[error(
        "the proof leads to another root: the entry, the proof or the root is not the original"
    )]
    OtherRoot,
}

impl Inclusion {
    /// Whether the leaf is in the tree with this root (RFC 9162, section 2.1.3.2).
    ///
    /// The size is not proved by the proof: it has to come with the root, from a checkpoint.
    ///
    /// # Errors
    ///
    /// Says why not.
    pub fn verify(&self, leaf: Hash, root: Hash) -> Result<(), ProofError> {
        if self.root(leaf)? == root {
            Ok(())
        } else {
            Err(ProofError::OtherRoot)
        }
    }

    /// The root to which the path leads from this leaf.
    ///
    /// # Errors
    ///
    /// When the path does not fit its place.
    pub fn root(&self, leaf: Hash) -> Result<Hash, ProofError> {
        if self.index >= self.size {
            return Err(ProofError::OutOfRange);
        }
        let mut node = leaf;
        let mut climb = Climb {
            index: self.index,
            last: self.size - 1,
        };
        for &beside in &self.path {
            node = match climb.step()? {
                Side::Left => node_hash(beside, node),
                Side::Right => node_hash(node, beside),
            };
        }
        climb.end()?;
        Ok(node)
    }
}

impl Consistency {
    /// Whether the tree with the root `old` is the beginning of the one with the root `new` (RFC 9162, section 2.1.4.2).
    ///
    /// # Errors
    ///
    /// Says why not.
    pub fn verify(&self, old: Hash, new: Hash) -> Result<(), ProofError> {
        let same = |proved| {
            if proved {
                Ok(())
            } else {
                Err(ProofError::OtherRoot)
            }
        };
        if self.old > self.new {
            return Err(ProofError::OutOfRange);
        }
        if self.old == self.new || self.old == 0 {
            // Nothing has to be proved: the trees are the same, or the earlier one is empty.
            return match (self.path.is_empty(), self.old) {
                (false, _) => Err(ProofError::WrongLength),
                (true, 0) if self.new > 0 => same(old == Hash::empty()),
                (true, _) => same(old == new),
            };
        }
        // A complete earlier tree is itself the first hash and is left out of the path.
        let mut path = self.path.iter().copied();
        let first = if self.old.is_power_of_two() {
            Some(old)
        } else {
            path.next()
        };
        let first = first.ok_or(ProofError::WrongLength)?;

        let skipped = (self.old - 1).trailing_ones();
        let mut climb = Climb {
            index: (self.old - 1) >> skipped,
            last: (self.new - 1) >> skipped,
        };
        let (mut old_root, mut new_root) = (first, first);
        for beside in path {
            match climb.step()? {
                Side::Left => {
                    old_root = node_hash(beside, old_root);
                    new_root = node_hash(beside, new_root);
                }
                // What the later tree has at the right, the earlier one does not have yet.
                Side::Right => new_root = node_hash(new_root, beside),
            }
        }
        climb.end()?;
        same(old_root == old && new_root == new)
    }
}

/// The way from a node to the root of its tree (RFC 9162, sections 2.1.3.2 and 2.1.4.2).
struct Climb {
    /// Place of the node in its row.
    index: u64,
    /// Place of the last node of that row.
    last: u64,
}

/// Where the next hash of a path stands.
enum Side {
    Left,
    Right,
}

impl Climb {
    /// Goes up to the next node that has a neighbour, and past it.
    fn step(&mut self) -> Result<Side, ProofError> {
        if self.last == 0 {
            return Err(ProofError::WrongLength);
        }
        let side = if self.index % 2 == 1 || self.index == self.last {
            // A last node without a right neighbour goes up as it is.
            let alone = if self.index == 0 {
                0
            } else {
                self.index.trailing_zeros()
            };
            self.index >>= alone;
            self.last >>= alone;
            Side::Left
        } else {
            Side::Right
        };
        self.index >>= 1;
        self.last >>= 1;
        Ok(side)
    }

    /// At the root there is nothing above.
    fn end(&self) -> Result<(), ProofError> {
        if self.last == 0 {
            Ok(())
        } else {
            Err(ProofError::WrongLength)
        }
    }
}

/// Which nodes a proof is made of: read the nodes at [`Plan::positions`], give them to [`Plan::assemble`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// For each hash of the path the complete subtrees that it covers, left to right.
    groups: Vec<Vec<u64>>,
}

impl Plan {
    /// For the inclusion of an entry in the tree over the first `size` entries; empty when it is not among them.
    pub fn inclusion(index: u64, size: u64) -> Self {
        let mut ranges = Vec::new();
        let (mut from, mut to) = (0, size);
        while index < size && to - from > 1 {
            let middle = from + split(to - from);
            if index < middle {
                ranges.push((middle, to));
                to = middle;
            } else {
                ranges.push((from, middle));
                from = middle;
            }
        }
        Self::from_root(&ranges)
    }

    /// For the consistency of the first `old` with the first `new` entries; empty when `old` is greater.
    pub fn consistency(old: u64, new: u64) -> Self {
        let mut ranges = Vec::new();
        let (mut from, mut to) = (0, new);
        while 0 < old && old < to {
            let middle = from + split(to - from);
            if old <= middle {
                ranges.push((middle, to));
                to = middle;
            } else {
                ranges.push((from, middle));
                from = middle;
            }
        }
        // What the search ends at is the old tree itself, unless it went to the right on its way.
        if from > 0 {
            ranges.push((from, to));
        }
        Self::from_root(&ranges)
    }

    /// The places of all nodes that are needed, in the order in which [`Plan::assemble`] wants them.
    pub fn positions(&self) -> Vec<u64> {
        self.groups.concat()
    }

    /// The path of the proof; `None` when the number of nodes is another than asked for.
    pub fn assemble(&self, nodes: &[Hash]) -> Option<Vec<Hash>> {
        let mut rest = nodes;
        let mut path = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let (of_group, after) = rest.split_at_checked(group.len())?;
            path.push(fold(of_group)?);
            rest = after;
        }
        rest.is_empty().then_some(path)
    }

    /// A path runs from the leaf to the root; the ranges were found on the way down.
    fn from_root(ranges: &[(u64, u64)]) -> Self {
        let groups = ranges.iter().rev();
        Self {
            groups: groups.map(|&(from, to)| subtrees(from, to)).collect(),
        }
    }
}

/// The greatest power of two that is smaller, for numbers from 2.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// All that somebody needs to check one entry offline: its place, the path and the signed checkpoint (C2SP tlog-proof).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Further data of the application, which nothing vouches for.
    pub extra: Option<Vec<u8>>,
    /// The entry's place, from 0.
    pub index: u64,
    /// The hashes beside the way from the leaf up to the root.
    pub path: Vec<Hash>,
    /// The checkpoint of the tree in which the entry is.
    pub checkpoint: SignedCheckpoint,
}

/// Why the text of a proof cannot be read, or why it proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProofTextError {
    /// The text is no proof.
    #[error("line {line} of the proof is wrong: {reason}; ask for the proof again, byte for byte")]
    Malformed {
        /// Line, from 1.
        line: usize,
        /// What was expected.
        reason: &'static str,
    },
    /// The checkpoint cannot be read or is not signed as it must be.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The path proves nothing.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

const PROOF_HEADER: &str = "c2sp.org/tlog-proof@v1";
/// A tree of 2^64 entries is 64 levels high.
const MAX_PATH: usize = 64;

impl Proof {
    /// Reads the text form.
    ///
    /// # Errors
    ///
    /// Names the line that is wrong.
    pub fn parse(text: &str) -> Result<Self, ProofTextError> {
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or(malformed(1, "an empty line before the checkpoint"))?;
        let mut lines = head.split('\n').zip(1..).peekable();
        match lines.next() {
            Some((PROOF_HEADER, _)) => {}
            _ => return Err(malformed(1, "`c2sp.org/tlog-proof@v1`")),
        }
        let extra = lines
            .next_if(|(line, _)| line.starts_with("extra "))
            .and_then(|(line, _)| line.strip_prefix("extra "))
            .map(|encoded| STANDARD.decode(encoded))
            .transpose()
            .map_err(|_| malformed(2, "base64 after `extra `"))?;
        let index = lines
            .next()
            .and_then(|(line, _)| decimal(line.strip_prefix("index ")?))
            .ok_or(malformed(2, "`index ` and a number without leading zeros"))?;
        let path = lines
            .map(|(line, number)| {
                let hash = Hash::from_base64(line).filter(|_| number <= MAX_PATH + 3);
                hash.ok_or(malformed(number, "a hash of 32 bytes in base64"))
            })
            .collect::<Result<_, _>>()?;
        let checkpoint = SignedCheckpoint::parse(checkpoint)?;
        Ok(Self {
            extra,
            index,
            path,
            checkpoint,
        })
    }

    /// The text form, to be kept in a file `….tlog-proof`.
    pub fn to_text(&self) -> String {
        let mut text = format!("{PROOF_HEADER}\n");
        if let Some(extra) = &self.extra {
            let _ = writeln!(text, "extra {}", STANDARD.encode(extra));
        }
        let _ = writeln!(text, "index {}", self.index);
        for hash in &self.path {
            let _ = writeln!(text, "{hash}");
        }
        text.push('\n');
        text.push_str(self.checkpoint.text());
        text
    }

    /// Checks that the entry is in a tree that the log has signed and that enough witnesses have seen. Returns the checkpoint.
    ///
    /// # Errors
    ///
    /// When a signature, the number of witnesses or the path is not as it must be.
    pub fn verify(
        &self,
        entry: &[u8],
        log: &NoteKey,
        witnesses: &[NoteKey],
        quorum: usize,
    ) -> Result<Checkpoint, ProofTextError> {
        let checkpoint = self.checkpoint.verify(log, witnesses, quorum)?;
        let inclusion = Inclusion {
            index: self.index,
            size: checkpoint.size,
            path: self.path.clone(),
        };
        inclusion.verify(leaf_hash(entry), checkpoint.root)?;
        Ok(checkpoint)
    }
}

/// A decimal number in its only spelling, as the C2SP formats want it.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn malformed(line: usize, reason: &'static str) -> ProofTextError {
    ProofTextError::Malformed { line, reason }
}
