//! The ways of one feedback, and random walks beside a reference.

use std::collections::BTreeSet;

use proptest::prelude::*;
use registry::area::{CommuneCode, DistrictCode, ProvinceCode};
use registry::facility::FacilityCode;
use registry::text::Lang;

use super::submission::{Attachment, DoseClaim, FeedbackKind, StatedPerson};
use super::*;
use crate::routing::Destination;
use crate::walk::{Dice, Walk};
use crate::{Origin, Role};

const TERMS: Terms = Terms {
    warn_hours: 36,
    due_hours: 48,
    attachment_bytes: 10_000_000,
};

fn at(hour: i64) -> Timestamp {
    // Friday, 29 April 2022, 08:00 in Vietnam: a long weekend follows.
    Timestamp::from_second(1_651_194_000 + hour * 3600).expect("a time")
}

fn act(by: Actor, hour: i64) -> Act {
    Act {
        at: at(hour),
        by,
        from: Origin("test".into()),
        why: Some("không thuộc đơn vị".into()),
    }
}

fn staff(unit: Unit, account: &str) -> Actor {
    Actor::Staff {
        account: AccountId(account.into()),
        unit,
        role: Role::Clerk,
    }
}

fn facility(code: &str) -> Unit {
    Unit::Facility(FacilityCode::parse(code).expect("a code"))
}

fn officer(account: &str) -> Actor {
    staff(facility("TYT-01"), account)
}

fn province() -> Unit {
    Unit::Province(ProvinceCode(1))
}

fn clock(hour: i64) -> Act {
    act(Actor::system("clock"), hour)
}

fn citizen(hour: i64) -> Act {
    act(Actor::Citizen, hour)
}

fn place() -> Place {
    Place::of_commune(CommuneCode(4)).expect("a commune")
}

fn photo() -> Attachment {
    Attachment {
        id: "a1".into(),
        media_type: "image/jpeg".into(),
        sha256: "0a".repeat(32),
        size: 200_000,
    }
}

fn submission(kind: FeedbackKind) -> Submission {
    Submission {
        kind,
        person: StatedPerson {
            full_name: "Trần Văn Bưởi".into(),
            birth_date: "12/03/1975".into(),
            sex: "Nam".into(),
            number: None,
            phone: "0912345678".into(),
            email: None,
            address: "Phường Trúc Bạch".into(),
        },
        destination: Destination {
            facility: FacilityCode::parse("TYT-01"),
            place: place(),
        },
        claims: vec![DoseClaim {
            number: 2,
            injected_on: "01/10/2021".into(),
            vaccine: "Vero Cell".into(),
            place: "Trạm y tế".into(),
        }],
        text: "Cán bộ đòi tiền khi ký.".into(),
        attachments: vec![photo()],
        earlier: None,
    }
}

fn submit(submission: Submission) -> Command {
    Command::Submit {
        submission: Box::new(submission),
        phone_proven: true,
        terms: TERMS,
        delegations: Delegations::default(),
    }
}

fn received(kind: FeedbackKind) -> Walk<Feedback> {
    let mut walk = Walk::new();
    walk.step(&submit(submission(kind)), &citizen(0))
        .expect("received");
    walk
}

fn in_review() -> Walk<Feedback> {
    let mut walk = received(FeedbackKind::MissingDose);
    walk.step(&Command::TakeUp, &act(officer("a"), 1))
        .expect("taken up");
    walk
}

fn refused(walk: &mut Walk<Feedback>, command: &Command, act: &Act) -> &'static str {
    let before = walk.state.clone();
    let refusal = walk.step(command, act).expect_err("refused");
    assert_eq!(walk.state, before);
    refusal.reason.code
}

fn state(walk: &Walk<Feedback>) -> &Feedback {
    walk.state.as_ref().expect("a state")
}

fn approved() -> Outcome {
    Outcome::Approved {
        text: "Đã bổ sung mũi 2.".into(),
    }
}

fn rejected(reason: Rejection) -> Outcome {
    Outcome::Rejected {
        reason,
        text: "Ảnh mờ, đề nghị chụp lại.".into(),
    }
}

fn later(day: i8) -> Outcome {
    Outcome::Later {
        text: "Chờ cơ sở cũ gửi sổ tiêm.".into(),
        take_up_on: jiff::civil::date(2022, 5, day),
    }
}

