//! A facility: who heads it, who signs for it.

use casework::facility::Command;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::fields::{AccountName, FacilityCode, Line, Moment, Place, UnitCode};

/// A new facility.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FacilityCreate, examples(json!({"code": "TYT-00004", "name": "Trạm y tế phường Trúc Bạch", "place": {"commune": "00004"}})))]
pub(crate) struct Create {
    /// Its code, which becomes the id of the record.
    pub(crate) code: FacilityCode,
    /// Its name.
    name: Line,
    /// Where it stands.
    place: Place,
}

/// What may be asked of a facility's record.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = FacilityAct)]
pub(crate) enum Act {
    /// Name the head. By the level above.
    NameHead {
        /// Who.
        account: AccountName,
    },
    /// Authorise a signer. By the head.
    Delegate {
        /// Who.
        account: AccountName,
        /// Until when.
        until: Moment,
    },
    /// End a delegation early.
    EndDelegation {
        /// Whose.
        account: AccountName,
    },
    /// Let another unit sign for it, or no longer. By the province.
    DesignateSigner {
        /// Which; absent to end it.
        #[serde(default)]
        unit: Option<UnitCode>,
    },
    /// Close it.
    Close {
        /// Who takes over its records.
        #[serde(default)]
        successor: Option<FacilityCode>,
    },
}

impl From<Create> for Command {
    fn from(new: Create) -> Self {
        Self::Register {
            code: new.code.0,
            name: new.name.into_string(),
            place: new.place.into(),
        }
    }
}

impl From<Act> for Command {
    fn from(act: Act) -> Self {
        match act {
            Act::NameHead { account } => Self::NameHead(account.0),
            Act::Delegate { account, until } => Self::Delegate {
                account: account.0,
                until: until.0,
            },
            Act::EndDelegation { account } => Self::EndDelegation(account.0),
            Act::DesignateSigner { unit } => Self::DesignateSigner(unit.map(|unit| unit.0)),
            Act::Close { successor } => Self::Close {
                successor: successor.map(|code| code.0),
            },
        }
    }
}
