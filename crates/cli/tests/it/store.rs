//! Cleaned records go into both stores: every row accounted for, the same file twice changes nothing, and the log tells of every change.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::tool::{Country, Run, minhchung};

/// Where the tests find a PostgreSQL server.
const VARIABLE: &str = "MINHCHUNG_TEST_POSTGRES";

/// A new database on the tests' server.
pub fn database(name: &str) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test command says where its server is"
    )]
    let server = std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!("this test needs a PostgreSQL server: run `cargo xtask test`, or set {VARIABLE} to one's address")
    });
    let name = format!("cli_{name}_{}", std::process::id());
    sql(&server, &format!("CREATE DATABASE {name}"));
    let (before, after) = server
        .split_once("/postgres?")
        .expect("an address with /postgres?");
    format!("{before}/{name}?{after}")
}

fn sql(url: &str, statement: &str) {
    let done = Command::new("psql")
        .args(["--quiet", "--command", statement, url])
        .output()
        .expect("psql starts");
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// Imports a file of subjects of a country.
fn import(country: &Country, store: &str, records: &Path, more: &[&str]) -> Run {
    let path = |path: std::path::PathBuf| path.display().to_string();
    let mut words = vec![
        "import".to_owned(),
        "--json".into(),
        "--store".into(),
        store.to_owned(),
    ];
    words.extend(["--records".to_owned(), records.display().to_string()]);
    words.extend(["--doses".to_owned(), path(country.data("doses", "csv"))]);
    words.extend([
        "--facilities".to_owned(),
        path(country.data("facilities", "csv")),
    ]);
    words.extend(["--cleaned".to_owned(), path(country.path("result"))]);
    words.extend(more.iter().map(|word| (*word).to_owned()));
    minhchung(&words)
}

fn tally(run: &Run) -> Value {
    assert_eq!(run.code, 0, "{}", run.stderr);
    let tally: Value = serde_json::from_str(&run.stdout).expect("one JSON object");
    assert_eq!(tally["reconciles"], true, "{tally}");
    tally
}

fn number(tally: &Value, field: &str) -> u64 {
    tally[field].as_u64().expect("a count")
}

/// The file with the phones of some rows changed, and the file with the ids of all rows moved down by one.
fn variants(country: &Country) -> (std::path::PathBuf, std::path::PathBuf) {
    let text = fs::read_to_string(country.data("subjects", "csv")).expect("a file");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headings = reader.headers().expect("headings").clone();
    let phone = headings
        .iter()
        .position(|heading| heading == "phone")
        .expect("phones");
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("rows");
    let write = |name: &str, change: &dyn Fn(usize, usize, &str) -> String| {
        let path = country.path(name);
        let mut writer = csv::Writer::from_path(&path).expect("a file");
        writer.write_record(&headings).expect("writes");
        for (row, record) in rows.iter().enumerate() {
            let cells = record
                .iter()
                .enumerate()
                .map(|(column, cell)| change(row, column, cell));
            writer.write_record(cells).expect("writes");
        }
        writer.flush().expect("writes");
        path
    };
    let changed = write("changed.csv", &|row, column, cell| {
        if column == phone && row < 7 {
            format!("09010000{row:02}")
        } else {
            cell.to_owned()
        }
    });
    let shifted = write("shifted.csv", &|row, column, cell| {
        let id = |row: usize| rows[row % rows.len()][0].to_owned();
        if column == 0 {
            id(row + 1)
        } else {
            cell.to_owned()
        }
    });
    (changed, shifted)
}

fn goes_in(country: &Country, store: &str, alter: impl Fn(&str)) {
    let records = country.data("subjects", "csv");
    let preview = tally(&import(country, store, &records, &["--preview"]));
    let first = tally(&import(country, store, &records, &[]));
    assert_eq!(number(&preview, "new"), number(&first, "new"));
    assert!(
        number(&first, "new") > 250 && number(&first, "doses") > 300,
        "{first}"
    );
    let again = tally(&import(country, store, &records, &[]));
    assert_eq!(
        (number(&again, "new"), number(&again, "updated")),
        (0, 0),
        "{again}"
    );
    assert_eq!(number(&again, "unchanged"), number(&first, "new"));

    let (changed, shifted) = variants(country);
    let update = tally(&import(country, store, &changed, &[]));
    assert_eq!(number(&update, "updated"), 7, "{update}");
    let refused = import(country, store, &shifted, &[]);
    assert_eq!(refused.code, 2, "{}", refused.stdout);
    assert!(refused.stderr.contains("shifted"), "{}", refused.stderr);

    is_reviewed(country, store);
    is_watched(country, store, alter);
}

/// Of a preview that was looked through, the lines that were left are written; a row whose record changed since comes back.
fn is_reviewed(country: &Country, store: &str) {
    let records = country.data("subjects", "csv");
    let file = country.path(&format!("preview-{}.jsonl", store.len()));
    let path = file.display().to_string();
    let preview = tally(&import(country, store, &records, &["--preview", &path]));
    assert_eq!(number(&preview, "updated"), 7, "{preview}");
    let text = fs::read_to_string(&file).expect("a preview");
    assert!(
        !text.contains("full_name"),
        "a preview holds no personal data"
    );
    let mut updates = 0;
    let left = text.lines().filter(|line| {
        updates += u32::from(line.contains(r#""would":"update""#));
        updates != 3 || !line.contains("update")
    });
    let left: String = left.flat_map(|line| [line, "\n"]).collect();
    fs::write(&file, left).expect("writes");
    let rejects = country.path("reviewed.csv").display().to_string();
    let reviewed = ["--reviewed", &path, "--rejects", &rejects];
    let done = tally(&import(country, store, &records, &reviewed));
    assert_eq!(
        (number(&done, "updated"), number(&done, "rejected")),
        (6, 1),
        "{done}"
    );
    let again = tally(&import(country, store, &records, &reviewed));
    assert_eq!(
        (number(&again, "updated"), number(&again, "rejected")),
        (0, 7),
        "{again}"
    );
    let rejected = fs::read_to_string(&rejects).expect("rejects");
    assert_eq!(rejected.matches("import.changed_since_preview").count(), 6);
    assert_eq!(rejected.matches("import.not_reviewed").count(), 1);
}

/// The log says yes until somebody changes an event behind its back.
fn is_watched(country: &Country, store: &str, alter: impl Fn(&str)) {
    let key = country
        .path(&format!("log-{}.key", store.len()))
        .display()
        .to_string();
    let made = minhchung(&["ledger", "key", "--name", "example.vn/log", "--out", &key]);
    let public = made.stdout.trim().to_owned();
    let verify = |more: &[&str]| {
        let words = [
            "ledger",
            "verify",
            "--json",
            "--store",
            store,
            "--log-key",
            &public,
        ];
        minhchung(&[&words[..], more].concat())
    };
    assert_eq!(verify(&[]).code, 2, "there is nothing to check against yet");
    let signed = minhchung(&["ledger", "checkpoint", "--store", store, "--key", &key]);
    assert_eq!(signed.code, 0, "{}", signed.stderr);
    let kept = country.path("checkpoint.txt");
    fs::write(&kept, &signed.stdout).expect("writes");
    let kept = kept.display().to_string();
    assert_eq!(verify(&["--checkpoint", &kept]).code, 0);
    alter("UPDATE event SET at = at + 1 WHERE position = 11");
    let found = verify(&["--checkpoint", &kept]);
    assert_eq!(found.code, 1, "{}", found.stderr);
    let found: Value = serde_json::from_str(&found.stdout).expect("one JSON object");
    assert_eq!(
        (&found["verdict"], &found["first"]),
        (&"entry_differs".into(), &11.into())
    );
    alter("UPDATE event SET at = at - 1 WHERE position = 11");
    alter("DELETE FROM event WHERE position >= 400");
    assert_eq!(verify(&[]).code, 1);
}

#[test]
fn cleaned_records_go_into_both_stores_and_the_log_tells_of_every_change() {
    let country = Country::new(300, "csv");
    let cleaned = country.clean("result", "csv", &[]);
    assert_eq!(cleaned.code, 0, "{}", cleaned.stderr);
    let file = country.path("records.db");
    goes_in(
        &country,
        &format!("sqlite:{}", file.display()),
        |statement| {
            let done = Command::new("sqlite3")
                .arg(&file)
                .arg(statement)
                .output()
                .expect("sqlite3 starts");
            assert!(
                done.status.success(),
                "{}",
                String::from_utf8_lossy(&done.stderr)
            );
        },
    );
    let database = database("import");
    goes_in(&country, &database, |statement| sql(&database, statement));
}

fn undo(store: &str, import: &str, more: &[&str]) -> Run {
    let words = ["undo-import", import, "--store", store, "--json"];
    minhchung(&[&words[..], more].concat())
}

/// The second of two imports holds seven rows of the first, until it is undone itself.
fn is_undone(country: &Country, store: &str) {
    let records = country.data("subjects", "csv");
    let first = tally(&import(country, store, &records, &[]));
    let (changed, _) = variants(country);
    let second = tally(&import(country, store, &changed, &[]));
    let ids = [&first, &second].map(|tally| tally["import"].as_str().expect("an id").to_owned());
    let [first_id, second_id] = &ids;
    let all = number(&first, "new");
    let file = country.path(&format!("touched-{}.csv", store.len()));
    let path = file.display().to_string();

    let run = undo(store, first_id, &["--touched", &path, "--why", "nhầm tệp"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let done: Value = serde_json::from_str(&run.stdout).expect("one JSON object");
    assert_eq!(
        (number(&done, "taken_back"), number(&done, "touched")),
        (all - 7, 7),
        "{done}"
    );
    let touched = fs::read_to_string(&file).expect("the rows that were touched");
    assert_eq!(touched.lines().count(), 8, "{touched}");
    assert_eq!(
        touched.matches("system import").count(),
        7,
        "the second import holds them: {touched}"
    );
    let run = undo(store, second_id, &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let done: Value = serde_json::from_str(&run.stdout).expect("one JSON object");
    assert_eq!(number(&done, "restored"), 7, "{done}");

    let run = minhchung(&["undo-import", first_id, "--store", store]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let numbers: Vec<&str> = run
        .stdout
        .lines()
        .filter_map(|line| {
            line.split_whitespace()
                .find(|word| word.parse::<u64>().is_ok())
        })
        .collect();
    let already = (all - 7).to_string();
    assert_eq!(
        numbers[..4],
        ["0", "7", &already, "0"],
        "restored, taken back, already, touched: {}",
        run.stdout
    );

    let again = tally(&import(country, store, &records, &[]));
    assert_eq!(number(&again, "new"), all, "as if it had never been there");
    assert_eq!(number(&again, "new_facilities"), 0, "facilities stay");
    for unknown in ["import/20220419T050000-00", "subject/1"] {
        let run = undo(store, unknown, &[]);
        assert_eq!(run.code, 2, "{}", run.stdout);
        assert!(run.stderr.contains(unknown), "{}", run.stderr);
    }
}

#[test]
fn an_import_is_undone_by_the_id_that_it_printed() {
    let country = Country::new(60, "csv");
    let cleaned = country.clean("result", "csv", &[]);
    assert_eq!(cleaned.code, 0, "{}", cleaned.stderr);
    let file = country.path("records.db").display().to_string();
    is_undone(&country, &format!("sqlite:{file}"));
    is_undone(&country, &database("undo"));
}

#[test]
fn a_store_that_is_none_is_named_without_its_password() {
    let run = minhchung(&["migrate", "--store", "mysql://clerk:secret@db/records"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("mysql://clerk:***@db/records"),
        "{}",
        run.stderr
    );
    let run = minhchung(&["migrate"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("--store"), "{}", run.stderr);
}
