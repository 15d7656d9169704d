//! The words by which a record is found besides its id ([`crate::Procedure::keys`]), formed here alone, so that whoever looks for one and
//! whoever left it mean the same.
//!
//! A key finds, it does not show: what a record says to whom is decided when it is read.

use registry::area::Place;
use registry::identity::IdentityNumber;
use registry::name::fold;
use registry::phone::Phone;

use crate::{RecordId, Unit};

/// A personal number, an old one or a passport number, however it was typed; `None` for a blank one. A text that is none is kept as it is
/// but for case and spaces: who typed it wrong once finds it by the same mistake.
///
/// ```
/// use casework::lookup;
/// assert_eq!(lookup::number("001 084 000 999"), lookup::number("001084000999"));
/// assert_eq!(lookup::number(" c1234567 ").as_deref(), Some("number:C1234567"));
/// assert_eq!(lookup::number("  "), None);
/// ```
pub fn number(text: &str) -> Option<String> {
    let form = match IdentityNumber::parse(text) {
        Ok(number) => number.to_string(),
        Err(_) => text
            .split_whitespace()
            .flat_map(str::chars)
            .flat_map(char::to_uppercase)
            .collect(),
    };
    (!form.is_empty()).then(|| format!("number:{form}"))
}

/// A name without accents and case, and a birth date as recorded; `None` without a name.
///
/// ```
/// use casework::lookup;
/// let key = lookup::person("  Trần  Văn THỬ ", "1984-05-03");
/// assert_eq!(key.as_deref(), Some("person:tran van thu|1984-05-03"));
/// ```
pub fn person(full_name: &str, birth_date: &str) -> Option<String> {
    let name = fold(full_name);
    (!name.is_empty()).then(|| format!("person:{name}|{}", birth_date.trim()))
}

/// A mobile number in the form of E.164; `None` for what is none.
///
/// ```
/// use casework::lookup;
/// assert_eq!(lookup::phone("0912.345.678").as_deref(), Some("phone:+84912345678"));
/// assert_eq!(lookup::phone("3943 1234"), None);
/// ```
pub fn phone(text: &str) -> Option<String> {
    Phone::parse_lenient(text).map(|phone| format!("phone:+84{:09}", phone.as_u32()))
}

/// Those who live in a place, known just so precisely: who is known to live in a commune is not found under its district.
///
/// ```
/// use casework::lookup;
/// use registry::area::{CommuneCode, Place};
/// let place = Place::of_commune(CommuneCode(4)).unwrap();
/// assert_eq!(lookup::residence(place), "residence:commune/00004");
/// ```
pub fn residence(place: Place) -> String {
    match place {
        Place {
            commune: Some(code),
            ..
        } => format!("residence:commune/{code}"),
        Place {
            district: Some(code),
            ..
        } => format!("residence:district/{code}"),
        Place {
            province: Some(code),
            ..
        } => format!("residence:province/{code}"),
        Place { .. } => "residence:".to_owned(),
    }
}

/// A cluster of records of one person.
pub fn cluster(id: &str) -> String {
    format!("cluster:{id}")
}

/// Feedback that is open about a record.
pub fn feedback(id: &str) -> String {
    format!("feedback:{id}")
}

/// The list that a row is on.
pub fn list(id: &RecordId) -> String {
    format!("list:{id}")
}

/// The person's record that something is about.
pub fn subject(id: &RecordId) -> String {
    format!("subject:{id}")
}

/// The lists of one station in one campaign.
pub fn campaign(id: &str, station: &Unit) -> String {
    format!("campaign:{id}|{station}")
}

/// The accounts of a unit.
pub fn unit(unit: &Unit) -> String {
    format!("unit:{unit}")
}
