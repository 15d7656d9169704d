//! Doses by *person*: rules, order, intervals and duplicates. `doses.parquet`, `.work/findings-doses.parquet`.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{
    BooleanBuilder, StringBuilder, UInt8Builder, UInt32Builder, UInt64Builder,
};
use arrow_schema::{DataType, Field as Column, Schema};
use quality::{
    Catalogue, Context, DoseFacts, DuplicateGroup, FileChecks, Finding, Place, RegisterFacts,
    SubjectFacts, check_dose, check_doses_against_register, check_series, check_subject,
};
use rayon::prelude::*;
use registry::fields::{DoseField, RegisterField, SubjectField};
use registry::status::Verification;
use registry::text::Lang;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::files::{self, ParquetFile};
use crate::finding::{FindingWriter, Located, RecordKind, is_open};
use crate::job::to_json;
use crate::stage::{dedupe, verify};
use crate::summary::{Doses, DuplicateCount};
use crate::table::{BATCH_ROWS, Table};
use crate::watch::Stage;
use crate::{CleanError, Job, rules};

/// Where the findings go.
pub(crate) const FINDINGS: &str = "findings-doses.parquet";
/// Where the numbers go.
pub(crate) const COUNTS: &str = "doses.json";
/// People whose doses are checked between two looks at the wish to stop.
const PEOPLE_AT_ONCE: usize = 1 << 15;

/// Checks all doses of a job that knows who is who.
pub(crate) fn run(job: &Job<'_>) -> Result<(), CleanError> {
    let catalogue = rules::catalogue(job)?;
    let doses = Table::<DoseField>::read(&job.work("doses.parquet"))?;
    let people = People::load(job, &doses)?;
    let checked = check_all(job, &catalogue, &doses, &people)?;
    write_doses(job, &doses, &people, &checked)?;
    let counts = count(&doses, &people, &checked, &catalogue);
    files::write(&job.work(COUNTS), to_json(&counts).as_bytes())
}

/// Checks all doses where nothing is known but the files themselves: every subject is a person of its own.
pub(crate) fn run_alone(job: &Job<'_>) -> Result<(), CleanError> {
    let catalogue = rules::catalogue(job)?;
    let doses = Table::<DoseField>::read(&job.work("doses.parquet"))?;
    let people = People::unknown(job, &doses)?;
    check_all(job, &catalogue, &doses, &people).map(|_| ())
}

/// Checks all doses and writes the findings.
fn check_all(
    job: &Job<'_>,
    catalogue: &Catalogue,
    doses: &Table<DoseField>,
    people: &People,
) -> Result<Checked, CleanError> {
    let context = rules::context(job, catalogue)?;
    job.watch.begin(Stage::Doses, doses.len() as u64, "doses");
    let checked = check_people(job, doses, people, &context)?;
    let mut writer = FindingWriter::create(&job.work(FINDINGS), catalogue)?;
    for some in checked.findings.chunks(BATCH_ROWS) {
        let located: Vec<Located> = some
            .iter()
            .map(|(row, finding)| at(doses, *row, finding))
            .collect();
        writer.write(&located)?;
    }
    let facilities: Vec<Located> = checked
        .facilities
        .iter()
        .map(|(code, finding)| Located {
            kind: RecordKind::Facility,
            index: 0,
            row: 0,
            record_id: code.clone(),
            finding: finding.clone(),
        })
        .collect();
    writer.write(&facilities)?;
    writer.finish()?;
    Ok(checked)
}

/// The numbers of the doses, as the report shows them. Rows read and rejected come from the reader.
pub(crate) fn load_counts(job: &Job<'_>) -> Result<DoseCounts, CleanError> {
    let path = job.work(COUNTS);
    let text = std::fs::read(&path).map_err(CleanError::io(&path))?;
    serde_json::from_slice(&text).map_err(|_| CleanError::Damaged { path })
}

