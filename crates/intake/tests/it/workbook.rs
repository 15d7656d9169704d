//! XLSX with the traits that real ones have.

use std::io::{Cursor, Read, Write};

use intake::{ColumnMap, IntakeError, Limits, Options};
use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::support::{assert_adds_up, column, refusal, rejected, rows, subjects, try_subjects};

/// A workbook with one sheet.
fn book(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet());
    book.save_to_buffer().unwrap()
}

fn headings(sheet: &mut Worksheet, row: u32, texts: &[&str]) {
    for (at, text) in texts.iter().enumerate() {
        sheet.write(row, at as u16, *text).unwrap();
    }
}

/// Replaces a text in a part of a workbook.
fn altered(book: &[u8], part: &str, from: &str, to: &str) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(book)).unwrap();
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        if file.name() == part {
            let text = String::from_utf8(content).unwrap();
            assert!(text.contains(from), "{text}");
            content = text.replace(from, to).into();
        }
        out.start_file(file.name(), SimpleFileOptions::default())
            .unwrap();
        out.write_all(&content).unwrap();
    }
    out.finish().unwrap().into_inner()
}

#[test]
fn a_list_below_merged_titles_and_above_signatures_is_read() {
    let file = book(|sheet| {
        let center = Format::new();
        sheet
            .merge_range(0, 0, 0, 4, "TRẠM Y TẾ XÃ TÂN THÀNH", &center)
            .unwrap();
        sheet
            .merge_range(2, 0, 2, 4, "DANH SÁCH ĐỐI TƯỢNG TIÊM CHỦNG", &center)
            .unwrap();
        headings(
            sheet,
            4,
            &["STT", "Họ và tên", "Ngày sinh", "CCCD", "Xã/Phường"],
        );
        headings(sheet, 5, &["(1)", "(2)", "(3)", "(4)", "(5)"]);
        headings(
            sheet,
            6,
            &["1", "Nguyễn Văn An", "1984", "001084000001", "Xã Tân Thành"],
        );
        headings(sheet, 8, &["2", "Trần Thị Bé", "", "", ""]);
        sheet.write(10, 3, "Người lập biểu").unwrap();
    });
    let all = subjects(file);
    assert_eq!(all.layout.header_row, 5);
    assert_eq!(rows(&all), [7, 9]);
    assert_eq!(column(&all, "full_name"), ["Nguyễn Văn An", "Trần Thị Bé"]);
    assert_eq!(rejected(&all), [(11, "MISSING_KEY")]);
    assert_adds_up(&all);
}

#[test]
fn numbers_are_read_as_the_digits_that_are_left_and_texts_as_they_are() {
    let file = book(|sheet| {
        headings(sheet, 0, &["id", "Họ tên", "CCCD", "SĐT"]);
        sheet.write(1, 0, 1).unwrap();
        sheet.write(1, 1, "An").unwrap();
        sheet.write(1, 2, 1_084_000_001_f64).unwrap();
        sheet.write(1, 3, 912_345_678_f64).unwrap();
        sheet.write(2, 0, 2).unwrap();
        sheet.write(2, 1, "Ba").unwrap();
        sheet.write(2, 2, "001084000002").unwrap();
        sheet.write(2, 3, 84_912_345_678_901_234_f64).unwrap();
    });
    let all = subjects(file);
    assert_eq!(column(&all, "unique_id"), ["1", "2"]);
    assert_eq!(column(&all, "id_number"), ["1084000001", "001084000002"]);
    assert_eq!(column(&all, "phone"), ["912345678", "84912345678901230"]);
}

#[test]
fn dates_are_read_as_iso_and_day_zero_as_what_the_screen_shows() {
    let file = book(|sheet| {
        let date = Format::new().set_num_format("dd/mm/yyyy");
        let moment = Format::new().set_num_format("dd/mm/yyyy hh:mm");
        headings(sheet, 0, &["id", "Họ tên", "Ngày sinh", "Ngày nhập"]);
        let serials = [
            (30_805.0, 44_409.395_833_333),
            (0.0, 44_409.0),
            (60.0, 0.25),
            (-1.0, 3_000_000.0),
        ];
        for (at, (day, time)) in serials.iter().enumerate() {
            let row = at as u32 + 1;
            sheet.write(row, 0, row).unwrap();
            sheet.write_with_format(row, 2, *day, &date).unwrap();
            sheet.write_with_format(row, 3, *time, &moment).unwrap();
        }
        sheet.write(5, 0, 5).unwrap();
        sheet.write(5, 2, 30_805).unwrap(); // a serial in a cell without a date format stays a number
    });
    let all = subjects(file);
    assert_eq!(
        column(&all, "dob"),
        ["1984-05-03", "1900-01-00", "1900-02-29", "-1", "30805"]
    );
    assert_eq!(
        column(&all, "entered_at"),
        [
            "2021-08-01 09:30:00",
            "2021-08-01",
            "06:00:00",
            "3000000",
            ""
        ]
    );
}

