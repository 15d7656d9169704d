//! A row of a cleaning list on its way through hamlet, police and station.

use casework::cleaning::Snapshot;
use casework::cleaning::item::{Applying, Command, HamletOutcome};
use casework::subject::person;
use serde::Deserialize;
use utoipa::ToSchema;

use super::identity::IdentityChange;
use crate::fields::{Id, Place, Words};

/// What the hamlet found.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Outcome {
    /// The right values.
    Corrected {
        /// Which.
        values: IdentityChange,
        /// The paper that proves them.
        evidence: Words,
    },
    /// Nobody knows such a person.
    NotFound {},
    /// Lives elsewhere.
    Moved {
        /// Where: the commune that lists the person next.
        to: Place,
    },
    /// Has died.
    Dead {},
    /// Will not say.
    Refuses {},
    /// The same person as another record.
    DuplicateOf {
        /// Which.
        subject: Id,
    },
}

/// What may be asked of a row.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = ItemAct)]
pub(crate) enum Act {
    /// The station hands it to the hamlet.
    HandOut {},
    /// What the hamlet found; the station types it in where the hamlet works on paper.
    Review {
        /// What.
        outcome: Outcome,
    },
    /// The police confirm values.
    Confirm {
        /// The values; none when the record is right as it stands.
        #[serde(default)]
        values: IdentityChange,
    },
    /// The police note what they changed in the population database itself.
    NoteRegister {
        /// What.
        note: Words,
    },
    /// The police ask the hamlet.
    AskBack {
        /// What.
        question: Words,
    },
    /// The police can't confirm any value.
    CannotConfirm {
        /// Why.
        reason: Words,
    },
    /// The station applies what the police signed, alone, having looked at it.
    Apply {},
}

impl From<Act> for Command {
    fn from(act: Act) -> Self {
        match act {
            Act::HandOut {} => Self::HandOut,
            Act::Review { outcome } => Self::Review(outcome.into()),
            Act::Confirm { values } => Self::Confirm {
                values: values.into(),
            },
            Act::NoteRegister { note } => Self::NoteRegister {
                note: note.into_string(),
            },
            Act::AskBack { question } => Self::AskBack {
                question: question.into_string(),
            },
            Act::CannotConfirm { reason } => Self::CannotConfirm {
                why: reason.into_string(),
            },
            Act::Apply {} => Self::Apply {
                now: to_be_read(),
                how: Applying::Single,
            },
        }
    }
}

/// The platform reads the subject as it is when the row is applied.
fn to_be_read() -> Snapshot {
    Snapshot {
        revision: 0,
        person: person::Person {
            full_name: String::new(),
            birth_date: String::new(),
            sex: String::new(),
            number: None,
            foreign: false,
        },
    }
}

impl From<Outcome> for HamletOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Corrected { values, evidence } => Self::Corrected {
                values: values.into(),
                evidence: evidence.into_string(),
            },
            Outcome::NotFound {} => Self::NotFound,
            Outcome::Moved { to } => Self::Moved { to: to.into() },
            Outcome::Dead {} => Self::Dead,
            Outcome::Refuses {} => Self::Refuses,
            Outcome::DuplicateOf { subject } => Self::DuplicateOf {
                subject: subject.into(),
            },
        }
    }
}
