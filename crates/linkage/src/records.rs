//! Packed records, built from rows of text: a row is one 64-bit value per field of the spec, side by side, because what a comparison costs
//! is above all to fetch the other row.
//!
//! Numbers are packed with their length, dates as year, month and day, telephones as nine digits, areas as three codes, names and texts as
//! places (from 1) in tables of distinct values that were folded once. Zero always means "missing".

use std::sync::LazyLock;

use registry::area::{CommuneCode, DistrictCode, ProvinceCode, Vintage, commune_successors};
use registry::date::BirthDate;
use registry::identity::{IdentityError, IdentityNumber};
use registry::phone::Phone;
use registry::sex::Sex;
use rustc_hash::FxHashMap;

use crate::hash;
use crate::name::NameTable;
use crate::spec::{Field, Kind, Part, Spec};

/// Why a row was not taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RowError {
    /// The row has another number of columns than the spec.
    #[error("record {row}: {found} columns instead of {expected}")]
    Columns {
        /// Row, from 1.
        row: usize,
        /// Columns of the row.
        found: usize,
        /// Columns of the spec.
        expected: usize,
    },
    /// The id is blank.
    #[error("record {row}: no id")]
    NoId {
        /// Row, from 1.
        row: usize,
    },
    /// Another row has the same id.
    #[error(
        "record {row}: the id {id:?} stands in record {first} already\nhint: ids name the records of the result; remove the double, or name another column as the id"
    )]
    SameId {
        /// Row, from 1.
        row: usize,
        /// Row that had it first, from 1.
        first: usize,
        /// The id.
        id: String,
    },
    /// More rows than a set can hold.
    #[error("more than {most} rows in one set")]
    TooMany {
        /// The most.
        most: u32,
    },
}

/// A set of packed records.
#[derive(Debug)]
pub struct Records {
    ids: Texts,
    /// Rows × fields.
    values: Vec<u64>,
    pub(crate) columns: Vec<Column>,
}

/// A value as it is kept outside of a set, whose tables have other places.
#[derive(Debug)]
pub(crate) enum Packed {
    /// A name or text, empty when missing.
    Text(String),
    /// Any other value.
    Number(u64),
}

/// What the values of one field mean.
#[derive(Debug)]
pub(crate) enum Column {
    /// Places in a table of names.
    Name(NameTable),
    /// Places in a table of texts.
    Text(TextTable),
    /// Numbers and telephones: [`pack_number`].
    Number,
    /// Dates: [`PackedDate`].
    Date,
    /// 1 male, 2 female.
    Sex,
    /// Areas: [`pack_area`].
    Area,
}

/// Builds [`Records`].
#[derive(Debug)]
pub struct RecordsBuilder {
    fields: Vec<Field>,
    expected: usize,
    records: Records,
    seen: FxHashMap<u64, u32>,
    joined: String,
}

impl RecordsBuilder {
    /// An empty set for the columns of a spec.
    pub fn new(spec: &Spec) -> Self {
        let columns = spec
            .fields
            .iter()
            .map(|field| match field.kind {
                Kind::Name => Column::Name(NameTable::new(field.typing)),
                Kind::Text => Column::Text(TextTable::default()),
                Kind::Number | Kind::PersonalNumber | Kind::Phone => Column::Number,
                Kind::Date => Column::Date,
                Kind::Sex => Column::Sex,
                Kind::Area => Column::Area,
            })
            .collect();
        Self {
            fields: spec.fields.clone(),
            expected: spec.columns().len(),
            records: Records {
                ids: Texts::default(),
                values: Vec::new(),
                columns,
            },
            seen: FxHashMap::default(),
            joined: String::new(),
        }
    }

