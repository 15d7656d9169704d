//! Names typed while the input program was off (NM-08).

use super::is_syllable;
use super::spelling::{
    HOI, HUYEN, LEVEL, Letter, NANG, NGA, SAC, Shape, Spelling, is_vowel, letter_of, shaped,
};
use super::syllable::is_spelled;

/// Keyboard methods whose input program was off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TypingMethod {
    /// `Nguyeenx`.
    Telex,
    /// `Nguye6n4`.
    Vni,
}

/// What a name with Telex or VNI leftovers would be (NM-08): a suggestion, never automatic.
///
/// Given only where every word of the result is a syllable and a word of the text is none; both keyboards may be tried, never mixed.
///
/// ```
/// use registry::name::{TypingMethod, undo_typing};
/// assert_eq!(undo_typing("DDAWNGJ VAWN AN"), Some(("ĐẶNG VĂN AN".into(), TypingMethod::Telex)));
/// assert_eq!(undo_typing("Nguye6n4 Anh"), Some(("Nguyễn Anh".into(), TypingMethod::Vni)));
/// assert_eq!(undo_typing("Nguyen Van An"), None);
/// ```
pub fn undo_typing(text: &str) -> Option<(String, TypingMethod)> {
    if text.split_whitespace().all(is_syllable) {
        return None;
    }
    [TypingMethod::Telex, TypingMethod::Vni]
        .into_iter()
        .find_map(|method| {
            let mut name = String::with_capacity(text.len());
            for word in text.split_whitespace() {
                if !name.is_empty() {
                    name.push(' ');
                }
                if is_syllable(word) {
                    name.push_str(word);
                } else {
                    let syllable = syllable_of(word, method)?;
                    syllable.write(syllable.tone_position(), &mut name);
                }
            }
            Some((name, method))
        })
}

/// The folded syllable for which a folded word stands that is no syllable but typed with the input program off; only the letters must
/// make a syllable, as marks are no part of the folded form.
///
/// ```
/// use registry::name::undo_typing_folded;
/// assert_eq!(undo_typing_folded("vuwowngf").as_deref(), Some("vuong"));
/// assert_eq!(undo_typing_folded("vuong"), None);
/// ```
pub fn undo_typing_folded(token_folded: &str) -> Option<String> {
    if is_syllable(token_folded) {
        return None;
    }
    [TypingMethod::Telex, TypingMethod::Vni]
        .into_iter()
        .find_map(|method| {
            let mut syllable = keys_pressed(token_folded, method)?;
            for letter in syllable.letters_mut() {
                letter.plain = unshaped(letter.plain).0;
            }
            if !is_spelled(&syllable, true) {
                return None;
            }
            let mut word = String::with_capacity(token_folded.len());
            syllable.write(None, &mut word);
            Some(word)
        })
}

/// Types a name with the input program off, tone key at the end of the syllable; for tests and invented data. Words that are no
/// syllables stay as they are.
///
/// ```
/// use registry::name::{TypingMethod, as_typed};
/// assert_eq!(as_typed("Nguyễn Đức", TypingMethod::Telex), "Nguyeenx Dduwcs");
/// assert_eq!(as_typed("Nguyễn Đức", TypingMethod::Vni), "Nguye6n4 D9u7c1");
/// ```
pub fn as_typed(text: &str, method: TypingMethod) -> String {
    let mut typed = String::with_capacity(text.len() + 8);
    for word in text.split_whitespace() {
        if !typed.is_empty() {
            typed.push(' ');
        }
        match Spelling::of(word) {
            Some(spelling) => type_word(&spelling, method, &mut typed),
            None => typed.push_str(word),
        }
    }
    typed
}

fn type_word(spelling: &Spelling, method: TypingMethod, typed: &mut String) {
    let capitals = spelling.letters().len() > 1 && spelling.letters().iter().all(|l| l.upper);
    let mut push = |key: char, upper: bool| {
        typed.push(if upper { key.to_ascii_uppercase() } else { key });
    };
    for letter in spelling.letters() {
        let (base, shape) = unshaped(letter.plain);
        push(base, letter.upper);
        if let Some(shape) = shape {
            push(shape_key(base, shape, method), capitals);
        }
    }
    let tone_keys = match method {
        TypingMethod::Telex => TELEX_TONES,
        TypingMethod::Vni => VNI_TONES,
    };
    if let Some(&(key, _)) = tone_keys.iter().find(|(_, tone)| *tone == spelling.tone) {
        push(key, capitals);
    }
}

const TELEX_TONES: [(char, u8); 5] = [
    ('s', SAC),
    ('f', HUYEN),
    ('r', HOI),
    ('x', NGA),
    ('j', NANG),
];
const VNI_TONES: [(char, u8); 5] = [
    ('1', SAC),
    ('2', HUYEN),
    ('3', HOI),
    ('4', NGA),
    ('5', NANG),
];

