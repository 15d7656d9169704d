//! The passport that follows from a record (process, 5.6 and 7.4; Decision 5772).

use std::collections::BTreeSet;

use jiff::Timestamp;
use registry::area::Place;
use registry::status::{DoseState, PassportState, SubjectIdentity};
use serde::{Deserialize, Serialize};

use super::dose::{Dose, DoseId};
use super::person::IdentityField;
use super::{
    Action, Event, PASSPORT_NOT_DUE, PASSPORT_OUTDATED, Subject, UVCI_REUSED, WHY_MISSING,
};
use crate::calendar::day_in_vietnam;
use crate::policy::{Ineligible, Policy};
use crate::{Act, Queue, Refusal, Reminder, Task, Unit};

/// A person's passport.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passport {
    /// Where it stands.
    pub state: PassportState,
    /// The certificate that counts, or counted last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Codes of earlier certificates: none is ever used again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub earlier: BTreeSet<String>,
    /// Withdrawn for another cause than a correction: no new one until the record is corrected.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withheld: bool,
}

/// A certificate as issued. The code itself is not kept here, only its hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Certificate {
    /// Unique certificate identifier.
    pub uvci: String,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// From when on it is renewed.
    pub renew_from: Timestamp,
    /// The issuing profile.
    pub profile: String,
    /// SHA-256 of the code, in hex.
    pub code_sha256: String,
    /// What it was made of.
    pub basis: Basis,
}

/// The versions of identity and doses that a certificate was made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Basis {
    /// Version of the identity.
    pub identity_version: u32,
    /// Signed doses and their versions, in order of their ids.
    pub doses: Vec<(DoseId, u32)>,
}

/// Why a passport was withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationCause {
    /// What it says was corrected or is no longer vouched for: its code goes on the revocation list.
    Corrected,
    /// Another dose was signed: what it says stays true, a newer one replaces it.
    Supplemented,
    /// Withdrawn by the ministry.
    Withdrawn,
}

/// Why there is no passport, in the order in which it can be mended (F04).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum WhyNone {
    /// No injection is on record.
    NotEntered,
    /// No identity number, or a malformed one.
    NoId,
    /// The register disagrees.
    Mismatch {
        /// Where, if it said so.
        fields: Vec<IdentityField>,
    },
    /// The register has not answered yet, or not since the last change.
    NotCheckedYet,
    /// The facility has not signed.
    WaitingForFacility,
    /// Vaccine or course do not qualify.
    Ineligible {
        /// Why.
        ineligible: Ineligible,
    },
    /// Withdrawn.
    Withheld,
}

impl Default for Passport {
    fn default() -> Self {
        Self {
            state: PassportState::None,
            certificate: None,
            earlier: BTreeSet::new(),
            withheld: false,
        }
    }
}

impl Subject {
    /// What a certificate made now would be made of.
    pub fn passport_basis(&self) -> Basis {
        Basis {
            identity_version: self.identity_version,
            doses: self
                .signed()
                .map(|(id, dose)| (id.clone(), dose.version))
                .collect(),
        }
    }

    /// Why there is no passport to sign; `None` when all conditions are met.
    pub fn why_no_passport(&self, policy: &Policy, at: Timestamp) -> Option<WhyNone> {
        if !self.doses.values().any(Dose::counts) {
            return Some(WhyNone::NotEntered);
        }
        match self.identity {
            SubjectIdentity::NoId | SubjectIdentity::BadFormat => return Some(WhyNone::NoId),
            SubjectIdentity::False => {
                return Some(WhyNone::Mismatch {
                    fields: self.differing.clone(),
                });
            }
            SubjectIdentity::True | SubjectIdentity::ForeignerExempt => {}
            _ => return Some(WhyNone::NotCheckedYet),
        }
        if self.passport.withheld {
            return Some(WhyNone::Withheld);
        }
        let day = day_in_vietnam(at);
        let eligible = |doses: Vec<&Dose>| policy.eligibility_on(day).check(&doses);
        let all = self.doses.values().filter(|dose| dose.counts()).collect();
        match (
            eligible(self.signed().map(|(_, dose)| dose).collect()),
            eligible(all),
        ) {
            (Ok(()), _) => None,
            (Err(_), Ok(())) => Some(WhyNone::WaitingForFacility),
            (Err(_), Err(ineligible)) => Some(WhyNone::Ineligible { ineligible }),
        }
    }

    fn signed(&self) -> impl Iterator<Item = (&DoseId, &Dose)> {
        self.doses
            .iter()
            .filter(|(_, dose)| dose.state == DoseState::FacilitySigned)
    }

    /// The next thing that the passport does by itself, if any.
    pub(super) fn passport_consequence(&self, policy: &Policy, at: Timestamp) -> Option<Event> {
        let met = || self.why_no_passport(policy, at);
        match self.passport.state {
            PassportState::None | PassportState::Revoked => {
                met().is_none().then_some(Event::PassportQueued)
            }
            PassportState::Queued => met().map(|why| Event::PassportBlocked { why }),
            PassportState::CentralSigned | PassportState::Delivered | PassportState::Expiring => {
                self.out_of_date()
                    .map(|cause| Event::PassportRevoked { cause })
            }
            PassportState::Renewed => Some(Event::PassportDelivered),
            PassportState::Expired => None,
        }
    }

