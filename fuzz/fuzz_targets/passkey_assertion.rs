//! A passkey is proved: whatever is sent, nobody proves one without its private key.
//!
//! The bytes are a length and authenticator data, a length and a signature, and what the browser says; or a whole answer.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use minhchung_fuzz::sign_in::{CHALLENGE, PASSKEY};
use platform::access::fuzzing::proves;
use serde_json::json;

fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

fuzz_target!(|bytes: &[u8]| {
    assert!(!proves(CHALLENGE, bytes, PASSKEY, b"A1"));
    let Some((data, rest)) = part(bytes) else {
        return;
    };
    let Some((signature, client_data)) = part(rest) else {
        return;
    };
    let answer = json!({
        "id": "AQ",
        "type": "public-key",
        "response": {
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
            "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "signature": URL_SAFE_NO_PAD.encode(signature),
        },
    });
    let answer = answer.to_string();
    assert!(!proves(CHALLENGE, answer.as_bytes(), PASSKEY, b"A1"));
    // A key that came with the bytes is read like any other.
    proves(CHALLENGE, answer.as_bytes(), signature, b"A1");
});
