//! Vaccination facilities.

use crate::area::{CommuneCode, DistrictCode, ProvinceCode};
use jiff::civil::Date;

/// Code of a facility: 2–20 upper-case letters, digits, `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FacilityCode(String);

impl FacilityCode {
    /// Parses, upper-casing.
    pub fn parse(text: &str) -> Option<Self> {
        let _ = text;
        todo!()
    }
    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A facility of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facility {
    /// Code.
    pub code: FacilityCode,
    /// Name.
    pub name: String,
    /// Commune where it stands.
    pub commune: Option<CommuneCode>,
    /// District.
    pub district: Option<DistrictCode>,
    /// Province.
    pub province: Option<ProvinceCode>,
    /// First day on which it may vaccinate.
    pub authorised_from: Option<Date>,
    /// Last day.
    pub closed_on: Option<Date>,
    /// Who took over.
    pub successor: Option<FacilityCode>,
}
