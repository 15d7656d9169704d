//! An officer named, confirmed, changed and asked about again, and random walks beside a reference.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use registry::area::{CommuneCode, ProvinceCode};
use registry::facility::FacilityCode;

use super::*;
use crate::{AccountId, Actor, Origin, Role, carry_out, replay};

fn facility() -> Unit {
    Unit::Facility(FacilityCode::parse("TYT-01").expect("a code"))
}

fn place() -> Place {
    Place::of_commune(CommuneCode(4)).expect("a commune")
}

fn act(by: Actor, day: i64) -> Act {
    Act {
        // 19 April 2022, 08:00 in Vietnam, and so many days later.
        at: Timestamp::from_second(1_650_330_000 + day * 86_400).expect("a time"),
        by,
        from: Origin("test".into()),
        why: None,
    }
}

fn staff(unit: Unit) -> Actor {
    Actor::Staff {
        account: AccountId("tran.thi.bich".into()),
        unit,
        role: Role::Head,
    }
}

fn own(day: i64) -> Act {
    act(staff(facility()), day)
}

fn above(day: i64) -> Act {
    act(staff(Unit::Province(ProvinceCode(1))), day)
}

fn clock(day: i64) -> Act {
    act(Actor::system("clock"), day)
}

fn officer(name: &str) -> Officer {
    let reachable = |name: &str| Reachable {
        name: name.into(),
        title: "Trưởng phòng".into(),
        phone: "024 3999 0000".into(),
        email: "dau.moi@example.vn".into(),
    };
    Officer {
        officer: reachable(name),
        deputy: Some(reachable("Phạm Văn Dự")),
    }
}

fn name(name: &str) -> Command {
    Command::Name {
        unit: facility(),
        place: place(),
        officer: officer(name),
        interval_days: 90,
    }
}

fn done(state: Option<Contact>, command: &Command, by: &Act) -> Contact {
    let (state, _) = carry_out(state, command, by).expect("allowed");
    state.expect("a state")
}

fn refused(state: Option<&Contact>, command: &Command, by: &Act) -> Refusal {
    Contact::decide(state, command, by).expect_err("refused")
}

fn word(contact: &Contact) -> (String, bool) {
    let task = contact.tasks().pop().expect("a task");
    (task.state, task.open)
}

#[test]
fn what_a_unit_says_of_itself_is_confirmed_and_what_those_above_say_is_not() {
    let by_itself = done(None, &name("Lê Thị Cúc"), &own(0));
    assert_eq!(word(&by_itself), ("CONFIRMED".to_owned(), false));
    let from_above = done(None, &name("Lê Thị Cúc"), &above(0));
    assert_eq!(word(&from_above), ("UNCONFIRMED".to_owned(), true));
    let confirmed = done(Some(from_above), &Command::Confirm { version: 1 }, &own(1));
    assert_eq!(confirmed.confirmed_at, Some(own(1).at));
    let refusal = refused(
        Some(&confirmed),
        &Command::Confirm { version: 1 },
        &above(2),
    );
    assert_eq!(refusal.reason.code, "contact.not_yours");
}

#[test]
fn the_clock_asks_once_for_each_due_date_whatever_happens_to_it() {
    let contact = done(None, &name("Lê Thị Cúc"), &own(0));
    let asks = |contact: &Contact, day| {
        let events = Contact::decide(Some(contact), &Command::Clock, &clock(day));
        events.expect("allowed").len()
    };
    assert_eq!((asks(&contact, 89), asks(&contact, 90)), (0, 1));
    let contact = done(Some(contact), &Command::Clock, &clock(95));
    assert_eq!(word(&contact), ("DUE".to_owned(), true));
    assert_eq!(contact.reminders(), Vec::new());
    // Asked again after a restart, after a clock set back, and after the interval went away and came back.
    assert_eq!((asks(&contact, 200), asks(&contact, 10)), (0, 0));
    let contact = done(Some(contact), &Command::SetInterval(30), &above(96));
    let contact = done(Some(contact), &Command::SetInterval(90), &above(97));
    assert_eq!(asks(&contact, 98), 0);
    let contact = done(Some(contact), &Command::Confirm { version: 1 }, &own(99));
    assert_eq!(word(&contact), ("CONFIRMED".to_owned(), false));
    assert_eq!((asks(&contact, 188), asks(&contact, 189)), (0, 1));
}

