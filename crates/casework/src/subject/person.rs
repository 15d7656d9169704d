//! Who a record is about, and where that stands against the population register (process, 5.2 and 7.1).

use jiff::Timestamp;
use registry::date::BirthDate;
use registry::facility::FacilityCode;
use registry::identity::{IdentityNumber, PassportNumber};
use registry::name::FullName;
use registry::sex::Sex;
use registry::status::SubjectIdentity;
use serde::{Deserialize, Serialize};

use super::{
    ALREADY_SENT, ALREADY_VERIFIED, ANSWER_OUTDATED, Action, Asked, EVIDENCE_UNFIT, EXEMPT, Event,
    NOT_ASKED, NOT_SENDABLE, NOTHING_CHANGED, Subject, VALUE_UNFIT,
};
use crate::{Act, Refusal};

/// Identity fields as recorded: texts, because what is recorded may be wrong, and what is wrong has to be shown as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Person {
    /// Full name.
    pub full_name: String,
    /// Birth date, `YYYY-MM-DD`, `YYYY-MM` or `YYYY` where it could be read.
    pub birth_date: String,
    /// Sex, `M` or `F` where it could be read.
    pub sex: String,
    /// Personal number, old number, or a foreigner's passport number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// A foreigner: has a passport number and is not checked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
}

/// A field of the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityField {
    /// The number.
    Number,
    /// The full name.
    FullName,
    /// The birth date.
    BirthDate,
    /// The sex.
    Sex,
}

impl IdentityField {
    /// The field with this canonical heading of a file.
    pub fn from_heading(heading: &str) -> Option<Self> {
        match heading {
            "id_number" => Some(Self::Number),
            "full_name" => Some(Self::FullName),
            "dob" => Some(Self::BirthDate),
            "sex" => Some(Self::Sex),
            _ => None,
        }
    }
}

/// What the register says. A reason may be missing: true or false per person is all that 9438 promises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum RegisterAnswer {
    /// All four fields agree.
    True,
    /// At least one differs.
    False {
        /// Which, if the register says so.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        differing: Vec<IdentityField>,
    },
    /// The register cannot tell.
    Unverifiable,
}

/// A change of the identity: only the fields that change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityChange {
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// Birth date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// Sex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<String>,
    /// Number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Vietnamese or foreign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<bool>,
}

/// Why an identity may change. There is no other way: health staff change vaccination facts, not identities.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum IdentityEvidence {
    /// The register's own answer carried the values.
    Register {
        /// The question that it answered.
        request: String,
        /// When it answered.
        answered_at: Timestamp,
    },
    /// A row of a list that the police signed.
    PoliceList {
        /// The signed list.
        list: String,
        /// The row of the list.
        row: String,
        /// Hash of the signed rows.
        content_sha256: String,
    },
    /// A foreigner's passport, seen by the facility, which answers for it.
    ForeignPassport {
        /// The facility.
        facility: FacilityCode,
    },
}

impl IdentityChange {
    /// The part of the change that a person does not have yet.
    #[must_use]
    pub fn differing_from(&self, person: &Person) -> Self {
        let differs = |new: &Option<String>, old: &String| new.clone().filter(|new| new != old);
        let number = |new: &String| person.number.as_ref() != Some(new);
        Self {
            full_name: differs(&self.full_name, &person.full_name),
            birth_date: differs(&self.birth_date, &person.birth_date),
            sex: differs(&self.sex, &person.sex),
            number: self.number.clone().filter(number),
            foreign: self.foreign.filter(|new| *new != person.foreign),
        }
    }
}

impl Person {
    /// Where a new identity begins (7.1): a foreigner with a passport number is exempt, and whoever has a well-formed number can be sent.
    pub fn intake(&self) -> SubjectIdentity {
        let Some(number) = self
            .number
            .as_deref()
            .filter(|number| !number.trim().is_empty())
        else {
            return SubjectIdentity::NoId;
        };
        if self.foreign && PassportNumber::parse(number).is_ok() {
            return SubjectIdentity::ForeignerExempt;
        }
        match IdentityNumber::parse(number) {
            Ok(IdentityNumber::Personal(_) | IdentityNumber::Cmnd(_)) => SubjectIdentity::NotSent,
            Ok(IdentityNumber::Passport(_)) | Err(_) => SubjectIdentity::BadFormat,
        }
    }

