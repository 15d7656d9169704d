//! How a clerk gets one field wrong. Each function appends what is written, and says whether it differs from what is right: a mistake that
//! the value does not allow is not made.

use std::fmt::Write as _;

use jiff::civil::{Date, date};
use registry::name::{LegacyEncoding, TypingMethod, as_typed, encode_legacy};

use crate::dice::Dice;
use crate::letters::{capitalised, other_style, other_tone, plain, plain_words};
use crate::profile::SubjectMistake as Kind;

/// Sino-Vietnamese readings of the same character, northern and southern.
const VARIANTS: [(&str, &str); 22] = [
    ("Bảo", "Bửu"),
    ("Hoàng", "Huỳnh"),
    ("Vũ", "Võ"),
    ("Phúc", "Phước"),
    ("Cảnh", "Kiểng"),
    ("Chu", "Châu"),
    ("Kính", "Kiếng"),
    ("Sinh", "Sanh"),
    ("Tính", "Tánh"),
    ("Chính", "Chánh"),
    ("Lĩnh", "Lãnh"),
    ("Nhật", "Nhựt"),
    ("Nhân", "Nhơn"),
    ("Nghĩa", "Ngãi"),
    ("Thái", "Thới"),
    ("Hồng", "Hường"),
    ("An", "Yên"),
    ("Uy", "Oai"),
    ("Cương", "Cang"),
    ("Đàm", "Đờm"),
    ("Trường", "Tràng"),
    ("Thịnh", "Thạnh"),
];
const NICKNAMES: [&str; 12] = [
    "Tý", "Tèo", "Út", "Bi", "Bống", "Na", "Cún", "Mít", "Sóc", "Tí", "Bé", "Ba",
];
const TITLES: [&str; 8] = ["Ông", "Bà", "Anh", "Chị", "BS.", "Cô", "Chú", "Cháu"];
const NOTES: [&str; 4] = ["(giáo viên)", "(tạm trú)", "(công nhân)", "(F1)"];
const FILLERS: [&str; 5] = [
    "000000000000",
    "123456789",
    "111111111111",
    "999999999",
    "123456789012",
];
const LETTERS: &[u8] = b"abcdeghiklmnopqrstuvxy";

/// Old prefix of a mobile number by its new one (without zero): the change of 2018.
const OLD_PREFIXES: [(u32, u32); 20] = [
    (32, 162),
    (33, 163),
    (34, 164),
    (35, 165),
    (36, 166),
    (37, 167),
    (38, 168),
    (39, 169),
    (70, 120),
    (79, 121),
    (77, 122),
    (76, 126),
    (78, 128),
    (83, 123),
    (84, 124),
    (85, 125),
    (81, 127),
    (82, 129),
    (56, 186),
    (58, 188),
];

/// Other numbers that a clerk may write instead of the right one.
pub(crate) struct Others {
    pub(crate) family: Option<u64>,
    pub(crate) stranger: Option<u64>,
    pub(crate) cmnd: u32,
    pub(crate) phone: u32,
}

/// A number in its canonical digits with a mistake.
pub(crate) fn number(
    dice: &mut Dice,
    kind: Kind,
    right: &str,
    others: &Others,
    out: &mut String,
) -> bool {
    let digits = right.as_bytes();
    let start = out.len();
    match kind {
        Kind::NumberMissing => return true,
        Kind::NumberLength => match dice.below(3) {
            0 => _ = write!(out, "{right}{}", dice.below(10)),
            1 => out.extend(right.chars().skip(2)),
            _ => out.extend(right.chars().take(7)),
        },
        Kind::NumberLetters => {
            // In a shorter number one letter would make it look like a passport's.
            let at = digits.len().saturating_sub(1 + dice.below(6) as usize);
            let letter = dice.one(&['X', 'K', 'N', 'D']);
            replace(right, at, letter, out);
            return digits.len() == 12;
        }
        Kind::NumberSpaces => {
            let separator = dice.one(&[' ', '.', '-']);
            for (at, digit) in right.chars().enumerate() {
                if at > 0 && at % 3 == 0 {
                    out.push(separator);
                }
                out.push(digit);
            }
        }
        Kind::NumberLostZero => out.push_str(right.strip_prefix('0').unwrap_or(right)),
        Kind::NumberScientific => {
            let significant = right.trim_start_matches('0');
            let (first, rest) = significant.split_at(1.min(significant.len()));
            let places = significant.len().saturating_sub(1);
            let shown: String = rest.chars().take(4).collect();
            _ = write!(out, "{first}.{shown}E+{places:02}");
        }
        Kind::NumberOcr => {
            let looks = |digit| match digit {
                '0' => Some('O'),
                '1' => Some('l'),
                '5' => Some('S'),
                '8' => Some('B'),
                _ => None,
            };
            let places: Vec<(usize, char)> = right
                .chars()
                .enumerate()
                .filter_map(|(at, digit)| Some((at, looks(digit)?)))
                .collect();
            if places.is_empty() {
                return false;
            }
            let (at, letter) = dice.one(&places);
            replace(right, at, letter, out);
        }
        Kind::NumberFiller => out.push_str(dice.one(&FILLERS)),
        Kind::NumberPhone => _ = write!(out, "0{:09}", others.phone),
        Kind::NumberDigit => {
            let at = dice.below(digits.len() as u32) as usize;
            let other = (digits[at] - b'0' + dice.between(1, 9) as u8) % 10;
            replace(right, at, char::from(b'0' + other), out);
        }
        Kind::NumberTransposed => {
            let at = dice.below(digits.len() as u32 - 1) as usize;
            out.extend((0..digits.len()).map(|i| {
                char::from(
                    digits[if i == at {
                        at + 1
                    } else if i == at + 1 {
                        at
                    } else {
                        i
                    }],
                )
            }));
        }
        Kind::NumberFamily | Kind::NumberStranger => {
            let other = if kind == Kind::NumberFamily {
                others.family
            } else {
                others.stranger
            };
            if let Some(other) = other {
                _ = write!(out, "{other:012}");
            }
        }
        Kind::NumberCmnd if others.cmnd > 0 => _ = write!(out, "{:09}", others.cmnd),
        _ => {}
    }
    out.len() > start && &out[start..] != right
}

