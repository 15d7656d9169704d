//! Raw files to canonical columns: `.work/<role>.parquet`, the reject lists, and what was understood of each file.

use std::fmt;
use std::path::Path;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{DataType, Field as Column, Schema};
use arrow_select::filter::filter_record_batch;
use intake::{Options, ROW_COLUMN, Reject, RejectReason, RejectWriter, Wanted};
use quality::{FacilityTable, LotTable, TableError};
use registry::fields::{
    DoseField, FacilityField, FacilityRow, Field, LotField, LotRow, RegisterField, SubjectField,
};
use rustc_hash::FxHashMap;

use crate::files::{self, ParquetFile};
use crate::job::{Input, to_json};
use crate::stage::age;
use crate::summary::{ColumnMatch, InputFile};
use crate::table::{BATCH_ROWS, Table};
use crate::watch::Stage;
use crate::{CleanError, Job};

/// Where the other stages find what was understood of the inputs.
pub(crate) const INPUTS: &str = "inputs.json";

/// Reads every input that was given.
pub(crate) fn run(job: &Job<'_>) -> Result<(), CleanError> {
    let inputs = job.inputs;
    let bytes = inputs
        .all()
        .into_iter()
        .flatten()
        .map(|input| size(&input.path))
        .sum();
    job.watch.begin(Stage::Read, bytes, "bytes");
    let files = vec![
        read_one(
            job,
            Role::Subjects,
            inputs.subjects.as_ref(),
            &[SubjectField::UniqueId],
            &[SubjectField::FullName],
            &mut AnyRow,
        )?,
        read_one(
            job,
            Role::Register,
            inputs.register.as_ref(),
            &[RegisterField::UniqueId],
            &[
                RegisterField::FullName,
                RegisterField::BirthDate,
                RegisterField::IdNumber,
            ],
            &mut AnyRow,
        )?,
        read_one(
            job,
            Role::Doses,
            inputs.doses.as_ref(),
            &[DoseField::DoseId],
            &[DoseField::SubjectId],
            &mut AnyRow,
        )?,
        read_one(
            job,
            Role::Facilities,
            inputs.facilities.as_ref(),
            &[FacilityField::Code],
            &[],
            &mut FacilityTable::default(),
        )?,
        read_one(
            job,
            Role::Lots,
            inputs.lots.as_ref(),
            &[LotField::Lot],
            &[],
            &mut LotTable::default(),
        )?,
    ];
    let files: Vec<InputFile> = files.into_iter().flatten().collect();
    age::check(job)?;
    files::write(&job.work(INPUTS), to_json(&files).as_bytes())
}

/// What a file is given as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Vaccination subjects.
    Subjects,
    /// Population register extract.
    Register,
    /// Doses.
    Doses,
    /// Facilities.
    Facilities,
    /// Vaccine lots.
    Lots,
}