fn correction() -> Command {
    Command::Correct(Correction::Record {
        subject: RecordId("s1".into()),
        revision: 7,
    })
}

fn notify() -> Command {
    Command::Notify {
        message: "m1".into(),
    }
}

fn reopen() -> Command {
    Command::Reopen {
        phone_proven: true,
        text: "Vẫn thiếu mũi 2.".into(),
        terms: TERMS,
    }
}

fn redirect(unit: Unit) -> Command {
    Command::Redirect {
        to: Desk {
            unit,
            place: place(),
        },
    }
}

#[test]
fn approved_feedback_is_closed_only_by_a_correction_and_a_message() {
    let mut walk = in_review();
    walk.step(&Command::Decide(approved()), &act(officer("a"), 2))
        .expect("approved");
    assert_eq!(refused(&mut walk, &notify(), &clock(3)), "feedback.not_now");
    let nowhere = Command::Correct(Correction::Record {
        subject: RecordId(String::new()),
        revision: 0,
    });
    assert_eq!(
        refused(&mut walk, &nowhere, &act(officer("a"), 3)),
        "feedback.correction_missing"
    );
    walk.step(&correction(), &act(officer("a"), 3))
        .expect("corrected");
    assert_eq!(
        refused(&mut walk, &notify(), &act(officer("a"), 3)),
        "feedback.system_only"
    );
    walk.step(&notify(), &clock(4)).expect("notified");
    assert!(state(&walk).tasks().iter().all(|task| !task.open));
    assert_eq!(state(&walk).reminders(), Vec::new());
    walk.check();
}

#[test]
fn nothing_is_closed_without_a_code_and_a_text_that_the_citizen_can_see() {
    let mut walk = in_review();
    let by = act(officer("a"), 2);
    let silent = Outcome::Rejected {
        reason: Rejection::Tk08,
        text: " ".into(),
    };
    assert_eq!(
        refused(&mut walk, &Command::Decide(silent), &by),
        "feedback.text_missing"
    );
    let complaint = Command::Decide(rejected(Rejection::Kn01));
    assert_eq!(refused(&mut walk, &complaint, &by), "feedback.reason_unfit");
    walk.step(&Command::Decide(rejected(Rejection::Tk08)), &by)
        .expect("rejected");
    let told = state(&walk).outcome.as_ref().map(Outcome::text);
    assert_eq!(told, Some("Ảnh mờ, đề nghị chụp lại."));
}

#[test]
fn one_officer_at_a_time_works_on_feedback() {
    let mut walk = in_review();
    assert_eq!(
        refused(&mut walk, &Command::TakeUp, &act(officer("b"), 2)),
        "feedback.taken"
    );
    assert_eq!(
        refused(
            &mut walk,
            &Command::Decide(approved()),
            &act(officer("b"), 2)
        ),
        "feedback.not_your_case"
    );
    let again = walk
        .step(&Command::TakeUp, &act(officer("a"), 2))
        .expect("already so");
    assert_eq!(again, Vec::new());
    let to_b = Command::Assign(AccountId("b".into()));
    let elsewhere = act(staff(facility("TYT-02"), "c"), 2);
    assert_eq!(
        refused(&mut walk, &to_b, &elsewhere),
        "feedback.not_your_desk"
    );
    walk.step(&to_b, &act(staff(province(), "p"), 2))
        .expect("the level above assigns too");
    walk.step(&Command::Decide(approved()), &act(officer("b"), 3))
        .expect("approved");
    let stranger = act(staff(facility("TYT-02"), "c"), 4);
    assert_eq!(
        refused(&mut walk, &correction(), &stranger),
        "feedback.not_your_desk"
    );
}

#[test]
fn the_clock_warns_and_escalates_once_through_a_long_weekend_and_a_clock_set_back() {
    let mut walk = received(FeedbackKind::MissingDose);
    let times: Vec<Timestamp> = state(&walk)
        .reminders()
        .iter()
        .map(|reminder| reminder.at)
        .collect();
    assert_eq!(times, [at(36), at(48)]);
    let mut fired = Vec::new();
    for hour in [35, 36, 10, 36, 47, 48, 20, 48, 500] {
        fired.extend(walk.step(&Command::Clock, &clock(hour)).expect("the clock"));
        let text = serde_json::to_string(&walk.state).expect("writes");
        walk.state = serde_json::from_str(&text).expect("a restart reads it again");
    }
    let unit = facility("TYT-01");
    assert_eq!(
        fired,
        [Event::Warned { unit }, Event::Escalated { to: province() }]
    );
    assert_eq!(state(&walk).reminders(), Vec::new());
    assert_eq!(state(&walk).owner_of_delay(), Some(province()));
    assert_eq!(state(&walk).tasks().len(), 2);
    let still = walk.step(&Command::TakeUp, &act(officer("a"), 501));
    assert!(still.is_ok(), "overdue never ends the work");
    walk.check();
}

