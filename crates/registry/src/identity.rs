//! Identity numbers: 12-digit personal number (số định danh cá nhân / CCCD), 9-digit CMND,
//! passport, health insurance card.

use std::fmt;

use crate::area::ProvinceCode;
use crate::phone::Phone;
use crate::sex::Sex;

/// A 12-digit personal number whose structure is right (digits, known province or country code is NOT required here: ID-05 is a rule).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonalId(u64);

impl PersonalId {
    /// From its numeric value; `None` from 10^12 on.
    pub fn from_u64(value: u64) -> Option<Self> {
        (value < 1_000_000_000_000).then_some(Self(value))
    }
    /// The twelve digits as a number.
    pub fn as_u64(self) -> u64 {
        self.0
    }
    /// Digits 1–3: province or country of birth registration.
    pub fn place_code(self) -> u16 {
        (self.0 / 1_000_000_000) as u16
    }
    /// The 2022 province of birth registration, when the code is one of the 63.
    pub fn province(self) -> Option<ProvinceCode> {
        let code = u8::try_from(self.place_code()).ok()?;
        PROVINCES_OF_2022
            .binary_search(&code)
            .ok()
            .map(|_| ProvinceCode(code))
    }
    /// True when the place code is one of the 63 provinces or may be a country (from 100 up; the list of countries is not public).
    /// 000 and the unassigned numbers below 100 are unknown (ID-05).
    pub fn place_is_known(self) -> bool {
        self.place_code() >= 100 || self.province().is_some()
    }
    /// Sex, from digit 4.
    pub fn sex(self) -> Sex {
        if self.century_digit().is_multiple_of(2) {
            Sex::Male
        } else {
            Sex::Female
        }
    }
    /// Year of birth, from digits 4–6 (1900–2399).
    pub fn birth_year(self) -> u16 {
        let year_of_century = (self.0 / 1_000_000 % 100) as u16;
        1900 + self.century_digit() / 2 * 100 + year_of_century
    }
    /// Digit 4: century and sex.
    fn century_digit(self) -> u16 {
        (self.0 / 100_000_000 % 10) as u16
    }
    /// For logs, reports and screens: `087******999` (first three, last three).
    pub fn masked(self) -> String {
        format!("{:03}******{:03}", self.place_code(), self.0 % 1000)
    }
}

/// A 9-digit identity card number (CMND).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cmnd(u32);

impl Cmnd {
    /// From its numeric value; `None` from 10^9 on.
    pub fn from_u32(value: u32) -> Option<Self> {
        (value < 1_000_000_000).then_some(Self(value))
    }
    /// The nine digits as a number.
    pub fn as_u32(self) -> u32 {
        self.0
    }
    /// `01*****89`.
    pub fn masked(self) -> String {
        format!("{:02}*****{:02}", self.0 / 10_000_000, self.0 % 100)
    }
}

/// A passport number: 6–9 letters and digits with at least one of each (so that a word is no number), upper case.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PassportNumber(String);

impl PassportNumber {
    /// Parses, upper-casing and dropping spaces and hyphens.
    ///
    /// # Errors
    /// [`IdentityError::Empty`], or [`IdentityError::IllegalCharacters`] for every other form.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let number: String = text
            .chars()
            .filter(|c| !is_separator(*c))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        if number.is_empty() {
            return Err(IdentityError::Empty);
        }
        let legal = (6..=9).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_alphanumeric())
            && number.bytes().any(|b| b.is_ascii_digit())
            && number.bytes().any(|b| b.is_ascii_alphabetic());
        legal
            .then_some(Self(number))
            .ok_or(IdentityError::IllegalCharacters)
    }
    /// For logs, reports and screens: `B*****67` (first one, last two).
    pub fn masked(&self) -> String {
        let hidden = self.0.len().saturating_sub(3);
        let (head, tail) = (self.0.get(..1), self.0.get(hidden + 1..));
        format!(
            "{}{}{}",
            head.unwrap_or_default(),
            "*".repeat(hidden),
            tail.unwrap_or_default()
        )
    }
    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A health insurance card number (BHYT), 15 characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Bhyt(String);

impl Bhyt {
    /// Parses `^[A-Z]{2}[1-5]\d{2}\d{10}$` after dropping spaces.
    ///
    /// # Errors
    /// [`IdentityError::Empty`], or [`IdentityError::IllegalCharacters`] for every other form.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let card: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_ascii_uppercase())
            .collect();
        if card.is_empty() {
            return Err(IdentityError::Empty);
        }
        let legal = card.len() == 15
            && card.bytes().enumerate().all(|(at, b)| match at {
                0 | 1 => b.is_ascii_uppercase(),
                2 => (b'1'..=b'5').contains(&b),
                _ => b.is_ascii_digit(),
            });
        legal
            .then_some(Self(card))
            .ok_or(IdentityError::IllegalCharacters)
    }
    /// The 10-digit social-insurance number, unique key of a person.
    pub fn social_insurance_number(&self) -> u64 {
        self.0
            .bytes()
            .skip(5)
            .fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
    }
    /// For logs, reports and screens: `DN4**********21` (group and level, last two).
    pub fn masked(&self) -> String {
        let (head, tail) = (self.0.get(..3), self.0.get(13..));
        format!(
            "{}**********{}",
            head.unwrap_or_default(),
            tail.unwrap_or_default()
        )
    }
    /// The card number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Any number that identifies a person.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum IdentityNumber {
    /// 12 digits.
    Personal(PersonalId),
    /// 9 digits.
    Cmnd(Cmnd),
    /// Foreigner's (or traveller's) passport.
    Passport(PassportNumber),
}

