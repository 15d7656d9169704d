//! The Fellegi–Sunter model: how often each level occurs among true pairs (`m`), among strangers (`u`) and among relatives (`kin`).
//!
//! It is learned without labels. `u` comes from random pairs, and from the digits' density where random pairs are too few; `m`, `kin` and
//! the rates come from expectation–maximisation over the candidates, where each record of A has at most one counterpart.

use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::block::Candidates;
use crate::check::{Useless, useless_columns};
use crate::compare::{Comparer, Pair};
use crate::hash;
use crate::link::Linker;
use crate::name::{Name, NameTable};
use crate::records::{Column, Records, TextTable, unpack_number};
use crate::spec::{Comparison, Kind, MOST_COMPARISONS, Part, Spec};

/// Version of the model file; those of version 1 know of no carelessness.
const VERSION: u32 = 2;
/// Levels of a comparison, missing included.
pub(crate) const LEVELS: usize = 16;
/// How often the careless records are looked for anew, once it is better known who is who.
const HANDS: usize = 3;
/// Pairs added to each level's count: no level is ever impossible.
const PRIOR: f64 = 0.5;
/// Share of the pairs of a level that are strangers at the least, whatever expectation–maximisation says of the others.
const LEAST_STRANGERS: f64 = 0.05;

/// A probability, or bits, by comparison and level.
pub(crate) type Table = [[f64; LEVELS]; MOST_COMPARISONS];

/// A trained model; a small JSON file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Version of this format.
    pub version: u32,
    /// Fingerprint of the spec that it belongs to.
    pub spec: String,
    /// Share of records of A whose counterpart is among their candidates; in a deduplication, other records of the same person per record.
    pub match_rate: f64,
    /// Relatives met per record of A.
    pub kin_rate: f64,
    /// One per comparison, in the spec's order.
    pub comparisons: Vec<ComparisonModel>,
    /// Most rows of B that may share a key of each blocking rule before it is narrowed; empty in models of before caps were kept.
    #[serde(default)]
    pub caps: Vec<usize>,
    /// How far pairs of one person are from what the model takes for granted, that their fields differ independently; the farthest first.
    #[serde(default)]
    pub dependence: Vec<Dependence>,
    /// Records of which everything is wrong more often; none where errors come singly, or where there are too few to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub careless: Option<Careless>,
    /// Rounds of expectation–maximisation.
    pub iterations: u32,
    /// The last round changed no probability by more than the tolerance.
    pub converged: bool,
    /// Largest change of a probability in the last round.
    pub last_change: f64,
    /// Natural logarithm of the likelihood of the training pairs.
    pub log_likelihood: f64,
    /// What it was learned from.
    pub provenance: Provenance,
}

/// One comparison of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparisonModel {
    /// Name of the column.
    pub column: String,
    /// Levels from the strongest to "else".
    pub levels: Vec<LevelModel>,
}

/// One level of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelModel {
    /// Name of the level.
    pub level: String,
    /// Probability among records of the same person.
    pub m: f64,
    /// Probability among records of strangers.
    pub u: f64,
    /// Probability among records of relatives.
    pub kin: f64,
}

impl LevelModel {
    /// Evidence in bits: same person against strangers.
    pub fn bits(&self) -> f64 {
        (self.m / self.u).log2()
    }
}

/// Some records are wrong in several fields, because of who wrote them: in a share of the pairs of one person each field differs so many times
/// as often as on average, and in the others correspondingly less.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Careless {
    /// Share of such pairs.
    pub share: f64,
    /// How many times as often as on average a field of them differs.
    pub factor: f64,
}

/// A field differs in no more than this share of the pairs, however careless.
const MOST_WRONG: f64 = 0.98;
/// Less than this many pairs that differ in three fields tell nothing of those that do.
const FEWEST_TRIPLES: f64 = 30.0;
/// Overdispersion that is not worth a class of its own.
const LEAST_DISPERSION: f64 = 0.05;

impl Careless {
    /// From how often two and three fields of a pair differ, against how often they would if they differed independently: the two kinds of hands
    /// that have these moments.
    fn of(sample: &Sample, same: &[f64], m: &Table, comparisons: usize) -> Option<Self> {
        let (mut seen, mut expected) = ([0.0; 2], [0.0; 2]);
        for ((pattern, _), pairs) in sample.cells.iter().zip(same) {
            let (mut differing, mut sums) = (0.0, [0.0; 3]);
            for (place, levels) in m.iter().enumerate().take(comparisons) {
                let level = Spec::level(*pattern, place);
                if level == 0 {
                    continue;
                }
                let share = 1.0 - levels[1];
                differing += f64::from(u8::from(level != 1));
                for (power, sum) in (1..).zip(&mut sums) {
                    *sum += share.powi(power);
                }
            }
            let [one, two, three] = sums;
            seen[0] += pairs * differing * (differing - 1.0) / 2.0;
            seen[1] += pairs * differing * (differing - 1.0) * (differing - 2.0) / 6.0;
            expected[0] += pairs * (one * one - two) / 2.0;
            expected[1] += pairs * (one.powi(3) - 3.0 * one * two + 2.0 * three) / 6.0;
        }
        if expected[1] < FEWEST_TRIPLES {
            return None;
        }
        Self::of_moments(seen[0] / expected[0], seen[1] / expected[1])
    }

    /// From the second and third moments of the factor, whose mean is 1.
    fn of_moments(second: f64, third: f64) -> Option<Self> {
        let variance = second - 1.0;
        if variance < LEAST_DISPERSION {
            return None;
        }
        let skewness = (third - 3.0 * second + 2.0) / variance.powf(1.5);
        let share = 0.5 * (1.0 - skewness / skewness.hypot(2.0));
        let factor = 1.0 + (variance * (1.0 - share) / share).sqrt();
        Some(Self { share, factor }).filter(Self::is_possible)
    }

