//! A citizen's feedback: recorded, routed, decided within 48 hours, and answered in words that the citizen can read (9458; process, 5.4
//! and 7.5).
//!
//! The clock starts at the moment of recording and stops for nothing, neither weekend nor postponement. It warns the desk and escalates
//! to the level above once each: the state remembers that it did, so that neither a restart nor a clock set back repeats it. Overdue is a
//! flag with an owner beside the state; it never ends the work. Feedback that is re-opened is recorded anew, with a clock of its own.

mod reasons;
pub mod rejection;
pub mod submission;
#[cfg(test)]
mod tests;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use registry::area::Place;
use registry::status::FeedbackState;
use serde::{Deserialize, Serialize};

use crate::calendar::{day_in_vietnam, first_moment};
use crate::routing::{self, Delegations};
use crate::{
    AccountId, Act, Actor, Kind, Procedure, Queue, RecordId, Refusal, Reminder, Task, Unit, lookup,
    rights,
};
use rejection::Rejection;
use submission::Submission;

pub use reasons::*;

/// The time and the sizes allowed, by the policy in force when the feedback is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The head of the desk is warned after so many hours.
    pub warn_hours: u16,
    /// It is overdue after so many hours.
    pub due_hours: u16,
    /// The largest attachment in bytes.
    pub attachment_bytes: u64,
}

/// A citizen's feedback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// What the citizen sent.
    pub submission: Submission,
    /// Where it stands.
    pub state: FeedbackState,
    /// The unit responsible, and the place that its area is measured by; `None` before it is routed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk: Option<Desk>,
    /// Units that had it before, the first one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_desks: Vec<Unit>,
    /// The one officer who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<AccountId>,
    /// The time that it has.
    pub clock: Clock,
    /// The last decision, with the text that the citizen sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// How it was made good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<Correction>,
    /// The citizen was not content and had it opened again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reopened: bool,
    /// Feedback that the citizen sent after this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later: Vec<RecordId>,
}

/// Who is responsible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    /// The unit.
    pub unit: Unit,
    /// Where it stands.
    #[serde(default)]
    pub place: Place,
}

/// The time that feedback has, and what the clock has done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The moment of recording.
    pub started_at: Timestamp,
    /// When the head of the desk is warned.
    pub warn_at: Timestamp,
    /// When it is overdue.
    pub due_at: Timestamp,
    /// The warning went out.
    #[serde(default)]
    pub warned: bool,
    /// The escalation went out.
    #[serde(default)]
    pub overdue: bool,
}

/// A decision, with the text that the citizen sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The citizen is right.
    Approved {
        /// What the citizen is told.
        text: String,
    },
    /// It can't be decided yet.
    Later {
        /// What the citizen is told: why not yet.
        text: String,
        /// When it is taken up again.
        take_up_on: Date,
    },
    /// Not accepted.
    Rejected {
        /// Why, as a code.
        reason: Rejection,
        /// What the citizen is told.
        text: String,
    },
}

/// How approved feedback was made good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Correction {
    /// A record was corrected.
    Record {
        /// Which.
        subject: RecordId,
        /// The revision that holds the correction.
        revision: u64,
    },
    /// A complaint led to a measure.
    Measure {
        /// Which.
        text: String,
    },
}

/// What may be asked of feedback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Record what a citizen sends, and route it.
    Submit {
        /// What they send.
        submission: Box<Submission>,
        /// The phone was confirmed by a one-time code.
        phone_proven: bool,
        /// The time and the sizes allowed.
        terms: Terms,
        /// To whom the province delegated.
        delegations: Delegations,
    },
    /// Send it to the unit responsible, with the reason in the act.
    Redirect {
        /// Whom.
        to: Desk,
    },
    /// An officer of the desk takes it up.
    TakeUp,
    /// The desk, or a unit above it, gives it to another of the desk's officers, with the reason in the act.
    Assign(AccountId),
    /// The officer decides.
    Decide(Outcome),
    /// What was approved is made good.
    Correct(Correction),
    /// The citizen was told.
    Notify {
        /// Id of the message.
        message: String,
    },
    /// The citizen is not content.
    Reopen {
        /// The phone was confirmed by a one-time code.
        phone_proven: bool,
        /// Why.
        text: String,
        /// The time allowed.
        terms: Terms,
    },
    /// The citizen sent new feedback after this one.
    FollowUp {
        /// The new one.
        later: RecordId,
    },
    /// Time has passed.
    Clock,
}

