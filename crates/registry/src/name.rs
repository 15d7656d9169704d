//! Vietnamese names: normal form, folding, legacy encodings, unfinished typing.

use std::borrow::Cow;

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
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let _ = text;
        todo!()
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
        todo!()
    }
    /// Last word (tên).
    pub fn given(&self) -> &str {
        todo!()
    }
    /// What stands between (chữ đệm).
    pub fn middle(&self) -> &str {
        todo!()
    }
}

/// Text in NFC, borrowed when it already is.
pub fn nfc(text: &str) -> Cow<'_, str> {
    let _ = text;
    todo!()
}

/// Appends the folded form to `out`: ASCII lower case, no marks, Đ and look-alikes as d, other characters (digits, hyphen, …) as a word break
/// except digits which are kept, single spaces, no space at the ends. "  Đặng  HOÀ-Bình " -> "dang hoa binh". Allocation-free when `out` has room.
pub fn fold_into(text: &str, out: &mut String) {
    let _ = (text, out);
    todo!()
}

/// [`fold_into`] into a new string.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

/// Appends the *equality key* to `out`: lower case NFC with marks, Đ look-alikes mapped, one tone-placement style (Hoà = Hòa, Thuý = Thúy),
/// one spelling of i/y (Lý = Lí, Mỹ = Mĩ; never inside diphthongs where it changes the sound, e.g. "Thúy" ≠ "Thúi"), single spaces. Two names
/// with equal keys are the same name for verification (NM-07, NM-13).
pub fn key_into(text: &str, out: &mut String) {
    let _ = (text, out);
    todo!()
}

/// [`key_into`] into a new string.
pub fn key(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    key_into(text, &mut out);
    out
}

/// True when the (folded or accented) word can be a Vietnamese syllable.
pub fn is_syllable(word: &str) -> bool {
    let _ = word;
    todo!()
}

/// Encodings of before Unicode, read as Latin-1 or Windows-1252, and ASCII spellings of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LegacyEncoding {
    /// TCVN3 (ABC): `NguyÔn`, `§øc`.
    Tcvn3,
    /// VNI fonts: `Cöôøng`.
    VniFont,
    /// VIQR: `Nguye^~n`.
    Viqr,
    /// UTF-8 read as Windows-1252: `Nguyá»…n`.
    Utf8AsLatin,
}

/// Decodes legacy text (NM-05), only where the result is a sequence of Vietnamese syllables and the original is not.
pub fn decode_legacy(text: &str) -> Option<(String, LegacyEncoding)> {
    let _ = text;
    todo!()
}

/// Writes a name as a legacy encoding would show it; the inverse of [`decode_legacy`], for tests and invented data. `None` when the encoding cannot write it.
pub fn encode_legacy(text: &str, encoding: LegacyEncoding) -> Option<String> {
    let _ = (text, encoding);
    todo!()
}

/// Keyboard methods whose input program was off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TypingMethod {
    /// `Nguyeenx`.
    Telex,
    /// `Nguye6n4`.
    Vni,
}

/// What a name with Telex or VNI leftovers would be (NM-08): a suggestion, never automatic.
pub fn undo_typing(text: &str) -> Option<(String, TypingMethod)> {
    let _ = text;
    todo!()
}

/// Types a name with the input program off, tone key at the end of the syllable; for tests and invented data.
pub fn as_typed(text: &str, method: TypingMethod) -> String {
    let _ = (text, method);
    todo!()
}
