//! Workbooks: no bytes make the reader panic or lose a row.
//!
//! The reader catches panics of the library under it, which is what hostile bytes are allowed to cause; so only a panic that comes out
//! counts here, and the fuzzer's own hook, which would end the run at any, is taken off.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: std::panic::set_hook(Box::new(|_| {})),
    |bytes: &[u8]| minhchung_fuzz::read("people.xlsx", bytes)
);
