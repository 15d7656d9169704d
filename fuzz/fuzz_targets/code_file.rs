//! Photos and PDFs: no bytes make the reader of codes panic.
//!
//! The reader catches panics of the libraries under it, which is what hostile bytes are allowed to cause; so only a panic that comes out
//! counts here, and the fuzzer's own hook, which would end the run at any, is taken off.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: std::panic::set_hook(Box::new(|_| {})),
    |bytes: &[u8]| {
        if let Ok(codes) = render::read_codes(bytes) {
            assert!(!codes.is_empty(), "a success has a code");
        }
    }
);
