//! The shape of the tree: where its nodes stand, and what has to be remembered to go on appending.
//!
//! Nodes are numbered in the order in which they become known: a leaf, then every inner node that it completes. The number of a node
//! never changes, and a tree of n leaves has the first `node_count(n)` of them.

use crate::hash::{Hash, node_hash};

/// The place of the node that covers the leaves `index << level` to `(index + 1) << level`.
pub fn node_position(level: u32, index: u64) -> u64 {
    // The node stands `level` places after its last leaf, and before leaf n stand the complete nodes of the n leaves before.
    let last_leaf = ((index + 1) << level) - 1;
    node_count(last_leaf) + u64::from(level)
}

/// How many nodes the complete subtrees of a tree of so many leaves have.
pub fn node_count(size: u64) -> u64 {
    2 * size - u64::from(size.count_ones())
}

/// The greatest number of leaves whose nodes are all among the first so many.
pub(crate) fn whole_leaves(nodes: u64) -> u64 {
    // A tree of s leaves has between 2s - 64 and 2s nodes.
    let mut size = nodes / 2;
    while node_count(size + 1) <= nodes {
        size += 1;
    }
    size
}

/// The number of leaves of a tree with so many nodes; `None` when no tree has that many.
pub(crate) fn size_of(nodes: u64) -> Option<u64> {
    let size = whole_leaves(nodes);
    (node_count(size) == nodes).then_some(size)
}

/// The places of the complete subtrees that cover the leaves `from..to`, left to right.
pub(crate) fn subtrees(from: u64, to: u64) -> Vec<u64> {
    let mut places = Vec::new();
    let mut at = from;
    while at < to {
        let fits = (to - at).ilog2();
        let level = if at == 0 {
            fits
        } else {
            fits.min(at.trailing_zeros())
        };
        places.push(node_position(level, at >> level));
        at += 1 << level;
    }
    places
}

/// The hash over complete subtrees that stand side by side, left to right.
pub(crate) fn fold(subtrees: &[Hash]) -> Option<Hash> {
    let (last, before) = subtrees.split_last()?;
    let folded = before.iter().rev();
    Some(folded.fold(*last, |right, &left| node_hash(left, right)))
}

/// The right edge of a tree: all that is needed to append to it and to know its root, at most 64 hashes.
///
/// It does no I/O, so that a caller whose nodes stand in a database can append within its own transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The roots of the complete subtrees, left to right: one for each bit of the size.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The edge of a tree of so many leaves, of the nodes at [`Frontier::positions`]; `None` when their number does not fit.
    pub fn restore(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// Where the nodes of the edge of a tree of so many leaves stand.
    pub fn positions(size: u64) -> Vec<u64> {
        subtrees(0, size)
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        fold(&self.peaks).unwrap_or_else(Hash::empty)
    }

    /// Appends one leaf and adds the nodes that it brings, in order of their places, to `nodes`.
    pub fn append(&mut self, leaf: Hash, nodes: &mut Vec<Hash>) {
        nodes.push(leaf);
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            // One peak stands for each bit of the size, so as many as it has trailing ones are there.
            let Some(left) = self.peaks.pop() else { break };
            node = node_hash(left, node);
            nodes.push(node);
        }
        self.peaks.push(node);
        self.size += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::leaf_hash;

    #[test]
    fn nodes_stand_where_the_frontier_writes_them() {
        let mut frontier = Frontier::default();
        let mut nodes = Vec::new();
        for entry in 0..300u64 {
            assert_eq!(nodes.len() as u64, node_count(entry));
            assert_eq!(size_of(node_count(entry)), Some(entry));
            frontier.append(leaf_hash(&entry.to_be_bytes()), &mut nodes);
        }
        let at = |position: u64| nodes[position as usize];
        for level in 1..8 {
            for index in 0..(300 >> level) {
                let children =
                    [2 * index, 2 * index + 1].map(|of| at(node_position(level - 1, of)));
                assert_eq!(
                    at(node_position(level, index)),
                    node_hash(children[0], children[1])
                );
            }
        }
        let peaks = Frontier::positions(300).into_iter().map(at).collect();
        assert_eq!(Frontier::restore(300, peaks), Some(frontier));
    }

    #[test]
    fn a_number_of_nodes_that_no_tree_has_is_refused() {
        assert_eq!(
            [0, 1, 2, 3, 4, 6, 7].map(whole_leaves),
            [0, 1, 1, 2, 3, 3, 4]
        );
        assert_eq!(size_of(2), None);
        assert_eq!(size_of(0), Some(0));
        assert_eq!(size_of(6), None);
    }
}