#[test]
fn every_officer_of_before_stays_in_the_history_with_the_time_in_office() {
    let contact = done(None, &name("Lê Thị Cúc"), &own(0));
    let change = Command::Change {
        version: 1,
        officer: officer("Đỗ Văn Em"),
    };
    let contact = done(Some(contact), &change, &own(10));
    let former = contact.earlier.first().expect("a former officer");
    assert_eq!(former.officer, officer("Lê Thị Cúc"));
    assert_eq!((former.from, former.until), (own(0).at, own(10).at));
    // A second clerk who still sees the first officer is told, and overwrites nothing.
    let refusal = refused(Some(&contact), &change, &own(11));
    assert_eq!(refusal.reason.code, "contact.changed");
}

#[test]
fn an_entry_that_nobody_can_be_reached_by_is_refused_without_repeating_it() {
    let spoilt = |spoil: fn(&mut Reachable)| {
        let mut officer = officer("Lê Thị Cúc");
        spoil(&mut officer.officer);
        let command = Command::Name {
            unit: facility(),
            place: place(),
            officer,
            interval_days: 90,
        };
        let refusal = refused(None, &command, &own(0));
        assert_eq!(refusal.reason.code, "contact.value_unfit");
        refusal.detail.expect("the field")
    };
    assert_eq!(spoilt(|it| it.name = "  ".into()), "officer.name");
    assert_eq!(spoilt(|it| it.title.clear()), "officer.title");
    assert_eq!(spoilt(|it| it.phone = "12345".into()), "officer.phone");
    assert_eq!(
        spoilt(|it| it.phone = "gọi lễ tân 0243".into()),
        "officer.phone"
    );
    for wrong in ["", "a@b", "a b@c.vn", "@c.vn", "a@@c.vn", "a@c..vn"] {
        assert!(!is_address(wrong), "{wrong}");
    }
    assert!(is_address("dau.moi@syt.example.vn") && is_telephone("+84 (24) 3999-0000"));
}

#[test]
fn strangers_name_nobody_and_an_interval_is_set_from_above() {
    let stranger = act(staff(Unit::Province(ProvinceCode(79))), 0);
    let code = |state: Option<&Contact>, command: &Command, by: &Act| {
        refused(state, command, by).reason.code
    };
    assert_eq!(code(None, &name("A"), &stranger), "contact.not_yours");
    assert_eq!(
        code(None, &name("A"), &act(Actor::Citizen, 0)),
        "contact.not_yours"
    );
    let misplaced = Command::Name {
        unit: Unit::Province(ProvinceCode(79)),
        place: place(),
        officer: officer("Lê Thị Cúc"),
        interval_days: 90,
    };
    assert_eq!(code(None, &misplaced, &above(0)), "contact.place_unfit");
    let contact = done(None, &name("Lê Thị Cúc"), &own(0));
    assert_eq!(
        code(Some(&contact), &Command::SetInterval(30), &own(1)),
        "contact.not_above"
    );
    assert_eq!(
        code(Some(&contact), &Command::SetInterval(0), &above(1)),
        "contact.interval_unfit"
    );
    assert_eq!(
        code(Some(&contact), &Command::Clock, &own(1)),
        "contact.clock_only"
    );
}

/// A step of the walks: which command, whose, with which version or name, on which day.
type Step = (u8, u8, u8, i64);

fn actor(of: u8) -> Actor {
    match of % 5 {
        0 => Actor::Citizen,
        1 => staff(Unit::Province(ProvinceCode(1))),
        2 => Actor::system("clock"),
        3 => staff(Unit::Province(ProvinceCode(79))),
        _ => staff(facility()),
    }
}

fn command(&(what, _, with, _): &Step) -> Command {
    let who = ["Lê Thị Cúc", "Đỗ Văn Em", ""][usize::from(with % 3)];
    match what % 6 {
        0 => name(who),
        1 => Command::Change {
            version: u32::from(with % 4),
            officer: officer(who),
        },
        2 | 3 => Command::Confirm {
            version: u32::from(with % 4),
        },
        4 => Command::SetInterval(u16::from(with) * 10),
        _ => Command::Clock,
    }
}

/// The reference: a version, the day it is due, and the days of which the clock reminded.
#[derive(Debug, Default, PartialEq)]
struct Reference {
    version: u32,
    who: String,
    counts_from: i64,
    confirmed: bool,
    interval: i64,
    reminded: Vec<i64>,
}

