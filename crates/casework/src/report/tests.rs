//! A report taken, signed, followed by a later one, and random walks beside a reference.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use registry::area::ProvinceCode;

use super::*;
use crate::{Actor, Origin, Role, carry_out, replay};

fn hà_nội() -> Unit {
    Unit::Province(ProvinceCode(1))
}

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_650_330_000 + hour * 3600).expect("a time")
}

fn act(by: Actor, hour: i64) -> Act {
    Act {
        at: at(hour),
        by,
        from: Origin("test".into()),
        why: None,
    }
}

fn staff(unit: Unit) -> Actor {
    Actor::Staff {
        account: AccountId("hoang.van.giang".into()),
        unit,
        role: Role::Supervisor,
    }
}

fn own(hour: i64) -> Act {
    act(staff(hà_nội()), hour)
}

fn snapshot(hour: i64, signed: u64) -> Snapshot {
    let count = |of, number| Count { of, number };
    let counts = [
        ("signed", count(Counted::Doses, signed)),
        ("verified", count(Counted::Persons, 40)),
    ];
    Snapshot {
        unit: hà_nội(),
        place: Place::of_province(ProvinceCode(1)).expect("a province"),
        campaign: RecordId("1975-provinces-2022".into()),
        as_of: at(hour),
        last_event: 1_000 + hour.unsigned_abs(),
        counts: counts.map(|(name, count)| (name.to_owned(), count)).into(),
        earlier: None,
    }
}

fn sign(snapshot: &Snapshot, evidence: &str) -> Command {
    Command::Sign {
        content_sha256: snapshot.content_sha256(),
        evidence: evidence.into(),
    }
}

fn done(state: Option<Report>, command: &Command, by: &Act) -> Report {
    let (state, _) = carry_out(state, command, by).expect("allowed");
    state.expect("a state")
}

fn refused(state: Option<&Report>, command: &Command, by: &Act) -> &'static str {
    let refusal = Report::decide(state, command, by).expect_err("refused");
    refusal.reason.code
}

fn taken() -> Report {
    done(None, &Command::Take(snapshot(0, 96)), &own(1))
}

#[test]
fn a_report_is_taken_once_and_signed_once_and_never_changes() {
    let report = taken();
    let other = Command::Take(snapshot(0, 97));
    assert_eq!(refused(Some(&report), &other, &own(2)), "report.taken");
    let same = Report::decide(Some(&report), &Command::Take(snapshot(0, 96)), &own(2));
    assert_eq!(same, Ok(Vec::new()));
    let signed = done(
        Some(report.clone()),
        &sign(&report.snapshot, "jws"),
        &own(2),
    );
    assert_eq!(signed.snapshot, report.snapshot);
    assert!(signed.tasks().iter().all(|task| !task.open));
    let again = Report::decide(Some(&signed), &sign(&report.snapshot, "jws"), &own(3));
    assert_eq!(again, Ok(Vec::new()));
    let another = sign(&report.snapshot, "another");
    assert_eq!(refused(Some(&signed), &another, &own(3)), "report.signed");
    assert_eq!(refused(Some(&signed), &other, &own(3)), "report.taken");
}

#[test]
fn a_signature_over_other_numbers_or_of_another_unit_is_refused() {
    let report = taken();
    let other = sign(&snapshot(0, 97), "jws");
    assert_eq!(
        refused(Some(&report), &other, &own(2)),
        "report.content_differs"
    );
    let right = sign(&report.snapshot, "jws");
    for by in [staff(Unit::Ministry), Actor::system("job"), Actor::Citizen] {
        assert_eq!(
            refused(Some(&report), &right, &act(by, 2)),
            "report.not_yours"
        );
    }
    let bare = sign(&report.snapshot, " ");
    assert_eq!(
        refused(Some(&report), &bare, &own(2)),
        "report.evidence_missing"
    );
}

#[test]
fn a_later_report_names_the_earlier_by_its_content() {
    let first = taken();
    let named = first.as_earlier(RecordId("r1".into()));
    let later = Snapshot {
        earlier: Some(named.clone()),
        ..snapshot(24, 120)
    };
    let second = done(None, &Command::Take(later.clone()), &own(25));
    let content = second
        .snapshot
        .earlier
        .map(|earlier| earlier.content_sha256);
    assert_eq!(content, Some(first.snapshot.content_sha256()));
    assert_ne!(later.content_sha256(), snapshot(24, 120).content_sha256());
    let backwards = Snapshot {
        earlier: Some(named.clone()),
        ..snapshot(0, 120)
    };
    let elsewhere = Snapshot {
        campaign: RecordId("1908-2022".into()),
        ..later
    };
    for unfit in [backwards, elsewhere] {
        assert_eq!(
            refused(None, &Command::Take(unfit), &own(25)),
            "report.earlier_unfit"
        );
    }
}

