//! Records of the same person among the subjects: `persons.parquet`. Nothing is merged; a person is a number that its records share.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, StringBuilder, UInt32Builder, UInt64Builder};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_schema::{DataType, Field as Column, Schema};
use linkage::DedupeOptions;
use registry::fields::SubjectField;

use crate::files::{self, ParquetFile};
use crate::job::to_json;
use crate::stage::link::{self, Found, Succession, Told};
use crate::stage::verify::{self, Answered};
use crate::summary::Persons;
use crate::table::{BATCH_ROWS, Table};
use crate::watch::Stage;
use crate::{CleanError, Job};

const PERSONS: &str = "persons-of-subjects.parquet";
const COUNTS: &str = "persons.json";

/// Two records that the same register entry claims with at least this probability are one person.
const SAME_ENTRY: f64 = 0.99;

/// A record that resembles those of an entry joins them when it claims the entry with at least this probability.
const SAME_PERSON: f64 = 0.95;

/// Finds records of the same person.
pub(crate) fn run(job: &Job<'_>) -> Result<(), CleanError> {
    let subjects = Table::<SubjectField>::read_fields(
        &job.work("subjects.parquet"),
        &[SubjectField::UniqueId],
    )?;
    let answers = verify::read_answers(job)?;
    let found = link::read_links(job, subjects.len())?;
    let succession = Succession::load(job)?;
    let entries: Vec<Option<u32>> = answers
        .iter()
        .zip(&found)
        .map(|(answer, found)| entry_of(answer, found).map(|entry| succession.current(entry)))
        .collect();
    // Records with a known entry need no comparison with each other; the rest is compared with everybody.
    let open: Vec<u32> = (0..subjects.len() as u32)
        .filter(|row| entries[*row as usize].is_none())
        .collect();
    let spec = link::spec()?;
    let records = link::load_subjects(job, &spec)?;
    let options = DedupeOptions {
        rows: Some(&open),
        ..DedupeOptions::default()
    };
    let told = Told(job.watch, Stage::Dedupe);
    let alike = linkage::dedupe(&spec, &records, &options, &told).map_err(link::settings)?;
    job.check_stop()?;
    // Likeness to a record of a known entry is no more than likeness to that entry, which the search in the register has weighed.
    let claims = |row: u32, entry: u32| {
        let candidates = &found[row as usize].candidates;
        let claimed = candidates.iter().find(|candidate| candidate.b_row == entry);
        claimed.is_some_and(|candidate| candidate.probability >= SAME_PERSON)
    };
    let people = join(&alike.of, &entries, claims);
    let vetoed = alike.pairs.iter().filter(|pair| pair.veto.is_some());
    write(job, &subjects, &people, &entries, vetoed.count() as u64)
}

/// The register entry that a record is sure to belong to.
fn entry_of(answer: &Answered, found: &Found) -> Option<u32> {
    if answer.verification.category().is_none() {
        return answer.b_row;
    }
    let best = found.candidates.first()?;
    let sure = best.probability >= SAME_ENTRY && !found.tie && best.veto.is_none();
    sure.then_some(best.b_row)
}

/// Who is who among the subjects.
struct People {
    /// By subject: number of its person.
    person: Vec<u32>,
    /// By person: its records, in order of the file.
    records: Vec<Vec<u32>>,
}

/// Joins two kinds of evidence: the same register entry, and likeness of the records themselves.
///
/// Two different entries are two people: a cluster of like records that holds two of them is taken apart. A record without a sure entry goes to the
/// one entry of its cluster that it claims; without a claim it stays with the others that have none.
fn join(alike: &[u32], entries: &[Option<u32>], claims: impl Fn(u32, u32) -> bool) -> People {
    let mut cluster_entries: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (cluster, entry) in alike.iter().zip(entries) {
        let known = cluster_entries.entry(*cluster).or_default();
        if let Some(entry) = entry.filter(|entry| !known.contains(entry)) {
            known.push(entry);
        }
    }
    let mut numbers: BTreeMap<Key, u32> = BTreeMap::new();
    let mut people = People {
        person: Vec::with_capacity(entries.len()),
        records: Vec::new(),
    };
    for (row, (cluster, entry)) in alike.iter().zip(entries).enumerate() {
        let of_cluster = cluster_entries.get(cluster).map_or(&[][..], Vec::as_slice);
        let claimed = || of_cluster.iter().find(|entry| claims(row as u32, **entry));
        let key = match entry.as_ref().or_else(claimed) {
            Some(entry) => Key::Entry(*entry),
            None => Key::Cluster(*cluster),
        };
        let next = people.records.len() as u32;
        let person = *numbers.entry(key).or_insert(next);
        if person == next {
            people.records.push(Vec::new());
        }
        people.records[person as usize].push(row as u32);
        people.person.push(person);
    }
    people
}

