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
    pub fn parse(text: &str) -> Result<Self, SexError> {
        let _ = text;
        todo!()
    }
    /// A lenient guess for a text outside the list ("Trai", "Gái", "Ông", "Bà", "m.", "NU"): the safe fix of SX-02.
    pub fn guess(text: &str) -> Option<Self> {
        let _ = text;
        todo!()
    }
    /// "M" or "F", as in our own files.
    pub fn code(self) -> &'static str {
        match self {
            Self::Male => "M",
            Self::Female => "F",
        }
    }
}
