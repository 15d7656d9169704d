//! Reads the published sets of `data/linkage`.

use std::path::{Path, PathBuf};

use linkage::{Records, RecordsBuilder, Spec};

/// A file of the published sets.
pub(crate) fn published(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../data/linkage")
        .join(name)
}

/// Packs a CSV file.
pub(crate) fn load(spec: &Spec, name: &str) -> Records {
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
    let mut records = RecordsBuilder::new(spec);
    for row in reader.records() {
        let row = row.expect("a row");
        let texts: Vec<Option<&str>> = places
            .iter()
            .map(|place| row.get(*place).filter(|text| !text.is_empty()))
            .collect();
        records.push(&texts).expect("the row fits the spec");
    }
    records.finish()
}
