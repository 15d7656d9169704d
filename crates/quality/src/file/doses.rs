//! Doses of a file: heaped dates, impossible throughput, shared accounts, rows imported twice, swapped dates.

use std::collections::BTreeMap;
use std::hash::Hasher;

use jiff::civil::Date;
use registry::date::{day_number, from_day_number};
use registry::fields::{DoseField, DoseRow, Field};
use rustc_hash::{FxHashMap, FxHasher};

use super::{FileFinding, Place, groups, hash, raise, row_name};
use crate::context::Context;
use crate::dose::DoseFacts;
use crate::finding::Finding;
use crate::register::swapped;
use crate::rule_id::RuleId;

/// What is kept of each dose, and the words behind the hashes.
#[derive(Debug, Default, Clone)]
pub(super) struct Doses {
    kept: Vec<Kept>,
    words: FxHashMap<u64, Box<str>>,
}

/// Hashes are 0 where the field is blank.
#[derive(Debug, Clone, Copy)]
struct Kept {
    row: u64,
    facility: u64,
    vaccinator: u64,
    account: u64,
    /// Hash of the whole row but its id.
    content: u64,
    /// Day of the injection.
    day: Option<i32>,
    /// Second of the day; `None` when the time is not known.
    second: Option<u32>,
}

impl Doses {
    pub(super) fn observe(&mut self, dose: &DoseRow<'_>, facts: &DoseFacts<'_>, row: u64) {
        let facility = self.word(facts.facility);
        let account = self.word(facts.entered_by);
        let time = facts
            .injected
            .filter(|_| facts.has_time)
            .map(jiff::civil::DateTime::time);
        let second = time.map(|time| {
            time.hour() as u32 * 3600 + time.minute() as u32 * 60 + time.second() as u32
        });
        self.kept.push(Kept {
            row,
            facility,
            vaccinator: facts.vaccinator.map_or(0, |text| hash(text.trim())),
            account,
            content: content(dose),
            day: facts
                .injected
                .filter(|_| facts.given)
                .map(|moment| day_number(moment.date())),
            // Midnight means that the time is not known.
            second: second.filter(|second| *second != 0),
        });
    }

    fn word(&mut self, text: Option<&str>) -> u64 {
        let Some(text) = text.map(str::trim) else {
            return 0;
        };
        let code = hash(text);
        self.words.entry(code).or_insert_with(|| text.into());
        code
    }

    pub(super) fn merge(&mut self, next: Self) {
        self.kept.extend(next.kept);
        for (code, word) in next.words {
            self.words.entry(code).or_insert(word);
        }
    }

    pub(super) fn finish(mut self, ctx: &Context<'_>, out: &mut Vec<FileFinding>) {
        self.repeated_rows(ctx, out);
        self.shared_accounts(ctx, out);
        self.kept
            .retain(|kept| kept.facility != 0 && kept.day.is_some());
        self.heaps_and_swaps(ctx, out);
        self.throughput(ctx, out);
    }

    fn place(&self, facility: u64) -> Place {
        Place::Facility {
            code: self.words.get(&facility).cloned().unwrap_or_default(),
        }
    }

    /// FC-09.
    fn repeated_rows(&mut self, ctx: &Context<'_>, out: &mut Vec<FileFinding>) {
        self.kept
            .sort_unstable_by_key(|kept| (kept.content, kept.row));
        for group in groups(&self.kept, |kept| kept.content) {
            let Some((first, rest)) = group.split_first() else {
                continue;
            };
            for kept in rest {
                let finding = Finding::new(RuleId::Fc09, "dose_id", "").with(row_name(first.row));
                raise(ctx, Place::Dose { row: kept.row }, finding, out);
            }
        }
    }

    /// FC-05, at the facility for which the account entered most.
    fn shared_accounts(&mut self, ctx: &Context<'_>, out: &mut Vec<FileFinding>) {
        self.kept
            .sort_unstable_by_key(|kept| (kept.account, kept.facility));
        for group in groups(&self.kept, |kept| kept.account)
            .filter(|group| group.first().is_some_and(|k| k.account != 0))
        {
            let facilities: Vec<&[Kept]> = group
                .chunk_by(|a, b| a.facility == b.facility)
                .filter(|part| part.first().is_some_and(|k| k.facility != 0))
                .collect();
            if facilities.len() <= ctx.limits().account_facilities {
                continue;
            }
            let home = facilities
                .iter()
                .filter_map(|part| {
                    Some((
                        part.len(),
                        std::cmp::Reverse(self.place(part.first()?.facility)),
                    ))
                })
                .max();
            let account = group
                .first()
                .and_then(|kept| self.words.get(&kept.account))
                .cloned()
                .unwrap_or_default();
            if let Some((_, std::cmp::Reverse(place))) = home {
                let finding = Finding::new(RuleId::Fc05, "entered_by", account)
                    .with(facilities.len().to_string());
                raise(ctx, place, finding, out);
            }
        }
    }

    /// VD-09 and VD-13, facility by facility.
    fn heaps_and_swaps(&mut self, ctx: &Context<'_>, out: &mut Vec<FileFinding>) {
        self.kept
            .sort_unstable_by_key(|kept| (kept.facility, kept.day, kept.row));
        for group in self.kept.chunk_by(|a, b| a.facility == b.facility) {
            let days: Vec<(i32, &[Kept])> = group
                .chunk_by(|a, b| a.day == b.day)
                .filter_map(|part| Some((part.first()?.day?, part)))
                .collect();
            self.heaps(group, &days, ctx, out);
            swaps(&days, ctx, out);
        }
    }

