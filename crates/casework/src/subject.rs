//! A person's record: who it is, what was injected, who vouches for it, and the passport that follows.
//!
//! The four are one record because they bind each other: an identity that changes takes its doses back from their signature, and the
//! passport with them, in the same decision. Files read top-down: this one holds the commands and their consequences, [`person`] the
//! identity, [`dose`] the facts and their signatures, [`passport`] the certificate.

pub mod dose;
pub mod passport;
pub mod person;
mod reasons;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use registry::area::Place;
use registry::facility::FacilityCode;
use registry::status::{DoseState, PassportState, SubjectIdentity};
use serde::{Deserialize, Serialize};

use crate::policy::Policy;
use crate::procedure::Kind;
use crate::{Act, Procedure, Queue, Refusal, Reminder, Task, Unit, lookup};
use dose::{Dose, DoseCheck, DoseFacts, DoseId, Signature, SignedContent};
use passport::{Certificate, Passport, RevocationCause, WhyNone};
use person::{IdentityChange, IdentityEvidence, IdentityField, Person, RegisterAnswer};

pub use reasons::*;

/// A person's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Who it is, as recorded.
    pub person: Person,
    /// Counts the changes of the identity, from 1.
    pub identity_version: u32,
    /// Where the identity stands against the register.
    pub identity: SubjectIdentity,
    /// What differs, if the register said so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differing: Vec<IdentityField>,
    /// When the register answered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// The question that waits for an answer, and the identity that it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// How to reach the person.
    #[serde(default)]
    pub contact: Contact,
    /// Where the person lives permanently, as far as known.
    #[serde(default)]
    pub residence: Place,
    /// The hamlet there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hamlet: Option<String>,
    /// The injections.
    #[serde(default)]
    pub doses: BTreeMap<DoseId, Dose>,
    /// The passport.
    #[serde(default)]
    pub passport: Passport,
    /// Whom of the register the person seems to be, until the identity is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<Suggestion>,
    /// Records of the same person share a cluster. A link, never a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Feedback that is still open about this record.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub open_feedback: BTreeSet<String>,
    /// A protected person: on no list, in no count, in no export.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// The bulk act that opened the record was undone: there is no such record until it is registered again. What happened stays in its
    /// events.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taken_back: bool,
}

/// A question to the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its id: the answer carries it.
    pub request: String,
    /// The version of the identity that was sent.
    pub identity_version: u32,
}

/// How to reach a person. Neither identity nor vaccination fact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// E-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A person of the register that somebody on record seems to be: to be looked at, never to be taken over (verification is exact).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Suggestion {
    /// Number.
    pub number: String,
    /// Full name.
    pub full_name: String,
    /// Birth date, as a person's is kept.
    pub birth_date: String,
    /// Sex.
    pub sex: String,
    /// Probability that it is the same person, in thousandths, rounded down.
    pub per_mille: u16,
    /// Why, in Vietnamese words.
    pub why: String,
}

/// A command and the policy under which it is decided.
#[derive(Debug, Clone)]
pub struct Command {
    /// What somebody wants.
    pub action: Action,
    /// The dated rules of the ministry.
    pub policy: Arc<Policy>,
}

