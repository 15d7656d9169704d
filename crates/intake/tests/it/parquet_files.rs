//! Parquet in the types that other programs write.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, Date32Array, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
};
use intake::{IntakeError, Options, Wanted, open_bytes};
use parquet::arrow::ArrowWriter;

use crate::support::{assert_adds_up, column, refusal, rejected, rows, subjects};

pub(crate) fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    );
    let batch = batch.unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn numbers_dates_and_texts_are_read_as_text_in_the_order_wanted() {
    let all = subjects(file(vec![
        (
            "Ngày sinh",
            Arc::new(Date32Array::from(vec![Some(5236), None, Some(0)])),
        ),
        (
            "SĐT",
            Arc::new(Float64Array::from(vec![Some(912_345_678.0), None, None])),
        ),
        (
            "full_name",
            Arc::new(StringArray::from(vec![Some("Nguyễn An"), Some("  "), None])),
        ),
        (
            "unique_id",
            Arc::new(Int64Array::from(vec![Some(7), None, Some(9)])),
        ),
        ("extra", Arc::new(Int64Array::from(vec![1, 2, 3]))),
    ]));
    assert_eq!(column(&all, "unique_id"), ["7", "9"]);
    assert_eq!(column(&all, "full_name"), ["Nguyễn An", ""]);
    assert_eq!(column(&all, "dob"), ["1984-05-03", "1970-01-01"]);
    assert_eq!(column(&all, "phone"), ["912345678", ""]);
    assert_eq!(rejected(&all), [(2, "MISSING_KEY")]);
    assert_eq!(rows(&all), [1, 3]);
    assert_eq!(all.layout.unused, ["extra"]);
    assert_adds_up(&all);
}

#[test]
fn many_rows_arrive_complete_whatever_the_batch() {
    let ids: Vec<String> = (0..30_000).map(|row| row.to_string()).collect();
    let names = vec!["An"; ids.len()];
    let bytes = file(vec![
        ("unique_id", Arc::new(StringArray::from(ids.clone()))),
        ("full_name", Arc::new(StringArray::from(names))),
    ]);
    let options = Options {
        batch_rows: 12_345,
        ..Options::default()
    };
    let all = crate::support::try_subjects(bytes, &options).unwrap();
    assert_eq!(column(&all, "unique_id"), ids);
    assert_eq!(all.batches.len(), 3);
}

#[test]
fn a_column_without_text_is_named_unless_nobody_wants_it() {
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1)])]);
    let bytes = file(vec![
        ("id", Arc::new(Int64Array::from(vec![1]))),
        ("tags", Arc::new(lists)),
    ]);
    let error = open_bytes("a.parquet", bytes, Wanted::AsInFile, &Options::default())
        .unwrap()
        .into_all()
        .unwrap_err();
    assert!(
        matches!(error, IntakeError::ColumnType { ref column, .. } if column == "tags"),
        "{error}"
    );
}

#[test]
fn a_torn_file_is_refused() {
    let whole = file(vec![("unique_id", Arc::new(Int64Array::from(vec![1])))]);
    assert!(matches!(
        refusal(&whole[..whole.len() - 10]),
        IntakeError::Corrupt { .. }
    ));
}
