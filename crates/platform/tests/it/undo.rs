//! An import is undone: exactly what nobody touched since is as before, to the last byte, and the rest is listed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use casework::facility::Facility;
use casework::subject::dose::{DoseCheck, DoseId};
use casework::subject::person::RegisterAnswer;
use casework::subject::{self, Action, Contact, NewDose, Registration, Subject, Suggestion};
use casework::{Act, Actor, Kind, Procedure as _, Queue, RecordId, Role, Unit};
use platform::Platform;
use platform::import::{
    Import, Imported, Incoming, IncomingFacility, Source, UndoError, Undone, undo,
};
use proptest::sample::subsequence;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, TestRng, TestRunner};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;
use registry::status::PassportState;
use storage::{Count, PageQuery, Scope};

use crate::progress::{counters_equal_a_recount, country};
use crate::signing::{key_of, sign};
use crate::world::{
    HERE, at, clerk, code, code_of, facts, head, id, ministry, on_both, open_facility, order,
    person, place, police, settle, station, subject,
};

/// People of each random sequence.
const PEOPLE: u32 = 12;

/// So many sequences of imports and edits on each store.
const SEQUENCES: u64 = 25;

/// A row of a file as a seed has it: the person follows from `n` alone.
fn row(n: u32, seed: u64) -> Incoming {
    let mut random = Pcg64Mcg::seed_from_u64(seed ^ (u64::from(n) << 32));
    let mut who = person(n);
    if n.is_multiple_of(3) {
        who.number = None;
    }
    let doses = (0..random.random_range(0..3)).map(|dose| {
        let mut facts = facts(HERE);
        facts.injected_on = format!("2021-09-{:02}", random.random_range(1..4));
        facts.number = Some(dose + 1);
        NewDose {
            id: DoseId(format!("D{n}-{dose}")),
            facts,
            check: DoseCheck {
                blocking: (random.random_range(0..3) == 0)
                    .then(|| "LT-01".to_owned())
                    .into_iter()
                    .collect(),
                ..DoseCheck::default()
            },
        }
    });
    let doses = doses.collect();
    let number = who.number.is_some();
    Incoming {
        row: u64::from(n),
        id: format!("S{n:05}"),
        registration: Registration {
            person: who,
            contact: Contact {
                phone: Some(format!("09010000{:02}", random.random_range(0..3))),
                email: None,
            },
            residence: place(HERE),
            hamlet: Some(format!("Tổ {}", random.random_range(1..3))),
            answer: (number && random.random_range(0..2) == 0).then_some(RegisterAnswer::True),
            doses,
            cluster: None,
        },
        suggestion: (!number).then(|| Suggestion {
            number: "001084999999".into(),
            full_name: "Trần Văn Thử".into(),
            birth_date: "1984-05-03".into(),
            sex: "M".into(),
            per_mille: random.random_range(500..503),
            why: "cùng họ tên và ngày sinh".into(),
        }),
    }
}

fn rows(numbers: impl IntoIterator<Item = u32>, seed: u64) -> Source {
    let rows = numbers.into_iter().map(|n| row(n, seed));
    Source::of(rows.collect(), Vec::new())
}

/// Takes a source in some seconds after noon; the id of the import and what it did.
async fn take_in(platform: &Platform, source: &Source, seconds: i64) -> (String, Imported) {
    let number = platform.settings().ids.next().expect("a number");
    let policy = Arc::clone(&platform.settings().policy);
    let import = Import::new(platform.store(), policy, at(seconds), "a.csv", number);
    let import_id = import.id().to_owned();
    let done = import.commit(source).await.expect("imports");
    assert!(done.tally.reconciles(), "{:?}", done.tally);
    (import_id, done)
}

async fn try_to_undo(platform: &Platform, import: &str, act: &Act) -> Result<Undone, UndoError> {
    let policy = Arc::clone(&platform.settings().policy);
    undo(platform.store(), policy, import, act).await
}

async fn undone(platform: &Platform, import: &str) -> Undone {
    let act = Act::system("console", at(9_000));
    let undone = try_to_undo(platform, import, &act).await;
    undone.expect("undoes")
}

/// How many were restored, taken back, undone before, and touched.
fn numbers(undone: &Undone) -> (u64, u64, u64, usize) {
    let Undone {
        restored,
        taken_back,
        already,
        touched,
        ..
    } = undone;
    (*restored, *taken_back, *already, touched.len())
}

fn phone(number: &str) -> Action {
    Action::ChangeContact(Contact {
        phone: Some(number.to_owned()),
        email: None,
    })
}

