//! Why a command is not carried out: always one of the named reasons, each with a stable code.

use registry::text::Lang;

/// Whose turn it is after a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// The command itself is incomplete or contradicts itself: send another.
    Invalid,
    /// The actor has no right to it.
    Forbidden,
    /// There is no such record, or none that the actor may know of.
    Missing,
    /// The record is in another state, or changed since it was read: look again.
    Conflict,
    /// The procedure does not allow it, whoever asks.
    NotAllowed,
}

/// A named reason to refuse: its code never changes, its words may.
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    /// Stable code (`feedback.reason_missing`).
    pub code: &'static str,
    /// Whose turn it is.
    pub kind: RefusalKind,
    /// What is wrong, in Vietnamese.
    pub vi: &'static str,
    /// What is wrong, in English.
    pub en: &'static str,
    /// What to do, in Vietnamese.
    pub hint_vi: &'static str,
    /// What to do, in English.
    pub hint_en: &'static str,
}

/// A command that is not carried out. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The named reason.
    pub reason: &'static Reason,
    /// The particular of this case ("the record is at revision 7"); never a name or a number of a person.
    pub detail: Option<String>,
}

impl Reason {
    /// What is wrong.
    pub fn text(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Vi => self.vi,
            Lang::En => self.en,
        }
    }

    /// What to do.
    pub fn hint(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Vi => self.hint_vi,
            Lang::En => self.hint_en,
        }
    }

    /// The refusal for this reason.
    pub fn refusal(&'static self) -> Refusal {
        Refusal {
            reason: self,
            detail: None,
        }
    }

    /// The refusal for this reason, with its particular.
    pub fn because(&'static self, detail: impl Into<String>) -> Refusal {
        Refusal {
            reason: self,
            detail: Some(detail.into()),
        }
    }

    /// The refusal for this reason unless the condition holds.
    ///
    /// # Errors
    /// The refusal.
    pub fn unless(&'static self, condition: bool) -> Result<(), Refusal> {
        if condition {
            Ok(())
        } else {
            Err(self.refusal())
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.reason.en, self.reason.code)?;
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

/// Declares the reasons of one procedure, or of what is built on the procedures, and `ALL` of them for documentation and tests.
///
/// ```text
/// casework::reasons! {
///     /// Doc.
///     NOT_TRUE NotAllowed "subject.not_true" "vi" "en" "hint vi" "hint en",
/// }
/// ```
#[macro_export]
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $kind:ident $code:literal $vi:literal $en:literal $hint_vi:literal $hint_en:literal),* $(,)?) => {
        $($(#[$doc])* pub const $name: $crate::Reason = $crate::Reason {
            code: $code, kind: $crate::RefusalKind::$kind, vi: $vi, en: $en, hint_vi: $hint_vi, hint_en: $hint_en,
        };)*
        /// All reasons of this procedure.
        pub const ALL: &[&$crate::Reason] = &[$(&$name),*];
    };
}
pub(crate) use reasons;
