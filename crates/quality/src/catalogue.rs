//! The catalogue: one table of rules that is executed *and* shown.
//!
//! `rules.toml` is embedded; severity, thresholds and validity dates can be changed by an override file without a release, and each
//! change stays recorded in the rule that it changed.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jiff::civil::Date;
use registry::text::{Lang, Text};
use serde::{Deserialize, Deserializer};

use crate::limits::Limits;
use crate::rule_id::RuleId;

const TABLE: &str = include_str!("../rules.toml");

/// The built-in catalogue.
///
/// # Panics
/// Never in a released build: the table is embedded, and a test reads it.
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        Catalogue::from_toml(TABLE).expect("a test proves the embedded table sound")
    })
}

/// All rules, with what the checks need of them at hand.
#[derive(Debug, Clone)]
pub struct Catalogue {
    rules: Vec<Rule>,
    limits: Limits,
}

/// One rule of the catalogue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Stable id.
    pub id: RuleId,
    /// Grows by one with every change of severity, threshold or validity.
    pub version: u16,
    /// How grave a finding is.
    pub severity: Severity,
    /// What a finding of severity B blocks.
    #[serde(default)]
    pub block: Option<Block>,
    /// What a finding points at.
    pub about: About,
    /// Columns that the rule reads or points at.
    #[serde(default)]
    pub fields: Vec<String>,
    /// What must be at hand to decide the rule.
    pub needs: Vec<Needs>,
    /// The function that decides it; `None` when the rule waits for the platform.
    #[serde(default)]
    pub by: Option<String>,
    /// Why it waits for the platform.
    #[serde(default)]
    pub waits: Option<Text>,
    /// First day on which the rule is applied.
    #[serde(default, deserialize_with = "optional_date")]
    pub valid_from: Option<Date>,
    /// Last day.
    #[serde(default, deserialize_with = "optional_date")]
    pub valid_to: Option<Date>,
    /// Named whole numbers.
    #[serde(default)]
    pub thresholds: BTreeMap<String, i64>,
    /// Named days.
    #[serde(default, deserialize_with = "dates")]
    pub dates: BTreeMap<String, Date>,
    /// Named lists of words.
    #[serde(default)]
    pub lists: BTreeMap<String, Vec<String>>,
    /// What is wrong, in a few words, without values.
    pub title: Text,
    /// What is wrong, with `{value}`, `{other}`, `{fix}` and the names of thresholds; without it the title and the value.
    #[serde(default)]
    pub message: Option<Text>,
    /// Why it matters.
    pub why: Text,
    /// How a person fixes it.
    pub fix: Text,
    /// The automatic suggestion.
    #[serde(default)]
    pub safe_fix: SafeFix,
    /// Where the rule comes from (marks of the specification).
    pub source: String,
    /// What the rule does not say by itself: how it is decided here.
    #[serde(default)]
    pub note: Option<Text>,
    /// Changes made by override files, the latest last.
    #[serde(skip)]
    pub changes: Vec<Change>,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub enum Severity {
    /// The record cannot be signed, or no passport issued.
    #[serde(rename = "B")]
    Block,
    /// Must be fixed, or overridden by a second person with a reason.
    #[serde(rename = "E")]
    Error,
    /// A clerk may accept it with a reason.
    #[serde(rename = "W")]
    Warning,
    /// Statistics, hints.
    #[serde(rename = "I")]
    Info,
    /// Not a finding to be accepted: it forbids the automatic act.
    #[serde(rename = "V")]
    Veto,
    /// Starts an act by itself.
    #[serde(rename = "A")]
    Automatic,
    /// A reason that an officer chooses.
    #[serde(rename = "R")]
    Reason,
}

impl Severity {
    /// The mark of the catalogue: one capital letter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Block => "B",
            Self::Error => "E",
            Self::Warning => "W",
            Self::Info => "I",
            Self::Veto => "V",
            Self::Automatic => "A",
            Self::Reason => "R",
        }
    }

    /// Reads the mark.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Block,
            Self::Error,
            Self::Warning,
            Self::Info,
            Self::Veto,
            Self::Automatic,
            Self::Reason,
        ]
        .into_iter()
        .find(|severity| severity.as_str() == text)
    }

    /// In words.
    pub fn word(self, lang: Lang) -> &'static str {
        let (vi, en) = match self {
            Self::Block => ("chặn", "block"),
            Self::Error => ("lỗi", "error"),
            Self::Warning => ("cảnh báo", "warning"),
            Self::Info => ("thông tin", "information"),
            Self::Veto => ("cấm tự động", "veto"),
            Self::Automatic => ("tự động", "automatic"),
            Self::Reason => ("lý do từ chối", "rejection reason"),
        };
        match lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }
}

