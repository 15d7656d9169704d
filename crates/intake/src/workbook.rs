//! Rows of an XLSX workbook.
//!
//! The decoder's cell stream borrows the workbook, so a thread owns both and sends rows in chunks; a channel of a few chunks bounds what is
//! held. The thread ends with the sheet, or when its reader is dropped.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use calamine::{
    Cell, DataRef, ExcelDateTime, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError,
};

use crate::batch::{Assembler, Reject, RejectReason};
use crate::columns::{Column, HeaderFinder, Matched, match_headings, numbers_columns};
use crate::input::{Input, InputReader};
use crate::reader::guarded;
use crate::sniff::{HEADER_ROWS, shortened};
use crate::text::{clock, number};
use crate::{Format, IntakeError, Layout, Options, Wanted, archive};

/// Reads the rows of a sheet.
pub(crate) struct Workbook {
    chunks: Receiver<Result<Chunk, IntakeError>>,
    chunk: Chunk,
    at: usize,
    /// Where the cell of a column of the sheet stands in a row of a chunk.
    slots: Vec<Option<usize>>,
    /// Column names by slot, for messages.
    headings: Vec<String>,
    declared_rows: Option<u64>,
    ended: bool,
}

/// Rows on their way from the thread.
#[derive(Default)]
struct Chunk {
    rows: Vec<Row>,
    /// Places of the wanted cells in `text`: `width` per row.
    cells: Vec<Range<usize>>,
    text: String,
}

struct Row {
    /// As a person counts it.
    number: u64,
    /// The first failed formula among the wanted cells.
    failed: Option<(usize, &'static str)>,
}

const CHUNK_ROWS: usize = 1024;
const CHUNK_BYTES: usize = 4 << 20;
const CHUNKS_AHEAD: usize = 4;
/// Columns that a sheet can have.
const MAX_COLUMNS: u32 = 16_384;

type Book = Xlsx<InputReader>;

impl Workbook {
    pub(crate) fn open(
        input: &Input,
        wanted: Wanted<'_>,
        options: &Options,
    ) -> Result<(Self, Layout), IntakeError> {
        archive::inspect(input, &options.limits)?;
        let mut book: Book =
            Xlsx::new(input.open()?).map_err(|error| damaged(&input.name, None, &error))?;
        let sheet = find_sheet(input, &mut book, wanted, options)?;
        let Matched {
            columns, unused, ..
        } = match_headings(
            &input.name,
            sheet.header_row,
            &sheet.headings,
            wanted,
            options.map.as_ref(),
        )?;
        let (slots, headings) = slots_of(&columns);
        let job = Job {
            file: input.name.clone(),
            sheet: sheet.name.clone(),
            after_row: sheet.after_row,
            slots: slots.clone(),
            width: headings.len(),
        };
        let (sender, chunks) = sync_channel(CHUNKS_AHEAD);
        thread::spawn(move || job.run(book, &sender));
        let rows = Self {
            chunks,
            chunk: Chunk::default(),
            at: 0,
            slots,
            headings,
            declared_rows: sheet.declared_rows,
            ended: false,
        };
        let layout = Layout {
            format: Format::Xlsx,
            encoding: None,
            delimiter: None,
            sheet: Some(sheet.name),
            header_row: sheet.header_row,
            columns,
            unused,
        };
        Ok((rows, layout))
    }

    /// Rows that the sheet says it has below its headings.
    pub(crate) fn declared_rows(&self) -> Option<u64> {
        self.declared_rows
    }

    /// Takes rows until the batch is full; `false` at the end of the sheet.
    pub(crate) fn fill(&mut self, batch: &mut Assembler) -> Result<bool, IntakeError> {
        while !batch.is_full() {
            if self.at >= self.chunk.rows.len() {
                if self.ended {
                    return Ok(false);
                }
                self.at = 0;
                if let Ok(chunk) = self.chunks.recv() {
                    self.chunk = chunk?;
                } else {
                    self.chunk = Chunk::default();
                    self.ended = true;
                }
                continue;
            }
            self.row(batch);
            self.at += 1;
        }
        Ok(true)
    }

