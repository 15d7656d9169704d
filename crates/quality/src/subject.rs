//! A person's record: each field parsed once, then held against the rules that the record alone can decide.

mod birth;
mod name;
mod number;
mod residence;

use registry::area::{CommuneCode, DistrictCode, ProvinceCode};
use registry::date::{BirthDate, DateTime, parse_moment};
use registry::fields::{SubjectField, SubjectRow};
use registry::phone::{Phone, PhoneError};
use registry::sex::Sex;

use crate::context::{Context, Sink};
use crate::finding::Finding;
use crate::rule_id::RuleId;

pub(crate) use name::starts_with_any;
pub use number::Number;
pub(crate) use number::age_at_most;

/// What a person's record says, parsed: `None` where a field is blank or cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubjectFacts<'a> {
    /// Id of the record within its file.
    pub unique_id: Option<&'a str>,
    /// Full name as written.
    pub name: Option<&'a str>,
    /// Identity number.
    pub number: Number<'a>,
    /// Birth date.
    pub birth: Option<BirthDate>,
    /// Sex.
    pub sex: Option<Sex>,
    /// Nationality.
    pub nationality: Nationality,
    /// Phone, old prefixes converted.
    pub phone: Option<Phone>,
    /// Province of permanent residence.
    pub province: Option<ProvinceCode>,
    /// District.
    pub district: Option<DistrictCode>,
    /// Commune.
    pub commune: Option<CommuneCode>,
    /// Facility that entered the record, as written.
    pub facility: Option<&'a str>,
    /// When the record was entered.
    pub entered: Option<DateTime>,
}

/// Nationality, as far as the procedure asks: foreigners are not checked against the population register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nationality {
    /// Blank; treated as Vietnamese.
    Missing,
    /// Vietnamese.
    Vietnamese,
    /// Any other.
    Foreign,
}

impl Nationality {
    /// Reads "Việt Nam", "VN", "VNM", "Vietnamese" as Vietnamese; anything else that is not blank is foreign.
    pub fn parse(text: Option<&str>) -> Self {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
            return Self::Missing;
        };
        if matches!(text, "VN" | "VNM" | "Việt Nam") {
            return Self::Vietnamese;
        }
        match registry::name::fold(text).as_str() {
            "vn" | "vnm" | "viet nam" | "vietnam" | "vietnamese" | "nguoi viet nam" | "viet" => {
                Self::Vietnamese
            }
            _ => Self::Foreign,
        }
    }
}

/// Checks one record of a person: rules ID, NM, DB, SX, NT, CT and AD as far as the record and the tables decide them.
///
/// Findings are appended in the order of the catalogue's sections; the parsed values come back so that nothing is parsed twice.
pub fn check_subject<'a>(
    row: &SubjectRow<'a>,
    ctx: &Context<'_>,
    out: &mut Vec<Finding>,
) -> SubjectFacts<'a> {
    let mut sink = Sink::new(ctx, out);
    let entered = row
        .entered_at
        .and_then(|text| parse_moment(text).ok())
        .map(|(moment, _)| moment);
    let nationality = Nationality::parse(row.nationality);
    let birth = birth::parse(row.dob);
    let sex = row.sex.map(Sex::parse);
    let mut facts = SubjectFacts {
        unique_id: row.unique_id,
        name: None,
        number: Number::Missing,
        birth: birth.date(),
        sex: sex.and_then(Result::ok),
        nationality,
        phone: None,
        province: None,
        district: None,
        commune: None,
        facility: row.facility_code,
        entered,
    };
    facts.number = number::check(row, &facts, &mut sink);
    facts.name = name::check(row, &mut sink);
    birth::check(row, birth, &facts, &mut sink);
    birth::check_sex(row, sex, &facts, &mut sink);
    check_nationality(row, &facts, &mut sink);
    facts.phone = check_contact(row, &mut sink);
    residence::check(row, &mut facts, &mut sink);
    facts
}

fn check_nationality(row: &SubjectRow<'_>, facts: &SubjectFacts<'_>, sink: &mut Sink<'_, '_>) {
    if row.nationality.is_none() && sink.ctx.subject_has(SubjectField::Nationality) {
        let fix =
            matches!(facts.number, Number::Personal(_) | Number::Cmnd(_)).then_some("Việt Nam");
        sink.raise(Finding::new(RuleId::Nt01, "nationality", "").maybe_fix("nationality", fix));
    }
}

/// CT-01, 02, 03, 05 and 06.
fn check_contact(row: &SubjectRow<'_>, sink: &mut Sink<'_, '_>) -> Option<Phone> {
    if let Some(email) = row.email.filter(|email| !is_email(email.trim())) {
        sink.raise(Finding::new(RuleId::Ct06, "email", email));
    }
    let Some(text) = row.phone else {
        if sink.ctx.subject_has(SubjectField::Phone) {
            sink.raise(Finding::new(RuleId::Ct01, "phone", ""));
        }
        return None;
    };
    let phone = match Phone::parse(text) {
        Ok(phone) => Some(phone),
        Err(PhoneError::OldPrefix(phone)) => {
            sink.raise(Finding::new(RuleId::Ct03, "phone", text).fix("phone", digits_of(phone)));
            Some(phone)
        }
        Err(PhoneError::Empty | PhoneError::Invalid) => {
            let fix = repaired_phone(text).map(digits_of);
            sink.raise(Finding::new(RuleId::Ct02, "phone", text).maybe_fix("phone", fix));
            None
        }
    };
    if let Some(facility) = phone
        .zip(sink.ctx.facilities.as_ref())
        .and_then(|(phone, list)| list.with_phone(phone))
    {
        sink.raise(Finding::new(RuleId::Ct05, "phone", text).with(facility));
    }
    phone
}

/// The ten digits of a phone.
pub(crate) fn digits_of(phone: Phone) -> String {
    format!("0{:09}", phone.as_u32())
}

/// The phone in a text with other characters around it, or with its zero lost.
fn repaired_phone(text: &str) -> Option<Phone> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    Phone::parse_lenient(&digits).or_else(|| Phone::parse_lenient(&format!("0{digits}")))
}

/// One `@` with something before it and a domain with a dot after it, no spaces.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let clean = |part: &str| {
        !part.is_empty()
            && !part
                .contains(|c: char| c.is_whitespace() || matches!(c, '@' | ',' | ';' | '<' | '>'))
    };
    clean(local)
        && clean(domain)
        && domain.split('.').count() >= 2
        && domain.split('.').all(|label| !label.is_empty())
}
