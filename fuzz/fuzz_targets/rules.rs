//! The rule engine: no cells make a rule panic, and the same cells give the same findings.
#![no_main]

use jiff::civil::date;
use libfuzzer_sys::fuzz_target;
use quality::{Context, Finding, catalogue, check_dose, check_series, check_subject};
use registry::fields::{DoseRow, SubjectRow};

// Cells are separated by a vertical bar: first those of a subject, then those of one dose after another.
fuzz_target!(|text: &str| {
    let findings = check(text);
    assert_eq!(findings, check(text));
});

fn check(text: &str) -> Vec<Finding> {
    let ctx = Context::new(catalogue(), date(2022, 6, 1));
    let mut cells = text.split('|');
    let mut findings = Vec::new();
    let subject = SubjectRow::from_fn(|_| cells.next());
    let person = check_subject(&subject, &ctx, &mut findings);
    let mut doses = Vec::new();
    while let Some(first) = cells.next() {
        let mut first = Some(first);
        let dose = DoseRow::from_fn(|_| first.take().or_else(|| cells.next()));
        doses.push(check_dose(&dose, Some(&person), &ctx, &mut findings));
    }
    let mut series = Vec::new();
    let groups = check_series(&doses, &ctx, &mut series);
    assert!(groups.len() <= doses.len());
    findings.extend(series.into_iter().map(|(dose, finding)| {
        assert!(dose < doses.len());
        finding
    }));
    findings
}
