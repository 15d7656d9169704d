//! The orders of 2022, dates that move, and random walks beside a reference.

use std::collections::BTreeMap;

use jiff::civil::date;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use registry::area::{CommuneCode, ProvinceCode};

use super::file::{CampaignFileError, of_2022, parse};
use super::*;
use crate::{AccountId, Actor, Origin, Role, carry_out, replay};

fn act(by: Actor, at: Timestamp) -> Act {
    Act {
        at,
        by,
        from: Origin("test".into()),
        why: None,
    }
}

fn staff(unit: Unit) -> Actor {
    Actor::Staff {
        account: AccountId("le.van.an".into()),
        unit,
        role: Role::Administrator,
    }
}

fn noon(day: Date) -> Timestamp {
    jiff::tz::offset(7)
        .to_timestamp(day.at(12, 0, 0, 0))
        .expect("a time")
}

fn ministry(day: Date) -> Act {
    act(staff(Unit::Ministry), noon(day))
}

fn clock(day: Date) -> Act {
    act(Actor::system("clock"), noon(day))
}

fn document(number: &str, day: Date) -> Document {
    Document {
        number: number.into(),
        date: day,
    }
}

fn target(id: &str, due: Date) -> NewTarget {
    NewTarget {
        id: TargetId(id.into()),
        what: Work::Cleaning,
        addressee: Addressee::Provinces,
        due,
        document: document("1975/BYT-CNTT", date(2022, 4, 19)),
    }
}

fn opening() -> Opening {
    Opening {
        title: "Làm sạch dữ liệu".into(),
        document: document("1975/BYT-CNTT", date(2022, 4, 19)),
        scope: Place::default(),
        warn_days: 7,
        targets: vec![target("cleaning", date(2022, 5, 5))],
    }
}

fn opened() -> Campaign {
    done(
        None,
        &Command::Open(opening()),
        &ministry(date(2022, 4, 19)),
    )
}

fn move_to(due: Date, by: Document) -> Command {
    Command::MoveTarget {
        target: TargetId("cleaning".into()),
        due,
        document: by,
    }
}

fn extended() -> Command {
    move_to(
        date(2022, 6, 1),
        document("2262/BYT-CNTT", date(2022, 5, 4)),
    )
}

fn done(state: Option<Campaign>, command: &Command, by: &Act) -> Campaign {
    let (state, _) = carry_out(state, command, by).expect("allowed");
    state.expect("a state")
}

fn refused(state: Option<&Campaign>, command: &Command, by: &Act) -> &'static str {
    let refusal = Campaign::decide(state, command, by).expect_err("refused");
    refusal.reason.code
}

fn cleaning(campaign: &Campaign) -> &Target {
    campaign
        .targets
        .get(&TargetId("cleaning".into()))
        .expect("the target")
}

#[test]
fn the_orders_of_2022_have_the_dates_of_their_documents() {
    let import = Act::system("import", noon(date(2022, 5, 4)));
    let mut dates = Vec::new();
    for planned in of_2022() {
        let mut campaign: Option<Campaign> = None;
        for command in &planned.commands {
            (campaign, _) = carry_out(campaign, command, &import).expect("allowed");
        }
        for (id, target) in campaign.expect("a campaign").targets {
            let deadlines = target.earlier.iter().chain([&target.deadline]);
            let words: Vec<String> = deadlines
                .map(|deadline| format!("{} {}", deadline.due, deadline.document.number))
                .collect();
            dates.push(format!("{} {}: {}", planned.id, id.0, words.join(", ")));
        }
    }
    assert_eq!(
        dates,
        [
            "1908-2022 feedback-backlog: 2022-04-15 1908/BYT-CNTT",
            "1975-ministries-2022 complete: 2022-04-30 1975/BYT-CNTT (các đơn vị thuộc Bộ Y tế và các Bộ, ngành)",
            "1975-ministries-2022 feedback: 2022-04-25 1975/BYT-CNTT (các đơn vị thuộc Bộ Y tế và các Bộ, ngành)",
            "1975-ministries-2022 signing: 2022-04-25 1975/BYT-CNTT (các đơn vị thuộc Bộ Y tế và các Bộ, ngành)",
            "1975-provinces-2022 cleaning: 2022-05-05 1975/BYT-CNTT, 2022-06-01 2262/BYT-CNTT",
        ]
    );
}

