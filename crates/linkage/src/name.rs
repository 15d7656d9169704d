//! Names: distinct words and names standardised once, and how two names are related.

use registry::name::{fold_into, is_syllable, key_into, undo_typing_folded};
use rustc_hash::FxHashMap;

use crate::distance;
use crate::hash;
use crate::records::Texts;
use crate::spec::Part;

/// Most words of a name that are compared; of a longer one, the first seven and the last.
const MOST_WORDS: usize = 8;

/// A letter mark in one of the old encodings.
const NO_BREAK_SPACE: char = '\u{a0}';

/// Words shorter than this have no misspelling: too many are one letter apart.
const SHORTEST_NEAR: usize = 3;

/// The distinct names of one field.
#[derive(Debug)]
pub(crate) struct NameTable {
    typing: bool,
    pub(crate) names: Vec<Name>,
    pub(crate) words: Vec<Word>,
    letters: Vec<u8>,
    /// The names as they were written.
    written: Texts,
    known: FxHashMap<u64, u32>,
    known_words: FxHashMap<u64, u32>,
    scratch: String,
}

/// A distinct word of a name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    /// Hash of the word with its marks.
    key: u64,
    /// Hash of the letters.
    folded: u64,
    /// Hash of the letters after Telex or VNI typing is undone.
    pub(crate) plain: u64,
    marked: bool,
    /// It is spelled as a Vietnamese syllable is.
    syllable: bool,
    start: u32,
    end: u32,
}

impl Word {
    /// Hash of the word with its marks.
    pub(crate) fn key(&self) -> u64 {
        self.key
    }
}

/// A distinct name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name {
    /// Hash of the words with their marks.
    pub(crate) key: u64,
    /// Hash of the folded words.
    pub(crate) folded: u64,
    /// Hash of the plain words.
    pub(crate) plain: u64,
    /// Hash of the plain words in alphabetical order.
    pub(crate) sorted: u64,
    pub(crate) words: [u32; MOST_WORDS],
    pub(crate) count: u8,
}

/// How two names are related, the strongest first; the order is that of the relations of `Kind::Name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum NameRelation {
    /// The same.
    Equal,
    /// The same letters; where marks differ, one side has none.
    AccentsLost,
    /// The same letters with different marks.
    AccentsDiffer,
    /// The same after unfinished typing is undone.
    Typed,
    /// The same words in another order.
    Reordered,
    /// One word has one wrong letter.
    Slip,
    /// One side lacks a word.
    Dropped,
    /// Every word of the shorter side has a word of the other side at most one letter away.
    Near,
    /// Family and given name agree.
    MiddleDiffers,
    /// All but the given name agree.
    GivenDiffers,
    /// The given name agrees.
    Given,
    /// The family name agrees.
    Family,
    /// Nothing of it.
    Different,
}

impl NameTable {
    pub(crate) fn new(typing: bool) -> Self {
        Self {
            typing,
            names: Vec::new(),
            words: Vec::new(),
            letters: Vec::new(),
            written: Texts::default(),
            known: FxHashMap::default(),
            known_words: FxHashMap::default(),
            scratch: String::new(),
        }
    }

    /// The place of a name, from 1; 0 when it has no letters.
    pub(crate) fn place(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text else { return 0 };
        let hash = hash::bytes(text.as_bytes());
        match self.known.get(&hash) {
            Some(name) => *name,
            None => self.learn(text, hash),
        }
    }

    /// Forgets what only further names would need.
    pub(crate) fn close(&mut self) {
        self.known = FxHashMap::default();
        self.known_words = FxHashMap::default();
    }

    /// Standardises a name that was not there before; 0 when it has no letters.
    fn learn(&mut self, text: &str, hash: u64) -> u32 {
        let (mut words, mut count, spelled) = self.split(text);
        if self.typing
            && !text.is_ascii()
            && !spelled
            && let Some((decoded, _)) = registry::name::decode_legacy(text)
        {
            (words, count, _) = self.split(&decoded);
        }
        if count == 0 {
            self.known.insert(hash, 0);
            return 0;
        }
        let used = &words[..count];
        let of = |field: fn(&Word) -> u64| {
            hash::sequence(used.iter().map(|w| field(&self.words[*w as usize])))
        };
        let mut plain: [u64; MOST_WORDS] = [u64::MAX; MOST_WORDS];
        for (slot, word) in plain.iter_mut().zip(used) {
            *slot = self.words[*word as usize].plain;
        }
        plain[..count].sort_unstable();
        self.names.push(Name {
            key: of(|word| word.key),
            folded: of(|word| word.folded),
            plain: of(|word| word.plain),
            sorted: hash::sequence(plain[..count].iter().copied()),
            words,
            count: count as u8,
        });
        self.written.push(text);
        let place = self.names.len() as u32;
        self.known.insert(hash, place);
        place
    }

