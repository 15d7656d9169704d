//! The rule catalogue and the lists that a job checks with.

use quality::{Catalogue, Context, FacilityTable, LotTable};
use registry::fields::{DoseField, FacilityField, Field, LotField, SubjectField};

use crate::stage::read::load_inputs;
use crate::summary::InputFile;
use crate::table::Table;
use crate::{CleanError, Job};

/// The catalogue with the changes that the caller wants.
pub(crate) fn catalogue(job: &Job<'_>) -> Result<Catalogue, CleanError> {
    let built_in = quality::catalogue();
    match &job.settings.rule_overrides {
        None => Ok(built_in.clone()),
        Some(text) => built_in
            .with_overrides(text)
            .map_err(|error| CleanError::Settings(format!("rule overrides: {error}"))),
    }
}

/// What the checks know besides the records.
pub(crate) fn context<'a>(
    job: &Job<'_>,
    catalogue: &'a Catalogue,
) -> Result<Context<'a>, CleanError> {
    let inputs = load_inputs(job)?;
    let mut context = Context::new(catalogue, job.settings.as_of)
        .with_subject_columns(&columns::<SubjectField>(&inputs, "subjects"))
        .with_dose_columns(&columns::<DoseField>(&inputs, "doses"));
    if inputs.iter().any(|input| input.role == "facilities") {
        context = context.with_facilities(facilities(job)?);
    }
    if inputs.iter().any(|input| input.role == "lots") {
        context = context.with_lots(lots(job)?);
    }
    Ok(context)
}

/// The fields that a file has a column for.
fn columns<F: Field>(inputs: &[InputFile], role: &str) -> Vec<F> {
    let input = inputs.iter().filter(|input| input.role == role);
    let headings = input.flat_map(|input| {
        input
            .columns
            .iter()
            .filter_map(|column| column.field.as_deref())
    });
    headings.filter_map(F::from_heading).collect()
}

fn facilities(job: &Job<'_>) -> Result<FacilityTable, CleanError> {
    let rows = Table::<FacilityField>::read(&job.work("facilities.parquet"))?;
    let mut table = FacilityTable::default();
    for row in 0..rows.len() {
        table
            .push(&rows.row(row))
            .map_err(|_| CleanError::Damaged {
                path: job.work("facilities.parquet"),
            })?;
    }
    Ok(table)
}

fn lots(job: &Job<'_>) -> Result<LotTable, CleanError> {
    let rows = Table::<LotField>::read(&job.work("lots.parquet"))?;
    let mut table = LotTable::default();
    for row in 0..rows.len() {
        table
            .push(&rows.row(row))
            .map_err(|_| CleanError::Damaged {
                path: job.work("lots.parquet"),
            })?;
    }
    Ok(table)
}
