//! The examples hold, and there are enough of them.

use quality::examples::{Example, examples};
use quality::{RuleId, catalogue};
use registry::text::Lang;

use crate::run::run;

#[test]
fn every_example_raises_its_rule_or_not_as_it_says() {
    let all = examples();
    let mut wrong = Vec::new();
    for (id, rule_examples) in &all.rules {
        let rule = RuleId::parse(id).expect("examples stand under rule ids");
        let positive = rule_examples.positive.iter().map(|example| (example, true));
        let negative = rule_examples
            .negative
            .iter()
            .map(|example| (example, false));
        let boundary = rule_examples.boundary.iter().map(|example| {
            (
                example,
                example
                    .raised
                    .expect("a boundary says whether it is raised"),
            )
        });
        for (example, expected) in positive.chain(negative).chain(boundary) {
            wrong.extend(judge(rule, example, expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn judge(rule: RuleId, example: &Example, expected: bool) -> Option<String> {
    let found = run(&examples().base, example);
    let what = example.describe();
    let hits: Vec<_> = found
        .iter()
        .filter(|finding| finding.rule == rule)
        .collect();
    if hits.is_empty() == expected {
        let others: Vec<_> = found.iter().map(|finding| finding.rule.as_str()).collect();
        return Some(format!(
            "{rule} raised: {} instead of {expected}: {what} (found {others:?})",
            !expected
        ));
    }
    if let Some(fix) = &example.fix {
        let fixes: Vec<_> = hits
            .iter()
            .filter_map(|finding| finding.fix.as_ref())
            .map(|fix| &*fix.value)
            .collect();
        if !fixes.contains(&fix.as_str()) {
            return Some(format!(
                "{rule} proposes {fixes:?} instead of {fix}: {what}"
            ));
        }
    }
    if let Some(severity) = &example.severity {
        let severities: Vec<_> = hits
            .iter()
            .map(|finding| finding.severity.as_str())
            .collect();
        if !severities.contains(&severity.as_str()) {
            return Some(format!(
                "{rule} has severity {severities:?} instead of {severity}: {what}"
            ));
        }
    }
    // A message that still shows a placeholder was written for a value that the check does not give.
    hits.iter().find_map(|finding| {
        let text = finding.message(catalogue(), Lang::En);
        (text.contains('{') || text.contains('…')).then(|| format!("{rule} says “{text}”: {what}"))
    })
}

#[test]
fn every_rule_that_is_decided_here_has_all_three_kinds_of_example_and_no_other_rule_has_any() {
    for rule in catalogue().rules() {
        match examples().of(rule.id) {
            Some(found) => {
                assert!(
                    rule.is_decided_here(),
                    "{} waits for the platform but has examples",
                    rule.id
                );
                assert!(
                    !found.positive.is_empty(),
                    "{}: no positive example",
                    rule.id
                );
                assert!(
                    !found.negative.is_empty(),
                    "{}: no negative example",
                    rule.id
                );
                assert!(
                    !found.boundary.is_empty(),
                    "{}: no boundary example",
                    rule.id
                );
            }
            None => assert!(
                !rule.is_decided_here(),
                "{} has no examples: is there code for it?",
                rule.id
            ),
        }
    }
}

#[test]
fn the_sound_records_raise_nothing_at_all() {
    let sound = Example {
        doses: vec![quality::examples::Values::new()],
        register: Some(quality::examples::Values::new()),
        ..Example::default()
    };
    let found = run(&examples().base, &sound);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn findings_name_canonical_headings() {
    use registry::fields::{DoseField, Field, SubjectField};
    for (id, rule_examples) in &examples().rules {
        for example in rule_examples.positive.iter().chain(&rule_examples.boundary) {
            for finding in run(&examples().base, example) {
                let known = |name: &str| {
                    SubjectField::from_heading(name).is_some()
                        || DoseField::from_heading(name).is_some()
                };
                assert!(known(finding.field), "{id}: {}", finding.field);
                assert!(
                    finding.fix.as_ref().is_none_or(|fix| known(fix.field)),
                    "{id}"
                );
                let rule = catalogue().rule(finding.rule);
                assert!(
                    rule.fields.iter().any(|field| field == finding.field),
                    "{}: the table does not list {}",
                    finding.rule,
                    finding.field
                );
            }
        }
    }
}
