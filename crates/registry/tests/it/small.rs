use proptest::prelude::*;
use registry::facility::FacilityCode;
use registry::phone::{Phone, PhoneError};
use registry::sex::{Sex, SexError};

#[test]
fn every_old_prefix_of_2018_has_its_new_one() {
    for (old, new) in [
        ("0120", "070"),
        ("0121", "079"),
        ("0122", "077"),
        ("0123", "083"),
        ("0124", "084"),
        ("0125", "085"),
        ("0126", "076"),
        ("0127", "081"),
        ("0128", "078"),
        ("0129", "082"),
        ("0162", "032"),
        ("0163", "033"),
        ("0164", "034"),
        ("0165", "035"),
        ("0166", "036"),
        ("0167", "037"),
        ("0168", "038"),
        ("0169", "039"),
        ("0186", "056"),
        ("0188", "058"),
        ("0199", "059"),
    ] {
        let today = Phone::parse(&format!("{new}2345678")).unwrap();
        let read = Phone::parse(&format!("{old}2345678"));
        assert_eq!(read, Err(PhoneError::OldPrefix(today)), "{old}");
    }
    for other in ["0160", "0161", "0180", "0189", "0198", "0130"] {
        assert_eq!(
            Phone::parse(&format!("{other}2345678")),
            Err(PhoneError::Invalid),
            "{other}"
        );
    }
}

#[test]
fn telephones_are_read_as_the_pattern_of_the_operators_says() {
    for prefix in 0..100 {
        let second = prefix % 10;
        let listed = match prefix / 10 {
            3 => second >= 2,
            5 => matches!(second, 2 | 5 | 6 | 8 | 9),
            7 => matches!(second, 0 | 6..=9),
            8 => second >= 1,
            9 => second != 5,
            _ => false,
        };
        assert_eq!(
            Phone::parse(&format!("0{prefix:02}2345678")).is_ok(),
            listed,
            "{prefix}"
        );
    }
    for text in [
        "0912 345 678",
        "+84(912)345678",
        "84912345678",
        "0084 912-345-678",
        "0912.345.678",
    ] {
        assert_eq!(
            Phone::parse(text).map(Phone::as_u32),
            Ok(912_345_678),
            "{text}"
        );
    }
    assert_eq!(Phone::parse(" "), Err(PhoneError::Empty));
    assert_eq!(
        Phone::parse("0912345678/0912345679"),
        Err(PhoneError::Invalid)
    );
}

#[test]
fn sexes_are_strict_first_and_guessed_second() {
    for text in ["M", "nam", "NAM", "Male", "1"] {
        assert_eq!(Sex::parse(text), Ok(Sex::Male), "{text}");
    }
    for text in ["F", "Nữ", "NỮ", "nu\u{31b}\u{303}", "female", "2"] {
        assert_eq!(Sex::parse(text), Ok(Sex::Female), "{text}");
    }
    for (text, guess) in [
        ("Trai", Some(Sex::Male)),
        ("Gái", Some(Sex::Female)),
        ("Ông", Some(Sex::Male)),
        ("Bà", Some(Sex::Female)),
        ("m.", Some(Sex::Male)),
        ("NU", Some(Sex::Female)),
        ("3", None),
        ("xyz", None),
    ] {
        assert_eq!(
            (Sex::parse(text), Sex::guess(text)),
            (Err(SexError::NotInList), guess),
            "{text}"
        );
    }
    assert_eq!(
        (Sex::parse("không rõ"), Sex::guess("U")),
        (Err(SexError::Unknown), None)
    );
}

proptest! {
    #[test]
    fn no_text_stops_the_small_readers(text in "\\PC*", near in "[0-9+(). -]{0,16}") {
        for text in [&text, &near] {
            if let Some(phone) = Phone::parse_lenient(text) {
                prop_assert_eq!(Phone::parse(&phone.to_string()), Ok(phone));
                prop_assert_eq!(Phone::from_u32(phone.as_u32()), Some(phone));
            }
            if let Some(code) = FacilityCode::parse(text) {
                prop_assert_eq!(FacilityCode::parse(code.as_str()), Some(code));
            }
            if let Ok(sex) = Sex::parse(text) {
                prop_assert_eq!(Sex::guess(text), Some(sex));
            }
        }
    }
}
