//! The vaccine passport: an EU Digital COVID Certificate (HCERT) from claims to QR text and back.

pub mod base45;
pub mod certlogic;
pub mod revocation;
pub mod rules;
pub mod trust;
pub mod zlib;
