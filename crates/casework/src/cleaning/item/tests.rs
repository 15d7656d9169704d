//! The ways of one row, and random walks beside a reference.

use std::collections::BTreeSet;

use jiff::civil::date;
use proptest::prelude::*;
use registry::area::{CommuneCode, DistrictCode};

use super::*;
use crate::subject::person::{IdentityField, Person};
use crate::walk::{Dice, Walk};
use crate::{Actor, Origin, Role};

fn commune() -> CommuneCode {
    CommuneCode(4)
}

fn place() -> Place {
    Place::of_commune(commune()).expect("a commune")
}

fn snapshot(revision: u32) -> Snapshot {
    Snapshot {
        revision,
        person: Person {
            full_name: "Nguyễn Thị Đào".into(),
            birth_date: "1984-05-03".into(),
            sex: "F".into(),
            number: None,
            foreign: false,
        },
    }
}

fn listing(campaign: &str, month: i8, category: ErrorCategory) -> Listing {
    Listing {
        item: RecordId("i1".into()),
        list: RecordId("l1".into()),
        campaign: CampaignRef {
            id: campaign.into(),
            begins: date(2022, month, 4),
        },
        subject: RecordId("s1".into()),
        category,
        base: snapshot(1),
        place: place(),
        hamlet: Some("Tổ 1".into()),
    }
}

fn list(category: ErrorCategory) -> Command {
    Command::List(Box::new(listing("2262", 5, category)))
}

fn values() -> IdentityChange {
    IdentityChange {
        number: Some("001184000123".into()),
        ..IdentityChange::default()
    }
}

fn corrected() -> HamletOutcome {
    HamletOutcome::Corrected {
        values: values(),
        evidence: "CCCD".into(),
    }
}

fn act(unit: Unit, account: &str) -> Act {
    Act {
        at: jiff::Timestamp::UNIX_EPOCH,
        by: Actor::Staff {
            account: AccountId(account.into()),
            unit,
            role: Role::Station,
        },
        from: Origin("test".into()),
        why: None,
    }
}

fn station() -> Act {
    act(Unit::Commune(commune()), "station")
}

fn hamlet() -> Act {
    act(Unit::Hamlet(commune(), "Tổ 1".into()), "hamlet")
}

fn police() -> Act {
    act(Unit::Police(commune()), "police")
}

fn system() -> Act {
    Act::system("register", jiff::Timestamp::UNIX_EPOCH)
}

fn confirm() -> Command {
    Command::Confirm { values: values() }
}

fn ask_back() -> Command {
    Command::AskBack {
        question: "Số nhà nào?".into(),
    }
}

fn cannot_confirm() -> Command {
    Command::CannotConfirm {
        why: "Không có trong tàng thư".into(),
    }
}

/// Signs the row as it stands, or one that does not stand there.
fn sign(item: Option<&Item>) -> Command {
    let row = item.and_then(Item::row).unwrap_or(Row {
        item: RecordId("i1".into()),
        subject: RecordId("s1".into()),
        revision: 1,
        category: ErrorCategory::E1,
        values: values(),
    });
    Command::Sign {
        list: RecordId("l1".into()),
        content_sha256: super::super::content_sha256(std::slice::from_ref(&row)),
        row,
    }
}

fn apply(revision: u32, how: Applying) -> Command {
    Command::Apply {
        now: snapshot(revision),
        how,
    }
}

fn send() -> Command {
    Command::Send {
        request: "q1".into(),
    }
}

fn answer(answer: RegisterAnswer) -> Command {
    Command::Answer {
        request: "q1".into(),
        answer,
        now: snapshot(2),
    }
}

fn differs() -> RegisterAnswer {
    RegisterAnswer::False {
        differing: vec![IdentityField::FullName],
    }
}

fn item(walk: &Walk<Item>) -> &Item {
    walk.state.as_ref().expect("a state")
}

fn refused(walk: &mut Walk<Item>, command: &Command, act: &Act) -> &'static str {
    let before = walk.state.clone();
    let refusal = walk.step(command, act).expect_err("refused");
    assert_eq!(walk.state, before);
    refusal.reason.code
}

/// A row that the police signed.
fn signed(category: ErrorCategory) -> Walk<Item> {
    let mut walk = confirmed(category);
    let command = sign(walk.state.as_ref());
    walk.step(&command, &police()).expect("signed");
    walk
}

