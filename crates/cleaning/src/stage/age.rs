//! Is the register as new as the records? People born or registered after its extract would all look unknown.

use registry::date::{BirthDate, Date, day_number, from_day_number, parse_moment};
use registry::fields::{DoseField, Field, RegisterField, SubjectField};

use crate::table::Table;
use crate::{CleanError, Job};

/// From so many entries on the last birth or death in a register tells when it was extracted.
const ENOUGH_ENTRIES: usize = 1000;
/// How much older than the records a register may look when its day is only inferred.
const TOLERATED_DAYS: i32 = 180;

/// Refuses a register that is older than the records, unless the caller allows it.
pub(crate) fn check(job: &Job<'_>) -> Result<(), CleanError> {
    let Some(input) = job
        .inputs
        .register
        .as_ref()
        .filter(|_| !job.settings.allow_old_register)
    else {
        return Ok(());
    };
    let stated = job.settings.register_as_of.map(|day| (day, "stated", 0));
    let inferred = || {
        let day = last_event(job)?;
        Ok::<_, CleanError>(day.map(|day| (day, "by its last birth or death", TOLERATED_DAYS)))
    };
    let Some((register, basis, tolerated)) =
        stated.map_or_else(inferred, |stated| Ok(Some(stated)))?
    else {
        return Ok(());
    };
    let newest = [
        (
            "subjects",
            last_day(job, "subjects.parquet", SubjectField::EnteredAt)?,
        ),
        (
            "doses",
            last_day(job, "doses.parquet", DoseField::EnteredAt)?,
        ),
    ];
    for (role, newest) in newest {
        let late = newest.filter(|newest| day_number(*newest) > day_number(register) + tolerated);
        if let Some(newest) = late {
            return Err(CleanError::OldRegister {
                path: input.path.clone(),
                register,
                basis,
                role,
                newest,
            });
        }
    }
    Ok(())
}

/// The last day in a column, days after the day of the data left out: they are mistakes.
fn last_day<F: Field>(job: &Job<'_>, name: &str, field: F) -> Result<Option<Date>, CleanError> {
    let rows = Table::<F>::read_fields(&job.work(name), &[field])?;
    let days =
        (0..rows.len()).filter_map(|row| Some(parse_moment(rows.text(field, row)?).ok()?.0.date()));
    Ok(days.filter(|day| *day <= job.settings.as_of).max())
}

/// The last birth or death in the register; `None` where it is too small to tell.
fn last_event(job: &Job<'_>) -> Result<Option<Date>, CleanError> {
    let fields = [RegisterField::BirthDate, RegisterField::DeathDate];
    let rows = Table::<RegisterField>::read_fields(&job.work("register.parquet"), &fields)?;
    if rows.len() < ENOUGH_ENTRIES {
        return Ok(None);
    }
    let births = (0..rows.len()).filter_map(|row| {
        Some(
            BirthDate::parse(rows.text(RegisterField::BirthDate, row)?)
                .ok()?
                .0
                .latest(),
        )
    });
    let deaths = (0..rows.len())
        .filter_map(|row| {
            Some(
                parse_moment(rows.text(RegisterField::DeathDate, row)?)
                    .ok()?
                    .0
                    .date(),
            )
        })
        .map(day_number);
    let as_of = day_number(job.settings.as_of);
    let last = births.chain(deaths).filter(|day| *day <= as_of).max();
    Ok(last.and_then(from_day_number))
}
