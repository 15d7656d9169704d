//! The examples of the rules: one data file that the tests run and the rules' pages show.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::rule_id::RuleId;

const TABLE: &str = include_str!("../examples.toml");

/// Values of a record's fields by their canonical headings; an empty text is a blank field.
pub type Values = BTreeMap<String, String>;

/// All examples.
#[derive(Debug, Clone, Deserialize)]
pub struct Examples {
    /// The sound records from which an example differs.
    pub base: Base,
    /// The examples of each rule.
    #[serde(flatten)]
    pub rules: BTreeMap<String, RuleExamples>,
}

/// Sound records.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// The day of the data.
    pub as_of: String,
    /// A person's record.
    pub subject: Values,
    /// A dose.
    pub dose: Values,
    /// The register's entry of the person.
    pub register: Values,
    /// The list of facilities.
    pub facility: Vec<Values>,
    /// The list of lots.
    pub lot: Vec<Values>,
}

/// The examples of one rule.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleExamples {
    /// The rule is raised.
    pub positive: Vec<Example>,
    /// It is not.
    pub negative: Vec<Example>,
    /// Just inside or just outside; `raised` says which.
    pub boundary: Vec<Example>,
}

/// One example: what differs from the sound records.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Example {
    /// The person's record.
    #[serde(default)]
    pub subject: Values,
    /// The other record of a pair.
    pub second: Option<Values>,
    /// Which of the two records the register verified.
    #[serde(default)]
    pub verified: [bool; 2],
    /// A dose of the person.
    pub dose: Option<Values>,
    /// All doses of the person.
    #[serde(default)]
    pub doses: Vec<Values>,
    /// The register's entry.
    pub register: Option<Values>,
    /// What the register answers: `found` (with an entry and by default), `suggested`, `not-found`.
    pub answer: Option<String>,
    /// A file: records or doses repeated with new ids.
    #[serde(default)]
    pub copies: Vec<Copies>,
    /// Columns that the file does not have.
    #[serde(default)]
    pub without: Vec<String>,
    /// Neither facilities nor lots are listed.
    #[serde(default)]
    pub no_tables: bool,
    /// For a boundary: the rule is raised.
    pub raised: Option<bool>,
    /// The proposed value that the finding must carry.
    pub fix: Option<String>,
    /// The severity that the finding must have.
    pub severity: Option<String>,
    /// What the example shows.
    pub note: Option<String>,
}

/// A record or dose that stands in a file several times.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copies {
    /// How often.
    pub times: u32,
    /// A person's record.
    pub subject: Option<Values>,
    /// A dose.
    pub dose: Option<Values>,
}

/// The embedded examples.
///
/// # Panics
/// Never in a released build: the file is embedded, and a test reads it.
pub fn examples() -> &'static Examples {
    static EXAMPLES: OnceLock<Examples> = OnceLock::new();
    EXAMPLES
        .get_or_init(|| toml::from_str(TABLE).expect("a test proves the embedded examples sound"))
}

impl Examples {
    /// The examples of a rule; `None` for a rule that waits for the platform.
    pub fn of(&self, rule: RuleId) -> Option<&RuleExamples> {
        self.rules.get(rule.as_str())
    }
}

impl Example {
    /// What differs from a sound record, for people: `id_number = 19175004321`.
    pub fn describe(&self) -> String {
        let mut parts = Vec::new();
        let mut add = |who: &str, values: &Values| {
            let text: Vec<String> = values
                .iter()
                .map(|(name, value)| format!("{name} = {}", shown(value)))
                .collect();
            if !text.is_empty() || !who.is_empty() {
                parts.push(format!("{who}{}", text.join(", ")));
            }
        };
        add("", &self.subject);
        for dose in self.dose.iter().filter(|dose| !dose.is_empty()) {
            add("", dose);
        }
        for (at, dose) in self.doses.iter().enumerate() {
            add(&format!("dose {}: ", at + 1), dose);
        }
        if let Some(second) = &self.second {
            add("other record: ", second);
        }
        if let Some(register) = &self.register {
            add("register: ", register);
        }
        for copies in &self.copies {
            let values = copies.subject.iter().chain(&copies.dose).next();
            add(
                &format!("{} × ", copies.times),
                values.unwrap_or(&Values::new()),
            );
        }
        match self.verified {
            [true, true] => parts.push("both verified".to_owned()),
            [true, false] => parts.push("only one verified".to_owned()),
            _ => {}
        }
        match self.answer.as_deref() {
            Some("not-found") => parts.push("register: does not hold the number".to_owned()),
            Some("suggested") => parts.push("entry only suggested".to_owned()),
            _ => {}
        }
        if !self.without.is_empty() {
            parts.push(format!("no column {}", self.without.join(", ")));
        }
        if self.no_tables {
            parts.push("no list of facilities and lots".to_owned());
        }
        if parts.is_empty() {
            "the sound record".to_owned()
        } else {
            parts.join("; ")
        }
    }
}

fn shown(value: &str) -> String {
    if value.trim().is_empty() {
        "(blank)".to_owned()
    } else {
        format!("“{value}”")
    }
}