fn confirmed(category: ErrorCategory) -> Walk<Item> {
    let mut walk = reviewed(category);
    walk.step(&confirm(), &police()).expect("confirmed");
    walk
}

fn reviewed(category: ErrorCategory) -> Walk<Item> {
    let mut walk = handed_out(category);
    walk.step(&Command::Review(corrected()), &hamlet())
        .expect("reviewed");
    walk
}

fn handed_out(category: ErrorCategory) -> Walk<Item> {
    let mut walk = Walk::new();
    walk.step(&list(category), &station()).expect("listed");
    walk.step(&Command::HandOut, &station())
        .expect("handed out");
    walk
}

#[test]
fn a_row_goes_from_the_list_to_resolved_through_every_desk() {
    let mut walk = Walk::<Item>::new();
    let mut desks = Vec::new();
    let steps: [(Option<Command>, Act); 8] = [
        (Some(list(ErrorCategory::E1)), station()),
        (Some(Command::HandOut), station()),
        (Some(Command::Review(corrected())), hamlet()),
        (Some(confirm()), police()),
        (None, police()),
        (Some(apply(1, Applying::Bulk)), station()),
        (Some(send()), system()),
        (Some(answer(RegisterAnswer::True)), system()),
    ];
    for (command, by) in steps {
        let command = command.unwrap_or_else(|| sign(walk.state.as_ref()));
        walk.step(&command, &by).expect("allowed");
        let task = item(&walk).tasks().remove(0);
        desks.push(format!("{} {}", task.state, task.desk.kind()));
    }
    assert_eq!(
        desks,
        [
            "LISTED commune",
            "HAMLET_REVIEW hamlet",
            "POLICE_CHECK police",
            "POLICE_CHECK police",
            "POLICE_SIGNED commune",
            "TYT_UPDATED commune",
            "RECHECK commune",
            "RESOLVED commune",
        ]
    );
    assert!(!item(&walk).is_open());
    walk.check();
}

#[test]
fn nothing_is_applied_that_the_police_did_not_sign() {
    let mut walk = confirmed(ErrorCategory::E1);
    let bulk = apply(1, Applying::Bulk);
    assert_eq!(refused(&mut walk, &bulk, &station()), "cleaning.not_signed");
    let mut other = walk.state.clone().expect("a state");
    other.confirmed.as_mut().expect("confirmed").values.number = Some("001184000999".into());
    assert_eq!(
        refused(&mut walk, &sign(Some(&other)), &police()),
        "cleaning.row_changed"
    );
    let mut unconfirmed = reviewed(ErrorCategory::E1);
    assert_eq!(
        refused(&mut unconfirmed, &sign(None), &police()),
        "cleaning.not_confirmed"
    );
}

#[test]
fn e3_is_applied_one_by_one_and_e1_and_e2_in_bulk() {
    for category in ErrorCategory::ALL {
        for how in [Applying::Bulk, Applying::Single] {
            let mut walk = signed(*category);
            let done = walk.step(&apply(1, how), &station());
            if *category == ErrorCategory::E3 && how == Applying::Bulk {
                assert_eq!(
                    done.expect_err("refused").reason.code,
                    "cleaning.one_by_one"
                );
            } else {
                let applied = Event::Applied {
                    how,
                    values: values(),
                };
                assert_eq!(done, Ok(vec![applied]));
            }
        }
    }
}

#[test]
fn a_row_whose_subject_changed_goes_back_to_review_and_has_to_be_signed_again() {
    let mut walk = signed(ErrorCategory::E3);
    let events = walk
        .step(&apply(2, Applying::Single), &station())
        .expect("looked at");
    assert_eq!(events, [Event::ReturnedStale { now: snapshot(2) }]);
    assert_eq!(item(&walk).state, CleaningItem::HamletReview);
    assert_eq!(item(&walk).row(), None);
    walk.step(&Command::Review(corrected()), &hamlet())
        .expect("reviewed");
    assert_eq!(
        refused(&mut walk, &apply(2, Applying::Single), &station()),
        "cleaning.not_signed"
    );
    walk.step(&confirm(), &police()).expect("confirmed");
    let command = sign(walk.state.as_ref());
    walk.step(&command, &police()).expect("signed");
    walk.step(&apply(2, Applying::Single), &station())
        .expect("applied");
    walk.check();
}

