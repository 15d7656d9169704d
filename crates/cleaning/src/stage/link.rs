//! Probabilistic search in the register: `.work/links.parquet`, `model.json`.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder, UInt32Builder, UInt64Builder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Field as Column, Schema};
use linkage::{Linker, Links, Model, Progress, Records, RecordsBuilder, Spec, TrainOptions, Veto};
use quality::Life;
use registry::fields::{Field, RegisterField, SubjectField};
use registry::identity::IdentityNumber;
use rustc_hash::FxHashMap;

use crate::files::{self, ParquetFile};
use crate::table::{BATCH_ROWS, Table};
use crate::watch::{Stage, Watch};
use crate::{CleanError, Job};

/// Where the candidates of the subjects go.
pub(crate) const LINKS: &str = "links.parquet";

/// Finds candidates for every subject.
pub(crate) fn run(job: &Job<'_>) -> Result<(), CleanError> {
    let spec = spec()?;
    job.watch.begin(Stage::Link, 0, "pairs");
    let subjects = load_subjects(job, &spec)?;
    let register = load_register(job, &spec)?;
    let told = Told(job.watch, Stage::Link);
    let linker = Linker::new(&spec, &subjects, &register);
    let candidates = linker.candidates(&told);
    job.check_stop()?;
    let model = match &job.settings.model {
        Some(text) => Some(
            Model::from_json(text)
                .map_err(|error| CleanError::Settings(format!("--model: {error}")))?,
        ),
        // Nobody resembles anybody: there is nothing to learn and nobody to suggest.
        None if candidates.is_empty() => None,
        None => Some(
            linker
                .train(&candidates, &TrainOptions::default())
                .map_err(settings)?,
        ),
    };
    let Some(model) = model else {
        return write_links(job, &linker, &Links::nobody(subjects.len()));
    };
    let links = linker.link(&model, &candidates, &told).map_err(settings)?;
    job.check_stop()?;
    files::write(
        &job.out("model.json"),
        model.to_json().map_err(settings)?.as_bytes(),
    )?;
    write_links(job, &linker, &links)
}

/// The linkage spec of this job.
pub(crate) fn spec() -> Result<Spec, CleanError> {
    Spec::builtin("vietnam").map_err(settings)
}

/// A spec, model or table that does not fit.
pub(crate) fn settings(error: impl std::fmt::Display) -> CleanError {
    CleanError::Settings(error.to_string())
}

/// The subjects in packed columns.
pub(crate) fn load_subjects(job: &Job<'_>, spec: &Spec) -> Result<Records, CleanError> {
    pack::<SubjectField>(job, "subjects.parquet", spec, |_| false)
}

/// The register in packed columns. A superseded entry is left blank: its person has another one, and would look like two.
fn load_register(job: &Job<'_>, spec: &Spec) -> Result<Records, CleanError> {
    let succession = Succession::load(job)?;
    pack::<RegisterField>(job, "register.parquet", spec, |row| {
        succession.is_former(row)
    })
}

/// Which register entry took the place of which.
pub(crate) struct Succession(FxHashMap<u32, u32>);

impl Succession {
    /// Reads it off the register.
    pub(crate) fn load(job: &Job<'_>) -> Result<Self, CleanError> {
        let fields = [
            RegisterField::IdNumber,
            RegisterField::LifeStatus,
            RegisterField::SuccessorId,
        ];
        let entries = Table::<RegisterField>::read_fields(&job.work("register.parquet"), &fields)?;
        let personal = |field: RegisterField, row: usize| {
            let number = IdentityNumber::parse(entries.text(field, row)?).ok()?;
            matches!(number, IdentityNumber::Personal(_)).then_some(number)
        };
        let former = (0..entries.len()).filter(|row| {
            Life::parse(entries.text(RegisterField::LifeStatus, *row)) == Life::Superseded
        });
        let mut wanted: FxHashMap<IdentityNumber, Vec<u32>> = FxHashMap::default();
        for row in former {
            if let Some(successor) = personal(RegisterField::SuccessorId, row) {
                wanted.entry(successor).or_default().push(row as u32);
            }
        }
        let mut rows = FxHashMap::default();
        for row in 0..entries.len() {
            let Some(number) = personal(RegisterField::IdNumber, row) else {
                continue;
            };
            for former in wanted.remove(&number).unwrap_or_default() {
                if former as usize != row {
                    rows.insert(former, row as u32);
                }
            }
        }
        Ok(Self(rows))
    }

    /// The entry that stands for this one today.
    pub(crate) fn current(&self, row: u32) -> u32 {
        self.0.get(&row).copied().unwrap_or(row)
    }

    fn is_former(&self, row: usize) -> bool {
        self.0.contains_key(&(row as u32))
    }
}

fn pack<F: Field>(
    job: &Job<'_>,
    name: &str,
    spec: &Spec,
    is_blank: impl Fn(usize) -> bool,
) -> Result<Records, CleanError> {
    let fields: Vec<Option<F>> = spec
        .columns()
        .iter()
        .map(|column| F::from_heading(&column.name))
        .collect();
    let wanted: Vec<F> = fields.iter().copied().flatten().collect();
    let table = Table::<F>::read_fields(&job.work(name), &wanted)?;
    let mut records = RecordsBuilder::new(spec);
    let mut texts = Vec::with_capacity(fields.len());
    for row in 0..table.len() {
        texts.clear();
        texts.extend(fields.iter().map(|field| table.text((*field)?, row)));
        if is_blank(row) {
            // The id comes first and stays.
            texts.iter_mut().skip(1).for_each(|text| *text = None);
        }
        records.push(&texts).map_err(settings)?;
    }
    Ok(records.finish())
}