/// What happened to feedback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// It was recorded: its clock runs.
    Received {
        /// What the citizen sent.
        submission: Box<Submission>,
        /// The time and the sizes allowed.
        terms: Terms,
    },
    /// A unit is responsible.
    Routed {
        /// Which.
        to: Desk,
    },
    /// Another unit is responsible.
    Redirected {
        /// Which.
        to: Desk,
        /// Why.
        why: String,
    },
    /// An officer took it up.
    TakenUp {
        /// Who.
        officer: AccountId,
    },
    /// Another officer works on it.
    Assigned {
        /// Who did before.
        before: Option<AccountId>,
        /// Who does now.
        officer: AccountId,
        /// Why.
        why: String,
    },
    /// The day came to which it was put off.
    Resumed,
    /// It was decided.
    Decided(Outcome),
    /// It was made good.
    Corrected(Correction),
    /// The citizen was told.
    Notified {
        /// Id of the message.
        message: String,
    },
    /// The citizen was not content: recorded anew, with a new clock.
    Reopened {
        /// Why.
        text: String,
        /// The time allowed.
        terms: Terms,
    },
    /// The citizen sent new feedback.
    FollowedUp {
        /// The new one.
        later: RecordId,
    },
    /// The head of the desk was warned.
    Warned {
        /// Whose head.
        unit: Unit,
    },
    /// It is overdue, and the level above owns that.
    Escalated {
        /// Which unit.
        to: Unit,
    },
}

impl Procedure for Feedback {
    const KIND: Kind = Kind::Feedback;
    type Command = Command;
    type Event = Event;

    fn decide(state: Option<&Self>, command: &Command, act: &Act) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (
                None,
                Command::Submit {
                    submission,
                    phone_proven,
                    terms,
                    delegations,
                },
            ) => {
                prove_citizen(*phone_proven, act)?;
                receive(submission, *terms, delegations)
            }
            (None, _) => Err(UNKNOWN.refusal()),
            (Some(feedback), command) => {
                // A facility must not even learn that somebody complained about it.
                let hidden = act
                    .by
                    .unit()
                    .is_some_and(|unit| feedback.is_hidden_from(unit));
                rights::NOT_FOUND.unless(!hidden)?;
                feedback.answer_to(command, act)
            }
        }
    }

    fn apply(state: Option<Self>, event: &Event, act: &Act) -> Option<Self> {
        match (state, event) {
            (None, Event::Received { submission, terms }) => {
                Some(Self::open(submission, *terms, act.at))
            }
            (None, _) | (Some(_), Event::Received { .. }) => None,
            (Some(mut feedback), event) => feedback.take(event, act).then_some(feedback),
        }
    }

    fn tasks(&self) -> Vec<Task> {
        let Some(desk) = &self.desk else {
            return Vec::new();
        };
        let task = |unit: Unit, place: Place, state: &str| Task {
            queue: self.queue(),
            desk: unit,
            place,
            state: state.to_owned(),
            due: self.is_open().then_some(self.clock.due_at),
            open: self.is_open(),
        };
        let mut tasks = vec![task(desk.unit.clone(), desk.place, self.state.as_str())];
        if let Some(owner) = self.owner_of_delay().filter(|_| self.is_open()) {
            let place = owner.place();
            tasks.push(task(owner, place, "OVERDUE"));
        }
        tasks
    }

    fn reminders(&self) -> Vec<Reminder> {
        if !self.is_open() {
            return Vec::new();
        }
        let reminder = |at, what: &str| Reminder {
            at,
            what: what.to_owned(),
        };
        let warn = (!self.clock.warned).then(|| reminder(self.clock.warn_at, "warn"));
        let escalate = (!self.clock.overdue).then(|| reminder(self.clock.due_at, "escalate"));
        let resume = self.resumes_at().map(|at| reminder(at, "resume"));
        warn.into_iter().chain(escalate).chain(resume).collect()
    }

    fn keys(&self) -> Vec<String> {
        let phone = lookup::phone(&self.submission.person.phone);
        phone.into_iter().collect()
    }
}

fn prove_citizen(phone_proven: bool, act: &Act) -> Result<(), Refusal> {
    CITIZENS_ONLY.unless(!matches!(act.by, Actor::Staff { .. }))?;
    PHONE_NOT_PROVEN.unless(phone_proven)
}