    /// Adds a row: one text per column of [`Spec::columns`], in that order. A value that cannot be read counts as missing: whether it is
    /// *wrong* is the rules' business, not the linker's.
    ///
    /// # Errors
    /// When the number of columns is another, or the id is blank or was there before; the row is not taken.
    pub fn push(&mut self, row: &[Option<&str>]) -> Result<(), RowError> {
        let number = self.records.len() + 1;
        if row.len() != self.expected {
            return Err(RowError::Columns {
                row: number,
                found: row.len(),
                expected: self.expected,
            });
        }
        let id = row
            .first()
            .copied()
            .flatten()
            .map(str::trim)
            .filter(|id| !id.is_empty())
            .ok_or(RowError::NoId { row: number })?;
        self.push_id(id)?;
        for (field, column) in self.fields.iter().zip(&mut self.records.columns) {
            let value = column.pack(field, row, &mut self.joined);
            self.records.values.push(value);
        }
        Ok(())
    }

    /// Adds a row of values that were packed before; its place.
    pub(crate) fn push_packed(&mut self, id: &str, row: &[Packed]) -> Result<u32, RowError> {
        self.push_id(id)?;
        for (column, value) in self.records.columns.iter_mut().zip(row) {
            let text = match value {
                Packed::Number(_) => None,
                Packed::Text(text) => Some(text.as_str()).filter(|text| !text.is_empty()),
            };
            self.records.values.push(match (column, value) {
                (Column::Name(table), _) => u64::from(table.place(text)),
                (Column::Text(table), _) => u64::from(table.place(text)),
                (_, Packed::Number(value)) => *value,
                (_, Packed::Text(_)) => 0,
            });
        }
        Ok(self.records.len() as u32 - 1)
    }

    fn push_id(&mut self, id: &str) -> Result<(), RowError> {
        let number = self.records.len() + 1;
        if number >= u32::MAX as usize {
            return Err(RowError::TooMany { most: u32::MAX - 1 });
        }
        if let Some(first) = self.seen.insert(hash::bytes(id.as_bytes()), number as u32) {
            return Err(RowError::SameId {
                row: number,
                first: first as usize,
                id: id.to_owned(),
            });
        }
        self.records.ids.push(id);
        Ok(())
    }

    /// The set as far as it is.
    pub(crate) fn so_far(&self) -> &Records {
        &self.records
    }

    /// The finished set.
    pub fn finish(mut self) -> Records {
        for column in &mut self.records.columns {
            match column {
                Column::Name(table) => table.close(),
                Column::Text(table) => table.known = FxHashMap::default(),
                Column::Number | Column::Date | Column::Sex | Column::Area => {}
            }
        }
        self.records
    }
}

impl Records {
    /// Number of records.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The id of a row; `None` past the end.
    pub fn id(&self, row: u32) -> Option<&str> {
        self.ids.text(row)
    }

    /// The values of a row, one per field; empty past the end.
    pub(crate) fn row(&self, row: u32) -> &[u64] {
        let width = self.columns.len();
        let start = row as usize * width;
        self.values.get(start..start + width).unwrap_or_default()
    }

    /// One value of a row.
    pub(crate) fn value(&self, field: usize, row: u32) -> u64 {
        self.row(row).get(field).copied().unwrap_or_default()
    }

    /// The values of one field, row by row.
    pub(crate) fn values(&self, field: usize) -> impl Iterator<Item = u64> + Clone {
        let width = self.columns.len().max(1);
        self.values.iter().skip(field).step_by(width).copied()
    }

    /// True when a row has a usable value of a field.
    pub(crate) fn has(&self, field: usize, row: u32) -> bool {
        self.value(field, row) != 0
    }

    /// Appends the hashes of one part of a value; none when the value is missing.
    pub(crate) fn keys(&self, field: usize, part: Part, row: u32, out: &mut Vec<u64>) {
        if let Some(column) = self.columns.get(field) {
            column.keys(part, self.value(field, row), out);
        }
    }

    /// A value as [`RecordsBuilder::push_packed`] takes it.
    pub(crate) fn packed(&self, field: usize, row: u32) -> Packed {
        let value = self.value(field, row);
        match self.columns.get(field) {
            Some(column @ (Column::Name(_) | Column::Text(_))) => {
                Packed::Text(column.show(value).unwrap_or_default())
            }
            _ => Packed::Number(value),
        }
    }

