//! Linkage specs: no text makes the reader panic, and a spec that was accepted can build records.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linkage::{RecordsBuilder, Spec};

fuzz_target!(|text: &str| {
    if let Ok(spec) = Spec::from_toml(text) {
        let row = vec![Some("1"); spec.columns().len()];
        let mut records = RecordsBuilder::new(&spec);
        let _ = records.push(&row);
        assert!(records.finish().len() <= 1);
    }
});
