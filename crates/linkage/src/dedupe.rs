//! Records of the same person within one set: blocked, weighed and joined into clusters. A cluster is a number; no record is moved.

use rayon::prelude::*;

use crate::Progress;
use crate::block::Candidates;
use crate::cluster::{self, Contradiction, Known, Statements, agglomerate};
use crate::compare::Pair;
use crate::link::{Linker, Veto};
use crate::model::{Model, ModelError, TrainOptions, Weights};
use crate::records::Records;
use crate::spec::Spec;

/// Odds that no other order of the two records could lift to where anybody would look.
const NEGLIGIBLE: f64 = 1e-9;

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

/// Finds records of the same person. Records are joined along pairs of the spec's accept probability, the groups with the most evidence first: not
/// over a bridge between persons whose other records contradict each other, and never when that would bring a vetoed pair into one cluster.
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
    let evidence = |one: u32, other: u32| {
        let odds = weights.ratio(&in_order_of_ids(&linker, one, other));
        (odds / (1.0 - weights.pair_rate)).log2()
    };
    let known = Known {
        pairs: &pairs,
        apart: &[],
        accept: spec.accept(),
        evidence: &evidence,
        id: &|row| records.id(row),
    };
    Ok(Clusters {
        of: agglomerate(records.len(), &known),
        pairs,
        compared,
        model: Some(model),
    })
}

impl Clusters {
    /// Applies what people say about pairs of records. Exact: nobody changes but the clusters of the records that are named. Two records that are
    /// apart are never in one cluster, and their cluster falls into parts by the evidence in it, which nobody else joins; records that are
    /// together bring their clusters with them, vetoes or not.
    ///
    /// # Errors
    /// When statements contradict each other: no cluster has changed then.
    pub fn settle(
        &mut self,
        spec: &Spec,
        records: &Records,
        statements: &Statements,
    ) -> Result<(), Contradiction> {
        let known = Known {
            pairs: &self.pairs,
            apart: &[],
            accept: spec.accept(),
            // What made them one person is not put in question again: a pair that is not listed says nothing.
            evidence: &|_, _| 0.0,
            id: &|row| records.id(row),
        };
        cluster::settle(&mut self.of, statements, &known)
    }
}

/// Compares two rows. A comparison looks at how common the value of the second one is: the order of ids decides which that is, so that the order of
/// rows plays no part.
fn in_order_of_ids(linker: &Linker<'_>, one: u32, other: u32) -> Pair {
    let (first, second) = if linker.a.id(one) <= linker.a.id(other) {
        (one, other)
    } else {
        (other, one)
    };
    linker.pair(u64::from(first) << 32 | u64::from(second), 0)
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
                let mut odds = weights.ratio(&pair);
                if odds >= NEGLIGIBLE && linker.a.id(one) > linker.a.id(pair.b_row) {
                    odds = weights.ratio(&in_order_of_ids(linker, one, pair.b_row));
                }
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
