//! The ways of one list, and random walks beside a reference.

use jiff::civil::date;
use registry::area::CommuneCode;
use registry::status::ErrorCategory;

use super::*;
use crate::subject::person::IdentityChange;
use crate::walk::{Dice, Walk};
use crate::{Actor, Origin, Role};

fn place() -> Place {
    Place::of_commune(CommuneCode(4)).expect("a commune")
}

fn station() -> Unit {
    Unit::Commune(CommuneCode(4))
}

fn police() -> Unit {
    Unit::Police(CommuneCode(4))
}

fn act(unit: Unit) -> Act {
    Act {
        at: jiff::Timestamp::UNIX_EPOCH,
        by: Actor::Staff {
            account: AccountId("a".into()),
            unit,
            role: Role::Station,
        },
        from: Origin("test".into()),
        why: None,
    }
}

fn campaign() -> CampaignRef {
    CampaignRef {
        id: "2262".into(),
        begins: date(2022, 5, 4),
    }
}

fn entry(item: &str, hamlet: Option<&str>) -> Entry {
    Entry {
        item: RecordId(item.into()),
        hamlet: hamlet.map(str::to_owned),
    }
}

fn make(earlier: Option<Earlier>) -> Command {
    Command::Make {
        campaign: campaign(),
        place: place(),
        earlier,
        entries: vec![
            entry("i2", Some("Tổ 1")),
            entry("i1", Some("Tổ 2")),
            entry("i3", None),
            entry("i4", Some("Tổ 1")),
        ],
    }
}

fn row(item: &str) -> Row {
    Row {
        item: RecordId(item.into()),
        subject: RecordId(format!("s-{item}")),
        revision: 3,
        category: ErrorCategory::E1,
        values: IdentityChange {
            number: Some("001084000123".into()),
            ..IdentityChange::default()
        },
    }
}

fn sign(rows: Vec<Row>) -> Command {
    Command::Sign {
        content_sha256: content_sha256(&rows),
        rows,
        evidence: SignatureEvidence::Digital {
            signature: "ký".into(),
        },
    }
}

fn supersede() -> Command {
    Command::Supersede {
        by: RecordId("l2".into()),
    }
}

fn made() -> Walk<List> {
    let mut walk = Walk::new();
    walk.step(&make(None), &act(station())).expect("made");
    walk
}

fn refused(walk: &mut Walk<List>, command: &Command, act: &Act) -> &'static str {
    let before = walk.state.clone();
    let refusal = walk.step(command, act).expect_err("refused");
    assert_eq!(walk.state, before);
    refusal.reason.code
}

fn list(walk: &Walk<List>) -> &List {
    walk.state.as_ref().expect("a state")
}

#[test]
fn a_list_is_split_by_hamlet_and_nobody_is_lost() {
    let walk = made();
    let parts = list(&walk).by_hamlet();
    let sizes: Vec<(Option<&str>, usize)> = parts
        .iter()
        .map(|(hamlet, items)| (*hamlet, items.len()))
        .collect();
    assert_eq!(sizes, [(None, 1), (Some("Tổ 1"), 2), (Some("Tổ 2"), 1)]);
    let open: Vec<Unit> = list(&walk)
        .tasks()
        .into_iter()
        .filter(|task| task.open)
        .map(|task| task.desk)
        .collect();
    assert_eq!(open, [police()]);
}

#[test]
fn the_next_version_supersedes_the_one_before_it() {
    let earlier = Earlier {
        id: RecordId("l1".into()),
        campaign: "2262".into(),
        place: place(),
        version: 1,
    };
    let mut next = Walk::<List>::new();
    next.step(&make(Some(earlier.clone())), &act(station()))
        .expect("made");
    assert_eq!(list(&next).version, 2);
    assert_eq!(list(&next).supersedes, Some(RecordId("l1".into())));
    let mut first = made();
    first
        .step(&supersede(), &act(station()))
        .expect("superseded");
    let late = refused(&mut first, &sign(vec![row("i1")]), &act(police()));
    assert_eq!(late, "cleaning.superseded");
    let other = Earlier {
        campaign: "1975".into(),
        ..earlier
    };
    let refused = refused(&mut Walk::new(), &make(Some(other)), &act(station()));
    assert_eq!(refused, "cleaning.other_list");
}

