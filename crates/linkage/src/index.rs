//! The index: a register on disk, ready to be searched record by record or by a day's file, with the answers of a full run.
//!
//! One file: the rows, packed, each with the frequencies of its values; for each blocking rule its keys in order, each with its row; and at the
//! end a head in JSON that says where everything is, with the model. Nothing is read but what a search needs. A key that more rows share than
//! the rule's cap has a mark in their place, and the rows under the narrowed keys.
//!
//! ```text
//! magic  rows  ends of rows (u64 each)  keys of rule 1 (u64 key, u32 row)  narrowed keys of rule 1  keys of rule 2 …  head (JSON)
//! place of the head (u64)  magic
//! ```
//!
//! All numbers are little-endian.

use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom, Write};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::block::{self, Keyed};
use crate::compare::Comparer;
use crate::frequency::{self, Frequency, SLOTS};
use crate::hash;
use crate::link::Linker;
use crate::model::Model;
use crate::records::{Column, Packed, Records, RecordsBuilder};
use crate::spec::{Part, Rule, Spec};
use crate::{ModelError, Progress};

const MAGIC: [u8; 8] = *b"MCindex1";
const VERSION: u32 = 2;
/// Bytes of a key and its row.
const ENTRY: usize = 12;
/// Entries read at a time.
const PAGE: u64 = 340;
/// Stands for the rows of a key that has too many.
const NARROWED: u32 = u32::MAX;
/// With more entries than this to a wanted key, each is searched for; with fewer, the entries are read through.
const SPARSE: u64 = 200;
/// Rows from which the number of keys is guessed.
const SAMPLE: usize = 10_000;
/// Keys are sorted in no less memory than this.
const LEAST_MEMORY: u64 = 16 << 20;
/// Longest row and head that are believed.
const MOST_BYTES: u64 = 1 << 30;

/// Why an index cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The disk.
    #[error("cannot read or write the index: {0}")]
    Io(#[from] io::Error),
    /// Another kind of file, or one that was cut off.
    #[error("not an index, or one that was cut off: make it again with `minhchung index`")]
    NoIndex,
    /// An index of another version of the program.
    #[error(
        "the index has version {found}; this program reads version {VERSION}: make it again with `minhchung index`"
    )]
    OtherVersion {
        /// Version found.
        found: u32,
    },
    /// An index of another spec.
    #[error(
        "the index belongs to spec {index:?}, not to {spec:?}: make it again with `minhchung index`"
    )]
    OtherSpec {
        /// Spec of the index.
        index: String,
        /// Spec in use.
        spec: String,
    },
    /// Bytes that no index has.
    #[error("the index is damaged ({what}): make it again with `minhchung index`")]
    Damaged {
        /// What is wrong.
        what: &'static str,
    },
    /// The model does not fit.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// What the end of the file says.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    version: u32,
    spec: String,
    rows: u64,
    /// Where the ends of the rows are.
    ends: u64,
    /// By rule.
    keys: Vec<RuleKeys>,
    model: Model,
}

/// Where the keys of a rule are.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct RuleKeys {
    whole: Section,
    narrowed: Section,
}

/// Sorted keys.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Section {
    start: u64,
    entries: u64,
}

/// Writes the index of a register. The model's caps decide which keys are narrowed. `memory`: bytes that may be used beside the register.
///
/// # Errors
/// When the disk fails, or the model belongs to another spec.
pub fn write_index(
    spec: &Spec,
    register: &Records,
    model: &Model,
    memory: u64,
    out: &mut impl Write,
    progress: &dyn Progress,
) -> Result<(), IndexError> {
    model.weights(spec, register.len())?;
    let frequencies = frequency::of(spec, register);
    let mut out = Counted { out, bytes: 0 };
    out.write_all(&MAGIC)?;
    let mut ends = Vec::with_capacity(register.len());
    let mut row = Vec::new();
    progress.stage("rows", register.len() as u64);
    for place in 0..register.len() as u32 {
        row.clear();
        pack_row(spec, register, &frequencies, place, &mut row);
        out.write_all(&row)?;
        ends.push(out.bytes);
        progress.advance(1);
    }
    let mut head = Head {
        version: VERSION,
        spec: spec.fingerprint().to_owned(),
        rows: register.len() as u64,
        ends: out.bytes,
        keys: Vec::with_capacity(spec.rules.len()),
        model: model.clone(),
    };
    for end in ends {
        out.write_all(&u64::to_le_bytes(end))?;
    }
    progress.stage("keys", spec.rules.len() as u64);
    for (number, rule) in spec.rules.iter().enumerate() {
        let cap = model.caps.get(number).copied().unwrap_or(rule.cap);
        let mut keys = KeyWriter {
            rule,
            register,
            cap,
            crowded: Vec::new(),
            out: &mut out,
        };
        let whole = keys.whole(memory)?;
        let narrowed = keys.narrowed()?;
        head.keys.push(RuleKeys { whole, narrowed });
        progress.advance(1);
    }
    let place = out.bytes;
    let head = serde_json::to_vec(&head).map_err(io::Error::from)?;
    out.write_all(&head)?;
    out.write_all(&place.to_le_bytes())?;
    out.write_all(&MAGIC)?;
    out.flush()?;
    Ok(())
}

