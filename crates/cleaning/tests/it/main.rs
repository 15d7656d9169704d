//! The job on invented countries whose truth is known, its report and its lists.

mod job;
mod lists;
mod report;
mod sample;
