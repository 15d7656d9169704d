//! Columns that cannot tell records apart: always missing, or the same value in every row.

use serde::Serialize;

use crate::records::{Column, Records};
use crate::spec::{Part, Spec};

/// Why a column is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Useless {
    /// No row has a value that can be read.
    Empty,
    /// All rows that have a value have the same one.
    OneValue,
}

/// For each column of the spec whether it is of use in these records. Of a single record no column is useless that has a value.
pub fn useless_columns<'a>(
    spec: &'a Spec,
    records: &Records,
) -> impl Iterator<Item = (&'a str, Option<Useless>)> {
    let rows = records.len() as u32;
    let judged: Vec<Option<Useless>> = records
        .columns
        .iter()
        .map(|column| useless(column, rows))
        .collect();
    let names = spec.fields.iter().map(|field| field.name.as_str());
    names.zip(judged)
}

fn useless(column: &Column, rows: u32) -> Option<Useless> {
    let mut keys = Vec::new();
    let mut first = None;
    for row in 0..rows {
        keys.clear();
        column.keys(Part::Whole, row, &mut keys);
        if let Some(key) = keys.first()
            && *first.get_or_insert(*key) != *key
        {
            return None;
        }
    }
    match first {
        None => Some(Useless::Empty),
        Some(_) => (rows > 1).then_some(Useless::OneValue),
    }
}