    /// The words of a text, how many there are, and whether all are syllables as they stand, so that no other encoding need be tried.
    fn split(&mut self, text: &str) -> ([u32; MOST_WORDS], usize, bool) {
        let mut words = [0_u32; MOST_WORDS];
        let mut count = 0;
        let mut spelled = !text.contains(['.', ',', '\'', NO_BREAK_SPACE]);
        for part in text.split(|c: char| c.is_whitespace() || matches!(c, '-' | '.' | ',' | '\'')) {
            if let Some(word) = self.word(part) {
                words[count.min(MOST_WORDS - 1)] = word;
                count += 1;
                spelled &= self.words[word as usize].syllable;
            }
        }
        (words, count.min(MOST_WORDS), spelled)
    }

    /// The number of a word; `None` for a part without letters or digits.
    fn word(&mut self, part: &str) -> Option<u32> {
        let hash = hash::bytes(part.as_bytes());
        if let Some(word) = self.known_words.get(&hash) {
            return (*word != u32::MAX).then_some(*word);
        }
        self.scratch.clear();
        fold_into(part, &mut self.scratch);
        self.scratch.retain(|c| c != ' ');
        if self.scratch.is_empty() {
            self.known_words.insert(hash, u32::MAX);
            return None;
        }
        let folded = hash::bytes(self.scratch.as_bytes());
        let undone = (self.typing && !is_syllable(&self.scratch))
            .then(|| undo_typing_folded(&self.scratch))
            .flatten();
        let plain = undone.as_deref().unwrap_or(&self.scratch);
        let start = self.letters.len() as u32;
        self.letters.extend_from_slice(plain.as_bytes());
        let plain = hash::bytes(plain.as_bytes());
        let mut key = String::with_capacity(part.len());
        key_into(part, &mut key);
        self.words.push(Word {
            key: hash::bytes(key.as_bytes()),
            folded,
            plain,
            marked: !key.is_ascii(),
            syllable: self.typing && is_syllable(part),
            start,
            end: self.letters.len() as u32,
        });
        let word = self.words.len() as u32 - 1;
        self.known_words.insert(hash, word);
        Some(word)
    }

    /// The name of a value.
    pub(crate) fn name(&self, value: u64) -> Option<&Name> {
        self.names.get(value.checked_sub(1)? as usize)
    }

    /// The words of a name.
    pub(crate) fn words_of(&self, name: &Name) -> impl DoubleEndedIterator<Item = &Word> + Clone {
        name.words
            .iter()
            .take(usize::from(name.count))
            .filter_map(|word| self.words.get(*word as usize))
    }

    fn letters(&self, word: &Word) -> &[u8] {
        self.letters
            .get(word.start as usize..word.end as usize)
            .unwrap_or_default()
    }

    pub(crate) fn show(&self, value: u64) -> Option<String> {
        let place = value.checked_sub(1)?;
        self.written.text(place as u32).map(str::to_owned)
    }

    pub(crate) fn keys(&self, part: Part, value: u64, out: &mut Vec<u64>) {
        let Some(name) = self.name(value) else { return };
        let words = self.words_of(name);
        match part {
            Part::Words => {
                let from = out.len();
                out.extend(words.map(|word| word.plain));
                distinct(out, from);
            }
            Part::Pairs => {
                let from = out.len();
                for (place, one) in words.clone().enumerate() {
                    for other in words.clone().skip(place + 1) {
                        out.push(hash::mix(
                            one.plain.min(other.plain),
                            one.plain.max(other.plain),
                        ));
                    }
                }
                distinct(out, from);
            }
            Part::Ends => out.push(self.ends(name)),
            Part::Given => out.extend(words.last().map(|word| word.plain)),
            _ => out.push(name.sorted),
        }
    }

    /// Hash of family and given name.
    pub(crate) fn ends(&self, name: &Name) -> u64 {
        let mut words = self.words_of(name);
        let first = words.next().map_or(0, |word| word.plain);
        let last = words.next_back().map_or(first, |word| word.plain);
        hash::mix(first, last)
    }
}

