//! All doses of a person: which records are one dose, and whether order, numbers and intervals can be true.
//!
//! Nobody gets two doses of a COVID-19 vaccine on one day, so all records of a day are one *event*; the records beside the kept one are
//! duplicates of some kind (DU-01, 02, 04, 05). Two events of one product family a few days apart are suspected to be one (DU-03) and count
//! as one for the rules of order (DN).

use registry::date::Date;
use registry::text::Lang;
use registry::vaccine::Product;

use crate::context::Context;
use crate::dose::{DoseFacts, DoseNumber, days_between};
use crate::finding::Finding;
use crate::rule_id::RuleId;

/// Records that are, or may be, one dose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateGroup {
    /// Position of the record that is kept.
    pub keep: usize,
    /// Positions of the others, with the rule that found each.
    pub others: Vec<(usize, RuleId)>,
    /// Why the kept one is kept.
    pub survivor: Survivor,
}

impl DuplicateGroup {
    /// True when all may be counted as one dose without a person's decision: DU-01 alone.
    pub fn is_collapsible(&self) -> bool {
        self.others.iter().all(|(_, rule)| *rule == RuleId::Du01)
    }
}

/// Why a record survives among duplicates. Values of the others are kept beside it, never lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survivor {
    /// It was entered by the place that injected, another one from paper.
    Administered,
    /// More of its fields are filled.
    MoreComplete,
    /// It was entered first.
    EnteredFirst,
    /// Nothing tells them apart: the smaller id.
    SmallerId,
}

impl Survivor {
    /// In words.
    pub fn text(self, lang: Lang) -> &'static str {
        let (vi, en) = match self {
            Self::Administered => (
                "do nơi trực tiếp tiêm nhập",
                "entered by the place that injected",
            ),
            Self::MoreComplete => ("đầy đủ thông tin hơn", "more fields filled"),
            Self::EnteredFirst => ("nhập trước", "entered first"),
            Self::SmallerId => ("mã nhỏ hơn", "smaller id"),
        };
        match lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }
}

/// Checks all doses of one person, in any order: rules DN and DU-01 to DU-05. Findings carry the position of their dose in `doses`.
///
/// Refused doses and doses without a date take no part in the order.
pub fn check_series(
    doses: &[DoseFacts<'_>],
    ctx: &Context<'_>,
    out: &mut Vec<(usize, Finding)>,
) -> Vec<DuplicateGroup> {
    let mut series = Series {
        doses,
        ctx,
        out,
        groups: Vec::new(),
    };
    let events = series.events();
    series.check_numbers(&events);
    series.check_order(&events);
    series.check_intervals(&events);
    series.check_course(&events);
    series.groups
}

/// One injection, with the record that stands for it.
#[derive(Clone, Copy)]
struct Event<'a> {
    keep: usize,
    day: Date,
    product: Option<&'static Product>,
    number: Option<u8>,
    facts: &'a DoseFacts<'a>,
}

impl Event<'_> {
    /// Its place in the course: that by date, or a later one that is declared, for an earlier dose may be missing.
    fn rank(&self, place: usize) -> usize {
        (place + 1).max(self.number.map_or(0, usize::from))
    }
}

struct Series<'s, 'c> {
    doses: &'s [DoseFacts<'s>],
    ctx: &'s Context<'c>,
    out: &'s mut Vec<(usize, Finding)>,
    groups: Vec<DuplicateGroup>,
}

