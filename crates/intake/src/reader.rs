//! Opening a file and reading it batch by batch.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use arrow_array::{Array as _, RecordBatch, StringArray};

use crate::batch::Assembler;
use crate::columnar::Columnar;
use crate::columns::{Matched, match_headings};
use crate::delimited::Delimited;
use crate::input::Input;
use crate::workbook::Workbook;
use crate::{Batch, ColumnMap, Counts, Format, IntakeError, Layout, Reject, Wanted, sniff};

/// How to read.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the user says about the file (`--map`).
    pub map: Option<ColumnMap>,
    /// Rows of a batch. A batch is cut earlier when its text is very long.
    pub batch_rows: usize,
    /// What a file may demand.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            map: None,
            batch_rows: 65_536,
            limits: Limits::default(),
        }
    }
}

/// What a file may demand of this machine. The defaults lie far above what tables have and far below what hurts.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a line, and of a record over several lines, in a CSV file.
    pub max_line_bytes: usize,
    /// Lines of a record in a CSV file.
    pub max_record_lines: usize,
    /// Bytes to which all parts of a workbook may unpack.
    pub max_unpacked_bytes: u64,
    /// Bytes to which those parts of a workbook may unpack that have to be held in memory: shared texts, styles.
    pub max_held_bytes: u64,
    /// How many times its packed size a part of a workbook may unpack to. Deflate reaches 1032; sheets of real data reach 50.
    pub max_ratio: u64,
    /// Bytes of one cell or tag in a workbook (a spreadsheet cell holds 32,767 characters).
    pub max_cell_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_line_bytes: 1 << 20,
            max_record_lines: 100,
            max_unpacked_bytes: 4 << 30,
            max_held_bytes: 512 << 20,
            max_ratio: 250,
            max_cell_bytes: 1 << 20,
        }
    }
}

/// How far reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Done so far.
    pub done: u64,
    /// All there is; `None` when the file does not say.
    pub total: Option<u64>,
    /// Of what.
    pub unit: Unit,
}

/// What progress counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes of the file.
    Bytes,
    /// Rows.
    Rows,
}

/// Opens a file: names its format, finds its headings, matches them.
///
/// # Errors
/// Whatever makes the whole file unreadable; see [`IntakeError`].
pub fn open(path: &Path, wanted: Wanted<'_>, options: &Options) -> Result<Reader, IntakeError> {
    Reader::new(&Input::on_disk(path)?, wanted, options)
}

/// Opens a file that is in memory; `name` is what messages call it.
///
/// # Errors
/// As [`open`].
pub fn open_bytes(
    name: &str,
    bytes: Vec<u8>,
    wanted: Wanted<'_>,
    options: &Options,
) -> Result<Reader, IntakeError> {
    Reader::new(&Input::in_memory(name, bytes), wanted, options)
}

/// A whole file in memory.
#[derive(Debug)]
pub struct All {
    /// Its rows.
    pub batches: Vec<RecordBatch>,
    /// What was found out about it.
    pub layout: Layout,
    /// What became of its rows.
    pub counts: Counts,
    /// Rows that could not be read.
    pub rejects: Vec<Reject>,
}

/// Reads a whole file; for small ones.
///
/// # Errors
/// As [`open`] and [`Reader::next_batch`].
pub fn read_all(path: &Path, wanted: Wanted<'_>, options: &Options) -> Result<All, IntakeError> {
    open(path, wanted, options)?.into_all()
}

/// Hands on these columns of every row, by their headings in the batch; a blank cell and a column that is not there are `None`. Tells what
/// became of the rows.
///
/// # Errors
/// As [`open`] and [`Reader::next_batch`].
pub fn each_row<const N: usize>(
    path: &Path,
    wanted: Wanted<'_>,
    headings: [&str; N],
    each: impl FnMut([Option<&str>; N]),
) -> Result<Counts, IntakeError> {
    each_row_in(open(path, wanted, &Options::default())?, headings, each)
}

/// The same of a file that is in memory; `name` is what messages call it.
///
/// # Errors
/// As [`open`] and [`Reader::next_batch`].
pub fn each_row_of<const N: usize>(
    name: &str,
    bytes: Vec<u8>,
    wanted: Wanted<'_>,
    headings: [&str; N],
    each: impl FnMut([Option<&str>; N]),
) -> Result<Counts, IntakeError> {
    let reader = open_bytes(name, bytes, wanted, &Options::default())?;
    each_row_in(reader, headings, each)
}

fn each_row_in<const N: usize>(
    mut reader: Reader,
    headings: [&str; N],
    mut each: impl FnMut([Option<&str>; N]),
) -> Result<Counts, IntakeError> {
    while let Some(batch) = reader.next_batch()? {
        let columns = headings.map(|heading| {
            let column = batch.rows.column_by_name(heading)?;
            column.as_any().downcast_ref::<StringArray>()
        });
        for row in 0..batch.rows.num_rows() {
            each(columns.map(|column| {
                let column = column.filter(|column| column.is_valid(row))?;
                Some(column.value(row)).filter(|text| !text.trim().is_empty())
            }));
        }
    }
    Ok(reader.counts())
}

