//! What holds for any text.

use proptest::prelude::*;
use quality::examples::{Example, Values, examples};
use quality::{
    Answer, Context, FileChecks, Finding, RegisterFacts, RuleId, SafeFix, Side, catalogue,
    check_against_register, check_dose, check_doses_against_register, check_pair, check_series,
    check_subject,
};
use registry::fields::{DoseField, Field, RegisterField, RegisterRow, SubjectField};
use registry::text::Lang;

use crate::run::{context, dose, merged, run, subject};

/// Texts as they occur in such files, and any others.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => any::<String>(),
        2 => "[0-9OIlSB .E+-]{0,16}",
        2 => "[ĐđÐaăâeêioôơuưyàảãáạ BCNTVhngt'.()&,0-9-]{0,30}",
        2 => "[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}( [0-9]{1,2}:[0-9]{2})?",
        1 => prop::sample::select(vec!["Nguyễn Văn A và Trần Thị B", "Ông", "019175004321", "31/02/1975", "AstraZeneca", "Vero Cell", "ABX1234", "TN01", "2/3", "refused", "administered"])
            .prop_map(str::to_owned),
        1 => Just(String::new()),
    ]
}

fn values(headings: Vec<&'static str>) -> impl Strategy<Value = Values> {
    prop::collection::btree_map(
        prop::sample::select(headings).prop_map(str::to_owned),
        text(),
        0..8,
    )
}

fn headings<F: Field>() -> Vec<&'static str> {
    F::ALL.iter().map(|field| field.heading()).collect()
}

fn ctx() -> Context<'static> {
    context(&examples().base, &Example::default())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_check_panics_whatever_the_text(
        person in values(headings::<SubjectField>()),
        other in values(headings::<SubjectField>()),
        entry in values(headings::<RegisterField>()),
        doses in prop::collection::vec(values(headings::<DoseField>()), 0..5),
        bare in any::<bool>(),
    ) {
        let base = &examples().base;
        let fill = |base: &Values, values: &Values| if bare { values.clone() } else { merged(base, values) };
        let ctx = ctx();
        let (a, b) = (fill(&base.subject, &person), fill(&base.subject, &other));
        let entry = fill(&base.register, &entry);
        let doses: Vec<Values> = doses.iter().map(|values| fill(&base.dose, values)).collect();
        let mut out = Vec::new();
        let row = subject(&a);
        let facts = check_subject(&row, &ctx, &mut out);
        let second = check_subject(&subject(&b), &ctx, &mut out);
        let entry_row = RegisterRow::from_fn(|field| entry.get(field.heading()).map(String::as_str));
        let entry = RegisterFacts::parse(&entry_row);
        check_against_register(&row, &facts, Answer::Found(&entry), &ctx, &mut out);
        check_against_register(&row, &facts, Answer::Suggested(&entry), &ctx, &mut out);
        check_pair(Side { facts: &facts, verified: true }, Side { facts: &second, verified: true }, &ctx, &mut out);
        let mut file = FileChecks::default();
        file.observe_subject(&facts, 2);
        file.observe_subject(&second, 3);
        let mut dose_facts = Vec::new();
        for (at, values) in doses.iter().enumerate() {
            let facts = check_dose(&dose(values), Some(&facts), &ctx, &mut out);
            file.observe_dose(&dose(values), &facts, at as u64);
            dose_facts.push(facts);
        }
        let mut placed = Vec::new();
        for group in check_series(&dose_facts, &ctx, &mut placed) {
            prop_assert!(group.keep < dose_facts.len());
            prop_assert!(group.others.iter().all(|(at, _)| *at < dose_facts.len() && *at != group.keep));
        }
        check_doses_against_register(&dose_facts, &entry, &ctx, &mut placed);
        prop_assert!(placed.iter().all(|(at, _)| *at < dose_facts.len()));
        out.extend(placed.into_iter().map(|(_, finding)| finding));
        out.extend(file.finish(&ctx).into_iter().map(|found| found.finding));
        for finding in &out {
            for lang in [Lang::Vi, Lang::En] {
                prop_assert!(!finding.masked_message(catalogue(), lang).is_empty());
                prop_assert!(!finding.message(catalogue(), lang).is_empty());
            }
        }
    }

    #[test]
    fn the_order_of_doses_does_not_change_what_is_found(
        doses in prop::collection::vec((0..4_u8, 0..60_u8, 0..3_usize, 0..3_usize), 1..6),
        turn in 0..6_usize,
    ) {
        let base = &examples().base;
        let vaccines = ["AstraZeneca", "Pfizer", "Vắc xin Covid-19"];
        let facilities = ["TN01", "TN02", "TN04"];
        let doses: Vec<Values> = doses.iter().enumerate().map(|(at, (number, day, vaccine, facility))| {
            let day = registry::date::from_day_number(18_850 + i32::from(*day)).expect("a day").to_string();
            merged(&base.dose, &Values::from([
                ("dose_id".to_owned(), format!("D{at}")),
                ("dose_number".to_owned(), number.to_string()),
                ("injected_at".to_owned(), day),
                ("vaccine".to_owned(), vaccines[*vaccine].to_owned()),
                ("facility_code".to_owned(), facilities[*facility].to_owned()),
            ]))
        }).collect();
        let ctx = ctx();
        let find = |doses: &[&Values]| {
            let facts: Vec<_> = doses.iter().map(|values| check_dose(&dose(values), None, &ctx, &mut Vec::new())).collect();
            let mut out = Vec::new();
            check_series(&facts, &ctx, &mut out);
            let mut found: Vec<_> = out.into_iter().map(|(at, finding)| (doses[at]["dose_id"].clone(), finding.rule, finding.value)).collect();
            found.sort();
            found
        };
        let straight: Vec<&Values> = doses.iter().collect();
        let mut turned = straight.clone();
        turned.rotate_left(turn % doses.len());
        prop_assert_eq!(find(&straight), find(&turned));
        turned.reverse();
        prop_assert_eq!(find(&straight), find(&turned));
    }

    #[test]
    fn a_file_observed_in_chunks_gives_the_same_findings(
        people in prop::collection::vec((0..3_usize, 0..3_usize, 0..2_usize), 0..40),
        cut in 0..40_usize,
    ) {
        let base = &examples().base;
        let numbers = ["019175004321", "", "090871234"];
        let names = ["Đặng Thị Hoa", "Nguyễn Văn Lâm", "Trần Minh"];
        let dates = ["1975-03-12", "1955-01-02"];
        let people: Vec<Values> = people.iter().map(|(number, name, date)| merged(&base.subject, &Values::from([
            ("id_number".to_owned(), numbers[*number].to_owned()),
            ("full_name".to_owned(), names[*name].to_owned()),
            ("dob".to_owned(), dates[*date].to_owned()),
        ]))).collect();
        let ctx = ctx();
        let observe = |from: usize, to: usize| {
            let mut file = FileChecks::default();
            for (at, values) in people.iter().enumerate().take(to).skip(from) {
                file.observe_subject(&check_subject(&subject(values), &ctx, &mut Vec::new()), at as u64);
            }
            file
        };
        let whole = observe(0, people.len()).finish(&ctx);
        let mut parts = observe(0, cut);
        parts.merge(observe(cut, people.len()));
        prop_assert_eq!(whole, parts.finish(&ctx));
    }

    #[test]
    fn the_same_record_gives_the_same_findings_twice(person in values(headings::<SubjectField>())) {
        let values = merged(&examples().base.subject, &person);
        let find = || {
            let mut out = Vec::new();
            check_subject(&subject(&values), &ctx(), &mut out);
            out
        };
        prop_assert_eq!(find(), find());
    }
}

