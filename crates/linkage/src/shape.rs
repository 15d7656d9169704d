//! The shape of a difference: which fields of two records differ, and what kind of slip explains each.
//!
//! A shape is a stable code, `field:relation` joined by `+` in the order of the spec's columns (`full_name:accents_lost+dob:swapped`), so that
//! records with the same slip can be counted and confirmed together. Telephone and residence change in a life and are no part of it.

use crate::link::Linker;
use crate::spec::{Kind, Spec};

/// A relation's words, and whether many differences of it can be confirmed at one look.
struct Relation {
    code: &'static str,
    vi: &'static str,
    en: &'static str,
    bulk: bool,
}

const fn slip(code: &'static str, vi: &'static str, en: &'static str) -> Relation {
    Relation {
        code,
        vi,
        en,
        bulk: true,
    }
}

const fn other(code: &'static str, vi: &'static str, en: &'static str) -> Relation {
    Relation {
        code,
        vi,
        en,
        bulk: false,
    }
}

/// The relations of [`Kind::relations`] but "equal", those that only one side can tell, and those that the caller adds.
const RELATIONS: &[Relation] = &[
    slip("accents_lost", "thiếu dấu", "accents missing"),
    slip("accents_differ", "khác dấu", "other accents"),
    slip(
        "typed",
        "còn phím gõ Telex/VNI",
        "unfinished Telex or VNI typing",
    ),
    slip("reordered", "đảo thứ tự các chữ", "words in another order"),
    slip("slip", "sai một chữ cái", "one letter wrong"),
    slip(
        "dropped",
        "thiếu hoặc thừa một phần",
        "a part missing or added",
    ),
    other("near", "sai vài chữ cái", "several letters wrong"),
    other("close", "gần giống", "much alike"),
    other("similar", "hơi giống", "somewhat alike"),
    other("middle_differs", "khác tên đệm", "another middle name"),
    other("given_differs", "khác tên", "another given name"),
    other("given", "chỉ giống tên", "only the given name agrees"),
    other("family", "chỉ giống họ", "only the family name agrees"),
    slip("swapped", "đảo ngày và tháng", "day and month swapped"),
    slip(
        "only_year",
        "chỉ đúng năm (01/01 hoặc thiếu ngày, tháng)",
        "only the year (1 January, or no day)",
    ),
    slip("day_slip", "sai ngày", "day wrong"),
    slip("month_slip", "sai tháng", "month wrong"),
    slip(
        "year_slip",
        "sai một chữ số của năm",
        "one digit of the year wrong",
    ),
    other(
        "same_year",
        "cùng năm, khác ngày và tháng",
        "same year, another day and month",
    ),
    other("near_year", "năm liền kề", "neighbouring year"),
    slip(
        "one_digit",
        "sai một chữ số hoặc đảo hai chữ số",
        "one digit wrong, or two exchanged",
    ),
    other("two_digits", "sai hai chữ số", "two digits wrong"),
    slip(
        "other_kind",
        "là số loại cũ (CMND)",
        "a number of another kind (CMND)",
    ),
    other(
        "doubtful",
        "khác, và không hợp với ngày sinh hoặc giới tính của chính bản ghi",
        "differs, and states another sex or year of birth than its own record",
    ),
    slip("missing", "còn thiếu", "missing"),
    slip("malformed", "sai định dạng", "malformed"),
    slip(
        "former",
        "là số cũ của người này",
        "a former number of the person",
    ),
    slip("written", "viết khác", "written differently"),
    other(
        "of_home",
        "là số của người cùng nhà",
        "the number of somebody of the same home",
    ),
    other(
        "of_other",
        "là số của người khác",
        "the number of another person",
    ),
    other("different", "khác", "differs"),
];

