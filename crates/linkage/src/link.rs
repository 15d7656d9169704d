//! Finds, for each record of A, its person in B, with a probability for each candidate and for "none of them".

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::block::{self, Candidates, Pairing, RulePlan};
use crate::compare::{Comparer, Pair};
use crate::frequency::{self, Frequency};
use crate::model::{LEVELS, Model, ModelError, Weights};
use crate::name::NameRelation;
use crate::records::{Column, PackedDate, Records};
use crate::spec::{MOST_COMPARISONS, Spec};
use crate::{Progress, Silent};

/// Rows of A scored at a time by one thread.
const CHUNK: usize = 4_096;
/// Candidates less likely than this are not kept unless they are the best.
const KEPT: f64 = 0.01;
/// Two candidates whose evidence differs by fewer bits are a tie.
pub(crate) const TIE_BITS: f64 = 0.01;
/// Years between parent and child of the same name (DU-10).
const GENERATION: i32 = 14;
/// Most rounds in which records that claim the same entry settle their dispute, and the relative change at which it is settled.
const DISPUTE_ROUNDS: usize = 30;
const SETTLED: f64 = 5e-3;
/// Share of B's entries that may be taken to have a record: a few never have.
const MOST_MATCHED: f64 = 0.98;
/// A pair whose odds against "none" are smaller could not be kept even where everybody else has left its entry, which raises them fifty times.
const NEGLIGIBLE: f64 = KEPT * (1.0 - MOST_MATCHED) / 2.0;
/// Bits by which a sum may be off for the order in which it was made.
const ROUNDING: f64 = 1e-3;
/// A claim beyond doubt.
const SURE: f64 = 0.999;

/// Links two sets of records by a spec.
#[derive(Debug)]
pub struct Linker<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) a: &'a Records,
    pub(crate) b: &'a Records,
    pub(crate) frequencies: Vec<Frequency>,
    pairing: Pairing,
    /// Caps of the blocking rules; empty where they are chosen from the files.
    caps: Vec<usize>,
}

/// A candidate that was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Row of B.
    pub b_row: u32,
    /// Bit of each blocking rule that found the pair.
    pub rules: u32,
    /// Level of each comparison, four bits each.
    pub pattern: u64,
    /// Evidence that this pair alone is the same person, as log₂ odds, the prior included.
    pub weight: f64,
    /// Probability that this entry is the record's person, given all candidates of the record.
    pub probability: f64,
    /// Why this candidate is never linked without a person looking at it.
    pub veto: Option<Veto>,
}

/// Why two records are never linked automatically, whatever their probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Veto {
    /// The record's own number, name and birth date belong to another entry (DU-08).
    TwoNumbers,
    /// Same birth date, family name and home, another given name (DU-09).
    Twins,
    /// Same name, births fourteen or more years apart (DU-10).
    ParentChild,
}

impl Veto {
    /// Rule of the catalogue.
    pub fn rule(self) -> &'static str {
        match self {
            Self::TwoNumbers => "DU-08",
            Self::Twins => "DU-09",
            Self::ParentChild => "DU-10",
        }
    }

    /// The veto of a rule.
    pub fn of_rule(rule: &str) -> Option<Self> {
        [Self::TwoNumbers, Self::Twins, Self::ParentChild]
            .into_iter()
            .find(|veto| veto.rule() == rule)
    }

    /// For people, in Vietnamese.
    pub fn vi(self) -> &'static str {
        match self {
            Self::TwoNumbers => "hai số định danh khác nhau đều đã xác thực",
            Self::Twins => "có thể là anh chị em sinh đôi",
            Self::ParentChild => "có thể là cha mẹ và con cùng tên",
        }
    }

    /// For people, in English.
    pub fn en(self) -> &'static str {
        match self {
            Self::TwoNumbers => "two different verified numbers",
            Self::Twins => "possibly twins",
            Self::ParentChild => "possibly parent and child of the same name",
        }
    }
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its person was found.
    Linked,
    /// A person has to look: not certain enough, a tie, or a veto.
    Review,
    /// No counterpart.
    None,
}

impl Outcome {
    /// The word that files carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::Review => "review",
            Self::None => "none",
        }
    }
}