    fn row(&self, batch: &mut Assembler) {
        let Some(row) = self.chunk.rows.get(self.at) else {
            return;
        };
        let width = self.headings.len();
        let cells = self
            .chunk
            .cells
            .get(self.at * width..(self.at + 1) * width)
            .unwrap_or_default();
        let text = |slot: usize| self.chunk.text.get(cells.get(slot)?.clone());
        let cell = |place: usize| text((*self.slots.get(place)?)?);
        let raw = || {
            let cells: Vec<&str> = (0..width)
                .map(|slot| text(slot).unwrap_or_default())
                .collect();
            cells.join(" | ").into_bytes()
        };
        match &row.failed {
            None => batch.accept(row.number, cell, raw),
            Some((slot, error)) => {
                let field = self.headings.get(*slot).cloned().unwrap_or_default();
                let reason = RejectReason::ErrorCell {
                    field,
                    error: (*error).to_owned(),
                };
                batch.reject(Reject::new(row.number, &raw(), reason));
            }
        }
    }
}

/// For each column of the sheet its slot, when it is wanted; and the headings by slot.
fn slots_of(columns: &[Column]) -> (Vec<Option<usize>>, Vec<String>) {
    let sources = || columns.iter().flat_map(|column| &column.sources);
    let mut slots = vec![None; sources().map(|source| source.index + 1).max().unwrap_or(0)];
    let mut headings = Vec::new();
    for source in sources() {
        if let Some(slot) = slots.get_mut(source.index) {
            *slot = Some(headings.len());
            headings.push(source.heading.clone());
        }
    }
    (slots, headings)
}

/// A sheet with a table in it.
struct Sheet {
    name: String,
    headings: Vec<String>,
    /// As a person counts it.
    header_row: u64,
    /// Rows stand below this one.
    after_row: u64,
    declared_rows: Option<u64>,
}

/// The sheet that the user names, else the one whose headings name most fields; of equals a visible one, then the first.
fn find_sheet(
    input: &Input,
    book: &mut Book,
    wanted: Wanted<'_>,
    options: &Options,
) -> Result<Sheet, IntakeError> {
    let map = options.map.as_ref();
    let finder = HeaderFinder::new(wanted, map);
    let said = map.and_then(|map| map.header_row);
    let mut best: Option<((usize, bool), Sheet)> = None;
    let mut first = String::new();
    for (name, visible) in sheet_names(input, book, options)? {
        let (rows, declared) = preview(&input.name, book, &name, said)?;
        let cells = || rows.iter().map(|(_, cells)| cells.as_slice());
        if let (true, Some(row)) = (first.is_empty(), cells().next()) {
            first = shortened(&row.join(" | "));
        }
        let found = match said {
            Some(number) => rows
                .iter()
                .position(|(row, _)| *row == number)
                .map(|at| (at, 0)),
            None => finder.best(cells()),
        };
        let Some((at, score)) = found else { continue };
        let rank = (score, visible);
        if best.as_ref().is_none_or(|(other, _)| rank > *other) {
            best = sheet_at(name, &rows, at, declared).map(|sheet| (rank, sheet));
        }
    }
    match best {
        Some((_, sheet)) => Ok(sheet),
        None if first.is_empty() => Err(IntakeError::Empty {
            file: input.name.clone(),
        }),
        None => Err(IntakeError::NoHeadings {
            file: input.name.clone(),
            searched: HEADER_ROWS,
            first,
        }),
    }
}

fn sheet_at(name: String, rows: &[(u64, Vec<String>)], at: usize, declared: u64) -> Option<Sheet> {
    let (header_row, headings) = rows.get(at)?;
    let numbering = rows
        .get(at + 1)
        .filter(|(_, cells)| numbers_columns(cells))
        .map(|(row, _)| *row);
    Some(Sheet {
        name,
        headings: headings.clone(),
        header_row: *header_row,
        after_row: numbering.unwrap_or(*header_row),
        declared_rows: declared.checked_sub(*header_row),
    })
}

fn sheet_names(
    input: &Input,
    book: &Book,
    options: &Options,
) -> Result<Vec<(String, bool)>, IntakeError> {
    let sheets = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let all: Vec<(String, bool)> = sheets
        .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
        .collect();
    let Some((map, wanted)) = options
        .map
        .as_ref()
        .and_then(|map| Some((map, map.sheet.as_ref()?)))
    else {
        return Ok(all);
    };
    if let Some(sheet) = all.iter().find(|(name, _)| name.trim() == wanted.trim()) {
        return Ok(vec![sheet.clone()]);
    }
    let names: Vec<String> = all.iter().map(|(name, _)| format!("'{name}'")).collect();
    let names = names.join(", ");
    Err(IntakeError::Map {
        file: map.file.clone(),
        problem: format!(
            "sheet = \"{wanted}\": {} has no such sheet; it has: {names}",
            input.name
        ),
        problem_vi: format!(
            "sheet = \"{wanted}\": {} không có trang tính này; các trang hiện có: {names}",
            input.name
        ),
    })
}

/// Rows with their numbers, as a person counts them.
type FirstRows = Vec<(u64, Vec<String>)>;

/// The first rows of a sheet that are not blank; and the last row that the sheet declares.
fn preview(
    file: &str,
    book: &mut Book,
    sheet: &str,
    header_row: Option<u64>,
) -> Result<(FirstRows, u64), IntakeError> {
    let mut cells = book
        .worksheet_cells_reader(sheet)
        .map_err(|error| damaged(file, None, &error))?;
    let declared = u64::from(cells.dimensions().end.0) + 1;
    let mut rows = Vec::new();
    loop {
        match cells.next_cell() {
            Ok(Some(cell)) => {
                let (number, column) = place(file, &cell)?;
                let mut text = String::new();
                write_value(cell.get_value(), &mut text);
                let blank = text.trim().is_empty();
                if !blank && !put(&mut rows, number, column, text, header_row) {
                    break;
                }
            }
            // Rows in front of the damage may be good: they are read, and then the damage is reported.
            Err(error) if rows.is_empty() => return Err(damaged(file, None, &error)),
            Ok(None) | Err(_) => break,
        }
    }
    Ok((rows, declared))
}

/// Adds a cell to the first rows; `false` when there are enough of them. One row behind the last in which headings may stand is taken too: it may
/// number the columns.
fn put(
    rows: &mut FirstRows,
    number: u64,
    column: usize,
    text: String,
    header_row: Option<u64>,
) -> bool {
    if header_row.is_some_and(|row| number < row) {
        return true;
    }
    if rows.last().is_none_or(|(last, _)| *last != number) {
        if rows.len() > header_row.map_or(HEADER_ROWS, |_| 1) {
            return false;
        }
        rows.push((number, Vec::new()));
    }
    if let Some((_, texts)) = rows.last_mut() {
        if texts.len() <= column {
            texts.resize(column + 1, String::new());
        }
        if let Some(slot) = texts.get_mut(column) {
            *slot = text;
        }
    }
    true
}

/// Row as a person counts it, and column from 0.
fn place(file: &str, cell: &Cell<DataRef<'_>>) -> Result<(u64, usize), IntakeError> {
    let (row, column) = cell.get_position();
    if column >= MAX_COLUMNS {
        let detail = format!("a cell in column {column}; a sheet has {MAX_COLUMNS}");
        return Err(IntakeError::Corrupt {
            file: file.to_owned(),
            row: Some(u64::from(row) + 1),
            detail,
        });
    }
    Ok((u64::from(row) + 1, column as usize))
}

/// What the thread does.
struct Job {
    file: String,
    sheet: String,
    after_row: u64,
    slots: Vec<Option<usize>>,
    width: usize,
}

/// The reader was dropped.
struct Unwanted;

impl Job {
    fn run(self, mut book: Book, chunks: &SyncSender<Result<Chunk, IntakeError>>) {
        let file = self.file.clone();
        if let Err(error) = guarded(&file, || self.stream(&mut book, chunks)) {
            // Nobody may be listening any more, and then nobody needs to know.
            let _ = chunks.send(Err(error));
        }
    }

