//! What a citizen sends, as they state it, and what it must hold before it is recorded.

use std::collections::BTreeSet;

use registry::date::BirthDate;
use registry::phone::Phone;
use serde::{Deserialize, Serialize};

use super::{
    ATTACHMENT_UNFIT, CLAIM_MISSING, CLAIM_TWICE, FACILITY_MISSING, PERSON_INCOMPLETE,
    PHOTO_MISSING, Terms, check_text,
};
use crate::routing::Destination;
use crate::{RecordId, Refusal};

/// What is wrong, says the citizen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackKind {
    /// A dose is not on record.
    MissingDose,
    /// Name, birth date, sex, number or contact are wrong.
    WrongPerson,
    /// Day, vaccine, lot or number of a dose are wrong.
    WrongDose,
    /// There is no certificate.
    NoCertificate,
    /// A record or a dose is not theirs: "this is not me", "I was not given this".
    NotMine,
    /// Staff obstruct or ask for money (notice of 1 May 2022).
    Obstruction,
}

/// Everything that a citizen sends at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// What is wrong.
    pub kind: FeedbackKind,
    /// Who says so.
    pub person: StatedPerson,
    /// Who is responsible, as far as the citizen knows.
    pub destination: Destination,
    /// Dose by dose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<DoseClaim>,
    /// In the citizen's own words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Photos and other papers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The feedback that this one follows, when the citizen sends it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<RecordId>,
}

/// A person as stated: texts, because what is stated may be wrong, and the officer has to see it as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedPerson {
    /// Full name.
    pub full_name: String,
    /// Birth date.
    pub birth_date: String,
    /// Sex.
    #[serde(default)]
    pub sex: String,
    /// CCCD, CMND or passport number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Phone.
    pub phone: String,
    /// E-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Address.
    #[serde(default)]
    pub address: String,
}

/// What the citizen says of one dose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoseClaim {
    /// Its number.
    pub number: u8,
    /// The day.
    #[serde(default)]
    pub injected_on: String,
    /// The vaccine.
    #[serde(default)]
    pub vaccine: String,
    /// Where.
    #[serde(default)]
    pub place: String,
}

/// A file that came with the feedback; the bytes are kept apart, under their hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id.
    pub id: String,
    /// Its media type.
    pub media_type: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
}

const PICTURES: [&str; 4] = ["image/jpeg", "image/png", "image/webp", "image/heic"];

impl FeedbackKind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[
        Self::MissingDose,
        Self::WrongPerson,
        Self::WrongDose,
        Self::NoCertificate,
        Self::NotMine,
        Self::Obstruction,
    ];

    /// A photo of the certificate proves the claim; who has none, or was not there, can't show one.
    pub fn needs_photo(self) -> bool {
        matches!(
            self,
            Self::MissingDose | Self::WrongPerson | Self::WrongDose
        )
    }

    /// It is about particular doses.
    pub fn needs_claim(self) -> bool {
        matches!(self, Self::MissingDose | Self::WrongDose)
    }

    /// It is about staff, not about data.
    pub fn is_complaint(self) -> bool {
        self == Self::Obstruction
    }
}

impl Attachment {
    fn is_picture(&self) -> bool {
        PICTURES.contains(&self.media_type.as_str())
    }

    fn fits(&self, terms: &Terms) -> bool {
        let hash = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        !self.id.trim().is_empty()
            && (self.is_picture() || self.media_type == "application/pdf")
            && self.sha256.len() == 64
            && self.sha256.bytes().all(hash)
            && (1..=terms.attachment_bytes).contains(&self.size)
    }
}

impl Submission {
    pub(super) fn check(&self, terms: &Terms) -> Result<(), Refusal> {
        self.person.check()?;
        CLAIM_MISSING.unless(!self.kind.needs_claim() || !self.claims.is_empty())?;
        let numbers: BTreeSet<u8> = self.claims.iter().map(|claim| claim.number).collect();
        CLAIM_TWICE.unless(numbers.len() == self.claims.len())?;
        let unfit = self.attachments.iter().position(|file| !file.fits(terms));
        if let Some(place) = unfit {
            return Err(ATTACHMENT_UNFIT.because(format!("attachment {}", place + 1)));
        }
        let photo = self.attachments.iter().any(Attachment::is_picture);
        PHOTO_MISSING.unless(!self.kind.needs_photo() || photo)?;
        if self.kind.is_complaint() {
            FACILITY_MISSING.unless(self.destination.facility.is_some())?;
            check_text(&self.text)?;
        }
        Ok(())
    }
}

impl StatedPerson {
    fn check(&self) -> Result<(), Refusal> {
        let missing = if self.full_name.trim().is_empty() {
            Some("full_name")
        } else if BirthDate::parse(&self.birth_date).is_err() {
            Some("birth_date")
        } else if Phone::parse_lenient(&self.phone).is_none() {
            Some("phone")
        } else {
            None
        };
        missing.map_or(Ok(()), |field| Err(PERSON_INCOMPLETE.because(field)))
    }
}
