//! The journal of an issuing run: no text makes the reader panic, and what was read is written and read back as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passport::journal;

fuzz_target!(|text: &str| {
    if let Ok((certificates, whole)) = journal::parse(text) {
        assert!(whole <= text.len());
        let written = journal::to_text(&certificates);
        let again = journal::parse(&written).expect("a journal of ours");
        assert_eq!(again, (certificates, written.len()));
    }
});
