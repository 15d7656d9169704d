//! Who somebody is, as many acts carry it.

use casework::subject::person;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::fields::{Line, Text};

/// Identity fields as recorded. Texts: what is recorded may be wrong, and is kept as it stands.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"full_name": "Trần Văn Thử", "birth_date": "1984-05-03", "sex": "M", "number": "001084000001"})))]
pub(crate) struct Person {
    /// Full name.
    full_name: Line,
    /// Birth date, `YYYY-MM-DD`, `YYYY-MM` or `YYYY` where it is known so far.
    birth_date: Text<40>,
    /// Sex, `M` or `F`.
    sex: Text<20>,
    /// Personal number, old number, or a foreigner's passport number.
    #[serde(default)]
    number: Option<Text<40>>,
    /// A foreigner: has a passport number and is not checked against the register.
    #[serde(default)]
    foreign: bool,
}

/// The fields of an identity that change; a field that is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"full_name": "Lê Thị Mận"})))]
pub(crate) struct IdentityChange {
    /// Full name.
    #[serde(default)]
    full_name: Option<Line>,
    /// Birth date.
    #[serde(default)]
    birth_date: Option<Text<40>>,
    /// Sex.
    #[serde(default)]
    sex: Option<Text<20>>,
    /// Number.
    #[serde(default)]
    number: Option<Text<40>>,
    /// Vietnamese or foreign.
    #[serde(default)]
    foreign: Option<bool>,
}

impl From<Person> for person::Person {
    fn from(sent: Person) -> Self {
        Self {
            full_name: sent.full_name.into_string(),
            birth_date: sent.birth_date.into_string(),
            sex: sent.sex.into_string(),
            number: sent.number.map(Text::into_string),
            foreign: sent.foreign,
        }
    }
}

impl From<IdentityChange> for person::IdentityChange {
    fn from(sent: IdentityChange) -> Self {
        Self {
            full_name: sent.full_name.map(Text::into_string),
            birth_date: sent.birth_date.map(Text::into_string),
            sex: sent.sex.map(Text::into_string),
            number: sent.number.map(Text::into_string),
            foreign: sent.foreign,
        }
    }
}
