//! One row of a cleaning list on its way: hamlet, police, signature, station, register (process, 7.2).
//!
//! No value reaches a record that the police did not sign, over the very identity that they looked at: a row whose subject changed
//! meanwhile goes back to review. Who proposed a value does not confirm it.

use registry::area::Place;
use registry::status::{CleaningItem, ErrorCategory};
use serde::{Deserialize, Serialize};

use super::{
    CampaignRef, EXISTS, NO_VALUES, NOT_ASKED, NOT_CONFIRMED, NOT_NOW, NOT_SIGNED, NOT_YOUR_DESK,
    ONE_BY_ONE, OUTCOME_UNFIT, PROOF_MISSING, ROW_CHANGED, Row, SAME_CAMPAIGN, SAME_PERSON,
    SYSTEM_ONLY, Snapshot, UNKNOWN, WHY_MISSING, police_of, station_of,
};
use crate::subject::person::{IdentityChange, RegisterAnswer};
use crate::{
    AccountId, Act, Kind, Procedure, Queue, Reason, RecordId, Refusal, Task, Unit, lookup,
};

/// A row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// How it was listed last.
    pub listing: Listing,
    /// Where it stands.
    pub state: CleaningItem,
    /// What the hamlet found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
    /// What the police want to know of the hamlet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// What the police confirm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Confirmation>,
    /// What the police changed in the population database itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register_note: Option<String>,
    /// The signed list that carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<SignedIn>,
    /// The check that waits for the register's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Why it was closed without a result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unresolved: Option<Unresolved>,
}

/// How a row is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Its own id.
    pub item: RecordId,
    /// The list.
    pub list: RecordId,
    /// The campaign.
    pub campaign: CampaignRef,
    /// Whose identity.
    pub subject: RecordId,
    /// Why.
    pub category: ErrorCategory,
    /// The identity that everybody looks at.
    pub base: Snapshot,
    /// Where the person lives.
    pub place: Place,
    /// The hamlet there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hamlet: Option<String>,
}

/// What the hamlet found, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// What.
    pub outcome: HamletOutcome,
    /// Who.
    pub by: AccountId,
}

/// What the hamlet found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum HamletOutcome {
    /// The right values.
    Corrected {
        /// Which.
        values: IdentityChange,
        /// The paper that proves them.
        evidence: String,
    },
    /// Nobody knows such a person.
    NotFound,
    /// Lives elsewhere.
    Moved {
        /// Where: the commune that lists the person next.
        to: Place,
    },
    /// Has died.
    Dead,
    /// Will not say.
    Refuses,
    /// The same person as another record.
    DuplicateOf {
        /// Which.
        subject: RecordId,
    },
}

/// What the police confirm, and who did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The values; none when the record is right as it stands.
    pub values: IdentityChange,
    /// Who.
    pub by: AccountId,
}

/// The signed list that carries a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The list.
    pub list: RecordId,
    /// The hash of its rows.
    pub content_sha256: String,
}

/// Why a row was closed without a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Unresolved {
    /// What the hamlet found.
    Hamlet(HamletOutcome),
    /// The police can't confirm any value.
    PoliceCannotConfirm {
        /// Why.
        why: String,
    },
    /// The register can't tell.
    RegisterCannotTell,
}

/// How a row is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Applying {
    /// With others, from a file.
    Bulk,
    /// Alone, by somebody who looks at it.
    Single,
}

