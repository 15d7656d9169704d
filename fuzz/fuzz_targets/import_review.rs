//! A preview that was looked through: no bytes make the reader panic, and a line more than was read is refused or read too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use platform::import::Reviewed;

fuzz_target!(|bytes: &[u8]| {
    if Reviewed::read(bytes).is_ok() {
        // Empty lines say nothing.
        let more = [bytes, b"\n\n"].concat();
        assert!(Reviewed::read(more.as_slice()).is_ok());
        let broken = [bytes, b"\n{"].concat();
        assert!(Reviewed::read(broken.as_slice()).is_err());
    }
});
