//! Where people live, and the facilities that vaccinate them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::{Date, date};
use registry::area::{CommuneCode, DistrictCode, ProvinceCode, Vintage, district};

use crate::SynthError;
use crate::dice::{Dice, Weighted, mix};
use crate::names::Region;

/// Inhabitants in thousands by province code: census of 1 April 2019 (General Statistics Office), rounded.
const INHABITANTS: [(u8, u32); 63] = [
    (1, 8054),
    (2, 855),
    (4, 530),
    (6, 314),
    (8, 785),
    (10, 730),
    (11, 599),
    (12, 460),
    (14, 1248),
    (15, 821),
    (17, 854),
    (19, 1287),
    (20, 782),
    (22, 1320),
    (24, 1804),
    (25, 1464),
    (26, 1154),
    (27, 1369),
    (30, 1892),
    (31, 2029),
    (33, 1253),
    (34, 1860),
    (35, 853),
    (36, 1780),
    (37, 983),
    (38, 3640),
    (40, 3328),
    (42, 1289),
    (44, 896),
    (45, 632),
    (46, 1129),
    (48, 1134),
    (49, 1496),
    (51, 1232),
    (52, 1487),
    (54, 873),
    (56, 1231),
    (58, 591),
    (60, 1231),
    (62, 540),
    (64, 1514),
    (66, 1869),
    (67, 623),
    (68, 1297),
    (70, 995),
    (72, 1170),
    (74, 2427),
    (75, 3097),
    (77, 1149),
    (79, 8993),
    (80, 1689),
    (82, 1764),
    (83, 1289),
    (84, 1009),
    (86, 1023),
    (87, 1599),
    (89, 1908),
    (91, 1724),
    (92, 1235),
    (93, 733),
    (94, 1200),
    (95, 907),
    (96, 1194),
];

/// A commune.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) commune: CommuneCode,
    pub(crate) district: DistrictCode,
    pub(crate) province: ProvinceCode,
    pub(crate) name: &'static str,
    pub(crate) district_name: &'static str,
    pub(crate) province_name: &'static str,
    /// In an industrial province of the profile.
    pub(crate) industrial: bool,
    /// Position of the district in [`Places::districts`].
    district_at: u32,
}

impl Place {
    /// Region of the country.
    pub(crate) fn region(&self) -> Region {
        Region::of(self.province.0)
    }

    /// Appends the name of one of its hamlets: always the same for the same number.
    pub(crate) fn write_hamlet(&self, hamlet: u8, out: &mut String) {
        let number = u32::from(hamlet) + 1;
        let urban = self.name.starts_with("Phường") || self.name.starts_with("Thị trấn");
        let south = self.region() == Region::South;
        let kind = match (urban, south) {
            (true, true) => "Khu phố",
            (true, false) => "Tổ dân phố",
            (false, true) => "Ấp",
            (false, false) if self.is_highland() => "Bản",
            (false, false) => "Thôn",
        };
        let key = mix(u64::from(self.commune.0) << 8 | u64::from(hamlet));
        // Writing to a String cannot fail.
        let _ = if !urban && key.is_multiple_of(3) {
            let name = HAMLETS[(key >> 8) as usize % HAMLETS.len()];
            write!(out, "{kind} {name}")
        } else {
            write!(out, "{kind} {number}")
        };
    }

    /// Appends "Thôn 3, Xã Tân Thành, Huyện Phú Bình, Tỉnh Thái Nguyên".
    pub(crate) fn write_address(&self, hamlet: u8, out: &mut String) {
        self.write_hamlet(hamlet, out);
        for part in [self.name, self.district_name, self.province_name] {
            out.push_str(", ");
            out.push_str(part);
        }
    }

    /// Provinces of the north-western mountains, where a hamlet is a bản.
    fn is_highland(&self) -> bool {
        matches!(self.province.0, 2 | 10 | 11 | 12 | 14 | 15 | 17)
    }
}

/// Names of hamlets.
const HAMLETS: [&str; 24] = [
    "Bình Hòa",
    "Đông",
    "Đoài",
    "Trung",
    "Thượng",
    "Hạ",
    "Tân Lập",
    "Tân Tiến",
    "Phú Thịnh",
    "An Bình",
    "Hòa Bình",
    "Đồng Tâm",
    "Quyết Thắng",
    "Tiền Phong",
    "Bình An",
    "Mỹ Lợi",
    "Long Thạnh",
    "Phước Hậu",
    "Vĩnh Phú",
    "Nà Lùng",
    "Suối Cạn",
    "Đồng Mía",
    "Gò Đình",
    "Cây Đa",
];

