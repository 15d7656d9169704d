//! Rules of countries: their published tests, which rules apply, and what is said about a verdict.

use std::fs;
use std::path::{Path, PathBuf};

use passport::rules::{Decision, Rule, RuleError, RuleOutcome, RuleSet, Situation, conformance};
use serde_json::{Value as Json, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/dcc/rules")
}

#[test]
fn every_published_test_of_every_rule_passes() {
    let report = conformance(&folder()).unwrap();
    assert_eq!(report.failures, []);
    // 603 tests and the affected fields of 96 rules. Skipped: VR-MT-0005, which has no tests and an "if" with four operands.
    assert_eq!((report.passed, report.skipped), (603 + 96, 1));
}

#[test]
fn every_published_refusal_is_explained_in_both_languages() {
    let mut refusals = 0;
    for rule in fs::read_dir(folder())
        .unwrap()
        .flat_map(|country| files(&country.unwrap().path()))
    {
        let Ok(text) = fs::read_to_string(rule.join("rule.json")) else {
            continue;
        };
        let mut rules = RuleSet::default();
        rules.add_json(&text).unwrap();
        for test in files(&rule.join("tests")) {
            let test: Json = serde_json::from_str(&fs::read_to_string(&test).unwrap()).unwrap();
            let clock = test["external"]["validationClock"]
                .as_str()
                .unwrap_or("2023-05-01T00:00:00Z");
            let country = rules.rules()[0].country.clone();
            let value_sets = &test["external"]["valueSets"];
            let situation = Situation::new(&country, "VN", clock.parse().unwrap(), value_sets);
            let verdict = rules.check(&test["payload"], &situation);
            for result in verdict.with(RuleOutcome::Failed) {
                refusals += 1;
                let said = result.explanation();
                assert!(!result.reasons.is_empty(), "{}", result.rule.identifier);
                assert!(
                    !said.vi.contains("{}") && !said.en.contains("{}"),
                    "{said:?}"
                );
                assert!(
                    !said.en.contains("the field"),
                    "a field without a name: {said:?}"
                );
            }
        }
    }
    assert_eq!(refusals, 190);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// A rule that is always true; changed by what is given.
fn rule(changes: &Json) -> String {
    let mut rule = json!({
        "Identifier": "GR-DE-0001", "Type": "Acceptance", "Country": "DE", "Version": "1.0.0",
        "SchemaVersion": "1.0.0", "Engine": "CERTLOGIC", "EngineVersion": "0.7.5", "CertificateType": "General",
        "Description": [{"lang": "de", "desc": "Regel"}, {"lang": "en", "desc": "Rule"}],
        "ValidFrom": "2021-06-01T00:00:00Z", "ValidTo": "2030-06-01T00:00:00Z", "AffectedFields": [], "Logic": true
    });
    for (name, value) in changes.as_object().unwrap() {
        rule[name] = value.clone();
    }
    rule.to_string()
}

fn rule_set(rules: &[Json]) -> RuleSet {
    let mut set = RuleSet::default();
    for changes in rules {
        set.add_json(&rule(changes)).unwrap();
    }
    set
}

const NO_SETS: Json = Json::Null;

fn situation(clock: &str) -> Situation<'static> {
    Situation::new("DE", "VN", clock.parse().unwrap(), &NO_SETS)
}

#[test]
fn the_rules_that_apply_are_chosen_by_country_date_version_region_and_kind() {
    let rules = rule_set(&[
        json!({"Identifier": "GR-DE-0001", "Version": "1.10.0"}),
        json!({"Identifier": "GR-DE-0001", "Version": "1.9.0"}),
        json!({"Identifier": "GR-DE-0001", "Version": "2.0.0", "ValidFrom": "2022-06-01T00:00:00+02:00"}),
        json!({"Identifier": "GR-DE-0002", "ValidTo": "2022-05-01T12:00:00Z"}),
        json!({"Identifier": "GR-FR-0001", "Country": "FR"}),
        json!({"Identifier": "IR-VN-0001", "Country": "VN", "Type": "Invalidation"}),
        json!({"Identifier": "IR-DE-0001", "Country": "DE", "Type": "Invalidation"}),
        json!({"Identifier": "VR-DE-0001", "CertificateType": "Vaccination"}),
        json!({"Identifier": "TR-DE-0001", "CertificateType": "Test"}),
        json!({"Identifier": "VR-DE-0009", "Region": "BY"}),
    ]);
    let payload = json!({"v": [{"dn": 1}], "t": []});
    let chosen = |situation: &Situation<'_>| -> Vec<String> {
        let rules = rules.select(&payload, situation);
        rules
            .iter()
            .map(|rule| {
                format!(
                    "{} {}.{}",
                    rule.identifier, rule.version.major, rule.version.minor
                )
            })
            .collect()
    };
    assert_eq!(
        chosen(&situation("2022-05-01T11:59:59Z")),
        [
            "GR-DE-0001 1.10",
            "GR-DE-0002 1.0",
            "IR-VN-0001 1.0",
            "VR-DE-0001 1.0"
        ]
    );
    assert_eq!(
        chosen(&situation("2022-05-31T22:00:00Z")),
        ["GR-DE-0001 2.0", "IR-VN-0001 1.0", "VR-DE-0001 1.0"]
    );
    let in_bavaria = Situation {
        region: Some("BY"),
        ..situation("2022-05-31T22:00:00Z")
    };
    assert_eq!(
        chosen(&in_bavaria).last().map(String::as_str),
        Some("VR-DE-0009 1.0")
    );
}

