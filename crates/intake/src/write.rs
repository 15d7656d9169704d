//! Results as Parquet or CSV, and the list of rejected rows.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Array, RecordBatch, StringArray};
use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::text::texts;
use crate::{IntakeError, Reject};

/// A file that gets its name when it is whole: it is written as `NAME.partial` and removed when it is dropped unfinished.
#[derive(Debug)]
struct Partial {
    path: PathBuf,
    /// Where the bytes are until then.
    interim: PathBuf,
    finished: bool,
}

impl Partial {
    fn create(path: &Path) -> Result<(Self, BufWriter<File>), IntakeError> {
        let mut interim = path.as_os_str().to_owned();
        interim.push(".partial");
        let interim = PathBuf::from(interim);
        let file = File::create(&interim).map_err(IntakeError::io(&shown(path)))?;
        Ok((
            Self {
                path: path.to_owned(),
                interim,
                finished: false,
            },
            BufWriter::new(file),
        ))
    }

    /// Gives the file its name, once its bytes are on the disk.
    fn finish(mut self, file: BufWriter<File>) -> Result<(), IntakeError> {
        let file = file
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error);
        let kept = file
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&self.interim, &self.path));
        kept.map_err(IntakeError::io(&shown(&self.path)))?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.finished {
            // Nobody is left to tell; a leftover carries `.partial` in its name.
            let _ = fs::remove_file(&self.interim);
        }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Writes a table, as Parquet or CSV by the extension of its name. The same batches give the same bytes.
///
/// In CSV a text that a spreadsheet would run as a formula gets an apostrophe in front: `=…`, `@…`, and `+…` or `-…` unless digits follow
/// (`+84912345678`, `-5`), as these are data here.
///
/// The file has its name only after [`TableWriter::finish`]; without it nothing stays behind.
pub struct TableWriter {
    partial: Partial,
    sink: Sink,
}

enum Sink {
    Parquet(Box<ArrowWriter<BufWriter<File>>>),
    Csv(Box<csv::Writer<BufWriter<File>>>),
}

/// Rows of a row group: large enough to compress well, small enough to be held.
const ROW_GROUP: usize = 131_072;

impl TableWriter {
    /// Begins a table.
    ///
    /// # Errors
    /// `Extension` when the name ends neither in `.parquet` nor in `.csv`, `Io` when the file can't be created.
    pub fn create(path: &Path, schema: SchemaRef) -> Result<Self, IntakeError> {
        let is = |wanted: &str| {
            path.extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
        };
        if !is("parquet") && !is("csv") {
            return Err(IntakeError::Extension {
                path: path.to_owned(),
            });
        }
        let (partial, file) = Partial::create(path)?;
        let sink = if is("csv") {
            let mut writer = csv::Writer::from_writer(file);
            writer
                .write_record(schema.fields().iter().map(|field| field.name()))
                .map_err(|error| csv_error(path, error))?;
            Sink::Csv(Box::new(writer))
        } else {
            let properties = WriterProperties::builder()
                .set_created_by("minhchung".to_owned())
                .set_compression(Compression::ZSTD(ZstdLevel::default()))
                .set_max_row_group_row_count(Some(ROW_GROUP))
                .build();
            // The reader takes names and types from Parquet's own schema: metadata would only add what a version change alters.
            let plain: SchemaRef = Arc::new(Schema::new(Arc::unwrap_or_clone(schema).fields));
            let writer = ArrowWriter::try_new(file, plain, Some(properties));
            Sink::Parquet(Box::new(writer.map_err(|error| write_error(path, &error))?))
        };
        Ok(Self { partial, sink })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// `Io` when the disk is full, `Write` when the rows don't have the table's columns.
    pub fn write(&mut self, rows: &RecordBatch) -> Result<(), IntakeError> {
        let path = &self.partial.path;
        match &mut self.sink {
            Sink::Parquet(writer) => writer
                .write(rows)
                .map_err(|error| write_error(path, &error)),
            Sink::Csv(writer) => write_csv(path, writer, rows),
        }
    }

    /// Ends the table and gives it its name.
    ///
    /// # Errors
    /// `Io` when the disk is full.
    pub fn finish(self) -> Result<(), IntakeError> {
        let path = self.partial.path.clone();
        let file = match self.sink {
            Sink::Parquet(writer) => writer
                .into_inner()
                .map_err(|error| write_error(&path, &error))?,
            Sink::Csv(writer) => writer.into_inner().map_err(|error| IntakeError::Io {
                file: shown(&path),
                source: error.into_error(),
            })?,
        };
        self.partial.finish(file)
    }
}

fn write_csv(
    path: &Path,
    writer: &mut csv::Writer<BufWriter<File>>,
    rows: &RecordBatch,
) -> Result<(), IntakeError> {
    let columns: Option<Vec<StringArray>> = rows.columns().iter().map(texts).collect();
    let columns = columns.ok_or_else(|| IntakeError::Write {
        file: shown(path),
        detail: format!("a column of {} has no text", rows.schema()),
    })?;
    for row in 0..rows.num_rows() {
        for column in &columns {
            let cell = if column.is_valid(row) {
                column.value(row)
            } else {
                ""
            };
            write_cell(writer, cell, is_formula(cell)).map_err(|error| csv_error(path, error))?;
        }
        writer
            .write_record(None::<&[u8]>)
            .map_err(|error| csv_error(path, error))?;
    }
    Ok(())
}

fn write_cell<W: Write>(writer: &mut csv::Writer<W>, cell: &str, formula: bool) -> csv::Result<()> {
    if formula {
        writer.write_field(format!("'{cell}"))
    } else {
        writer.write_field(cell)
    }
}

/// What a spreadsheet would run.
fn is_formula(cell: &str) -> bool {
    let mut chars = cell.chars();
    match chars.next() {
        Some('=' | '@' | '\t' | '\r') => true,
        Some('+' | '-') => !chars
            .as_str()
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b' ')),
        _ => false,
    }
}

