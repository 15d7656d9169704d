//! Who answers for what: for each fact of a record, who entered, changed and signed it, and when (1815: who entered signs and answers;
//! 1975: the head of the facility answers for wrong or late data).
//!
//! The answer is a fold over the events of a record with the acts that led to them, so nothing has to be kept for it, and it can be asked
//! of any procedure that says which facts its events touch.

mod procedures;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Act, Actor, Procedure, Unit};

/// A fact of a record that somebody answers for (`identity`, `dose/d1`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fact(pub String);

/// What an event does to a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Touch {
    /// Gives it a value, the first or another.
    Set,
    /// Vouches for it.
    Sign,
    /// Takes a signature back.
    Withdraw,
}

/// A procedure whose events say which facts they touch.
pub trait Accountable: Procedure {
    /// The facts that an event touches. None where nobody answers for it: what the clock notes, what follows by itself.
    fn touches(event: &Self::Event) -> Vec<(Fact, Touch)>;
}

/// What somebody did to a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Gave it its first value.
    Entered,
    /// Gave it another.
    Changed,
    /// Vouched for it.
    Signed,
    /// Took a signature back.
    Withdrawn,
}

/// One deed, and who answers for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// What.
    pub deed: Deed,
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Why, in the words of the actor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// All deeds on one fact, in the order of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trail(Vec<Trace>);

/// The facts of a record, each with its trail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answers(BTreeMap<Fact, Trail>);

/// Who answers for the facts of a record, from its events and their acts in order.
pub fn answers<'e, P: Accountable>(
    events: impl IntoIterator<Item = (&'e P::Event, &'e Act)>,
) -> Answers
where
    P::Event: 'e,
{
    let mut answers = Answers::default();
    for (event, act) in events {
        answers.take::<P>(event, act);
    }
    answers
}

impl Fact {
    /// A fact of which a record has one.
    pub fn one(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// One of several facts of a kind.
    pub fn of(kind: &str, id: &str) -> Self {
        Self(format!("{kind}/{id}"))
    }
}

impl Answers {
    /// Adds the next event of the record.
    pub fn take<P: Accountable>(&mut self, event: &P::Event, act: &Act) {
        for (fact, touch) in P::touches(event) {
            self.0.entry(fact).or_default().take(touch, act);
        }
    }

    /// The trail of a fact.
    pub fn of(&self, fact: &Fact) -> Option<&Trail> {
        self.0.get(fact)
    }

    /// All facts with their trails, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&Fact, &Trail)> {
        self.0.iter()
    }

    /// What was done for one unit: what its head answers for.
    pub fn of_unit<'a>(&'a self, unit: &'a Unit) -> impl Iterator<Item = (&'a Fact, &'a Trace)> {
        let all = self
            .0
            .iter()
            .flat_map(|(fact, trail)| trail.0.iter().map(move |trace| (fact, trace)));
        all.filter(move |(_, trace)| trace.by.unit() == Some(unit))
    }
}

impl Trail {
    fn take(&mut self, touch: Touch, act: &Act) {
        let deed = match touch {
            Touch::Set if self.0.is_empty() => Deed::Entered,
            Touch::Set => Deed::Changed,
            Touch::Sign => Deed::Signed,
            Touch::Withdraw => Deed::Withdrawn,
        };
        self.0.push(Trace {
            deed,
            by: act.by.clone(),
            at: act.at,
            why: act.why().map(str::to_owned),
        });
    }

    /// All deeds, in order.
    pub fn all(&self) -> &[Trace] {
        &self.0
    }

    /// The deeds of one kind, in order.
    pub fn each(&self, deed: Deed) -> impl Iterator<Item = &Trace> {
        self.0.iter().filter(move |trace| trace.deed == deed)
    }

    /// Who entered the fact.
    pub fn entered(&self) -> Option<&Trace> {
        self.each(Deed::Entered).next()
    }

