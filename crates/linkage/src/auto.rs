//! `--spec auto`: proposes a spec from the columns of a file, by their headings and by a sample of their values.
//!
//! A heading says what a column should hold; the values have to bear it out, judged by the same readers that link later. Columns with
//! unknown headings are judged by their values alone. The proposal is an ordinary spec file: to be read, corrected and kept.

mod column;
mod rules;

use serde::Serialize;

use crate::spec::{Kind, Spec, SpecError};
use column::{Column, Role};

/// A column of the file with the values of some rows.
#[derive(Debug, Clone)]
pub struct SampleColumn {
    /// Heading as it stands in the file.
    pub heading: String,
    /// A value per row; `None` where blank.
    pub values: Vec<Option<String>>,
}

/// A spec that fits a file, as far as can be told.
#[derive(Debug)]
pub struct Proposal {
    /// The spec.
    pub spec: Spec,
    /// Its text.
    pub toml: String,
    /// What became of each column, in the order of the file.
    pub columns: Vec<Judged>,
}

/// What a column of the file was taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Heading.
    pub heading: String,
    /// What it is taken for ("birth date"); `None` when the spec leaves it out.
    pub taken_for: Option<&'static str>,
    /// Why, in English.
    pub why: &'static str,
}

/// Why no spec is proposed.
#[derive(Debug, thiserror::Error)]
pub enum AutoError {
    /// No column names the rows.
    #[error(
        "no spec can be proposed: no column holds a different value in every row, so nothing names the records\n{columns}hint: add a column with a running number and call it unique_id"
    )]
    NoId {
        /// What each column was taken for, a line each.
        columns: String,
    },
    /// Nothing that tells people apart.
    #[error(
        "no spec can be proposed: nothing in the columns tells people apart\n{columns}hint: needed are a name and one of birth date, number, telephone, e-mail or address, or a number and one other column. If the file has them, write a spec by hand (docs/linkage.md)"
    )]
    NothingIdentifying {
        /// What each column was taken for, a line each.
        columns: String,
    },
    /// The text of the proposal is no spec: a fault of this program.
    #[error("the proposed spec is refused: {0}")]
    Spec(#[from] SpecError),
    /// The proposal cannot be written as text: a fault of this program.
    #[error("the proposed spec cannot be written: {0}")]
    Toml(#[from] toml::ser::Error),
}

/// Proposes a spec.
///
/// ```
/// use linkage::auto::{SampleColumn, propose};
///
/// let column = |heading: &str, values: [&str; 3]| SampleColumn {
///     heading: heading.to_owned(),
///     values: values.iter().map(|value| Some((*value).to_owned())).collect(),
/// };
/// let proposal = propose(&[
///     column("Mã đối tượng", ["1", "2", "3"]),
///     column("Họ và tên", ["Nguyễn Văn An", "Trần Thị Bé", "Lê Văn Cư"]),
///     column("Ngày sinh", ["03/05/1984", "12/10/1990", "1975"]),
/// ])?;
/// assert_eq!(proposal.columns[1].taken_for, Some("name"));
/// assert!(proposal.toml.contains("[[block]]"));
/// # Ok::<(), linkage::auto::AutoError>(())
/// ```
///
/// # Errors
/// When no column names the records, or nothing tells people apart.
pub fn propose(sample: &[SampleColumn]) -> Result<Proposal, AutoError> {
    let columns = column::judge(sample);
    let judged: Vec<Judged> = columns.iter().map(Column::judged).collect();
    if !columns.iter().any(|column| column.role == Some(Role::Id)) {
        return Err(AutoError::NoId {
            columns: described(&judged),
        });
    }
    let fields = fields(&columns);
    if !identifying(&fields) {
        return Err(AutoError::NothingIdentifying {
            columns: described(&judged),
        });
    }
    let toml = written(&columns, &fields)?;
    Ok(Proposal {
        spec: Spec::from_toml(&toml)?,
        toml,
        columns: judged,
    })
}

/// What each column was taken for, a line each.
pub fn described(columns: &[Judged]) -> String {
    let line = |column: &Judged| {
        let taken = column.taken_for.unwrap_or("left out");
        format!("  {:<24} {taken:<16} {}\n", column.heading, column.why)
    };
    columns.iter().map(line).collect()
}

/// A field of the proposal.
pub(crate) struct Field<'a> {
    name: String,
    role: Role,
    kind: Kind,
    from: Vec<&'a str>,
}

