//! Whole jobs on an invented province, against its truth.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::{Array, StringArray};
use calamine::{Data, Reader, Xlsx, open_workbook};
use cleaning::{CleanError, Input, Inputs, Settings, Stage, Summary, Unwatched, Watch};
use intake::{Options, Wanted};
use registry::area::ProvinceCode;
use synth::{DEFAULT_TODAY, Format, Order, Profile, write_folder};

/// A cleaned province.
struct Cleaned {
    folder: tempfile::TempDir,
    summary: Summary,
}

/// The columns of a table, by name; absent cells are empty texts.
fn table(path: &Path) -> HashMap<String, Vec<String>> {
    let mut reader = intake::open(path, Wanted::AsInFile, &Options::default()).expect("a table");
    let mut columns: HashMap<String, Vec<String>> = HashMap::new();
    while let Some(batch) = reader.next_batch().expect("rows") {
        for (field, column) in batch
            .rows
            .schema()
            .fields()
            .iter()
            .zip(batch.rows.columns())
        {
            if let Some(texts) = column.as_any().downcast_ref::<StringArray>() {
                let cells = columns.entry(field.name().clone()).or_default();
                cells.extend((0..texts.len()).map(|row| {
                    if texts.is_valid(row) {
                        texts.value(row).to_owned()
                    } else {
                        String::new()
                    }
                }));
            }
        }
    }
    columns
}

fn inputs(data: &Path) -> Inputs {
    let input = |role: &str| {
        Some(Input {
            path: data.join(format!("{role}.parquet")),
            map: None,
        })
    };
    Inputs {
        subjects: input("subjects"),
        register: input("register"),
        doses: input("doses"),
        facilities: input("facilities"),
        lots: input("lots"),
    }
}

fn settings(out: &Path) -> Settings {
    Settings {
        out: out.to_owned(),
        as_of: DEFAULT_TODAY,
        register_as_of: None,
        allow_old_register: false,
        resume: false,
        keep_work: false,
        rule_overrides: None,
        model: None,
    }
}

fn invent(people: u64, data: &Path) {
    let order = Order {
        people,
        seed: 7,
        profile: Profile::builtin("hard").expect("a profile"),
        provinces: Some(vec![ProvinceCode(19)]),
        today: DEFAULT_TODAY,
    };
    write_folder(&order, data, Format::Parquet, &mut |_, _| true).expect("a province");
}

/// One province for all tests that only look at it.
fn province() -> &'static Cleaned {
    static PROVINCE: OnceLock<Cleaned> = OnceLock::new();
    PROVINCE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        invent(6_000, &data);
        let out = folder.path().join("out");
        let summary =
            cleaning::run(&inputs(&data), &settings(&out), &Unwatched).expect("a cleaned province");
        Cleaned { folder, summary }
    })
}

impl Cleaned {
    fn result(&self, name: &str) -> HashMap<String, Vec<String>> {
        table(&self.folder.path().join("out").join(name))
    }

    fn data(&self, role: &str) -> HashMap<String, Vec<String>> {
        table(&self.folder.path().join(format!("data/{role}.parquet")))
    }

    /// Register row of each subject's person; absent when the register does not hold it.
    fn truth(&self) -> HashMap<String, String> {
        let truth = self.data("truth");
        let pairs = truth["a_id"]
            .iter()
            .cloned()
            .zip(truth["b_id"].iter().cloned());
        pairs.filter(|(_, entry)| !entry.is_empty()).collect()
    }
}

#[test]
fn every_sum_of_the_summary_adds_up() {
    let cleaned = province();
    assert!(cleaned.summary.reconciles());
    assert_eq!(
        cleaned.result("outcome.parquet")["unique_id"].len() as u64,
        cleaned.summary.funnel.accepted
    );
}

