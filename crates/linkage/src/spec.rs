//! The spec: which columns a file of people has, how they are compared, and which keys bring two records together. Read from TOML.

use serde::Deserialize;

use crate::hash;

const BUILT_IN: [(&str, &str); 5] = [
    ("vietnam", include_str!("../specs/vietnam.toml")),
    ("who_person", include_str!("../specs/who_person.toml")),
    ("febrl3", include_str!("../specs/febrl3.toml")),
    ("febrl4", include_str!("../specs/febrl4.toml")),
    ("fake_1000", include_str!("../specs/fake_1000.toml")),
];

/// Most comparisons of a spec: four bits each in the pattern of a pair.
pub(crate) const MOST_COMPARISONS: usize = 14;
/// Most blocking rules: one bit each in the rule mask of a pair.
pub(crate) const MOST_RULES: usize = 32;

/// Two personal numbers that differ, of which one states another sex or year of birth than its own record does.
const DOUBTFUL: &str = "doubtful";

/// A checked spec.
#[derive(Debug, Clone)]
pub struct Spec {
    name: String,
    fingerprint: String,
    sources: Vec<ColumnSpec>,
    pub(crate) fields: Vec<Field>,
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) rules: Vec<Rule>,
    /// Comparisons whose exact agreement settles a record.
    pub(crate) settled: Vec<usize>,
    pub(crate) guards: Guards,
    /// Records of A are different people, so that two of them cannot have the same counterpart.
    pub(crate) one_to_one: bool,
    /// Relatives live in the data: pairs of them form a class of their own.
    pub(crate) kin: bool,
    /// From this probability on a link is made without a person looking at it.
    pub(crate) accept: f64,
    /// Below this probability a candidate is not shown.
    pub(crate) review: f64,
}

/// A column of the input, in the order in which rows are pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSpec {
    /// Heading.
    pub name: String,
    /// Kind of the values, as the spec names it (`id`, `name`, `date`, …).
    pub kind: &'static str,
    /// A file without this column cannot be linked by this spec.
    pub required: bool,
}

/// What is wrong with a spec, in words for whoever wrote it.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// No spec of this name is built in.
    #[error("no built-in spec is called {name:?}; there are {known}")]
    UnknownName {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// Not TOML, or a key that specs do not have.
    #[error("the spec cannot be read: {0}")]
    Toml(#[from] Box<toml::de::Error>),
    /// A name that nothing else in the spec defines.
    #[error("{place} names {name:?}, which is no column of the spec; columns are {known}")]
    UnknownColumn {
        /// Where it is named.
        place: String,
        /// The name.
        name: String,
        /// The columns of the spec.
        known: String,
    },
    /// A level or key part that the kind of the column does not have.
    #[error("{place}: a column of kind {kind:?} has no {word:?}; it has {known}")]
    UnknownWord {
        /// Where it stands.
        place: String,
        /// Kind of the column.
        kind: &'static str,
        /// The word.
        word: String,
        /// The words that the kind has.
        known: String,
    },
    /// Too few or too many of something, or the same name twice.
    #[error("{0}")]
    Shape(String),
}

/// Kind of the values of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A person's name of several words.
    Name,
    /// Any text, compared folded.
    Text,
    /// Up to fifteen digits, or any other identifier.
    Number,
    /// A Vietnamese identity number.
    PersonalNumber,
    /// A birth date.
    Date,
    /// Male or female.
    Sex,
    /// A Vietnamese mobile number.
    Phone,
    /// Commune, district and province.
    Area,
}

