//! Files that change rules: no text makes the reader panic, and a catalogue that was accepted has every rule still.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let catalogue = quality::catalogue();
    if let Ok(changed) = catalogue.with_overrides(text) {
        assert_eq!(changed.rules().len(), catalogue.rules().len());
    }
});
