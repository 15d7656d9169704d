//! Two records of persons: may they be one, must they never be?

use registry::identity::PersonalId;
use registry::name::{fold, key};

use crate::context::{Context, Sink};
use crate::finding::Finding;
use crate::rule_id::RuleId;
use crate::subject::{Number, SubjectFacts, digits_of};
use crate::text::one_slip;

/// One side of a pair.
#[derive(Debug, Clone, Copy)]
pub struct Side<'r, 'a> {
    /// The record.
    pub facts: &'r SubjectFacts<'a>,
    /// The register answered TRUE for it.
    pub verified: bool,
}

/// How two records compare; what [`judge`] goes by.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent comparisons"
)]
pub(crate) struct Likeness {
    pub(crate) numbers: Numbers,
    pub(crate) name: bool,
    pub(crate) birth: bool,
    pub(crate) sex: bool,
    pub(crate) commune: bool,
    /// Years between the births.
    pub(crate) years_apart: Option<i32>,
}

/// How two numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    Same,
    /// Both verified, and different.
    BothVerified,
    /// One of them is blank or malformed.
    OneMissing,
    /// A CMND here, a 12-digit number there.
    CmndAndPersonal,
    Other,
}

/// The rules that a likeness fulfils.
pub(crate) fn judge(pair: Likeness, parent_years: i32) -> impl Iterator<Item = RuleId> {
    let alike = pair.name && pair.birth && pair.sex && pair.commune;
    let namesakes = pair.name && pair.years_apart.is_some_and(|years| years >= parent_years);
    let both_verified = pair.numbers == Numbers::BothVerified;
    [
        (
            RuleId::Id10,
            pair.numbers == Numbers::Same && !(pair.name && pair.birth),
        ),
        (RuleId::Id11, both_verified && alike),
        (
            RuleId::Id12,
            pair.numbers == Numbers::CmndAndPersonal && alike,
        ),
        (
            RuleId::Du06,
            pair.numbers == Numbers::Same && pair.name && pair.birth,
        ),
        (RuleId::Du07, pair.numbers == Numbers::OneMissing && alike),
        (RuleId::Du08, both_verified),
        (RuleId::Du10, namesakes),
    ]
    .into_iter()
    .filter_map(|(rule, holds)| holds.then_some(rule))
}

/// Checks two records that are, or are proposed as, one person: ID-10, ID-11, ID-12 and DU-06 to DU-10. Findings are about `a`; `other` names `b`.
///
/// A finding of severity V, and those of DU-09 and DU-10, forbid the automatic link.
pub fn check_pair(a: Side<'_, '_>, b: Side<'_, '_>, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    let mut sink = Sink::new(ctx, out);
    let likeness = compare(a, b);
    let other = b.facts.unique_id.unwrap_or("–");
    for rule in judge(likeness, sink.limits().parent_years) {
        sink.raise(finding(
            rule,
            a.facts.number,
            b.facts.number,
            a.facts.name.unwrap_or_default(),
            other,
        ));
    }
    if !likeness.name && are_like_twins(a.facts, b.facts) {
        let name = a.facts.name.unwrap_or_default();
        sink.raise(Finding::new(RuleId::Du09, "full_name", name).with(other));
    }
}

/// The finding of a pair rule on one of the two records.
pub(crate) fn finding(
    rule: RuleId,
    ours: Number<'_>,
    theirs: Number<'_>,
    name: &str,
    other: &str,
) -> Finding {
    match rule {
        RuleId::Du07 | RuleId::Du10 => Finding::new(rule, "full_name", name).with(other),
        RuleId::Id12 => {
            let (cmnd, personal) = match (ours, theirs) {
                (Number::Personal(_), Number::Cmnd(_)) => (theirs, ours),
                _ => (ours, theirs),
            };
            Finding::new(rule, "id_number", digits(cmnd))
                .with(other)
                .fix("id_number", digits(personal))
        }
        _ => Finding::new(rule, "id_number", digits(ours)).with(other),
    }
}

fn digits(number: Number<'_>) -> String {
    match number {
        Number::Personal(id) => format!("{:012}", id.as_u64()),
        Number::Cmnd(cmnd) => format!("{:09}", cmnd.as_u32()),
        Number::Passport(text) => text.to_owned(),
        Number::Missing | Number::Malformed => String::new(),
    }
}

fn compare(a: Side<'_, '_>, b: Side<'_, '_>) -> Likeness {
    let both = a.facts.name.zip(b.facts.name);
    Likeness {
        numbers: Numbers::of(a.facts.number, b.facts.number, a.verified && b.verified),
        name: both.is_some_and(|(x, y)| x == y || key(x) == key(y)),
        birth: a.facts.birth.is_some() && a.facts.birth == b.facts.birth,
        sex: a.facts.sex.is_some() && a.facts.sex == b.facts.sex,
        commune: a.facts.commune.is_some() && a.facts.commune == b.facts.commune,
        years_apart: a
            .facts
            .birth
            .zip(b.facts.birth)
            .map(|(x, y)| i32::from((x.year() - y.year()).abs())),
    }
}

impl Numbers {
    pub(crate) fn of(a: Number<'_>, b: Number<'_>, both_verified: bool) -> Self {
        use Number::{Cmnd, Malformed, Missing, Passport, Personal};
        let different = |x: PersonalId, y: PersonalId| x != y && both_verified;
        match (a, b) {
            (Missing | Malformed, Missing | Malformed) => Self::Other,
            (Missing | Malformed, _) | (_, Missing | Malformed) => Self::OneMissing,
            (Passport(x), Passport(y)) if x.trim().eq_ignore_ascii_case(y.trim()) => Self::Same,
            (Personal(x), Personal(y)) if different(x, y) => Self::BothVerified,
            (Cmnd(_), Personal(_)) | (Personal(_), Cmnd(_)) => Self::CmndAndPersonal,
            _ if a == b => Self::Same,
            _ => Self::Other,
        }
    }
}

/// Born on one day, one family name, one commune or phone, and names that differ in a single word of similar spelling or of the given name.
fn are_like_twins(a: &SubjectFacts<'_>, b: &SubjectFacts<'_>) -> bool {
    let same_day = a.birth.is_some_and(|birth| birth.day().is_some()) && a.birth == b.birth;
    let same_place = a.commune.is_some() && a.commune == b.commune;
    let same_phone = a.phone.is_some() && a.phone.map(digits_of) == b.phone.map(digits_of);
    if !same_day || !(same_place || same_phone) {
        return false;
    }
    let (Some(x), Some(y)) = (a.name, b.name) else {
        return false;
    };
    let (x, y) = (fold(x), fold(y));
    let words = |name: &str| name.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let (x, y) = (words(&x), words(&y));
    let differing = x.iter().zip(&y).filter(|(p, q)| p != q).count();
    let similar_given = x.last().zip(y.last()).is_some_and(|(p, q)| one_slip(p, q));
    x.first() == y.first() && x.len() == y.len() && (differing == 1 || similar_given)
}
