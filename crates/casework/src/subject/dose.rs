//! Injections, and the facility that vouches for them (process, 5.5 and 7.3; dispatches 1815 and 1908).

use jiff::Timestamp;
use jiff::civil::Date;
use registry::area::Place;
use registry::date::parse_moment;
use registry::facility::FacilityCode;
use registry::status::DoseState;
use registry::vaccine::{Named, Product, named};
use serde::{Deserialize, Serialize};

use super::person::Person;
use super::{
    Action, CERTIFICATE_UNFIT, CONTENT_CHANGED, DOSE_CHANGED, DOSE_EXISTS, DOSE_OVER,
    DUPLICATE_SUSPECTED, Event, FEEDBACK_OPEN, FINDING_UNKNOWN, NO_DOSE, NOT_ELIGIBLE, NOT_SIGNED,
    NOT_SUSPECT, NOT_VERIFIED, NOTHING_CHANGED, NOTHING_TO_SIGN, OTHER_FACILITY, SECOND_PERSON,
    SOLE_EDITOR, Subject, WHY_MISSING,
};
use crate::calendar::day_in_vietnam;
use crate::facility::Mandate;
use crate::{AccountId, Act, Refusal, Unit};

/// The id of an injection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DoseId(pub String);

/// What is known of an injection: texts as recorded, like those of a [`Person`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DoseFacts {
    /// Day of the injection, `YYYY-MM-DD` where it could be read.
    #[serde(default)]
    pub injected_on: String,
    /// Vaccine: the product's key where it is known, else as written.
    #[serde(default)]
    pub vaccine: String,
    /// Lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
    /// Number of the dose as declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u8>,
    /// The facility that injected, entered, and answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<FacilityCode>,
    /// Where that facility stands.
    #[serde(default)]
    pub facility_place: Place,
}

/// What the rule catalogue found in a dose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoseCheck {
    /// Rules that stand against a signature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocking: Vec<String>,
    /// Findings that somebody overrode, with a reason in the log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overridden: Vec<String>,
    /// The dose that it may repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<DoseId>,
}

impl DoseCheck {
    /// The same, with what was overridden before: it stays so while the rule finds it in the same facts.
    #[must_use]
    pub fn keeping_overrides(self, earlier: &Self) -> Self {
        let all = self.blocking.into_iter().chain(self.overridden);
        let (overridden, blocking) = all.partition(|rule| earlier.overridden.contains(rule));
        Self {
            blocking,
            overridden,
            repeats: self.repeats,
        }
    }
}

/// An injection in its present version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dose {
    /// The facts.
    pub facts: DoseFacts,
    /// Counts the corrections, from 1.
    pub version: u32,
    /// Where this version stands.
    pub state: DoseState,
    /// What the rules found.
    #[serde(default)]
    pub check: DoseCheck,
    /// True once somebody has judged that it is no duplicate; a new suspicion asks again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub judged_different: bool,
    /// When it was first entered.
    pub entered_at: Timestamp,
    /// Entered on another day than it was injected.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// The persons who entered or corrected it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub editors: Vec<AccountId>,
    /// The signature over this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// The version of the identity that it vouches for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_identity: Option<u32>,
}

/// A facility's signature as evidence: what was signed stands in the event, the proof in `evidence`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// SHA-256 of the canonical JSON (RFC 8785) of the [`SignedContent`], in hex.
    pub content_sha256: String,
    /// The proof that a verifier reads: signature over the batch and the inclusion proof of this record.
    pub evidence: String,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// Who signed, and by which right.
    pub mandate: Mandate,
    /// The certificate: valid at that time and of this facility, as the signature check found.
    pub certificate: CertificateCheck,
}

/// What the check of the signer's certificate found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateCheck {
    /// Serial number and issuer, for the log.
    pub name: String,
    /// Valid and not revoked at the time of signing.
    pub valid: bool,
    /// Issued to this facility, or to the unit that signs for it.
    pub of_signer: bool,
}

/// What a facility vouches for: the person, and its own injections. Everything that the signature binds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedContent {
    /// The person as verified.
    pub person: Person,
    /// The version of the identity.
    pub identity_version: u32,
    /// The facility.
    pub facility: FacilityCode,
    /// Its doses, in order of their ids.
    pub doses: Vec<SignedDose>,
}

/// One injection as signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedDose {
    /// Its id.
    pub id: DoseId,
    /// The version.
    pub version: u32,
    /// The facts.
    pub facts: DoseFacts,
}

impl DoseFacts {
    /// Day of the injection, if the text is one.
    pub fn day(&self) -> Option<Date> {
        parse_moment(&self.injected_on)
            .ok()
            .map(|(moment, _)| moment.date())
    }

