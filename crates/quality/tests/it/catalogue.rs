//! The table.

use std::collections::BTreeMap;

use quality::{CatalogueError, RuleId, Severity, catalogue};

#[test]
fn the_catalogue_has_the_counts_of_the_specification() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for rule in catalogue().rules() {
        *counts.entry(rule.id.group()).or_default() += 1;
    }
    let expected = [
        ("AD", 4),
        ("CE", 4),
        ("CT", 6),
        ("DB", 11),
        ("DN", 10),
        ("DU", 10),
        ("EX", 2),
        ("FC", 9),
        ("ID", 17),
        ("LS", 4),
        ("LT", 9),
        ("NM", 16),
        ("NT", 1),
        ("NV", 5),
        ("SG", 4),
        ("SX", 3),
        ("TK", 14),
        ("VD", 14),
        ("VP", 7),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
    assert_eq!(catalogue().rules().len(), 150);
}

#[test]
fn every_rule_is_decided_by_a_named_function_or_says_why_it_waits() {
    for rule in catalogue().rules() {
        assert_eq!(rule.is_decided_here(), rule.by.is_some(), "{}", rule.id);
        assert_eq!(rule.is_decided_here(), rule.waits.is_none(), "{}", rule.id);
        assert_eq!(
            rule.severity == Severity::Block,
            rule.block.is_some(),
            "{}",
            rule.id
        );
        assert!(rule.version >= 1 && !rule.source.is_empty(), "{}", rule.id);
    }
}

#[test]
fn every_text_is_there_in_both_languages_in_nfc() {
    for rule in catalogue().rules() {
        let texts = [
            Some(&rule.title),
            rule.message.as_ref(),
            Some(&rule.why),
            Some(&rule.fix),
            rule.note.as_ref(),
            rule.waits.as_ref(),
        ];
        for text in texts.into_iter().flatten() {
            for part in [&text.vi, &text.en] {
                assert!(!part.trim().is_empty(), "{}", rule.id);
                assert_eq!(registry::name::nfc(part), part.as_str(), "{}", rule.id);
            }
        }
    }
}

#[test]
fn templates_name_only_what_exists() {
    for rule in catalogue().rules() {
        let Some(message) = &rule.message else {
            continue;
        };
        for text in [&message.vi, &message.en] {
            for name in text
                .split('{')
                .skip(1)
                .filter_map(|rest| rest.split_once('}'))
                .map(|(name, _)| name)
            {
                let known = matches!(name, "value" | "other" | "fix")
                    || rule.thresholds.contains_key(name)
                    || rule.dates.contains_key(name);
                assert!(known, "{}: {{{name}}}", rule.id);
            }
        }
    }
}

#[test]
fn an_override_changes_severity_threshold_and_validity_and_is_recorded() {
    let changed = catalogue()
        .with_overrides(
            r#"
            [[change]]
            rule = "lt-01"
            on = "2022-05-04"
            by = "2262/BYT-CNTT"
            reason = "lots are needed for recalls"
            severity = "B"
            valid_from = "2022-06-01"
            "#,
        )
        .expect("a sound override");
    let rule = changed.rule(RuleId::Lt01);
    assert_eq!((rule.severity, rule.version), (Severity::Block, 2));
    assert!(
        !rule.in_force("2022-05-31".parse().unwrap())
            && rule.in_force("2022-06-01".parse().unwrap())
    );
    assert_eq!(rule.changes.len(), 1);
    assert_eq!(
        rule.changes[0].what,
        ["severity W → B", "valid_from → 2022-06-01"]
    );
    assert_eq!(
        catalogue().rule(RuleId::Lt01).version,
        1,
        "the built-in catalogue stays as it is"
    );
}

#[test]
fn an_override_without_reason_of_an_unknown_threshold_or_with_an_impossible_value_is_refused() {
    let with = |lines: &str| {
        catalogue().with_overrides(&format!(
            "[[change]]\nrule = \"CT-04\"\non = \"2022-05-04\"\nby = \"x\"\n{lines}"
        ))
    };
    assert!(matches!(
        with("reason = \" \""),
        Err(CatalogueError::NoReason(RuleId::Ct04))
    ));
    assert!(matches!(
        with("reason = \"r\"\nthresholds = { people = 3 }"),
        Err(CatalogueError::Missing { .. })
    ));
    assert!(matches!(
        with("reason = \"r\"\nthresholds = { persons = -3 }"),
        Err(CatalogueError::Value { .. })
    ));
    assert!(matches!(
        with("reason = \"r\"\nvalid_to = \"31/02\""),
        Err(CatalogueError::Date { .. })
    ));
    assert!(matches!(
        with("reason = \"r\"\nseverty = \"I\""),
        Err(CatalogueError::Toml(_))
    ));
}

#[test]
fn a_threshold_that_no_check_reads_is_refused() {
    let table = include_str!("../../rules.toml").replace(
        "thresholds = { persons = 10 }",
        "thresholds = { persons = 10, families = 3 }",
    );
    let error = quality::Catalogue::from_toml(&table).expect_err("nothing reads it");
    assert!(
        matches!(
            error,
            CatalogueError::Unread {
                rule: RuleId::Ct04,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn an_override_is_the_executed_threshold() {
    use crate::run::{merged, subject};
    let base = &quality::examples::examples().base;
    let changed = catalogue()
        .with_overrides("[[change]]\nrule = \"DB-04\"\non = \"2022-05-04\"\nby = \"x\"\nreason = \"r\"\nthresholds = { oldest = 40 }")
        .expect("a sound override");
    let ctx = quality::Context::new(&changed, base.as_of.parse().unwrap());
    let values = merged(&base.subject, &quality::examples::Values::new());
    let mut out = Vec::new();
    quality::check_subject(&subject(&values), &ctx, &mut out);
    assert_eq!(
        out.iter().map(|f| f.rule).collect::<Vec<_>>(),
        [RuleId::Db04]
    );
}

#[test]
fn the_page_of_the_rules_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules.md");
    let page = std::fs::read_to_string(path).expect("docs/rules.md");
    assert!(
        page == quality::markdown(catalogue()),
        "docs/rules.md is not what the table says: cargo run -p quality --example rules_page > docs/rules.md"
    );
}