#[test]
fn who_proposed_a_value_does_not_confirm_it() {
    let mut walk = handed_out(ErrorCategory::E3);
    let both = act(Unit::Commune(commune()), "police");
    walk.step(&Command::Review(corrected()), &both)
        .expect("typed in by the station");
    assert_eq!(
        refused(&mut walk, &confirm(), &police()),
        "cleaning.same_person"
    );
    let other = act(Unit::Police(commune()), "another");
    walk.step(&confirm(), &other).expect("confirmed");
}

#[test]
fn every_other_outcome_of_the_hamlet_closes_the_row_with_its_reason() {
    let elsewhere = Place::of_commune(CommuneCode(7)).expect("a commune");
    for outcome in [
        HamletOutcome::NotFound,
        HamletOutcome::Moved { to: elsewhere },
        HamletOutcome::Dead,
        HamletOutcome::Refuses,
        HamletOutcome::DuplicateOf {
            subject: RecordId("s2".into()),
        },
    ] {
        let mut walk = handed_out(ErrorCategory::E3);
        walk.step(&Command::Review(outcome.clone()), &hamlet())
            .expect("reviewed");
        assert_eq!(item(&walk).state, CleaningItem::Unresolved);
        let why = item(&walk).unresolved.clone();
        assert_eq!(why, Some(Unresolved::Hamlet(outcome)));
        walk.check();
    }
}

#[test]
fn an_outcome_that_can_not_be_is_refused() {
    let mut walk = handed_out(ErrorCategory::E3);
    let with = |values: IdentityChange, evidence: &str| HamletOutcome::Corrected {
        values,
        evidence: evidence.into(),
    };
    let unreadable = IdentityChange {
        birth_date: Some("hôm qua".into()),
        ..IdentityChange::default()
    };
    let cases = [
        (
            with(IdentityChange::default(), "CCCD"),
            "cleaning.no_values",
        ),
        (with(unreadable, "CCCD"), "subject.value_unfit"),
        (with(values(), " "), "cleaning.proof_missing"),
        (
            HamletOutcome::Moved { to: place() },
            "cleaning.outcome_unfit",
        ),
        (
            HamletOutcome::DuplicateOf {
                subject: RecordId("s1".into()),
            },
            "cleaning.outcome_unfit",
        ),
    ];
    for (outcome, code) in cases {
        assert_eq!(
            refused(&mut walk, &Command::Review(outcome), &hamlet()),
            code
        );
    }
    let neighbours = act(Unit::Hamlet(commune(), "Tổ 2".into()), "neighbour");
    assert_eq!(
        refused(&mut walk, &Command::Review(corrected()), &neighbours),
        "cleaning.not_your_desk"
    );
}

#[test]
fn still_false_goes_back_to_the_police_who_sign_again() {
    let mut walk = signed(ErrorCategory::E1);
    walk.step(&apply(1, Applying::Bulk), &station())
        .expect("applied");
    walk.step(&send(), &system()).expect("sent");
    let other = Command::Answer {
        request: "q0".into(),
        answer: RegisterAnswer::True,
        now: snapshot(2),
    };
    assert_eq!(refused(&mut walk, &other, &system()), "cleaning.not_asked");
    assert_eq!(
        refused(&mut walk, &answer(RegisterAnswer::True), &station()),
        "cleaning.system_only"
    );
    walk.step(&answer(differs()), &system()).expect("answered");
    assert_eq!(item(&walk).state, CleaningItem::PoliceCheck);
    assert_eq!(item(&walk).listing.base.revision, 2);
    assert_eq!(
        refused(&mut walk, &sign(None), &police()),
        "cleaning.not_confirmed"
    );
    let note = Command::NoteRegister {
        note: "Đã cập nhật CSDLQG về dân cư".into(),
    };
    walk.step(&note, &police()).expect("noted");
    let right_as_it_stands = Command::Confirm {
        values: IdentityChange::default(),
    };
    walk.step(&right_as_it_stands, &police())
        .expect("confirmed");
    walk.check();
}

#[test]
fn only_a_later_campaign_lists_an_unresolved_row_again() {
    let mut walk = reviewed(ErrorCategory::E3);
    let again = |month| Command::List(Box::new(listing("next", month, ErrorCategory::E3)));
    assert_eq!(refused(&mut walk, &again(7), &station()), "cleaning.exists");
    walk.step(&cannot_confirm(), &police()).expect("closed");
    assert_eq!(
        refused(&mut walk, &again(5), &station()),
        "cleaning.same_campaign"
    );
    walk.step(&again(7), &station()).expect("listed");
    assert_eq!(item(&walk).state, CleaningItem::Listed);
    assert_eq!(item(&walk).proposal, None);
    walk.check();
}

