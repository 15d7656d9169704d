use std::io::Read as _;
use std::path::Path;

use proptest::prelude::*;
use registry::area::{
    CommuneCode, DistrictCode, ProvinceCode, Vintage, commune_successors, district, districts,
    province_successor,
};

#[path = "../../examples/tables/generate.rs"]
mod generate;

#[test]
fn the_embedded_table_is_what_the_source_tables_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packed = std::fs::File::open(root.join("tables/areas.tsv.deflate")).unwrap();
    let mut embedded = String::new();
    flate2::read::DeflateDecoder::new(packed)
        .read_to_string(&mut embedded)
        .unwrap();
    let current = generate::areas(&root.join("../../data/vn")).unwrap();
    assert!(
        embedded == current,
        "run: cargo run -p registry --example tables"
    );
}

#[test]
fn both_lists_are_complete_and_sorted() {
    let (old, new) = (Vintage::Of2022, Vintage::Of2025);
    assert_eq!((old.provinces().len(), old.communes().len()), (63, 10_035));
    assert_eq!((new.provinces().len(), new.communes().len()), (34, 3_321));
    assert_eq!(districts().len(), 696);
    for list in [old, new] {
        assert!(list.communes().is_sorted_by_key(|unit| unit.code));
        assert!(list.provinces().is_sorted_by_key(|unit| unit.code));
        assert!(
            list.communes()
                .iter()
                .all(|unit| list.province(unit.province).is_some())
        );
    }
    assert!(districts().is_sorted_by_key(|unit| unit.code));
}

#[test]
fn the_five_island_districts_without_communes_are_there() {
    for (code, name) in [
        (318, "Huyện Bạch Long Vĩ"),
        (471, "Huyện Cồn Cỏ"),
        (498, "Huyện Hoàng Sa"),
        (536, "Huyện Lý Sơn"),
        (755, "Huyện Côn Đảo"),
    ] {
        let code = DistrictCode(code);
        assert_eq!(district(code).map(|unit| unit.name), Some(name));
        let communes = Vintage::Of2022.communes();
        assert!(communes.iter().all(|unit| unit.district != Some(code)));
    }
}

#[test]
fn every_commune_of_2022_has_a_successor_in_the_province_of_its_province() {
    let communes = Vintage::Of2022.communes();
    let mut split = 0;
    for old in communes {
        let successors = commune_successors(old.code);
        assert!(!successors.is_empty(), "{old:?}");
        split += usize::from(successors.len() > 1);
        let province = province_successor(old.province).map(|unit| unit.code);
        assert!(
            successors.iter().all(|new| Some(new.province) == province),
            "{old:?}"
        );
    }
    assert_eq!((communes.len(), split), (10_035, 471));
}

#[test]
fn every_province_of_2022_has_the_successor_of_the_reform() {
    for (old, new) in [
        (2, 8),
        (30, 31),
        (46, 46),
        (48, 48),
        (74, 79),
        (77, 79),
        (54, 66),
        (95, 96),
    ] {
        let successor = province_successor(ProvinceCode(old)).map(|unit| unit.code);
        assert_eq!(successor, Some(ProvinceCode(new)));
    }
    let provinces = Vintage::Of2022.provinces();
    assert!(
        provinces
            .iter()
            .all(|unit| province_successor(unit.code).is_some())
    );
}

#[test]
fn provinces_are_found_by_the_names_that_people_write() {
    for (text, code) in [
        ("01", 1),
        ("7", 7),
        ("Tỉnh Thái Nguyên", 19),
        ("thai nguyen", 19),
        ("TP.HCM", 79),
        ("TP Hồ Chí Minh", 79),
        ("Thành phố Hồ Chí Minh", 79),
        ("Sài Gòn", 79),
        ("hà nội", 1),
        ("Thừa Thiên Huế", 46),
        ("Tỉnh Thừa Thiên - Huế", 46),
        ("Huế", 46),
        ("Bà Rịa Vũng Tàu", 77),
        ("BR-VT", 77),
        ("Đắk Lắk", 66),
        ("Đăk Lăk", 66),
        ("Dak Lak", 66),
        ("Đắc Lắc", 66),
        ("KonTum", 62),
        ("T. Quảng Ngãi", 51),
    ] {
        assert_eq!(
            ProvinceCode::parse(text),
            Some(ProvinceCode(code)),
            "{text}"
        );
    }
    for text in ["", "00", "97", "100", "Atlantis", "Tỉnh"] {
        assert_eq!(ProvinceCode::parse(text), None, "{text}");
    }
    for list in [Vintage::Of2022, Vintage::Of2025] {
        for unit in list.provinces() {
            assert_eq!(
                list.province_by_name(unit.name),
                Some(unit.code),
                "{unit:?}"
            );
        }
    }
    for unit in Vintage::Of2022.provinces() {
        assert_eq!(ProvinceCode::parse(unit.name), Some(unit.code), "{unit:?}");
    }
}

#[test]
fn every_district_and_commune_is_found_by_its_full_name_unless_two_have_it() {
    for unit in districts() {
        assert_eq!(
            DistrictCode::by_name(unit.province, unit.name),
            Some(unit.code),
            "{unit:?}"
        );
    }
    for unit in Vintage::Of2022.communes() {
        let found = CommuneCode::by_name(unit.province, unit.district, unit.name);
        assert_eq!(found, Some(unit.code), "{unit:?}");
    }
}

#[test]
fn a_shared_name_needs_the_kind_and_a_number_its_value() {
    let (đồng_tháp, hcm) = (ProvinceCode(87), ProvinceCode(79));
    assert_eq!(DistrictCode::by_name(đồng_tháp, "Cao Lãnh"), None);
    let city = DistrictCode::by_name(đồng_tháp, "TP Cao Lãnh").and_then(district);
    assert_eq!(city.map(|unit| unit.name), Some("Thành phố Cao Lãnh"));
    for text in ["Quận 1", "Q.1", "Q1", "quận 01", "1"] {
        assert_eq!(
            DistrictCode::by_name(hcm, text),
            Some(DistrictCode(760)),
            "{text}"
        );
    }
}

#[test]
fn codes_get_their_lost_zeros_back() {
    assert_eq!(CommuneCode::parse("4"), Some(CommuneCode(4)));
    assert_eq!(CommuneCode(4).to_string(), "00004");
    assert_eq!(
        DistrictCode::parse("1")
            .map(|code| code.to_string())
            .as_deref(),
        Some("001")
    );
    assert_eq!(CommuneCode::parse("123456"), None);
}

proptest! {
    #[test]
    fn no_text_stops_a_reader_and_a_code_reads_back(text in "\\PC*", name in "[ a-zđĐ0-9.]{0,12}") {
        for text in [&text, &name] {
            if let Some(code) = ProvinceCode::parse(text) {
                prop_assert_eq!(ProvinceCode::parse(&code.to_string()), Some(code));
            }
            if let Some(code) = DistrictCode::parse(text) {
                prop_assert_eq!(DistrictCode::parse(&code.to_string()), Some(code));
            }
            if let Some(code) = CommuneCode::parse(text) {
                prop_assert_eq!(CommuneCode::parse(&code.to_string()), Some(code));
            }
            let _ = CommuneCode::by_name(ProvinceCode(79), None, text);
            let _ = DistrictCode::by_name(ProvinceCode(79), text);
        }
    }
}
