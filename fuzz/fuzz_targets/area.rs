//! Area codes and names: no text makes a parser panic, and a code reads back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use registry::area::{CommuneCode, DistrictCode, ProvinceCode};

fuzz_target!(|text: &str| {
    if let Some(commune) = CommuneCode::parse(text) {
        assert_eq!(CommuneCode::parse(&commune.to_string()), Some(commune));
    }
    if let Some(district) = DistrictCode::parse(text) {
        assert_eq!(DistrictCode::parse(&district.to_string()), Some(district));
    }
    if let Some(province) = ProvinceCode::parse(text) {
        assert_eq!(ProvinceCode::parse(&province.to_string()), Some(province));
    }
    // "province/district or commune", as addresses are written.
    if let Some((province, place)) = text.split_once('/')
        && let Some(province) = ProvinceCode::parse(province)
    {
        let district = DistrictCode::by_name(province, place);
        let _ = CommuneCode::by_name(province, district, place);
    }
});