/// The fields that the columns make: the words of a name become one, and so do the levels of an area.
fn fields<'a>(columns: &'a [Column<'_>]) -> Vec<Field<'a>> {
    let of = |role: Role| columns.iter().filter(move |c| c.role == Some(role));
    let headings = |roles: &[Role]| -> Vec<&'a str> {
        roles
            .iter()
            .flat_map(|role| of(*role))
            .map(|c| c.heading)
            .collect()
    };
    let mut fields: Vec<Field<'a>> = Vec::new();
    let mut add = |role: Role, kind: Kind, from: Vec<&'a str>| {
        let known = fields
            .iter()
            .filter(|field| field.role.field() == role.field())
            .count();
        let name = match known {
            0 => role.field().to_owned(),
            _ => format!("{}_{}", role.field(), known + 1),
        };
        fields.push(Field {
            name,
            role,
            kind,
            from,
        });
    };
    // The engine takes the first word for the family and the last one for the given name.
    let parts = headings(&[Role::Family, Role::Middle, Role::Given]);
    let whole = headings(&[Role::FullName]);
    let name = if whole.is_empty() { parts } else { whole };
    if !name.is_empty() {
        add(Role::FullName, Kind::Name, name);
    }
    let levels = [Role::Commune, Role::District, Role::Province];
    if let Some(last) = levels.iter().rposition(|role| of(*role).next().is_some()) {
        // The engine knows a level by its place: one that the file lacks is named all the same, and blank in every row.
        let level = |role: &Role| of(*role).next().map_or(role.usual_heading(), |c| c.heading);
        add(
            Role::Commune,
            Kind::Area,
            levels[..=last].iter().map(level).collect(),
        );
    }
    for column in columns {
        match column.role {
            Some(role) if role.alone() => add(role, column.kind(role), vec![column.heading]),
            _ => {}
        }
    }
    fields.sort_by_key(|field| field.role);
    fields.truncate(crate::spec::MOST_COMPARISONS);
    fields
}

/// Whether the fields can tell people apart: a name and something of the person's own, or a number and anything else.
fn identifying(fields: &[Field<'_>]) -> bool {
    let has = |role: Role| fields.iter().any(|field| field.role == role);
    let own = [Role::PersonalNumber, Role::Number, Role::Phone, Role::Email];
    let place = [Role::PostCode, Role::Street, Role::Locality, Role::Commune];
    let numbered = own.into_iter().any(has);
    (numbered && fields.len() > 1)
        || (has(Role::FullName) && (has(Role::Birth) || place.into_iter().any(has)))
}

/// A spec file as it is written.
#[derive(Serialize)]
struct Written<'a> {
    name: &'static str,
    version: u32,
    id: &'a str,
    kin: bool,
    column: Vec<WrittenColumn<'a>>,
    comparison: Vec<WrittenComparison<'a>>,
    block: Vec<rules::Block>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settled: Option<Settled<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guards: Option<Guards<'a>>,
}

#[derive(Serialize)]
struct WrittenColumn<'a> {
    name: &'a str,
    kind: &'static str,
    from: &'a [&'a str],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    typing: bool,
    label_vi: &'static str,
    label_en: &'static str,
}

#[derive(Serialize)]
struct WrittenComparison<'a> {
    column: &'a str,
    levels: &'static [&'static str],
    frequency: bool,
}

