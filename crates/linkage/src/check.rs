//! Columns that cannot tell records apart: always missing, or the same value in every row.

use serde::Serialize;

use crate::records::Records;
use crate::spec::Spec;

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
    let judged: Vec<Option<Useless>> = (0..spec.fields.len())
        .map(|field| useless(records, field))
        .collect();
    let names = spec.fields.iter().map(|field| field.name.as_str());
    names.zip(judged)
}

fn useless(records: &Records, field: usize) -> Option<Useless> {
    let mut present = records.values(field).filter(|value| *value != 0);
    let Some(first) = present.next() else {
        return Some(Useless::Empty);
    };
    (records.len() > 1 && present.all(|value| value == first)).then_some(Useless::OneValue)
}
