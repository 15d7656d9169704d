//! One person's vaccination, described in a small JSON file.
//!
//! ```
//! use passport::person::Person;
//! use passport::profile::Profile;
//!
//! let person = Person::from_json(
//!     r#"{"name": "Đặng Thị Hoa", "dob": "1975-03-12", "vaccine": "Pfizer", "date": "2021-10-01", "doses": [2, 2]}"#,
//!     &Profile::parse(Profile::EU_2023)?,
//! )?;
//! assert_eq!(person.claims(1).name.family_icao(), Some("DANG"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use jiff::civil::Date;
use registry::date::{BirthDate, DateError};
use serde::Deserialize;

use crate::issue::Claims;
use crate::names::{HolderName, NameError};
use crate::numbering::DoseNumber;
use crate::profile::{Profile, Refusal, VaccineCodes};

/// A person with a vaccination that can be certified.
#[derive(Debug, Clone)]
pub struct Person {
    name: HolderName,
    birth_date: BirthDate,
    vaccine: VaccineCodes,
    number: DoseNumber,
    date: Date,
    /// As written; it stands on paper and in no code.
    pub nationality: Option<String>,
}

/// Why a text describes nobody who can have a certificate; the fault of whoever wrote it.
#[derive(Debug, thiserror::Error)]
pub enum PersonError {
    /// It is no JSON of a person.
    #[error("{0}")]
    Form(#[from] serde_json::Error),
    /// The name cannot stand in a certificate.
    #[error("name: {0}")]
    Name(#[from] NameError),
    /// The birth date is none.
    #[error("dob: {0}")]
    BirthDate(#[from] DateError),
    /// The vaccine has no code.
    #[error("vaccine: {0}")]
    Vaccine(#[from] Refusal),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Full name, family name first.
    name: String,
    dob: String,
    /// As people write it, or its EU code.
    vaccine: String,
    manufacturer: Option<String>,
    /// Of the latest dose.
    date: Date,
    /// Its number, and that of all doses: `dn`, `sd`.
    doses: (u32, u32),
    nationality: Option<String>,
}

impl Person {
    /// Reads a person. The profile says which codes a vaccine has.
    ///
    /// # Errors
    /// When the text is no JSON of a person, or says something that no certificate can say: see [`PersonError`].
    pub fn from_json(text: &str, profile: &Profile) -> Result<Self, PersonError> {
        let file: File = serde_json::from_str(text)?;
        let (birth_date, _) = BirthDate::parse(&file.dob)?;
        let vaccine = profile.codes_of(&file.vaccine, file.manufacturer.as_deref())?;
        let (dose, doses) = file.doses;
        Ok(Self {
            name: HolderName::from_full_name(&file.name)?,
            birth_date,
            vaccine,
            number: DoseNumber {
                dose,
                doses,
                course: u32::from(vaccine.vaccine.primary_doses).min(doses),
            },
            date: file.date,
            nationality: file.nationality,
        })
    }

    /// What the certificate with this number says.
    pub fn claims(&self, id: u128) -> Claims<'_> {
        Claims {
            name: &self.name,
            birth_date: self.birth_date,
            vaccine: self.vaccine,
            number: self.number,
            date: self.date,
            id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOA: &str = r#"{"name": "Đặng Thị Hoa", "dob": "1975", "vaccine": "Pfizer", "date": "2021-10-01", "doses": [2, 2]}"#;

    #[test]
    fn what_is_wrong_with_a_person_is_named() {
        let profile = Profile::parse(Profile::EU_2023).unwrap();
        assert!(Person::from_json(HOA, &profile).is_ok());
        for (from, to, said) in [
            ("1975", "1975-02-30", "dob"),
            ("Đặng Thị Hoa", " ", "name"),
            ("Pfizer", "Vero Cell", "vaccine"),
            ("[2, 2]", "[2, -2]", "invalid value"),
            ("2021-10-01", "2021-13-01", "month"),
            ("{", "{\"id\": 1, ", "unknown field"),
        ] {
            let error = Person::from_json(&HOA.replacen(from, to, 1), &profile).unwrap_err();
            assert!(error.to_string().contains(said), "{said}: {error}");
        }
    }
}
