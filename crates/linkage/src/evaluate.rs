//! How good links are, against the truth: the figures of `bench/linkage/score.py`, and nothing that needs another tool.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::Serialize;

/// Cut-offs at which links are counted.
const CUTOFFS: [f64; 3] = [0.5, 0.9, 0.99];
/// What a person would have to look at.
const BAND: (f64, f64) = (0.01, 0.95);
/// Bins of equal width of the calibration error.
const BINS: usize = 20;

/// A proposed link.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposed {
    /// Id in A.
    pub a_id: String,
    /// Id in B.
    pub b_id: String,
    /// Probability.
    pub probability: f64,
}

/// What is true of a record of A.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Id in A.
    pub a_id: String,
    /// Its counterpart in B; `None` without one.
    pub b_id: Option<String>,
    /// Whether the record has each of the mistakes of [`evaluate`]'s `flags`.
    pub flags: Vec<bool>,
}

/// All figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// Records of A in the truth.
    pub persons: u64,
    /// Those with a counterpart.
    pub true_links: u64,
    /// Rates by cut-off.
    pub cutoffs: BTreeMap<String, Rates>,
    /// The best F1 of any cut-off.
    pub best_f1: BestRates,
    /// Rates by cut-off when each record of B keeps only its likeliest claim.
    pub one_to_one: BTreeMap<String, Rates>,
    /// Of all proposed links.
    pub calibration: Calibration,
    /// Of those in the review band.
    pub calibration_in_band: Calibration,
    /// Size of the review band.
    pub review_band: Band,
    /// Records whose person B does not hold.
    pub without_counterpart: Without,
    /// Recall at 0.5 among the records with each mistake.
    pub recall_by_flag: BTreeMap<String, FlagRecall>,
}

/// Links accepted from a cut-off on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rates {
    /// How many.
    pub accepted: u64,
    /// Share of them that is right.
    pub precision: Option<f64>,
    /// Share of the true links among them.
    pub recall: Option<f64>,
    /// Harmonic mean of the two.
    pub f1: Option<f64>,
}

/// The cut-off with the best F1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BestRates {
    /// The cut-off; `None` without links.
    pub cutoff: Option<f64>,
    /// Its rates.
    #[serde(flatten)]
    pub rates: Rates,
}

/// How honest probabilities are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Calibration {
    /// Links looked at.
    pub links: u64,
    /// Share that is right.
    pub share_right: Option<f64>,
    /// Mean probability.
    pub mean_probability: Option<f64>,
    /// Expected calibration error over twenty bins of equal width.
    pub ece: Option<f64>,
    /// Mean squared difference between probability and outcome.
    pub brier: Option<f64>,
}

/// Links between 0.01 and 0.95.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Band {
    /// How many.
    pub records: u64,
    /// Share of all records.
    pub share_of_persons: f64,
    /// Share that is right.
    pub share_right: Option<f64>,
}

/// Records whose person B does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Without {
    /// How many.
    pub persons: u64,
    /// Those linked at 0.5 all the same.
    pub false_links: u64,
    /// Their share.
    pub share: Option<f64>,
}

/// Recall among records with one mistake.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FlagRecall {
    /// Records with the mistake and a counterpart.
    pub records: u64,
    /// Share of them found.
    pub recall: Option<f64>,
}

/// A record of the truth with its best proposal.
struct Judged<'a> {
    truth: &'a Truth,
    best: Option<&'a Proposed>,
    right: bool,
}

/// Judges links. Where a record has several, its most probable one counts (of equals the smaller id of B). `flags` names the mistakes that each
/// truth tells of.
pub fn evaluate(links: &[Proposed], truth: &[Truth], flags: &[String]) -> Scores {
    let mut best: FxHashMap<&str, &Proposed> = FxHashMap::default();
    for link in links {
        let kept = best.entry(&link.a_id).or_insert(link);
        let order = link.probability.total_cmp(&kept.probability);
        if order.then_with(|| kept.b_id.cmp(&link.b_id)).is_gt() {
            *kept = link;
        }
    }
    let judged: Vec<Judged<'_>> = truth
        .iter()
        .map(|truth| {
            let best = best.get(truth.a_id.as_str()).copied();
            Judged {
                right: best.is_some_and(|link| Some(&link.b_id) == truth.b_id.as_ref()),
                truth,
                best,
            }
        })
        .collect();
    let proposed: Vec<(f64, bool)> = judged
        .iter()
        .filter_map(|record| Some((record.best?.probability, record.right)))
        .collect();
    let in_band: Vec<(f64, bool)> = proposed
        .iter()
        .copied()
        .filter(|(p, _)| *p > BAND.0 && *p < BAND.1)
        .collect();
    let true_links = truth.iter().filter(|truth| truth.b_id.is_some()).count() as u64;
    let persons = truth.len() as u64;
    Scores {
        persons,
        true_links,
        cutoffs: at_cutoffs(&proposed, true_links),
        best_f1: best_f1(&proposed, true_links),
        one_to_one: at_cutoffs(&one_to_one(&judged), true_links),
        calibration: calibration(&proposed),
        calibration_in_band: calibration(&in_band),
        review_band: Band {
            records: in_band.len() as u64,
            share_of_persons: share(in_band.len() as u64, persons).unwrap_or(0.0),
            share_right: calibration(&in_band).share_right,
        },
        without_counterpart: without(&judged),
        recall_by_flag: recall_by_flag(&judged, flags),
    }
}