/// The candidates of every record, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Links {
    ends: Vec<u64>,
    candidates: Vec<Candidate>,
    none: Vec<f64>,
    tie: Vec<bool>,
    accept: f64,
    review: f64,
    compared: u64,
}

impl Links {
    /// Links of records without any candidate.
    pub fn nobody(records: usize) -> Self {
        Self {
            ends: vec![0; records],
            candidates: Vec::new(),
            none: vec![1.0; records],
            tie: vec![false; records],
            accept: 1.0,
            review: 1.0,
            compared: 0,
        }
    }

    /// Number of records of A.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True when A has no record.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Pairs that were compared, each once.
    pub fn compared(&self) -> u64 {
        self.compared
    }

    /// Kept candidates of a record, the most probable first; equals by row of B.
    pub fn of(&self, a_row: u32) -> &[Candidate] {
        let place = a_row as usize;
        let end = self.ends.get(place).map_or(0, |end| *end as usize);
        let start = place
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .map_or(0, |end| *end as usize);
        self.candidates.get(start..end).unwrap_or_default()
    }

    /// The most probable candidate.
    pub fn best(&self, a_row: u32) -> Option<&Candidate> {
        self.of(a_row).first()
    }

    /// Probability that none of the candidates is the record's person.
    pub fn p_none(&self, a_row: u32) -> f64 {
        self.none.get(a_row as usize).copied().unwrap_or(1.0)
    }

    /// The two best candidates have the same evidence: nothing in the data tells which it is.
    pub fn is_tie(&self, a_row: u32) -> bool {
        self.tie.get(a_row as usize).copied().unwrap_or(false)
    }

    /// What became of a record.
    pub fn outcome(&self, a_row: u32) -> Outcome {
        match self.best(a_row) {
            Some(best) if best.probability < self.review => Outcome::None,
            Some(best)
                if best.probability >= self.accept
                    && best.veto.is_none()
                    && !self.is_tie(a_row) =>
            {
                Outcome::Linked
            }
            Some(_) => Outcome::Review,
            None => Outcome::None,
        }
    }
}

impl<'a> Linker<'a> {
    /// A linker of A to B. Counts how common the values of B are.
    pub fn new(spec: &'a Spec, a: &'a Records, b: &'a Records) -> Self {
        Self::with_frequencies(spec, a, b, frequency::of(spec, b))
    }

    /// The same with frequencies of a larger B.
    pub(crate) fn with_frequencies(
        spec: &'a Spec,
        a: &'a Records,
        b: &'a Records,
        frequencies: Vec<Frequency>,
    ) -> Self {
        Self {
            spec,
            a,
            b,
            frequencies,
            pairing: Pairing::Across,
            caps: Vec::new(),
        }
    }

    /// Blocks with the caps with which a model was trained, so that a record meets the same entries in whatever file it comes.
    #[must_use]
    pub fn like(mut self, model: &Model) -> Self {
        self.caps.clone_from(&model.caps);
        self
    }

    /// A linker of a set to itself.
    pub(crate) fn within_one(spec: &'a Spec, records: &'a Records) -> Self {
        Self {
            pairing: Pairing::Within,
            ..Self::new(spec, records, records)
        }
    }

    pub(crate) fn within(&self) -> bool {
        self.pairing != Pairing::Across
    }

