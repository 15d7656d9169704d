//! The stages of the job, one file each. A stage is a function from files to files.

pub(crate) mod age;
pub(crate) mod check;
pub(crate) mod dedupe;
pub(crate) mod doses;
pub(crate) mod findings;
pub(crate) mod link;
pub(crate) mod lists;
pub(crate) mod outcome;
pub(crate) mod read;
pub(crate) mod report;
pub(crate) mod verify;