impl Reference {
    /// Does the command; `false` when it has to be refused.
    fn does(&mut self, command: &Command, by: &Actor, day: i64) -> bool {
        let own = by.unit() == Some(&facility());
        let above = by.is_system() || by.unit() == Some(&Unit::Province(ProvinceCode(1)));
        let there = self.version > 0;
        match command {
            Command::Name { officer, .. } => {
                let allowed = !there && (own || above) && !officer.officer.name.is_empty();
                if allowed {
                    self.interval = 90;
                    self.renew(officer, own, day);
                }
                allowed
            }
            Command::Change { version, officer } => {
                let seen = there && *version == self.version;
                let allowed = seen && (own || above) && !officer.officer.name.is_empty();
                if allowed && officer.officer.name != self.who {
                    self.renew(officer, own, day);
                }
                allowed
            }
            Command::Confirm { version } => {
                let allowed = there && own && *version == self.version;
                if allowed {
                    let later = !self.confirmed || day > self.counts_from;
                    self.counts_from = if later { day } else { self.counts_from };
                    self.confirmed = true;
                }
                allowed
            }
            Command::SetInterval(days) => {
                let allowed = there && above && *days > 0;
                if allowed {
                    self.interval = i64::from(*days);
                }
                allowed
            }
            Command::Clock => {
                let due = self.counts_from + self.interval;
                let allowed = there && by.is_system();
                if allowed && day >= due && !self.reminded.contains(&due) {
                    self.reminded.push(due);
                }
                allowed
            }
        }
    }

    fn renew(&mut self, officer: &Officer, own: bool, day: i64) {
        self.version += 1;
        self.who.clone_from(&officer.officer.name);
        self.counts_from = day;
        self.confirmed = own;
    }

    fn of(contact: Option<&Contact>) -> Self {
        let Some(contact) = contact else {
            return Self::default();
        };
        let day = |at: Timestamp| (at.as_second() - 1_650_330_000) / 86_400;
        Self {
            version: contact.version,
            who: contact.officer.officer.name.clone(),
            counts_from: day(contact.confirmed_at.unwrap_or(contact.since)),
            confirmed: contact.confirmed_at.is_some(),
            interval: i64::from(contact.interval_days),
            reminded: contact.reminded.iter().map(|at| day(*at)).collect(),
        }
    }
}

#[test]
fn the_machine_does_what_the_reference_does_over_34_000_random_sequences() {
    let mut random = Pcg64Mcg::seed_from_u64(58);
    for _ in 0..34_000 {
        let mut state: Option<Contact> = None;
        let mut reference = Reference::default();
        for turn in 0..10 {
            let step = (
                random.random_range(if turn == 0 { 0..1 } else { 0..6 }),
                random.random_range(0..10),
                random.random_range(0..12),
                random.random_range(0..300),
            );
            let by = act(actor(step.1), step.3);
            let command = command(&step);
            let allowed = reference.does(&command, &by.by, step.3);
            let outcome = carry_out(state.clone(), &command, &by);
            assert_eq!(outcome.is_ok(), allowed, "{command:?} on {state:?}");
            if let Ok((after, _)) = outcome {
                state = after;
            }
            assert_eq!(Reference::of(state.as_ref()), reference);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_events_rebuild_the_contact_and_no_due_date_is_reminded_of_twice(
        steps in proptest::collection::vec((0u8..6, 0u8..10, 0u8..12, 0i64..2_000), 1..40),
    ) {
        let mut state: Option<Contact> = None;
        let mut log: Vec<(Event, Act)> = Vec::new();
        for step in &steps {
            let by = act(actor(step.1), step.3);
            let Ok((after, events)) = carry_out(state.clone(), &command(step), &by) else { continue };
            log.extend(events.into_iter().map(|event| (event, by.clone())));
            state = after;
        }
        let mut due: Vec<Timestamp> = log.iter().filter_map(|(event, _)| match event {
            Event::ConfirmationDue { due } => Some(*due),
            _ => None,
        }).collect();
        let reminders = due.len();
        due.sort_unstable();
        due.dedup();
        prop_assert_eq!(due.len(), reminders);
        let rebuilt: Option<Contact> = replay(log.iter().map(|(event, act)| (event, act)));
        prop_assert_eq!(&rebuilt, &state);
        let text = serde_json::to_string(&state).expect("writes");
        prop_assert_eq!(serde_json::from_str::<Option<Contact>>(&text).expect("reads"), state);
    }
}