/// Whose each dose is.
struct People {
    subjects: Table<SubjectField>,
    register: Table<RegisterField>,
    /// By dose: its subject's row.
    subject_of: Vec<Option<u32>>,
    /// By dose: its person; doses of one person have the same number.
    person_of: Vec<u32>,
    /// By subject: outcome of the check, and the register row of a verified one.
    verification: Vec<Verification>,
    register_of: Vec<Option<u32>>,
    /// Doses in order of person, then row.
    order: Vec<u32>,
}

impl People {
    fn load(job: &Job<'_>, doses: &Table<DoseField>) -> Result<Self, CleanError> {
        let of_death = [RegisterField::LifeStatus, RegisterField::DeathDate];
        let register = Table::read_fields(&job.work("register.parquet"), &of_death)?;
        let subjects = Table::<SubjectField>::read(&job.work("subjects.parquet"))?;
        let persons = dedupe::read_persons(job)?;
        let answers = verify::read_answers(job)?;
        Ok(Self::new(doses, subjects, register, &persons, &answers))
    }

    fn unknown(job: &Job<'_>, doses: &Table<DoseField>) -> Result<Self, CleanError> {
        let subjects = Table::<SubjectField>::read(&job.work("subjects.parquet"))?;
        let persons: Vec<u32> = (0..subjects.len() as u32).collect();
        let unasked = verify::Answered {
            verification: Verification::NotFound,
            differing: String::new(),
            b_row: None,
        };
        let answers = vec![unasked; subjects.len()];
        Ok(Self::new(
            doses,
            subjects,
            Table::empty(),
            &persons,
            &answers,
        ))
    }

    fn new(
        doses: &Table<DoseField>,
        subjects: Table<SubjectField>,
        register: Table<RegisterField>,
        persons: &[u32],
        answers: &[verify::Answered],
    ) -> Self {
        let verification = answers.iter().map(|answer| answer.verification).collect();
        let verified = |answer: &verify::Answered| {
            answer
                .b_row
                .filter(|_| answer.verification == Verification::True)
        };
        let register_of = answers.iter().map(verified).collect();
        let mut strangers: FxHashMap<&str, u32> = FxHashMap::default();
        let subject_rows: FxHashMap<&str, u32> = (0..subjects.len())
            .filter_map(|row| Some((subjects.text(SubjectField::UniqueId, row)?, row as u32)))
            .collect();
        let mut next = persons.iter().copied().max().map_or(0, |last| last + 1);
        let mut subject_of = Vec::with_capacity(doses.len());
        let mut person_of = Vec::with_capacity(doses.len());
        for dose in 0..doses.len() {
            let id = doses.text(DoseField::SubjectId, dose).unwrap_or_default();
            let subject = subject_rows.get(id).copied();
            subject_of.push(subject);
            person_of.push(match subject {
                Some(row) => persons[row as usize],
                // Doses of one unknown subject still belong together; a dose without any id stands alone.
                None => *if id.is_empty() {
                    None
                } else {
                    strangers.get(id)
                }
                .unwrap_or(&next),
            });
            if person_of.last() == Some(&next) {
                strangers.insert(id, next);
                next += 1;
            }
        }
        let mut order: Vec<u32> = (0..doses.len() as u32).collect();
        order.sort_by_key(|dose| person_of[*dose as usize]);
        drop((strangers, subject_rows));
        Self {
            subjects,
            register,
            subject_of,
            person_of,
            verification,
            register_of,
            order,
        }
    }
}

/// What was found, in the order of the doses.
struct Checked {
    /// By dose row.
    findings: Vec<(u32, Finding)>,
    /// By facility code.
    facilities: Vec<(String, Finding)>,
    groups: Vec<Group>,
    /// By dose: number by order of date; 0 without a date.
    numbers: Vec<u8>,
    /// By dose: at least one finding of severity B, E or W.
    open: Vec<bool>,
}

/// Records that are, or may be, one dose.
struct Group {
    keep: u32,
    others: Vec<(u32, quality::RuleId)>,
    reason: &'static str,
    collapsible: bool,
}

