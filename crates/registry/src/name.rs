//! Vietnamese names: normal form, folding, legacy encodings, unfinished typing.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::sex::Sex;

mod fold;
mod key;
mod legacy;
mod spelling;
mod syllable;
mod typing;

pub use fold::{fold, fold_into};
pub use key::{key, key_into};
pub use legacy::{LegacyEncoding, decode_legacy, encode_legacy};
pub use syllable::is_syllable;
pub use typing::{TypingMethod, as_typed, undo_typing, undo_typing_folded};

/// A full name in Unicode NFC with single spaces; at least one letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FullName(String);

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Blank.
    #[error("empty")]
    Empty,
    /// No letter in it.
    #[error("no letters")]
    NoLetters,
}

impl FullName {
    /// NFC, Đ look-alikes mapped, white space collapsed. Case and marks are kept.
    ///
    /// # Errors
    /// [`NameError`] when nothing or no letter is there.
    ///
    /// ```
    /// use registry::name::FullName;
    /// let name = FullName::parse("  Ðặng Thị   Hòa ").unwrap();
    /// assert_eq!((name.family(), name.middle(), name.given()), ("Đặng", "Thị", "Hòa"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let mut name = String::with_capacity(text.len());
        for word in nfc(text).split_whitespace() {
            if !name.is_empty() {
                name.push(' ');
            }
            name.extend(word.chars().map(|c| match c {
                'Ð' | 'Ɖ' => 'Đ',
                'ð' | 'ɖ' => 'đ',
                c => c,
            }));
        }
        if name.is_empty() {
            Err(NameError::Empty)
        } else if name.chars().any(char::is_alphabetic) {
            Ok(Self(name))
        } else {
            Err(NameError::NoLetters)
        }
    }
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Its words.
    pub fn tokens(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split(' ')
    }
    /// First word (họ).
    pub fn family(&self) -> &str {
        self.0.split_once(' ').map_or(&self.0, |(family, _)| family)
    }
    /// Last word (tên).
    pub fn given(&self) -> &str {
        self.0.rsplit_once(' ').map_or(&self.0, |(_, given)| given)
    }
    /// What stands between (chữ đệm).
    pub fn middle(&self) -> &str {
        self.0
            .split_once(' ')
            .and_then(|(_, rest)| rest.rsplit_once(' '))
            .map_or("", |(middle, _)| middle)
    }
}

impl std::fmt::Display for FullName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The sex that a middle word marks (SX-03, a weak signal): Thị for women, Văn for men. "Thi" counts without its mark; "Van" does not,
/// because it may be Vân.
///
/// ```
/// use registry::{name::gender_marker, sex::Sex};
/// assert_eq!(gender_marker("Nguyễn Thị Hoa"), Some(Sex::Female));
/// assert_eq!(gender_marker("Lê Thị"), None);
/// ```
pub fn gender_marker(name: &str) -> Option<Sex> {
    let name = nfc(name);
    let words = name.split_whitespace();
    let last = words.clone().count().checked_sub(1)?;
    let middle = || words.clone().take(last).skip(1);
    if middle().any(|word| fold(word) == "thi") {
        return Some(Sex::Female);
    }
    middle()
        .any(|word| word.to_lowercase() == "văn")
        .then_some(Sex::Male)
}

/// Text in NFC, borrowed when it already is.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}
