//! Which unit is responsible for a citizen's feedback: a function of what the citizen named and of what the province delegated (9458,
//! annex 2; process, 5.4).

use std::collections::BTreeSet;

use registry::area::{CommuneCode, DistrictCode, Place};
use registry::facility::FacilityCode;
use serde::{Deserialize, Serialize};

use crate::Unit;

/// Where the citizen was injected, as far as they know it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// The facility.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<FacilityCode>,
    /// The place that was named; for a facility, where it stands.
    #[serde(default)]
    pub place: Place,
}

/// The districts and communes to which their province delegated feedback, with an account and guidance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delegations {
    /// District health centres.
    #[serde(default)]
    pub districts: BTreeSet<DistrictCode>,
    /// Commune health stations.
    #[serde(default)]
    pub communes: BTreeSet<CommuneCode>,
}

/// The unit responsible for feedback about a record: the facility if it is known, otherwise the province or the nearest unit to which it
/// delegated. `None` when not even the province is known.
///
/// ```
/// use casework::routing::{Delegations, Destination, desk};
/// use registry::area::{CommuneCode, Place};
/// let place = Place::of_commune(CommuneCode(4)).unwrap();
/// let destination = Destination { facility: None, place };
/// assert_eq!(desk(&destination, &Delegations::default()).unwrap().to_string(), "province/01");
/// let delegated = Delegations { communes: [CommuneCode(4)].into(), ..Delegations::default() };
/// assert_eq!(desk(&destination, &delegated).unwrap().to_string(), "commune/00004");
/// ```
pub fn desk(destination: &Destination, delegations: &Delegations) -> Option<Unit> {
    if let Some(facility) = &destination.facility {
        return Some(Unit::Facility(facility.clone()));
    }
    let place = destination.place;
    let commune = place
        .commune
        .filter(|code| delegations.communes.contains(code));
    commune
        .map(Unit::Commune)
        .or_else(|| desk_above(place, delegations))
}

/// The unit responsible for a complaint about a facility in that place: the district to which the province delegated, or the province.
/// Never the facility, and never a commune, whose station may be the facility itself.
pub fn desk_above(place: Place, delegations: &Delegations) -> Option<Unit> {
    let district = place
        .district
        .filter(|code| delegations.districts.contains(code));
    district
        .map(Unit::District)
        .or(place.province.map(Unit::Province))
}

/// The unit that owns what a desk has let grow overdue: the province, and the ministry above a province or where no province is known.
pub fn overseer(desk: &Unit, place: Place) -> Unit {
    match desk {
        Unit::Province(_) | Unit::Ministry => Unit::Ministry,
        _ => place.province.map_or(Unit::Ministry, Unit::Province),
    }
}

/// True when a unit may send on what waits at a desk in that place: the district and the province around it, and the ministry.
pub fn stands_above(unit: &Unit, desk: &Unit, place: Place) -> bool {
    match unit {
        Unit::Ministry => *desk != Unit::Ministry,
        Unit::Province(_) => {
            !matches!(desk, Unit::Ministry | Unit::Province(_)) && unit.holds(place)
        }
        Unit::District(_) => {
            matches!(desk, Unit::Commune(_) | Unit::Facility(_)) && unit.holds(place)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use registry::area::ProvinceCode;

    use super::*;

    fn commune() -> Place {
        Place::of_commune(CommuneCode(4)).expect("a commune")
    }

    fn named(place: Place) -> Destination {
        Destination {
            facility: None,
            place,
        }
    }

    fn delegations() -> Delegations {
        Delegations {
            districts: [DistrictCode(1)].into(),
            communes: [CommuneCode(4)].into(),
        }
    }

    #[test]
    fn the_table_of_the_dispatch_is_followed() {
        let facility = Destination {
            facility: FacilityCode::parse("TYT-01"),
            place: commune(),
        };
        let district = Place {
            commune: None,
            ..commune()
        };
        let province = Place::of_province(ProvinceCode(1)).expect("a province");
        let none = Delegations::default();
        let cases = [
            (&facility, &none, Some("facility/TYT-01")),
            (&facility, &delegations(), Some("facility/TYT-01")),
            (&named(commune()), &none, Some("province/01")),
            (&named(commune()), &delegations(), Some("commune/00004")),
            (&named(district), &none, Some("province/01")),
            (&named(district), &delegations(), Some("district/001")),
            (&named(province), &delegations(), Some("province/01")),
            (&named(Place::default()), &delegations(), None),
        ];
        for (destination, delegations, expected) in cases {
            let found = desk(destination, delegations).map(|unit| unit.to_string());
            assert_eq!(found.as_deref(), expected, "{destination:?}");
        }
    }

    #[test]
    fn a_commune_without_delegation_passes_to_its_delegated_district() {
        let districts_only = Delegations {
            communes: BTreeSet::new(),
            ..delegations()
        };
        assert_eq!(
            desk(&named(commune()), &districts_only),
            Some(Unit::District(DistrictCode(1)))
        );
    }

    #[test]
    fn a_complaint_never_goes_to_a_facility_or_a_commune() {
        assert_eq!(
            desk_above(commune(), &delegations()),
            Some(Unit::District(DistrictCode(1)))
        );
        assert_eq!(
            desk_above(commune(), &Delegations::default()),
            Some(Unit::Province(ProvinceCode(1)))
        );
    }

    #[test]
    fn nobody_stands_above_another_province() {
        let desk = Unit::Commune(CommuneCode(4));
        assert!(stands_above(
            &Unit::Province(ProvinceCode(1)),
            &desk,
            commune()
        ));
        assert!(!stands_above(
            &Unit::Province(ProvinceCode(79)),
            &desk,
            commune()
        ));
        assert!(!stands_above(&desk, &desk, commune()));
    }
}
