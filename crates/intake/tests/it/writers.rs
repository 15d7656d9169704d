//! What is written: whole or not at all, the same bytes each time, and nothing that a spreadsheet would run.

use std::fs;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use intake::{IntakeError, Options, Reject, RejectReason, RejectWriter, TableWriter, Wanted, open};

use crate::support::column;

fn batch() -> RecordBatch {
    let ids: ArrayRef = Arc::new(StringArray::from(vec![
        Some("a,1"),
        Some("=1+2"),
        Some("+84912345678"),
        None,
    ]));
    let scores: ArrayRef = Arc::new(Float64Array::from(vec![
        Some(0.5),
        Some(-1.0),
        None,
        Some(1e-9),
    ]));
    RecordBatch::try_from_iter_with_nullable([("a_id", ids, true), ("weight", scores, true)])
        .unwrap()
}

fn write(path: &std::path::Path) -> Vec<u8> {
    let mut writer = TableWriter::create(path, batch().schema()).unwrap();
    writer.write(&batch()).unwrap();
    writer.write(&batch().slice(0, 1)).unwrap();
    writer.finish().unwrap();
    fs::read(path).unwrap()
}

#[test]
fn a_table_is_read_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    for (name, second) in [("t.parquet", "=1+2"), ("t.CSV", "'=1+2")] {
        let path = folder.path().join(name);
        write(&path);
        let all = open(&path, Wanted::AsInFile, &Options::default())
            .unwrap()
            .into_all()
            .unwrap();
        assert_eq!(
            column(&all, "a_id"),
            ["a,1", second, "+84912345678", "", "a,1"]
        );
        assert_eq!(
            column(&all, "weight"),
            ["0.5", "-1", "", "0.000000001", "0.5"]
        );
    }
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["t.parquet", "t.csv"] {
        assert_eq!(
            write(&folder.path().join(name)),
            write(&folder.path().join(name))
        );
    }
}

#[test]
fn an_unfinished_file_leaves_nothing_and_an_older_one_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, "older").unwrap();
    let mut writer = TableWriter::create(&path, batch().schema()).unwrap();
    writer.write(&batch()).unwrap();
    drop(writer);
    drop(RejectWriter::create(&folder.path().join("r.csv")).unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "older");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_name_that_says_no_format_is_refused() {
    let error = TableWriter::create("table.xlsx".as_ref(), batch().schema())
        .err()
        .unwrap();
    assert!(matches!(error, IntakeError::Extension { .. }) && error.is_callers());
}

#[test]
fn the_reject_list_names_row_reason_and_text_and_runs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rejects.csv");
    let mut writer = RejectWriter::create(&path).unwrap();
    let reject = |row, raw: &str, reason| Reject {
        row,
        raw: raw.into(),
        reason,
    };
    let rejects = [
        reject(3, "=HYPERLINK(\"x\")", RejectReason::NulByte),
        reject(
            9,
            "-1,An",
            RejectReason::TooFewCells {
                expected: 3,
                found: 2,
            },
        ),
    ];
    writer.write(&rejects).unwrap();
    writer.finish().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let expected = "\u{FEFF}row,reason,reason_vi,reason_en,raw\n\
        3,NUL_BYTE,có byte NUL,holds a NUL byte,\"'=HYPERLINK(\"\"x\"\")\"\n\
        9,TOO_FEW_CELLS,chỉ có 2 ô trong khi có 3 tiêu đề; có thể do xuống dòng trong ô,only 2 cells under 3 headings; perhaps a line break inside a cell,\"'-1,An\"\n";
    assert_eq!(text, expected);
}