/// Appends a text with one character replaced.
fn replace(text: &str, at: usize, by: char, out: &mut String) {
    out.extend(
        text.chars()
            .enumerate()
            .map(|(i, c)| if i == at { by } else { c }),
    );
}

/// The words of a name with a mistake.
pub(crate) fn name_words(dice: &mut Dice, kind: Kind, right: &str) -> Option<String> {
    let mut words: Vec<String> = right.split(' ').map(str::to_owned).collect();
    let last = words.len().checked_sub(1)?;
    match kind {
        Kind::NameMiddleDropped if last >= 2 => {
            words.remove(1 + dice.below(last as u32 - 1) as usize);
        }
        Kind::NameSwapped if dice.percent(50) => words.rotate_right(1),
        Kind::NameSwapped if last >= 2 => words.swap(last - 1, last),
        Kind::NameNickname => dice.one(&NICKNAMES).clone_into(&mut words[last]),
        Kind::NameSlip => {
            let at = dice.below(last as u32 + 1) as usize;
            words[at] = slip(dice, &words[at]);
        }
        Kind::NameVariant => {
            let (at, other) = words
                .iter()
                .enumerate()
                .rev()
                .find_map(|(at, word)| Some((at, variant(word)?)))?;
            other.clone_into(&mut words[at]);
        }
        Kind::NameTitle if dice.percent(80) => words.insert(0, dice.one(&TITLES).to_owned()),
        Kind::NameTitle => words.push(dice.one(&NOTES).to_owned()),
        _ => return None,
    }
    Some(words.join(" ")).filter(|written| written != right)
}

/// The other reading of a word.
fn variant(word: &str) -> Option<&'static str> {
    VARIANTS.iter().find_map(|&(one, other)| match word {
        _ if word == one => Some(other),
        _ if word == other => Some(one),
        _ => None,
    })
}

/// One letter replaced, inserted, dropped or exchanged with its neighbour.
fn slip(dice: &mut Dice, word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = dice.below(letters.len() as u32) as usize;
    let letter = char::from(dice.one(LETTERS));
    match dice.below(4) {
        0 if at > 0 => letters[at] = letter,
        1 if letters.len() > 2 => _ = letters.remove(at),
        2 if at > 1 => letters.swap(at - 1, at),
        // "d" for "Đ" is the slip that happens most.
        3 if letters[0] == 'Đ' => letters[0] = 'D',
        _ => letters.insert(at + 1, letter),
    }
    letters.into_iter().collect()
}

/// The letters of a name with a mistake.
pub(crate) fn name_letters(dice: &mut Dice, kind: Kind, right: &str) -> Option<String> {
    let words: Vec<&str> = right.split(' ').collect();
    let one_word = |dice: &mut Dice, change: &dyn Fn(&str) -> Option<String>| {
        let able: Vec<(usize, String)> = words
            .iter()
            .enumerate()
            .filter_map(|(at, word)| Some((at, change(word)?)))
            .collect();
        if able.is_empty() {
            return None;
        }
        let (chosen, other) = &able[dice.below(able.len() as u32) as usize];
        let written = |(at, word): (usize, &&str)| {
            if at == *chosen {
                other.clone()
            } else {
                (*word).to_owned()
            }
        };
        Some(
            words
                .iter()
                .enumerate()
                .map(written)
                .collect::<Vec<_>>()
                .join(" "),
        )
    };
    match kind {
        Kind::AccentsLost => Some(plain_words(right)),
        Kind::AccentsPart => one_word(dice, &|word| Some(plain(word)).filter(|p| p != word)),
        Kind::AccentsTone => one_word(dice, &other_tone),
        Kind::AccentsPlacement => one_word(dice, &other_style),
        Kind::AccentsTelex => Some(as_typed(right, TypingMethod::Telex)),
        Kind::AccentsVni => Some(as_typed(right, TypingMethod::Vni)),
        Kind::AccentsTcvn3 => encode_legacy(right, LegacyEncoding::Tcvn3),
        Kind::AccentsVniFont => encode_legacy(right, LegacyEncoding::VniFont),
        Kind::AccentsUtf8 => encode_legacy(right, LegacyEncoding::Utf8AsLatin),
        Kind::AccentsEth => Some(right.replace('Đ', "Ð")),
        _ => None,
    }
    .filter(|written| written != right)
}

