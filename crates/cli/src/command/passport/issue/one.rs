//! One person, described in a small JSON file.

use std::path::Path;

use passport::issue::Issuer;
use passport::person::Person;
use passport::profile::Profile;
use serde_json::json;
use signing::Certificate;

use super::Issue;
use crate::Outcome;
use crate::clock::now;
use crate::command::clean::read_text;
use crate::command::passport::batch::new_id;
use crate::command::passport::paper::{Drawing, write_bytes};
use crate::exit::{Blame, Exit, usage};

impl Issue {
    /// Prints the code of one person.
    pub(super) fn one(&self, path: &Path, profile: &Profile, certificate: &Certificate) -> Outcome {
        let failed = |error: &dyn std::fmt::Display| usage(format!("{}: {error}", path.display()));
        let person =
            Person::from_json(&read_text(path)?, profile).map_err(|error| failed(&error))?;
        let key = self.by.open(certificate, 1)?;
        let issuer = Issuer::new(profile, certificate, key.as_ref()).or_usage()?;
        let issued = issuer
            .issue(&person.claims(new_id()?), now())
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
