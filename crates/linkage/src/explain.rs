//! Why a pair has the probability that it has: the evidence field by field, and a sentence that a clerk can check.

mod rival;

use std::fmt::Write as _;

use serde::Serialize;

use crate::chart::escape;
use crate::compare::Pair;
use crate::link::{Linker, Veto, none_odds, score};
use crate::model::{Model, ModelError};
use crate::spec::{Kind, Spec};
use rival::Side;

pub use rival::{Difference, Rival};

/// The evidence for one pair. All weights are bits: +1 doubles the odds that the two are the same person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Id in A.
    pub a_id: String,
    /// Id in B.
    pub b_id: String,
    /// Odds before anything is compared.
    pub prior_bits: f64,
    /// Evidence of each comparison, in the spec's order.
    pub fields: Vec<FieldEvidence>,
    /// What the chance that the two are relatives takes off.
    pub relatives_bits: f64,
    /// What is added or taken off because errors come together: several in one record are likelier than each alone would have it.
    pub together_bits: f64,
    /// Sum of all: log₂ odds of this pair alone.
    pub total_bits: f64,
    /// Probability that B's record is A's person, given all of A's candidates.
    pub probability: f64,
    /// Probability that none of them is.
    pub p_none: f64,
    /// Blocking rules that bring the two together; without any the pair is never looked at.
    pub rules: Vec<String>,
    /// Why the two are never linked without a person looking at them.
    pub veto: Option<Veto>,
    /// The best other candidate, and why it is not the one; `None` when there is none.
    pub rival: Option<Rival>,
    /// Shape of the difference.
    pub shape: String,
    /// In Vietnamese.
    pub reason_vi: String,
    /// In English.
    pub reason_en: String,
}

/// The evidence of one comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldEvidence {
    /// Name in the spec.
    pub field: String,
    /// Label in Vietnamese.
    pub label_vi: String,
    /// Label in English.
    pub label_en: String,
    /// Standardised value of A's record.
    pub a: Option<String>,
    /// Standardised value of B's record.
    pub b: Option<String>,
    /// Level of the comparison.
    pub level: String,
    /// Bits of that level: same person against strangers.
    pub level_bits: f64,
    /// Bits because the agreeing value is rarer (positive) or commoner than on average.
    pub frequency_bits: f64,
}

impl FieldEvidence {
    /// All bits of the comparison.
    fn bits(&self) -> f64 {
        self.level_bits + self.frequency_bits
    }
}

/// What a reason is made of. The difference has its [shape](crate::shape), and the probability is a number: neither is repeated in the reason.
#[derive(Debug, Clone, Copy)]
pub struct Reason {
    /// Levels of the comparisons.
    pub pattern: u64,
    /// Another candidate fits as well.
    pub tie: bool,
    /// Why the two are never linked without a person looking at them.
    pub veto: Option<Veto>,
}