/// A writer that counts.
struct Counted<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes the keys of one rule.
struct KeyWriter<'a, W> {
    rule: &'a Rule,
    register: &'a Records,
    cap: usize,
    /// Rows of keys that have too many.
    crowded: Vec<Keyed>,
    out: &'a mut Counted<W>,
}

impl<W: Write> KeyWriter<'_, W> {
    /// The keys of all rows, a range of keys at a time so that they fit the memory.
    fn whole(&mut self, memory: u64) -> Result<Section, IndexError> {
        let start = self.out.bytes;
        let rows: Vec<u32> = (0..self.register.len() as u32).collect();
        let sample = &rows[..rows.len().min(SAMPLE)];
        let of_sample = block::all_keys(self.rule, self.register, sample).len() as u64;
        let expected = of_sample * rows.len() as u64 / sample.len().max(1) as u64;
        let bytes = expected * 2 * size_of::<Keyed>() as u64;
        let ranges = bytes.div_ceil(memory.max(LEAST_MEMORY)).max(1);
        let width = (u64::MAX / ranges).saturating_add(1);
        for range in 0..ranges {
            let mut keys = block::keys_that(self.rule, self.register, &rows, &|key| {
                ranges == 1 || key / width == range
            });
            keys.par_sort_unstable();
            keys.dedup();
            let crowded = self.write(&keys)?;
            self.crowded.extend(crowded);
        }
        Ok(self.section(start))
    }

    /// The keys of the rows of crowded keys, narrowed as often as the rule can.
    fn narrowed(&mut self) -> Result<Section, IndexError> {
        let mut all = Vec::new();
        let mut crowded = std::mem::take(&mut self.crowded);
        for part in &self.rule.narrow {
            let groups: Vec<&[Keyed]> = crowded.chunk_by(|one, other| one.0 == other.0).collect();
            let mut keys: Vec<Keyed> = groups
                .into_par_iter()
                .flat_map_iter(|group| narrower_keys(self.register, group, *part))
                .collect();
            keys.par_sort_unstable();
            keys.dedup();
            crowded = keys
                .chunk_by(|one, other| one.0 == other.0)
                .filter(|group| group.len() > self.cap)
                .flatten()
                .copied()
                .collect();
            all.extend(keys);
        }
        all.par_sort_unstable();
        let start = self.out.bytes;
        self.write(&all)?;
        Ok(self.section(start))
    }

    /// Writes sorted keys; those with too many rows as a mark. Returns the rows of these.
    fn write(&mut self, keys: &[Keyed]) -> Result<Vec<Keyed>, IndexError> {
        let mut crowded = Vec::new();
        for group in keys.chunk_by(|one, other| one.0 == other.0) {
            if group.len() <= self.cap {
                for (key, row) in group {
                    self.entry(*key, *row)?;
                }
            } else if let Some((key, _)) = group.first() {
                self.entry(*key, NARROWED)?;
                crowded.extend_from_slice(group);
            }
        }
        Ok(crowded)
    }

    fn entry(&mut self, key: u64, row: u32) -> Result<(), IndexError> {
        self.out.write_all(&key.to_le_bytes())?;
        Ok(self.out.write_all(&row.to_le_bytes())?)
    }

    fn section(&self, start: u64) -> Section {
        Section {
            start,
            entries: (self.out.bytes - start) / ENTRY as u64,
        }
    }
}

/// The rows of one key under the keys of a further part.
fn narrower_keys(
    records: &Records,
    group: &[Keyed],
    part: (usize, Part),
) -> impl Iterator<Item = Keyed> + use<> {
    let key = group.first().map_or(0, |(key, _)| *key);
    let inner = block::narrower(records, group, part);
    inner
        .into_iter()
        .map(move |(part, row)| (within(key, part), row))
}