async fn edit(platform: &Platform, by: &Act, id: &RecordId, action: Action) {
    let policy = Arc::clone(&platform.settings().policy);
    let command = subject::Command { action, policy };
    let done = platform.act::<Subject>(by, id, None, command).await;
    done.expect("edits");
}

/// The bytes of every person's record with its revision.
async fn records(platform: &Platform) -> BTreeMap<RecordId, (u64, String)> {
    let store = platform.store();
    let ids = store.ids(Kind::Subject, None, 10_000).await.expect("lists");
    let stored = store.load_many::<Subject>(&ids).await.expect("loads");
    let bytes = stored.into_iter().map(|stored| {
        let stored = stored.expect("is there");
        let bytes = serde_json::to_string(&stored.state).expect("writes");
        (stored.revision, bytes)
    });
    ids.into_iter().zip(bytes).collect()
}

/// All that is there in the eyes of those who work with it: counters, the rows of every queue, and what is found by which word.
async fn in_sight(platform: &Platform) -> (Vec<Vec<Count>>, BTreeSet<String>, BTreeSet<String>) {
    let store = platform.store();
    let mut counters = Vec::new();
    let mut waiting = BTreeSet::new();
    for queue in Queue::ALL {
        let counts = store.counts(*queue, &Scope::Country).await.expect("counts");
        for count in &counts {
            let query = PageQuery {
                queue: *queue,
                scope: Scope::Country,
                state: Some(count.state.clone()),
                after: None,
                limit: 10_000,
            };
            let page = store.page(&query).await.expect("a page");
            waiting.extend(page.into_iter().map(|row| format!("{queue:?} {row:?}")));
        }
        counters.push(counts);
    }
    let mut found = BTreeSet::new();
    for (_, bytes) in records(platform).await.into_values() {
        let state: Subject = serde_json::from_str(&bytes).expect("reads");
        for key in state.keys() {
            let ids = store.find(Kind::Subject, &key, None, 10_000).await;
            found.extend(
                ids.expect("finds")
                    .into_iter()
                    .map(|id| format!("{key} {id}")),
            );
        }
    }
    (counters, waiting, found)
}

/// A random part of the people of a sequence; each has some whom none before it had.
fn some(runner: &mut TestRunner, seed: u64) -> Vec<u32> {
    let first = seed as u32 * 2;
    let people: Vec<u32> = (first..first + PEOPLE).collect();
    let part = subsequence(people, 0..=PEOPLE as usize);
    part.new_tree(runner).expect("a part").current()
}

/// What somebody may do to a record that an import wrote.
async fn edit_at_random(platform: &Platform, id: &RecordId, random: &mut Pcg64Mcg) {
    let state = subject(platform, id).await;
    let dose = state
        .doses
        .iter()
        .find(|(_, dose)| dose.counts())
        .map(|(id, _)| id.clone());
    match (random.random_range(0..3), dose) {
        (0, Some(dose)) if !state.sealed => {
            edit(platform, &clerk(HERE), id, Action::RetractDose { dose }).await;
        }
        (1, _) => {
            let action = if state.sealed {
                Action::Unseal
            } else {
                Action::Seal
            };
            edit(platform, &ministry(Role::Administrator), id, action).await;
        }
        _ => {
            let number = format!("0912{:06}", random.random_range(0..1_000_000));
            let by = Act::system("test", at(100));
            edit(platform, &by, id, phone(&number)).await;
        }
    }
}

