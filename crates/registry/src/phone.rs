//! Vietnamese mobile numbers.

/// A 10-digit mobile number, valid since 2018.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    /// Parses; spaces, dots, dashes and brackets are dropped, `+84`, `0084` and `84` replaced by 0.
    ///
    /// # Errors
    /// [`PhoneError::OldPrefix`] carries the number of today; [`PhoneError::Invalid`] is anything that is no mobile number.
    ///
    /// ```
    /// use registry::phone::{Phone, PhoneError};
    /// let phone = Phone::parse("+84 912.345.678").unwrap();
    /// assert_eq!((phone.as_u32(), phone.masked().as_str()), (912_345_678, "09******78"));
    /// assert_eq!(Phone::parse("0168 234 5678"), Err(PhoneError::OldPrefix(Phone::parse("0382345678").unwrap())));
    /// ```
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let mut digits = [0u8; 15];
        let mut length = 0;
        let mut plus = false;
        for c in text.trim().chars() {
            match c {
                '0'..='9' => {
                    *digits.get_mut(length).ok_or(PhoneError::Invalid)? = c as u8 - b'0';
                    length += 1;
                }
                '+' if length == 0 && !plus => plus = true,
                '.' | '-' | '(' | ')' => {}
                c if c.is_whitespace() => {}
                _ => return Err(PhoneError::Invalid),
            }
        }
        let digits = &digits[..length];
        let national = match digits {
            [] if !plus => return Err(PhoneError::Empty),
            [8, 4, rest @ ..] if plus || matches!(rest.len(), 9 | 10) => rest,
            [0, 0, 8, 4, rest @ ..] => rest,
            [0, rest @ ..] if !plus => rest,
            _ => return Err(PhoneError::Invalid),
        };
        let value = national
            .iter()
            .fold(0u64, |value, &digit| value * 10 + u64::from(digit));
        match national.len() {
            9 => Self::from_u32(value as u32).ok_or(PhoneError::Invalid),
            10 => Err(converted(value).map_or(PhoneError::Invalid, PhoneError::OldPrefix)),
            _ => Err(PhoneError::Invalid),
        }
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
        matches!(
            value / 10_000_000,
            32..=39 | 52 | 55 | 56 | 58 | 59 | 70 | 76..=79 | 81..=89 | 90..=94 | 96..=99
        )
        .then_some(Self(value))
    }
    /// `09******21`.
    pub fn masked(self) -> String {
        format!("0{}******{:02}", self.0 / 100_000_000, self.0 % 100)
    }
}

impl std::fmt::Display for Phone {
    /// All ten digits, for files.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "0{:09}", self.0)
    }
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

/// The number of today for the ten digits after the zero of an old 11-digit number: the prefix changed, the last seven digits stayed
/// (switch of 15 September 2018).
fn converted(old: u64) -> Option<Phone> {
    let prefix = match old / 10_000_000 {
        p @ 162..=169 => p - 130,
        120 => 70,
        121 => 79,
        122 => 77,
        126 => 76,
        128 => 78,
        p @ 123..=125 => p - 40,
        127 => 81,
        129 => 82,
        186 => 56,
        188 => 58,
        199 => 59,
        _ => return None,
    };
    Phone::from_u32((prefix * 10_000_000 + old % 10_000_000) as u32)
}
