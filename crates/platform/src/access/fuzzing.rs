//! What strangers send while they sign in, as the fuzz targets read it: for them alone.

use jiff::Timestamp;

use super::provider::idtoken::{Expected, subject};
use super::{Site, webauthn};

/// A site of the targets.
pub fn site() -> Site {
    Site {
        name: "Minh Chứng".into(),
        domain: "example.vn".into(),
        origins: vec!["https://example.vn".into()],
    }
}

/// Id and key of the credential that an attestation object brings, whatever stands around it.
pub fn attested(object: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let new = webauthn::attested(&site(), object).ok()?;
    Some((new.id, new.public_key))
}

/// Id and key of the credential that an answer registers.
pub fn registered(challenge: &[u8], answer: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let answer = serde_json::from_slice(answer).ok()?;
    let new = webauthn::register(&site(), challenge, &answer).ok()?;
    Some((new.id, new.public_key))
}

/// Whether an answer proves a key.
pub fn proves(challenge: &[u8], answer: &[u8], key: &[u8], handle: &[u8]) -> bool {
    serde_json::from_slice(answer)
        .is_ok_and(|answer| webauthn::assert(&site(), challenge, &answer, key, handle).is_ok())
}

/// Whom an ID token of `https://id.example.vn` for `minhchung` with the nonce `n-0S6` is about.
pub fn told_by(keys: &[u8], token: &str, at: Timestamp) -> Option<String> {
    let keys = serde_json::from_slice(keys).ok()?;
    let expected = Expected {
        issuer: "https://id.example.vn",
        audience: "minhchung",
        nonce: "n-0S6",
        at,
    };
    subject(&keys, token, &expected)
}
