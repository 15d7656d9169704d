//! Certificates as issuers and verifiers meet them: the public cases, our own, and altered ones; rules, revocation and trust.

mod altered;
mod certlogic;
mod conformance;
mod issue;
mod names;
mod properties;
mod revocation;
mod rules;
mod schema;
mod support;
mod trust;
mod verify;
