//! The lists that come with the files: facilities and lots.

use jiff::civil::Date;
use registry::area::ProvinceCode;
use registry::date::parse_moment;
use registry::facility::FacilityCode;
use registry::fields::{FacilityRow, LotRow};
use registry::phone::Phone;
use registry::vaccine::{self, Product};
use rustc_hash::FxHashMap;

/// Why a row of a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// A column that the row needs is blank.
    #[error("{0} is blank")]
    Blank(&'static str),
    /// A value that cannot be read.
    #[error("{field} cannot be read: {value}")]
    Unreadable {
        /// Column.
        field: &'static str,
        /// Text that stands there.
        value: String,
    },
    /// The same code or lot stood in an earlier row; the earlier one counts.
    #[error("{0} stands there twice; the first row counts")]
    Twice(String),
}

impl TableError {
    /// The message in Vietnamese.
    pub fn vi(&self) -> String {
        match self {
            Self::Blank(field) => format!("thiếu {field}"),
            Self::Unreadable { field, value } => format!("không đọc được {field}: {value}"),
            Self::Twice(key) => format!("{key} có hai dòng; dòng đầu được dùng"),
        }
    }
}

/// The list of facilities.
#[derive(Debug, Clone, Default)]
pub struct FacilityTable {
    by_code: FxHashMap<Box<str>, FacilityEntry>,
    by_phone: FxHashMap<Phone, Box<str>>,
}

/// What the checks need of a facility.
#[derive(Debug, Clone)]
pub(crate) struct FacilityEntry {
    pub(crate) province: Option<ProvinceCode>,
    pub(crate) authorised_from: Option<Date>,
    pub(crate) closed_on: Option<Date>,
    pub(crate) successor: Option<Box<str>>,
}

impl FacilityTable {
    /// Adds a row.
    ///
    /// # Errors
    /// When the code is missing or malformed, a date cannot be read, or the code stood there before.
    pub fn push(&mut self, row: &FacilityRow<'_>) -> Result<(), TableError> {
        let code = facility_code("facility_code", row.facility_code)?
            .ok_or(TableError::Blank("facility_code"))?;
        if self.by_code.contains_key(&code) {
            return Err(TableError::Twice(code.into()));
        }
        let entry = FacilityEntry {
            province: row.province.and_then(ProvinceCode::parse),
            authorised_from: day("authorised_from", row.authorised_from)?,
            closed_on: day("closed_on", row.closed_on)?,
            successor: facility_code("successor_code", row.successor_code)?,
        };
        if let Some(phone) = row.phone.and_then(Phone::parse_lenient) {
            self.by_phone.entry(phone).or_insert_with(|| code.clone());
        }
        self.by_code.insert(code, entry);
        Ok(())
    }

    /// How many facilities there are.
    pub fn len(&self) -> usize {
        self.by_code.len()
    }

    /// True for an empty list.
    pub fn is_empty(&self) -> bool {
        self.by_code.is_empty()
    }

    /// The facility with this code, in any case.
    pub(crate) fn find(&self, code: &str) -> Option<&FacilityEntry> {
        self.by_code
            .get(code)
            .or_else(|| self.by_code.get(FacilityCode::parse(code)?.as_str()))
    }

    /// The facility with this phone.
    pub(crate) fn with_phone(&self, phone: Phone) -> Option<&str> {
        self.by_phone.get(&phone).map(|code| &**code)
    }
}

fn facility_code(field: &'static str, text: Option<&str>) -> Result<Option<Box<str>>, TableError> {
    text.map(|text| {
        FacilityCode::parse(text)
            .map(|code| code.as_str().into())
            .ok_or_else(|| TableError::Unreadable {
                field,
                value: text.to_owned(),
            })
    })
    .transpose()
}

fn day(field: &'static str, text: Option<&str>) -> Result<Option<Date>, TableError> {
    text.map(|text| {
        parse_moment(text)
            .map(|(moment, _)| moment.date())
            .map_err(|_| TableError::Unreadable {
                field,
                value: text.to_owned(),
            })
    })
    .transpose()
}

/// The list of lots that were distributed.
#[derive(Debug, Clone, Default)]
pub struct LotTable {
    lots: Vec<LotEntry>,
    by_key: FxHashMap<Box<str>, u32>,
    /// Lots by their key with one character left out, for lots one slip away.
    by_deletion: FxHashMap<Box<str>, Vec<u32>>,
    /// The latest expiry of each product.
    last_expiry: FxHashMap<&'static str, Date>,
}

/// What the checks need of a lot.
#[derive(Debug, Clone)]
pub(crate) struct LotEntry {
    pub(crate) lot: Box<str>,
    pub(crate) product: &'static Product,
    pub(crate) expiry: Option<Date>,
    pub(crate) recalled_on: Option<Date>,
    /// Where it went; empty means everywhere.
    provinces: Vec<ProvinceCode>,
}

