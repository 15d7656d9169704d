//! A word taken apart into toneless letters and its tone: what tone placement, syllables and keyboards are about.

use std::sync::OnceLock;

/// Tone marks in the order of the columns of [`VOWELS`].
pub(super) const LEVEL: u8 = 0;
pub(super) const HUYEN: u8 = 1;
pub(super) const HOI: u8 = 2;
pub(super) const NGA: u8 = 3;
pub(super) const SAC: u8 = 4;
pub(super) const NANG: u8 = 5;

/// Every vowel with every tone.
pub(super) const VOWELS: [[char; 6]; 12] = [
    ['a', 'à', 'ả', 'ã', 'á', 'ạ'],
    ['ă', 'ằ', 'ẳ', 'ẵ', 'ắ', 'ặ'],
    ['â', 'ầ', 'ẩ', 'ẫ', 'ấ', 'ậ'],
    ['e', 'è', 'ẻ', 'ẽ', 'é', 'ẹ'],
    ['ê', 'ề', 'ể', 'ễ', 'ế', 'ệ'],
    ['i', 'ì', 'ỉ', 'ĩ', 'í', 'ị'],
    ['o', 'ò', 'ỏ', 'õ', 'ó', 'ọ'],
    ['ô', 'ồ', 'ổ', 'ỗ', 'ố', 'ộ'],
    ['ơ', 'ờ', 'ở', 'ỡ', 'ớ', 'ợ'],
    ['u', 'ù', 'ủ', 'ũ', 'ú', 'ụ'],
    ['ư', 'ừ', 'ử', 'ữ', 'ứ', 'ự'],
    ['y', 'ỳ', 'ỷ', 'ỹ', 'ý', 'ỵ'],
];

/// No Vietnamese syllable has more than seven letters (nghiêng).
const LONGEST: usize = 7;

/// A word of at most [`LONGEST`] Vietnamese letters with at most one tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spelling {
    letters: [Letter; LONGEST],
    len: usize,
    /// Tone of the syllable, [`LEVEL`] when no letter carries one.
    pub(super) tone: u8,
}

/// A lower-case letter without tone (`đ` and `ê` are letters of their own) and the case in which it stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) plain: char,
    pub(super) upper: bool,
}

const NONE: Letter = Letter {
    plain: ' ',
    upper: false,
};

impl Spelling {
    pub(super) const EMPTY: Self = Self {
        letters: [NONE; LONGEST],
        len: 0,
        tone: LEVEL,
    };

    /// Takes a word apart, composed or decomposed; `None` when it has other characters, two tones or too many letters.
    pub(super) fn of(word: &str) -> Option<Self> {
        let mut spelling = Self::EMPTY;
        for c in word.chars() {
            if let Some(mark) = Mark::of(c) {
                spelling.add_mark(mark)?;
            } else {
                let (letter, tone) = letter_of(c)?;
                spelling.push(letter)?;
                spelling.set_tone(tone)?;
            }
        }
        (spelling.len > 0).then_some(spelling)
    }

    pub(super) fn letters(&self) -> &[Letter] {
        self.letters.get(..self.len).unwrap_or_default()
    }

    pub(super) fn letters_mut(&mut self) -> &mut [Letter] {
        self.letters.get_mut(..self.len).unwrap_or_default()
    }

    pub(super) fn push(&mut self, letter: Letter) -> Option<()> {
        *self.letters.get_mut(self.len)? = letter;
        self.len += 1;
        Some(())
    }

    fn plain(&self, at: usize) -> Option<char> {
        self.letters().get(at).map(|letter| letter.plain)
    }

    fn set_tone(&mut self, tone: u8) -> Option<()> {
        if tone != LEVEL {
            if self.tone != LEVEL {
                return None;
            }
            self.tone = tone;
        }
        Some(())
    }

    fn add_mark(&mut self, mark: Mark) -> Option<()> {
        let last = self.letters_mut().last_mut()?;
        match mark {
            Mark::Tone(tone) => {
                is_vowel(last.plain).then_some(())?;
                self.set_tone(tone)
            }
            Mark::Shape(shape) => {
                last.plain = shaped(last.plain, shape)?;
                Some(())
            }
        }
    }

    /// Where the initial consonants end; the u of "qu" and the i of "gi" before a vowel belong to them.
    fn onset_len(&self) -> usize {
        let consonants = self
            .letters()
            .iter()
            .take_while(|letter| !is_vowel(letter.plain))
            .count();
        let glide = match (self.plain(0), self.plain(1)) {
            (Some('q'), Some('u')) => true,
            (Some('g'), Some('i')) => self.plain(2).is_some_and(is_vowel),
            _ => false,
        };
        if glide && consonants == 1 {
            2
        } else {
            consonants
        }
    }

    /// The letter that carries the tone in the older placement, which official lists use more (hòa, thúy, quý, hoàn, chuyện);
    /// `None` when the vowels do not stand together, as in a foreign word.
    pub(super) fn tone_position(&self) -> Option<usize> {
        let start = self.onset_len();
        let rest = self.letters().get(start..)?;
        let vowels = rest
            .iter()
            .take_while(|letter| is_vowel(letter.plain))
            .count();
        let finals = rest.get(vowels..)?;
        if finals.iter().any(|letter| is_vowel(letter.plain)) {
            return None;
        }
        let shaped = rest
            .get(..vowels)?
            .iter()
            .rposition(|letter| matches!(letter.plain, 'ă' | 'â' | 'ê' | 'ô' | 'ơ' | 'ư'));
        let position = match (shaped, vowels) {
            (Some(at), 1..=3) => at,
            (None, 1) => 0,
            (None, 2) => usize::from(!finals.is_empty()),
            (None, 3) => 1,
            _ => return None,
        };
        Some(start + position)
    }