/// What a finding of severity B blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Block {
    /// The facility's signature.
    Sign,
    /// The passport.
    Issue,
}

/// What a finding points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum About {
    /// A person's record.
    Person,
    /// A dose.
    Dose,
    /// A facility; never the person.
    Facility,
    /// Two records.
    Pair,
    /// A certificate or a signature.
    Certificate,
    /// A citizen's feedback.
    Feedback,
}

/// What must be at hand to decide a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Needs {
    /// The record itself.
    Record,
    /// The other records of the file.
    File,
    /// The dated tables: areas, vaccines, facilities, lots.
    Tables,
    /// The population register.
    Register,
    /// All doses of the person.
    History,
    /// Accounts, signatures, procedures: what only the running platform has.
    Platform,
}

macro_rules! safe_fixes {
    ($($(#[$doc:meta])* $variant:ident $vi:literal $en:literal),* $(,)?) => {
        /// The kind of the automatic suggestion. A proposal, never an act: identity changes only on register or police evidence.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum SafeFix {
            /// None.
            #[default]
            None,
            $($(#[$doc])* $variant),*
        }

        impl SafeFix {
            /// In words; empty for none.
            pub fn text(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    (Self::None, _) => "",
                    $((Self::$variant, Lang::Vi) => $vi, (Self::$variant, Lang::En) => $en),*
                }
            }
        }
    };
}

safe_fixes! {
    /// Drops what does not belong to the value.
    Strip "bỏ phần thừa" "strip",
    /// Puts the lost zero back.
    Pad "bù số 0 ở đầu" "put the zero back",
    /// Maps to the listed value.
    Map "chuyển về mã chuẩn" "map to the listed value",
    /// Reads it as what it stands for.
    Convert "đổi về dạng chuẩn" "convert",
    /// Decodes a legacy encoding.
    Decode "giải mã" "decode",
    /// Unicode NFC.
    Nfc "chuẩn hóa Unicode NFC" "Unicode NFC",
    /// Spaces and capitals.
    Normalise "chuẩn hóa cách viết" "normalise",
    /// Already treated as equal.
    Equal "coi là giống nhau" "treated as equal",
    /// Found from other fields of the record.
    Infer "suy từ trường khác" "infer from the other fields",
    /// Moves the value to the field that it belongs to.
    Move "chuyển sang đúng trường" "move to the right field",
    /// Either of two fields may be the wrong one.
    Suggest "gợi ý, cần người chọn" "suggest, a person chooses",
    /// Takes the form of the register.
    Register "lấy theo CSDLQG về dân cư" "take the register's value",
    /// Puts the words into the order of the register.
    Reorder "sắp lại thứ tự" "reorder",
    /// Swaps day and month.
    Swap "đổi chỗ ngày và tháng" "swap day and month",
    /// Keeps only what is known of a date.
    Precision "chỉ giữ phần biết chắc" "keep only what is known",
    /// Replaces and keeps the old value as an alias.
    Replace "thay số, giữ số cũ làm bí danh" "replace, keep the old one as an alias",
    /// The number that the register puts in its place.
    Successor "lấy mã kế nhiệm" "follow the successor",
    /// From the lot.
    FromLot "suy từ số lô" "from the lot",
    /// From the dose's place in the course.
    Derive "suy ra từ dữ liệu khác" "derive",
    /// Splits one field into several.
    Split "tách trường" "split",
    /// The lot of the list one slip away.
    NearestLot "lô gần nhất trong danh mục" "nearest lot of the list",
    /// Numbers the doses by date.
    Renumber "đánh số lại theo ngày tiêm" "renumber by date",
    /// Asks the citizen or the facility.
    Ask "hỏi lại" "ask",
    /// Asks for the transfer of the record.
    Transfer "đề nghị chuyển hồ sơ" "ask for the transfer",
    /// Not used for one-time passwords.
    Clear "không dùng để gửi OTP" "not used for one-time passwords",
    /// Stops messages to the person.
    Stop "dừng gửi thông báo" "stop notifications",
    /// Handled apart from the open lists.
    Seal "xử lý theo luồng kín" "sealed lane",
    /// Leaves the repeated row out.
    Skip "bỏ qua dòng lặp" "skip the repeated row",
    /// Counts several records of one dose as one.
    Collapse "gộp thành một mũi" "collapse into one dose",
    /// Keeps the signed or administered record before the historical one.
    KeepSigned "giữ bản đã ký hoặc bản trực tiếp tiêm" "keep signed or administered over historical",
    /// Links two records of a person.
    Link "liên kết hai bản ghi" "link the two records",
    /// A person decides between merging and splitting.
    Review "người xem xét gộp hay tách" "merge or split review",
    /// Supersedes the certificate and issues anew.
    Supersede "thay thế và cấp lại" "supersede and re-issue",
}

/// A recorded change of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Version that the change made.
    pub version: u16,
    /// Day of the decision.
    pub on: Date,
    /// Who decided it (document number or office).
    pub by: String,
    /// Why.
    pub reason: String,
    /// What changed, in words: `severity W → I`.
    pub what: Vec<String>,
}

/// What is wrong with a rule table or an override file.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Not TOML, or not of the expected form.
    #[error("the rule table does not read: {0}")]
    Toml(#[from] toml::de::Error),
    /// Ids out of order, missing or twice.
    #[error("rule {found} stands where {expected} belongs")]
    Order {
        /// Id that stands there.
        found: RuleId,
        /// Id of the catalogue's order.
        expected: RuleId,
    },
    /// Fewer or more rules than ids.
    #[error("{0} rules instead of {expected}", expected = RuleId::ALL.len())]
    Count(usize),
    /// A threshold, day or list that the checks need is not in the table.
    #[error("rule {rule} has no {kind} named {name}")]
    Missing {
        /// Rule.
        rule: RuleId,
        /// `threshold`, `date` or `list`.
        kind: &'static str,
        /// Name.
        name: String,
    },
    /// A threshold, day or list that no check reads.
    #[error("rule {rule}: nothing reads {name}")]
    Unread {
        /// Rule.
        rule: RuleId,
        /// Name.
        name: String,
    },
    /// A threshold below zero, or too large for what it measures.
    #[error("rule {rule}: threshold {name} cannot be {value}")]
    Value {
        /// Rule.
        rule: RuleId,
        /// Name.
        name: String,
        /// Value.
        value: i64,
    },
    /// A change without a reason.
    #[error("the change of rule {0} says no reason: add `reason` and `by`")]
    NoReason(RuleId),
    /// A date that is none.
    #[error("rule {rule}: {text} is no day (expected YYYY-MM-DD)")]
    Date {
        /// Rule.
        rule: RuleId,
        /// Text.
        text: String,
    },
}

impl Catalogue {
    /// Reads a whole table: every rule once, in the order of the ids.
    ///
    /// # Errors
    /// When the table does not read, a rule is missing or out of order, or a threshold is missing, unread or impossible.
    pub fn from_toml(text: &str) -> Result<Self, CatalogueError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            rule: Vec<Rule>,
        }
        let Table { rule: rules } = toml::from_str(text)?;
        if rules.len() != RuleId::ALL.len() {
            return Err(CatalogueError::Count(rules.len()));
        }
        for (rule, &expected) in rules.iter().zip(RuleId::ALL) {
            if rule.id != expected {
                return Err(CatalogueError::Order {
                    found: rule.id,
                    expected,
                });
            }
        }
        let limits = Limits::of(&rules)?;
        Ok(Self { rules, limits })
    }

    /// All rules in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// One rule.
    pub fn rule(&self, id: RuleId) -> &Rule {
        // `from_toml` admits only a table with one rule per id, in the order of the ids.
        &self.rules[usize::from(id.index())]
    }

    /// What the checks need, typed.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// This catalogue with the changes of an override file.
    ///
    /// ```
    /// let changed = quality::catalogue().with_overrides(r#"
    ///     [[change]]
    ///     rule = "CT-04"
    ///     on = "2022-05-04"
    ///     by = "2262/BYT-CNTT"
    ///     reason = "families of more than ten share a phone in the highlands"
    ///     severity = "I"
    ///     thresholds = { persons = 20 }
    /// "#)?;
    /// let rule = changed.rule(quality::RuleId::Ct04);
    /// assert_eq!((rule.version, rule.thresholds["persons"]), (2, 20));
    /// # Ok::<(), quality::CatalogueError>(())
    /// ```
    ///
    /// # Errors
    /// When the file does not read, names a threshold that the rule does not have, or gives no reason.
    pub fn with_overrides(&self, text: &str) -> Result<Self, CatalogueError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Overrides {
            change: Vec<Override>,
        }
        let Overrides { change } = toml::from_str(text)?;
        let mut rules = self.rules.clone();
        for change in change {
            let index = usize::from(change.rule.index());
            change.apply(&mut rules[index])?;
        }
        let limits = Limits::of(&rules)?;
        Ok(Self { rules, limits })
    }
}

