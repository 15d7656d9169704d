//! A dose: each field parsed once, then held against the rules that the record, the person and the tables can decide.

mod lot;
mod product;
mod time;

use registry::date::{DateForm, DateTime, parse_moment};
use registry::fields::{DoseField, DoseRow, Field};
use registry::vaccine::Product;

use crate::context::{Context, Sink};
use crate::finding::Finding;
use crate::rule_id::RuleId;
use crate::subject::SubjectFacts;
use crate::tables::FacilityEntry;

pub(crate) use time::days_between;

/// What a dose's record says, parsed: `None` where a field is blank or cannot be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoseFacts<'a> {
    /// Id of the dose within its file.
    pub dose_id: Option<&'a str>,
    /// `unique_id` of the subject.
    pub subject_id: Option<&'a str>,
    /// Declared dose number.
    pub number: DoseNumber,
    /// The declared dose number as written.
    pub number_text: Option<&'a str>,
    /// When it was injected; midnight when only the day is known.
    pub injected: Option<DateTime>,
    /// The time of day is known.
    pub has_time: bool,
    /// Product, when the written vaccine says which.
    pub product: Option<&'static Product>,
    /// Lot as written.
    pub lot: Option<&'a str>,
    /// Facility as written.
    pub facility: Option<&'a str>,
    /// Vaccinator as written.
    pub vaccinator: Option<&'a str>,
    /// When it was entered.
    pub entered: Option<DateTime>,
    /// Account that entered it.
    pub entered_by: Option<&'a str>,
    /// It was given: neither refused nor left out.
    pub given: bool,
    /// Entered from paper or hearsay, not by the place that injected.
    pub historical: bool,
    /// How many of the fields are filled.
    pub filled: u8,
}

/// A declared dose number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoseNumber {
    /// Blank.
    Missing,
    /// Not a number.
    Unreadable,
    /// `2`, "Mũi 2" or, with the total, `2/3`.
    Declared {
        /// Number of the dose.
        number: u8,
        /// Doses in the course.
        total: Option<u8>,
    },
}

impl DoseNumber {
    /// Reads a declared dose number.
    pub fn parse(text: Option<&str>) -> Self {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
            return Self::Missing;
        };
        let text = text
            .split_once(|c: char| c.is_ascii_digit() || c == '-')
            .map_or(text, |(word, _)| {
                let is_dose = matches!(
                    registry::name::fold(word).as_str(),
                    "mui" | "mui so" | "mui thu" | "lieu" | "dose"
                );
                if is_dose {
                    text[word.len()..].trim()
                } else {
                    text
                }
            });
        let (number, total) = match text.split_once('/') {
            Some((number, total)) => (number, Some(total)),
            None => (text, None),
        };
        let parse = |text: &str| text.trim().parse::<u8>();
        match (parse(number), total.map(parse).transpose()) {
            (Ok(number), Ok(total)) => Self::Declared { number, total },
            _ => Self::Unreadable,
        }
    }

    /// The number, where one is declared.
    pub fn number(self) -> Option<u8> {
        match self {
            Self::Declared { number, .. } => Some(number),
            Self::Missing | Self::Unreadable => None,
        }
    }
}

