//! Where units stand, and who stands above them: the district, the province, the ministry, and the platform itself.

use registry::area::Place;

use crate::{Actor, Unit};

/// True when the actor's unit supervises whatever stands in the place. A citizen stands above nothing.
pub(crate) fn stands_above(actor: &Actor, place: Place) -> bool {
    match actor.unit() {
        Some(Unit::Ministry) => true,
        Some(unit @ (Unit::Province(_) | Unit::District(_))) => unit.holds(place),
        Some(_) => false,
        None => actor.is_system(),
    }
}

/// True when a unit can stand in the place: all but a facility carry their place in their own code, so nobody gets at a unit by placing
/// it in their area.
pub(crate) fn can_stand_in(unit: &Unit, place: Place) -> bool {
    matches!(unit, Unit::Facility(_)) || unit.place() == place
}

#[cfg(test)]
mod tests {
    use registry::area::{CommuneCode, ProvinceCode};

    use super::*;
    use crate::{AccountId, Role};

    #[test]
    fn a_province_stands_above_its_own_communes_and_above_no_unknown_place() {
        let of = |unit| Actor::Staff {
            account: AccountId("a".into()),
            unit,
            role: Role::Supervisor,
        };
        let trúc_bạch = Place::of_commune(CommuneCode(4)).expect("a commune");
        let hà_nội = of(Unit::Province(ProvinceCode(1)));
        assert!(stands_above(&hà_nội, trúc_bạch));
        assert!(!stands_above(&hà_nội, Place::default()));
        assert!(!stands_above(
            &of(Unit::Province(ProvinceCode(79))),
            trúc_bạch
        ));
        assert!(!stands_above(&of(Unit::Commune(CommuneCode(4))), trúc_bạch));
        assert!(!stands_above(&Actor::Citizen, trúc_bạch));
    }
}