impl<'s> Series<'s, '_> {
    fn raise(&mut self, at: usize, finding: Finding) {
        self.out
            .extend(self.ctx.admit(finding).map(|finding| (at, finding)));
    }

    /// The events in order of date; duplicates are found on the way.
    fn events(&mut self) -> Vec<Event<'s>> {
        let doses = self.doses;
        let mut order: Vec<(Date, usize)> = doses
            .iter()
            .enumerate()
            .filter(|(_, dose)| dose.given)
            .filter_map(|(at, dose)| Some((dose.injected?.date(), at)))
            .collect();
        order.sort_unstable_by_key(|&(day, at)| (day, preference(&doses[at]), at));
        let mut events: Vec<Event<'s>> = Vec::with_capacity(order.len());
        for (day, at) in order {
            let facts = &doses[at];
            let number = facts.number.number();
            match events.last_mut() {
                Some(event) if event.day == day => {
                    event.number = event.number.or(number);
                    event.product = event.product.or(facts.product);
                    let keep = event.keep;
                    self.same_day(keep, at);
                }
                _ => events.push(Event {
                    keep: at,
                    day,
                    product: facts.product,
                    number,
                    facts,
                }),
            }
        }
        self.near_days(events)
    }

    /// DU-01, 02, 04 and 05.
    fn same_day(&mut self, keep: usize, other: usize) {
        let (kept, dose) = (&self.doses[keep], &self.doses[other]);
        let rule = match (kept.product, dose.product) {
            (Some(a), Some(b)) if a.key != b.key => RuleId::Du02,
            _ if !same_code(kept.facility, dose.facility) => RuleId::Du04,
            (Some(_), Some(_)) if differing_lots(kept, dose) => RuleId::Du02,
            (Some(_), Some(_)) => RuleId::Du01,
            _ => RuleId::Du05,
        };
        let finding = Finding::new(rule, "dose_id", dose.dose_id.unwrap_or_default())
            .with(kept.dose_id.unwrap_or("–"));
        self.raise(other, finding);
        self.join(keep, other, rule);
    }

    fn join(&mut self, keep: usize, other: usize, rule: RuleId) {
        let survivor = survivor(&self.doses[keep], &self.doses[other]);
        match self.groups.iter_mut().find(|group| group.keep == keep) {
            Some(group) => {
                group.others.push((other, rule));
                group.survivor = survivor;
            }
            None => self.groups.push(DuplicateGroup {
                keep,
                others: vec![(other, rule)],
                survivor,
            }),
        }
    }

    /// DU-03: events of one product family a few days apart; the preferred record stands for both.
    fn near_days(&mut self, events: Vec<Event<'s>>) -> Vec<Event<'s>> {
        let window = self.ctx.limits().window_days;
        let mut kept: Vec<Event<'s>> = Vec::with_capacity(events.len());
        for event in events {
            let near = kept.last().copied().filter(|last| {
                let family = last
                    .product
                    .zip(event.product)
                    .is_some_and(|(a, b)| a.family == b.family);
                family
                    && days_between(last.day, event.day) <= window
                    && self.ctx.is_active(RuleId::Du03)
            });
            let Some(last) = near else {
                kept.push(event);
                continue;
            };
            let days = days_between(last.day, event.day);
            let later_wins = preference(event.facts) < preference(last.facts);
            let (winner, loser) = if later_wins {
                (event, last)
            } else {
                (last, event)
            };
            let other = winner.facts.dose_id.unwrap_or("–");
            self.raise(
                loser.keep,
                Finding::new(RuleId::Du03, "dose_id", days.to_string()).with(other),
            );
            if later_wins {
                self.absorb(loser.keep, winner.keep);
                if let Some(last) = kept.last_mut() {
                    *last = Event {
                        number: event.number.or(last.number),
                        ..event
                    };
                }
            }
            self.join(winner.keep, loser.keep, RuleId::Du03);
        }
        kept
    }

    /// The group of a record that loses passes to the winner.
    fn absorb(&mut self, loser: usize, winner: usize) {
        let Some(at) = self.groups.iter().position(|group| group.keep == loser) else {
            return;
        };
        let lost = self.groups.remove(at);
        for (other, rule) in lost.others {
            self.join(winner, other, rule);
        }
    }

    /// DN-01, for every dose that was given; with the number by date where the dose has a place in the order.
    fn check_numbers(&mut self, events: &[Event<'s>]) {
        let highest = self.ctx.limits().highest_dose;
        for (at, dose) in self.doses.iter().enumerate().filter(|(_, dose)| dose.given) {
            if dose
                .number
                .number()
                .is_some_and(|number| (1..=highest).contains(&number))
            {
                continue;
            }
            let place = events
                .iter()
                .position(|event| event.keep == at)
                .map(|place| (place + 1).to_string());
            let text = dose.number_text.unwrap_or_default();
            self.raise(
                at,
                Finding::new(RuleId::Dn01, "dose_number", text).maybe_fix("dose_number", place),
            );
        }
    }

    /// DN-02, 03, 04, 06 (a second series) and 10.
    fn check_order(&mut self, events: &[Event<'s>]) {
        let limits = self.ctx.limits();
        let mut seen: Vec<(u8, Date)> = Vec::with_capacity(events.len());
        let valid = |number: &u8| (1..=limits.highest_dose).contains(number);
        let highest = events
            .iter()
            .filter_map(|event| event.number)
            .filter(valid)
            .max()
            .unwrap_or(0);
        // With as many events as the highest number, numbering by date is a sound proposal; otherwise a dose is missing.
        let complete = events.len() >= usize::from(highest);
        for (place, event) in events.iter().enumerate() {
            let count = place + 1;
            if count > limits.most_ever
                || count > limits.most_early && event.day <= limits.early_until
            {
                let finding = Finding::new(RuleId::Dn10, "injected_at", count.to_string());
                self.raise(event.keep, finding.with(event.day.to_string()));
            }
            let Some(number) = event.number.filter(valid) else {
                continue;
            };
            let before = seen.iter().map(|(number, _)| *number).max().unwrap_or(0);
            let fix = complete.then(|| count.to_string());
            if let Some((_, day)) = seen.iter().find(|(earlier, _)| *earlier == number) {
                let finding = Finding::new(RuleId::Dn03, "dose_number", number.to_string())
                    .with(day.to_string());
                self.raise(event.keep, finding.maybe_fix("dose_number", fix));
                if number == 1 && before >= 2 {
                    let days = events
                        .get(place.wrapping_sub(1))
                        .map_or(0, |last| days_between(last.day, event.day));
                    self.raise(
                        event.keep,
                        Finding::new(RuleId::Dn06, "dose_number", days.to_string()),
                    );
                }
            } else if number < before {
                let finding = Finding::new(RuleId::Dn02, "dose_number", number.to_string())
                    .with(before.to_string());
                self.raise(event.keep, finding.maybe_fix("dose_number", fix));
            }
            seen.push((number, event.day));
        }
        if !complete {
            self.raise_gap(events, &mut seen);
        }
    }

    /// DN-04, at the first dose after the gap.
    fn raise_gap(&mut self, events: &[Event<'s>], seen: &mut [(u8, Date)]) {
        seen.sort_unstable();
        let mut next = 1;
        for (number, _) in seen.iter() {
            if *number > next {
                let missing: Vec<String> = (next..*number).map(|n| n.to_string()).collect();
                if let Some(event) = events.iter().find(|event| event.number == Some(*number)) {
                    let finding = Finding::new(RuleId::Dn04, "dose_number", number.to_string());
                    self.raise(event.keep, finding.with(missing.join(", ")));
                }
                return;
            }
            next = number + 1;
        }
    }

    /// DN-05, 06 (long) and 07: each event against the one before.
    fn check_intervals(&mut self, events: &[Event<'s>]) {
        let limits = self.ctx.limits();
        let course = course_length(events);
        for (place, pair) in events.windows(2).enumerate() {
            let [before, event] = pair else { continue };
            let days = days_between(before.day, event.day);
            let in_course =
                course.is_none_or(|course| event.rank(place + 1) <= usize::from(course));
            let least = match event.product {
                Some(product) if in_course => Some(i32::from(product.min_interval_days)),
                Some(_) => Some(limits.booster_days),
                None => None,
            };
            if let Some(least) = least
                .map(|least| least - limits.grace_days)
                .filter(|least| days < *least)
            {
                let finding = Finding::new(RuleId::Dn05, "injected_at", days.to_string())
                    .with(least.to_string());
                self.raise(event.keep, finding);
            }
            if in_course && days > limits.long_days {
                self.raise(
                    event.keep,
                    Finding::new(RuleId::Dn06, "injected_at", days.to_string()),
                );
            }
            if let Some((a, b)) = before
                .product
                .zip(event.product)
                .filter(|(a, b)| in_course && a.key != b.key)
                && !limits.pairs.contains(&format!("{}>{}", a.key, b.key))
            {
                self.raise(
                    event.keep,
                    Finding::new(RuleId::Dn07, "vaccine", b.name).with(a.name),
                );
            }
        }
    }

    /// DN-08 and 09: the total written beside the number.
    fn check_course(&mut self, events: &[Event<'s>]) {
        let Some(course) = course_length(events) else {
            return;
        };
        for event in events {
            let DoseNumber::Declared {
                number,
                total: Some(total),
            } = event.facts.number
            else {
                continue;
            };
            let text = event.facts.number_text.unwrap_or_default();
            let (rule, right) = if number <= course {
                (RuleId::Dn08, course)
            } else {
                (RuleId::Dn09, booster_total(number, course))
            };
            if total != right {
                let finding = Finding::new(rule, "dose_number", text).with(course.to_string());
                self.raise(
                    event.keep,
                    finding.fix("dose_number", format!("{number}/{right}")),
                );
            }
        }
    }
}

/// Doses of the primary course: that of the first product known.
fn course_length(events: &[Event<'_>]) -> Option<u8> {
    events
        .iter()
        .find_map(|event| event.product)
        .map(|product| product.primary_doses)
}

/// The total that goes with a booster's number: 3/3 and 4/4, but 2/1 and 3/1 after a course of one dose.
fn booster_total(number: u8, course: u8) -> u8 {
    if course == 1 { 1 } else { number }
}

/// What makes a record survive, the smaller the better: administered before historical, then the more complete, then the earlier entered, then the id.
fn preference<'a>(
    dose: &DoseFacts<'a>,
) -> (
    bool,
    std::cmp::Reverse<u8>,
    Option<jiff::civil::DateTime>,
    Option<&'a str>,
) {
    let entered = dose.entered.or(Some(jiff::civil::DateTime::MAX));
    (
        dose.historical,
        std::cmp::Reverse(dose.filled),
        entered,
        dose.dose_id,
    )
}

fn survivor(kept: &DoseFacts<'_>, other: &DoseFacts<'_>) -> Survivor {
    if kept.historical != other.historical {
        Survivor::Administered
    } else if kept.filled != other.filled {
        Survivor::MoreComplete
    } else if kept.entered != other.entered {
        Survivor::EnteredFirst
    } else {
        Survivor::SmallerId
    }
}

fn same_code(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.trim().eq_ignore_ascii_case(b.trim()),
        (None, None) => true,
        _ => false,
    }
}

/// Both lots are known and differ; case, spaces and hyphens do not count.
fn differing_lots(a: &DoseFacts<'_>, b: &DoseFacts<'_>) -> bool {
    let key = |lot: &str| {
        lot.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_uppercase)
            .collect::<String>()
    };
    match (a.lot, b.lot) {
        (Some(a), Some(b)) => a != b && key(a) != key(b),
        _ => false,
    }
}