/// The key of a part within a narrowed key.
fn within(key: u64, part: u64) -> u64 {
    hash::mix(hash::mix(key, 0x1a7e), part)
}

fn pack_row(
    spec: &Spec,
    register: &Records,
    frequencies: &[Frequency],
    row: u32,
    out: &mut Vec<u8>,
) {
    push_text(register.id(row).unwrap_or_default(), out);
    for field in 0..register.columns.len() {
        match register.packed(field, row) {
            Packed::Text(text) => push_text(&text, out),
            Packed::Number(value) => out.extend_from_slice(&value.to_le_bytes()),
        }
    }
    for (comparison, frequency) in spec.comparisons.iter().zip(frequencies) {
        let bits = frequency.of_value(register.value(comparison.field, row));
        for bits in &bits[..frequency.slots()] {
            out.extend_from_slice(&bits.to_le_bytes());
        }
    }
}

fn push_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// An index that was opened.
#[derive(Debug)]
pub struct Index<F> {
    file: RefCell<F>,
    head: Head,
}

impl<F: Read + Seek> Index<F> {
    /// Opens an index of a spec.
    ///
    /// # Errors
    /// When it is none, is damaged, or was made by another version or for another spec.
    pub fn open(mut file: F, spec: &Spec) -> Result<Self, IndexError> {
        let size = file.seek(SeekFrom::End(0))?;
        let foot = size
            .checked_sub(16)
            .filter(|foot| *foot >= 8)
            .ok_or(IndexError::NoIndex)?;
        let mut bytes = [0; 16];
        read_at(&mut file, foot, &mut bytes)?;
        let (place, magic) = bytes.split_at(8);
        let place = number(place);
        let head = foot
            .checked_sub(place)
            .filter(|length| *length < MOST_BYTES);
        let (true, Some(length)) = (magic == MAGIC, head) else {
            return Err(IndexError::NoIndex);
        };
        let mut text = vec![0; length as usize];
        read_at(&mut file, place, &mut text)?;
        let found: HeadVersion = serde_json::from_slice(&text).map_err(|_| IndexError::NoIndex)?;
        if found.version != VERSION {
            return Err(IndexError::OtherVersion {
                found: found.version,
            });
        }
        let head: Head = serde_json::from_slice(&text).map_err(|_| IndexError::Damaged {
            what: "the head cannot be read",
        })?;
        if head.spec != spec.fingerprint() {
            return Err(IndexError::OtherSpec {
                index: head.spec,
                spec: spec.fingerprint().to_owned(),
            });
        }
        head.model.check()?;
        head.model.weights(spec, head.rows as usize)?;
        let fits = |start: u64, count: u64, each: u64| {
            let bytes = count.checked_mul(each);
            bytes
                .and_then(|bytes| start.checked_add(bytes))
                .is_some_and(|end| end <= place)
        };
        let sound = head.rows < u64::from(NARROWED)
            && fits(head.ends, head.rows, 8)
            && head.keys.len() == spec.rules.len()
            && head
                .keys
                .iter()
                .flat_map(|keys| [keys.whole, keys.narrowed])
                .all(|keys| fits(keys.start, keys.entries, ENTRY as u64));
        if !sound {
            return Err(IndexError::Damaged {
                what: "its parts do not fit the file",
            });
        }
        Ok(Self {
            file: RefCell::new(file),
            head,
        })
    }

    /// Rows of the register.
    pub fn len(&self) -> usize {
        self.head.rows as usize
    }

    /// True when the register is empty.
    pub fn is_empty(&self) -> bool {
        self.head.rows == 0
    }

    /// The model with which records are weighed.
    pub fn model(&self) -> &Model {
        &self.head.model
    }

    /// The entries that records of A meet, and the pairs: rows of A and of the register, with a bit for each rule that found them, in order.
    ///
    /// # Errors
    /// When the index is damaged or the disk fails.
    pub(crate) fn meet(&self, spec: &Spec, a: &Records) -> Result<Met, IndexError> {
        let mut met = Met {
            rows: FxHashMap::default(),
            register: RecordsBuilder::new(spec),
            frequencies: spec
                .comparisons
                .iter()
                .map(|comparison| Frequency::empty(comparison, &a.columns[comparison.field]))
                .collect(),
            pairs: Vec::new(),
        };
        let mut open: Vec<u32> = (0..a.len() as u32).collect();
        for (number, rule) in spec.rules.iter().enumerate() {
            let found = self.pairs_of_rule(number, rule, a, &open)?;
            if number == 0 && !spec.settled.is_empty() {
                self.fetch(spec, &found, &mut met)?;
                let comparer = Comparer {
                    spec,
                    a,
                    b: met.register.so_far(),
                };
                let mut local: Vec<u64> = found
                    .iter()
                    .map(|pair| {
                        let (i, j) = block::rows(*pair);
                        u64::from(i) << 32 | u64::from(met.rows[&j])
                    })
                    .collect();
                let done = block::settle(&comparer, &mut local);
                open.retain(|row| done.binary_search(row).is_err());
            }
            met.pairs
                .extend(found.into_iter().map(|pair| (pair, 1 << number)));
        }
        block::join_rules(&mut met.pairs);
        let pairs: Vec<u64> = met.pairs.iter().map(|(pair, _)| *pair).collect();
        self.fetch(spec, &pairs, &mut met)?;
        Ok(met)
    }