/// What may be asked of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// List it: for the first time, or again by a later campaign.
    List(Box<Listing>),
    /// The next version of its list carries it.
    CarryOver {
        /// That version.
        list: RecordId,
    },
    /// The station hands it to the hamlet.
    HandOut,
    /// What the hamlet found; the station types it in where the hamlet works on paper.
    Review(HamletOutcome),
    /// The police confirm values.
    Confirm {
        /// The values; none when the record is right as it stands.
        values: IdentityChange,
    },
    /// The police note what they changed in the population database itself.
    NoteRegister {
        /// What.
        note: String,
    },
    /// The police ask the hamlet.
    AskBack {
        /// What.
        question: String,
    },
    /// The police can't confirm any value.
    CannotConfirm {
        /// Why.
        why: String,
    },
    /// The police signed the list that carries it.
    Sign {
        /// The list.
        list: RecordId,
        /// The hash of its rows.
        content_sha256: String,
        /// This row, as signed.
        row: Row,
    },
    /// The station applies it.
    Apply {
        /// The subject now.
        now: Snapshot,
        /// How.
        how: Applying,
    },
    /// It was sent to the register again.
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
        /// The subject now.
        now: Snapshot,
    },
}

/// What happened to a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// It was listed, for the first time or again.
    Listed(Box<Listing>),
    /// Another version of the list carries it.
    CarriedOver {
        /// That version.
        list: RecordId,
    },
    /// The hamlet has it.
    HandedOut,
    /// The hamlet said what it found.
    Reviewed(Proposal),
    /// The police confirmed.
    Confirmed(Confirmation),
    /// The police changed the population database.
    RegisterNoted {
        /// What.
        note: String,
    },
    /// The police asked the hamlet.
    AskedBack {
        /// What.
        question: String,
    },
    /// The police can't confirm.
    NotConfirmed {
        /// Why.
        why: String,
    },
    /// The police signed.
    RowSigned(SignedIn),
    /// The subject changed since: the row is looked at anew.
    ReturnedStale {
        /// The subject now.
        now: Snapshot,
    },
    /// The station applied it.
    Applied {
        /// How.
        how: Applying,
        /// What the subject must say now.
        values: IdentityChange,
    },
    /// It was sent to the register.
    RecheckSent {
        /// Id of the question.
        request: String,
    },
    /// The register answered.
    Rechecked {
        /// Id of the question.
        request: String,
        /// The answer.
        answer: RegisterAnswer,
        /// The subject now.
        now: Snapshot,
    },
}

impl Procedure for Item {
    const KIND: Kind = Kind::CleaningItem;
    type Command = Command;
    type Event = Event;

    fn decide(state: Option<&Self>, command: &Command, act: &Act) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (None, Command::List(listing)) => {
                listing.check(act)?;
                Ok(vec![Event::Listed(listing.clone())])
            }
            (None, _) => Err(UNKNOWN.refusal()),
            (Some(item), command) => item.answer_to(command, act).map(|event| vec![event]),
        }
    }

    fn apply(state: Option<Self>, event: &Event, _act: &Act) -> Option<Self> {
        match (state, event) {
            (None, Event::Listed(listing)) => Some(Self::listed(listing)),
            (None, _) => None,
            (Some(item), Event::Listed(listing)) => item
                .state
                .can_become(CleaningItem::Listed)
                .then(|| Self::listed(listing)),
            (Some(mut item), event) => item.take(event).then_some(item),
        }
    }

    fn tasks(&self) -> Vec<Task> {
        let desk = self.desk().map(|desk| Task {
            queue: Queue::Cleaning,
            desk,
            place: self.listing.place,
            state: self.state.as_str().to_owned(),
            due: None,
            open: self.is_open(),
        });
        desk.into_iter().collect()
    }

    fn keys(&self) -> Vec<String> {
        vec![
            lookup::list(&self.listing.list),
            lookup::subject(&self.listing.subject),
        ]
    }
}

impl Listing {
    fn check(&self, act: &Act) -> Result<(), Refusal> {
        let station = station_of(self.place)?;
        police_of(self.place)?;
        NOT_YOUR_DESK.unless(act.by.unit() == Some(&station) || act.by.is_system())
    }
}

/// What follows from the state alone.
impl Item {
    fn listed(listing: &Listing) -> Self {
        Self {
            listing: listing.clone(),
            state: CleaningItem::Listed,
            proposal: None,
            question: None,
            confirmed: None,
            register_note: None,
            signed: None,
            request: None,
            unresolved: None,
        }
    }