fn receive(
    submission: &Submission,
    terms: Terms,
    delegations: &Delegations,
) -> Result<Vec<Event>, Refusal> {
    submission.check(&terms)?;
    let destination = &submission.destination;
    let unit = if submission.kind.is_complaint() {
        routing::desk_above(destination.place, delegations)
    } else {
        routing::desk(destination, delegations)
    };
    let unit = unit.ok_or_else(|| NO_DESTINATION.refusal())?;
    let place = match &unit {
        Unit::Facility(_) => destination.place,
        other => other.place(),
    };
    Ok(vec![
        Event::Received {
            submission: Box::new(submission.clone()),
            terms,
        },
        Event::Routed {
            to: Desk { unit, place },
        },
    ])
}

/// A text for the citizen says something and fits a screen.
fn check_text(text: &str) -> Result<(), Refusal> {
    const LONGEST: usize = 2000;
    TEXT_MISSING.unless(!text.trim().is_empty() && text.chars().count() <= LONGEST)
}

impl Clock {
    fn start(at: Timestamp, terms: Terms) -> Self {
        let after = |hours: u16| {
            at.checked_add(SignedDuration::from_hours(i64::from(hours)))
                .unwrap_or(Timestamp::MAX)
        };
        Self {
            started_at: at,
            warn_at: after(terms.warn_hours),
            due_at: after(terms.due_hours),
            warned: false,
            overdue: false,
        }
    }
}

/// What follows from the state alone.
impl Feedback {
    fn open(submission: &Submission, terms: Terms, at: Timestamp) -> Self {
        Self {
            submission: submission.clone(),
            state: FeedbackState::Received,
            desk: None,
            earlier_desks: Vec::new(),
            officer: None,
            clock: Clock::start(at, terms),
            outcome: None,
            correction: None,
            reopened: false,
            later: Vec::new(),
        }
    }

    /// True until the citizen was told the result.
    pub fn is_open(&self) -> bool {
        self.state != FeedbackState::Notified
    }

    /// The unit that answers for the delay of overdue feedback.
    pub fn owner_of_delay(&self) -> Option<Unit> {
        let desk = self.desk.as_ref().filter(|_| self.clock.overdue)?;
        Some(routing::overseer(&desk.unit, desk.place))
    }

    /// True when a unit may not know of it: the facility that is complained about.
    pub fn is_hidden_from(&self, unit: &Unit) -> bool {
        let facility = self.submission.destination.facility.as_ref();
        self.submission.kind.is_complaint()
            && matches!(unit, Unit::Facility(code) if Some(code) == facility)
    }

    fn queue(&self) -> Queue {
        if self.submission.kind.is_complaint() {
            Queue::Obstruction
        } else {
            Queue::Feedback
        }
    }

    /// The first moment, in Vietnam, of the day to which it was put off.
    fn resumes_at(&self) -> Option<Timestamp> {
        match (&self.outcome, self.state) {
            (Some(Outcome::Later { take_up_on, .. }), FeedbackState::Later) => {
                Some(first_moment(*take_up_on))
            }
            _ => None,
        }
    }
}