/// A facility that vaccinates.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) code: String,
    pub(crate) name: String,
    /// Position of its commune in [`Places::list`].
    pub(crate) place: u32,
    /// Nine digits after the zero.
    pub(crate) phone: u32,
    pub(crate) authorised_from: Date,
    pub(crate) closed_on: Option<Date>,
    /// Position of the facility that took over.
    pub(crate) successor: Option<u32>,
}

/// All communes and facilities.
#[derive(Debug)]
pub(crate) struct Places {
    /// Communes of the 2022 list by code.
    pub(crate) list: Vec<Place>,
    /// The health station of each commune, then the centre of each district, then the hospital of each province.
    pub(crate) sites: Vec<Site>,
    districts: Vec<Vec<u32>>,
    /// District centre by district, then hospital by province code.
    hospitals: BTreeMap<u8, u32>,
    homes: Weighted<u32>,
    anywhere: Weighted<u32>,
    industrial: Weighted<u32>,
    by_province: BTreeMap<u8, Weighted<u32>>,
}

impl Places {
    /// The country. Homes are in `provinces`, or everywhere.
    pub(crate) fn new(
        provinces: Option<&[ProvinceCode]>,
        industrial: &[u8],
    ) -> Result<Self, SynthError> {
        if let Some(unknown) = provinces.and_then(|list| {
            list.iter()
                .find(|p| Vintage::Of2022.province(**p).is_none())
        }) {
            return Err(SynthError::UnknownProvince(*unknown));
        }
        let (list, districts) = communes(industrial);
        let weights = inhabitants(&list);
        let weighted = |keep: &dyn Fn(&Place) -> bool| {
            Weighted::new(
                (0..list.len())
                    .filter(|&at| keep(&list[at]))
                    .map(|at| (at as u32, weights[at])),
            )
        };
        let homes = weighted(&|place| provinces.is_none_or(|list| list.contains(&place.province)));
        if homes.is_empty() {
            return Err(SynthError::NoProvince);
        }
        let by_province = INHABITANTS
            .iter()
            .map(|&(code, _)| (code, weighted(&|place| place.province.0 == code)))
            .collect();
        let (anywhere, industrial) = (weighted(&|_| true), weighted(&|place| place.industrial));
        let (sites, hospitals) = facilities(&list, &districts);
        Ok(Self {
            list,
            sites,
            districts,
            hospitals,
            homes,
            anywhere,
            industrial,
            by_province,
        })
    }

    /// A commune.
    pub(crate) fn place(&self, at: u32) -> &Place {
        &self.list[at as usize]
    }

    /// A facility.
    pub(crate) fn site(&self, at: u32) -> &Site {
        &self.sites[at as usize]
    }

    /// A commune of permanent residence.
    pub(crate) fn home(&self, dice: &mut Dice) -> u32 {
        self.homes.draw(dice)
    }

    /// Any commune of the country.
    pub(crate) fn anywhere(&self, dice: &mut Dice) -> u32 {
        self.anywhere.draw(dice)
    }

    /// A commune where industry is; anywhere when the profile names no such province.
    pub(crate) fn industrial(&self, dice: &mut Dice) -> u32 {
        if self.industrial.is_empty() {
            return self.anywhere(dice);
        }
        self.industrial.draw(dice)
    }

    /// A commune of the same province.
    pub(crate) fn same_province(&self, dice: &mut Dice, at: u32) -> u32 {
        self.by_province
            .get(&self.place(at).province.0)
            .map_or(at, |communes| communes.draw(dice))
    }

    /// A commune of the same district.
    pub(crate) fn same_district(&self, dice: &mut Dice, at: u32) -> u32 {
        dice.one(&self.districts[self.place(at).district_at as usize])
    }

    /// The centre of the commune's district.
    pub(crate) fn district_centre(&self, at: u32) -> u32 {
        self.list.len() as u32 + self.place(at).district_at
    }

    /// The hospital of the commune's province.
    pub(crate) fn hospital(&self, at: u32) -> u32 {
        self.hospitals
            .get(&self.place(at).province.0)
            .copied()
            .unwrap_or(at)
    }

    /// The facility that vaccinates on that day when one comes to `site`: before it was authorised the district centre, after it closed
    /// its successor.
    pub(crate) fn open_site(&self, site: u32, day: Date) -> u32 {
        let it = self.site(site);
        let closed = it.closed_on.is_some_and(|last| day > last);
        if closed || day < it.authorised_from {
            return it
                .successor
                .unwrap_or_else(|| self.district_centre(it.place));
        }
        site
    }
}