impl Role {
    /// Its name, also that of its files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Subjects => "subjects",
            Self::Register => "register",
            Self::Doses => "doses",
            Self::Facilities => "facilities",
            Self::Lots => "lots",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// Reads one file, or writes an empty table where none was given.
fn read_one<F: Field>(
    job: &Job<'_>,
    role: Role,
    input: Option<&Input>,
    key: &[F],
    required: &[F],
    usable: &mut impl Usable<F>,
) -> Result<Option<InputFile>, CleanError> {
    let path = job.work(&format!("{role}.parquet"));
    let fields = intake::fields_of(&[key, required].concat());
    let Some(input) = input else {
        ParquetFile::create(&path, canonical_schema::<F>())?.finish()?;
        return Ok(None);
    };
    let failed = |source| CleanError::Input {
        role: role.name(),
        source,
    };
    let options = Options {
        map: input.map.clone(),
        batch_rows: BATCH_ROWS,
        ..Options::default()
    };
    let mut reader =
        intake::open(&input.path, Wanted::Fields(&fields), &options).map_err(failed)?;
    let rejects = job.out(&format!("rejects/{role}.csv"));
    let mut table = ParquetFile::create(&path, canonical_schema::<F>())?;
    let mut reject_list: Option<RejectWriter> = None;
    let mut done = 0;
    let mut unusable = 0;
    while let Some(mut batch) = reader.next_batch().map_err(failed)? {
        let refused = usable.sift(&mut batch.rows);
        unusable += refused.len() as u64;
        batch.rejects.extend(refused);
        if batch.rows.num_rows() > 0 {
            table.write(canonical_columns::<F>(&batch.rows, role)?)?;
        }
        if !batch.rejects.is_empty() {
            let list = match &mut reject_list {
                Some(list) => list,
                None => reject_list.insert(new_reject_list(&rejects, role)?),
            };
            list.write(&batch.rejects).map_err(failed)?;
        }
        let now = bytes_read(reader.progress(), size(&input.path));
        job.advance(now.saturating_sub(done))?;
        done = done.max(now);
    }
    table.finish()?;
    if let Some(list) = reject_list {
        list.finish().map_err(failed)?;
    }
    let mut counts = reader.counts();
    counts.accepted -= unusable;
    counts.rejected += unusable;
    if counts.accepted == 0 {
        return Err(CleanError::NoRows {
            role: role.name(),
            path: input.path.clone(),
            rejected: counts.rejected,
            rejects,
        });
    }
    check_unique(role, &path, &input.path, key)?;
    Ok(Some(describe(role, &input.path, reader.layout(), counts)))
}

fn new_reject_list(path: &Path, role: Role) -> Result<RejectWriter, CleanError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(CleanError::io(folder))?;
    RejectWriter::create(path).map_err(|source| CleanError::Input {
        role: role.name(),
        source,
    })
}

/// Progress in bytes of the file, whatever the reader counts.
fn bytes_read(progress: intake::Progress, size: u64) -> u64 {
    let total = progress.total.unwrap_or(progress.done).max(1);
    (progress.done as f64 / total as f64 * size as f64) as u64
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |data| data.len())
}

/// Row number, then every field as optional text.
fn canonical_schema<F: Field>() -> Schema {
    let row = Column::new(ROW_COLUMN, DataType::UInt64, false);
    let fields = F::ALL
        .iter()
        .map(|field| Column::new(field.heading(), DataType::Utf8, true));
    Schema::new([row].into_iter().chain(fields).collect::<Vec<_>>())
}

/// The columns of a batch in the order of the schema.
fn canonical_columns<F: Field>(
    rows: &RecordBatch,
    role: Role,
) -> Result<Vec<ArrayRef>, CleanError> {
    let headings = [ROW_COLUMN]
        .into_iter()
        .chain(F::ALL.iter().map(|field| field.heading()));
    let columns = headings.map(|heading| rows.column_by_name(heading).cloned());
    columns.collect::<Option<_>>().ok_or_else(|| {
        CleanError::Settings(format!("{role}: a column is missing in what was read"))
    })
}

/// Says which rows of a list the checks can work with.
trait Usable<F: Field> {
    /// Takes a row, or says why not.
    fn take(&mut self, cell: &dyn Fn(F) -> Option<String>) -> Result<(), TableError>;

    /// Removes the rows that are not taken, and gives them back.
    fn sift(&mut self, rows: &mut RecordBatch) -> Vec<Reject> {
        let text = |field: F, row: usize| {
            let column = rows.column_by_name(field.heading())?;
            let texts = column.as_any().downcast_ref::<StringArray>()?;
            texts.is_valid(row).then(|| texts.value(row).to_owned())
        };
        let numbers = rows.column_by_name(ROW_COLUMN);
        let numbers = numbers.and_then(|column| column.as_any().downcast_ref::<UInt64Array>());
        let mut refused = Vec::new();
        let mut kept = Vec::with_capacity(rows.num_rows());
        for row in 0..rows.num_rows() {
            let taken = self.take(&|field| text(field, row));
            kept.push(taken.is_ok());
            if let Err(error) = taken {
                let cells = F::ALL.iter().filter_map(|field| text(*field, row));
                let reason = RejectReason::Unusable {
                    en: error.to_string(),
                    vi: error.vi(),
                };
                let number = numbers.map_or(0, |numbers| numbers.value(row));
                let raw = cells.collect::<Vec<_>>().join(" | ");
                refused.push(Reject::new(number, raw.as_bytes(), reason));
            }
        }
        if !refused.is_empty() {
            // The mask has as many bits as there are rows: this cannot fail.
            if let Ok(rest) = filter_record_batch(rows, &BooleanArray::from(kept)) {
                *rows = rest;
            }
        }
        refused
    }
}

