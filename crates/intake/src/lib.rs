//! Reads people's files and loses no row.
//!
//! A file comes in as CSV, XLSX or Parquet, in whatever encoding, with whatever headings; it leaves as batches of text columns under our
//! canonical headings, in bounded memory. Nothing is judged here: a value that looks wrong is handed on as it stood in the file, because
//! whether it is wrong is a question for the rule catalogue. Only a *row* that can't be read is turned away, with its number, its text and
//! the reason: `rows read = accepted + rejected`, always.
//!
//! ```
//! use intake::{Options, Wanted, fields_of, open_bytes};
//! use registry::fields::SubjectField;
//!
//! let fields = fields_of(&[SubjectField::UniqueId, SubjectField::FullName]);
//! let file = "Mã đối tượng;Họ và tên;CCCD\nA1;Nguyễn Văn An;001084000001\nA2;Trần Thị Bé\n";
//! let mut reader = open_bytes("subjects.csv", file.into(), Wanted::Fields(&fields), &Options::default())?;
//! assert_eq!(reader.layout().delimiter, Some(';'));
//! while let Some(batch) = reader.next_batch()? {
//!     assert_eq!(batch.rows.num_rows(), 1);
//!     assert_eq!(batch.rejects[0].row, 3); // one cell is missing
//! }
//! let counts = reader.counts();
//! assert_eq!(counts.read, counts.accepted + counts.rejected);
//! # Ok::<(), intake::IntakeError>(())
//! ```
//!
//! The way of a file: [`mod@input`] names its format by its content, `sniff` finds encoding, delimiter and header row, `columns` matches
//! headings with `headings.toml`, one of `delimited`, `workbook` and `columnar` reads rows, and `batch` assembles them.

mod archive;
mod batch;
mod columnar;
mod columns;
mod decode;
mod delimited;
mod error;
mod headings;
mod input;
mod map;
mod reader;
mod record;
mod sniff;
mod text;
mod workbook;
mod write;

pub use batch::{Batch, Counts, ROW_COLUMN, Reject, RejectReason};
pub use columns::{Column, FieldSpec, Format, Layout, Match, Source, Wanted, fields_of};
pub use decode::Encoding;
pub use error::IntakeError;
pub use map::ColumnMap;
pub use reader::{
    All, Limits, Options, Progress, Reader, Unit, each_row, each_row_of, open, open_bytes, read_all,
};
pub use write::{RejectWriter, TableWriter};
