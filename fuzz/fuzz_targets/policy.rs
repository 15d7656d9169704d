//! The ministry's rules and campaigns as files: no text makes the readers panic, and what is read is in order.
#![no_main]

use casework::campaign::file;
use casework::policy::Policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(policy) = Policy::parse(text) {
        let days = policy.eligibility.iter().map(|of| of.valid_from);
        assert!(days.is_sorted());
    }
    let _ = file::parse(text);
});
