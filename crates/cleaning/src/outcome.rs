//! `outcome.parquet`: one row per subject, in the order of the file of subjects.

use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Float64Builder, StringBuilder, UInt32Builder, UInt64Builder,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};
use registry::area::{CommuneCode, DistrictCode, ProvinceCode};
use registry::status::{ErrorCategory, Verification};

use crate::CleanError;
use crate::files::{self, ParquetFile};
use crate::place::Place;
use crate::summary::Band;
use crate::table::BATCH_ROWS;

/// What is known of one subject. `T` is the text: owned while it is made, borrowed from the file while it is read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome<T = String> {
    /// `unique_id` of the record.
    pub unique_id: T,
    /// Row number in the source file.
    pub row: u64,
    /// Outcome of the exact check.
    pub verification: Verification,
    /// Fields that differ from the register entry of the number, joined by `|`.
    pub differing: T,
    /// Shape code of the difference to the suggested person; empty without one.
    pub shape: T,
    /// The suggested person; for a verified record the person itself.
    pub suggestion: Option<Suggested<T>>,
    /// Probability that none of the candidates is the person; `None` for a verified record.
    pub p_none: Option<f64>,
    /// The candidate that came second.
    pub runner_up: Option<RunnerUp<T>>,
    /// Two or more candidates fit equally well.
    pub tie: bool,
    /// Code of the rule that forbids an automatic link; empty without one.
    pub veto: T,
    /// Why, in Vietnamese.
    pub reason_vi: T,
    /// Why, in English.
    pub reason_en: T,
    /// Area whose list holds the record.
    pub place: Place,
    /// Where the area comes from: `register`, `record`, `facility` or `none`.
    pub place_from: PlaceFrom,
    /// Hamlet as the record, else the register, has it.
    pub hamlet: T,
    /// Number of the person among the subjects: records with the same number are the same person.
    pub person: u32,
}

/// A person of the register.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Suggested<T = String> {
    /// `unique_id` in the register.
    pub register_id: T,
    /// Probability, 0 to 1; 1 for a verified record.
    pub probability: f64,
    /// Number.
    pub id_number: T,
    /// Name.
    pub full_name: T,
    /// Birth date, ISO.
    pub dob: T,
    /// `M` or `F`.
    pub sex: T,
}

/// The second candidate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RunnerUp<T = String> {
    /// `unique_id` in the register.
    pub register_id: T,
    /// Probability.
    pub probability: f64,
}

/// Where the area of a record comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum PlaceFrom {
    /// Permanent residence in the register.
    Register,
    /// The record's own residence.
    Record,
    /// The facility that entered it.
    Facility,
    /// Nowhere.
    #[default]
    Nowhere,
}

impl PlaceFrom {
    /// The word that files carry.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Record => "record",
            Self::Facility => "facility",
            Self::Nowhere => "none",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "register" => Self::Register,
            "record" => Self::Record,
            "facility" => Self::Facility,
            _ => Self::Nowhere,
        }
    }
}

impl<T: AsRef<str>> Outcome<T> {
    /// The category under which dispatch 2262 lists it.
    pub(crate) fn category(&self) -> Option<ErrorCategory> {
        self.verification.category()
    }

    /// How sure the suggestion is.
    pub(crate) fn band(&self) -> Band {
        let probability = self
            .suggestion
            .as_ref()
            .map(|suggestion| suggestion.probability);
        Band::of(probability, self.tie, !self.veto.as_ref().is_empty())
    }
}

fn schema() -> Schema {
    let text = |name| Field::new(name, DataType::Utf8, false);
    let optional = |name| Field::new(name, DataType::Utf8, true);
    let number = |name| Field::new(name, DataType::Float64, true);
    Schema::new(vec![
        text("unique_id"),
        Field::new("row", DataType::UInt64, false),
        text("status"),
        optional("category"),
        text("differing"),
        text("shape"),
        optional("suggested_register_id"),
        number("probability"),
        optional("suggested_id_number"),
        optional("suggested_full_name"),
        optional("suggested_dob"),
        optional("suggested_sex"),
        number("probability_none"),
        optional("runner_up_register_id"),
        number("runner_up_probability"),
        Field::new("tie", DataType::Boolean, false),
        text("veto"),
        text("reason_vi"),
        text("reason_en"),
        optional("list_province"),
        optional("list_district"),
        optional("list_commune"),
        text("list_from"),
        text("hamlet"),
        Field::new("person", DataType::UInt32, false),
    ])
}

/// Writes outcomes batch by batch.
pub(crate) struct OutcomeWriter(ParquetFile);

impl OutcomeWriter {
    /// Starts the file.
    pub(crate) fn create(path: &Path) -> Result<Self, CleanError> {
        Ok(Self(ParquetFile::create(path, schema())?))
    }

    /// Appends rows.
    pub(crate) fn write(&mut self, rows: &[Outcome]) -> Result<(), CleanError> {
        self.0.write(columns(rows))
    }

    /// Finishes the file.
    pub(crate) fn finish(self) -> Result<(), CleanError> {
        self.0.finish()
    }
}