    fn is_possible(&self) -> bool {
        0.0 < self.share && self.share < 1.0 && self.factor >= 1.0 && self.share * self.factor < 1.0
    }

    /// What careful and careless hands add.
    fn hands(self, m: &Table) -> [Hand; 2] {
        let rest = 1.0 - self.share;
        let careful = (1.0 - self.share * self.factor) / rest;
        [(rest, careful), (self.share, self.factor)].map(|(share, factor)| Hand {
            share: share.log2(),
            bits: m.map(|levels| {
                let differing = 1.0 - levels[1];
                let factor = factor.min(MOST_WRONG / differing);
                let mut bits = [factor.log2(); LEVELS];
                bits[0] = 0.0;
                bits[1] = ((1.0 - factor * differing) / levels[1]).log2();
                bits
            }),
        })
    }
}

/// How two fields differ together in pairs of one person, as expectation–maximisation sees them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dependence {
    /// Names of the two columns.
    pub columns: [String; 2],
    /// Correlation of "agrees fully" between the two, where all four values are present.
    pub correlation: f64,
    /// How many times as often as by chance both differ; the logarithm (base 2) is what such a pair is weighed too low by, in bits.
    pub both_differ: f64,
}

/// How the evidence of one level differs between two models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelChange {
    /// Name of the column.
    pub column: String,
    /// Name of the level.
    pub level: String,
    /// Bits in the earlier model.
    pub before_bits: f64,
    /// Bits in the later model.
    pub after_bits: f64,
}

impl LevelChange {
    /// Bits gained.
    pub fn change(&self) -> f64 {
        self.after_bits - self.before_bits
    }
}

/// What a model was learned from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Records of A.
    pub records: u64,
    /// Records of B.
    pub register: u64,
    /// Records of A that were looked at in training.
    pub sampled_records: u64,
    /// Their candidate pairs.
    pub candidate_pairs: u64,
    /// Random pairs for `u`.
    pub random_pairs: u64,
    /// Columns that could not help: always missing, or the same value everywhere.
    pub warnings: Vec<String>,
}

/// How long and on how much to train.
#[derive(Debug, Clone)]
pub struct TrainOptions {
    /// Most rounds.
    pub max_iterations: u32,
    /// Converged when no probability changes by more.
    pub tolerance: f64,
    /// Records of A to train on, spread evenly.
    pub sample_records: usize,
    /// Random pairs for `u`.
    pub random_pairs: u64,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            max_iterations: 200,
            tolerance: 1e-5,
            sample_records: 100_000,
            random_pairs: 500_000,
        }
    }
}

/// Why there is no model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// No blocking rule brought any two records together.
    #[error(
        "no blocking rule of the spec found a single pair; are the columns filled, and are the files of the same people?"
    )]
    NoCandidates,
    /// A model of another spec.
    #[error(
        "the model belongs to spec {model:?}, not to {spec:?}: train it again, or give the spec that it was trained with"
    )]
    OtherSpec {
        /// Spec of the model.
        model: String,
        /// Spec in use.
        spec: String,
    },
    /// A model file of a version that this program does not know.
    #[error("the model file has version {found}; this program reads version {VERSION}")]
    OtherVersion {
        /// Version found.
        found: u32,
    },
    /// No model file.
    #[error("not a model file: {0}")]
    Json(#[from] serde_json::Error),
    /// A probability that is none.
    #[error("the model file has {value} as a probability of level {level:?} of {column:?}")]
    NoProbability {
        /// The column.
        column: String,
        /// The level.
        level: String,
        /// The value.
        value: f64,
    },
    /// A rate that is none.
    #[error("the model file has {value} as {rate}")]
    NoRate {
        /// Which rate.
        rate: &'static str,
        /// The value.
        value: f64,
    },
}

impl Model {
    /// Trains a model for two sets of records.
    ///
    /// # Errors
    /// When no rule finds any candidate.
    pub fn train(
        spec: &Spec,
        a: &Records,
        b: &Records,
        options: &TrainOptions,
    ) -> Result<Self, ModelError> {
        let linker = Linker::new(spec, a, b);
        let candidates = linker.candidates_of_sample(options.sample_records);
        linker.train(&candidates, options)
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// When it is no model, of another version, or holds impossible probabilities.
    pub fn from_json(text: &str) -> Result<Self, ModelError> {
        let model: Self = serde_json::from_str(text)?;
        model.check()?;
        Ok(model)
    }

    /// Nothing of it is impossible.
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        if !(1..=VERSION).contains(&self.version) {
            return Err(ModelError::OtherVersion {
                found: self.version,
            });
        }
        // Within one file a person may have several other records: that rate may pass 1.
        let rates = [
            ("match_rate", self.match_rate, 0.0 < self.match_rate),
            ("kin_rate", self.kin_rate, 0.0 <= self.kin_rate),
        ];
        for (rate, value, possible) in rates {
            if !possible || !value.is_finite() {
                return Err(ModelError::NoRate { rate, value });
            }
        }
        if let Some(careless) = self.careless.filter(|careless| !careless.is_possible()) {
            return Err(ModelError::NoRate {
                rate: "share of careless records",
                value: careless.share,
            });
        }
        for comparison in &self.comparisons {
            for level in &comparison.levels {
                let bad = [level.m, level.u, level.kin]
                    .into_iter()
                    .find(|p| !(*p > 0.0 && *p <= 1.0));
                if let Some(value) = bad {
                    return Err(ModelError::NoProbability {
                        column: comparison.column.clone(),
                        level: level.level.clone(),
                        value,
                    });
                }
            }
        }
        Ok(())
    }

