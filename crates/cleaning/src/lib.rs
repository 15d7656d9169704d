//! cleaning

pub mod summary;
pub mod worklist;
