//! One rule as a country publishes it.

use std::str::FromStr;

use registry::text::Text;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::certlogic::{DateTime, Expression, Issue};

/// A business rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Such as `VR-DE-0001`; the same in every version.
    pub identifier: String,
    /// What it is for.
    pub kind: RuleKind,
    /// The country that published it, two letters.
    pub country: String,
    /// The region of the country for which it holds, if not for all.
    pub region: Option<String>,
    /// The version of the rule.
    pub version: Version,
    /// Which certificates it looks at.
    pub certificate_type: CertificateType,
    /// First moment at which it is valid.
    pub valid_from: DateTime,
    /// First moment at which it is valid no more.
    pub valid_to: DateTime,
    /// Paths of the payload that it reads, as published.
    pub affected_fields: Vec<String>,
    /// What it asks; its first fault if that is not valid CertLogic. Such a rule stays, and stays open: to drop it would let people pass
    /// whom the country did not mean to let pass.
    pub logic: Result<Expression, Box<Issue>>,
    descriptions: Vec<Description>,
    engine: String,
    engine_version: Version,
    schema_version: Version,
}

/// What a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum RuleKind {
    /// What the country of arrival asks.
    Acceptance,
    /// Which certificates the issuing country holds to be invalid.
    Invalidation,
}

/// Which certificates a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum CertificateType {
    /// All.
    General,
    /// Those with a vaccination.
    Vaccination,
    /// Those with a test.
    Test,
    /// Those with a recovery.
    Recovery,
}

impl CertificateType {
    /// Whether a certificate has the kind of entry that the rule looks at.
    pub(super) fn covers(self, payload: &Json) -> bool {
        let has = |group: &str| {
            payload
                .get(group)
                .and_then(Json::as_array)
                .is_some_and(|entries| !entries.is_empty())
        };
        match self {
            Self::General => true,
            Self::Vaccination => has("v"),
            Self::Test => has("t"),
            Self::Recovery => has("r"),
        }
    }
}

/// A semantic version without additions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Changes that break.
    pub major: u32,
    /// Additions.
    pub minor: u32,
    /// Corrections.
    pub patch: u32,
}

/// Why a text is no rule; the fault of whoever published or changed it.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// It is not JSON, or a field that a rule must have is missing or of another type.
    #[error(
        "not a business rule: {0}; a rule has Identifier, Type, Country, Version, Logic and so on"
    )]
    Form(#[from] serde_json::Error),
    /// A field holds something that it must not.
    #[error("rule {identifier}: {field} is {value:?}, which it cannot be")]
    Field {
        /// The rule.
        identifier: String,
        /// The field.
        field: &'static str,
        /// What stands in it.
        value: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RuleFile {
    identifier: String,
    r#type: RuleKind,
    country: String,
    region: Option<String>,
    version: String,
    schema_version: String,
    engine: String,
    engine_version: String,
    certificate_type: CertificateType,
    description: Vec<Description>,
    valid_from: String,
    valid_to: String,
    #[serde(default)]
    affected_fields: Vec<String>,
    logic: Json,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Description {
    lang: String,
    desc: String,
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// When it is no rule: see [`RuleError`].
    pub fn from_json(json: Json) -> Result<Self, RuleError> {
        let file: RuleFile = serde_json::from_value(json)?;
        let identifier = file.identifier;
        let wrong = |field, value: &str| RuleError::Field {
            identifier: identifier.clone(),
            field,
            value: value.to_owned(),
        };
        let version = |field, text: &str| text.parse().map_err(|()| wrong(field, text));
        let moment = |field, text: &str| DateTime::parse(text).ok_or_else(|| wrong(field, text));
        Ok(Self {
            kind: file.r#type,
            region: file.region.filter(|region| !region.is_empty()),
            version: version("Version", &file.version)?,
            schema_version: version("SchemaVersion", &file.schema_version)?,
            engine_version: version("EngineVersion", &file.engine_version)?,
            valid_from: moment("ValidFrom", &file.valid_from)?,
            valid_to: moment("ValidTo", &file.valid_to)?,
            logic: Expression::parse(&file.logic).map_err(Box::new),
            certificate_type: file.certificate_type,
            affected_fields: file.affected_fields,
            descriptions: file.description,
            engine: file.engine,
            country: file.country,
            identifier,
        })
    }

    /// Whether it holds at a moment.
    pub fn valid_at(&self, moment: DateTime) -> bool {
        self.valid_from <= moment && moment < self.valid_to
    }

    /// The description in a language (two letters, or with a region behind them), if there is one.
    pub fn description_in(&self, language: &str) -> Option<&str> {
        let matches = |lang: &str| {
            lang.get(..2)
                .is_some_and(|lang| lang.eq_ignore_ascii_case(language))
        };
        let found = self
            .descriptions
            .iter()
            .find(|description| matches(&description.lang));
        found.map(|description| description.desc.as_str())
    }

    /// The description in a language; in English, or in whatever language there is, if that is missing.
    pub fn description(&self, language: &str) -> &str {
        let any = self
            .descriptions
            .first()
            .map_or("", |description| description.desc.as_str());
        self.description_in(language)
            .or_else(|| self.description_in("en"))
            .unwrap_or(any)
    }

    /// The paths of the payload that the logic reads: what `AffectedFields` should list.
    pub fn computed_fields(&self) -> Vec<&str> {
        let paths = self
            .logic
            .as_ref()
            .map_or_else(|_| Vec::new(), Expression::data_accesses);
        paths
            .into_iter()
            .filter_map(|path| path.strip_prefix("payload."))
            .collect()
    }

    /// What to evaluate; or why we cannot: it is malformed, made for another engine or for certificates of another generation.
    pub(super) fn runnable(&self) -> Result<&Expression, Text> {
        let id = &self.identifier;
        if self.engine != "CERTLOGIC"
            || self.engine_version.major > 1
            || self.schema_version.major != 1
        {
            return Err(Text {
                vi: format!(
                    "quy tắc {id} cần bộ máy {} mà hệ thống này không có",
                    self.engine
                ),
                en: format!(
                    "rule {id} needs the engine {}, which this system does not have",
                    self.engine
                ),
            });
        }
        self.logic.as_ref().map_err(|issue| Text {
            vi: format!("quy tắc {id} viết sai cú pháp"),
            en: format!("rule {id} is malformed: {}", issue.message),
        })
    }
}

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('.').map(|part| part.parse().map_err(|_| ()));
        let mut next = || parts.next().unwrap_or(Err(()));
        let version = Self {
            major: next()?,
            minor: next()?,
            patch: next()?,
        };
        if parts.next().is_some() {
            Err(())
        } else {
            Ok(version)
        }
    }
}
