//! From likely pairs to persons: average-linkage agglomeration with pairs that may not meet, and the word of people on top of it.
//!
//! Two groups of records become one along a likely pair, the groups with the largest average evidence over all their pairs first. A bridge, one
//! likely pair between two persons whose other records contradict each other, joins nobody; the chains of a person whose records are full of
//! mistakes hold, since mistakes speak far less loudly against a pair than two different people do.
//!
//! The work follows the number of pairs: components are independent of each other, only groups that share a likely pair are ever looked at, and
//! pairs that no rule brought together are weighed too, but only in components of up to [`WHOLE`] records. In larger ones they count
//! [`ABSENT_BITS`] each.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::dedupe::ScoredPair;

/// Evidence beyond so many bits to either side counts no more: one overwhelming pair must not outvote all others.
const MOST_BITS: f64 = 30.0;
/// Evidence of a pair that is not weighed: below what anybody would look at, or so unlike that no rule found it.
const ABSENT_BITS: f64 = -7.0;
/// Two groups whose evidence is less than this on the average are two persons, whatever bridge there is between them. Not zero: records of one
/// person with two mistakes each contradict each other by a few bits, records of different people by tens.
const LEAST_AVERAGE: f64 = -3.0;
/// Records of a component in which every pair is weighed, also those that no rule brought together.
const WHOLE: usize = 64;
/// Evidence is counted in fractions of a bit, so that sums do not depend on their order.
const UNITS: f64 = 65_536.0;

/// What is known before records are joined.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a, 'i> {
    /// Pairs worth a look.
    pub(crate) pairs: &'a [ScoredPair],
    /// Pairs that people declared different.
    pub(crate) apart: &'a [(u32, u32)],
    /// Probability from which a pair is linked.
    pub(crate) accept: f64,
    /// Evidence of a pair that is not listed, in bits.
    pub(crate) evidence: &'a (dyn Fn(u32, u32) -> f64 + Sync + 'a),
    /// Id of a row: it breaks ties, so that the order of rows plays no part.
    pub(crate) id: &'a (dyn Fn(u32) -> Option<&'i str> + Sync + 'a),
}

/// Group of each of `size` rows, numbered in the order of their first rows.
pub(crate) fn agglomerate(size: usize, known: &Known<'_, '_>) -> Vec<u32> {
    let likely = |pair: &&ScoredPair| pair.veto.is_none() && pair.probability >= known.accept;
    let mut forest = Forest::new(size);
    for pair in known.pairs.iter().filter(likely) {
        forest.union(pair.one, pair.other);
    }
    let mut components: FxHashMap<u32, Component> = FxHashMap::default();
    for row in 0..size as u32 {
        let root = forest.root(row);
        if root != row {
            let component = components.entry(root).or_default();
            if component.rows.is_empty() {
                component.rows.push(root);
            }
            component.rows.push(row);
        }
    }
    for (place, pair) in known.pairs.iter().enumerate() {
        let root = forest.root(pair.one);
        if root == forest.root(pair.other) {
            components.entry(root).or_default().pairs.push(place);
        }
    }
    for (one, other) in known.apart {
        let root = forest.root(*one);
        if root == forest.root(*other) {
            components
                .entry(root)
                .or_default()
                .apart
                .push((*one, *other));
        }
    }
    let components: Vec<Component> = components.into_values().collect();
    let joined: Vec<Vec<(u32, u32)>> = components
        .into_par_iter()
        .map(|component| component.join(known))
        .collect();
    let mut first_row_of: Vec<u32> = (0..size as u32).collect();
    for (row, first) in joined.into_iter().flatten() {
        first_row_of[row as usize] = first;
    }
    numbered(&first_row_of)
}

/// Records that hang together by likely pairs.
#[derive(Default)]
struct Component {
    /// In the order of the file.
    rows: Vec<u32>,
    /// Places of its pairs.
    pairs: Vec<usize>,
    apart: Vec<(u32, u32)>,
}

