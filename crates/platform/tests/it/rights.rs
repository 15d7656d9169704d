//! Nobody learns anything of another province; whatever somebody read or was refused is in the ledger.

use casework::facility::Facility;
use casework::subject::Subject;
use casework::subject::person::RegisterAnswer;
use casework::{Act, Queue, Role, Unit};
use platform::{ActError, Governed, Platform, Search};
use registry::area::{CommuneCode, ProvinceCode};
use storage::{PageQuery, Scope};

use crate::world::{
    HERE, THERE, code, code_of, district, everybody, id, ministry, on_both, open_facility, person,
    place, police, settle, station,
};

/// What an actor hears, as one word: the same word must mean the same to somebody who listens.
fn heard<T>(result: Result<T, ActError>) -> &'static str {
    match result {
        Ok(_) => "seen",
        Err(ActError::Refused(refusal)) => {
            assert_eq!(
                refusal.detail, None,
                "a refusal of this kind says nothing more"
            );
            refusal.reason.code
        }
        Err(other) => panic!("{other}"),
    }
}

async fn looks<P: Governed>(platform: &Platform, act: &Act, there: &str, nowhere: &str) {
    let seen = heard(platform.view::<P>(act, &id(there)).await);
    let unknown = heard(platform.view::<P>(act, &id(nowhere)).await);
    assert_eq!(seen, unknown, "{:?} by {:?}", P::KIND, act.by);
    assert_ne!(seen, "seen");
    let seen = heard(platform.history::<P>(act, &id(there)).await);
    let unknown = heard(platform.history::<P>(act, &id(nowhere)).await);
    assert_eq!(seen, unknown, "history of {:?} by {:?}", P::KIND, act.by);
}

#[test]
fn nobody_of_another_province_learns_that_a_record_is_there() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        open_facility(&platform, THERE).await;
        let there = settle(&platform, 1, THERE, person(1), Some(RegisterAnswer::True)).await;
        for act in everybody(HERE) {
            looks::<Subject>(&platform, &act, &there.0, "S99999").await;
            looks::<Facility>(&platform, &act, code(THERE).as_str(), "TYT-99999").await;
            for search in [
                Search::Number("001084000001".into()),
                Search::Phone("0912300001".into()),
                Search::Person {
                    full_name: "trần văn thử".into(),
                    birth_date: "1984-05-03".into(),
                },
            ] {
                match platform.search(&act, &search).await {
                    Ok(lines) => assert_eq!(lines, [], "{:?}", act.by),
                    Err(error) => assert_eq!(code_of::<()>(Err(error)), "rights.forbidden"),
                }
            }
        }
    });
}

#[test]
fn no_queue_and_no_counter_shows_another_area() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let there = place(THERE);
        let scopes = [
            Scope::Country,
            Scope::Province(ProvinceCode(79)),
            Scope::District(there.district.expect("a district")),
            Scope::Commune(CommuneCode(THERE)),
            Scope::Desk(Unit::Commune(CommuneCode(THERE))),
            Scope::Desk(Unit::Facility(code(THERE))),
            Scope::Desk(Unit::Ministry),
        ];
        open_facility(&platform, THERE).await;
        settle(&platform, 1, THERE, person(1), None).await;
        for act in everybody(HERE) {
            for queue in Queue::ALL {
                for scope in &scopes {
                    let counts = heard(platform.counts(&act, *queue, scope).await);
                    assert!(
                        counts == "record.not_found" || counts == "rights.forbidden",
                        "{:?} counts {queue:?} of {scope:?}",
                        act.by
                    );
                    let query = PageQuery {
                        queue: *queue,
                        scope: scope.clone(),
                        state: None,
                        after: None,
                        limit: 10,
                    };
                    assert_eq!(heard(platform.page(&act, &query).await), counts);
                }
            }
        }
    });
}

#[test]
fn the_police_see_who_somebody_is_and_the_district_what_was_injected() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let here = settle(&platform, 1, HERE, person(1), Some(RegisterAnswer::True)).await;
        let by_police = platform
            .view::<Subject>(&police(HERE), &here)
            .await
            .expect("sees");
        assert_eq!(
            by_police.state.person.number.as_deref(),
            Some("001084000001")
        );
        assert!(by_police.state.doses.is_empty());
        let district = district();
        let by_district = platform
            .view::<Subject>(&district, &here)
            .await
            .expect("sees");
        assert!(!by_district.state.doses.is_empty());
        assert!(
            by_district
                .state
                .person
                .number
                .is_some_and(|number| number.contains('*'))
        );
        assert_eq!(by_district.state.contact.phone, None);
        let history = platform.history::<Subject>(&district, &here).await;
        assert_eq!(
            code_of(history),
            "rights.forbidden",
            "a history shows all of it"
        );
        let by_operator = platform
            .view::<Subject>(&ministry(Role::Operator), &here)
            .await;
        assert_eq!(code_of(by_operator), "rights.forbidden");
    });
}

#[test]
fn every_read_search_and_refusal_is_in_the_ledger() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let here = settle(&platform, 1, HERE, person(1), Some(RegisterAnswer::True)).await;
        platform
            .view::<Subject>(&station(HERE), &here)
            .await
            .expect("sees");
        let refused = platform.view::<Subject>(&station(THERE), &here).await;
        assert_eq!(code_of(refused), "record.not_found");
        let number = Search::Number("001 084 000 001".into());
        assert_eq!(
            platform
                .search(&station(HERE), &number)
                .await
                .expect("finds")
                .len(),
            1
        );
        let auditor = ministry(Role::Auditor);
        let reads = platform
            .reads::<casework::subject::Subject>(&auditor, &here, 10)
            .await
            .expect("reads");
        let bodies: Vec<&str> = reads.iter().map(|read| read.body.as_str()).collect();
        assert_eq!(bodies.len(), 3, "{bodies:?}");
        assert!(
            bodies
                .iter()
                .any(|it| it.contains(r#""what":"refused","code":"record.not_found""#))
        );
        assert!(
            bodies
                .iter()
                .all(|it| it.contains("127.0.0.1") && !it.contains("001084000001"))
        );
        let denied = platform
            .reads::<casework::subject::Subject>(&station(HERE), &here, 10)
            .await;
        assert_eq!(code_of(denied), "rights.forbidden");

        let size = platform.store().log_head().await.expect("a head").size;
        let head = platform.store().sequence(1_000).await.expect("sequences");
        assert!(
            head.size >= size + 3,
            "notes get their places like everything else"
        );
    });
}