#[derive(Serialize)]
struct Settled<'a> {
    equal: Vec<&'a str>,
}

/// Fields that the vetoes look at.
#[derive(Serialize)]
struct Guards<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    area: Option<&'a str>,
}

fn written(columns: &[Column<'_>], fields: &[Field<'_>]) -> Result<String, AutoError> {
    let vietnamese = columns.iter().any(Column::is_vietnamese_name);
    let of = |roles: &[Role]| {
        let field = roles
            .iter()
            .find_map(|role| fields.iter().find(|f| f.role == *role));
        field.map(|field| field.name.as_str())
    };
    let guards = Guards {
        name: of(&[Role::FullName]),
        birth: of(&[Role::Birth]),
        number: of(&[Role::PersonalNumber, Role::Number]),
        phone: of(&[Role::Phone]),
        area: of(&[Role::Commune, Role::PostCode, Role::Street]),
    };
    let settled = match (guards.number, guards.name, guards.birth) {
        (Some(number), Some(name), Some(birth)) => Some(Settled {
            equal: vec![number, name, birth],
        }),
        _ => None,
    };
    let id = columns.iter().find(|column| column.role == Some(Role::Id));
    // One letter makes another Vietnamese name, so that twins have to be told from misspellings. Of longer names it makes a misspelling: there the
    // same guards would send every tenth double to a clerk.
    let households = vietnamese && guards.name.is_some() && guards.birth.is_some();
    let states = fields
        .iter()
        .any(|field| matches!(field.kind, Kind::Date | Kind::Sex));
    let spec = Written {
        name: "auto",
        version: 1,
        id: id.map_or("", |column| column.heading),
        kin: households,
        column: fields
            .iter()
            .map(|field| WrittenColumn {
                name: &field.name,
                kind: field.kind.word(),
                from: &field.from,
                typing: vietnamese && field.kind == Kind::Name,
                label_vi: field.role.label_vi(),
                label_en: field.role.label_en(),
            })
            .collect(),
        comparison: fields
            .iter()
            .map(|field| WrittenComparison {
                column: &field.name,
                levels: levels(field, vietnamese, states),
                frequency: !matches!(
                    field.role,
                    Role::Sex | Role::PersonalNumber | Role::Number | Role::Email
                ),
            })
            .collect(),
        block: rules::of(fields, column::words_of_names(columns)),
        settled,
        guards: households.then_some(guards),
    };
    let text = toml::to_string(&spec)?;
    Ok(format!(
        "# Proposed from the columns of a file: read it, correct it, keep it. What the words mean stands in docs/linkage.md.\n{text}"
    ))
}

/// Levels of the comparison of a field, the strongest first; `states`: whether there is a field that a personal number states as well.
fn levels(field: &Field<'_>, vietnamese: bool, states: bool) -> &'static [&'static str] {
    match (field.kind, field.role) {
        (Kind::Name, _) if vietnamese => Kind::Name.relations(),
        (Kind::Name, _) => &[
            "equal",
            "accents_lost",
            "reordered",
            "slip",
            "dropped",
            "near",
            "given",
            "family",
        ],
        (Kind::Text, Role::Email) => Kind::Text.relations(),
        (Kind::Text, Role::Region) => &["equal"],
        (Kind::Text, Role::HouseNumber | Role::PostCode) => &["equal", "slip"],
        (Kind::Text, _) => &["equal", "close", "similar"],
        (Kind::PersonalNumber, _) if states => &["equal", "one_digit", "other_kind", "doubtful"],
        (Kind::PersonalNumber, _) => &["equal", "one_digit", "other_kind"],
        (Kind::Phone, _) => &["equal", "one_digit"],
        (Kind::Number, _) => &["equal", "one_digit", "two_digits"],
        (Kind::Date | Kind::Sex | Kind::Area, _) => field.kind.relations(),
    }
}
