//! What can go wrong.

use std::path::PathBuf;

use registry::area::ProvinceCode;

use crate::MOST_PEOPLE;

/// Why nothing (more) is invented.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SynthError {
    /// No profile of that name.
    #[error("no profile is called {0:?}; there are brief, hard and national, or a TOML file")]
    UnknownProfile(String),
    /// The profile is no profile: TOML syntax, unknown or missing field, no share.
    #[error("the profile is not usable: {0}")]
    Profile(#[from] toml::de::Error),
    /// Values that cannot be together.
    #[error("the profile is not usable: {0}")]
    ProfileValue(String),
    /// Number of people out of range.
    #[error("{0} people: between 1 and {MOST_PEOPLE} can be invented")]
    People(u64),
    /// Too many people in too few provinces.
    #[error(
        "{0} people are too many for these provinces: their identity numbers would not suffice; name more provinces or fewer people"
    )]
    TooManyPeople(u64),
    /// A province code outside the list of 63.
    #[error("{0} is no province of the 2022 list")]
    UnknownProvince(ProvinceCode),
    /// An empty list of provinces.
    #[error("no province to live in")]
    NoProvince,
    /// The vaccine table lacks a product of the campaign: a fault of ours.
    #[error("the vaccine table has no product {0}")]
    UnknownProduct(&'static str),
    /// More rows than a spreadsheet has.
    #[error(
        "{table} has more than 1,048,575 rows, the most that an Excel sheet holds; write Parquet or CSV"
    )]
    TooManyRows {
        /// Name of the table.
        table: &'static str,
    },
    /// Columns that do not fit: a fault of ours.
    #[error(transparent)]
    Columns(#[from] arrow_schema::ArrowError),
    /// The caller wanted no more.
    #[error("stopped")]
    Stopped,
    /// A file cannot be written.
    #[error("{path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl SynthError {
    /// True when the order has to change; false when the machine or we failed.
    pub fn is_callers(&self) -> bool {
        !matches!(
            self,
            Self::UnknownProduct(_) | Self::Columns(_) | Self::Write { .. }
        )
    }
}
