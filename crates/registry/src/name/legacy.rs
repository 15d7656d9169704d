//! Encodings of before Unicode that files still hold, seen through Latin-1 or Windows-1252 (NM-05).

use super::is_syllable;
use super::spelling::{LEVEL, Shape, Spelling, VOWELS, letter_of, with_tone};

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
///
/// `None` also when two encodings would make different names of it.
///
/// ```
/// use registry::name::{LegacyEncoding, decode_legacy};
/// assert_eq!(decode_legacy("NguyÔn V¨n §øc"), Some(("Nguyễn Văn Đức".into(), LegacyEncoding::Tcvn3)));
/// assert_eq!(decode_legacy("Cöôøng"), Some(("Cường".into(), LegacyEncoding::VniFont)));
/// assert_eq!(decode_legacy("Nguyễn Văn Đức"), None);
/// ```
pub fn decode_legacy(text: &str) -> Option<(String, LegacyEncoding)> {
    if is_all_syllables(text) {
        return None;
    }
    let decoded = |encoding, result: Option<String>| {
        result
            .filter(|name| is_all_syllables(name))
            .map(|name| (name, encoding))
    };
    let mut found = [
        decoded(LegacyEncoding::Utf8AsLatin, from_utf8_as_latin(text)),
        decoded(LegacyEncoding::Viqr, from_viqr(text)),
        decoded(LegacyEncoding::Tcvn3, from_tcvn3(text)),
        decoded(LegacyEncoding::VniFont, from_vni(text)),
    ]
    .into_iter()
    .flatten();
    let first = found.next()?;
    found.all(|(name, _)| name == first.0).then_some(first)
}

/// Writes a name as a legacy encoding would show it; the inverse of [`decode_legacy`], for tests and invented data. `None` when the encoding
/// cannot write it: characters that are not Vietnamese, and in TCVN3 a capital with a tone (its fonts had other files for capitals, in which
/// small letters look large).
///
/// ```
/// use registry::name::{LegacyEncoding, encode_legacy};
/// assert_eq!(encode_legacy("Nguyễn", LegacyEncoding::Viqr).as_deref(), Some("Nguye^~n"));
/// assert_eq!(encode_legacy("Ánh", LegacyEncoding::Tcvn3), None);
/// ```
pub fn encode_legacy(text: &str, encoding: LegacyEncoding) -> Option<String> {
    let text = super::nfc(text);
    if encoding == LegacyEncoding::Utf8AsLatin {
        return text.bytes().map(windows_1252).collect();
    }
    let mut out = String::with_capacity(2 * text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        match encoding {
            LegacyEncoding::Tcvn3 => out.push(to_tcvn3(c)?),
            LegacyEncoding::VniFont => to_vni(c, &mut out)?,
            LegacyEncoding::Viqr | LegacyEncoding::Utf8AsLatin => to_viqr(c, &mut out)?,
        }
    }
    Some(out)
}

/// Spaces and hyphens stand between syllables.
fn is_all_syllables(text: &str) -> bool {
    let mut words = text
        .split(|c: char| c.is_whitespace() && c != '\u{a0}' || c == '-')
        .filter(|word| !word.is_empty())
        .peekable();
    words.peek().is_some() && words.all(is_syllable)
}

// TCVN 5712:1993, VN3 (the "ABC" fonts): one byte a letter, read as Latin-1. In the order of the rows and columns of VOWELS; the level
// tone of plain letters is ASCII.
const TCVN3_VOWELS: [[char; 6]; 12] = [
    ['a', 'µ', '¶', '·', '¸', '¹'],
    ['¨', '»', '¼', '½', '¾', 'Æ'],
    ['©', 'Ç', 'È', 'É', 'Ê', 'Ë'],
    ['e', 'Ì', 'Î', 'Ï', 'Ð', 'Ñ'],
    ['ª', 'Ò', 'Ó', 'Ô', 'Õ', 'Ö'],
    ['i', '×', 'Ø', 'Ü', 'Ý', 'Þ'],
    ['o', 'ß', 'á', 'â', 'ã', 'ä'],
    ['«', 'å', 'æ', 'ç', 'è', 'é'],
    ['¬', 'ê', 'ë', 'ì', 'í', 'î'],
    ['u', 'ï', 'ñ', 'ò', 'ó', 'ô'],
    ['\u{ad}', 'õ', 'ö', '÷', 'ø', 'ù'],
    ['y', 'ú', 'û', 'ü', 'ý', 'þ'],
];
const TCVN3_OTHERS: [(char, char); 8] = [
    ('đ', '®'),
    ('Đ', '§'),
    ('Ă', '¡'),
    ('Â', '¢'),
    ('Ê', '£'),
    ('Ô', '¤'),
    ('Ơ', '¥'),
    ('Ư', '¦'),
];