/// The communes, and those of each district.
fn communes(industrial: &[u8]) -> (Vec<Place>, Vec<Vec<u32>>) {
    let mut numbers: BTreeMap<DistrictCode, u32> = BTreeMap::new();
    let (mut list, mut districts): (Vec<Place>, Vec<Vec<u32>>) = (Vec::new(), Vec::new());
    for commune in Vintage::Of2022.communes() {
        let (Some(in_district), Some(province)) = (
            commune.district.and_then(district),
            Vintage::Of2022.province(commune.province),
        ) else {
            continue;
        };
        let district_at = *numbers.entry(in_district.code).or_insert_with(|| {
            districts.push(Vec::new());
            (districts.len() - 1) as u32
        });
        districts[district_at as usize].push(list.len() as u32);
        list.push(Place {
            commune: commune.code,
            district: in_district.code,
            province: province.code,
            name: commune.name,
            district_name: in_district.name,
            province_name: province.name,
            industrial: industrial.contains(&province.code.0),
            district_at,
        });
    }
    (list, districts)
}

/// Inhabitants of each commune: those of its province, shared by the kind of commune and a fixed unevenness.
fn inhabitants(list: &[Place]) -> Vec<u32> {
    let raw = |place: &Place| {
        let kind: u64 = if place.name.starts_with("Phường") {
            3
        } else {
            2
        };
        kind * (60 + mix(u64::from(place.commune.0)) % 90)
    };
    let mut sums: BTreeMap<u8, u64> = BTreeMap::new();
    for place in list {
        *sums.entry(place.province.0).or_default() += raw(place);
    }
    let thousands: BTreeMap<u8, u32> = INHABITANTS.into_iter().collect();
    list.iter()
        .map(|place| {
            let all = u64::from(thousands.get(&place.province.0).copied().unwrap_or(0)) * 10_000;
            let sum = sums.get(&place.province.0).copied().unwrap_or(1).max(1);
            (all * raw(place) / sum) as u32
        })
        .collect()
}

/// A station in each commune, a centre in each district, a hospital in each province.
fn facilities(list: &[Place], districts: &[Vec<u32>]) -> (Vec<Site>, BTreeMap<u8, u32>) {
    let site = |code: String, name: String, place: u32, authorised_from: Date| {
        let phone = staff_phone(&code);
        Site {
            code,
            name,
            place,
            phone,
            authorised_from,
            closed_on: None,
            successor: None,
        }
    };
    let (start, summer) = (date(2021, 3, 8), date(2021, 6, 15));
    let mut sites: Vec<Site> = list
        .iter()
        .enumerate()
        .map(|(at, place)| {
            let name = format!("Trạm Y tế {}", place.name);
            let mut station = site(format!("TYT-{}", place.commune), name, at as u32, summer);
            // One station in eighty was merged into its district's centre.
            if mix(u64::from(place.commune.0) ^ 0x00c1_05ed).is_multiple_of(80) {
                station.closed_on = Some(date(2022, 1, 31));
                station.successor = Some(list.len() as u32 + place.district_at);
            }
            station
        })
        .collect();
    for communes in districts {
        if let Some((&first, place)) = communes
            .first()
            .and_then(|at| Some((at, list.get(*at as usize)?)))
        {
            let name = format!("Trung tâm Y tế {}", place.district_name);
            sites.push(site(format!("TTYT-{}", place.district), name, first, start));
        }
    }
    let mut hospitals = BTreeMap::new();
    for (at, place) in list.iter().enumerate() {
        hospitals.entry(place.province.0).or_insert_with(|| {
            let name = format!("Bệnh viện Đa khoa {}", place.province_name);
            sites.push(site(
                format!("BVDK-{}", place.province),
                name,
                at as u32,
                start,
            ));
            (sites.len() - 1) as u32
        });
    }
    (sites, hospitals)
}

/// The telephone of a facility, from its code.
fn staff_phone(code: &str) -> u32 {
    let key = code.bytes().fold(0, |key, byte| mix(key ^ u64::from(byte)));
    random_phone(&mut Dice::of_key(key))
}

/// A mobile number: the nine digits after the zero.
pub(crate) fn random_phone(dice: &mut Dice) -> u32 {
    const PREFIXES: [u32; 27] = [
        90, 91, 93, 94, 96, 97, 98, 32, 33, 34, 35, 36, 37, 38, 39, 70, 76, 77, 78, 79, 81, 82, 83,
        84, 85, 86, 88,
    ];
    dice.one(&PREFIXES) * 10_000_000 + dice.below(10_000_000)
}
