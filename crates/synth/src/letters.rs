//! Vietnamese letters: vowels with their tones, and what spelling habits do to them.

use registry::name::fold;

/// Each vowel with its six tones: none, huyền, hỏi, ngã, sắc, nặng.
const VOWELS: [&str; 24] = [
    "aàảãáạ",
    "ăằẳẵắặ",
    "âầẩẫấậ",
    "eèẻẽéẹ",
    "êềểễếệ",
    "iìỉĩíị",
    "oòỏõóọ",
    "ôồổỗốộ",
    "ơờởỡớợ",
    "uùủũúụ",
    "ưừửữứự",
    "yỳỷỹýỵ",
    "AÀẢÃÁẠ",
    "ĂẰẲẴẮẶ",
    "ÂẦẨẪẤẬ",
    "EÈẺẼÉẸ",
    "ÊỀỂỄẾỆ",
    "IÌỈĨÍỊ",
    "OÒỎÕÓỌ",
    "ÔỒỔỖỐỘ",
    "ƠỜỞỠỚỢ",
    "UÙỦŨÚỤ",
    "ƯỪỬỮỨỰ",
    "YỲỶỸÝỴ",
];

/// Hỏi and ngã sound alike from Huế southwards; the other confusions are slips of the tone key.
const CONFUSED: [usize; 6] = [1, 0, 3, 2, 5, 4];

/// Position of a letter in [`VOWELS`]: vowel and tone.
fn vowel(letter: char) -> Option<(usize, usize)> {
    VOWELS.iter().enumerate().find_map(|(row, tones)| {
        let tone = tones.chars().position(|c| c == letter)?;
        Some((row, tone))
    })
}

/// The vowel of a row with a tone.
fn with_tone(row: usize, tone: usize) -> char {
    VOWELS[row].chars().nth(tone).unwrap_or('a')
}

/// A word without diacritics that keeps its capital.
pub(crate) fn plain(word: &str) -> String {
    let folded = fold(word);
    if word.chars().next().is_some_and(char::is_uppercase) {
        capitalised(&folded)
    } else {
        folded
    }
}

/// Every word of a text without diacritics.
pub(crate) fn plain_words(text: &str) -> String {
    text.split(' ').map(plain).collect::<Vec<_>>().join(" ")
}

/// With a capital first letter.
pub(crate) fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The word with its tone mark exchanged for the one it is confused with; `None` for a word without tone mark.
pub(crate) fn other_tone(word: &str) -> Option<String> {
    let toned = |c| vowel(c).filter(|&(_, tone)| tone > 0);
    word.chars().any(|c| toned(c).is_some()).then(|| {
        word.chars()
            .map(|c| toned(c).map_or(c, |(row, tone)| with_tone(row, CONFUSED[tone])))
            .collect()
    })
}

/// The same word in the other spelling style: the tone mark on the other vowel of final oa, oe, uy (Hòa and Hoà), or i for a final y (Lý and
/// Lí). `None` where there is only one.
pub(crate) fn other_style(word: &str) -> Option<String> {
    let letters: Vec<char> = word.chars().collect();
    let (&last, head) = letters.split_last()?;
    let before = *head.last()?;
    let ((last_row, last_tone), before_vowel) = (vowel(last)?, vowel(before));
    let (base, lower) = (with_tone(last_row, 0), |c: char| {
        c.to_lowercase().next().unwrap_or(c)
    });
    let stem: String = head.iter().collect();

    if let Some((row, tone)) = before_vowel {
        let pair = (lower(with_tone(row, 0)), lower(base));
        let glide = head.len() >= 2 && lower(head[head.len() - 2]) == 'q';
        if glide || !matches!(pair, ('o', 'a' | 'e') | ('u', 'y')) || (tone > 0) == (last_tone > 0)
        {
            return None;
        }
        let stem: String = head[..head.len() - 1].iter().collect();
        return Some(format!(
            "{stem}{}{}",
            with_tone(row, last_tone),
            with_tone(last_row, tone)
        ));
    }
    // After these consonants both spellings are in use.
    let both = matches!(lower(before), 'h' | 'k' | 'l' | 'm' | 's' | 't') && head.len() == 1;
    let other = match base {
        'y' => 'i',
        'i' => 'y',
        _ => return None,
    };
    let (row, _) = vowel(other)?;
    both.then(|| format!("{stem}{}", with_tone(row, last_tone)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_style_of_a_word_is_the_same_name() {
        for (word, other) in [
            ("Hòa", "Hoà"),
            ("Thúy", "Thuý"),
            ("Lý", "Lí"),
            ("Mỹ", "Mĩ"),
            ("Khỏe", "Khoẻ"),
        ] {
            assert_eq!(other_style(word).as_deref(), Some(other));
            assert_eq!(other_style(other).as_deref(), Some(word));
            assert_eq!(registry::name::key(word), registry::name::key(other));
        }
        for word in ["Quý", "Nguyễn", "Hoa", "Thúi", "Chi", "Y", ""] {
            assert_eq!(other_style(word), None, "{word}");
        }
    }

    #[test]
    fn another_tone_is_another_name() {
        assert_eq!(other_tone("Bảo").as_deref(), Some("Bão"));
        assert_eq!(other_tone("Tuấn").as_deref(), Some("Tuận"));
        assert_eq!(other_tone("Minh"), None);
    }

    #[test]
    fn plain_words_keep_their_capitals() {
        assert_eq!(plain_words("Đặng Hoà Bình"), "Dang Hoa Binh");
    }
}
