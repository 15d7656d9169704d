//! A campaign: what an order asks of whom, and by when.

use casework::campaign::{self, Command, Opening, TargetId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::fields::{Day, Id, Line, Place};

/// A new campaign, as its order sets it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignCreate)]
pub(crate) struct Create {
    /// What it is about.
    title: Line,
    /// The document.
    document: Document,
    /// Where it holds; absent for the whole country.
    #[serde(default)]
    scope: Place,
    /// The clock warns so many days before a date.
    warn_days: u8,
    /// What it asks for.
    #[schema(max_items = 100)]
    targets: Vec<NewTarget>,
}

/// A document that orders something.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"number": "1975/BYT-CNTT", "date": "2022-04-18"})))]
pub(crate) struct Document {
    /// Its number.
    number: Line,
    /// Its date.
    date: Day,
}

/// A target.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTarget {
    /// Its id within the campaign.
    id: Id,
    /// What.
    what: Work,
    /// Of whom.
    addressee: Addressee,
    /// The last day, in Vietnam.
    due: Day,
    /// The document that sets the date.
    document: Document,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Work {
    /// Every injection entered and complete.
    Entry,
    /// Identities cleaned.
    Cleaning,
    /// No open feedback.
    Feedback,
    /// All verified persons signed.
    Signing,
    /// Contact officers named.
    Contacts,
    /// A report sent.
    Report,
}

/// Of whom it is asked.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Addressee {
    /// Provinces.
    Provinces,
    /// Commune health stations.
    Communes,
    /// Police of communes.
    Police,
    /// Vaccination facilities.
    Facilities,
    /// Units of ministries.
    MinistryFacilities,
    /// Everybody in the scope.
    All,
}

/// What may be asked of a campaign.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = CampaignAct)]
pub(crate) enum Act {
    /// Ask for something more.
    AddTarget {
        /// What.
        target: NewTarget,
    },
    /// Move a date.
    MoveTarget {
        /// The target.
        target: Id,
        /// The new last day.
        due: Day,
        /// The document that moves it.
        document: Document,
    },
    /// End it.
    Close {},
}

impl From<Create> for Command {
    fn from(new: Create) -> Self {
        Self::Open(Opening {
            title: new.title.into_string(),
            document: new.document.into(),
            scope: new.scope.into(),
            warn_days: new.warn_days,
            targets: new.targets.into_iter().map(Into::into).collect(),
        })
    }
}

impl From<Act> for Command {
    fn from(act: Act) -> Self {
        match act {
            Act::AddTarget { target } => Self::AddTarget(target.into()),
            Act::MoveTarget {
                target,
                due,
                document,
            } => Self::MoveTarget {
                target: TargetId(target.into_string()),
                due: due.0,
                document: document.into(),
            },
            Act::Close {} => Self::Close,
        }
    }
}

impl From<NewTarget> for campaign::NewTarget {
    fn from(target: NewTarget) -> Self {
        Self {
            id: TargetId(target.id.into_string()),
            what: target.what.into(),
            addressee: target.addressee.into(),
            due: target.due.0,
            document: target.document.into(),
        }
    }
}

impl From<Document> for campaign::Document {
    fn from(document: Document) -> Self {
        Self {
            number: document.number.into_string(),
            date: document.date.0,
        }
    }
}

impl From<Work> for campaign::Work {
    fn from(work: Work) -> Self {
        match work {
            Work::Entry => Self::Entry,
            Work::Cleaning => Self::Cleaning,
            Work::Feedback => Self::Feedback,
            Work::Signing => Self::Signing,
            Work::Contacts => Self::Contacts,
            Work::Report => Self::Report,
        }
    }
}

impl From<Addressee> for campaign::Addressee {
    fn from(addressee: Addressee) -> Self {
        match addressee {
            Addressee::Provinces => Self::Provinces,
            Addressee::Communes => Self::Communes,
            Addressee::Police => Self::Police,
            Addressee::Facilities => Self::Facilities,
            Addressee::MinistryFacilities => Self::MinistryFacilities,
            Addressee::All => Self::All,
        }
    }
}