#[test]
fn a_clock_that_wakes_late_does_both_at_once() {
    let mut walk = received(FeedbackKind::MissingDose);
    let events = walk.step(&Command::Clock, &clock(100)).expect("the clock");
    assert_eq!(events.len(), 2);
    let none = walk.step(&Command::Clock, &clock(100));
    assert_eq!(none, Ok(Vec::new()));
}

#[test]
fn what_a_province_lets_grow_overdue_belongs_to_the_ministry() {
    let mut walk = Walk::<Feedback>::new();
    let mut general = submission(FeedbackKind::MissingDose);
    general.destination.facility = None;
    walk.step(&submit(general), &citizen(0)).expect("received");
    walk.step(&Command::Clock, &clock(48)).expect("the clock");
    assert_eq!(state(&walk).owner_of_delay(), Some(Unit::Ministry));
}

#[test]
fn feedback_put_off_comes_back_on_its_day_and_its_clock_does_not_stop() {
    let mut walk = in_review();
    let by = act(officer("a"), 2);
    let today = Command::Decide(Outcome::Later {
        text: "Chờ".into(),
        take_up_on: jiff::civil::date(2022, 4, 29),
    });
    assert_eq!(
        refused(&mut walk, &today, &by),
        "feedback.take_up_in_the_past"
    );
    walk.step(&Command::Decide(later(3)), &by).expect("put off");
    let whats: Vec<String> = state(&walk)
        .reminders()
        .into_iter()
        .map(|reminder| reminder.what)
        .collect();
    assert_eq!(whats, ["warn", "escalate", "resume"]);
    // Midnight of 3 May in Vietnam is 88 hours after 08:00 of 29 April.
    walk.step(&Command::Clock, &clock(87)).expect("the clock");
    assert_eq!(state(&walk).state, FeedbackState::Later);
    walk.step(&Command::Clock, &clock(88)).expect("the clock");
    assert_eq!(state(&walk).state, FeedbackState::InReview);
    assert!(state(&walk).clock.overdue);
    walk.check();
}

#[test]
fn a_redirection_has_a_reason_and_does_not_go_round_in_circles() {
    let mut walk = received(FeedbackKind::MissingDose);
    let by = act(officer("a"), 1);
    let silent = Act {
        why: None,
        ..by.clone()
    };
    let other = facility("TYT-02");
    assert_eq!(
        refused(&mut walk, &redirect(other.clone()), &silent),
        "feedback.why_missing"
    );
    assert_eq!(
        refused(&mut walk, &redirect(facility("TYT-01")), &by),
        "feedback.same_desk"
    );
    let police = Unit::Police(CommuneCode(4));
    assert_eq!(
        refused(&mut walk, &redirect(police), &by),
        "feedback.no_such_desk"
    );
    walk.step(&redirect(other.clone()), &by).expect("sent on");
    let back = redirect(facility("TYT-01"));
    let there = act(staff(other, "c"), 2);
    assert_eq!(refused(&mut walk, &back, &there), "feedback.sent_back");
    assert_eq!(refused(&mut walk, &back, &by), "feedback.not_your_desk");
    walk.step(&back, &act(staff(province(), "p"), 3))
        .expect("the province decides");
    assert_eq!(
        state(&walk).earlier_desks,
        [facility("TYT-01"), facility("TYT-02")]
    );
    walk.step(&Command::TakeUp, &by).expect("taken up");
    assert_eq!(
        refused(&mut walk, &redirect(province()), &by),
        "feedback.not_now"
    );
    walk.check();
}

