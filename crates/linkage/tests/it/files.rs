//! Reads the published sets of `data/linkage`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use linkage::{Records, RecordsBuilder, Spec};

/// A file of the published sets.
pub(crate) fn published(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../data/linkage")
        .join(name)
}

/// A row of a spec's columns.
pub(crate) type Row = Vec<Option<String>>;

/// Reads a CSV file.
pub(crate) fn rows_of(spec: &Spec, name: &str) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(published(name))
        .expect("a published set");
    let headings = reader.headers().expect("headings").clone();
    let places: Vec<usize> = spec
        .columns()
        .iter()
        .map(|column| {
            let place = headings.iter().position(|heading| heading == column.name);
            place.unwrap_or_else(|| panic!("{name} has no column {}", column.name))
        })
        .collect();
    let cells = |row: csv::StringRecord| {
        let cell = |place: &usize| {
            row.get(*place)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        places.iter().map(cell).collect()
    };
    reader
        .records()
        .map(|row| cells(row.expect("a row")))
        .collect()
}

/// Packs rows.
pub(crate) fn packed(spec: &Spec, rows: &[Row]) -> Records {
    let mut records = RecordsBuilder::new(spec);
    for row in rows {
        let cells: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
        records.push(&cells).expect("the row fits the spec");
    }
    records.finish()
}

/// Packs a CSV file.
pub(crate) fn load(spec: &Spec, name: &str) -> Records {
    packed(spec, &rows_of(spec, name))
}

/// Headings and cells of a CSV file; a blank cell is none.
pub(crate) fn cells(name: &str) -> (Vec<String>, Vec<Vec<Option<String>>>) {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(published(name))
        .expect("a published set");
    let headings = reader.headers().expect("headings").clone();
    let text = |cell: &str| (!cell.is_empty()).then(|| cell.to_owned());
    let rows = reader
        .records()
        .map(|row| row.expect("a row").iter().map(text).collect());
    let rows = rows.collect();
    (headings.iter().map(str::to_owned).collect(), rows)
}

/// The person of a record of FEBRL: `rec-7-org` and `rec-7-dup-0` are one.
pub(crate) fn febrl_person(id: &str) -> String {
    id.split('-').nth(1).expect("rec-N-…").to_owned()
}

/// F1 over pairs of records that a cluster brings together.
pub(crate) fn pair_f1(records: &Records, of: &[u32], person: impl Fn(&str) -> String) -> f64 {
    let people: Vec<String> = (0..records.len() as u32)
        .map(|row| person(records.id(row).expect("a row")))
        .collect();
    let pairs = |group: &dyn Fn(usize) -> String| {
        let mut sizes: HashMap<String, u64> = HashMap::new();
        for row in 0..of.len() {
            *sizes.entry(group(row)).or_default() += 1;
        }
        let of_group = |size: &u64| size * (size - 1) / 2;
        sizes.values().map(of_group).sum::<u64>()
    };
    let (true_pairs, found) = (
        pairs(&|row| people[row].clone()),
        pairs(&|row| of[row].to_string()),
    );
    let right = pairs(&|row| format!("{} {}", people[row], of[row]));
    2.0 * right as f64 / (true_pairs + found) as f64
}