    /// Who vouches for the fact as it is now: the last deed, if it is a signature. A change after it leaves nobody.
    pub fn vouched(&self) -> Option<&Trace> {
        self.0.last().filter(|last| last.deed == Deed::Signed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use registry::area::{CommuneCode, ProvinceCode};
    use registry::facility::FacilityCode;

    use super::*;
    use crate::subject::dose::DoseId;
    use crate::subject::{self, Subject};
    use crate::{AccountId, Origin, Role};

    fn events() -> Vec<subject::Event> {
        serde_json::from_str(include_str!("subject/events_v1.json")).expect("the fixture")
    }

    fn staff(unit: Unit, account: &str, hour: i64) -> Act {
        Act {
            at: Timestamp::from_second(1_650_330_000 + hour * 3600).expect("a time"),
            by: Actor::Staff {
                account: AccountId(account.into()),
                unit,
                role: Role::Clerk,
            },
            from: Origin::default(),
            why: Some(format!("lý do {hour}")),
        }
    }

    fn facility() -> Unit {
        Unit::Facility(FacilityCode::parse("TYT-01").expect("a code"))
    }

    fn log() -> Vec<(subject::Event, Act)> {
        let of = |wanted: fn(&subject::Event) -> bool| {
            events().into_iter().find(wanted).expect("in the fixture")
        };
        let enter = of(|event| matches!(event, subject::Event::DoseEntered { .. }));
        let correct = of(|event| matches!(event, subject::Event::DoseCorrected { .. }));
        let sign = of(|event| matches!(event, subject::Event::Signed { .. }));
        let withdraw = of(|event| matches!(event, subject::Event::SignatureWithdrawn { .. }));
        vec![
            (enter, staff(facility(), "clerk", 0)),
            (correct, staff(facility(), "other", 1)),
            (sign, staff(facility(), "head", 2)),
            (withdraw, staff(Unit::Commune(CommuneCode(4)), "station", 3)),
        ]
    }

    fn of(log: &[(subject::Event, Act)]) -> Answers {
        answers::<Subject>(log.iter().map(|(event, act)| (event, act)))
    }

    fn who(trace: Option<&Trace>) -> Option<&str> {
        Some(trace?.by.account()?.0.as_str())
    }

    #[test]
    fn each_fact_names_who_entered_changed_and_signed_it_and_when() {
        let log = log();
        let answers = of(&log[..3]);
        let trail = answers
            .of(&Fact::of("dose", &DoseId("d1".into()).0))
            .expect("a trail");
        assert_eq!(who(trail.entered()), Some("clerk"));
        assert_eq!(who(trail.each(Deed::Changed).next()), Some("other"));
        assert_eq!(who(trail.vouched()), Some("head"));
        assert_eq!(trail.vouched().map(|trace| trace.at), Some(log[2].1.at));
        assert_eq!(
            trail.vouched().and_then(|trace| trace.why.as_deref()),
            Some("lý do 2")
        );
    }

    #[test]
    fn nobody_vouches_for_a_fact_whose_signature_was_taken_back() {
        let answers = of(&log());
        let trail = answers.of(&Fact::of("dose", "d1")).expect("a trail");
        assert_eq!(trail.vouched(), None);
        assert_eq!(
            trail.each(Deed::Signed).count(),
            1,
            "but who did is not forgotten"
        );
        assert_eq!(who(trail.each(Deed::Withdrawn).next()), Some("station"));
    }

    #[test]
    fn a_head_answers_for_what_was_done_for_the_unit_and_for_nothing_else() {
        let answers = of(&log());
        assert_eq!(answers.of_unit(&facility()).count(), 3);
        assert_eq!(answers.of_unit(&Unit::Commune(CommuneCode(4))).count(), 1);
        assert_eq!(answers.of_unit(&Unit::Province(ProvinceCode(1))).count(), 0);
    }

    proptest! {
        #[test]
        fn every_deed_is_attributed_once_and_event_by_event_gives_the_same_answers(
            picks in proptest::collection::vec((0usize..1_000, 0u8..3, 0i64..100), 0..60),
        ) {
            let events = events();
            let units = [facility(), Unit::Commune(CommuneCode(4)), Unit::Province(ProvinceCode(1))];
            let log: Vec<(subject::Event, Act)> = picks
                .iter()
                .map(|(event, unit, hour)| {
                    let unit = units[usize::from(*unit)].clone();
                    (events[event % events.len()].clone(), staff(unit, "a", *hour))
                })
                .collect();
            let whole = of(&log);
            let mut growing = Answers::default();
            for (event, act) in &log {
                growing.take::<Subject>(event, act);
            }
            prop_assert_eq!(&growing, &whole);
            let touched: usize = log.iter().map(|(event, _)| Subject::touches(event).len()).sum();
            let traced: usize = whole.iter().map(|(_, trail)| trail.all().len()).sum();
            let by_unit: usize = units.iter().map(|unit| whole.of_unit(unit).count()).sum();
            prop_assert_eq!((touched, touched), (traced, by_unit));
        }
    }
}
