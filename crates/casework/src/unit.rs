//! The units of the order and the roles in them.

use registry::area::{CommuneCode, DistrictCode, Place, ProvinceCode};
use registry::facility::FacilityCode;
use serde::{Deserialize, Serialize};

/// A unit that can be responsible for work. Written `kind/code`, as in files and addresses.
///
/// ```
/// use casework::Unit;
/// let station: Unit = "commune/00004".parse()?;
/// assert_eq!(station.to_string(), "commune/00004");
/// assert_eq!(station.place().province.map(|code| code.to_string()).as_deref(), Some("01"));
/// assert!("commune/xyz".parse::<Unit>().is_err());
/// # Ok::<(), casework::UnitError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Unit {
    /// The Ministry of Health.
    Ministry,
    /// The provincial health department or centre for disease control.
    Province(ProvinceCode),
    /// The district health centre; in the island districts it does the commune's work too.
    District(DistrictCode),
    /// The commune health station.
    Commune(CommuneCode),
    /// The police of a commune.
    Police(CommuneCode),
    /// The police of a district: runs the accounts of its communes' police, and does their work in an island district without communes.
    DistrictPolice(DistrictCode),
    /// The police of a province: runs the accounts of its districts' police.
    ProvincePolice(ProvinceCode),
    /// The team of a hamlet: a level without national codes, so it is named within its commune.
    Hamlet(CommuneCode, String),
    /// A vaccination facility.
    Facility(FacilityCode),
}

/// What a person may be in a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Enters and corrects vaccination facts, works on feedback.
    Clerk,
    /// Head of a facility or an authorised signer: signs.
    Head,
    /// Commune health station: makes lists, applies what the police signed.
    Station,
    /// Hamlet team: proposes values with evidence.
    HamletTeam,
    /// Commune police: confirms identity, signs lists.
    Police,
    /// Head of the police of a district or province: runs the accounts of the police below, so that nobody of the health side can.
    PoliceChief,
    /// District or province: routes, delegates, supervises, signs for facilities where so designated.
    Supervisor,
    /// Department of preventive medicine: signs passports centrally.
    CentralSigner,
    /// Ministry's IT department: campaigns, policy, the register link.
    Administrator,
    /// Runs the platform: accounts and jobs, no personal data.
    Operator,
    /// Reads the log and checks it.
    Auditor,
}

/// A text that names no unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no unit: expected e.g. `ministry`, `province/01`, `district/001`, `commune/00004`, `police/00004`, `facility/TYT-01`"
)]
pub struct UnitError(pub String);

impl Unit {
    /// Where the unit stands, as far as its own code tells; a facility's place is in its record.
    pub fn place(&self) -> Place {
        match self {
            Self::Ministry | Self::Facility(_) => Place::default(),
            Self::Province(province) | Self::ProvincePolice(province) => Place {
                province: Some(*province),
                ..Place::default()
            },
            Self::District(district) | Self::DistrictPolice(district) => {
                Place::of_district(*district).unwrap_or_default()
            }
            Self::Commune(commune) | Self::Police(commune) | Self::Hamlet(commune, _) => {
                Place::of_commune(*commune).unwrap_or_default()
            }
        }
    }

    /// True when a place lies in the area that the unit's own code names. A unit whose code names none holds nothing, though the unknown
    /// place contains everything.
    pub fn holds(&self, place: Place) -> bool {
        let area = self.place();
        area != Place::default() && area.contains(place)
    }

    /// The health unit that lists and updates the subjects who live in a place: the station, or the district where there are no
    /// communes; the province where no more is known.
    pub fn station_of(place: Place) -> Option<Self> {
        place
            .commune
            .map(Self::Commune)
            .or(place.district.map(Self::District))
            .or(place.province.map(Self::Province))
    }

    /// The police that confirm the identity of those who live in a place.
    pub fn police_of(place: Place) -> Option<Self> {
        place
            .commune
            .map(Self::Police)
            .or(place.district.map(Self::DistrictPolice))
    }

    /// The kind, as written.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Ministry => "ministry",
            Self::Province(_) => "province",
            Self::District(_) => "district",
            Self::Commune(_) => "commune",
            Self::Police(_) => "police",
            Self::DistrictPolice(_) => "district-police",
            Self::ProvincePolice(_) => "province-police",
            Self::Hamlet(..) => "hamlet",
            Self::Facility(_) => "facility",
        }
    }
}

impl std::fmt::Display for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = self.kind();
        match self {
            Self::Ministry => f.write_str(kind),
            Self::Province(code) | Self::ProvincePolice(code) => write!(f, "{kind}/{code}"),
            Self::District(code) | Self::DistrictPolice(code) => write!(f, "{kind}/{code}"),
            Self::Commune(code) | Self::Police(code) => write!(f, "{kind}/{code}"),
            Self::Hamlet(commune, name) => write!(f, "{kind}/{commune}/{name}"),
            Self::Facility(code) => write!(f, "{kind}/{}", code.as_str()),
        }
    }
}

impl std::str::FromStr for Unit {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (kind, code) = text.split_once('/').unwrap_or((text, ""));
        let unit = match kind {
            "ministry" => code.is_empty().then_some(Self::Ministry),
            "province" => ProvinceCode::parse(code).map(Self::Province),
            "province-police" => ProvinceCode::parse(code).map(Self::ProvincePolice),
            "district" => DistrictCode::parse(code).map(Self::District),
            "district-police" => DistrictCode::parse(code).map(Self::DistrictPolice),
            "commune" => CommuneCode::parse(code).map(Self::Commune),
            "police" => CommuneCode::parse(code).map(Self::Police),
            "hamlet" => hamlet(code),
            "facility" => FacilityCode::parse(code).map(Self::Facility),
            _ => None,
        };
        unit.ok_or_else(|| UnitError(text.to_owned()))
    }
}

fn hamlet(code: &str) -> Option<Unit> {
    let (commune, name) = code.split_once('/')?;
    let name = name.trim();
    let named = !name.is_empty() && !name.chars().any(char::is_control);
    CommuneCode::parse(commune)
        .filter(|_| named)
        .map(|commune| Unit::Hamlet(commune, name.to_owned()))
}

impl TryFrom<String> for Unit {
    type Error = UnitError;

    fn try_from(text: String) -> Result<Self, UnitError> {
        text.parse()
    }
}

impl From<Unit> for String {
    fn from(unit: Unit) -> Self {
        unit.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_police_stand_where_their_code_says() {
        let police: Unit = "province-police/01".parse().expect("a unit");
        assert_eq!(police.place(), Unit::Province(ProvinceCode(1)).place());
    }

    proptest! {
        #[test]
        fn a_unit_reads_back_from_what_it_is_written_as(text in "(ministry|province|district|commune|police|district-police|province-police|hamlet|facility|)/?[0-9]{0,6}(/.{0,8})?") {
            if let Ok(unit) = text.parse::<Unit>() {
                prop_assert_eq!(unit.to_string().parse(), Ok(unit));
            }
        }
    }
}
