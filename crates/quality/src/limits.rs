//! What the checks need of the table, typed and read once.
//!
//! Every threshold, day and list of a rule that is decided here is read in this file and nowhere else, and loading fails on one that is
//! not: a documented threshold is the executed one.

use std::cell::RefCell;
use std::collections::BTreeSet;

use jiff::civil::Date;
use rustc_hash::FxHashSet;

use crate::catalogue::{CatalogueError, Rule};
use crate::rule_id::RuleId;

/// Thresholds, days and lists of the rules. Units are in the names of the table.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) child_below: i32,
    pub(crate) adult_from: i32,
    pub(crate) passport_length: (usize, usize),
    pub(crate) placeholder_names: FxHashSet<String>,
    pub(crate) placeholder_beginnings: Vec<String>,
    pub(crate) newborn_beginnings: Vec<String>,
    pub(crate) titles: FxHashSet<String>,
    pub(crate) family_names: FxHashSet<String>,
    pub(crate) name_longest: usize,
    pub(crate) oldest: i32,
    pub(crate) middle_day: i8,
    pub(crate) unknown_days: Vec<String>,
    pub(crate) phone_persons: usize,
    pub(crate) campaign_start: Date,
    pub(crate) session_doses: u32,
    pub(crate) late_days: [i32; 3],
    pub(crate) same_day_from: Date,
    pub(crate) working_hours: (i8, i8),
    pub(crate) heap_least_doses: usize,
    pub(crate) heap_percent_marked: usize,
    pub(crate) heap_percent_one_day: usize,
    pub(crate) heap_least_days: usize,
    pub(crate) lot_too_short: usize,
    pub(crate) lot_words: Vec<String>,
    pub(crate) expiry_years: i16,
    pub(crate) highest_dose: u8,
    pub(crate) grace_days: i32,
    pub(crate) booster_days: i32,
    pub(crate) long_days: i32,
    pub(crate) pairs: FxHashSet<String>,
    pub(crate) most_early: usize,
    pub(crate) most_ever: usize,
    pub(crate) early_until: Date,
    pub(crate) account_facilities: usize,
    pub(crate) historical_score: usize,
    pub(crate) historical_late_days: i32,
    pub(crate) doses_per_hour: usize,
    pub(crate) same_moment: usize,
    pub(crate) window_days: i32,
    pub(crate) parent_years: i32,
}

impl Limits {
    /// Reads what the checks need.
    pub(crate) fn of(rules: &[Rule]) -> Result<Self, CatalogueError> {
        use RuleId as R;
        let table = Table {
            rules,
            read: RefCell::default(),
        };
        let limits = Self {
            child_below: table.number(R::Id13, "child_below")?,
            adult_from: table.number(R::Id13, "adult_from")?,
            passport_length: (
                table.count(R::Id15, "shortest")?,
                table.count(R::Id15, "longest")?,
            ),
            placeholder_names: table.set(R::Nm10, "names")?,
            placeholder_beginnings: table.list(R::Nm10, "beginnings")?,
            newborn_beginnings: table.list(R::Nm11, "beginnings")?,
            titles: table.set(R::Nm12, "titles")?,
            family_names: table.set(R::Nm12, "families")?,
            name_longest: table.count(R::Nm14, "longest")?,
            oldest: table.number(R::Db04, "oldest")?,
            middle_day: table.small(R::Db06, "middle_day")?,
            unknown_days: table.list(R::Db06, "days")?,
            phone_persons: table.count(R::Ct04, "persons")?,
            campaign_start: table.day(R::Vd05, "campaign_start")?,
            session_doses: table.small(R::Vd09, "session_doses")?,
            late_days: [
                table.number(R::Vd11, "days_1")?,
                table.number(R::Vd11, "days_2")?,
                table.number(R::Vd11, "days_3")?,
            ],
            same_day_from: table.day(R::Vd11, "same_day_from")?,
            working_hours: (
                table.small(R::Vd12, "first_hour")?,
                table.small(R::Vd12, "last_hour")?,
            ),
            heap_least_doses: table.count(R::Vd13, "least_doses")?,
            heap_percent_marked: table.count(R::Vd13, "percent_marked_days")?,
            heap_percent_one_day: table.count(R::Vd13, "percent_one_day")?,
            heap_least_days: table.count(R::Vd13, "least_days")?,
            lot_too_short: table.count(R::Lt03, "too_short")?,
            lot_words: table.list(R::Lt05, "words")?,
            expiry_years: table.small(R::Ex02, "years")?,
            highest_dose: table.small(R::Dn01, "highest")?,
            grace_days: table.number(R::Dn05, "grace_days")?,
            booster_days: table.number(R::Dn05, "booster_days")?,
            long_days: table.number(R::Dn06, "long_days")?,
            pairs: table.set(R::Dn07, "pairs")?,
            most_early: table.count(R::Dn10, "most_early")?,
            most_ever: table.count(R::Dn10, "most_ever")?,
            early_until: table.day(R::Dn10, "early_until")?,
            account_facilities: table.count(R::Fc05, "facilities")?,
            historical_score: table.count(R::Fc06, "score")?,
            historical_late_days: table.number(R::Fc06, "late_days")?,
            doses_per_hour: table.count(R::Fc07, "doses_per_hour")?,
            same_moment: table.count(R::Fc07, "same_moment")?,
            window_days: table.number(R::Du03, "window_days")?,
            parent_years: table.number(R::Du10, "years")?,
        };
        table.nothing_unread()?;
        Ok(limits)
    }
}