fn check_people(
    job: &Job<'_>,
    doses: &Table<DoseField>,
    people: &People,
    context: &Context<'_>,
) -> Result<Checked, CleanError> {
    let persons: Vec<&[u32]> = people
        .order
        .chunk_by(|a, b| people.person_of[*a as usize] == people.person_of[*b as usize])
        .collect();
    let mut checked = Checked {
        findings: Vec::new(),
        facilities: Vec::new(),
        groups: Vec::new(),
        numbers: vec![0; doses.len()],
        open: vec![false; doses.len()],
    };
    let mut whole_file = FileChecks::default();
    for some in persons.chunks(PEOPLE_AT_ONCE) {
        let found: Vec<_> = some
            .par_iter()
            .map(|rows| check_person(doses, people, rows, context))
            .collect();
        for (rows, person) in some.iter().zip(found) {
            for (row, facts) in rows.iter().zip(&person.facts) {
                let row = *row as usize;
                whole_file.observe_dose(&doses.row(row), facts, doses.source_row(row));
            }
            checked.findings.extend(person.findings);
            checked.groups.extend(person.groups);
            for (row, number) in rows.iter().zip(person.numbers) {
                checked.numbers[*row as usize] = number;
            }
        }
        job.advance(some.iter().map(|rows| rows.len() as u64).sum())?;
    }
    for found in whole_file.finish(context) {
        match found.place {
            Place::Dose { row } => {
                let row = doses.find_source_row(row).map(|row| row as u32);
                checked.findings.extend(row.map(|row| (row, found.finding)));
            }
            Place::Facility { code } => checked.facilities.push((code.into(), found.finding)),
            Place::Subject { .. } => {}
        }
    }
    // A stable sort: the findings of one dose stay in the order of the rules.
    checked.findings.sort_by_key(|(row, _)| *row);
    for (row, finding) in &checked.findings {
        checked.open[*row as usize] |= is_open(finding.severity);
    }
    Ok(checked)
}

/// What was found at one person's doses.
struct Person<'a> {
    facts: Vec<DoseFacts<'a>>,
    findings: Vec<(u32, Finding)>,
    groups: Vec<Group>,
    numbers: Vec<u8>,
}

fn check_person<'a>(
    doses: &'a Table<DoseField>,
    people: &People,
    rows: &[u32],
    context: &Context<'_>,
) -> Person<'a> {
    let mut found = Vec::new();
    let mut findings = Vec::new();
    // The doses of a person mostly hang on one record: it is read once.
    let mut known: Option<(u32, SubjectFacts<'_>)> = None;
    let facts: Vec<DoseFacts<'a>> = rows
        .iter()
        .map(|row| {
            let subject = people.subject_of[*row as usize];
            if subject.is_some() && subject != known.map(|(subject, _)| subject) {
                known = subject.map(|subject| {
                    let row = people.subjects.row(subject as usize);
                    (subject, check_subject(&row, context, &mut Vec::new()))
                });
            }
            let person = known
                .filter(|(known, _)| Some(*known) == subject)
                .map(|(_, facts)| facts);
            let facts = check_dose(
                &doses.row(*row as usize),
                person.as_ref(),
                context,
                &mut found,
            );
            findings.extend(found.drain(..).map(|finding| (*row, finding)));
            facts
        })
        .collect();
    let mut by_position = Vec::new();
    let groups = check_series(&facts, context, &mut by_position);
    if let Some(entry) = register_entry(people, rows) {
        let row = people.register.row(entry as usize);
        check_doses_against_register(
            &facts,
            &RegisterFacts::parse(&row),
            context,
            &mut by_position,
        );
    }
    findings.extend(
        by_position
            .into_iter()
            .map(|(at, finding)| (rows[at], finding)),
    );
    let numbers = numbers_by_date(&facts, &groups);
    let groups = groups
        .into_iter()
        .map(|group| named(&group, rows))
        .collect();
    Person {
        facts,
        findings,
        groups,
        numbers,
    }
}