#[test]
fn the_latest_document_counts_and_the_date_before_stays_in_the_history() {
    let campaign = done(Some(opened()), &extended(), &ministry(date(2022, 5, 4)));
    let target = cleaning(&campaign);
    assert_eq!(target.deadline.due, date(2022, 6, 1));
    let before: Vec<Date> = target.earlier.iter().map(|deadline| deadline.due).collect();
    assert_eq!(before, [date(2022, 5, 5)]);
    let older = move_to(
        date(2022, 5, 20),
        document("1999/BYT-CNTT", date(2022, 4, 20)),
    );
    assert_eq!(
        refused(Some(&campaign), &older, &ministry(date(2022, 5, 5))),
        "campaign.document_older"
    );
    let again = Campaign::decide(Some(&campaign), &extended(), &ministry(date(2022, 5, 6)));
    assert_eq!(again, Ok(Vec::new()));
}

#[test]
fn a_date_ends_with_its_day_in_vietnam() {
    let end: Timestamp = "2022-05-05T17:00:00Z".parse().expect("a time");
    assert_eq!(end_of_day(date(2022, 5, 5)), end);
    let late = |at| {
        Campaign::decide(
            Some(&opened()),
            &Command::Clock,
            &act(Actor::system("clock"), at),
        )
    };
    let before = end - jiff::SignedDuration::from_secs(1);
    assert!(matches!(
        late(before).as_deref(),
        Ok([Event::TargetWarned { .. }])
    ));
    assert!(matches!(
        late(end).as_deref(),
        Ok([Event::TargetPassed { .. }])
    ));
}

#[test]
fn the_clock_warns_once_and_notes_once_even_when_it_is_set_back() {
    let tick = |campaign: &mut Campaign, day| {
        let (after, events) =
            carry_out(Some(campaign.clone()), &Command::Clock, &clock(day)).expect("allowed");
        *campaign = after.expect("a state");
        events.len()
    };
    let mut campaign = opened();
    assert_eq!(tick(&mut campaign, date(2022, 4, 20)), 0);
    assert_eq!(tick(&mut campaign, date(2022, 4, 30)), 1);
    assert_eq!(tick(&mut campaign, date(2022, 5, 1)), 0);
    assert_eq!(tick(&mut campaign, date(2022, 5, 6)), 1);
    assert_eq!(tick(&mut campaign, date(2022, 4, 30)), 0);
    assert_eq!(tick(&mut campaign, date(2022, 5, 7)), 0);
    assert_eq!(campaign.reminders(), Vec::new());
    campaign = done(Some(campaign), &extended(), &ministry(date(2022, 5, 7)));
    assert_eq!(
        campaign.reminders().len(),
        1,
        "a date that moved is warned of anew"
    );
    assert_eq!(tick(&mut campaign, date(2022, 5, 28)), 1);
}

#[test]
fn a_province_orders_within_its_area_and_leaves_other_orders_alone() {
    let hà_nội = act(
        staff(Unit::Province(ProvinceCode(1))),
        noon(date(2022, 9, 1)),
    );
    assert_eq!(
        refused(None, &Command::Open(opening()), &hà_nội),
        "campaign.not_yours"
    );
    let own = Opening {
        scope: Place::of_commune(CommuneCode(4)).expect("a commune"),
        ..opening()
    };
    let campaign = done(None, &Command::Open(own), &hà_nội);
    assert_eq!(campaign.issuer, Unit::Province(ProvinceCode(1)));
    assert_eq!(
        refused(Some(&opened()), &extended(), &hà_nội),
        "campaign.not_yours"
    );
    let closed = done(Some(campaign), &Command::Close, &hà_nội);
    assert!(closed.tasks().iter().all(|task| !task.open));
    assert_eq!(
        refused(Some(&closed), &extended(), &hà_nội),
        "campaign.closed"
    );
}

