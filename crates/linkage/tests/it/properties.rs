//! What holds for any data: the order of rows and the number of threads play no part, no pair is made twice, and no column makes it fall over.

use std::collections::{BTreeMap, BTreeSet};

use linkage::auto::{SampleColumn, propose};
use linkage::{
    DedupeOptions, Linker, Model, Records, RecordsBuilder, Silent, Spec, TrainOptions, dedupe,
};
use proptest::prelude::*;

/// The columns of the spec `who_person` behind the id: family and given name, birth date, sex, postal code.
type Person = [Option<String>; 5];

fn spec() -> Spec {
    Spec::builtin("who_person").expect("built in")
}

/// People of few names, days and places, so that many of them resemble each other.
fn person() -> impl Strategy<Value = Person> {
    let given = prop::sample::select(vec![
        "Ana",
        "Anna",
        "Rui",
        "Eva Maria",
        "María",
        "Mary",
        "An",
    ]);
    let family = prop::sample::select(vec!["Silva", "Sylva", "Costa", "da Costa", "Đinh", "Dinh"]);
    let date = (1960_u32..1964, 1_u32..13, 1_u32..29)
        .prop_map(|(year, month, day)| format!("{year}-{month:02}-{day:02}"));
    let sex = prop::sample::select(vec!["F", "M"]);
    let code = prop::sample::select(vec!["4011", "4012", "4021", "5000"]);
    let maybe = |text: BoxedStrategy<String>| prop::option::weighted(0.9, text);
    (
        maybe(given.prop_map(str::to_owned).boxed()),
        maybe(family.prop_map(str::to_owned).boxed()),
        maybe(date.boxed()),
        maybe(sex.prop_map(str::to_owned).boxed()),
        maybe(code.prop_map(str::to_owned).boxed()),
    )
        .prop_map(|(given, family, date, sex, code)| [family, given, date, sex, code])
}

/// Packs people in some order; the id tells who it is.
fn records(
    spec: &Spec,
    side: &str,
    people: &[Person],
    order: impl Iterator<Item = usize>,
) -> Records {
    let mut records = RecordsBuilder::new(spec);
    for place in order {
        let id = format!("{side}{place}");
        let mut row = vec![Some(id.as_str())];
        row.extend(people[place].iter().map(Option::as_deref));
        records.push(&row).expect("a row of the spec");
    }
    records.finish()
}

/// Each record's candidates by id with the bits of their probabilities, and what became of it.
fn links(
    spec: &Spec,
    model: &Model,
    a: &Records,
    b: &Records,
) -> BTreeMap<String, (BTreeMap<String, u64>, String)> {
    let linker = Linker::new(spec, a, b);
    let links = linker
        .link(model, &linker.candidates(&Silent), &Silent)
        .expect("its model");
    let id = |records: &Records, row: u32| records.id(row).expect("a row").to_owned();
    (0..a.len() as u32)
        .map(|row| {
            let of = links.of(row).iter();
            // Sums over candidates run in the order of rows: the last bits may differ.
            let found =
                of.map(|found| (id(b, found.b_row), (found.probability * 1e6).round() as u64));
            (
                id(a, row),
                (found.collect(), links.outcome(row).as_str().to_owned()),
            )
        })
        .collect()
}

/// A model of people like these.
fn model(spec: &Spec) -> Model {
    let names = [
        "Ana", "Rui", "Eva", "Ines", "Joana", "Nuno", "Pedro", "Sara",
    ];
    let families = ["Silva", "Costa", "Dias", "Matos", "Reis", "Lopes", "Nunes"];
    let people: Vec<Person> = (0..400_usize)
        .map(|n| {
            let text = |text: String| Some(text);
            [
                text(families[n / 8 % 7].to_owned()),
                text(names[n % 8].to_owned()),
                text(format!(
                    "{}-{:02}-{:02}",
                    1950 + n * 7 % 60,
                    1 + n * 5 % 12,
                    1 + n * 11 % 28
                )),
                text(if n % 2 == 0 { "F" } else { "M" }.to_owned()),
                text(format!("{}", 4000 + n % 37)),
            ]
        })
        .collect();
    let (a, b) = (
        records(spec, "a", &people, 0..people.len()),
        records(spec, "b", &people, 0..people.len()),
    );
    Model::train(spec, &a, &b, &TrainOptions::default()).expect("a model")
}

