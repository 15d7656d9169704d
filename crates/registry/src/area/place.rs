//! A place of the 2022 list, as precisely as it is known.

use super::{CommuneCode, DistrictCode, ProvinceCode, Vintage, district};
use serde::{Deserialize, Serialize};

/// An area of the 2022 list, as precisely as it is known. A commune implies its district and province.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Place {
    /// Province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<ProvinceCode>,
    /// District.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<DistrictCode>,
    /// Commune; `None` in the five island districts that have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commune: Option<CommuneCode>,
}

impl Place {
    /// Reads codes or names; what is not in the list of 2022 is left out, what is known by a smaller area is taken from it.
    pub fn read(province: Option<&str>, district: Option<&str>, commune: Option<&str>) -> Self {
        let province = province
            .and_then(ProvinceCode::parse)
            .filter(|code| is_province(*code));
        let district = district.and_then(|text| find_district(province, text));
        commune
            .and_then(|text| find_commune(province, district, text))
            .or_else(|| district.and_then(Self::of_district))
            .unwrap_or(Self {
                province,
                ..Self::default()
            })
    }

    /// The place of a known province code.
    pub fn of_province(code: ProvinceCode) -> Option<Self> {
        is_province(code).then_some(Self {
            province: Some(code),
            ..Self::default()
        })
    }

    /// The place of a known district code.
    pub fn of_district(code: DistrictCode) -> Option<Self> {
        let district = district(code)?;
        Some(Self {
            province: Some(district.province),
            district: Some(code),
            commune: None,
        })
    }

    /// The place of a known commune code.
    pub fn of_commune(code: CommuneCode) -> Option<Self> {
        let commune = Vintage::Of2022.commune(code)?;
        Some(Self {
            province: Some(commune.province),
            district: commune.district,
            commune: Some(code),
        })
    }

    /// True when the other place lies in this one (or is the same); everything lies in the unknown place, the whole country.
    ///
    /// ```
    /// use registry::area::{CommuneCode, Place, ProvinceCode};
    /// let hà_nội = Place::of_province(ProvinceCode(1)).unwrap();
    /// let trúc_bạch = Place::of_commune(CommuneCode(4)).unwrap();
    /// assert!(hà_nội.contains(trúc_bạch) && !trúc_bạch.contains(hà_nội));
    /// ```
    pub fn contains(self, other: Self) -> bool {
        let within = |mine: Option<u32>, its: Option<u32>| mine.is_none() || mine == its;
        let codes = |place: Self| {
            [
                place.province.map(|code| u32::from(code.0)),
                place.district.map(|code| u32::from(code.0)),
                place.commune.map(|code| code.0),
            ]
        };
        codes(self)
            .into_iter()
            .zip(codes(other))
            .all(|(mine, its)| within(mine, its))
    }

    /// Province name with its kind; empty when unknown.
    pub fn province_name(self) -> String {
        let province = self
            .province
            .and_then(|code| Vintage::Of2022.province(code));
        province.map_or_else(String::new, |province| province.name.to_owned())
    }

    /// District name with its kind; empty when unknown.
    pub fn district_name(self) -> String {
        let district = self.district.and_then(district);
        district.map_or_else(String::new, |district| district.name.to_owned())
    }

    /// Commune name with its kind; empty when unknown.
    pub fn commune_name(self) -> String {
        let commune = self.commune.and_then(|code| Vintage::Of2022.commune(code));
        commune.map_or_else(String::new, |commune| commune.name.to_owned())
    }
}

fn is_province(code: ProvinceCode) -> bool {
    Vintage::Of2022.province(code).is_some()
}

fn find_district(province: Option<ProvinceCode>, text: &str) -> Option<DistrictCode> {
    DistrictCode::parse(text)
        .filter(|code| district(*code).is_some())
        .or_else(|| DistrictCode::by_name(province?, text))
}

fn find_commune(
    province: Option<ProvinceCode>,
    within: Option<DistrictCode>,
    text: &str,
) -> Option<Place> {
    CommuneCode::parse(text)
        .and_then(Place::of_commune)
        .or_else(|| {
            let province = province.or_else(|| district(within?).map(|found| found.province));
            CommuneCode::by_name(province?, within, text).and_then(Place::of_commune)
        })
}
