//! The EU's JSON schema 1.3.3 for a certificate, as typed checks: the official schema takes a hundred times as long.
//!
//! A verifier and an issuer need different strictness. What an older schema let pass, or what an issuer wrote in a form that leaves no doubt
//! about its meaning, is *tolerated* when reading: it is reported as a warning. An issuer accepts no violation at all. The tolerated
//! cases are exactly these: a birth date with a time of day (schema 1.0.0), a birth date of a day that does not exist (the schema looks at
//! digits only), a date with a time of day, a moment without time or zone, and a test name of more than 80 characters (schema 1.1.0). All
//! of them occur in certificates that countries published as valid.
//!
//! On two points this is stricter than the official schema: dates must exist, which it only annotates, and the dots of a version must be
//! dots, which it does not escape.

use std::fmt;

use jiff::civil::Date;
use registry::date::BirthDate;

use crate::dcc::{Dcc, Entry};

/// Checks what the members contain; that they are there is what reading proves.
///
/// # Errors
/// The first violation that is not tolerated; otherwise those that are, most often none.
pub fn check(dcc: &Dcc) -> Result<Vec<Violation>, Violation> {
    let mut check = Check(Vec::new());
    check.member("", "ver", version(&dcc.version))?;
    check.member("", "dob", check_birth_date(&dcc.birth_date))?;
    check.member("nam", "fn", optional(dcc.name.family.as_ref(), short))?;
    check.member("nam", "gn", optional(dcc.name.given.as_ref(), short))?;
    check.member(
        "nam",
        "fnt",
        optional(dcc.name.family_icao.as_ref(), machine_name),
    )?;
    check.member(
        "nam",
        "gnt",
        optional(dcc.name.given_icao.as_ref(), machine_name),
    )?;
    if dcc.name.family_icao.is_none() && dcc.name.given_icao.is_none() {
        check.member("nam", "fnt", Err(Rule::Missing))?;
    }
    match &dcc.entry {
        Entry::Vaccination(entry) => check.member("v", "dt", date(&entry.date))?,
        Entry::Test(entry) => {
            check.member("t", "nm", optional(entry.name.as_ref(), test_name))?;
            check.member("t", "sc", moment(&entry.sampled_at))?;
            check.member("t", "tc", optional(entry.centre.as_ref(), short))?;
        }
        Entry::Recovery(entry) => {
            check.member("r", "fr", date(&entry.first_positive))?;
            check.member("r", "df", date(&entry.valid_from))?;
            check.member("r", "du", date(&entry.valid_until))?;
        }
    }
    let group = dcc.entry.member();
    check.member(group, "co", country(dcc.entry.country()))?;
    check.member(group, "is", short(dcc.entry.issuer()))?;
    check.member(group, "ci", short(dcc.entry.id()))?;
    Ok(check.0)
}

/// A birth date as precisely as it is written; `None` for an empty text and for a date that does not exist.
pub(crate) fn birth_date(text: &str) -> Option<BirthDate> {
    let (year, month) = (text.get(..4)?.parse().ok()?, text.get(5..7));
    match text.len() {
        4 => Some(BirthDate::Year(year)),
        7 => {
            let month = month?.parse().ok()?;
            Date::new(year, month, 1).ok()?;
            Some(BirthDate::Month { year, month })
        }
        _ => calendar_date(text.get(..10)?).map(BirthDate::Day),
    }
}

/// Where a certificate leaves the schema, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The way to the member, e.g. `v/dt`; empty for the certificate as a whole.
    pub at: String,
    /// What is wrong there.
    pub rule: Rule,
}

/// What can be wrong with a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Required and not there.
    Missing,
    /// There twice.
    Twice,
    /// Of another type than the one named.
    Type(&'static str),
    /// Not exactly one vaccination, test or recovery.
    Entries,
    /// A dose number that is no positive integer.
    Dose,
    /// More than 80 characters.
    Length,
    /// Not of the form named.
    Form(&'static str),
    /// No date that exists.
    Date,
    /// A date with a time of day (tolerated).
    DateWithTime,
    /// A moment without time of day or zone (tolerated).
    IncompleteMoment,
    /// A birth date in the form of a date, of a day that does not exist (tolerated; the schema itself does not see it).
    NoSuchBirthDate,
    /// A test name of more than 80 characters (tolerated).
    LongTestName,
}

impl Rule {
    /// Whether a verifier accepts it with a warning; an issuer never does.
    pub fn tolerated(self) -> bool {
        matches!(
            self,
            Self::DateWithTime
                | Self::IncompleteMoment
                | Self::NoSuchBirthDate
                | Self::LongTestName
        )
    }
}

impl std::error::Error for Violation {}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.at.is_empty() {
            write!(f, "{}: ", self.at)?;
        }
        match self.rule {
            Rule::Missing => f.write_str("missing"),
            Rule::Twice => f.write_str("there twice"),
            Rule::Type(expected) => write!(f, "not of type {expected}"),
            Rule::Entries => f.write_str("not exactly one vaccination, test or recovery"),
            Rule::Dose => f.write_str("not a positive number"),
            Rule::Length | Rule::LongTestName => write!(f, "longer than {MAX_LENGTH} characters"),
            Rule::Form(form) => write!(f, "not of the form {form}"),
            Rule::Date => f.write_str("not a date"),
            Rule::DateWithTime => f.write_str("a date with a time of day"),
            Rule::IncompleteMoment => f.write_str("a moment without time of day or time zone"),
            Rule::NoSuchBirthDate => f.write_str("a day that does not exist"),
        }
    }
}

