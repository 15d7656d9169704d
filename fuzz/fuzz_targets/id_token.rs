//! A login provider's keys, on the first line, and a token: no text makes the reader panic, and our provider's token is about nobody else.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use minhchung_fuzz::sign_in::{KEYS, NOW, SUBJECT};
use platform::access::fuzzing::told_by;

fuzz_target!(|text: &str| {
    let at = Timestamp::from_second(NOW).expect("a time");
    let (keys, token) = text.split_once('\n').unwrap_or(("", text));
    told_by(keys.as_bytes(), token, at);
    let told = told_by(KEYS.as_bytes(), token, at);
    assert!(told.is_none_or(|subject| subject == SUBJECT));
});