    fn stream(
        &self,
        book: &mut Book,
        chunks: &SyncSender<Result<Chunk, IntakeError>>,
    ) -> Result<(), IntakeError> {
        let mut cells = book
            .worksheet_cells_reader(&self.sheet)
            .map_err(|error| damaged(&self.file, None, &error))?;
        let mut rows = RowBuilder::new(self.width);
        loop {
            let cell = match cells.next_cell() {
                Ok(Some(cell)) => cell,
                Ok(None) => {
                    rows.end_row();
                    let _ = chunks.send(Ok(rows.chunk)); // as above
                    return Ok(());
                }
                Err(error) => {
                    // Whole rows in front of the damage are good.
                    let row = rows.current.as_ref().map(|row| row.number);
                    rows.drop_row();
                    let _ = chunks.send(Ok(rows.chunk));
                    return Err(damaged(&self.file, row, &error));
                }
            };
            let (number, column) = place(&self.file, &cell)?;
            if number <= self.after_row {
                continue;
            }
            if rows.begin(number) && rows.is_full() && send(chunks, &mut rows.chunk).is_err() {
                return Ok(());
            }
            rows.put(self.slots.get(column).copied().flatten(), cell.get_value());
        }
    }
}

fn send(
    chunks: &SyncSender<Result<Chunk, IntakeError>>,
    chunk: &mut Chunk,
) -> Result<(), Unwanted> {
    chunks.send(Ok(std::mem::take(chunk))).map_err(|_| Unwanted)
}

/// Puts the cells of one row after the other into a chunk.
struct RowBuilder {
    chunk: Chunk,
    width: usize,
    current: Option<Row>,
    /// Cells of the current row.
    cells: Vec<String>,
    /// Some cell of the current row is not blank, wanted or not.
    filled: bool,
}

impl RowBuilder {
    fn new(width: usize) -> Self {
        let cells = vec![String::new(); width];
        Self {
            chunk: Chunk::default(),
            width,
            current: None,
            cells,
            filled: false,
        }
    }