/// Writes the list of rejected rows: `row, reason, reason_vi, reason_en, raw` (CSV with a byte order mark, so that Excel reads Vietnamese).
/// Whatever a spreadsheet could run gets an apostrophe in front.
///
/// The file has its name only after [`RejectWriter::finish`]; without it nothing stays behind.
pub struct RejectWriter {
    partial: Partial,
    writer: csv::Writer<BufWriter<File>>,
}

impl RejectWriter {
    /// Begins a list.
    ///
    /// # Errors
    /// `Io` when the file can't be created.
    pub fn create(path: &Path) -> Result<Self, IntakeError> {
        let (partial, mut file) = Partial::create(path)?;
        file.write_all("\u{FEFF}".as_bytes())
            .map_err(IntakeError::io(&shown(path)))?;
        let mut writer = csv::Writer::from_writer(file);
        writer
            .write_record(["row", "reason", "reason_vi", "reason_en", "raw"])
            .map_err(|error| csv_error(path, error))?;
        Ok(Self { partial, writer })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// `Io` when the disk is full.
    pub fn write(&mut self, rejects: &[Reject]) -> Result<(), IntakeError> {
        for reject in rejects {
            let reason = &reject.reason;
            let row = [
                &reject.row.to_string(),
                reason.code(),
                &reason.vi(),
                &reason.en(),
                &neutral(&reject.raw),
            ];
            self.writer
                .write_record(row)
                .map_err(|error| csv_error(&self.partial.path, error))?;
        }
        Ok(())
    }

    /// Ends the list and gives it its name.
    ///
    /// # Errors
    /// `Io` when the disk is full.
    pub fn finish(self) -> Result<(), IntakeError> {
        let file = self.writer.into_inner().map_err(|error| IntakeError::Io {
            file: shown(&self.partial.path),
            source: error.into_error(),
        })?;
        self.partial.finish(file)
    }
}

/// A text that no spreadsheet runs.
fn neutral(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn csv_error(path: &Path, error: csv::Error) -> IntakeError {
    let file = shown(path);
    match error.into_kind() {
        csv::ErrorKind::Io(source) => IntakeError::Io { file, source },
        other => IntakeError::Write {
            file,
            detail: format!("{other:?}"),
        },
    }
}

/// The encoder wraps what the disk says in a text of its own.
fn write_error(path: &Path, error: &parquet::errors::ParquetError) -> IntakeError {
    let file = shown(path);
    match error {
        parquet::errors::ParquetError::External(inner) if inner.is::<std::io::Error>() => {
            IntakeError::Io {
                file,
                source: std::io::Error::other(inner.to_string()),
            }
        }
        other => IntakeError::Write {
            file,
            detail: other.to_string(),
        },
    }
}