/// What commands lead to.
impl Feedback {
    fn answer_to(&self, command: &Command, act: &Act) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Submit { .. } => Err(EXISTS.refusal()),
            Command::Redirect { to } => self.redirect(to, act),
            Command::TakeUp => self.take_up(act),
            Command::Assign(officer) => self.assign(officer, act),
            Command::Decide(outcome) => self.decide_outcome(outcome, act),
            Command::Correct(correction) => self.correct(correction, act),
            Command::Notify { message } => self.notify(message, act),
            Command::Reopen {
                phone_proven,
                text,
                terms,
            } => self.reopen(*phone_proven, text, *terms, act),
            Command::FollowUp { later } => self.follow_up(later, act),
            Command::Clock => self.clock(act),
        }
    }

    fn may_become(&self, state: FeedbackState) -> Result<(), Refusal> {
        if self.state.can_become(state) {
            return Ok(());
        }
        Err(NOT_NOW.because(format!("{} to {}", self.state.as_str(), state.as_str())))
    }

    fn desk(&self) -> Result<&Desk, Refusal> {
        self.desk.as_ref().ok_or_else(|| NOT_NOW.refusal())
    }

    /// The officer who acts, of the desk whose turn it is.
    fn officer_at_desk<'a>(&self, act: &'a Act) -> Result<&'a AccountId, Refusal> {
        let at_desk = act.by.unit() == Some(&self.desk()?.unit);
        act.by
            .account()
            .filter(|_| at_desk)
            .ok_or_else(|| NOT_YOUR_DESK.refusal())
    }

    fn redirect(&self, to: &Desk, act: &Act) -> Result<Vec<Event>, Refusal> {
        let desk = self.desk()?;
        let unit = act.by.unit().ok_or_else(|| NOT_YOUR_DESK.refusal())?;
        let from_above = routing::stands_above(unit, &desk.unit, desk.place);
        NOT_YOUR_DESK.unless(from_above || *unit == desk.unit)?;
        self.may_become(FeedbackState::Routed)?;
        let why = act.why().ok_or_else(|| WHY_MISSING.refusal())?;
        SAME_DESK.unless(to.unit != desk.unit)?;
        SENT_BACK.unless(from_above || !self.earlier_desks.contains(&to.unit))?;
        NO_SUCH_DESK.unless(self.can_work_at(to))?;
        let place = match &to.unit {
            Unit::Facility(_) => to.place,
            other => other.place(),
        };
        Ok(vec![Event::Redirected {
            to: Desk {
                unit: to.unit.clone(),
                place,
            },
            why: why.to_owned(),
        }])
    }

    /// Health units work on feedback; on a complaint only those above the facility that it is about.
    fn can_work_at(&self, desk: &Desk) -> bool {
        let about = self.submission.destination.place;
        match &desk.unit {
            Unit::Ministry => true,
            Unit::Province(_) | Unit::District(_) => {
                let area = desk.unit.place();
                let known = area != Place::default();
                known && (!self.submission.kind.is_complaint() || area.contains(about))
            }
            Unit::Commune(_) => {
                !self.submission.kind.is_complaint() && desk.unit.place() != Place::default()
            }
            Unit::Facility(_) => !self.submission.kind.is_complaint(),
            Unit::Police(_)
            | Unit::DistrictPolice(_)
            | Unit::ProvincePolice(_)
            | Unit::Hamlet(..) => false,
        }
    }

    fn take_up(&self, act: &Act) -> Result<Vec<Event>, Refusal> {
        let officer = self.officer_at_desk(act)?;
        if self.state == FeedbackState::InReview {
            match &self.officer {
                Some(other) if other == officer => return Ok(Vec::new()),
                Some(_) => return Err(TAKEN.refusal()),
                None => {}
            }
        } else {
            self.may_become(FeedbackState::InReview)?;
            NOT_NOW.unless(self.state != FeedbackState::Notified)?;
        }
        Ok(vec![Event::TakenUp {
            officer: officer.clone(),
        }])
    }

    fn assign(&self, officer: &AccountId, act: &Act) -> Result<Vec<Event>, Refusal> {
        let desk = self.desk()?;
        let from_above = act
            .by
            .unit()
            .is_some_and(|unit| routing::stands_above(unit, &desk.unit, desk.place));
        if !from_above {
            self.officer_at_desk(act)?;
        }
        NOT_NOW.unless(self.state == FeedbackState::InReview)?;
        if self.officer.as_ref() == Some(officer) {
            return Ok(Vec::new());
        }
        let why = act.why().ok_or_else(|| WHY_MISSING.refusal())?;
        Ok(vec![Event::Assigned {
            before: self.officer.clone(),
            officer: officer.clone(),
            why: why.to_owned(),
        }])
    }

    fn decide_outcome(&self, outcome: &Outcome, act: &Act) -> Result<Vec<Event>, Refusal> {
        let officer = self.officer_at_desk(act)?;
        self.may_become(outcome.state())?;
        NOT_YOUR_CASE.unless(self.officer.as_ref() == Some(officer))?;
        check_text(outcome.text())?;
        match outcome {
            Outcome::Approved { .. } => {}
            Outcome::Later { take_up_on, .. } => {
                TAKE_UP_IN_THE_PAST.unless(*take_up_on > day_in_vietnam(act.at))?;
            }
            Outcome::Rejected { reason, .. } => {
                let complaint = self.submission.kind.is_complaint();
                REASON_UNFIT.unless(reason.answers_complaint() == complaint)?;
            }
        }
        Ok(vec![Event::Decided(outcome.clone())])
    }

    fn correct(&self, correction: &Correction, act: &Act) -> Result<Vec<Event>, Refusal> {
        if !act.by.is_system() {
            self.officer_at_desk(act)?;
        }
        self.may_become(FeedbackState::Updated)?;
        let fits = match correction {
            Correction::Record { subject, revision } => {
                !self.submission.kind.is_complaint()
                    && !subject.0.trim().is_empty()
                    && *revision > 0
            }
            Correction::Measure { text } => {
                self.submission.kind.is_complaint() && !text.trim().is_empty()
            }
        };
        CORRECTION_MISSING.unless(fits)?;
        Ok(vec![Event::Corrected(correction.clone())])
    }

    fn notify(&self, message: &str, act: &Act) -> Result<Vec<Event>, Refusal> {
        SYSTEM_ONLY.unless(act.by.is_system())?;
        self.may_become(FeedbackState::Notified)?;
        Ok(vec![Event::Notified {
            message: message.to_owned(),
        }])
    }

    fn reopen(
        &self,
        phone_proven: bool,
        text: &str,
        terms: Terms,
        act: &Act,
    ) -> Result<Vec<Event>, Refusal> {
        prove_citizen(phone_proven, act)?;
        NOT_NOW.unless(self.state == FeedbackState::Notified)?;
        ALREADY_REOPENED.unless(!self.reopened)?;
        check_text(text)?;
        Ok(vec![Event::Reopened {
            text: text.to_owned(),
            terms,
        }])
    }

    fn follow_up(&self, later: &RecordId, act: &Act) -> Result<Vec<Event>, Refusal> {
        CITIZENS_ONLY.unless(!matches!(act.by, Actor::Staff { .. }))?;
        self.may_become(FeedbackState::Received)?;
        if self.later.contains(later) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::FollowedUp {
            later: later.clone(),
        }])
    }

    fn clock(&self, act: &Act) -> Result<Vec<Event>, Refusal> {
        SYSTEM_ONLY.unless(act.by.is_system())?;
        let mut events = Vec::new();
        if !self.is_open() {
            return Ok(events);
        }
        let desk = self.desk()?;
        if !self.clock.warned && act.at >= self.clock.warn_at {
            events.push(Event::Warned {
                unit: desk.unit.clone(),
            });
        }
        if !self.clock.overdue && act.at >= self.clock.due_at {
            events.push(Event::Escalated {
                to: routing::overseer(&desk.unit, desk.place),
            });
        }
        if self.resumes_at().is_some_and(|at| act.at >= at) {
            events.push(Event::Resumed);
        }
        Ok(events)
    }
}