    fn is_full(&self) -> bool {
        self.chunk.rows.len() >= CHUNK_ROWS || self.chunk.text.len() >= CHUNK_BYTES
    }

    /// Begins a row unless it is the current one; `true` when it ended another.
    fn begin(&mut self, number: u64) -> bool {
        if self
            .current
            .as_ref()
            .is_some_and(|row| row.number == number)
        {
            return false;
        }
        self.end_row();
        self.current = Some(Row {
            number,
            failed: None,
        });
        true
    }

    fn put(&mut self, slot: Option<usize>, value: &DataRef<'_>) {
        let Some(cell) = slot.and_then(|slot| self.cells.get_mut(slot)) else {
            self.filled |= !matches!(value, DataRef::Empty);
            return;
        };
        cell.clear();
        write_value(value, cell);
        self.filled |= !cell.trim().is_empty();
        if let (DataRef::Error(error), Some(slot), Some(row)) = (value, slot, &mut self.current) {
            row.failed.get_or_insert((slot, error_text(error)));
        }
    }

    fn end_row(&mut self) {
        let Some(row) = self.current.take() else {
            return;
        };
        if self.filled {
            for cell in &self.cells {
                let start = self.chunk.text.len();
                self.chunk.text.push_str(cell);
                self.chunk.cells.push(start..self.chunk.text.len());
            }
            self.chunk.rows.push(row);
        }
        self.drop_row();
    }

    fn drop_row(&mut self) {
        self.current = None;
        self.filled = false;
        debug_assert_eq!(self.cells.len(), self.width);
        self.cells.iter_mut().for_each(String::clear);
    }
}

/// A cell as the text that a person means: numbers without exponent and needless decimals, dates as ISO 8601.
fn write_value(value: &DataRef<'_>, out: &mut String) {
    match value {
        DataRef::Empty => {}
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            out.push_str(text);
        }
        DataRef::SharedString(text) => out.push_str(text),
        DataRef::Int(value) => number(out, *value as f64),
        DataRef::Float(value) => number(out, *value),
        DataRef::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        DataRef::DateTime(moment) => write_moment(moment, out),
        DataRef::Error(error) => out.push_str(error_text(error)),
    }
}

/// First serial number beyond 9999-12-31.
const SERIAL_END: f64 = 2_958_466.0;

/// A number in a date format. Day 0 is written `1900-01-00`, as the spreadsheet shows it: no date was there, and rule DB-08 says so. A number
/// outside the calendar stays a number.
fn write_moment(moment: &ExcelDateTime, out: &mut String) {
    let serial = moment.as_f64();
    if !(0.0..SERIAL_END).contains(&serial) {
        number(out, serial);
        return;
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let time = u32::from(hour) * 3600 + u32::from(minute) * 60 + u32::from(second);
    let day_zero = serial < 1.0 && year < 1904;
    if moment.is_duration() || day_zero && time != 0 {
        let days = if moment.is_duration() {
            serial.trunc() as u32
        } else {
            0
        };
        clock(out, days * 86_400 + time);
        return;
    }
    if day_zero {
        out.push_str("1900-01-00");
        return;
    }
    let _ = write!(out, "{year:04}-{month:02}-{day:02}"); // writing to a String does not fail
    if time != 0 {
        out.push(' ');
        clock(out, time);
    }
}

fn error_text(error: &calamine::CellErrorType) -> &'static str {
    use calamine::CellErrorType as E;
    match error {
        E::Div0 => "#DIV/0!",
        E::NA => "#N/A",
        E::Name => "#NAME?",
        E::Null => "#NULL!",
        E::Num => "#NUM!",
        E::Ref => "#REF!",
        E::Value => "#VALUE!",
        E::GettingData => "#GETTING_DATA",
    }
}

fn damaged(file: &str, row: Option<u64>, error: &XlsxError) -> IntakeError {
    if matches!(error, XlsxError::Password) {
        return IntakeError::Unsupported {
            file: file.to_owned(),
            kind: "a workbook protected by a password",
            hint: "open it in Excel, remove the password and save it again",
            hint_vi: "hãy mở bằng Excel, bỏ mật khẩu rồi lưu lại",
        };
    }
    IntakeError::Corrupt {
        file: file.to_owned(),
        row,
        detail: shortened(&error.to_string()),
    }
}
