//! A personal account: made, moved and closed one level up.

use casework::Role;
use platform::access::NewAccount;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fields::{AccountName, Line, UnitCode};

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountCreate, examples(json!({"id": "le.van.an", "name": "Lê Văn Ân", "unit": "facility/TYT-00004", "role": "clerk"})))]
pub(crate) struct Create {
    /// The name at login, which becomes the id of the record.
    id: AccountName,
    /// The person's name, as colleagues see it.
    name: Line,
    /// The unit.
    unit: UnitCode,
    /// The role.
    role: RoleName,
}

/// What a person may be in a unit.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Role)]
pub(crate) enum RoleName {
    /// Enters and corrects vaccination facts.
    Clerk,
    /// Head of a facility: signs.
    Head,
    /// Commune health station.
    Station,
    /// Hamlet team.
    HamletTeam,
    /// Police: confirms identity.
    Police,
    /// Head of the police of a district or province.
    PoliceChief,
    /// District or province.
    Supervisor,
    /// Signs passports centrally.
    CentralSigner,
    /// Ministry's IT department.
    Administrator,
    /// Runs the platform.
    Operator,
    /// Reads the log.
    Auditor,
}

/// What may be asked of an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = AccountAct)]
pub(crate) enum Act {
    /// Another unit or role.
    Assign {
        /// The unit.
        unit: UnitCode,
        /// The role.
        role: RoleName,
    },
    /// Close it: its sessions are over at once.
    Disable {},
    /// Open it again, with a new first password.
    Enable {},
    /// Take the password away: a new first one, shown once, and all sessions are over.
    Reset {
        /// Second factors and linked identities go too, for somebody who lost them.
        #[serde(default)]
        factors: bool,
    },
}

impl From<Create> for NewAccount {
    fn from(new: Create) -> Self {
        Self {
            id: new.id.0.0,
            name: new.name.into_string(),
            unit: new.unit.0,
            role: new.role.into(),
        }
    }
}

impl From<RoleName> for Role {
    fn from(role: RoleName) -> Self {
        match role {
            RoleName::Clerk => Self::Clerk,
            RoleName::Head => Self::Head,
            RoleName::Station => Self::Station,
            RoleName::HamletTeam => Self::HamletTeam,
            RoleName::Police => Self::Police,
            RoleName::PoliceChief => Self::PoliceChief,
            RoleName::Supervisor => Self::Supervisor,
            RoleName::CentralSigner => Self::CentralSigner,
            RoleName::Administrator => Self::Administrator,
            RoleName::Operator => Self::Operator,
            RoleName::Auditor => Self::Auditor,
        }
    }
}
