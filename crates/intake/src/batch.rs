//! Rows on their way into column arrays.

use std::sync::Arc;

use arrow_array::builder::{StringBuilder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use serde::Serialize;

use crate::{Column, IntakeError};

/// Name of the last column of every batch: the row's number in the file, `UInt64`.
pub const ROW_COLUMN: &str = "row";

/// Some rows of a file.
#[derive(Debug)]
pub struct Batch {
    /// rows × (wanted columns + 1): one `Utf8` column per wanted column, in order, with the text as it stood in the file and null where the cell
    /// is blank or the file lacks the column; last [`ROW_COLUMN`], the row's number as a person counts it: the line of a CSV file, the row of
    /// a sheet, the record of a Parquet file (from 1).
    pub rows: RecordBatch,
    /// Rows that could not be read.
    pub rejects: Vec<Reject>,
}

/// A row that was turned away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Its number as a person counts it.
    pub row: u64,
    /// Its text, at most [`Reject::RAW_CHARS`] characters; what does not decode is shown as `\u{FFFD}`, NUL as `\u{2400}`.
    pub raw: String,
    /// Why.
    pub reason: RejectReason,
}

impl Reject {
    /// Longest text kept of a rejected row.
    pub const RAW_CHARS: usize = 1000;

    /// A rejected row, its text cut to what a list can hold.
    pub fn new(row: u64, raw: &[u8], reason: RejectReason) -> Self {
        // Four bytes a character at most: no need to decode the rest of a long line.
        let head = raw.get(..Self::RAW_CHARS * 4).unwrap_or(raw);
        let text = String::from_utf8_lossy(head);
        let shown = |c: char| if c == '\0' { '\u{2400}' } else { c };
        let mut raw_text: String = text.chars().take(Self::RAW_CHARS).map(shown).collect();
        let cut = matches!(reason, RejectReason::TooLong { .. });
        if cut || head.len() < raw.len() || text.chars().nth(Self::RAW_CHARS).is_some() {
            raw_text.push('…');
        }
        Self {
            row,
            raw: raw_text,
            reason,
        }
    }
}

/// Why a row was turned away.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RejectReason {
    /// Bytes that are no text in the file's encoding.
    Undecodable,
    /// A NUL byte.
    NulByte,
    /// More cells than headings.
    TooManyCells {
        /// Headings.
        expected: usize,
        /// Cells.
        found: usize,
    },
    /// Fewer cells than headings: most often one half of a row that a line feed broke, so its cells can't be trusted to stand under their headings.
    TooFewCells {
        /// Headings.
        expected: usize,
        /// Cells.
        found: usize,
    },
    /// A quotation mark that is opened and never closed.
    UnclosedQuote,
    /// Text behind a closing quotation mark.
    StrayQuote,
    /// A line longer than a row can be.
    TooLong {
        /// Bytes that a line may have.
        limit: usize,
    },
    /// No id.
    MissingKey {
        /// Canonical heading of the id.
        field: String,
    },
    /// The result of a failed formula (`#N/A`, `#REF!` …).
    ErrorCell {
        /// Heading of the column.
        field: String,
        /// The error as the spreadsheet shows it.
        error: String,
    },
    /// Read, but of no use to whoever asked for the rows, who says why.
    Unusable {
        /// Why, in English.
        en: String,
        /// Why, in Vietnamese.
        vi: String,
    },
}

impl RejectReason {
    /// Stable code for files.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Undecodable => "UNDECODABLE",
            Self::NulByte => "NUL_BYTE",
            Self::TooManyCells { .. } => "TOO_MANY_CELLS",
            Self::TooFewCells { .. } => "TOO_FEW_CELLS",
            Self::UnclosedQuote => "UNCLOSED_QUOTE",
            Self::StrayQuote => "STRAY_QUOTE",
            Self::TooLong { .. } => "TOO_LONG",
            Self::MissingKey { .. } => "MISSING_KEY",
            Self::ErrorCell { .. } => "ERROR_CELL",
            Self::Unusable { .. } => "UNUSABLE",
        }
    }

    /// For people, in English.
    pub fn en(&self) -> String {
        match self {
            Self::Undecodable => "holds bytes that are no text in this file's encoding".into(),
            Self::NulByte => "holds a NUL byte".into(),
            Self::TooManyCells { expected, found } => {
                format!("{found} cells under {expected} headings")
            }
            Self::TooFewCells { expected, found } => {
                format!(
                    "only {found} cells under {expected} headings; perhaps a line break inside a cell"
                )
            }
            Self::UnclosedQuote => "a quotation mark is opened and never closed".into(),
            Self::StrayQuote => "text behind a closing quotation mark".into(),
            Self::TooLong { limit } => format!("longer than {limit} bytes"),
            Self::MissingKey { field } => format!("no {field}"),
            Self::ErrorCell { field, error } => format!("{error} in column '{field}'"),
            Self::Unusable { en, .. } => en.clone(),
        }
    }

    /// For people, in Vietnamese.
    pub fn vi(&self) -> String {
        match self {
            Self::Undecodable => "có byte không đọc được theo bảng mã của tệp".into(),
            Self::NulByte => "có byte NUL".into(),
            Self::TooManyCells { expected, found } => {
                format!("{found} ô trong khi có {expected} tiêu đề")
            }
            Self::TooFewCells { expected, found } => {
                format!(
                    "chỉ có {found} ô trong khi có {expected} tiêu đề; có thể do xuống dòng trong ô"
                )
            }
            Self::UnclosedQuote => "dấu ngoặc kép mở mà không đóng".into(),
            Self::StrayQuote => "có chữ sau dấu ngoặc kép đóng".into(),
            Self::TooLong { limit } => format!("dài hơn {limit} byte"),
            Self::MissingKey { field } => format!("thiếu {field}"),
            Self::ErrorCell { field, error } => format!("lỗi {error} ở cột '{field}'"),
            Self::Unusable { vi, .. } => vi.clone(),
        }
    }
}