    /// The standardised value, for people to read; `None` when missing.
    pub(crate) fn show(&self, field: usize, row: u32) -> Option<String> {
        self.columns.get(field)?.show(self.value(field, row))
    }

    /// The row with an id. Looks at every row: for single questions, not for loops.
    pub fn row_of(&self, id: &str) -> Option<u32> {
        (0..self.len() as u32).find(|row| self.id(*row) == Some(id))
    }
}

impl Column {
    fn pack(&mut self, field: &Field, row: &[Option<&str>], joined: &mut String) -> u64 {
        let source = |place: usize| {
            field
                .from
                .get(place)
                .and_then(|column| row.get(*column).copied().flatten())
                .map(str::trim)
                .filter(|text| !text.is_empty())
        };
        match self {
            Self::Name(table) => u64::from(table.place(join(field, source, joined))),
            Self::Text(table) => u64::from(table.place(join(field, source, joined))),
            Self::Number => source(0).map_or(0, |text| match field.kind {
                Kind::Phone => Phone::parse_lenient(text)
                    .map_or(0, |phone| with_length(u64::from(phone.as_u32()), 9)),
                Kind::PersonalNumber => personal_number(text),
                _ => pack_number(text),
            }),
            Self::Date => source(0).map_or(0, |text| PackedDate::parse(text).pack()),
            Self::Sex => {
                let sex =
                    source(0).and_then(|text| Sex::parse(text).ok().or_else(|| Sex::guess(text)));
                sex.map_or(0, pack_sex)
            }
            Self::Area => pack_area(source(0), source(1), source(2)),
        }
    }

    fn keys(&self, part: Part, value: u64, out: &mut Vec<u64>) {
        if value == 0 {
            return;
        }
        match self {
            Self::Name(table) => table.keys(part, value, out),
            Self::Text(table) => out.extend(table.entry(value).map(|entry| entry.hash)),
            Self::Sex => out.push(value),
            Self::Number => number_keys(value, part, out),
            Self::Date => out.extend(PackedDate::unpack(value).key(part)),
            Self::Area => out.extend(Area::unpack(value).key(part)),
        }
    }

    fn show(&self, value: u64) -> Option<String> {
        match self {
            Self::Name(table) => table.show(value),
            Self::Text(table) => table
                .entry(value)
                .map(|entry| String::from_utf8_lossy(table.folded(entry)).into_owned()),
            Self::Number => show_number(value),
            Self::Date => PackedDate::unpack(value).show(),
            Self::Sex => match value {
                1 => Some("M".to_owned()),
                2 => Some("F".to_owned()),
                _ => None,
            },
            Self::Area => Area::unpack(value).show(),
        }
    }
}

/// The source columns of a field with single spaces between; borrowed where there is only one.
fn join<'a>(
    field: &Field,
    source: impl Fn(usize) -> Option<&'a str>,
    joined: &'a mut String,
) -> Option<&'a str> {
    if field.from.len() == 1 {
        return source(0);
    }
    joined.clear();
    for part in (0..field.from.len()).filter_map(source) {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(part);
    }
    (!joined.is_empty()).then_some(joined.as_str())
}

/// Strings one after the other.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    bytes: String,
    ends: Vec<u64>,
}

impl Texts {
    pub(crate) fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len() as u64);
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn text(&self, place: u32) -> Option<&str> {
        let place = place as usize;
        let end = *self.ends.get(place)? as usize;
        let start = place.checked_sub(1).map_or(Some(0), |before| {
            self.ends.get(before).map(|end| *end as usize)
        })?;
        self.bytes.get(start..end)
    }
}

/// Folded texts, each distinct one once.
#[derive(Debug, Default)]
pub(crate) struct TextTable {
    entries: Vec<TextEntry>,
    bytes: Vec<u8>,
    known: FxHashMap<u64, u32>,
    folded: String,
}

/// A distinct text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextEntry {
    pub(crate) hash: u64,
    start: u32,
    end: u32,
}

