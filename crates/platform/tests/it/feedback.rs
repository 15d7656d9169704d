//! A citizen's feedback: it holds up the signature, its clock fires once, its end is told.

use std::sync::{Arc, Mutex};

use casework::feedback::submission::{FeedbackKind, StatedPerson, Submission};
use casework::feedback::{Command, Correction, Event, Feedback, Outcome, Terms};
use casework::routing::{Delegations, Destination};
use casework::subject::person::RegisterAnswer;
use casework::{Act, Actor, Origin, Queue, RecordId};
use platform::workers::{Courier, NotTaken};
use platform::{Platform, Workers};
use registry::area::Place;
use registry::status::FeedbackState;
use storage::{Message, Scope, Store};

use crate::world::{
    HERE, at, clerk, code, code_of, id, on_both, open_facility, person, platform as on, province,
    settle, subject,
};

pub(crate) fn citizen(seconds: i64) -> Act {
    Act {
        at: at(seconds),
        by: Actor::Citizen,
        from: Origin("203.0.113.7".into()),
        why: None,
    }
}

/// Says that there is no certificate; the person is number `n`.
pub(crate) fn submission(n: u32) -> Submission {
    let person = person(n);
    Submission {
        kind: FeedbackKind::NoCertificate,
        person: StatedPerson {
            full_name: person.full_name,
            birth_date: person.birth_date,
            sex: person.sex,
            number: person.number,
            phone: "0912345678".into(),
            email: None,
            address: String::new(),
        },
        destination: Destination {
            facility: Some(code(HERE)),
            place: Place::default(),
        },
        claims: Vec::new(),
        text: String::new(),
        attachments: Vec::new(),
        earlier: None,
    }
}

pub(crate) fn submit(submission: Submission) -> Command {
    Command::Submit {
        submission: Box::new(submission),
        phone_proven: true,
        // What a caller says of terms and delegations counts for nothing.
        terms: Terms {
            warn_hours: 999,
            due_hours: 999,
            attachment_bytes: u64::MAX,
        },
        delegations: Delegations::default(),
    }
}

async fn send(platform: &Platform, name: &str, n: u32) -> RecordId {
    let id = id(name);
    platform
        .act::<Feedback>(&citizen(0), &id, None, submit(submission(n)))
        .await
        .expect("is recorded");
    id
}

#[derive(Default)]
pub(crate) struct Recorded(pub(crate) Mutex<Vec<Message>>);

impl Courier for Recorded {
    fn send(&self, message: &Message) -> Result<(), NotTaken> {
        self.0.lock().expect("a lock").push(message.clone());
        Ok(())
    }
}

#[test]
fn open_feedback_holds_up_the_signature_until_the_citizen_was_told() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let answer = Some(RegisterAnswer::True);
        let person = settle(&platform, 1, HERE, self::person(1), answer.clone()).await;
        let namesake = settle(&platform, 2, HERE, self::person(2), answer).await;
        let feedback = send(&platform, "PA-1", 1).await;
        assert!(
            subject(&platform, &person)
                .await
                .open_feedback
                .contains("PA-1")
        );
        assert!(subject(&platform, &namesake).await.open_feedback.is_empty());
        let refused = subject(&platform, &person).await.may_be_signed(&code(HERE));
        assert_eq!(
            refused.expect_err("refused").reason.code,
            "signing.feedback_open"
        );

        let officer = clerk(HERE);
        let act = async |command| {
            platform
                .act::<Feedback>(&officer, &feedback, None, command)
                .await
        };
        act(Command::TakeUp).await.expect("takes up");
        let text = "Đã cập nhật giới tính.".to_owned();
        act(Command::Decide(Outcome::Approved { text }))
            .await
            .expect("decides");
        let elsewhere = Correction::Record {
            subject: id("S99999"),
            revision: 1,
        };
        assert_eq!(
            code_of(act(Command::Correct(elsewhere)).await),
            "feedback.correction_missing"
        );
        let revision = platform.store().load::<casework::subject::Subject>(&person);
        let revision = revision.await.expect("loads").expect("is there").revision;
        let correction = Correction::Record {
            subject: person.clone(),
            revision,
        };
        act(Command::Correct(correction)).await.expect("corrects");

        let courier = Arc::new(Recorded::default());
        let workers = Workers::new(platform.clone()).with_courier(courier.clone());
        workers.settle(at(60)).await.expect("settles");
        let sent = courier.0.lock().expect("a lock").clone();
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert!(
            sent.first()
                .is_some_and(|sms| sms.body.contains("đã được xử lý xong"))
        );
        let stored = platform
            .store()
            .load::<Feedback>(&feedback)
            .await
            .expect("loads");
        assert_eq!(
            stored.expect("is there").state.state,
            FeedbackState::Notified
        );
        assert!(subject(&platform, &person).await.open_feedback.is_empty());
        workers.settle(at(120)).await.expect("settles");
        assert_eq!(courier.0.lock().expect("a lock").len(), 1, "told once");
    });
}