/// An import, edits of some of its rows, and its undo, on whatever earlier sequences left.
async fn sequence(platform: &Platform, seed: u64) -> Undone {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let rng = TestRng::from_seed(
        proptest::test_runner::RngAlgorithm::ChaCha,
        &[seed as u8; 32],
    );
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (before, seen) = (records(platform).await, in_sight(platform).await);
    let source = rows(some(&mut runner, seed), seed);
    let (import, _) = take_in(platform, &source, 10).await;
    let after = records(platform).await;
    let written: Vec<&RecordId> = after
        .keys()
        .filter(|id| after.get(*id) != before.get(*id))
        .collect();
    let edits = if written.is_empty() || seed.is_multiple_of(4) {
        0
    } else {
        random.random_range(0..6)
    };
    for _ in 0..edits {
        let id = written[random.random_range(0..written.len())];
        edit_at_random(platform, id, &mut random).await;
    }
    let edited = records(platform).await;
    let touched: Vec<&RecordId> = written
        .iter()
        .copied()
        .filter(|id| edited.get(*id) != after.get(*id))
        .collect();

    let first = undone(platform, &import).await;
    let listed: Vec<&RecordId> = first.touched.iter().map(|touched| &touched.id).collect();
    assert_eq!(listed, touched, "seed {seed}");
    let now = records(platform).await;
    for (id, (_, bytes)) in &now {
        if touched.contains(&id) || !written.contains(&id) {
            assert_eq!(now.get(id), edited.get(id), "seed {seed}: {id} stays");
        } else if let Some((_, then)) = before.get(id) {
            assert_eq!(bytes, then, "seed {seed}: {id} is as before");
        } else {
            let state: Subject = serde_json::from_str(bytes).expect("reads");
            assert!(state.taken_back, "seed {seed}: {id}");
        }
    }
    if touched.is_empty() {
        assert_eq!(in_sight(platform).await, seen, "seed {seed}");
    }
    counters_equal_a_recount(platform).await;

    let (restored, taken_back, already, n) = numbers(&first);
    assert_eq!(already, 0, "seed {seed}");
    assert_eq!(
        restored + taken_back + n as u64,
        written.len() as u64,
        "seed {seed}"
    );
    let again = undone(platform, &import).await;
    assert_eq!(
        numbers(&again),
        (0, 0, restored + taken_back, n),
        "seed {seed}"
    );
    assert_eq!(again.touched, first.touched, "seed {seed}");
    assert_eq!(records(platform).await, now, "seed {seed}");
    // Half of the sequences leave something for the next.
    if random.random_range(0..2) == 0 {
        take_in(platform, &source, 20).await;
    }
    first
}

#[test]
fn exactly_what_nobody_touched_since_an_import_is_as_before_to_the_last_byte() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let mut all = [0; 3];
        for seed in 0..SEQUENCES {
            let (restored, taken_back, _, touched) = numbers(&sequence(&platform, seed).await);
            for (sum, n) in all.iter_mut().zip([restored, taken_back, touched as u64]) {
                *sum += n;
            }
        }
        assert!(
            all.iter().all(|n| *n > 20),
            "restored, taken back and touched all happen: {all:?}"
        );
    });
}

#[test]
fn a_record_that_was_taken_back_is_nowhere_until_it_is_imported_again() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let nothing = in_sight(&platform).await;
        let source = rows(1..4, 1);
        let (import, done) = take_in(&platform, &source, 0).await;
        assert_eq!(done.tally.new, 3);
        let imported = records(&platform).await;
        assert_eq!(numbers(&undone(&platform, &import).await), (0, 3, 0, 0));
        assert_eq!(in_sight(&platform).await, nothing);
        let gone = id("S00001");
        let policy = Arc::clone(&platform.settings().policy);
        for by in [station(HERE), head(HERE), clerk(HERE), police(HERE)] {
            let seen = platform.view::<Subject>(&by, &gone).await;
            assert_eq!(code_of(seen), "record.not_found");
        }
        let command = subject::Command {
            action: phone("0901000001"),
            policy,
        };
        let changed = platform
            .act::<Subject>(&clerk(HERE), &gone, None, command.clone())
            .await;
        assert_eq!(code_of(changed), "record.not_found");
        let own = Act::system("clock", at(1));
        let changed = platform.act::<Subject>(&own, &gone, None, command).await;
        assert_eq!(code_of(changed), "subject.unknown");
        let joined = platform.join(&head(HERE), &[gone, id("S00002")]).await;
        assert_eq!(code_of(joined), "record.not_found");

        let (second, done) = take_in(&platform, &source, 0).await;
        assert_eq!((done.tally.new, done.tally.unchanged), (3, 0));
        let states = |records: BTreeMap<RecordId, (u64, String)>| -> Vec<String> {
            records.into_values().map(|(_, bytes)| bytes).collect()
        };
        assert_eq!(states(records(&platform).await), states(imported));
        // The first import is undone already, whatever the second did.
        assert_eq!(numbers(&undone(&platform, &import).await), (0, 0, 3, 0));
        assert_eq!(numbers(&undone(&platform, &second).await), (0, 3, 0, 0));
        assert_eq!(in_sight(&platform).await, nothing);
        counters_equal_a_recount(&platform).await;
    });
}

#[test]
fn a_file_of_other_people_under_the_ids_of_an_undone_import_is_not_shifted() {
    on_both(async |platform| {
        let (import, _) = take_in(&platform, &rows(1..40, 1), 0).await;
        undone(&platform, &import).await;
        let right = (1..40).map(|n| Incoming {
            id: format!("S{n:05}"),
            ..row(n + 100, 1)
        });
        let right = Source::of(right.collect(), Vec::new());
        let (_, done) = take_in(&platform, &right, 1).await;
        assert_eq!(done.tally.new, 39);
    });
}