#[test]
fn a_citizen_re_opens_once_and_the_clock_begins_anew() {
    let mut walk = in_review();
    let reject = Command::Decide(rejected(Rejection::Tk08));
    walk.step(&reject, &act(officer("a"), 2)).expect("rejected");
    walk.step(&notify(), &clock(3)).expect("notified");
    let not_theirs = act(officer("a"), 4);
    assert_eq!(
        refused(&mut walk, &reopen(), &not_theirs),
        "feedback.citizens_only"
    );
    walk.step(&reopen(), &citizen(100)).expect("opened again");
    assert_eq!(state(&walk).clock.due_at, at(148));
    assert_eq!(state(&walk).officer, None);
    walk.step(&Command::TakeUp, &act(officer("b"), 101))
        .expect("another officer");
    walk.step(&reject, &act(officer("b"), 102))
        .expect("rejected");
    walk.step(&notify(), &clock(103)).expect("notified");
    assert_eq!(
        refused(&mut walk, &reopen(), &citizen(104)),
        "feedback.already_reopened"
    );
    walk.check();
}

#[test]
fn feedback_sent_again_is_linked_to_the_first() {
    let mut walk = in_review();
    let next = Command::FollowUp {
        later: RecordId("f2".into()),
    };
    assert_eq!(
        refused(&mut walk, &next, &citizen(2)),
        "feedback.not_now",
        "the first one is still open"
    );
    let reject = Command::Decide(rejected(Rejection::Tk08));
    walk.step(&reject, &act(officer("a"), 2)).expect("rejected");
    walk.step(&notify(), &clock(3)).expect("notified");
    walk.step(&next, &citizen(4)).expect("linked");
    assert_eq!(walk.step(&next, &citizen(5)), Ok(Vec::new()));
    assert_eq!(state(&walk).later, [RecordId("f2".into())]);
    let mut second = submission(FeedbackKind::MissingDose);
    second.earlier = Some(RecordId("f1".into()));
    let mut second_walk = Walk::<Feedback>::new();
    second_walk
        .step(&submit(second), &citizen(4))
        .expect("received");
    let earlier = &state(&second_walk).submission.earlier;
    assert_eq!(earlier, &Some(RecordId("f1".into())));
}

#[test]
fn a_complaint_goes_above_the_facility_which_learns_nothing_of_it() {
    let delegations = Delegations {
        districts: [DistrictCode(1)].into(),
        communes: [CommuneCode(4)].into(),
    };
    for (delegations, desk) in [
        (Delegations::default(), province()),
        (delegations, Unit::District(DistrictCode(1))),
    ] {
        let mut walk = Walk::<Feedback>::new();
        let command = Command::Submit {
            submission: Box::new(submission(FeedbackKind::Obstruction)),
            phone_proven: true,
            terms: TERMS,
            delegations,
        };
        walk.step(&command, &citizen(0)).expect("received");
        walk.step(&Command::Clock, &clock(49)).expect("the clock");
        let tasks = state(&walk).tasks();
        assert_eq!(tasks[0].desk, desk);
        for task in &tasks {
            assert_eq!(task.queue, Queue::Obstruction);
            assert_ne!(task.desk, facility("TYT-01"));
        }
        for command in [
            Command::TakeUp,
            correction(),
            reopen(),
            notify(),
            Command::Clock,
            redirect(province()),
        ] {
            let code = refused(&mut walk, &command, &act(officer("a"), 1));
            assert_eq!(code, "record.not_found");
        }
        let there = act(staff(desk, "d"), 1);
        for elsewhere in [
            facility("TYT-01"),
            facility("TYT-02"),
            Unit::Commune(CommuneCode(4)),
            Unit::Province(ProvinceCode(79)),
        ] {
            let code = refused(&mut walk, &redirect(elsewhere), &there);
            assert_eq!(code, "feedback.no_such_desk");
        }
        walk.step(&Command::TakeUp, &there).expect("taken up");
        let photo = Command::Decide(rejected(Rejection::Tk08));
        assert_eq!(refused(&mut walk, &photo, &there), "feedback.reason_unfit");
        walk.step(&Command::Decide(approved()), &there)
            .expect("approved");
        assert_eq!(
            refused(&mut walk, &correction(), &there),
            "feedback.correction_missing"
        );
        let measure = Command::Correct(Correction::Measure {
            text: "Đã chấn chỉnh.".into(),
        });
        walk.step(&measure, &there).expect("made good");
        walk.check();
    }
}

