//! Key files: no text makes the reader panic or work longer than it may, and only an encrypted key is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signing::SoftwareKey;

fuzz_target!(|text: &str| {
    let _ = SoftwareKey::from_encrypted_pem(text, b"passphrase");
    let _ = SoftwareKey::from_pkcs8_der(text.as_bytes());
});
