//! Blocking: rules of keys that bring two records together.
//!
//! A key is a 64-bit hash of parts of values. Keys of A are sorted; keys of B are kept only where a bit filter of A's keys has them, sorted,
//! and merged with A's. A key value with more pairs than its rule's cap is narrowed by further parts; what stays too large is left out and
//! reported. Records that the first rule settles (they agree exactly with one entry on everything that settles) are not searched further.

use std::cmp::Ordering;

use rayon::prelude::*;
use serde::Serialize;

use crate::Progress;
use crate::compare::Comparer;
use crate::hash;
use crate::records::Records;
use crate::spec::{Part, Rule};

/// A key and a row that has it.
pub(crate) type Keyed = (u64, u32);

/// Pairs that a rule may make on average for each key of A before its keys are narrowed. Pairs of strangers grow with the square of the files,
/// those of the same person do not: with a fixed cap, ten times the people cost forty times the pairs.
const PAIRS_PER_KEY: f64 = 1.5;
/// So few pairs need no saving.
const CHEAP_PAIRS: u64 = 100_000;
/// A key value with no more rows of B is never narrowed.
const LEAST_CAP: usize = 3;
/// Rows worked on at a time by one thread.
const CHUNK: u32 = 16_384;

/// What one blocking rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleReport {
    /// Name of the rule.
    pub rule: String,
    /// Most rows of B with one key value before it is narrowed.
    pub cap: usize,
    /// Pairs that it found, also those that other rules found.
    pub pairs: u64,
    /// Key values with more rows of B than the cap, which were narrowed.
    pub narrowed_keys: u64,
    /// Key values that stayed too large after narrowing and were left out.
    pub dropped_keys: u64,
    /// Pairs of those, not compared unless another rule found them.
    pub dropped_pairs: u64,
}

/// Pairs that the rules found, not compared yet: eight bytes each, so that hundreds of millions fit.
#[derive(Debug)]
pub struct Candidates {
    /// By rule: its pairs, sorted, each once; a pair may be in the lists of several rules.
    by_rule: Vec<Vec<u64>>,
    reports: Vec<RuleReport>,
    settled: u64,
}

/// Which rows make a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// Rows of two sets.
    Across,
    /// Rows of one set: the row searched for and a larger one.
    Within,
    /// Rows of one set: the row searched for and any other one, the smaller first.
    Around,
}

impl Pairing {
    /// Pairs that some rows and those that share their key make.
    fn pairs(self, these: usize, those: usize) -> u64 {
        let (these, those) = (these as u64, those as u64);
        match self {
            Self::Across => these * those,
            // None with itself.
            Self::Around => these * those.saturating_sub(1),
            Self::Within => these * those.saturating_sub(1) / 2,
        }
    }

    /// The packed pair of two rows, unless they make none.
    fn pack(self, i: u32, j: u32) -> Option<u64> {
        let pack = |i: u32, j: u32| u64::from(i) << 32 | u64::from(j);
        match self {
            Self::Within if i >= j => None,
            Self::Around if i == j => None,
            Self::Around => Some(pack(i.min(j), i.max(j))),
            Self::Across | Self::Within => Some(pack(i, j)),
        }
    }
}

/// Runs all rules. `only`: rows of A to search for; `None` for all. `caps`: of each rule, as an earlier run chose them; empty to choose them now.
pub(crate) fn block(
    comparer: &Comparer<'_>,
    pairing: Pairing,
    only: Option<&[u32]>,
    caps: &[usize],
    progress: &dyn Progress,
) -> Candidates {
    let Comparer { spec, a, b } = *comparer;
    let mut open: Vec<u32> = only.map_or_else(|| (0..a.len() as u32).collect(), <[u32]>::to_vec);
    let mut by_rule = Vec::with_capacity(spec.rules.len());
    let mut reports = Vec::with_capacity(spec.rules.len());
    let mut settled = 0;
    progress.stage("block", spec.rules.len() as u64);
    for (number, rule) in spec.rules.iter().enumerate() {
        let mut join = Join::new(rule, a, b, pairing);
        join.run(&open, caps.get(number).copied());
        join.report.pairs = join.pairs.len() as u64;
        if number == 0 && pairing == Pairing::Across && !spec.settled.is_empty() {
            let done = settle(comparer, &mut join.pairs);
            settled = done.len() as u64;
            open.retain(|row| done.binary_search(row).is_err());
        }
        join.pairs.par_sort_unstable();
        join.pairs.dedup();
        join.pairs.shrink_to_fit();
        by_rule.push(join.pairs);
        reports.push(join.report);
        progress.advance(1);
    }
    Candidates {
        by_rule,
        reports,
        settled,
    }
}

