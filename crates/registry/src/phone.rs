//! Vietnamese mobile numbers.

/// A 10-digit mobile number, valid since 2018.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone(u32);

/// Why a text is no mobile number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Blank.
    #[error("empty")]
    Empty,
    /// An 11-digit number of before 2018 with a known conversion (CT-03); the converted number.
    #[error("old prefix")]
    OldPrefix(Phone),
    /// Anything else (CT-02).
    #[error("not a Vietnamese mobile number")]
    Invalid,
}

impl Phone {
    /// Parses; spaces, dots, dashes dropped, `+84`/`84` replaced by 0.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let _ = text;
        todo!()
    }
    /// Like [`Phone::parse`], and converts old prefixes.
    pub fn parse_lenient(text: &str) -> Option<Self> {
        match Self::parse(text) {
            Ok(p) | Err(PhoneError::OldPrefix(p)) => Some(p),
            Err(_) => None,
        }
    }
    /// The nine digits after the leading zero.
    pub fn as_u32(self) -> u32 {
        self.0
    }
    /// From the nine digits after the zero, when they are a mobile number.
    pub fn from_u32(value: u32) -> Option<Self> {
        let _ = value;
        todo!()
    }
    /// `09******21`.
    pub fn masked(self) -> String {
        todo!()
    }
}