#[test]
fn a_signed_list_can_never_be_changed() {
    let mut walk = made();
    walk.step(&sign(vec![row("i2"), row("i1")]), &act(police()))
        .expect("signed");
    let signed = list(&walk).signed().expect("signed").clone();
    assert_eq!(
        signed.content_sha256,
        content_sha256(&[row("i1"), row("i2")])
    );
    assert_eq!(
        list(&walk).left_out(),
        [&RecordId("i3".into()), &RecordId("i4".into())]
    );
    for command in [
        make(None),
        sign(vec![row("i3")]),
        sign(vec![row("i1")]),
        supersede(),
    ] {
        for unit in [station(), police(), Unit::Ministry] {
            assert_eq!(
                refused(&mut walk, &command, &act(unit)),
                "cleaning.archived"
            );
        }
    }
    assert_eq!(list(&walk).signed(), Some(&signed));
    walk.check();
}

#[test]
fn the_police_sign_what_they_read_and_nothing_else() {
    let mut walk = made();
    let read = vec![row("i1")];
    let mut altered = read.clone();
    altered[0].values.number = Some("001084000124".into());
    let swapped = Command::Sign {
        rows: altered,
        content_sha256: content_sha256(&read),
        evidence: SignatureEvidence::Digital {
            signature: "ký".into(),
        },
    };
    let unproven = Command::Sign {
        content_sha256: content_sha256(&read),
        rows: read.clone(),
        evidence: SignatureEvidence::Scan {
            attachment: "a1".into(),
            sha256: "kém".into(),
        },
    };
    let cases = [
        (swapped, police(), "cleaning.content_changed"),
        (unproven, police(), "cleaning.evidence_missing"),
        (sign(Vec::new()), police(), "cleaning.empty_list"),
        (
            sign(vec![row("i1"), row("i1")]),
            police(),
            "cleaning.row_twice",
        ),
        (sign(vec![row("i9")]), police(), "cleaning.foreign_row"),
        (sign(read.clone()), station(), "cleaning.not_your_desk"),
        (
            sign(read),
            Unit::Police(CommuneCode(7)),
            "cleaning.not_your_desk",
        ),
    ];
    for (command, unit, code) in cases {
        assert_eq!(refused(&mut walk, &command, &act(unit)), code);
    }
}

#[test]
fn only_the_station_of_the_place_makes_a_list_and_no_empty_one() {
    let make_for = |place: Place, entries: Vec<Entry>| Command::Make {
        campaign: campaign(),
        place,
        earlier: None,
        entries,
    };
    let one = || vec![entry("i1", None)];
    let twice = vec![entry("i1", None), entry("i1", None)];
    let cases = [
        (
            make_for(place(), one()),
            Unit::Commune(CommuneCode(7)),
            "cleaning.not_your_desk",
        ),
        (
            make_for(place(), Vec::new()),
            station(),
            "cleaning.empty_list",
        ),
        (make_for(place(), twice), station(), "cleaning.row_twice"),
        (
            make_for(Place::default(), one()),
            station(),
            "cleaning.no_place",
        ),
    ];
    for (command, unit, code) in cases {
        assert_eq!(refused(&mut Walk::new(), &command, &act(unit)), code);
    }
    let again = refused(&mut made(), &make(None), &act(station()));
    assert_eq!(again, "cleaning.exists");
}

/// What each state allows to whom, said as plainly as possible.
const REFERENCE: [(&str, &str, &str, &str); 3] = [
    ("", "make", "station", "OPEN"),
    ("OPEN", "sign", "police", "ARCHIVED"),
    ("OPEN", "supersede", "station", "SUPERSEDED"),
];

#[test]
fn twenty_thousand_walks_do_what_the_reference_says() {
    let mut dice = Dice::new(2262);
    for _ in 0..20_000 {
        let mut walk = Walk::<List>::new();
        let mut state = "";
        for _ in 0..8 {
            let word = *dice.pick(&["make", "make", "sign", "supersede"]);
            let who = *dice.pick(&["station", "police", "ministry"]);
            let command = match word {
                "make" => make(None),
                "sign" => sign(vec![row("i1")]),
                _ => supersede(),
            };
            let unit = match who {
                "station" => station(),
                "police" => police(),
                _ => Unit::Ministry,
            };
            let expected = REFERENCE
                .iter()
                .find(|(from, said, by, _)| (*from, *said, *by) == (state, word, who));
            let done = walk.step(&command, &act(unit));
            assert_eq!(done.is_ok(), expected.is_some(), "{state} {word} {who}");
            state = expected.map_or(state, |(.., to)| to);
            let now = walk.state.as_ref().map_or("", |list| list.state.as_str());
            assert_eq!(now, state);
        }
        walk.check();
    }
}