impl Candidates {
    /// True when no rule found any pair.
    pub fn is_empty(&self) -> bool {
        self.by_rule.iter().all(Vec::is_empty)
    }

    /// What each blocking rule found.
    pub fn rules(&self) -> &[RuleReport] {
        &self.reports
    }

    /// Records of A that agree exactly with one register entry on everything that settles them, and were not searched further.
    pub fn settled(&self) -> u64 {
        self.settled
    }

    /// The pairs of some rows of A by row of A and row of B, each once, with a bit for each rule that found it. `out` is emptied first.
    pub(crate) fn pairs_of(&self, a_rows: std::ops::Range<u32>, out: &mut Vec<(u64, u32)>) {
        out.clear();
        let bound = |row: u32| u64::from(row) << 32;
        for (number, pairs) in self.by_rule.iter().enumerate() {
            let start = pairs.partition_point(|pair| *pair < bound(a_rows.start));
            let end = pairs.partition_point(|pair| *pair < bound(a_rows.end));
            let found = pairs.get(start..end).unwrap_or_default();
            out.extend(found.iter().map(|pair| (*pair, 1 << number)));
        }
        join_rules(out);
    }
}

/// Sorts pairs and makes those that several rules found one.
pub(crate) fn join_rules(pairs: &mut Vec<(u64, u32)>) {
    pairs.sort_unstable();
    pairs.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 |= next.1;
        }
        same
    });
}

/// Rows of A, sorted, that agree on everything that settles with exactly one row of B.
pub(crate) fn settle(comparer: &Comparer<'_>, pairs: &mut [u64]) -> Vec<u32> {
    pairs.par_sort_unstable();
    let agreeing: Vec<u32> = pairs
        .par_iter()
        .filter(|pair| {
            let (i, j) = rows(**pair);
            comparer
                .spec
                .settled
                .iter()
                .all(|place| comparer.relation(*place, i, j) == Some(0))
        })
        .map(|pair| rows(*pair).0)
        .collect();
    agreeing
        .chunk_by(|one, other| one == other)
        .filter(|group| group.len() == 1)
        .flatten()
        .copied()
        .collect()
}

/// Rows of A and B of a packed pair.
pub(crate) fn rows(pair: u64) -> (u32, u32) {
    ((pair >> 32) as u32, pair as u32)
}

/// One rule at work.
struct Join<'a> {
    rule: &'a Rule,
    a: &'a Records,
    b: &'a Records,
    pairing: Pairing,
    pairs: Vec<u64>,
    report: RuleReport,
}

impl<'a> Join<'a> {
    fn new(rule: &'a Rule, a: &'a Records, b: &'a Records, pairing: Pairing) -> Self {
        Self {
            rule,
            a,
            b,
            pairing,
            pairs: Vec::new(),
            report: RuleReport {
                rule: rule.name.clone(),
                cap: rule.cap,
                pairs: 0,
                narrowed_keys: 0,
                dropped_keys: 0,
                dropped_pairs: 0,
            },
        }
    }

    fn run(&mut self, open: &[u32], cap: Option<usize>) {
        let (left, right) = sorted_keys(self.rule, self.a, self.b, open);
        let plan = RulePlan::of(self.rule, self.pairing, cap, &left, &right);
        self.report.cap = plan.cap;
        self.pairs
            .reserve((plan.pairs - plan.capped_pairs) as usize);
        self.merge(&left, &right, 0);
    }

    /// Joins two sorted lists.
    fn merge(&mut self, left: &[Keyed], right: &[Keyed], depth: usize) {
        meet(left, right, |these, those| self.pair(these, those, depth));
    }

