//! What every procedure is made of.

use crate::{Act, Refusal, Reminder, Task};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The kinds of records that people work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person's record with its doses and its passport.
    Subject,
    /// A facility, its head, its signers.
    Facility,
    /// A cleaning list.
    CleaningList,
    /// A row of a cleaning list.
    CleaningItem,
    /// A question to another commune.
    Inquiry,
    /// A citizen's feedback.
    Feedback,
    /// A campaign with its targets.
    Campaign,
    /// A report as it stood at a moment.
    Report,
    /// A unit's contact officer.
    Contact,
    /// A personal account.
    Account,
}

/// The id of a record within its kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub String);

/// One procedure: a kind of record, the commands on it, and the events that they leave.
pub trait Procedure:
    Sized + Clone + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned
{
    /// The kind of record.
    const KIND: Kind;
    /// What somebody wants.
    type Command;
    /// What happened. Events are kept for ever: fields are added with a default, never renamed, never given another meaning.
    type Event: Clone + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned;

    /// What a command leads to; `state` is `None` before the record's first event. No events: it was already so.
    ///
    /// # Errors
    /// A named reason why not; nothing has changed then.
    fn decide(
        state: Option<&Self>,
        command: &Self::Command,
        act: &Act,
    ) -> Result<Vec<Self::Event>, Refusal>;

    /// The state after an event; `None` when the event can't stand there (a log that is not whole).
    fn apply(state: Option<Self>, event: &Self::Event, act: &Act) -> Option<Self>;

    /// Where the record waits now.
    fn tasks(&self) -> Vec<Task>;

    /// When the clock has to look at it.
    fn reminders(&self) -> Vec<Reminder> {
        Vec::new()
    }

    /// The words by which it is found besides its id, as [`crate::lookup`] forms them; each at most once.
    fn keys(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Decides and applies: the state after the command, and the events that led there.
///
/// # Errors
/// The refusal of [`Procedure::decide`].
///
/// # Panics
/// Never on data from outside: only when a procedure decides an event that it cannot apply, which its tests exclude.
pub fn carry_out<P: Procedure>(
    state: Option<P>,
    command: &P::Command,
    act: &Act,
) -> Result<(Option<P>, Vec<P::Event>), Refusal> {
    let events = P::decide(state.as_ref(), command, act)?;
    let before = state.clone();
    let after = events
        .iter()
        .try_fold(state, |state, event| P::apply(state, event, act).map(Some));
    match after {
        Some(after) => Ok((after, events)),
        None => unreachable!(
            "{:?} decided events that it cannot apply to {before:?}",
            P::KIND
        ),
    }
}

/// Rebuilds a state from its events; `None` when they do not fit together.
pub fn replay<'e, P: Procedure>(
    events: impl IntoIterator<Item = (&'e P::Event, &'e Act)>,
) -> Option<P>
where
    P::Event: 'e,
{
    let mut state = None;
    for (event, act) in events {
        state = Some(P::apply(state, event, act)?);
    }
    state
}

impl Kind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[
        Self::Subject,
        Self::Facility,
        Self::CleaningList,
        Self::CleaningItem,
        Self::Inquiry,
        Self::Feedback,
        Self::Campaign,
        Self::Report,
        Self::Contact,
        Self::Account,
    ];

    /// The word that files carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Facility => "facility",
            Self::CleaningList => "cleaning_list",
            Self::CleaningItem => "cleaning_item",
            Self::Inquiry => "inquiry",
            Self::Feedback => "feedback",
            Self::Campaign => "campaign",
            Self::Report => "report",
            Self::Contact => "contact",
            Self::Account => "account",
        }
    }

    /// Reads that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

impl std::fmt::Display for RecordId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
