//! The vaccine passport: an EU Digital COVID Certificate (HCERT) from claims to QR text and back.

pub mod base45;
pub mod cbor;
pub mod certlogic;
pub mod cose;
pub mod cwt;
pub mod dcc;
pub mod revocation;
pub mod rules;
pub mod schema;
pub mod trust;
pub mod zlib;