/// What may be asked of a person's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Open the record.
    Register(Registration),
    /// The question was sent to the register.
    Send {
        /// Id of the question.
        request: String,
    },
    /// The register answered.
    Answer {
        /// Id of the question.
        request: String,
        /// The answer.
        answer: RegisterAnswer,
    },
    /// The answer has grown older than policy allows, or the register changed.
    Age,
    /// Change who it is. Needs evidence of the register or the police.
    ChangeIdentity {
        /// What changes.
        change: IdentityChange,
        /// Why it may.
        evidence: IdentityEvidence,
    },
    /// Change phone or e-mail.
    ChangeContact(Contact),
    /// The person lives elsewhere.
    Move {
        /// Where.
        residence: Place,
        /// The hamlet there.
        hamlet: Option<String>,
    },
    /// Enter an injection.
    EnterDose {
        /// Its id.
        dose: DoseId,
        /// The facts.
        facts: DoseFacts,
        /// What the rules found.
        check: DoseCheck,
    },
    /// Correct an injection: only the facility that entered it, or the unit to which it was transferred.
    CorrectDose {
        /// Its id.
        dose: DoseId,
        /// The version that was read.
        version: u32,
        /// All facts as they should be.
        facts: DoseFacts,
        /// What the rules found.
        check: DoseCheck,
    },
    /// Take an injection back: it was never given, or belongs to somebody else.
    RetractDose {
        /// Its id.
        dose: DoseId,
    },
    /// The rules ran again (a new table, another dose).
    CheckDose {
        /// Its id.
        dose: DoseId,
        /// What they found.
        check: DoseCheck,
    },
    /// Somebody else than those who wrote the dose overrides what a rule found, with a reason. Which rules can be overridden the platform knows.
    OverrideFinding {
        /// The dose.
        dose: DoseId,
        /// The rule.
        rule: String,
    },
    /// A suspected duplicate was looked at.
    JudgeDuplicate {
        /// Its id.
        dose: DoseId,
        /// The same injection as the other one: it is superseded by it.
        same: bool,
    },
    /// A facility vouches for its doses of this person.
    Sign {
        /// What was signed: must be what the record says now.
        content: SignedContent,
        /// The signature.
        signature: Signature,
    },
    /// A signature is taken back, to correct and sign again.
    Withdraw {
        /// Whose signature.
        facility: FacilityCode,
    },
    /// The ministry signed the passport.
    Issue(Certificate),
    /// The holder can get it.
    Deliver,
    /// The renewal window opens, or the passport expires: whatever the clock says.
    Clock,
    /// A new code replaces the one about to expire.
    Renew(Certificate),
    /// The passport is withdrawn for another cause than a correction.
    Revoke,
    /// The record belongs to a cluster of records of one person.
    Link {
        /// The cluster.
        cluster: String,
        /// Verified numbers of the other members: two different ones can't be one person.
        verified_numbers: Vec<String>,
    },
    /// The record leaves its cluster.
    Unlink,
    /// Linkage found whom of the register the person seems to be, or that nobody fits.
    Suggest(Option<Suggestion>),
    /// Feedback about this record came in.
    OpenFeedback(String),
    /// Feedback about this record is done.
    CloseFeedback(String),
    /// Protect the person.
    Seal,
    /// End the protection.
    Unseal,
    /// Undo a bulk act that was the last to touch the record. By the platform alone, which knows that nobody touched it since.
    Undo {
        /// The bulk act.
        of: String,
        /// The record as it was before; `None` when the bulk act opened it.
        before: Option<Box<Subject>>,
    },
}

/// A new record with what is known of it; `answer` when it was already checked against the register (import of a cleaned file).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Who.
    pub person: Person,
    /// How to reach them.
    #[serde(default)]
    pub contact: Contact,
    /// Where they live.
    #[serde(default)]
    pub residence: Place,
    /// The hamlet there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hamlet: Option<String>,
    /// The register's answer, if it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<RegisterAnswer>,
    /// Its injections.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doses: Vec<NewDose>,
    /// Its cluster of duplicates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
}

/// An injection of a new record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDose {
    /// Its id.
    pub id: DoseId,
    /// The facts.
    pub facts: DoseFacts,
    /// What the rules found.
    #[serde(default)]
    pub check: DoseCheck,
}

