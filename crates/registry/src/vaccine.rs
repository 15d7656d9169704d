//! The dated table of vaccine products.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use jiff::civil::Date;
use serde::Deserialize;

use crate::name::fold;

/// One product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Our stable key, e.g. `comirnaty`.
    pub key: &'static str,
    /// Product name.
    pub name: &'static str,
    /// Name on Vietnamese platforms ("Pfizer", "Vero Cell").
    pub vn_name: &'static str,
    /// Manufacturer's name as commonly written.
    pub manufacturer: &'static str,
    /// Product family, for DU-03 (`mrna`, `adenovirus`, `inactivated`, `protein`).
    pub family: &'static str,
    /// EU medicinal product code (mp); `None` when not mapped (VP-07).
    pub mp: Option<&'static str>,
    /// EU manufacturer code (ma).
    pub ma: Option<&'static str>,
    /// EU prophylaxis codes (vp), the more specific first.
    pub vp: &'static [&'static str],
    /// Doses of the primary course.
    pub primary_doses: u8,
    /// First licence in Vietnam.
    pub licensed_from: Option<Date>,
    /// Last day of use.
    pub used_until: Option<Date>,
    /// Licensed age in years at the dose.
    pub min_age: u8,
    /// Upper licensed age, if any.
    pub max_age: Option<u8>,
    /// Shortest interval to the previous dose of the primary course, in days.
    pub min_interval_days: u16,
    /// Pattern of its lot numbers as an anchored simple form: `A` letter, `9` digit, other characters literally; several joined by `|`; empty: not checked.
    pub lot_forms: &'static str,
}

/// What a written vaccine means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// Exactly this product.
    Product(&'static Product),
    /// By a misspelling or an old code that maps to this product (VP-02 safe fix, VP-04 when `deprecated`).
    Alias {
        /// The product.
        product: &'static Product,
        /// The text is a deprecated code.
        deprecated: bool,
    },
    /// "Covid vaccine": generic (VP-03).
    Generic,
    /// "Vero Cell" without a manufacturer: several products.
    Ambiguous(&'static [&'static Product]),
    /// Not in the table.
    Unknown,
}

/// The whole table, in the order of the licences as the source table lists them.
pub fn products() -> &'static [Product] {
    table().products
}
/// By key.
pub fn product(key: &str) -> Option<&'static Product> {
    products().iter().find(|product| product.key == key)
}
/// What a written name means, with the manufacturer where it is given. The manufacturer decides only between products that share the name;
/// whether it contradicts the product is rule VP-05.
///
/// ```
/// use registry::vaccine::{Named, named};
/// assert!(matches!(named("Pfizer", None), Named::Product(p) if p.key == "comirnaty"));
/// assert!(matches!(named("vac xin Astra Zenica", None), Named::Alias { product, deprecated: false } if product.key == "vaxzevria"));
/// assert!(matches!(named("Vero Cell", None), Named::Ambiguous([_, _])));
/// assert!(matches!(named("Vero Cell", Some("Beijing Institute")), Named::Product(p) if p.key == "bbibp-corv"));
/// ```
pub fn named(vaccine: &str, manufacturer: Option<&str>) -> Named {
    let table = table();
    let folded = fold(vaccine);
    let found = |text: &str| match table.names.get(text) {
        Some(Named::Ambiguous(several)) => decided(several, manufacturer),
        Some(named) => *named,
        None => Named::Unknown,
    };
    let whole = found(&folded.replace(' ', ""));
    if whole != Named::Unknown {
        return whole;
    }
    let words: Vec<_> = folded.split(' ').collect();
    let telling = |word: &&&str| !table.noise.contains(**word);
    let rest: String = words.iter().filter(telling).copied().collect();
    if rest.is_empty() {
        return if folded.is_empty() {
            Named::Unknown
        } else {
            Named::Generic
        };
    }
    match found(&rest) {
        Named::Product(product) => Named::Alias {
            product,
            deprecated: false,
        },
        other => other,
    }
}
/// What a written manufacturer means: products of that manufacturer, in the order of the table; none for a text that names no maker we know.
pub fn products_of_manufacturer(text: &str) -> Vec<&'static Product> {
    let written = squeezed(text);
    let owners = |maker: &String| {
        let owns = |index: &usize| {
            let makers = table().makers.get(*index);
            makers.is_some_and(|list| list.contains(maker))
        };
        (0..products().len()).filter(owns).collect::<Vec<_>>()
    };
    // "Sinopharm, Wuhan": the word that fewest makers share decides.
    table()
        .makers
        .iter()
        .flatten()
        .filter(|maker| written.contains(*maker))
        .map(owners)
        .min_by_key(Vec::len)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|index| products().get(index))
        .collect()
}
/// First day of the national campaign (8 March 2021).
pub const CAMPAIGN_START: Date = jiff::civil::date(2021, 3, 8);

