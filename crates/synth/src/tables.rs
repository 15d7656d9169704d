//! The tables that the generator fills, column by column.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field as Column, Schema};
use registry::fields::{DoseField, FacilityField, Field, LotField, RegisterField, SubjectField};

use crate::profile::{DoseMistake, SubjectMistake};

/// The files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Vaccination facilities.
    Facilities,
    /// Vaccine lots.
    Lots,
    /// The population register (B).
    Register,
    /// Vaccination subjects (A).
    Subjects,
    /// Doses (D).
    Doses,
    /// Who each subject is, and what is wrong with it.
    Truth,
    /// Whose each dose is, and what is wrong with it.
    TruthDoses,
}

impl Table {
    /// All tables in order.
    pub const ALL: [Self; 7] = [
        Self::Facilities,
        Self::Lots,
        Self::Register,
        Self::Subjects,
        Self::Doses,
        Self::Truth,
        Self::TruthDoses,
    ];

    /// Name of the file without its ending.
    pub fn name(self) -> &'static str {
        match self {
            Self::Facilities => "facilities",
            Self::Lots => "lots",
            Self::Register => "register",
            Self::Subjects => "subjects",
            Self::Doses => "doses",
            Self::Truth => "truth",
            Self::TruthDoses => "truth_doses",
        }
    }

    /// Columns: text, and booleans in the truth tables.
    pub fn schema(self) -> Schema {
        let text = |name: &str| Column::new(name, DataType::Utf8, true);
        let flag = |name: &str| Column::new(name, DataType::Boolean, false);
        match self {
            Self::Facilities => headings::<FacilityField>(),
            Self::Lots => headings::<LotField>(),
            Self::Register => headings::<RegisterField>(),
            Self::Subjects => headings::<SubjectField>(),
            Self::Doses => headings::<DoseField>(),
            Self::Truth => {
                let flags = SubjectMistake::ALL.iter().map(|kind| flag(kind.column()));
                Schema::new(
                    ["a_id", "b_id", "person_id", "split_of"]
                        .map(text)
                        .into_iter()
                        .chain(flags)
                        .collect::<Vec<_>>(),
                )
            }
            Self::TruthDoses => {
                let flags = DoseMistake::ALL.iter().map(|kind| flag(kind.column()));
                Schema::new(
                    ["dose_id", "person_id", "duplicate_of"]
                        .map(text)
                        .into_iter()
                        .chain(flags)
                        .collect::<Vec<_>>(),
                )
            }
        }
    }
}

/// Text columns with the canonical headings of a kind of file.
fn headings<F: Field>() -> Schema {
    Schema::new(
        F::ALL
            .iter()
            .map(|field| Column::new(field.heading(), DataType::Utf8, true))
            .collect::<Vec<_>>(),
    )
}

/// Text columns being filled; a cell that is not put stays null.
#[derive(Debug)]
pub(crate) struct Texts<F> {
    columns: Vec<StringBuilder>,
    rows: usize,
    field: std::marker::PhantomData<F>,
}

impl<F: Field> Texts<F> {
    /// Empty columns with room for rows.
    pub(crate) fn with_capacity(rows: usize) -> Self {
        let columns = F::ALL
            .iter()
            .map(|_| StringBuilder::with_capacity(rows, rows * 12))
            .collect();
        Self {
            columns,
            rows: 0,
            field: std::marker::PhantomData,
        }
    }

    /// Writes a cell of the current row, once; blank text is null.
    pub(crate) fn put(&mut self, field: F, text: &str) {
        if !text.is_empty() {
            self.columns[field.index()].append_value(text);
        }
    }

    /// Ends the current row.
    pub(crate) fn end_row(&mut self) {
        use arrow_array::builder::ArrayBuilder as _;
        self.rows += 1;
        for column in &mut self.columns {
            if column.len() < self.rows {
                column.append_null();
            }
        }
    }

    /// Rows so far.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The columns.
    fn arrays(mut self) -> Vec<ArrayRef> {
        self.columns
            .iter_mut()
            .map(|column| Arc::new(column.finish()) as ArrayRef)
            .collect()
    }

    /// The table.
    pub(crate) fn batch(self, table: Table) -> Result<RecordBatch, ArrowError> {
        RecordBatch::try_new(Arc::new(table.schema()), self.arrays())
    }
}

/// Text and boolean columns of a truth table.
#[derive(Debug)]
pub(crate) struct Truth {
    texts: Vec<StringBuilder>,
    flags: Vec<BooleanBuilder>,
}

impl Truth {
    /// Empty columns.
    pub(crate) fn new(texts: usize, flags: usize) -> Self {
        Self {
            texts: (0..texts).map(|_| StringBuilder::new()).collect(),
            flags: (0..flags).map(|_| BooleanBuilder::new()).collect(),
        }
    }

    /// Adds a row; blank text is null.
    pub(crate) fn row(&mut self, texts: &[&str], has: impl Fn(usize) -> bool) {
        for (column, &text) in self.texts.iter_mut().zip(texts) {
            column.append_option(Some(text).filter(|text| !text.is_empty()));
        }
        for (at, column) in self.flags.iter_mut().enumerate() {
            column.append_value(has(at));
        }
    }

    /// The table.
    pub(crate) fn batch(mut self, table: Table) -> Result<RecordBatch, ArrowError> {
        let texts = self
            .texts
            .iter_mut()
            .map(|column| Arc::new(column.finish()) as ArrayRef);
        let flags = self
            .flags
            .iter_mut()
            .map(|column| Arc::new(column.finish()) as ArrayRef);
        RecordBatch::try_new(Arc::new(table.schema()), texts.chain(flags).collect())
    }
}