fn share(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

fn rates(right: u64, accepted: u64, true_links: u64) -> Rates {
    Rates {
        accepted,
        precision: share(right, accepted),
        recall: share(right, true_links),
        f1: share(2 * right, accepted + true_links),
    }
}

fn at_cutoffs(links: &[(f64, bool)], true_links: u64) -> BTreeMap<String, Rates> {
    let at = |cutoff: f64| {
        let accepted = links.iter().filter(|(p, _)| *p >= cutoff);
        let right = accepted.clone().filter(|(_, right)| *right).count() as u64;
        rates(right, accepted.count() as u64, true_links)
    };
    CUTOFFS
        .iter()
        .map(|cutoff| (cutoff.to_string(), at(*cutoff)))
        .collect()
}

fn best_f1(links: &[(f64, bool)], true_links: u64) -> BestRates {
    let mut order = links.to_vec();
    order.sort_by(|x, y| y.0.total_cmp(&x.0));
    let mut best = BestRates {
        cutoff: None,
        rates: rates(0, 0, true_links),
    };
    let (mut right, mut accepted) = (0, 0);
    for group in order.chunk_by(|x, y| x.0.total_cmp(&y.0).is_eq()) {
        accepted += group.len() as u64;
        right += group.iter().filter(|(_, right)| *right).count() as u64;
        let here = rates(right, accepted, true_links);
        if best.cutoff.is_none() || here.f1 > best.rates.f1 {
            best = BestRates {
                cutoff: group.first().map(|(p, _)| *p),
                rates: here,
            };
        }
    }
    best
}

/// The links left when each record of B keeps the likeliest claim on it (of equals the smaller id of A).
fn one_to_one(judged: &[Judged<'_>]) -> Vec<(f64, bool)> {
    let mut claims: FxHashMap<&str, (&Proposed, bool)> = FxHashMap::default();
    for record in judged {
        let Some(link) = record.best else { continue };
        let kept = claims.entry(&link.b_id).or_insert((link, record.right));
        let order = link.probability.total_cmp(&kept.0.probability);
        if order.then_with(|| kept.0.a_id.cmp(&link.a_id)).is_gt() {
            *kept = (link, record.right);
        }
    }
    claims
        .values()
        .map(|(link, right)| (link.probability, *right))
        .collect()
}

fn calibration(links: &[(f64, bool)]) -> Calibration {
    let count = links.len() as f64;
    let mean = |sum: f64| (count > 0.0).then(|| sum / count);
    let hit = |right: bool| f64::from(u8::from(right));
    let mut bins = [0.0_f64; BINS];
    for (p, right) in links {
        bins[((p * BINS as f64) as usize).min(BINS - 1)] += p - hit(*right);
    }
    Calibration {
        links: links.len() as u64,
        share_right: mean(links.iter().map(|(_, right)| hit(*right)).sum()),
        mean_probability: mean(links.iter().map(|(p, _)| p).sum()),
        ece: mean(bins.iter().map(|surplus| surplus.abs()).sum()),
        brier: mean(
            links
                .iter()
                .map(|(p, right)| (p - hit(*right)).powi(2))
                .sum(),
        ),
    }
}

fn without(judged: &[Judged<'_>]) -> Without {
    let alone = || judged.iter().filter(|record| record.truth.b_id.is_none());
    let persons = alone().count() as u64;
    let linked = |record: &&Judged<'_>| {
        record
            .best
            .is_some_and(|link| link.probability >= CUTOFFS[0])
    };
    let false_links = alone().filter(linked).count() as u64;
    Without {
        persons,
        false_links,
        share: share(false_links, persons),
    }
}

/// Recall by mistake, of records without any, and of two combinations that matter on their own where the truth tells of their parts.
fn recall_by_flag(judged: &[Judged<'_>], flags: &[String]) -> BTreeMap<String, FlagRecall> {
    let place = |name: &str| flags.iter().position(|flag| flag == name);
    let places =
        |names: &[&str]| -> Option<Vec<usize>> { names.iter().map(|name| place(name)).collect() };
    let any = |truth: &Truth, places: &[usize]| {
        places
            .iter()
            .any(|place| truth.flags.get(*place) == Some(&true))
    };
    let recall = |has: &dyn Fn(&Truth) -> bool| {
        let with = judged
            .iter()
            .filter(|record| record.truth.b_id.is_some() && has(record.truth));
        let found = |record: &&Judged<'_>| {
            record.right
                && record
                    .best
                    .is_some_and(|link| link.probability >= CUTOFFS[0])
        };
        let (records, found) = (
            with.clone().count() as u64,
            with.filter(found).count() as u64,
        );
        FlagRecall {
            records,
            recall: share(found, records),
        }
    };
    let mut out = BTreeMap::new();
    for (place, flag) in flags.iter().enumerate() {
        out.insert(flag.clone(), recall(&|truth| any(truth, &[place])));
    }
    // Being a child is no mistake.
    let mistakes: Vec<usize> = (0..flags.len())
        .filter(|place| flags[*place] != "child")
        .collect();
    out.insert(
        "no_error".to_owned(),
        recall(&|truth| !any(truth, &mistakes)),
    );
    if let Some(places) = places(&[
        "id_missing",
        "id_digit",
        "id_transpose",
        "id_cmnd",
        "id_other",
    ]) {
        out.insert(
            "any_id_error".to_owned(),
            recall(&|truth| any(truth, &places)),
        );
    }
    let unusable = places(&["id_missing", "id_cmnd"]);
    let wrong_birth = places(&["dob_swap", "dob_0101", "dob_digit"]);
    if let (Some(number), Some(birth)) = (unusable, wrong_birth) {
        let both = |truth: &Truth| any(truth, &number) && any(truth, &birth);
        out.insert("no_usable_id_and_wrong_dob".to_owned(), recall(&both));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Proposed, Truth, evaluate};

    fn link(a_id: &str, b_id: &str, probability: f64) -> Proposed {
        Proposed {
            a_id: a_id.into(),
            b_id: b_id.into(),
            probability,
        }
    }

    fn truth(a_id: &str, b_id: Option<&str>, wrong: bool) -> Truth {
        Truth {
            a_id: a_id.into(),
            b_id: b_id.map(str::to_owned),
            flags: vec![wrong],
        }
    }

    #[test]
    fn figures_of_a_case_that_can_be_counted_by_hand() {
        let truths = [
            truth("a1", Some("b1"), false),
            truth("a2", Some("b2"), true),
            truth("a3", Some("b3"), false),
            truth("a4", None, false),
        ];
        // a1 right; a2 wrong and claims a1's person; a3 never proposed; a4 has nobody but is linked.
        let links = [
            link("a1", "b1", 0.99),
            link("a1", "b2", 0.01),
            link("a2", "b1", 0.6),
            link("a4", "b9", 0.7),
        ];
        let scores = evaluate(&links, &truths, &["dob_swap".to_owned()]);
        let at = scores.cutoffs["0.5"];
        assert_eq!(
            (at.accepted, at.precision, at.recall, at.f1),
            (3, Some(1.0 / 3.0), Some(1.0 / 3.0), Some(2.0 / 6.0))
        );
        assert_eq!(scores.one_to_one["0.5"].accepted, 2);
        assert_eq!(scores.best_f1.cutoff, Some(0.99));
        assert_eq!(scores.best_f1.rates.f1, Some(0.5));
        assert_eq!(
            (
                scores.without_counterpart.persons,
                scores.without_counterpart.false_links
            ),
            (1, 1)
        );
        assert_eq!(
            (scores.review_band.records, scores.review_band.share_right),
            (2, Some(0.0))
        );
        assert_eq!(scores.recall_by_flag["dob_swap"].recall, Some(0.0));
        assert_eq!(scores.recall_by_flag["no_error"].recall, Some(0.5));
        let brier = (0.01_f64.powi(2) + 0.36 + 0.49) / 3.0;
        assert!((scores.calibration.brier.unwrap_or(0.0) - brier).abs() < 1e-12);
        let ece = (0.01 + 0.6 + 0.7) / 3.0;
        assert!((scores.calibration.ece.unwrap_or(0.0) - ece).abs() < 1e-12);
    }

    #[test]
    fn nothing_proposed_is_nothing_found() {
        let scores = evaluate(&[], &[truth("a1", Some("b1"), false)], &[]);
        assert_eq!(
            (
                scores.cutoffs["0.5"].precision,
                scores.cutoffs["0.5"].recall
            ),
            (None, Some(0.0))
        );
        assert_eq!(scores.calibration.ece, None);
    }
}