/// Passes the progress of the linkage on.
pub(crate) struct Told<'a>(pub &'a dyn Watch, pub Stage);

impl Progress for Told<'_> {
    fn stage(&self, _name: &'static str, total: u64) {
        self.0.begin(self.1, total, "records");
    }

    fn advance(&self, units: u64) {
        self.0.advance(units);
    }
}

/// The candidates of one subject, as the next stages read them back.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Found {
    /// Best first.
    pub candidates: Vec<FoundCandidate>,
    /// Probability that none of them is the person.
    pub p_none: f64,
    /// The two best have the same evidence.
    pub tie: bool,
    /// Shape of the difference to the best.
    pub shape: String,
}

/// One candidate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FoundCandidate {
    /// Row of the register.
    pub b_row: u32,
    /// Probability.
    pub probability: f64,
    /// Blocking rules that found the pair.
    pub rules: u32,
    /// Level of each comparison.
    pub pattern: u64,
    /// Why there is no automatic link.
    pub veto: Option<Veto>,
}

fn schema() -> Schema {
    Schema::new(vec![
        Column::new("a_row", DataType::UInt32, false),
        Column::new("b_row", DataType::UInt32, true),
        Column::new("probability", DataType::Float64, false),
        Column::new("rules", DataType::UInt32, false),
        Column::new("pattern", DataType::UInt64, false),
        Column::new("veto", DataType::Utf8, false),
        Column::new("tie", DataType::UInt32, false),
        Column::new("shape", DataType::Utf8, false),
    ])
}

/// One row per candidate, and one without `b_row` for "none", behind them.
fn write_links(job: &Job<'_>, linker: &Linker<'_>, links: &Links) -> Result<(), CleanError> {
    let mut file = ParquetFile::create(&job.work(LINKS), schema())?;
    for start in (0..links.len()).step_by(BATCH_ROWS) {
        let rows = start..links.len().min(start + BATCH_ROWS);
        file.write(columns(linker, links, rows))?;
    }
    file.finish()
}

fn columns(linker: &Linker<'_>, links: &Links, rows: std::ops::Range<usize>) -> Vec<ArrayRef> {
    let mut a_rows = UInt32Builder::new();
    let mut b_rows = UInt32Builder::new();
    let mut probabilities = Float64Builder::new();
    let mut rules = UInt32Builder::new();
    let mut patterns = UInt64Builder::new();
    let mut vetoes = StringBuilder::new();
    let mut ties = UInt32Builder::new();
    let mut shapes = StringBuilder::new();
    for row in rows {
        let row = row as u32;
        let tie = u32::from(links.is_tie(row));
        for candidate in links.of(row) {
            a_rows.append_value(row);
            b_rows.append_value(candidate.b_row);
            probabilities.append_value(candidate.probability);
            rules.append_value(candidate.rules);
            patterns.append_value(candidate.pattern);
            vetoes.append_value(candidate.veto.map_or("", linkage::Veto::rule));
            ties.append_value(tie);
            shapes.append_value("");
        }
        a_rows.append_value(row);
        b_rows.append_null();
        probabilities.append_value(links.p_none(row));
        rules.append_value(0);
        patterns.append_value(0);
        vetoes.append_value("");
        ties.append_value(tie);
        shapes.append_value(links.best(row).map_or_else(String::new, |best| {
            linker.shape(best.pattern, row, best.b_row)
        }));
    }
    vec![
        Arc::new(a_rows.finish()),
        Arc::new(b_rows.finish()),
        Arc::new(probabilities.finish()),
        Arc::new(rules.finish()),
        Arc::new(patterns.finish()),
        Arc::new(vetoes.finish()),
        Arc::new(ties.finish()),
        Arc::new(shapes.finish()),
    ]
}

/// Reads the candidates of all subjects back.
pub(crate) fn read_links(job: &Job<'_>, subjects: usize) -> Result<Vec<Found>, CleanError> {
    let path = job.work(LINKS);
    let mut all = vec![Found::default(); subjects];
    files::read_parquet(&path, BATCH_ROWS, |batch| {
        let damaged = || CleanError::Damaged { path: path.clone() };
        let column = |name: &str| batch.column_by_name(name).ok_or_else(damaged);
        let a_rows = column("a_row")?.as_primitive::<UInt32Type>();
        let b_rows = column("b_row")?.as_primitive::<UInt32Type>();
        let probabilities = column("probability")?.as_primitive::<Float64Type>();
        let rules = column("rules")?.as_primitive::<UInt32Type>();
        let patterns = column("pattern")?.as_primitive::<UInt64Type>();
        let vetoes = column("veto")?.as_string::<i32>();
        let ties = column("tie")?.as_primitive::<UInt32Type>();
        let shapes = column("shape")?.as_string::<i32>();
        for place in 0..batch.num_rows() {
            let found = all
                .get_mut(a_rows.value(place) as usize)
                .ok_or_else(damaged)?;
            if b_rows.is_null(place) {
                found.p_none = probabilities.value(place);
                found.tie = ties.value(place) == 1;
                shapes.value(place).clone_into(&mut found.shape);
                continue;
            }
            found.candidates.push(FoundCandidate {
                b_row: b_rows.value(place),
                probability: probabilities.value(place),
                rules: rules.value(place),
                pattern: patterns.value(place),
                veto: Veto::of_rule(vetoes.value(place)),
            });
        }
        Ok(())
    })?;
    Ok(all)
}
