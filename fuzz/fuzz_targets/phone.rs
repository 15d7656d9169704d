//! Telephone numbers: no text makes the parser panic, and what was read reads back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use registry::phone::Phone;

fuzz_target!(|text: &str| {
    if let Some(phone) = Phone::parse_lenient(text) {
        let plain = format!("{:010}", phone.as_u32());
        assert_eq!(Phone::parse(&plain), Ok(phone));
        assert_eq!(Phone::from_u32(phone.as_u32()), Some(phone));
        assert_ne!(phone.masked(), plain);
    }
});
