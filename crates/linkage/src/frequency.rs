//! How common a value is among strangers, from the values of B.
//!
//! Agreement on "Nguyễn Văn An" says less than agreement on a rare name. The frequency of a value is that among *other* people (a value held
//! by one person only is not a value of frequency 1/N), and for names and dates it is averaged with what their parts predict, because most
//! full names of a country occur once and a name that occurs once may be made of the commonest words.

use rustc_hash::FxHashMap;

use crate::name::{NameColumn, NameRelation};
use crate::records::{Column, PackedDate, Records};
use crate::spec::Spec;

/// Share of a person that stands for "nobody else has it" where there is nothing better.
const HALF: f64 = 0.5;
const DAYS: f64 = 365.25;

/// Frequencies of one comparison's values relative to their mean, in bits.
#[derive(Debug)]
pub(crate) enum Frequency {
    /// Not asked for.
    None,
    /// By distinct name of B: whole with marks, whole folded, family and given, given, family.
    Names(Vec<[f32; 5]>),
    /// By row of B: the value, and the year of a date.
    Rows(Vec<[f32; 2]>),
}

/// Frequencies for all comparisons of a spec.
pub(crate) fn of(spec: &Spec, b: &Records) -> Vec<Frequency> {
    spec.comparisons
        .iter()
        .map(|comparison| match &b.columns[comparison.field] {
            _ if !comparison.frequency => Frequency::None,
            Column::Name(column) => names(column),
            Column::Date(dates) => self::dates(dates),
            Column::Text(column) => values(b.len(), |row| {
                column.entry(row).map_or(0, |entry| entry.hash)
            }),
            Column::Number(numbers) => values(b.len(), |row| numbers[row as usize]),
            Column::Area(areas) => values(b.len(), |row| areas[row as usize]),
            Column::Sex(_) => Frequency::None,
        })
        .collect()
}

impl Frequency {
    /// Bits by which an agreement of this relation with the value of row `j` of B is likelier between strangers than on average.
    pub(crate) fn bits(&self, relation: usize, b: &Records, field: usize, j: u32) -> f32 {
        match (self, &b.columns[field]) {
            (Self::Names(table), Column::Name(column)) => {
                const SLOTS: [Option<usize>; 13] = [
                    Some(0),
                    Some(1),
                    Some(1),
                    Some(1),
                    Some(1),
                    Some(2),
                    Some(2),
                    Some(2),
                    Some(2),
                    Some(4),
                    Some(3),
                    Some(4),
                    None,
                ];
                debug_assert_eq!(NameRelation::Different as usize, SLOTS.len() - 1);
                let slot = SLOTS.get(relation).copied().flatten();
                let name = column
                    .rows
                    .get(j as usize)
                    .and_then(|name| name.checked_sub(1));
                match (slot, name) {
                    (Some(slot), Some(name)) => {
                        table.get(name as usize).map_or(0.0, |bits| bits[slot])
                    }
                    _ => 0.0,
                }
            }
            (Self::Rows(table), column) => {
                let slot = match (relation, column) {
                    (0, _) | (1, Column::Date(_)) => 0,
                    (2 | 3 | 4 | 6, Column::Date(_)) => 1,
                    _ => return 0.0,
                };
                table.get(j as usize).map_or(0.0, |bits| bits[slot])
            }
            _ => 0.0,
        }
    }
}

/// Relative frequencies in bits from estimates and how many people have each.
fn relative(estimates: &[f64], people: impl Iterator<Item = f64>) -> Vec<f32> {
    let (mut sum, mut total) = (0.0, 0.0);
    for (estimate, count) in estimates.iter().zip(people) {
        sum += estimate * count;
        total += count;
    }
    let mean = if sum > 0.0 { sum / total } else { 1.0 };
    estimates
        .iter()
        .map(|estimate| {
            if *estimate > 0.0 {
                (estimate / mean).log2() as f32
            } else {
                0.0
            }
        })
        .collect()
}

/// Counts by value, of weighted values.
fn count(values: impl Iterator<Item = (u64, u32)>) -> FxHashMap<u64, u32> {
    let mut counts = FxHashMap::default();
    for (value, people) in values {
        *counts.entry(value).or_default() += people;
    }
    counts
}

fn values(rows: usize, value: impl Fn(u32) -> u64) -> Frequency {
    let rows = rows as u32;
    let counts = count((0..rows).map(|row| (value(row), 1)));
    let present = f64::from(rows - counts.get(&0).copied().unwrap_or_default()).max(1.0);
    let estimates: Vec<f64> = (0..rows)
        .map(|row| match value(row) {
            0 => 0.0,
            value => (f64::from(counts[&value]) - 1.0).max(HALF) / present,
        })
        .collect();
    let bits = relative(
        &estimates,
        estimates.iter().map(|e| f64::from(u8::from(*e > 0.0))),
    );
    Frequency::Rows(bits.into_iter().map(|bits| [bits, 0.0]).collect())
}

