//! One chunk of the country: people, their register entries, their subjects, their doses.

use std::ops::Range;

use arrow_array::RecordBatch;

use crate::campaign::Given;
use crate::dice::{Dice, Stream};
use crate::people::{Person, people};
use crate::profile::{DoseMistake, SubjectMistake, SubjectMistakes};
use crate::register::{self, Entry};
use crate::subjects::{self, Plan, plans, write_person_id};
use crate::tables::{Table, Truth};
use crate::world::World;
use crate::{Counts, SynthError, doses};

/// The rows of a chunk, and what was counted in making them.
#[derive(Debug)]
pub struct Chunk {
    /// Rows by table.
    pub batches: Vec<(Table, RecordBatch)>,
    /// What is in them.
    pub counts: Counts,
}

/// Makes a chunk: a function of world and number alone.
pub(crate) fn chunk(world: &World, number: u64) -> Result<Chunk, SynthError> {
    let people = people(world, number, world.chunk_len(number))?;
    let mut dice = Dice::new(world.seed, Stream::Mistakes, number);
    let mut entries = register::entries(world, &mut dice, &people);
    let register = register::write(world, number, &mut dice, &people, &mut entries)?;
    let (given, courses) = courses(world, number, &mut dice, &people, &entries);
    let mut plans = plans(world, &mut dice, &people, &courses);
    Dice::new(world.seed, Stream::Order, number * 2 + 1).shuffle(&mut plans);

    let mut counts = Counts {
        people: people.len() as u64,
        register: register.num_rows() as u64,
        ..Counts::default()
    };
    let mut records = Records {
        chunk: number,

        entries: &entries,
        first_rows: first_rows(&plans, people.len()),
        subjects: subjects::Clerk::new(world, number, &people, &entries, plans.len()),
        doses: doses::Clerk::new(world, number, given.len()),
        truth: Truth::new(4, SubjectMistake::ALL.len()),
        ids: Default::default(),
    };
    for plan in &plans {
        records.write(world, &mut dice, plan, &given, &mut counts);
    }
    let Records {
        subjects,
        doses,
        truth,
        ..
    } = records;
    counts.subjects = subjects.rows.rows() as u64;
    counts.doses = doses.rows.rows() as u64;
    let batches = vec![
        (Table::Register, register),
        (Table::Subjects, subjects.rows.batch(Table::Subjects)?),
        (Table::Doses, doses.rows.batch(Table::Doses)?),
        (Table::Truth, truth.batch(Table::Truth)?),
        (Table::TruthDoses, doses.truth.batch(Table::TruthDoses)?),
    ];
    Ok(Chunk { batches, counts })
}

/// All doses of the chunk, and which are whose. Those without a record on the platform have none.
fn courses(
    world: &World,
    number: u64,
    dice: &mut Dice,
    people: &[Person],
    entries: &[Entry],
) -> (Vec<Given>, Vec<Range<usize>>) {
    let mut shots = Dice::new(world.seed, Stream::Doses, number);
    let mut given = Vec::with_capacity(people.len() * 3);
    let courses = people
        .iter()
        .zip(entries)
        .map(|(person, entry)| {
            let start = given.len();
            world.campaign.course(world, &mut shots, person, &mut given);
            if let Some(death) = entry.death.filter(|_| entry.death_is_true) {
                let alive = given[start..].partition_point(|dose| dose.day <= death);
                given.truncate(start + alive);
            }
            if dice.chance(world.profile.people.without_record) {
                given.truncate(start);
            }
            start..given.len()
        })
        .collect();
    (given, courses)
}

/// The row of the first record of each person.
fn first_rows(plans: &[Plan], people: usize) -> Vec<u32> {
    let mut rows = vec![0; people];
    for (row, plan) in (0..).zip(plans) {
        if plan.part == 0 && !plan.placeholder {
            rows[plan.person as usize] = row;
        }
    }
    rows
}

/// Subjects, their doses and their truth being written.
struct Records<'a> {
    chunk: u64,
    entries: &'a [Entry],
    first_rows: Vec<u32>,
    subjects: subjects::Clerk<'a>,
    doses: doses::Clerk<'a>,
    truth: Truth,
    /// Texts of the truth.
    ids: [String; 4],
}

impl<'a> Records<'a> {
    /// Writes one subject with its doses.
    fn write(
        &mut self,
        world: &World,
        dice: &mut Dice,
        plan: &'a Plan,
        given: &[Given],
        counts: &mut Counts,
    ) {
        let subject = self.subjects.rows.rows();
        let (mut kinds, scale) = self.subjects.write(dice, plan, given);
        let others = plan
            .merged
            .iter()
            .map(|(person, doses)| (*person, doses.clone()));
        let own = (plan.person, plan.doses.clone());
        for (person, range) in std::iter::once(own).chain(others) {
            let of = doses::Of {
                subject,
                person,
                is_merged: person != plan.person,
                death: self.entries[person as usize].death,
                scale,
            };
            for &dose in &given[range] {
                if dice.chance_scaled(world.profile.series.missing, scale) {
                    kinds.add(SubjectMistake::DoseMissing);
                } else {
                    self.doses
                        .write(dice, dose, of, |kinds| counts.doses_with(kinds));
                }
            }
        }
        self.truth(subject, plan, kinds);
        counts.subject_with(kinds);
    }

    fn truth(&mut self, subject: usize, plan: &Plan, kinds: SubjectMistakes) {
        let [a, b, person, split_of] = &mut self.ids;
        for text in [&mut *a, &mut *b, &mut *person, &mut *split_of] {
            text.clear();
        }
        subjects::write_id(self.chunk, subject, a);
        if !plan.placeholder {
            if let Some(row) = self.entries[plan.person as usize].row {
                register::write_id(self.chunk, row, b);
            }
            write_person_id(self.chunk, plan.person, person);
        }
        if plan.part > 0 {
            subjects::write_id(
                self.chunk,
                self.first_rows[plan.person as usize] as usize,
                split_of,
            );
        }
        self.truth.row(&[a, b, person, split_of], |at| {
            kinds.has(SubjectMistake::ALL[at])
        });
    }
}

impl Counts {
    fn subject_with(&mut self, kinds: SubjectMistakes) {
        for (at, kind) in SubjectMistake::ALL.iter().enumerate() {
            self.subject_mistakes[at] += u64::from(kinds.has(*kind));
        }
    }
    fn doses_with(&mut self, kinds: crate::profile::DoseMistakes) {
        for (at, kind) in DoseMistake::ALL.iter().enumerate() {
            self.dose_mistakes[at] += u64::from(kinds.has(*kind));
        }
    }
}