/// Reads a file batch by batch.
pub struct Reader {
    file: String,
    len: u64,
    layout: Layout,
    rows: Rows,
    assembler: Assembler,
    /// Found behind rows that are still to be handed over.
    pending: Option<IntakeError>,
    ended: bool,
}

enum Rows {
    Delimited(Box<Delimited>),
    Workbook(Workbook),
    Columnar(Columnar),
}

impl Reader {
    fn new(input: &Input, wanted: Wanted<'_>, options: &Options) -> Result<Self, IntakeError> {
        let (rows, layout) = match input.format()? {
            Format::Csv => delimited(input, wanted, options)?,
            Format::Xlsx => {
                let (workbook, layout) =
                    guarded(&input.name, || Workbook::open(input, wanted, options))?;
                (Rows::Workbook(workbook), layout)
            }
            Format::Parquet => {
                let (columnar, layout) =
                    guarded(&input.name, || Columnar::open(input, wanted, options))?;
                (Rows::Columnar(columnar), layout)
            }
        };
        Ok(Self {
            file: input.name.clone(),
            len: input.len,
            assembler: Assembler::new(&layout.columns, options.batch_rows),
            layout,
            rows,
            pending: None,
            ended: false,
        })
    }

    /// What was found out about the file.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The next rows; `None` at the end. Rows in front of damage are handed over before the damage is reported.
    ///
    /// # Errors
    /// `Io` when reading fails, `Corrupt` when the file is damaged. After an error there is nothing more to read.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, IntakeError> {
        if let Some(error) = self.pending.take() {
            return Err(error);
        }
        if self.ended {
            return Ok(None);
        }
        let (rows, batch) = (&mut self.rows, &mut self.assembler);
        let filled = match rows {
            Rows::Delimited(rows) => rows.fill(batch),
            Rows::Workbook(rows) => rows.fill(batch),
            Rows::Columnar(rows) => guarded(&self.file, || rows.fill(batch)),
        };
        let (more, error) = match filled {
            Ok(more) => (more, None),
            Err(error) => (false, Some(error)),
        };
        self.ended = !more;
        self.pending = error;
        if self.assembler.is_empty() {
            return self.pending.take().map_or(Ok(None), Err);
        }
        self.assembler.finish(&self.file).map(Some)
    }

    /// How far reading has come.
    pub fn progress(&self) -> Progress {
        match &self.rows {
            Rows::Delimited(rows) => Progress {
                done: rows.bytes_read().min(self.len),
                total: Some(self.len),
                unit: Unit::Bytes,
            },
            Rows::Workbook(rows) => Progress {
                done: self.assembler.counts().read,
                total: rows.declared_rows(),
                unit: Unit::Rows,
            },
            Rows::Columnar(rows) => Progress {
                done: self.assembler.counts().read,
                total: Some(rows.row_count()),
                unit: Unit::Rows,
            },
        }
    }

    /// What became of the rows read so far.
    pub fn counts(&self) -> Counts {
        self.assembler.counts()
    }

    /// Reads the rest of the file into memory.
    ///
    /// # Errors
    /// As [`Reader::next_batch`].
    pub fn into_all(mut self) -> Result<All, IntakeError> {
        let (mut batches, mut rejects) = (Vec::new(), Vec::new());
        while let Some(batch) = self.next_batch()? {
            batches.push(batch.rows);
            rejects.extend(batch.rejects);
        }
        Ok(All {
            batches,
            counts: self.counts(),
            layout: self.layout,
            rejects,
        })
    }
}

fn delimited(
    input: &Input,
    wanted: Wanted<'_>,
    options: &Options,
) -> Result<(Rows, Layout), IntakeError> {
    let plan = sniff::look(input, wanted, options)?;
    let Matched {
        columns,
        unused,
        width,
    } = match_headings(
        &input.name,
        plan.header_line,
        &plan.headings,
        wanted,
        options.map.as_ref(),
    )?;
    let rows = Delimited::new(input, &plan, width, &options.limits)?;
    let layout = Layout {
        format: Format::Csv,
        encoding: Some(plan.encoding),
        delimiter: Some(plan.dialect.delimiter.into()),
        sheet: None,
        header_row: plan.header_line,
        columns,
        unused,
    };
    Ok((Rows::Delimited(Box::new(rows)), layout))
}

/// Runs a decoder of somebody else's format. Those crates return errors for nearly all damage, but some bytes make them panic (an overflowing
/// offset, a length that contradicts the data); to the user that is a damaged file like any other.
pub(crate) fn guarded<T>(
    file: &str,
    run: impl FnOnce() -> Result<T, IntakeError>,
) -> Result<T, IntakeError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        let detail = crate::sniff::shortened(said.unwrap_or("its decoder gave up"));
        Err(IntakeError::Corrupt {
            file: file.to_owned(),
            row: None,
            detail,
        })
    })
}
