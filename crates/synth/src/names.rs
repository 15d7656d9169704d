//! Invented names by region, sex and generation, from the frequency tables of `data/vn`.

use std::collections::HashMap;

use crate::dice::{Dice, Weighted};

const SURNAMES: &str = include_str!("../../../data/vn/hn18_surname_weights.csv");
const MIDDLES: &str = include_str!("../../../data/vn/uit_middle_counts.csv");
const GIVENS: &str = include_str!("../../../data/vn/uit_given_counts.csv");
const SEX_RATIO: &str = include_str!("../../../data/vn/given_sex_ratio.csv");
const BOYS: &str = include_str!("../../../data/vn/duyet_boy_middle_given.txt");
const GIRLS: &str = include_str!("../../../data/vn/duyet_girl_middle_given.txt");

/// Words of the forum tables that were typed without or with wrong marks; mojibake is recognised by its letters.
const MISTYPED: [&str; 13] = [
    "Vin", "Thinh", "Kông", "Lay", "Qúy", "Hòai", "Phùc", "Dững", "Tuyễn", "Hửu", "Bão", "Huynh",
    "San",
];

/// Index of a word in the table.
pub(crate) type Word = u16;
/// No word.
pub(crate) const NONE: Word = Word::MAX;

/// A name as indices of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) family: Word,
    pub(crate) middle: [Word; 2],
    pub(crate) given: Word,
}

/// Surnames are shared by region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Region {
    North,
    Central,
    South,
}

impl Region {
    /// The region of a province code of the 2022 list.
    pub(crate) fn of(province: u8) -> Self {
        match province {
            0..=37 => Self::North,
            38..=69 => Self::Central,
            _ => Self::South,
        }
    }
}

/// The words and how often each is used.
#[derive(Debug)]
pub(crate) struct Names {
    words: Vec<&'static str>,
    families: [Weighted<Word>; 3],
    /// By sex: female, male.
    middles: [Weighted<Word>; 2],
    givens: [Weighted<Word>; 2],
    /// Middle and given name that go well together, for those born since 1990.
    pairs: [Vec<(Word, Word)>; 2],
    /// Thị, Văn.
    customary: [Word; 2],
}