#[test]
fn a_verified_record_is_the_person_and_a_certain_suggestion_nearly_always() {
    let cleaned = province();
    let truth = cleaned.truth();
    let outcome = cleaned.result("outcome.parquet");
    let numbers = cleaned.data("register");
    let successor: HashMap<&String, &String> = numbers["unique_id"]
        .iter()
        .zip(&numbers["successor_id"])
        .collect();
    let (mut verified, mut suggested, mut right) = (0_u32, 0_u32, 0_u32);
    for (row, id) in outcome["unique_id"].iter().enumerate() {
        let cell = |name: &str| outcome[name][row].as_str();
        let entry = cell("suggested_register_id");
        let person = truth.get(id).map(String::as_str);
        match cell("status") {
            "TRUE" => {
                verified += 1;
                let is_former = successor
                    .get(&entry.to_owned())
                    .is_some_and(|number| !number.is_empty());
                assert!(
                    person == Some(entry) || is_former || entry.is_empty(),
                    "{id} is not {entry}"
                );
            }
            "FOREIGNER_EXEMPT" => {}
            _ => {
                let probability: f64 = cell("probability").parse().unwrap_or(0.0);
                if probability >= 0.99 && cell("veto").is_empty() && cell("tie") == "false" {
                    suggested += 1;
                    right += u32::from(person == Some(entry));
                }
            }
        }
    }
    assert!(
        verified > 1_000 && suggested > 500,
        "{verified} verified, {suggested} suggested"
    );
    let share = f64::from(right) / f64::from(suggested);
    assert!(
        share >= 0.99,
        "{right} of {suggested} certain suggestions are right"
    );
}

#[test]
fn every_open_record_has_a_shape_or_a_reason() {
    let outcome = province().result("outcome.parquet");
    for (row, id) in outcome["unique_id"].iter().enumerate() {
        let cell = |name: &str| outcome[name][row].as_str();
        assert!(!cell("reason_vi").is_empty() && !cell("reason_en").is_empty());
        if cell("status") == "FALSE" {
            assert!(!cell("differing").is_empty(), "{}", id);
            assert!(!cell("shape").is_empty(), "{}: {}", id, cell("reason_en"));
        }
    }
}

#[test]
fn records_of_one_person_are_found_and_others_left_alone() {
    let cleaned = province();
    let truth = cleaned.data("truth");
    let person_of: HashMap<&String, &String> =
        truth["a_id"].iter().zip(&truth["person_id"]).collect();
    let outcome = cleaned.result("outcome.parquet");
    let mut true_sizes: HashMap<&String, u64> = HashMap::new();
    let mut found_sizes: HashMap<&String, u64> = HashMap::new();
    let mut both: HashMap<(&String, &String), u64> = HashMap::new();
    for (id, cluster) in outcome["unique_id"].iter().zip(&outcome["person"]) {
        let person = person_of[id];
        *true_sizes.entry(person).or_default() += 1;
        *found_sizes.entry(cluster).or_default() += 1;
        *both.entry((person, cluster)).or_default() += 1;
    }
    let pairs = |sizes: &mut dyn Iterator<Item = &u64>| {
        sizes.map(|size| size * (size - 1) / 2).sum::<u64>() as f64
    };
    let right = pairs(&mut both.values());
    let precision = right / pairs(&mut found_sizes.values());
    let recall = right / pairs(&mut true_sizes.values());
    assert!(precision >= 0.99, "precision of pairs {precision}");
    assert!(recall >= 0.9, "recall of pairs {recall}");
}

#[test]
fn duplicate_doses_are_found() {
    let cleaned = province();
    let truth = cleaned.data("truth_doses");
    let doses = cleaned.result("doses.parquet");
    let copies: Vec<(&String, &String)> = truth["dose_id"]
        .iter()
        .zip(&truth["duplicate_of"])
        .filter(|(_, original)| !original.is_empty())
        .collect();
    let marked: HashSet<&String> = doses["dose_id"]
        .iter()
        .zip(&doses["duplicate_rule"])
        .filter(|(_, rule)| !rule.is_empty())
        .map(|(dose, _)| dose)
        .collect();
    // Which of the two is kept depends on what else is wrong with them.
    let found = copies
        .iter()
        .filter(|(copy, original)| marked.contains(copy) || marked.contains(original))
        .count();
    let recall = found as f64 / copies.len() as f64;
    assert!(copies.len() > 50, "{} copies", copies.len());
    assert!(recall >= 0.9, "{found} of {} copies found", copies.len());
}

