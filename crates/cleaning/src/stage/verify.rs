//! Exact comparison with the register: `.work/verify.parquet`.

use std::sync::Arc;

use arrow_array::builder::{StringDictionaryBuilder, UInt32Builder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int16Type, UInt32Type};
use arrow_array::{Array, StringArray};
use arrow_schema::{DataType, Field as Column, Schema};
use linkage::verify::{Claim, Register};
use quality::Nationality;
use rayon::prelude::*;
use registry::fields::{RegisterField, SubjectField, SubjectRow};
use registry::status::Verification;

use crate::files::{self, ParquetFile};
use crate::table::{BATCH_ROWS, Table};
use crate::watch::Stage;
use crate::{CleanError, Job};

const ANSWERS: &str = "verify.parquet";

/// The register's answer for one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    /// Outcome.
    pub verification: Verification,
    /// Fields that differ, joined by `|`.
    pub differing: String,
    /// Register row of the number.
    pub b_row: Option<u32>,
}

/// Verifies all subjects.
pub(crate) fn run(job: &Job<'_>) -> Result<(), CleanError> {
    let subjects = Table::<SubjectField>::read(&job.work("subjects.parquet"))?;
    let entries = Table::<RegisterField>::read(&job.work("register.parquet"))?;
    job.watch
        .begin(Stage::Verify, subjects.len() as u64, "subjects");
    let mut register = Register::default();
    (0..entries.len()).for_each(|row| register.push(&entries.row(row)));
    let mut file = ParquetFile::create(&job.work(ANSWERS), schema())?;
    for start in (0..subjects.len()).step_by(BATCH_ROWS) {
        let end = subjects.len().min(start + BATCH_ROWS);
        let answers: Vec<_> = (start..end)
            .into_par_iter()
            .map(|row| register.verify(&claim(&subjects.row(row))))
            .collect();
        let mut statuses = StringDictionaryBuilder::<Int16Type>::new();
        let mut differing = StringDictionaryBuilder::<Int16Type>::new();
        let mut b_rows = UInt32Builder::with_capacity(answers.len());
        for answer in &answers {
            statuses.append_value(answer.verification.as_str());
            let fields: Vec<_> = answer.differing.fields().collect();
            differing.append_value(fields.join("|"));
            b_rows.append_option(answer.b_row);
        }
        file.write(vec![
            Arc::new(statuses.finish()),
            Arc::new(differing.finish()),
            Arc::new(b_rows.finish()),
        ])?;
        job.advance((end - start) as u64)?;
    }
    file.finish()
}

/// What a subject says of itself. A passport of a citizen of nowhere in particular is taken for a foreigner's where the file says "passport".
fn claim<'a>(subject: &SubjectRow<'a>) -> Claim<'a> {
    let foreign = match Nationality::parse(subject.nationality) {
        Nationality::Foreign => true,
        Nationality::Vietnamese => false,
        Nationality::Missing => subject.id_type.is_some_and(|kind| {
            let kind = registry::name::fold(kind);
            kind.contains("passport") || kind.contains("ho chieu")
        }),
    };
    Claim {
        number: subject.id_number,
        name: subject.full_name,
        birth: subject.dob,
        sex: subject.sex,
        foreign,
    }
}

fn schema() -> Schema {
    let word = |name| {
        let kind = DataType::Dictionary(Box::new(DataType::Int16), Box::new(DataType::Utf8));
        Column::new(name, kind, false)
    };
    Schema::new(vec![
        word("status"),
        word("differing"),
        Column::new("b_row", DataType::UInt32, true),
    ])
}

/// Reads the answers back, one per subject.
pub(crate) fn read_answers(job: &Job<'_>) -> Result<Vec<Answered>, CleanError> {
    let path = job.work(ANSWERS);
    let mut answers = Vec::new();
    files::read_parquet(&path, BATCH_ROWS, |batch| {
        let damaged = || CleanError::Damaged { path: path.clone() };
        let column = |name: &str| batch.column_by_name(name).ok_or_else(damaged);
        let words = |name: &str| -> Result<_, CleanError> {
            let words = column(name)?
                .as_dictionary_opt::<Int16Type>()
                .ok_or_else(damaged)?;
            words.downcast_dict::<StringArray>().ok_or_else(damaged)
        };
        let (statuses, differing) = (words("status")?, words("differing")?);
        let b_rows = column("b_row")?
            .as_primitive_opt::<UInt32Type>()
            .ok_or_else(damaged)?;
        let pairs = statuses.into_iter().zip(differing);
        for (place, (status, differing)) in pairs.enumerate() {
            answers.push(Answered {
                verification: status.and_then(Verification::parse).ok_or_else(damaged)?,
                differing: differing.unwrap_or_default().to_owned(),
                b_row: b_rows.is_valid(place).then(|| b_rows.value(place)),
            });
        }
        Ok(())
    })?;
    Ok(answers)
}