    /// Onset and rime as text, in buffers of the caller.
    pub(super) fn split<'b>(&self, buffer: &'b mut [u8; 4 * LONGEST]) -> (&'b str, &'b str) {
        let mut end = 0;
        let mut middle = 0;
        for (at, letter) in self.letters().iter().enumerate() {
            if at == self.onset_len() {
                middle = end;
            }
            if let Some(free) = buffer.get_mut(end..)
                && free.len() >= letter.plain.len_utf8()
            {
                end += letter.plain.encode_utf8(free).len();
            }
        }
        if self.onset_len() == self.len {
            middle = end;
        }
        let text = buffer
            .get(..end)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default();
        text.split_at_checked(middle).unwrap_or((text, ""))
    }

    /// Writes the word with its tone on the letter `at`, in the case of its letters.
    pub(super) fn write(&self, at: Option<usize>, out: &mut String) {
        for (index, letter) in self.letters().iter().enumerate() {
            let c = if Some(index) == at {
                with_tone(letter.plain, self.tone)
            } else {
                letter.plain
            };
            if letter.upper {
                out.extend(c.to_uppercase());
            } else {
                out.push(c);
            }
        }
    }
}

pub(super) fn is_vowel(plain: char) -> bool {
    matches!(
        plain,
        'a' | 'ă' | 'â' | 'e' | 'ê' | 'i' | 'o' | 'ô' | 'ơ' | 'u' | 'ư' | 'y'
    )
}

/// A toneless vowel with a tone; other letters unchanged.
pub(super) fn with_tone(plain: char, tone: u8) -> char {
    VOWELS
        .iter()
        .find(|row| row[0] == plain)
        .and_then(|row| row.get(usize::from(tone)).copied())
        .unwrap_or(plain)
}

/// A combining mark that Vietnamese uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Tone(u8),
    Shape(Shape),
}

/// What turns a, e, o, u, d into another letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Breve,
    Circumflex,
    Horn,
    Stroke,
}

impl Mark {
    pub(super) fn of(c: char) -> Option<Self> {
        Some(match c {
            '\u{300}' => Self::Tone(HUYEN),
            '\u{309}' => Self::Tone(HOI),
            '\u{303}' => Self::Tone(NGA),
            '\u{301}' => Self::Tone(SAC),
            '\u{323}' => Self::Tone(NANG),
            '\u{306}' => Self::Shape(Shape::Breve),
            '\u{302}' => Self::Shape(Shape::Circumflex),
            '\u{31b}' => Self::Shape(Shape::Horn),
            _ => return None,
        })
    }
}

pub(super) fn shaped(plain: char, shape: Shape) -> Option<char> {
    Some(match (plain, shape) {
        ('a', Shape::Breve) => 'ă',
        ('a', Shape::Circumflex) => 'â',
        ('e', Shape::Circumflex) => 'ê',
        ('o', Shape::Circumflex) => 'ô',
        ('o', Shape::Horn) => 'ơ',
        ('u', Shape::Horn) => 'ư',
        ('d', Shape::Stroke) => 'đ',
        _ => return None,
    })
}

/// The letter and tone of a composed character: ASCII letters, Vietnamese letters and the look-alikes of Đ; `None` for every other.
pub(super) fn letter_of(c: char) -> Option<(Letter, u8)> {
    if c.is_ascii_alphabetic() {
        let letter = Letter {
            plain: c.to_ascii_lowercase(),
            upper: c.is_ascii_uppercase(),
        };
        return Some((letter, LEVEL));
    }
    let table = LETTERS.get_or_init(letter_table);
    let at = match c as u32 {
        code @ LATIN_START..LATIN_END => code - LATIN_START,
        code @ VIETNAMESE_START..VIETNAMESE_END => {
            code - VIETNAMESE_START + LATIN_END - LATIN_START
        }
        _ => return None,
    };
    table.get(at as usize).copied().flatten()
}

// Latin-1 letters to IPA ɖ, and the Vietnamese block of Latin Extended Additional.
const LATIN_START: u32 = 0xC0;
const LATIN_END: u32 = 0x257;
const VIETNAMESE_START: u32 = 0x1EA0;
const VIETNAMESE_END: u32 = 0x1EFA;

static LETTERS: OnceLock<Vec<Option<(Letter, u8)>>> = OnceLock::new();

fn letter_table() -> Vec<Option<(Letter, u8)>> {
    let lower = VOWELS.iter().flat_map(|row| {
        (0u8..)
            .zip(row)
            .map(|(tone, &composed)| (composed, row[0], tone))
    });
    let strokes = ['đ', 'ð', 'ɖ'].map(|look_alike| (look_alike, 'đ', LEVEL));
    let all: Vec<_> = lower.chain(strokes).collect();
    (LATIN_START..LATIN_END)
        .chain(VIETNAMESE_START..VIETNAMESE_END)
        .map(|code| {
            let c = char::from_u32(code)?;
            let small = c.to_lowercase().next()?;
            all.iter()
                .find(|(composed, ..)| *composed == small)
                .map(|&(_, plain, tone)| {
                    let upper = c.is_uppercase();
                    (Letter { plain, upper }, tone)
                })
        })
        .collect()
}