    /// The product, if the text names exactly one.
    pub fn product(&self) -> Option<&'static Product> {
        registry::vaccine::product(&self.vaccine).or_else(|| match named(&self.vaccine, None) {
            Named::Product(product)
            | Named::Alias {
                product,
                deprecated: false,
            } => Some(product),
            _ => None,
        })
    }

    /// The required fields that are missing: day, vaccine, dose number, facility.
    pub fn missing(&self) -> Vec<&'static str> {
        let fields = [
            (self.day().is_none(), "injected_on"),
            (self.product().is_none(), "vaccine"),
            (self.number.is_none(), "number"),
            (self.facility.is_none(), "facility"),
        ];
        fields
            .into_iter()
            .filter_map(|(missing, field)| missing.then_some(field))
            .collect()
    }
}

impl Dose {
    pub(super) fn entered(facts: DoseFacts, check: DoseCheck, act: &Act) -> Self {
        let late = facts.day() != Some(day_in_vietnam(act.at));
        let state = if check.repeats.is_some() {
            DoseState::DuplicateSuspect
        } else {
            DoseState::Entered
        };
        Self {
            facts,
            version: 1,
            state,
            check,
            judged_different: false,
            entered_at: act.at,
            late,
            editors: act.by.account().cloned().into_iter().collect(),
            signature: None,
            signed_identity: None,
        }
    }

    /// False for what was retracted or superseded by another dose.
    pub fn counts(&self) -> bool {
        self.state != DoseState::Superseded
    }

    /// What stands against a signature: missing fields and blocking rules.
    pub fn objections(&self) -> Vec<&str> {
        let missing = self.facts.missing();
        missing
            .into_iter()
            .chain(self.check.blocking.iter().map(String::as_str))
            .collect()
    }

    fn edited_by(&mut self, act: &Act) {
        if let Some(account) = act
            .by
            .account()
            .filter(|account| !self.editors.contains(account))
        {
            self.editors.push(account.clone());
        }
    }

    fn become_state(&mut self, state: DoseState) -> bool {
        let may = self.state.can_become(state);
        if may {
            self.state = state;
        }
        may
    }

    /// A new version begins where every version begins.
    fn begin_anew(&mut self) {
        self.version += 1;
        self.signature = None;
        self.signed_identity = None;
        self.state = DoseState::Entered;
    }

    /// The rules' findings decide whether it is suspected to repeat another.
    fn take_check(&mut self, check: &DoseCheck) {
        let suspected = check.repeats.is_some()
            && (!self.judged_different || check.repeats != self.check.repeats);
        self.check = check.clone();
        if suspected {
            self.judged_different = false;
        }
        match self.state {
            DoseState::Eligible if suspected || !self.objections().is_empty() => {
                self.state = DoseState::Entered;
            }
            _ => {}
        }
        if suspected && self.state == DoseState::Entered {
            self.state = DoseState::DuplicateSuspect;
        }
        if check.repeats.is_none() && self.state == DoseState::DuplicateSuspect {
            self.state = DoseState::Entered;
        }
    }
}

impl Subject {
    /// What a facility would sign now.
    pub fn content_of(&self, facility: &FacilityCode) -> SignedContent {
        let own = self
            .doses
            .iter()
            .filter(|(_, dose)| dose.counts() && dose.facts.facility.as_ref() == Some(facility));
        SignedContent {
            person: self.person.clone(),
            identity_version: self.identity_version,
            facility: facility.clone(),
            doses: own
                .map(|(id, dose)| SignedDose {
                    id: id.clone(),
                    version: dose.version,
                    facts: dose.facts.clone(),
                })
                .collect(),
        }
    }

