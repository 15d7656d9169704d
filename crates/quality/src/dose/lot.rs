//! Rules LT and EX: the lot and its expiry.

use registry::date::{BirthDate, Date, from_day_number};
use registry::fields::{DoseField, DoseRow};

use super::DoseFacts;
use crate::context::{Context, Sink};
use crate::finding::Finding;
use crate::limits::Limits;
use crate::rule_id::RuleId;
use crate::tables::{FacilityEntry, LotEntry};

const FIELD: &str = "lot";

/// A written lot, taken apart.
pub(super) struct Lot<'a, 'c> {
    shape: Shape<'a>,
    /// The list's entry of the lot.
    pub(super) entry: Option<&'c LotEntry>,
}

enum Shape<'a> {
    Missing,
    /// Letters and digits, hyphen, slash, dot.
    Plain(&'a str),
    /// Text around it (LT-05).
    Wrapped(String),
    /// Illegal characters in it (LT-02); without them.
    Unclean(String),
    /// Several lots (LT-04).
    Several(Vec<&'a str>),
}

impl<'a, 'c> Lot<'a, 'c> {
    pub(super) fn read(text: Option<&'a str>, ctx: &'c Context<'_>) -> Self {
        let shape = Shape::of(text, ctx.limits());
        let entry = shape.lot().and_then(|lot| ctx.lots.as_ref()?.find(lot));
        Self { shape, entry }
    }
}

impl<'a> Shape<'a> {
    fn of(text: Option<&'a str>, limits: &Limits) -> Self {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
            return Self::Missing;
        };
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return Self::Plain(text);
        }
        let several = parts(text);
        if several.len() > 1 {
            return Self::Several(several);
        }
        if let Some(inner) = unwrapped(text, limits) {
            return Self::Wrapped(inner);
        }
        if text.chars().all(is_legal) {
            return Self::Plain(text);
        }
        Self::Unclean(text.chars().filter(|c| is_legal(*c)).collect())
    }

    /// The lot itself, where there is one.
    fn lot(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Wrapped(text) | Self::Unclean(text) => Some(text),
            Self::Missing | Self::Several(_) => None,
        }
    }
}

fn is_legal(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '.')
}

/// The lots of a field that names several: parts between `,` `;` `/` or ` - `, each long enough and with a digit.
fn parts(text: &str) -> Vec<&str> {
    let looks_like_lot = |part: &&str| {
        part.len() >= 4 && part.bytes().any(|b| b.is_ascii_digit()) && part.chars().all(is_legal)
    };
    let split: Vec<&str> = if text.contains([',', ';', '/']) {
        text.split([',', ';', '/']).map(str::trim).collect()
    } else if text.contains(" - ") {
        text.split(" - ").map(str::trim).collect()
    } else {
        return Vec::new();
    };
    if split.iter().all(looks_like_lot) {
        split
    } else {
        Vec::new()
    }
}

/// The lot without the words around it; `None` when there are none, or nothing else.
fn unwrapped(text: &str, limits: &Limits) -> Option<String> {
    let upper = text.to_uppercase();
    let is_edge =
        |c: char| c.is_whitespace() || matches!(c, ':' | '.' | '#' | '-' | '(' | ')' | '_');
    let mut rest = upper.as_str();
    loop {
        let before = rest;
        for word in &limits.lot_words {
            if let Some(inner) = rest
                .strip_prefix(word.as_str())
                .filter(|inner| inner.starts_with(is_edge))
            {
                rest = inner.trim_start_matches(is_edge);
            }
            let whole = word.starts_with('(');
            if let Some(inner) = rest
                .strip_suffix(word.as_str())
                .filter(|inner| whole || inner.ends_with(is_edge))
            {
                rest = inner.trim_end_matches(is_edge);
            }
        }
        if before == rest {
            break;
        }
    }
    (rest.len() < upper.len() && rest.chars().any(|c| c.is_ascii_digit())).then(|| rest.to_owned())
}

/// LT-01 to LT-09, EX-01 and EX-02.
pub(super) fn check(
    row: &DoseRow<'_>,
    lot: &Lot<'_, '_>,
    facts: &DoseFacts<'_>,
    facility: Option<&FacilityEntry>,
    sink: &mut Sink<'_, '_>,
) {
    let text = row.lot.unwrap_or_default();
    check_writing(text, lot, sink);
    if let Some(inner) = lot.shape.lot() {
        let length = inner.bytes().filter(u8::is_ascii_alphanumeric).count();
        if length <= sink.limits().lot_too_short {
            sink.raise(Finding::new(RuleId::Lt03, FIELD, text));
        } else {
            check_listed(text, inner, lot.entry, facts, facility, sink);
        }
    }
    check_expiry(row, lot.entry, facts, sink);
}