#[test]
fn one_failure_refuses_and_one_doubt_leaves_open() {
    let clock = "2022-05-01T00:00:00Z";
    let payload = json!({"v": [{"dn": 1}]});
    let failing = json!({"Identifier": "GR-DE-0002", "Logic": false});
    let missing =
        json!({"Identifier": "GR-DE-0003", "Logic": {"<": [{"var": "payload.v.0.sd"}, 3]}});
    let invalidating = json!({"Identifier": "IR-VN-0001", "Country": "VN", "Type": "Invalidation"});
    for (rules, decision) in [
        (vec![json!({})], Decision::Accepted),
        (vec![json!({}), failing.clone()], Decision::Refused),
        (vec![json!({}), missing.clone()], Decision::Open),
        (vec![missing, failing], Decision::Refused),
        (vec![json!({"Logic": {"var": "payload.v"}})], Decision::Open),
        (vec![invalidating], Decision::Open),
        (vec![], Decision::Open),
    ] {
        let set = rule_set(&rules);
        let verdict = set.check(&payload, &situation(clock));
        assert_eq!(verdict.decision, decision, "{rules:?}");
    }
}

#[test]
fn the_external_parameters_are_there_under_their_names() {
    let value_sets = json!({"sct": ["1", "2"]});
    let situation = Situation {
        region: Some("BY"),
        issued_at: Some("2022-01-01T00:00:00Z".parse().unwrap()),
        expires_at: Some("2023-01-01T00:00:00.5Z".parse().unwrap()),
        kid: Some("AAAAAAAAAAE="),
        ..Situation::new(
            "DE",
            "VN",
            "2022-05-01T07:00:00+07:00".parse().unwrap(),
            &value_sets,
        )
    };
    for (name, expected) in [
        ("validationClock", json!("2022-05-01T00:00:00.000Z")),
        ("countryCode", json!("DE")),
        ("issuerCountryCode", json!("VN")),
        ("iat", json!("2022-01-01T00:00:00.000Z")),
        ("exp", json!("2023-01-01T00:00:00.500Z")),
        ("kid", json!("AAAAAAAAAAE=")),
        ("region", json!("BY")),
        ("valueSets.sct.1", json!("2")),
    ] {
        let logic = json!({"===": [{"var": format!("external.{name}")}, expected]});
        let rules = rule_set(&[json!({"Logic": logic})]);
        assert_eq!(
            rules.check(&json!({}), &situation).decision,
            Decision::Accepted,
            "{name}"
        );
    }
}