    /// The number with all but its ends hidden; for lists and logs.
    pub fn masked_number(&self) -> Option<String> {
        let number = self.number.as_deref()?;
        Some(IdentityNumber::parse(number).map_or_else(
            |_| "*".repeat(number.chars().count()),
            |number| number.masked(),
        ))
    }

    fn with(&self, change: &IdentityChange) -> Self {
        let or = |new: &Option<String>, old: &String| new.clone().unwrap_or_else(|| old.clone());
        Self {
            full_name: or(&change.full_name, &self.full_name),
            birth_date: or(&change.birth_date, &self.birth_date),
            sex: or(&change.sex, &self.sex),
            number: change.number.clone().or_else(|| self.number.clone()),
            foreign: change.foreign.unwrap_or(self.foreign),
        }
    }
}

impl IdentityChange {
    /// A change must bring values that can be right: a wrong one is no correction.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if let Some(name) = &self.full_name {
            FullName::parse(name)
                .map_err(|error| VALUE_UNFIT.because(format!("full_name: {error}")))?;
        }
        if let Some(birth) = &self.birth_date {
            BirthDate::parse(birth)
                .map_err(|error| VALUE_UNFIT.because(format!("birth_date: {error}")))?;
        }
        if let Some(sex) = &self.sex {
            Sex::parse(sex).map_err(|error| VALUE_UNFIT.because(format!("sex: {error}")))?;
        }
        if let Some(number) = &self.number {
            IdentityNumber::parse(number)
                .map_err(|error| VALUE_UNFIT.because(format!("number: {error}")))?;
        }
        Ok(())
    }
}

impl Subject {
    /// True when the identity carries a signature: TRUE after its last change, or a foreigner with a passport number.
    pub fn identity_vouches(&self) -> bool {
        matches!(
            self.identity,
            SubjectIdentity::True | SubjectIdentity::ForeignerExempt
        )
    }

    pub(super) fn decide_identity(
        &self,
        action: &Action,
        act: &Act,
    ) -> Result<Vec<Event>, Refusal> {
        match action {
            Action::Send { request } => self.send(request),
            Action::Answer { request, answer } => self.answered(request, answer),
            Action::Age => Ok(if self.can_become(SubjectIdentity::Stale) {
                vec![Event::Aged]
            } else {
                Vec::new()
            }),
            Action::ChangeIdentity { change, evidence } => {
                self.change_identity(change, evidence, act)
            }
            _ => Ok(Vec::new()),
        }
    }

    fn can_become(&self, state: SubjectIdentity) -> bool {
        self.identity.can_become(state)
    }

    fn send(&self, request: &str) -> Result<Vec<Event>, Refusal> {
        let asked = Asked {
            request: request.to_owned(),
            identity_version: self.identity_version,
        };
        let outdated_question = self
            .asked
            .as_ref()
            .is_some_and(|asked| asked.identity_version != self.identity_version);
        match self.identity {
            SubjectIdentity::Pending if !outdated_question => Err(ALREADY_SENT.refusal()),
            SubjectIdentity::True => Err(ALREADY_VERIFIED.refusal()),
            SubjectIdentity::ForeignerExempt => Err(EXEMPT.refusal()),
            SubjectIdentity::NoId | SubjectIdentity::BadFormat => Err(NOT_SENDABLE.refusal()),
            SubjectIdentity::NotSent
            | SubjectIdentity::Stale
            | SubjectIdentity::False
            | SubjectIdentity::Unverifiable
            | SubjectIdentity::Pending => Ok(vec![Event::Sent(asked)]),
        }
    }

