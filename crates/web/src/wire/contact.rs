//! The contact officer of a unit.

use casework::contact::{self, Command};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::fields::{Line, Text, UnitCode};

/// The first contact officer of a unit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContactCreate)]
pub(crate) struct Create {
    /// The unit; a unit has one record, whose id is the unit with `.` for `/`.
    pub(crate) unit: UnitCode,
    /// Who.
    officer: Officer,
    /// A confirmation counts for so many days.
    interval_days: u16,
}

/// A contact officer and who stands in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Officer {
    /// The officer.
    officer: Reachable,
    /// Who stands in.
    #[serde(default)]
    deputy: Option<Reachable>,
}

/// How to reach somebody of the staff.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"name": "Lê Văn Ân", "title": "Trưởng trạm", "phone": "024 3000 0001", "email": "le.van.an@example.vn"})))]
struct Reachable {
    /// Full name.
    name: Line,
    /// Title or position.
    title: Line,
    /// Telephone.
    phone: Text<40>,
    /// E-mail.
    email: Text<254>,
}

/// What may be asked of a unit's contact officer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = ContactAct)]
pub(crate) enum Act {
    /// Name another, or correct the entry.
    Change {
        /// The version that was read.
        version: u32,
        /// Who.
        officer: Officer,
    },
    /// It is still right. By the unit itself.
    Confirm {
        /// The version that was read.
        version: u32,
    },
    /// A confirmation counts for another time. By a unit above.
    SetInterval {
        /// Days.
        days: u16,
    },
}

impl From<Create> for Command {
    /// The platform puts the place of the unit in.
    fn from(new: Create) -> Self {
        Self::Name {
            unit: new.unit.0,
            place: registry::area::Place::default(),
            officer: new.officer.into(),
            interval_days: new.interval_days,
        }
    }
}

impl From<Act> for Command {
    fn from(act: Act) -> Self {
        match act {
            Act::Change { version, officer } => Self::Change {
                version,
                officer: officer.into(),
            },
            Act::Confirm { version } => Self::Confirm { version },
            Act::SetInterval { days } => Self::SetInterval(days),
        }
    }
}

impl From<Officer> for contact::Officer {
    fn from(officer: Officer) -> Self {
        Self {
            officer: officer.officer.into(),
            deputy: officer.deputy.map(Into::into),
        }
    }
}

impl From<Reachable> for contact::Reachable {
    fn from(reachable: Reachable) -> Self {
        Self {
            name: reachable.name.into_string(),
            title: reachable.title.into_string(),
            phone: reachable.phone.into_string(),
            email: reachable.email.into_string(),
        }
    }
}