impl IdentityNumber {
    /// Parses a number of a *kind found from its form*: separators (space, dot, dash) are dropped, then 12 digits are a
    /// personal number, 9 a CMND, 6–9 alphanumerics with a letter a passport. Everything else is an error that says what it looks like.
    ///
    /// # Errors
    /// See [`IdentityError`]; two of its values carry the repair that rules ID-03 and ID-08 propose.
    ///
    /// ```
    /// use registry::identity::{IdentityError, IdentityNumber};
    /// let number = IdentityNumber::parse("087 084 000999").unwrap();
    /// assert_eq!(number.masked(), "087******999");
    /// let IdentityNumber::Personal(id) = number else { unreachable!() };
    /// assert_eq!((id.place_code(), id.birth_year(), id.sex().code()), (87, 1984, "M"));
    /// assert_eq!(
    ///     IdentityNumber::parse("87084000999"),
    ///     Err(IdentityError::LostLeadingZero { repaired: "087084000999".into() })
    /// );
    /// ```
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let text = text.trim().trim_start_matches('\'');
        if has_lost_digits(text) {
            return Err(IdentityError::ScientificNotation);
        }
        if text.starts_with('+') && Phone::parse_lenient(text).is_some() {
            return Err(IdentityError::Phone);
        }
        // By far the most frequent form, which needs no copy.
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return from_digits(text);
        }
        let compact: String = text.chars().filter(|c| !is_separator(*c)).collect();
        if compact.is_empty() {
            return Err(IdentityError::Empty);
        }
        if compact.bytes().all(|b| b.is_ascii_digit()) {
            return from_digits(&compact);
        }
        // A passport number is kept in capitals, and in capitals it has to be read as the same.
        let repaired = with_digits_for_letters(&compact)
            .or_else(|| with_digits_for_letters(&compact.to_ascii_uppercase()));
        if let Some(repaired) = repaired {
            return Err(IdentityError::OcrLetters { repaired });
        }
        PassportNumber::parse(&compact).map(Self::Passport)
    }
    /// Masked for logs and reports.
    pub fn masked(&self) -> String {
        match self {
            Self::Personal(id) => id.masked(),
            Self::Cmnd(cmnd) => cmnd.masked(),
            Self::Passport(passport) => passport.masked(),
        }
    }
}

/// What a run of digits is by its length (ID-02, ID-03, ID-09, ID-17).
fn from_digits(digits: &str) -> Result<IdentityNumber, IdentityError> {
    if is_filler(digits.as_bytes()) {
        return Err(IdentityError::Filler);
    }
    let wrong = IdentityError::WrongLength {
        digits: digits.len(),
    };
    if digits.len() > 12 {
        return Err(wrong);
    }
    let value: u64 = digits.parse().map_err(|_| wrong.clone())?;
    match digits.len() {
        12 => Ok(IdentityNumber::Personal(PersonalId(value))),
        9 => Ok(IdentityNumber::Cmnd(Cmnd(value as u32))),
        10 | 11 if is_phone(digits) => Err(IdentityError::Phone),
        // A spreadsheet drops every leading zero, and those of Hà Nội (001) or Tuyên Quang (008) have two.
        10 | 11 if is_plausible(PersonalId(value)) => Err(IdentityError::LostLeadingZero {
            repaired: PersonalId(value).to_string(),
        }),
        8 => Err(IdentityError::LostLeadingZero {
            repaired: Cmnd(value as u32).to_string(),
        }),
        _ => Err(wrong),
    }
}

/// Ten digits that begin like a mobile number (ID-17), or one of the longer forms of a mobile number.
fn is_phone(digits: &str) -> bool {
    let mobile = matches!(
        digits.as_bytes(),
        [b'0', b'3' | b'5' | b'7' | b'8' | b'9', ..]
    );
    (digits.len() == 10 && mobile) || Phone::parse_lenient(digits).is_some()
}

/// A number that a living person may have: known province, born 1900–2099.
fn is_plausible(id: PersonalId) -> bool {
    id.province().is_some() && id.century_digit() <= 3
}