    /// The model file.
    ///
    /// # Errors
    /// Never in practice: every number of a model is finite.
    pub fn to_json(&self) -> Result<String, ModelError> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Evidence of each level in this model and in a later one of the same spec, those that changed most first.
    ///
    /// # Errors
    /// When the other belongs to another spec.
    pub fn diff(&self, later: &Self) -> Result<Vec<LevelChange>, ModelError> {
        if self.spec != later.spec {
            return Err(ModelError::OtherSpec {
                model: later.spec.clone(),
                spec: self.spec.clone(),
            });
        }
        let both = self.comparisons.iter().zip(&later.comparisons);
        let mut changes: Vec<LevelChange> = both
            .flat_map(|(one, other)| {
                one.levels
                    .iter()
                    .zip(&other.levels)
                    .map(|(a, b)| LevelChange {
                        column: one.column.clone(),
                        level: a.level.clone(),
                        before_bits: a.bits(),
                        after_bits: b.bits(),
                    })
            })
            .collect();
        changes.sort_by(|x, y| y.change().abs().total_cmp(&x.change().abs()));
        Ok(changes)
    }

    /// The tables ready for scoring.
    pub(crate) fn weights(&self, spec: &Spec, register: usize) -> Result<Weights, ModelError> {
        let fits = self.comparisons.len() == spec.comparisons.len()
            && self
                .comparisons
                .iter()
                .zip(&spec.comparisons)
                .all(|(model, comparison)| model.levels.len() == comparison.levels.len() + 1);
        if self.spec != spec.fingerprint() || !fits {
            return Err(ModelError::OtherSpec {
                model: self.spec.clone(),
                spec: spec.fingerprint().to_owned(),
            });
        }
        let mut tables = Tables::ones();
        for (place, comparison) in self.comparisons.iter().enumerate() {
            for (level, values) in comparison.levels.iter().enumerate() {
                tables.m[place][level + 1] = values.m;
                tables.u[place][level + 1] = values.u;
                tables.kin[place][level + 1] = values.kin;
            }
        }
        let register = register.max(1) as f64;
        Ok(tables.weights(
            self.comparisons.len(),
            self.match_rate,
            self.match_rate / register,
            self.kin_rate / register,
            self.careless,
        ))
    }
}

/// Probabilities by comparison and level; 1 where missing.
struct Tables {
    m: Table,
    u: Table,
    kin: Table,
}

impl Tables {
    fn ones() -> Self {
        let ones = [[1.0; LEVELS]; MOST_COMPARISONS];
        Self {
            m: ones,
            u: ones,
            kin: ones,
        }
    }

    fn weights(
        &self,
        comparisons: usize,
        match_rate: f64,
        pair_rate: f64,
        kin_rate: f64,
        careless: Option<Careless>,
    ) -> Weights {
        let log = |table: &Table| table.map(|levels| levels.map(f64::log2));
        Weights {
            comparisons,
            hands: careless.map(|careless| careless.hands(&self.m)),
            m: log(&self.m),
            u: log(&self.u),
            kin: log(&self.kin),
            match_rate,
            pair_rate,
            kin_rate,
        }
    }
}

/// A model's logarithms (base 2), ready for scoring.
pub(crate) struct Weights {
    comparisons: usize,
    /// What is to be added for careful and for careless records; none where errors come singly.
    hands: Option<[Hand; 2]>,
    m: Table,
    u: Table,
    kin: Table,
    /// Share of records with a counterpart among the candidates.
    pub(crate) match_rate: f64,
    /// Probability that a given pair is the same person.
    pub(crate) pair_rate: f64,
    /// Probability that a given pair of different people are relatives.
    pub(crate) kin_rate: f64,
}

/// What one kind of hand adds to the likelihood of the same person, in bits.
struct Hand {
    /// How many records it wrote.
    share: f64,
    bits: Table,
}

/// The evidence of one pattern, in bits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence {
    /// Logarithm of the likelihood ratio of "same person" to "different people".
    pub(crate) bits: f64,
    /// Share of relatives in "different people".
    pub(crate) kin_share: f64,
    /// Logarithm of the likelihood under "different people".
    pub(crate) different: f64,
}

impl Weights {
    /// Evidence of a pattern with its frequency bits.
    pub(crate) fn evidence(&self, pattern: u64, frequency_bits: f64) -> Evidence {
        let (mut m, mut u, mut kin) = (self.together_bits(pattern), frequency_bits, 0.0);
        for place in 0..self.comparisons {
            let level = Spec::level(pattern, place);
            m += self.m[place][level];
            u += self.u[place][level];
            kin += self.kin[place][level];
        }
        let strangers = (1.0 - self.kin_rate) * u.exp2();
        let relatives = self.kin_rate * kin.exp2();
        let different = (strangers + relatives).log2();
        Evidence {
            bits: m - different,
            kin_share: relatives / (strangers + relatives),
            different,
        }
    }

    /// Bits by which a pattern is likelier for the same person because errors come together.
    pub(crate) fn together_bits(&self, pattern: u64) -> f64 {
        let of = |hand: &Hand| {
            let places = 0..self.comparisons;
            hand.share
                + places
                    .map(|place| hand.bits[place][Spec::level(pattern, place)])
                    .sum::<f64>()
        };
        let Some([careful, careless]) = &self.hands else {
            return 0.0;
        };
        (of(careful).exp2() + of(careless).exp2()).log2()
    }

    /// The most that each level can add to what [`Self::level_bits`] says, by the hand that wrote the record.
    pub(crate) fn hand_bits(&self, comparison: usize, level: usize) -> [f64; 2] {
        self.hands.as_ref().map_or([0.0; 2], |hands| {
            hands.each_ref().map(|hand| hand.bits[comparison][level])
        })
    }