/// What makes records one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// A register entry.
    Entry(u32),
    /// A cluster of like records.
    Cluster(u32),
}

/// `persons.parquet` for people with two or more records, all persons for the next stages, and the counts.
fn write(
    job: &Job<'_>,
    subjects: &Table<SubjectField>,
    people: &People,
    entries: &[Option<u32>],
    vetoed_pairs: u64,
) -> Result<(), CleanError> {
    let mut all = UInt32Builder::with_capacity(people.person.len());
    all.append_slice(&people.person);
    let schema = Schema::new(vec![Column::new("person", DataType::UInt32, false)]);
    let mut file = ParquetFile::create(&job.work(PERSONS), schema)?;
    file.write(vec![Arc::new(all.finish())])?;
    file.finish()?;

    let mut counts = Persons {
        persons: people.records.len() as u64,
        vetoed_pairs,
        ..Persons::default()
    };
    let mut persons = UInt32Builder::new();
    let mut ids = StringBuilder::new();
    let mut rows = UInt64Builder::new();
    let mut known = BooleanBuilder::new();
    for (person, records) in people
        .records
        .iter()
        .enumerate()
        .filter(|(_, records)| records.len() > 1)
    {
        counts.clusters += 1;
        counts.records += records.len() as u64;
        for row in records {
            persons.append_value(person as u32);
            ids.append_value(
                subjects
                    .text(SubjectField::UniqueId, *row as usize)
                    .unwrap_or_default(),
            );
            rows.append_value(subjects.source_row(*row as usize));
            known.append_value(entries[*row as usize].is_some());
        }
    }
    let schema = Schema::new(vec![
        Column::new("person", DataType::UInt32, false),
        Column::new("unique_id", DataType::Utf8, false),
        Column::new("row", DataType::UInt64, false),
        Column::new("by_register_entry", DataType::Boolean, false),
    ]);
    let mut file = ParquetFile::create(&job.out("persons.parquet"), schema)?;
    file.write(vec![
        Arc::new(persons.finish()),
        Arc::new(ids.finish()),
        Arc::new(rows.finish()),
        Arc::new(known.finish()),
    ])?;
    file.finish()?;
    files::write(&job.work(COUNTS), to_json(&counts).as_bytes())
}

/// Number of the person of every subject.
pub(crate) fn read_persons(job: &Job<'_>) -> Result<Vec<u32>, CleanError> {
    let path = job.work(PERSONS);
    let mut persons = Vec::new();
    files::read_parquet(&path, BATCH_ROWS, |batch| {
        let column = batch.column(0).as_primitive_opt::<UInt32Type>();
        let column = column.ok_or_else(|| CleanError::Damaged { path: path.clone() })?;
        persons.extend_from_slice(column.values());
        Ok(())
    })?;
    Ok(persons)
}

/// The counts of the report.
pub(crate) fn load_counts(job: &Job<'_>) -> Result<Persons, CleanError> {
    let path = job.work(COUNTS);
    let text = std::fs::read(&path).map_err(CleanError::io(&path))?;
    serde_json::from_slice(&text).map_err(|_| CleanError::Damaged { path })
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn an_entry_makes_a_person_and_likeness_only_where_it_is_claimed() {
        // Four like records: two of entry 7, one that claims it, one that does not; and a pair nobody knows.
        let alike = [0, 0, 0, 0, 1, 1];
        let entries = [Some(7), Some(7), None, None, None, None];
        let people = join(&alike, &entries, |row, entry| (row, entry) == (2, 7));
        assert_eq!(people.person, [0, 0, 0, 1, 2, 2]);
    }

    #[test]
    fn two_entries_are_two_people_however_alike() {
        let people = join(&[0, 0], &[Some(7), Some(8)], |_, _| true);
        assert_eq!(people.person, [0, 1]);
    }
}
