//! Records of the same person within one set: blocked, weighed and joined into clusters. A cluster is a number; no record is moved.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::Progress;
use crate::block::Candidates;
use crate::link::{Linker, Veto};
use crate::model::{Model, ModelError, TrainOptions, Weights};
use crate::records::Records;
use crate::spec::Spec;

/// What to look at, and by which model.
#[derive(Debug, Default)]
pub struct DedupeOptions<'a> {
    /// Rows whose duplicates are wanted; `None` for all. Each is compared with every other record.
    pub rows: Option<&'a [u32]>,
    /// A model trained on records like these; `None` to train one.
    pub model: Option<&'a Model>,
    /// How to train it.
    pub train: TrainOptions,
}

/// Two records and how likely they are the same person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoredPair {
    /// The smaller row.
    pub one: u32,
    /// The larger row.
    pub other: u32,
    /// Probability.
    pub probability: f64,
    /// Why the two are never joined without a person looking at them.
    pub veto: Option<Veto>,
}

/// Who is whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// Cluster of each row; clusters are numbered in the order of their first rows.
    pub of: Vec<u32>,
    /// Pairs of at least the spec's review probability, by rows.
    pub pairs: Vec<ScoredPair>,
    /// The model that weighed them; `None` when no two records met.
    pub model: Option<Model>,
    /// Pairs compared.
    pub compared: u64,
}

/// Finds records of the same person. Two records are joined from the spec's accept probability on, the likeliest pairs first, and never when that
/// would bring a vetoed pair into one cluster.
///
/// # Errors
/// When the model belongs to another spec.
pub fn dedupe(
    spec: &Spec,
    records: &Records,
    options: &DedupeOptions<'_>,
    progress: &dyn Progress,
) -> Result<Clusters, ModelError> {
    let linker = Linker::within_one(spec, records);
    let candidates = match options.rows {
        Some(rows) => linker.candidates_around(rows, progress),
        None => linker.candidates(progress),
    };
    let alone = || Clusters {
        of: (0..records.len() as u32).collect(),
        pairs: Vec::new(),
        model: None,
        compared: 0,
    };
    if candidates.is_empty() {
        return Ok(alone());
    }
    let model = match (options.model, options.rows) {
        (Some(model), _) => model.clone(),
        (None, None) => linker.train(&candidates, &options.train)?,
        // The rows asked for are not like the rest: learn from all.
        (None, Some(_)) => {
            let sample = linker.candidates_of_sample(options.train.sample_records);
            if sample.is_empty() {
                return Ok(alone());
            }
            linker.train(&sample, &options.train)?
        }
    };
    let weights = model.weights(spec, records.len())?;
    progress.stage("score", records.len() as u64);
    let (pairs, compared) = score(&linker, &weights, &candidates, progress);
    Ok(Clusters {
        of: join(records.len(), &pairs, spec.accept()),
        pairs,
        compared,
        model: Some(model),
    })
}

/// Pairs that are worth a look, and how many were compared.
fn score(
    linker: &Linker<'_>,
    weights: &Weights,
    candidates: &Candidates,
    progress: &dyn Progress,
) -> (Vec<ScoredPair>, u64) {
    let parts: Vec<(Vec<ScoredPair>, u64)> = linker
        .parts()
        .into_par_iter()
        .map(|rows| {
            progress.advance(rows.len() as u64);
            let compared = linker.compared(candidates, rows);
            let count = compared.len() as u64;
            let scored = compared.into_iter().filter_map(|(one, pair)| {
                let odds = weights.ratio(&pair);
                let probability = odds / (1.0 - weights.pair_rate + odds);
                (probability >= linker.spec.review()).then(|| ScoredPair {
                    one,
                    other: pair.b_row,
                    probability,
                    veto: linker.veto(one, pair.b_row),
                })
            });
            (scored.collect(), count)
        })
        .collect();
    let compared = parts.iter().map(|(_, count)| count).sum();
    (
        parts.into_iter().flat_map(|(pairs, _)| pairs).collect(),
        compared,
    )
}

