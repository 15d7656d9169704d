//! Names: no text makes a reader panic, and every normal form is a fixed point.
#![no_main]

use libfuzzer_sys::fuzz_target;
use registry::name::{self, FullName};

fuzz_target!(|text: &str| {
    if let Ok(full) = FullName::parse(text) {
        assert!(FullName::parse(full.as_str()).is_ok_and(|again| again == full));
        let _ = (full.family(), full.middle(), full.given());
    }
    let folded = name::fold(text);
    assert!(folded.is_ascii());
    assert_eq!(name::fold(&folded), folded);
    let key = name::key(text);
    assert_eq!(name::key(&key), key);
    let _ = (
        name::is_syllable(text),
        name::decode_legacy(text),
        name::undo_typing(text),
    );
});
