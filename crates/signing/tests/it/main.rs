//! Keys, certificates and signatures as callers use them.

mod batches;
mod canonical;
mod certificates;
mod chains;
mod keys;
mod providers;
mod rings;
mod tokens;

use std::sync::Arc;

use jiff::Timestamp;
use signing::authority::{Request, Subject, Validity, create_authority, issue_signer};
use signing::{Certificate, KeyKind, KeyPair, Purpose, SoftwareKey};

/// A moment, as RFC 3339 text.
fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn from_to(not_before: &str, not_after: &str) -> Validity {
    Validity {
        not_before: at(not_before),
        not_after: at(not_after),
    }
}

fn subject(common_name: &str) -> Subject {
    Subject {
        country: "VN".to_owned(),
        organisation: "Bộ Y tế (thử nghiệm)".to_owned(),
        common_name: common_name.to_owned(),
    }
}

fn software(kind: KeyKind) -> Arc<dyn KeyPair> {
    Arc::new(SoftwareKey::generate(kind).expect("randomness"))
}

/// An authority, valid from 2026 to 2036.
fn authority(key: &dyn KeyPair) -> Certificate {
    let validity = from_to("2026-01-01T00:00:00Z", "2036-01-01T00:00:00Z");
    create_authority(key, &subject("CSCA thử nghiệm"), validity).expect("creates")
}

/// A signer for vaccinations, valid as given.
fn signer(
    authority_key: &dyn KeyPair,
    authority: &Certificate,
    key: &dyn KeyPair,
    validity: Validity,
) -> Certificate {
    let request = Request::create(key, &subject("DSC thử nghiệm")).expect("requests");
    issue_signer(
        authority_key,
        authority,
        &request,
        &[Purpose::Vaccination],
        validity,
    )
    .expect("issues")
}