#[test]
fn a_refusal_says_what_the_certificate_has_and_what_was_asked() {
    let clock = json!({"plusTime": [{"var": "external.validationClock"}, 0, "day"]});
    let field = |path: &str, amount: i64, unit: &str| json!({"plusTime": [{"var": format!("payload.{path}")}, amount, unit]});
    let payload = json!({
        "dob": "2004-12-24",
        "v": [{"dt": "2021-08-09", "dn": 1, "sd": 2, "mp": "BBIBP-CorV", "ci": "URN:UVCI:01:VN:ABC"}],
        "t": [{"sc": "2022-05-23T10:00:00+07:00", "tr": "260373001", "tt": "LP6464-4"}],
        "r": [{"fr": "2022-05-20", "df": "2022-05-31", "du": "2022-05-25"}]
    });
    for (logic, vi, en) in [
        (
            json!({"not-after": [clock, field("v.0.dt", 290, "day")]}),
            "mũi tiêm gần nhất đã được 290 ngày 8 giờ, giới hạn 290 ngày",
            "the last dose is 290 days and 8 hours old, limit 290 days",
        ),
        (
            json!({"not-after": [field("v.0.dt", 0, "day"), clock, field("v.0.dt", 9, "month")]}),
            "mũi tiêm gần nhất đã được 9 tháng 17 ngày, giới hạn 9 tháng",
            "the last dose is 9 months and 17 days old, limit 9 months",
        ),
        (
            json!({"after": [field("t.0.sc", 72, "hour"), clock]}),
            "mẫu xét nghiệm đã lấy được 77 giờ, phải dưới 72 giờ",
            "the test sample is 77 hours old, must be less than 72 hours",
        ),
        (
            json!({"if": [{"before": [clock, field("r.0.fr", 11, "day")]}, false, true]}),
            "kết quả dương tính đầu tiên đã được 6 ngày, phải đủ ít nhất 11 ngày",
            "the first positive test is 6 days old, must be at least 11 days",
        ),
        (
            json!({"not-after": [{"dccDateOfBirth": [{"var": "payload.dob"}]}, {"plusTime": [{"var": "external.validationClock"}, -18, "year"]}]}),
            "người mang chứng nhận sinh cách đây 17 năm, phải đủ ít nhất 18 năm",
            "the holder was born 17 years ago, must be at least 18 years",
        ),
        (
            json!({"not-before": [clock, field("r.0.df", 0, "day")]}),
            "ngày bắt đầu hiệu lực (31/05/2022) không được sau ngày nhập cảnh (26/05/2022)",
            "the first day of validity (2022-05-31) must not be after the day of entry (2022-05-26)",
        ),
        (
            json!({"before": [field("r.0.df", 0, "day"), field("r.0.du", 1, "day")]}),
            "ngày bắt đầu hiệu lực (31/05/2022) phải trước ngày hết hiệu lực (25/05/2022) + 1 ngày",
            "the first day of validity (2022-05-31) must be before the last day of validity (2022-05-25) + 1 day",
        ),
        (
            json!({">=": [{"var": "payload.v.0.dn"}, {"var": "payload.v.0.sd"}]}),
            "số thứ tự mũi tiêm là 1, ít nhất phải 2 (số mũi của liệu trình)",
            "the number of the dose is 1, must be at least 2 (the number of doses of the course)",
        ),
        (
            json!({"<": [2, {"var": "payload.v.0.dn"}]}),
            "số thứ tự mũi tiêm là 1, phải lớn hơn 2",
            "the number of the dose is 1, must be more than 2",
        ),
        (
            json!({"===": [{"var": "payload.t.0.tr"}, "260415000"]}),
            "kết quả xét nghiệm là phát hiện, phải là không phát hiện",
            "the test result is detected, must be not detected",
        ),
        (
            json!({"in": [{"var": "payload.v.0.mp"}, ["EU/1/20/1528", "EU/1/20/1507"]]}),
            "sản phẩm vắc xin là BBIBP-CorV, không được chấp nhận (chấp nhận: Comirnaty, Spikevax)",
            "the vaccine product is BBIBP-CorV, which is not accepted (accepted: Comirnaty, Spikevax)",
        ),
        (
            json!({"!": [{"in": [{"extractFromUVCI": [{"var": "payload.v.0.ci"}, 2]}, ["ABC", "DEF"]]}]}),
            "phần 2 của mã chứng nhận là ABC, không được chấp nhận",
            "part 2 of the certificate code is ABC, which is not accepted",
        ),
        (
            json!({"!": [{"var": "payload.v.0"}]}),
            "có mục tiêm chủng",
            "there is a vaccination entry",
        ),
        (
            json!({"and": [true, {"if": [{"var": "payload.v.1"}, true, false]}]}),
            "thiếu mục tiêm chủng thứ hai",
            "a second vaccination entry is missing",
        ),
        (
            json!({"if": [{">": [{"var": "payload.v.0.dn"}, 2]}, true, {"before": [clock, field("v.0.dt", 270, "day")]}]}),
            "mũi tiêm gần nhất đã được 290 ngày, phải dưới 270 ngày (hoặc: số thứ tự mũi tiêm là 1, phải lớn hơn 2)",
            "the last dose is 290 days old, must be less than 270 days (or else: the number of the dose is 1, must be more than 2)",
        ),
    ] {
        let rules = rule_set(&[json!({"Logic": logic})]);
        let verdict = rules.check(&payload, &situation("2022-05-26T08:00:00Z"));
        assert_eq!(verdict.decision, Decision::Refused, "{logic}");
        let summary = verdict.summary();
        assert_eq!(summary.vi, format!("Nhập cảnh Đức: không, vì {vi}."));
        assert_eq!(summary.en, format!("Entry to Germany: no, because {en}."));
    }
}