fn to_tcvn3(c: char) -> Option<char> {
    if let Some(&(_, code)) = TCVN3_OTHERS.iter().find(|(letter, _)| *letter == c) {
        return Some(code);
    }
    let codes = TCVN3_VOWELS.iter().flatten();
    VOWELS
        .iter()
        .flatten()
        .zip(codes)
        .find(|(letter, _)| **letter == c)
        .map(|(_, &code)| code)
}

fn from_tcvn3(text: &str) -> Option<String> {
    let letters = VOWELS.iter().flatten();
    let decode = |c: char| {
        if c.is_ascii() {
            return Some(c);
        }
        if let Some(&(letter, _)) = TCVN3_OTHERS.iter().find(|(_, code)| *code == c) {
            return Some(letter);
        }
        TCVN3_VOWELS
            .iter()
            .flatten()
            .zip(letters.clone())
            .find(|(code, _)| **code == c)
            .map(|(_, &letter)| letter)
    };
    let decoded: String = text.chars().map(decode).collect::<Option<_>>()?;
    // In the capital fonts the marked letters have the codes of small ones.
    let capitals = decoded
        .split(' ')
        .map(|word| {
            let ascii_capitals = word.chars().filter(char::is_ascii_uppercase).count();
            let ascii_small = word.chars().any(|c| c.is_ascii_lowercase());
            if ascii_capitals > 0
                && !ascii_small
                && (ascii_capitals > 1 || word.chars().count() > 2)
            {
                word.to_uppercase()
            } else {
                word.to_owned()
            }
        })
        .collect::<Vec<_>>()
        .join(" ");
    Some(capitals)
}

// VNI for Windows: a base letter and, behind it, a character that is drawn on top of it; i, ơ, ư, đ and ỵ have characters of their own.
// Columns: level, huyền, hỏi, ngã, sắc, nặng.
const VNI_TONES: [char; 6] = ['\0', 'ø', 'û', 'õ', 'ù', 'ï'];
const VNI_CIRCUMFLEX: [char; 6] = ['â', 'à', 'å', 'ã', 'á', 'ä'];
const VNI_BREVE: [char; 6] = ['ê', 'è', 'ú', 'ü', 'é', 'ë'];
const VNI_I: [char; 6] = ['i', 'ì', 'æ', 'ó', 'í', 'ò'];

fn to_vni(c: char, out: &mut String) -> Option<()> {
    let (letter, tone) = letter_of(c)?;
    let tone = usize::from(tone);
    let (base, mark) = match letter.plain {
        'i' => (VNI_I[tone], '\0'),
        'y' if VOWELS[11][tone] == 'ỵ' => ('î', '\0'),
        'đ' => ('ñ', '\0'),
        'â' => ('a', VNI_CIRCUMFLEX[tone]),
        'ê' => ('e', VNI_CIRCUMFLEX[tone]),
        'ô' => ('o', VNI_CIRCUMFLEX[tone]),
        'ă' => ('a', VNI_BREVE[tone]),
        'ơ' => ('ô', VNI_TONES[tone]),
        'ư' => ('ö', VNI_TONES[tone]),
        plain => (plain, VNI_TONES[tone]),
    };
    for sign in [base, mark].into_iter().filter(|&sign| sign != '\0') {
        if letter.upper {
            out.extend(sign.to_uppercase());
        } else {
            out.push(sign);
        }
    }
    Some(())
}

fn from_vni(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let small = c.to_lowercase().next()?;
        let base = match small {
            'ô' => 'ơ',
            'ö' => 'ư',
            'ñ' => 'đ',
            'î' => 'ỵ',
            small => VNI_I
                .iter()
                .position(|&sign| sign == small)
                .map_or(small, |tone| VOWELS[5][tone]),
        };
        let composed = rest
            .peek()
            .and_then(|mark| mark.to_lowercase().next())
            .and_then(|mark| vni_marked(base, mark));
        if composed.is_some() {
            rest.next();
        }
        let letter = composed.unwrap_or(base);
        letter_of(letter)
            .map(drop)
            .or_else(|| letter.is_ascii().then_some(()))?;
        if c.is_uppercase() {
            out.extend(letter.to_uppercase());
        } else {
            out.push(letter);
        }
    }
    Some(out)
}

