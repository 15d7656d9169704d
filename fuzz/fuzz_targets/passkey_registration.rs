//! A new passkey: no attestation object makes the reader panic, and the credential that it brings is the one that an answer registers.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use minhchung_fuzz::sign_in::CHALLENGE;
use platform::access::fuzzing::{attested, registered, site};
use serde_json::json;

fuzz_target!(|object: &[u8]| {
    // The bytes as a whole answer, and as what is in one.
    registered(CHALLENGE, object);
    let Some((id, key)) = attested(object) else {
        return;
    };
    let client_data = json!({
        "type": "webauthn.create",
        "challenge": URL_SAFE_NO_PAD.encode(CHALLENGE),
        "origin": site().origins[0],
    });
    let answer = |id: &[u8]| {
        let answer = json!({
            "id": URL_SAFE_NO_PAD.encode(id),
            "type": "public-key",
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data.to_string()),
                "attestationObject": URL_SAFE_NO_PAD.encode(object),
            },
        });
        registered(CHALLENGE, answer.to_string().as_bytes())
    };
    let other = [id.as_slice(), b"!"].concat();
    assert_eq!(answer(&other), None);
    assert_eq!(answer(&id), Some((id, key)));
});
