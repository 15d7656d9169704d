//! Certificates for a whole file, signed by a key in a token: one that goes away in the middle, and one that is given a wrong PIN.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::keys::{Office, PIN};
use crate::passport::table;
use crate::tool::{Country, Run};

/// An issuer of the country's profile of 2022, with its keys in a token. RSA, since it signs slowly enough to be caught in the middle.
struct Bureau {
    office: Office,
    /// The signer's.
    key: String,
    country: Country,
}

impl Bureau {
    fn new(people: u32) -> Self {
        let office = Office::with_a_token();
        office.set_up("ps256");
        Self {
            key: office.key_in_token("dsc"),
            country: Country::new(people, "csv"),
            office,
        }
    }

    fn issuing(&self, more: &[&str], pin: &str) -> Child {
        let data = |role| self.country.data(role, "csv").display().to_string();
        let (subjects, doses) = (data("subjects"), data("doses"));
        let words = [
            "passport",
            "issue",
            "--subjects",
            &subjects,
            "--doses",
            &doses,
        ];
        Command::new(env!("CARGO_BIN_EXE_minhchung"))
            .args(words)
            .args([
                "--profile",
                "vn-2022",
                "--key",
                &self.key,
                "--cert",
                "dsc.pem",
            ])
            .args(["--out", "issued", "--threads", "2", "--json", "--quiet"])
            .args(more)
            .current_dir(self.office.path(""))
            .env("SOFTHSM2_CONF", self.office.path("softhsm2.conf"))
            .env("MINHCHUNG_PIN", pin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts")
    }

    fn issue(&self, more: &[&str], pin: &str) -> Run {
        ended(self.issuing(more, pin))
    }

    /// Identifiers by subject in the journal of a run that broke off.
    fn signed(&self) -> HashSet<(String, String)> {
        let journal = fs::read_to_string(self.office.path("issued/certificates.journal"));
        let journal = journal.expect("a journal");
        let rows = journal.lines().filter_map(|line| {
            let mut cells = line.split(',').map(str::to_owned);
            Some((cells.next()?, cells.next()?))
        });
        rows.collect()
    }
}

fn ended(child: Child) -> Run {
    let output = child.wait_with_output().expect("it ends");
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

#[test]
fn a_token_that_goes_away_stops_the_run_and_the_next_one_gives_nobody_a_second_identifier() {
    let bureau = Bureau::new(8_000);
    let journal = bureau.office.path("issued/certificates.journal");
    let child = bureau.issuing(&[], PIN);
    while fs::metadata(&journal).map_or(0, |found| found.len()) == 0 {
        sleep(Duration::from_millis(1));
    }
    let (tokens, away) = (bureau.office.path("tokens"), bureau.office.path("away"));
    fs::rename(&tokens, &away).expect("the token is pulled out");
    fs::create_dir(&tokens).expect("an empty slot");
    let run = ended(child);
    assert_eq!(run.code, 2, "{} {}", run.stdout, run.stderr);
    for said in ["the token is gone", "--resume"] {
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    let signed = bureau.signed();
    assert!(!signed.is_empty());

    // It is still away, then back.
    let run = bureau.issue(&["--resume"], PIN);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("no token"), "{}", run.stderr);
    fs::remove_dir_all(&tokens).expect("the slot is free");
    fs::rename(&away, &tokens).expect("the token is put back");
    let run = bureau.issue(&["--resume"], PIN);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let told: Value = serde_json::from_str(&run.stdout).expect("one JSON object");
    assert_eq!(told["issued_earlier"], signed.len());

    let rows = table(&bureau.office.path("issued/certificates.parquet"));
    assert_eq!(told["issued"], rows.len());
    assert!(rows.len() > signed.len());
    let given: HashSet<_> = rows
        .iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    assert!(given.is_superset(&signed));
    for column in 0..2 {
        let values: HashSet<_> = rows.iter().map(|row| &row[column]).collect();
        assert_eq!(values.len(), rows.len());
    }
    let words = ["passport", "verify", &rows[0][2], "--signer", "dsc.pem"];
    let run = bureau.office.run_with(&words, "", "");
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[test]
fn a_wrong_pin_is_tried_once_and_leaves_the_token_usable_and_nothing_issued() {
    let bureau = Bureau::new(300);
    for _ in 0..3 {
        let run = bureau.issue(&[], "314159");
        assert_eq!(run.code, 2);
        for said in ["PIN is wrong and was not tried again", "fewer tries"] {
            assert!(run.stderr.contains(said), "{}", run.stderr);
        }
        assert!(!Path::new(&bureau.office.path("issued")).exists());
    }
    let run = bureau.issue(&[], PIN);
    assert_eq!(run.code, 0, "{}", run.stderr);
}
