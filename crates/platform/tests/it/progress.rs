//! What was counted is what is there, at any moment; the country's passports follow from what facilities signed.

use std::sync::Arc;

use ::passport::profile::Profile;
use ::signing::Purpose;
use casework::subject::person::RegisterAnswer;
use casework::subject::{self, Action, Contact, Subject};
use casework::{Queue, Role, Unit};
use platform::Platform;
use platform::issuing::PassportKey;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;
use registry::area::{CommuneCode, DistrictCode, ProvinceCode};
use registry::status::PassportState;
use storage::Scope;

use crate::signing::{certified, key_of, sign};
use crate::world::{
    HERE, THERE, clerk, code, code_of, head, ministry, on_both, open_facility, order, person,
    place, settle, station, subject,
};

pub(crate) async fn counters_equal_a_recount(platform: &Platform) {
    let recount = platform.recount().await.expect("recounts");
    assert_eq!(
        recount.differing,
        [],
        "every state is the fold of its events"
    );
    let scopes = [
        Scope::Country,
        Scope::Province(ProvinceCode(1)),
        Scope::Province(ProvinceCode(79)),
        Scope::District(DistrictCode(1)),
        Scope::Commune(CommuneCode(HERE)),
        Scope::Desk(Unit::Commune(CommuneCode(HERE))),
        Scope::Desk(Unit::Facility(code(HERE))),
        Scope::Desk(Unit::Police(CommuneCode(HERE))),
    ];
    for queue in Queue::ALL {
        for scope in &scopes {
            let counted = platform
                .store()
                .counts(*queue, scope)
                .await
                .expect("counts");
            assert_eq!(
                counted,
                recount.counts(*queue, scope),
                "{queue:?} of {scope:?}"
            );
        }
    }
}

#[test]
fn progress_equals_a_recount_from_the_events_after_every_act() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        open_facility(&platform, THERE).await;
        let campaign = order(&platform).await;
        let mut random = Pcg64Mcg::seed_from_u64(5);
        let mut people = Vec::new();
        for n in 0..12 {
            let mut person = person(n);
            if n % 3 == 0 {
                person.number = None;
            }
            let answer = (n % 3 == 1).then_some(RegisterAnswer::True);
            let commune = if n % 4 == 0 { THERE } else { HERE };
            people.push((settle(&platform, n, commune, person, answer).await, commune));
        }
        let list = platform
            .make_list(&station(HERE), &campaign, place(HERE))
            .await;
        let list = list.expect("a list");
        let key = key_of(Unit::Facility(code(HERE)));
        for step in 0..30 {
            let (id, commune) = people[random.random_range(0..people.len())].clone();
            let other = people[random.random_range(0..people.len())].0.clone();
            match random.random_range(0..5) {
                0 => drop(sign(&platform, &head(HERE), &[id], &key).await),
                1 => drop(platform.join(&clerk(commune), &[id, other]).await),
                2 => drop(platform.hand_out(&station(HERE), &list).await),
                3 => {
                    let command = subject::Command {
                        action: Action::ChangeContact(Contact {
                            phone: Some(format!("09{step:08}")),
                            email: None,
                        }),
                        policy: Arc::clone(&platform.settings().policy),
                    };
                    let by = clerk(commune);
                    platform
                        .act::<Subject>(&by, &id, None, command)
                        .await
                        .expect("changes");
                }
                _ => {
                    let action = if subject(&platform, &id).await.sealed {
                        Action::Unseal
                    } else {
                        Action::Seal
                    };
                    let policy = Arc::clone(&platform.settings().policy);
                    let command = subject::Command { action, policy };
                    let by = ministry(Role::Administrator);
                    platform
                        .act::<Subject>(&by, &id, None, command)
                        .await
                        .expect("seals");
                }
            }
            counters_equal_a_recount(&platform).await;
        }
        let by = crate::world::province();
        let unit = by.by.unit().expect("a unit");
        let (_, report) = platform
            .take_report(&by, unit, &campaign, None)
            .await
            .expect("a report");
        assert_eq!(
            report.snapshot.counts,
            platform.progress(&by, unit).await.expect("progress")
        );
        let foreign = platform
            .progress(&by, &Unit::Province(ProvinceCode(79)))
            .await;
        assert_eq!(code_of(foreign), "record.not_found");
    });
}

/// The country's key.
pub(crate) fn country() -> PassportKey {
    let (key, certificate, _) = certified("DSC", &[Purpose::Vaccination]);
    PassportKey {
        profile: Profile::parse(Profile::EU_2023).expect("a profile"),
        certificate,
        signer: Arc::new(key),
    }
}

#[test]
fn a_passport_follows_the_record_from_the_facility_to_the_border_and_back() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let one = settle(&platform, 1, HERE, person(1), Some(RegisterAnswer::True)).await;
        let key = country();
        let central = ministry(Role::CentralSigner);
        let refused = platform.issue_passports(&head(HERE), &key).await;
        assert_eq!(code_of(refused), "rights.forbidden");
        let early = platform
            .issue_passports(&central, &key)
            .await
            .expect("an evening");
        assert_eq!(early.issued, 0, "nobody before the facility signed");

        let facility = key_of(Unit::Facility(code(HERE)));
        assert_eq!(
            sign(
                &platform,
                &head(HERE),
                std::slice::from_ref(&one),
                &facility
            )
            .await,
            ["signed 2"]
        );
        let evening = platform
            .issue_passports(&central, &key)
            .await
            .expect("an evening");
        assert_eq!((evening.issued, evening.refused), (1, Vec::new()));
        let again = platform
            .issue_passports(&central, &key)
            .await
            .expect("an evening");
        assert_eq!(again.issued, 0, "nobody gets two");

        let code_text = platform
            .passport_code(&head(HERE), &one)
            .await
            .expect("a code");
        assert!(code_text.starts_with("HC1:"));
        let hidden = platform.passport_code(&head(THERE), &one).await;
        assert_eq!(code_of(hidden), "record.not_found");

        // The clerk retracts the dose: the passport goes with it, in the same transaction.
        let retract = subject::Command {
            action: Action::RetractDose {
                dose: casework::subject::dose::DoseId("D1".into()),
            },
            policy: Arc::clone(&platform.settings().policy),
        };
        let by = clerk(HERE);
        let done = platform
            .act::<Subject>(&by, &one, None, retract)
            .await
            .expect("retracts");
        assert_eq!(done.state.passport.state, PassportState::Revoked);
        let gone = platform.passport_code(&head(HERE), &one).await;
        assert_eq!(code_of(gone), "record.not_found");
        counters_equal_a_recount(&platform).await;
    });
}