/// Takes every row.
struct AnyRow;

impl<F: Field> Usable<F> for AnyRow {
    fn take(&mut self, _: &dyn Fn(F) -> Option<String>) -> Result<(), TableError> {
        Ok(())
    }

    fn sift(&mut self, _: &mut RecordBatch) -> Vec<Reject> {
        Vec::new()
    }
}

impl Usable<FacilityField> for FacilityTable {
    fn take(&mut self, cell: &dyn Fn(FacilityField) -> Option<String>) -> Result<(), TableError> {
        let cells: Vec<Option<String>> = FacilityField::ALL
            .iter()
            .map(|field| cell(*field))
            .collect();
        self.push(&FacilityRow::from_fn(|field| {
            cells[field.index()].as_deref()
        }))
    }
}

impl Usable<LotField> for LotTable {
    fn take(&mut self, cell: &dyn Fn(LotField) -> Option<String>) -> Result<(), TableError> {
        let cells: Vec<Option<String>> = LotField::ALL.iter().map(|field| cell(*field)).collect();
        self.push(&LotRow::from_fn(|field| cells[field.index()].as_deref()))
    }
}

/// Refuses a file in which two rows carry the same id: every later answer would be about one of them, and nobody could tell which.
fn check_unique<F: Field>(
    role: Role,
    table: &Path,
    source: &Path,
    key: &[F],
) -> Result<(), CleanError> {
    // A second row of a facility or a lot has been rejected already: the first one counts.
    let [key] = key else { return Ok(()) };
    if matches!(role, Role::Facilities | Role::Lots) {
        return Ok(());
    }
    let rows = Table::<F>::read_fields(table, &[*key])?;
    let mut seen: FxHashMap<&str, usize> = FxHashMap::default();
    seen.reserve(rows.len());
    let mut first = None;
    let mut count = 0;
    for row in 0..rows.len() {
        let Some(id) = rows.text(*key, row) else {
            continue;
        };
        if let Some(earlier) = seen.insert(id, row) {
            count += 1;
            first.get_or_insert((id, earlier, row));
        }
    }
    match first {
        None => Ok(()),
        Some((id, earlier, row)) => Err(CleanError::DuplicateId {
            role: role.name(),
            path: source.to_owned(),
            id: id.to_owned(),
            first_row: rows.source_row(earlier),
            second_row: rows.source_row(row),
            count,
        }),
    }
}

fn format_name(format: intake::Format) -> &'static str {
    match format {
        intake::Format::Csv => "CSV",
        intake::Format::Xlsx => "XLSX",
        intake::Format::Parquet => "Parquet",
    }
}

fn describe(role: Role, path: &Path, layout: &intake::Layout, counts: intake::Counts) -> InputFile {
    let mut columns: Vec<(usize, ColumnMatch)> = layout
        .columns
        .iter()
        .flat_map(|column| {
            column.sources.iter().map(|source| {
                let field = Some(column.field.clone());
                (
                    source.index,
                    ColumnMatch {
                        heading: source.heading.clone(),
                        field,
                    },
                )
            })
        })
        .collect();
    columns.sort_by_key(|(index, _)| *index);
    let unused = layout.unused.iter().map(|heading| ColumnMatch {
        heading: heading.clone(),
        field: None,
    });
    InputFile {
        role: role.name().into(),
        file: path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        format: format_name(layout.format).into(),
        encoding: layout.encoding.map(|encoding| encoding.name().to_owned()),
        read: counts.read,
        accepted: counts.accepted,
        rejected: counts.rejected,
        rejects: (counts.rejected > 0).then(|| format!("rejects/{role}.csv")),
        columns: columns
            .into_iter()
            .map(|(_, column)| column)
            .chain(unused)
            .collect(),
    }
}

/// What was understood of the inputs, as the `read` stage left it.
pub(crate) fn load_inputs(job: &Job<'_>) -> Result<Vec<InputFile>, CleanError> {
    let path = job.work(INPUTS);
    let text = std::fs::read(&path).map_err(CleanError::io(&path))?;
    serde_json::from_slice(&text).map_err(|_| CleanError::Damaged { path })
}
