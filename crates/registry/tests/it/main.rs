//! The readers of the crate against tables of cases, against the source tables and against arbitrary text.

mod area;
mod date;
mod identity;
mod legacy;
mod name;
mod small;
mod status;
mod vaccine;
