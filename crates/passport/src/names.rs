//! A holder's name as a certificate carries it: with its marks, and in A–Z for machines (ICAO Doc 9303, part 3, section 6).
//!
//! Nothing is ever dropped from a name in silence: a letter that has no rule here is refused and named. The transliterators of other
//! issuers delete Đ, which splits one person into two.

use registry::name::{FullName, NameError as RegistryError};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::schema::MAX_LENGTH;

/// Family and given name, each in both forms. At least one of the two is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolderName {
    family: Option<Part>,
    given: Option<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    written: String,
    icao: String,
}

impl HolderName {
    /// Splits a Vietnamese full name: the first word is the family name, all others are the given name. Titles before it are left out.
    /// A name of one word is a family name alone. Where the rule is wrong, as with the family name Tôn Thất, give the number of words
    /// with [`HolderName::with_family_words`].
    ///
    /// # Errors
    /// [`NameError`]: no name, a character without transliteration, or too long.
    ///
    /// ```
    /// use passport::names::HolderName;
    /// let name = HolderName::from_full_name("BS. Đặng Đình Đức")?;
    /// assert_eq!((name.family(), name.given()), (Some("Đặng"), Some("Đình Đức")));
    /// assert_eq!((name.family_icao(), name.given_icao()), (Some("DANG"), Some("DINH<DUC")));
    /// # Ok::<(), passport::names::NameError>(())
    /// ```
    pub fn from_full_name(full_name: &str) -> Result<Self, NameError> {
        Self::with_family_words(full_name, 1)
    }

    /// As [`HolderName::from_full_name`], with a family name of so many words; 0 for a person who has none.
    ///
    /// # Errors
    /// As there.
    pub fn with_family_words(full_name: &str, family_words: usize) -> Result<Self, NameError> {
        let name = FullName::parse(full_name)?;
        let mut words: Vec<_> = name.tokens().collect();
        while words.len() > 1 && words.first().is_some_and(|word| is_title(word)) {
            words.remove(0);
        }
        let (family, given) = words.split_at(family_words.min(words.len()));
        Self::new(&family.join(" "), &given.join(" "))
    }

    /// A name whose parts are known; either may be empty, as with people who have only one.
    ///
    /// # Errors
    /// As [`HolderName::from_full_name`].
    pub fn new(family: &str, given: &str) -> Result<Self, NameError> {
        let name = Self {
            family: part(family)?,
            given: part(given)?,
        };
        if name
            == (Self {
                family: None,
                given: None,
            })
        {
            return Err(NameError::Empty);
        }
        Ok(name)
    }

    /// `fn`: NFC, with marks.
    pub fn family(&self) -> Option<&str> {
        self.family.as_ref().map(|part| part.written.as_str())
    }
    /// `fnt`: A–Z and `<`.
    pub fn family_icao(&self) -> Option<&str> {
        self.family.as_ref().map(|part| part.icao.as_str())
    }
    /// `gn`: middle and given name.
    pub fn given(&self) -> Option<&str> {
        self.given.as_ref().map(|part| part.written.as_str())
    }
    /// `gnt`: A–Z and `<`.
    pub fn given_icao(&self) -> Option<&str> {
        self.given.as_ref().map(|part| part.icao.as_str())
    }
}

/// A name in A–Z: marks removed, Đ and its look-alikes D, the letters of other Latin alphabets as ICAO has them, upper case; a run of
/// spaces, hyphens, apostrophes and dots becomes one `<`, and none stands at either end. Composed and decomposed text give the same.
///
/// # Errors
/// [`NameError`]: a character without rule, or nothing left.
///
/// ```
/// use passport::names::transliterate;
/// assert_eq!(transliterate("Ngô Thị Phượng-Ánh")?, "NGO<THI<PHUONG<ANH");
/// assert_eq!(transliterate("H'Hen Niê")?, "H<HEN<NIE");
/// # Ok::<(), passport::names::NameError>(())
/// ```
pub fn transliterate(name: &str) -> Result<String, NameError> {
    let mut icao = String::with_capacity(name.len());
    for character in name.nfd() {
        match character {
            'A'..='Z' => icao.push(character),
            'a'..='z' => icao.push(character.to_ascii_uppercase()),
            _ if is_separator(character) => {
                if !icao.is_empty() && !icao.ends_with('<') {
                    icao.push('<');
                }
            }
            _ if is_combining_mark(character) => {}
            _ => icao.push_str(letter(character).ok_or(NameError::Character { character })?),
        }
    }
    while icao.ends_with('<') {
        icao.pop();
    }
    if icao.is_empty() {
        return Err(NameError::Empty);
    }
    Ok(icao)
}

/// Why a name cannot stand in a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No letter in it.
    #[error("the name is empty")]
    Empty,
    /// A digit, a sign or a letter of another script.
    #[error("{character:?} has no transliteration; write the name in Latin letters")]
    Character {
        /// Which.
        character: char,
    },
    /// More than 80 characters in one of the forms; cutting it would name another person.
    #[error(
        "{length} characters; a certificate holds {MAX_LENGTH} for the family name and {MAX_LENGTH} for the given name"
    )]
    TooLong {
        /// How many there are.
        length: usize,
    },
}

impl From<RegistryError> for NameError {
    fn from(_: RegistryError) -> Self {
        Self::Empty
    }
}