    pub(crate) fn comparer(&self) -> Comparer<'_> {
        Comparer {
            spec: self.spec,
            a: self.a,
            b: self.b,
        }
    }

    /// Finds the candidate pairs of all records.
    pub fn candidates(&self, progress: &dyn Progress) -> Candidates {
        block::block(&self.comparer(), self.pairing, None, &self.caps, progress)
    }

    /// Counts the pairs of every blocking rule before any is made.
    pub fn plan(&self, progress: &dyn Progress) -> Vec<RulePlan> {
        block::plan(&self.comparer(), progress)
    }

    /// Finds the candidate pairs of records spread evenly over A.
    pub(crate) fn candidates_of_sample(&self, most: usize) -> Candidates {
        self.candidates_of(&self.sample(most))
    }

    /// Rows spread evenly over A.
    pub(crate) fn sample(&self, most: usize) -> Vec<u32> {
        let step = self.a.len().div_ceil(most.max(1)).max(1);
        (0..self.a.len() as u32).step_by(step).collect()
    }

    /// Finds the candidate pairs of single records.
    pub fn candidates_of(&self, rows: &[u32]) -> Candidates {
        block::block(
            &self.comparer(),
            self.pairing,
            Some(rows),
            &self.caps,
            &Silent,
        )
    }

    /// Finds the pairs of some records of a set with all others of it; each pair stands with its smaller row.
    pub(crate) fn candidates_around(&self, rows: &[u32], progress: &dyn Progress) -> Candidates {
        block::block(
            &self.comparer(),
            Pairing::Around,
            Some(rows),
            &self.caps,
            progress,
        )
    }

    /// Compares the pairs of some rows of A; each with its row of A.
    pub(crate) fn compared(
        &self,
        candidates: &Candidates,
        a_rows: std::ops::Range<u32>,
    ) -> Vec<(u32, Pair)> {
        let mut found = Vec::new();
        candidates.pairs_of(a_rows, &mut found);
        let compare = |(pair, rules): &(u64, u32)| (block::rows(*pair).0, self.pair(*pair, *rules));
        found.iter().map(compare).collect()
    }

    /// Rows of A in the parts in which one thread works on them.
    pub(crate) fn parts(&self) -> Vec<std::ops::Range<u32>> {
        let rows = self.a.len() as u32;
        let starts = (0..rows).step_by(CHUNK);
        starts
            .map(|start| start..rows.min(start + CHUNK as u32))
            .collect()
    }

    /// Compares one pair.
    pub(crate) fn pair(&self, pair: u64, rules: u32) -> Pair {
        let (i, j) = block::rows(pair);
        let (one, other) = (self.a.row(i), self.b.row(j));
        let mut compared = Pair {
            b_row: j,
            rules,
            pattern: 0,
            frequency_bits: 0.0,
        };
        for (place, comparison) in self.spec.comparisons.iter().enumerate() {
            if let Some(relation) = self.comparer().relate(place, one, other) {
                compared.pattern |= u64::from(comparison.level(relation)) << (4 * place);
                compared.frequency_bits += self.frequency_bits(place, relation, j);
            }
        }
        compared
    }

    /// Compares one pair, the cheap comparisons first, and gives up as soon as nothing that the others could say would make it matter.
    pub(crate) fn pair_that_matters(
        &self,
        pair: u64,
        rules: u32,
        ceiling: &Ceiling,
    ) -> Option<Pair> {
        let (i, j) = block::rows(pair);
        let (one, other) = (self.a.row(i), self.b.row(j));
        let mut relations = [None; MOST_COMPARISONS];
        let (mut pattern, mut bits) = (0, [0.0; 2]);
        for (place, most_left) in &ceiling.order {
            let relation = self.comparer().relate(*place, one, other);
            let level =
                relation.map_or(0, |relation| self.spec.comparisons[*place].level(relation));
            relations[*place] = relation;
            pattern |= u64::from(level) << (4 * place);
            let most = ceiling.most[*place][usize::from(level)];
            bits = [bits[0] + most[0], bits[1] + most[1]];
            if f64::max(bits[0] + most_left[0], bits[1] + most_left[1]) < ceiling.least {
                return None;
            }
        }
        let frequency_bits = relations.iter().enumerate().map(|(place, relation)| {
            relation.map_or(0.0, |relation| self.frequency_bits(place, relation, j))
        });
        Some(Pair {
            b_row: j,
            rules,
            pattern,
            frequency_bits: frequency_bits.sum(),
        })
    }

    /// How much commoner than average the agreeing value of one comparison is, in bits.
    pub(crate) fn frequency_bits(&self, comparison: usize, relation: usize, j: u32) -> f32 {
        let field = self.spec.comparisons[comparison].field;
        self.frequencies[comparison].bits(relation, &self.b.columns[field], self.b.value(field, j))
    }

    /// Weighs all candidates.
    ///
    /// # Errors
    /// When the model belongs to another spec.
    pub fn link(
        &self,
        model: &Model,
        candidates: &Candidates,
        progress: &dyn Progress,
    ) -> Result<Links, ModelError> {
        let weights = model.weights(self.spec, self.b.len())?;
        let contest = self.weigh(&weights, candidates, progress);
        progress.stage("score", self.a.len() as u64);
        let veto = |row: u32, pairs: &[Pair], place: usize| self.veto_among(row, pairs, place);
        Ok(contest.decide(self.spec, &weights, self.b.len(), &veto, progress))
    }

    /// Compares and weighs all pairs, and keeps those that can matter: most are of strangers whom one common word brought together.
    fn weigh(
        &self,
        weights: &Weights,
        candidates: &Candidates,
        progress: &dyn Progress,
    ) -> Contest {
        progress.stage("compare", self.a.len() as u64);
        let least = least_ratio(weights);
        let ceiling = Ceiling::of(self, weights, least);
        let parts: Vec<Contest> = self
            .parts()
            .into_par_iter()
            .map(|rows| {
                let mut part = Contest {
                    ends: vec![0; rows.len()],
                    ..Contest::default()
                };
                let mut found = Vec::new();
                candidates.pairs_of(rows.clone(), &mut found);
                part.compared = found.len() as u64;
                for (pair, rules) in found {
                    let Some(compared) = self.pair_that_matters(pair, rules, &ceiling) else {
                        continue;
                    };
                    let ratio = weights.ratio(&compared);
                    if ratio >= least {
                        part.pairs.push(compared);
                        part.ratios.push(ratio);
                        let row = block::rows(pair).0 - rows.start;
                        part.ends[row as usize] = part.pairs.len() as u64;
                    }
                }
                progress.advance(rows.len() as u64);
                part
            })
            .collect();
        let live = parts.iter().map(|part| part.pairs.len()).sum();
        let mut contest = Contest {
            ends: Vec::with_capacity(self.a.len()),
            pairs: Vec::with_capacity(live),
            ratios: Vec::with_capacity(live),
            compared: 0,
        };
        for part in parts {
            let before = contest.pairs.len() as u64;
            contest.pairs.extend(part.pairs);
            contest.ratios.extend(part.ratios);
            contest.compared += part.compared;
            let mut end = before;
            for own in part.ends {
                // A row without pairs ends where the one before it does.
                end = end.max(before + own);
                contest.ends.push(end);
            }
        }
        contest
    }

    fn relation_of(&self, field: Option<usize>, i: u32, j: u32) -> Option<usize> {
        let comparison = self.spec.comparison_of(field?)?;
        self.comparer().relation(comparison, i, j)
    }

    /// The record's number, name and birth date are exactly those of the entry.
    fn owns_number(&self, pattern: u64) -> bool {
        let guards = &self.spec.guards;
        [guards.number, guards.name, guards.birth]
            .into_iter()
            .all(|field| {
                let comparison = field.and_then(|field| self.spec.comparison_of(field));
                comparison.is_some_and(|place| Spec::level(pattern, place) == 1)
            })
    }

    /// The veto on one of a record's pairs.
    pub(crate) fn veto_among(&self, row: u32, pairs: &[Pair], place: usize) -> Option<Veto> {
        let b_row = pairs.get(place)?.b_row;
        let owner = pairs.iter().position(|pair| self.owns_number(pair.pattern));
        match owner {
            Some(owner) if owner != place && self.has_number(b_row) => Some(Veto::TwoNumbers),
            _ => self.veto(row, b_row),
        }
    }

    fn has_number(&self, j: u32) -> bool {
        let field = self.spec.guards.number;
        field.is_some_and(|field| self.b.has(field, j))
    }

    /// The guards of one pair: twins, and parent and child. A number that agrees, or nearly, overrules both.
    pub(crate) fn veto(&self, i: u32, j: u32) -> Option<Veto> {
        let guards = &self.spec.guards;
        if matches!(self.relation_of(guards.number, i, j), Some(0 | 1)) {
            return None;
        }
        let name_field = guards.name?;
        let birth_field = guards.birth?;
        let (Column::Name(a), Column::Name(b)) =
            (&self.a.columns[name_field], &self.b.columns[name_field])
        else {
            return None;
        };
        let (x, y) = (
            a.name(self.a.value(name_field, i))?,
            b.name(self.b.value(name_field, j))?,
        );
        let born = PackedDate::unpack(self.a.value(birth_field, i));
        let other = PackedDate::unpack(self.b.value(birth_field, j));
        if born.0 == 0 || other.0 == 0 {
            return None;
        }
        if x.sorted == y.sorted && born.year().abs_diff(other.year()) >= GENERATION as u32 {
            return Some(Veto::ParentChild);
        }
        let relation = crate::name::relate(a, x, b, y);
        let other_given = matches!(
            relation,
            NameRelation::GivenDiffers
                | NameRelation::Family
                | NameRelation::Slip
                | NameRelation::Near
        );
        let same_family =
            a.words_of(x).next().map(|w| w.plain) == b.words_of(y).next().map(|w| w.plain);
        let given = a.words_of(x).next_back().map(|w| w.plain)
            == b.words_of(y).next_back().map(|w| w.plain);
        let same_home = self.relation_of(guards.area, i, j) == Some(0)
            || self.relation_of(guards.phone, i, j) == Some(0);
        (born == other && other_given && same_family && !given && same_home).then_some(Veto::Twins)
    }
}