#[test]
fn an_order_without_a_document_or_a_target_is_refused() {
    let by = ministry(date(2022, 4, 19));
    let mut nameless = opening();
    nameless.document.number = " ".into();
    assert_eq!(
        refused(None, &Command::Open(nameless), &by),
        "campaign.incomplete"
    );
    let idle = Opening {
        targets: Vec::new(),
        ..opening()
    };
    assert_eq!(
        refused(None, &Command::Open(idle), &by),
        "campaign.no_target"
    );
    let twice = Opening {
        targets: vec![target("a", date(2022, 5, 5)), target("a", date(2022, 5, 6))],
        ..opening()
    };
    assert_eq!(
        refused(None, &Command::Open(twice), &by),
        "campaign.target_exists"
    );
    let early = move_to(
        date(2022, 5, 1),
        document("2262/BYT-CNTT", date(2022, 5, 4)),
    );
    assert_eq!(
        refused(Some(&opened()), &early, &by),
        "campaign.due_before_document"
    );
}

#[test]
fn a_file_that_is_wrong_says_where() {
    let head = "[[campaign]]\nid = \"x\"\ntitle = \"T\"\nwarn_days = 1\ndocument = { number = \"1\", date = \"2022-01-01\" }\n";
    let goal = "[[campaign.target]]\nid = \"a\"\nwhat = \"entry\"\naddressee = \"all\"\ndue = \"2022-02-01\"\n";
    assert!(matches!(parse(""), Err(CampaignFileError::Empty)));
    assert!(matches!(
        parse(&format!("{head}{goal}{head}{goal}")),
        Err(CampaignFileError::Twice(id)) if id == "x"
    ));
    let bare = parse(head).expect_err("no target").to_string();
    assert!(
        bare.contains("`x`") && bare.contains("campaign.no_target"),
        "{bare}"
    );
    let nowhere = format!("{head}scope = \"province/00\"\n{goal}");
    let nowhere = parse(&nowhere).expect_err("no such area").to_string();
    assert!(nowhere.contains("province/00"), "{nowhere}");
    let misspelt = parse(&goal.replace("addressee", "adressee")).expect_err("unknown key");
    assert!(misspelt.to_string().contains("line"), "{misspelt}");
    let day = parse(&format!("{head}{}", goal.replace("02-01", "02-30"))).expect_err("no day");
    assert!(matches!(day, CampaignFileError::Form(_)));
}

/// The commands of the walks, as numbers: which, on which target, and how many days after 1 January 2022.
type Step = (u8, u8, i32, i32, u8);

fn day(offset: i32) -> Date {
    date(2022, 1, 1)
        .checked_add(jiff::Span::new().days(offset))
        .expect("a day")
}

fn actor(of: u8) -> Actor {
    match of % 5 {
        0 => Actor::Citizen,
        1 => staff(Unit::Province(ProvinceCode(1))),
        2 => Actor::system("clock"),
        _ => staff(Unit::Ministry),
    }
}

fn command(&(what, which, due, written, _): &Step) -> Command {
    let id = ["a", "b", "c"][usize::from(which % 3)];
    let document = document(["", "1", "2", "3"][usize::from(which % 4)], day(written));
    let new = NewTarget {
        document: document.clone(),
        ..target(id, day(due))
    };
    match what % 6 {
        0 => Command::Open(Opening {
            targets: vec![new],
            ..opening()
        }),
        1 => Command::AddTarget(new),
        2 | 3 => Command::MoveTarget {
            target: TargetId(id.into()),
            due: day(due),
            document,
        },
        4 => Command::Clock,
        _ => Command::Close,
    }
}

/// The reference: a campaign is a list of dates that is open, and later closed.
#[derive(Debug, Default, PartialEq)]
struct Reference {
    open: bool,
    opened: bool,
    dates: BTreeMap<String, Vec<(Date, Date)>>,
}