#[test]
fn the_lists_hold_every_open_record_once() {
    let cleaned = province();
    let outcome = cleaned.result("outcome.parquet");
    let mut open: Vec<&str> = outcome["unique_id"]
        .iter()
        .zip(&outcome["category"])
        .filter(|(_, category)| !category.is_empty())
        .map(|(id, _)| id.as_str())
        .collect();
    open.sort_unstable();
    let mut listed = Vec::new();
    let lists = cleaned.folder.path().join("out/worklists");
    for province in std::fs::read_dir(&lists).expect("lists") {
        let province = province.expect("a folder").path();
        if province.ends_with("facilities") {
            continue;
        }
        for list in std::fs::read_dir(province).expect("lists") {
            listed.extend(record_ids(&list.expect("a list").path()));
        }
    }
    listed.sort_unstable();
    assert_eq!(listed, open);
}

/// Ids in the second column, below its heading.
fn record_ids(path: &Path) -> Vec<String> {
    let mut book: Xlsx<_> = open_workbook(path).expect("a workbook");
    let name = book.sheet_names().first().expect("a sheet").clone();
    let range = book.worksheet_range(&name).expect("cells");
    let second = |row: &[Data]| row.get(1).map(ToString::to_string).unwrap_or_default();
    let below = range
        .rows()
        .skip_while(|row| second(row) != "Mã bản ghi")
        .skip(1);
    below.map(second).filter(|id| !id.is_empty()).collect()
}

#[test]
fn the_report_shows_no_whole_number() {
    let cleaned = province();
    let page =
        std::fs::read_to_string(cleaned.folder.path().join("out/report.html")).expect("a report");
    let subjects = cleaned.data("subjects");
    let held: HashSet<&str> = ["id_number", "phone", "full_name"]
        .iter()
        .flat_map(|column| subjects[*column].iter())
        .map(String::as_str)
        .filter(|text| text.len() >= 9)
        .collect();
    let shown: Vec<&&str> = held.iter().filter(|text| page.contains(**text)).collect();
    assert!(
        shown.is_empty(),
        "{} values of records stand in the report",
        shown.len()
    );
}

#[test]
fn the_rules_run_without_a_register() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    invent(800, &data);
    let inputs = Inputs {
        register: None,
        ..inputs(&data)
    };
    let findings = folder.path().join("findings.csv");
    let checked = cleaning::check(
        &inputs,
        &settings(&folder.path().join("work")),
        &findings,
        &Unwatched,
    )
    .expect("findings");
    let rows = table(&findings);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for rule in &rows["rule"] {
        *counts.entry(rule).or_default() += 1;
    }
    let told: BTreeMap<&str, u64> = checked
        .findings
        .iter()
        .map(|(id, count)| (id.as_str(), *count))
        .collect();
    assert_eq!(counts, told);
    assert!(counts.len() > 15, "{counts:?}");
}

/// Asks to stop in the middle of a stage.
struct Impatient {
    stage: Stage,
    begun: AtomicU64,
}

impl Watch for Impatient {
    fn begin(&self, stage: Stage, _total: u64, _unit: &'static str) {
        if stage == self.stage {
            self.begun.store(1, Ordering::SeqCst);
        }
    }
    fn advance(&self, _units: u64) {}
    fn end(&self, _stage: Stage, _reused: bool) {}
    fn stop_requested(&self) -> bool {
        self.begun.load(Ordering::SeqCst) > 0
    }
}

#[test]
fn a_stopped_job_leaves_nothing_half_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    invent(800, &data);
    for stage in [
        Stage::Read,
        Stage::Check,
        Stage::Outcome,
        Stage::Doses,
        Stage::Worklists,
    ] {
        let out = folder.path().join(stage.name());
        let watch = Impatient {
            stage,
            begun: AtomicU64::new(0),
        };
        let stopped = cleaning::run(&inputs(&data), &settings(&out), &watch);
        assert!(matches!(stopped, Err(CleanError::Stopped)), "{stage:?}");
        assert!(!out.join("report.html").exists() && !out.join("worklists").exists());
        let left = std::fs::read_dir(&out).expect("the folder");
        for entry in left.map(|entry| entry.expect("an entry").file_name()) {
            assert!(
                !entry.to_string_lossy().ends_with(".partial"),
                "{stage:?} left {}",
                entry.to_string_lossy()
            );
        }
    }
}