#[test]
fn days_of_the_1904_calendar_are_the_same_days() {
    let file = book(|sheet| {
        let date = Format::new().set_num_format("yyyy-mm-dd");
        headings(sheet, 0, &["id", "Họ tên", "Ngày sinh"]);
        sheet.write(1, 0, 1).unwrap();
        sheet.write_with_format(1, 2, 30_805 - 1462, &date).unwrap();
    });
    let file = altered(
        &file,
        "xl/workbook.xml",
        "<workbookPr ",
        "<workbookPr date1904=\"1\" ",
    );
    assert_eq!(column(&subjects(file), "dob"), ["1984-05-03"]);
}

#[test]
fn a_failed_formula_costs_its_row_when_its_column_is_wanted() {
    let file = book(|sheet| {
        headings(sheet, 0, &["id", "Họ tên", "Tuổi"]);
        headings(sheet, 1, &["1", "An"]);
        sheet
            .write_formula(1, 2, Formula::new("=1/0").set_result("#DIV/0!"))
            .unwrap();
        headings(sheet, 2, &["2"]);
        sheet
            .write_formula(2, 1, Formula::new("=NA()").set_result("#N/A"))
            .unwrap();
        headings(sheet, 3, &["3"]);
        sheet
            .write_formula(3, 1, Formula::new("=B2").set_result("An"))
            .unwrap();
    });
    let all = subjects(file);
    assert_eq!(rejected(&all), [(3, "ERROR_CELL")]);
    assert_eq!(all.rejects[0].reason.en(), "#N/A in column 'Họ tên'");
    assert_eq!(column(&all, "full_name"), ["An", "An"]);
}

#[test]
fn the_sheet_whose_headings_fit_is_read_or_the_one_that_the_map_names() {
    let mut two = Workbook::new();
    headings(
        two.add_worksheet().set_name("Hướng dẫn").unwrap(),
        0,
        &["Cột", "Họ và tên", "Ý nghĩa"],
    );
    for (name, text) in [("Tháng 1", "An"), ("Tháng 2", "Ba")] {
        let sheet = two.add_worksheet().set_name(name).unwrap();
        headings(sheet, 0, &["Mã đối tượng", "Họ và tên"]);
        headings(sheet, 1, &["1", text]);
    }
    let file = two.save_to_buffer().unwrap();
    let all = subjects(file.clone());
    assert_eq!(
        (all.layout.sheet.as_deref(), column(&all, "full_name")),
        (Some("Tháng 1"), vec!["An".to_owned()])
    );
    let with = |sheet: &str| Options {
        map: Some(ColumnMap {
            sheet: Some(sheet.into()),
            ..ColumnMap::default()
        }),
        ..Options::default()
    };
    assert_eq!(
        column(
            &try_subjects(file.clone(), &with("Tháng 2")).unwrap(),
            "full_name"
        ),
        ["Ba"]
    );
    let error = try_subjects(file, &with("Tháng 3"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("'Hướng dẫn', 'Tháng 1', 'Tháng 2'"),
        "{error}"
    );
}

#[test]
fn more_rows_than_a_chunk_arrive_complete_and_in_order() {
    let file = book(|sheet| {
        headings(sheet, 0, &["id", "Họ tên"]);
        for row in 1..=5000_u32 {
            sheet.write(row, 0, row).unwrap();
            sheet.write(row, 1, "An").unwrap();
        }
    });
    let all = try_subjects(
        file,
        &Options {
            batch_rows: 700,
            ..Options::default()
        },
    )
    .unwrap();
    assert_eq!(
        column(&all, "unique_id"),
        (1..=5000).map(|row| row.to_string()).collect::<Vec<_>>()
    );
    assert_eq!(all.batches.len(), 8);
}

#[test]
fn a_reader_that_is_dropped_in_the_middle_ends_its_thread() {
    let file = book(|sheet| {
        headings(sheet, 0, &["id", "Họ tên"]);
        for row in 1..=20_000_u32 {
            sheet.write(row, 0, row).unwrap();
        }
    });
    let fields = crate::support::subject_fields();
    let options = Options {
        batch_rows: 10,
        ..Options::default()
    };
    let mut reader =
        intake::open_bytes("f", file, intake::Wanted::Fields(&fields), &options).unwrap();
    assert_eq!(reader.next_batch().unwrap().unwrap().rows.num_rows(), 10);
}

#[test]
fn a_damaged_sheet_gives_the_rows_before_the_damage_except_the_last_which_may_be_torn() {
    let file = book(|sheet| {
        headings(sheet, 0, &["id", "Họ tên"]);
        for row in 1..=9_u32 {
            sheet.write(row, 0, row).unwrap();
        }
    });
    let file = altered(
        &file,
        "xl/worksheets/sheet1.xml",
        "<c r=\"A8\"><v>7</v></c>",
        "<c r=\"A8\" t=\"zz\"><v>7</v></c>",
    );
    let fields = crate::support::subject_fields();
    let options = Options::default();
    let mut reader =
        intake::open_bytes("f", file, intake::Wanted::Fields(&fields), &options).unwrap();
    assert_eq!(reader.next_batch().unwrap().unwrap().rows.num_rows(), 5);
    assert!(matches!(
        reader.next_batch(),
        Err(IntakeError::Corrupt { .. })
    ));
    assert!(reader.next_batch().unwrap().is_none());
    assert_eq!(reader.counts().read, 5);
}

/// An archive of parts.
fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        out.start_file(*name, SimpleFileOptions::default()).unwrap();
        out.write_all(content).unwrap();
    }
    out.finish().unwrap().into_inner()
}

