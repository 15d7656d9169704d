//! Bad input gets a message that says what, where and what to do, exit code 2, and leaves nothing behind.

use std::fs;
use std::path::Path;

use crate::tool::{Country, Run, minhchung};

/// Cleans these bytes as subjects against a good register.
fn clean_subjects(country: &Country, name: &str, bytes: &[u8]) -> Run {
    let subjects = country.path(name);
    fs::write(&subjects, bytes).expect("a file");
    clean(
        country,
        &subjects,
        &country.data("register", "parquet"),
        &[],
    )
}

fn clean(country: &Country, subjects: &Path, register: &Path, more: &[&str]) -> Run {
    let out = country.path("out");
    let mut words = vec!["clean", "--quiet", "--as-of", "2022-08-31", "--records"];
    let (subjects, register, out) = (
        subjects.display().to_string(),
        register.display().to_string(),
        out.display().to_string(),
    );
    words.extend([subjects.as_str(), "--register", &register, "--out", &out]);
    words.extend(more);
    minhchung(&words)
}

fn assert_refused(country: &Country, run: &Run, says: &[&str]) {
    assert_eq!(run.code, 2, "{}", run.stderr);
    for words in says {
        assert!(
            run.stderr.contains(words),
            "'{words}' is not in: {}",
            run.stderr
        );
    }
    let out = country.path("out");
    for name in [
        "outcome.parquet",
        "report.html",
        "summary.json",
        "worklists",
    ] {
        assert!(!out.join(name).exists(), "{name} was left behind");
    }
}

#[test]
fn a_missing_file_is_named() {
    let country = Country::new(200, "parquet");
    let run = clean(
        &country,
        &country.path("nowhere.csv"),
        &country.data("register", "parquet"),
        &[],
    );
    assert_refused(&country, &run, &["nowhere.csv"]);
}

#[test]
fn a_missing_column_is_named_with_what_was_found() {
    let country = Country::new(200, "parquet");
    let run = clean_subjects(&country, "s.csv", b"unique_id,colour\nA1,red\n");
    assert_refused(&country, &run, &["s.csv", "full_name", "colour", "--map"]);
}

#[test]
fn files_without_rows_are_refused() {
    let country = Country::new(200, "parquet");
    for (name, bytes) in [
        ("empty.csv", &b""[..]),
        ("header.csv", &b"unique_id,full_name,dob\n"[..]),
    ] {
        let run = clean_subjects(&country, name, bytes);
        assert_refused(&country, &run, &[name]);
    }
}

#[test]
fn a_file_of_something_else_is_refused() {
    let country = Country::new(200, "parquet");
    for (name, bytes) in [
        ("picture.xlsx", &b"\x89PNG\r\n\x1a\n0000"[..]),
        ("zeros.csv", &[0; 4096][..]),
        ("broken.parquet", &b"PAR1 not really PAR1"[..]),
    ] {
        let run = clean_subjects(&country, name, bytes);
        assert_refused(&country, &run, &[name]);
    }
}

#[test]
fn the_same_id_twice_is_refused_with_both_rows() {
    let country = Country::new(200, "parquet");
    let run = clean_subjects(
        &country,
        "twice.csv",
        "unique_id,full_name\nA1,Nguyễn Văn An\nA2,Trần Thị Bé\nA1,Lê Văn Cư\n".as_bytes(),
    );
    assert_refused(&country, &run, &["twice.csv", "A1", "rows 2 and 4"]);
}

#[test]
fn broken_rows_are_listed_and_do_not_end_the_file() {
    let country = Country::new(200, "parquet");
    let run = clean_subjects(&country, "some.csv", "unique_id,full_name,dob\nA1,Nguyễn Văn An,1984-05-03\n,Không Mã,1990-01-02\nA3,Lê Văn Cư,1990-01-02,x,y\nA4,Trần Thị Bé,1984-05-03\n".as_bytes());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let rejects =
        fs::read_to_string(country.path("out/rejects/subjects.csv")).expect("the reject list");
    assert_eq!(rejects.lines().count(), 3, "{rejects}");
    let summary: serde_json::Value = serde_json::from_str(
        &fs::read_to_string(country.path("out/summary.json")).expect("summary"),
    )
    .expect("JSON");
    assert_eq!(summary["funnel"]["read"], 4);
    assert_eq!(summary["funnel"]["accepted"], 2);
    assert_eq!(summary["funnel"]["rejected"], 2);
}

#[test]
fn a_row_of_a_list_that_cannot_be_used_is_rejected_and_the_job_goes_on() {
    let country = Country::new(300, "csv");
    let facilities = country.data("facilities", "csv");
    let text = fs::read_to_string(&facilities).expect("facilities");
    let first = text.lines().nth(1).expect("a facility").to_owned();
    fs::write(&facilities, format!("{text}{first}\n")).expect("facilities");
    let run = country.clean("out", "csv", &["--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let rejects =
        fs::read_to_string(country.path("out/rejects/facilities.csv")).expect("the reject list");
    assert!(
        rejects.contains("UNUSABLE") && rejects.contains("twice"),
        "{rejects}"
    );
    let summary: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let input = summary["inputs"]
        .as_array()
        .and_then(|inputs| inputs.iter().find(|input| input["role"] == "facilities"));
    assert_eq!(input.expect("facilities")["rejected"], 1);
}

#[test]
fn a_register_older_than_the_records_is_refused_unless_allowed() {
    let country = Country::new(200, "parquet");
    let (subjects, register) = (
        country.data("subjects", "parquet"),
        country.data("register", "parquet"),
    );
    let run = clean(
        &country,
        &subjects,
        &register,
        &["--register-as-of", "2020-01-01"],
    );
    assert_refused(&country, &run, &["2020-01-01", "--allow-old-register"]);
    let run = clean(
        &country,
        &subjects,
        &register,
        &["--register-as-of", "2020-01-01", "--allow-old-register"],
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn a_folder_of_somebody_else_is_never_touched() {
    let country = Country::new(200, "parquet");
    fs::create_dir(country.path("out")).expect("a folder");
    fs::write(country.path("out/thesis.txt"), "years of work").expect("a file");
    let run = clean(
        &country,
        &country.data("subjects", "parquet"),
        &country.data("register", "parquet"),
        &[],
    );
    assert_refused(&country, &run, &["not empty"]);
    assert!(country.path("out/thesis.txt").exists());
}
