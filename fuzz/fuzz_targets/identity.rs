//! Identity numbers: no text makes a parser panic, what was read reads back the same, and a masked number is never the number.
#![no_main]

use libfuzzer_sys::fuzz_target;
use registry::identity::{Bhyt, IdentityNumber, PassportNumber};

fuzz_target!(|text: &str| {
    if let Ok(number) = IdentityNumber::parse(text) {
        let plain = match &number {
            IdentityNumber::Personal(id) => format!("{:012}", id.as_u64()),
            IdentityNumber::Cmnd(cmnd) => format!("{:09}", cmnd.as_u32()),
            IdentityNumber::Passport(passport) => passport.as_str().to_owned(),
        };
        assert!(IdentityNumber::parse(&plain).is_ok_and(|again| again == number));
        assert_ne!(number.masked(), plain);
    }
    if let Ok(passport) = PassportNumber::parse(text) {
        assert!(PassportNumber::parse(passport.as_str()).is_ok_and(|again| again == passport));
    }
    if let Ok(card) = Bhyt::parse(text) {
        assert!(Bhyt::parse(card.as_str()).is_ok_and(|again| again == card));
    }
});
