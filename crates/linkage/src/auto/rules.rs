//! The blocking rules of a proposal: those of a table whose fields the file has.

use serde::Serialize;

use super::Field;

/// Most pairs of one key value of a rule that is broad on purpose: in a small file it finds everything, in a large one it is narrowed.
const BROAD: u64 = 200;
/// The usual cap.
const USUAL: u64 = 2_000;
/// Names of at least so many words share single words too often; two words together tell more.
const LONG_NAMES: f64 = 2.6;

/// A rule as a spec writes it.
#[derive(Serialize)]
pub(crate) struct Block {
    name: String,
    keys: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    narrow: Vec<String>,
    cap: u64,
}

/// A rule of the table. `WORDS` stands for one or two words of the name.
struct Rule {
    name: &'static str,
    keys: &'static [&'static str],
    narrow: &'static [&'static str],
    cap: u64,
}

const fn rule(
    name: &'static str,
    keys: &'static [&'static str],
    narrow: &'static [&'static str],
    cap: u64,
) -> Rule {
    Rule {
        name,
        keys,
        narrow,
        cap,
    }
}

const WORDS: &str = "name.words";

const RULES: &[Rule] = &[
    rule("telephone", &["phone"], &["name.given"], USUAL),
    rule("e-mail", &["email"], &["name.given"], USUAL),
    rule(
        "birth date",
        &["birth_date"],
        &["residence.commune", "postal_code", "locality", "sex"],
        BROAD,
    ),
    rule(
        "birth date, words of the name",
        &["birth_date", WORDS],
        &["residence.province", "postal_code", "sex"],
        USUAL,
    ),
    rule(
        "name, birth year",
        &["name.sorted", "birth_date.year"],
        &[
            "residence.province",
            "residence.commune",
            "postal_code",
            "locality",
        ],
        USUAL,
    ),
    rule(
        "name, day and month of birth",
        &["name.sorted", "birth_date.month_day"],
        &["residence.province", "postal_code", "locality"],
        USUAL,
    ),
    rule(
        "name",
        &["name.sorted"],
        &[
            "birth_date.decade",
            "residence.commune",
            "postal_code",
            "locality",
        ],
        BROAD,
    ),
    rule(
        "birth year, words of the name",
        &["birth_date.year", WORDS],
        &["residence.commune", "postal_code", "locality", "sex"],
        BROAD,
    ),
    rule(
        "commune, birth year, words of the name",
        &["residence.commune", "birth_date.year", WORDS],
        &["sex"],
        USUAL,
    ),
    rule(
        "commune, family and given name",
        &["residence.commune", "name.ends"],
        &["birth_date.decade", "sex"],
        USUAL,
    ),
    rule(
        "postal code, words of the name",
        &["postal_code", WORDS],
        &["birth_date.decade", "sex"],
        USUAL,
    ),
    rule(
        "locality, words of the name",
        &["locality", WORDS],
        &["birth_date.decade", "sex"],
        USUAL,
    ),
    rule("street", &["street"], &["house_number", "locality"], BROAD),
    rule(
        "postal code, house number",
        &["postal_code", "house_number"],
        &["street"],
        USUAL,
    ),
    rule(
        "locality, house number",
        &["locality", "house_number"],
        &["street"],
        USUAL,
    ),
];

/// The rules for these fields.
pub(crate) fn of(fields: &[Field<'_>], words_of_names: f64) -> Vec<Block> {
    let has = |key: &&&str| {
        let field = key.split_once('.').map_or(**key, |(field, _)| field);
        fields.iter().any(|known| known.name == field)
    };
    let word = |key: &&str| match *key {
        WORDS if words_of_names >= LONG_NAMES => "name.pairs".to_owned(),
        other => other.to_owned(),
    };
    let mut rules: Vec<Block> = numbers(fields, has(&&"name"));
    let applies = RULES
        .iter()
        .filter(|rule| rule.keys.iter().all(|key| has(&key)));
    rules.extend(applies.map(|rule| Block {
        name: rule.name.to_owned(),
        keys: rule.keys.iter().map(word).collect(),
        narrow: rule.narrow.iter().filter(has).map(word).collect(),
        cap: rule.cap,
    }));
    rules.truncate(crate::spec::MOST_RULES);
    rules
}

/// Each number finds its equals, and with the given name those that differ in a digit or two.
fn numbers(fields: &[Field<'_>], named: bool) -> Vec<Block> {
    let mut rules = Vec::new();
    let is_number = |field: &&Field<'_>| field.role.field() == "number";
    for field in fields.iter().filter(is_number) {
        let label = field.name.replace('_', " ");
        rules.push(Block {
            name: label.clone(),
            keys: vec![field.name.clone()],
            narrow: Vec::new(),
            cap: USUAL,
        });
        if named {
            rules.push(Block {
                name: format!("two thirds of the {label}, given name"),
                keys: vec![format!("{}.thirds", field.name), "name.given".to_owned()],
                narrow: Vec::new(),
                cap: USUAL,
            });
        }
    }
    rules
}
