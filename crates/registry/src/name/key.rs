//! The equality key: spellings that are one name have one key.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::spelling::{LEVEL, Letter, Mark, Spelling, letter_of};

/// Appends the *equality key* to `out`: lower case NFC with marks, Đ look-alikes mapped, one tone-placement style (Hoà = Hòa, Thuý = Thúy),
/// one spelling of i/y (Lý = Lí, Mỹ = Mĩ; never inside diphthongs where it changes the sound, e.g. "Thúy" ≠ "Thúi"), single spaces, no
/// punctuation at the ends. Two names with equal keys are the same name for verification (NM-07, NM-13).
///
/// Allocation-free for ASCII and Vietnamese letters, composed or not, when `out` has room.
pub fn key_into(text: &str, out: &mut String) {
    let text = canonical(text);
    let text = text.trim_matches(|c: char| c.is_whitespace() || ".,;:-_*'\"`".contains(c));
    let start = out.len();
    for word in text.split_whitespace() {
        if out.len() > start {
            out.push(' ');
        }
        // A hyphen or apostrophe joins syllables; it is kept, and each part is a syllable of its own.
        let mut rest = word;
        while let Some(end) = rest.find(|c: char| c.is_ascii() && !c.is_ascii_alphabetic()) {
            let (syllable, tail) = rest.split_at(end);
            key_syllable(syllable, out);
            let (joint, tail) = tail.split_at(1);
            out.push_str(joint);
            rest = tail;
        }
        key_syllable(rest, out);
    }
}

/// [`key_into`] into a new string.
///
/// ```
/// use registry::name::key;
/// assert_eq!(key("NGUYỄN  THỊ HOÀ"), key("Nguyễn Thị Hòa"));
/// assert_eq!(key("Lý Thuý"), key("Lí Thúy"));
/// assert_ne!(key("Thúy"), key("Thúi"));
/// ```
pub fn key(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    key_into(text, &mut out);
    out
}

/// The text itself when every character is ASCII, a Vietnamese letter or one of its marks; else lower case in NFC, so that what is no
/// syllable can be copied as it is.
fn canonical(text: &str) -> Cow<'_, str> {
    let known = |c: char| c.is_ascii() || letter_of(c).is_some() || Mark::of(c).is_some();
    if text.chars().all(known) {
        return Cow::Borrowed(text);
    }
    let visible = |c: &char| {
        !matches!(
            c,
            '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'
        )
    };
    let lower: String = text
        .chars()
        .filter(visible)
        .flat_map(char::to_lowercase)
        .collect();
    Cow::Owned(lower.nfc().collect())
}

fn key_syllable(word: &str, out: &mut String) {
    if word.is_empty() {
        return;
    }
    let Some(mut spelling) = Spelling::of(word) else {
        return copy(word, out);
    };
    for letter in spelling.letters_mut() {
        letter.upper = false;
    }
    if let [onset, last] = spelling.letters_mut()
        && matches!(onset.plain, 'h' | 'k' | 'l' | 'm' | 's' | 't')
        && last.plain == 'y'
    {
        last.plain = 'i';
    }
    match spelling.tone_position() {
        None if spelling.tone != LEVEL => copy(word, out),
        at => spelling.write(at, out),
    }
}

/// Lower case in NFC of a word that is no syllable, with the look-alikes of Đ mapped.
fn copy(word: &str, out: &mut String) {
    out.extend(word.chars().map(small).nfc());
}

/// A lower-case character: one for one where Vietnamese or ASCII, otherwise unchanged ([`canonical`] made it small).
fn small(c: char) -> char {
    match letter_of(c) {
        Some((Letter { plain, .. }, tone)) => super::spelling::with_tone(plain, tone),
        None => c,
    }
}
