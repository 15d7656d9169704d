//! Vaccination facilities.

use crate::area::{CommuneCode, DistrictCode, ProvinceCode};
use jiff::civil::Date;

/// Code of a facility: 2–20 upper-case letters, digits, `-`.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct FacilityCode(String);

impl FacilityCode {
    /// Parses, upper-casing; `None` for any other form.
    ///
    /// ```
    /// use registry::facility::FacilityCode;
    /// assert_eq!(FacilityCode::parse(" tyt-01-001 ").unwrap().as_str(), "TYT-01-001");
    /// assert!(FacilityCode::parse("Trạm y tế").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        ((2..=20).contains(&text.len()) && text.bytes().all(legal))
            .then(|| Self(text.to_ascii_uppercase()))
    }
    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<FacilityCode> for String {
    fn from(code: FacilityCode) -> Self {
        code.0
    }
}

impl TryFrom<String> for FacilityCode {
    type Error = NoFacilityCode;

    fn try_from(text: String) -> Result<Self, NoFacilityCode> {
        Self::parse(&text).ok_or(NoFacilityCode(text))
    }
}

/// A text that is no code of a facility.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no code of a facility: 2 to 20 letters, digits and `-`")]
pub struct NoFacilityCode(String);

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

impl std::fmt::Display for FacilityCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
