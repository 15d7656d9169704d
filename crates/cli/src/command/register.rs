//! An extract of the population register on this machine.

use std::path::Path;

use linkage::verify::Register as Entries;
use registry::fields::{Field as _, RegisterField, RegisterRow};

use crate::exit::{Blame, Failure};

/// Reads an extract of the population register, to be asked.
pub fn register(path: &Path) -> Result<Entries, Failure> {
    let mut entries = Entries::default();
    let wanted = intake::fields_of(&[RegisterField::IdNumber]);
    let headings = [
        RegisterField::IdNumber.heading(),
        RegisterField::OldIdNumber.heading(),
        RegisterField::FullName.heading(),
        RegisterField::BirthDate.heading(),
        RegisterField::Sex.heading(),
        RegisterField::LifeStatus.heading(),
    ];
    intake::each_row(
        path,
        intake::Wanted::Fields(&wanted),
        headings,
        |[id_number, old_id_number, full_name, dob, sex, status]| {
            entries.push(&RegisterRow {
                id_number,
                old_id_number,
                full_name,
                dob,
                sex,
                status,
                ..RegisterRow::default()
            });
        },
    )
    .or_usage()?;
    Ok(entries)
}