/// The register entry of the first verified record of a person.
fn register_entry(people: &People, rows: &[u32]) -> Option<u32> {
    rows.iter()
        .find_map(|row| people.register_of[people.subject_of[*row as usize]? as usize])
}

fn named(group: &DuplicateGroup, rows: &[u32]) -> Group {
    Group {
        keep: rows[group.keep],
        others: group
            .others
            .iter()
            .map(|(at, rule)| (rows[*at], *rule))
            .collect(),
        reason: group.survivor.text(Lang::En),
        collapsible: group.is_collapsible(),
    }
}

/// Number of each dose in order of date, duplicates counted once; 0 for what was not given or has no date.
fn numbers_by_date(facts: &[DoseFacts<'_>], groups: &[DuplicateGroup]) -> Vec<u8> {
    let mut stands_for: Vec<usize> = (0..facts.len()).collect();
    for group in groups {
        for (other, _) in &group.others {
            stands_for[*other] = group.keep;
        }
    }
    let mut kept: Vec<usize> = (0..facts.len())
        .filter(|at| stands_for[*at] == *at && facts[*at].given && facts[*at].injected.is_some())
        .collect();
    kept.sort_by_key(|at| (facts[*at].injected, *at));
    let mut numbers = vec![0; facts.len()];
    for (place, at) in kept.iter().enumerate() {
        numbers[*at] = u8::try_from(place + 1).unwrap_or(u8::MAX);
    }
    (0..facts.len()).map(|at| numbers[stands_for[at]]).collect()
}

fn at(doses: &Table<DoseField>, row: u32, finding: &Finding) -> Located {
    Located {
        kind: RecordKind::Dose,
        index: row,
        row: doses.source_row(row as usize),
        record_id: doses
            .text(DoseField::DoseId, row as usize)
            .unwrap_or_default()
            .to_owned(),
        finding: finding.clone(),
    }
}

/// One row per dose: whose it is, its place in the order, and the group of records that seem to be the same dose.
fn write_doses(
    job: &Job<'_>,
    doses: &Table<DoseField>,
    people: &People,
    checked: &Checked,
) -> Result<(), CleanError> {
    let text = |name, nullable| Column::new(name, DataType::Utf8, nullable);
    let schema = Schema::new(vec![
        text("dose_id", false),
        Column::new("row", DataType::UInt64, false),
        text("subject_id", true),
        Column::new("person", DataType::UInt32, true),
        text("subject_status", true),
        text("facility_code", true),
        text("declared_number", true),
        Column::new("number_by_date", DataType::UInt8, true),
        Column::new("duplicate_group", DataType::UInt32, true),
        text("duplicate_rule", true),
        text("kept_dose_id", true),
        text("kept_because", true),
        Column::new("collapsible", DataType::Boolean, false),
        Column::new("has_finding", DataType::Boolean, false),
    ]);
    let mut role: FxHashMap<u32, (usize, Option<quality::RuleId>)> = FxHashMap::default();
    for (number, group) in checked.groups.iter().enumerate() {
        role.insert(group.keep, (number, None));
        role.extend(
            group
                .others
                .iter()
                .map(|(dose, rule)| (*dose, (number, Some(*rule)))),
        );
    }
    let mut file = ParquetFile::create(&job.out("doses.parquet"), schema)?;
    for start in (0..doses.len()).step_by(BATCH_ROWS) {
        let rows = start..doses.len().min(start + BATCH_ROWS);
        file.write(dose_columns(doses, people, checked, &role, rows))?;
    }
    file.finish()
}

fn dose_columns(
    doses: &Table<DoseField>,
    people: &People,
    checked: &Checked,
    role: &FxHashMap<u32, (usize, Option<quality::RuleId>)>,
    rows: std::ops::Range<usize>,
) -> Vec<ArrayRef> {
    let text = |get: &dyn Fn(usize) -> Option<String>| -> ArrayRef {
        let mut column = StringBuilder::new();
        rows.clone().for_each(|row| column.append_option(get(row)));
        Arc::new(column.finish())
    };
    let flag = |get: &dyn Fn(usize) -> bool| -> ArrayRef {
        let mut column = BooleanBuilder::new();
        rows.clone().for_each(|row| column.append_value(get(row)));
        Arc::new(column.finish())
    };
    let field = |field: DoseField| text(&move |row| doses.text(field, row).map(str::to_owned));
    let group = |row: usize| {
        role.get(&(row as u32))
            .map(|(number, rule)| (*number, *rule))
    };
    let mut source_rows = UInt64Builder::new();
    let mut persons = UInt32Builder::new();
    let mut numbers = UInt8Builder::new();
    let mut groups = UInt32Builder::new();
    for row in rows.clone() {
        source_rows.append_value(doses.source_row(row));
        persons.append_option(people.subject_of[row].map(|_| people.person_of[row]));
        numbers.append_option(Some(checked.numbers[row]).filter(|number| *number > 0));
        groups.append_option(group(row).map(|(number, _)| number as u32));
    }
    let status = |row: usize| {
        let subject = people.subject_of[row]?;
        Some(people.verification[subject as usize].as_str().to_owned())
    };
    let kept = |row: usize| {
        let (number, rule) = group(row)?;
        rule.and_then(|_| doses.text(DoseField::DoseId, checked.groups[number].keep as usize))
            .map(str::to_owned)
    };
    vec![
        text(&|row| {
            Some(
                doses
                    .text(DoseField::DoseId, row)
                    .unwrap_or_default()
                    .to_owned(),
            )
        }),
        Arc::new(source_rows.finish()),
        field(DoseField::SubjectId),
        Arc::new(persons.finish()),
        text(&status),
        field(DoseField::Facility),
        field(DoseField::DoseNumber),
        Arc::new(numbers.finish()),
        Arc::new(groups.finish()),
        text(&|row| group(row)?.1.map(|rule| rule.as_str().to_owned())),
        text(&kept),
        text(&|row| {
            group(row)?.1.map(|_| {
                checked.groups[group(row).map_or(0, |found| found.0)]
                    .reason
                    .to_owned()
            })
        }),
        flag(&|row| group(row).is_some_and(|(number, _)| checked.groups[number].collapsible)),
        flag(&|row| checked.open[row]),
    ]
}

/// Counts doses by subject, finding and duplicate rule.
fn count(
    doses: &Table<DoseField>,
    people: &People,
    checked: &Checked,
    catalogue: &Catalogue,
) -> DoseCounts {
    let mut total = Doses::default();
    for row in 0..doses.len() {
        let subject = people.subject_of[row].map(|subject| people.verification[subject as usize]);
        total.count(subject, checked.open[row]);
    }
    let rules = [
        quality::RuleId::Du01,
        quality::RuleId::Du02,
        quality::RuleId::Du03,
        quality::RuleId::Du04,
        quality::RuleId::Du05,
    ];
    total.duplicates = rules
        .into_iter()
        .map(|rule| {
            let of_rule = |group: &Group| {
                group
                    .others
                    .iter()
                    .filter(|(_, found)| *found == rule)
                    .count() as u64
            };
            DuplicateCount {
                rule: rule.as_str().into(),
                text: catalogue.rule(rule).title.clone(),
                groups: checked
                    .groups
                    .iter()
                    .filter(|group| of_rule(group) > 0)
                    .count() as u64,
                doses: checked.groups.iter().map(of_rule).sum(),
            }
        })
        .collect();
    let duplicates = checked
        .groups
        .iter()
        .flat_map(|group| group.others.iter().map(|(dose, _)| *dose))
        .collect();
    DoseCounts { total, duplicates }
}

/// What the report needs of the doses.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct DoseCounts {
    /// The numbers.
    pub total: Doses,
    /// Rows of the doses that stand beside a kept one.
    pub duplicates: Vec<u32>,
}
