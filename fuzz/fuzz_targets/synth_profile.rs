//! Profiles of invented countries: no text makes the reader panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use synth::Profile;

fuzz_target!(|text: &str| {
    let _ = Profile::parse(text);
});