impl Names {
    /// Reads the embedded tables.
    pub(crate) fn new() -> Self {
        let mut lexicon = Lexicon::default();
        let female: HashMap<&str, f64> = rows(SEX_RATIO)
            .filter_map(|row| Some((*row.first()?, row.get(3)?.parse().ok()?)))
            .collect();
        let families = ["north", "central", "south"].map(|region| {
            Weighted::new(rows(SURNAMES).filter_map(|row| match row[..] {
                [r, name, weight] if r == region => Some((lexicon.word(name), hundredths(weight)?)),
                _ => None,
            }))
        });
        let mut by_sex = |table: &'static str, unknown: f64| {
            let counts: Vec<(Word, f64, f64)> = rows(table)
                .filter_map(|row| match row[..] {
                    [word, count] if is_good(word) => {
                        let share = female.get(word).copied().unwrap_or(unknown);
                        Some((lexicon.word(word), count.parse().ok()?, share))
                    }
                    _ => None,
                })
                .collect();
            let share = |of: fn(f64) -> f64| {
                Weighted::new(
                    counts
                        .iter()
                        .map(|&(word, count, f)| (word, (count * of(f) * 100.0) as u32)),
                )
            };
            [share(|f| f), share(|f| 1.0 - f)]
        };
        let (middles, givens) = (by_sex(MIDDLES, 0.45), by_sex(GIVENS, 0.40));
        let pairs = [GIRLS, BOYS].map(|list| {
            list.lines()
                .filter_map(|line| line.trim().split_once(' '))
                .filter(|(_, given)| !given.contains(' '))
                .map(|(middle, given)| (lexicon.word(middle), lexicon.word(given)))
                .collect()
        });
        let customary = ["Thị", "Văn"].map(|word| lexicon.word(word));
        Self {
            families,
            middles,
            givens,
            pairs,
            customary,
            words: lexicon.words,
        }
    }

    /// A family name of a region.
    pub(crate) fn family(&self, dice: &mut Dice, region: Region) -> Word {
        self.families[region as usize].draw(dice)
    }

    /// A middle name of a sex, as parents chose it in that year.
    pub(crate) fn middle(&self, dice: &mut Dice, male: bool, year: i16) -> Word {
        let customary = match (male, year) {
            (true, ..1970) => 45,
            (true, ..1990) => 25,
            (true, _) => 8,
            (false, ..1970) => 80,
            (false, ..1990) => 60,
            (false, ..2005) => 30,
            (false, _) => 12,
        };
        if dice.percent(customary) {
            return self.customary[usize::from(male)];
        }
        self.middles[usize::from(male)].draw(dice)
    }

    /// A whole name. `shared` is the middle name of the siblings, where the family has one.
    pub(crate) fn name(
        &self,
        dice: &mut Dice,
        family: Word,
        male: bool,
        year: i16,
        shared: Option<Word>,
    ) -> Name {
        if shared.is_none() && year >= 1990 && dice.percent(35) {
            let (middle, given) = dice.one(&self.pairs[usize::from(male)]);
            return Name {
                family,
                middle: [middle, NONE],
                given,
            };
        }
        let middle = shared.unwrap_or_else(|| self.middle(dice, male, year));
        let second = if dice.percent(if year < 1990 { 9 } else { 20 }) {
            self.middles[usize::from(male)].draw(dice)
        } else {
            NONE
        };
        let middle = match shared {
            None if dice.percent(4) => [NONE, NONE],
            _ if second == middle => [middle, NONE],
            _ => [middle, second],
        };
        Name {
            family,
            middle,
            given: self.givens[usize::from(male)].draw(dice),
        }
    }

    /// The name of a twin: the same but for the given name, which begins alike.
    pub(crate) fn twin(&self, dice: &mut Dice, of: Name, male: bool) -> Name {
        let initial = |word| self.word(word).chars().next();
        let mut given = of.given;
        for _ in 0..40 {
            let other = self.givens[usize::from(male)].draw(dice);
            if other != of.given {
                given = other;
                if initial(other) == initial(of.given) {
                    break;
                }
            }
        }
        Name { given, ..of }
    }

    /// The text of a word; empty for [`NONE`].
    pub(crate) fn word(&self, word: Word) -> &'static str {
        self.words.get(usize::from(word)).copied().unwrap_or("")
    }

    /// The words of a name that are there, in order.
    pub(crate) fn parts(&self, name: Name) -> impl Iterator<Item = &'static str> {
        [name.family, name.middle[0], name.middle[1], name.given]
            .into_iter()
            .filter(|&word| word != NONE)
            .map(|word| self.word(word))
    }

    /// Appends the full name.
    pub(crate) fn write(&self, name: Name, out: &mut String) {
        for (place, part) in self.parts(name).enumerate() {
            if place > 0 {
                out.push(' ');
            }
            out.push_str(part);
        }
    }
}

/// Words by number.
#[derive(Default)]
struct Lexicon {
    words: Vec<&'static str>,
    numbers: HashMap<&'static str, Word>,
}

impl Lexicon {
    /// The number of a word.
    fn word(&mut self, text: &'static str) -> Word {
        *self.numbers.entry(text).or_insert_with(|| {
            self.words.push(text);
            (self.words.len() - 1) as Word
        })
    }
}

/// The rows of an embedded table without its heading.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().skip(1).map(|line| line.split(',').collect())
}

/// "31.5" as 3150.
fn hundredths(weight: &str) -> Option<u32> {
    weight
        .parse::<f64>()
        .ok()
        .map(|weight| (weight * 100.0).round() as u32)
}

/// True for a word of a name in good spelling.
fn is_good(word: &str) -> bool {
    word.chars().count() > 1
        && word.chars().skip(1).all(char::is_lowercase)
        && registry::name::is_syllable(word)
        && !MISTYPED.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Stream;

    #[test]
    fn no_mojibake_word_gets_into_a_name() {
        let names = Names::new();
        for word in ["Cöôøng", "Huøng", "Vieät", "Hoøang", "Qúy"] {
            assert!(!names.words.contains(&word), "{word}");
        }
        assert!(names.words.len() > 500);
    }

    #[test]
    fn twins_differ_in_the_given_name_only() {
        let (names, mut dice) = (Names::new(), Dice::new(3, Stream::People, 0));
        for _ in 0..200 {
            let one = names.name(&mut dice, 0, true, 2001, None);
            let other = names.twin(&mut dice, one, true);
            assert_ne!(one.given, other.given);
            assert_eq!((one.family, one.middle), (other.family, other.middle));
        }
    }
}