#[test]
fn imports_are_undone_the_last_one_first() {
    on_both(async |platform| {
        let (first, _) = take_in(&platform, &rows([1], 1), 0).await;
        let opened = subject(&platform, &id("S00001")).await;
        let (second, done) = take_in(&platform, &rows([1], 2), 60).await;
        assert_eq!(done.tally.updated, 1);
        let held = undone(&platform, &first).await;
        let touched = held.touched.first().expect("the second import holds it");
        assert_eq!(
            (touched.written, touched.now, touched.code, touched.at),
            (1, 2, "undo.changed_since", at(60))
        );
        assert_eq!(numbers(&undone(&platform, &second).await), (1, 0, 0, 0));
        assert_eq!(subject(&platform, &id("S00001")).await, opened);
        assert_eq!(numbers(&undone(&platform, &first).await), (0, 1, 0, 0));
        assert_eq!(numbers(&undone(&platform, &second).await), (0, 0, 1, 0));
        assert_eq!(numbers(&undone(&platform, &first).await), (0, 0, 1, 0));
    });
}

#[test]
fn work_about_a_record_that_its_revision_does_not_show_keeps_it() {
    on_both(async |platform| {
        let campaign = order(&platform).await;
        let unanswered = |n| {
            let mut row = row(n, 1);
            row.registration.answer = None;
            row
        };
        let mut source: Vec<Incoming> = [3, 4, 5, 6].map(unanswered).to_vec();
        for (row, cluster) in source.iter_mut().zip([None, Some("c"), Some("c"), None]) {
            row.registration.cluster = cluster.map(str::to_owned);
        }
        // Who has no number is put on a list: 3 and 6. A record that was there is joined to the cluster of 4 and 5.
        let third = Source::of(vec![unanswered(8)], Vec::new());
        take_in(&platform, &third, -60).await;
        let (import, _) = take_in(&platform, &Source::of(source, Vec::new()), -30).await;
        let made = platform
            .make_list(&station(HERE), &campaign, place(HERE))
            .await;
        made.expect("a list");
        let link = Action::Link {
            cluster: "c".into(),
            verified_numbers: Vec::new(),
        };
        edit(&platform, &Act::system("test", at(5)), &id("S00008"), link).await;
        let kept = undone(&platform, &import).await;
        assert_eq!(numbers(&kept), (0, 0, 0, 4), "{kept:?}");
        for touched in &kept.touched {
            let by_clerk = touched.id == id("S00003") || touched.id == id("S00006");
            let (by, when) = if by_clerk {
                (station(HERE).by, at(0))
            } else {
                (Act::system("test", at(5)).by, at(5))
            };
            assert_eq!(
                (&touched.by, touched.at, touched.code),
                (&by, when, "undo.worked_on_since")
            );
        }
    });
}

#[test]
fn a_list_from_before_the_import_keeps_nothing() {
    on_both(async |platform| {
        let campaign = order(&platform).await;
        take_in(&platform, &rows([3], 1), -60).await;
        let made = platform
            .make_list(&station(HERE), &campaign, place(HERE))
            .await;
        made.expect("a list");
        let before = subject(&platform, &id("S00003")).await;
        let (import, done) = take_in(&platform, &rows([3], 2), 60).await;
        assert_eq!(done.tally.updated, 1);
        assert_eq!(numbers(&undone(&platform, &import).await), (1, 0, 0, 0));
        assert_eq!(subject(&platform, &id("S00003")).await, before);
    });
}

#[test]
fn a_passport_that_the_import_took_is_not_given_back() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let one = settle(&platform, 1, HERE, person(1), Some(RegisterAnswer::True)).await;
        let facility = key_of(Unit::Facility(code(HERE)));
        sign(
            &platform,
            &head(HERE),
            std::slice::from_ref(&one),
            &facility,
        )
        .await;
        let central = ministry(Role::CentralSigner);
        let evening = platform.issue_passports(&central, &country()).await;
        assert_eq!(evening.expect("an evening").issued, 1);
        let mut corrected = row(1, 1);
        let mut facts = facts(HERE);
        facts.injected_on = "2021-09-02".into();
        corrected.registration.doses = vec![NewDose {
            id: DoseId("D1".into()),
            facts,
            check: DoseCheck::default(),
        }];
        let source = Source::of(vec![corrected], Vec::new());
        let (import, _) = take_in(&platform, &source, 60).await;
        let revoked = subject(&platform, &one).await;
        assert_eq!(revoked.passport.state, PassportState::Revoked);
        let kept = undone(&platform, &import).await;
        let touched = kept.touched.first().expect("it stays");
        assert_eq!(
            (touched.code, &touched.by, touched.at),
            ("subject.undo_passport", &Actor::system("import"), at(60))
        );
        assert_eq!(subject(&platform, &one).await, revoked);
        counters_equal_a_recount(&platform).await;
    });
}

