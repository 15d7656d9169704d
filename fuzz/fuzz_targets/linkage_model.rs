//! Model files: no text makes the reader panic, and a model that was accepted is written and read back as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linkage::Model;

fuzz_target!(|text: &str| {
    if let Ok(model) = Model::from_json(text) {
        let written = model.to_json().expect("finite numbers");
        assert_eq!(Model::from_json(&written).expect("our own file"), model);
    }
});