#[test]
fn an_open_verdict_says_what_is_missing() {
    let dose = json!({"plusTime": [{"var": "payload.v.0.dt"}, 0, "day"]});
    let logic = json!({"after": [dose, dose]});
    for (rule, payload, vi, en) in [
        (
            json!({"Logic": logic}),
            json!({}),
            "thiếu ngày tiêm mũi gần nhất",
            "the date of the last dose is missing",
        ),
        (
            json!({"Logic": logic}),
            json!({"v": [{"dt": 20_210_809}]}),
            "ngày tiêm mũi gần nhất có kiểu dữ liệu sai",
            "the date of the last dose is an integer, which it must not be",
        ),
        (
            json!({"Logic": logic}),
            json!({"v": [{"dt": "2021-09-99"}]}),
            "“2021-09-99” không phải là ngày hợp lệ",
            "“2021-09-99” is no date",
        ),
        (
            json!({"Engine": "JSONATA"}),
            json!({}),
            "quy tắc GR-DE-0001 cần bộ máy JSONATA mà hệ thống này không có",
            "rule GR-DE-0001 needs the engine JSONATA, which this system does not have",
        ),
        (
            json!({"Logic": {"==": [1, 1]}}),
            json!({}),
            "quy tắc GR-DE-0001 viết sai cú pháp",
            "rule GR-DE-0001 is malformed: unrecognised operator: \"==\"",
        ),
        (
            json!({"Logic": {"var": "payload"}}),
            json!({"v": 1}),
            "quy tắc GR-DE-0001 (“Rule”)",
            "rule GR-DE-0001 (“Rule”)",
        ),
    ] {
        let rules = rule_set(&[rule]);
        let verdict = rules.check(&payload, &situation("2022-05-26T08:00:00Z"));
        assert_eq!(verdict.decision, Decision::Open);
        assert_eq!(
            verdict.summary().vi,
            format!("Nhập cảnh Đức: chưa rõ, vì {vi}.")
        );
        assert_eq!(
            verdict.summary().en,
            format!("Entry to Germany: not clear, because {en}.")
        );
    }
}

#[test]
fn a_country_without_rules_lets_nobody_in_unasked() {
    let no_rules = RuleSet::default();
    let verdict = no_rules.check(&json!({}), &situation("2022-05-26T08:00:00Z"));
    assert_eq!(verdict.decision, Decision::Open);
    assert_eq!(
        verdict.summary().vi,
        "Nhập cảnh Đức: chưa rõ, vì không có quy tắc nào của nước này."
    );
}

#[test]
fn what_is_no_rule_is_refused_and_adds_nothing() {
    let mut rules = RuleSet::default();
    for (text, part) in [
        ("{".to_owned(), "not a business rule"),
        ("17".to_owned(), "not a business rule"),
        (
            "{\"Identifier\": \"GR-DE-0001\"}".to_owned(),
            "missing field",
        ),
        (
            rule(&json!({"Type": "Suggestion"})),
            "unknown variant `Suggestion`",
        ),
        (
            rule(&json!({"Version": "1.0"})),
            "rule GR-DE-0001: Version is \"1.0\", which it cannot be",
        ),
        (
            rule(&json!({"ValidTo": "never"})),
            "rule GR-DE-0001: ValidTo is \"never\", which it cannot be",
        ),
        (
            format!("[{}, {}]", rule(&json!({})), rule(&json!({"Country": 49}))),
            "invalid type",
        ),
    ] {
        let error: RuleError = rules.add_json(&text).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(rules.rules().is_empty());
    rules
        .add_json(&format!(
            "[{}, {}]",
            rule(&json!({})),
            rule(&json!({"Version": "1.2.3"}))
        ))
        .unwrap();
    let languages: Vec<_> = rules
        .rules()
        .iter()
        .map(|rule: &Rule| rule.description("vi"))
        .collect();
    assert_eq!(languages, ["Rule", "Rule"]);
}