/// What happened to a person's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The record was opened.
    Registered(Box<Registration>),
    /// The register was asked.
    Sent(Asked),
    /// The register answered.
    Answered {
        /// Id of the question; `None` when the answer came with the import.
        request: Option<String>,
        /// The answer.
        answer: RegisterAnswer,
    },
    /// The answer no longer counts.
    Aged,
    /// Who it is changed.
    IdentityChanged {
        /// What was recorded before.
        before: Person,
        /// What is recorded now.
        after: Person,
        /// Why it may.
        evidence: IdentityEvidence,
    },
    /// Phone or e-mail changed.
    ContactChanged {
        /// Before.
        before: Contact,
        /// After.
        after: Contact,
    },
    /// The person lives elsewhere.
    Moved {
        /// Before.
        before: Place,
        /// After.
        after: Place,
        /// The hamlet now.
        hamlet: Option<String>,
    },
    /// An injection was entered.
    DoseEntered {
        /// Its id.
        dose: DoseId,
        /// The facts.
        facts: DoseFacts,
        /// What the rules found.
        check: DoseCheck,
        /// Not on the day of the injection.
        late: bool,
    },
    /// An injection was corrected; a signature that stood over it no longer does.
    DoseCorrected {
        /// Its id.
        dose: DoseId,
        /// The facts before.
        before: DoseFacts,
        /// The facts now.
        after: DoseFacts,
        /// What the rules found.
        check: DoseCheck,
    },
    /// An injection was taken back.
    DoseRetracted {
        /// Its id.
        dose: DoseId,
    },
    /// The rules ran again.
    DoseChecked {
        /// Its id.
        dose: DoseId,
        /// What they found.
        check: DoseCheck,
    },
    /// What a rule found was overridden.
    FindingOverridden {
        /// The dose.
        dose: DoseId,
        /// The rule.
        rule: String,
    },
    /// A suspected duplicate was judged.
    DuplicateJudged {
        /// Its id.
        dose: DoseId,
        /// Superseded by the other.
        same: bool,
    },
    /// A dose went on or back in its procedure.
    DoseBecame {
        /// Its id.
        dose: DoseId,
        /// The new state.
        state: DoseState,
    },
    /// A facility vouched.
    Signed {
        /// What for.
        content: SignedContent,
        /// The signature.
        signature: Signature,
        /// Injected and signed on one day, in Vietnam.
        same_day: bool,
    },
    /// A signature no longer stands: the doses begin anew.
    SignatureWithdrawn {
        /// Whose.
        facility: FacilityCode,
        /// The doses.
        doses: Vec<DoseId>,
    },
    /// All conditions of a passport are met.
    PassportQueued,
    /// A condition is no longer met.
    PassportBlocked {
        /// Which.
        why: WhyNone,
    },
    /// The ministry signed.
    PassportIssued(Certificate),
    /// The holder can get it.
    PassportDelivered,
    /// The renewal window is open.
    PassportExpiring,
    /// A new code.
    PassportRenewed(Certificate),
    /// Its time is over.
    PassportExpired,
    /// It was withdrawn.
    PassportRevoked {
        /// Why.
        cause: RevocationCause,
    },
    /// Linkage found somebody in the register, or nobody.
    Suggested {
        /// Whom.
        suggestion: Option<Suggestion>,
    },
    /// The record joined a cluster.
    Linked {
        /// The cluster.
        cluster: String,
    },
    /// The record left its cluster.
    Unlinked {
        /// The cluster.
        cluster: String,
    },
    /// Feedback about this record came in.
    FeedbackOpened {
        /// Its id.
        feedback: String,
    },
    /// Feedback about this record is done.
    FeedbackClosed {
        /// Its id.
        feedback: String,
    },
    /// The person is protected.
    Sealed,
    /// The protection ended.
    Unsealed,
    /// A bulk act was undone.
    Undone {
        /// The bulk act.
        of: String,
        /// The record as it was before, and is again; `None` when the bulk act opened it, and it is taken back.
        before: Option<Box<Subject>>,
    },
}

impl Procedure for Subject {
    const KIND: Kind = Kind::Subject;
    type Command = Command;
    type Event = Event;

    fn decide(state: Option<&Self>, command: &Command, act: &Act) -> Result<Vec<Event>, Refusal> {
        let events = match (state, &command.action) {
            (None, Action::Register(new)) => vec![Event::Registered(Box::new(new.clone()))],
            (None, _) => return Err(UNKNOWN.refusal()),
            (Some(subject), Action::Register(new)) if subject.taken_back => {
                vec![Event::Registered(Box::new(new.clone()))]
            }
            (Some(subject), _) if subject.taken_back => return Err(UNKNOWN.refusal()),
            (Some(_), Action::Register(_)) => return Err(ALREADY_REGISTERED.refusal()),
            (Some(subject), action) => subject.answer_to(action, &command.policy, act)?,
        };
        // What follows from a record as it was before followed when it became so.
        if events.is_empty() || matches!(command.action, Action::Undo { .. }) {
            return Ok(events);
        }
        Ok(with_consequences(
            state.cloned(),
            events,
            &command.policy,
            act,
        ))
    }

    fn apply(state: Option<Self>, event: &Event, act: &Act) -> Option<Self> {
        match (state, event) {
            (None, Event::Registered(new)) => Some(Self::open(new, act)),
            (Some(subject), Event::Registered(new)) if subject.taken_back => {
                Some(Self::open(new, act))
            }
            (None, _) | (Some(_), Event::Registered(_)) => None,
            (Some(mut subject), event) => subject.take(event, act).then_some(subject),
        }
    }