    /// Prior odds times likelihood ratio of a pair.
    pub(crate) fn ratio(&self, pair: &Pair) -> f64 {
        let evidence = self.evidence(pair.pattern, f64::from(pair.frequency_bits));
        self.pair_rate * evidence.bits.exp2()
    }

    /// Bits of one level of one comparison: same person against strangers.
    pub(crate) fn level_bits(&self, comparison: usize, level: usize) -> f64 {
        self.m[comparison][level] - self.u[comparison][level]
    }
}

impl Linker<'_> {
    /// Learns a model from candidates, without labels.
    ///
    /// # Errors
    /// When there are no candidates.
    pub fn train(
        &self,
        candidates: &Candidates,
        options: &TrainOptions,
    ) -> Result<Model, ModelError> {
        if candidates.is_empty() {
            return Err(ModelError::NoCandidates);
        }
        let sample = Sample::of(self, candidates, options.sample_records);
        let strangers = Strangers::of(self, options);
        let mut fit = Fit::start(self, &sample, &strangers);
        let mut rounds = fit.settle(&sample, options, 0);
        for _ in 0..HANDS {
            let same = fit.expect(&sample).same;
            fit.careless = Careless::of(&sample, &same, &fit.tables.m, fit.levels.len());
            if fit.careless.is_none() {
                break;
            }
            rounds = fit.settle(&sample, options, rounds.iterations);
        }
        let provenance = Provenance {
            records: self.a.len() as u64,
            register: self.b.len() as u64,
            sampled_records: sample.rows() as u64,
            candidate_pairs: sample.cell_of.len() as u64,
            random_pairs: strangers.random_pairs,
            warnings: warnings(self),
        };
        Ok(Model {
            version: VERSION,
            spec: self.spec.fingerprint().to_owned(),
            match_rate: fit.match_rate,
            kin_rate: fit.kin_rate,
            caps: candidates.rules().iter().map(|rule| rule.cap).collect(),
            comparisons: fit.comparisons(self.spec),
            dependence: dependence(self.spec, &sample, &fit.expect(&sample).same),
            careless: fit.careless,
            iterations: rounds.iterations,
            converged: rounds.change <= options.tolerance,
            last_change: rounds.change,
            log_likelihood: rounds.log_likelihood,
            provenance,
        })
    }
}

/// Columns that cannot tell people apart, for the model's provenance.
fn warnings(linker: &Linker<'_>) -> Vec<String> {
    let a = useless_columns(linker.spec, linker.a);
    let b = useless_columns(linker.spec, linker.b);
    let told = |name: &str, why: Option<Useless>, side: &str| match why? {
        Useless::Empty => Some(format!("column {name:?} is empty in {side}")),
        Useless::OneValue => Some(format!(
            "column {name:?} has one value in all rows of {side}"
        )),
    };
    a.zip(b)
        .flat_map(|((name, in_a), (_, in_b))| [told(name, in_a, "A"), told(name, in_b, "B")])
        .flatten()
        .collect()
}

/// Training records with their candidate pairs, as numbers of distinct (pattern, frequency) cells.
struct Sample {
    cells: Vec<(u64, f64)>,
    cell_of: Vec<u32>,
    /// Where each record's pairs end.
    ends: Vec<usize>,
    register: f64,
    within: bool,
}

impl Sample {
    fn of(linker: &Linker<'_>, candidates: &Candidates, most: usize) -> Self {
        let compared: Vec<Vec<(u32, Pair)>> = linker
            .sample(most)
            .par_iter()
            .with_min_len(64)
            .map(|row| linker.compared(candidates, *row..row + 1))
            .collect();
        let mut sample = Self {
            cells: Vec::new(),
            cell_of: Vec::new(),
            ends: Vec::new(),
            register: linker.b.len() as f64,
            within: linker.within(),
        };
        let mut known: FxHashMap<u64, u32> = FxHashMap::default();
        for pairs in compared {
            for (_, pair) in pairs {
                // Frequency in half bits, above the 56 bits of the pattern.
                let half_bits = (pair.frequency_bits * 2.0).round().clamp(-127.0, 127.0);
                let key = pair.pattern | u64::from((half_bits + 128.0) as u8) << 56;
                let cell = *known.entry(key).or_insert_with(|| {
                    sample
                        .cells
                        .push((pair.pattern, f64::from(half_bits) / 2.0));
                    sample.cells.len() as u32 - 1
                });
                sample.cell_of.push(cell);
            }
            sample.ends.push(sample.cell_of.len());
        }
        sample
    }

    fn rows(&self) -> usize {
        self.ends.len()
    }

    /// Pairs of strangers that the sampled records stand for.
    fn all_pairs(&self) -> f64 {
        self.rows() as f64 * self.register * if self.within { 0.5 } else { 1.0 }
    }

    fn groups(&self) -> impl Iterator<Item = &[u32]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let group = self.cell_of.get(start..*end).unwrap_or_default();
            start = *end;
            group
        })
    }
}

/// Expectation–maximisation at work.
struct Fit {
    tables: Tables,
    match_rate: f64,
    kin_rate: f64,
    levels: Vec<usize>,
    /// Comparisons whose equal pairs are all candidates, so that `u` of equality can be counted.
    covered: Vec<bool>,
    /// Share of pairs in which both sides of a comparison are present.
    present: Vec<f64>,
    /// Pairs of each level, whoever they are, that the sampled records stand for; 0 where they were not counted.
    counted: Table,
    kin: bool,
    careless: Option<Careless>,
}

