//! Dates: no text makes a parser panic, what was read reads back the same, and a date never ends before it begins.
#![no_main]

use libfuzzer_sys::fuzz_target;
use registry::date::{self, BirthDate};

fuzz_target!(|text: &str| {
    if let Ok((birth, _)) = BirthDate::parse(text) {
        assert!(birth.earliest() <= birth.latest());
        assert!(BirthDate::parse(&birth.iso()).is_ok_and(|(again, _)| again == birth));
        assert!(BirthDate::parse(&birth.display_vi()).is_ok_and(|(again, _)| again == birth));
    }
    if let Ok((moment, _)) = date::parse_moment(text) {
        let day = moment.date();
        assert_eq!(date::from_day_number(date::day_number(day)), Some(day));
    }
});
