//! How common a value is among strangers, from the values of B.
//!
//! Agreement on "Nguyễn Văn An" says less than agreement on a rare name. The frequency of a value is that among *other* people (a value held
//! by one person only is not a value of frequency 1/N), and for names and dates it is averaged with what their parts predict, because most
//! full names of a country occur once and a name that occurs once may be made of the commonest words.

use rustc_hash::FxHashMap;

use crate::name::{NameRelation, NameTable};
use crate::records::{Column, PackedDate, Records};
use crate::spec::{Comparison, Spec};

/// Share of a person that stands for "nobody else has it" where there is nothing better.
const HALF: f64 = 0.5;
const DAYS: f64 = 365.25;

/// Frequencies of one comparison's values relative to their mean, in bits.
#[derive(Debug)]
pub(crate) enum Frequency {
    /// Not asked for.
    None,
    /// By place in B's table of names: whole with marks, whole folded, family and given, given, family.
    Names(Vec<[f32; SLOTS]>),
    /// By value of B that more than one row has, and for all the others: the value, and the year of a date.
    Values {
        common: FxHashMap<u64, [f32; 2]>,
        rare: [f32; 2],
    },
}

/// Frequencies for all comparisons of a spec.
pub(crate) fn of(spec: &Spec, b: &Records) -> Vec<Frequency> {
    spec.comparisons
        .iter()
        .map(|comparison| match &b.columns[comparison.field] {
            _ if !comparison.frequency => Frequency::None,
            Column::Name(table) => names(table, b.values(comparison.field)),
            Column::Date => dates(b.values(comparison.field)),
            Column::Text(_) | Column::Number | Column::Area => values(b.values(comparison.field)),
            Column::Sex => Frequency::None,
        })
        .collect()
}

/// Frequencies of one value.
pub(crate) const SLOTS: usize = 5;

impl Frequency {
    /// One without values, to be filled by [`Self::learn`].
    pub(crate) fn empty(comparison: &Comparison, column: &Column) -> Self {
        match column {
            Column::Sex => Self::None,
            _ if !comparison.frequency => Self::None,
            Column::Name(_) => Self::Names(Vec::new()),
            _ => Self::Values {
                common: FxHashMap::default(),
                rare: [0.0; 2],
            },
        }
    }

    /// How many frequencies each value has.
    pub(crate) fn slots(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Names(_) => SLOTS,
            Self::Values { .. } => 2,
        }
    }

    /// All frequencies of a value, as many as [`Self::slots`].
    pub(crate) fn of_value(&self, value: u64) -> [f32; SLOTS] {
        let mut bits = [0.0; SLOTS];
        match self {
            _ if value == 0 => {}
            Self::None => {}
            Self::Names(table) => bits = table.get(value as usize - 1).copied().unwrap_or(bits),
            Self::Values { common, rare } => {
                bits[..2].copy_from_slice(common.get(&value).unwrap_or(rare));
            }
        }
        bits
    }

    /// Takes over the frequencies of a value from another table.
    pub(crate) fn learn(&mut self, value: u64, bits: [f32; SLOTS]) {
        let Some(place) = value.checked_sub(1) else {
            return;
        };
        match self {
            Self::None => {}
            Self::Names(table) => {
                let place = place as usize;
                table.resize(table.len().max(place + 1), [0.0; SLOTS]);
                table[place] = bits;
            }
            Self::Values { common, .. } => {
                common.insert(value, [bits[0], bits[1]]);
            }
        }
    }

    /// Bits by which an agreement of this relation with a value of B is likelier between strangers than on average.
    pub(crate) fn bits(&self, relation: usize, column: &Column, value: u64) -> f32 {
        match self {
            Self::None => 0.0,
            Self::Names(table) => {
                let name = value
                    .checked_sub(1)
                    .and_then(|name| table.get(name as usize));
                match (name_slot(relation), name) {
                    (Some(slot), Some(bits)) => bits[slot],
                    _ => 0.0,
                }
            }
            Self::Values { common, rare } => value_slot(relation, column)
                .map_or(0.0, |slot| common.get(&value).unwrap_or(rare)[slot]),
        }
    }

    /// The least that [`Self::bits`] gives for a relation.
    pub(crate) fn least(&self, relation: usize, column: &Column) -> f32 {
        let least = |bits: &mut dyn Iterator<Item = f32>| bits.fold(0.0, f32::min);
        match self {
            Self::None => 0.0,
            Self::Names(table) => name_slot(relation)
                .map_or(0.0, |slot| least(&mut table.iter().map(|bits| bits[slot]))),
            Self::Values { common, rare } => value_slot(relation, column).map_or(0.0, |slot| {
                least(&mut common.values().chain([rare]).map(|bits| bits[slot]))
            }),
        }
    }
}

