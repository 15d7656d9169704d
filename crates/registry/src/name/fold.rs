//! Folding to ASCII: the comparison form of every name, made millions of times.

use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization;

/// Appends the folded form to `out`: ASCII lower case, no marks, Đ and look-alikes as d, other characters (digits, hyphen, …) as a word break
/// except digits which are kept, single spaces, no space at the ends. "  Đặng  HOÀ-Bình " -> "dang hoa binh". Allocation-free when `out` has room.
///
/// Letters of other Latin alphabets lose their marks too (ø → o, ß → ss); invisible characters vanish.
pub fn fold_into(text: &str, out: &mut String) {
    let start = out.len();
    let mut word_break = false;
    let mut push = |byte: u8, out: &mut String| {
        if byte == BREAK {
            word_break = true;
            return;
        }
        if word_break && out.len() > start {
            out.push(' ');
        }
        word_break = false;
        out.push(char::from(byte));
    };
    for c in text.chars() {
        if c.is_ascii() {
            push(ASCII[c as usize & 0x7f], out);
            continue;
        }
        match folded(c) {
            Folded::Letters([first, 0]) => push(first, out),
            Folded::Letters([first, second]) => {
                push(first, out);
                push(second, out);
            }
            Folded::Nothing => {}
            Folded::Break => push(BREAK, out),
        }
    }
}

/// [`fold_into`] into a new string.
///
/// ```
/// assert_eq!(registry::name::fold("  Đặng  HOÀ-Bình "), "dang hoa binh");
/// ```
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

/// Stands for a word break in [`ASCII`].
const BREAK: u8 = 0;

const ASCII: [u8; 128] = {
    let mut table = [BREAK; 128];
    let mut byte = 0;
    while byte < 128 {
        let c = byte as u8;
        if c.is_ascii_alphanumeric() {
            table[byte] = c.to_ascii_lowercase();
        }
        byte += 1;
    }
    table
};

/// What a character outside ASCII becomes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Folded {
    /// One or two ASCII letters; the second is 0 when there is one.
    Letters([u8; 2]),
    /// A mark or an invisible character.
    Nothing,
    Break,
}

fn folded(c: char) -> Folded {
    let table = LATIN.get_or_init(latin_table);
    let at = match c as u32 {
        code @ LATIN_START..LATIN_END => code - LATIN_START,
        code @ ADDITIONAL_START..ADDITIONAL_END => {
            code - ADDITIONAL_START + LATIN_END - LATIN_START
        }
        0x300..=0x36F | 0xAD | 0x200B..=0x200D | 0x2060 | 0xFEFF => return Folded::Nothing,
        _ => return Folded::Break,
    };
    table.get(at as usize).copied().unwrap_or(Folded::Break)
}

// Latin-1 letters, Latin Extended-A and -B up to IPA ɖ; Latin Extended Additional.
const LATIN_START: u32 = 0xC0;
const LATIN_END: u32 = 0x257;
const ADDITIONAL_START: u32 = 0x1E00;
const ADDITIONAL_END: u32 = 0x1F00;

static LATIN: OnceLock<Vec<Folded>> = OnceLock::new();

fn latin_table() -> Vec<Folded> {
    (LATIN_START..LATIN_END)
        .chain(ADDITIONAL_START..ADDITIONAL_END)
        .map(|code| char::from_u32(code).map_or(Folded::Break, without_marks))
        .collect()
}

/// By canonical decomposition, and by hand for the letters that have none.
fn without_marks(c: char) -> Folded {
    let base = c.nfd().next().unwrap_or(c);
    if base.is_ascii_alphabetic() {
        return Folded::Letters([base.to_ascii_lowercase() as u8, 0]);
    }
    Folded::Letters(match base {
        'Đ' | 'đ' | 'Ð' | 'ð' | 'Ɖ' | 'ɖ' => [b'd', 0],
        'Ø' | 'ø' => [b'o', 0],
        'Ł' | 'ł' => [b'l', 0],
        'Ħ' | 'ħ' => [b'h', 0],
        'Ŧ' | 'ŧ' => [b't', 0],
        'ı' => [b'i', 0],
        'ß' | 'ẞ' => *b"ss",
        'Æ' | 'æ' => *b"ae",
        'Œ' | 'œ' => *b"oe",
        'Þ' | 'þ' => *b"th",
        _ => return Folded::Break,
    })
}