/// A pair of sets with an order of each.
fn sets() -> impl Strategy<Value = (Vec<Person>, Vec<Person>, Vec<usize>, Vec<usize>)> {
    let set = || prop::collection::vec(person(), 2..40);
    (set(), set()).prop_flat_map(|(a, b)| {
        let order = |set: &[Person]| Just((0..set.len()).collect::<Vec<_>>()).prop_shuffle();
        let (of_a, of_b) = (order(&a), order(&b));
        (Just(a), Just(b), of_a, of_b)
    })
}

/// People by cluster.
fn persons(clusters: &[u32], records: &Records) -> BTreeSet<BTreeSet<String>> {
    let mut groups: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for (row, cluster) in clusters.iter().enumerate() {
        let id = records.id(row as u32).expect("a row").to_owned();
        groups.entry(*cluster).or_default().insert(id);
    }
    groups.into_values().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_of_rows_plays_no_part((a, b, of_a, of_b) in sets()) {
        let spec = spec();
        let model = model(&spec);
        let (one, other) = (records(&spec, "a", &a, 0..a.len()), records(&spec, "b", &b, 0..b.len()));
        let turned = (
            records(&spec, "a", &a, of_a.iter().copied()),
            records(&spec, "b", &b, of_b.iter().copied()),
        );
        prop_assert_eq!(links(&spec, &model, &one, &other), links(&spec, &model, &turned.0, &turned.1));
        let options = DedupeOptions { model: Some(&model), ..DedupeOptions::default() };
        let clusters = dedupe(&spec, &one, &options, &Silent).expect("its model");
        let again = dedupe(&spec, &turned.0, &options, &Silent).expect("its model");
        prop_assert_eq!(persons(&clusters.of, &one), persons(&again.of, &turned.0));
    }

    #[test]
    fn the_number_of_threads_plays_no_part_and_no_pair_is_made_twice((a, b, _, _) in sets()) {
        let spec = spec();
        let (a, b) = (records(&spec, "a", &a, 0..a.len()), records(&spec, "b", &b, 0..b.len()));
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| {
                let linker = Linker::new(&spec, &a, &b);
                let candidates = linker.candidates(&Silent);
                let model = linker.train(&candidates, &TrainOptions::default()).ok()?;
                let links = linker.link(&model, &candidates, &Silent).expect("its model");
                let clusters = dedupe(&spec, &a, &DedupeOptions::default(), &Silent).ok();
                Some((model, links, clusters))
            })
        };
        let one = with(1);
        prop_assert!(one == with(2) && one == with(3));
        if let Some((_, links, clusters)) = one {
            for row in 0..a.len() as u32 {
                let rows: BTreeSet<u32> = links.of(row).iter().map(|found| found.b_row).collect();
                prop_assert_eq!(rows.len(), links.of(row).len());
            }
            if let Some(clusters) = clusters {
                let pairs: BTreeSet<(u32, u32)> = clusters.pairs.iter().map(|pair| (pair.one, pair.other)).collect();
                prop_assert_eq!(pairs.len(), clusters.pairs.len());
                prop_assert!(clusters.pairs.iter().all(|pair| pair.one < pair.other));
            }
        }
    }

    #[test]
    fn a_pair_is_the_same_evidence_from_either_side(x in person(), y in person()) {
        // Of one file: how common a value is depends on the file, what the values have in common does not.
        let spec = spec();
        let model = model(&spec);
        let people = [x, y];
        let set = records(&spec, "p", &people, 0..2);
        let linker = Linker::new(&spec, &set, &set);
        let explain = |i, j| linker.explain(&model, i, j).expect("its model").expect("a pair");
        let levels = |i, j| explain(i, j).fields.into_iter().map(|field| field.level).collect::<Vec<_>>();
        prop_assert_eq!(levels(0, 1), levels(1, 0));
    }

    #[test]
    fn columns_of_anything_are_linked_or_refused(
        rows in prop::collection::vec(prop::array::uniform5(prop::option::of("\\PC{0,12}")), 1..12),
    ) {
        let spec = spec();
        let set = records(&spec, "p", &rows, 0..rows.len());
        if let Ok(model) = Model::train(&spec, &set, &set, &TrainOptions::default()) {
            let linker = Linker::new(&spec, &set, &set);
            prop_assert!(linker.link(&model, &linker.candidates(&Silent), &Silent).is_ok());
        }
    }

    #[test]
    fn a_spec_is_proposed_or_refused_for_columns_of_anything(
        headings in prop::collection::vec(prop_oneof!["id", "name", "dob", "email", "Họ", "xã", "\\PC{0,10}"], 0..6),
        cells in prop::collection::vec(prop::option::of(prop_oneof!["\\PC{0,10}", "[0-9]{8}", "[a-z]{2,4} [a-z]{2,4}"]), 0..36),
    ) {
        let rows = cells.len() / headings.len().max(1);
        let columns: Vec<SampleColumn> = headings
            .iter()
            .enumerate()
            .map(|(place, heading)| SampleColumn {
                heading: heading.clone(),
                values: cells.iter().skip(place * rows).take(rows).cloned().collect(),
            })
            .collect();
        if let Ok(proposal) = propose(&columns) {
            let read = Spec::from_toml(&proposal.toml).expect("a spec");
            prop_assert_eq!(read.fingerprint(), proposal.spec.fingerprint());
        }
    }
}

