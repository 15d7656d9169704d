//! How fast files are read: writes a million invented subjects (and 200,000 of them as a workbook) to a folder and reads them back.
//!
//! `cargo run --release -p intake --example rate -- FOLDER [ROWS]`
#![expect(clippy::print_stdout, reason = "an example says what it measured")]
#![expect(clippy::disallowed_methods, reason = "measuring needs the clock")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use intake::{FieldSpec, Options, TableWriter, Wanted, fields_of, open};
use registry::fields::SubjectField;

const HEADINGS: [&str; 9] = [
    "unique_id",
    "full_name",
    "dob",
    "sex",
    "id_number",
    "phone",
    "commune",
    "district",
    "province",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().ok_or("name a folder")?);
    let rows: usize = args.next().map_or(Ok(1_000_000), |text| text.parse())?;
    std::fs::create_dir_all(&folder)?;
    let fields = fields_of(&[SubjectField::UniqueId, SubjectField::FullName]);
    for (name, quoted) in [("plain.csv", false), ("quoted.csv", true)] {
        let path = folder.join(name);
        write_csv(&path, rows, quoted)?;
        measure(&path, &fields)?;
    }
    let path = folder.join("table.parquet");
    write_parquet(&path, rows)?;
    measure(&path, &fields)?;
    let path = folder.join("book.xlsx");
    write_xlsx(&path, rows / 5)?;
    measure(&path, &fields)
}

fn row(at: usize) -> [String; 9] {
    let names = [
        "Nguyễn Văn Đức",
        "Trần Thị Bưởi",
        "Hoàng Ngọc Ánh",
        "Lê Quốc Khánh",
    ];
    [
        format!("A{at:08}"),
        names
            .get(at % names.len())
            .copied()
            .unwrap_or_default()
            .to_owned(),
        format!("{}-{:02}-{:02}", 1940 + at % 80, at % 12 + 1, at % 28 + 1),
        if at.is_multiple_of(2) { "M" } else { "F" }.to_owned(),
        format!("001{:09}", at * 7919 % 1_000_000_000),
        format!("09{:08}", at * 104_729 % 100_000_000),
        format!("{:05}", at * 31 % 32_000),
        format!("{:03}", at % 700),
        format!("{:02}", at % 96 + 1),
    ]
}

fn write_csv(path: &Path, rows: usize, quoted: bool) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    writeln!(file, "{}", HEADINGS.join(","))?;
    for at in 0..rows {
        let cells = row(at);
        if quoted {
            writeln!(file, "\"{}\"", cells.join("\",\""))?;
        } else {
            writeln!(file, "{}", cells.join(","))?;
        }
    }
    file.flush()
}

fn write_parquet(path: &Path, rows: usize) -> Result<(), Box<dyn std::error::Error>> {
    let mut writer: Option<TableWriter> = None;
    for start in (0..rows).step_by(50_000) {
        let cells: Vec<[String; 9]> = (start..rows.min(start + 50_000)).map(row).collect();
        let columns = HEADINGS.iter().enumerate().map(|(at, heading)| {
            let texts = cells.iter().map(|row| row.get(at));
            (
                *heading,
                Arc::new(texts.collect::<StringArray>()) as ArrayRef,
            )
        });
        let batch = RecordBatch::try_from_iter(columns)?;
        let writer = match &mut writer {
            Some(writer) => writer,
            empty => empty.insert(TableWriter::create(path, batch.schema())?),
        };
        writer.write(&batch)?;
    }
    writer.map_or(Ok(()), |writer| Ok(writer.finish()?))
}

fn write_xlsx(path: &Path, rows: usize) -> Result<(), Box<dyn std::error::Error>> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, HEADINGS)?;
    for at in 0..rows {
        sheet.write_row(at as u32 + 1, 0, row(at))?;
    }
    Ok(book.save(path)?)
}

fn measure(path: &Path, fields: &[FieldSpec]) -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let mut reader = open(path, Wanted::Fields(fields), &Options::default())?;
    while reader.next_batch()?.is_some() {}
    let (seconds, counts) = (start.elapsed().as_secs_f64(), reader.counts());
    println!(
        "{}: {} rows in {seconds:.2} s, {:.0} rows/s ({} rejected)",
        path.display(),
        counts.read,
        counts.read as f64 / seconds,
        counts.rejected
    );
    Ok(())
}