/// Spoils a submission that was whole.
type Spoil<'a> = &'a dyn Fn(&mut Submission);

#[test]
fn what_a_submission_lacks_is_said_by_name() {
    let code = |change: Spoil<'_>, kind| {
        let mut sent = submission(kind);
        change(&mut sent);
        refused(&mut Walk::new(), &submit(sent), &citizen(0))
    };
    let dose = FeedbackKind::MissingDose;
    let cases: [(Spoil<'_>, FeedbackKind, &str); 11] = [
        (
            &|sent| sent.person.full_name = "  ".into(),
            dose,
            "feedback.person_incomplete",
        ),
        (
            &|sent| sent.person.birth_date = "hôm qua".into(),
            dose,
            "feedback.person_incomplete",
        ),
        (
            &|sent| sent.person.phone = "12".into(),
            dose,
            "feedback.person_incomplete",
        ),
        (&|sent| sent.claims.clear(), dose, "feedback.claim_missing"),
        (
            &|sent| sent.claims.push(sent.claims[0].clone()),
            dose,
            "feedback.claim_twice",
        ),
        (
            &|sent| sent.attachments.clear(),
            dose,
            "feedback.photo_missing",
        ),
        (
            &|sent| sent.attachments[0].media_type = "application/pdf".into(),
            dose,
            "feedback.photo_missing",
        ),
        (
            &|sent| sent.attachments[0].size = 10_000_001,
            dose,
            "feedback.attachment_unfit",
        ),
        (
            &|sent| sent.destination = Destination::default(),
            dose,
            "feedback.no_destination",
        ),
        (
            &|sent| sent.destination.facility = None,
            FeedbackKind::Obstruction,
            "feedback.facility_missing",
        ),
        (
            &|sent| sent.text.clear(),
            FeedbackKind::Obstruction,
            "feedback.text_missing",
        ),
    ];
    for (change, kind, expected) in cases {
        assert_eq!(code(change, kind), expected);
    }
    let unproven = Command::Submit {
        submission: Box::new(submission(dose)),
        phone_proven: false,
        terms: TERMS,
        delegations: Delegations::default(),
    };
    assert_eq!(
        refused(&mut Walk::new(), &unproven, &citizen(0)),
        "feedback.phone_not_proven"
    );
}

#[test]
fn who_was_never_there_needs_no_photo() {
    for kind in FeedbackKind::ALL {
        let mut sent = submission(*kind);
        sent.attachments.clear();
        let received = Walk::<Feedback>::new().step(&submit(sent), &citizen(0));
        assert_eq!(received.is_ok(), !kind.needs_photo(), "{kind:?}");
    }
}

#[test]
fn the_thirteen_reasons_keep_their_codes_and_their_order() {
    let on_data: Vec<&str> = Rejection::ALL
        .iter()
        .filter(|reason| !reason.answers_complaint())
        .map(|reason| reason.code())
        .collect();
    let expected: Vec<String> = (1..=13).map(|n| format!("TK-{n:02}")).collect();
    assert_eq!(on_data, expected);
    for reason in Rejection::ALL {
        assert!(!reason.text(Lang::Vi).is_ascii() && !reason.text(Lang::En).is_empty());
        let json = serde_json::to_value(reason).expect("writes");
        assert_eq!(json, reason.code());
    }
}

/// What can be tried, whoever tries it and whenever.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Word {
    Submit,
    Redirect,
    TakeUp(usize),
    Assign(usize),
    Approve(usize),
    Later(usize),
    Reject(usize),
    Correct(usize),
    Notify,
    Reopen,
    FollowUp,
    Clock,
    StrangerTakesUp,
    StaffNotifies,
}

const WORDS: [Word; 20] = [
    Word::Submit,
    Word::Redirect,
    Word::TakeUp(0),
    Word::TakeUp(1),
    Word::Assign(0),
    Word::Assign(1),
    Word::Approve(0),
    Word::Approve(1),
    Word::Later(0),
    Word::Later(1),
    Word::Reject(0),
    Word::Reject(1),
    Word::Correct(0),
    Word::Notify,
    Word::Notify,
    Word::Reopen,
    Word::FollowUp,
    Word::Clock,
    Word::StrangerTakesUp,
    Word::StaffNotifies,
];