impl Linker<'_> {
    /// Explains a pair; `None` when one of the rows does not exist.
    ///
    /// # Errors
    /// When the model belongs to another spec.
    pub fn explain(
        &self,
        model: &Model,
        a_row: u32,
        b_row: u32,
    ) -> Result<Option<Explanation>, ModelError> {
        let (Some(a_id), Some(b_id)) = (self.a.id(a_row), self.b.id(b_row)) else {
            return Ok(None);
        };
        let candidates = self.candidates_of(&[a_row]);
        let weights = model.weights(self.spec, self.b.len())?;
        let pairs: Vec<Pair> = self
            .compared(&candidates, a_row..a_row + 1)
            .into_iter()
            .map(|(_, pair)| pair)
            .collect();
        let of_all: Vec<f64> = pairs.iter().map(|pair| weights.ratio(pair)).collect();
        let mut kept = Vec::new();
        let veto = |place| self.veto_among(a_row, &pairs, place);
        let scored = score(&weights, &pairs, &of_all, &veto, &mut kept);
        let proposed = pairs.iter().find(|pair| pair.b_row == b_row);
        let pair = proposed
            .copied()
            .unwrap_or_else(|| self.pair(u64::from(a_row) << 32 | u64::from(b_row), 0));
        let none = none_odds(&weights);
        let odds = weights.ratio(&pair);
        let fields = self.evidence_of_fields(&weights, pair.pattern, a_row, b_row);
        let prior_bits = (weights.pair_rate / none).log2();
        let total_bits = (odds / none).log2();
        let said: f64 = fields.iter().map(FieldEvidence::bits).sum();
        // A pair that no rule proposes competes with the candidates all the same.
        let others = if proposed.is_some() { 0.0 } else { odds };
        let total = none + others + of_all.iter().sum::<f64>();
        let probability = odds / total;
        let veto = kept
            .iter()
            .find(|kept| kept.b_row == b_row)
            .map_or_else(|| self.veto(a_row, b_row), |kept| kept.veto);
        let pair_side = Side {
            fields: fields.clone(),
            together_bits: weights.together_bits(pair.pattern),
            total_bits,
        };
        let rival = self.rival(&pairs, &of_all, b_row).map(|(other, odds_of)| {
            let side = Side {
                fields: self.evidence_of_fields(&weights, other.pattern, a_row, other.b_row),
                together_bits: weights.together_bits(other.pattern),
                total_bits: (odds_of / none).log2(),
            };
            let id = self.b.id(other.b_row).unwrap_or_default();
            let veto = self.veto(a_row, other.b_row);
            Rival::new(id, odds_of / total, veto, &pair_side, &side)
        });
        let shape = self.shape(pair.pattern, a_row, b_row);
        let reason = Reason {
            pattern: pair.pattern,
            tie: scored.tie,
            veto,
        };
        Ok(Some(Explanation {
            a_id: a_id.to_owned(),
            b_id: b_id.to_owned(),
            prior_bits,
            relatives_bits: total_bits - prior_bits - said - pair_side.together_bits,
            together_bits: pair_side.together_bits,
            total_bits,
            probability,
            p_none: none / total,
            rules: rule_names(self.spec, pair.rules),
            veto,
            rival,
            reason_vi: reason_vi(self.spec, &reason),
            reason_en: reason_en(self.spec, &reason),
            shape,
            fields,
        }))
    }

    /// The candidate with the best odds beside one of B, of equals the one with the smaller id.
    fn rival(&self, pairs: &[Pair], odds: &[f64], b_row: u32) -> Option<(Pair, f64)> {
        let others = pairs
            .iter()
            .zip(odds)
            .filter(|(pair, _)| pair.b_row != b_row);
        let id = |pair: &Pair| self.b.id(pair.b_row);
        let best = others.max_by(|(x, odds_x), (y, odds_y)| {
            odds_x.total_cmp(odds_y).then_with(|| id(y).cmp(&id(x)))
        });
        best.map(|(pair, odds)| (*pair, *odds))
    }

    fn evidence_of_fields(
        &self,
        weights: &crate::model::Weights,
        pattern: u64,
        a_row: u32,
        b_row: u32,
    ) -> Vec<FieldEvidence> {
        let of = |(place, comparison): (usize, &crate::spec::Comparison)| {
            let field = &self.spec.fields[comparison.field];
            let level = Spec::level(pattern, place);
            let relation = self.comparer().relation(place, a_row, b_row);
            // Counted for strangers; for "same person" the sign turns.
            let common =
                relation.map_or(0.0, |relation| self.frequency_bits(place, relation, b_row));
            FieldEvidence {
                field: field.name.clone(),
                label_vi: field.label_vi.clone(),
                label_en: field.label_en.clone(),
                a: shown(field.kind, self.a.show(comparison.field, a_row)),
                b: shown(field.kind, self.b.show(comparison.field, b_row)),
                level: comparison.level_name(level).to_owned(),
                level_bits: weights.level_bits(place, level),
                frequency_bits: 0.0 - f64::from(common),
            }
        };
        self.spec.comparisons.iter().enumerate().map(of).collect()
    }
}

/// A value as people write it: a packed telephone has lost its zero.
fn shown(kind: Kind, value: Option<String>) -> Option<String> {
    match kind {
        Kind::Phone => value.map(|digits| format!("0{digits}")),
        _ => value,
    }
}

/// Names of the blocking rules of a mask.
pub fn rule_names(spec: &Spec, rules: u32) -> Vec<String> {
    let named = spec.rules.iter().enumerate();
    named
        .filter(|(place, _)| rules >> place & 1 == 1)
        .map(|(_, rule)| rule.name.clone())
        .collect()
}

/// The reason for a suggestion, in Vietnamese: what agrees, and what to beware of.
pub fn reason_vi(spec: &Spec, reason: &Reason) -> String {
    let agreeing = agreeing(spec, reason.pattern, |field| &field.label_vi);
    let mut text = if agreeing.is_empty() {
        "Không mục nào khớp hoàn toàn.".to_owned()
    } else {
        format!("Khớp {agreeing}.")
    };
    if reason.tie {
        text.push_str(" Có người khác cũng phù hợp như vậy.");
    }
    if let Some(veto) = reason.veto {
        let _ = write!(text, " Phải xem từng người: {}.", veto.vi());
    }
    text
}

/// The reason for a suggestion, in English.
pub fn reason_en(spec: &Spec, reason: &Reason) -> String {
    let agreeing = agreeing(spec, reason.pattern, |field| &field.label_en);
    let mut text = if agreeing.is_empty() {
        "Nothing agrees fully.".to_owned()
    } else {
        format!("Agree: {agreeing}.")
    };
    if reason.tie {
        text.push_str(" Somebody else fits as well.");
    }
    if let Some(veto) = reason.veto {
        let _ = write!(text, " To be looked at one by one: {}.", veto.en());
    }
    text
}

