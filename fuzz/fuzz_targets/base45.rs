//! Base45: no text makes the reader panic, and what it reads has one spelling only.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passport::base45;

fuzz_target!(|text: &str| {
    if let Ok(bytes) = base45::decode(text) {
        let mut again = String::new();
        base45::encode_into(&bytes, &mut again);
        assert_eq!(again, text);
    }
});