impl Kind {
    /// Its name in specs.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Text => "text",
            Self::Number => "number",
            Self::PersonalNumber => "personal_number",
            Self::Date => "date",
            Self::Sex => "sex",
            Self::Phone => "phone",
            Self::Area => "area",
        }
    }

    /// How two values may be related, the strongest first. A relation that a spec does not list counts as the next one that it lists.
    pub(crate) fn relations(self) -> &'static [&'static str] {
        match self {
            Self::Name => &[
                "equal",
                "accents_lost",
                "accents_differ",
                "typed",
                "reordered",
                "slip",
                "dropped",
                "near",
                "middle_differs",
                "given_differs",
                "given",
                "family",
            ],
            Self::Text => &["equal", "slip", "close", "similar"],
            Self::Number | Self::Phone => &["equal", "one_digit", "two_digits", "other_kind"],
            Self::PersonalNumber => &["equal", "one_digit", "two_digits", "other_kind", DOUBTFUL],
            Self::Date => &[
                "equal",
                "swapped",
                "only_year",
                "day_slip",
                "month_slip",
                "year_slip",
                "same_year",
                "near_year",
            ],
            Self::Sex => &["equal"],
            Self::Area => &["equal", "successor", "district", "province"],
        }
    }

    /// The parts of a value that keys can be made of; the first is the whole value.
    fn parts(self) -> &'static [(&'static str, Part)] {
        match self {
            Self::Name => &[
                ("sorted", Part::Sorted),
                ("pairs", Part::Pairs),
                ("words", Part::Words),
                ("ends", Part::Ends),
                ("given", Part::Given),
            ],
            Self::Number | Self::PersonalNumber | Self::Phone => {
                &[("whole", Part::Whole), ("thirds", Part::Thirds)]
            }
            Self::Date => &[
                ("any_order", Part::Whole),
                ("year", Part::Year),
                ("decade", Part::Decade),
                ("month_day", Part::MonthDay),
            ],
            Self::Area => &[
                ("commune", Part::Whole),
                ("successor", Part::Successor),
                ("district", Part::District),
                ("province", Part::Province),
            ],
            Self::Text | Self::Sex => &[("whole", Part::Whole)],
        }
    }
}

/// A part of a value that a key is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The whole value; a date with day and month in any order.
    Whole,
    /// The words of a name in alphabetical order.
    Sorted,
    /// Each pair of words of a name, in any order.
    Pairs,
    /// Each word of a name.
    Words,
    /// First and last word of a name.
    Ends,
    /// Last word of a name.
    Given,
    /// A number without its first, middle or last third.
    Thirds,
    /// Year of a date.
    Year,
    /// Decade of a date.
    Decade,
    /// Day and month of a date.
    MonthDay,
    /// The commune of 2025 into which a commune passed.
    Successor,
    /// District of an area.
    District,
    /// Province of an area.
    Province,
}

/// A field: one value made of one or several source columns.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) label_vi: String,
    pub(crate) label_en: String,
    /// Positions among the source columns.
    pub(crate) from: Vec<usize>,
    /// Undo Telex and VNI typing (names).
    pub(crate) typing: bool,
}

/// A comparison of one field.
#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    pub(crate) field: usize,
    /// Names of levels 1, 2, …; level 0 is "missing" and the one after the last is "else".
    pub(crate) levels: Vec<String>,
    /// Level of each relation of the kind, and of none of them.
    pub(crate) level_of: Vec<u8>,
    pub(crate) frequency: bool,
    /// Numbers are compared for two wrong digits, not only for one.
    pub(crate) two_digits: bool,
    /// Of a personal number: where its record says what the number states as well.
    pub(crate) stated: Option<Stated>,
}

/// The fields of a record whose values its personal number states as well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stated {
    pub(crate) birth: Option<usize>,
    pub(crate) sex: Option<usize>,
}

impl Comparison {
    /// Level of a relation of the kind.
    pub(crate) fn level(&self, relation: usize) -> u8 {
        self.level_of[relation.min(self.level_of.len() - 1)]
    }

    /// Levels with "missing" and "else".
    pub(crate) fn level_count(&self) -> usize {
        self.levels.len() + 2
    }

