//! Administrative units of before 1 July 2025 (63 provinces, districts, communes) and since (34 provinces, communes), with validity
//! dates and successors. Tables are embedded; all texts are `'static`.

use jiff::civil::Date;

/// Two-digit province code, 1–96.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProvinceCode(pub u8);
/// Three-digit district code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DistrictCode(pub u16);
/// Five-digit commune code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
        todo!()
    }
    /// All communes by code.
    pub fn communes(self) -> &'static [Commune] {
        todo!()
    }
    /// One province.
    pub fn province(self, code: ProvinceCode) -> Option<&'static Province> {
        let _ = code;
        todo!()
    }
    /// One commune.
    pub fn commune(self, code: CommuneCode) -> Option<&'static Commune> {
        let _ = code;
        todo!()
    }
}

/// All districts of the 2022 list by code; island districts without communes included.
pub fn districts() -> &'static [District] {
    todo!()
}
/// One district of the 2022 list.
pub fn district(code: DistrictCode) -> Option<&'static District> {
    let _ = code;
    todo!()
}
/// The 2025 province into which a 2022 province passed.
pub fn province_successor(old: ProvinceCode) -> Option<&'static Province> {
    let _ = old;
    todo!()
}
/// The 2025 communes into which a 2022 commune passed, the largest share first; empty when unknown. More than one when it was split.
pub fn commune_successors(old: CommuneCode) -> Vec<&'static Commune> {
    let _ = old;
    todo!()
}

impl ProvinceCode {
    /// Parses two digits, one digit (lost zero) or a name with or without its kind ("Tỉnh Thái Nguyên", "thai nguyen", "TP.HCM"), in either list.
    pub fn parse(text: &str) -> Option<Self> {
        let _ = text;
        todo!()
    }
}
impl DistrictCode {
    /// Parses up to three digits.
    pub fn parse(text: &str) -> Option<Self> {
        let _ = text;
        todo!()
    }
    /// Finds a district by name inside a province.
    pub fn by_name(province: ProvinceCode, name: &str) -> Option<Self> {
        let _ = (province, name);
        todo!()
    }
}
impl CommuneCode {
    /// Parses up to five digits (a lost zero is restored); known or not.
    pub fn parse(text: &str) -> Option<Self> {
        let _ = text;
        todo!()
    }
    /// Finds a commune of the 2022 list by name inside a province and, when given, a district; `None` when ambiguous.
    pub fn by_name(
        province: ProvinceCode,
        district: Option<DistrictCode>,
        name: &str,
    ) -> Option<Self> {
        let _ = (province, district, name);
        todo!()
    }
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