impl Component {
    /// Each row with the first row of its group.
    fn join(self, known: &Known<'_, '_>) -> Vec<(u32, u32)> {
        let mut by_id = self.rows.clone();
        by_id.sort_by(|x, y| (known.id)(*x).cmp(&(known.id)(*y)));
        let places: FxHashMap<u32, u32> = by_id.iter().copied().zip(0..).collect();
        let place = |row: &u32| places.get(row).copied().unwrap_or_default();
        let mut groups = Groups::new(by_id.len());
        for pair in self
            .pairs
            .iter()
            .filter_map(|place| known.pairs.get(*place))
        {
            let (one, other) = (place(&pair.one), place(&pair.other));
            groups.add(
                one,
                other,
                bits(pair.probability),
                pair.probability >= known.accept,
            );
            if pair.veto.is_some() {
                groups.forbid(one, other);
            }
        }
        for (one, other) in &self.apart {
            groups.forbid(place(one), place(other));
        }
        if by_id.len() <= WHOLE {
            groups.add_absent(|one, other| {
                (known.evidence)(by_id[one as usize], by_id[other as usize])
            });
        }
        groups.join();
        let mut first: FxHashMap<u32, u32> = FxHashMap::default();
        let of = |row: &u32| (*row, *first.entry(groups.of(place(row))).or_insert(*row));
        self.rows.iter().map(of).collect()
    }
}

/// Disjoint sets whose smallest row is the root.
struct Forest {
    parent: Vec<u32>,
}

impl Forest {
    fn new(rows: usize) -> Self {
        Self {
            parent: (0..rows as u32).collect(),
        }
    }

    fn root(&mut self, mut row: u32) -> u32 {
        while self.parent[row as usize] != row {
            let above = self.parent[row as usize];
            self.parent[row as usize] = self.parent[above as usize];
            row = above;
        }
        row
    }

    fn union(&mut self, one: u32, other: u32) {
        let (x, y) = (self.root(one), self.root(other));
        self.parent[x.max(y) as usize] = x.min(y);
    }
}

/// What people say about pairs of records, by rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statements {
    /// Different people.
    pub apart: Vec<(u32, u32)>,
    /// One person.
    pub together: Vec<(u32, u32)>,
}

/// Two records that people declared different and that other statements, or the evidence, bring together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "records {one:?} and {other:?} are declared different, but records that are declared the same person bring them together\nhint: take one of these statements back, or declare different too what else joins the two"
)]
pub struct Contradiction {
    /// Id of the one.
    pub one: String,
    /// Id of the other.
    pub other: String,
}

/// Applies what people say to groups that were made without it. Only groups with records that are named change: those with two records that are
/// apart are taken apart, by the same evidence, and nobody else joins the parts; then whole groups are put together.
pub(crate) fn settle(
    of: &mut Vec<u32>,
    statements: &Statements,
    known: &Known<'_, '_>,
) -> Result<(), Contradiction> {
    let split: FxHashSet<u32> = statements
        .apart
        .iter()
        .filter(|(one, other)| of[*one as usize] == of[*other as usize])
        .map(|(one, _)| of[*one as usize])
        .collect();
    let within = |pair: &&ScoredPair| {
        let group = of[pair.one as usize];
        group == of[pair.other as usize] && split.contains(&group)
    };
    let pairs: Vec<ScoredPair> = known.pairs.iter().filter(within).copied().collect();
    let parts = agglomerate(
        of.len(),
        &Known {
            pairs: &pairs,
            apart: &statements.apart,
            ..*known
        },
    );
    let mut forest = Forest::new(of.len());
    let mut first: FxHashMap<(u32, Option<u32>), u32> = FxHashMap::default();
    for (row, group) in of.iter().enumerate() {
        let part = split.contains(group).then_some(parts[row]);
        let first = *first.entry((*group, part)).or_insert(row as u32);
        forest.union(first, row as u32);
    }
    for (one, other) in &statements.together {
        forest.union(*one, *other);
    }
    for (one, other) in &statements.apart {
        if forest.root(*one) == forest.root(*other) {
            let id = |row: &u32| (known.id)(*row).unwrap_or_default().to_owned();
            return Err(Contradiction {
                one: id(one),
                other: id(other),
            });
        }
    }
    let roots: Vec<u32> = (0..of.len() as u32).map(|row| forest.root(row)).collect();
    *of = numbered(&roots);
    Ok(())
}

/// Groups by their first rows, as numbers without gaps.
fn numbered(first_row_of: &[u32]) -> Vec<u32> {
    let mut numbers = vec![u32::MAX; first_row_of.len()];
    let mut next = 0;
    for (row, first) in first_row_of.iter().enumerate() {
        if *first as usize == row {
            numbers[row] = next;
            next += 1;
        } else {
            // The first row stands before the others and has its number.
            numbers[row] = numbers[*first as usize];
        }
    }
    numbers
}

