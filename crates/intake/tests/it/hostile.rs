//! Ten thousand damaged files (P6): no panic gets out, and what was read adds up.

use std::sync::Arc;

use arrow_array::{Int64Array, StringArray};
use intake::{Counts, IntakeError, Options, Wanted, open_bytes};
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use rust_xlsxwriter::Workbook;

use crate::support::subject_fields;

/// Flips, cuts, repeats or overwrites some bytes.
fn damage(whole: &[u8], rng: &mut Pcg64Mcg) -> Vec<u8> {
    const NASTY: [&[u8]; 10] = [
        b"\"",
        b"\0",
        b"\n",
        b"\r",
        b",;\t|",
        b"\xFF\xFE",
        b"\xEF\xBB\xBF",
        b"\xE1\xBB",
        b"=\"",
        b"\xFF\xFF\xFF\x7F",
    ];
    let mut bytes = whole.to_vec();
    for _ in 0..rng.random_range(1..6) {
        if bytes.is_empty() {
            break;
        }
        let at = rng.random_range(0..bytes.len());
        let len = rng.random_range(0..(bytes.len() - at).min(64)) + 1;
        match rng.random_range(0..6) {
            0 => bytes[at] ^= 1 << rng.random_range(0..8),
            1 => bytes[at] = rng.random_range(0..=255),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..at + len)),
            4 => {
                let copy = bytes[at..at + len].to_vec();
                let to = rng.random_range(0..bytes.len());
                bytes.splice(to..to, copy);
            }
            _ => {
                let text = NASTY[rng.random_range(0..NASTY.len())];
                bytes.splice(at..at, text.iter().copied());
            }
        }
    }
    bytes
}

/// Reads to the end or to an error; how many rows there were.
fn read(bytes: Vec<u8>, wanted: Wanted<'_>) -> Result<Counts, IntakeError> {
    let options = Options {
        batch_rows: 7,
        ..Options::default()
    };
    let mut reader = open_bytes("damaged", bytes, wanted, &options)?;
    let (mut accepted, mut rejected) = (0, 0);
    loop {
        let batch = reader.next_batch();
        if let Ok(Some(batch)) = &batch {
            accepted += batch.rows.num_rows() as u64;
            rejected += batch.rejects.len() as u64;
        }
        let counts = reader.counts();
        assert_eq!(counts.read, counts.accepted + counts.rejected);
        assert_eq!((counts.accepted, counts.rejected), (accepted, rejected));
        match batch {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(counts),
            Err(error) => return Err(error),
        }
    }
}

/// Damages `seeds` in turn; how many of the files could still be read.
fn survive(seeds: &[Vec<u8>], files: usize, seed: u64) -> usize {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let fields = subject_fields();
    let mut readable = 0;
    for file in 0..files {
        let bytes = damage(&seeds[file % seeds.len()], &mut rng);
        let wanted = if rng.next_u32() % 4 == 0 {
            Wanted::AsInFile
        } else {
            Wanted::Fields(&fields)
        };
        match read(bytes, wanted) {
            Ok(_) => readable += 1,
            Err(error) => assert!(!error.to_string().is_empty() && !error.vi().is_empty()),
        }
    }
    readable
}

fn table() -> Vec<[String; 4]> {
    let headings = ["Mã đối tượng", "Họ và tên", "Ngày sinh", "Địa chỉ"].map(str::to_owned);
    let row = |at: usize| {
        [
            format!("A{at}"),
            "Nguyễn Thị Ánh".into(),
            format!("0{}/05/1984", at % 9 + 1),
            format!("Số {at}, tổ \"3\"\nxã"),
        ]
    };
    [headings].into_iter().chain((0..12).map(row)).collect()
}

fn csv_seeds() -> Vec<Vec<u8>> {
    let written = |delimiter: u8| {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .from_writer(Vec::new());
        for row in table() {
            writer.write_record(&row).unwrap();
        }
        writer.into_inner().unwrap()
    };
    let text = String::from_utf8(written(b'\t')).unwrap();
    let utf16: Vec<u8> = format!("\u{FEFF}{text}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    vec![
        written(b','),
        written(b';'),
        utf16,
        encoding_rs::WINDOWS_1258.encode(&text).0.into_owned(),
    ]
}

fn xlsx_seeds() -> Vec<Vec<u8>> {
    let seed = |stored: bool| {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (at, row) in table().iter().enumerate() {
            for (column, cell) in row.iter().enumerate() {
                sheet.write(at as u32, column as u16, cell).unwrap();
            }
            sheet.write(at as u32, 4, at as f64).unwrap();
        }
        let packed = book.save_to_buffer().unwrap();
        if stored { unpacked(&packed) } else { packed }
    };
    vec![seed(true), seed(false)]
}

/// The same archive without compression, so that damage reaches the XML.
fn unpacked(packed: &[u8]) -> Vec<u8> {
    use std::io::{Cursor, Read, Write};
    let mut archive = zip::ZipArchive::new(Cursor::new(packed)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let mut content = Vec::new();
        part.read_to_end(&mut content).unwrap();
        out.start_file(part.name(), options).unwrap();
        out.write_all(&content).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// Damages the XML of a sheet and packs it again with checksums that are right.
fn damaged_sheet(packed: &[u8], rng: &mut Pcg64Mcg) -> Vec<u8> {
    use std::io::{Cursor, Read, Write};
    let mut archive = zip::ZipArchive::new(Cursor::new(packed)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let target = rng.random_range(0..archive.len());
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let mut content = Vec::new();
        part.read_to_end(&mut content).unwrap();
        if at == target || part.name().contains("sheet1") {
            content = damage(&content, rng);
        }
        out.start_file(part.name(), zip::write::SimpleFileOptions::default())
            .unwrap();
        out.write_all(&content).unwrap();
    }
    out.finish().unwrap().into_inner()
}

fn parquet_seeds() -> Vec<Vec<u8>> {
    let rows = table();
    let column = |at: usize| {
        Arc::new(
            rows.iter()
                .skip(1)
                .map(|row| Some(row[at].as_str()))
                .collect::<StringArray>(),
        )
    };
    let numbers = Arc::new(Int64Array::from_iter_values(1..rows.len() as i64));
    vec![crate::parquet_files::file(vec![
        ("unique_id", column(0)),
        ("full_name", column(1)),
        ("dob", column(2)),
        ("phone", numbers),
    ])]
}

#[test]
fn five_thousand_damaged_csv_files_are_read_or_refused() {
    assert!(survive(&csv_seeds(), 5_000, 1) > 3_000);
}

#[test]
fn two_and_a_half_thousand_damaged_workbooks_are_read_or_refused() {
    survive(&xlsx_seeds(), 1_250, 2);
    let packed = xlsx_seeds().remove(1);
    let mut rng = Pcg64Mcg::seed_from_u64(3);
    let fields = subject_fields();
    let readable = (0..1_250)
        .filter(|_| read(damaged_sheet(&packed, &mut rng), Wanted::Fields(&fields)).is_ok())
        .count();
    assert!(readable > 50, "{readable}");
}

#[test]
fn two_and_a_half_thousand_damaged_parquet_files_are_read_or_refused() {
    survive(&parquet_seeds(), 2_500, 4);
}
