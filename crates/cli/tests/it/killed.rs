//! An import that is killed, again and again, ends as one that nobody disturbed: the same records, tasks, counts, keys and ledger.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::store::database;
use crate::tool::{Country, minhchung};

/// Enough for several batches.
const PEOPLE: u32 = 12_000;

/// Enough for the import to take indexes away first, and to make them at its end.
const MANY_PEOPLE: u32 = 52_500;

/// Milliseconds that an import lives on after its next batch was seen. 0: it dies at once.
const LIVES: [u64; 5] = [0, 700, 150, 1_900, 350];

/// What every table must hold alike. Left out is what differs between any two imports: moments, salts, running numbers, places; and the
/// notes by which each import says what it wrote, which are looked at by themselves.
const TABLES: [(&str, &str); 6] = [
    (
        "record",
        "SELECT kind || ' ' || id || ' ' || revision || ' ' || state FROM record",
    ),
    (
        "event",
        "SELECT kind || ' ' || id || ' ' || revision || ' ' || ordinal || ' ' || body FROM event WHERE kind <> 'note'",
    ),
    (
        "task",
        "SELECT queue || ' ' || desk || ' ' || kind || ' ' || id || ' ' || province || ' ' || district || ' ' || commune || ' ' || state || \
         ' ' || open || ' ' || due FROM task",
    ),
    (
        "task_count",
        "SELECT queue || ' ' || desk || ' ' || province || ' ' || district || ' ' || commune || ' ' || state || ' ' || open || ' ' || n \
         FROM task_count WHERE n <> 0",
    ),
    (
        "lookup",
        "SELECT kind || ' ' || id || ' ' || key FROM lookup",
    ),
    (
        "reminder",
        "SELECT kind || ' ' || id || ' ' || what FROM reminder",
    ),
];

/// The indexes that the store was left with.
const INDEXES: [&str; 2] = [
    "SELECT name FROM sqlite_master WHERE type = 'index'",
    "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
];

#[test]
fn a_killed_import_goes_on_and_ends_as_an_undisturbed_one_on_sqlite() {
    on_sqlite(PEOPLE);
}

#[test]
fn a_killed_import_goes_on_and_ends_as_an_undisturbed_one_on_postgresql() {
    on_postgresql(PEOPLE, "few");
}

#[test]
#[ignore = "takes minutes: a test of a night"]
fn a_load_that_is_killed_goes_on_and_leaves_the_indexes_that_it_found_on_sqlite() {
    on_sqlite(MANY_PEOPLE);
}

#[test]
#[ignore = "takes minutes: a test of a night"]
fn a_load_that_is_killed_goes_on_and_leaves_the_indexes_that_it_found_on_postgresql() {
    on_postgresql(MANY_PEOPLE, "many");
}

fn on_sqlite(people: u32) {
    let country = cleaned(people);
    let store = |name: &str| format!("sqlite:{}", country.path(name).display());
    dies_and_goes_on(&country, &store("undisturbed.db"), &store("killed.db"));
}

fn on_postgresql(people: u32, name: &str) {
    let country = cleaned(people);
    let store = |what: &str| database(&format!("{what}_{name}"));
    dies_and_goes_on(&country, &store("undisturbed"), &store("killed"));
}

fn cleaned(people: u32) -> Country {
    let country = Country::new(people, "parquet");
    let run = country.clean("result", "parquet", &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    country
}

fn dies_and_goes_on(country: &Country, undisturbed: &str, killed: &str) {
    let whole = finish(country, undisturbed);
    let mut there = Vec::new();
    for lives in LIVES {
        let before = subjects(killed);
        let mut import = start(country, killed);
        while subjects(killed) == before && import.try_wait().expect("waits").is_none() {
            sleep(Duration::from_millis(5));
        }
        sleep(Duration::from_millis(lives));
        import.kill().expect("kills");
        import.wait().expect("ends");
        there.push(subjects(killed));
    }
    let last = finish(country, killed);
    let number = |tally: &Value, name: &str| tally[name].as_u64().expect("a count");
    let known = there.last().copied().unwrap_or_default();
    assert_eq!(number(&last, "unchanged"), known, "{there:?} {last}");
    assert_eq!(
        number(&last, "new") + known,
        number(&whole, "new"),
        "{there:?} {last}"
    );
    for name in ["rows", "duplicate", "rejected", "updated", "orphan_doses"] {
        assert_eq!(number(&last, name), number(&whole, name), "{name}");
    }
    for (table, sql) in TABLES {
        assert_same(table, &rows(undisturbed, sql), &rows(killed, sql));
    }
    let indexes = INDEXES[usize::from(killed.starts_with("postgres"))];
    assert_same("indexes", &ask(undisturbed, indexes), &ask(killed, indexes));
    assert_same("notes", &written(undisturbed), &written(killed));
    assert_eq!(
        checked_ledger(country, undisturbed, "undisturbed"),
        checked_ledger(country, killed, "killed"),
        "entries of the ledgers besides notes"
    );
}

fn words(country: &Country, store: &str) -> Vec<String> {
    let mut words = ["import", "--json", "--store", store]
        .map(str::to_owned)
        .to_vec();
    let files = [
        ("--records", country.data("subjects", "parquet")),
        ("--doses", country.data("doses", "parquet")),
        ("--facilities", country.data("facilities", "parquet")),
        ("--cleaned", country.path("result")),
    ];
    for (option, path) in files {
        words.push(option.to_owned());
        words.push(path.display().to_string());
    }
    words
}

fn start(country: &Country, store: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_minhchung"))
        .args(words(country, store))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts")
}

/// Imports to the end; what it says of its rows.
fn finish(country: &Country, store: &str) -> Value {
    let run = minhchung(&words(country, store));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let tally: Value = serde_json::from_str(&run.stdout).expect("one JSON object");
    assert_eq!(tally["reconciles"], true, "{tally}");
    tally
}

/// How many subjects are there; none before there are tables.
fn subjects(store: &str) -> u64 {
    let counted = try_to_ask(store, "SELECT COUNT(*) FROM record WHERE kind = 'subject'");
    counted
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0)
}