/// Log₂ odds of a probability.
fn bits(probability: f64) -> f64 {
    (probability / (1.0 - probability))
        .log2()
        .clamp(-MOST_BITS, MOST_BITS)
}

/// The evidence between two groups: sum over the listed pairs in units, and how many they are.
#[derive(Debug, Clone, Copy, Default)]
struct Between {
    units: i64,
    pairs: u64,
    /// Those among them that would be linked.
    likely: u64,
}

/// Groups in the making. A group is named by one of its members.
struct Groups {
    parent: Vec<u32>,
    /// By group: members, the smallest of them, and how often it has grown.
    size: Vec<u64>,
    smallest: Vec<u32>,
    grown: Vec<u32>,
    neighbours: Vec<FxHashMap<u32, Between>>,
    forbidden: Vec<FxHashSet<u32>>,
}

/// Two groups that could become one.
#[derive(Debug, PartialEq)]
struct Merger {
    average: f64,
    /// Smallest members: the order of equals.
    order: Reverse<(u32, u32)>,
    groups: (u32, u32),
    grown: (u32, u32),
}

impl Eq for Merger {}

impl PartialOrd for Merger {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Merger {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_average = self.average.total_cmp(&other.average);
        by_average.then_with(|| (self.order, self.grown).cmp(&(other.order, other.grown)))
    }
}

impl Groups {
    fn new(members: usize) -> Self {
        Self {
            parent: (0..members as u32).collect(),
            size: vec![1; members],
            smallest: (0..members as u32).collect(),
            grown: vec![0; members],
            neighbours: vec![FxHashMap::default(); members],
            forbidden: vec![FxHashSet::default(); members],
        }
    }

    fn add(&mut self, one: u32, other: u32, bits: f64, likely: bool) {
        let units = (bits.clamp(-MOST_BITS, MOST_BITS) * UNITS).round() as i64;
        for (one, other) in [(one, other), (other, one)] {
            let between = self.neighbours[one as usize].entry(other).or_default();
            between.units += units;
            between.pairs += 1;
            between.likely += u64::from(likely);
        }
    }

    /// Adds the evidence of all pairs that have none yet.
    fn add_absent(&mut self, evidence: impl Fn(u32, u32) -> f64) {
        for one in 0..self.parent.len() as u32 {
            for other in one + 1..self.parent.len() as u32 {
                if !self.neighbours[one as usize].contains_key(&other) {
                    self.add(one, other, evidence(one, other), false);
                }
            }
        }
    }

    fn forbid(&mut self, one: u32, other: u32) {
        self.forbidden[one as usize].insert(other);
        self.forbidden[other as usize].insert(one);
    }

    fn of(&self, mut member: u32) -> u32 {
        while self.parent[member as usize] != member {
            member = self.parent[member as usize];
        }
        member
    }

    /// Joins the two groups with the largest average evidence until none reaches the threshold.
    fn join(&mut self) {
        let mut open: BinaryHeap<Merger> = BinaryHeap::new();
        for one in 0..self.parent.len() as u32 {
            let later = self.neighbours[one as usize]
                .keys()
                .filter(|other| **other > one);
            open.extend(later.filter_map(|other| self.merger(one, *other)));
        }
        while let Some(merger) = open.pop() {
            let (one, other) = merger.groups;
            let now = (self.grown[one as usize], self.grown[other as usize]);
            let stale = now != merger.grown || self.of(one) != one || self.of(other) != other;
            if stale || self.forbidden[one as usize].contains(&other) {
                continue;
            }
            let group = self.merge(one, other);
            let around = self.neighbours[group as usize].keys();
            open.extend(around.filter_map(|other| self.merger(group, *other)));
        }
    }

    /// The merger of two groups, if their evidence reaches the threshold.
    fn merger(&self, one: u32, other: u32) -> Option<Merger> {
        let (x, y) = (one as usize, other as usize);
        let between = self.neighbours[x]
            .get(&other)
            .filter(|between| between.likely > 0)?;
        let pairs = self.size[x] * self.size[y];
        let absent = (pairs - between.pairs) as f64 * ABSENT_BITS;
        let average = (between.units as f64 / UNITS + absent) / pairs as f64;
        let (low, high) = (self.smallest[x], self.smallest[y]);
        (average >= LEAST_AVERAGE).then_some(Merger {
            average,
            order: Reverse((low.min(high), low.max(high))),
            groups: (one, other),
            grown: (self.grown[x], self.grown[y]),
        })
    }