/// The table of section 7.5, said as plainly as possible: no types of the procedure, no table of `registry`.
#[derive(Debug, Default, PartialEq)]
struct Reference {
    state: &'static str,
    officer: Option<usize>,
    reopened: bool,
}

impl Reference {
    /// False when the word is refused; nothing changes then.
    #[expect(
        clippy::match_same_arms,
        reason = "one line for each line of the table"
    )]
    fn says(&mut self, word: Word) -> bool {
        let mine = |who: usize| self.officer == Some(who);
        let (state, officer) = match (self.state, word) {
            ("", Word::Submit) => ("ROUTED", None),
            ("", _) => return false,
            ("ROUTED", Word::Redirect) => ("ROUTED", None),
            ("ROUTED" | "LATER", Word::TakeUp(who)) => ("IN_REVIEW", Some(who)),
            ("IN_REVIEW", Word::TakeUp(who)) if mine(who) || self.officer.is_none() => {
                ("IN_REVIEW", Some(who))
            }
            ("IN_REVIEW", Word::Assign(who)) => ("IN_REVIEW", Some(who)),
            ("IN_REVIEW", Word::Approve(who)) if mine(who) => ("APPROVED", Some(who)),
            ("IN_REVIEW", Word::Later(who)) if mine(who) => ("LATER", Some(who)),
            ("IN_REVIEW", Word::Reject(who)) if mine(who) => ("REJECTED", Some(who)),
            ("APPROVED", Word::Correct(_)) => ("UPDATED", self.officer),
            ("UPDATED" | "REJECTED", Word::Notify) => ("NOTIFIED", self.officer),
            ("NOTIFIED", Word::Reopen) if !self.reopened => {
                self.reopened = true;
                ("IN_REVIEW", None)
            }
            ("NOTIFIED", Word::FollowUp) => ("NOTIFIED", self.officer),
            (same, Word::Clock) => (same, self.officer),
            _ => return false,
        };
        (self.state, self.officer) = (state, officer);
        true
    }
}

fn account(who: usize) -> &'static str {
    ["a", "b"][who]
}

fn spoken(word: Word, feedback: Option<&Feedback>, hour: i64) -> (Command, Act) {
    let desk = feedback.and_then(|feedback| feedback.desk.as_ref());
    let desk = desk.map_or(facility("TYT-01"), |desk| desk.unit.clone());
    let by = |who: usize| act(staff(desk.clone(), account(who)), hour);
    match word {
        Word::Submit => (submit(submission(FeedbackKind::MissingDose)), citizen(hour)),
        Word::Redirect => {
            let other = if desk == facility("TYT-01") {
                "TYT-02"
            } else {
                "TYT-01"
            };
            let above = act(staff(province(), "p"), hour);
            (redirect(facility(other)), above)
        }
        Word::TakeUp(who) => (Command::TakeUp, by(who)),
        Word::Assign(who) => (Command::Assign(AccountId(account(who).into())), by(1 - who)),
        Word::Approve(who) => (Command::Decide(approved()), by(who)),
        Word::Later(who) => (Command::Decide(later(30)), by(who)),
        Word::Reject(who) => (Command::Decide(rejected(Rejection::Tk01)), by(who)),
        Word::Correct(who) => (correction(), by(who)),
        Word::Notify => (notify(), clock(hour)),
        Word::Reopen => (reopen(), citizen(hour)),
        Word::FollowUp => {
            let later = RecordId(format!("f{hour}"));
            (Command::FollowUp { later }, citizen(hour))
        }
        Word::Clock => (Command::Clock, clock(hour)),
        Word::StrangerTakesUp => (Command::TakeUp, act(staff(facility("TYT-09"), "x"), hour)),
        Word::StaffNotifies => (notify(), by(0)),
    }
}

