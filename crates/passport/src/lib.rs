//! The vaccine passport: an EU Digital COVID Certificate (HCERT) from claims to QR text and back.
//!
//! ```text
//!  claims ─► dcc ─► cwt ─► cose ─► zlib ─► base45 ─► HC1:…      issue, by a profile
//!            ▲ schema, value_sets, names, numbering, uvci
//!  claims ◄─ dcc ◄─ cwt ◄─ cose ◄─ zlib ◄─ base45 ◄─ HC1:…      verify, step by step
//! ```
//!
//! Keys and X.509 are the matter of `signing`; images are that of `render`.

pub mod base45;
pub mod cbor;
pub mod certlogic;
pub mod conformance;
pub mod cose;
pub mod cwt;
pub mod dcc;
pub mod issue;
pub mod journal;
pub mod names;
pub mod numbering;
pub mod person;
pub mod profile;
pub mod revocation;
pub mod rules;
pub mod schema;
pub mod trust;
pub mod uvci;
pub mod value_sets;
pub mod verify;
pub mod zlib;