    /// Makes two groups one, named by the one with more neighbours: the fewer are moved.
    fn merge(&mut self, one: u32, other: u32) -> u32 {
        let reach = |group: u32| {
            self.neighbours[group as usize].len() + self.forbidden[group as usize].len()
        };
        let (kept, gone) = if reach(one) >= reach(other) {
            (one, other)
        } else {
            (other, one)
        };
        let (k, g) = (kept as usize, gone as usize);
        self.parent[g] = kept;
        self.size[k] += self.size[g];
        self.smallest[k] = self.smallest[k].min(self.smallest[g]);
        self.grown[k] += 1;
        self.neighbours[k].remove(&gone);
        for (neighbour, between) in std::mem::take(&mut self.neighbours[g]) {
            if neighbour == kept {
                continue;
            }
            self.neighbours[neighbour as usize].remove(&gone);
            for (near, far) in [(kept, neighbour), (neighbour, kept)] {
                let sum = self.neighbours[near as usize].entry(far).or_default();
                sum.units += between.units;
                sum.pairs += between.pairs;
                sum.likely += between.likely;
            }
        }
        for enemy in std::mem::take(&mut self.forbidden[g]) {
            self.forbidden[enemy as usize].remove(&gone);
            self.forbid(kept, enemy);
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Contradiction, Known, Statements, agglomerate, settle};
    use crate::dedupe::ScoredPair;
    use crate::link::Veto;

    fn pair(one: u32, other: u32, probability: f64, veto: Option<Veto>) -> ScoredPair {
        ScoredPair {
            one,
            other,
            probability,
            veto,
        }
    }

    const IDS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

    fn known<'a>(
        pairs: &'a [ScoredPair],
        evidence: &'a (dyn Fn(u32, u32) -> f64 + Sync),
    ) -> Known<'a, 'static> {
        Known {
            pairs,
            apart: &[],
            accept: 0.95,
            evidence,
            id: &|row| IDS.get(row as usize).copied(),
        }
    }

    /// Clusters of records that nothing but the listed pairs brings together.
    fn join(size: usize, pairs: &[ScoredPair], otherwise: f64) -> Vec<u32> {
        agglomerate(size, &known(pairs, &|_, _| otherwise))
    }

    #[test]
    fn likely_pairs_chain_and_unlikely_ones_do_not() {
        let pairs = [
            pair(0, 2, 0.99, None),
            pair(2, 3, 0.97, None),
            pair(1, 4, 0.6, None),
        ];
        assert_eq!(join(5, &pairs, -5.0), [0, 1, 0, 0, 2]);
    }

    #[test]
    fn a_chain_never_brings_a_vetoed_pair_together() {
        let pairs = [
            pair(0, 1, 0.99, None),
            pair(1, 2, 0.98, None),
            pair(0, 2, 0.97, Some(Veto::Twins)),
        ];
        assert_eq!(join(3, &pairs, 0.0), [0, 0, 1]);
    }

    #[test]
    fn one_likely_pair_does_not_join_two_persons_whose_other_records_contradict_each_other() {
        for (left, right) in [(2, 2), (2, 3), (3, 3), (5, 4)] {
            let mut pairs = vec![pair(left - 1, left, 0.99, None)];
            for (from, to) in [(0, left), (left, left + right)] {
                for one in from..to {
                    pairs.extend((one + 1..to).map(|other| pair(one, other, 0.999, None)));
                }
            }
            let size = (left + right) as usize;
            let persons: Vec<u32> = (0..left + right)
                .map(|row| u32::from(row >= left))
                .collect();
            assert_eq!(join(size, &pairs, -15.0), persons, "{left} and {right}");
            // Where the other records say nothing, the bridge holds.
            assert_eq!(join(size, &pairs, 0.0), vec![0; size]);
        }
    }

    #[test]
    fn a_record_between_two_persons_goes_to_the_likelier_one() {
        let pairs = [
            pair(0, 1, 0.999, None),
            pair(3, 4, 0.999, None),
            pair(1, 2, 0.96, None),
            pair(2, 3, 0.99, None),
            pair(2, 4, 0.98, None),
        ];
        assert_eq!(join(5, &pairs, -20.0), [0, 0, 1, 1, 1]);
    }

