//! A question to the commune where a person lives permanently: the police of another commune hold the data (process, 5.1, 5.3 and F27).
//!
//! The question has a time, set by policy when it is asked. Forwarding it does not give it more, or it could travel for ever. When the time
//! is over, the district above the commune whose turn it is owns the delay; the escalation goes out once, whatever the clock does.

mod reasons;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use registry::area::Place;
use serde::{Deserialize, Serialize};

use crate::subject::person::IdentityChange;
use crate::{Act, Kind, Procedure, Queue, RecordId, Refusal, Reminder, Task, Unit, lookup};

pub use reasons::*;

/// A question to another commune.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inquiry {
    /// What is asked.
    pub question: Question,
    /// Who asks.
    pub asker: Unit,
    /// Where it stands.
    pub state: InquiryState,
    /// The place whose police have to answer.
    pub place: Place,
    /// The police there.
    pub desk: Unit,
    /// Police that had it before, the first one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forwarded_by: Vec<Unit>,
    /// By when.
    pub due_at: Timestamp,
    /// The escalation went out.
    #[serde(default)]
    pub overdue: bool,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// About whom.
    pub subject: RecordId,
    /// The row of a cleaning list that waits for the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<RecordId>,
    /// In words.
    pub text: String,
}

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InquiryState {
    /// The other commune has to answer.
    Asked,
    /// The asker has to look at the answer.
    Answered,
    /// Done, or taken back.
    Closed,
}

/// What the other commune says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// The person lives here; these values are right. None when the record is right as it stands.
    Confirmed {
        /// The values.
        values: IdentityChange,
    },
    /// The person does not live here.
    NotHere,
    /// Nothing is known.
    Unknown,
}

/// What may be asked of an inquiry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Ask.
    Ask {
        /// What.
        question: Question,
        /// The place of permanent residence.
        place: Place,
        /// Days for the answer, by the policy in force.
        days: u16,
    },
    /// Answer.
    Answer(Answer),
    /// The person lives in yet another commune, says the one asked.
    Forward {
        /// Where.
        to: Place,
    },
    /// The asker has looked at the answer.
    Close,
    /// The asker takes the question back, with the reason in the act.
    Withdraw,
    /// Time has passed.
    Clock,
}

/// What happened to an inquiry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// It was asked.
    Asked {
        /// What.
        question: Question,
        /// By whom.
        asker: Unit,
        /// The place of permanent residence.
        place: Place,
        /// By when.
        due_at: Timestamp,
    },
    /// It was answered.
    AnswerGiven(Answer),
    /// Another commune has to answer.
    Forwarded {
        /// Where.
        to: Place,
    },
    /// The asker has looked at the answer.
    Closed,
    /// The asker took it back.
    Withdrawn {
        /// Why.
        why: String,
    },
    /// It is overdue, and the level above owns that.
    Escalated {
        /// Which unit.
        to: Unit,
    },
}

impl Procedure for Inquiry {
    const KIND: Kind = Kind::Inquiry;
    type Command = Command;
    type Event = Event;

    fn decide(state: Option<&Self>, command: &Command, act: &Act) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (
                None,
                Command::Ask {
                    question,
                    place,
                    days,
                },
            ) => ask(question, *place, *days, act).map(|event| vec![event]),
            (None, _) => Err(UNKNOWN.refusal()),
            (Some(inquiry), command) => inquiry.answer_to(command, act),
        }
    }

    fn apply(state: Option<Self>, event: &Event, _act: &Act) -> Option<Self> {
        match (state, event) {
            (None, Event::Asked { .. }) => Self::asked(event),
            (None, _) | (Some(_), Event::Asked { .. }) => None,
            (Some(mut inquiry), event) => inquiry.take(event).then_some(inquiry),
        }
    }

    fn tasks(&self) -> Vec<Task> {
        let asked = self.state == InquiryState::Asked;
        let task = |desk: Unit, place: Place, state: &str, open: bool| Task {
            queue: Queue::Inquiries,
            desk,
            place,
            state: state.to_owned(),
            due: asked.then_some(self.due_at),
            open,
        };
        let state = self.state.as_str();
        let answered = self.state == InquiryState::Answered;
        let mut tasks = vec![
            task(self.desk.clone(), self.place, state, asked),
            task(self.asker.clone(), self.asker.place(), state, answered),
        ];
        if let Some(owner) = self.owner_of_delay().filter(|_| asked) {
            let place = owner.place();
            tasks.push(task(owner, place, "OVERDUE", true));
        }
        tasks
    }

    fn reminders(&self) -> Vec<Reminder> {
        let waits = self.state == InquiryState::Asked && !self.overdue;
        let escalate = waits.then(|| Reminder {
            at: self.due_at,
            what: "escalate".to_owned(),
        });
        escalate.into_iter().collect()
    }

    fn keys(&self) -> Vec<String> {
        vec![lookup::subject(&self.question.subject)]
    }
}