#[test]
fn only_the_platform_undoes_and_only_an_import() {
    on_both(async |platform| {
        let facility = IncomingFacility {
            code: code(HERE),
            name: "Trạm Y tế".into(),
            place: place(HERE),
        };
        let source = Source::of(vec![row(1, 1)], vec![facility.clone(), facility]);
        let (import, done) = take_in(&platform, &source, 0).await;
        assert_eq!(done.tally.new_facilities, 1);
        let refused = try_to_undo(&platform, &import, &head(HERE)).await;
        let refused = refused.expect_err("not by staff");
        assert!(matches!(refused, UndoError::Refused(_)), "{refused}");
        for unknown in ["", "import/", "subject/S00001", &format!("{import}/0")] {
            let own = Act::system("console", at(1));
            let refused = try_to_undo(&platform, unknown, &own).await;
            let refused = refused.expect_err("no import");
            assert!(matches!(refused, UndoError::Unknown(_)), "{refused}");
        }
        for by in [
            clerk(HERE),
            head(HERE),
            police(HERE),
            ministry(Role::Operator),
        ] {
            let command = subject::Command {
                action: Action::Undo {
                    of: import.clone(),
                    before: None,
                },
                policy: Arc::clone(&platform.settings().policy),
            };
            let done = platform
                .act::<Subject>(&by, &id("S00001"), None, command)
                .await;
            assert_eq!(code_of(done), "rights.forbidden");
        }
        let done = undone(&platform, &import).await;
        assert_eq!((done.taken_back, done.facilities), (1, 1), "it stays");
        let facility = id(code(HERE).as_str());
        let stays = platform.store().load::<Facility>(&facility).await;
        assert!(stays.expect("loads").is_some());
        let notes = platform.store().notes(&import, 10).await.expect("notes");
        assert_eq!(notes.len(), 2, "that it began, and that it was undone");
    });
}

#[test]
fn two_imports_of_one_file_in_one_second_are_two_and_none_takes_the_id_of_another() {
    on_both(async |platform| {
        let (one, _) = take_in(&platform, &rows([1], 1), 0).await;
        let (other, _) = take_in(&platform, &rows([2], 1), 0).await;
        assert_ne!(one, other);
        assert_eq!(numbers(&undone(&platform, &one).await), (0, 1, 0, 0));
        assert!(!subject(&platform, &id("S00002")).await.taken_back);
        let policy = Arc::clone(&platform.settings().policy);
        let number = platform.settings().ids.next().expect("a number") - 1;
        let import = Import::new(platform.store(), policy, at(0), "a.csv", number);
        assert_eq!(import.id(), other);
        let refused = import.commit(&rows([3], 1)).await.expect_err("taken");
        assert!(refused.to_string().contains(&other), "{refused}");
        let there = platform.store().known(Kind::Subject, &["S00003"]).await;
        assert_eq!(there.expect("asks").len(), 0);
    });
}

#[test]
fn who_edits_while_an_import_is_undone_either_comes_first_or_finds_nothing() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let (import, done) = take_in(&platform, &rows(1..400, 3), 0).await;
        assert_eq!(done.tally.new, 399);
        let editing = platform.clone();
        let edits = tokio::spawn(async move {
            let mut edited = BTreeSet::new();
            for n in (1..400).step_by(9) {
                let command = subject::Command {
                    action: phone(&format!("0912{n:06}")),
                    policy: Arc::clone(&editing.settings().policy),
                };
                let by = Act::system("test", at(10));
                let subject = id(&format!("S{n:05}"));
                if editing
                    .act::<Subject>(&by, &subject, None, command)
                    .await
                    .is_ok()
                {
                    edited.insert(subject);
                }
            }
            edited
        });
        let done = undone(&platform, &import).await;
        let edited = edits.await.expect("edits");
        let touched: BTreeSet<RecordId> = done.touched.into_iter().map(|it| it.id).collect();
        assert_eq!(touched, edited);
        assert_eq!(done.taken_back, 399 - edited.len() as u64);
        counters_equal_a_recount(&platform).await;
    });
}