    /// All pairs of one key value, narrowed where they are too many.
    fn pair(&mut self, left: &[Keyed], right: &[Keyed], depth: usize) {
        let count = self.pairing.pairs(left.len(), right.len());
        if right.len() <= self.report.cap {
            for (_, i) in left {
                let partners = right.iter().filter_map(|(_, j)| self.pairing.pack(*i, *j));
                self.pairs.extend(partners);
            }
            return;
        }
        let Some(&part) = self.rule.narrow.get(depth) else {
            self.report.dropped_keys += 1;
            self.report.dropped_pairs += count;
            return;
        };
        if depth == 0 {
            self.report.narrowed_keys += 1;
        }
        let left = narrower(self.a, left, part);
        let right = narrower(self.b, right, part);
        self.merge(&left, &right, depth + 1);
    }
}

/// Keys of the rows of A to search for and of those rows of B that share one, sorted, each once.
fn sorted_keys(rule: &Rule, a: &Records, b: &Records, open: &[u32]) -> (Vec<Keyed>, Vec<Keyed>) {
    let mut left = all_keys(rule, a, open);
    left.par_sort_unstable();
    left.dedup();
    let filter = Filter::of(&left);
    let every: Vec<u32> = (0..b.len() as u32).collect();
    let mut right = keys_that(rule, b, &every, &|key| filter.has(key));
    right.par_sort_unstable();
    right.dedup();
    (left, right)
}

/// Hands on the entries of each key that both sorted lists have.
fn meet(left: &[Keyed], right: &[Keyed], mut found: impl FnMut(&[Keyed], &[Keyed])) {
    let (mut left, mut right) = (left, right);
    while let (Some((x, _)), Some((y, _))) = (left.first(), right.first()) {
        match x.cmp(y) {
            Ordering::Less => left = skip(left, *y),
            Ordering::Greater => right = skip(right, *x),
            Ordering::Equal => {
                let (these, rest) = split(left, *x);
                let (those, others) = split(right, *x);
                found(these, those);
                (left, right) = (rest, others);
            }
        }
    }
}

/// What a blocking rule will cost, counted from its keys before any pair is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RulePlan {
    /// Name of the rule.
    pub rule: String,
    /// Pairs of records that share a key.
    pub pairs: u64,
    /// Pairs of the commonest key value.
    pub largest: u64,
    /// Most rows of B with one key value before it is narrowed: the rule's own cap, or a smaller one where the rule would find too many pairs in all.
    pub cap: usize,
    /// Key values with more rows of B than the cap, which will be narrowed.
    pub capped_keys: u64,
    /// Pairs of those.
    pub capped_pairs: u64,
}

impl RulePlan {
    fn of(
        rule: &Rule,
        pairing: Pairing,
        cap: Option<usize>,
        left: &[Keyed],
        right: &[Keyed],
    ) -> Self {
        // How many keys have so many rows of B, and their pairs; the last place is for all that have more than any cap allows.
        let most = rule.cap.max(cap.unwrap_or_default()).min(right.len()) + 1;
        let mut by_rows = vec![(0_u64, 0_u64); most + 1];
        let mut largest = 0;
        meet(left, right, |these, those| {
            let pairs = pairing.pairs(these.len(), those.len());
            largest = largest.max(pairs);
            let (keys, sum) = &mut by_rows[those.len().min(most)];
            *keys += 1;
            *sum += pairs;
        });
        let cap = cap.unwrap_or_else(|| affordable_cap(&by_rows, left.len(), rule.cap));
        let capped = by_rows.get(cap.saturating_add(1)..).unwrap_or_default();
        Self {
            rule: rule.name.clone(),
            pairs: by_rows.iter().map(|(_, pairs)| pairs).sum(),
            largest,
            cap,
            capped_keys: capped.iter().map(|(keys, _)| keys).sum(),
            capped_pairs: capped.iter().map(|(_, pairs)| pairs).sum(),
        }
    }
}

/// The largest cap, up to the rule's own, with which it stays within its budget. `by_rows`: keys and their pairs by the rows of B that one has.
fn affordable_cap(by_rows: &[(u64, u64)], keys: usize, own: usize) -> usize {
    let budget = ((keys as f64 * PAIRS_PER_KEY) as u64).max(CHEAP_PAIRS);
    let mut sum = 0;
    let too_many = by_rows.iter().position(|(_, pairs)| {
        sum += pairs;
        sum > budget
    });
    let affordable = too_many.map_or(own, |rows| rows.saturating_sub(1));
    affordable.clamp(LEAST_CAP, own.max(LEAST_CAP))
}

