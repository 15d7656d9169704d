//! A cleaning list from the station to the register's new answer.

use std::sync::Arc;

use casework::cleaning::item::{Applying, Command as RowCommand, HamletOutcome, Item};
use casework::cleaning::list::{List, ListState};
use casework::cleaning::{SignatureEvidence, Snapshot};
use casework::subject::person::{IdentityChange, IdentityField, RegisterAnswer};
use casework::{RecordId, Role, Unit};
use linkage::verify::Register as Entries;
use platform::register::{Extract, Register, Unreachable};
use platform::{ActError, Platform, Workers};
use registry::area::CommuneCode;
use registry::fields::RegisterRow;
use registry::status::{CleaningItem, SubjectIdentity};

use crate::world::{
    HERE, THERE, at, code_of, on_both, open_facility, order, person, place, police, settle, staff,
    station, subject,
};

fn hamlet() -> casework::Act {
    staff(
        Unit::Hamlet(CommuneCode(HERE), "Tổ 1".into()),
        Role::HamletTeam,
    )
}

fn scan() -> SignatureEvidence {
    SignatureEvidence::Scan {
        attachment: "scan-1".into(),
        sha256: "ab".repeat(32),
    }
}

/// A register in which person `n` stands with the number of `n`.
fn register(people: &[u32]) -> Arc<dyn Register> {
    let mut entries = Entries::default();
    for n in people {
        let person = person(*n);
        entries.push(&RegisterRow {
            id_number: person.number.as_deref(),
            full_name: Some(&person.full_name),
            dob: Some(&person.birth_date),
            sex: Some(&person.sex),
            ..RegisterRow::default()
        });
    }
    Arc::new(Extract::new(entries))
}

async fn rows(platform: &Platform, list: &RecordId) -> Vec<(RecordId, Item)> {
    let rows = platform.rows_of_list(&station(HERE), list).await;
    let rows = rows.expect("rows").into_iter();
    rows.map(|(id, stored)| (id, stored.state)).collect()
}

/// The hamlet finds the right values and the police confirm them, for every row.
async fn review_and_confirm(
    platform: &Platform,
    listed: &[(RecordId, Item)],
    values_of: impl Fn(&Item) -> IdentityChange,
) {
    for (row, item) in listed {
        let values = values_of(item);
        let review = RowCommand::Review(HamletOutcome::Corrected {
            values: values.clone(),
            evidence: "ảnh CCCD".into(),
        });
        let by = hamlet();
        let reviewed = platform.act::<Item>(&by, row, None, review).await;
        reviewed.expect("reviews");
        let confirm = RowCommand::Confirm { values };
        let by = police(HERE);
        let confirmed = platform.act::<Item>(&by, row, None, confirm).await;
        confirmed.expect("confirms");
    }
}

/// The police sign what they have confirmed; how many rows.
async fn sign(platform: &Platform, list: &RecordId) -> usize {
    let by = police(HERE);
    let to_sign = platform.to_sign(&by, list).await.expect("to sign");
    let other = platform.sign_list(&by, list, &"0".repeat(64), scan()).await;
    assert_eq!(code_of(other), "cleaning.content_changed");
    let signed = platform.sign_list(&by, list, &to_sign.content_sha256, scan());
    signed.await.expect("signs");
    let archived = platform.store().load::<List>(list).await.expect("loads");
    let archived = archived.expect("a list").state.state;
    assert!(matches!(archived, ListState::Archived(_)));
    to_sign.rows.len()
}

/// Applies one row by itself.
async fn apply(platform: &Platform, row: &RecordId) -> Result<CleaningItem, ActError> {
    let command = RowCommand::Apply {
        // What a caller says of the person counts for nothing.
        now: Snapshot {
            revision: 99,
            person: person(9),
        },
        how: Applying::Single,
    };
    let by = station(HERE);
    let done = platform.act::<Item>(&by, row, None, command).await?;
    Ok(done.state.state)
}

#[test]
fn a_list_goes_through_hamlet_police_and_station_to_a_new_answer() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let campaign = order(&platform).await;
        let mut without = person(1);
        without.number = None;
        let e1 = settle(&platform, 1, HERE, without, None).await;
        let mut wrong = person(2);
        wrong.full_name = "Trần Văn Thủ".into();
        let differing = vec![IdentityField::FullName];
        let no = RegisterAnswer::False { differing };
        let e3 = settle(&platform, 2, HERE, wrong, Some(no)).await;
        settle(&platform, 3, HERE, person(3), Some(RegisterAnswer::True)).await;
        settle(&platform, 4, THERE, person(4), None).await;

        let by = station(HERE);
        let made = platform.make_list(&by, &campaign, place(HERE)).await;
        let list = made.expect("makes a list");
        let listed = rows(&platform, &list).await;
        assert_eq!(listed.len(), 2, "E1 and E3 of this commune alone");
        assert_eq!(platform.hand_out(&by, &list).await.expect("hands out"), 2);
        let of_e1 = |item: &Item| item.listing.subject == e1;
        review_and_confirm(&platform, &listed, |item| IdentityChange {
            number: of_e1(item).then(|| "001084000001".to_owned()),
            full_name: (!of_e1(item)).then(|| "Trần Văn Thử".to_owned()),
            ..IdentityChange::default()
        })
        .await;
        let (first, _) = listed.first().expect("a row");
        assert_eq!(
            code_of(apply(&platform, first).await),
            "cleaning.not_signed"
        );
        assert_eq!(sign(&platform, &list).await, 2);

        let applied = platform.apply_list(&by, &list).await.expect("applies");
        assert_eq!(applied.len(), 2);
        let number = subject(&platform, &e1).await.person.number;
        assert_eq!(number.as_deref(), Some("001084000001"));
        let name = subject(&platform, &e3).await.person.full_name;
        assert_eq!(name, "Trần Văn Thủ", "E3 one by one");
        for (row, _) in listed.iter().filter(|(_, item)| !of_e1(item)) {
            let applied = apply(&platform, row).await.expect("applies");
            assert_eq!(applied, CleaningItem::TytUpdated);
        }
        let workers = Workers::new(platform.clone()).with_register(register(&[1, 2]));
        workers.settle(at(60)).await.expect("settles");
        for id in [&e1, &e3] {
            let identity = subject(&platform, id).await.identity;
            assert_eq!(identity, SubjectIdentity::True, "{id}");
        }
        for (_, item) in rows(&platform, &list).await {
            assert_eq!(item.state, CleaningItem::Resolved);
        }
    });
}

