//! One person, described in a small JSON file.

use std::path::Path;

use jiff::civil::Date;
use passport::issue::{Claims, Issuer};
use passport::names::HolderName;
use passport::numbering::DoseNumber;
use passport::profile::Profile;
use registry::date::BirthDate;
use serde::Deserialize;
use serde_json::json;
use signing::Certificate;

use super::Issue;
use crate::Outcome;
use crate::clock::now;
use crate::command::clean::read_text;
use crate::command::passport::batch::new_id;
use crate::command::passport::paper::{Drawing, write_bytes};
use crate::exit::{Blame, Exit, usage};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
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

impl Issue {
    /// Prints the code of one person.
    pub(super) fn one(&self, path: &Path, profile: &Profile, certificate: &Certificate) -> Outcome {
        let failed = |error: &dyn std::fmt::Display| usage(format!("{}: {error}", path.display()));
        let person: Person =
            serde_json::from_str(&read_text(path)?).map_err(|error| failed(&error))?;
        let name = HolderName::from_full_name(&person.name).map_err(|error| failed(&error))?;
        let (birth_date, _) =
            BirthDate::parse(&person.dob).map_err(|error| failed(&format!("dob: {error}")))?;
        let vaccine = profile
            .codes_of(&person.vaccine, person.manufacturer.as_deref())
            .map_err(|error| failed(&error))?;
        let (dose, doses) = person.doses;
        let claims = Claims {
            name: &name,
            birth_date,
            vaccine,
            number: DoseNumber {
                dose,
                doses,
                course: u32::from(vaccine.vaccine.primary_doses).min(doses),
            },
            date: person.date,
            id: new_id()?,
        };
        let key = self.by.open(certificate, 1)?;
        let issuer = Issuer::new(profile, certificate, key.as_ref()).or_usage()?;
        let issued = issuer
            .issue(&claims, now())
            .map_err(|error| failed(&error))?;
        if let Some(out) = &self.out {
            let drawing = Drawing { profile };
            let nation = person.nationality.as_deref();
            let bytes = match out.extension().and_then(|extension| extension.to_str()) {
                Some("png") => drawing.png(&issued.code),
                Some("pdf") => drawing.pdf(&issued.code, nation, self.prints.paper()),
                _ => return Err(usage("for one person --out is a file .png or .pdf")),
            };
            write_bytes(out, &bytes.map_err(|error| failed(&error))?)?;
        }
        if self.json {
            let told = json!({
                "code": issued.code,
                "ci": issued.id.as_str(),
                "kid": hex::encode(issued.kid),
                "issued": issued.issued_at,
                "expires": issued.expires_at,
            });
            println!("{told}");
        } else {
            println!("{}", issued.code);
        }
        Ok(Exit::Good)
    }
}
