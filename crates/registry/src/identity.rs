//! Identity numbers: 12-digit personal number (số định danh cá nhân / CCCD), 9-digit CMND,
//! passport, health insurance card.

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
    pub fn province(self) -> Option<crate::area::ProvinceCode> {
        todo!()
    }
    /// True when the place code is in the dated list (63 provinces or a country code range).
    pub fn place_is_known(self) -> bool {
        todo!()
    }
    /// Sex, from digit 4.
    pub fn sex(self) -> Sex {
        todo!()
    }
    /// Year of birth, from digits 4–6 (1900–2399).
    pub fn birth_year(self) -> u16 {
        todo!()
    }
    /// For logs, reports and screens: `087******999` (first three, last three).
    pub fn masked(self) -> String {
        todo!()
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
        todo!()
    }
}

/// A passport number: 6–9 letters and digits with at least one letter, upper case.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PassportNumber(String);

impl PassportNumber {
    /// Parses, upper-casing and dropping spaces and hyphens.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let _ = text;
        todo!()
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
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let _ = text;
        todo!()
    }
    /// The 10-digit social-insurance number, unique key of a person.
    pub fn social_insurance_number(&self) -> u64 {
        todo!()
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
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let _ = text;
        todo!()
    }
    /// Masked for logs and reports.
    pub fn masked(&self) -> String {
        todo!()
    }
}

/// Why a text is no identity number, with the repair where one is safe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Blank.
    #[error("empty")]
    Empty,
    /// 11 or 8 digits that are valid with a zero in front: a spreadsheet dropped it (ID-03).
    #[error("leading zero lost: {repaired}")]
    LostLeadingZero {
        /// The digits with their zero.
        repaired: String,
    },
    /// `7.9201E+10`, or a decimal tail `…0.0` (ID-04).
    #[error("scientific or decimal notation: digits are lost")]
    ScientificNotation,
    /// Letters that look like digits (O, I, l, S, B) in a number that is valid with digits in their place (ID-08).
    #[error("letters in place of digits: {repaired}")]
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
