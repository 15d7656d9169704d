//! Who is told that a date of a campaign is near: everybody of whom it is asked, once each.

use std::collections::BTreeSet;
use std::sync::Arc;

use casework::campaign::{
    Addressee, Campaign, Command as Order, Document, NewTarget, Opening, TargetId, Work,
};
use casework::{Role, Unit};
use jiff::Timestamp;
use jiff::civil::date;
use platform::Workers;
use registry::area::{Place, ProvinceCode, Vintage};

use crate::feedback::Recorded;
use crate::world::{HERE, THERE, code, id, ministry, on_both, open_facility};

#[test]
fn every_unit_of_whom_something_is_asked_is_told_once_that_its_day_is_near() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        open_facility(&platform, THERE).await;
        let document = Document {
            number: "1975/BYT-CNTT".into(),
            date: date(2022, 4, 19),
        };
        let target = |name: &str, addressee| NewTarget {
            id: TargetId(name.into()),
            what: Work::Cleaning,
            addressee,
            due: date(2022, 5, 5),
            document: document.clone(),
        };
        let hà_nội = Place::of_province(ProvinceCode(1)).expect("a province");
        let opening = Opening {
            title: "Làm sạch dữ liệu tiêm chủng".into(),
            document: document.clone(),
            scope: hà_nội,
            warn_days: 3,
            targets: vec![
                target("xa", Addressee::Communes),
                target("co-so", Addressee::Facilities),
                target("tinh", Addressee::Provinces),
            ],
        };
        let campaign = id("hn");
        let by = ministry(Role::Administrator);
        let done = platform.act::<Campaign>(&by, &campaign, None, Order::Open(opening));
        done.await.expect("opens");

        let recorded = Arc::new(Recorded::default());
        let workers = Workers::new(platform.clone()).with_courier(Arc::clone(&recorded) as _);
        let near: Timestamp = "2022-05-03T02:00:00Z".parse().expect("a time");
        workers.settle(near).await.expect("works");
        workers.settle(near).await.expect("works");
        let messages = recorded.0.lock().expect("a lock").clone();
        let told = |part: &str| -> BTreeSet<String> {
            let about = messages.iter().filter(|it| it.body.contains(part));
            about.map(|it| it.recipient.clone()).collect()
        };
        let communes = Vintage::Of2022.communes().iter();
        let communes = communes.filter(|commune| commune.province == ProvinceCode(1));
        let mut asked: BTreeSet<String> = communes
            .map(|commune| Unit::Commune(commune.code).to_string())
            .collect();
        assert!(asked.len() > 500, "Hà Nội has {} communes", asked.len());
        asked.insert("ministry".into());
        assert_eq!(told("mục tiêu xa sắp"), asked);
        let facility = Unit::Facility(code(HERE)).to_string();
        let own = BTreeSet::from([facility, "ministry".to_owned()]);
        assert_eq!(
            told("mục tiêu co-so sắp"),
            own,
            "and none of another province"
        );
        let province = BTreeSet::from(["province/01".to_owned(), "ministry".to_owned()]);
        assert_eq!(told("mục tiêu tinh sắp"), province);
        assert_eq!(messages.len(), asked.len() + 4, "once each");
    });
}
