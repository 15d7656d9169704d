//! `--lang`.

use registry::text::Text;

/// The language of what is told to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// Vietnamese.
    Vi,
    /// English.
    En,
}

impl Lang {
    /// The sentence in this language.
    pub fn of(self, text: Text) -> String {
        match self {
            Self::Vi => text.vi,
            Self::En => text.en,
        }
    }
}

impl From<Lang> for registry::text::Lang {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Vi => Self::Vi,
            Lang::En => Self::En,
        }
    }
}