    pub(super) fn decide_dose(&self, action: &Action, act: &Act) -> Result<Vec<Event>, Refusal> {
        match action {
            Action::EnterDose { dose, facts, check } => {
                DOSE_EXISTS.unless(!self.doses.contains_key(dose))?;
                own(facts, act)?;
                let late = facts.day() != Some(day_in_vietnam(act.at));
                Ok(vec![Event::DoseEntered {
                    dose: dose.clone(),
                    facts: facts.clone(),
                    check: check.clone(),
                    late,
                }])
            }
            Action::CorrectDose {
                dose,
                version,
                facts,
                check,
            } => {
                let current = self.current(dose)?;
                own(&current.facts, act)?;
                if current.version != *version {
                    return Err(DOSE_CHANGED.because(format!("version {}", current.version)));
                }
                NOTHING_CHANGED.unless(current.facts != *facts)?;
                Ok(vec![Event::DoseCorrected {
                    dose: dose.clone(),
                    before: current.facts.clone(),
                    after: facts.clone(),
                    check: check.clone(),
                }])
            }
            Action::RetractDose { dose } => {
                own(&self.current(dose)?.facts, act)?;
                WHY_MISSING.unless(act.why().is_some())?;
                Ok(vec![Event::DoseRetracted { dose: dose.clone() }])
            }
            Action::CheckDose { dose, check } => {
                let current = self.current(dose)?;
                let event = Event::DoseChecked {
                    dose: dose.clone(),
                    check: check.clone(),
                };
                Ok(if current.check == *check {
                    Vec::new()
                } else {
                    vec![event]
                })
            }
            Action::OverrideFinding { dose, rule } => {
                let current = self.current(dose)?;
                own(&current.facts, act)?;
                WHY_MISSING.unless(act.why().is_some())?;
                if current.check.overridden.contains(rule) {
                    return Ok(Vec::new());
                }
                FINDING_UNKNOWN.unless(current.check.blocking.contains(rule))?;
                let second = act.by.account().filter(|it| !current.editors.contains(it));
                SECOND_PERSON.unless(second.is_some())?;
                Ok(vec![Event::FindingOverridden {
                    dose: dose.clone(),
                    rule: rule.clone(),
                }])
            }
            Action::JudgeDuplicate { dose, same } => {
                let current = self.current(dose)?;
                NOT_SUSPECT.unless(current.state == DoseState::DuplicateSuspect)?;
                own(&current.facts, act)?;
                WHY_MISSING.unless(act.why().is_some())?;
                Ok(vec![Event::DuplicateJudged {
                    dose: dose.clone(),
                    same: *same,
                }])
            }
            _ => Ok(Vec::new()),
        }
    }

    fn current(&self, dose: &DoseId) -> Result<&Dose, Refusal> {
        let found = self.doses.get(dose).ok_or_else(|| NO_DOSE.refusal())?;
        DOSE_OVER.unless(found.counts())?;
        Ok(found)
    }

    /// Every reason not to sign, in the order in which it can be mended; signing what is signed already changes nothing.
    pub(super) fn sign(
        &self,
        content: &SignedContent,
        signature: &Signature,
        act: &Act,
    ) -> Result<Vec<Event>, Refusal> {
        let facility = &content.facility;
        let now = self.content_of(facility);
        NOTHING_TO_SIGN.unless(!now.doses.is_empty())?;
        let doses: Vec<&Dose> = now
            .doses
            .iter()
            .filter_map(|dose| self.doses.get(&dose.id))
            .collect();
        let signed = |dose: &&Dose| {
            dose.signature
                .as_ref()
                .is_some_and(|old| old.content_sha256 == signature.content_sha256)
        };
        if *content == now && doses.iter().all(signed) {
            return Ok(Vec::new());
        }
        self.may_be_signed(facility)?;
        CONTENT_CHANGED.unless(*content == now)?;
        CERTIFICATE_UNFIT.unless(signature.certificate.valid && signature.certificate.of_signer)?;
        let sole_editor = |dose: &&Dose| {
            !dose.check.overridden.is_empty() && dose.editors == [signature.mandate.account.clone()]
        };
        SOLE_EDITOR.unless(!doses.iter().any(sole_editor))?;
        let today = day_in_vietnam(act.at);
        let waiting = doses.iter().filter(|dose| dose.signature.is_none());
        let same_day = waiting.clone().all(|dose| dose.facts.day() == Some(today));
        NOTHING_TO_SIGN.unless(waiting.count() > 0)?;
        Ok(vec![Event::Signed {
            content: content.clone(),
            signature: signature.clone(),
            same_day,
        }])
    }