/// Clusters of the pairs from a probability on.
fn join(records: usize, pairs: &[ScoredPair], accept: f64) -> Vec<u32> {
    let mut forest = Forest::new(records, pairs.iter().filter(|pair| pair.veto.is_some()));
    let mut order: Vec<&ScoredPair> = pairs
        .iter()
        .filter(|pair| pair.probability >= accept && pair.veto.is_none())
        .collect();
    order.sort_by(|x, y| {
        y.probability
            .total_cmp(&x.probability)
            .then_with(|| (x.one, x.other).cmp(&(y.one, y.other)))
    });
    for pair in order {
        forest.union(pair.one, pair.other);
    }
    forest.numbers()
}

/// Disjoint sets whose smallest row is the root, with pairs that may not meet in one.
struct Forest {
    parent: Vec<u32>,
    /// Rows of each set of two or more.
    members: FxHashMap<u32, Vec<u32>>,
    forbidden: FxHashMap<u32, Vec<u32>>,
}

impl Forest {
    fn new<'a>(records: usize, vetoed: impl Iterator<Item = &'a ScoredPair>) -> Self {
        let mut forbidden: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for pair in vetoed {
            forbidden.entry(pair.one).or_default().push(pair.other);
            forbidden.entry(pair.other).or_default().push(pair.one);
        }
        Self {
            parent: (0..records as u32).collect(),
            members: FxHashMap::default(),
            forbidden,
        }
    }

    fn root(&self, mut row: u32) -> u32 {
        while self.parent[row as usize] != row {
            row = self.parent[row as usize];
        }
        row
    }

    fn union(&mut self, one: u32, other: u32) {
        let (x, y) = (self.root(one), self.root(other));
        let (root, child) = (x.min(y), x.max(y));
        if root == child {
            return;
        }
        let own = |row: u32| {
            self.members
                .get(&row)
                .map_or_else(|| vec![row], Clone::clone)
        };
        let (mut rows, more) = (own(root), own(child));
        let clash = more
            .iter()
            .filter_map(|row| self.forbidden.get(row))
            .flatten()
            .any(|row| self.root(*row) == root);
        if clash {
            return;
        }
        rows.extend(more);
        self.parent[child as usize] = root;
        self.members.remove(&child);
        self.members.insert(root, rows);
    }

    /// Number of the set of each row.
    fn numbers(&self) -> Vec<u32> {
        let mut numbers = vec![u32::MAX; self.parent.len()];
        let mut next = 0;
        for row in 0..self.parent.len() as u32 {
            // The root is the smallest row of its set and was numbered before the others.
            let root = self.root(row);
            if root == row {
                numbers[row as usize] = next;
                next += 1;
            } else {
                numbers[row as usize] = numbers[root as usize];
            }
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::{ScoredPair, join};
    use crate::link::Veto;
    use proptest::prelude::*;

    fn pair(one: u32, other: u32, probability: f64, veto: Option<Veto>) -> ScoredPair {
        ScoredPair {
            one,
            other,
            probability,
            veto,
        }
    }

    #[test]
    fn likely_pairs_chain_and_unlikely_ones_do_not() {
        let pairs = [
            pair(0, 2, 0.99, None),
            pair(2, 3, 0.97, None),
            pair(1, 4, 0.6, None),
        ];
        assert_eq!(join(5, &pairs, 0.95), [0, 1, 0, 0, 2]);
    }

    #[test]
    fn a_chain_never_brings_a_vetoed_pair_together() {
        let pairs = [
            pair(0, 1, 0.99, None),
            pair(1, 2, 0.98, None),
            pair(0, 2, 0.97, Some(Veto::Twins)),
        ];
        assert_eq!(join(3, &pairs, 0.95), [0, 0, 1]);
    }

    proptest! {
        #[test]
        fn clusters_do_not_depend_on_the_order_of_pairs(
            raw in proptest::collection::vec((0_u32..30, 0_u32..30, 0.5_f64..1.0, any::<bool>()), 0..60),
            turn in 0_usize..60,
        ) {
            let mut pairs: Vec<ScoredPair> = raw
                .into_iter()
                .filter(|(one, other, ..)| one < other)
                .map(|(one, other, probability, twins)| pair(one, other, probability, (twins && probability < 0.6).then_some(Veto::Twins)))
                .collect();
            let clusters = join(30, &pairs, 0.7);
            let middle = turn.min(pairs.len());
            pairs.rotate_left(middle);
            prop_assert_eq!(&join(30, &pairs, 0.7), &clusters);
            for pair in pairs.iter().filter(|pair| pair.veto.is_some()) {
                prop_assert_ne!(clusters[pair.one as usize], clusters[pair.other as usize]);
            }
        }
    }
}