#[test]
fn a_row_follows_its_list_to_the_next_version_until_it_is_signed() {
    let over = Command::CarryOver {
        list: RecordId("l2".into()),
    };
    let mut walk = confirmed(ErrorCategory::E1);
    walk.step(&over, &station()).expect("carried over");
    let old = sign(walk.state.as_ref());
    assert_eq!(
        refused(&mut walk, &old, &police()),
        "cleaning.row_changed",
        "signed with the old list"
    );
    let mut walk = signed(ErrorCategory::E1);
    assert_eq!(refused(&mut walk, &over, &station()), "cleaning.not_now");
}

#[test]
fn an_island_district_does_the_work_of_the_commune() {
    let côn_đảo = DistrictCode(755);
    let listing = Listing {
        place: Place::of_district(côn_đảo).expect("a district"),
        ..listing("2262", 5, ErrorCategory::E1)
    };
    let mut walk = Walk::<Item>::new();
    let district = act(Unit::District(côn_đảo), "station");
    walk.step(&Command::List(Box::new(listing)), &district)
        .expect("listed");
    walk.step(&Command::HandOut, &district).expect("handed out");
    assert_eq!(item(&walk).tasks()[0].desk, Unit::District(côn_đảo));
    walk.step(&Command::Review(corrected()), &district)
        .expect("reviewed");
    let police = Unit::DistrictPolice(côn_đảo);
    assert_eq!(item(&walk).tasks()[0].desk, police);
}

/// Section 7.2, said as plainly as possible: in this state this word of this actor leads there. `*` confirms, which is no state.
const REFERENCE: [(&str, &str, &str, &str); 18] = [
    ("", "list", "station", "LISTED"),
    ("", "list", "system", "LISTED"),
    ("LISTED", "hand_out", "station", "HAMLET_REVIEW"),
    ("HAMLET_REVIEW", "corrected", "hamlet", "POLICE_CHECK"),
    ("HAMLET_REVIEW", "corrected", "station", "POLICE_CHECK"),
    ("HAMLET_REVIEW", "dead", "hamlet", "UNRESOLVED"),
    ("HAMLET_REVIEW", "dead", "station", "UNRESOLVED"),
    ("POLICE_CHECK", "confirm", "police", "POLICE_CHECK*"),
    ("POLICE_CHECK", "ask_back", "police", "HAMLET_REVIEW"),
    ("POLICE_CHECK", "cannot_confirm", "police", "UNRESOLVED"),
    ("POLICE_CHECK*", "confirm", "police", "POLICE_CHECK*"),
    ("POLICE_CHECK*", "ask_back", "police", "HAMLET_REVIEW"),
    ("POLICE_CHECK*", "cannot_confirm", "police", "UNRESOLVED"),
    ("POLICE_CHECK*", "sign", "police", "POLICE_SIGNED"),
    ("POLICE_SIGNED", "apply", "station", "TYT_UPDATED"),
    ("POLICE_SIGNED", "apply_stale", "station", "HAMLET_REVIEW"),
    ("TYT_UPDATED", "send", "system", "RECHECK"),
    ("RECHECK", "true", "system", "RESOLVED"),
];
const REFERENCE_AGAIN: [(&str, &str, &str, &str); 4] = [
    ("RECHECK", "false", "system", "POLICE_CHECK"),
    ("RECHECK", "unknown", "system", "UNRESOLVED"),
    ("UNRESOLVED", "list", "station", "LISTED"),
    ("UNRESOLVED", "list", "system", "LISTED"),
];

const WORDS: [&str; 14] = [
    "list",
    "hand_out",
    "corrected",
    "dead",
    "confirm",
    "ask_back",
    "cannot_confirm",
    "sign",
    "apply",
    "apply_stale",
    "send",
    "true",
    "false",
    "unknown",
];