    fn tasks(&self) -> Vec<Task> {
        if self.sealed || self.taken_back {
            return Vec::new();
        }
        let mut tasks: Vec<Task> = self.identity_task().into_iter().collect();
        tasks.extend(
            self.facilities()
                .map(|(facility, place)| self.signing_task(facility, place)),
        );
        tasks.extend(self.passport.task());
        tasks
    }

    fn reminders(&self) -> Vec<Reminder> {
        if self.taken_back {
            return Vec::new();
        }
        self.passport.reminders()
    }

    /// A protected person is found too: whoever may not see the record is told that there is none.
    fn keys(&self) -> Vec<String> {
        if self.taken_back {
            return Vec::new();
        }
        let Person {
            full_name,
            birth_date,
            number,
            ..
        } = &self.person;
        let mut keys: Vec<String> = self
            .open_feedback
            .iter()
            .map(|id| lookup::feedback(id))
            .collect();
        keys.extend(number.as_deref().and_then(lookup::number));
        keys.extend(lookup::person(full_name, birth_date));
        keys.extend(self.contact.phone.as_deref().and_then(lookup::phone));
        keys.extend(self.cluster.as_deref().map(lookup::cluster));
        keys.push(lookup::residence(self.residence));
        keys
    }
}

/// Adds what follows from the events by itself: doses that go on or back, and the passport that follows the record.
fn with_consequences(
    before: Option<Subject>,
    mut events: Vec<Event>,
    policy: &Policy,
    act: &Act,
) -> Vec<Event> {
    let mut state = before;
    for event in &events {
        state = Subject::apply(state, event, act);
    }
    let Some(mut subject) = state else {
        return events;
    };
    let follow = |subject: &mut Subject, event: Event, events: &mut Vec<Event>| {
        if subject.take(&event, act) {
            events.push(event);
        }
    };
    for event in subject.dose_consequences() {
        follow(&mut subject, event, &mut events);
    }
    while let Some(event) = subject.passport_consequence(policy, act.at) {
        follow(&mut subject, event, &mut events);
    }
    events
}

impl Subject {
    fn open(new: &Registration, act: &Act) -> Self {
        let mut subject = Self {
            identity: new.person.intake(),
            person: new.person.clone(),
            identity_version: 1,
            differing: Vec::new(),
            answered_at: None,
            asked: None,
            contact: new.contact.clone(),
            residence: new.residence,
            hamlet: new.hamlet.clone(),
            doses: BTreeMap::new(),
            passport: Passport::default(),
            suggestion: None,
            cluster: new.cluster.clone(),
            open_feedback: BTreeSet::new(),
            sealed: false,
            taken_back: false,
        };
        if let Some(answer) = new
            .answer
            .as_ref()
            .filter(|_| subject.identity == SubjectIdentity::NotSent)
        {
            subject.set_answer(answer, act.at);
        }
        for dose in &new.doses {
            let entered = Dose::entered(dose.facts.clone(), dose.check.clone(), act);
            subject.doses.insert(dose.id.clone(), entered);
        }
        subject
    }

    /// What an action leads to, before its consequences.
    fn answer_to(
        &self,
        action: &Action,
        policy: &Policy,
        act: &Act,
    ) -> Result<Vec<Event>, Refusal> {
        match action {
            Action::Register(_) => Err(ALREADY_REGISTERED.refusal()),
            Action::Undo { of, before } => self.undo(of, before.as_deref(), act),
            Action::Send { .. }
            | Action::Answer { .. }
            | Action::Age
            | Action::ChangeIdentity { .. } => self.decide_identity(action, act),
            Action::ChangeContact(contact) => Ok(self.change_contact(contact)),
            Action::Move { residence, hamlet } => Ok(self.move_to(*residence, hamlet.as_ref())),
            Action::EnterDose { .. }
            | Action::CorrectDose { .. }
            | Action::RetractDose { .. }
            | Action::CheckDose { .. }
            | Action::OverrideFinding { .. }
            | Action::JudgeDuplicate { .. } => self.decide_dose(action, act),
            Action::Sign { content, signature } => self.sign(content, signature, act),
            Action::Withdraw { facility } => self.withdraw(facility, act),
            Action::Issue(_)
            | Action::Deliver
            | Action::Clock
            | Action::Renew(_)
            | Action::Revoke => self.decide_passport(action, policy, act),
            Action::Link {
                cluster,
                verified_numbers,
            } => self.link(cluster, verified_numbers),
            Action::Unlink => self.unlink(),
            Action::Suggest(suggestion) => Ok(self.suggest(suggestion.as_ref())),
            Action::OpenFeedback(id) => {
                let event = Event::FeedbackOpened {
                    feedback: id.clone(),
                };
                Ok(if self.open_feedback.contains(id) {
                    Vec::new()
                } else {
                    vec![event]
                })
            }
            Action::CloseFeedback(id) => {
                let event = Event::FeedbackClosed {
                    feedback: id.clone(),
                };
                Ok(if self.open_feedback.contains(id) {
                    vec![event]
                } else {
                    Vec::new()
                })
            }
            Action::Seal => Ok(if self.sealed {
                Vec::new()
            } else {
                vec![Event::Sealed]
            }),
            Action::Unseal => Ok(if self.sealed {
                vec![Event::Unsealed]
            } else {
                Vec::new()
            }),
        }
    }