fn unshaped(plain: char) -> (char, Option<Shape>) {
    match plain {
        'ă' => ('a', Some(Shape::Breve)),
        'â' => ('a', Some(Shape::Circumflex)),
        'ê' => ('e', Some(Shape::Circumflex)),
        'ô' => ('o', Some(Shape::Circumflex)),
        'ơ' => ('o', Some(Shape::Horn)),
        'ư' => ('u', Some(Shape::Horn)),
        'đ' => ('d', Some(Shape::Stroke)),
        plain => (plain, None),
    }
}

fn shape_key(base: char, shape: Shape, method: TypingMethod) -> char {
    match (method, shape) {
        (TypingMethod::Telex, Shape::Circumflex | Shape::Stroke) => base,
        (TypingMethod::Telex, Shape::Horn | Shape::Breve) => 'w',
        (TypingMethod::Vni, Shape::Circumflex) => '6',
        (TypingMethod::Vni, Shape::Horn) => '7',
        (TypingMethod::Vni, Shape::Breve) => '8',
        (TypingMethod::Vni, Shape::Stroke) => '9',
    }
}

/// What the input program would have made of the keys; `None` unless it is a syllable.
fn syllable_of(word: &str, method: TypingMethod) -> Option<Spelling> {
    finish(keys_pressed(word, method)?)
}

/// Applies one key after the other.
fn keys_pressed(word: &str, method: TypingMethod) -> Option<Spelling> {
    let mut spelling = Spelling::EMPTY;
    let mut has_vowel = false;
    for c in word.chars() {
        let upper = c.is_ascii_uppercase();
        let key = c.to_ascii_lowercase();
        if has_vowel && let Some(tone) = tone_of(key, method) {
            if spelling.tone != LEVEL {
                return None;
            }
            spelling.tone = tone;
        } else if !apply_shape(&mut spelling, key, upper, method) {
            let (letter, tone) = letter_of(c)?;
            // Half-finished marks of another program are no keystrokes.
            (tone == LEVEL).then_some(())?;
            spelling.push(letter)?;
        }
        has_vowel |= spelling.letters().last().is_some_and(|l| is_vowel(l.plain));
    }
    Some(spelling)
}

fn tone_of(key: char, method: TypingMethod) -> Option<u8> {
    let keys = match method {
        TypingMethod::Telex => TELEX_TONES,
        TypingMethod::Vni => VNI_TONES,
    };
    keys.iter()
        .find(|(tone_key, _)| *tone_key == key)
        .map(|&(_, tone)| tone)
}

/// Lets a key change a letter already typed; false when the key is a letter itself.
fn apply_shape(spelling: &mut Spelling, key: char, upper: bool, method: TypingMethod) -> bool {
    let shapes: &[Shape] = match (method, key) {
        (TypingMethod::Telex, 'a' | 'e' | 'o') | (TypingMethod::Vni, '6') => &[Shape::Circumflex],
        (TypingMethod::Telex, 'd') | (TypingMethod::Vni, '9') => &[Shape::Stroke],
        (TypingMethod::Telex, 'w') => &[Shape::Horn, Shape::Breve],
        (TypingMethod::Vni, '7') => &[Shape::Horn],
        (TypingMethod::Vni, '8') => &[Shape::Breve],
        _ => return false,
    };
    let doubles = method == TypingMethod::Telex && key != 'w';
    let target = spelling
        .letters_mut()
        .iter_mut()
        .rev()
        .filter(|letter| !doubles || letter.plain == key)
        .find_map(|letter| {
            let shape = shapes
                .iter()
                .find_map(|&shape| shaped(letter.plain, shape))?;
            Some((letter, shape))
        });
    if let Some((letter, shape)) = target {
        letter.plain = shape;
        return true;
    }
    if key == 'w' {
        let lone = Letter { plain: 'ư', upper };
        return spelling.push(lone).is_some();
    }
    false
}

/// "uo" with one horn has two (ươ), except at the end of a word (uơ).
fn finish(mut spelling: Spelling) -> Option<Spelling> {
    if is_spelled(&spelling, false) {
        return Some(spelling);
    }
    let letters = spelling.letters_mut();
    let at = letters
        .windows(2)
        .position(|pair| matches!((pair[0].plain, pair[1].plain), ('u', 'ơ') | ('ư', 'o')))?;
    for (letter, plain) in letters.iter_mut().skip(at).zip(['ư', 'ơ']) {
        letter.plain = plain;
    }
    is_spelled(&spelling, false).then_some(spelling)
}
