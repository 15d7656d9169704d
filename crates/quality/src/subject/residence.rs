//! Rules AD: where the person lives.

use registry::area::{self, CommuneCode, DistrictCode, ProvinceCode, Vintage};
use registry::fields::{SubjectField, SubjectRow};

use super::SubjectFacts;
use crate::context::Sink;
use crate::finding::Finding;
use crate::rule_id::RuleId;

/// Parses province, district and commune into the facts and raises AD-01 to AD-04.
pub(super) fn check(row: &SubjectRow<'_>, facts: &mut SubjectFacts<'_>, sink: &mut Sink<'_, '_>) {
    let vintage = facts.entered.map(|moment| Vintage::on(moment.date()));
    facts.province = row
        .province
        .and_then(|text| read_province(text, vintage, sink));
    facts.district = row
        .district
        .and_then(|text| read_district(text, facts.province));
    facts.commune = row
        .commune
        .and_then(|text| read_commune(text, facts, vintage, sink));
    check_inside(row, facts, sink);
    check_missing(row, facts, sink);
    check_address(row, facts, sink);
}

fn read_province(
    text: &str,
    vintage: Option<Vintage>,
    sink: &mut Sink<'_, '_>,
) -> Option<ProvinceCode> {
    let code = ProvinceCode::parse(text);
    let known = |vintage: Vintage| code.is_some_and(|code| vintage.province(code).is_some());
    if in_force(vintage, known) {
        return code;
    }
    let fix = code
        .filter(|_| vintage == Some(Vintage::Of2025))
        .and_then(area::province_successor)
        .map(|province| province.code.to_string());
    sink.raise(Finding::new(RuleId::Ad01, "province", text).maybe_fix("province", fix));
    code.filter(|_| known(Vintage::Of2022) || known(Vintage::Of2025))
}

fn read_district(text: &str, province: Option<ProvinceCode>) -> Option<DistrictCode> {
    DistrictCode::parse(text)
        .filter(|code| area::district(*code).is_some())
        .or_else(|| DistrictCode::by_name(province?, text))
}

fn read_commune(
    text: &str,
    facts: &SubjectFacts<'_>,
    vintage: Option<Vintage>,
    sink: &mut Sink<'_, '_>,
) -> Option<CommuneCode> {
    let code = CommuneCode::parse(text)
        .or_else(|| CommuneCode::by_name(facts.province?, facts.district, text));
    let known = |vintage: Vintage| code.is_some_and(|code| vintage.commune(code).is_some());
    if in_force(vintage, known) {
        return code;
    }
    let fix = code
        .filter(|_| vintage == Some(Vintage::Of2025))
        .and_then(|code| {
            // A commune that was split has no single successor to propose.
            match area::commune_successors(code)[..] {
                [only] => Some(only.code.to_string()),
                _ => None,
            }
        });
    sink.raise(Finding::new(RuleId::Ad01, "commune", text).maybe_fix("commune", fix));
    code.filter(|_| known(Vintage::Of2022) || known(Vintage::Of2025))
}

/// In the list of the day; without a day in either list.
fn in_force(vintage: Option<Vintage>, known: impl Fn(Vintage) -> bool) -> bool {
    match vintage {
        Some(vintage) => known(vintage),
        None => known(Vintage::Of2022) || known(Vintage::Of2025),
    }
}

/// AD-02: in no list the commune lies in the province, neither by the old nor by the new borders.
fn check_inside(row: &SubjectRow<'_>, facts: &SubjectFacts<'_>, sink: &mut Sink<'_, '_>) {
    let (Some(commune), Some(province)) = (facts.commune, facts.province) else {
        return;
    };
    let homes = [Vintage::Of2022, Vintage::Of2025]
        .map(|vintage| vintage.commune(commune).map(|c| c.province));
    if homes.iter().flatten().next().is_some() && !homes.contains(&Some(province)) {
        let (value, other) = (
            row.commune.unwrap_or_default(),
            row.province.unwrap_or_default(),
        );
        sink.raise(Finding::new(RuleId::Ad02, "commune", value).with(other));
    }
}

/// AD-03. Districts without communes (the five islands) need no commune.
fn check_missing(row: &SubjectRow<'_>, facts: &SubjectFacts<'_>, sink: &mut Sink<'_, '_>) {
    if row.commune.is_some() || !sink.ctx.subject_has(SubjectField::Commune) {
        return;
    }
    if facts.district.is_some_and(has_no_communes) {
        return;
    }
    sink.raise(Finding::new(RuleId::Ad03, "commune", ""));
}

/// Bạch Long Vĩ, Cồn Cỏ, Hoàng Sa, Lý Sơn, Côn Đảo: the list has the district and no commune in it.
fn has_no_communes(district: DistrictCode) -> bool {
    use std::collections::BTreeSet;
    use std::sync::OnceLock;
    static WITHOUT: OnceLock<BTreeSet<DistrictCode>> = OnceLock::new();
    WITHOUT
        .get_or_init(|| {
            let with: BTreeSet<_> = Vintage::Of2022
                .communes()
                .iter()
                .filter_map(|c| c.district)
                .collect();
            area::districts()
                .iter()
                .map(|d| d.code)
                .filter(|code| !with.contains(code))
                .collect()
        })
        .contains(&district)
}

/// AD-04: the last part of the free text names another province.
fn check_address(row: &SubjectRow<'_>, facts: &SubjectFacts<'_>, sink: &mut Sink<'_, '_>) {
    let (Some(address), Some(province)) = (row.address, facts.province) else {
        return;
    };
    let Some(named) = address
        .rsplit([',', '-', ';'])
        .next()
        .and_then(province_named)
    else {
        return;
    };
    let successor = |code| area::province_successor(code).map(|p| p.code);
    let same = named == province
        || successor(named) == Some(province)
        || successor(province) == Some(named);
    if !same && let Some(name) = province_name(named) {
        sink.raise(Finding::new(RuleId::Ad04, "address", address).with(name));
    }
}

/// A province by its name; bare digits in an address are a house number.
fn province_named(text: &str) -> Option<ProvinceCode> {
    let text = text.trim();
    text.chars()
        .any(char::is_alphabetic)
        .then(|| ProvinceCode::parse(text))
        .flatten()
}

fn province_name(code: ProvinceCode) -> Option<&'static str> {
    Vintage::Of2022
        .province(code)
        .or_else(|| Vintage::Of2025.province(code))
        .map(|p| p.name)
}