fn vni_marked(base: char, mark: char) -> Option<char> {
    let find = |marks: &[char; 6], plain: char| {
        let tone = marks.iter().position(|&sign| sign == mark)?;
        Some(with_tone(plain, tone as u8))
    };
    match base {
        'a' => find(&VNI_CIRCUMFLEX, 'â')
            .or_else(|| find(&VNI_BREVE, 'ă'))
            .or_else(|| find(&VNI_TONES, 'a')),
        'e' => find(&VNI_CIRCUMFLEX, 'ê').or_else(|| find(&VNI_TONES, 'e')),
        'o' => find(&VNI_CIRCUMFLEX, 'ô').or_else(|| find(&VNI_TONES, 'o')),
        'ơ' | 'ư' | 'u' | 'y' => find(&VNI_TONES, base),
        _ => None,
    }
}

// VIQR (RFC 1456): marks as ASCII signs behind the vowel, shape before tone; dd for đ.
const VIQR_TONES: [char; 6] = ['\0', '`', '?', '~', '\'', '.'];

fn to_viqr(c: char, out: &mut String) -> Option<()> {
    let (letter, tone) = letter_of(c)?;
    let (base, sign) = match letter.plain {
        'ă' => ('a', "("),
        'â' => ('a', "^"),
        'ê' => ('e', "^"),
        'ô' => ('o', "^"),
        'ơ' => ('o', "+"),
        'ư' => ('u', "+"),
        'đ' => ('d', "d"),
        plain => (plain, ""),
    };
    out.push(if letter.upper {
        base.to_ascii_uppercase()
    } else {
        base
    });
    out.push_str(sign);
    if tone != LEVEL {
        out.push(VIQR_TONES[usize::from(tone)]);
    }
    Some(())
}

fn from_viqr(text: &str) -> Option<String> {
    if !text.is_ascii() {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut proof = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let small = c.to_ascii_lowercase();
        let mut letter = small;
        let shape = rest.peek().and_then(|&sign| viqr_shape(small, sign));
        if let Some(shaped) = shape {
            rest.next();
            letter = shaped;
            proof = true;
        }
        let is_vowel = super::spelling::is_vowel(letter);
        let tone = rest
            .peek()
            .filter(|_| is_vowel)
            .and_then(|sign| VIQR_TONES.iter().position(|tone| tone == sign));
        if let Some(tone) = tone {
            let sign = rest.next()?;
            letter = with_tone(letter, tone as u8);
            // A dot or question mark at the end of a word is punctuation as often as a tone, and proves nothing.
            proof |=
                !matches!(sign, '.' | '?') || rest.peek().is_some_and(char::is_ascii_alphabetic);
        }
        if c.is_ascii_uppercase() {
            out.extend(letter.to_uppercase());
        } else {
            out.push(letter);
        }
    }
    proof.then_some(out)
}

fn viqr_shape(base: char, sign: char) -> Option<char> {
    let shape = match sign {
        '(' => Shape::Breve,
        '^' => Shape::Circumflex,
        '+' => Shape::Horn,
        'd' | 'D' => Shape::Stroke,
        _ => return None,
    };
    super::spelling::shaped(base, shape)
}

fn from_utf8_as_latin(text: &str) -> Option<String> {
    let bytes: Vec<u8> = text
        .chars()
        .map(|c| (0..=255).find(|&byte| windows_1252(byte) == Some(c)))
        .collect::<Option<_>>()?;
    let decoded = String::from_utf8(bytes).ok()?;
    // Only a word that holds a letter outside ASCII was changed at all.
    decoded
        .split_whitespace()
        .any(|word| !word.is_ascii() && Spelling::of(word).is_some())
        .then_some(decoded)
}

/// The character of a Windows-1252 byte; the five free ones are control characters, as in the web's table.
fn windows_1252(byte: u8) -> Option<char> {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => HIGH.get(usize::from(byte - 0x80)).copied(),
        byte => Some(char::from(byte)),
    }
}
