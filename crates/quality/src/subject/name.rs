//! Rules NM that the record alone decides.

use std::borrow::Cow;

use registry::fields::SubjectRow;
use registry::name::{decode_legacy, fold, key, nfc, undo_typing};

use crate::context::Sink;
use crate::finding::Finding;
use crate::limits::Limits;
use crate::rule_id::RuleId;

const FIELD: &str = "full_name";

/// Raises NM-01 to NM-05, NM-08 (unfinished typing), NM-10 and NM-12 to NM-16; gives back the name when there is one.
pub(super) fn check<'a>(row: &SubjectRow<'a>, sink: &mut Sink<'_, '_>) -> Option<&'a str> {
    let Some(text) = row
        .full_name
        .filter(|text| text.chars().any(char::is_alphabetic))
    else {
        sink.raise(Finding::new(
            RuleId::Nm01,
            FIELD,
            row.full_name.unwrap_or_default(),
        ));
        return None;
    };
    let folded = fold(text);
    let traits = Traits::of(text);
    if !folded.contains(' ') && !folded.is_empty() {
        sink.raise(Finding::new(RuleId::Nm02, FIELD, text));
    }
    check_writing(text, &folded, traits, sink);
    if is_placeholder(&folded, sink.limits()) {
        sink.raise(Finding::new(RuleId::Nm10, FIELD, text));
    }
    if !traits.brackets
        && let Some(rest) = without_title(text, &folded, sink.limits())
    {
        sink.raise(Finding::new(RuleId::Nm12, FIELD, text).fix(FIELD, rest));
    }
    if let Some(clean) = normalised(text, traits) {
        sink.raise(Finding::new(RuleId::Nm13, FIELD, text).fix(FIELD, clean));
    }
    let longest = sink.limits().name_longest;
    if folded.is_empty()
        || folded.len() > longest
        || text.len() > longest && nfc(text).chars().count() > longest
    {
        sink.raise(Finding::new(RuleId::Nm14, FIELD, text));
    }
    if row
        .guardian_name
        .is_some_and(|guardian| key(guardian) == key(text))
    {
        sink.raise(Finding::new(RuleId::Nm16, FIELD, text));
    }
    Some(text)
}

/// What one pass over the characters tells.
#[derive(Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent observations of one pass"
)]
struct Traits {
    /// A digit, or a symbol other than space, hyphen, apostrophe, dot.
    odd: bool,
    /// A bracket.
    brackets: bool,
    /// A combining mark: perhaps not NFC.
    combining: bool,
    /// A letter that no Vietnamese name has, or a sign that VIQR uses for a mark.
    suspicious: bool,
    /// A lower-case letter.
    lower: bool,
    /// Space at an end, or two in a row.
    spacing: bool,
}

impl Traits {
    fn of(text: &str) -> Self {
        let mut traits = Self::default();
        let mut previous = ' ';
        for c in text.chars() {
            match c {
                'a'..='z' => traits.lower = true,
                ' ' => traits.spacing |= previous == ' ',
                'A'..='Z' | '-' | '’' => {}
                '.' | '\'' => traits.suspicious = true,
                '(' | '[' | ')' | ']' => traits.brackets = true,
                '\u{300}'..='\u{36f}' => traits.combining = true,
                '\u{c0}'..='\u{ff}' => {
                    traits.suspicious = true;
                    traits.lower |= c.is_lowercase();
                    traits.odd |= !c.is_alphabetic();
                }
                c if c.is_alphabetic() => traits.lower |= c.is_lowercase(),
                _ => {
                    traits.suspicious = true;
                    traits.odd = true;
                }
            }
            previous = c;
        }
        traits.spacing |= previous == ' ';
        traits
    }
}

/// NM-03, 04, 05, 08, 12 (brackets) and 15: of several readings of odd characters the most telling one.
fn check_writing(text: &str, folded: &str, traits: Traits, sink: &mut Sink<'_, '_>) {
    if traits.combining && nfc(text) != text {
        sink.raise(Finding::new(RuleId::Nm04, FIELD, text).fix(FIELD, nfc(text)));
    }
    if traits.suspicious
        && let Some((decoded, _)) = decode_legacy(text)
    {
        sink.raise(Finding::new(RuleId::Nm05, FIELD, text).fix(FIELD, decoded));
        return;
    }
    if may_be_typing(folded, traits)
        && let Some((typed, _)) = undo_typing(text)
    {
        sink.raise(Finding::new(RuleId::Nm08, FIELD, text).fix(FIELD, typed));
        return;
    }
    if holds_two_people(text) {
        sink.raise(Finding::new(RuleId::Nm15, FIELD, text));
        return;
    }
    let mut rest = Cow::Borrowed(text);
    if traits.brackets {
        let outside = collapse(&without_brackets(text));
        let fix = (!outside.is_empty()).then(|| outside.clone());
        sink.raise(Finding::new(RuleId::Nm12, FIELD, text).maybe_fix(FIELD, fix));
        rest = Cow::Owned(outside);
    }
    if traits.odd && rest.contains(|c| !is_of_a_name(c)) {
        let fix = is_loose(&rest).then(|| collapse(&rest.replace(|c| !is_of_a_name(c), "")));
        let fix = fix.filter(|fix| !fix.is_empty());
        sink.raise(Finding::new(RuleId::Nm03, FIELD, text).maybe_fix(FIELD, fix));
    }
}

