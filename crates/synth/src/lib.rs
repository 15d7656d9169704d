//! Invented populations with known errors.
//!
//! [`generate`] invents a country: people in households, their entries in a population register, their records on a vaccination platform,
//! their doses, the facilities and lots, and for every record the truth: who it is, and each mistake that was made. All rates are fields of a
//! [`Profile`]. The same order gives the same bytes on every machine, whatever the number of threads: chance comes from a seeded generator in
//! integers, and each chunk of people is a function of the order and its own number.
//!
//! Nobody here is real. Name words come from frequency tables (`data/vn`), places from the official lists.

mod campaign;
mod chunk;
mod dice;
mod doses;
mod error;
mod folder;
mod foreign;
mod letters;
mod mistakes;
mod names;
mod people;
mod places;
mod profile;
mod register;
mod subjects;
mod tables;
mod world;

use std::collections::BTreeMap;

use jiff::civil::Date;
use rayon::prelude::*;
use registry::area::ProvinceCode;
use serde::Serialize;

pub use chunk::Chunk;
pub use dice::Rate;
pub use error::SynthError;
pub use folder::{Format, write_folder};
pub use profile::{
    AccentRates, AddressRates, BirthRates, Carelessness, DoseDateRates, DoseMistake,
    DoseNumberRates, DuplicateRates, EntryRates, LotRates, Migration, NameRates, NumberRates,
    PeopleRates, PersonRates, PhoneRates, Profile, RegisterRates, Series, SexRates, Style,
    SubjectMistake, VaccineRates,
};
pub use tables::Table;

/// People of a chunk: what one thread makes at a time.
const CHUNK: usize = 8192;
/// Subjects that a person can have, for ids; test records included.
const MOST_SUBJECTS: usize = 4;
/// Doses that a person can have, for ids; duplicates included.
const MOST_DOSES: usize = 16;
/// More people would have no numbers left to be told apart by.
const MOST_PEOPLE: u64 = 100_000_000;
/// Chunks in memory at one time.
const BATCH: u64 = 8;

/// The day of the extracts when nobody says otherwise: after the campaign's fourth doses, while the cleaning was under way.
pub const DEFAULT_TODAY: Date = jiff::civil::date(2022, 8, 31);

/// What to invent.
#[derive(Debug, Clone)]
pub struct Order {
    /// People in all: with or without register entry, with or without records.
    pub people: u64,
    /// Fixes everything that is left to chance.
    pub seed: u64,
    /// The rates.
    pub profile: Profile,
    /// Provinces of permanent residence; all 63 by their inhabitants when `None`.
    pub provinces: Option<Vec<ProvinceCode>>,
    /// Day of the extracts: nothing is later.
    pub today: Date,
}

/// Takes the chunks in their order.
pub trait Sink {
    /// Takes one chunk. The first call brings facilities and lots.
    ///
    /// # Errors
    /// Whatever the taking meets; it ends the generation.
    fn take(&mut self, chunk: Chunk) -> Result<(), SynthError>;
}

/// What was invented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// People.
    pub people: u64,
    /// Register rows, superseded numbers included.
    pub register: u64,
    /// Subjects.
    pub subjects: u64,
    /// Doses.
    pub doses: u64,
    /// Facilities.
    pub facilities: u64,
    /// Lots.
    pub lots: u64,
    subject_mistakes: Vec<u64>,
    dose_mistakes: Vec<u64>,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            people: 0,
            register: 0,
            subjects: 0,
            doses: 0,
            facilities: 0,
            lots: 0,
            subject_mistakes: vec![0; SubjectMistake::ALL.len()],
            dose_mistakes: vec![0; DoseMistake::ALL.len()],
        }
    }
}

impl Counts {
    /// Subjects by what is wrong with them, by truth column.
    pub fn subject_mistakes(&self) -> BTreeMap<&'static str, u64> {
        SubjectMistake::ALL
            .iter()
            .map(|kind| kind.column())
            .zip(self.subject_mistakes.iter().copied())
            .collect()
    }

    /// Doses by what is wrong with them, by truth column.
    pub fn dose_mistakes(&self) -> BTreeMap<&'static str, u64> {
        DoseMistake::ALL
            .iter()
            .map(|kind| kind.column())
            .zip(self.dose_mistakes.iter().copied())
            .collect()
    }

    /// Adds the counts of another chunk.
    fn add(&mut self, other: &Self) {
        self.people += other.people;
        self.register += other.register;
        self.subjects += other.subjects;
        self.doses += other.doses;
        self.facilities += other.facilities;
        self.lots += other.lots;
        let sum = |to: &mut [u64], from: &[u64]| {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        };
        sum(&mut self.subject_mistakes, &other.subject_mistakes);
        sum(&mut self.dose_mistakes, &other.dose_mistakes);
    }
}

/// Counts as a JSON object.
impl Serialize for Counts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = serializer.serialize_map(None)?;
        for (name, count) in [
            ("people", self.people),
            ("register", self.register),
            ("subjects", self.subjects),
            ("doses", self.doses),
            ("facilities", self.facilities),
            ("lots", self.lots),
        ] {
            map.serialize_entry(name, &count)?;
        }
        map.serialize_entry("subject_mistakes", &self.subject_mistakes())?;
        map.serialize_entry("dose_mistakes", &self.dose_mistakes())?;
        map.end()
    }
}

/// Invents a country and hands it over chunk by chunk. Memory does not grow with the number of people.
///
/// # Errors
/// [`SynthError`] for an order that cannot be met, or from the sink.
pub fn generate(order: &Order, sink: &mut dyn Sink) -> Result<Counts, SynthError> {
    let world = world::World::new(order)?;
    let mut counts = Counts::default();
    let mut hand_over = |chunk: Chunk| {
        counts.add(&chunk.counts);
        sink.take(chunk)
    };
    hand_over(world.catalogues()?)?;
    for first in (0..world.chunks).step_by(BATCH as usize) {
        let numbers: Vec<u64> = (first..world.chunks.min(first + BATCH)).collect();
        let chunks: Vec<_> = numbers
            .into_par_iter()
            .map(|number| chunk::chunk(&world, number))
            .collect();
        for chunk in chunks {
            hand_over(chunk?)?;
        }
    }
    Ok(counts)
}
