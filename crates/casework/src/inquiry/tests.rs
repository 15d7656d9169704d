//! The ways of one question, and random walks beside a reference.

use proptest::prelude::*;
use registry::area::{CommuneCode, DistrictCode};

use super::*;
use crate::walk::{Dice, Walk};
use crate::{AccountId, Actor, Origin, Role};

fn at(day: i64) -> Timestamp {
    Timestamp::from_second(1_651_194_000 + day * 86_400).expect("a time")
}

fn act(unit: Unit, day: i64) -> Act {
    Act {
        at: at(day),
        by: Actor::Staff {
            account: AccountId("a".into()),
            unit,
            role: Role::Police,
        },
        from: Origin("test".into()),
        why: Some("đã có giấy tờ".into()),
    }
}

fn clock(day: i64) -> Act {
    Act::system("clock", at(day))
}

fn police(commune: u32) -> Unit {
    Unit::Police(CommuneCode(commune))
}

fn place(commune: u32) -> Place {
    Place::of_commune(CommuneCode(commune)).expect("a commune")
}

/// Commune 1 asks commune 4.
fn ask() -> Command {
    ask_at(place(4))
}

fn ask_at(place: Place) -> Command {
    Command::Ask {
        question: Question {
            subject: RecordId("s1".into()),
            item: Some(RecordId("i1".into())),
            text: "Xác nhận thường trú".into(),
        },
        place,
        days: 7,
    }
}

fn confirmed() -> Command {
    Command::Answer(Answer::Confirmed {
        values: IdentityChange {
            full_name: Some("Nguyễn Thị Đạo".into()),
            ..IdentityChange::default()
        },
    })
}

fn forward(commune: u32) -> Command {
    Command::Forward { to: place(commune) }
}

fn asked() -> Walk<Inquiry> {
    let mut walk = Walk::new();
    walk.step(&ask(), &act(police(1), 0)).expect("asked");
    walk
}

fn inquiry(walk: &Walk<Inquiry>) -> &Inquiry {
    walk.state.as_ref().expect("a state")
}

fn refused(walk: &mut Walk<Inquiry>, command: &Command, act: &Act) -> &'static str {
    let before = walk.state.clone();
    let refusal = walk.step(command, act).expect_err("refused");
    assert_eq!(walk.state, before);
    refusal.reason.code
}

fn open_desks(walk: &Walk<Inquiry>) -> Vec<Unit> {
    let open = inquiry(walk).tasks().into_iter().filter(|task| task.open);
    open.map(|task| task.desk).collect()
}

#[test]
fn a_question_waits_at_the_commune_asked_and_its_answer_at_the_asker() {
    let mut walk = asked();
    assert_eq!(open_desks(&walk), [police(4)]);
    assert_eq!(
        refused(&mut walk, &confirmed(), &act(police(1), 1)),
        "inquiry.not_your_desk"
    );
    walk.step(&confirmed(), &act(police(4), 1))
        .expect("answered");
    assert_eq!(open_desks(&walk), [police(1)]);
    assert_eq!(
        refused(&mut walk, &confirmed(), &act(police(4), 1)),
        "inquiry.not_now"
    );
    walk.step(&Command::Close, &act(police(1), 2))
        .expect("closed");
    assert_eq!(open_desks(&walk), []);
    walk.check();
}

#[test]
fn an_overdue_question_goes_to_the_district_once_and_can_still_be_answered() {
    let mut walk = asked();
    assert_eq!(inquiry(&walk).reminders()[0].at, at(7));
    let mut fired = Vec::new();
    for day in [6, 7, 3, 7, 8, 100] {
        fired.extend(walk.step(&Command::Clock, &clock(day)).expect("the clock"));
        let text = serde_json::to_string(&walk.state).expect("writes");
        walk.state = serde_json::from_str(&text).expect("a restart reads it again");
    }
    let district = Unit::District(DistrictCode(1));
    assert_eq!(
        fired,
        [Event::Escalated {
            to: district.clone()
        }]
    );
    assert_eq!(open_desks(&walk), [police(4), district]);
    walk.step(&confirmed(), &act(police(4), 101))
        .expect("answered");
    assert_eq!(open_desks(&walk), [police(1)]);
    walk.check();
}