/// How expectation–maximisation went.
struct Rounds {
    iterations: u32,
    /// Largest change in the last round.
    change: f64,
    log_likelihood: f64,
}

/// Who the sampled pairs are, by cell.
struct Expected {
    evidence: Vec<Evidence>,
    /// Pairs of the same person.
    same: Vec<f64>,
    /// All pairs.
    pairs: Vec<u32>,
    /// Natural logarithm of the likelihood.
    log_likelihood: f64,
}

impl Fit {
    fn start(linker: &Linker<'_>, sample: &Sample, strangers: &Strangers) -> Self {
        let spec = linker.spec;
        let mut tables = Tables::ones();
        tables.u = strangers.u;
        for (place, comparison) in spec.comparisons.iter().enumerate() {
            let kind = spec.fields[comparison.field].kind;
            tables.m[place] = first_guess(comparison);
            tables.kin[place] = first_guess_of_kin(comparison, kind);
        }
        let covered = spec
            .comparisons
            .iter()
            .map(|comparison| {
                let number = matches!(linker.b.columns[comparison.field], Column::Number);
                number
                    && spec
                        .rules
                        .iter()
                        .any(|rule| rule.keys == [(comparison.field, Part::Whole)])
            })
            .collect();
        let present = spec
            .comparisons
            .iter()
            .map(|comparison| {
                filled(linker.a, comparison.field) * filled(linker.b, comparison.field)
            })
            .collect();
        Self {
            tables,
            match_rate: if sample.within { 0.2 } else { 0.8 },
            kin_rate: if spec.kin { 1.0 } else { 0.0 },
            levels: spec
                .comparisons
                .iter()
                .map(Comparison::level_count)
                .collect(),
            covered,
            present,
            counted: strangers.counted,
            kin: spec.kin,
            careless: None,
        }
    }

    /// Rounds until nothing changes any more, those before included.
    fn settle(&mut self, sample: &Sample, options: &TrainOptions, before: u32) -> Rounds {
        let mut rounds = Rounds {
            iterations: before,
            change: f64::INFINITY,
            log_likelihood: f64::NEG_INFINITY,
        };
        while rounds.iterations < options.max_iterations && rounds.change > options.tolerance {
            (rounds.change, rounds.log_likelihood) = self.round(sample);
            rounds.iterations += 1;
        }
        rounds
    }

    /// One round; the largest change and the log-likelihood before it.
    fn round(&mut self, sample: &Sample) -> (f64, f64) {
        let expected = self.expect(sample);
        (self.maximise(sample, &expected), expected.log_likelihood)
    }

    /// Who the sampled pairs are, as far as is known.
    fn expect(&self, sample: &Sample) -> Expected {
        let weights = self.tables.weights(
            self.levels.len(),
            self.match_rate,
            self.match_rate / sample.register,
            self.kin_rate / sample.register,
            self.careless,
        );
        let evidence: Vec<Evidence> = sample
            .cells
            .par_iter()
            .map(|(pattern, bits)| weights.evidence(*pattern, *bits))
            .collect();
        let ratios: Vec<f64> = evidence
            .iter()
            .map(|evidence| weights.pair_rate * evidence.bits.exp2())
            .collect();
        let mut same = vec![0.0_f64; sample.cells.len()];
        let mut pairs = vec![0_u32; sample.cells.len()];
        let mut log_likelihood = 0.0;
        for group in sample.groups() {
            let none = 1.0 - weights.match_rate;
            let total = none + group.iter().map(|cell| ratios[*cell as usize]).sum::<f64>();
            if !sample.within {
                log_likelihood += total.ln();
            }
            for &cell in group {
                let cell = cell as usize;
                let of = if sample.within {
                    1.0 - weights.pair_rate + ratios[cell]
                } else {
                    total
                };
                if sample.within {
                    log_likelihood += of.ln();
                }
                same[cell] += ratios[cell] / of;
                pairs[cell] += 1;
                log_likelihood += evidence[cell].different * std::f64::consts::LN_2;
            }
        }
        Expected {
            evidence,
            same,
            pairs,
            log_likelihood,
        }
    }

    /// New probabilities from the expected counts; the largest change.
    fn maximise(&mut self, sample: &Sample, expected: &Expected) -> f64 {
        let Expected {
            evidence,
            same,
            pairs,
            ..
        } = expected;
        let [mut by_same, mut by_kin, mut by_strangers] =
            [[[0.0_f64; LEVELS]; MOST_COMPARISONS]; 3];
        let (mut all_same, mut all_kin) = (0.0, 0.0);
        for (cell, (pattern, _)) in sample.cells.iter().enumerate() {
            let kin = (f64::from(pairs[cell]) - same[cell]) * evidence[cell].kin_share;
            let strangers = f64::from(pairs[cell]) - same[cell] - kin;
            all_same += same[cell];
            all_kin += kin;
            let places = 0..self.levels.len();
            for (place, ((m, k), u)) in
                places.zip(by_same.iter_mut().zip(&mut by_kin).zip(&mut by_strangers))
            {
                let level = Spec::level(*pattern, place);
                m[level] += same[cell];
                k[level] += kin;
                u[level] += strangers;
            }
        }
        let mut change = 0.0;
        for (place, &levels) in self.levels.iter().enumerate() {
            change = refresh(&mut self.tables.m[place], &by_same[place], levels, change);
            if self.kin {
                change = refresh(&mut self.tables.kin[place], &by_kin[place], levels, change);
            }
            let possible = (sample.all_pairs() * self.present[place]).max(1.0);
            if self.covered[place] {
                self.tables.u[place][1] = (by_strangers[place][1] + 0.05) / possible;
            }
            for (level, &counted) in self.counted[place].iter().enumerate() {
                if counted > 0.0 {
                    // What is not the same person is strangers; where nearly all is, the difference of the two would be noise.
                    let strangers =
                        (counted - by_same[place][level]).max(counted * LEAST_STRANGERS);
                    self.tables.u[place][level] = strangers / possible;
                }
            }
        }
        // Within one file each pair is met once and belongs to two records.
        let rows = sample.rows().max(1) as f64 * if sample.within { 0.5 } else { 1.0 };
        self.match_rate =
            (all_same / rows).clamp(1e-6, if sample.within { f64::MAX } else { 1.0 - 1e-4 });
        if self.kin {
            self.kin_rate = (all_kin / rows).max(1e-6);
        }
        change
    }