/// Characters of a name, an issuer or an identifier.
pub const MAX_LENGTH: usize = 80;

/// Collects what is tolerated and stops at what is not.
struct Check(Vec<Violation>);

impl Check {
    fn member(
        &mut self,
        group: &str,
        member: &str,
        outcome: Result<(), Rule>,
    ) -> Result<(), Violation> {
        let Err(rule) = outcome else { return Ok(()) };
        let separator = if group.is_empty() { "" } else { "/" };
        let violation = Violation {
            at: format!("{group}{separator}{member}"),
            rule,
        };
        if !rule.tolerated() {
            return Err(violation);
        }
        self.0.push(violation);
        Ok(())
    }
}

fn optional(text: Option<&String>, check: fn(&str) -> Result<(), Rule>) -> Result<(), Rule> {
    text.map_or(Ok(()), |text| check(text))
}

fn short(text: &str) -> Result<(), Rule> {
    // Characters are never more than bytes.
    if text.len() > MAX_LENGTH && text.chars().count() > MAX_LENGTH {
        return Err(Rule::Length);
    }
    Ok(())
}

fn test_name(text: &str) -> Result<(), Rule> {
    short(text).map_err(|_| Rule::LongTestName)
}

/// `^[A-Z<]*$`
fn machine_name(text: &str) -> Result<(), Rule> {
    if !text.bytes().all(|b| b.is_ascii_uppercase() || b == b'<') {
        return Err(Rule::Form("A-Z and <"));
    }
    short(text)
}

/// The schema asks for one capital letter somewhere.
fn country(text: &str) -> Result<(), Rule> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        Ok(())
    } else {
        Err(Rule::Form("a country code in capital letters"))
    }
}

/// Three numbers between dots.
fn version(text: &str) -> Result<(), Rule> {
    let mut parts = text.split('.');
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if parts.by_ref().take(3).filter(|part| number(part)).count() == 3 && parts.next().is_none() {
        Ok(())
    } else {
        Err(Rule::Form("1.3.0"))
    }
}

/// `^((19|20)\d\d(-\d\d){0,2}){0,1}$`, with a real day, or with the time of day of schema 1.0.0.
fn check_birth_date(text: &str) -> Result<(), Rule> {
    const FORM: Rule = Rule::Form("YYYY-MM-DD, YYYY-MM or YYYY of the years 1900 to 2099");
    if text.is_empty() {
        return Ok(());
    }
    if !text.starts_with("19") && !text.starts_with("20") {
        return Err(FORM);
    }
    match text.len() {
        4 | 7 | 10 if shape(text, "9999-99-99") => {}
        11.. if has_time_after_date(text) => return Err(Rule::DateWithTime),
        _ => return Err(FORM),
    }
    match birth_date(text) {
        Some(_) => Ok(()),
        None => Err(Rule::NoSuchBirthDate),
    }
}

/// A complete date (ISO 8601).
fn date(text: &str) -> Result<(), Rule> {
    if calendar_date(text).is_some() {
        Ok(())
    } else if has_time_after_date(text) {
        Err(Rule::DateWithTime)
    } else {
        Err(Rule::Date)
    }
}

