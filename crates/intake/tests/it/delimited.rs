//! CSV: delimiters, quotes, encodings, line ends, and rows that are not what they should be.

use std::fmt::Write as _;

use intake::{Encoding, IntakeError, Limits, Options};
use proptest::prelude::*;

use crate::support::{assert_adds_up, column, refusal, rejected, rows, subjects, try_subjects};

const NAMES: [&str; 3] = ["Nguyễn Văn Đức", "Trần Thị Bưởi", "Hoàng Ngọc Ánh"];

/// Three subjects under Vietnamese headings.
fn table(delimiter: char, line_end: &str) -> String {
    let d = delimiter;
    let mut text = format!("Mã đối tượng{d}Họ và tên{d}Ngày sinh{d}CCCD{line_end}");
    for (at, name) in NAMES.iter().enumerate() {
        let _ = write!(
            text,
            "A{at}{d}{name}{d}0{}/05/1984{d}00108400000{at}{line_end}",
            at + 1
        );
    }
    text
}

fn assert_is_the_table(bytes: Vec<u8>) -> intake::Layout {
    let all = subjects(bytes);
    assert_eq!(column(&all, "unique_id"), ["A0", "A1", "A2"]);
    assert_eq!(column(&all, "full_name"), NAMES);
    assert_eq!(
        column(&all, "dob"),
        ["01/05/1984", "02/05/1984", "03/05/1984"]
    );
    assert_eq!(
        column(&all, "id_number"),
        ["001084000000", "001084000001", "001084000002"]
    );
    assert_eq!(column(&all, "phone"), ["", "", ""]);
    assert!(all.rejects.is_empty());
    assert_adds_up(&all);
    all.layout
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

/// Vietnamese in its Windows code page: tone marks that have no letter of their own stand behind it.
fn windows_1258(text: &str) -> Vec<u8> {
    use unicode_normalization::UnicodeNormalization;
    let tones = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];
    let mut apart = String::new();
    for c in text.nfc() {
        let parts: Vec<char> = [c].into_iter().nfd().collect();
        match parts.iter().position(|part| tones.contains(part)) {
            Some(at) => {
                apart.extend(
                    parts
                        .iter()
                        .enumerate()
                        .filter(|(i, _)| *i != at)
                        .map(|(_, part)| *part)
                        .nfc(),
                );
                apart.extend(parts.get(at));
            }
            None => apart.push(c),
        }
    }
    let (bytes, _, failed) = encoding_rs::WINDOWS_1258.encode(&apart);
    assert!(!failed, "{text}");
    bytes.into_owned()
}

#[test]
fn every_delimiter_and_line_end_is_found() {
    for delimiter in [',', ';', '\t', '|'] {
        for line_end in ["\n", "\r\n", "\r"] {
            let layout = assert_is_the_table(table(delimiter, line_end).into());
            assert_eq!(layout.delimiter, Some(delimiter), "{line_end:?}");
        }
    }
}

#[test]
fn every_encoding_is_found_with_and_without_a_byte_order_mark() {
    let text = table(';', "\r\n");
    let marked = format!("\u{FEFF}{text}");
    let cases = [
        (text.clone().into_bytes(), Encoding::Utf8),
        (marked.clone().into_bytes(), Encoding::Utf8),
        (utf16(&text, u16::to_le_bytes), Encoding::Utf16Le),
        (utf16(&marked, u16::to_le_bytes), Encoding::Utf16Le),
        (utf16(&text, u16::to_be_bytes), Encoding::Utf16Be),
        (utf16(&marked, u16::to_be_bytes), Encoding::Utf16Be),
        (windows_1258(&text), Encoding::Windows1258),
    ];
    for (bytes, encoding) in cases {
        assert_eq!(assert_is_the_table(bytes).encoding, Some(encoding));
    }
}

#[test]
fn an_encoding_that_shows_late_is_found() {
    let mut text = String::from("unique_id,full_name\n");
    for row in 0..30_000 {
        let _ = writeln!(text, "{row},Nguyen Van A");
    }
    let mut bytes = text.into_bytes();
    bytes.extend(windows_1258("x,Nguyễn Thị Hường\n"));
    let all = subjects(bytes);
    assert_eq!(all.layout.encoding, Some(Encoding::Windows1258));
    assert_eq!(
        column(&all, "full_name").last().unwrap(),
        "Nguyễn Thị Hường"
    );
}

#[test]
fn legacy_font_text_arrives_as_its_western_letters_so_that_a_rule_can_decode_it() {
    let bytes =
        b"unique_id;full_name\n1;\xA7\xE7 V\xA8n L\xF7c\n2;L\xB7 \xA7\xD7nh H\xA9n\n".to_vec();
    let all = subjects(bytes);
    assert_eq!(all.layout.encoding, Some(Encoding::Windows1252));
    assert_eq!(column(&all, "full_name"), ["§ç V¨n L÷c", "L· §×nh H©n"]);
}