/// The most evidence that comparisons can give.
pub(crate) struct Ceiling {
    /// Comparisons, the cheap ones first, each with the most bits that all after it can add.
    order: Vec<(usize, [f64; 2])>,
    /// Most bits of each level, the rarest value taken.
    most: Vec<[[f64; 2]; LEVELS]>,
    /// A pair with fewer bits does not matter.
    least: f64,
}

impl Ceiling {
    /// `least`: the smallest ratio that matters.
    pub(crate) fn of(linker: &Linker<'_>, weights: &Weights, least: f64) -> Self {
        let comparisons = &linker.spec.comparisons;
        let mut most = vec![[[0.0; 2]; LEVELS]; comparisons.len()];
        for (place, comparison) in comparisons.iter().enumerate() {
            let column = &linker.b.columns[comparison.field];
            let mut known = [false; LEVELS];
            for relation in 0..comparison.level_of.len() {
                let level = usize::from(comparison.level(relation));
                let rarest = linker.frequencies[place].least(relation, column);
                let bits = weights.level_bits(place, level) - f64::from(rarest);
                let by_hand = weights.hand_bits(place, level).map(|hand| bits + hand);
                let before = most[place][level];
                most[place][level] = if known[level] {
                    [0, 1].map(|hand| f64::max(before[hand], by_hand[hand]))
                } else {
                    by_hand
                };
                known[level] = true;
            }
        }
        let mut places: Vec<usize> = (0..comparisons.len()).collect();
        places.sort_by_key(|place| {
            let column = &linker.b.columns[comparisons[*place].field];
            matches!(column, Column::Name(_) | Column::Text(_))
        });
        let mut order = Vec::with_capacity(places.len());
        let mut left = [0.0; 2];
        for place in places.into_iter().rev() {
            order.push((place, left));
            for (hand, left) in left.iter_mut().enumerate() {
                *left += most[place]
                    .iter()
                    .map(|bits| bits[hand])
                    .fold(0.0, f64::max);
            }
        }
        order.reverse();
        // What speaks for strangers is at least `u`, less the share of relatives.
        let relatives = (1.0 - weights.kin_rate).log2();
        let least = (least / weights.pair_rate).log2() + relatives - ROUNDING;
        Self { order, most, least }
    }
}

