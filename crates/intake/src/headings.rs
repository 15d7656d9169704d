//! What people call our columns: `headings.toml`, and how two headings compare.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

/// The ways of writing one canonical heading.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    pub(crate) headings: Vec<String>,
    #[serde(default)]
    pub(crate) fallback: Vec<String>,
}

/// Folded names of one field.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    pub(crate) headings: Vec<String>,
    pub(crate) fallback: Vec<String>,
}

/// The folded names of a canonical heading; empty for one that the table does not know.
pub(crate) fn names_of(field: &str) -> &'static Folded {
    static EMPTY: Folded = Folded {
        headings: Vec::new(),
        fallback: Vec::new(),
    };
    static TABLE: OnceLock<BTreeMap<String, Folded>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let fold = |names: &[String]| names.iter().map(|name| key(name)).collect();
        let folded = |names: &Names| Folded {
            headings: fold(&names.headings),
            fallback: fold(&names.fallback),
        };
        read_table()
            .iter()
            .map(|(field, names)| (field.clone(), folded(names)))
            .collect()
    });
    table.get(field).unwrap_or(&EMPTY)
}

/// The embedded table.
pub(crate) fn read_table() -> BTreeMap<String, Names> {
    toml::from_str(include_str!("../headings.toml"))
        .expect("the embedded table of headings is read by a test")
}

/// What of a heading counts: its letters and digits without accents and case; nothing in brackets ("Ngày sinh (dd/mm/yyyy)").
pub(crate) fn key(heading: &str) -> String {
    let mut outside = String::with_capacity(heading.len());
    let mut depth = 0_usize;
    for c in heading.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => outside.push(c),
            _ => {}
        }
    }
    let folded = registry::name::fold(&outside);
    // A heading that stands in brackets altogether still is one.
    let folded = if folded.is_empty() {
        registry::name::fold(heading)
    } else {
        folded
    };
    folded.replace(' ', "")
}

/// How unlike two folded headings are, 0 (equal) to 1: share of letters' pairs that only one of them has.
pub(crate) fn distance(a: &str, b: &str) -> f64 {
    let pairs = |text: &str| {
        let bytes = text.as_bytes();
        let mut pairs: Vec<[u8; 2]> = bytes
            .iter()
            .zip(bytes.iter().skip(1))
            .map(|(x, y)| [*x, *y])
            .collect();
        pairs.sort_unstable();
        pairs
    };
    let (a, b) = (pairs(a), pairs(b));
    let shared = a
        .iter()
        .filter(|pair| b.binary_search(pair).is_ok())
        .count();
    if a.is_empty() && b.is_empty() {
        1.0
    } else {
        1.0 - 2.0 * shared as f64 / (a.len() + b.len()) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use registry::fields::{
        DoseField, FacilityField, Field, LotField, RegisterField, SubjectField,
    };

    fn headings<F: Field>() -> Vec<&'static str> {
        F::ALL.iter().map(|field| field.heading()).collect()
    }

    fn kinds() -> [(&'static str, Vec<&'static str>); 5] {
        [
            ("subjects", headings::<SubjectField>()),
            ("register", headings::<RegisterField>()),
            ("doses", headings::<DoseField>()),
            ("facilities", headings::<FacilityField>()),
            ("lots", headings::<LotField>()),
        ]
    }

    #[test]
    fn the_table_names_every_column_that_the_product_knows_and_no_other() {
        let table = read_table();
        let known: Vec<&str> = kinds().into_iter().flat_map(|(_, fields)| fields).collect();
        for field in &known {
            assert!(table.contains_key(*field), "headings.toml lacks [{field}]");
        }
        for field in table.keys() {
            assert!(
                known.contains(&field.as_str()),
                "[{field}] is no column of ours"
            );
        }
    }

    #[test]
    fn within_one_kind_of_file_a_heading_belongs_to_one_column() {
        for (kind, fields) in kinds() {
            let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
            for field in fields {
                for name in &names_of(field).headings {
                    let owner = owners.entry(name).or_insert(field);
                    assert_eq!(*owner, field, "'{name}' in {kind}");
                }
            }
        }
    }

    #[test]
    fn accents_case_spaces_and_brackets_of_a_heading_do_not_count() {
        for heading in [
            "Họ và tên",
            "HỌ VÀ TÊN (*)",
            "ho_va_ten",
            "HoVaTen",
            "  Họ  và tên:",
            "Họ và tên [bắt buộc]",
        ] {
            assert_eq!(key(heading), "hovaten", "{heading}");
        }
        assert_eq!(key("(CCCD)"), "cccd");
    }

    #[test]
    fn near_headings_are_nearer_than_far_ones() {
        assert!(distance("hovatenday", "hovaten") < 0.5);
        assert!(distance("ngaysinh", "hovaten") > 0.8);
    }
}
