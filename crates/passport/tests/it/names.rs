//! Transliteration of every letter of the language, in every form that Unicode has for it.

use passport::names::{HolderName, transliterate};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

/// Base letters with the marks that make them other letters, and what they become.
const LETTERS: [(&str, char); 38] = [
    ("a", 'A'),
    ("ă", 'A'),
    ("â", 'A'),
    ("b", 'B'),
    ("c", 'C'),
    ("d", 'D'),
    ("đ", 'D'),
    ("e", 'E'),
    ("ê", 'E'),
    ("f", 'F'),
    ("g", 'G'),
    ("h", 'H'),
    ("i", 'I'),
    ("j", 'J'),
    ("k", 'K'),
    ("l", 'L'),
    ("m", 'M'),
    ("n", 'N'),
    ("o", 'O'),
    ("ô", 'O'),
    ("ơ", 'O'),
    ("p", 'P'),
    ("q", 'Q'),
    ("r", 'R'),
    ("s", 'S'),
    ("t", 'T'),
    ("u", 'U'),
    ("ư", 'U'),
    ("v", 'V'),
    ("w", 'W'),
    ("x", 'X'),
    ("y", 'Y'),
    ("z", 'Z'),
    ("ð", 'D'),
    ("ɖ", 'D'),
    ("Ð", 'D'),
    ("Ɖ", 'D'),
    ("Đ", 'D'),
];

/// No tone, then huyền, hỏi, ngã, sắc, nặng.
const TONES: [&str; 6] = ["", "\u{300}", "\u{309}", "\u{303}", "\u{301}", "\u{323}"];

/// Every way in which a letter with a tone is encoded: composed, decomposed, and the tone alone apart.
fn spellings(letter: &str, tone: &str) -> [String; 4] {
    let text = format!("{letter}{tone}");
    [
        text.nfc().collect(),
        text.nfd().collect(),
        text.to_uppercase(),
        text,
    ]
}

#[test]
fn every_letter_with_every_tone_in_every_encoding_and_case_becomes_its_base_letter() {
    let mut seen = 0;
    for (letter, expected) in LETTERS {
        for tone in TONES {
            for spelling in spellings(letter, tone) {
                let icao = transliterate(&spelling);
                assert_eq!(icao, Ok(expected.to_string()), "{spelling:?}");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 38 * 6 * 4);
}

/// Every code point that a Vietnamese text in NFC may contain beside ASCII: the blocks Latin-1 to Latin Extended Additional hold them all.
#[test]
fn every_composed_code_point_of_the_language_is_covered_by_the_letters_above() {
    let composed: std::collections::BTreeSet<char> = LETTERS
        .iter()
        .flat_map(|(letter, _)| TONES.map(|tone| format!("{letter}{tone}")))
        .flat_map(|text| {
            [
                text.nfc().collect::<String>(),
                text.to_uppercase().nfc().collect(),
            ]
        })
        .filter(|text| text.chars().count() == 1)
        .flat_map(|text| text.chars().collect::<Vec<_>>())
        .filter(|c| !c.is_ascii())
        .collect();
    // Latin Extended Additional reserves U+1EA0 to U+1EF9 for the language.
    for code in 0x1EA0..=0x1EF9 {
        let letter = char::from_u32(code).unwrap();
        assert!(composed.contains(&letter), "{letter}");
    }
    for letter in "ĂÂÊÔƠƯĐăâêôơưđÀÁÃÈÉÌÍÒÓÕÙÚÝàáãèéìíòóõùúýĨĩŨũ".chars()
    {
        assert!(composed.contains(&letter), "{letter}");
    }
}

/// A name of one to five words of Vietnamese letters.
fn vietnamese_name() -> impl Strategy<Value = String> {
    let letter = (0..LETTERS.len(), 0..TONES.len(), 0..4_usize)
        .prop_map(|(letter, tone, form)| spellings(LETTERS[letter].0, TONES[tone])[form].clone());
    let word = prop::collection::vec(letter, 1..6).prop_map(|letters| letters.concat());
    prop::collection::vec(word, 1..6).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn no_letter_of_a_vietnamese_name_is_lost_and_the_encoding_does_not_matter(name in vietnamese_name()) {
        let icao = transliterate(&name).unwrap();
        let letters = name.nfd().filter(|c| c.is_alphabetic()).count();
        let words = name.split(' ').count();
        prop_assert_eq!(icao.len(), letters + words - 1, "{}", icao);
        prop_assert!(icao.bytes().all(|b| b.is_ascii_uppercase() || b == b'<'));
        prop_assert_eq!(transliterate(&name.nfc().collect::<String>()).unwrap(), icao.clone());
        prop_assert_eq!(transliterate(&name.nfd().collect::<String>()).unwrap(), icao.clone());
        prop_assert_eq!(transliterate(&name.to_uppercase()).unwrap(), icao);
    }

    #[test]
    fn any_text_is_transliterated_whole_or_refused(text in "\\PC{0,40}") {
        if let Ok(icao) = transliterate(&text) {
            prop_assert!(!icao.is_empty() && !icao.starts_with('<') && !icao.ends_with('<') && !icao.contains("<<"));
            prop_assert_eq!(transliterate(&icao), Ok(icao.clone()));
        }
        if let Ok(name) = HolderName::from_full_name(&text) {
            for part in [name.family(), name.given(), name.family_icao(), name.given_icao()].into_iter().flatten() {
                prop_assert!(part.chars().count() <= 80 && !part.is_empty());
            }
        }
    }
}