/// What became of the rows read so far; `read = accepted + rejected`, always. Blank rows, headings and what stands above them are no rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows read.
    pub read: u64,
    /// Rows handed on.
    pub accepted: u64,
    /// Rows turned away.
    pub rejected: u64,
}

/// Bytes of text after which a batch is full, whatever its rows: it bounds the memory and keeps 32-bit offsets from overflowing.
const MAX_BATCH_BYTES: usize = 64 << 20;

/// Puts rows into columns until a batch is full.
pub(crate) struct Assembler {
    columns: Vec<Column>,
    /// Places in the row, per column.
    sources: Vec<Vec<usize>>,
    builders: Vec<StringBuilder>,
    rows: UInt64Builder,
    rejects: Vec<Reject>,
    counts: Counts,
    schema: SchemaRef,
    batch_rows: usize,
    taken: usize,
    bytes: usize,
}

impl Assembler {
    pub(crate) fn new(columns: &[Column], batch_rows: usize) -> Self {
        let text = columns
            .iter()
            .map(|column| Field::new(&column.field, DataType::Utf8, true));
        let schema = Schema::new(
            text.chain([Field::new(ROW_COLUMN, DataType::UInt64, false)])
                .collect::<Vec<_>>(),
        );
        Self {
            sources: columns
                .iter()
                .map(|column| column.sources.iter().map(|s| s.index).collect())
                .collect(),
            builders: columns.iter().map(|_| StringBuilder::new()).collect(),
            columns: columns.to_vec(),
            rows: UInt64Builder::new(),
            rejects: Vec::new(),
            counts: Counts::default(),
            schema: Arc::new(schema),
            batch_rows: batch_rows.max(1),
            taken: 0,
            bytes: 0,
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    pub(crate) fn is_full(&self) -> bool {
        self.taken >= self.batch_rows || self.bytes >= MAX_BATCH_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.taken == 0
    }

    /// Takes a row, or rejects it when it has no id. `cell` gives the text of a place in the row, `raw` the whole row.
    pub(crate) fn accept<'t>(
        &mut self,
        row: u64,
        cell: impl Fn(usize) -> Option<&'t str>,
        raw: impl FnOnce() -> Vec<u8>,
    ) {
        let text = |places: &[usize]| {
            places
                .iter()
                .find_map(|place| cell(*place).filter(|text| !text.trim().is_empty()))
        };
        let keyless = self
            .columns
            .iter()
            .zip(&self.sources)
            .find(|(column, places)| column.key && !places.is_empty() && text(places).is_none());
        if let Some((column, _)) = keyless {
            let reason = RejectReason::MissingKey {
                field: column.field.clone(),
            };
            self.reject(Reject::new(row, &raw(), reason));
            return;
        }
        for (builder, places) in self.builders.iter_mut().zip(&self.sources) {
            let text = text(places);
            self.bytes += text.map_or(0, str::len);
            builder.append_option(text);
        }
        self.rows.append_value(row);
        self.taken += 1;
        self.counts.read += 1;
        self.counts.accepted += 1;
    }

    pub(crate) fn reject(&mut self, reject: Reject) {
        self.bytes += reject.raw.len();
        self.rejects.push(reject);
        self.taken += 1;
        self.counts.read += 1;
        self.counts.rejected += 1;
    }

    /// Hands over what has been taken.
    pub(crate) fn finish(&mut self, file: &str) -> Result<Batch, IntakeError> {
        (self.taken, self.bytes) = (0, 0);
        let text = self
            .builders
            .iter_mut()
            .map(|builder| Arc::new(builder.finish()) as ArrayRef);
        let arrays = text
            .chain([Arc::new(self.rows.finish()) as ArrayRef])
            .collect();
        let rows = RecordBatch::try_new(self.schema.clone(), arrays).map_err(|error| {
            IntakeError::Write {
                file: file.to_owned(),
                detail: error.to_string(),
            }
        })?;
        Ok(Batch {
            rows,
            rejects: std::mem::take(&mut self.rejects),
        })
    }
}