    /// True while somebody has to act, or the register has to answer.
    pub fn is_open(&self) -> bool {
        !matches!(
            self.state,
            CleaningItem::Resolved | CleaningItem::Unresolved
        )
    }

    /// The row as the police sign it; `None` before they confirm.
    pub fn row(&self) -> Option<Row> {
        let confirmed = self.confirmed.as_ref()?;
        Some(Row {
            item: self.listing.item.clone(),
            subject: self.listing.subject.clone(),
            revision: self.listing.base.revision,
            category: self.listing.category,
            values: confirmed.values.clone(),
        })
    }

    fn station(&self) -> Option<Unit> {
        station_of(self.listing.place).ok()
    }

    /// The hamlet team, or the station where no hamlet is known.
    fn reviewer(&self) -> Option<Unit> {
        let hamlet = self
            .listing
            .hamlet
            .as_deref()
            .map(str::trim)
            .filter(|name| !name.is_empty());
        match (self.station()?, hamlet) {
            (Unit::Commune(commune), Some(name)) => Some(Unit::Hamlet(commune, name.to_owned())),
            (station, _) => Some(station),
        }
    }

    fn desk(&self) -> Option<Unit> {
        match self.state {
            CleaningItem::HamletReview => self.reviewer(),
            CleaningItem::PoliceCheck => police_of(self.listing.place).ok(),
            CleaningItem::Listed
            | CleaningItem::PoliceSigned
            | CleaningItem::TytUpdated
            | CleaningItem::Recheck
            | CleaningItem::Resolved
            | CleaningItem::Unresolved => self.station(),
        }
    }
}

/// What commands lead to.
impl Item {
    fn answer_to(&self, command: &Command, act: &Act) -> Result<Event, Refusal> {
        match command {
            Command::List(listing) => self.list_again(listing, act),
            Command::CarryOver { list } => self.carry_over(list, act),
            Command::HandOut => self.hand_out(act),
            Command::Review(outcome) => self.review(outcome, act),
            Command::Confirm { values } => self.confirm(values, act),
            Command::NoteRegister { note } => {
                self.police(act)?;
                NOT_NOW.unless(self.is_open())?;
                said(note, &WHY_MISSING).map(|note| Event::RegisterNoted { note })
            }
            Command::AskBack { question } => {
                self.police(act)?;
                self.in_state(CleaningItem::PoliceCheck)?;
                said(question, &WHY_MISSING).map(|question| Event::AskedBack { question })
            }
            Command::CannotConfirm { why } => {
                self.police(act)?;
                self.in_state(CleaningItem::PoliceCheck)?;
                said(why, &WHY_MISSING).map(|why| Event::NotConfirmed { why })
            }
            Command::Sign {
                list,
                content_sha256,
                row,
            } => self.sign(list, content_sha256, row, act),
            Command::Apply { now, how } => self.apply_row(now, *how, act),
            Command::Send { request } => {
                SYSTEM_ONLY.unless(act.by.is_system())?;
                self.in_state(CleaningItem::TytUpdated)?;
                Ok(Event::RecheckSent {
                    request: request.clone(),
                })
            }
            Command::Answer {
                request,
                answer,
                now,
            } => {
                SYSTEM_ONLY.unless(act.by.is_system())?;
                self.in_state(CleaningItem::Recheck)?;
                NOT_ASKED.unless(self.request.as_ref() == Some(request))?;
                Ok(Event::Rechecked {
                    request: request.clone(),
                    answer: answer.clone(),
                    now: now.clone(),
                })
            }
        }
    }

    fn in_state(&self, state: CleaningItem) -> Result<(), Refusal> {
        if self.state == state {
            return Ok(());
        }
        let needed = format!("{}, not {}", self.state.as_str(), state.as_str());
        Err(NOT_NOW.because(needed))
    }

