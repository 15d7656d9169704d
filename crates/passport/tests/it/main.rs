//! Certificates as issuers and verifiers meet them: the public cases, our own, and altered ones.

mod altered;
mod conformance;
mod issue;
mod names;
mod properties;
mod schema;
mod support;
mod verify;