/// The pairs that can matter, weighed, in order of their rows of A.
#[derive(Default)]
pub(crate) struct Contest {
    /// Where each row's pairs end.
    pub(crate) ends: Vec<u64>,
    pub(crate) pairs: Vec<Pair>,
    /// Prior times likelihood ratio of each pair.
    pub(crate) ratios: Vec<f64>,
    /// Pairs looked at.
    pub(crate) compared: u64,
}

impl Contest {
    /// Where the pairs of a row are.
    pub(crate) fn places(&self, row: u32) -> std::ops::Range<usize> {
        let start = row
            .checked_sub(1)
            .map_or(0, |before| self.ends[before as usize]);
        start as usize..self.ends[row as usize] as usize
    }

    /// Where the pairs of each row are.
    fn records(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        (0..self.ends.len() as u32).map(|row| self.places(row))
    }
}

/// The veto of a row of A on one of its pairs.
type VetoOf<'a> = dyn Fn(u32, &[Pair], usize) -> Option<Veto> + Sync + 'a;

impl Contest {
    /// Settles who is whose. `register`: entries there are; `veto`: of a row of A, its pairs, and which of them.
    pub(crate) fn decide(
        &self,
        spec: &Spec,
        weights: &Weights,
        register: usize,
        veto: &VetoOf<'_>,
        progress: &dyn Progress,
    ) -> Links {
        let free = self.dispute(spec, weights, register);
        let rows = self.ends.len() as u32;
        let starts: Vec<u32> = (0..rows).step_by(CHUNK).collect();
        let parts: Vec<Part> = starts
            .into_par_iter()
            .map(|start| {
                let rows = start..rows.min(start + CHUNK as u32);
                let mut part = Part::default();
                let mut odds = Vec::new();
                progress.advance(rows.len() as u64);
                for row in rows {
                    let places = self.places(row);
                    odds.clear();
                    let own = self.ratios[places.clone()]
                        .iter()
                        .zip(&free[places.clone()]);
                    odds.extend(own.map(|(ratio, free)| ratio * free));
                    let pairs = &self.pairs[places];
                    let scored = score(
                        weights,
                        pairs,
                        &odds,
                        &|place| veto(row, pairs, place),
                        &mut part.kept,
                    );
                    part.records.push((part.kept.len() as u32, scored));
                }
                part
            })
            .collect();
        self.gather(spec, parts)
    }

