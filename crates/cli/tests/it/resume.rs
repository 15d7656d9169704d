//! A job that was stopped goes on where it was, and ends with the same bytes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::tool::{Country, files};

#[test]
fn a_stopped_job_resumes_with_the_same_bytes() {
    let country = Country::new(1200, "parquet");
    let whole = country.clean("whole", "parquet", &[]);
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    let expected = files(&country.path("whole"));

    // As after a stop behind the stage "dedupe": later manifests and results are not there.
    let run = country.clean("stopped", "parquet", &["--keep-work"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let stopped = country.path("stopped");
    for stage in ["outcome", "doses", "findings", "worklists", "report"] {
        fs::remove_file(stopped.join(format!(".work/{stage}.done.json"))).expect("a manifest");
    }
    for name in [
        "outcome.parquet",
        "doses.parquet",
        "findings.parquet",
        "summary.json",
        "report.html",
    ] {
        fs::remove_file(stopped.join(name)).expect("a result");
    }
    let run = country.clean("stopped", "parquet", &["--resume"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        files(&stopped) == expected,
        "the resumed job gave other bytes"
    );
}

#[test]
fn nothing_is_resumed_for_other_inputs() {
    let country = Country::new(300, "parquet");
    let run = country.clean("out", "parquet", &["--keep-work"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    // Another day judges dates differently: the earlier stages do not fit.
    let run = country.clean(
        "out",
        "parquet",
        &["--resume", "--register-as-of", "2022-08-31"],
    );
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("--resume"), "{}", run.stderr);
}

/// A run of `link` through files, 300 records at a time.
fn link(country: &Country, records: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minhchung"));
    command
        .args(["link", "--quiet", "--checkpoint", "300", "--records"])
        .arg(records)
        .arg("--register")
        .arg(country.data("register", "csv"))
        .arg("--out")
        .arg(country.path("links.csv"))
        .args(more)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Ends a run by force as soon as a file of its folder is there; false when the run was faster and is over.
fn killed_at(country: &Country, piece: &str, mut command: Command) -> bool {
    let piece = country.path("links.csv.work").join(piece);
    let mut run = command.spawn().expect("the binary starts");
    while !piece.exists() {
        if let Some(status) = run.try_wait().expect("a child") {
            assert!(status.success(), "{}: {status}", piece.display());
            return false;
        }
        std::thread::yield_now();
    }
    run.kill().expect("a child");
    !run.wait().expect("a child").success()
}

#[test]
fn a_linkage_that_is_killed_again_and_again_ends_with_the_same_bytes() {
    let country = Country::new(1_500, "csv");
    let subjects = country.data("subjects", "csv");
    let (links, work) = (country.path("links.csv"), country.path("links.csv.work"));
    let status = link(&country, &subjects, &[]).status().expect("a run");
    assert!(status.success());
    let expected = fs::read(&links).expect("links");
    assert!(!work.exists(), "a finished run leaves its folder");
    let pieces = [
        "run.json",
        "model.json.partial",
        "model.json",
        "register.index.partial",
        "register.index",
        "claims-0000.jsonl.partial",
        "claims-0000.jsonl",
        "claims-0001.jsonl",
        "claims-0003.jsonl",
    ];
    let mut stopped = false;
    for (number, piece) in pieces.into_iter().enumerate() {
        fs::remove_file(&links).ok();
        // Threads and the length of parts may be others than before.
        let threads = if number % 2 == 0 { "1" } else { "2" };
        let mut words = vec!["--threads", threads];
        words.extend(stopped.then_some("--resume"));
        stopped = killed_at(&country, piece, link(&country, &subjects, &words));
        if !stopped {
            assert!(fs::read(&links).expect("links") == expected, "{piece}");
        }
    }
    let words: &[&str] = if stopped { &["--resume"] } else { &[] };
    let status = link(&country, &subjects, words).status().expect("a run");
    assert!(status.success());
    assert!(fs::read(&links).expect("links") == expected);
    assert!(!work.exists(), "a finished run leaves its folder");
}

#[test]
fn a_linkage_is_not_resumed_with_other_records_or_without_a_stopped_run() {
    let country = Country::new(1_500, "csv");
    let subjects = country.data("subjects", "csv");
    let refused = |records: &Path| {
        let run = link(&country, records, &["--resume"])
            .stderr(Stdio::piped())
            .output()
            .expect("a run");
        assert_eq!(run.status.code(), Some(2));
        String::from_utf8(run.stderr).expect("UTF-8")
    };
    let said = refused(&subjects);
    assert!(said.contains("there is nothing to resume"), "{said}");

    while !killed_at(&country, "register.index", link(&country, &subjects, &[])) {}
    let text = fs::read_to_string(&subjects).expect("subjects");
    let fewer = country.path("fewer.csv");
    let lines: Vec<&str> = text.lines().take(900).collect();
    fs::write(&fewer, lines.join("\n")).expect("written");
    let said = refused(&fewer);
    assert!(said.contains("the records changed since"), "{said}");
    let run = link(&country, &subjects, &["--resume"]).status();
    assert!(run.expect("a run").success(), "a refusal spoils nothing");
}
