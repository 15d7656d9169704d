//! Rules ID: the identity number.

use registry::date::{BirthDate, Date};
use registry::fields::{SubjectField, SubjectRow};
use registry::identity::{Cmnd, IdentityError, IdentityNumber, PersonalId};
use registry::name::fold;
use registry::phone::Phone;

use super::{Nationality, SubjectFacts, digits_of};
use crate::context::Sink;
use crate::finding::Finding;
use crate::rule_id::RuleId;

/// The identity number of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Number<'a> {
    /// Blank.
    Missing,
    /// 12 digits.
    Personal(PersonalId),
    /// 9 digits.
    Cmnd(Cmnd),
    /// A foreigner's or traveller's passport, as written.
    Passport(&'a str),
    /// Something that is no number.
    Malformed,
}

/// The kind of number that the file declares.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Declared {
    Missing,
    Personal,
    Cmnd,
    Passport,
    Other,
}

/// Parses the number and raises ID-01 to ID-09 and ID-13 to ID-17.
pub(super) fn check<'a>(
    row: &SubjectRow<'a>,
    facts: &SubjectFacts<'a>,
    sink: &mut Sink<'_, '_>,
) -> Number<'a> {
    let Some(text) = row.id_number else {
        if facts.nationality != Nationality::Foreign {
            sink.raise(Finding::new(RuleId::Id01, "id_number", ""));
        }
        return Number::Missing;
    };
    let declared = Declared::parse(row.id_type);
    let passport_expected = match declared {
        Declared::Passport => true,
        Declared::Missing | Declared::Other => facts.nationality == Nationality::Foreign,
        Declared::Personal | Declared::Cmnd => false,
    };
    let number = match IdentityNumber::parse(text) {
        Ok(IdentityNumber::Personal(id)) => {
            check_personal(row, text, id, facts, sink);
            Number::Personal(id)
        }
        // Many countries number their passports with nine digits.
        Ok(IdentityNumber::Cmnd(_)) if passport_expected => Number::Passport(text),
        Ok(IdentityNumber::Cmnd(cmnd)) => Number::Cmnd(cmnd),
        Ok(IdentityNumber::Passport(_)) => Number::Passport(text),
        Err(_) if passport_expected => check_odd_passport(text, sink),
        Err(error) => {
            raise_malformed(row, text, &error, sink);
            return Number::Malformed;
        }
    };
    if let Number::Passport(text) = number {
        check_passport_form(text, sink);
    }
    check_nationality(row, number, facts, sink);
    check_kind(row, declared, number, sink);
    number
}

/// ID-05, 06, 07 and 13: what the digits themselves say.
fn check_personal(
    row: &SubjectRow<'_>,
    text: &str,
    id: PersonalId,
    facts: &SubjectFacts<'_>,
    sink: &mut Sink<'_, '_>,
) {
    if !id.place_is_known() {
        sink.raise(
            Finding::new(RuleId::Id05, "id_number", text).with(format!("{:03}", id.place_code())),
        );
    }
    if is_guardians(row, id, facts, sink) {
        let fix = row.guardian_id.is_none().then_some(text);
        sink.raise(Finding::new(RuleId::Id13, "id_number", text).maybe_fix("guardian_id", fix));
        return;
    }
    if let Some((_, written)) = facts.sex.zip(row.sex).filter(|(sex, _)| *sex != id.sex()) {
        sink.raise(Finding::new(RuleId::Id06, "sex", written).fix("sex", id.sex().code()));
    }
    if let Some((birth, written)) = facts.birth.zip(row.dob) {
        let year = id.birth_year() as i16;
        if birth.year() != year {
            let fix = with_year(birth, year).map(BirthDate::iso);
            sink.raise(
                Finding::new(RuleId::Id07, "dob", written)
                    .with(year.to_string())
                    .maybe_fix("dob", fix),
            );
        }
    }
}

/// A child with the number of an adult, or with the very number of its guardian.
fn is_guardians(
    row: &SubjectRow<'_>,
    id: PersonalId,
    facts: &SubjectFacts<'_>,
    sink: &Sink<'_, '_>,
) -> bool {
    let limits = sink.limits();
    let Some(birth) = facts.birth else {
        return false;
    };
    let day = facts
        .entered
        .map_or(sink.ctx.as_of, jiff::civil::DateTime::date);
    let child = age_at_most(birth, day) < limits.child_below;
    let adult = i32::from(day.year()) - i32::from(id.birth_year()) >= limits.adult_from;
    let same = || {
        row.guardian_id
            .is_some_and(|text| IdentityNumber::parse(text) == Ok(IdentityNumber::Personal(id)))
    };
    child && (adult || same())
}

/// The age in full years that a person has at most on a day.
pub(crate) fn age_at_most(birth: BirthDate, day: Date) -> i32 {
    let years = i32::from(day.year()) - i32::from(birth.year());
    let had_birthday = match birth {
        BirthDate::Day(date) => (date.month(), date.day()) <= (day.month(), day.day()),
        BirthDate::Month { month, .. } => month <= day.month(),
        BirthDate::Year(_) => true,
    };
    if had_birthday { years } else { years - 1 }
}