#[test]
fn bytes_that_do_not_decode_cost_their_row_only() {
    let mut bytes = table(',', "\n").into_bytes();
    bytes.extend(b"A3,Tr\xFFn,01/01/1990,1\nA4,An,01/01/1990,2\n");
    let all = subjects(bytes);
    assert_eq!(rejected(&all), [(5, "UNDECODABLE")]);
    assert_eq!(all.rejects[0].raw, "A3,Tr\u{FFFD}n,01/01/1990,1");
    assert_eq!(rows(&all), [2, 3, 4, 6]);
    assert_adds_up(&all);
}

#[test]
fn half_a_character_of_utf16_costs_its_row_only() {
    let mut bytes = utf16("unique_id;full_name\n1;An\n2;B", u16::to_le_bytes);
    bytes.extend([0x00, 0xD8]); // a high surrogate alone
    bytes.extend(utf16("\n3;Ba\n", u16::to_le_bytes));
    let all = subjects(bytes);
    assert_eq!(rejected(&all), [(3, "UNDECODABLE")]);
    assert_eq!(column(&all, "full_name"), ["An", "Ba"]);
}

#[test]
fn a_nul_byte_costs_its_row_only() {
    let all = subjects("unique_id,full_name\n1,An\n2,B\0a\n3,Ca\n");
    assert_eq!(rejected(&all), [(3, "NUL_BYTE")]);
    assert_eq!(all.rejects[0].raw, "2,B\u{2400}a");
    assert_eq!(column(&all, "unique_id"), ["1", "3"]);
}

#[test]
fn quoted_cells_hold_delimiters_quotes_and_line_ends() {
    let all = subjects(
        "unique_id,full_name,address\n1,\"An \"\"Bi\"\" Ng\",\"Số 5, tổ 3\r\nThôn Đông\"\n2,Ba \"Tí\" Le,x\n",
    );
    assert_eq!(column(&all, "full_name"), ["An \"Bi\" Ng", "Ba \"Tí\" Le"]);
    assert_eq!(column(&all, "address"), ["Số 5, tổ 3\r\nThôn Đông", "x"]);
    assert_eq!(rows(&all), [2, 4]);
}

#[test]
fn a_quote_that_is_never_closed_costs_its_row_only() {
    let mut text = String::from("unique_id,full_name\n1,An\n2,\"Ba\n");
    for row in 3..2000 {
        let _ = writeln!(text, "{row},Ca");
    }
    let all = subjects(text);
    assert_eq!(rejected(&all), [(3, "UNCLOSED_QUOTE")]);
    assert_eq!(all.counts.accepted, 1998);
    assert_eq!(all.rejects[0].raw, "2,\"Ba");
    assert_adds_up(&all);
}

#[test]
fn a_quote_that_a_later_one_seems_to_close_costs_its_row_only() {
    let all = subjects(
        "unique_id,full_name,address\n1,\"An,x\n2,Ba,\"y\"\n3,Ca,z\n4,\"Da,u\n5,Ea,v\"\n6,Ga,w\n",
    );
    assert_eq!(rejected(&all), [(2, "STRAY_QUOTE"), (5, "UNCLOSED_QUOTE")]);
    assert_eq!(column(&all, "unique_id"), ["2", "3", "5", "6"]);
    assert_eq!(column(&all, "address")[2], "v\"");
}

#[test]
fn too_many_and_too_few_cells_cost_their_row_only() {
    let all = subjects("unique_id,full_name,sex\n1,An,Nam\n2,Ba,Nu,x\n3,Ca\n4,Da,Nam,,\n");
    assert_eq!(
        rejected(&all),
        [(3, "TOO_MANY_CELLS"), (4, "TOO_FEW_CELLS")]
    );
    assert_eq!(column(&all, "unique_id"), ["1", "4"]);
}

#[test]
fn a_row_without_its_id_is_rejected_and_one_without_a_name_is_not() {
    let all = subjects("unique_id,full_name\n ,An\n2,\n");
    assert_eq!(rejected(&all), [(2, "MISSING_KEY")]);
    assert_eq!(column(&all, "full_name"), [""]);
}

#[test]
fn blank_rows_are_no_rows() {
    let all = subjects("\n\nunique_id,full_name\n\n1,An\n  \n,,,\n2,Ba\n\n");
    assert_eq!(all.counts.read, 2);
    assert_eq!(rows(&all), [5, 8]);
    assert_eq!(all.layout.header_row, 3);
}

#[test]
fn headings_below_titles_and_above_column_numbers_are_found() {
    let text = "SỞ Y TẾ TỈNH X;;;\nDANH SÁCH ĐỐI TƯỢNG TIÊM;;;\n;;;\nSTT;Họ và tên;Năm sinh;Số CMND/CCCD\n(1);(2);(3);(4)\n1;An;1984;001\n2;Ba;1990;\n";
    let all = subjects(text);
    assert_eq!(all.layout.header_row, 4);
    assert_eq!(column(&all, "dob"), ["1984", "1990"]);
    assert_eq!(rows(&all), [6, 7]);
}