    fn answered(&self, request: &str, answer: &RegisterAnswer) -> Result<Vec<Event>, Refusal> {
        let asked = self.asked.as_ref().filter(|asked| asked.request == request);
        let asked = asked.ok_or_else(|| NOT_ASKED.refusal())?;
        ANSWER_OUTDATED.unless(asked.identity_version == self.identity_version)?;
        Ok(vec![Event::Answered {
            request: Some(request.to_owned()),
            answer: answer.clone(),
        }])
    }

    fn change_identity(
        &self,
        change: &IdentityChange,
        evidence: &IdentityEvidence,
        act: &Act,
    ) -> Result<Vec<Event>, Refusal> {
        change.check()?;
        let after = self.person.with(change);
        NOTHING_CHANGED.unless(after != self.person)?;
        let begins = after.intake();
        let known_to_register = !matches!(
            self.identity,
            SubjectIdentity::NotSent
                | SubjectIdentity::NoId
                | SubjectIdentity::BadFormat
                | SubjectIdentity::ForeignerExempt
        );
        match begins {
            SubjectIdentity::NotSent => {}
            SubjectIdentity::ForeignerExempt if !known_to_register => {}
            SubjectIdentity::ForeignerExempt => return Err(EVIDENCE_UNFIT.refusal()),
            _ => return Err(VALUE_UNFIT.because("number: not the number of such a person")),
        }
        if let IdentityEvidence::ForeignPassport { facility } = evidence {
            let own = act.by.unit() == Some(&crate::Unit::Facility(facility.clone()));
            EVIDENCE_UNFIT.unless(self.person.foreign && after.foreign && own)?;
        }
        Ok(vec![Event::IdentityChanged {
            before: self.person.clone(),
            after,
            evidence: evidence.clone(),
        }])
    }

    pub(super) fn take_identity(&mut self, event: &Event, act: &Act) -> bool {
        match event {
            Event::Sent(asked) => {
                let again = self.identity == SubjectIdentity::Pending;
                if !again && !self.can_become(SubjectIdentity::Pending) {
                    return false;
                }
                self.identity = SubjectIdentity::Pending;
                self.asked = Some(asked.clone());
            }
            Event::Answered { answer, .. } => {
                if self.identity != SubjectIdentity::Pending {
                    return false;
                }
                self.set_answer(answer, act.at);
            }
            Event::Aged => {
                if !self.can_become(SubjectIdentity::Stale) {
                    return false;
                }
                self.identity = SubjectIdentity::Stale;
            }
            Event::IdentityChanged { after, .. } => self.set_person(after),
            _ => return false,
        }
        true
    }

    /// The state after an answer, whose way there (`NOT_SENT`, `PENDING`) is already checked.
    pub(super) fn set_answer(&mut self, answer: &RegisterAnswer, at: Timestamp) {
        self.asked = None;
        self.answered_at = Some(at);
        self.differing.clear();
        self.identity = match answer {
            RegisterAnswer::True => {
                self.suggestion = None;
                SubjectIdentity::True
            }
            RegisterAnswer::False { differing } => {
                self.differing.clone_from(differing);
                SubjectIdentity::False
            }
            RegisterAnswer::Unverifiable => SubjectIdentity::Unverifiable,
        };
    }

    /// An answer about the old identity says nothing about the new one. A question under way stays under way: its answer will be
    /// refused as outdated, and the record is sent again.
    fn set_person(&mut self, after: &Person) {
        self.person = after.clone();
        self.identity_version += 1;
        self.suggestion = None;
        self.differing.clear();
        let begins = after.intake();
        self.identity = match (self.identity, begins) {
            (SubjectIdentity::Pending, SubjectIdentity::NotSent) => SubjectIdentity::Pending,
            (
                SubjectIdentity::True
                | SubjectIdentity::False
                | SubjectIdentity::Unverifiable
                | SubjectIdentity::Stale,
                SubjectIdentity::NotSent,
            ) => SubjectIdentity::Stale,
            (_, begins) => begins,
        };
    }
}
