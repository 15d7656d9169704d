//! Reads the published sets of `data/linkage`.

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
