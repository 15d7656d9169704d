//! Our checks against the official schema, on all payloads that there are.

use std::path::Path;

use passport::dcc::{Dcc, DccError};
use passport::schema::{self, Rule};
use serde_json::Value;

use crate::support::public;

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    files
}

/// What reading and checking find: something tolerated or not, or the rule that is broken.
fn ours(payload: &Value) -> Result<bool, Rule> {
    match Dcc::from_json(payload) {
        Ok(dcc) => match schema::check(&dcc) {
            Ok(tolerated) => Ok(!tolerated.is_empty()),
            Err(violation) => Err(violation.rule),
        },
        Err(DccError::Schema(violation)) => Err(violation.rule),
        Err(DccError::Malformed(reason)) => panic!("our own CBOR: {reason}"),
    }
}

#[test]
fn the_payloads_of_the_schema_project_come_out_as_their_folders_say() {
    for (folder, good) in [("valid", true), ("examples", true), ("invalid", false)] {
        let files = files(&public("schema").join(folder));
        assert!(files.len() >= 6);
        for file in files {
            assert_eq!(ours(&json(&file)) == Ok(false), good, "{}", file.display());
        }
    }
}

#[test]
fn we_agree_with_the_official_schema_on_every_payload_and_on_every_small_change_of_one() {
    let official = jsonschema::options()
        .build(&json(&public("schema/DCC.combined-schema.json")))
        .unwrap();
    let mut payloads: Vec<_> = files(&public("schema"))
        .iter()
        .map(|file| json(file))
        .filter(|payload| payload.get("$schema").is_none())
        .collect();
    payloads.extend(
        files(&public("cases"))
            .iter()
            .filter_map(|file| json(file).get("JSON").cloned()),
    );
    let mut compared = 0;
    for payload in payloads.iter().step_by(3) {
        for changed in changes(payload) {
            compare(&official, &changed);
            compared += 1;
        }
    }
    for payload in &payloads {
        compare(&official, payload);
    }
    assert!(payloads.len() > 300 && compared > 5_000);
}

/// We are stricter on dates, which the official schema only annotates, and on the dots of a version, which it does not escape. What it refuses we refuse or tolerate.
fn compare(official: &jsonschema::Validator, payload: &Value) {
    let ours = ours(payload);
    if official.is_valid(payload) {
        assert!(
            matches!(ours, Ok(_) | Err(Rule::Date | Rule::Form("1.3.0"))),
            "too strict: {ours:?} {payload}"
        );
    } else {
        assert_ne!(ours, Ok(false), "too lax: {payload}");
    }
}

/// The payload with one member missing, emptied, or of another type, for every member.
fn changes(payload: &Value) -> Vec<Value> {
    let replacements = [
        None,
        Some(Value::Null),
        Some("".into()),
        Some("odd".into()),
        Some("2021-02-31".into()),
        Some("Ă".repeat(81).into()),
        Some(0.into()),
        Some(2.into()),
        Some(2.5.into()),
        Some(serde_json::json!([])),
        Some(serde_json::json!({})),
    ];
    let mut changed = Vec::new();
    let group = ["v", "t", "r"]
        .into_iter()
        .find(|group| payload[*group].is_array());
    let places = ["", "/nam"]
        .map(str::to_owned)
        .into_iter()
        .chain(group.map(|group| format!("/{group}/0")));
    for place in places {
        let Some(Value::Object(members)) = payload.pointer(&place) else {
            continue;
        };
        for member in members.keys() {
            for replacement in &replacements {
                let mut copy = payload.clone();
                let Some(Value::Object(object)) = copy.pointer_mut(&place) else {
                    continue;
                };
                match replacement {
                    Some(value) => object.insert(member.clone(), value.clone()),
                    None => object.remove(member),
                };
                changed.push(copy);
            }
        }
    }
    changed
}