/// Removes repetitions among the keys from a place on; the order does not matter.
fn distinct(out: &mut Vec<u64>, from: usize) {
    if let Some(tail) = out.get_mut(from..) {
        tail.sort_unstable();
    }
    let mut kept = from;
    for place in from..out.len() {
        if place == from || out[place] != out[kept - 1] {
            out[kept] = out[place];
            kept += 1;
        }
    }
    out.truncate(kept);
}

/// How two names are related. Equality first; letters are looked at only where words are left over on both sides.
pub(crate) fn relate(a: &NameTable, x: &Name, b: &NameTable, y: &Name) -> NameRelation {
    if x.key == y.key {
        return NameRelation::Equal;
    }
    if x.folded == y.folded {
        let conflict = a
            .words_of(x)
            .zip(b.words_of(y))
            .any(|(one, other)| one.marked && other.marked && one.key != other.key);
        return if conflict {
            NameRelation::AccentsDiffer
        } else {
            NameRelation::AccentsLost
        };
    }
    if x.plain == y.plain {
        return NameRelation::Typed;
    }
    if x.sorted == y.sorted {
        return NameRelation::Reordered;
    }
    let Some(left) = Leftover::of(a, x, b, y) else {
        return weak(a, x, b, y);
    };
    let (only_x, only_y) = (left.x_count, left.y_count);
    if only_x == 0 || only_y == 0 {
        return NameRelation::Dropped;
    }
    if left.all_near(a, b) {
        return if only_x == 1 && only_y == 1 {
            NameRelation::Slip
        } else {
            NameRelation::Near
        };
    }
    if a.ends(x) == b.ends(y) {
        return NameRelation::MiddleDiffers;
    }
    if only_x == 1
        && only_y == 1
        && x.count > 2
        && last(a, x) != last(b, y)
        && first(a, x) == first(b, y)
    {
        return NameRelation::GivenDiffers;
    }
    weak(a, x, b, y)
}

fn first(column: &NameTable, name: &Name) -> Option<u64> {
    column.words_of(name).next().map(|word| word.plain)
}

fn last(column: &NameTable, name: &Name) -> Option<u64> {
    column.words_of(name).next_back().map(|word| word.plain)
}

/// What is left to say of names that have few words in common.
fn weak(a: &NameTable, x: &Name, b: &NameTable, y: &Name) -> NameRelation {
    if last(a, x) == last(b, y) {
        NameRelation::Given
    } else if first(a, x) == first(b, y) {
        NameRelation::Family
    } else {
        NameRelation::Different
    }
}

/// The words of two names that the other does not have.
struct Leftover<'a> {
    x: [Option<&'a Word>; MOST_WORDS],
    y: [Option<&'a Word>; MOST_WORDS],
    x_count: usize,
    y_count: usize,
}

impl<'a> Leftover<'a> {
    /// `None` when the names have no word in common and more than one each.
    fn of(a: &'a NameTable, x: &Name, b: &'a NameTable, y: &Name) -> Option<Self> {
        let mut left = Self {
            x: [None; MOST_WORDS],
            y: [None; MOST_WORDS],
            x_count: 0,
            y_count: 0,
        };
        for (slot, word) in left.y.iter_mut().zip(b.words_of(y)) {
            *slot = Some(word);
        }
        let mut common = 0;
        for word in a.words_of(x) {
            let same = left
                .y
                .iter_mut()
                .find(|slot| slot.is_some_and(|other| other.plain == word.plain));
            if let Some(slot) = same {
                *slot = None;
                common += 1;
            } else if let Some(slot) = left.x.get_mut(left.x_count) {
                *slot = Some(word);
                left.x_count += 1;
            }
        }
        left.y_count = usize::from(y.count) - common;
        (common > 0 || (x.count == 1 && y.count == 1)).then_some(left)
    }

    /// Each word left over on the shorter side has a partner one letter away on the other.
    fn all_near(&self, a: &NameTable, b: &NameTable) -> bool {
        let mut xs = self.x;
        let mut ys = self.y;
        let needed = self.x_count.min(self.y_count);
        let mut found = 0;
        for x in &mut xs {
            let Some(one) = *x else { continue };
            let letters = a.letters(one);
            let partner = ys.iter_mut().find(|slot| {
                slot.is_some_and(|other| {
                    let others = b.letters(other);
                    letters.len().max(others.len()) >= SHORTEST_NEAR
                        && distance::within(letters, others, 1)
                })
            });
            if let Some(slot) = partner {
                *slot = None;
                found += 1;
            }
        }
        found == needed
    }
}