#[test]
fn thirty_thousand_walks_do_what_the_reference_says() {
    let mut dice = Dice::new(9458);
    let mut seen = BTreeSet::new();
    for _ in 0..30_000 {
        let mut walk = Walk::<Feedback>::new();
        let mut reference = Reference::default();
        for turn in 0..20 {
            let word = if turn == 0 {
                Word::Submit
            } else {
                *dice.pick(&WORDS)
            };
            // Never late enough for the day to which it is put off.
            let (command, by) = spoken(word, walk.state.as_ref(), turn * 6);
            let done = walk.step(&command, &by);
            assert_eq!(done.is_ok(), reference.says(word), "{word:?} {done:?}");
            let feedback = state(&walk);
            assert_eq!(feedback.state.as_str(), reference.state);
            let officer = feedback.officer.as_ref().map(|officer| officer.0.as_str());
            assert_eq!(officer, reference.officer.map(account));
            assert_eq!(feedback.reopened, reference.reopened);
            seen.insert((feedback.reopened, feedback.state));
        }
    }
    // Every state, and after a re-opening every state that follows it: the walks went everywhere.
    assert_eq!(seen.len(), 7 + 6);
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let text = || prop_oneof![Just(String::new()), Just("Đã xem.".to_owned())];
    prop_oneof![
        text().prop_map(|text| Outcome::Approved { text }),
        (text(), 1..30i8).prop_map(|(text, day)| Outcome::Later {
            text,
            take_up_on: jiff::civil::date(2022, 5, day)
        }),
        (text(), 0..Rejection::ALL.len()).prop_map(|(text, reason)| Outcome::Rejected {
            reason: Rejection::ALL[reason],
            text
        }),
    ]
}

fn any_command() -> impl Strategy<Value = Command> {
    let kind = proptest::sample::select(FeedbackKind::ALL);
    let unit = proptest::sample::select(vec![
        facility("TYT-01"),
        facility("TYT-02"),
        province(),
        Unit::Ministry,
        Unit::Police(CommuneCode(4)),
    ]);
    prop_oneof![
        2 => (kind, any::<bool>()).prop_map(|(kind, proven)| Command::Submit {
            submission: Box::new(submission(kind)),
            phone_proven: proven,
            terms: TERMS,
            delegations: Delegations::default(),
        }),
        1 => unit.prop_map(redirect),
        4 => Just(Command::TakeUp),
        1 => Just(Command::Assign(AccountId("b".into()))),
        5 => any_outcome().prop_map(Command::Decide),
        2 => (0..2u64).prop_map(|revision| {
            Command::Correct(Correction::Record { subject: RecordId("s1".into()), revision })
        }),
        1 => Just(Command::Correct(Correction::Measure { text: "Đã chấn chỉnh.".into() })),
        3 => Just(notify()),
        2 => Just(reopen()),
        1 => Just(Command::FollowUp { later: RecordId("f2".into()) }),
        2 => Just(Command::Clock),
    ]
}

fn any_actor() -> impl Strategy<Value = Actor> {
    proptest::sample::select(vec![
        officer("a"),
        officer("a"),
        officer("a"),
        officer("b"),
        staff(facility("TYT-02"), "c"),
        staff(province(), "p"),
        staff(province(), "p"),
        staff(Unit::Police(CommuneCode(4)), "q"),
        Actor::Citizen,
        Actor::Citizen,
        Actor::system("clock"),
        Actor::system("clock"),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whoever_says_what_no_walk_leaves_the_table_and_the_events_rebuild_it(
        kind in proptest::sample::select(FeedbackKind::ALL),
        steps in proptest::collection::vec((any_command(), any_actor(), -20..200i64), 1..50),
    ) {
        let mut walk = received(kind);
        let (mut warned, mut escalated, mut rounds) = (0, 0, 1);
        for (command, actor, hour) in &steps {
            let before = state(&walk).clone();
            let Ok(events) = walk.step(command, &act(actor.clone(), *hour)) else {
                prop_assert_eq!(state(&walk), &before);
                continue;
            };
            let after = state(&walk);
            prop_assert!(after.state == before.state || before.state.can_become(after.state));
            for event in &events {
                match event {
                    Event::Warned { .. } => warned += 1,
                    Event::Escalated { .. } => escalated += 1,
                    Event::Reopened { .. } => rounds += 1,
                    _ => {}
                }
            }
            prop_assert!(warned <= rounds && escalated <= rounds && rounds <= 2);
            prop_assert!(!after.clock.overdue || after.owner_of_delay().is_some());
            let closed = matches!(after.state, FeedbackState::Rejected | FeedbackState::Updated | FeedbackState::Notified);
            if closed {
                prop_assert!(after.outcome.as_ref().is_some_and(|outcome| !outcome.text().trim().is_empty()));
            }
            if kind.is_complaint() {
                prop_assert!(after.tasks().iter().all(|task| task.desk != facility("TYT-01")));
            }
        }
        walk.check();
    }
}