#[test]
fn an_archive_that_would_unpack_to_too_much_is_not_opened() {
    let zeros = vec![b'<'; 64 << 20];
    let bomb = archive(&[
        ("xl/workbook.xml", b"<workbook/>"),
        ("xl/worksheets/sheet1.xml", &zeros),
    ]);
    assert!(bomb.len() < 1 << 20);
    assert!(matches!(refusal(bomb), IntakeError::Bomb { .. }));
}

#[test]
fn a_workbook_with_one_enormous_cell_is_not_opened() {
    let cell = format!("<c><v>{}</v></c>", "x".repeat(2 << 20));
    let file = archive(&[
        ("xl/workbook.xml", b"<workbook/>"),
        ("xl/worksheets/sheet1.xml", cell.as_bytes()),
    ]);
    assert!(matches!(refusal(file), IntakeError::Bomb { .. }));
}

#[test]
fn the_limit_of_all_parts_together_holds() {
    let file = book(|sheet| headings(sheet, 0, &["id", "Họ tên"]));
    let limits = Limits {
        max_unpacked_bytes: 1000,
        ..Limits::default()
    };
    let error = try_subjects(
        file,
        &Options {
            limits,
            ..Options::default()
        },
    )
    .unwrap_err();
    assert!(matches!(error, IntakeError::Bomb { .. }));
}

#[test]
fn what_is_no_workbook_is_named_for_what_it_is() {
    let cases: [(Vec<u8>, &str); 9] = [
        (
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 old".to_vec(),
            "old Excel workbook (.xls) or one protected by a password",
        ),
        (
            b"<html><table><tr><td>id</td></tr></table>".to_vec(),
            "web page",
        ),
        ("\u{FEFF}\n<TABLE border=1>".into(), "web page"),
        (
            b"<?xml version=\"1.0\"?><Workbook/>".to_vec(),
            "XML document",
        ),
        (b"%PDF-1.7".to_vec(), "PDF document"),
        (b"\x1F\x8B\x08".to_vec(), "gzip archive"),
        (
            archive(&[("xl/workbook.bin", b"")]),
            "binary Excel workbook (.xlsb)",
        ),
        (
            archive(&[("mimetype", b""), ("content.xml", b"")]),
            "OpenDocument file (.ods)",
        ),
        (
            archive(&[("a.csv", b"id")]),
            "ZIP archive without a workbook",
        ),
    ];
    for (bytes, kind) in cases {
        let error = refusal(bytes);
        assert!(
            matches!(error, IntakeError::Unsupported { .. }) && error.to_string().contains(kind),
            "{error}"
        );
    }
}

#[test]
fn an_empty_workbook_and_a_torn_one_are_refused() {
    assert!(matches!(refusal(book(|_| {})), IntakeError::Empty { .. }));
    let whole = book(|sheet| headings(sheet, 0, &["id", "Họ tên"]));
    assert!(matches!(
        refusal(&whole[..whole.len() / 2]),
        IntakeError::Corrupt { .. }
    ));
}