#[test]
fn forwarding_gives_no_more_time_and_never_goes_in_circles() {
    let mut walk = asked();
    walk.step(&forward(7), &act(police(4), 5))
        .expect("forwarded");
    assert_eq!(inquiry(&walk).due_at, at(7));
    assert_eq!(open_desks(&walk), [police(7)]);
    let there = act(police(7), 6);
    assert_eq!(
        refused(&mut walk, &forward(4), &there),
        "inquiry.forwarded_back"
    );
    assert_eq!(
        refused(&mut walk, &forward(7), &there),
        "inquiry.forwarded_back"
    );
    assert_eq!(
        refused(&mut walk, &forward(1), &there),
        "inquiry.own_commune"
    );
    let not_here = Command::Answer(Answer::NotHere);
    assert_eq!(
        refused(&mut walk, &not_here, &act(police(4), 6)),
        "inquiry.not_your_desk"
    );
    walk.step(&not_here, &there).expect("answered");
    walk.check();
}

#[test]
fn an_island_district_is_asked_itself_and_its_province_owns_the_delay() {
    let côn_đảo = Place::of_district(DistrictCode(755)).expect("a district");
    let mut walk = Walk::<Inquiry>::new();
    walk.step(&ask_at(côn_đảo), &act(police(1), 0))
        .expect("asked");
    assert_eq!(open_desks(&walk), [Unit::DistrictPolice(DistrictCode(755))]);
    walk.step(&Command::Clock, &clock(8)).expect("the clock");
    let province = côn_đảo.province.map(Unit::Province);
    assert_eq!(inquiry(&walk).owner_of_delay(), province);
}

#[test]
fn a_question_that_can_not_be_answered_is_not_asked() {
    let change = |days: u16, text: &str| {
        let Command::Ask {
            mut question,
            place,
            ..
        } = ask()
        else {
            unreachable!("it asks")
        };
        question.text = text.into();
        Command::Ask {
            question,
            place,
            days,
        }
    };
    let cases = [
        (change(0, "?"), police(1), "inquiry.no_days"),
        (change(7, " "), police(1), "inquiry.text_missing"),
        (ask_at(Place::default()), police(1), "inquiry.no_place"),
        (ask(), police(4), "inquiry.own_commune"),
        (ask(), Unit::Commune(CommuneCode(4)), "inquiry.own_commune"),
    ];
    for (command, unit, code) in cases {
        assert_eq!(refused(&mut Walk::new(), &command, &act(unit, 0)), code);
    }
    let unfit = Command::Answer(Answer::Confirmed {
        values: IdentityChange {
            number: Some("12".into()),
            ..IdentityChange::default()
        },
    });
    let code = refused(&mut asked(), &unfit, &act(police(4), 1));
    assert_eq!(code, "subject.value_unfit");
}

#[test]
fn only_the_asker_takes_a_question_back_and_says_why() {
    let mut walk = asked();
    let silent = Act {
        why: None,
        ..act(police(1), 1)
    };
    assert_eq!(
        refused(&mut walk, &Command::Withdraw, &silent),
        "inquiry.why_missing"
    );
    assert_eq!(
        refused(&mut walk, &Command::Withdraw, &act(police(4), 1)),
        "inquiry.not_your_desk"
    );
    walk.step(&Command::Withdraw, &act(police(1), 1))
        .expect("taken back");
    assert_eq!(inquiry(&walk).reminders(), Vec::new());
    let late = walk.step(&Command::Clock, &clock(100));
    assert_eq!(late, Ok(Vec::new()));
}

const WORDS: [&str; 8] = [
    "ask", "confirm", "not_here", "unknown", "forward", "close", "withdraw", "clock",
];
const ACTORS: [&str; 4] = ["asker", "asked", "stranger", "clock"];