/// One change of an override file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Override {
    rule: RuleId,
    on: String,
    by: String,
    reason: String,
    severity: Option<Severity>,
    valid_from: Option<String>,
    valid_to: Option<String>,
    #[serde(default)]
    thresholds: BTreeMap<String, i64>,
    #[serde(default)]
    dates: BTreeMap<String, String>,
    #[serde(default)]
    lists: BTreeMap<String, Vec<String>>,
}

impl Override {
    fn apply(self, rule: &mut Rule) -> Result<(), CatalogueError> {
        let id = rule.id;
        if self.reason.trim().is_empty() || self.by.trim().is_empty() {
            return Err(CatalogueError::NoReason(id));
        }
        let day = |text: &str| {
            text.parse::<Date>().map_err(|_| CatalogueError::Date {
                rule: id,
                text: text.to_owned(),
            })
        };
        let missing = |kind, name: &str| CatalogueError::Missing {
            rule: id,
            kind,
            name: name.to_owned(),
        };
        let mut what = Vec::new();
        if let Some(severity) = self.severity {
            what.push(format!(
                "severity {} → {}",
                rule.severity.as_str(),
                severity.as_str()
            ));
            rule.severity = severity;
        }
        for (name, text) in [("valid_from", self.valid_from), ("valid_to", self.valid_to)] {
            let Some(text) = text else { continue };
            what.push(format!("{name} → {text}"));
            let place = if name == "valid_from" {
                &mut rule.valid_from
            } else {
                &mut rule.valid_to
            };
            *place = Some(day(&text)?);
        }
        for (name, value) in self.thresholds {
            let place = rule
                .thresholds
                .get_mut(&name)
                .ok_or_else(|| missing("threshold", &name))?;
            what.push(format!("{name} {place} → {value}"));
            *place = value;
        }
        for (name, text) in self.dates {
            let place = rule
                .dates
                .get_mut(&name)
                .ok_or_else(|| missing("date", &name))?;
            what.push(format!("{name} {place} → {text}"));
            *place = day(&text)?;
        }
        for (name, words) in self.lists {
            let place = rule
                .lists
                .get_mut(&name)
                .ok_or_else(|| missing("list", &name))?;
            what.push(format!("{name}: {} → {} words", place.len(), words.len()));
            *place = words;
        }
        rule.version += 1;
        rule.changes.push(Change {
            version: rule.version,
            on: day(&self.on)?,
            by: self.by,
            reason: self.reason,
            what,
        });
        Ok(())
    }
}

impl Rule {
    /// True when the rule is applied on a day.
    pub fn in_force(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }

    /// True when this crate decides the rule; otherwise it waits for the platform.
    pub fn is_decided_here(&self) -> bool {
        !self.needs.contains(&Needs::Platform)
    }

    /// What the severity and block marks say together: `B`, `B issue`, `W`.
    pub fn mark(&self) -> String {
        match self.block {
            Some(Block::Issue) => format!("{} issue", self.severity.as_str()),
            _ => self.severity.as_str().to_owned(),
        }
    }
}

fn optional_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

fn dates<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Date>, D::Error> {
    BTreeMap::<String, String>::deserialize(deserializer)?
        .into_iter()
        .map(|(name, text)| Ok((name, text.parse().map_err(serde::de::Error::custom)?)))
        .collect()
}
