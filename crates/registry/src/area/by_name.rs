//! Units by the names that people write: with, without or with a shortened kind, with or without marks.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::{CommuneCode, DistrictCode, ProvinceCode, Vintage, districts};
use crate::name::{fold, key};

pub(super) fn province(list: Vintage, text: &str) -> Option<ProvinceCode> {
    static OF_2022: OnceLock<HashMap<String, ProvinceCode>> = OnceLock::new();
    static OF_2025: OnceLock<HashMap<String, ProvinceCode>> = OnceLock::new();
    let names = match list {
        Vintage::Of2022 => &OF_2022,
        Vintage::Of2025 => &OF_2025,
    };
    let provinces = names.get_or_init(|| {
        let names = list
            .provinces()
            .iter()
            .map(|unit| (Written::of(unit.name).bare().replace(' ', ""), unit.code));
        let aliases = PROVINCE_ALIASES
            .iter()
            .map(|&(name, code)| (name.to_owned(), ProvinceCode(code)))
            .filter(|(_, code)| list.province(*code).is_some());
        names.chain(aliases).collect()
    });
    let written = Written::of(text);
    [&written.folded, &written.bare()]
        .iter()
        .find_map(|name| provinces.get(&name.replace(' ', "")))
        .copied()
}

/// Names of provinces that are not in the lists: the name of Huế until 2024, common abbreviations and spellings of highland names.
const PROVINCE_ALIASES: &[(&str, u8)] = &[
    ("thuathienhue", 46),
    ("tthue", 46),
    ("hcm", 79),
    ("tphcm", 79),
    ("saigon", 79),
    ("hn", 1),
    ("brvt", 77),
    ("vungtau", 77),
    ("daclac", 66),
    ("daclak", 66),
    ("darlac", 66),
    ("dacnong", 67),
    ("baccan", 6),
];

pub(super) fn district(province: ProvinceCode, text: &str) -> Option<DistrictCode> {
    static DISTRICTS: OnceLock<Index<ProvinceCode, DistrictCode>> = OnceLock::new();
    DISTRICTS
        .get_or_init(|| {
            Index::of(
                districts()
                    .iter()
                    .map(|unit| (unit.province, unit.name, unit.code)),
            )
        })
        .find(province, text)
}

pub(super) fn commune(
    province: ProvinceCode,
    district: Option<DistrictCode>,
    text: &str,
) -> Option<CommuneCode> {
    static BY_PROVINCE: OnceLock<Index<ProvinceCode, CommuneCode>> = OnceLock::new();
    static BY_DISTRICT: OnceLock<Index<(ProvinceCode, DistrictCode), CommuneCode>> =
        OnceLock::new();
    let communes = Vintage::Of2022.communes();
    match district {
        Some(district) => BY_DISTRICT
            .get_or_init(|| {
                Index::of(communes.iter().filter_map(|unit| {
                    Some(((unit.province, unit.district?), unit.name, unit.code))
                }))
            })
            .find((province, district), text),
        None => BY_PROVINCE
            .get_or_init(|| {
                Index::of(
                    communes
                        .iter()
                        .map(|unit| (unit.province, unit.name, unit.code)),
                )
            })
            .find(province, text),
    }
}

/// Units of one level by the bare folded name inside their parent.
struct Index<Parent, Code>(HashMap<(Parent, String), Vec<(&'static str, Code)>>);

impl<Parent: Copy + Eq + std::hash::Hash, Code: Copy> Index<Parent, Code> {
    fn of(units: impl Iterator<Item = (Parent, &'static str, Code)>) -> Self {
        let mut index: HashMap<_, Vec<_>> = HashMap::new();
        for (parent, name, code) in units {
            let bare = Written::of(name).bare();
            index.entry((parent, bare)).or_default().push((name, code));
        }
        Self(index)
    }

    /// The only unit whose name this is; among several the kind decides first, then the marks.
    fn find(&self, parent: Parent, text: &str) -> Option<Code> {
        let written = Written::of(text);
        let list = [written.folded.clone(), written.bare()]
            .into_iter()
            .find_map(|name| self.0.get(&(parent, name)))?;
        let of_kind = || {
            list.iter()
                .filter(|(name, _)| Written::of(name).kind == written.kind)
        };
        only(list.iter())
            .or_else(|| only(of_kind()))
            .or_else(|| only(of_kind().filter(|(name, _)| key(name) == key(text))))
            .or_else(|| {
                only(
                    list.iter()
                        .filter(|(name, _)| bare_key(name) == bare_key(text)),
                )
            })
    }
}

/// The name without its kind, with its marks.
fn bare_key(name: &str) -> String {
    let kind_words = match Written::of(name).kind {
        None => 0,
        Some("thi xa" | "thi tran" | "thanh pho" | "dac khu") if !name.contains('.') => 2,
        Some(_) => 1,
    };
    let marked = key(name).replace('.', " ");
    let words: Vec<_> = marked.split_whitespace().skip(kind_words).collect();
    words.join(" ")
}

fn only<'u, Code: Copy + 'u>(
    mut units: impl Iterator<Item = &'u (&'static str, Code)>,
) -> Option<Code> {
    let (_, code) = units.next()?;
    units.next().is_none().then_some(*code)
}

/// A folded name and the kind of unit that it begins with.
struct Written {
    folded: String,
    kind: Option<&'static str>,
    /// Where the name begins behind its kind.
    start: usize,
}

/// Kinds of units and their abbreviations, the longer first.
const KINDS: &[(&str, &str)] = &[
    ("thanh pho", "thanh pho"),
    ("thi tran", "thi tran"),
    ("dac khu", "dac khu"),
    ("phuong", "phuong"),
    ("thi xa", "thi xa"),
    ("huyen", "huyen"),
    ("tinh", "tinh"),
    ("quan", "quan"),
    ("xa", "xa"),
    ("tp", "thanh pho"),
    ("tx", "thi xa"),
    ("tt", "thi tran"),
    ("h", "huyen"),
    ("q", "quan"),
    ("p", "phuong"),
    ("x", "xa"),
    ("t", "tinh"),
];

impl Written {
    fn of(name: &str) -> Self {
        let folded = fold(name);
        let found = KINDS.iter().find_map(|&(word, kind)| {
            let rest = folded.strip_prefix(word)?;
            let numbered = rest.starts_with(|c: char| c.is_ascii_digit());
            (rest.starts_with(' ') || numbered).then(|| (kind, word.len() + usize::from(!numbered)))
        });
        Self {
            kind: found.map(|(kind, _)| kind),
            start: found.map_or(0, |(_, start)| start),
            folded,
        }
    }

    /// The name without its kind; a number without its leading zeros ("Phường 01").
    fn bare(&self) -> String {
        let bare = self.folded.get(self.start..).unwrap_or_default();
        match bare.parse::<u16>() {
            Ok(number) => number.to_string(),
            Err(_) => bare.to_owned(),
        }
    }
}
