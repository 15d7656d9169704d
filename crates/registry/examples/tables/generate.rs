//! The text of the embedded table of areas, from the source tables; see `tables/README.md` for its lines.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Reads the three source tables in `folder` and joins them by code.
pub(crate) fn areas(folder: &Path) -> Result<String> {
    let mut out = String::new();
    let old = old_units(folder, &mut out)?;
    let new = new_units(folder)?;
    let converter: Value =
        serde_json::from_reader(std::fs::File::open(folder.join("converter_2025.json"))?)?;
    write_new_provinces(&old, &new, &converter, &mut out)?;
    for (code, (province, name)) in &new.communes {
        writeln!(out, "N\t{code}\t{province}\t{name}")?;
    }
    write_successors(&old, &new, &converter, &mut out)?;
    Ok(out)
}

/// Codes by the keys that the converter uses: names in lower case without spaces, with marks (where a key without would be ambiguous) or
/// without, joined by `_`.
#[derive(Default)]
struct Units {
    provinces: BTreeMap<String, String>,
    communes: BTreeMap<String, (String, String)>,
    by_key: HashMap<String, Vec<String>>,
}

impl Units {
    fn add_commune(&mut self, code: &str, province: &str, path: &[&str]) {
        let name = path.last().copied().unwrap_or_default();
        self.communes
            .insert(code.to_owned(), (province.to_owned(), name.to_owned()));
        let (above, last) = path.split_at(path.len() - 1);
        let above: String = above.iter().map(|name| plain(name) + "_").collect();
        for last in last
            .iter()
            .flat_map(|name| BTreeSet::from([plain(name), marked(name)]))
        {
            let codes = self.by_key.entry(format!("{above}{last}")).or_default();
            codes.push(code.to_owned());
        }
    }

    /// The only commune with this key.
    fn commune(&self, key: &str) -> Option<&str> {
        match self.by_key.get(key).map(Vec::as_slice) {
            Some([code]) => Some(code),
            _ => None,
        }
    }

    fn province(&self, key: &str) -> Result<&str> {
        self.provinces
            .iter()
            .find(|(_, name)| plain(name) == key)
            .map(|(code, _)| code.as_str())
            .ok_or_else(|| format!("no province {key}").into())
    }
}

fn plain(name: &str) -> String {
    registry::name::fold(name).replace(' ', "")
}

fn marked(name: &str) -> String {
    let small = name.to_lowercase();
    small.chars().filter(|c| c.is_alphanumeric()).collect()
}

fn rows(path: &Path) -> Result<Vec<csv::StringRecord>> {
    Ok(csv::Reader::from_path(path)?
        .records()
        .collect::<std::result::Result<_, _>>()?)
}

fn column(row: &csv::StringRecord, at: usize) -> Result<&str> {
    row.get(at).ok_or_else(|| format!("no column {at}").into())
}

/// The units of 2022, written as they are read.
fn old_units(folder: &Path, out: &mut String) -> Result<Units> {
    let mut units = Units::default();
    let mut districts = BTreeMap::new();
    let mut communes = BTreeMap::new();
    for row in rows(&folder.join("admin_units_63p_pre2025.csv"))? {
        let [p, province, d, district, c, commune] =
            [0, 1, 2, 3, 4, 5].map(|at| column(&row, at).unwrap_or_default());
        units.provinces.insert(p.to_owned(), province.to_owned());
        districts.insert(d.to_owned(), format!("{p}\t{district}"));
        // Five island districts have no commune.
        if !c.is_empty() {
            units.add_commune(c, p, &[province, district, commune]);
            communes.insert(c.to_owned(), format!("{d}\t{commune}"));
        }
    }
    for (kind, list) in [('P', &units.provinces), ('D', &districts), ('C', &communes)] {
        for (code, rest) in list {
            writeln!(out, "{kind}\t{code}\t{rest}")?;
        }
    }
    Ok(units)
}

fn new_units(folder: &Path) -> Result<Units> {
    let mut units = Units::default();
    for row in rows(&folder.join("admin_units_34p_2025.csv"))? {
        let [p, province, c, commune] = [0, 1, 2, 3].map(|at| column(&row, at).unwrap_or_default());
        units.provinces.insert(p.to_owned(), province.to_owned());
        units.add_commune(c, p, &[province, commune]);
    }
    Ok(units)
}

fn object<'v>(value: &'v Value, key: &str) -> Result<&'v serde_json::Map<String, Value>> {
    value
        .get(key)
        .and_then(Value::as_object)
        .ok_or_else(|| format!("no object {key}").into())
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn write_new_provinces(
    old: &Units,
    new: &Units,
    converter: &Value,
    out: &mut String,
) -> Result<()> {
    let mut merged = BTreeMap::new();
    for (new_key, old_keys) in object(converter, "DICT_PROVINCE")? {
        let codes = texts(old_keys)
            .map(|key| old.province(key))
            .collect::<Result<BTreeSet<_>>>()?;
        merged.insert(new.province(new_key)?, codes);
    }
    for (code, name) in &new.provinces {
        let sources: Vec<_> = merged
            .get(code.as_str())
            .into_iter()
            .flatten()
            .copied()
            .collect();
        writeln!(out, "Q\t{code}\t{name}\t{}", sources.join("\t"))?;
    }
    Ok(())
}

/// Old communes that went into one new commune whole, and those that were split (the main successor first, the others by code).
fn write_successors(old: &Units, new: &Units, converter: &Value, out: &mut String) -> Result<()> {
    let mut successors: BTreeMap<&str, BTreeSet<(bool, &str)>> = BTreeMap::new();
    let mut add = |old_key: &str, new_key: String, main: bool| {
        if let (Some(from), Some(to)) = (old.commune(old_key), new.commune(&new_key)) {
            successors.entry(from).or_default().insert((!main, to));
        }
    };
    for (province, communes) in object(converter, "DICT_PROVINCE_WARD_NO_DIVIDED")? {
        for (commune, old_keys) in communes.as_object().into_iter().flatten() {
            for old_key in texts(old_keys) {
                add(old_key, format!("{province}_{commune}"), true);
            }
        }
    }
    for (province, communes) in object(converter, "DICT_PROVINCE_WARD_DIVIDED")? {
        for (old_key, parts) in communes.as_object().into_iter().flatten() {
            for part in parts.as_array().into_iter().flatten() {
                let text = |name| part.get(name).and_then(Value::as_str).unwrap_or_default();
                let main = part.get("isDefaultNewWard").and_then(Value::as_bool);
                let new_key = format!("{province}_{}", text("newWardKey"));
                add(old_key, new_key, main.unwrap_or(false));
            }
        }
    }
    for (code, list) in successors {
        let list: Vec<_> = list.into_iter().map(|(_, to)| to).collect();
        writeln!(out, "S\t{code}\t{}", list.join("\t"))?;
    }
    Ok(())
}