    /// VD-13: shares of the 1st, the 15th and the last day of the month together, and of the fullest day.
    fn heaps(
        &self,
        group: &[Kept],
        days: &[(i32, &[Kept])],
        ctx: &Context<'_>,
        out: &mut Vec<FileFinding>,
    ) {
        let limits = ctx.limits();
        let all = group.len();
        let Some(facility) = group
            .first()
            .map(|kept| kept.facility)
            .filter(|_| all >= limits.heap_least_doses)
        else {
            return;
        };
        let count = |part: &&[Kept]| part.len();
        let marked: usize = days
            .iter()
            .filter(|(day, _)| is_marked(*day))
            .map(|(_, part)| count(part))
            .sum();
        let fullest = days
            .iter()
            .max_by_key(|(day, part)| (count(part), std::cmp::Reverse(*day)));
        let mut report = |share: usize, what: String| {
            let finding = Finding::new(RuleId::Vd13, "injected_at", share.to_string()).with(what);
            raise(ctx, self.place(facility), finding, out);
        };
        if marked * 100 > all * limits.heap_percent_marked {
            report(
                marked * 100 / all,
                "01, 15, cuối tháng / month's end".to_owned(),
            );
        }
        if let Some((day, part)) = fullest.filter(|_| days.len() >= limits.heap_least_days)
            && count(part) * 100 > all * limits.heap_percent_one_day
            && let Some(date) = from_day_number(*day)
        {
            report(count(part) * 100 / all, date.to_string());
        }
    }

    /// FC-07: too many doses of one vaccinator in an hour, or of a facility at one moment.
    fn throughput(&mut self, ctx: &Context<'_>, out: &mut Vec<FileFinding>) {
        self.kept.retain(|kept| kept.second.is_some());
        let limits = ctx.limits();
        let mut worst: BTreeMap<(u64, bool), (usize, String)> = BTreeMap::new();
        let mut note = |facility: u64, by_moment: bool, count: usize, what: &dyn Fn() -> String| {
            let place = worst
                .entry((facility, by_moment))
                .or_insert((0, String::new()));
            if count > place.0 {
                *place = (count, what());
            }
        };
        let hour = |kept: &Kept| {
            (
                kept.facility,
                kept.vaccinator,
                kept.day,
                kept.second.map(|second| second / 3600),
            )
        };
        self.kept
            .sort_unstable_by_key(|kept| (hour(kept), kept.row));
        for group in groups(&self.kept, hour).filter(|group| group.len() > limits.doses_per_hour) {
            if let Some(kept) = group.first().filter(|kept| kept.vaccinator != 0) {
                note(kept.facility, false, group.len(), &|| {
                    format!("1 h, {}", show(kept, "h"))
                });
            }
        }
        let moment = |kept: &Kept| (kept.facility, kept.day, kept.second);
        self.kept
            .sort_unstable_by_key(|kept| (moment(kept), kept.row));
        for group in groups(&self.kept, moment).filter(|group| group.len() > limits.same_moment) {
            if let Some(kept) = group.first() {
                note(kept.facility, true, group.len(), &|| show(kept, "min"));
            }
        }
        for ((facility, _), (count, what)) in worst {
            let finding = Finding::new(RuleId::Fc07, "injected_at", count.to_string()).with(what);
            raise(ctx, self.place(facility), finding, out);
        }
    }
}

/// VD-09: the facility's only dose of a day, whose swapped day is one of its sessions.
fn swaps(days: &[(i32, &[Kept])], ctx: &Context<'_>, out: &mut Vec<FileFinding>) {
    let least = ctx.limits().session_doses as usize;
    for (day, part) in days {
        let [kept] = part else { continue };
        let Some(date) = from_day_number(*day) else {
            continue;
        };
        let Some(other) = swapped(date).filter(|other| *other <= ctx.as_of) else {
            continue;
        };
        let session = days
            .binary_search_by_key(&day_number(other), |(day, _)| *day)
            .ok()
            .and_then(|at| days.get(at))
            .filter(|(_, doses)| doses.len() >= least);
        if let Some((_, doses)) = session {
            let finding = Finding::new(RuleId::Vd09, "injected_at", date.to_string())
                .with(doses.len().to_string())
                .fix("injected_at", other.to_string());
            raise(ctx, Place::Dose { row: kept.row }, finding, out);
        }
    }
}

/// The 1st, the 15th or the last day of a month.
fn is_marked(day: i32) -> bool {
    from_day_number(day).is_some_and(|date: Date| {
        date.day() == 1 || date.day() == 15 || date.day() == date.days_in_month()
    })
}

fn show(kept: &Kept, unit: &str) -> String {
    let date = kept
        .day
        .and_then(from_day_number)
        .map(|date| date.to_string())
        .unwrap_or_default();
    let second = kept.second.unwrap_or_default();
    let (hour, minute) = (second / 3600, second / 60 % 60);
    if unit == "h" {
        format!("{date} {hour:02}:00")
    } else {
        format!("{date} {hour:02}:{minute:02}")
    }
}

/// Hash of all fields but the id.
fn content(dose: &DoseRow<'_>) -> u64 {
    let mut hasher = FxHasher::default();
    for field in DoseField::ALL
        .iter()
        .filter(|field| **field != DoseField::DoseId)
    {
        hasher.write(dose.get(*field).unwrap_or_default().trim().as_bytes());
        hasher.write_u8(0xff);
    }
    hasher.finish()
}