/// What events do.
impl Feedback {
    /// False when the event can't stand here.
    fn take(&mut self, event: &Event, act: &Act) -> bool {
        match event {
            Event::Received { .. } => false,
            Event::Routed { to } => self.desk.is_none() && self.sit_at(to),
            Event::Redirected { to, .. } => {
                let Some(before) = self.desk.as_ref().map(|desk| desk.unit.clone()) else {
                    return false;
                };
                self.earlier_desks.push(before);
                self.sit_at(to)
            }
            Event::TakenUp { officer } => {
                let nobody = self.state == FeedbackState::InReview && self.officer.is_none();
                self.officer = Some(officer.clone());
                nobody || self.become_state(FeedbackState::InReview)
            }
            Event::Assigned { officer, .. } => {
                self.officer = Some(officer.clone());
                self.state == FeedbackState::InReview
            }
            Event::Resumed => self.become_state(FeedbackState::InReview),
            Event::Decided(outcome) => {
                self.outcome = Some(outcome.clone());
                self.become_state(outcome.state())
            }
            Event::Corrected(correction) => {
                self.correction = Some(correction.clone());
                self.become_state(FeedbackState::Updated)
            }
            Event::Notified { .. } => self.become_state(FeedbackState::Notified),
            Event::Reopened { terms, .. } => {
                self.reopened = true;
                self.officer = None;
                self.outcome = None;
                self.correction = None;
                self.clock = Clock::start(act.at, *terms);
                self.become_state(FeedbackState::InReview)
            }
            Event::FollowedUp { later } => {
                self.later.push(later.clone());
                true
            }
            Event::Warned { .. } => !std::mem::replace(&mut self.clock.warned, true),
            Event::Escalated { .. } => !std::mem::replace(&mut self.clock.overdue, true),
        }
    }

    fn sit_at(&mut self, desk: &Desk) -> bool {
        self.desk = Some(desk.clone());
        self.become_state(FeedbackState::Routed)
    }

    fn become_state(&mut self, state: FeedbackState) -> bool {
        let allowed = self.state.can_become(state);
        self.state = state;
        allowed
    }
}

impl Outcome {
    /// The state that the decision leads to.
    pub fn state(&self) -> FeedbackState {
        match self {
            Self::Approved { .. } => FeedbackState::Approved,
            Self::Later { .. } => FeedbackState::Later,
            Self::Rejected { .. } => FeedbackState::Rejected,
        }
    }

    /// What the citizen is told.
    pub fn text(&self) -> &str {
        match self {
            Self::Approved { text } | Self::Later { text, .. } | Self::Rejected { text, .. } => {
                text
            }
        }
    }
}
