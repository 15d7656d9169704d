//! Compressed certificates: bounded, and what is deflated comes back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passport::zlib;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(inflated) = zlib::inflate(bytes) {
        assert!(inflated.len() <= zlib::MAX_INFLATED);
        let stream = zlib::deflate(&inflated).unwrap();
        assert_eq!(zlib::inflate(&stream), Ok(inflated));
    }
});