#[test]
fn a_report_of_nothing_or_of_tomorrow_is_refused() {
    let empty = Snapshot {
        counts: Counts::new(),
        ..snapshot(0, 0)
    };
    assert_eq!(
        refused(None, &Command::Take(empty), &own(1)),
        "report.empty"
    );
    assert_eq!(
        refused(None, &Command::Take(snapshot(2, 0)), &own(1)),
        "report.from_the_future"
    );
    let stranger = act(staff(Unit::Province(ProvinceCode(79))), 1);
    let misplaced = Snapshot {
        place: Place::of_province(ProvinceCode(79)).expect("a province"),
        ..snapshot(0, 0)
    };
    assert_eq!(
        refused(None, &Command::Take(misplaced), &stranger),
        "report.place_unfit"
    );
    assert_eq!(
        refused(None, &Command::Take(snapshot(0, 0)), &stranger),
        "report.not_yours"
    );
}

#[test]
fn a_recount_names_every_number_that_it_does_not_confirm() {
    let report = snapshot(0, 96);
    assert_eq!(report.differences(&report.counts), Vec::new());
    let mut recount = report.counts.clone();
    let persons = Count {
        of: Counted::Persons,
        number: 96,
    };
    recount.insert("signed".into(), persons);
    recount.remove("verified");
    recount.insert("open".into(), persons);
    let names: Vec<String> = report
        .differences(&recount)
        .into_iter()
        .map(|difference| difference.name)
        .collect();
    assert_eq!(
        names,
        ["open", "signed", "verified"],
        "96 doses are not 96 persons"
    );
}

/// A step of the walks: which command, whose, with which number or proof, at which hour.
type Step = (u8, u8, u8, i64);

fn actor(of: u8) -> Actor {
    match of % 5 {
        0 => Actor::Citizen,
        1 => staff(Unit::Ministry),
        2 => Actor::system("job"),
        _ => staff(hà_nội()),
    }
}

fn command(&(what, _, with, _): &Step) -> Command {
    let about = snapshot(5, u64::from(with % 2));
    match what % 3 {
        0 => Command::Take(about),
        _ => sign(&about, ["", "jws", "scan"][usize::from(with % 3)]),
    }
}

/// The reference: which commands a state allows, in words.
fn allowed(
    state: &(Option<u64>, Option<String>),
    command: &Command,
    by: &Actor,
    hour: i64,
) -> bool {
    let own = by.unit() == Some(&hà_nội());
    let above = by.is_system() || by.unit() == Some(&Unit::Ministry);
    match (state, command) {
        ((None, _), Command::Take(_)) => (own || above) && hour >= 5,
        ((Some(signed), _), Command::Take(new)) => {
            (own || above) && hour >= 5 && new.counts["signed"].number == *signed
        }
        ((None, _), Command::Sign { .. }) => false,
        (
            (Some(signed), proof),
            Command::Sign {
                content_sha256,
                evidence,
            },
        ) => {
            let same = *content_sha256 == snapshot(5, *signed).content_sha256();
            let first = proof.as_ref().is_none_or(|proof| proof == evidence);
            own && same && first && !evidence.is_empty()
        }
    }
}

#[test]
fn the_machine_does_what_the_reference_does_over_34_000_random_sequences() {
    let mut random = Pcg64Mcg::seed_from_u64(57);
    for _ in 0..34_000 {
        let mut state: Option<Report> = None;
        let mut reference = (None, None);
        for _ in 0..6 {
            let step = (
                random.random_range(0..3),
                random.random_range(0..10),
                random.random_range(0..6),
                random.random_range(3..24),
            );
            let by = act(actor(step.1), step.3);
            let command = command(&step);
            let expected = allowed(&reference, &command, &by.by, step.3);
            let outcome = carry_out(state.clone(), &command, &by);
            assert_eq!(outcome.is_ok(), expected, "{command:?} on {state:?}");
            let Ok((after, _)) = outcome else { continue };
            match command {
                Command::Take(new) => reference.0 = Some(new.counts["signed"].number),
                Command::Sign { evidence, .. } => reference.1 = Some(evidence),
            }
            let is = after
                .as_ref()
                .map(|report| report.snapshot.counts["signed"].number);
            let proof = after.as_ref().and_then(|report| report.signature.clone());
            assert_eq!((is, proof.map(|proof| proof.evidence)), reference);
            state = after;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_events_rebuild_the_report_and_what_it_says_never_changes(
        steps in proptest::collection::vec((0u8..3, 0u8..10, 0u8..6, 3i64..24), 1..20),
    ) {
        let mut state: Option<Report> = None;
        let mut log: Vec<(Event, Act)> = Vec::new();
        for step in &steps {
            let by = act(actor(step.1), step.3);
            let Ok((after, events)) = carry_out(state.clone(), &command(step), &by) else { continue };
            if let (Some(before), Some(after)) = (&state, &after) {
                prop_assert_eq!(&before.snapshot, &after.snapshot);
                prop_assert!(before.signature.is_none() || before.signature == after.signature);
            }
            log.extend(events.into_iter().map(|event| (event, by.clone())));
            state = after;
        }
        prop_assert!(log.len() <= 2);
        let rebuilt: Option<Report> = replay(log.iter().map(|(event, act)| (event, act)));
        prop_assert_eq!(&rebuilt, &state);
        let text = serde_json::to_string(&state).expect("writes");
        prop_assert_eq!(serde_json::from_str::<Option<Report>>(&text).expect("reads"), state);
    }
}
