//! Rules VP: the vaccine.

use registry::fields::DoseRow;
use registry::vaccine::{self, Named, Product};

use super::DoseFacts;
use crate::context::Sink;
use crate::finding::Finding;
use crate::rule_id::RuleId;
use crate::subject::{SubjectFacts, age_at_most};
use crate::tables::LotEntry;

const FIELD: &str = "vaccine";

/// What the written vaccine means.
#[derive(Clone, Copy)]
pub(super) struct Read {
    named: Option<Named>,
    pub(super) product: Option<&'static Product>,
}

/// Reads the vaccine. An ambiguous name counts as the product that the lot says, for the checks that follow.
pub(super) fn read(row: &DoseRow<'_>, lot: Option<&LotEntry>) -> Read {
    let named = row
        .vaccine
        .map(|text| vaccine::named(text, row.manufacturer));
    let product = match named {
        Some(Named::Product(product) | Named::Alias { product, .. }) => Some(product),
        Some(Named::Ambiguous(several)) => lot
            .map(|lot| lot.product)
            .filter(|product| several.iter().any(|p| p.key == product.key)),
        Some(Named::Generic | Named::Unknown) | None => None,
    };
    Read { named, product }
}

/// VP-01 to VP-07.
pub(super) fn check(
    row: &DoseRow<'_>,
    read: Read,
    facts: &DoseFacts<'_>,
    person: Option<&SubjectFacts<'_>>,
    lot: Option<&LotEntry>,
    sink: &mut Sink<'_, '_>,
) {
    let Some(text) = row.vaccine else {
        return sink.raise(
            Finding::new(RuleId::Vp01, FIELD, "").maybe_fix(FIELD, lot.map(|lot| lot.product.name)),
        );
    };
    let finding = |rule| Finding::new(rule, FIELD, text);
    match read.named {
        Some(Named::Unknown) | None => sink.raise(finding(RuleId::Vp02)),
        Some(Named::Alias {
            product,
            deprecated,
        }) => {
            let rule = if deprecated {
                RuleId::Vp04
            } else {
                RuleId::Vp02
            };
            sink.raise(finding(rule).fix(FIELD, product.name));
        }
        Some(Named::Generic) => {
            check_unspecific(text, lot.map(|lot| lot.product), sink);
        }
        Some(Named::Ambiguous(_)) => {
            check_unspecific(text, read.product, sink);
        }
        Some(Named::Product(_)) => {}
    }
    let Some(product) = read.product else { return };
    check_manufacturer(row, product, sink);
    check_age(product, facts, person, sink);
    if product.mp.is_none() {
        sink.raise(finding(RuleId::Vp07));
    }
}

/// VP-03, and VP-07 where not even the lot tells the product.
fn check_unspecific(text: &str, product: Option<&Product>, sink: &mut Sink<'_, '_>) {
    let fix = product.map(|product| product.name);
    sink.raise(Finding::new(RuleId::Vp03, FIELD, text).maybe_fix(FIELD, fix));
    if product.is_none() {
        sink.raise(Finding::new(RuleId::Vp07, FIELD, text));
    }
}

/// VP-05: a manufacturer that the table knows, but of other products.
fn check_manufacturer(row: &DoseRow<'_>, product: &Product, sink: &mut Sink<'_, '_>) {
    let Some(text) = row
        .manufacturer
        .filter(|text| text.trim() != product.manufacturer)
    else {
        return;
    };
    let made = vaccine::products_of_manufacturer(text);
    if !made.is_empty() && made.iter().all(|other| other.key != product.key) {
        sink.raise(
            Finding::new(RuleId::Vp05, "manufacturer", text)
                .with(product.name)
                .fix("manufacturer", product.manufacturer),
        );
    }
}

/// VP-06, only where even the age at most or at least is outside.
fn check_age(
    product: &Product,
    facts: &DoseFacts<'_>,
    person: Option<&SubjectFacts<'_>>,
    sink: &mut Sink<'_, '_>,
) {
    let Some((birth, injected)) = person.and_then(|person| person.birth).zip(facts.injected) else {
        return;
    };
    let day = injected.date();
    let most = age_at_most(birth, day);
    let least = if birth.day().is_some() {
        most
    } else {
        most - 1
    };
    let young = most < i32::from(product.min_age) && most >= 0;
    let old = product.max_age.is_some_and(|max| least > i32::from(max));
    if young || old {
        let range = match product.max_age {
            Some(max) => format!("{} {}–{max}", product.name, product.min_age),
            None => format!("{} ≥ {}", product.name, product.min_age),
        };
        sink.raise(Finding::new(RuleId::Vp06, FIELD, most.to_string()).with(range));
    }
}