/// The fixes after which a record no longer has the finding: they rewrite the field itself into what the rule wants.
const REWRITES: [SafeFix; 8] = [
    SafeFix::Strip,
    SafeFix::Pad,
    SafeFix::Map,
    SafeFix::Convert,
    SafeFix::Decode,
    SafeFix::Nfc,
    SafeFix::Normalise,
    SafeFix::Precision,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_rewriting_fix_removes_its_finding(person in values(headings::<SubjectField>())) {
        let values = merged(&examples().base.subject, &person);
        let ctx = ctx();
        let find = |values: &Values| {
            let mut out = Vec::new();
            check_subject(&subject(values), &ctx, &mut out);
            out
        };
        for finding in find(&values) {
            if let Some(fixed) = rewritten(&values, &finding) {
                let again = find(&fixed);
                prop_assert!(again.iter().all(|other| other.rule != finding.rule), "{:?} -> {:?}", finding, again);
            }
        }
    }
}

/// The values after the fix of a finding, when it is one that rewrites.
fn rewritten(values: &Values, finding: &Finding) -> Option<Values> {
    let kind = catalogue().rule(finding.rule).safe_fix;
    let fix = finding
        .fix
        .as_ref()
        .filter(|fix| REWRITES.contains(&kind) && fix.field == finding.field)?;
    let mut fixed = values.clone();
    fixed.insert(fix.field.to_owned(), fix.value.to_string());
    Some(fixed)
}

#[test]
fn the_rewriting_fixes_of_the_examples_remove_their_findings() {
    let all = examples();
    let mut tried = 0;
    for (id, rule_examples) in &all.rules {
        let rule = RuleId::parse(id).expect("examples stand under rule ids");
        for example in rule_examples
            .positive
            .iter()
            .filter(|example| example.copies.is_empty() && example.register.is_none())
        {
            for finding in run(&all.base, example)
                .into_iter()
                .filter(|finding| finding.rule == rule)
            {
                let mut fixed = example.clone();
                let target = match (&mut fixed.dose, SubjectField::from_heading(finding.field)) {
                    (Some(dose), None) => dose,
                    (None, Some(_)) => &mut fixed.subject,
                    _ => continue,
                };
                let Some(values) = rewritten(target, &finding) else {
                    continue;
                };
                *target = values;
                tried += 1;
                let again = run(&all.base, &fixed);
                assert!(
                    again.iter().all(|other| other.rule != rule),
                    "{id}: {again:?}"
                );
            }
        }
    }
    assert!(tried > 20, "only {tried} fixes were tried");
}
