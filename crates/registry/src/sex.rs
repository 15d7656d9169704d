//! Sex as the register records it.

/// Male or female.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    /// Nam.
    Male,
    /// Nữ.
    Female,
}

/// Why a text is no sex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SexError {
    /// Said to be unknown ("không rõ", "U", "0").
    #[error("sex unknown")]
    Unknown,
    /// Not in the code list.
    #[error("not a sex code")]
    NotInList,
}

impl Sex {
    /// Parses the *strict* code list: M/F, Nam/Nữ, male/female, 1/2, in any case.
    ///
    /// # Errors
    /// [`SexError::Unknown`] when the text says so or is blank, [`SexError::NotInList`] for everything else.
    ///
    /// ```
    /// use registry::sex::{Sex, SexError};
    /// assert_eq!(Sex::parse("NỮ"), Ok(Sex::Female));
    /// assert_eq!(Sex::parse("không rõ"), Err(SexError::Unknown));
    /// assert_eq!(Sex::parse("Gái"), Err(SexError::NotInList));
    /// assert_eq!(Sex::guess("Gái"), Some(Sex::Female));
    /// ```
    pub fn parse(text: &str) -> Result<Self, SexError> {
        match crate::name::nfc(text.trim()).to_lowercase().as_str() {
            "m" | "nam" | "male" | "1" => Ok(Self::Male),
            "f" | "nữ" | "female" | "2" => Ok(Self::Female),
            ""
            | "u"
            | "0"
            | "9"
            | "không rõ"
            | "chưa rõ"
            | "không xác định"
            | "chưa xác định"
            | "khác"
            | "unknown"
            | "other" => Err(SexError::Unknown),
            _ => Err(SexError::NotInList),
        }
    }
    /// A lenient guess for a text outside the list ("Trai", "Gái", "Ông", "Bà", "m.", "NU"): the safe fix of SX-02.
    pub fn guess(text: &str) -> Option<Self> {
        if let Ok(sex) = Self::parse(text) {
            return Some(sex);
        }
        match crate::name::fold(text).as_str() {
            "m" | "nam" | "male" | "man" | "boy" | "trai" | "con trai" | "be trai" | "ong"
            | "anh" | "nam gioi" | "gioi tinh nam" | "1" | "01" | "1 0" => Some(Self::Male),
            "f" | "nu" | "female" | "woman" | "girl" | "gai" | "con gai" | "be gai" | "ba"
            | "chi" | "co" | "nu gioi" | "phu nu" | "gioi tinh nu" | "2" | "02" | "2 0" => {
                Some(Self::Female)
            }
            _ => None,
        }
    }
    /// "M" or "F", as in our own files.
    pub fn code(self) -> &'static str {
        match self {
            Self::Male => "M",
            Self::Female => "F",
        }
    }
}
