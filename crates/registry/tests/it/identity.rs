use proptest::prelude::*;
use registry::identity::{Bhyt, IdentityError, IdentityNumber, PassportNumber, PersonalId};
use registry::sex::Sex;

#[test]
fn numbers_are_told_apart_by_their_form() {
    for (text, kind) in [
        ("087084000999", "PersonalId(087******999)"),
        ("087 084 000 999", "PersonalId(087******999)"),
        ("087.084.000.999", "PersonalId(087******999)"),
        ("'087084000999", "PersonalId(087******999)"),
        ("012345679", "Cmnd(01*****79)"),
        ("B1234567", "PassportNumber(B*****67)"),
        ("e-1234567", "PassportNumber(E*****67)"),
        ("", "IdentityError(empty)"),
        ("87084000999", "IdentityError(leading zero lost)"),
        ("1084000999", "IdentityError(leading zero lost)"),
        ("12345679", "IdentityError(leading zero lost)"),
        (
            "7.9201E+10",
            "IdentityError(scientific or decimal notation: digits are lost)",
        ),
        (
            "7,9201E+10",
            "IdentityError(scientific or decimal notation: digits are lost)",
        ),
        (
            "79201000123.0",
            "IdentityError(scientific or decimal notation: digits are lost)",
        ),
        ("O87O84000999", "IdentityError(letters in place of digits)"),
        ("0I2345S79", "IdentityError(letters in place of digits)"),
        ("000000000000", "IdentityError(filler, not a number)"),
        ("123456789", "IdentityError(filler, not a number)"),
        ("012345678901", "IdentityError(filler, not a number)"),
        ("111111111", "IdentityError(filler, not a number)"),
        ("121212121212", "IdentityError(filler, not a number)"),
        ("0912345678", "IdentityError(a telephone number)"),
        ("+84 912 345 678", "IdentityError(a telephone number)"),
        ("84912345678", "IdentityError(a telephone number)"),
        ("01682345679", "IdentityError(a telephone number)"),
        ("0870840009", "IdentityError(a telephone number)"),
        ("1234568", "IdentityError(7 digits instead of 9 or 12)"),
        (
            "0870840009991",
            "IdentityError(13 digits instead of 9 or 12)",
        ),
        ("không có", "IdentityError(characters that no number has)"),
        ("KHONGCO", "IdentityError(characters that no number has)"),
    ] {
        let shown = match IdentityNumber::parse(text) {
            Ok(number) => format!("{number:?}"),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(shown, kind, "{text}");
    }
}

#[test]
fn a_repair_carries_the_digits_that_only_the_field_shows() {
    for (text, digits) in [
        ("87084000999", "087084000999"),
        ("1084000999", "001084000999"),
        ("O87O84000999", "087084000999"),
        ("12345679", "012345679"),
    ] {
        let Err(
            IdentityError::LostLeadingZero { repaired } | IdentityError::OcrLetters { repaired },
        ) = IdentityNumber::parse(text)
        else {
            panic!("{text} has a repair");
        };
        assert_eq!(repaired, digits);
    }
}

#[test]
fn the_structure_of_a_personal_number_says_place_century_sex_and_year() {
    for (digits, place, province, known, year, sex) in [
        (87_084_000_999, 87, true, true, 1984, Sex::Male),
        (1_199_000_999, 1, true, true, 1999, Sex::Female),
        (79_215_000_999, 79, true, true, 2015, Sex::Male),
        (79_315_000_999, 79, true, true, 2015, Sex::Female),
        (79_999_000_999, 79, true, true, 2399, Sex::Female),
        (3_084_000_999, 3, false, false, 1984, Sex::Male),
        (84_000_999, 0, false, false, 1984, Sex::Male),
        (97_084_000_999, 97, false, false, 1984, Sex::Male),
        (100_084_000_999, 100, false, true, 1984, Sex::Male),
        (300_084_000_999, 300, false, true, 1984, Sex::Male),
    ] {
        let id = PersonalId::from_u64(digits).unwrap();
        assert_eq!(id.place_code(), place);
        assert_eq!(id.province().is_some(), province, "{place}");
        assert_eq!(id.place_is_known(), known, "{place}");
        assert_eq!((id.birth_year(), id.sex()), (year, sex));
    }
}

#[test]
fn the_provinces_of_numbers_are_those_of_the_2022_list() {
    let listed: Vec<_> = registry::area::Vintage::Of2022
        .provinces()
        .iter()
        .map(|unit| unit.code)
        .collect();
    let of_numbers: Vec<_> = (0..1000)
        .filter_map(|place| PersonalId::from_u64(place * 1_000_000_000)?.province())
        .collect();
    assert_eq!(of_numbers, listed);
}

#[test]
fn a_health_insurance_card_holds_the_social_insurance_number() {
    let card = Bhyt::parse("dn 4 01 0123456789").unwrap();
    assert_eq!(card.to_string(), "DN4010123456789");
    assert_eq!(card.social_insurance_number(), 123_456_789);
    assert_eq!(card.masked(), "DN4**********89");
    assert_eq!(format!("{card:?}"), "Bhyt(DN4**********89)");
    for text in ["DN6010123456789", "D44010123456789", "DN401012345678", ""] {
        assert!(Bhyt::parse(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_stops_the_readers_and_what_was_read_reads_back(
        text in "\\PC*",
        near in "[0-9OIlSBE+ .-]{0,16}",
    ) {
        for text in [&text, &near] {
            if let Ok(number) = IdentityNumber::parse(text) {
                let plain = number.to_string();
                prop_assert_ne!(number.masked(), plain.clone());
                prop_assert_eq!(IdentityNumber::parse(&plain), Ok(number));
            }
            if let Ok(passport) = PassportNumber::parse(text) {
                prop_assert_eq!(PassportNumber::parse(passport.as_str()), Ok(passport));
            }
            let _ = Bhyt::parse(text);
        }
    }

    #[test]
    fn a_personal_number_reads_back_unless_it_is_filler(value in 0..1_000_000_000_000u64) {
        let id = PersonalId::from_u64(value).unwrap();
        match IdentityNumber::parse(&id.to_string()) {
            Ok(read) => prop_assert_eq!(read, IdentityNumber::Personal(id)),
            Err(error) => prop_assert_eq!(error, IdentityError::Filler),
        }
    }
}

#[test]
fn letters_that_look_like_digits_are_seen_in_either_case() {
    for text in ["b77IIII31", "B77IIII31"] {
        let repaired = "877111131".to_owned();
        assert_eq!(
            IdentityNumber::parse(text),
            Err(IdentityError::OcrLetters { repaired })
        );
    }
}