fn columns(rows: &[Outcome]) -> Vec<ArrayRef> {
    let text = |get: &dyn Fn(&Outcome) -> &str| -> ArrayRef {
        let mut column = StringBuilder::with_capacity(rows.len(), rows.len() * 8);
        column.extend(rows.iter().map(|row| Some(get(row))));
        Arc::new(column.finish())
    };
    let optional = |get: &dyn Fn(&Outcome) -> Option<String>| -> ArrayRef {
        let mut column = StringBuilder::with_capacity(rows.len(), rows.len() * 8);
        column.extend(rows.iter().map(get));
        Arc::new(column.finish())
    };
    let number = |get: &dyn Fn(&Outcome) -> Option<f64>| -> ArrayRef {
        let mut column = Float64Builder::with_capacity(rows.len());
        column.extend(rows.iter().map(get));
        Arc::new(column.finish())
    };
    let suggested = |get: fn(&Suggested) -> &String| {
        optional(&|row| {
            row.suggestion
                .as_ref()
                .map(|suggestion| get(suggestion).clone())
        })
    };
    let mut row_numbers = UInt64Builder::with_capacity(rows.len());
    let mut ties = BooleanBuilder::with_capacity(rows.len());
    let mut persons = UInt32Builder::with_capacity(rows.len());
    for row in rows {
        row_numbers.append_value(row.row);
        ties.append_value(row.tie);
        persons.append_value(row.person);
    }
    vec![
        text(&|row| &row.unique_id),
        Arc::new(row_numbers.finish()),
        text(&|row| row.verification.as_str()),
        optional(&|row| row.category().map(|category| category.as_str().to_owned())),
        text(&|row| &row.differing),
        text(&|row| &row.shape),
        suggested(|suggestion| &suggestion.register_id),
        number(&|row| {
            row.suggestion
                .as_ref()
                .map(|suggestion| suggestion.probability)
        }),
        suggested(|suggestion| &suggestion.id_number),
        suggested(|suggestion| &suggestion.full_name),
        suggested(|suggestion| &suggestion.dob),
        suggested(|suggestion| &suggestion.sex),
        number(&|row| row.p_none),
        optional(&|row| {
            row.runner_up
                .as_ref()
                .map(|second| second.register_id.clone())
        }),
        number(&|row| row.runner_up.as_ref().map(|second| second.probability)),
        Arc::new(ties.finish()),
        text(&|row| &row.veto),
        text(&|row| &row.reason_vi),
        text(&|row| &row.reason_en),
        optional(&|row| row.place.province.map(|code| code.to_string())),
        optional(&|row| row.place.district.map(|code| code.to_string())),
        optional(&|row| row.place.commune.map(|code| code.to_string())),
        text(&|row| row.place_from.as_str()),
        text(&|row| &row.hamlet),
        Arc::new(persons.finish()),
    ]
}

/// Hands each outcome to `visit`, in order, with the number of its subject.
pub(crate) fn read(
    path: &Path,
    mut visit: impl FnMut(usize, &Outcome<&str>),
) -> Result<(), CleanError> {
    let mut first = 0;
    files::read_parquet(path, BATCH_ROWS, |batch| {
        let damaged = || CleanError::Damaged {
            path: path.to_owned(),
        };
        let columns = Columns::of(batch).ok_or_else(damaged)?;
        for place in 0..batch.num_rows() {
            visit(first + place, &columns.outcome(place).ok_or_else(damaged)?);
        }
        first += batch.num_rows();
        Ok(())
    })
}

/// The columns of a batch by type, in the order of the schema.
struct Columns<'a> {
    texts: Vec<&'a StringArray>,
    numbers: Vec<&'a Float64Array>,
    row: &'a UInt64Array,
    tie: &'a BooleanArray,
    person: &'a UInt32Array,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Self> {
        let all = |kind: &DataType| {
            let fields = batch.schema_ref().fields().iter().zip(batch.columns());
            fields
                .filter(|(field, _)| field.data_type() == kind)
                .map(|(_, column)| column.as_any())
                .collect::<Vec<_>>()
        };
        let texts: Option<Vec<&StringArray>> = all(&DataType::Utf8)
            .into_iter()
            .map(|column| column.downcast_ref())
            .collect();
        let numbers: Option<Vec<&Float64Array>> = all(&DataType::Float64)
            .into_iter()
            .map(|column| column.downcast_ref())
            .collect();
        let columns = Self {
            texts: texts?,
            numbers: numbers?,
            row: all(&DataType::UInt64).first()?.downcast_ref()?,
            tie: all(&DataType::Boolean).first()?.downcast_ref()?,
            person: all(&DataType::UInt32).first()?.downcast_ref()?,
        };
        (columns.texts.len() == 19 && columns.numbers.len() == 3).then_some(columns)
    }

    fn outcome(&self, place: usize) -> Option<Outcome<&'a str>> {
        let text = |column: usize| self.texts[column].value(place);
        let optional = |column: usize| {
            let texts = self.texts[column];
            texts.is_valid(place).then(|| texts.value(place))
        };
        let number = |column: usize| {
            let numbers = self.numbers[column];
            numbers.is_valid(place).then(|| numbers.value(place))
        };
        let suggestion = match (optional(5), number(0)) {
            (Some(register_id), Some(probability)) => Some(Suggested {
                register_id,
                probability,
                id_number: text(6),
                full_name: text(7),
                dob: text(8),
                sex: text(9),
            }),
            _ => None,
        };
        let runner_up = match (optional(10), number(2)) {
            (Some(register_id), Some(probability)) => Some(RunnerUp {
                register_id,
                probability,
            }),
            _ => None,
        };
        Some(Outcome {
            unique_id: text(0),
            row: self.row.value(place),
            verification: Verification::parse(self.texts[1].value(place))?,
            differing: text(3),
            shape: text(4),
            suggestion,
            p_none: number(1),
            runner_up,
            tie: self.tie.value(place),
            veto: text(11),
            reason_vi: text(12),
            reason_en: text(13),
            place: Place {
                province: optional(14).and_then(ProvinceCode::parse),
                district: optional(15).and_then(DistrictCode::parse),
                commune: optional(16).and_then(CommuneCode::parse),
            },
            place_from: PlaceFrom::parse(text(17)),
            hamlet: text(18),
            person: self.person.value(place),
        })
    }
}
