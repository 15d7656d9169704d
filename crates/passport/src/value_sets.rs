//! The EU's value sets, release 2.12.0 of 12 July 2023, the last one: which codes exist, and which manufacturer and prophylaxis belong to
//! a product.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::Value;

/// One value set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// `tg`
    Disease,
    /// `vp`
    Prophylaxis,
    /// `mp`
    Product,
    /// `ma` of a vaccination. Of tests there is no complete set.
    Manufacturer,
    /// `co`
    Country,
    /// `tt`
    TestType,
    /// `tr`
    TestResult,
}

/// How a code stands in its set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// May be used.
    Active,
    /// Was used; certificates with it stay valid, new ones must not have it.
    Deprecated,
    /// Not in the set.
    Unknown,
}

/// What belongs to a product (vaccine encoding instructions, 5 May 2023).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoding {
    /// The manufacturer or authorisation holder, `ma`.
    pub manufacturer: String,
    /// Codes that `vp` may have.
    pub prophylaxis: Vec<String>,
    /// Whether new certificates may have the product's code.
    pub issuable: bool,
}

/// A release of all value sets.
#[derive(Debug)]
pub struct ValueSets {
    sets: [FxHashMap<String, Code>; 7],
    encodings: FxHashMap<String, Encoding>,
    lists: Value,
}

impl ValueSets {
    /// Release 2.12.0.
    pub fn eu() -> &'static Self {
        static EU: OnceLock<ValueSets> = OnceLock::new();
        EU.get_or_init(Self::embedded)
    }

    /// The release, as a profile names it.
    pub const RELEASE: &str = "2.12.0";

    /// How a code stands.
    ///
    /// ```
    /// use passport::value_sets::{Set, Standing, ValueSets};
    /// let sets = ValueSets::eu();
    /// assert_eq!(sets.standing(Set::Product, "EU/1/20/1528"), Standing::Active);
    /// assert_eq!(sets.standing(Set::Prophylaxis, "J07BX03"), Standing::Deprecated);
    /// assert_eq!(sets.standing(Set::Product, "AstraZeneca"), Standing::Unknown);
    /// ```
    pub fn standing(&self, set: Set, code: &str) -> Standing {
        match self.set(set).get(code) {
            Some(code) if code.active => Standing::Active,
            Some(_) => Standing::Deprecated,
            None => Standing::Unknown,
        }
    }

    /// The name of a code for people, English.
    pub fn display(&self, set: Set, code: &str) -> Option<&str> {
        self.set(set).get(code).map(|code| code.display.as_str())
    }

    /// What belongs to a product code.
    pub fn encoding(&self, product: &str) -> Option<&Encoding> {
        self.encodings.get(product)
    }

    /// The codes of each set under its own name (`vaccines-covid-19-names` …), as business rules refer to them.
    pub fn lists(&self) -> &Value {
        &self.lists
    }

    fn set(&self, set: Set) -> &FxHashMap<String, Code> {
        let [
            disease,
            prophylaxis,
            product,
            manufacturer,
            country,
            kind,
            result,
        ] = &self.sets;
        match set {
            Set::Disease => disease,
            Set::Prophylaxis => prophylaxis,
            Set::Product => product,
            Set::Manufacturer => manufacturer,
            Set::Country => country,
            Set::TestType => kind,
            Set::TestResult => result,
        }
    }

    fn embedded() -> Self {
        let files = SOURCES.map(|source| match serde_json::from_str::<File>(source) {
            Ok(file) => file,
            Err(error) => unreachable!("an embedded value set: {error}"),
        });
        let lists = files
            .iter()
            .map(|file| (file.id.clone(), file.values.keys().cloned().collect()))
            .collect();
        Self {
            lists: Value::Object(lists),
            sets: files.map(|file| file.values),
            encodings: encodings(),
        }
    }
}

macro_rules! embedded {
    ($name:literal) => {
        include_str!(concat!("../../../data/dcc/valuesets/", $name))
    };
}

/// In the order of [`Set`].
const SOURCES: [&str; 7] = [
    embedded!("disease-agent-targeted.json"),
    embedded!("vaccine-prophylaxis.json"),
    embedded!("vaccine-medicinal-product.json"),
    embedded!("vaccine-mah-manf.json"),
    embedded!("country-2-codes.json"),
    embedded!("test-type.json"),
    embedded!("test-result.json"),
];

#[derive(Deserialize)]
struct File {
    #[serde(rename = "valueSetId")]
    id: String,
    #[serde(rename = "valueSetValues")]
    values: FxHashMap<String, Code>,
}

#[derive(Debug, Deserialize)]
struct Code {
    display: String,
    active: bool,
}

fn encodings() -> FxHashMap<String, Encoding> {
    #[derive(Deserialize)]
    struct Row {
        mp: String,
        ma: String,
        vp_allowed: String,
        issue_allowed: String,
    }
    let rows = csv::Reader::from_reader(embedded!("vaccine-encoding-instructions.csv").as_bytes())
        .into_deserialize()
        .collect::<Result<Vec<Row>, _>>();
    let rows = match rows {
        Ok(rows) => rows,
        Err(error) => unreachable!("the embedded encoding instructions: {error}"),
    };
    let encoding = |row: Row| {
        let encoding = Encoding {
            manufacturer: row.ma,
            prophylaxis: row.vp_allowed.split('|').map(str::to_owned).collect(),
            issuable: row.issue_allowed == "yes",
        };
        (row.mp, encoding)
    };
    rows.into_iter().map(encoding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_has_its_published_counts() {
        let sets = ValueSets::eu();
        let counts = sets.sets.each_ref().map(FxHashMap::len);
        assert_eq!(counts, [1, 9, 39, 31, 250, 2, 2]);
        assert_eq!(sets.encodings.len(), 39);
        assert_eq!(sets.lists().as_object().map(serde_json::Map::len), Some(7));
    }

    #[test]
    fn every_code_of_the_encoding_instructions_is_in_its_set() {
        let sets = ValueSets::eu();
        for (product, encoding) in &sets.encodings {
            assert_ne!(sets.standing(Set::Product, product), Standing::Unknown);
            let maker = sets.standing(Set::Manufacturer, &encoding.manufacturer);
            assert_ne!(maker, Standing::Unknown, "{product}");
            for code in &encoding.prophylaxis {
                let standing = sets.standing(Set::Prophylaxis, code);
                assert_eq!(standing, Standing::Active, "{product}");
            }
        }
    }

    #[test]
    fn every_vaccine_of_the_country_with_a_code_can_be_issued() {
        let sets = ValueSets::eu();
        for product in registry::vaccine::products() {
            let Some(encoding) = product.mp.and_then(|mp| sets.encoding(mp)) else {
                continue;
            };
            assert!(encoding.issuable, "{}", product.key);
            assert_eq!(product.ma, Some(encoding.manufacturer.as_str()));
            for vp in product.vp {
                assert!(encoding.prophylaxis.iter().any(|code| code == vp));
            }
        }
    }
}
