//! The dated table of vaccine products.

use jiff::civil::Date;

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
    /// By an alias or an old code that maps to this product (VP-02 safe fix, VP-04 when `deprecated`).
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

/// The whole table.
pub fn products() -> &'static [Product] {
    todo!()
}
/// By key.
pub fn product(key: &str) -> Option<&'static Product> {
    let _ = key;
    todo!()
}
/// What a written name means, with the manufacturer where it is given.
pub fn named(vaccine: &str, manufacturer: Option<&str>) -> Named {
    let _ = (vaccine, manufacturer);
    todo!()
}
/// What a written manufacturer means: keys of products of that manufacturer.
pub fn products_of_manufacturer(text: &str) -> Vec<&'static Product> {
    let _ = text;
    todo!()
}
/// First day of the national campaign (8 March 2021).
pub const CAMPAIGN_START: Date = jiff::civil::date(2021, 3, 8);