    fn police<'a>(&self, act: &'a Act) -> Result<&'a AccountId, Refusal> {
        let at_desk = act.by.unit() == police_of(self.listing.place).ok().as_ref();
        act.by
            .account()
            .filter(|_| at_desk)
            .ok_or_else(|| NOT_YOUR_DESK.refusal())
    }

    fn at_station(&self, act: &Act) -> Result<(), Refusal> {
        let unit = act.by.unit();
        NOT_YOUR_DESK.unless(unit.is_some() && unit == self.station().as_ref())
    }

    fn list_again(&self, listing: &Listing, act: &Act) -> Result<Event, Refusal> {
        listing.check(act)?;
        EXISTS.unless(self.state.can_become(CleaningItem::Listed))?;
        let same = listing.item == self.listing.item && listing.subject == self.listing.subject;
        ROW_CHANGED.unless(same)?;
        SAME_CAMPAIGN.unless(listing.campaign.begins > self.listing.campaign.begins)?;
        Ok(Event::Listed(Box::new(listing.clone())))
    }

    fn carry_over(&self, list: &RecordId, act: &Act) -> Result<Event, Refusal> {
        if !act.by.is_system() {
            self.at_station(act)?;
        }
        let unsigned = matches!(
            self.state,
            CleaningItem::Listed | CleaningItem::HamletReview | CleaningItem::PoliceCheck
        );
        NOT_NOW.unless(unsigned)?;
        EXISTS.unless(*list != self.listing.list)?;
        Ok(Event::CarriedOver { list: list.clone() })
    }

    fn hand_out(&self, act: &Act) -> Result<Event, Refusal> {
        self.at_station(act)?;
        self.in_state(CleaningItem::Listed)?;
        Ok(Event::HandedOut)
    }

    fn review(&self, outcome: &HamletOutcome, act: &Act) -> Result<Event, Refusal> {
        let unit = act.by.unit();
        let at_desk =
            unit.is_some() && (unit == self.reviewer().as_ref() || unit == self.station().as_ref());
        let by = act
            .by
            .account()
            .filter(|_| at_desk)
            .ok_or_else(|| NOT_YOUR_DESK.refusal())?;
        self.in_state(CleaningItem::HamletReview)?;
        match outcome {
            HamletOutcome::Corrected { values, evidence } => {
                NO_VALUES.unless(*values != IdentityChange::default())?;
                values.check()?;
                said(evidence, &PROOF_MISSING)?;
            }
            HamletOutcome::Moved { to } => {
                let elsewhere = *to != self.listing.place && *to != Place::default();
                OUTCOME_UNFIT.unless(elsewhere)?;
            }
            HamletOutcome::DuplicateOf { subject } => {
                OUTCOME_UNFIT.unless(*subject != self.listing.subject)?;
            }
            HamletOutcome::NotFound | HamletOutcome::Dead | HamletOutcome::Refuses => {}
        }
        Ok(Event::Reviewed(Proposal {
            outcome: outcome.clone(),
            by: by.clone(),
        }))
    }

    fn confirm(&self, values: &IdentityChange, act: &Act) -> Result<Event, Refusal> {
        let by = self.police(act)?;
        self.in_state(CleaningItem::PoliceCheck)?;
        let proposer = self.proposal.as_ref().map(|proposal| &proposal.by);
        SAME_PERSON.unless(proposer != Some(by))?;
        values.check()?;
        Ok(Event::Confirmed(Confirmation {
            values: values.clone(),
            by: by.clone(),
        }))
    }

    fn sign(
        &self,
        list: &RecordId,
        content_sha256: &str,
        row: &Row,
        act: &Act,
    ) -> Result<Event, Refusal> {
        self.police(act)?;
        self.in_state(CleaningItem::PoliceCheck)?;
        let mine = self.row().ok_or_else(|| NOT_CONFIRMED.refusal())?;
        ROW_CHANGED.unless(*row == mine && *list == self.listing.list)?;
        Ok(Event::RowSigned(SignedIn {
            list: list.clone(),
            content_sha256: content_sha256.to_owned(),
        }))
    }

    fn apply_row(&self, now: &Snapshot, how: Applying, act: &Act) -> Result<Event, Refusal> {
        self.at_station(act)?;
        NOT_SIGNED.unless(self.signed.is_some())?;
        self.in_state(CleaningItem::PoliceSigned)?;
        if now.revision != self.listing.base.revision {
            return Ok(Event::ReturnedStale { now: now.clone() });
        }
        let bulk_e3 = how == Applying::Bulk && self.listing.category == ErrorCategory::E3;
        ONE_BY_ONE.unless(!bulk_e3)?;
        let confirmed = self
            .confirmed
            .as_ref()
            .ok_or_else(|| NOT_CONFIRMED.refusal())?;
        Ok(Event::Applied {
            how,
            values: confirmed.values.clone(),
        })
    }
}