/// One half of a name; `None` for an empty one.
fn part(text: &str) -> Result<Option<Part>, NameError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let written = FullName::parse(text)?.as_str().to_owned();
    let icao = transliterate(&written)?;
    let length = written.chars().count().max(icao.len());
    if length > MAX_LENGTH {
        return Err(NameError::TooLong { length });
    }
    Ok(Some(Part { written, icao }))
}

/// Academic and polite titles before a name. Words that are also names, such as the family name Ông, are not among them.
fn is_title(word: &str) -> bool {
    const TITLES: [&str; 13] = [
        "bs", "bsck", "ths", "ts", "gs", "pgs", "pgs.ts", "gs.ts", "dr", "mr", "mrs", "ms", "prof",
    ];
    let word = word.to_lowercase();
    let (plain, dotted) = match word.strip_suffix('.') {
        Some(plain) => (plain, true),
        None => (word.as_str(), false),
    };
    // Without a dot, only what cannot be a word of a name: it has no vowel.
    let vowel = plain.contains(['a', 'e', 'i', 'o', 'u', 'y']);
    TITLES.contains(&plain) && (dotted || !vowel)
}

fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '\u{2010}'
                ..='\u{2015}'
                    | '\''
                    | '\u{2018}'
                    | '\u{2019}'
                    | '\u{02BC}'
                    | '`'
                    | '\u{00B4}'
                    | '.'
                    | ','
                    | '<'
        )
}

/// Letters that do not fall apart into a base letter and marks (ICAO Doc 9303, part 3, section 6.A).
fn letter(character: char) -> Option<&'static str> {
    Some(match character {
        'Đ' | 'đ' | 'Ð' | 'ð' | 'Ɖ' | 'ɖ' => "D",
        'Æ' | 'æ' => "AE",
        'Œ' | 'œ' | 'Ø' | 'ø' => "OE",
        'ß' | 'ẞ' => "SS",
        'Þ' | 'þ' => "TH",
        'Ł' | 'ł' => "L",
        'Ħ' | 'ħ' => "H",
        'Ŋ' | 'ŋ' => "N",
        'Ŧ' | 'ŧ' => "T",
        'Ĳ' | 'ĳ' => "IJ",
        'ı' => "I",
        'ĸ' => "Q",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_transliterated_whole() {
        for (name, expected) in [
            ("Đặng Đình", "DANG<DINH"),
            ("Nguyễn Văn Đức", "NGUYEN<VAN<DUC"),
            ("Ðỗ Ɖình ðức", "DO<DINH<DUC"),
            ("nguyễn thị mỹ huyền", "NGUYEN<THI<MY<HUYEN"),
            ("  'Hồ - Hữu ' ", "HO<HUU"),
            ("Þórunn Ægisdóttir", "THORUNN<AEGISDOTTIR"),
            ("Müller", "MULLER"),
        ] {
            assert_eq!(transliterate(name).as_deref(), Ok(expected), "{name}");
        }
    }

    #[test]
    fn what_has_no_rule_is_refused_by_name() {
        for (name, character) in [("Иван", 'И'), ("An2", '2'), ("Bình 😀", '😀'), ("李", '李')]
        {
            assert_eq!(transliterate(name), Err(NameError::Character { character }));
        }
        for empty in ["", " ", "-'-", "\u{0301}"] {
            assert_eq!(transliterate(empty), Err(NameError::Empty), "{empty:?}");
        }
    }

    #[test]
    fn a_full_name_splits_after_the_first_word_or_where_told() {
        let split = |name: HolderName| {
            let owned = |text: Option<&str>| text.unwrap_or("-").to_owned();
            [
                owned(name.family()),
                owned(name.given()),
                owned(name.family_icao()),
                owned(name.given_icao()),
            ]
        };
        for (full, words, expected) in [
            (
                "Nguyễn Văn Đức",
                1,
                ["Nguyễn", "Văn Đức", "NGUYEN", "VAN<DUC"],
            ),
            ("Tôn Thất Tùng", 2, ["Tôn Thất", "Tùng", "TON<THAT", "TUNG"]),
            ("Suharto", 1, ["Suharto", "-", "SUHARTO", "-"]),
            ("Suharto", 0, ["-", "Suharto", "-", "SUHARTO"]),
            ("PGS.TS. Lê Thị Ánh", 1, ["Lê", "Thị Ánh", "LE", "THI<ANH"]),
            ("Ths Trần Bình", 1, ["Trần", "Bình", "TRAN", "BINH"]),
            ("Ông Ích Khiêm", 1, ["Ông", "Ích Khiêm", "ONG", "ICH<KHIEM"]),
            ("Bs.", 1, ["Bs.", "-", "BS", "-"]),
        ] {
            let name = HolderName::with_family_words(full, words).unwrap();
            assert_eq!(split(name), expected, "{full}");
        }
    }

    #[test]
    fn a_part_of_80_characters_is_the_longest() {
        let long = "Ă".repeat(80);
        assert!(HolderName::new(&long, "").is_ok());
        let longer = "Ă".repeat(81);
        assert_eq!(
            HolderName::new("Lê", &longer),
            Err(NameError::TooLong { length: 81 })
        );
        let grows = "Æ".repeat(41);
        assert_eq!(
            HolderName::new(&grows, ""),
            Err(NameError::TooLong { length: 82 })
        );
    }
}
