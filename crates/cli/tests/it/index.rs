//! `index`, `link --index` and `lookup`.

use std::fs;
use std::path::Path;

use crate::tool::{Country, Run, minhchung};

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn link(country: &Country, records: &str, more: &[&str], out: &str) -> Run {
    let (records, out) = (text(&country.path(records)), text(&country.path(out)));
    let words = ["link", "--quiet", "--records", &records, "--out", &out];
    minhchung(&[&words[..], more].concat())
}

/// A country with its subjects in `all.csv` and, divided, in `monday.csv` and `tuesday.csv`; a model, and an index made with it.
fn indexed() -> Country {
    let country = Country::new(1_500, "csv");
    let subjects = fs::read_to_string(country.data("subjects", "csv")).expect("subjects");
    let lines: Vec<&str> = subjects.lines().collect();
    let day = |rows: &[&str]| [&lines[..1], rows].concat().join("\n");
    fs::write(country.path("all.csv"), &subjects).expect("written");
    fs::write(country.path("monday.csv"), day(&lines[1..900])).expect("written");
    fs::write(country.path("tuesday.csv"), day(&lines[900..])).expect("written");
    let register = text(&country.data("register", "csv"));
    let model = text(&country.path("model.json"));
    let run = link(
        &country,
        "all.csv",
        &["--register", &register, "--model-out", &model],
        "first.csv",
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    let index = text(&country.path("register.index"));
    let run = minhchung(&[
        "index",
        "--quiet",
        "--register",
        &register,
        "--model",
        &model,
        "--out",
        &index,
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    country
}

#[test]
fn two_days_through_an_index_end_in_the_links_of_one_run() {
    let country = indexed();
    let index = text(&country.path("register.index"));
    let claims = text(&country.path("claims.jsonl"));
    for day in ["monday.csv", "tuesday.csv"] {
        let run = link(
            &country,
            day,
            &["--index", &index, "--claims", &claims],
            "days.csv",
        );
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    let read = |name| fs::read_to_string(country.path(name)).expect("links");
    assert_eq!(read("days.csv"), read("first.csv"));
}

#[test]
fn one_person_is_looked_up_and_nobody_is_found_for_a_stranger() {
    let country = indexed();
    let index = text(&country.path("register.index"));
    let register = fs::read_to_string(country.data("register", "csv")).expect("register");
    let mut rows = csv_rows(&register);
    let headings = rows.remove(0);
    let person: Vec<String> = headings
        .iter()
        .zip(&rows[0])
        .filter(|(heading, _)| ["full_name", "dob", "id_number"].contains(&heading.as_str()))
        .map(|(heading, value)| format!("{heading}={value}"))
        .collect();
    let words: Vec<&str> = person.iter().map(String::as_str).collect();
    let run = minhchung(&[&["lookup", "--json", "--index", &index], &words[..]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stdout.contains(&rows[0][0]) && run.stdout.contains("\"linked\""),
        "{}",
        run.stdout
    );
    let run = minhchung(&[
        "lookup",
        "--index",
        &index,
        "full_name=Xyz Qwerty",
        "dob=1901-01-01",
    ]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    let run = minhchung(&["lookup", "--index", &index, "fullname=An"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr
            .contains("no column 'fullname'; columns: unique_id, full_name"),
        "{}",
        run.stderr
    );
}

#[test]
fn claims_of_another_index_and_files_that_are_none_are_refused() {
    let country = indexed();
    let index = text(&country.path("register.index"));
    let csv = text(&country.path("all.csv"));
    let refused = |more: &[&str], says: &str| {
        let run = link(&country, "monday.csv", more, "days.csv");
        assert_eq!(run.code, 2, "{}", run.stdout);
        assert!(run.stderr.contains(says), "{}", run.stderr);
        assert!(!country.path("days.csv").exists());
    };
    refused(&["--index", &csv], "not an index");
    refused(
        &["--index", &index, "--claims", &csv],
        "line 1 of the claims cannot be read",
    );
    refused(&["--index", &index, "--spec", "febrl4"], "belongs to spec");
}

/// Rows of a CSV file without quoted line breaks.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    text.lines()
        .map(|line| {
            line.split(',')
                .map(|cell| cell.trim_matches('"').to_owned())
                .collect()
        })
        .collect()
}

#[test]
fn a_ceiling_on_memory_changes_no_link_and_one_that_is_too_low_is_said() {
    let country = indexed();
    let register = text(&country.data("register", "csv"));
    let model = text(&country.path("model.json"));
    let within = |memory: &str, out: &str| {
        let words = [
            "--register",
            &register,
            "--model",
            &model,
            "--memory",
            memory,
        ];
        link(&country, "all.csv", &words, out)
    };
    for (memory, out) in [("95MiB", "parts.csv"), ("4GiB", "whole.csv")] {
        let run = within(memory, out);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let read = |name| fs::read_to_string(country.path(name)).expect("links");
        assert_eq!(read(out), read("first.csv"), "{memory}");
    }
    let run = within("1MiB", "none.csv");
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(
        run.stderr
            .contains("too little for the register: give at least"),
        "{}",
        run.stderr
    );
}