#[test]
fn the_delimiter_line_of_excel_is_followed() {
    let all = subjects("sep=|\nunique_id|full_name|address\n1|An|a,b,c\n");
    assert_eq!(all.layout.delimiter, Some('|'));
    assert_eq!(column(&all, "address"), ["a,b,c"]);
    assert_eq!(rows(&all), [3]);
}

#[test]
fn a_text_forced_by_a_formula_is_the_text() {
    let all =
        subjects("unique_id,full_name,phone\n1,An,\"=\"\"0912345678\"\"\"\n2,Ba,=\"0987654321\"\n");
    assert_eq!(column(&all, "phone"), ["0912345678", "0987654321"]);
}

#[test]
fn a_line_beyond_the_limit_costs_its_row_only() {
    let options = Options {
        limits: Limits {
            max_line_bytes: 1000,
            ..Limits::default()
        },
        ..Options::default()
    };
    let text = format!(
        "unique_id,full_name\n1,An\n2,{}\n3,Ca\n4,\"{}\n5,Ea\n",
        "x".repeat(500_000),
        "y".repeat(2000)
    );
    let all = try_subjects(text, &options).unwrap();
    assert_eq!(rejected(&all), [(3, "TOO_LONG"), (5, "TOO_LONG")]);
    assert!(all.rejects[0].raw.ends_with('…') && all.rejects[0].raw.chars().count() == 1001);
    assert_eq!(column(&all, "unique_id"), ["1", "3", "5"]);
}

#[test]
fn a_file_of_one_endless_line_is_refused() {
    assert!(matches!(
        refusal("x,".repeat(2 << 20)),
        IntakeError::LineTooLong { line: 1, .. }
    ));
}

#[test]
fn files_without_a_table_are_refused() {
    assert!(matches!(refusal(""), IntakeError::Empty { .. }));
    assert!(matches!(refusal(" \n\r\n\t\n"), IntakeError::Empty { .. }));
    assert!(matches!(
        refusal("1,2,3\n4,5,6\n"),
        IntakeError::NoHeadings { .. }
    ));
    assert!(matches!(
        refusal([0_u8, 1, 2, 3].repeat(100)),
        IntakeError::NoHeadings { .. } | IntakeError::Empty { .. }
    ));
}

#[test]
fn headings_alone_are_a_table_without_rows() {
    let all = subjects("unique_id,full_name");
    assert_eq!(all.counts.read, 0);
    assert!(all.batches.is_empty());
}

#[test]
fn batches_have_the_size_asked_for_and_lose_no_row_between_them() {
    let mut text = String::from("unique_id,full_name\n");
    for row in 0..1000 {
        let _ = writeln!(text, "{row},An");
    }
    let options = Options {
        batch_rows: 64,
        ..Options::default()
    };
    let all = try_subjects(text, &options).unwrap();
    assert_eq!(all.batches.len(), 16);
    assert_eq!(
        column(&all, "unique_id"),
        (0..1000).map(|row| row.to_string()).collect::<Vec<_>>()
    );
}

fn cell() -> impl Strategy<Value = String> {
    // No NUL, which costs the row; nothing that is blank altogether or forced text, which reads as something else.
    "[ -~\n\r\u{C0}-\u{1EF9}]{0,12}".prop_map(|text| format!("x{text}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_a_csv_writer_writes_is_what_is_read(
        table in prop::collection::vec((cell(), cell(), cell()), 1..20),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
    ) {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        writer.write_record(["unique_id", "full_name", "address"]).unwrap();
        for (id, name, address) in &table {
            writer.write_record([id, name, address]).unwrap();
        }
        let options = Options {
            map: Some(intake::ColumnMap { delimiter: Some(delimiter.into()), ..Default::default() }),
            ..Options::default()
        };
        let all = try_subjects(writer.into_inner().unwrap(), &options).unwrap();
        prop_assert_eq!(rejected(&all), []);
        prop_assert_eq!(column(&all, "unique_id"), table.iter().map(|row| row.0.clone()).collect::<Vec<_>>());
        prop_assert_eq!(column(&all, "full_name"), table.iter().map(|row| row.1.clone()).collect::<Vec<_>>());
        prop_assert_eq!(column(&all, "address"), table.iter().map(|row| row.2.clone()).collect::<Vec<_>>());
    }

    #[test]
    fn any_text_below_headings_adds_up(text in "[a-c,;\"\n\r\t =ệ\u{0}]{0,200}") {
        let all = subjects(format!("unique_id,full_name\n{text}"));
        assert_adds_up(&all);
    }
}