/// What a statement gives, asked behind the store's back; `None` when it can't be asked.
fn try_to_ask(store: &str, sql: &str) -> Option<String> {
    let output = match store.strip_prefix("sqlite:") {
        // A file that is not there yet must not be made by whoever only looks.
        Some(file) => {
            Path::new(file).exists().then_some(())?;
            Command::new("sqlite3")
                .args(["-cmd", ".timeout 10000", file, sql])
                .output()
        }
        None => Command::new("psql")
            .args([
                "--no-psqlrc",
                "--tuples-only",
                "--no-align",
                "--command",
                sql,
                store,
            ])
            .output(),
    };
    let output = output.expect("the database's own program starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    output.status.success().then_some(text)
}

/// Lines that a statement gives, in order.
fn ask(store: &str, sql: &str) -> Vec<String> {
    let text = try_to_ask(store, sql).unwrap_or_else(|| panic!("{store} does not answer {sql}"));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The records that imports say they wrote, with their revisions: so each of them can be undone.
fn written(store: &str) -> Vec<String> {
    let notes = ask(store, "SELECT body FROM event WHERE kind = 'note'");
    let notes = notes.iter().map(|body| serde_json::from_str::<Value>(body));
    let mut records = Vec::new();
    for note in notes {
        let note = note.expect("JSON");
        let wrote = note["records"].as_array().into_iter().flatten();
        records.extend(wrote.map(Value::to_string));
    }
    records
}

/// The same without moments and the names of imports, which no two imports share.
fn rows(store: &str, sql: &str) -> Vec<String> {
    let timeless = |line: String| match line.split_once('{') {
        Some((columns, json)) => {
            let mut value: Value = serde_json::from_str(&format!("{{{json}")).expect("JSON");
            forget_moments(&mut value);
            format!("{columns}{value}")
        }
        None => line,
    };
    ask(store, sql).into_iter().map(timeless).collect()
}

fn forget_moments(value: &mut Value) {
    match value {
        Value::String(text) => {
            if text.parse::<jiff::Timestamp>().is_ok() {
                "a moment".clone_into(text);
            } else if text.starts_with("import/") {
                "an import".clone_into(text);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(forget_moments),
        Value::Object(fields) => fields.values_mut().for_each(forget_moments),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Names the first rows that only one of the stores has: nobody wants to read fifty thousand.
fn assert_same(table: &str, undisturbed: &[String], killed: &[String]) {
    let mut times: BTreeMap<&str, i64> = BTreeMap::new();
    for row in undisturbed {
        *times.entry(row).or_default() += 1;
    }
    for row in killed {
        *times.entry(row).or_default() -= 1;
    }
    let differing: Vec<_> = times.into_iter().filter(|(_, times)| *times != 0).collect();
    let first: Vec<_> = differing.iter().take(3).collect();
    assert!(
        differing.is_empty(),
        "{} rows of {table} differ (+ the undisturbed import has more, - the killed one): {first:?}",
        differing.len()
    );
    assert!(
        !undisturbed.is_empty() || table == "reminder",
        "{table} is empty"
    );
}

/// Signs the ledger, has it checked, and says how many entries it has that are no notes.
fn checked_ledger(country: &Country, store: &str, name: &str) -> u64 {
    let key = country.path(&format!("{name}.key")).display().to_string();
    let made = minhchung(&["ledger", "key", "--name", "example.vn/log", "--out", &key]);
    let public = made.stdout.trim();
    let signed = minhchung(&["ledger", "checkpoint", "--store", store, "--key", &key]);
    assert_eq!(signed.code, 0, "{}", signed.stderr);
    let checked = minhchung(&["ledger", "verify", "--store", store, "--log-key", public]);
    assert_eq!(checked.code, 0, "{}{}", checked.stdout, checked.stderr);
    let number = |text: &str| text.trim().parse::<u64>().expect("a number");
    let size = number(signed.stdout.lines().nth(1).expect("a size"));
    size - number(&ask(store, "SELECT COUNT(*) FROM event WHERE kind = 'note'").concat())
}
