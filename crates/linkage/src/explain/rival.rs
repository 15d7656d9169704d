//! The runner-up: who else could be the record's person, and which fields decide between the two.

use std::fmt::Write as _;

use serde::Serialize;

use super::{FieldEvidence, percent, signed};
use crate::link::{TIE_BITS, Veto};

/// Fields whose evidence differs by fewer bits decide nothing.
const NEGLIGIBLE: f64 = 0.05;

/// The best other candidate of a record, beside the pair that is explained. Bits count for the pair: what is negative speaks for the rival.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rival {
    /// Id in B.
    pub b_id: String,
    /// Probability that it is the record's person.
    pub probability: f64,
    /// By how many bits the pair is ahead of it; negative when the rival is ahead.
    pub lead_bits: f64,
    /// Evidence of each comparison, in the spec's order.
    pub fields: Vec<Difference>,
    /// What the chance that somebody is a relative adds to the lead.
    pub relatives_bits: f64,
    /// What errors that come together add to the lead.
    pub together_bits: f64,
    /// Why the rival is never linked without a person looking at it.
    pub veto: Option<Veto>,
    /// In Vietnamese.
    pub reason_vi: String,
    /// In English.
    pub reason_en: String,
}

/// One comparison of the pair and of its rival.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Name in the spec.
    pub field: String,
    /// Label in Vietnamese.
    pub label_vi: String,
    /// Label in English.
    pub label_en: String,
    /// Value of the rival's record.
    pub b: Option<String>,
    /// Level of the pair.
    pub level: String,
    /// Level of the rival.
    pub rival_level: String,
    /// Bits of the pair less those of the rival.
    pub bits: f64,
}

/// What is known of one of the two.
pub(super) struct Side {
    pub(super) fields: Vec<FieldEvidence>,
    pub(super) together_bits: f64,
    pub(super) total_bits: f64,
}

impl Side {
    fn relatives(&self) -> f64 {
        let fields: f64 = self.fields.iter().map(FieldEvidence::bits).sum();
        self.total_bits - self.together_bits - fields
    }
}

impl Rival {
    pub(super) fn new(
        b_id: &str,
        probability: f64,
        veto: Option<Veto>,
        pair: &Side,
        rival: &Side,
    ) -> Self {
        let fields: Vec<Difference> = pair
            .fields
            .iter()
            .zip(&rival.fields)
            .map(|(own, other)| Difference {
                field: own.field.clone(),
                label_vi: own.label_vi.clone(),
                label_en: own.label_en.clone(),
                b: other.b.clone(),
                level: own.level.clone(),
                rival_level: other.level.clone(),
                bits: own.bits() - other.bits(),
            })
            .collect();
        let mut told = Self {
            b_id: b_id.to_owned(),
            probability,
            lead_bits: pair.total_bits - rival.total_bits,
            relatives_bits: pair.relatives() - rival.relatives(),
            together_bits: pair.together_bits - rival.together_bits,
            fields,
            veto,
            reason_vi: String::new(),
            reason_en: String::new(),
        };
        told.reason_vi = told.reason(&VI);
        told.reason_en = told.reason(&EN);
        told
    }

    /// Who is ahead by how much, and by which fields.
    fn reason(&self, words: &Words) -> String {
        let mut text = format!("{} {}: ", words.runner_up, self.b_id);
        if self.lead_bits.abs() < TIE_BITS {
            text.push_str(words.tie);
        } else {
            let place = if self.lead_bits > 0.0 {
                words.behind
            } else {
                words.ahead
            };
            let bits = (words.number)(self.lead_bits.abs());
            let _ = write!(text, "{place} {bits} {}", words.bits);
            let deciding = self.deciding(words);
            if !deciding.is_empty() {
                let _ = write!(text, " ({})", deciding.join("; "));
            }
        }
        text.push('.');
        if let Some(veto) = self.veto {
            let _ = write!(text, " {}: {}.", words.veto, (words.told)(veto));
        }
        text
    }

    /// What counts, the weightiest first, each with its bits.
    fn deciding(&self, words: &Words) -> Vec<String> {
        let mut parts: Vec<(&str, f64)> = self
            .telling()
            .map(|field| ((words.label)(field), field.bits))
            .collect();
        let beside = [
            (words.relatives, self.relatives_bits),
            (words.together, self.together_bits),
        ];
        parts.extend(beside.iter().filter(|(_, bits)| bits.abs() >= NEGLIGIBLE));
        parts.sort_by(|x, y| y.1.abs().total_cmp(&x.1.abs()));
        let told = |(label, bits): &(&str, f64)| {
            let sign = if *bits < 0.0 { "−" } else { "+" };
            format!("{label} {sign}{}", (words.number)(bits.abs()))
        };
        parts.iter().map(told).collect()
    }

    fn telling(&self) -> impl Iterator<Item = &Difference> {
        let fields = self.fields.iter();
        fields.filter(|field| field.bits.abs() >= NEGLIGIBLE)
    }

    /// The lines of a terminal's table, in English.
    pub(super) fn lines(&self) -> String {
        let mut text = format!(
            "runner-up {}, probability {}: bits by which the pair is ahead of it\n",
            self.b_id,
            percent(self.probability)
        );
        for field in self.telling() {
            let value = field.b.as_deref().unwrap_or("–");
            let _ = writeln!(
                text,
                "  {:<16} {:>7}  {} against {}: {value}",
                field.label_en,
                signed(field.bits),
                field.level,
                field.rival_level
            );
        }
        let _ = writeln!(
            text,
            "  {:<16} {:>7}",
            "relatives",
            signed(self.relatives_bits)
        );
        if self.together_bits.abs() >= NEGLIGIBLE {
            let _ = writeln!(
                text,
                "  {:<16} {:>7}",
                "errors together",
                signed(self.together_bits)
            );
        }
        let _ = writeln!(text, "  {:<16} {:>7}", "sum", signed(self.lead_bits));
        let _ = writeln!(text, "{}\n{}", self.reason_vi, self.reason_en);
        text
    }
}

/// What a reason is made of in one language.
struct Words {
    runner_up: &'static str,
    behind: &'static str,
    ahead: &'static str,
    tie: &'static str,
    veto: &'static str,
    relatives: &'static str,
    together: &'static str,
    bits: &'static str,
    number: fn(f64) -> String,
    label: fn(&Difference) -> &str,
    told: fn(Veto) -> &'static str,
}

const VI: Words = Words {
    runner_up: "Ứng viên khác phù hợp nhất là",
    behind: "kém",
    ahead: "hơn",
    tie: "phù hợp như nhau, dữ liệu không phân biệt được",
    veto: "Phải xem từng người",
    relatives: "khả năng là người thân",
    together: "lỗi thường đi cùng nhau",
    bits: "bit",
    number: |bits| format!("{bits:.1}").replace('.', ","),
    label: |field| &field.label_vi,
    told: Veto::vi,
};

const EN: Words = Words {
    runner_up: "The best other candidate is",
    behind: "behind by",
    ahead: "ahead by",
    tie: "it fits as well, nothing in the data tells the two apart",
    veto: "To be looked at one by one",
    relatives: "chance of relatives",
    together: "errors that come together",
    bits: "bits",
    number: |bits| format!("{bits:.1}"),
    label: |field| &field.label_en,
    told: Veto::en,
};
