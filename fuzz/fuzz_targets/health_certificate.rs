//! A whole code, as a scanner hands it over, and a whole message: nothing is valid that nobody signed, and every report has a sentence.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passport::verify::{verify, verify_message};
use signing::Certificate;

fuzz_target!(|bytes: &[u8]| {
    let nobody: &[Certificate] = &[];
    let text = String::from_utf8_lossy(bytes);
    let now = jiff::Timestamp::UNIX_EPOCH;
    for report in [
        verify(&text, nobody, now),
        verify_message(bytes, nobody, now),
    ] {
        assert!(!report.is_valid());
        assert!(!report.sentence().vi.is_empty());
    }
});