impl TextTable {
    /// The place of a text, from 1; 0 when nothing is left of it.
    fn place(&mut self, text: Option<&str>) -> u32 {
        self.folded.clear();
        if let Some(text) = text {
            registry::name::fold_into(text, &mut self.folded);
        }
        if self.folded.is_empty() {
            return 0;
        }
        let hash = hash::bytes(self.folded.as_bytes());
        *self.known.entry(hash).or_insert_with(|| {
            let start = self.bytes.len() as u32;
            self.bytes.extend_from_slice(self.folded.as_bytes());
            self.entries.push(TextEntry {
                hash,
                start,
                end: self.bytes.len() as u32,
            });
            self.entries.len() as u32
        })
    }

    pub(crate) fn entry(&self, value: u64) -> Option<TextEntry> {
        self.entries.get(value.checked_sub(1)? as usize).copied()
    }

    pub(crate) fn folded(&self, entry: TextEntry) -> &[u8] {
        self.bytes
            .get(entry.start as usize..entry.end as usize)
            .unwrap_or_default()
    }
}

const LENGTH_SHIFT: u32 = 60;

fn with_length(value: u64, digits: usize) -> u64 {
    (digits as u64) << LENGTH_SHIFT | value
}

/// Up to fifteen digits with their count in the top four bits; any other identifier as a hash with count 0. Zero is missing.
fn pack_number(text: &str) -> u64 {
    let kept = || text.bytes().filter(u8::is_ascii_alphanumeric);
    let count = kept().count();
    if count == 0 {
        return 0;
    }
    if count <= 15 && kept().all(|byte| byte.is_ascii_digit()) {
        return with_length(
            kept().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')),
            count,
        );
    }
    let hash = kept().fold(count as u64, |hash, byte| {
        hash::mix(hash, u64::from(byte.to_ascii_uppercase()))
    });
    hash >> 4 | 1
}

/// A Vietnamese identity number, repaired where the repair is safe.
fn personal_number(text: &str) -> u64 {
    match IdentityNumber::parse(text) {
        Ok(IdentityNumber::Personal(number)) => with_length(number.as_u64(), 12),
        Ok(IdentityNumber::Cmnd(number)) => with_length(u64::from(number.as_u32()), 9),
        Ok(IdentityNumber::Passport(number)) => pack_number(number.as_str()),
        Err(
            IdentityError::LostLeadingZero { repaired } | IdentityError::OcrLetters { repaired },
        ) => pack_number(&repaired),
        // A number with a digit too few or too many still points at somebody.
        Err(IdentityError::WrongLength { digits }) if digits >= 9 => pack_number(text),
        Err(_) => 0,
    }
}

/// Digits of a packed number, and how many; 0 digits for an identifier with letters.
pub(crate) fn unpack_number(number: u64) -> (u64, u32) {
    (
        number & ((1 << LENGTH_SHIFT) - 1),
        (number >> LENGTH_SHIFT) as u32,
    )
}

fn show_number(number: u64) -> Option<String> {
    let (value, digits) = unpack_number(number);
    match (number, digits) {
        (0, _) => None,
        (_, 0) => Some("(…)".to_owned()),
        _ => Some(format!("{value:0width$}", width = digits as usize)),
    }
}

fn number_keys(number: u64, part: Part, out: &mut Vec<u64>) {
    if part != Part::Thirds {
        out.push(number);
        return;
    }
    let (value, digits) = unpack_number(number);
    if digits < 6 {
        return;
    }
    let low = 10_u64.pow(digits / 3);
    let high = 10_u64.pow(digits / 3 * 2);
    out.push(hash::mix(1, value / low));
    out.push(hash::mix(2, value % high));
    out.push(hash::mix(3, value / high * low + value % low));
}

/// Year, month and day as `year << 9 | month << 5 | day`; month or day 0 when unknown; 0 when all is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PackedDate(pub(crate) i32);

impl PackedDate {
    pub(crate) fn new(year: i32, month: i32, day: i32) -> Self {
        Self(year << 9 | month << 5 | day)
    }

    fn pack(self) -> u64 {
        u64::from(self.0 as u32)
    }