impl Linker<'_> {
    /// Shape of the difference between a record of A and one of B with this pattern; empty when they agree. What B does not hold is no difference.
    pub fn shape(&self, pattern: u64, a_row: u32, b_row: u32) -> String {
        let mut code = String::new();
        for (place, comparison) in self.spec.comparisons.iter().enumerate() {
            let field = &self.spec.fields[comparison.field];
            let agrees = Spec::level(pattern, place) == 1;
            if agrees || matches!(field.kind, Kind::Phone | Kind::Area) {
                continue;
            }
            let relation = match self.comparer().relation(place, a_row, b_row) {
                Some(relation) => field
                    .kind
                    .relations()
                    .get(relation)
                    .copied()
                    .unwrap_or("different"),
                None if !self.a.has(comparison.field, a_row)
                    && self.b.has(comparison.field, b_row) =>
                {
                    "missing"
                }
                None => continue,
            };
            add(&mut code, &field.name, relation);
        }
        code
    }
}

/// Appends a part to a code.
pub fn add(code: &mut String, field: &str, relation: &str) {
    if !code.is_empty() {
        code.push('+');
    }
    code.push_str(field);
    code.push(':');
    code.push_str(relation);
}

/// Field and relation of each part of a code.
pub fn parts(code: &str) -> impl Iterator<Item = (&str, &str)> {
    code.split('+').filter_map(|part| part.split_once(':'))
}

/// True when all parts are slips of the pen or of a machine, so that one look at a group of them confirms all. A sex alone is one: the number,
/// which agrees, tells it too.
pub fn is_bulk(code: &str) -> bool {
    code == "sex:different"
        || parts(code).all(|(_, relation)| find(relation).is_some_and(|known| known.bulk))
}

/// A code in Vietnamese words.
pub fn vi(spec: &Spec, code: &str) -> String {
    words(code, "khớp hoàn toàn", |field, relation| {
        let label = label(spec, field).map_or(field, |labels| labels.0);
        format!(
            "{label} {}",
            find(relation).map_or(relation, |known| known.vi)
        )
    })
}

/// A code in English words.
pub fn en(spec: &Spec, code: &str) -> String {
    words(code, "everything agrees", |field, relation| {
        let label = label(spec, field).map_or(field, |labels| labels.1);
        format!(
            "{label}: {}",
            find(relation).map_or(relation, |known| known.en)
        )
    })
}

fn words(code: &str, none: &str, part: impl Fn(&str, &str) -> String) -> String {
    let all: Vec<String> = parts(code)
        .map(|(field, relation)| part(field, relation))
        .collect();
    if all.is_empty() {
        none.to_owned()
    } else {
        all.join("; ")
    }
}

fn find(relation: &str) -> Option<&'static Relation> {
    RELATIONS.iter().find(|known| known.code == relation)
}

/// A relation in Vietnamese and English.
pub(crate) fn words_of(relation: &str) -> Option<(&'static str, &'static str)> {
    find(relation).map(|known| (known.vi, known.en))
}

/// Labels of a field in Vietnamese and English.
fn label<'a>(spec: &'a Spec, field: &str) -> Option<(&'a str, &'a str)> {
    let field = spec.fields.iter().find(|known| known.name == field)?;
    Some((&field.label_vi, &field.label_en))
}

#[cfg(test)]
mod tests {
    use super::{en, find, is_bulk, vi};
    use crate::spec::{Kind, Spec};

    #[test]
    fn every_relation_of_every_kind_has_words() {
        let kinds = [
            Kind::Name,
            Kind::Text,
            Kind::PersonalNumber,
            Kind::Date,
            Kind::Sex,
        ];
        for relation in kinds.into_iter().flat_map(|kind| &kind.relations()[1..]) {
            assert!(find(relation).is_some(), "{relation}");
        }
    }

    #[test]
    fn shapes_read_as_people_would_say_them() {
        let spec = Spec::builtin("vietnam").expect("built in");
        let code = "full_name:accents_lost+dob:swapped";
        assert_eq!(
            vi(&spec, code),
            "họ và tên thiếu dấu; ngày sinh đảo ngày và tháng"
        );
        assert_eq!(
            en(&spec, code),
            "full name: accents missing; birth date: day and month swapped"
        );
        assert_eq!(en(&spec, ""), "everything agrees");
        assert!(is_bulk(code));
        assert!(is_bulk("sex:different"));
        assert!(!is_bulk("full_name:accents_lost+sex:different"));
        assert!(!is_bulk("full_name:accents_lost+id_number:of_other"));
    }
}
