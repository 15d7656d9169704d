//! Finds the person behind a record: standardise, block, compare, weigh the evidence, choose, explain.
//!
//! The engine is driven by a [`Spec`] (which columns, how they are compared, which keys bring two records together) and knows no file
//! format: callers push rows of text into a [`RecordsBuilder`] and read [`Links`] back. The built-in spec `vietnam` knows Vietnamese names,
//! personal numbers, dates and administrative units; `febrl3`, `febrl4`, `fake_1000` and `who_person` show how other files are described.
//!
//! ```
//! use linkage::{Linker, RecordsBuilder, Silent, Spec, TrainOptions};
//!
//! let spec = Spec::builtin("who_person").expect("a built-in name");
//! // unique_id, family_name, given_name, birth_date, sex, postal_code
//! let mut subjects = RecordsBuilder::new(&spec);
//! subjects.push(&[Some("s1"), Some("Silva"), Some("Ana"), Some("1984-05-03"), Some("F"), Some("4011")])?;
//! let mut register = RecordsBuilder::new(&spec);
//! register.push(&[Some("r1"), Some("Silva"), Some("Ana"), Some("1984-05-03"), Some("F"), Some("4011")])?;
//! register.push(&[Some("r2"), Some("Costa"), Some("Rui"), Some("1971-11-20"), Some("M"), Some("4012")])?;
//!
//! let (subjects, register) = (subjects.finish(), register.finish());
//! let linker = Linker::new(&spec, &subjects, &register);
//! let candidates = linker.candidates(&Silent);
//! let model = linker.train(&candidates, &TrainOptions::default())?;
//! let links = linker.link(&model, &candidates, &Silent)?;
//! assert_eq!(links.best(0).map(|found| found.b_row), Some(0));
//! # Ok::<(), linkage::Error>(())
//! ```
//!
//! The method and what was measured are in `docs/linkage.md`.

pub mod auto;
mod block;
mod chart;
mod check;
mod claims;
mod cluster;
mod compare;
mod dedupe;
mod distance;
pub mod evaluate;
mod explain;
mod frequency;
mod hash;
mod index;
mod link;
mod model;
mod name;
mod records;
mod report;
pub mod shape;
mod spec;
pub mod verify;

pub use block::{Candidates, RulePlan, RuleReport};
pub use check::{Useless, useless_columns};
pub use claims::{Claim, Claims, ClaimsError, Docket, RecordClaims};
pub use cluster::{Contradiction, Statements};
pub use compare::Pair;
pub use dedupe::{Clusters, DedupeOptions, ScoredPair, dedupe};
pub use explain::{
    Difference, Explanation, FieldEvidence, Reason, Rival, reason_en, reason_vi, rule_names,
};
pub use index::{Index, IndexError, write_index};
pub use link::{Candidate, Linker, Links, Outcome, Veto};
pub use model::{
    Careless, ComparisonModel, Dependence, LevelChange, LevelModel, Model, ModelError, Provenance,
    TrainOptions,
};
pub use records::{Records, RecordsBuilder, RowError};
pub use report::{Outcomes, WeighedLink, model_report};
pub use spec::{ColumnSpec, Spec, SpecError};

/// What stands for an id where millions of them are watched for one that comes twice.
pub fn id_hash(id: &str) -> u64 {
    hash::bytes(id.as_bytes())
}

/// Told how far a long stage is; called from several threads.
pub trait Progress: Sync {
    /// A stage starts; `total` is in the units that [`Progress::advance`] counts.
    fn stage(&self, name: &'static str, total: u64);
    /// So many units more are done.
    fn advance(&self, units: u64);
}

/// A [`Progress`] that says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _name: &'static str, _total: u64) {}
    fn advance(&self, _units: u64) {}
}

/// Anything that can go wrong between a spec and its links.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The spec is no spec.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A row does not fit the spec.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The model cannot be trained or does not belong to the spec.
    #[error(transparent)]
    Model(#[from] ModelError),
}