    pub(crate) fn unpack(value: u64) -> Self {
        Self(value as i32)
    }

    pub(crate) fn of(date: BirthDate) -> Self {
        match date {
            BirthDate::Day(day) => Self::new(
                i32::from(day.year()),
                i32::from(day.month()),
                i32::from(day.day()),
            ),
            BirthDate::Month { year, month } => Self::new(i32::from(year), i32::from(month), 0),
            BirthDate::Year(year) => Self::new(i32::from(year), 0, 0),
        }
    }

    /// A date that does not exist (31 June) still has digits to compare.
    fn parse(text: &str) -> Self {
        if let Ok((date, _)) = BirthDate::parse(text) {
            return Self::of(date);
        }
        let digits: Vec<i32> = text
            .bytes()
            .filter(u8::is_ascii_digit)
            .map(|digit| i32::from(digit - b'0'))
            .collect();
        let number = |part: &[i32]| part.iter().fold(0, |value, digit| value * 10 + digit);
        match digits.split_at_checked(4) {
            Some((year, rest)) if rest.len() == 4 => {
                let (month, day) = rest.split_at(2);
                let (year, month, day) = (number(year), number(month), number(day));
                if (1800..2200).contains(&year) && month <= 15 && day <= 31 {
                    Self::new(year, month, day)
                } else {
                    Self(0)
                }
            }
            _ => Self(0),
        }
    }

    pub(crate) fn year(self) -> i32 {
        self.0 >> 9
    }

    pub(crate) fn month(self) -> i32 {
        self.0 >> 5 & 15
    }

    pub(crate) fn day(self) -> i32 {
        self.0 & 31
    }

    /// Day and month are known and not the 1 January that stands for "only the year".
    pub(crate) fn only_year(self) -> bool {
        self.month() == 0 || self.day() == 0 || (self.month() == 1 && self.day() == 1)
    }

    fn key(self, part: Part) -> Option<u64> {
        if self.0 == 0 {
            return None;
        }
        let (month, day) = (self.month(), self.day());
        let order = (month.min(day), month.max(day));
        match part {
            Part::Year => Some(self.year() as u64),
            Part::Decade => Some((self.year() / 10) as u64),
            _ if order.0 == 0 => None,
            Part::MonthDay => Some((month << 5 | day) as u64),
            _ => Some((self.year() << 10 | order.0 << 5 | order.1) as u64),
        }
    }

    fn show(self) -> Option<String> {
        let (year, month, day) = (self.year(), self.month(), self.day());
        match (self.0, month, day) {
            (0, ..) => None,
            (_, 0, _) => Some(format!("{year:04}")),
            (_, _, 0) => Some(format!("{year:04}-{month:02}")),
            _ => Some(format!("{year:04}-{month:02}-{day:02}")),
        }
    }
}

pub(crate) fn pack_sex(sex: Sex) -> u64 {
    match sex {
        Sex::Male => 1,
        Sex::Female => 2,
    }
}

/// Commune, district and province; 0 where unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) commune: u32,
    pub(crate) district: u16,
    pub(crate) province: u8,
    /// Place, from 1, in the list of 2025 of the commune of today.
    pub(crate) successor: u16,
}

/// Codes or names of the three levels, packed as `successor << 48 | province << 40 | district << 24 | commune`.
fn pack_area(commune: Option<&str>, district: Option<&str>, province: Option<&str>) -> u64 {
    let province = province.and_then(ProvinceCode::parse);
    let district = district.and_then(|text| {
        DistrictCode::parse(text)
            .or_else(|| province.and_then(|province| DistrictCode::by_name(province, text)))
    });
    let commune = commune.and_then(|text| {
        CommuneCode::parse(text).or_else(|| {
            province.and_then(|province| CommuneCode::by_name(province, district, text))
        })
    });
    let successor = commune.map_or(0, |code| successor(code, district.is_some()));
    u64::from(successor) << 48
        | u64::from(province.map_or(0, |code| code.0)) << 40
        | u64::from(district.map_or(0, |code| code.0)) << 24
        | u64::from(commune.map_or(0, |code| code.0))
}