    /// Whether the certificate still says what the record says. An identity that is being asked about again keeps its passport until the
    /// answer is no.
    fn out_of_date(&self) -> Option<RevocationCause> {
        let certificate = self.passport.certificate.as_ref()?;
        let now = self.passport_basis();
        let stands = self.identity_vouches()
            || matches!(
                self.identity,
                SubjectIdentity::Stale | SubjectIdentity::Pending
            );
        let same_person = certificate.basis.identity_version == now.identity_version;
        let doses_stand = certificate
            .basis
            .doses
            .iter()
            .all(|dose| now.doses.contains(dose));
        if !(stands && same_person && doses_stand) {
            return Some(RevocationCause::Corrected);
        }
        (self.identity_vouches() && now.doses.len() > certificate.basis.doses.len())
            .then_some(RevocationCause::Supplemented)
    }

    pub(super) fn decide_passport(
        &self,
        action: &Action,
        policy: &Policy,
        act: &Act,
    ) -> Result<Vec<Event>, Refusal> {
        let passport = &self.passport;
        match action {
            Action::Issue(certificate) => {
                if passport.certificate.as_ref() == Some(certificate) {
                    return Ok(Vec::new());
                }
                PASSPORT_NOT_DUE.unless(passport.state == PassportState::Queued)?;
                self.fits(certificate)?;
                Ok(vec![Event::PassportIssued(certificate.clone())])
            }
            Action::Renew(certificate) => {
                PASSPORT_NOT_DUE.unless(passport.state.can_become(PassportState::Renewed))?;
                PASSPORT_NOT_DUE.unless(self.why_no_passport(policy, act.at).is_none())?;
                self.fits(certificate)?;
                Ok(vec![Event::PassportRenewed(certificate.clone())])
            }
            Action::Deliver => match passport.state {
                PassportState::Delivered => Ok(Vec::new()),
                PassportState::CentralSigned => Ok(vec![Event::PassportDelivered]),
                _ => Err(PASSPORT_NOT_DUE.refusal()),
            },
            Action::Clock => Ok(passport.ticked(act.at).into_iter().collect()),
            Action::Revoke => {
                WHY_MISSING.unless(act.why().is_some())?;
                PASSPORT_NOT_DUE.unless(passport.state.can_become(PassportState::Revoked))?;
                Ok(vec![Event::PassportRevoked {
                    cause: RevocationCause::Withdrawn,
                }])
            }
            _ => Ok(Vec::new()),
        }
    }

    fn fits(&self, certificate: &Certificate) -> Result<(), Refusal> {
        PASSPORT_OUTDATED.unless(certificate.basis == self.passport_basis())?;
        let current = self
            .passport
            .certificate
            .as_ref()
            .is_some_and(|old| old.uvci == certificate.uvci);
        UVCI_REUSED.unless(!current && !self.passport.earlier.contains(&certificate.uvci))
    }
}

impl Passport {
    /// What the clock does to it.
    fn ticked(&self, at: Timestamp) -> Option<Event> {
        let certificate = self.certificate.as_ref()?;
        match self.state {
            PassportState::CentralSigned | PassportState::Delivered => {
                (at >= certificate.renew_from).then_some(Event::PassportExpiring)
            }
            PassportState::Expiring => {
                (at >= certificate.expires_at).then_some(Event::PassportExpired)
            }
            _ => None,
        }
    }

    pub(super) fn take(&mut self, event: &Event) -> bool {
        let next = match event {
            Event::PassportQueued => PassportState::Queued,
            Event::PassportBlocked { .. } => PassportState::None,
            Event::PassportIssued(_) => PassportState::CentralSigned,
            Event::PassportDelivered => PassportState::Delivered,
            Event::PassportExpiring => PassportState::Expiring,
            Event::PassportRenewed(_) => PassportState::Renewed,
            Event::PassportExpired => PassportState::Expired,
            Event::PassportRevoked { .. } => PassportState::Revoked,
            _ => return false,
        };
        if !self.state.can_become(next) {
            return false;
        }
        self.state = next;
        match event {
            Event::PassportIssued(certificate) | Event::PassportRenewed(certificate) => {
                let before = self.certificate.replace(certificate.clone());
                self.earlier.extend(before.map(|before| before.uvci));
            }
            Event::PassportRevoked { cause } => {
                self.withheld = *cause == RevocationCause::Withdrawn;
            }
            _ => {}
        }
        true
    }

    /// Passports wait at the ministry.
    pub(super) fn task(&self) -> Option<Task> {
        let open = match self.state {
            PassportState::None => return None,
            PassportState::Queued | PassportState::Expiring => true,
            _ => false,
        };
        Some(Task {
            queue: Queue::Passport,
            desk: Unit::Ministry,
            place: Place::default(),
            state: self.state.as_str().to_owned(),
            due: None,
            open,
        })
    }

    pub(super) fn reminders(&self) -> Vec<Reminder> {
        let Some(certificate) = &self.certificate else {
            return Vec::new();
        };
        let reminder = |at, what: &str| {
            vec![Reminder {
                at,
                what: what.to_owned(),
            }]
        };
        match self.state {
            PassportState::CentralSigned | PassportState::Delivered => {
                reminder(certificate.renew_from, "renew")
            }
            PassportState::Expiring => reminder(certificate.expires_at, "expire"),
            _ => Vec::new(),
        }
    }
}