/// The table, with a note of what was read from it.
struct Table<'a> {
    rules: &'a [Rule],
    read: RefCell<BTreeSet<(RuleId, &'static str)>>,
}

impl Table<'_> {
    fn rule(&self, id: RuleId, name: &'static str) -> &Rule {
        self.read.borrow_mut().insert((id, name));
        &self.rules[usize::from(id.index())]
    }

    /// A whole number from 0 to 100,000, in the type that the checks use.
    fn small<T: TryFrom<i64>>(&self, id: RuleId, name: &'static str) -> Result<T, CatalogueError> {
        let value = *self
            .rule(id, name)
            .thresholds
            .get(name)
            .ok_or_else(|| missing(id, "threshold", name))?;
        let wrong = || CatalogueError::Value {
            rule: id,
            name: name.to_owned(),
            value,
        };
        if !(0..=100_000).contains(&value) {
            return Err(wrong());
        }
        T::try_from(value).map_err(|_| wrong())
    }

    fn number(&self, id: RuleId, name: &'static str) -> Result<i32, CatalogueError> {
        self.small(id, name)
    }

    fn count(&self, id: RuleId, name: &'static str) -> Result<usize, CatalogueError> {
        self.small(id, name)
    }

    fn day(&self, id: RuleId, name: &'static str) -> Result<Date, CatalogueError> {
        self.rule(id, name)
            .dates
            .get(name)
            .copied()
            .ok_or_else(|| missing(id, "date", name))
    }

    fn list(&self, id: RuleId, name: &'static str) -> Result<Vec<String>, CatalogueError> {
        self.rule(id, name)
            .lists
            .get(name)
            .cloned()
            .ok_or_else(|| missing(id, "list", name))
    }

    fn set(&self, id: RuleId, name: &'static str) -> Result<FxHashSet<String>, CatalogueError> {
        Ok(self.list(id, name)?.into_iter().collect())
    }

    fn nothing_unread(&self) -> Result<(), CatalogueError> {
        let read = self.read.borrow();
        for rule in self.rules.iter().filter(|rule| rule.is_decided_here()) {
            let names = rule
                .thresholds
                .keys()
                .chain(rule.dates.keys())
                .chain(rule.lists.keys());
            for name in names {
                if !read.contains(&(rule.id, name.as_str())) {
                    return Err(CatalogueError::Unread {
                        rule: rule.id,
                        name: name.clone(),
                    });
                }
            }
        }
        Ok(())
    }
}

fn missing(rule: RuleId, kind: &'static str, name: &str) -> CatalogueError {
    CatalogueError::Missing {
        rule,
        kind,
        name: name.to_owned(),
    }
}