impl Reference {
    /// Does the command; `false` when it has to be refused.
    fn does(&mut self, command: &Command, by: &Actor) -> bool {
        let above = by.is_system() || by.unit() == Some(&Unit::Ministry);
        let fits =
            |due: Date, document: &Document| !document.number.is_empty() && due >= document.date;
        match command {
            Command::Clock => self.opened && by.is_system(),
            _ if !above => false,
            Command::Open(opening) => {
                let new = &opening.targets[0];
                let allowed = !self.opened && fits(new.due, &new.document);
                if allowed {
                    (self.open, self.opened) = (true, true);
                    self.set(new);
                }
                allowed
            }
            Command::AddTarget(new) => {
                let free = !self.dates.contains_key(&new.id.0);
                let allowed = self.open && free && fits(new.due, &new.document);
                if allowed {
                    self.set(new);
                }
                allowed
            }
            Command::MoveTarget {
                target,
                due,
                document,
            } => {
                let Some(dates) = self.dates.get_mut(&target.0).filter(|_| self.open) else {
                    return false;
                };
                let (last, written) = dates[dates.len() - 1];
                let moved = *due != last && document.date >= written && fits(*due, document);
                if moved {
                    dates.push((*due, document.date));
                }
                moved
            }
            Command::Close => std::mem::take(&mut self.open),
        }
    }

    fn set(&mut self, new: &NewTarget) {
        let first = vec![(new.due, new.document.date)];
        self.dates.insert(new.id.0.clone(), first);
    }

    fn of(campaign: Option<&Campaign>) -> Self {
        let Some(campaign) = campaign else {
            return Self::default();
        };
        let of_target = |(id, target): (&TargetId, &Target)| {
            let deadlines = target.earlier.iter().chain([&target.deadline]);
            let dates = deadlines.map(|deadline| (deadline.due, deadline.document.date));
            (id.0.clone(), dates.collect())
        };
        Self {
            open: campaign.closed_at.is_none(),
            opened: true,
            dates: campaign.targets.iter().map(of_target).collect(),
        }
    }
}

#[test]
fn the_machine_does_what_the_reference_does_over_34_000_random_sequences() {
    let mut random = Pcg64Mcg::seed_from_u64(1975);
    for _ in 0..34_000 {
        let mut state: Option<Campaign> = None;
        let mut reference = Reference::default();
        for turn in 0..10 {
            let step = (
                random.random_range(if turn == 0 { 0..1 } else { 0..6 }),
                random.random_range(0..12),
                random.random_range(0..6),
                random.random_range(0..4),
                random.random_range(0..5),
            );
            let by = act(actor(step.4), noon(day(turn)));
            let command = command(&step);
            let allowed = reference.does(&command, &by.by);
            match carry_out(state.clone(), &command, &by) {
                Ok((after, events)) => {
                    // The same date by the same document: allowed, and nothing happens.
                    assert!(allowed || events.is_empty(), "{command:?} on {state:?}");
                    state = after;
                }
                Err(refusal) => assert!(!allowed, "{refusal}: {command:?} on {state:?}"),
            }
            assert_eq!(Reference::of(state.as_ref()), reference);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_events_rebuild_the_campaign_and_a_closed_one_never_changes(
        steps in proptest::collection::vec((0u8..6, 0u8..12, 0i32..60, 0i32..40, 0u8..5), 1..30),
    ) {
        let mut state: Option<Campaign> = None;
        let mut log: Vec<(Event, Act)> = Vec::new();
        for step in &steps {
            let by = act(actor(step.4), noon(day(step.2)));
            let Ok((after, events)) = carry_out(state.clone(), &command(step), &by) else { continue };
            let closed = state.as_ref().is_some_and(|campaign| campaign.closed_at.is_some());
            prop_assert!(!closed || events.is_empty());
            log.extend(events.into_iter().map(|event| (event, by.clone())));
            state = after;
        }
        let rebuilt: Option<Campaign> = replay(log.iter().map(|(event, act)| (event, act)));
        prop_assert_eq!(&rebuilt, &state);
        let text = serde_json::to_string(&state).expect("writes");
        prop_assert_eq!(serde_json::from_str::<Option<Campaign>>(&text).expect("reads"), state);
    }

    #[test]
    fn reading_a_file_never_panics(text in "(\\[\\[campaign(\\.target)?\\]\\]\n|[a-z_]{1,9} = \"?[0-9a-z/-]{0,12}\"?\n){0,12}") {
        let _ = parse(&text);
    }
}