/// How often the clock warned and escalated, as the history has it.
async fn fired(platform: &Platform, feedback: &RecordId) -> (usize, usize) {
    let history = platform
        .store()
        .history::<Feedback>(feedback)
        .await
        .expect("a history");
    let warned = history
        .iter()
        .filter(|it| matches!(it.event, Event::Warned { .. }))
        .count();
    let escalated = history
        .iter()
        .filter(|it| matches!(it.event, Event::Escalated { .. }))
        .count();
    (warned, escalated)
}

#[test]
fn warning_and_escalation_fire_once_over_restarts_holidays_and_a_clock_set_back() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let feedback = send(&platform, "PA-1", 1).await;
        let hours = |hours: i64| at(hours * 3600);
        // 19 April 2022 at noon and 48 hours on; each round is a new process on the same store.
        let rounds = [0, 35, 36, 36, 20, 37, 47, 48, 12, 48, 49, 36, 100, 48];
        let expected = [
            (0, 0),
            (0, 0),
            (1, 0),
            (1, 0),
            (1, 0),
            (1, 0),
            (1, 0),
            (1, 1),
            (1, 1),
            (1, 1),
            (1, 1),
            (1, 1),
            (1, 1),
            (1, 1),
        ];
        for (hour, expected) in rounds.into_iter().zip(expected) {
            let again = on(Store::clone(platform.store()));
            Workers::new(again)
                .settle(hours(hour))
                .await
                .expect("settles");
            assert_eq!(
                fired(&platform, &feedback).await,
                expected,
                "at hour {hour}"
            );
        }
        let overdue = platform
            .counts(
                &province(),
                Queue::Feedback,
                &Scope::below(&unit(&province())),
            )
            .await
            .expect("counts");
        assert!(
            overdue
                .iter()
                .any(|count| count.state == "OVERDUE" && count.rows == 1),
            "{overdue:?}"
        );
    });
}

fn unit(act: &Act) -> casework::Unit {
    act.by.unit().expect("a unit").clone()
}

#[test]
fn a_complaint_about_a_facility_is_hidden_from_it() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let complaint = Submission {
            kind: FeedbackKind::Obstruction,
            text: "Đòi tiền khi ký xác nhận.".into(),
            ..submission(1)
        };
        let feedback = id("PA-2");
        let sent = platform
            .act::<Feedback>(&citizen(0), &feedback, None, submit(complaint))
            .await;
        let desk = sent.expect("is recorded").state.desk.expect("a desk");
        assert_eq!(desk.unit.to_string(), "province/01");
        let unknown = code_of(platform.view::<Feedback>(&clerk(HERE), &id("PA-9")).await);
        assert_eq!(
            code_of(platform.view::<Feedback>(&clerk(HERE), &feedback).await),
            unknown
        );
        platform
            .view::<Feedback>(&province(), &feedback)
            .await
            .expect("the province sees it");
        let counts = platform
            .counts(
                &clerk(HERE),
                Queue::Obstruction,
                &Scope::Desk(unit(&clerk(HERE))),
            )
            .await;
        assert_eq!(code_of(counts), "rights.forbidden");
    });
}
