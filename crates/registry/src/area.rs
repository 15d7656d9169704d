//! Administrative units of before 1 July 2025 (63 provinces, districts, communes) and since (34 provinces, communes), with validity
//! dates and successors. Tables are embedded; all texts are `'static`.

use jiff::civil::Date;

mod by_name;
mod place;
mod tables;

pub use place::Place;

/// Two-digit province code, 1–96.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct ProvinceCode(pub u8);
/// Three-digit district code.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct DistrictCode(pub u16);
/// Five-digit commune code.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct CommuneCode(pub u32);

/// A province in one of the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Province {
    /// Code.
    pub code: ProvinceCode,
    /// Name with its kind, as in the list ("Tỉnh Thái Nguyên").
    pub name: &'static str,
}
/// A district (2022 list only).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct District {
    /// Code.
    pub code: DistrictCode,
    /// Name with its kind.
    pub name: &'static str,
    /// Province.
    pub province: ProvinceCode,
}
/// A commune in one of the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commune {
    /// Code.
    pub code: CommuneCode,
    /// Name with its kind ("Xã Tân Thành").
    pub name: &'static str,
    /// District; `None` in the 2025 list.
    pub district: Option<DistrictCode>,
    /// Province.
    pub province: ProvinceCode,
}

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Vintage {
    /// 63 provinces, valid to 2025-06-30.
    Of2022,
    /// 34 provinces, valid from 2025-07-01.
    Of2025,
}

/// First day of the 34 provinces.
pub const REFORM: Date = jiff::civil::date(2025, 7, 1);

impl Vintage {
    /// The list valid on a day.
    pub fn on(day: Date) -> Self {
        if day < REFORM {
            Self::Of2022
        } else {
            Self::Of2025
        }
    }
    /// All provinces by code.
    pub fn provinces(self) -> &'static [Province] {
        &self.list().provinces
    }
    /// All communes by code.
    pub fn communes(self) -> &'static [Commune] {
        &self.list().communes
    }
    /// One province.
    pub fn province(self, code: ProvinceCode) -> Option<&'static Province> {
        let list = self.provinces();
        let at = list.binary_search_by_key(&code, |unit| unit.code).ok()?;
        list.get(at)
    }
    /// A province of this list by its name, as [`ProvinceCode::parse`] reads names.
    ///
    /// ```
    /// use registry::area::{ProvinceCode, Vintage};
    /// assert_eq!(Vintage::Of2022.province_by_name("Lào Cai"), Some(ProvinceCode(10)));
    /// assert_eq!(Vintage::Of2025.province_by_name("Lào Cai"), Some(ProvinceCode(15)));
    /// ```
    pub fn province_by_name(self, name: &str) -> Option<ProvinceCode> {
        by_name::province(self, name)
    }
    /// One commune.
    pub fn commune(self, code: CommuneCode) -> Option<&'static Commune> {
        let list = self.communes();
        let at = list.binary_search_by_key(&code, |unit| unit.code).ok()?;
        list.get(at)
    }
    fn list(self) -> &'static tables::List {
        match self {
            Self::Of2022 => &tables::areas().of_2022,
            Self::Of2025 => &tables::areas().of_2025,
        }
    }
}

/// All districts of the 2022 list by code; island districts without communes included.
pub fn districts() -> &'static [District] {
    &tables::areas().districts
}
/// One district of the 2022 list.
pub fn district(code: DistrictCode) -> Option<&'static District> {
    let list = districts();
    let at = list.binary_search_by_key(&code, |unit| unit.code).ok()?;
    list.get(at)
}
/// Name of a province on a day. The list of before the reform is of early 2025, when Huế had just become a city.
///
/// ```
/// use registry::area::{ProvinceCode, province_name};
/// use registry::date::Date;
/// let hue = ProvinceCode(46);
/// assert_eq!(province_name(hue, Date::constant(2021, 9, 1)), Some("Tỉnh Thừa Thiên Huế"));
/// assert_eq!(province_name(hue, Date::constant(2025, 9, 1)), Some("Thành phố Huế"));
/// ```
pub fn province_name(code: ProvinceCode, day: Date) -> Option<&'static str> {
    if code == ProvinceCode(46) && day < jiff::civil::date(2025, 1, 1) {
        return Some("Tỉnh Thừa Thiên Huế");
    }
    Vintage::on(day).province(code).map(|unit| unit.name)
}
/// The 2025 province into which a 2022 province passed.
pub fn province_successor(old: ProvinceCode) -> Option<&'static Province> {
    let new = tables::areas().province_successors.get(&old)?;
    Vintage::Of2025.province(*new)
}
/// The 2025 communes into which a 2022 commune passed, the main one first, the others by code; empty when unknown. More than one when it was
/// split.
///
/// ```
/// use registry::area::{CommuneCode, commune_successors};
/// let trúc_bạch = CommuneCode(4);
/// let names: Vec<_> = commune_successors(trúc_bạch).iter().map(|unit| unit.name).collect();
/// assert_eq!(names, ["Phường Ba Đình"]);
/// ```
pub fn commune_successors(old: CommuneCode) -> Vec<&'static Commune> {
    tables::areas()
        .commune_successors
        .get(&old)
        .into_iter()
        .flatten()
        .filter_map(|new| Vintage::Of2025.commune(*new))
        .collect()
}

