//! Of whom a campaign asks something: the units of its scope, from the list of areas and the records of facilities.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use casework::campaign::{Addressee, Campaign, Event};
use casework::facility::Facility;
use casework::{Kind, RecordId, Unit};
use registry::area::{DistrictCode, Place, Vintage, districts};
use storage::StorageError;

use crate::acts::Platform;

/// Facilities that are read at once.
const AT_ONCE: u32 = 1_000;

impl Platform {
    /// The units of whom the targets are asked that these events are about.
    pub(crate) async fn asked(
        &self,
        campaign: &Campaign,
        events: &[Event],
    ) -> Result<BTreeMap<Addressee, Vec<Unit>>, StorageError> {
        let mut asked = BTreeMap::new();
        for event in events {
            let (Event::TargetWarned { target, .. } | Event::TargetPassed { target, .. }) = event
            else {
                continue;
            };
            let Some(target) = campaign.targets.get(target) else {
                continue;
            };
            if let Entry::Vacant(units) = asked.entry(target.addressee) {
                units.insert(self.units_of(target.addressee, campaign.scope).await?);
            }
        }
        Ok(asked)
    }

    async fn units_of(
        &self,
        addressee: Addressee,
        scope: Place,
    ) -> Result<Vec<Unit>, StorageError> {
        Ok(match addressee {
            Addressee::Provinces => provinces(scope),
            Addressee::Communes => places(scope).filter_map(Unit::station_of).collect(),
            Addressee::Police => places(scope).filter_map(Unit::police_of).collect(),
            Addressee::Facilities => self.facilities_in(scope).await?,
            Addressee::MinistryFacilities => vec![Unit::Ministry],
            Addressee::All => {
                let mut units = provinces(scope);
                units.extend(places(scope).filter_map(Unit::station_of));
                units.extend(places(scope).filter_map(Unit::police_of));
                units.extend(self.facilities_in(scope).await?);
                units.push(Unit::Ministry);
                units
            }
        })
    }

    /// The facilities that stand in an area and are open.
    async fn facilities_in(&self, scope: Place) -> Result<Vec<Unit>, StorageError> {
        let mut units = Vec::new();
        let mut after: Option<RecordId> = None;
        loop {
            let ids = self.store().ids(Kind::Facility, after.as_ref(), AT_ONCE);
            let ids = ids.await?;
            let Some(last) = ids.last().cloned() else {
                return Ok(units);
            };
            after = Some(last);
            let facilities = self.both::<Facility>(ids).await?;
            let facilities = facilities.into_iter().map(|(_, stored)| stored.state);
            let here = facilities.filter(|it| it.closed.is_none() && scope.contains(it.place));
            units.extend(here.map(|facility| Unit::Facility(facility.code)));
        }
    }
}

fn provinces(scope: Place) -> Vec<Unit> {
    let provinces = Vintage::Of2022.provinces().iter();
    let within =
        provinces.filter(|province| scope.province.is_none_or(|code| code == province.code));
    within
        .map(|province| Unit::Province(province.code))
        .collect()
}

/// The places of an area that have a station and police of their own: its communes, and island districts without communes.
fn places(scope: Place) -> impl Iterator<Item = Place> {
    let communes = Vintage::Of2022.communes();
    let with_communes: BTreeSet<DistrictCode> = communes
        .iter()
        .filter_map(|commune| commune.district)
        .collect();
    let islands = districts()
        .iter()
        .filter(move |district| !with_communes.contains(&district.code))
        .filter_map(|district| Place::of_district(district.code));
    communes
        .iter()
        .filter_map(|commune| Place::of_commune(commune.code))
        .chain(islands)
        .filter(move |place| scope.contains(*place))
}
