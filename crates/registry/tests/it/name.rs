use std::path::Path;

use proptest::prelude::*;
use registry::name::{
    FullName, NameError, TypingMethod, as_typed, fold, gender_marker, is_syllable, key,
    undo_typing, undo_typing_folded,
};
use registry::sex::Sex;
use unicode_normalization::UnicodeNormalization as _;

const LETTERS: &str =
    "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ";

/// Surnames, middle and given names of the tables that hold only Vietnamese letters.
pub(crate) fn name_words() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/vn");
    let lines = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let surnames = lines("hn18_surname_weights.csv");
    let surnames = surnames
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').nth(1));
    let given = lines("duyet_boy_middle_given.txt") + &lines("duyet_girl_middle_given.txt");
    let words: std::collections::BTreeSet<String> = surnames
        .chain(given.lines())
        .flat_map(str::split_whitespace)
        .map(|word| registry::name::nfc(word).into_owned())
        .filter(|word| is_syllable(word))
        .collect();
    words.into_iter().collect()
}

/// The slow way: decompose, drop the marks, keep letters and digits.
fn fold_slowly(text: &str) -> String {
    let bare: String = text
        .nfd()
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
        .map(|c| match c {
            'Đ' | 'đ' | 'Ð' | 'ð' | 'Ɖ' | 'ɖ' => 'd',
            c if c.is_ascii_alphanumeric() => c.to_ascii_lowercase(),
            _ => ' ',
        })
        .collect();
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn folding_agrees_with_decomposition_over_every_letter_composed_or_not() {
    let all = LETTERS.to_owned() + &LETTERS.to_uppercase() + "ÐðƉɖ";
    for c in all.chars() {
        let composed = c.to_string();
        let decomposed: String = composed.nfd().collect();
        assert_eq!(fold(&composed), fold_slowly(&composed), "{c}");
        assert_eq!(fold(&decomposed), fold_slowly(&composed), "{c}");
    }
}

#[test]
fn folding_breaks_words_and_keeps_digits() {
    for (text, folded) in [
        ("  Đặng  HOÀ-Bình ", "dang hoa binh"),
        ("H'Hen Niê", "h hen nie"),
        ("Phường 1", "phuong 1"),
        ("Jørgen Weiß Æ", "jorgen weiss ae"),
        ("...", ""),
        ("\u{feff}Lê\u{200b}Lợi", "leloi"),
        ("王 An", "an"),
    ] {
        assert_eq!(fold(text), folded, "{text}");
    }
    let mut out = "x".to_owned();
    registry::name::fold_into(" Lê ", &mut out);
    assert_eq!(out, "xle");
}

#[test]
fn spellings_of_one_name_have_one_key() {
    for (one, other) in [
        ("Hoà", "Hòa"),
        ("Khoẻ", "Khỏe"),
        ("Thuý", "Thúy"),
        ("Thuỷ", "THỦY"),
        ("Qúy", "Quý"),
        ("Gía", "Giá"),
        ("Hòan", "Hoàn"),
        ("Huỳnh", "Hùynh"),
        ("Lý", "Lí"),
        ("Mỹ", "Mĩ"),
        ("Kỳ", "Kì"),
        ("Sỹ", "Sĩ"),
        ("Hy", "Hi"),
        ("Tý", "Tí"),
        ("Ðức", "Đức"),
        ("Nguyễn", "Nguye\u{302}\u{303}n"),
        ("Việt", "Vie\u{323}\u{302}t"),
        ("NGUYỄN  VĂN  AN.", "Nguyễn Văn An"),
    ] {
        assert_eq!(key(one), key(other), "{one} {other}");
    }
    for (one, other) in [
        ("Thúy", "Thúi"),
        ("Hòa", "Hóa"),
        ("Hoa", "Hòa"),
        ("May", "Mai"),
        ("Vy", "Vi"),
        ("Duy", "Dui"),
        ("Đan", "Dan"),
        ("Van", "Vân"),
        ("Lê An", "LêAn"),
    ] {
        assert_ne!(key(one), key(other), "{one} {other}");
    }
    assert_eq!(key("Thị Hoà-Bình H'Mông"), "thị hòa-bình h'mông");
}

#[test]
fn syllables_follow_the_rules_of_spelling() {
    for word in [
        "Nguyễn",
        "NGUYEN",
        "Nghiêng",
        "Quỳnh",
        "Quý",
        "Giếng",
        "gì",
        "Khuya",
        "Thuở",
        "Hoàng",
        "Yến",
        "Oanh",
        "Uyên",
        "Ước",
        "Đặng",
        "Quốc",
        "Tuyết",
        "Phượng",
        "Ngoan",
        "Kỳ",
        "Xuân",
        "Huệ",
        "Ỷ",
        "Trúc",
        "Nhật",
    ] {
        assert!(is_syllable(word), "{word}");
        assert!(
            is_syllable(&word.nfd().collect::<String>()),
            "{word} decomposed"
        );
        assert!(is_syllable(&fold(word)), "{word} folded");
    }
    for word in [
        "",
        "Nguyeenx",
        "Nguye6n4",
        "Hoas",
        "DDAWNGJ",
        "Kà",
        "Cê",
        "Nghà",
        "Đưc",
        "cạc1",
        "Bàắ",
        "John",
        "Smith",
        "Wang",
        "fan",
        "Cöôøng",
        "NguyÔn",
        "n",
    ] {
        assert!(!is_syllable(word), "{word}");
    }
}

#[test]
fn names_come_apart_into_family_middle_and_given() {
    let name = FullName::parse(" Nguye\u{302}\u{303}n  Thị \t Ngọc Ðan ").unwrap();
    assert_eq!(name.as_str(), "Nguyễn Thị Ngọc Đan");
    assert_eq!(
        (name.family(), name.middle(), name.given()),
        ("Nguyễn", "Thị Ngọc", "Đan")
    );
    let one = FullName::parse("Đan").unwrap();
    assert_eq!(
        (one.family(), one.middle(), one.given()),
        ("Đan", "", "Đan")
    );
    assert_eq!(FullName::parse(" \t "), Err(NameError::Empty));
    assert_eq!(FullName::parse("12 - 3"), Err(NameError::NoLetters));
}

#[test]
fn only_a_middle_word_marks_the_sex() {
    for (name, sex) in [
        ("Nguyễn Thị Hoa", Some(Sex::Female)),
        ("NGUYEN THI HOA", Some(Sex::Female)),
        ("Nguyễn Văn An", Some(Sex::Male)),
        ("Nguyen Van An", None),
        ("Nguyễn Vân Anh", None),
        ("Thị Văn", None),
        ("Lê Hồng Văn", None),
        ("", None),
    ] {
        assert_eq!(gender_marker(name), sex, "{name}");
    }
}

#[test]
fn typed_names_are_undone_whatever_the_order_of_the_keys() {
    for (typed, name) in [
        ("Nguyeenx Vawn An", "Nguyễn Văn An"),
        ("NGUYEENX VAWN AN", "NGUYỄN VĂN AN"),
        ("Nguyenex", "Nguyễn"),
        ("Nguyxeen", "Nguyễn"),
        ("Ddawngj", "Đặng"),
        ("Dangwdj", "Đặng"),
        ("Vuwowngf", "Vương"),
        ("Vuowngf", "Vương"),
        ("Hoas", "Hóa"),
        ("Thuys", "Thúy"),
        ("Thuowr", "Thuở"),
        ("Nguye6n4", "Nguyễn"),
        ("D9a8ng5", "Đặng"),
        ("Vuong72", "Vương"),
    ] {
        let undone = undo_typing(typed).map(|(undone, _)| undone);
        let expected = name.replace("Vương", "Vường");
        assert_eq!(undone, Some(expected), "{typed}");
    }
    for text in [
        "Nguyen Van An",
        "Nguyễn Văn An",
        "John Smith",
        "Maria",
        "Anna",
        "",
    ] {
        assert_eq!(undo_typing(text), None, "{text}");
    }
    for (typed, folded) in [
        ("nguyeenx", Some("nguyen")),
        ("ddawngj", Some("dang")),
        ("vuwowngf", Some("vuong")),
        ("nguye6n4", Some("nguyen")),
        ("vietj", Some("viet")),
        ("nguyen", None),
        ("smith", None),
    ] {
        assert_eq!(undo_typing_folded(typed).as_deref(), folded, "{typed}");
    }
}

#[test]
fn every_name_word_survives_typing_and_undoing() {
    for word in name_words() {
        for word in [word.clone(), word.to_uppercase()] {
            for method in [TypingMethod::Telex, TypingMethod::Vni] {
                let typed = as_typed(&word, method);
                if is_syllable(&typed) {
                    continue;
                }
                let undone = undo_typing(&typed);
                assert_eq!(
                    undone.as_ref().map(|(name, _)| key(name)),
                    Some(key(&word)),
                    "{word} {typed}"
                );
                assert_eq!(
                    undo_typing_folded(&fold(&typed)),
                    Some(fold(&word)),
                    "{typed}"
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn every_normal_form_is_a_fixed_point(text in "\\PC*", near in "[ a-zA-ZđĐðƉàảãáạêễộợữỳÝ\u{300}-\u{323}'.0-9-]{0,20}") {
        for text in [&text, &near] {
            let folded = fold(text);
            prop_assert!(folded.is_ascii());
            prop_assert_eq!(fold(&folded), folded);
            let once = key(text);
            prop_assert_eq!(key(&once), once);
            if let Ok(name) = FullName::parse(text) {
                prop_assert_eq!(FullName::parse(name.as_str()), Ok(name));
            }
            let _ = (is_syllable(text), undo_typing(text), undo_typing_folded(text), gender_marker(text));
            let _ = as_typed(text, TypingMethod::Telex);
        }
    }

    #[test]
    fn composed_and_decomposed_text_fold_and_key_alike(text in "[ a-zA-ZđĐàảãáạêễộợữỳÝẬ]{0,20}") {
        let decomposed: String = text.nfd().collect();
        prop_assert_eq!(fold(&decomposed), fold(&text));
        prop_assert_eq!(fold(&text), fold_slowly(&text));
        prop_assert_eq!(key(&decomposed), key(&text));
    }
}
