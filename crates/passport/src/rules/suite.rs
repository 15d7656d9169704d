//! Runs rules on the tests that are published with them.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value as Json;

use super::Rule;
use crate::certlogic::{DateTime, Expression, Report, SuiteError, Value, json_files, read_json};

/// Runs all rules below a folder on their tests: a rule is a JSON file with `Identifier` and `Logic`, its tests are the files in the folder
/// `tests` beside it. As the publisher's own runner does, it also asks that a rule is well formed, lists the fields that it reads, and is
/// valid at the clock of each test. Other files are passed over; a broken rule file without tests decides nothing and is skipped.
///
/// # Errors
/// When the folder or a file in it cannot be read at all.
pub fn conformance(folder: &Path) -> Result<Report, SuiteError> {
    let mut report = Report::default();
    for path in json_files(folder)? {
        let beside = path.parent().unwrap_or(folder);
        if beside.ends_with("tests") {
            continue;
        }
        let file = path.strip_prefix(folder).unwrap_or(&path);
        let tests = beside.join("tests");
        let tests = if tests.is_dir() {
            json_files(&tests)?
        } else {
            Vec::new()
        };
        match read_json(&path)? {
            Ok(json) if !is_rule(&json) => {}
            Ok(json) => match read_rule(json) {
                Ok((rule, logic)) => {
                    check_fields(file, &rule, &mut report);
                    for test in &tests {
                        run_test(folder, test, &rule, &logic, &mut report)?;
                    }
                }
                Err(error) => broken_rule(file, error, tests.len(), &mut report),
            },
            Err(error) => broken_rule(file, error, tests.len(), &mut report),
        }
    }
    Ok(report)
}

fn read_rule(json: Json) -> Result<(Rule, Expression), String> {
    let rule = Rule::from_json(json).map_err(|error| error.to_string())?;
    let logic = rule.logic.clone().map_err(|issue| issue.to_string())?;
    Ok((rule, logic))
}

fn is_rule(json: &Json) -> bool {
    json.get("Identifier").is_some() && json.get("Logic").is_some()
}

fn broken_rule(file: &Path, error: String, tests: usize, report: &mut Report) {
    if tests == 0 {
        report.skipped += 1;
    } else {
        report.fail(file, format!("the rule of {tests} tests"), error);
    }
}

fn check_fields(file: &Path, rule: &Rule, report: &mut Report) {
    let stated: BTreeSet<_> = rule.affected_fields.iter().map(String::as_str).collect();
    let computed: BTreeSet<_> = rule.computed_fields().into_iter().collect();
    if stated == computed {
        report.passed += 1;
    } else {
        report.fail(
            file,
            "AffectedFields",
            format!("stated {stated:?}, read {computed:?}"),
        );
    }
}

fn run_test(
    folder: &Path,
    path: &Path,
    rule: &Rule,
    logic: &Expression,
    report: &mut Report,
) -> Result<(), SuiteError> {
    let file = path.strip_prefix(folder).unwrap_or(path);
    match read_json(path)?.and_then(|test| outcome(&test, rule, logic)) {
        Ok(()) => report.passed += 1,
        Err(difference) => report.fail(file, &rule.identifier, difference),
    }
    Ok(())
}

fn outcome(test: &Json, rule: &Rule, logic: &Expression) -> Result<(), String> {
    let part = |name| test.get(name).unwrap_or(&Json::Null);
    let (external, expected) = (part("external"), part("expected"));
    if let Some(clock) = external.get("validationClock").and_then(Json::as_str) {
        let moment =
            DateTime::parse(clock).ok_or_else(|| format!("the clock {clock} is no date-time"))?;
        if !rule.valid_at(moment) {
            return Err(format!(
                "the rule is not valid at the clock of the test, {clock}"
            ));
        }
    }
    let data = Value::context(vec![
        ("payload", Value::from_json(part("payload"))),
        ("external", Value::from_json(external)),
    ]);
    let actual = logic
        .evaluate(&data)
        .map_err(|error| error.to_string())?
        .to_json();
    if actual == *expected {
        Ok(())
    } else {
        Err(format!("expected {expected}, got {actual}"))
    }
}