/// A shared name with the manufacturer that may decide.
fn decided(several: &'static [&'static Product], manufacturer: Option<&str>) -> Named {
    let makers = manufacturer.map(products_of_manufacturer);
    let mut fitting = several.iter().filter(|product| {
        makers
            .iter()
            .flatten()
            .any(|other| other.key == product.key)
    });
    match (fitting.next(), fitting.next()) {
        (Some(product), None) => Named::Product(product),
        _ => Named::Ambiguous(several),
    }
}

/// The form in which names are compared: folded, without spaces.
fn squeezed(text: &str) -> String {
    fold(text).replace(' ', "")
}

/// Written by hand, see its first lines.
const SOURCE: &str = include_str!("../tables/vaccines.toml");

struct Table {
    products: &'static [Product],
    names: HashMap<String, Named>,
    noise: HashSet<String>,
    /// Squeezed words of makers, by position of the product.
    makers: Vec<Vec<String>>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| match toml::from_str::<File>(SOURCE) {
        Ok(file) => file.table(),
        Err(error) => unreachable!("the embedded table of vaccines: {error}"),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    generic: Vec<String>,
    noise: HashSet<String>,
    product: Vec<Entry>,
    shared: Vec<Shared>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    name: String,
    vn_name: String,
    manufacturer: String,
    makers: Vec<String>,
    family: String,
    mp: Option<String>,
    ma: Option<String>,
    vp: Vec<String>,
    primary_doses: u8,
    licensed_from: Option<Date>,
    used_until: Option<Date>,
    min_age: u8,
    max_age: Option<u8>,
    min_interval_days: u16,
    lot_forms: String,
    #[expect(
        dead_code,
        reason = "for readers of the table; its presence is required"
    )]
    source: String,
    names: Vec<String>,
    aliases: Vec<String>,
    #[serde(default)]
    deprecated: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    names: Vec<String>,
    products: Vec<String>,
}

impl File {
    fn table(self) -> Table {
        let products: &'static [Product] = self
            .product
            .iter()
            .map(Entry::product)
            .collect::<Vec<_>>()
            .leak();
        let mut names = HashMap::new();
        for generic in &self.generic {
            names.insert(squeezed(generic), Named::Generic);
        }
        for (entry, product) in self.product.iter().zip(products) {
            for (name, named) in entry.named(product) {
                names.insert(squeezed(name), named);
            }
        }
        // Last: "Vero Cell" is the Vietnamese name of two products.
        for shared in &self.shared {
            let several: &'static [&'static Product] = products
                .iter()
                .filter(|product| shared.products.iter().any(|key| key == product.key))
                .collect::<Vec<_>>()
                .leak();
            for name in &shared.names {
                names.insert(squeezed(name), Named::Ambiguous(several));
            }
        }
        let makers = self.product.iter().map(|entry| &entry.makers);
        Table {
            products,
            names,
            makers: makers
                .map(|words| words.iter().map(|word| squeezed(word)).collect())
                .collect(),
            noise: self.noise,
        }
    }
}

impl Entry {
    fn product(&self) -> Product {
        let text = |text: &String| -> &'static str { text.clone().leak() };
        Product {
            key: text(&self.key),
            name: text(&self.name),
            vn_name: text(&self.vn_name),
            manufacturer: text(&self.manufacturer),
            family: text(&self.family),
            mp: self.mp.as_ref().map(text),
            ma: self.ma.as_ref().map(text),
            vp: self.vp.iter().map(text).collect::<Vec<_>>().leak(),
            primary_doses: self.primary_doses,
            licensed_from: self.licensed_from,
            used_until: self.used_until,
            min_age: self.min_age,
            max_age: self.max_age,
            min_interval_days: self.min_interval_days,
            lot_forms: text(&self.lot_forms),
        }
    }

    fn named(&self, product: &'static Product) -> impl Iterator<Item = (&String, Named)> {
        let alias = |deprecated| {
            move |name| {
                let named = Named::Alias {
                    product,
                    deprecated,
                };
                (name, named)
            }
        };
        let right = [&self.key, &self.name, &self.vn_name]
            .into_iter()
            .chain(&self.mp)
            .chain(&self.names)
            .map(move |name| (name, Named::Product(product)));
        let aliases = self.aliases.iter().map(alias(false));
        let deprecated = self.deprecated.iter().map(alias(true));
        aliases.chain(deprecated).chain(right)
    }
}
