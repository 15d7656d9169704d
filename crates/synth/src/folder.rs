//! Writes an invented country into a folder: one file per table, in one of three formats.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, RecordBatch};
use arrow_schema::DataType;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};

use crate::chunk::Chunk;
use crate::tables::Table;
use crate::{Counts, Order, Sink, SynthError, generate};

/// Rows below the heading that an Excel sheet holds.
const MOST_ROWS: u32 = 1_048_575;

/// Format of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Apache Parquet.
    #[default]
    Parquet,
    /// Comma-separated, UTF-8.
    Csv,
    /// Excel, one sheet per file.
    Xlsx,
}

impl Format {
    /// Ending of the file names.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// Invents a country and writes its tables into a folder, which is made when missing. `progress` hears how many people are done, of how many, and says whether to go on.
///
/// Files get their names when all are whole; until then they end in `.partial`, and a failure removes them.
///
/// # Errors
/// [`SynthError`] for an order that cannot be met or a file that cannot be written.
pub fn write_folder(
    order: &Order,
    dir: &Path,
    format: Format,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Counts, SynthError> {
    fs::create_dir_all(dir).map_err(failed(dir))?;
    let files = Table::ALL.map(|table| Output::new(table, dir, format));
    let mut folder = Folder {
        files: files.into_iter().collect::<Result<_, _>>()?,
        done: 0,
        all: order.people,
        progress,
    };
    let counts = generate(order, &mut folder)?;
    folder
        .files
        .into_par_iter()
        .map(Output::finish)
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .try_for_each(Partial::keep)?;
    Ok(counts)
}

/// The files being written.
struct Folder<'a> {
    files: Vec<Output>,
    done: u64,
    all: u64,
    progress: &'a mut dyn FnMut(u64, u64) -> bool,
}

impl Sink for Folder<'_> {
    fn take(&mut self, chunk: Chunk) -> Result<(), SynthError> {
        // One file's rows stay in order; different files are written side by side.
        self.files.par_iter_mut().try_for_each(|file| {
            let table = file.table;
            let mut mine = chunk.batches.iter().filter(|(of, _)| *of == table);
            mine.try_for_each(|(_, batch)| file.write(batch))
        })?;
        self.done += chunk.counts.people;
        if (self.progress)(self.done, self.all) {
            Ok(())
        } else {
            Err(SynthError::Stopped)
        }
    }
}

/// One file being written.
struct Output {
    table: Table,
    partial: Partial,
    writer: Writer,
}

/// How rows become bytes.
enum Writer {
    Parquet(Box<ArrowWriter<BufWriter<File>>>),
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Xlsx(Box<Workbook>, u32),
}

impl Output {
    fn new(table: Table, dir: &Path, format: Format) -> Result<Self, SynthError> {
        let partial = Partial::new(dir.join(format!("{}.{}", table.name(), format.extension())));
        let path = partial.path.clone();
        let open = || -> Result<_, SynthError> {
            let file = File::create(&partial.meanwhile).map_err(failed(&path))?;
            Ok(BufWriter::with_capacity(1 << 16, file))
        };
        let writer = match format {
            Format::Parquet => {
                let writer = ArrowWriter::try_new(
                    open()?,
                    Arc::new(table.schema()),
                    Some(properties(table)),
                );
                Writer::Parquet(Box::new(writer.map_err(failed(&path))?))
            }
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(open()?);
                writer
                    .write_record(table.schema().fields().iter().map(|field| field.name()))
                    .map_err(failed(&path))?;
                Writer::Csv(Box::new(writer))
            }
            Format::Xlsx => Writer::Xlsx(Box::new(workbook(table).map_err(failed(&path))?), 0),
        };
        Ok(Self {
            table,
            partial,
            writer,
        })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), SynthError> {
        let path = &self.partial.path;
        match &mut self.writer {
            Writer::Parquet(writer) => writer.write(batch).map_err(failed(path)),
            Writer::Csv(writer) => {
                let columns = texts(batch);
                (0..batch.num_rows())
                    .try_for_each(|row| {
                        writer.write_record(columns.iter().map(|column| column.at(row)))
                    })
                    .map_err(failed(path))
            }
            Writer::Xlsx(book, rows) => {
                if *rows + batch.num_rows() as u32 > MOST_ROWS {
                    return Err(SynthError::TooManyRows {
                        table: self.table.name(),
                    });
                }
                write_sheet(book, *rows + 1, batch).map_err(failed(path))?;
                *rows += batch.num_rows() as u32;
                Ok(())
            }
        }
    }

    /// Writes what is left. The file keeps its partial name.
    fn finish(self) -> Result<Partial, SynthError> {
        let partial = self.partial;
        match self.writer {
            Writer::Parquet(writer) => {
                let mut file = writer.into_inner().map_err(failed(&partial.path))?;
                file.flush().map_err(failed(&partial.path))?;
            }
            Writer::Csv(mut writer) => writer.flush().map_err(failed(&partial.path))?,
            Writer::Xlsx(mut book, _) => {
                book.save(&partial.meanwhile)
                    .map_err(failed(&partial.path))?;
            }
        }
        Ok(partial)
    }
}