#[test]
fn columns_without_values_or_with_one_are_named_in_the_model() {
    let spec = spec();
    let people: Vec<Person> = (0..60)
        .map(|n: usize| {
            [
                Some(["Silva", "Costa"][n % 2].to_owned()),
                Some(["Ana", "Rui", "Eva"][n % 3].to_owned()),
                Some(format!("19{:02}-05-03", 10 + n)),
                None,
                Some("4011".to_owned()),
            ]
        })
        .collect();
    let set = records(&spec, "p", &people, 0..people.len());
    let model = Model::train(&spec, &set, &set, &TrainOptions::default()).expect("a model");
    let warnings = model.provenance.warnings.join("\n");
    for says in [
        "column \"sex\" is empty in A",
        "column \"sex\" is empty in B",
        "column \"postal_code\" has one value in all rows of A",
    ] {
        assert!(warnings.contains(says), "{warnings}");
    }
    let nobody: Vec<Person> = vec![[None, None, None, None, None]; 5];
    let empty = records(&spec, "p", &nobody, 0..nobody.len());
    let refused = Model::train(&spec, &empty, &empty, &TrainOptions::default());
    let says = refused.expect_err("nothing to learn from").to_string();
    assert!(says.contains("are the columns filled"), "{says}");
}

#[test]
fn twins_are_kept_apart_where_the_name_stands_in_two_columns() {
    let spec = spec();
    let model = model(&spec);
    let twin = |given: &str| -> Person {
        ["Silva", given, "2010-03-09", "F", "4011"].map(|text| Some(text.to_owned()))
    };
    let people = [twin("Ana"), twin("Eva")];
    let (one, other) = (
        records(&spec, "a", &people, [0].into_iter()),
        records(&spec, "b", &people, [1].into_iter()),
    );
    let linker = Linker::new(&spec, &one, &other);
    let told = linker.explain(&model, 0, 0).expect("its model");
    assert_eq!(told.expect("a pair").veto, Some(linkage::Veto::Twins));
}