    #[test]
    fn statements_change_the_clusters_they_name_and_no_other() {
        let pairs = [
            pair(0, 1, 0.999, None),
            pair(1, 2, 0.97, None),
            pair(3, 4, 0.99, None),
        ];
        let known = known(&pairs, &|_, _| 0.0);
        let settled = |apart: &[(u32, u32)], together: &[(u32, u32)]| {
            let mut of = agglomerate(6, &known);
            let statements = Statements {
                apart: apart.to_vec(),
                together: together.to_vec(),
            };
            settle(&mut of, &statements, &known).map(|()| of)
        };
        assert_eq!(settled(&[], &[]), Ok(vec![0, 0, 0, 1, 1, 2]));
        assert_eq!(settled(&[(0, 2)], &[]), Ok(vec![0, 0, 1, 2, 2, 3]));
        assert_eq!(settled(&[(0, 1)], &[]), Ok(vec![0, 1, 1, 2, 2, 3]));
        assert_eq!(settled(&[(0, 3)], &[]), Ok(vec![0, 0, 0, 1, 1, 2]));
        assert_eq!(settled(&[], &[(4, 5)]), Ok(vec![0, 0, 0, 1, 1, 1]));
        assert_eq!(settled(&[(0, 2)], &[(2, 5)]), Ok(vec![0, 0, 1, 2, 2, 1]));
        let contradiction = Contradiction {
            one: "a".to_owned(),
            other: "f".to_owned(),
        };
        assert_eq!(settled(&[(0, 5)], &[(1, 5)]), Err(contradiction));
    }

    /// Pairs among twelve records; few enough for many components.
    fn some_pairs() -> impl Strategy<Value = Vec<ScoredPair>> {
        let raw = (0_u32..12, 0_u32..12, 0.5_f64..0.9999, 0_u8..8);
        proptest::collection::vec(raw, 0..25).prop_map(|raw| {
            let mut pairs: Vec<ScoredPair> = raw
                .into_iter()
                .filter(|(one, other, ..)| one < other)
                .map(|(one, other, p, twins)| {
                    pair(one, other, p, (twins == 0).then_some(Veto::Twins))
                })
                .collect();
            pairs.sort_by_key(|pair| (pair.one, pair.other));
            pairs.dedup_by_key(|pair| (pair.one, pair.other));
            pairs
        })
    }

    proptest! {
        #[test]
        fn clusters_do_not_depend_on_the_order_of_pairs_or_rows(pairs in some_pairs(), turn in 0_u32..12) {
            let evidence = |one: u32, other: u32| -f64::from((one + other) % 7);
            let clusters = agglomerate(12, &known(&pairs, &evidence));
            for pair in pairs.iter().filter(|pair| pair.veto.is_some()) {
                prop_assert_ne!(clusters[pair.one as usize], clusters[pair.other as usize]);
            }
            // The same records under other rows, with their ids.
            let moved = |row: u32| (row + turn) % 12;
            let back = |row: u32| (row + 12 - turn) % 12;
            let mut turned: Vec<ScoredPair> = pairs
                .iter()
                .map(|p| {
                    let (one, other) = (moved(p.one), moved(p.other));
                    pair(one.min(other), one.max(other), p.probability, p.veto)
                })
                .collect();
            turned.reverse();
            let evidence = |one: u32, other: u32| evidence(back(one), back(other));
            let id = |row: u32| IDS.get(back(row) as usize).copied();
            let again = agglomerate(12, &Known { id: &id, ..known(&turned, &evidence) });
            for one in 0..12 {
                for other in 0..12 {
                    prop_assert_eq!(
                        clusters[one as usize] == clusters[other as usize],
                        again[moved(one) as usize] == again[moved(other) as usize]
                    );
                }
            }
        }

        #[test]
        fn taking_two_records_apart_changes_nobody_else(pairs in some_pairs(), one in 0_u32..12, other in 0_u32..12) {
            prop_assume!(one != other);
            let known = known(&pairs, &|_, _| -1.0);
            let before = agglomerate(12, &known);
            let mut after = before.clone();
            let statements = Statements { apart: vec![(one, other)], together: Vec::new() };
            prop_assert_eq!(settle(&mut after, &statements, &known), Ok(()));
            prop_assert_ne!(after[one as usize], after[other as usize]);
            let touched = before[one as usize];
            let parted = touched == before[other as usize];
            for x in 0..12 {
                for y in 0..12 {
                    if !parted || before[x] != touched || before[y] != touched {
                        prop_assert_eq!(before[x] == before[y], after[x] == after[y]);
                    }
                }
            }
        }
    }
}
