//! Runs one example through the same entry points that the product uses.

use quality::examples::{Base, Example, Values};
use quality::{
    Answer, Context, FacilityTable, FileChecks, Finding, LotTable, RegisterFacts, Side, catalogue,
    check_against_register, check_dose, check_doses_against_register, check_pair, check_series,
    check_subject,
};
use registry::fields::{
    DoseField, DoseRow, FacilityRow, Field, LotRow, RegisterRow, SubjectField, SubjectRow,
};

/// The sound values with those of the example in their place.
pub(crate) fn merged(base: &Values, changes: &Values) -> Values {
    let mut values = base.clone();
    values.extend(changes.clone());
    values
}

pub(crate) fn subject(values: &Values) -> SubjectRow<'_> {
    SubjectRow::from_fn(|field| values.get(field.heading()).map(String::as_str))
}

pub(crate) fn dose(values: &Values) -> DoseRow<'_> {
    DoseRow::from_fn(|field| values.get(field.heading()).map(String::as_str))
}

/// The context of an example.
pub(crate) fn context(base: &Base, example: &Example) -> Context<'static> {
    let as_of = base.as_of.parse().expect("the base has a day");
    let kept = |name: &str| !example.without.iter().any(|absent| absent == name);
    let subjects: Vec<SubjectField> = SubjectField::ALL
        .iter()
        .copied()
        .filter(|f| kept(f.heading()))
        .collect();
    let doses: Vec<DoseField> = DoseField::ALL
        .iter()
        .copied()
        .filter(|f| kept(f.heading()))
        .collect();
    let context = Context::new(catalogue(), as_of)
        .with_subject_columns(&subjects)
        .with_dose_columns(&doses);
    if example.no_tables {
        return context;
    }
    let mut facilities = FacilityTable::default();
    for row in &base.facility {
        let row = FacilityRow::from_fn(|field| row.get(field.heading()).map(String::as_str));
        facilities
            .push(&row)
            .expect("the base's facilities are sound");
    }
    let mut lots = LotTable::default();
    for row in &base.lot {
        let row = LotRow::from_fn(|field| row.get(field.heading()).map(String::as_str));
        lots.push(&row).expect("the base's lots are sound");
    }
    context.with_facilities(facilities).with_lots(lots)
}

/// All findings of an example.
pub(crate) fn run(base: &Base, example: &Example) -> Vec<Finding> {
    let ctx = context(base, example);
    if !example.copies.is_empty() {
        return run_file(base, example, &ctx);
    }
    let mut out = Vec::new();
    let values = merged(&base.subject, &example.subject);
    let row = subject(&values);
    let facts = check_subject(&row, &ctx, &mut out);

    if let Some(second) = &example.second {
        let values = merged(&values, second);
        let other = check_subject(&subject(&values), &ctx, &mut Vec::new());
        let [a, b] = example.verified;
        check_pair(
            Side {
                facts: &facts,
                verified: a,
            },
            Side {
                facts: &other,
                verified: b,
            },
            &ctx,
            &mut out,
        );
    }

    let entry_values = example
        .register
        .as_ref()
        .map(|changes| merged(&base.register, changes));
    let entry_row = entry_values.as_ref().map(|values| {
        RegisterRow::from_fn(|field| values.get(field.heading()).map(String::as_str))
    });
    let entry = entry_row.as_ref().map(RegisterFacts::parse);
    let answer = match (example.answer.as_deref(), &entry) {
        (Some("not-found"), _) => Some(Answer::NotFound),
        (Some("suggested"), Some(entry)) => Some(Answer::Suggested(entry)),
        (None, Some(entry)) => Some(Answer::Found(entry)),
        (None, None) => None,
        (other, _) => panic!("no such answer: {other:?}"),
    };
    if let Some(answer) = answer {
        check_against_register(&row, &facts, answer, &ctx, &mut out);
    }

    let changes: Vec<&Values> = example.dose.iter().chain(&example.doses).collect();
    let doses: Vec<Values> = changes
        .into_iter()
        .map(|changes| merged(&base.dose, changes))
        .collect();
    let doses: Vec<_> = doses
        .iter()
        .map(|values| check_dose(&dose(values), Some(&facts), &ctx, &mut out))
        .collect();
    let mut placed = Vec::new();
    check_series(&doses, &ctx, &mut placed);
    if let Some(entry) = &entry {
        check_doses_against_register(&doses, entry, &ctx, &mut placed);
    }
    out.extend(placed.into_iter().map(|(_, finding)| finding));
    out
}

fn run_file(base: &Base, example: &Example, ctx: &Context<'_>) -> Vec<Finding> {
    let mut file = FileChecks::default();
    let mut row = 1;
    for copies in &example.copies {
        for _ in 0..copies.times {
            row += 1;
            if let Some(changes) = &copies.subject {
                let mut values = merged(&base.subject, changes);
                values.insert("unique_id".to_owned(), format!("S{row}"));
                let facts = check_subject(&subject(&values), ctx, &mut Vec::new());
                file.observe_subject(&facts, row);
            }
            if let Some(changes) = &copies.dose {
                let mut values = merged(&base.dose, changes);
                values.insert("dose_id".to_owned(), format!("D{row}"));
                let facts = check_dose(&dose(&values), None, ctx, &mut Vec::new());
                file.observe_dose(&dose(&values), &facts, row);
            }
        }
    }
    file.finish(ctx)
        .into_iter()
        .map(|found| found.finding)
        .collect()
}