    fn gather(&self, spec: &Spec, parts: Vec<Part>) -> Links {
        let kept = parts.iter().map(|part| part.kept.len()).sum();
        let mut links = Links {
            ends: Vec::with_capacity(self.ends.len()),
            candidates: Vec::with_capacity(kept),
            none: Vec::with_capacity(self.ends.len()),
            tie: Vec::with_capacity(self.ends.len()),
            accept: spec.accept,
            review: spec.review,
            compared: self.compared,
        };
        for part in parts {
            let before = links.candidates.len() as u64;
            links.candidates.extend(part.kept);
            for (end, scored) in part.records {
                links.ends.push(before + u64::from(end));
                links.none.push(scored.none);
                links.tie.push(scored.tie);
            }
        }
        links
    }

    /// For each pair, how free its entry of B is of other records that claim it: 1 when nobody else does.
    ///
    /// Belief propagation over records (at most one entry each) and entries (one record, or more with the tolerance of [`Self::sharing`]):
    /// exact where claims form no cycle, and in practice settled after a few rounds. The order of records plays no part.
    fn dispute(&self, spec: &Spec, weights: &Weights, register: usize) -> Vec<f64> {
        let ratios = &self.ratios;
        let none = none_odds(weights);
        let sharing = self.sharing(spec, none, register);
        if sharing >= 1.0 {
            return vec![1.0; ratios.len()];
        }
        // An entry that nobody else claims is one of few: among those left over, the record's own is that much likelier than among all.
        let matched =
            (weights.match_rate * self.ends.len() as f64 / register as f64).min(MOST_MATCHED);
        let left_over = 1.0 / (sharing + (1.0 - sharing) * (1.0 - matched));
        let mut free = vec![left_over; ratios.len()];
        let mut claims = vec![0.0_f64; ratios.len()];
        let mut claimed = vec![0.0_f64; register];
        for _ in 0..DISPUTE_ROUNDS {
            claimed.fill(0.0);
            for record in self.records() {
                claim(
                    &ratios[record.clone()],
                    &free[record.clone()],
                    none,
                    &mut claims[record.clone()],
                );
                for place in record {
                    claimed[self.pairs[place].b_row as usize] += claims[place];
                }
            }
            let mut change = 0.0_f64;
            for (place, pair) in self.pairs.iter().enumerate() {
                let others = (claimed[pair.b_row as usize] - claims[place]).max(0.0);
                let now = left_over * (sharing + (1.0 - sharing) / (1.0 + others));
                change = change.max((now - free[place]).abs());
                free[place] = now;
            }
            if change < SETTLED * left_over {
                break;
            }
        }
        free
    }

