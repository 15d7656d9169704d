//! Status vocabularies of the procedures: names are those of `process.md`, and `as_str` is what files carry.

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $text:literal $vi:literal $en:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),* }
        impl $name {
            /// All values in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word that files carry.
            pub fn as_str(self) -> &'static str { match self { $(Self::$variant => $text),* } }
            /// Reads the word of a file.
            pub fn parse(text: &str) -> Option<Self> { Self::ALL.iter().copied().find(|v| v.as_str() == text) }
            /// For people, in Vietnamese.
            pub fn vi(self) -> &'static str { match self { $(Self::$variant => $vi),* } }
            /// For people, in English.
            pub fn en(self) -> &'static str { match self { $(Self::$variant => $en),* } }
        }
    };
}

vocabulary! {
    /// Outcome of the exact check of one subject against the register.
    Verification {
        /// Number, name, birth date and sex all agree.
        True "TRUE" "Khớp" "Verified",
        /// The number is in the register; at least one other field differs.
        False "FALSE" "Sai lệch" "Differs",
        /// A well-formed number that the register does not hold.
        NotFound "NOT_FOUND" "Không tìm thấy số" "Number not in the register",
        /// No number (E1).
        NoId "NO_ID" "Thiếu số CCCD/CMND" "No identity number",
        /// A malformed number (E2).
        BadFormat "BAD_FORMAT" "Số sai định dạng" "Malformed number",
        /// Foreigner with a passport number: no register check.
        ForeignerExempt "FOREIGNER_EXEMPT" "Người nước ngoài" "Foreigner, exempt",
    }
}

vocabulary! {
    /// Error category of dispatch 2262.
    ErrorCategory {
        /// No CCCD/CMND number.
        E1 "E1" "Thiếu số CCCD/CMND" "No identity number",
        /// Number in a wrong format.
        E2 "E2" "Số sai định dạng" "Malformed number",
        /// Wrong basic data: number, name, birth date or sex.
        E3 "E3" "Sai thông tin cơ bản" "Wrong basic data",
    }
}

impl Verification {
    /// The category under which dispatch 2262 lists the subject; `None` when nothing has to be cleaned.
    pub fn category(self) -> Option<ErrorCategory> {
        match self {
            Self::NoId => Some(ErrorCategory::E1),
            Self::BadFormat => Some(ErrorCategory::E2),
            Self::False | Self::NotFound => Some(ErrorCategory::E3),
            Self::True | Self::ForeignerExempt => None,
        }
    }
}