/// In this state this word of this actor leads there, said as plainly as possible.
const REFERENCE: [(&str, &str, &str, &str); 9] = [
    ("", "ask", "asker", "ASKED"),
    ("ASKED", "confirm", "asked", "ANSWERED"),
    ("ASKED", "not_here", "asked", "ANSWERED"),
    ("ASKED", "unknown", "asked", "ANSWERED"),
    ("ASKED", "withdraw", "asker", "CLOSED"),
    ("ASKED", "clock", "clock", "ASKED"),
    ("ANSWERED", "clock", "clock", "ANSWERED"),
    ("ANSWERED", "close", "asker", "CLOSED"),
    ("CLOSED", "clock", "clock", "CLOSED"),
];

fn spoken(word: &str, next: u32) -> Command {
    match word {
        "ask" => ask(),
        "confirm" => confirmed(),
        "not_here" => Command::Answer(Answer::NotHere),
        "unknown" => Command::Answer(Answer::Unknown),
        "forward" => forward(next),
        "close" => Command::Close,
        "withdraw" => Command::Withdraw,
        _ => Command::Clock,
    }
}

fn actor(who: &str, inquiry: Option<&Inquiry>, day: i64) -> Act {
    match who {
        "asker" => act(police(1), day),
        "asked" => act(
            inquiry.map_or(police(8), |inquiry| inquiry.desk.clone()),
            day,
        ),
        "stranger" => act(
            Unit::Facility(registry::facility::FacilityCode::parse("TYT-09").expect("a code")),
            day,
        ),
        _ => clock(day),
    }
}

#[test]
fn twenty_thousand_walks_do_what_the_reference_says() {
    let mut dice = Dice::new(8938);
    for _ in 0..20_000 {
        let mut walk = asked();
        let mut state = "ASKED";
        let mut unvisited = vec![16, 13, 8, 7];
        let mut escalations = 0;
        for _ in 0..16 {
            let (word, who) = (*dice.pick(&WORDS), *dice.pick(&ACTORS));
            let day = dice.below(15) as i64;
            let may_forward =
                (state, word, who) == ("ASKED", "forward", "asked") && !unvisited.is_empty();
            let row = REFERENCE
                .iter()
                .find(|(from, said, by, _)| (*from, *said, *by) == (state, word, who));
            let next = unvisited.last().copied().unwrap_or(4);
            let by = actor(who, walk.state.as_ref(), day);
            let done = walk.step(&spoken(word, next), &by);
            assert_eq!(
                done.is_ok(),
                row.is_some() || may_forward,
                "{state} {word} {who}: {done:?}"
            );
            if may_forward {
                unvisited.pop();
            }
            escalations += done.map_or(0, |events| {
                let escalated = |event: &&Event| matches!(event, Event::Escalated { .. });
                events.iter().filter(escalated).count()
            });
            state = row.map_or(state, |(.., to)| to);
            assert_eq!(inquiry(&walk).state.as_str(), state);
            assert!(escalations <= 1);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whoever_says_what_a_question_keeps_its_time_and_its_events_rebuild_it(
        steps in proptest::collection::vec(
            (0..WORDS.len(), 0..ACTORS.len(), prop::sample::select(vec![1u32, 4, 7, 8, 13]), 0..30i64), 1..40),
    ) {
        let mut walk = asked();
        for (word, who, next, day) in &steps {
            let before = inquiry(&walk).clone();
            let by = actor(ACTORS[*who], Some(&before), *day);
            let Ok(events) = walk.step(&spoken(WORDS[*word], *next), &by) else {
                prop_assert_eq!(inquiry(&walk), &before);
                continue;
            };
            let after = inquiry(&walk);
            prop_assert_eq!(after.due_at, before.due_at);
            prop_assert!(!before.overdue || after.overdue);
            prop_assert!(!after.forwarded_by.contains(&after.desk));
            prop_assert_eq!(after.answer.is_some(), after.state == InquiryState::Answered || (after.state == InquiryState::Closed && before.answer.is_some()));
            prop_assert!(events.len() <= 1);
        }
        walk.check();
    }
}