/// Which frequency of a name speaks for a relation.
fn name_slot(relation: usize) -> Option<usize> {
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
    SLOTS.get(relation).copied().flatten()
}

/// Which frequency of any other value speaks for a relation.
fn value_slot(relation: usize, column: &Column) -> Option<usize> {
    match (relation, column) {
        (0, _) | (1, Column::Date) => Some(0),
        (2 | 3 | 4 | 6, Column::Date) => Some(1),
        _ => None,
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

/// How many people have each value.
fn count(values: impl Iterator<Item = (u64, u32)>) -> FxHashMap<u64, u32> {
    let mut counts = FxHashMap::default();
    for (value, people) in values {
        *counts.entry(value).or_default() += people;
    }
    counts
}

/// Distinct values that are not missing, in order, with how many people have each.
fn distinct(values: impl Iterator<Item = u64>) -> (Vec<u64>, Vec<u32>) {
    let counts = count(values.filter(|value| *value != 0).map(|value| (value, 1)));
    let mut counted: Vec<(u64, u32)> = counts.into_iter().collect();
    counted.sort_unstable();
    counted.into_iter().unzip()
}

fn values(values: impl Iterator<Item = u64>) -> Frequency {
    let (values, people) = distinct(values);
    let people: Vec<f64> = people.into_iter().map(f64::from).collect();
    let present = people.iter().sum::<f64>().max(1.0);
    let of = |people: f64| (people - 1.0).max(HALF) / present;
    // The last estimate is that of a value of one person.
    let estimates: Vec<f64> = people
        .iter()
        .map(|people| of(*people))
        .chain([of(1.0)])
        .collect();
    let bits = relative(&estimates, people.iter().copied().chain([0.0]));
    let common = values
        .iter()
        .zip(&people)
        .zip(&bits)
        .filter(|((_, people), _)| **people > 1.0);
    Frequency::Values {
        common: common
            .map(|((value, _), bits)| (*value, [*bits, 0.0]))
            .collect(),
        rare: [bits.last().copied().unwrap_or_default(), 0.0],
    }
}

fn dates(values: impl Iterator<Item = u64>) -> Frequency {
    let (dates, people) = distinct(values);
    let people: Vec<f64> = people.into_iter().map(f64::from).collect();
    let present = people.iter().sum::<f64>().max(1.0);
    let year = |date: u64| PackedDate::unpack(date).year();
    let mut by_year: FxHashMap<i32, f64> = FxHashMap::default();
    for (date, people) in dates.iter().zip(&people) {
        *by_year.entry(year(*date)).or_default() += people;
    }
    let years: Vec<f64> = dates
        .iter()
        .map(|date| by_year[&year(*date)] / present)
        .collect();
    let days: Vec<f64> = people
        .iter()
        .zip(&years)
        .map(|(people, of_year)| HALF * ((people - 1.0) / present + of_year / DAYS))
        .collect();
    let days = relative(&days, people.iter().copied());
    let years = relative(&years, people.iter().copied());
    let bits = days.into_iter().zip(years).map(|(day, year)| [day, year]);
    Frequency::Values {
        common: dates.into_iter().zip(bits).collect(),
        rare: [0.0, 0.0],
    }
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

fn names(column: &NameTable, values: impl Iterator<Item = u64>) -> Frequency {
    let mut people = vec![0_u32; column.names.len()];
    for name in values {
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