#[test]
fn a_row_whose_person_changed_goes_back_to_review_and_nothing_is_overwritten() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let campaign = order(&platform).await;
        let mut wrong = person(1);
        wrong.number = Some("00108400001".into());
        let e2 = settle(&platform, 1, HERE, wrong, None).await;
        let list = platform
            .make_list(&station(HERE), &campaign, place(HERE))
            .await
            .expect("a list");
        platform
            .hand_out(&station(HERE), &list)
            .await
            .expect("hands out");
        let listed = rows(&platform, &list).await;
        review_and_confirm(&platform, &listed, |_| IdentityChange {
            number: Some("001084000001".into()),
            ..IdentityChange::default()
        })
        .await;
        sign(&platform, &list).await;
        // Meanwhile the register itself has given other values.
        let other = casework::subject::Command {
            action: casework::subject::Action::ChangeIdentity {
                change: IdentityChange {
                    full_name: Some("Trần Văn Khác".into()),
                    number: Some("001084000001".into()),
                    ..IdentityChange::default()
                },
                evidence: casework::subject::person::IdentityEvidence::PoliceList {
                    list: "other".into(),
                    row: "other".into(),
                    content_sha256: "cd".repeat(32),
                },
            },
            policy: Arc::clone(&platform.settings().policy),
        };
        let system = casework::Act::system("register", at(10));
        platform
            .act::<casework::subject::Subject>(&system, &e2, None, other)
            .await
            .expect("changes");
        let applied = platform
            .apply_list(&station(HERE), &list)
            .await
            .expect("applies");
        assert_eq!(
            applied.first().map(|(_, outcome)| outcome.clone()),
            Some(platform::cleaning::RowOutcome::Done(
                CleaningItem::HamletReview
            ))
        );
        assert_eq!(
            subject(&platform, &e2).await.person.full_name,
            "Trần Văn Khác"
        );
    });
}

/// A register that is down until it is told otherwise.
struct Down(std::sync::atomic::AtomicBool, Arc<dyn Register>);

impl Register for Down {
    fn ask(
        &self,
        request: &str,
        person: &casework::subject::person::Person,
    ) -> Result<RegisterAnswer, Unreachable> {
        if self.0.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(Unreachable("no route".into()));
        }
        self.1.ask(request, person)
    }
}

#[test]
fn a_register_that_is_down_for_a_day_loses_no_question() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let clerk = crate::world::clerk(HERE);
        let new = casework::subject::Registration {
            person: person(1),
            contact: casework::subject::Contact::default(),
            residence: place(HERE),
            hamlet: None,
            answer: Some(RegisterAnswer::True),
            doses: Vec::new(),
            cluster: None,
        };
        let command = casework::subject::Command {
            action: casework::subject::Action::Register(new),
            policy: Arc::clone(&platform.settings().policy),
        };
        let id = crate::world::id("N1");
        let done = platform
            .act::<casework::subject::Subject>(&clerk, &id, None, command)
            .await;
        let done = done.expect("registers");
        assert_eq!(
            done.state.identity,
            SubjectIdentity::NotSent,
            "a clerk answers for no register"
        );

        let down = Arc::new(Down(true.into(), register(&[1])));
        let workers = Workers::new(platform.clone()).with_register(down.clone());
        for hour in 0..24 {
            let round = workers.round(at(hour * 3600)).await.expect("a round");
            assert_eq!(round.answered, 0);
        }
        assert_eq!(
            subject(&platform, &id).await.identity,
            SubjectIdentity::Pending
        );
        down.0.store(false, std::sync::atomic::Ordering::Relaxed);
        workers.settle(at(25 * 3600)).await.expect("settles");
        assert_eq!(
            subject(&platform, &id).await.identity,
            SubjectIdentity::True
        );
    });
}

#[test]
fn a_commune_makes_no_list_of_another() {
    on_both(async |platform| {
        let campaign = order(&platform).await;
        let mut without = person(4);
        without.number = None;
        settle(&platform, 4, THERE, without, None).await;
        let foreign = platform
            .make_list(&station(HERE), &campaign, place(THERE))
            .await;
        assert_eq!(code_of(foreign), "record.not_found");
        let nobody = platform
            .make_list(&station(HERE), &campaign, place(HERE))
            .await;
        assert_eq!(code_of(nobody), "cleaning.empty_list");
        let notes = platform
            .store()
            .notes("cleaning_list/list-00000000000000000000000000000000", 10);
        assert_eq!(notes.await.expect("notes").len(), 1, "the refusal is noted");
    });
}