    fn comparisons(&self, spec: &Spec) -> Vec<ComparisonModel> {
        spec.comparisons
            .iter()
            .enumerate()
            .map(|(place, comparison)| ComparisonModel {
                column: spec.fields[comparison.field].name.clone(),
                levels: (1..comparison.level_count())
                    .map(|level| LevelModel {
                        level: comparison.level_name(level).to_owned(),
                        m: self.tables.m[place][level],
                        u: self.tables.u[place][level],
                        kin: self.tables.kin[place][level],
                    })
                    .collect(),
            })
            .collect()
    }
}

/// How the fields of pairs of the same person differ together.
fn dependence(spec: &Spec, sample: &Sample, same: &[f64]) -> Vec<Dependence> {
    let count = spec.comparisons.len();
    let name = |place: usize| spec.fields[spec.comparisons[place].field].name.clone();
    let mut found: Vec<Dependence> = (0..count)
        .flat_map(|one| (one + 1..count).map(move |other| (one, other)))
        .map(|(one, other)| {
            let joint = Joint::of(sample, same, one, other);
            Dependence {
                columns: [name(one), name(other)],
                correlation: joint.correlation(),
                both_differ: joint.both_differ(),
            }
        })
        .collect();
    found.sort_by(|x, y| y.correlation.abs().total_cmp(&x.correlation.abs()));
    found
}

/// Pairs of the same person by whether two comparisons agree fully.
struct Joint {
    both_agree: f64,
    one_agrees: f64,
    other_agrees: f64,
    neither: f64,
}

impl Joint {
    fn of(sample: &Sample, same: &[f64], one: usize, other: usize) -> Self {
        // Half a pair more in each: where next to none differ, nothing is claimed.
        let [
            mut both_agree,
            mut one_agrees,
            mut other_agrees,
            mut neither,
        ] = [PRIOR; 4];
        for ((pattern, _), pairs) in sample.cells.iter().zip(same) {
            match (Spec::level(*pattern, one), Spec::level(*pattern, other)) {
                (0, _) | (_, 0) => {}
                (1, 1) => both_agree += pairs,
                (1, _) => one_agrees += pairs,
                (_, 1) => other_agrees += pairs,
                _ => neither += pairs,
            }
        }
        Self {
            both_agree,
            one_agrees,
            other_agrees,
            neither,
        }
    }

    fn correlation(&self) -> f64 {
        let of_one = (self.both_agree + self.one_agrees) * (self.other_agrees + self.neither);
        let of_other = (self.both_agree + self.other_agrees) * (self.one_agrees + self.neither);
        let apart = self.both_agree * self.neither - self.one_agrees * self.other_agrees;
        apart / (of_one * of_other).sqrt()
    }

    fn both_differ(&self) -> f64 {
        let all = self.both_agree + self.one_agrees + self.other_agrees + self.neither;
        let expected = (self.other_agrees + self.neither) * (self.one_agrees + self.neither) / all;
        self.neither / expected
    }
}

/// Replaces probabilities by shares of counts; level 0 (missing) says nothing and stays 1.
fn refresh(table: &mut [f64; LEVELS], counts: &[f64; LEVELS], levels: usize, change: f64) -> f64 {
    let total: f64 = counts[1..levels].iter().map(|count| count + PRIOR).sum();
    let mut largest = change;
    for level in 1..levels {
        let share = (counts[level] + PRIOR) / total;
        largest = largest.max((share - table[level]).abs());
        table[level] = share;
    }
    largest
}

/// Share of rows with a value.
fn filled(records: &Records, field: usize) -> f64 {
    let with = records.values(field).filter(|value| *value != 0).count();
    with as f64 / records.len().max(1) as f64
}

/// Mostly equal, weaker levels rarer by half each.
fn first_guess(comparison: &Comparison) -> [f64; LEVELS] {
    let mut table = [1.0; LEVELS];
    let levels = comparison.level_count();
    let rest: f64 = (2..levels).map(|level| 0.5_f64.powi(level as i32)).sum();
    table[1] = 0.85;
    for (level, share) in table.iter_mut().enumerate().take(levels).skip(2) {
        *share = 0.15 * 0.5_f64.powi(level as i32) / rest;
    }
    table
}

/// Relatives share residence, telephone and family name; not birth date and number.
fn first_guess_of_kin(comparison: &Comparison, kind: Kind) -> [f64; LEVELS] {
    let mut table = [1.0; LEVELS];
    let levels = comparison.level_count();
    let likely: &[(&str, f64)] = match kind {
        Kind::Name => &[("family", 0.5), ("given_differs", 0.1), ("else", 0.35)],
        Kind::Phone => &[("equal", 0.6), ("else", 0.35)],
        Kind::Area | Kind::Text => &[("equal", 0.8), ("else", 0.1)],
        Kind::Sex => &[("equal", 0.5), ("else", 0.5)],
        Kind::Date | Kind::Number | Kind::PersonalNumber => &[("else", 0.9)],
    };
    let mut total = 0.0;
    for (level, share) in table.iter_mut().enumerate().take(levels).skip(1) {
        let name = comparison.level_name(level);
        *share = likely
            .iter()
            .find(|(likely, _)| *likely == name)
            .map_or(0.005, |(_, share)| *share);
        total += *share;
    }
    for share in &mut table[1..levels] {
        *share /= total;
    }
    table
}