    fn change_contact(&self, contact: &Contact) -> Vec<Event> {
        if *contact == self.contact {
            return Vec::new();
        }
        vec![Event::ContactChanged {
            before: self.contact.clone(),
            after: contact.clone(),
        }]
    }

    fn move_to(&self, residence: Place, hamlet: Option<&String>) -> Vec<Event> {
        if residence == self.residence && hamlet == self.hamlet.as_ref() {
            return Vec::new();
        }
        vec![Event::Moved {
            before: self.residence,
            after: residence,
            hamlet: hamlet.cloned(),
        }]
    }

    fn link(&self, cluster: &str, verified_numbers: &[String]) -> Result<Vec<Event>, Refusal> {
        match &self.cluster {
            Some(mine) if mine == cluster => return Ok(Vec::new()),
            Some(_) => return Err(ALREADY_LINKED.refusal()),
            None => {}
        }
        let own = self
            .person
            .number
            .as_ref()
            .filter(|_| self.identity == SubjectIdentity::True);
        let other_person =
            own.is_some_and(|own| verified_numbers.iter().any(|number| number != own));
        let mut numbers = verified_numbers.iter();
        let first = numbers.next();
        let two_persons = numbers.any(|number| Some(number) != first);
        OTHER_PERSON.unless(!other_person && !two_persons)?;
        Ok(vec![Event::Linked {
            cluster: cluster.to_owned(),
        }])
    }

    /// Nobody is suggested for whom the register confirmed.
    fn suggest(&self, suggestion: Option<&Suggestion>) -> Vec<Event> {
        let settled = self.identity == SubjectIdentity::True;
        let suggestion = suggestion.filter(|_| !settled).cloned();
        if suggestion == self.suggestion {
            return Vec::new();
        }
        vec![Event::Suggested { suggestion }]
    }

    fn unlink(&self) -> Result<Vec<Event>, Refusal> {
        let cluster = self.cluster.clone().ok_or_else(|| NOT_LINKED.refusal())?;
        Ok(vec![Event::Unlinked { cluster }])
    }

    /// A certificate that was withdrawn or replaced meanwhile is out in the world: no undo makes it count again, or unmade.
    fn undo(&self, of: &str, before: Option<&Subject>, act: &Act) -> Result<Vec<Event>, Refusal> {
        UNDO_BY_PLATFORM.unless(act.by.is_system())?;
        let certified = |subject: &Subject| {
            let passport = &subject.passport;
            let ever = passport.certificate.is_some() || !passport.earlier.is_empty();
            ever.then(|| passport.clone())
        };
        let then = before.and_then(certified);
        UNDO_PASSPORT.unless(then == certified(self))?;
        Ok(vec![Event::Undone {
            of: of.to_owned(),
            before: before.cloned().map(Box::new),
        }])
    }