/// LT-01, 02, 04 and 05.
fn check_writing(text: &str, lot: &Lot<'_, '_>, sink: &mut Sink<'_, '_>) {
    match &lot.shape {
        Shape::Missing => {
            if sink.ctx.dose_has(DoseField::Lot) {
                sink.raise(Finding::new(RuleId::Lt01, FIELD, ""));
            }
        }
        Shape::Plain(_) => {}
        Shape::Wrapped(inner) => {
            sink.raise(Finding::new(RuleId::Lt05, FIELD, text).fix(FIELD, inner.as_str()));
        }
        Shape::Unclean(inner) => {
            let fix = (!inner.is_empty()).then_some(inner.as_str());
            sink.raise(Finding::new(RuleId::Lt02, FIELD, text).maybe_fix(FIELD, fix));
        }
        Shape::Several(several) => {
            // Where the list knows exactly one of them, that one is the proposal.
            let mut known = several.iter().filter(|lot| {
                sink.ctx
                    .lots
                    .as_ref()
                    .is_some_and(|list| list.find(lot).is_some())
            });
            let fix = known.next().filter(|_| known.next().is_none()).copied();
            sink.raise(Finding::new(RuleId::Lt04, FIELD, text).maybe_fix(FIELD, fix));
        }
    }
}

/// LT-06 to LT-09.
fn check_listed(
    text: &str,
    inner: &str,
    entry: Option<&LotEntry>,
    facts: &DoseFacts<'_>,
    facility: Option<&FacilityEntry>,
    sink: &mut Sink<'_, '_>,
) {
    let province = facility.and_then(|facility| facility.province);
    let Some(entry) = entry else {
        if let Some(product) = facts
            .product
            .filter(|product| !has_form(inner, product.lot_forms))
        {
            sink.raise(Finding::new(RuleId::Lt06, FIELD, text).with(product.name));
        }
        if let Some(lots) = &sink.ctx.lots {
            let near = lots.nearest(inner, |lot| {
                facts
                    .product
                    .is_none_or(|product| product.key == lot.product.key)
                    && province.is_none_or(|province| lot.went_to(province))
            });
            let place = province.map_or_else(|| "–".to_owned(), |province| province.to_string());
            let fix = near.map(|lot| lot.lot.clone());
            sink.raise(
                Finding::new(RuleId::Lt07, FIELD, text)
                    .with(place)
                    .maybe_fix(FIELD, fix),
            );
        }
        return;
    };
    if facts
        .product
        .is_some_and(|product| product.key != entry.product.key)
    {
        let finding = Finding::new(RuleId::Lt08, FIELD, text).with(entry.product.name);
        sink.raise(finding.fix("vaccine", entry.product.name));
    } else if let Some(province) = province.filter(|province| !entry.went_to(*province)) {
        sink.raise(Finding::new(RuleId::Lt07, FIELD, text).with(province.to_string()));
    }
    if let Some(recalled) = entry.recalled_on {
        sink.raise(Finding::new(RuleId::Lt09, FIELD, text).with(recalled.to_string()));
    }
}

/// True when a lot has one of the forms `A` letter, `9` digit, joined by `|`; always true for no forms.
fn has_form(lot: &str, forms: &str) -> bool {
    let fits = |form: &str| {
        form.chars().count() == lot.chars().count()
            && form.chars().zip(lot.chars()).all(|(want, c)| match want {
                'A' => c.is_ascii_alphabetic(),
                '9' => c.is_ascii_digit(),
                literal => c.eq_ignore_ascii_case(&literal),
            })
    };
    forms.is_empty() || forms.split('|').any(fits)
}

/// EX-01 and EX-02. The list's expiry, after official extensions, counts before the record's.
fn check_expiry(
    row: &DoseRow<'_>,
    entry: Option<&LotEntry>,
    facts: &DoseFacts<'_>,
    sink: &mut Sink<'_, '_>,
) {
    let injected = facts.injected.map(jiff::civil::DateTime::date);
    let written = row.expiry.map(|text| (text, last_day(text)));
    if let Some((text, day)) = written {
        let reference = injected.unwrap_or(sink.ctx.as_of);
        let years = sink.limits().expiry_years;
        let far = |day: Date| {
            let limit = (
                reference.year().saturating_add(years),
                reference.month(),
                reference.day(),
            );
            (day.year(), day.month(), day.day()) > limit
        };
        if day.is_none_or(far) {
            sink.raise(Finding::new(RuleId::Ex02, "expiry", text));
        }
    }
    let expiry = entry
        .and_then(|entry| entry.expiry)
        .or(written.and_then(|(_, day)| day));
    if let Some((day, expiry)) = injected.zip(expiry).filter(|(day, expiry)| day > expiry) {
        sink.raise(
            Finding::new(RuleId::Ex01, "injected_at", day.to_string()).with(expiry.to_string()),
        );
    }
}

/// The last day of an expiry that may state only the month: `2022-05`, `05/2022`.
fn last_day(text: &str) -> Option<Date> {
    let date = BirthDate::parse(text)
        .map(|(date, _)| date)
        .ok()
        .or_else(|| {
            let (month, year) = text.trim().split_once(['/', '-', '.'])?;
            let (month, year) = (month.parse().ok()?, year.parse().ok()?);
            Date::new(year, month, 1)
                .is_ok()
                .then_some(BirthDate::Month { year, month })
        })?;
    from_day_number(date.latest())
}