fn dates(dates: &[i32]) -> Frequency {
    let present = dates.iter().filter(|date| **date != 0).count().max(1) as f64;
    let year = |date: i32| PackedDate(date).year() as u64;
    let by_date = count(dates.iter().map(|date| (*date as u64, 1)));
    let by_year = count(
        dates
            .iter()
            .filter(|date| **date != 0)
            .map(|date| (year(*date), 1)),
    );
    let weight = |date: &i32| f64::from(u8::from(*date != 0));
    let of_year = |date: i32| f64::from(by_year[&year(date)]) / present;
    let day: Vec<f64> = dates
        .iter()
        .map(|&date| {
            if date == 0 {
                return 0.0;
            }
            let others = (f64::from(by_date[&(date as u64)]) - 1.0) / present;
            HALF * (others + of_year(date) / DAYS)
        })
        .collect();
    let years: Vec<f64> = dates
        .iter()
        .map(|&date| if date == 0 { 0.0 } else { of_year(date) })
        .collect();
    let day = relative(&day, dates.iter().map(weight));
    let years = relative(&years, dates.iter().map(weight));
    Frequency::Rows(
        day.into_iter()
            .zip(years)
            .map(|(day, year)| [day, year])
            .collect(),
    )
}

/// Frequencies of words by their place in the name.
struct Places {
    first: FxHashMap<u64, u32>,
    middle: FxHashMap<u64, u32>,
    last: FxHashMap<u64, u32>,
    middles: f64,
    people: f64,
    lengths: [f64; 16],
}

impl Places {
    fn of<'a>(names: impl Iterator<Item = (&'a [u64], u32)>) -> Self {
        let mut places = Self {
            first: FxHashMap::default(),
            middle: FxHashMap::default(),
            last: FxHashMap::default(),
            middles: 0.0,
            people: 0.0,
            lengths: [0.0; 16],
        };
        for (words, people) in names {
            places.people += f64::from(people);
            places.lengths[words.len() & 15] += f64::from(people);
            if let [first, middle @ .., last] = words {
                *places.first.entry(*first).or_default() += people;
                *places.last.entry(*last).or_default() += people;
                for word in middle {
                    *places.middle.entry(*word).or_default() += people;
                    places.middles += f64::from(people);
                }
            } else if let [only] = words {
                *places.last.entry(*only).or_default() += people;
            }
        }
        places
    }

    /// Chance of a name of these words if words were chosen independently.
    fn chance(&self, words: &[u64]) -> f64 {
        let share = |counts: &FxHashMap<u64, u32>, word: &u64, of: f64| {
            f64::from(counts.get(word).copied().unwrap_or(1)) / of.max(1.0)
        };
        let length = self.lengths[words.len() & 15] / self.people.max(1.0);
        match words {
            [first, middle @ .., last] => {
                let ends =
                    share(&self.first, first, self.people) * share(&self.last, last, self.people);
                middle.iter().fold(length * ends, |chance, word| {
                    chance * share(&self.middle, word, self.middles)
                })
            }
            [only] => length * share(&self.last, only, self.people),
            [] => 0.0,
        }
    }
}

fn names(column: &NameColumn) -> Frequency {
    let mut people = vec![0_u32; column.names.len()];
    for name in &column.rows {
        if let Some(place) = name.checked_sub(1) {
            people[place as usize] += 1;
        }
    }
    let total = people.iter().map(|n| f64::from(*n)).sum::<f64>().max(1.0);
    let words = |of: fn(&crate::name::Word) -> u64| -> Vec<Vec<u64>> {
        column
            .names
            .iter()
            .map(|name| column.words_of(name).map(of).collect())
            .collect()
    };
    let counted = |of: &dyn Fn(&crate::name::Name) -> u64| {
        count(
            column
                .names
                .iter()
                .zip(&people)
                .map(|(name, people)| (of(name), *people)),
        )
    };
    let whole = |words: Vec<Vec<u64>>, of: &dyn Fn(&crate::name::Name) -> u64| -> Vec<f64> {
        let places = Places::of(words.iter().map(Vec::as_slice).zip(people.iter().copied()));
        let counts = counted(of);
        column
            .names
            .iter()
            .zip(&words)
            .map(|(name, words)| {
                let others = (f64::from(counts[&of(name)]) - 1.0).max(0.0) / total;
                HALF * (others + places.chance(words))
            })
            .collect()
    };
    let part = |of: &dyn Fn(&crate::name::Name) -> u64| -> Vec<f64> {
        let counts = counted(of);
        column
            .names
            .iter()
            .map(|name| (f64::from(counts[&of(name)]) - 1.0).max(HALF) / total)
            .collect()
    };
    let word = |word: Option<&crate::name::Word>| word.map_or(0, |word| word.plain);
    let columns = [
        whole(words(crate::name::Word::key), &|name| name.key),
        whole(words(|word| word.plain), &|name| name.plain),
        part(&|name| column.ends(name)),
        part(&|name| word(column.words_of(name).next_back())),
        part(&|name| word(column.words_of(name).next())),
    ]
    .map(|estimates| relative(&estimates, people.iter().map(|n| f64::from(*n))));
    Frequency::Names(
        (0..column.names.len())
            .map(|place| std::array::from_fn(|slot| columns[slot][place]))
            .collect(),
    )
}
