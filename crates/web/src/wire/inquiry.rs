//! A question to the commune where a person lives permanently.

use casework::inquiry::{self, Command};
use casework::{RecordId, inquiry::Question};
use serde::Deserialize;
use utoipa::ToSchema;

use super::identity::IdentityChange;
use crate::fields::{Id, Place, Words};

/// A new question. The time for the answer is set by policy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InquiryCreate)]
pub(crate) struct Create {
    /// About whom.
    subject: Id,
    /// The row of a cleaning list that waits for the answer.
    #[serde(default)]
    item: Option<Id>,
    /// What is asked, in words.
    text: Words,
    /// The place of permanent residence, whose police have to answer.
    place: Place,
}

/// What the other commune says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = InquiryAnswer)]
pub(crate) enum Answer {
    /// The person lives here; these values are right. None when the record is right as it stands.
    Confirmed {
        /// The values.
        #[serde(default)]
        values: IdentityChange,
    },
    /// The person does not live here.
    NotHere {},
    /// Nothing is known.
    Unknown {},
}

/// What may be asked of an inquiry.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = InquiryAct)]
pub(crate) enum Act {
    /// Answer. By the police asked.
    Answer {
        /// What.
        answer: Answer,
    },
    /// The person lives in yet another commune, says the one asked.
    Forward {
        /// Where.
        to: Place,
    },
    /// The asker has looked at the answer.
    Close {},
    /// The asker takes the question back. Needs `why`.
    Withdraw {},
}

impl From<Create> for Command {
    fn from(new: Create) -> Self {
        Self::Ask {
            question: Question {
                subject: new.subject.into(),
                item: new.item.map(RecordId::from),
                text: new.text.into_string(),
            },
            place: new.place.into(),
            days: 0,
        }
    }
}

impl From<Act> for Command {
    fn from(act: Act) -> Self {
        match act {
            Act::Answer { answer } => Self::Answer(match answer {
                Answer::Confirmed { values } => inquiry::Answer::Confirmed {
                    values: values.into(),
                },
                Answer::NotHere {} => inquiry::Answer::NotHere,
                Answer::Unknown {} => inquiry::Answer::Unknown,
            }),
            Act::Forward { to } => Self::Forward { to: to.into() },
            Act::Close {} => Self::Close,
            Act::Withdraw {} => Self::Withdraw,
        }
    }
}
