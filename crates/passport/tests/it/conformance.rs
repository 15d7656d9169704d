//! The public test cases.

use std::path::Path;

use passport::conformance::{ConformanceError, dcc};

use crate::support::public;

fn read_picture(png: &[u8]) -> Option<String> {
    render::read_codes(png).ok()?.into_iter().next()
}

#[test]
fn every_public_case_comes_out_as_it_states_but_for_the_published_wrong_ones() {
    let report = dcc(&public("cases"), &read_picture).unwrap();
    assert_eq!(report.failures, []);
    assert_eq!((report.passed(), report.cases), (294, 294));
    assert_eq!((report.flags, report.known.len()), (2486, 31));
    // All of them are about the schema, and all stand in the published list.
    for difference in &report.known {
        assert_eq!(difference.flag, "EXPECTEDSCHEMAVALIDATION", "{difference}");
        assert!(difference.cause.starts_with("https://"), "{difference}");
    }
}

#[test]
fn a_case_that_states_the_opposite_fails() {
    let folder = std::env::temp_dir().join(format!("passport-cases-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let case = std::fs::read_to_string(public("cases/NL/000-NL-test.json")).unwrap();
    let mut case: serde_json::Value = serde_json::from_str(&case).unwrap();
    for flag in case["EXPECTEDRESULTS"]
        .as_object_mut()
        .unwrap()
        .values_mut()
    {
        *flag = serde_json::Value::Bool(!flag.as_bool().unwrap());
    }
    std::fs::write(folder.join("1.json"), case.to_string()).unwrap();
    let report = dcc(&folder, &read_picture).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(report.flags, 10);
    assert_eq!(report.failures.len(), report.flags);
    assert_eq!(report.passed(), 0);
}

#[test]
fn a_flag_that_an_older_schema_decided_is_named_with_its_cause_and_no_other_is() {
    let folder = std::env::temp_dir().join(format!("passport-older-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (file, version, issuer) in [
        ("older", "1.0.0", 60),
        ("short", "1.0.0", 50),
        ("newer", "1.3.0", 60),
    ] {
        let mut payload = crate::support::issued().dcc.to_json();
        payload["ver"] = version.into();
        payload["v"][0]["is"] = "X".repeat(issuer).into();
        payload["v"][0]["ci"] = "01:VN:1".into();
        let dcc = &passport::cbor::from_json(&payload);
        let cwt = passport::cwt::Cwt {
            issuer: None,
            issued_at: None,
            expires_at: None,
            dcc,
        };
        let message = passport::cose::sign1(&[], &cwt.to_cbor(), &[]);
        let case = serde_json::json!({
            "COSE": hex::encode(&message),
            "EXPECTEDRESULTS": { "EXPECTEDSCHEMAVALIDATION": false },
        });
        std::fs::write(folder.join(file).with_extension("json"), case.to_string()).unwrap();
    }
    let report = dcc(&folder, &read_picture).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let causes: Vec<_> = report
        .known
        .iter()
        .map(|known| known.cause.as_str())
        .collect();
    assert_eq!(causes, ["schema 1.0.0 allowed 50 characters"]);
    assert_eq!(report.failures.len(), 2);
}

#[test]
fn a_folder_without_cases_is_an_error_and_not_a_success() {
    let nothing = |_: &[u8]| None;
    let none = dcc(&public("valuesets"), &nothing);
    assert!(matches!(none, Err(ConformanceError::NoCases(_))));
    let absent = dcc(Path::new("no/such/folder"), &nothing);
    assert!(matches!(absent, Err(ConformanceError::Unreadable { .. })));
}
