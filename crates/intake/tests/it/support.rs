//! Files in memory, read as subjects, and their columns as plain vectors.

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use intake::{All, FieldSpec, IntakeError, Options, Reject, Wanted, fields_of, open_bytes};
use registry::fields::SubjectField;

/// The fields of subjects, of which an id and a name are required.
pub(crate) fn subject_fields() -> Vec<FieldSpec> {
    fields_of(&[SubjectField::UniqueId, SubjectField::FullName])
}

/// Reads bytes as a file of subjects.
pub(crate) fn subjects(bytes: impl Into<Vec<u8>>) -> All {
    try_subjects(bytes, &Options::default()).unwrap()
}

/// As [`subjects`], with options, and errors handed back.
pub(crate) fn try_subjects(
    bytes: impl Into<Vec<u8>>,
    options: &Options,
) -> Result<All, IntakeError> {
    open_bytes(
        "file",
        bytes.into(),
        Wanted::Fields(&subject_fields()),
        options,
    )?
    .into_all()
}

/// Why a file of subjects can't be read.
pub(crate) fn refusal(bytes: impl Into<Vec<u8>>) -> IntakeError {
    try_subjects(bytes, &Options::default()).unwrap_err()
}

/// The texts of a column, "" for null.
pub(crate) fn column(all: &All, field: &str) -> Vec<String> {
    let arrays = all
        .batches
        .iter()
        .map(|batch| batch.column_by_name(field).unwrap().as_string::<i32>());
    arrays
        .flat_map(|array| array.iter().map(|text| text.unwrap_or_default().to_owned()))
        .collect()
}

/// The row numbers of accepted rows.
pub(crate) fn rows(all: &All) -> Vec<u64> {
    let arrays = all
        .batches
        .iter()
        .map(|batch| batch.columns().last().unwrap().as_primitive::<UInt64Type>());
    arrays.flat_map(|array| array.values().to_vec()).collect()
}

/// Row numbers and reason codes of rejected rows.
pub(crate) fn rejected(all: &All) -> Vec<(u64, &'static str)> {
    all.rejects
        .iter()
        .map(|Reject { row, reason, .. }| (*row, reason.code()))
        .collect()
}

/// Every row that was read is accounted for.
pub(crate) fn assert_adds_up(all: &All) {
    assert_eq!(all.counts.read, all.counts.accepted + all.counts.rejected);
    assert_eq!(all.counts.accepted, rows(all).len() as u64);
    assert_eq!(all.counts.rejected, all.rejects.len() as u64);
}
