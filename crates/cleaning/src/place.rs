//! Which list a record belongs to: the commune of permanent residence (dispatch 2262), else the nearest area that is known.

pub(crate) use registry::area::Place;

/// The list file of an area, relative to `worklists/`.
pub(crate) fn list_path(place: Place) -> String {
    let Some(province) = place.province else {
        return "khong-ro-dia-ban.xlsx".into();
    };
    let folder = with_slug(&province.to_string(), &place.province_name());
    let file = if let Some(commune) = place.commune {
        with_slug(&commune.to_string(), &place.commune_name())
    } else if let Some(district) = place.district {
        with_slug(&format!("huyen-{district}"), &place.district_name())
    } else {
        "khong-ro-xa".into()
    };
    format!("{folder}/{file}.xlsx")
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