/// What is known of pairs of strangers before any candidate is looked at.
struct Strangers {
    u: Table,
    /// Pairs of each level of the sampled rows of A with all of B, counted from how often each value occurs; 0 where that does not tell.
    counted: Table,
    random_pairs: u64,
}

impl Strangers {
    fn of(linker: &Linker<'_>, options: &TrainOptions) -> Self {
        let rows = linker.sample(options.sample_records);
        let (sampled, random_pairs) = random_pairs(linker, options.random_pairs);
        let mut strangers = Self {
            u: [[1.0; LEVELS]; MOST_COMPARISONS],
            counted: [[0.0; LEVELS]; MOST_COMPARISONS],
            random_pairs,
        };
        for (place, comparison) in linker.spec.comparisons.iter().enumerate() {
            let levels = comparison.level_count();
            let sampled = sampled[place].map(|count| count as f64 + PRIOR);
            let counted = counted_levels(linker, &rows, place, &sampled);
            let possible = possible_pairs(linker, &rows, comparison.field);
            let u = &mut strangers.u[place];
            let mut rest = 1.0;
            for level in (1..levels).filter(|level| counted[*level] > 0.0) {
                // How many of them are the same person is not known yet: expectation–maximisation takes them off.
                u[level] = counted[level] / possible;
                rest -= u[level];
            }
            let others = || (1..levels).filter(|level| counted[*level] == 0.0);
            let total: f64 = others().map(|level| sampled[level]).sum();
            for level in others() {
                u[level] = rest.max(f64::MIN_POSITIVE) * sampled[level] / total;
            }
            by_density(linker.comparer(), place, &sampled, u);
            strangers.counted[place] = counted;
        }
        strangers
    }
}

/// Pairs of the sampled rows of A with rows of B in which both sides of a field are present.
fn possible_pairs(linker: &Linker<'_>, rows: &[u32], field: usize) -> f64 {
    let in_a = rows.iter().filter(|row| linker.a.has(field, **row)).count() as f64;
    let in_b = filled(linker.b, field) * linker.b.len() as f64;
    (in_a * in_b * if linker.within() { 0.5 } else { 1.0 }).max(1.0)
}

/// Pairs of each level, from how often each value occurs. Exact for the relations that are an equality of something: one count of values is worth
/// any number of random pairs. A count that falls into several levels is divided as the sampled pairs are.
fn counted_levels(
    linker: &Linker<'_>,
    rows: &[u32],
    place: usize,
    sampled: &[f64; LEVELS],
) -> [f64; LEVELS] {
    let comparison = &linker.spec.comparisons[place];
    let field = comparison.field;
    let names = |a: &NameTable, b: &NameTable, of: fn(&Name) -> u64| {
        let class = |table: &NameTable, value: u64| table.name(value).map_or(0, of);
        equal_pairs(linker, rows, field, |v| class(a, v), |v| class(b, v))
    };
    // Relations, and the pairs that have one of them.
    let groups: Vec<(Range<usize>, f64)> =
        match (&linker.a.columns[field], &linker.b.columns[field]) {
            (Column::Name(a), Column::Name(b)) => {
                let equal = [
                    names(a, b, |name| name.key),
                    names(a, b, |name| name.folded),
                    names(a, b, |name| name.plain),
                    names(a, b, |name| name.sorted),
                ];
                vec![
                    (0..1, equal[0]),
                    (1..3, equal[1] - equal[0]),
                    (3..4, equal[2] - equal[1]),
                    (4..5, equal[3] - equal[2]),
                ]
            }
            (Column::Text(a), Column::Text(b)) => {
                let class = |table: &TextTable, value: u64| {
                    table.entry(value).map_or(0, |entry| entry.hash)
                };
                vec![(
                    0..1,
                    equal_pairs(linker, rows, field, |v| class(a, v), |v| class(b, v)),
                )]
            }
            (Column::Date | Column::Sex, _) => {
                vec![(0..1, equal_pairs(linker, rows, field, |v| v, |v| v))]
            }
            _ => Vec::new(),
        };
    let mut counted = [0.0; LEVELS];
    let covered: usize = groups.iter().map(|(relations, _)| relations.len()).sum();
    let partly = |level: usize| {
        (covered..comparison.level_of.len())
            .any(|relation| usize::from(comparison.level(relation)) == level)
    };
    for (relations, pairs) in groups {
        let mut levels: Vec<usize> = relations
            .map(|relation| usize::from(comparison.level(relation)))
            .collect();
        levels.dedup();
        let total: f64 = levels.iter().map(|level| sampled[*level]).sum();
        for level in levels.into_iter().filter(|level| !partly(*level)) {
            counted[level] += pairs * sampled[level] / total;
        }
    }
    counted
}

/// Pairs of the sampled rows of A with rows of B whose values are of one class; class 0 is none.
fn equal_pairs(
    linker: &Linker<'_>,
    rows: &[u32],
    field: usize,
    class_a: impl Fn(u64) -> u64,
    class_b: impl Fn(u64) -> u64,
) -> f64 {
    let mut counts: FxHashMap<u64, u64> = FxHashMap::default();
    let classes = rows.iter().map(|row| class_a(linker.a.value(field, *row)));
    for class in classes.filter(|class| *class != 0) {
        *counts.entry(class).or_default() += 1;
    }
    let of_a = |value: u64| counts.get(&class_b(value)).copied().unwrap_or_default();
    let pairs: u64 = linker.b.values(field).map(of_a).sum();
    if linker.within() {
        // Not with itself, and each pair once.
        0.5 * (pairs - counts.values().sum::<u64>()) as f64
    } else {
        pairs as f64
    }
}

