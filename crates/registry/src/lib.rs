//! The words of the field, each parsed once and impossible to hold wrong.
//!
//! Everything here is pure: no I/O, no clock, no file format, no screen. "Parse, don't validate": a
//! value of a type of this crate is right by construction.

pub mod area;
pub mod date;
pub mod facility;
pub mod fields;
pub mod identity;
pub mod name;
pub mod phone;
pub mod sex;
pub mod status;
pub mod text;
pub mod vaccine;
