//! Which column of a file is which field: found by heading, shown to the user, refused when in doubt.

use std::collections::{BTreeMap, BTreeSet};

use registry::fields::Field;
use serde::Serialize;

use crate::headings::{distance, key, names_of};
use crate::{ColumnMap, Encoding, IntakeError};

/// A column that the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldSpec {
    /// Canonical heading.
    pub heading: &'static str,
    /// A file without this column can't be used. A single blank cell in it can.
    pub required: bool,
    /// The record's id: a row without it is rejected.
    pub key: bool,
}

/// All fields of a kind of file, in canonical order; the first one is the key.
pub fn fields_of<F: Field>(required: &[F]) -> Vec<FieldSpec> {
    let spec = |field: &F| FieldSpec {
        heading: field.heading(),
        required: required.contains(field),
        key: field.index() == 0,
    };
    F::ALL.iter().map(spec).collect()
}

/// Which columns to read.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// These, under their canonical headings, in this order; matched by heading.
    Fields(&'a [FieldSpec]),
    /// All that the file has, under its own headings (trimmed), in its order. For generic linkage specs, which name the columns themselves.
    AsInFile,
}

/// Format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Format {
    /// Delimited text.
    Csv,
    /// Office Open XML workbook.
    Xlsx,
    /// Apache Parquet.
    Parquet,
}

/// What was found out about a file before its first row: to be shown to the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Layout {
    /// Format, by content.
    pub format: Format,
    /// Encoding of a CSV file.
    pub encoding: Option<Encoding>,
    /// Delimiter of a CSV file.
    pub delimiter: Option<char>,
    /// Sheet of a workbook.
    pub sheet: Option<String>,
    /// Row of the headings, as a person counts it; 0 in Parquet, whose headings stand outside the rows.
    pub header_row: u64,
    /// The columns of the batches, in order.
    pub columns: Vec<Column>,
    /// Headings of the file that no column reads.
    pub unused: Vec<String>,
}

impl Layout {
    /// Wanted fields that the file does not have.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.columns
            .iter()
            .filter(|column| column.sources.is_empty())
            .map(|column| column.field.as_str())
    }

    /// The column of a field, when the file has it.
    pub fn column(&self, field: &str) -> Option<&Column> {
        self.columns
            .iter()
            .find(|column| column.field == field && !column.sources.is_empty())
    }
}

/// A column of the batches and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Canonical heading, or the file's own with [`Wanted::AsInFile`].
    pub field: String,
    /// Columns of the file, the preferred one first: a cell is the first one that is not blank. Empty: the file has none.
    pub sources: Vec<Source>,
    /// A row without it is rejected.
    pub key: bool,
}

/// A column of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Heading as it stands in the file, trimmed.
    pub heading: String,
    /// Position in the file, from 0.
    pub index: usize,
    /// Why it was taken.
    pub how: Match,
}

/// How a heading was matched with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Match {
    /// The canonical heading itself.
    Exact,
    /// Another usual name of it.
    Synonym,
    /// A name of something that can stand in for it.
    Fallback,
    /// The user said so.
    Map,
}

/// A heading of the file.
struct Heading<'a> {
    text: &'a str,
    key: String,
    index: usize,
    claimed: bool,
}

/// Columns matched with fields.
#[derive(Debug)]
pub(crate) struct Matched {
    pub(crate) columns: Vec<Column>,
    pub(crate) unused: Vec<String>,
    /// Cells that a row may hold: up to the last heading that is not blank.
    pub(crate) width: usize,
}