    /// Name of a level.
    pub(crate) fn level_name(&self, level: usize) -> &str {
        match level {
            0 => "missing",
            _ => self.levels.get(level - 1).map_or("else", String::as_str),
        }
    }
}

/// A blocking rule.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) keys: Vec<(usize, Part)>,
    pub(crate) narrow: Vec<(usize, Part)>,
    pub(crate) cap: usize,
}

/// Fields by the role that the guards need.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guards {
    pub(crate) name: Option<usize>,
    pub(crate) birth: Option<usize>,
    pub(crate) number: Option<usize>,
    pub(crate) phone: Option<usize>,
    pub(crate) area: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSpec {
    name: String,
    version: u32,
    id: String,
    #[serde(default)]
    one_to_one: bool,
    #[serde(default)]
    kin: bool,
    #[serde(default = "accept_by_default")]
    accept: f64,
    #[serde(default = "review_by_default")]
    review: f64,
    column: Vec<RawColumn>,
    comparison: Vec<RawComparison>,
    block: Vec<RawBlock>,
    #[serde(default)]
    settled: RawSettled,
    #[serde(default)]
    guards: RawGuards,
}

fn accept_by_default() -> f64 {
    0.95
}

fn review_by_default() -> f64 {
    0.01
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawColumn {
    name: String,
    kind: Kind,
    from: Option<Vec<String>>,
    label_vi: Option<String>,
    label_en: Option<String>,
    #[serde(default)]
    typing: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawComparison {
    column: String,
    levels: Vec<String>,
    #[serde(default)]
    frequency: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBlock {
    name: String,
    keys: Vec<String>,
    #[serde(default)]
    narrow: Vec<String>,
    #[serde(default = "cap_by_default")]
    cap: usize,
}

/// Most rows of B with one key value before it is narrowed.
fn cap_by_default() -> usize {
    15
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawSettled {
    equal: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawGuards {
    name: Option<String>,
    birth: Option<String>,
    number: Option<String>,
    phone: Option<String>,
    area: Option<String>,
}

impl Spec {
    /// A spec that comes with the product: `vietnam`, `who_person`, `febrl3`, `febrl4` or `fake_1000`.
    ///
    /// # Errors
    /// [`SpecError::UnknownName`] for any other name.
    pub fn builtin(name: &str) -> Result<Self, SpecError> {
        match BUILT_IN.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Self::from_toml(text),
            None => Err(SpecError::UnknownName {
                name: name.to_owned(),
                known: list(Self::builtin_names()),
            }),
        }
    }

    /// The names that [`Spec::builtin`] knows.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Reads and checks a spec.
    ///
    /// # Errors
    /// When it is no TOML, has unknown keys, or names columns, levels or key parts that do not exist.
    pub fn from_toml(text: &str) -> Result<Self, SpecError> {
        let raw: RawSpec = toml::from_str(text).map_err(Box::new)?;
        if raw.comparison.is_empty() || raw.comparison.len() > MOST_COMPARISONS {
            return Err(SpecError::Shape(format!(
                "a spec has 1 to {MOST_COMPARISONS} comparisons, not {}",
                raw.comparison.len()
            )));
        }
        if raw.block.is_empty() || raw.block.len() > MOST_RULES {
            return Err(SpecError::Shape(format!(
                "a spec has 1 to {MOST_RULES} blocking rules, not {}",
                raw.block.len()
            )));
        }
        let (sources, fields) = fields(&raw)?;
        let comparisons = raw
            .comparison
            .iter()
            .map(|comparison| comparison.check(&fields))
            .collect::<Result<Vec<_>, _>>()?;
        let rules = raw
            .block
            .iter()
            .map(|block| block.check(&fields))
            .collect::<Result<Vec<_>, _>>()?;
        let settled = raw
            .settled
            .equal
            .iter()
            .map(|name| {
                let field = field(&fields, "[settled]", name)?;
                comparisons
                    .iter()
                    .position(|comparison| comparison.field == field)
                    .ok_or_else(|| {
                        SpecError::Shape(format!(
                            "[settled] names {name:?}, which no comparison compares"
                        ))
                    })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            fingerprint: format!(
                "{}-{}-{:016x}",
                raw.name,
                raw.version,
                hash::bytes(text.as_bytes())
            ),
            guards: raw.guards.check(&fields)?,
            name: raw.name,
            sources,
            fields,
            comparisons,
            rules,
            settled,
            one_to_one: raw.one_to_one,
            kin: raw.kin,
            accept: raw.accept,
            review: raw.review,
        })
    }

    /// Name of the spec.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name, version and a hash of the text: a model belongs to exactly one.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The columns that rows are pushed with, in order. The first is the id of the record.
    pub fn columns(&self) -> &[ColumnSpec] {
        &self.sources
    }

    /// From this probability on a link is made without a person looking at it.
    pub fn accept(&self) -> f64 {
        self.accept
    }

    /// Below this probability a candidate is not shown.
    pub fn review(&self) -> f64 {
        self.review
    }

    /// Whether a column agrees fully in a pattern; `None` when a side is missing or the column is not compared.
    pub fn agrees(&self, pattern: u64, column: &str) -> Option<bool> {
        let place = self
            .comparisons
            .iter()
            .position(|comparison| self.fields[comparison.field].name == column)?;
        match Self::level(pattern, place) {
            0 => None,
            level => Some(level == 1),
        }
    }

    /// Position of a comparison among the four-bit groups of a pattern, by the name of its column.
    pub(crate) fn comparison_of(&self, field: usize) -> Option<usize> {
        self.comparisons.iter().position(|c| c.field == field)
    }

    /// Level of one comparison in a pattern.
    pub(crate) fn level(pattern: u64, comparison: usize) -> usize {
        (pattern >> (4 * comparison) & 15) as usize
    }
}

/// Source columns (the id first) and the fields made of them.
fn fields(raw: &RawSpec) -> Result<(Vec<ColumnSpec>, Vec<Field>), SpecError> {
    let mut sources = vec![ColumnSpec {
        name: raw.id.clone(),
        kind: "id",
        required: true,
    }];
    let mut fields: Vec<Field> = Vec::with_capacity(raw.column.len());
    for column in &raw.column {
        if fields.iter().any(|known| known.name == column.name) {
            return Err(SpecError::Shape(format!(
                "column {:?} is defined twice",
                column.name
            )));
        }
        let names = column
            .from
            .clone()
            .unwrap_or_else(|| vec![column.name.clone()]);
        let most = match column.kind {
            Kind::Name | Kind::Text => 8,
            Kind::Area => 3,
            _ => 1,
        };
        if names.is_empty() || names.len() > most {
            return Err(SpecError::Shape(format!(
                "column {:?} of kind {:?} is made of 1 to {most} columns, not {}",
                column.name,
                column.kind.word(),
                names.len()
            )));
        }
        let from = names
            .iter()
            .map(|name| {
                sources
                    .iter()
                    .position(|known| known.name == *name)
                    .unwrap_or_else(|| {
                        sources.push(ColumnSpec {
                            name: name.clone(),
                            kind: column.kind.word(),
                            required: column.kind == Kind::Name,
                        });
                        sources.len() - 1
                    })
            })
            .collect();
        let label = column.name.replace('_', " ");
        fields.push(Field {
            name: column.name.clone(),
            kind: column.kind,
            label_vi: column.label_vi.clone().unwrap_or_else(|| label.clone()),
            label_en: column.label_en.clone().unwrap_or(label),
            from,
            typing: column.typing,
        });
    }
    Ok((sources, fields))
}

/// Position of a field by name.
fn field(fields: &[Field], place: &str, name: &str) -> Result<usize, SpecError> {
    fields
        .iter()
        .position(|field| field.name == name)
        .ok_or_else(|| SpecError::UnknownColumn {
            place: place.to_owned(),
            name: name.to_owned(),
            known: list(fields.iter().map(|field| field.name.as_str())),
        })
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

impl RawComparison {
    fn check(&self, fields: &[Field]) -> Result<Comparison, SpecError> {
        let place = format!("the comparison of {:?}", self.column);
        let position = field(fields, &place, &self.column)?;
        let kind = fields[position].kind;
        let relations = kind.relations();
        let mut places = Vec::with_capacity(self.levels.len());
        for level in &self.levels {
            let place_of = relations
                .iter()
                .position(|relation| relation == level)
                .ok_or_else(|| SpecError::UnknownWord {
                    place: place.clone(),
                    kind: kind.word(),
                    word: level.clone(),
                    known: list(relations.iter().copied()),
                })?;
            places.push(place_of);
        }
        if places.is_empty() || places[0] != 0 || !places.is_sorted_by(|a, b| a < b) {
            return Err(SpecError::Shape(format!(
                "{place}: levels start with \"equal\" and stand in the order {}",
                list(relations.iter().copied())
            )));
        }
        let level_of = (0..=relations.len())
            .map(|relation| places.iter().take_while(|place| **place < relation).count() as u8 + 1)
            .collect();
        let stated = (kind == Kind::PersonalNumber).then(|| {
            let first = |kind| fields.iter().position(|field| field.kind == kind);
            Stated {
                birth: first(Kind::Date),
                sex: first(Kind::Sex),
            }
        });
        let asked = self.levels.iter().any(|level| level == DOUBTFUL);
        if asked && stated.is_some_and(|stated| stated.birth.is_none() && stated.sex.is_none()) {
            return Err(SpecError::Shape(format!(
                "{place}: {DOUBTFUL:?} asks whether a number contradicts the birth date or sex of its record; the spec has no column of kind \"date\" or \"sex\""
            )));
        }
        Ok(Comparison {
            field: position,
            stated,
            levels: self.levels.clone(),
            level_of,
            frequency: self.frequency,
            two_digits: self.levels.iter().any(|level| level == "two_digits"),
        })
    }
}

impl RawBlock {
    fn check(&self, fields: &[Field]) -> Result<Rule, SpecError> {
        let place = format!("the blocking rule {:?}", self.name);
        if self.keys.is_empty() {
            return Err(SpecError::Shape(format!("{place} has no keys")));
        }
        let read = |words: &[String]| {
            words
                .iter()
                .map(|word| key_part(fields, &place, word))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Rule {
            name: self.name.clone(),
            keys: read(&self.keys)?,
            narrow: read(&self.narrow)?,
            cap: self.cap,
        })
    }
}

/// Reads `column` or `column.part`.
fn key_part(fields: &[Field], place: &str, word: &str) -> Result<(usize, Part), SpecError> {
    let (name, part) = word
        .split_once('.')
        .map_or((word, None), |(name, part)| (name, Some(part)));
    let position = field(fields, place, name)?;
    let kind = fields[position].kind;
    let parts = kind.parts();
    let found = match part {
        None => parts.first(),
        Some(part) => parts.iter().find(|(known, _)| *known == part),
    };
    found
        .map(|(_, part)| (position, *part))
        .ok_or_else(|| SpecError::UnknownWord {
            place: place.to_owned(),
            kind: kind.word(),
            word: part.unwrap_or_default().to_owned(),
            known: list(parts.iter().map(|(name, _)| *name)),
        })
}

impl RawGuards {
    fn check(&self, fields: &[Field]) -> Result<Guards, SpecError> {
        let read = |name: &Option<String>| {
            name.as_deref()
                .map(|name| field(fields, "[guards]", name))
                .transpose()
        };
        Ok(Guards {
            name: read(&self.name)?,
            birth: read(&self.birth)?,
            number: read(&self.number)?,
            phone: read(&self.phone)?,
            area: read(&self.area)?,
        })
    }
}
