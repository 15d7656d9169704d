//! Which list a record belongs to: the commune of permanent residence (dispatch 2262), else the nearest area that is known.

use registry::area::{self, CommuneCode, DistrictCode, ProvinceCode, Vintage};

/// An area of the 2022 list, as precisely as it is known. A commune implies its district and province.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Place {
    /// Province.
    pub province: Option<ProvinceCode>,
    /// District.
    pub district: Option<DistrictCode>,
    /// Commune; `None` in the five island districts that have none.
    pub commune: Option<CommuneCode>,
}

impl Place {
    /// Reads codes or names; what is not in the list of 2022 is left out, what is known by a smaller area is taken from it.
    pub(crate) fn read(
        province: Option<&str>,
        district: Option<&str>,
        commune: Option<&str>,
    ) -> Self {
        let province = province
            .and_then(ProvinceCode::parse)
            .filter(|code| is_province(*code));
        let district = district.and_then(|text| find_district(province, text));
        commune
            .and_then(|text| find_commune(province, district, text))
            .or_else(|| district.map(Self::of_district))
            .unwrap_or(Self {
                province,
                ..Self::default()
            })
    }

    /// The list file of this area, relative to `worklists/`.
    pub(crate) fn list_path(self) -> String {
        let Some(province) = self.province else {
            return "khong-ro-dia-ban.xlsx".into();
        };
        let folder = with_slug(&province.to_string(), &self.province_name());
        let file = if let Some(commune) = self.commune {
            with_slug(&commune.to_string(), &self.commune_name())
        } else if let Some(district) = self.district {
            with_slug(&format!("huyen-{district}"), &self.district_name())
        } else {
            "khong-ro-xa".into()
        };
        format!("{folder}/{file}.xlsx")
    }

    /// Province name with its kind; empty when unknown.
    pub(crate) fn province_name(self) -> String {
        let province = self
            .province
            .and_then(|code| Vintage::Of2022.province(code));
        province.map_or_else(String::new, |province| province.name.to_owned())
    }

    /// District name with its kind; empty when unknown.
    pub(crate) fn district_name(self) -> String {
        let district = self.district.and_then(area::district);
        district.map_or_else(String::new, |district| district.name.to_owned())
    }

    /// Commune name with its kind; empty when unknown.
    pub(crate) fn commune_name(self) -> String {
        let commune = self.commune.and_then(|code| Vintage::Of2022.commune(code));
        commune.map_or_else(String::new, |commune| commune.name.to_owned())
    }

    fn of_district(code: DistrictCode) -> Self {
        Self {
            province: area::district(code).map(|district| district.province),
            district: Some(code),
            commune: None,
        }
    }

    /// The place of a known commune code.
    fn of_commune(code: CommuneCode) -> Option<Self> {
        let commune = Vintage::Of2022.commune(code)?;
        Some(Self {
            province: Some(commune.province),
            district: commune.district,
            commune: Some(code),
        })
    }
}

fn is_province(code: ProvinceCode) -> bool {
    Vintage::Of2022.province(code).is_some()
}

fn find_district(province: Option<ProvinceCode>, text: &str) -> Option<DistrictCode> {
    DistrictCode::parse(text)
        .filter(|code| area::district(*code).is_some())
        .or_else(|| DistrictCode::by_name(province?, text))
}

fn find_commune(
    province: Option<ProvinceCode>,
    district: Option<DistrictCode>,
    text: &str,
) -> Option<Place> {
    CommuneCode::parse(text)
        .and_then(Place::of_commune)
        .or_else(|| {
            let province =
                province.or_else(|| area::district(district?).map(|found| found.province));
            CommuneCode::by_name(province?, district, text).and_then(Place::of_commune)
        })
}

/// "19-tinh-thai-nguyen": sortable by code, readable in any file manager.
pub(crate) fn with_slug(code: &str, name: &str) -> String {
    let slug = registry::name::fold(name).replace(' ', "-");
    if slug.is_empty() {
        code.to_owned()
    } else {
        format!("{code}-{slug}")
    }
}