/// Checks one dose: rules VD, VP, LT, EX and FC as far as the record, the person and the tables decide them.
///
/// Findings are appended in the order of the catalogue's sections. The order of a person's doses is judged by [`check_series`](crate::check_series).
pub fn check_dose<'a>(
    row: &DoseRow<'a>,
    person: Option<&SubjectFacts<'_>>,
    ctx: &Context<'_>,
    out: &mut Vec<Finding>,
) -> DoseFacts<'a> {
    let mut sink = Sink::new(ctx, out);
    let moment = |text: Option<&str>| text.map(parse_moment).transpose();
    let injected = moment(row.injected_at);
    let entered = moment(row.entered_at).ok().flatten();
    let facility = row
        .facility_code
        .zip(ctx.facilities.as_ref())
        .and_then(|(code, list)| list.find(code));
    let mut facts = DoseFacts {
        dose_id: row.dose_id,
        subject_id: row.subject_id,
        number: DoseNumber::parse(row.dose_number),
        number_text: row.dose_number,
        injected: injected.ok().flatten().map(|(moment, _)| moment),
        has_time: matches!(injected, Ok(Some((_, DateForm::WithTime)))),
        product: None,
        lot: row.lot,
        facility: row.facility_code,
        vaccinator: row.vaccinator,
        entered: entered.map(|(moment, _)| moment),
        entered_by: row.entered_by,
        given: is_given(row.status),
        historical: row
            .source
            .is_some_and(|source| source.trim().eq_ignore_ascii_case("historical")),
        filled: filled(row),
    };
    let lot = lot::Lot::read(row.lot, ctx);
    let read = product::read(row, lot.entry);
    facts.product = read.product;
    time::check(row, injected.err(), &facts, person, facility, &mut sink);
    product::check(row, read, &facts, person, lot.entry, &mut sink);
    lot::check(row, &lot, &facts, facility, &mut sink);
    check_provenance(row, &facts, facility, &mut sink);
    facts
}

fn filled(row: &DoseRow<'_>) -> u8 {
    DoseField::ALL
        .iter()
        .filter(|field| row.get(**field).is_some())
        .count() as u8
}

fn is_given(status: Option<&str>) -> bool {
    let Some(status) = status.map(str::trim) else {
        return true;
    };
    if status == "given" {
        return true;
    }
    !matches!(
        registry::name::fold(status).replace(' ', "").as_str(),
        "refused" | "notgiven" | "tuchoi" | "khongtiem" | "hoantiem" | "chuatiem"
    )
}

/// FC-01, 03, 04, 06 and 08.
fn check_provenance(
    row: &DoseRow<'_>,
    facts: &DoseFacts<'_>,
    facility: Option<&FacilityEntry>,
    sink: &mut Sink<'_, '_>,
) {
    match (row.facility_code, facility) {
        (None, _) => sink.raise(Finding::new(RuleId::Fc01, "facility_code", "")),
        (Some(code), None) if sink.ctx.facilities.is_some() => {
            sink.raise(Finding::new(RuleId::Fc01, "facility_code", code));
        }
        (Some(code), Some(entry)) => {
            if let Some(successor) = &entry.successor {
                sink.raise(
                    Finding::new(RuleId::Fc03, "facility_code", code)
                        .fix("facility_code", successor.clone()),
                );
            }
        }
        (Some(_), None) => {}
    }
    if row.vaccinator.is_none() && sink.ctx.dose_has(DoseField::Vaccinator) {
        sink.raise(Finding::new(RuleId::Fc04, "vaccinator", ""));
    }
    check_looks_historical(row, facts, sink);
    if let (false, Some(status), Some(number)) = (facts.given, row.status, row.dose_number) {
        sink.raise(Finding::new(RuleId::Fc08, "status", status).with(number));
    }
}

/// FC-06: signs that a dose said to be administered here was typed in from paper. A column that the file does not have is no sign.
fn check_looks_historical(row: &DoseRow<'_>, facts: &DoseFacts<'_>, sink: &mut Sink<'_, '_>) {
    let Some(source) = row
        .source
        .filter(|source| source.trim().eq_ignore_ascii_case("administered"))
    else {
        return;
    };
    let blank = |field: DoseField| row.get(field).is_none() && sink.ctx.dose_has(field);
    let late = facts
        .injected
        .zip(facts.entered)
        .is_some_and(|(injected, entered)| {
            time::days_between(injected.date(), entered.date()) > sink.limits().historical_late_days
        });
    let signs = [
        blank(DoseField::Lot),
        blank(DoseField::Expiry),
        blank(DoseField::Vaccinator),
        blank(DoseField::Facility),
        !facts.has_time,
        late,
    ];
    let score = signs.into_iter().filter(|sign| *sign).count();
    if score >= sink.limits().historical_score {
        let fix = Finding::new(RuleId::Fc06, "source", source)
            .with(score.to_string())
            .fix("source", "historical");
        sink.raise(fix);
    }
}