/// The same day of another year; `None` for 29 February of a year that has none.
fn with_year(birth: BirthDate, year: i16) -> Option<BirthDate> {
    Some(match birth {
        BirthDate::Day(date) => BirthDate::Day(Date::new(year, date.month(), date.day()).ok()?),
        BirthDate::Month { month, .. } => BirthDate::Month { year, month },
        BirthDate::Year(_) => BirthDate::Year(year),
    })
}

/// ID-02, 03, 04, 08, 09 and 17.
fn raise_malformed(
    row: &SubjectRow<'_>,
    text: &str,
    error: &IdentityError,
    sink: &mut Sink<'_, '_>,
) {
    let finding = |rule| Finding::new(rule, "id_number", text);
    sink.raise(match error {
        IdentityError::Empty => Finding::new(RuleId::Id01, "id_number", ""),
        IdentityError::LostLeadingZero { repaired } => {
            finding(RuleId::Id03).fix("id_number", repaired.as_str())
        }
        IdentityError::ScientificNotation => finding(RuleId::Id04),
        IdentityError::OcrLetters { repaired } => {
            finding(RuleId::Id08).fix("id_number", repaired.as_str())
        }
        IdentityError::Filler => finding(RuleId::Id09),
        IdentityError::Phone => {
            let phone = Phone::parse_lenient(text)
                .filter(|_| row.phone.is_none())
                .map(digits_of);
            finding(RuleId::Id17).maybe_fix("phone", phone)
        }
        IdentityError::WrongLength { .. } | IdentityError::IllegalCharacters => {
            finding(RuleId::Id02).maybe_fix("id_number", stripped(text))
        }
    });
}

/// The digits, when they alone are a number.
fn stripped(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_number = matches!(
        IdentityNumber::parse(&digits),
        Ok(IdentityNumber::Personal(_) | IdentityNumber::Cmnd(_))
    );
    is_number.then_some(digits)
}

/// A passport that is no number of a known form: six to nine digits are one, everything else is ID-15.
fn check_odd_passport<'a>(text: &'a str, sink: &mut Sink<'_, '_>) -> Number<'a> {
    let (shortest, longest) = sink.limits().passport_length;
    let clean = passport_form(text);
    if (shortest..=longest).contains(&clean.len()) && !is_filler(&clean) {
        return Number::Passport(text);
    }
    sink.raise(Finding::new(RuleId::Id15, "id_number", text));
    Number::Malformed
}

/// ID-15 for a passport that is sound but not written as printed.
fn check_passport_form(text: &str, sink: &mut Sink<'_, '_>) {
    let written = text.trim();
    if !written
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    {
        sink.raise(
            Finding::new(RuleId::Id15, "id_number", text).fix("id_number", passport_form(text)),
        );
    }
}

fn passport_form(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

fn is_filler(text: &str) -> bool {
    text.bytes().all(|b| text.as_bytes().first() == Some(&b))
}

/// ID-14.
fn check_nationality(
    row: &SubjectRow<'_>,
    number: Number<'_>,
    facts: &SubjectFacts<'_>,
    sink: &mut Sink<'_, '_>,
) {
    let Some(written) = row.nationality else {
        return;
    };
    let kind = match (number, facts.nationality) {
        (Number::Passport(_), Nationality::Vietnamese) => "hộ chiếu / passport",
        (Number::Personal(_), Nationality::Foreign) => "CCCD",
        _ => return,
    };
    sink.raise(Finding::new(RuleId::Id14, "nationality", written).with(kind));
}

/// ID-16.
fn check_kind(
    row: &SubjectRow<'_>,
    declared: Declared,
    number: Number<'_>,
    sink: &mut Sink<'_, '_>,
) {
    let (form, agrees) = match number {
        // CMND with twelve digits were issued from 2012 to 2016.
        Number::Personal(_) => (
            "CCCD",
            matches!(declared, Declared::Personal | Declared::Cmnd),
        ),
        Number::Cmnd(_) => ("CMND", declared == Declared::Cmnd),
        Number::Passport(_) => ("passport", declared == Declared::Passport),
        Number::Missing | Number::Malformed => return,
    };
    let missing = declared == Declared::Missing;
    if agrees || missing && !sink.ctx.subject_has(SubjectField::IdType) {
        return;
    }
    let written = row.id_type.unwrap_or_default();
    sink.raise(
        Finding::new(RuleId::Id16, "id_type", written)
            .with(form)
            .fix("id_type", form),
    );
}

impl Declared {
    fn parse(text: Option<&str>) -> Self {
        let Some(text) = text.map(str::trim) else {
            return Self::Missing;
        };
        match text {
            "" => return Self::Missing,
            "CCCD" => return Self::Personal,
            "CMND" => return Self::Cmnd,
            "passport" => return Self::Passport,
            _ => {}
        }
        let folded = fold(text);
        let has = |words: &[&str]| words.iter().any(|word| folded.contains(word));
        if has(&["ho chieu", "passport"]) {
            Self::Passport
        } else if has(&["cccd", "can cuoc", "dinh danh"]) {
            Self::Personal
        } else if has(&["cmnd", "cmt", "chung minh"]) {
            Self::Cmnd
        } else {
            Self::Other
        }
    }
}