    /// Pairs of rows of A and of the register that share a key of a rule, sorted, each once.
    fn pairs_of_rule(
        &self,
        number: usize,
        rule: &Rule,
        a: &Records,
        open: &[u32],
    ) -> Result<Vec<u64>, IndexError> {
        let keys = self.head.keys[number];
        let mut pairs = Vec::new();
        let mut wanted = block::all_keys(rule, a, open);
        let mut pages = self.pages(keys.whole);
        for depth in 0..=rule.narrow.len() {
            wanted.par_sort_unstable();
            wanted.dedup();
            let mut narrower = Vec::new();
            let mut place = 0;
            let sparse = pages.section.entries / (wanted.len() as u64).max(1) > SPARSE;
            for group in wanted.chunk_by(|one, other| one.0 == other.0) {
                let key = group[0].0;
                place = pages.first_of(key, place, sparse)?;
                while let Some((_, row)) = pages.entry(place)?.filter(|(found, _)| *found == key) {
                    place += 1;
                    if row != NARROWED {
                        pairs.extend(
                            group
                                .iter()
                                .map(|(_, i)| u64::from(*i) << 32 | u64::from(row)),
                        );
                    } else if let Some(part) = rule.narrow.get(depth) {
                        narrower.extend(narrower_keys(a, group, *part));
                    }
                }
            }
            if narrower.is_empty() {
                break;
            }
            wanted = narrower;
            pages = self.pages(keys.narrowed);
        }
        pairs.par_sort_unstable();
        pairs.dedup();
        Ok(pairs)
    }

    fn pages(&self, section: Section) -> Pages<'_, F> {
        Pages {
            file: &self.file,
            section,
            rows: self.head.rows,
            page: Vec::new(),
            first: u64::MAX,
        }
    }

    /// Reads the rows of some pairs that were not read yet.
    fn fetch(&self, spec: &Spec, pairs: &[u64], met: &mut Met) -> Result<(), IndexError> {
        let mut rows: Vec<u32> = pairs.iter().map(|pair| block::rows(*pair).1).collect();
        rows.sort_unstable();
        rows.dedup();
        let mut bytes = Vec::new();
        for row in rows {
            if met.rows.contains_key(&row) {
                continue;
            }
            self.row(row, &mut bytes)?;
            let local = met.register.so_far().len() as u32;
            unpack_row(spec, &bytes, &mut met.register, &mut met.frequencies)?;
            met.rows.insert(row, local);
        }
        Ok(())
    }

    fn row(&self, row: u32, bytes: &mut Vec<u8>) -> Result<(), IndexError> {
        let damaged = IndexError::Damaged {
            what: "a row has no place",
        };
        let mut file = self.file.borrow_mut();
        let place = self.head.ends + u64::from(row) * 8;
        let (start, end) = if row == 0 {
            let mut end = [0; 8];
            read_at(&mut *file, place, &mut end)?;
            (MAGIC.len() as u64, number(&end))
        } else {
            let mut ends = [0; 16];
            read_at(&mut *file, place - 8, &mut ends)?;
            (number(&ends[..8]), number(&ends[8..]))
        };
        let length = end
            .checked_sub(start)
            .filter(|length| *length < MOST_BYTES && end <= self.head.ends)
            .ok_or(damaged)?;
        bytes.clear();
        bytes.resize(length as usize, 0);
        read_at(&mut *file, start, bytes)
    }
}

#[derive(Deserialize)]
struct HeadVersion {
    version: u32,
}

/// What records of A met in an index.
pub(crate) struct Met {
    /// By row of the register: its row in [`Met::register`].
    pub(crate) rows: FxHashMap<u32, u32>,
    register: RecordsBuilder,
    frequencies: Vec<Frequency>,
    /// Pairs of rows of A and of the register.
    pub(crate) pairs: Vec<(u64, u32)>,
}

