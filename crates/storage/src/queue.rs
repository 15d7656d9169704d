//! Lists that people work from, and how many rows they have.

use casework::{Kind, Queue, RecordId, Unit};
use jiff::Timestamp;
use registry::area::{CommuneCode, DistrictCode, ProvinceCode};

/// Whose rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Those that wait at one desk.
    Desk(Unit),
    /// Those that lie in a commune, whoever's desk they are on.
    Commune(CommuneCode),
    /// Those that lie in a district.
    District(DistrictCode),
    /// Those that lie in a province.
    Province(ProvinceCode),
    /// All.
    Country,
}

impl Scope {
    /// Everything that lies in the area of a unit; of a unit without an area, what is on its desk.
    pub fn below(unit: &Unit) -> Self {
        match unit {
            Unit::Ministry => Self::Country,
            Unit::Province(code) | Unit::ProvincePolice(code) => Self::Province(*code),
            Unit::District(code) | Unit::DistrictPolice(code) => Self::District(*code),
            Unit::Commune(code) | Unit::Police(code) => Self::Commune(*code),
            Unit::Hamlet(..) | Unit::Facility(_) => Self::Desk(unit.clone()),
        }
    }
}

/// Which rows of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageQuery {
    /// The queue.
    pub queue: Queue,
    /// Whose rows.
    pub scope: Scope,
    /// Only rows in this state.
    pub state: Option<String>,
    /// After this row.
    pub after: Option<Cursor>,
    /// How many.
    pub limit: u32,
}

/// The place of a row in a queue: a page that begins after it costs the same wherever it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// When it is due; `None` for rows without a date, which come last.
    pub due: Option<Timestamp>,
    /// Kind of the record.
    pub kind: Kind,
    /// Its id.
    pub id: RecordId,
}

/// A row of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its place.
    pub cursor: Cursor,
    /// Whose turn it is.
    pub desk: Unit,
    /// The state.
    pub state: String,
    /// Somebody has to act.
    pub open: bool,
}

/// How many rows are in a state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count {
    /// The state.
    pub state: String,
    /// Somebody has to act on them.
    pub open: bool,
    /// How many.
    pub rows: u64,
}
