//! Who does something, when, from where and why.

use crate::{Role, Unit};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A personal account: accounts are never shared, so this names one person of the staff.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub String);

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "who")]
pub enum Actor {
    /// Somebody of the staff, for a unit, in a role.
    Staff {
        /// The personal account.
        account: AccountId,
        /// The unit that the act is done for.
        unit: Unit,
        /// The role in which it is done.
        role: Role,
    },
    /// A citizen who proved the phone given.
    Citizen,
    /// Another system, by its token.
    Client {
        /// Name of the token.
        token: String,
        /// The unit that the token is bound to.
        unit: Unit,
        /// The role that the token is bound to.
        role: Role,
    },
    /// The platform itself: clocks, re-checks, imports.
    System {
        /// Which part ("clock", "register", "import").
        part: String,
    },
}

/// Where an act came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Origin(pub String);

/// One act: everything that a decision may know about its circumstances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// When. The only clock that a decision has.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// From where: an address, a command, a job.
    #[serde(default)]
    pub from: Origin,
    /// Why, in the words of the actor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Actor {
    /// The platform itself.
    pub fn system(part: &str) -> Self {
        Self::System {
            part: part.to_owned(),
        }
    }

    /// The unit for which is acted; `None` for citizens and the platform.
    pub fn unit(&self) -> Option<&Unit> {
        match self {
            Self::Staff { unit, .. } | Self::Client { unit, .. } => Some(unit),
            Self::Citizen | Self::System { .. } => None,
        }
    }

    /// The role in which is acted; `None` for citizens and the platform.
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::Staff { role, .. } | Self::Client { role, .. } => Some(*role),
            Self::Citizen | Self::System { .. } => None,
        }
    }

    /// The personal account, if a person of the staff acts.
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Staff { account, .. } => Some(account),
            _ => None,
        }
    }

    /// True for the platform's own acts.
    pub fn is_system(&self) -> bool {
        matches!(self, Self::System { .. })
    }
}

impl Act {
    /// An act of the platform itself.
    pub fn system(part: &str, at: Timestamp) -> Self {
        Self {
            at,
            by: Actor::system(part),
            from: Origin(part.to_owned()),
            why: None,
        }
    }

    /// The reason given, if it says anything.
    pub fn why(&self) -> Option<&str> {
        self.why
            .as_deref()
            .map(str::trim)
            .filter(|why| !why.is_empty())
    }
}

impl std::fmt::Display for AccountId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