/// `7.9201E+10`, `7,9201E10` or `79201000123.0`: a spreadsheet took the number for a quantity.
fn has_lost_digits(text: &str) -> bool {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let decimal = |t: &str| {
        t.split_once(['.', ','])
            .is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
    };
    if let Some((mantissa, exponent)) = text.split_once(['e', 'E']) {
        let signed = exponent.strip_prefix('+');
        return digits(signed.unwrap_or(exponent))
            && (decimal(mantissa) || (signed.is_some() && digits(mantissa)));
    }
    text.split_once(['.', ','])
        .is_some_and(|(whole, fraction)| digits(whole) && matches!(fraction, "0" | "00"))
}

/// The digits behind letters that look like them (ID-08), when they make a 12-digit number of a known province or a 9-digit number that
/// cannot be a passport (whose letters stand in front).
fn with_digits_for_letters(compact: &str) -> Option<String> {
    let digits: String = compact
        .chars()
        .map(|c| match c {
            'O' | 'o' => Some('0'),
            'I' | 'i' | 'l' => Some('1'),
            'S' | 's' => Some('5'),
            'B' => Some('8'),
            '0'..='9' => Some(c),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let letters_in_front = compact
        .trim_start_matches(|c: char| c.is_ascii_alphabetic() && c != 'l')
        .bytes()
        .all(|b| b.is_ascii_digit());
    match from_digits(&digits) {
        Ok(IdentityNumber::Personal(id)) if is_plausible(id) => Some(digits),
        Ok(IdentityNumber::Cmnd(_)) if !letters_in_front => Some(digits),
        _ => None,
    }
}

/// One to three digits repeated to the end (000000000000, 121212121212), or digits that count up or down (123456789, 987654321).
fn is_filler(digits: &[u8]) -> bool {
    let repeated = (1..=3).any(|period| {
        (digits.len() >= 3 * period || period == 1)
            && digits.len().is_multiple_of(period)
            && digits
                .iter()
                .skip(period)
                .eq(digits.iter().take(digits.len().saturating_sub(period)))
    });
    let counts = |step: u8| {
        digits.len() >= 6
            && digits
                .iter()
                .zip(digits.iter().skip(1))
                .all(|(a, b)| (a - b'0' + step) % 10 == b - b'0')
    };
    repeated || counts(1) || counts(9)
}

/// Space, dot, dash and their look-alikes.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '.' | '-' | '\u{2010}'..='\u{2015}' | '\u{200b}'..='\u{200d}' | '\u{feff}')
}

/// The two-digit codes of the 63 provinces, which a personal number carries for ever whatever becomes of the province.
const PROVINCES_OF_2022: [u8; 63] = [
    1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37,
    38, 40, 42, 44, 45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75, 77,
    79, 80, 82, 83, 84, 86, 87, 89, 91, 92, 93, 94, 95, 96,
];

/// Files carry all digits; a debug text never does.
macro_rules! shown {
    ($type:ident, $pattern:literal) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, $pattern, self.0)
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($type), self.masked())
            }
        }
    };
}
shown!(PersonalId, "{:012}");
shown!(Cmnd, "{:09}");
shown!(PassportNumber, "{}");
shown!(Bhyt, "{}");

impl fmt::Display for IdentityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Personal(id) => id.fmt(f),
            Self::Cmnd(cmnd) => cmnd.fmt(f),
            Self::Passport(passport) => passport.fmt(f),
        }
    }
}

impl fmt::Debug for IdentityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Personal(id) => fmt::Debug::fmt(id, f),
            Self::Cmnd(cmnd) => fmt::Debug::fmt(cmnd, f),
            Self::Passport(passport) => fmt::Debug::fmt(passport, f),
        }
    }
}

/// Why a text is no identity number, with the repair where one is safe.
///
/// Neither its message nor its debug text shows a number; the repair is in the field.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Blank.
    #[error("empty")]
    Empty,
    /// 10, 11 or 8 digits that are valid with their zeros in front: a spreadsheet dropped them (ID-03).
    #[error("leading zero lost")]
    LostLeadingZero {
        /// The digits with their zero.
        repaired: String,
    },
    /// `7.9201E+10`, or a decimal tail `…0.0` (ID-04).
    #[error("scientific or decimal notation: digits are lost")]
    ScientificNotation,
    /// Letters that look like digits (O, I, l, S, B) in a number that is valid with digits in their place (ID-08).
    #[error("letters in place of digits")]
    OcrLetters {
        /// The digits.
        repaired: String,
    },
    /// Repeated or sequential filler (ID-09).
    #[error("filler, not a number")]
    Filler,
    /// A telephone number (ID-17).
    #[error("a telephone number")]
    Phone,
    /// Digits only, but not 9 or 12 (ID-02).
    #[error("{digits} digits instead of 9 or 12")]
    WrongLength {
        /// How many digits there are.
        digits: usize,
    },
    /// Other characters (ID-02).
    #[error("characters that no number has")]
    IllegalCharacters,
}

impl fmt::Debug for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityError({self})")
    }
}