/// A complete date and time with a zone: `Z`, `+hh:mm`, and also `+hhmm` and `+hh`, which the EU's own valid examples have.
fn moment(text: &str) -> Result<(), Rule> {
    let Some((day, rest)) = text.split_at_checked(10) else {
        return Err(Rule::Date);
    };
    calendar_date(day).ok_or(Rule::Date)?;
    if rest.is_empty() {
        return Err(Rule::IncompleteMoment);
    }
    let Some(time) = rest.strip_prefix(['T', 't', ' ']) else {
        return Err(Rule::Date);
    };
    let Some((clock, rest)) = time.split_at_checked(8) else {
        return Err(Rule::IncompleteMoment);
    };
    if clock.parse::<jiff::civil::Time>().is_err() || !shape(clock, "99:99:99") {
        return Err(Rule::IncompleteMoment);
    }
    let zone = rest.strip_prefix('.').map_or(rest, |fraction| {
        fraction.trim_start_matches(|c: char| c.is_ascii_digit())
    });
    match zone.strip_prefix(['+', '-']) {
        Some(offset)
            if ["99:99", "9999", "99"]
                .iter()
                .any(|form| shape(offset, form) && offset.len() == form.len()) =>
        {
            Ok(())
        }
        None if zone == "Z" || zone == "z" => Ok(()),
        _ => Err(Rule::IncompleteMoment),
    }
}

fn has_time_after_date(text: &str) -> bool {
    let Some((day, rest)) = text.split_at_checked(10) else {
        return false;
    };
    calendar_date(day).is_some() && rest.starts_with(['T', ' '])
}

/// A day that exists, written `YYYY-MM-DD` and nothing else.
pub(crate) fn calendar_date(text: &str) -> Option<Date> {
    if text.len() != 10 || !shape(text, "9999-99-99") {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    let (month, day) = (number(5, 7)?, number(8, 10)?);
    Date::new(number(0, 4)?, month as i8, day as i8).ok()
}

/// Whether a text has the beginning of a form in which 9 stands for any digit.
fn shape(text: &str, form: &str) -> bool {
    text.len() <= form.len()
        && text
            .bytes()
            .zip(form.bytes())
            .all(|(have, want)| match want {
                b'9' => have.is_ascii_digit(),
                want => have == want,
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn birth_dates_keep_their_precision_and_what_is_doubtful_is_named() {
        const DAY: BirthDate = BirthDate::Day(Date::constant(1984, 2, 29));
        for (text, outcome, read) in [
            ("", Ok(()), None),
            ("1984", Ok(()), Some(BirthDate::Year(1984))),
            (
                "1984-02",
                Ok(()),
                Some(BirthDate::Month {
                    year: 1984,
                    month: 2,
                }),
            ),
            ("1984-02-29", Ok(()), Some(DAY)),
            ("1984-02-29T00:00:00", Err(Rule::DateWithTime), Some(DAY)),
            ("1988-00-02", Err(Rule::NoSuchBirthDate), None),
            ("1983-02-29", Err(Rule::NoSuchBirthDate), None),
            ("1984-13", Err(Rule::NoSuchBirthDate), None),
        ] {
            assert_eq!(check_birth_date(text), outcome, "{text}");
            assert_eq!(birth_date(text), read, "{text}");
        }
        for text in [
            "1815-08-24",
            "2100",
            "84",
            "1984-2",
            "1984-02-",
            "1984-02-29x",
            "19840229",
            "1984/02/29",
        ] {
            assert!(
                matches!(check_birth_date(text), Err(Rule::Form(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn dates_and_moments_must_exist() {
        for (text, outcome) in [
            ("2021-06-01", Ok(())),
            ("2021-06-01T10:00:00Z", Err(Rule::DateWithTime)),
            ("2021-09-99", Err(Rule::Date)),
            ("2021-6-1", Err(Rule::Date)),
            ("", Err(Rule::Date)),
            ("２０２１-06-01", Err(Rule::Date)),
        ] {
            assert_eq!(date(text), outcome, "{text}");
        }
        for (text, outcome) in [
            ("2021-06-01T10:00:00Z", Ok(())),
            ("2021-06-01T10:00:00.123+07:00", Ok(())),
            ("2021-06-01T10:00:00+0700", Ok(())),
            ("2021-06-01T10:00:00-07", Ok(())),
            ("2021-06-01T10:00:00", Err(Rule::IncompleteMoment)),
            ("2021-06-01T10:00:00+7", Err(Rule::IncompleteMoment)),
            ("2021-06-01T25:00:00Z", Err(Rule::IncompleteMoment)),
            ("2021-06-01", Err(Rule::IncompleteMoment)),
            ("2021-02-30T10:00:00Z", Err(Rule::Date)),
            ("yesterday", Err(Rule::Date)),
        ] {
            assert_eq!(moment(text), outcome, "{text}");
        }
    }

    #[test]
    fn versions_are_three_numbers() {
        for (text, good) in [
            ("1.3.0", true),
            ("10.20.30", true),
            ("1.3", false),
            ("1.3.0.1", false),
            ("1..0", false),
            ("v1.3.0", false),
        ] {
            assert_eq!(version(text).is_ok(), good, "{text}");
        }
    }
}
