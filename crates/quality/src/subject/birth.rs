//! Rules DB and SX that the record alone decides.

use registry::date::{BirthDate, DateError, DateForm, day_number};
use registry::fields::SubjectRow;
use registry::name::gender_marker;
use registry::sex::{Sex, SexError};

use super::number::age_at_most;
use super::{Number, SubjectFacts};
use crate::context::Sink;
use crate::finding::Finding;
use crate::rule_id::RuleId;

const FIELD: &str = "dob";

/// How the birth date reads.
#[derive(Clone, Copy)]
pub(super) enum Written {
    Missing,
    Date(BirthDate, DateForm),
    Wrong(DateError),
}

impl Written {
    pub(super) fn date(self) -> Option<BirthDate> {
        match self {
            Self::Date(date, _) => Some(date),
            Self::Missing | Self::Wrong(_) => None,
        }
    }
}

pub(super) fn parse(text: Option<&str>) -> Written {
    match text.map(BirthDate::parse) {
        None | Some(Err(DateError::Empty)) => Written::Missing,
        Some(Ok((date, form))) => Written::Date(date, form),
        Some(Err(error)) => Written::Wrong(error),
    }
}

/// DB-01 to DB-04, DB-06 and DB-08 to DB-11.
pub(super) fn check(
    row: &SubjectRow<'_>,
    written: Written,
    facts: &SubjectFacts<'_>,
    sink: &mut Sink<'_, '_>,
) {
    let text = row.dob.unwrap_or_default();
    let finding = |rule| Finding::new(rule, FIELD, text);
    match written {
        Written::Missing => sink.raise(finding(RuleId::Db01)),
        Written::Wrong(DateError::Epoch) => sink.raise(finding(RuleId::Db08)),
        Written::Wrong(DateError::TwoDigitYear) => sink.raise(finding(RuleId::Db09)),
        Written::Wrong(DateError::Empty | DateError::Unreadable | DateError::Impossible) => {
            sink.raise(finding(RuleId::Db02));
        }
        Written::Date(birth, form) => {
            if form == DateForm::SpreadsheetSerial {
                sink.raise(finding(RuleId::Db08).fix(FIELD, birth.iso()));
            }
            check_plausible(text, birth, facts, sink);
            check_precision(text, birth, sink);
        }
    }
}

/// DB-03, 04 and 10.
fn check_plausible(
    text: &str,
    birth: BirthDate,
    facts: &SubjectFacts<'_>,
    sink: &mut Sink<'_, '_>,
) {
    let as_of = sink.ctx.as_of;
    let entered = facts.entered.map(jiff::civil::DateTime::date);
    let last = entered.map_or(as_of, |day| day.min(as_of));
    if birth.earliest() > day_number(last) {
        sink.raise(Finding::new(RuleId::Db03, FIELD, text).with(last.to_string()));
    } else if age_at_most(birth, as_of) > sink.limits().oldest {
        sink.raise(Finding::new(RuleId::Db04, FIELD, text));
    }
    if let Some(entered) = entered.filter(|day| birth.day() == Some(*day)) {
        sink.raise(Finding::new(RuleId::Db10, FIELD, text).with(entered.to_string()));
    }
}

/// DB-06 and 11.
fn check_precision(text: &str, birth: BirthDate, sink: &mut Sink<'_, '_>) {
    let BirthDate::Day(date) = birth else {
        sink.raise(Finding::new(RuleId::Db11, FIELD, text));
        return;
    };
    let is_unknown_day = sink.limits().unknown_days.iter().any(|day| {
        day.split_once('-').is_some_and(|(month, day)| {
            month.parse() == Ok(date.month()) && day.parse() == Ok(date.day())
        })
    });
    if is_unknown_day {
        sink.raise(
            Finding::new(RuleId::Db06, FIELD, text).fix(FIELD, format!("{:04}", date.year())),
        );
    } else if date.day() == sink.limits().middle_day {
        sink.raise(Finding::new(RuleId::Db06, FIELD, text));
    }
}

/// SX-01 to SX-03.
pub(super) fn check_sex(
    row: &SubjectRow<'_>,
    sex: Option<Result<Sex, SexError>>,
    facts: &SubjectFacts<'_>,
    sink: &mut Sink<'_, '_>,
) {
    let text = row.sex.unwrap_or_default();
    match sex {
        None | Some(Err(SexError::Unknown)) => {
            let fix = match facts.number {
                Number::Personal(id) => Some(id.sex().code()),
                _ => None,
            };
            sink.raise(Finding::new(RuleId::Sx01, "sex", text).maybe_fix("sex", fix));
        }
        Some(Err(SexError::NotInList)) => {
            let fix = Sex::guess(text).map(Sex::code);
            sink.raise(Finding::new(RuleId::Sx02, "sex", text).maybe_fix("sex", fix));
        }
        Some(Ok(sex)) => {
            let marker = facts
                .name
                .and_then(gender_marker)
                .filter(|marker| *marker != sex);
            if let Some(marker) = marker {
                let word = match marker {
                    Sex::Male => "Văn",
                    Sex::Female => "Thị",
                };
                sink.raise(Finding::new(RuleId::Sx03, "sex", text).with(word));
            }
        }
    }
}
