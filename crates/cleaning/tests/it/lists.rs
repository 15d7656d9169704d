//! The spreadsheets: what is in the cells, what is locked, what can be chosen.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use calamine::{Data, Reader, Xlsx, open_workbook};
use cleaning::worklist::{write_commune, write_facility};

use crate::sample;

/// All cells of the first sheet as text.
fn cells(path: &Path) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = open_workbook(path).expect("a workbook");
    let name = book.sheet_names().first().expect("a sheet").clone();
    let range = book.worksheet_range(&name).expect("cells");
    range
        .rows()
        .map(|row| {
            let text = |cell: &Data| match cell {
                Data::Empty => String::new(),
                other => other.to_string(),
            };
            row.iter().map(text).collect()
        })
        .collect()
}

/// A part of the package, as XML.
fn part(path: &Path, name: &str) -> String {
    let mut archive = zip::ZipArchive::new(File::open(path).expect("a file")).expect("a package");
    let mut text = String::new();
    archive
        .by_name(name)
        .expect("the part")
        .read_to_string(&mut text)
        .expect("XML");
    text
}

fn commune(records: usize) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("05686.xlsx");
    write_commune(&path, &sample::commune_list(records), &sample::stamp()).expect("a list");
    (folder, path)
}

#[test]
fn a_commune_finds_every_record_once_with_what_is_held_and_suggested() {
    let (_folder, path) = commune(60);
    let rows = cells(&path);
    let heading = rows
        .iter()
        .position(|row| row.iter().any(|cell| cell == "Mã bản ghi"))
        .expect("headings");
    let records = &rows[heading + 1..];
    let mut ids: Vec<&str> = records.iter().map(|row| row[1].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((records.len(), ids.len()), (60, 60));
    for wanted in [
        "Thôn/tổ dân phố",
        "Kết quả rà soát",
        "Số CCCD đúng",
        "Công an xác nhận",
        "Phiên bản",
        "Nhóm lỗi",
    ] {
        assert!(rows[heading].iter().any(|cell| cell == wanted), "{wanted}");
    }
    let record = records
        .iter()
        .find(|row| row[1] == "0000000")
        .expect("the first record");
    assert_eq!(record[3], "E1");
    assert_eq!(record[5], "NGUYEN THI HOA");
    assert!(
        record.iter().any(|cell| cell == "Nguyễn Thị Hòa"),
        "{record:?}"
    );
}

#[test]
fn numbers_keep_their_zeros_and_formulas_are_text() {
    let (_folder, path) = commune(60);
    let all = cells(&path).concat();
    assert!(
        all.iter().any(|cell| cell == "019060000000"),
        "a number lost its zero"
    );
    assert!(all.iter().any(|cell| cell == "=2+5"));
    assert!(!part(&path, "xl/worksheets/sheet1.xml").contains("<f>"));
}

#[test]
fn only_the_columns_to_fill_can_be_filled() {
    let (_folder, path) = commune(9);
    let sheet = part(&path, "xl/worksheets/sheet1.xml");
    assert!(
        sheet.contains("<sheetProtection"),
        "the sheet is not protected"
    );
    assert!(
        sheet.contains("<dataValidation "),
        "there is nothing to choose from"
    );
    for choice in [
        "Đúng như gợi ý",
        "Trùng với",
        "Đã cập nhật CSDLQG về dân cư",
    ] {
        assert!(sheet.contains(choice), "{choice}");
    }
}

#[test]
fn an_empty_list_is_a_list() {
    let (_folder, path) = commune(0);
    assert!(
        cells(&path)
            .concat()
            .iter()
            .any(|cell| cell == "Mã bản ghi")
    );
}

#[test]
fn a_facility_sees_its_doses_by_date_with_what_is_proposed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("f.xlsx");
    write_facility(&path, &sample::facility_list(), &sample::stamp()).expect("a list");
    let all = cells(&path).concat();
    for wanted in ["01/08/2021", "12/08/2021", "Mũi số: 2"] {
        assert!(all.iter().any(|cell| cell.contains(wanted)), "{wanted}");
    }
    let first = all.iter().position(|cell| cell == "01/08/2021");
    assert!(first < all.iter().position(|cell| cell == "12/08/2021"));
}

#[test]
fn the_same_list_has_the_same_bytes() {
    let (_one, first) = commune(20);
    let (_two, second) = commune(20);
    assert_eq!(
        std::fs::read(first).expect("bytes"),
        std::fs::read(second).expect("bytes")
    );
}