/// Row groups and encodings. Columns whose values never repeat get no dictionary.
fn properties(table: Table) -> WriterProperties {
    let unique: &[&str] = match table {
        Table::Facilities | Table::Lots => &[],
        Table::Register => &["unique_id", "id_number", "old_id_number", "phone"],
        Table::Subjects => &[
            "unique_id",
            "id_number",
            "phone",
            "bhyt",
            "guardian_id",
            "email",
        ],
        Table::Doses => &["dose_id", "subject_id"],
        Table::Truth => &["a_id", "b_id", "person_id", "split_of"],
        Table::TruthDoses => &["dose_id", "person_id", "duplicate_of"],
    };
    let builder = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(1 << 18));
    unique
        .iter()
        .fold(builder, |builder, column| {
            builder.set_column_dictionary_enabled(ColumnPath::from(*column), false)
        })
        .build()
}

/// A workbook with the headings. Its date is fixed: the same rows give the same bytes.
fn workbook(table: Table) -> Result<Workbook, rust_xlsxwriter::XlsxError> {
    let mut book = Workbook::new();
    book.set_properties(
        &DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2022, 1, 1)?),
    );
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name(table.name())?;
    for (column, field) in (0..).zip(table.schema().fields()) {
        sheet.write_string(0, column, field.name())?;
    }
    Ok(book)
}

/// Appends rows to the only sheet.
fn write_sheet(
    book: &mut Workbook,
    first: u32,
    batch: &RecordBatch,
) -> Result<(), rust_xlsxwriter::XlsxError> {
    let (sheet, columns) = (book.worksheet_from_index(0)?, texts(batch));
    for row in 0..batch.num_rows() {
        for (at, column) in (0..).zip(&columns) {
            let text = column.at(row);
            if !text.is_empty() {
                sheet.write_string(first + row as u32, at, text)?;
            }
        }
    }
    Ok(())
}

/// A column read as text: null is empty, booleans are 1 and 0.
enum Text<'a> {
    Utf8(&'a arrow_array::StringArray),
    Boolean(&'a arrow_array::BooleanArray),
}

impl Text<'_> {
    fn at(&self, row: usize) -> &str {
        match self {
            Self::Utf8(array) if array.is_null(row) => "",
            Self::Utf8(array) => array.value(row),
            Self::Boolean(array) if array.value(row) => "1",
            Self::Boolean(_) => "0",
        }
    }
}

/// The columns of a batch as text. Our tables have no other types.
fn texts(batch: &RecordBatch) -> Vec<Text<'_>> {
    batch
        .columns()
        .iter()
        .map(|column| match column.data_type() {
            DataType::Boolean => Text::Boolean(column.as_boolean()),
            _ => Text::Utf8(column.as_string()),
        })
        .collect()
}

/// A file that gets its name when it is whole, and is removed otherwise.
struct Partial {
    path: PathBuf,
    meanwhile: PathBuf,
    kept: bool,
}

impl Partial {
    fn new(path: PathBuf) -> Self {
        let mut meanwhile = path.clone().into_os_string();
        meanwhile.push(".partial");
        Self {
            path,
            meanwhile: meanwhile.into(),
            kept: false,
        }
    }

    fn keep(mut self) -> Result<(), SynthError> {
        fs::rename(&self.meanwhile, &self.path).map_err(failed(&self.path))?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.kept {
            // The failure that led here is what is reported; a file that is not there needs no removal.
            let _ = fs::remove_file(&self.meanwhile);
        }
    }
}

/// Says which file an error is about.
fn failed<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    path: &Path,
) -> impl FnOnce(E) -> SynthError {
    let path = path.to_owned();
    move |source| SynthError::Write {
        path,
        source: source.into(),
    }
}