/// Labels of the fields that agree fully.
fn agreeing(spec: &Spec, pattern: u64, label: impl Fn(&crate::spec::Field) -> &String) -> String {
    let places = spec.comparisons.iter().enumerate();
    places
        .filter(|(place, _)| Spec::level(pattern, *place) == 1)
        .map(|(_, comparison)| label(&spec.fields[comparison.field]).as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

/// A probability for people; never 100 %, because nothing here is certain.
fn percent(probability: f64) -> String {
    let percent = probability * 100.0;
    if percent >= 99.95 {
        "> 99.9 %".to_owned()
    } else if percent < 0.1 {
        "< 0.1 %".to_owned()
    } else {
        format!("{percent:.1} %")
    }
}

impl Explanation {
    /// A table of the evidence for a terminal, in English.
    pub fn text(&self) -> String {
        let mut text = format!("{} and {}\n\n", self.a_id, self.b_id);
        let _ = writeln!(
            text,
            "{:<18} {:>7}  before anything is compared",
            "prior",
            signed(self.prior_bits)
        );
        for field in &self.fields {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
            let (a, b) = (value(&field.a), value(&field.b));
            let bits = signed(field.level_bits + field.frequency_bits);
            let values = if a == b { a } else { format!("{a} | {b}") };
            let _ = writeln!(
                text,
                "{:<18} {bits:>7}  {:<15} {values}",
                field.label_en, field.level
            );
        }
        let _ = writeln!(
            text,
            "{:<18} {:>7}  the two may be relatives",
            "relatives",
            signed(self.relatives_bits)
        );
        if self.together_bits != 0.0 {
            let _ = writeln!(
                text,
                "{:<18} {:>7}  some records are careless, others are not",
                "errors together",
                signed(self.together_bits)
            );
        }
        let _ = writeln!(
            text,
            "{:<18} {:>7}  bits; +1 doubles the odds\n",
            "sum",
            signed(self.total_bits)
        );
        let rules = if self.rules.is_empty() {
            "no rule: the pair is never looked at".to_owned()
        } else {
            self.rules.join("; ")
        };
        let _ = writeln!(
            text,
            "found by: {rules}\ndifference: {}\nprobability: {}\n{}\n{}",
            if self.shape.is_empty() {
                "none"
            } else {
                &self.shape
            },
            percent(self.probability),
            self.reason_vi,
            self.reason_en
        );
        text.push('\n');
        match &self.rival {
            Some(rival) => text.push_str(&rival.lines()),
            None => text.push_str("runner-up: nobody else was a candidate\n"),
        }
        text
    }

    /// The evidence as a waterfall picture (SVG).
    pub fn svg(&self) -> String {
        const ROW: f64 = 26.0;
        let mut steps: Vec<(String, String, f64)> =
            vec![("prior".into(), String::new(), self.prior_bits)];
        for field in &self.fields {
            steps.push((
                field.label_en.clone(),
                field.level.clone(),
                field.level_bits + field.frequency_bits,
            ));
        }
        steps.push(("relatives".into(), String::new(), self.relatives_bits));
        if self.together_bits != 0.0 {
            steps.push(("errors together".into(), String::new(), self.together_bits));
        }
        let mut level = 0.0_f64;
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        for (_, _, bits) in &steps {
            level += bits;
            (low, high) = (low.min(level), high.max(level));
        }
        let scale = 420.0 / (high - low).max(1.0);
        let x = |bits: f64| 250.0 + (bits - low) * scale;
        let height = ROW * (steps.len() + 2) as f64 + 20.0;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
             <title>{} and {}</title>\n<line x1=\"{zero:.1}\" x2=\"{zero:.1}\" y1=\"8\" y2=\"{:.1}\" stroke=\"#999\"/>\n",
            escape(&self.a_id),
            escape(&self.b_id),
            height - ROW,
            zero = x(0.0),
        );
        let mut level = 0.0;
        for (place, (label, word, bits)) in steps.iter().enumerate() {
            let (from, to) = (level, level + bits);
            level = to;
            let y = 10.0 + ROW * place as f64;
            let colour = if *bits < 0.0 { "#b3402a" } else { "#1f6f5c" };
            let _ = writeln!(
                svg,
                "<text x=\"8\" y=\"{:.1}\">{}</text><text x=\"130\" y=\"{:.1}\" fill=\"#666\">{}</text>\
                 <rect x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"18\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                y + 14.0,
                escape(label),
                y + 14.0,
                escape(word),
                x(from.min(to)),
                (bits.abs() * scale).max(1.0),
                x(from.max(to)) + 6.0,
                y + 14.0,
                signed(*bits),
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"8\" y=\"{:.1}\" font-weight=\"bold\">sum {} bits, probability {}</text>\n</svg>",
            height - 10.0,
            signed(self.total_bits),
            percent(self.probability)
        );
        svg
    }
}

fn signed(bits: f64) -> String {
    format!("{bits:+.1}")
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn nothing_is_certain() {
        assert_eq!(percent(1.0), "> 99.9 %");
        assert_eq!(percent(0.9987), "99.9 %");
        assert_eq!(percent(0.5), "50.0 %");
        assert_eq!(percent(0.0), "< 0.1 %");
    }
}
