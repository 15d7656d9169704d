//! The way of the README, and what comes out of it.

use crate::tool::{Country, files, minhchung};

#[test]
fn the_demo_invents_cleans_and_names_the_report() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dir = folder.path().join("demo").display().to_string();
    let run = minhchung(&["demo", "--no-serve", "--people", "1500", "--dir", &dir]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("report.html"), "{}", run.stdout);
    let result = files(&folder.path().join("demo/result"));
    for name in [
        "report.html",
        "summary.json",
        "outcome.parquet",
        "findings.parquet",
        "persons.parquet",
        "doses.parquet",
        "model.json",
    ] {
        assert!(
            result.contains_key(name),
            "{name} is missing of {:?}",
            result.keys()
        );
    }
    assert!(
        result
            .keys()
            .any(|name| name.starts_with("worklists/19-") && name.contains(".xlsx"))
    );
    assert!(
        result
            .keys()
            .any(|name| name.starts_with("worklists/facilities/"))
    );
    assert!(
        !result
            .keys()
            .any(|name| name.contains("partial") || name.contains(".work"))
    );
    // Once more into the same folder: an earlier demo is replaced.
    let again = minhchung(&[
        "demo",
        "--no-serve",
        "--people",
        "1500",
        "--quiet",
        "--dir",
        &dir,
    ]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(files(&folder.path().join("demo/result")), result);
}

#[test]
fn one_thread_and_two_threads_give_the_same_bytes() {
    let country = Country::new(2000, "parquet");
    for (out, threads) in [("one", "1"), ("two", "2")] {
        let run = country.clean(out, "parquet", &["--threads", threads]);
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    let (one, two) = (files(&country.path("one")), files(&country.path("two")));
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        two.keys().collect::<Vec<_>>()
    );
    for (name, content) in &one {
        assert!(
            two.get(name) == Some(content),
            "{name} differs between one thread and two"
        );
    }
}

#[test]
fn every_format_gives_the_same_numbers() {
    let numbers = |format: &str| {
        let country = Country::new(800, format);
        let run = country.clean("out", format, &["--json"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let mut summary: serde_json::Value =
            serde_json::from_str(&run.stdout).expect("one JSON object");
        // The files differ, what was found in them must not.
        summary.as_object_mut().expect("an object").remove("inputs");
        // Examples of duplicates name the row of the other record, which a line of headings shifts.
        for rule in summary["rules"].as_array_mut().expect("rules") {
            rule.as_object_mut().expect("a rule").remove("examples");
        }
        summary
    };
    let parquet = numbers("parquet");
    assert_eq!(numbers("csv"), parquet);
    assert_eq!(numbers("xlsx"), parquet);
}

#[test]
fn links_are_evaluated_against_the_truth() {
    let country = Country::new(2000, "parquet");
    let links = country.path("links.parquet").display().to_string();
    let (a, b) = (
        country.data("subjects", "parquet"),
        country.data("register", "parquet"),
    );
    let run = minhchung(&[
        "link",
        "--records",
        &a.display().to_string(),
        "--register",
        &b.display().to_string(),
        "--out",
        &links,
        "--json",
        "--quiet",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let told: serde_json::Value = serde_json::from_str(&run.stdout).expect("one JSON object");
    for key in [
        "records",
        "register",
        "candidates",
        "candidate_rules",
        "stages",
        "wall_seconds",
        "cpu_seconds",
        "peak_rss_bytes",
        "model",
    ] {
        assert!(told.get(key).is_some(), "{key} is missing");
    }
    let truth = country.data("truth", "parquet").display().to_string();
    let run = minhchung(&["evaluate", "--links", &links, "--truth", &truth, "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let scores: serde_json::Value = serde_json::from_str(&run.stdout).expect("one JSON object");
    let f1 = scores["cutoffs"]["0.5"]["f1"].as_f64().expect("F1");
    assert!(f1 > 0.98, "F1 {f1}");
}