impl LotEntry {
    pub(crate) fn went_to(&self, province: ProvinceCode) -> bool {
        self.provinces.is_empty() || self.provinces.contains(&province)
    }
}

impl LotTable {
    /// Adds a row.
    ///
    /// # Errors
    /// When lot or product is missing or unknown, a date or province cannot be read, or the lot stood there before.
    pub fn push(&mut self, row: &LotRow<'_>) -> Result<(), TableError> {
        let lot = row.lot.ok_or(TableError::Blank("lot"))?.trim();
        let product = row.product.ok_or(TableError::Blank("product"))?;
        let unreadable = |field, value: &str| TableError::Unreadable {
            field,
            value: value.to_owned(),
        };
        let product =
            vaccine::product(product.trim()).ok_or_else(|| unreadable("product", product))?;
        let key = lot_key(lot);
        if key.is_empty() {
            return Err(unreadable("lot", lot));
        }
        if self.by_key.contains_key(&*key) {
            return Err(TableError::Twice(lot.to_owned()));
        }
        let provinces = row
            .provinces
            .into_iter()
            .flat_map(|text| text.split('|'))
            .map(|text| ProvinceCode::parse(text).ok_or_else(|| unreadable("provinces", text)))
            .collect::<Result<_, _>>()?;
        let entry = LotEntry {
            lot: lot.into(),
            product,
            expiry: day("expiry", row.expiry)?,
            recalled_on: day("recalled_on", row.recalled_on)?,
            provinces,
        };
        self.insert(key, entry);
        Ok(())
    }

    fn insert(&mut self, key: String, entry: LotEntry) {
        let index = self.lots.len() as u32;
        if let Some(expiry) = entry.expiry {
            let last = self.last_expiry.entry(entry.product.key).or_insert(expiry);
            *last = expiry.max(*last);
        }
        for shorter in deletions(&key) {
            self.by_deletion
                .entry(shorter.into())
                .or_default()
                .push(index);
        }
        self.by_key.insert(key.into(), index);
        self.lots.push(entry);
    }

    /// How many lots there are.
    pub fn len(&self) -> usize {
        self.lots.len()
    }

    /// True for an empty list.
    pub fn is_empty(&self) -> bool {
        self.lots.is_empty()
    }

    pub(crate) fn find(&self, lot: &str) -> Option<&LotEntry> {
        let plain = lot
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let index = if plain {
            self.by_key.get(lot)
        } else {
            self.by_key.get(&*lot_key(lot))
        };
        index.and_then(|&index| self.lots.get(index as usize))
    }

    /// The only lot, of those that may be meant, that is one character away: wrong, missing, too many, or O for 0 and I for 1.
    pub(crate) fn nearest(
        &self,
        lot: &str,
        may_be: impl Fn(&LotEntry) -> bool,
    ) -> Option<&LotEntry> {
        let key = lot_key(lot);
        let mut found: Vec<u32> = Vec::new();
        let mut consider = |index: u32| {
            if self.lots.get(index as usize).is_some_and(&may_be) {
                found.push(index);
            }
        };
        for shorter in deletions(&key) {
            // One character too many here, or a wrong one.
            self.by_key
                .get(&*shorter)
                .into_iter()
                .for_each(|&index| consider(index));
            self.by_deletion
                .get(&*shorter)
                .into_iter()
                .flatten()
                .for_each(|&index| consider(index));
        }
        // One character missing here.
        self.by_deletion
            .get(&*key)
            .into_iter()
            .flatten()
            .for_each(|&index| consider(index));
        found.sort_unstable();
        found.dedup();
        found.retain(|&index| {
            self.lots.get(index as usize).is_some_and(|entry| {
                let other = lot_key(&entry.lot);
                other != key && crate::text::one_slip(&other, &key)
            })
        });
        match found[..] {
            [only] => self.lots.get(only as usize),
            _ => self.closest_lookalike(&key, &found),
        }
    }

    /// Of several lots one slip away the one that differs by a look-alike only.
    fn closest_lookalike(&self, key: &str, found: &[u32]) -> Option<&LotEntry> {
        let read = |text: &str| text.replace('O', "0").replace('I', "1");
        let mut same = found
            .iter()
            .filter_map(|&index| self.lots.get(index as usize))
            .filter(|entry| read(&lot_key(&entry.lot)) == read(key));
        let first = same.next();
        if same.next().is_some() { None } else { first }
    }

    pub(crate) fn last_expiry(&self, product: &Product) -> Option<Date> {
        self.last_expiry.get(product.key).copied()
    }
}

/// Upper-case letters and digits only: how lots are compared.
pub(crate) fn lot_key(lot: &str) -> String {
    lot.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// The text with each of its characters left out once. Keys are ASCII.
fn deletions(key: &str) -> impl Iterator<Item = String> + '_ {
    key.char_indices().map(|(at, c)| {
        let mut shorter = String::with_capacity(key.len());
        shorter.push_str(&key[..at]);
        shorter.push_str(&key[at + c.len_utf8()..]);
        shorter
    })
}
