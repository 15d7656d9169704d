//! The two faces of Be Vietnam Pro, which this crate owns, and the setting of text in them.
//!
//! Each letter of Vietnamese is one glyph of the font once its text is in NFC, so no shaping engine is needed: a line is the sum of its
//! letters' widths, which makes wrapping cheap and the same everywhere.

use std::collections::HashMap;
use std::sync::LazyLock;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::MetadataProvider as _;
use skrifa::instance::{LocationRef, Size};

/// For running text.
pub(crate) static REGULAR: LazyLock<Face> =
    LazyLock::new(|| Face::load(include_bytes!("../fonts/BeVietnamPro-Regular.ttf")));

/// For headings, labels and names.
pub(crate) static SEMI_BOLD: LazyLock<Face> =
    LazyLock::new(|| Face::load(include_bytes!("../fonts/BeVietnamPro-SemiBold.ttf")));

/// A font ready for setting text.
pub(crate) struct Face {
    /// As the PDF embeds it.
    pub(crate) font: Font,
    /// Glyph and width in em of each character that the font has.
    glyphs: HashMap<char, (GlyphId, f32)>,
}

impl Face {
    fn load(file: &'static [u8]) -> Self {
        let font = Font::new(file.into(), 0).expect("the embedded font is whole: a test sets it");
        let tables = skrifa::FontRef::new(file).expect("krilla has just read the same font");
        let widths = tables.glyph_metrics(Size::unscaled(), LocationRef::default());
        let em = font.units_per_em();
        let glyphs = tables.charmap().mappings().filter_map(|(code, glyph)| {
            let width = widths.advance_width(glyph)? / em;
            Some((char::from_u32(code)?, (GlyphId::new(glyph.to_u32()), width)))
        });
        Self {
            glyphs: glyphs.collect(),
            font,
        }
    }

    /// Width in em.
    pub(crate) fn width(&self, text: &str) -> f32 {
        let width = |letter| self.glyphs.get(&letter).map_or(0.0, |(_, width)| *width);
        text.chars().map(width).sum()
    }

    /// The first character that the font can't show.
    pub(crate) fn missing(&self, text: &str) -> Option<char> {
        text.chars()
            .find(|letter| !self.glyphs.contains_key(letter))
    }

    /// One glyph a character. A character that the font lacks is left out: [`Self::missing`] is asked before.
    pub(crate) fn set(&self, text: &str) -> Vec<KrillaGlyph> {
        let letters = text.char_indices().filter_map(|(at, letter)| {
            let (glyph, width) = self.glyphs.get(&letter)?;
            let range = at..at + letter.len_utf8();
            Some(KrillaGlyph::new(*glyph, *width, 0.0, 0.0, 0.0, range, None))
        });
        letters.collect()
    }
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    #[test]
    fn both_faces_have_every_vietnamese_letter_with_every_tone() {
        let tones = ["", "\u{300}", "\u{301}", "\u{303}", "\u{309}", "\u{323}"];
        let vowels = "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY".chars();
        let toned = vowels.flat_map(|vowel| tones.map(|tone| format!("{vowel}{tone}")));
        let mut letters: String = toned
            .flat_map(|letter| letter.nfc().collect::<Vec<_>>())
            .collect();
        letters.extend('!'..='~');
        letters.push_str("đĐ–·");
        for face in [&REGULAR, &SEMI_BOLD] {
            assert_eq!(face.missing(&letters), None);
            assert_eq!(face.set(&letters).len(), letters.chars().count());
        }
    }

    #[test]
    fn a_letter_of_another_script_is_named() {
        assert_eq!(REGULAR.missing("Nguyễn 阮"), Some('阮'));
    }
}
