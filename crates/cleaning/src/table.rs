//! Whole tables of text in memory, read by row number.
//!
//! A table keeps its record batches as they were read, all but the last of the same size, so a row is found by one
//! division and no column ever has to be concatenated (which would hit the 2 GiB limit of 32-bit string offsets).

use std::marker::PhantomData;
use std::path::Path;

use arrow_array::{Array, RecordBatch, StringArray, UInt64Array};
use registry::fields::{
    DoseField, DoseRow, FacilityField, FacilityRow, Field, LotField, LotRow, RegisterField,
    RegisterRow, SubjectField, SubjectRow,
};

use crate::CleanError;
use crate::files;

/// Rows in each batch but the last.
pub(crate) const BATCH_ROWS: usize = 1 << 16;

/// A table whose columns are the fields `F`; every column is optional text.
#[derive(Debug)]
pub(crate) struct Table<F> {
    batches: Vec<Columns>,
    rows: usize,
    fields: PhantomData<F>,
}

#[derive(Debug)]
struct Columns {
    /// By field index; `None` when the file has no such column.
    texts: Vec<Option<StringArray>>,
    /// Row number in the source file.
    source_rows: UInt64Array,
}

impl<F: Field> Table<F> {
    /// Reads a canonical Parquet file as the `read` stage wrote it.
    pub(crate) fn read(path: &Path) -> Result<Self, CleanError> {
        Self::read_fields(path, F::ALL)
    }

    /// Reads only some of its columns; the others look missing.
    pub(crate) fn read_fields(path: &Path, fields: &[F]) -> Result<Self, CleanError> {
        let mut table = Self::empty();
        let names: Vec<&str> = ["row"]
            .into_iter()
            .chain(fields.iter().map(|field| field.heading()))
            .collect();
        files::read_columns(path, BATCH_ROWS, &names, |batch| {
            table.rows += batch.num_rows();
            table.batches.push(Columns::of::<F>(batch, path)?);
            Ok(())
        })?;
        Ok(table)
    }

    /// A table without rows, for an input that was not given.
    pub(crate) fn empty() -> Self {
        Self {
            batches: Vec::new(),
            rows: 0,
            fields: PhantomData,
        }
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// Text of a cell; `None` when it is blank or the column is missing.
    pub(crate) fn text(&self, field: F, row: usize) -> Option<&str> {
        let column = self
            .batches
            .get(row / BATCH_ROWS)?
            .texts
            .get(field.index())?
            .as_ref()?;
        let place = row % BATCH_ROWS;
        (place < column.len() && column.is_valid(place)).then(|| column.value(place))
    }

    /// Number of the row in its source file, as a person would count it; 0 beyond the end.
    pub(crate) fn source_row(&self, row: usize) -> u64 {
        let place = row % BATCH_ROWS;
        self.batches
            .get(row / BATCH_ROWS)
            .filter(|columns| place < columns.source_rows.len())
            .map_or(0, |columns| columns.source_rows.value(place))
    }
}

impl<F: Field> Table<F> {
    /// The row that has this number in the source file.
    pub(crate) fn find_source_row(&self, source_row: u64) -> Option<usize> {
        // Rows keep the order of their file.
        let batch = self.batches.partition_point(|columns| {
            columns
                .source_rows
                .values()
                .last()
                .is_some_and(|last| *last < source_row)
        });
        let rows = self.batches.get(batch)?.source_rows.values();
        Some(batch * BATCH_ROWS + rows.binary_search(&source_row).ok()?)
    }
}

impl Columns {
    fn of<F: Field>(batch: &RecordBatch, path: &Path) -> Result<Self, CleanError> {
        let damaged = || CleanError::Damaged {
            path: path.to_owned(),
        };
        let source_rows = batch
            .column_by_name("row")
            .and_then(|column| column.as_any().downcast_ref::<UInt64Array>())
            .ok_or_else(damaged)?
            .clone();
        let texts = F::ALL
            .iter()
            .map(|field| {
                batch
                    .column_by_name(field.heading())
                    .and_then(|column| column.as_any().downcast_ref::<StringArray>().cloned())
            })
            .collect();
        Ok(Self { texts, source_rows })
    }
}

macro_rules! rows {
    ($($field:ident => $row:ident),*) => {$(
        impl Table<$field> {
            /// One row.
            pub(crate) fn row(&self, row: usize) -> $row<'_> {
                $row::from_fn(|field| self.text(field, row))
            }
        }
    )*};
}

rows!(
    SubjectField => SubjectRow,
    RegisterField => RegisterRow,
    DoseField => DoseRow,
    FacilityField => FacilityRow,
    LotField => LotRow
);