/// Counts what every rule would find between two sets, without making pairs. Records that the first rule settles are left out of the others, as
/// in [`block`].
pub(crate) fn plan(comparer: &Comparer<'_>, progress: &dyn Progress) -> Vec<RulePlan> {
    let Comparer { spec, a, b } = *comparer;
    progress.stage("plan", spec.rules.len() as u64);
    let mut open: Vec<u32> = (0..a.len() as u32).collect();
    let mut plans = Vec::with_capacity(spec.rules.len());
    for (number, rule) in spec.rules.iter().enumerate() {
        let (left, right) = sorted_keys(rule, a, b, &open);
        let plan = RulePlan::of(rule, Pairing::Across, None, &left, &right);
        if number == 0 && !spec.settled.is_empty() {
            let mut join = Join::new(rule, a, b, Pairing::Across);
            join.report.cap = plan.cap;
            join.merge(&left, &right, 0);
            let done = settle(comparer, &mut join.pairs);
            open.retain(|row| done.binary_search(row).is_err());
        }
        plans.push(plan);
        progress.advance(1);
    }
    plans
}

/// The list from the first key on that is not smaller.
fn skip(list: &[Keyed], key: u64) -> &[Keyed] {
    // Galloping: the next key is usually close.
    let mut step = 1;
    while list.get(step).is_some_and(|(k, _)| *k < key) {
        step *= 2;
    }
    let window = &list[..list.len().min(step + 1)];
    &list[window.partition_point(|(k, _)| *k < key)..]
}

/// The entries of one key, and the rest.
fn split(list: &[Keyed], key: u64) -> (&[Keyed], &[Keyed]) {
    let end = list.iter().take_while(|(k, _)| *k == key).count();
    list.split_at(end)
}

/// The rows of one key value with keys of a further part.
pub(crate) fn narrower(
    records: &Records,
    list: &[(u64, u32)],
    part: (usize, Part),
) -> Vec<(u64, u32)> {
    let mut out = Vec::with_capacity(list.len());
    let mut found = Vec::new();
    for (_, row) in list {
        found.clear();
        records.keys(part.0, part.1, *row, &mut found);
        out.extend(found.iter().map(|key| (*key, *row)));
    }
    out.sort_unstable();
    out
}

/// Keys of rows, in no particular order.
pub(crate) fn all_keys(rule: &Rule, records: &Records, rows: &[u32]) -> Vec<Keyed> {
    keys_that(rule, records, rows, &|_| true)
}

/// Keys of rows that are wanted, in no particular order.
pub(crate) fn keys_that(
    rule: &Rule,
    records: &Records,
    rows: &[u32],
    wanted: &(impl Fn(u64) -> bool + Sync),
) -> Vec<Keyed> {
    rows.par_chunks(CHUNK as usize)
        .map(|rows| {
            let mut out = Vec::with_capacity(rows.len());
            let (mut made, mut part, mut crossed) = (Vec::new(), Vec::new(), Vec::new());
            for &row in rows {
                made.clear();
                made.push(0x5eed);
                for (field, of) in &rule.keys {
                    part.clear();
                    records.keys(*field, *of, row, &mut part);
                    crossed.clear();
                    for key in &made {
                        crossed.extend(part.iter().map(|value| hash::mix(*key, *value)));
                    }
                    std::mem::swap(&mut made, &mut crossed);
                }
                out.extend(
                    made.iter()
                        .filter(|key| wanted(**key))
                        .map(|key| (*key, row)),
                );
            }
            out
        })
        .flatten_iter()
        .collect()
}

/// A bit per hash value that A's keys have: B's keys without their bit have no partner.
struct Filter {
    bits: Vec<u64>,
    mask: u64,
}

impl Filter {
    fn of(keys: &[(u64, u32)]) -> Self {
        let size = (keys.len() as u64 * 8).next_power_of_two().max(1 << 16);
        let mut bits = vec![0_u64; (size / 64) as usize];
        let mask = size - 1;
        for (key, _) in keys {
            let place = key & mask;
            bits[(place / 64) as usize] |= 1 << (place % 64);
        }
        Self { bits, mask }
    }

    fn has(&self, key: u64) -> bool {
        let place = key & self.mask;
        self.bits[(place / 64) as usize] >> (place % 64) & 1 == 1
    }
}