    /// Whether a facility's doses of this person could be signed now.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn may_be_signed(&self, facility: &FacilityCode) -> Result<(), Refusal> {
        NOT_VERIFIED.unless(self.identity_vouches())?;
        FEEDBACK_OPEN.unless(self.open_feedback.is_empty())?;
        let own = || {
            self.doses
                .values()
                .filter(|dose| dose.counts() && dose.facts.facility.as_ref() == Some(facility))
        };
        DUPLICATE_SUSPECTED.unless(own().all(|dose| dose.state != DoseState::DuplicateSuspect))?;
        let objections: Vec<&str> = own().flat_map(Dose::objections).collect();
        if !objections.is_empty() {
            return Err(NOT_ELIGIBLE.because(objections.join(", ")));
        }
        Ok(())
    }

    pub(super) fn withdraw(
        &self,
        facility: &FacilityCode,
        act: &Act,
    ) -> Result<Vec<Event>, Refusal> {
        WHY_MISSING.unless(act.why().is_some())?;
        let doses = self.signed_doses(Some(facility));
        NOT_SIGNED.unless(!doses.is_empty())?;
        Ok(vec![Event::SignatureWithdrawn {
            facility: facility.clone(),
            doses,
        }])
    }

    fn signed_doses(&self, facility: Option<&FacilityCode>) -> Vec<DoseId> {
        let signed = self
            .doses
            .iter()
            .filter(|(_, dose)| dose.state == DoseState::FacilitySigned);
        signed
            .filter(|(_, dose)| facility.is_none() || dose.facts.facility.as_ref() == facility)
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// Doses go on when nothing stands against them any more, and back when the identity no longer carries them. A signature over an
    /// identity that has changed is taken back: it vouched for somebody else.
    pub(super) fn dose_consequences(&self) -> Vec<Event> {
        let vouched = self.identity_vouches();
        let mut events = Vec::new();
        let withdrawn = self.signatures_over_another_identity();
        for (facility, doses) in withdrawn {
            events.push(Event::SignatureWithdrawn { facility, doses });
        }
        for (id, dose) in &self.doses {
            let clear = vouched && dose.objections().is_empty();
            let state = match dose.state {
                DoseState::Entered if clear => DoseState::Eligible,
                DoseState::Eligible if !clear => DoseState::Entered,
                _ => continue,
            };
            events.push(Event::DoseBecame {
                dose: id.clone(),
                state,
            });
        }
        events
    }

    fn signatures_over_another_identity(
        &self,
    ) -> std::collections::BTreeMap<FacilityCode, Vec<DoseId>> {
        let mut by_facility = std::collections::BTreeMap::<FacilityCode, Vec<DoseId>>::new();
        for (id, dose) in &self.doses {
            let signed = dose.state == DoseState::FacilitySigned;
            let outdated = signed && dose.signed_identity != Some(self.identity_version);
            if let Some(facility) = dose.facts.facility.clone().filter(|_| outdated) {
                by_facility.entry(facility).or_default().push(id.clone());
            }
        }
        by_facility
    }

    pub(super) fn take_dose(&mut self, event: &Event, act: &Act) -> bool {
        match event {
            Event::DoseEntered {
                dose, facts, check, ..
            } => {
                let new = Dose::entered(facts.clone(), check.clone(), act);
                self.doses.insert(dose.clone(), new).is_none()
            }
            Event::DoseCorrected {
                dose, after, check, ..
            } => self.with_dose(dose, |dose| {
                dose.facts = after.clone();
                dose.begin_anew();
                dose.judged_different = false;
                dose.edited_by(act);
                dose.check = DoseCheck::default();
                dose.take_check(check);
                true
            }),
            Event::DoseRetracted { dose } => self.with_dose(dose, |dose| {
                dose.state = DoseState::Superseded;
                true
            }),
            Event::DoseChecked { dose, check } => self.with_dose(dose, |dose| {
                dose.take_check(check);
                true
            }),
            Event::FindingOverridden { dose, rule } => self.with_dose(dose, |dose| {
                let mut check = dose.check.clone();
                check.blocking.retain(|standing| standing != rule);
                check.overridden.push(rule.clone());
                dose.take_check(&check);
                true
            }),
            Event::DuplicateJudged { dose, same } => self.with_dose(dose, |dose| {
                dose.judged_different = !same;
                dose.become_state(if *same {
                    DoseState::Superseded
                } else {
                    DoseState::Entered
                })
            }),
            Event::DoseBecame { dose, state } => {
                self.with_dose(dose, |dose| dose.become_state(*state))
            }
            Event::Signed {
                content, signature, ..
            } => content.doses.iter().all(|signed| {
                self.with_dose(&signed.id, |dose| {
                    let waits = dose.state == DoseState::FacilitySigned
                        || dose.become_state(DoseState::FacilitySigned);
                    dose.signature = Some(signature.clone());
                    dose.signed_identity = Some(content.identity_version);
                    waits
                })
            }),
            Event::SignatureWithdrawn { doses, .. } => doses.iter().all(|id| {
                self.with_dose(id, |dose| {
                    let signed = dose.state == DoseState::FacilitySigned;
                    dose.begin_anew();
                    signed
                })
            }),
            _ => false,
        }
    }

    fn with_dose(&mut self, id: &DoseId, change: impl FnOnce(&mut Dose) -> bool) -> bool {
        self.doses.get_mut(id).is_some_and(change)
    }
}

/// Health facts belong to the facility that entered them; the platform acts for it at import.
fn own(facts: &DoseFacts, act: &Act) -> Result<(), Refusal> {
    if act.by.is_system() {
        return Ok(());
    }
    let own = match (act.by.unit(), &facts.facility) {
        (Some(Unit::Facility(unit)), Some(facility)) => unit == facility,
        _ => false,
    };
    OTHER_FACILITY.unless(own)
}