/// Matches the headings in row `row` of `file` with what is wanted.
pub(crate) fn match_headings(
    file: &str,
    row: u64,
    headings: &[String],
    wanted: Wanted<'_>,
    map: Option<&ColumnMap>,
) -> Result<Matched, IntakeError> {
    let place = Place { file, row };
    let mut found: Vec<Heading<'_>> = headings
        .iter()
        .enumerate()
        .filter(|(_, text)| !text.trim().is_empty())
        .map(|(index, text)| Heading {
            text: text.trim(),
            key: key(text),
            index,
            claimed: false,
        })
        .collect();
    let width = found.last().map_or(0, |last| last.index + 1);
    let columns = match wanted {
        Wanted::Fields(fields) => by_field(&place, fields, &mut found, map)?,
        Wanted::AsInFile => as_in_file(&place, &mut found, map)?,
    };
    let unused = found
        .iter()
        .filter(|heading| !heading.claimed)
        .map(|heading| heading.text.to_owned())
        .collect();
    Ok(Matched {
        columns,
        unused,
        width,
    })
}

struct Place<'a> {
    file: &'a str,
    row: u64,
}

/// The user's word first, then canonical headings, then usual names, then stand-ins: a better claim always takes a heading before a worse one.
fn by_field(
    place: &Place<'_>,
    fields: &[FieldSpec],
    found: &mut [Heading<'_>],
    map: Option<&ColumnMap>,
) -> Result<Vec<Column>, IntakeError> {
    let mut columns: Vec<Column> = fields
        .iter()
        .map(|field| Column {
            field: field.heading.to_owned(),
            sources: Vec::new(),
            key: field.key,
        })
        .collect();
    let said = |column: &Column| map.is_some_and(|map| map.columns.contains_key(&column.field));
    if let Some(map) = map {
        check_map_fields(map, fields)?;
        claim_mapped(place, map, &mut columns, found)?;
    }
    for how in [Match::Exact, Match::Synonym] {
        for column in columns
            .iter_mut()
            .filter(|column| column.sources.is_empty())
        {
            if !said(column) {
                claim_named(place, column, how, found)?;
            }
        }
    }
    for column in columns.iter_mut().filter(|column| !said(column)) {
        claim_fallbacks(column, found);
    }
    check_required(place, fields, &columns, found)?;
    Ok(columns)
}

fn claim_mapped(
    place: &Place<'_>,
    map: &ColumnMap,
    columns: &mut [Column],
    found: &mut [Heading<'_>],
) -> Result<(), IntakeError> {
    for column in columns {
        for name in map.columns.get(&column.field).into_iter().flatten() {
            let heading = mapped_heading(place, map, &column.field, name, found)?;
            column.sources.push(heading.claim(Match::Map));
        }
    }
    Ok(())
}

/// The heading that the map names: as written, else as compared usually.
fn mapped_heading<'h, 'a>(
    place: &Place<'_>,
    map: &ColumnMap,
    field: &str,
    name: &str,
    found: &'h mut [Heading<'a>],
) -> Result<&'h mut Heading<'a>, IntakeError> {
    let folded = key(name);
    let position = found
        .iter()
        .position(|heading| heading.text == name.trim())
        .or_else(|| found.iter().position(|heading| heading.key == folded));
    let list = listed(found);
    position.and_then(|at| found.get_mut(at)).ok_or_else(|| IntakeError::Map {
        file: map.file.clone(),
        problem: format!(
            "`{field} = \"{name}\"`: {} has no such heading in row {}; it has: {list}",
            place.file, place.row
        ),
        problem_vi: format!(
            "`{field} = \"{name}\"`: {} không có tiêu đề này ở dòng {}; các tiêu đề hiện có: {list}",
            place.file, place.row
        ),
    })
}

fn claim_named(
    place: &Place<'_>,
    column: &mut Column,
    how: Match,
    found: &mut [Heading<'_>],
) -> Result<(), IntakeError> {
    let canonical = [key(&column.field)];
    let names = if how == Match::Exact {
        &canonical[..]
    } else {
        &names_of(&column.field).headings
    };
    let mut matching = found
        .iter_mut()
        .filter(|heading| !heading.claimed && names.contains(&heading.key));
    let Some(first) = matching.next() else {
        return Ok(());
    };
    if let Some(second) = matching.next() {
        return Err(place.ambiguous(&column.field, first, second));
    }
    column.sources.push(first.claim(how));
    Ok(())
}

/// Stand-ins in the table's order. An id is read from one column only: ids of two columns could collide.
fn claim_fallbacks(column: &mut Column, found: &mut [Heading<'_>]) {
    for name in &names_of(&column.field).fallback {
        if column.key && !column.sources.is_empty() {
            return;
        }
        if let Some(heading) = found
            .iter_mut()
            .find(|heading| !heading.claimed && heading.key == *name)
        {
            column.sources.push(heading.claim(Match::Fallback));
        }
    }
}

fn check_required(
    place: &Place<'_>,
    fields: &[FieldSpec],
    columns: &[Column],
    found: &[Heading<'_>],
) -> Result<(), IntakeError> {
    let missing: Vec<(String, Vec<String>)> = fields
        .iter()
        .zip(columns)
        .filter(|(field, column)| field.required && column.sources.is_empty())
        .map(|(field, _)| (field.heading.to_owned(), guesses(field.heading, found)))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let found = found
        .iter()
        .map(|heading| heading.text.to_owned())
        .collect();
    Err(IntakeError::MissingColumns {
        file: place.file.to_owned(),
        row: place.row,
        missing,
        found,
    })
}

/// Up to two unclaimed headings that are most like one of a field's names.
fn guesses(field: &str, found: &[Heading<'_>]) -> Vec<String> {
    let names = names_of(field);
    let canonical = key(field);
    let all = || {
        names
            .headings
            .iter()
            .chain(&names.fallback)
            .chain([&canonical])
    };
    let mut near: Vec<(f64, &str)> = found
        .iter()
        .filter(|heading| !heading.claimed)
        .map(|heading| {
            (
                all()
                    .map(|name| distance(&heading.key, name))
                    .fold(1.0, f64::min),
                heading.text,
            )
        })
        .filter(|(distance, _)| *distance <= 0.5)
        .collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    near.into_iter()
        .take(2)
        .map(|(_, text)| text.to_owned())
        .collect()
}

fn check_map_fields(map: &ColumnMap, fields: &[FieldSpec]) -> Result<(), IntakeError> {
    let Some(unknown) = map
        .columns
        .keys()
        .find(|name| !fields.iter().any(|field| field.heading == **name))
    else {
        return Ok(());
    };
    let known: Vec<&str> = fields.iter().map(|field| field.heading).collect();
    let known = known.join(", ");
    Err(IntakeError::Map {
        file: map.file.clone(),
        problem: format!(
            "[columns] names `{unknown}`, which is no field of this kind of file; its fields are: {known}"
        ),
        problem_vi: format!(
            "mục [columns] ghi `{unknown}`, không phải trường của loại tệp này; các trường gồm: {known}"
        ),
    })
}

fn as_in_file(
    place: &Place<'_>,
    found: &mut [Heading<'_>],
    map: Option<&ColumnMap>,
) -> Result<Vec<Column>, IntakeError> {
    let mut names: BTreeMap<usize, &str> = BTreeMap::new();
    for (field, headings) in map.iter().flat_map(|map| &map.columns) {
        if let (Some(map), Some(name)) = (map, headings.first()) {
            names.insert(mapped_heading(place, map, field, name, found)?.index, field);
        }
    }
    let mut columns: Vec<Column> = Vec::with_capacity(found.len());
    for heading in found {
        let renamed = names.get(&heading.index);
        let field = (*renamed.unwrap_or(&heading.text)).to_owned();
        let source = heading.claim(if renamed.is_some() {
            Match::Map
        } else {
            Match::Exact
        });
        if let Some(first) = columns
            .iter()
            .find(|column| column.field == field)
            .and_then(|c| c.sources.first())
        {
            return Err(IntakeError::Ambiguous {
                file: place.file.to_owned(),
                row: place.row,
                first: first.heading.clone(),
                first_column: first.index + 1,
                second: source.heading,
                second_column: source.index + 1,
                field,
            });
        }
        columns.push(Column {
            field,
            sources: vec![source],
            key: false,
        });
    }
    Ok(columns)
}

impl Heading<'_> {
    fn claim(&mut self, how: Match) -> Source {
        self.claimed = true;
        Source {
            heading: self.text.to_owned(),
            index: self.index,
            how,
        }
    }
}

impl Place<'_> {
    fn ambiguous(&self, field: &str, first: &Heading<'_>, second: &Heading<'_>) -> IntakeError {
        IntakeError::Ambiguous {
            file: self.file.to_owned(),
            row: self.row,
            field: field.to_owned(),
            first: first.text.to_owned(),
            first_column: first.index + 1,
            second: second.text.to_owned(),
            second_column: second.index + 1,
        }
    }
}

fn listed(found: &[Heading<'_>]) -> String {
    let names: Vec<String> = found
        .iter()
        .map(|heading| format!("'{}'", heading.text))
        .collect();
    names.join(", ")
}

/// Tells headings from other rows.
pub(crate) struct HeaderFinder {
    /// Folded names of wanted fields; `None`: any heading will do.
    names: Option<BTreeMap<String, BTreeSet<usize>>>,
}

impl HeaderFinder {
    pub(crate) fn new(wanted: Wanted<'_>, map: Option<&ColumnMap>) -> Self {
        let Wanted::Fields(fields) = wanted else {
            return Self { names: None };
        };
        let mut names: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (at, field) in fields.iter().enumerate() {
            let usual = names_of(field.heading);
            let said = map
                .and_then(|map| map.columns.get(field.heading))
                .into_iter()
                .flatten()
                .map(|name| key(name));
            let all = usual
                .headings
                .iter()
                .chain(&usual.fallback)
                .cloned()
                .chain([key(field.heading)])
                .chain(said);
            for name in all {
                names.entry(name).or_default().insert(at);
            }
        }
        Self { names: Some(names) }
    }

    /// The most heading-like of some rows and how heading-like it is; `None` when no row is. Of equal rows the first one is taken.
    pub(crate) fn best<'r>(
        &self,
        rows: impl IntoIterator<Item = &'r [String]>,
    ) -> Option<(usize, usize)> {
        let scored = rows
            .into_iter()
            .enumerate()
            .map(|(at, row)| (at, self.score(row)));
        scored
            .filter(|(_, score)| *score > 0)
            .fold(None, |best, this| match best {
                Some((_, score)) if score >= this.1 => best,
                _ => Some(this),
            })
    }

    /// How many fields a row names; or, where any heading will do, how many of its cells are not blank (the headings are the first row without gaps).
    fn score(&self, row: &[String]) -> usize {
        let Some(names) = &self.names else {
            return row.iter().filter(|cell| !cell.trim().is_empty()).count();
        };
        let mut hit: BTreeSet<usize> = BTreeSet::new();
        for cell in row.iter().filter(|cell| cell.len() < 200) {
            // A heading counts once, for the first field that is not named yet: "CMND" alone does not make two fields.
            let fields = names.get(&key(cell));
            if let Some(new) =
                fields.and_then(|fields| fields.iter().find(|field| !hit.contains(field)))
            {
                hit.insert(*new);
            }
        }
        hit.len()
    }
}

/// A row under the headings that only numbers the columns: (1) (2) (3) … as Vietnamese forms have it.
pub(crate) fn numbers_columns(row: &[String]) -> bool {
    let mut counted = 0;
    for (at, cell) in row.iter().enumerate() {
        let number = cell.trim().trim_matches(['(', ')', '[', ']']);
        if number.is_empty() {
            continue;
        }
        if number.parse() != Ok(at + 1) {
            return false;
        }
        counted += 1;
    }
    counted >= 3
}