    /// How much likelier than any other entry one is to have a record when it has another already: 0 when records of A are different people by
    /// the spec, about 0.04 when one person in 25 has two records, 1 or more when records of A tell nothing of each other. Estimated from
    /// the entries that records claim beyond doubt.
    fn sharing(&self, spec: &Spec, none: f64, register: usize) -> f64 {
        let ratios = &self.ratios;
        if spec.one_to_one {
            return 0.0;
        }
        let mut sure = vec![0_u32; register];
        for record in self.records() {
            let total = none + ratios[record.clone()].iter().sum::<f64>();
            let best = record.max_by(|x, y| ratios[*x].total_cmp(&ratios[*y]));
            if let Some(place) = best.filter(|place| ratios[*place] / total >= SURE) {
                sure[self.pairs[place].b_row as usize] += 1;
            }
        }
        let records: f64 = sure.iter().map(|count| f64::from(*count)).sum();
        let pairs: f64 = sure
            .iter()
            .map(|count| f64::from(*count) * (f64::from(*count) - 1.0))
            .sum();
        if records == 0.0 {
            return 1.0;
        }
        (register as f64 * pairs / (records * records)).min(1.0)
    }
}

/// Adds the candidates of one record that are worth keeping, the most probable first. `odds` of each pair: prior times likelihood ratio, and
/// how free its entry is.
pub(crate) fn score(
    weights: &Weights,
    pairs: &[Pair],
    odds: &[f64],
    veto: &dyn Fn(usize) -> Option<Veto>,
    kept: &mut Vec<Candidate>,
) -> Scored {
    let none_odds = none_odds(weights);
    let total = none_odds + odds.iter().sum::<f64>();
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by(|x, y| odds[*y].total_cmp(&odds[*x]).then(x.cmp(y)));
    let tie = match order.as_slice() {
        [first, second, ..] => {
            (odds[*first] / odds[*second]).log2() < TIE_BITS && odds[*second] / total >= KEPT
        }
        _ => false,
    };
    let chosen = order
        .iter()
        .enumerate()
        .take_while(|(rank, place)| *rank == 0 || odds[**place] / total >= KEPT);
    for (_, &place) in chosen {
        let pair = &pairs[place];
        kept.push(Candidate {
            b_row: pair.b_row,
            rules: pair.rules,
            pattern: pair.pattern,
            weight: (weights.ratio(pair) / none_odds).log2(),
            probability: odds[place] / total,
            veto: veto(place),
        });
    }
    Scored {
        none: none_odds / total,
        tie,
    }
}

/// The results of some records, in order.
#[derive(Default)]
struct Part {
    kept: Vec<Candidate>,
    /// Where each record's candidates end in `kept`, and the rest of its result.
    records: Vec<(u32, Scored)>,
}

/// One record's result beside its candidates.
pub(crate) struct Scored {
    /// Probability that none of the candidates is the person.
    pub(crate) none: f64,
    pub(crate) tie: bool,
}

/// The smallest ratio of a pair that can matter.
pub(crate) fn least_ratio(weights: &Weights) -> f64 {
    none_odds(weights) * NEGLIGIBLE
}

/// Odds that a record has no counterpart among its candidates.
pub(crate) fn none_odds(weights: &Weights) -> f64 {
    (1.0 - weights.match_rate).max(f64::MIN_POSITIVE)
}

/// A record's odds on each of its candidates against all others and none, as they are without that entry's own answer.
fn claim(ratios: &[f64], free: &[f64], none: f64, claims: &mut [f64]) {
    // Sums of those before and of those behind: a difference of sums would lose the small beside the large.
    let mut before = none;
    for ((claim, ratio), free) in claims.iter_mut().zip(ratios).zip(free) {
        *claim = before;
        before += ratio * free;
    }
    let mut behind = 0.0;
    for ((claim, ratio), free) in claims.iter_mut().zip(ratios).zip(free).rev() {
        *claim = ratio / (*claim + behind);
        behind += ratio * free;
    }
}

#[cfg(test)]
mod tests {
    use super::claim;

    #[test]
    fn a_claim_is_weighed_against_all_others_and_none() {
        let mut claims = [0.0; 3];
        claim(&[1e12, 4.0, 1.0], &[1.0, 0.5, 1.0], 0.5, &mut claims);
        // Against 4·0.5 + 1 + 0.5, and what is small is not lost beside what is large.
        assert!((claims[0] / (1e12 / 3.5) - 1.0).abs() < 1e-12);
        assert!((claims[1] / (4.0 / (1e12 + 1.5)) - 1.0).abs() < 1e-12);
    }
}
