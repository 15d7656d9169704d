//! Where a record waits, and when it has to be looked at again: both follow from its state alone.

use crate::Unit;
use jiff::Timestamp;
use registry::area::Place;
use serde::{Deserialize, Serialize};

/// The lists that people work from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// Subjects by the state of their identity, at the unit where they live.
    Identity,
    /// Persons by what stands between them and a signature, at the facility that entered the doses.
    Signing,
    /// Passports to issue, renew and revoke, at the ministry.
    Passport,
    /// Rows of cleaning lists, at whoever has to act next.
    Cleaning,
    /// Cleaning lists themselves.
    Lists,
    /// Questions to another commune.
    Inquiries,
    /// Citizens' feedback.
    Feedback,
    /// Complaints about obstruction, above the facility complained about.
    Obstruction,
    /// Reports due.
    Reports,
    /// Contact officers to name or confirm.
    Contacts,
}

/// One place where a record waits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Task {
    /// The list it stands on.
    pub queue: Queue,
    /// Whose turn it is.
    pub desk: Unit,
    /// Where that desk stands, so that those above can look down.
    pub place: Place,
    /// The state as the list shows it (`IN_REVIEW`).
    pub state: String,
    /// By when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// True while somebody has to act; a done row stays on the list for its total.
    pub open: bool,
}

/// A moment at which the clock has to act on a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reminder {
    /// When, at the earliest.
    pub at: Timestamp,
    /// What ("warn", "escalate", "renew"): one of a kind per record.
    pub what: String,
}

impl Queue {
    /// All queues.
    pub const ALL: &'static [Self] = &[
        Self::Identity,
        Self::Signing,
        Self::Passport,
        Self::Cleaning,
        Self::Lists,
        Self::Inquiries,
        Self::Feedback,
        Self::Obstruction,
        Self::Reports,
        Self::Contacts,
    ];

    /// The word that addresses and files carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Signing => "signing",
            Self::Passport => "passport",
            Self::Cleaning => "cleaning",
            Self::Lists => "lists",
            Self::Inquiries => "inquiries",
            Self::Feedback => "feedback",
            Self::Obstruction => "obstruction",
            Self::Reports => "reports",
            Self::Contacts => "contacts",
        }
    }

    /// Reads that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|queue| queue.as_str() == text)
    }
}