/// The text, if it says anything.
fn said(text: &str, otherwise: &'static Reason) -> Result<String, Refusal> {
    let text = text.trim();
    otherwise.unless(!text.is_empty())?;
    Ok(text.to_owned())
}

/// What events do.
impl Item {
    /// False when the event can't stand here.
    fn take(&mut self, event: &Event) -> bool {
        match event {
            Event::Listed(_) => false,
            Event::CarriedOver { list } => {
                self.listing.list = list.clone();
                true
            }
            Event::HandedOut => self.become_state(CleaningItem::HamletReview),
            Event::Reviewed(proposal) => {
                self.question = None;
                self.proposal = Some(proposal.clone());
                match &proposal.outcome {
                    HamletOutcome::Corrected { .. } => self.become_state(CleaningItem::PoliceCheck),
                    other => self.close(Unresolved::Hamlet(other.clone())),
                }
            }
            Event::Confirmed(confirmation) => {
                self.confirmed = Some(confirmation.clone());
                self.state == CleaningItem::PoliceCheck
            }
            Event::RegisterNoted { note } => {
                self.register_note = Some(note.clone());
                true
            }
            Event::AskedBack { question } => {
                self.question = Some(question.clone());
                self.confirmed = None;
                self.become_state(CleaningItem::HamletReview)
            }
            Event::NotConfirmed { why } => {
                self.confirmed = None;
                self.close(Unresolved::PoliceCannotConfirm { why: why.clone() })
            }
            Event::RowSigned(signed) => {
                self.signed = Some(signed.clone());
                self.become_state(CleaningItem::PoliceSigned)
            }
            Event::ReturnedStale { now } => {
                self.look_anew(now);
                self.become_state(CleaningItem::HamletReview)
            }
            Event::Applied { .. } => self.become_state(CleaningItem::TytUpdated),
            Event::RecheckSent { request } => {
                self.request = Some(request.clone());
                self.become_state(CleaningItem::Recheck)
            }
            Event::Rechecked { answer, now, .. } => {
                self.request = None;
                self.take_answer(answer, now)
            }
        }
    }

    fn take_answer(&mut self, answer: &RegisterAnswer, now: &Snapshot) -> bool {
        match answer {
            RegisterAnswer::True => self.become_state(CleaningItem::Resolved),
            RegisterAnswer::False { .. } => {
                self.look_anew(now);
                self.become_state(CleaningItem::PoliceCheck)
            }
            RegisterAnswer::Unverifiable => self.close(Unresolved::RegisterCannotTell),
        }
    }

    /// What was confirmed and signed was about another identity.
    fn look_anew(&mut self, now: &Snapshot) {
        self.listing.base = now.clone();
        self.confirmed = None;
        self.signed = None;
    }

    fn close(&mut self, why: Unresolved) -> bool {
        self.unresolved = Some(why);
        self.become_state(CleaningItem::Unresolved)
    }

    fn become_state(&mut self, state: CleaningItem) -> bool {
        let allowed = self.state.can_become(state);
        self.state = state;
        allowed
    }
}

#[cfg(test)]
mod tests;