/// The odd characters stand apart from the words, so that the name is what remains without them. A digit at a letter, or a symbol between two,
/// may stand for a mark or a letter that is lost.
fn is_loose(text: &str) -> bool {
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let letter_follows = characters.peek().is_some_and(|c| c.is_alphabetic());
        if !is_of_a_name(c) && before.is_alphabetic() && (letter_follows || c.is_numeric()) {
            return false;
        }
        before = c;
    }
    true
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '’' | '.' | '\u{300}'..='\u{36f}')
}

/// Cheap sign of unfinished Telex or VNI typing: digits, or a word with letters doubled or ending as no Vietnamese word does.
fn may_be_typing(folded: &str, traits: Traits) -> bool {
    let mut bytes = folded.bytes().peekable();
    let mut previous = b' ';
    let mut sign = traits.odd;
    while let Some(b) = bytes.next() {
        let last = matches!(bytes.peek(), None | Some(b' '));
        sign |= matches!(b, b'w' | b'j' | b'f' | b'z');
        sign |= last && matches!(b, b's' | b'r' | b'x') && previous != b' ';
        sign |= b == previous && matches!(b, b'a' | b'e' | b'o' | b'd');
        sign |= b.is_ascii_digit();
        previous = b;
    }
    sign
}

/// "A và B", "A & B", "A + B", "A / B", "A; B", "A, B".
///
/// Around "và" and the comma both sides must be names of two words or more, or "và" must stand in lower case among capitalised words: "Và" is a
/// family name too, and a foreigner's name may carry a comma.
fn holds_two_people(text: &str) -> bool {
    let words = |part: &str| {
        part.split_whitespace()
            .filter(|word| word.chars().any(char::is_alphabetic))
            .count()
    };
    let both =
        |left: &str, right: &str, least: usize| words(left) >= least && words(right) >= least;
    if text
        .split_once(['&', '+', '/', ';'])
        .is_some_and(|(left, right)| both(left, right, 1))
    {
        return true;
    }
    if text
        .split_once(',')
        .is_some_and(|(left, right)| both(left, right, 2))
    {
        return true;
    }
    for (written, least) in [
        (" và ", 1),
        (" VÀ ", 2),
        (" Và ", 2),
        (" va ", 2),
        (" VA ", 2),
    ] {
        let Some((left, right)) = text.split_once(written) else {
            continue;
        };
        // In a name written all in lower case "và" proves nothing by itself.
        let least = if text.chars().any(char::is_uppercase) {
            least
        } else {
            2
        };
        if both(left, right, least) {
            return true;
        }
    }
    false
}

fn is_placeholder(folded: &str, limits: &Limits) -> bool {
    limits.placeholder_names.contains(folded)
        || starts_with_any(folded, &limits.placeholder_beginnings)
        || is_one_letter_repeated(folded)
}

/// True when a folded name begins with one of the words.
pub(crate) fn starts_with_any(folded: &str, beginnings: &[String]) -> bool {
    beginnings
        .iter()
        .any(|beginning| folded.starts_with(beginning.as_str()))
}

/// "aaa", "xxx xxx".
fn is_one_letter_repeated(folded: &str) -> bool {
    let mut letters = folded.bytes().filter(|b| *b != b' ');
    let Some(first) = letters.next() else {
        return false;
    };
    let mut more = 0;
    letters.all(|b| {
        more += 1;
        b == first
    }) && more >= 2
}

/// The name after a title: the first words are one and a common family name follows, with at least one more word after it.
fn without_title(text: &str, folded: &str, limits: &Limits) -> Option<String> {
    // Cheap look first: no title begins with another letter.
    if !matches!(
        folded.bytes().next(),
        Some(b'a' | b'b' | b'c' | b'd' | b'e' | b'g' | b'm' | b'o' | b't')
    ) {
        return None;
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    (1..=2).rev().find_map(|length| {
        let title = words.get(..length)?.join(" ");
        let rest = words.get(length..)?;
        if rest.len() < 2 || !is_title(&title, text, limits) {
            return None;
        }
        let dotted = title.ends_with('.');
        let family = limits.family_names.contains(&fold(rest.first()?));
        (dotted || family).then(|| rest.join(" "))
    })
}

/// With its marks where the name has marks: "Ba" is no title in "Ba Nguyễn Lan".
fn is_title(word: &str, name: &str, limits: &Limits) -> bool {
    let word = nfc(word).trim_end_matches('.').to_lowercase();
    limits.titles.contains(&word)
        || name.is_ascii() && limits.titles.iter().any(|title| fold(title) == word)
}

fn without_brackets(text: &str) -> String {
    let mut depth = 0_usize;
    text.chars()
        .filter(|c| {
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => {
                    depth = depth.saturating_sub(1);
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect()
}

fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The cleanly written name, when the text is not: single spaces, no punctuation at the end, capitals only at the beginning of words.
fn normalised(text: &str, traits: Traits) -> Option<String> {
    let is_end = |c: char| matches!(c, '.' | ',' | ';' | ':' | '-' | '_');
    let capitals = !traits.lower && text.chars().filter(|c| c.is_alphabetic()).count() > 1;
    let untidy = traits.spacing || text.ends_with(is_end) || text.contains(['\t', '\u{a0}']);
    if !capitals && !untidy {
        return None;
    }
    let clean = collapse(text.trim_end_matches(|c: char| is_end(c) || c.is_whitespace()));
    let clean = if capitals { capitalised(&clean) } else { clean };
    (!clean.is_empty() && clean != text).then_some(clean)
}

fn capitalised(text: &str) -> String {
    let mut inside = false;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
        inside = c.is_alphabetic() || matches!(c, '\'' | '’' | '\u{300}'..='\u{36f}');
    }
    out
}