/// A name as a register clerk got it wrong: a slip, a tone, a variant.
pub(crate) fn register_name(dice: &mut Dice, right: &str) -> Option<String> {
    match dice.below(4) {
        0 => name_words(dice, Kind::NameVariant, right),
        1 => name_words(dice, Kind::NameMiddleDropped, right),
        2 => name_letters(dice, Kind::AccentsTone, right),
        _ => None,
    }
    .or_else(|| name_words(dice, Kind::NameSlip, right).map(|name| capitalised(&name)))
}

/// A birth date with a mistake.
pub(crate) fn birth(dice: &mut Dice, kind: Kind, right: Date, out: &mut String) -> bool {
    let (year, month, day) = (right.year(), right.month(), right.day());
    let safe_day = day.min(28);
    let step: i8 = if dice.percent(50) { 1 } else { -1 };
    let written = match kind {
        Kind::BirthMissing => return true,
        Kind::BirthSwapped if day <= 12 => date(year, day, month),
        Kind::BirthFirstJanuary => date(year, 1, 1),
        Kind::BirthYearOne => date(year + i16::from(step), month, safe_day),
        Kind::BirthYearTen => date(year + 10 * i16::from(step), month, safe_day),
        Kind::BirthDigit => match dice.below(4) {
            0 => date(year, (month + step).clamp(1, 12), safe_day),
            1 if day > 10 => date(year, month, day - 10),
            1 => date(year, month, day + 10),
            _ => date(year, month, (day + step).clamp(1, 28)),
        },
        Kind::BirthYearOnly => {
            _ = write!(out, "{year:04}");
            return true;
        }
        Kind::BirthTwoDigits => {
            _ = write!(out, "{day:02}/{month:02}/{:02}", year % 100);
            return true;
        }
        Kind::BirthSerial => {
            _ = write!(out, "{}", serial(right));
            return true;
        }
        _ => return false,
    };
    write_day(written, out);
    written != right
}

/// A birth date as a register clerk got it wrong.
pub(crate) fn register_birth(dice: &mut Dice, right: Date, out: &mut String) -> bool {
    let kind = dice.one(&[
        Kind::BirthDigit,
        Kind::BirthSwapped,
        Kind::BirthFirstJanuary,
        Kind::BirthYearOne,
    ]);
    birth(dice, kind, right, out)
}

/// Appends `YYYY-MM-DD`.
pub(crate) fn write_day(day: Date, out: &mut String) {
    digits(day.year() as u64, 4, out);
    out.push('-');
    digits(day.month() as u64, 2, out);
    out.push('-');
    digits(day.day() as u64, 2, out);
}

/// Appends `dd/mm/yyyy`.
pub(crate) fn write_slashed(day: Date, out: &mut String) {
    digits(day.day() as u64, 2, out);
    out.push('/');
    digits(day.month() as u64, 2, out);
    out.push('/');
    digits(day.year() as u64, 4, out);
}

/// Appends a number with leading zeros: a tenth of the time of `write!`, and this happens a hundred million times.
pub(crate) fn digits(value: u64, width: usize, out: &mut String) {
    let (mut buffer, mut rest, mut at) = ([b'0'; 20], value, 20);
    while rest > 0 || 20 - at < width.min(20) {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend(buffer[at..].iter().map(|&digit| char::from(digit)));
}

/// The day as a spreadsheet counts it (1900 date system, for days since March 1900).
fn serial(day: Date) -> i32 {
    registry::date::day_number(day) - registry::date::day_number(date(1899, 12, 30))
}

/// A telephone number in the form of before 2018; `None` where the prefix is new.
pub(crate) fn old_phone(phone: u32) -> Option<u64> {
    let &(_, old) = OLD_PREFIXES
        .iter()
        .find(|(new, _)| *new == phone / 10_000_000)?;
    Some(u64::from(old) * 10_000_000 + u64::from(phone % 10_000_000))
}

/// A lot number with one character mistaken: O for 0, I for 1 and back, else a neighbour.
pub(crate) fn lot_typo(dice: &mut Dice, right: &str) -> String {
    let at = dice.below(right.len().max(1) as u32) as usize;
    let wrong = |c: char| match c {
        '0' => 'O',
        'O' => '0',
        '1' => 'I',
        'I' => '1',
        '9' => '8',
        'Z' => 'Y',
        'A'..='Y' | '2'..='8' => char::from(c as u8 + 1),
        other => other,
    };
    right
        .chars()
        .enumerate()
        .map(|(i, c)| if i == at { wrong(c) } else { c })
        .collect()
}