impl Met {
    /// A linker to the part of the register that was met.
    pub(crate) fn linker<'a>(
        &'a mut self,
        spec: &'a Spec,
        a: &'a Records,
    ) -> (Linker<'a>, &'a [(u64, u32)], &'a FxHashMap<u32, u32>) {
        let frequencies = std::mem::take(&mut self.frequencies);
        let linker = Linker::with_frequencies(spec, a, self.register.so_far(), frequencies);
        (linker, &self.pairs, &self.rows)
    }
}

/// The keys of one rule, a page at a time.
struct Pages<'a, F> {
    file: &'a RefCell<F>,
    section: Section,
    rows: u64,
    page: Vec<u8>,
    first: u64,
}

impl<F: Read + Seek> Pages<'_, F> {
    /// The entry at a place; `None` past the end.
    fn entry(&mut self, place: u64) -> Result<Option<Keyed>, IndexError> {
        if place >= self.section.entries {
            return Ok(None);
        }
        let first = place - place % PAGE;
        if first != self.first {
            let count = PAGE.min(self.section.entries - first) as usize;
            self.page.resize(count * ENTRY, 0);
            let start = self.section.start + first * ENTRY as u64;
            read_at(&mut *self.file.borrow_mut(), start, &mut self.page)?;
            self.first = first;
        }
        let start = (place - first) as usize * ENTRY;
        let entry = self.page.get(start..start + ENTRY).unwrap_or_default();
        let (Some((key, row)), true) = (entry.split_at_checked(8), entry.len() == ENTRY) else {
            return Ok(None);
        };
        let row = number(row) as u32;
        if u64::from(row) >= self.rows && row != NARROWED {
            return Err(IndexError::Damaged {
                what: "a key points at no row",
            });
        }
        Ok(Some((number(key), row)))
    }

    /// The first place, not before `from`, whose key is not smaller.
    fn first_of(&mut self, key: u64, from: u64, sparse: bool) -> Result<u64, IndexError> {
        let (mut low, mut high) = (from, self.section.entries);
        if !sparse {
            let mut step = 1;
            while self.is_before(low + step - 1, key)? {
                low += step;
                step *= 2;
            }
            high = high.min(low + step - 1);
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if self.is_before(middle, key)? {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    fn is_before(&mut self, place: u64, key: u64) -> Result<bool, IndexError> {
        Ok(self.entry(place)?.is_some_and(|(found, _)| found < key))
    }
}

fn unpack_row(
    spec: &Spec,
    bytes: &[u8],
    register: &mut RecordsBuilder,
    frequencies: &mut [Frequency],
) -> Result<(), IndexError> {
    let damaged = || IndexError::Damaged {
        what: "a row cannot be read",
    };
    let mut rest = bytes;
    let id = text(&mut rest).ok_or_else(damaged)?;
    let width = register.so_far().columns.len();
    let mut packed = Vec::with_capacity(width);
    for field in 0..width {
        packed.push(match register.so_far().columns[field] {
            Column::Name(_) | Column::Text(_) => {
                Packed::Text(text(&mut rest).ok_or_else(damaged)?.to_owned())
            }
            _ => Packed::Number(number(taken(&mut rest, 8).ok_or_else(damaged)?)),
        });
    }
    let row = register
        .push_packed(id, &packed)
        .map_err(|_| IndexError::Damaged {
            what: "an id stands twice",
        })?;
    for (comparison, frequency) in spec.comparisons.iter().zip(frequencies) {
        let mut bits = [0.0; SLOTS];
        for slot in &mut bits[..frequency.slots()] {
            let four = taken(&mut rest, 4).and_then(|four| four.try_into().ok());
            *slot = f32::from_le_bytes(four.ok_or_else(damaged)?);
        }
        if bits.iter().any(|bits| !bits.is_finite()) {
            return Err(damaged());
        }
        frequency.learn(register.so_far().value(comparison.field, row), bits);
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(damaged())
    }
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = number(taken(rest, 4)?) as usize;
    std::str::from_utf8(taken(rest, length)?).ok()
}

fn taken<'a>(rest: &mut &'a [u8], bytes: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(bytes)?;
    *rest = left;
    Some(taken)
}

/// Up to eight bytes, the lowest first.
fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn read_at(file: &mut (impl Read + Seek), place: u64, bytes: &mut [u8]) -> Result<(), IndexError> {
    file.seek(SeekFrom::Start(place))?;
    file.read_exact(bytes)?;
    Ok(())
}
