//! The embedded table, unpacked once.

use std::collections::HashMap;
use std::io::Read as _;
use std::sync::OnceLock;

use super::{Commune, CommuneCode, District, DistrictCode, Province, ProvinceCode};

/// Made by `examples/tables`, see `tables/README.md`.
const PACKED: &[u8] = include_bytes!("../../tables/areas.tsv.deflate");

#[derive(Default)]
pub(super) struct Areas {
    pub(super) of_2022: List,
    pub(super) of_2025: List,
    pub(super) districts: Vec<District>,
    pub(super) province_successors: HashMap<ProvinceCode, ProvinceCode>,
    pub(super) commune_successors: HashMap<CommuneCode, Vec<CommuneCode>>,
}

/// Provinces and communes of one list, by code.
#[derive(Default)]
pub(super) struct List {
    pub(super) provinces: Vec<Province>,
    pub(super) communes: Vec<Commune>,
}

pub(super) fn areas() -> &'static Areas {
    static AREAS: OnceLock<Areas> = OnceLock::new();
    AREAS.get_or_init(|| {
        let mut text = String::new();
        let unpacked = flate2::read::DeflateDecoder::new(PACKED).read_to_string(&mut text);
        assert!(unpacked.is_ok(), "the embedded table of areas is damaged");
        let mut areas = Areas::default();
        for line in text.leak().lines() {
            let line: &'static str = line;
            let read = areas.add(&line.split('\t').collect::<Vec<_>>());
            assert!(
                read.is_some(),
                "the embedded table of areas has a line of no known kind"
            );
        }
        areas
    })
}

impl Areas {
    /// Adds a line; districts come before their communes. `None` for a line that was not written by the generator.
    fn add(&mut self, line: &[&'static str]) -> Option<()> {
        match *line {
            ["P", code, name] => self.of_2022.provinces.push(Province {
                code: province(code)?,
                name,
            }),
            ["D", code, in_province, name] => self.districts.push(District {
                code: DistrictCode(code.parse().ok()?),
                name,
                province: province(in_province)?,
            }),
            ["C", code, in_district, name] => {
                let district = DistrictCode(in_district.parse().ok()?);
                let at = self
                    .districts
                    .binary_search_by_key(&district, |unit| unit.code)
                    .ok()?;
                self.of_2022.communes.push(Commune {
                    code: commune(code)?,
                    name,
                    district: Some(district),
                    province: self.districts.get(at)?.province,
                });
            }
            ["Q", code, name, ref merged @ ..] => {
                let new = province(code)?;
                self.of_2025.provinces.push(Province { code: new, name });
                for old in merged {
                    self.province_successors.insert(province(old)?, new);
                }
            }
            ["N", code, in_province, name] => self.of_2025.communes.push(Commune {
                code: commune(code)?,
                name,
                district: None,
                province: province(in_province)?,
            }),
            ["S", old, ref new @ ..] => {
                let new = new
                    .iter()
                    .map(|code| commune(code))
                    .collect::<Option<_>>()?;
                self.commune_successors.insert(commune(old)?, new);
            }
            _ => return None,
        }
        Some(())
    }
}

fn province(code: &str) -> Option<ProvinceCode> {
    code.parse().ok().map(ProvinceCode)
}

fn commune(code: &str) -> Option<CommuneCode> {
    code.parse().ok().map(CommuneCode)
}