fn spoken(word: &str, item: Option<&Item>, turn: u32) -> Command {
    let base = item.map_or(1, |item| item.listing.base.revision);
    match word {
        "list" => {
            // Each time a later campaign.
            let mut listing = listing("next", 5, ErrorCategory::E2);
            listing.campaign.begins = date(2022 + turn as i16, 1, 1);
            Command::List(Box::new(listing))
        }
        "hand_out" => Command::HandOut,
        "corrected" => Command::Review(corrected()),
        "dead" => Command::Review(HamletOutcome::Dead),
        "confirm" => confirm(),
        "ask_back" => ask_back(),
        "cannot_confirm" => cannot_confirm(),
        "sign" => sign(item),
        "apply" => apply(base, Applying::Bulk),
        "apply_stale" => apply(base + 1, Applying::Bulk),
        "send" => send(),
        "true" => answer(RegisterAnswer::True),
        "false" => answer(differs()),
        _ => answer(RegisterAnswer::Unverifiable),
    }
}

fn actor(who: &str) -> Act {
    match who {
        "station" => station(),
        "hamlet" => hamlet(),
        "police" => police(),
        "system" => system(),
        _ => act(Unit::Commune(CommuneCode(7)), "stranger"),
    }
}

#[test]
fn thirty_thousand_walks_do_what_the_reference_says() {
    let mut dice = Dice::new(1975);
    let reference = || REFERENCE.iter().chain(&REFERENCE_AGAIN);
    let mut seen = BTreeSet::new();
    for _ in 0..30_000 {
        let mut walk = Walk::<Item>::new();
        let mut state = "";
        for turn in 0..24 {
            let allowed: Vec<_> = reference().filter(|(from, ..)| *from == state).collect();
            let (word, who) = if dice.below(2) == 0 || allowed.is_empty() {
                let who = ["station", "hamlet", "police", "system", "stranger"];
                (*dice.pick(&WORDS), *dice.pick(&who))
            } else {
                let (_, word, who, _) = dice.pick(&allowed);
                (*word, *who)
            };
            let expected = allowed
                .iter()
                .find(|(_, said, by, _)| (*said, *by) == (word, who));
            let command = spoken(word, walk.state.as_ref(), turn);
            let done = walk.step(&command, &actor(who));
            assert_eq!(
                done.is_ok(),
                expected.is_some(),
                "{state} {word} {who}: {done:?}"
            );
            state = expected.map_or(state, |(.., to)| to);
            let now = walk.state.as_ref().map_or(String::new(), |item| {
                let star = item.state == CleaningItem::PoliceCheck && item.confirmed.is_some();
                format!("{}{}", item.state.as_str(), if star { "*" } else { "" })
            });
            assert_eq!(now, state);
            seen.extend(walk.state.as_ref().map(|item| item.state));
        }
    }
    assert_eq!(
        seen.len(),
        CleaningItem::ALL.len(),
        "the walks went everywhere"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whoever_says_what_no_walk_leaves_the_table_and_the_events_rebuild_it(
        category in proptest::sample::select(ErrorCategory::ALL),
        steps in proptest::collection::vec(
            (0..WORDS.len(), 0..5usize, 0..3u32, any::<bool>()), 1..60),
    ) {
        let mut walk = handed_out(category);
        for (turn, (word, who, drift, single)) in (0..).zip(&steps) {
            let before = item(&walk).clone();
            let mut command = spoken(WORDS[*word], walk.state.as_ref(), turn);
            if let Command::Apply { now, how } = &mut command {
                now.revision += drift;
                *how = if *single { Applying::Single } else { Applying::Bulk };
            }
            let by = actor(["station", "hamlet", "police", "system", "stranger"][*who]);
            let Ok(events) = walk.step(&command, &by) else {
                prop_assert_eq!(item(&walk), &before);
                continue;
            };
            let after = item(&walk);
            prop_assert!(after.state == before.state || before.state.can_become(after.state));
            for event in &events {
                if let Event::Applied { how, values } = event {
                    prop_assert_eq!(before.state, CleaningItem::PoliceSigned);
                    prop_assert!(before.signed.is_some());
                    let signed = before.row().map(|row| row.values);
                    prop_assert_eq!(Some(values), signed.as_ref());
                    prop_assert!(before.listing.category != ErrorCategory::E3 || *how == Applying::Single);
                }
            }
            prop_assert_eq!(after.state == CleaningItem::Unresolved, after.unresolved.is_some());
            prop_assert_eq!(after.tasks().len(), 1);
        }
        walk.check();
    }
}