/// Place, from 1, in the list of 2025 of the commune into which a commune passed, of several the main one; 0 where unknown. A code may mean one
/// commune before the reform and another since: the list since has no districts.
fn successor(code: CommuneCode, has_district: bool) -> u16 {
    /// By code: the commune of 2025 that has it, and the one into which that of 2022 passed.
    static PLACES: LazyLock<FxHashMap<u32, [u16; 2]>> = LazyLock::new(|| {
        let today = Vintage::Of2025.communes();
        let place = |code: CommuneCode| {
            let place = today.binary_search_by_key(&code, |unit| unit.code);
            place.map_or(0, |place| place as u16 + 1)
        };
        let mut places: FxHashMap<u32, [u16; 2]> = FxHashMap::default();
        for unit in today {
            places.entry(unit.code.0).or_default()[0] = place(unit.code);
        }
        for unit in Vintage::Of2022.communes() {
            let passed = commune_successors(unit.code);
            let main = passed.first().map_or(0, |main| place(main.code));
            places.entry(unit.code.0).or_default()[1] = main;
        }
        places
    });
    let [since, before] = PLACES.get(&code.0).copied().unwrap_or_default();
    let (first, second) = if has_district {
        (before, since)
    } else {
        (since, before)
    };
    if first == 0 { second } else { first }
}

impl Area {
    pub(crate) fn unpack(packed: u64) -> Self {
        Self {
            commune: (packed & 0xff_ffff) as u32,
            district: (packed >> 24 & 0xffff) as u16,
            province: (packed >> 40) as u8,
            successor: (packed >> 48) as u16,
        }
    }

    /// The province of today; 0 where the commune is unknown.
    pub(crate) fn province_of_today(self) -> u8 {
        let place = usize::from(self.successor).checked_sub(1);
        let commune = place.and_then(|place| Vintage::Of2025.communes().get(place));
        commune.map_or(0, |commune| commune.province.0)
    }

    fn key(self, part: Part) -> Option<u64> {
        let code = match part {
            Part::District => u64::from(self.district),
            Part::Province => u64::from(self.province),
            Part::Successor => u64::from(self.successor),
            _ => u64::from(self.commune),
        };
        (code != 0).then_some(code)
    }

    fn show(self) -> Option<String> {
        if self.commune == 0 && self.district == 0 && self.province == 0 {
            return None;
        }
        let part = |code: u32, width: usize| match code {
            0 => "–".to_owned(),
            _ => format!("{code:0width$}"),
        };
        Some(format!(
            "{} / {} / {}",
            part(self.commune, 5),
            part(u32::from(self.district), 3),
            part(u32::from(self.province), 2)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{PackedDate, number_keys, pack_number, unpack_number};
    use crate::spec::Part;
    use proptest::prelude::*;

    #[test]
    fn a_number_keeps_its_leading_zeros() {
        assert_eq!(
            unpack_number(pack_number("001 084-000.999")),
            (1_084_000_999, 12)
        );
        assert_ne!(pack_number("0012"), pack_number("12"));
        assert_eq!(pack_number(" -"), 0);
    }

    #[test]
    fn a_day_that_does_not_exist_still_has_digits() {
        assert_eq!(PackedDate::parse("19450631"), PackedDate::new(1945, 6, 31));
        assert_eq!(PackedDate::parse("456312"), PackedDate(0));
    }

    proptest! {
        #[test]
        fn one_wrong_digit_leaves_a_third_of_the_keys(value in 0_u64..1_000_000_000_000, place in 0_u32..12, digit in 1_u64..10) {
            let scale = 10_u64.pow(place);
            let old = value / scale % 10;
            let changed = value - old * scale + (old + digit) % 10 * scale;
            let (mut a, mut b) = (Vec::new(), Vec::new());
            number_keys(super::with_length(value, 12), Part::Thirds, &mut a);
            number_keys(super::with_length(changed, 12), Part::Thirds, &mut b);
            prop_assert_eq!(a.iter().filter(|key| b.contains(key)).count(), 1);
        }
    }
}