impl ProvinceCode {
    /// Parses two digits, one digit (lost zero) or a name with or without its kind ("Tỉnh Thái Nguyên", "thai nguyen", "TP.HCM"), in either list.
    /// A code is read whether or not it is assigned. Lào Cai, Bắc Ninh, Tây Ninh and others got another code in 2025: a name of both lists gives
    /// the code of 2022 ([`Vintage::province_by_name`] reads in one list).
    ///
    /// ```
    /// use registry::area::ProvinceCode;
    /// assert_eq!(ProvinceCode::parse("1"), Some(ProvinceCode(1)));
    /// assert_eq!(ProvinceCode::parse("TP.HCM"), Some(ProvinceCode(79)));
    /// assert_eq!(ProvinceCode::parse("Bà Rịa Vũng Tàu"), Some(ProvinceCode(77)));
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        match number(text, 2) {
            Some(code) => u8::try_from(code)
                .ok()
                .filter(|code| (1..=96).contains(code))
                .map(Self),
            None => [Vintage::Of2022, Vintage::Of2025]
                .into_iter()
                .find_map(|list| list.province_by_name(text)),
        }
    }
}
impl DistrictCode {
    /// Parses up to three digits; known or not.
    pub fn parse(text: &str) -> Option<Self> {
        let code = number(text, 3).filter(|&code| code > 0)?;
        u16::try_from(code).ok().map(Self)
    }
    /// Finds a district by name inside a province; `None` when ambiguous (a city and the district around it may share a name: then its kind
    /// must be given).
    pub fn by_name(province: ProvinceCode, name: &str) -> Option<Self> {
        by_name::district(province, name)
    }
}
impl CommuneCode {
    /// Parses up to five digits (a lost zero is restored); known or not.
    pub fn parse(text: &str) -> Option<Self> {
        number(text, 5).filter(|&code| code > 0).map(Self)
    }
    /// Finds a commune of the 2022 list by name inside a province and, when given, a district; `None` when ambiguous.
    ///
    /// ```
    /// use registry::area::{CommuneCode, DistrictCode, ProvinceCode};
    /// let (hà_nội, ba_đình) = (ProvinceCode(1), DistrictCode(1));
    /// assert_eq!(CommuneCode::by_name(hà_nội, Some(ba_đình), "P. Trúc Bạch"), Some(CommuneCode(4)));
    /// ```
    pub fn by_name(
        province: ProvinceCode,
        district: Option<DistrictCode>,
        name: &str,
    ) -> Option<Self> {
        by_name::commune(province, district, name)
    }
}
/// A whole number of at most so many digits.
fn number(text: &str, digits: usize) -> Option<u32> {
    let text = text.trim();
    if text.len() > digits || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}
impl std::fmt::Display for ProvinceCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}", self.0)
    }
}
impl std::fmt::Display for DistrictCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:03}", self.0)
    }
}
impl std::fmt::Display for CommuneCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:05}", self.0)
    }
}

/// In files and addresses a code is its digits, zeros kept.
macro_rules! written_as_digits {
    ($($code:ident),*) => {
        $(impl From<$code> for String {
            fn from(code: $code) -> Self {
                code.to_string()
            }
        }
        impl TryFrom<String> for $code {
            type Error = UnknownCode;

            fn try_from(text: String) -> Result<Self, UnknownCode> {
                Self::parse(&text).ok_or(UnknownCode(text))
            }
        })*
    };
}
written_as_digits!(ProvinceCode, DistrictCode, CommuneCode);

/// A text that is no code of an area.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no code of an area: expected up to two digits for a province, three for a district, five for a commune"
)]
pub struct UnknownCode(String);
