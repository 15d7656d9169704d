//! The way of the README, and what comes out of it.

use std::fs;

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
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_minhchung"));
    let command = command
        .args(["rules", "list"])
        .stdout(std::process::Stdio::piped());
    let mut child = command
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn pairs_are_counted_before_they_are_made_and_models_compared() {
    let country = Country::new(1500, "parquet");
    let path = |name: &str| country.path(name).display().to_string();
    let (a, b) = (
        country.data("subjects", "parquet").display().to_string(),
        country.data("register", "parquet").display().to_string(),
    );
    let files = [
        "link",
        "--quiet",
        "--json",
        "--records",
        &a,
        "--register",
        &b,
    ];
    let planned = minhchung(&[&files[..], &["--plan"]].concat());
    assert_eq!(planned.code, 0, "{}", planned.stderr);
    let planned: serde_json::Value = serde_json::from_str(&planned.stdout).expect("JSON");
    let (links, model) = (path("links.csv"), path("model.json"));
    let made = minhchung(&[&files[..], &["--out", &links, "--model-out", &model]].concat());
    assert_eq!(made.code, 0, "{}", made.stderr);
    let made: serde_json::Value = serde_json::from_str(&made.stdout).expect("JSON");
    for rule in planned["rules"].as_array().expect("rules") {
        let (planned, found) = (
            rule["pairs"].as_u64(),
            made["candidate_rules"][rule["rule"].as_str().expect("a name")].as_u64(),
        );
        // Nothing is capped in so small a country; of the first rule, pairs are counted before they are made too.
        assert_eq!(planned, found, "{rule}");
    }
    let same = minhchung(&["model", "diff", &model, &model]);
    assert_eq!(
        (same.code, same.stdout.contains("0 levels changed")),
        (0, true),
        "{}",
        same.stdout
    );
    let shown = minhchung(&["model", "show", &model]);
    assert!(shown.stdout.contains("converged after"), "{}", shown.stdout);
}

#[test]
fn persons_keep_their_names_whatever_the_order_of_the_file() {
    let country = Country::new(1500, "csv");
    let subjects = country.data("subjects", "csv");
    let text = fs::read_to_string(&subjects).expect("subjects");
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    let turned = country.path("turned.csv");
    fs::write(&turned, lines.join("\n")).expect("a file");
    let persons =
        |records: &std::path::Path, out: &str| -> std::collections::BTreeMap<String, String> {
            let out = country.path(out).display().to_string();
            let run = minhchung(&[
                "dedupe",
                "--quiet",
                "--records",
                &records.display().to_string(),
                "--out",
                &out,
            ]);
            assert_eq!(run.code, 0, "{}", run.stderr);
            let table = fs::read_to_string(out).expect("persons");
            let rows = table
                .lines()
                .skip(1)
                .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
            rows.map(|cells| (cells[0].clone(), cells[1].clone()))
                .collect()
        };
    let (one, other) = (persons(&subjects, "one.csv"), persons(&turned, "other.csv"));
    assert_eq!(one, other);
    assert!(one.iter().filter(|(id, person)| id != person).count() > 10);
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