    /// Takes an event; `false` when it can't stand here.
    fn take(&mut self, event: &Event, act: &Act) -> bool {
        if matches!(
            event,
            Event::IdentityChanged { .. } | Event::DoseCorrected { .. }
        ) {
            self.passport.withheld = false;
        }
        match event {
            Event::Registered(_) => return false,
            Event::Sent(_)
            | Event::Answered { .. }
            | Event::Aged
            | Event::IdentityChanged { .. } => {
                return self.take_identity(event, act);
            }
            Event::ContactChanged { after, .. } => self.contact = after.clone(),
            Event::Moved { after, hamlet, .. } => {
                self.residence = *after;
                self.hamlet.clone_from(hamlet);
            }
            Event::DoseEntered { .. }
            | Event::DoseCorrected { .. }
            | Event::DoseRetracted { .. }
            | Event::DoseChecked { .. }
            | Event::FindingOverridden { .. }
            | Event::DuplicateJudged { .. }
            | Event::DoseBecame { .. }
            | Event::Signed { .. }
            | Event::SignatureWithdrawn { .. } => return self.take_dose(event, act),
            Event::PassportQueued
            | Event::PassportBlocked { .. }
            | Event::PassportIssued(_)
            | Event::PassportDelivered
            | Event::PassportExpiring
            | Event::PassportRenewed(_)
            | Event::PassportExpired
            | Event::PassportRevoked { .. } => return self.passport.take(event),
            Event::Suggested { suggestion } => self.suggestion.clone_from(suggestion),
            Event::Linked { cluster } => self.cluster = Some(cluster.clone()),
            Event::Unlinked { .. } => self.cluster = None,
            Event::FeedbackOpened { feedback } => {
                return self.open_feedback.insert(feedback.clone());
            }
            Event::FeedbackClosed { feedback } => return self.open_feedback.remove(feedback),
            Event::Sealed => self.sealed = true,
            Event::Unsealed => self.sealed = false,
            Event::Undone {
                before: Some(before),
                ..
            } => *self = Self::clone(before),
            Event::Undone { before: None, .. } => self.taken_back = true,
        }
        true
    }

    /// Who has to look after the identity: the station where the person lives; where that is unknown, whoever injected.
    fn identity_task(&self) -> Option<Task> {
        let done = matches!(
            self.identity,
            SubjectIdentity::True | SubjectIdentity::ForeignerExempt
        );
        if done {
            return None;
        }
        let injected_at = || {
            self.facilities()
                .next()
                .map(|(facility, place)| (Unit::Facility(facility), place))
        };
        let (desk, place) = Unit::station_of(self.residence)
            .map(|station| (station, self.residence))
            .or_else(injected_at)
            .unwrap_or((Unit::Ministry, Place::default()));
        Some(Task {
            queue: Queue::Identity,
            desk,
            place,
            state: self.identity.as_str().to_owned(),
            due: None,
            open: self.identity != SubjectIdentity::Pending,
        })
    }

    /// What stands between this facility's doses and its signature.
    fn signing_task(&self, facility: FacilityCode, place: Place) -> Task {
        let state = self.signing_state(&facility);
        Task {
            queue: Queue::Signing,
            desk: Unit::Facility(facility),
            place,
            state: state.to_owned(),
            due: None,
            open: !matches!(state, "FACILITY_SIGNED" | "PASSPORT_ISSUED" | "PENDING"),
        }
    }

    fn signing_state(&self, facility: &FacilityCode) -> &'static str {
        let of_facility =
            |dose: &&Dose| dose.facts.facility.as_ref() == Some(facility) && dose.counts();
        let states: BTreeSet<DoseState> = self
            .doses
            .values()
            .filter(of_facility)
            .map(|dose| dose.state)
            .collect();
        let signed = states
            .iter()
            .all(|state| *state == DoseState::FacilitySigned);
        if signed
            && matches!(
                self.passport.state,
                PassportState::CentralSigned | PassportState::Delivered
            )
        {
            return "PASSPORT_ISSUED";
        }
        if signed {
            return DoseState::FacilitySigned.as_str();
        }
        if states.contains(&DoseState::DuplicateSuspect) {
            return DoseState::DuplicateSuspect.as_str();
        }
        if !self.identity_vouches() {
            return self.identity.as_str();
        }
        if states.contains(&DoseState::Eligible) {
            return DoseState::Eligible.as_str();
        }
        DoseState::Entered.as_str()
    }

    /// The facilities whose doses stand in the record, each once, with their places.
    fn facilities(&self) -> impl Iterator<Item = (FacilityCode, Place)> {
        let doses = self.doses.values().filter(|dose| dose.counts());
        let by_code: BTreeMap<FacilityCode, Place> = doses
            .filter_map(|dose| Some((dose.facts.facility.clone()?, dose.facts.facility_place)))
            .collect();
        by_code.into_iter()
    }
}
