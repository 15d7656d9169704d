//! A job that was stopped goes on where it was, and ends with the same bytes.

use std::fs;

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
