//! What is wrong in a record: the catalogue of data-quality rules, and the engine that applies them.
//!
//! The catalogue is one table (`rules.toml`), executed and shown. The same engine runs on every path by which a record comes in:
//! [`check_subject`] and [`check_dose`] look at one record, [`check_series`] at all doses of a person, [`check_against_register`] at a person and
//! the register's entry, [`check_pair`] at two records, [`FileChecks`] at a whole file.

mod catalogue;
mod context;
mod dose;
pub mod examples;
mod file;
mod finding;
mod limits;
mod markdown;
mod mask;
mod pair;
mod register;
mod rule_id;
mod series;
mod subject;
mod tables;
mod text;

pub use catalogue::{
    About, Block, Catalogue, CatalogueError, Change, Needs, Rule, SafeFix, Severity, catalogue,
};
pub use context::Context;
pub use dose::{DoseFacts, DoseNumber, check_dose};
pub use file::{FileChecks, FileFinding, Place};
pub use finding::{Finding, Fix, Other};
pub use markdown::markdown;
pub use mask::mask;
pub use pair::{Side, check_pair};
pub use register::{
    Answer, Life, RegisterFacts, check_against_register, check_doses_against_register,
};
pub use rule_id::RuleId;
pub use series::{DuplicateGroup, Survivor, check_series};
pub use subject::{Nationality, Number, SubjectFacts, check_subject};
pub use tables::{FacilityTable, LotTable, TableError};