/// How many of some random pairs have each level, and how many pairs there were. Pairs that agree fully on three comparisons or more are taken
/// for true ones and left out.
fn random_pairs(linker: &Linker<'_>, most: u64) -> ([[u64; LEVELS]; MOST_COMPARISONS], u64) {
    const CHUNK: u64 = 20_000;
    let (comparer, within) = (linker.comparer(), linker.within());
    let comparisons = comparer.spec.comparisons.len();
    let (rows_a, rows_b) = (comparer.a.len() as u64, comparer.b.len() as u64);
    let wanted = most.min(rows_a.saturating_mul(rows_b));
    let count_chunk = |chunk: u64| {
        let mut counts = [[0_u64; LEVELS]; MOST_COMPARISONS];
        let mut used = 0;
        for number in chunk * CHUNK..((chunk + 1) * CHUNK).min(wanted) {
            let i = (hash::mix(number, 0x00a1) % rows_a) as u32;
            let j = (hash::mix(number, 0x00b2) % rows_b) as u32;
            if within && i == j {
                continue;
            }
            let pattern = comparer.pattern(i, j);
            let equal = (0..comparisons)
                .filter(|place| Spec::level(pattern, *place) == 1)
                .count();
            if equal >= 3 {
                continue;
            }
            used += 1;
            for (place, levels) in counts.iter_mut().enumerate().take(comparisons) {
                levels[Spec::level(pattern, place)] += 1;
            }
        }
        (counts, used)
    };
    (0..wanted.div_ceil(CHUNK))
        .into_par_iter()
        .map(count_chunk)
        .reduce(
            || ([[0; LEVELS]; MOST_COMPARISONS], 0),
            |(mut sum, used), (counts, more)| {
                for (sums, levels) in sum.iter_mut().zip(&counts) {
                    for (sum, level) in sums.iter_mut().zip(levels) {
                        *sum += level;
                    }
                }
                (sum, used + more)
            },
        )
}

/// Long numbers: random pairs are far too few to meet two that are nearly equal. The last six digits are random (by law, for personal
/// numbers), so the chance that two numbers are equal is the chance that the digits before are, divided by a million.
fn by_density(
    comparer: Comparer<'_>,
    place: usize,
    sampled: &[f64; LEVELS],
    u: &mut [f64; LEVELS],
) {
    const ENOUGH: f64 = 20.0;
    let comparison = &comparer.spec.comparisons[place];
    if !matches!(comparer.b.columns[comparison.field], Column::Number) {
        return;
    }
    let heads = |records: &Records| {
        let mut heads: FxHashMap<u64, u32> = FxHashMap::default();
        let mut digits = 0;
        for number in records
            .values(comparison.field)
            .filter(|number| *number != 0)
        {
            digits = digits.max(unpack_number(number).1);
            *heads
                .entry(unpack_number(number).0 / 1_000_000)
                .or_default() += 1;
        }
        (heads, digits)
    };
    let ((heads_a, digits), (heads_b, _)) = (heads(comparer.a), heads(comparer.b));
    if digits < 7 {
        return;
    }
    let total = |heads: &FxHashMap<u64, u32>| {
        heads.values().map(|n| u64::from(*n)).sum::<u64>().max(1) as f64
    };
    let together: u64 = heads_a
        .iter()
        .map(|(head, count)| {
            u64::from(*count) * u64::from(heads_b.get(head).copied().unwrap_or_default())
        })
        .sum();
    let density = (together as f64 / total(&heads_a) / total(&heads_b) / 1e6).max(1e-12);
    let digits = f64::from(digits);
    for (level, name) in comparison.levels.iter().enumerate() {
        let neighbours = match name.as_str() {
            "equal" => 1.0,
            "one_digit" => 10.0 * digits - 1.0,
            "two_digits" => 81.0 * digits * (digits - 1.0) / 2.0,
            _ => continue,
        };
        if sampled[level + 1] < ENOUGH {
            u[level + 1] = (density * neighbours).min(1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Careless;

    #[test]
    fn careless_records_are_found_by_how_often_errors_come_together() {
        // One record in ten makes three times the errors, the others correspondingly fewer.
        let (share, factor) = (0.1, 3.0);
        let careful: f64 = (1.0 - share * factor) / (1.0 - share);
        let moment = |power| share * f64::powi(factor, power) + (1.0 - share) * careful.powi(power);
        let found = Careless::of_moments(moment(2), moment(3)).expect("found");
        assert!((found.share - share).abs() < 1e-9, "{found:?}");
        assert!((found.factor - factor).abs() < 1e-9, "{found:?}");
        assert_eq!(Careless::of_moments(1.0, 1.0), None, "errors come singly");
        assert_eq!(Careless::of_moments(0.8, 0.5), None, "or keep apart");
    }

    #[test]
    fn what_careless_records_add_leaves_each_field_as_often_wrong_as_it_is() {
        let mut m = super::Tables::ones().m;
        m[0][1] = 0.9;
        m[0][2] = 0.1;
        let careless = Careless {
            share: 0.1,
            factor: 3.0,
        };
        let hands = careless.hands(&m);
        let all = |level: usize| -> f64 {
            hands
                .iter()
                .map(|hand| (hand.share + hand.bits[0][level]).exp2())
                .sum()
        };
        for level in [0, 1, 2] {
            assert!((all(level) - 1.0).abs() < 1e-9, "{level}");
        }
    }
}
