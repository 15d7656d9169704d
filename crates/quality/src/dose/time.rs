//! Rules VD that one dose decides.

use registry::date::{Date, DateError, day_number};
use registry::fields::DoseRow;

use super::DoseFacts;
use crate::context::Sink;
use crate::finding::Finding;
use crate::rule_id::RuleId;
use crate::subject::SubjectFacts;
use crate::tables::FacilityEntry;

const FIELD: &str = "injected_at";

/// Days from one date to a later one; negative when it is earlier.
pub(crate) fn days_between(from: Date, to: Date) -> i32 {
    day_number(to) - day_number(from)
}

/// VD-01 to VD-07 and VD-10 to VD-12, and DB-10 on the dose's side.
pub(super) fn check(
    row: &DoseRow<'_>,
    error: Option<DateError>,
    facts: &DoseFacts<'_>,
    person: Option<&SubjectFacts<'_>>,
    facility: Option<&FacilityEntry>,
    sink: &mut Sink<'_, '_>,
) {
    let text = row.injected_at.unwrap_or_default();
    let Some(injected) = facts.injected else {
        let rule = match error {
            None | Some(DateError::Empty) => RuleId::Vd01,
            Some(_) => RuleId::Vd02,
        };
        return sink.raise(Finding::new(rule, FIELD, text));
    };
    let day = injected.date();
    let as_of = sink.ctx.as_of;
    if day > as_of {
        sink.raise(Finding::new(RuleId::Vd03, FIELD, text).with(as_of.to_string()));
    } else {
        check_entry(row, text, day, facts, sink);
    }
    if let Some(person) = person {
        check_birth(text, day, person, sink);
    }
    check_use(text, day, facts, sink);
    if let Some(facility) = facility {
        check_facility(text, day, facility, sink);
    }
    let (first, last) = sink.limits().working_hours;
    let outside = injected.hour() < first || injected.hour() >= last;
    if facts.has_time && outside {
        sink.raise(Finding::new(RuleId::Vd12, FIELD, text));
    }
}

/// VD-10 and VD-11: against the time of entry.
fn check_entry(
    row: &DoseRow<'_>,
    text: &str,
    day: Date,
    facts: &DoseFacts<'_>,
    sink: &mut Sink<'_, '_>,
) {
    let (Some(entered), Some(written)) = (facts.entered, row.entered_at) else {
        return;
    };
    let late = days_between(day, entered.date());
    if late < 0 {
        return sink.raise(Finding::new(RuleId::Vd10, FIELD, text).with(written));
    }
    let [first, second, third] = sink.limits().late_days;
    let grade = match late {
        0 => return,
        late if late <= first => format!("≤ {first}"),
        late if late <= second => format!("≤ {second}"),
        late if late <= third => format!("≤ {third}"),
        _ => format!("> {third}"),
    };
    let finding = Finding::new(RuleId::Vd11, "entered_at", late.to_string()).with(grade);
    if late > second && day >= sink.limits().same_day_from {
        sink.raise(finding);
    } else {
        sink.hint(finding);
    }
}

/// VD-04 and DB-10.
fn check_birth(text: &str, day: Date, person: &SubjectFacts<'_>, sink: &mut Sink<'_, '_>) {
    let Some(birth) = person.birth else { return };
    if birth.earliest() > day_number(day) {
        sink.raise(Finding::new(RuleId::Vd04, FIELD, text));
    } else if birth.day() == Some(day) {
        sink.raise(Finding::new(RuleId::Db10, "dob", birth.iso()).with(day.to_string()));
    }
}

/// VD-05 and VD-06: when the product was in use.
fn check_use(text: &str, day: Date, facts: &DoseFacts<'_>, sink: &mut Sink<'_, '_>) {
    let licensed = facts.product.and_then(|product| product.licensed_from);
    let start = licensed.map_or(sink.limits().campaign_start, |day| {
        day.max(sink.limits().campaign_start)
    });
    if day < start {
        return sink.raise(Finding::new(RuleId::Vd05, FIELD, text).with(start.to_string()));
    }
    let Some(product) = facts.product else { return };
    let last_lot = sink
        .ctx
        .lots
        .as_ref()
        .and_then(|lots| lots.last_expiry(product));
    let end = [product.used_until, last_lot].into_iter().flatten().min();
    if let Some(end) = end.filter(|end| day > *end) {
        sink.raise(Finding::new(RuleId::Vd06, FIELD, text).with(end.to_string()));
    }
}

/// VD-07.
fn check_facility(text: &str, day: Date, facility: &FacilityEntry, sink: &mut Sink<'_, '_>) {
    let early = facility.authorised_from.is_some_and(|from| day < from);
    let closed = facility.closed_on.is_some_and(|last| day > last);
    let bound = match (early, facility.authorised_from, closed, facility.closed_on) {
        (true, Some(from), ..) => format!("≥ {from}"),
        (_, _, true, Some(last)) => format!("≤ {last}"),
        _ => return,
    };
    sink.raise(Finding::new(RuleId::Vd07, FIELD, text).with(bound));
}