fn ask(question: &Question, place: Place, days: u16, act: &Act) -> Result<Event, Refusal> {
    let asker = act.by.unit().ok_or_else(|| NOT_YOUR_DESK.refusal())?;
    TEXT_MISSING.unless(!question.text.trim().is_empty())?;
    NO_DAYS.unless(days > 0)?;
    let desk = desk_of(place)?;
    // The station and the police of a commune sit in one place: neither has to ask there.
    OWN_COMMUNE.unless(*asker != desk && asker.place() != desk.place())?;
    let due_at = act
        .at
        .checked_add(SignedDuration::from_hours(24 * i64::from(days)))
        .unwrap_or(Timestamp::MAX);
    Ok(Event::Asked {
        question: question.clone(),
        asker: asker.clone(),
        place: desk.place(),
        due_at,
    })
}

/// The police of a place of the list.
fn desk_of(place: Place) -> Result<Unit, Refusal> {
    let desk = Unit::police_of(place).ok_or_else(|| NO_PLACE.refusal())?;
    NO_PLACE.unless(desk.place() != Place::default())?;
    Ok(desk)
}

impl Inquiry {
    fn asked(event: &Event) -> Option<Self> {
        let Event::Asked {
            question,
            asker,
            place,
            due_at,
        } = event
        else {
            return None;
        };
        Some(Self {
            question: question.clone(),
            asker: asker.clone(),
            state: InquiryState::Asked,
            place: *place,
            desk: desk_of(*place).ok()?,
            forwarded_by: Vec::new(),
            due_at: *due_at,
            overdue: false,
            answer: None,
        })
    }

    /// The unit that answers for the delay of an overdue question.
    pub fn owner_of_delay(&self) -> Option<Unit> {
        self.overdue.then(|| self.above())
    }

    /// The district above the commune asked; above an island district, the province.
    fn above(&self) -> Unit {
        let district = self
            .place
            .district
            .filter(|_| matches!(self.desk, Unit::Police(_)));
        let province = self.place.province.map(Unit::Province);
        district
            .map(Unit::District)
            .or(province)
            .unwrap_or(Unit::Ministry)
    }

    fn answer_to(&self, command: &Command, act: &Act) -> Result<Vec<Event>, Refusal> {
        let at = |unit: &Unit| NOT_YOUR_DESK.unless(act.by.unit() == Some(unit));
        let event = match command {
            Command::Ask { .. } => return Err(EXISTS.refusal()),
            Command::Answer(answer) => {
                at(&self.desk)?;
                self.in_state(InquiryState::Asked)?;
                if let Answer::Confirmed { values } = answer {
                    values.check()?;
                }
                Event::AnswerGiven(answer.clone())
            }
            Command::Forward { to } => {
                at(&self.desk)?;
                self.in_state(InquiryState::Asked)?;
                self.forward(*to)?
            }
            Command::Close => {
                at(&self.asker)?;
                self.in_state(InquiryState::Answered)?;
                Event::Closed
            }
            Command::Withdraw => {
                at(&self.asker)?;
                self.in_state(InquiryState::Asked)?;
                let why = act.why().ok_or_else(|| WHY_MISSING.refusal())?;
                Event::Withdrawn {
                    why: why.to_owned(),
                }
            }
            Command::Clock => {
                SYSTEM_ONLY.unless(act.by.is_system())?;
                let late = self.state == InquiryState::Asked && act.at >= self.due_at;
                if !late || self.overdue {
                    return Ok(Vec::new());
                }
                Event::Escalated { to: self.above() }
            }
        };
        Ok(vec![event])
    }

    fn in_state(&self, state: InquiryState) -> Result<(), Refusal> {
        if self.state == state {
            return Ok(());
        }
        Err(NOT_NOW.because(format!("{}, not {}", self.state.as_str(), state.as_str())))
    }

    fn forward(&self, to: Place) -> Result<Event, Refusal> {
        let desk = desk_of(to)?;
        FORWARDED_BACK.unless(desk != self.desk && !self.forwarded_by.contains(&desk))?;
        OWN_COMMUNE.unless(desk.place() != self.asker.place())?;
        Ok(Event::Forwarded { to: desk.place() })
    }

    /// False when the event can't stand here.
    fn take(&mut self, event: &Event) -> bool {
        let asked = self.state == InquiryState::Asked;
        match event {
            Event::Asked { .. } => false,
            Event::AnswerGiven(answer) => {
                self.answer = Some(answer.clone());
                self.state = InquiryState::Answered;
                asked
            }
            Event::Forwarded { to } => {
                let Ok(desk) = desk_of(*to) else {
                    return false;
                };
                self.place = *to;
                self.forwarded_by
                    .push(std::mem::replace(&mut self.desk, desk));
                asked
            }
            Event::Closed => {
                let answered = self.state == InquiryState::Answered;
                self.state = InquiryState::Closed;
                answered
            }
            Event::Withdrawn { .. } => {
                self.state = InquiryState::Closed;
                asked
            }
            Event::Escalated { .. } => asked && !std::mem::replace(&mut self.overdue, true),
        }
    }
}

impl InquiryState {
    /// The word that lists show.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "ASKED",
            Self::Answered => "ANSWERED",
            Self::Closed => "CLOSED",
        }
    }
}
