use proptest::prelude::*;
use registry::name::{LegacyEncoding, decode_legacy, encode_legacy};

use crate::name::name_words;

const ENCODINGS: [LegacyEncoding; 4] = [
    LegacyEncoding::Tcvn3,
    LegacyEncoding::VniFont,
    LegacyEncoding::Viqr,
    LegacyEncoding::Utf8AsLatin,
];

#[test]
fn samples_of_every_encoding_decode() {
    for (text, name, encoding) in [
        ("NguyÔn", "Nguyễn", LegacyEncoding::Tcvn3),
        ("§øc", "Đức", LegacyEncoding::Tcvn3),
        ("§Æng", "Đặng", LegacyEncoding::Tcvn3),
        ("NGUYÔN V¡N §øC", "NGUYỄN VĂN ĐỨC", LegacyEncoding::Tcvn3),
        ("Cöôøng", "Cường", LegacyEncoding::VniFont),
        ("Huøng", "Hùng", LegacyEncoding::VniFont),
        (
            "NGUYEÃN VAÊN ÑÖÙC",
            "NGUYỄN VĂN ĐỨC",
            LegacyEncoding::VniFont,
        ),
        (
            "Nguye^~n Va(n DDu+'c",
            "Nguyễn Văn Đức",
            LegacyEncoding::Viqr,
        ),
        ("Nguyá»…n", "Nguyễn", LegacyEncoding::Utf8AsLatin),
    ] {
        assert_eq!(
            decode_legacy(text),
            Some((name.to_owned(), encoding)),
            "{text}"
        );
    }
}

#[test]
fn right_names_foreign_names_and_punctuation_are_left_alone() {
    for text in [
        "Nguyễn Văn Đức",
        "Nguyen Van A.",
        "Nguyen Van An?",
        "Trần Thị Hoà",
        "José Muñoz",
        "François",
        "O'Brien",
        "John Smith",
        "(Hoa)",
        "",
    ] {
        assert_eq!(decode_legacy(text), None, "{text}");
    }
}

#[test]
fn every_name_word_is_read_back_from_every_encoding_that_shows_it_wrong() {
    let mut checked = 0;
    for word in name_words() {
        // Beside a word whose misreading is unmistakable, as names stand in a file.
        let name = format!("Nguyễn {word} Cường");
        for encoding in ENCODINGS {
            let Some(shown) = encode_legacy(&name, encoding) else {
                assert_eq!(encoding, LegacyEncoding::Tcvn3, "{name}");
                continue;
            };
            assert_eq!(
                decode_legacy(&shown),
                Some((name.clone(), encoding)),
                "{shown}"
            );
            checked += 1;
        }
    }
    assert!(checked > 2_000, "{checked}");
}

proptest! {
    #[test]
    fn no_text_stops_the_decoders(text in "\\PC*", near in "[a-zA-Z \u{a0}-\u{ff}]{0,16}") {
        for text in [&text, &near] {
            let _ = decode_legacy(text);
            for encoding in ENCODINGS {
                let _ = encode_legacy(text, encoding);
            }
        }
    }
}
