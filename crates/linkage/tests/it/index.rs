//! The index gives the links of a full run, whatever the days in which the records come.

use std::io::Cursor;

use linkage::{
    Claims, Index, IndexError, Linker, Links, Model, Records, RecordsBuilder, Silent, Spec,
    TrainOptions, write_index,
};
use proptest::prelude::*;

use crate::family::crowd;
use crate::files::{packed, rows_of};

/// Ids, probabilities and weights of all candidates of a record, with the outcome.
type Answer = (String, Vec<(String, u64, u64)>, u64, &'static str);

fn answer<'a>(links: &Links, row: u32, id: &str, b_id: impl Fn(u32) -> &'a str) -> Answer {
    let candidates = links.of(row).iter().map(|candidate| {
        let id = b_id(candidate.b_row).to_owned();
        (
            id,
            candidate.probability.to_bits(),
            candidate.weight.to_bits(),
        )
    });
    (
        id.to_owned(),
        candidates.collect(),
        links.p_none(row).to_bits(),
        links.outcome(row).as_str(),
    )
}

fn full_run(spec: &Spec, a: &Records, b: &Records, model: &Model) -> Vec<Answer> {
    let linker = Linker::new(spec, a, b).like(model);
    let candidates = linker.candidates(&Silent);
    let links = linker.link(model, &candidates, &Silent).expect("links");
    (0..a.len() as u32)
        .map(|row| {
            answer(&links, row, a.id(row).expect("a row"), |b_row| {
                b.id(b_row).expect("a row")
            })
        })
        .collect()
}

fn decided(spec: &Spec, claims: &Claims, index: &Index<Cursor<Vec<u8>>>) -> Vec<Answer> {
    let links = claims.decide(spec, index, &Silent).expect("links");
    (0..claims.records().len() as u32)
        .map(|row| {
            let id = &claims.records()[row as usize].id;
            let b_id = |b_row| claims.claim(row, b_row).expect("a claim").b_id.as_str();
            answer(&links, row, id, b_id)
        })
        .collect()
}

fn indexed(spec: &Spec, b: &Records, model: &Model) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_index(spec, b, model, 0, &mut bytes, &Silent).expect("an index");
    bytes
}

#[test]
fn three_days_against_an_index_give_the_links_of_one_full_run() {
    for (name, a, b) in [
        ("febrl4", "febrl/dataset4a.csv", "febrl/dataset4b.csv"),
        ("fake_1000", "splink/fake_1000.csv", "splink/fake_1000.csv"),
    ] {
        let spec = Spec::builtin(name).expect("built in");
        let (a, b) = (rows_of(&spec, a), rows_of(&spec, b));
        let (all, register) = (packed(&spec, &a), packed(&spec, &b));
        // Small caps, so that keys are narrowed.
        let mut model =
            Model::train(&spec, &all, &register, &TrainOptions::default()).expect("a model");
        model.caps.fill(4);
        let index =
            Index::open(Cursor::new(indexed(&spec, &register, &model)), &spec).expect("an index");
        let mut claims = index.no_claims();
        for day in a.chunks(a.len().div_ceil(3)) {
            let mut file = Vec::new();
            claims.write(&mut file).expect("written");
            claims = Claims::read(file.as_slice(), &index).expect("read");
            claims.add(
                index
                    .claims(&spec, &packed(&spec, day), &Silent)
                    .expect("claims"),
            );
        }
        assert_eq!(
            decided(&spec, &claims, &index),
            full_run(&spec, &all, &register, &model),
            "{name}"
        );
        // A record that comes again takes its own place.
        claims.add(
            index
                .claims(&spec, &packed(&spec, &a[..7]), &Silent)
                .expect("claims"),
        );
        assert_eq!(
            decided(&spec, &claims, &index),
            full_run(&spec, &all, &register, &model),
            "{name}"
        );
    }
}

#[test]
fn people_with_relatives_are_found_through_the_index_as_without() {
    let spec = Spec::builtin("vietnam").expect("built in");
    let (a, b) = crowd(&spec, &[]);
    let model = Model::train(&spec, &a, &b, &TrainOptions::default()).expect("a model");
    let index = Index::open(Cursor::new(indexed(&spec, &b, &model)), &spec).expect("an index");
    let claims = index.claims(&spec, &a, &Silent).expect("claims");
    assert_eq!(
        decided(&spec, &claims, &index),
        full_run(&spec, &a, &b, &model)
    );
}

#[test]
fn an_index_of_another_spec_or_a_broken_one_is_refused() {
    let spec = Spec::builtin("vietnam").expect("built in");
    let (a, b) = crowd(&spec, &[]);
    let model = Model::train(&spec, &a, &b, &TrainOptions::default()).expect("a model");
    let bytes = indexed(&spec, &b, &model);
    let other = Spec::builtin("febrl4").expect("built in");
    let open = |bytes: Vec<u8>, spec: &Spec| Index::open(Cursor::new(bytes), spec).err();
    assert!(matches!(
        open(bytes.clone(), &other),
        Some(IndexError::OtherSpec { .. })
    ));
    assert!(matches!(
        open(bytes[..bytes.len() - 1].to_vec(), &spec),
        Some(IndexError::NoIndex)
    ));
    assert!(matches!(
        open(b"unique_id,name".to_vec(), &spec),
        Some(IndexError::NoIndex)
    ));
    assert!(matches!(open(Vec::new(), &spec), Some(IndexError::NoIndex)));
    assert!(matches!(
        write_index(&other, &b, &model, 0, &mut Vec::new(), &Silent),
        Err(IndexError::Model(_))
    ));
    let index = Index::open(Cursor::new(bytes), &spec).expect("an index");
    for (text, said) in [
        ("", ""),
        ("{\"index\":\"0\"}\n", "another index"),
        ("unique_id,name\n", "line 1"),
    ] {
        let read = Claims::read(text.as_bytes(), &index).map(|_| ());
        let message = read
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(message.contains(said), "{message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_damaged_index_never_panics(place in 0_usize..400_000, byte: u8, cut in 0_usize..2) {
        thread_local! {
            static MADE: (Spec, Records, Vec<u8>) = {
                let spec = Spec::builtin("vietnam").expect("built in");
                let (a, b) = crowd(&spec, &[]);
                let model = Model::train(&spec, &a, &b, &TrainOptions::default()).expect("a model");
                let bytes = indexed(&spec, &b, &model);
                let mut few = RecordsBuilder::new(&spec);
                few.push(&[Some("X"), Some("Nguyễn Văn An"), Some("1940-01-01"), Some("M"), None, None, None, None, None]).expect("a row");
                (spec, few.finish(), bytes)
            };
        }
        MADE.with(|(spec, few, bytes)| {
            let mut bytes = bytes.clone();
            let place = place % bytes.len();
            bytes[place] ^= byte;
            if cut == 1 {
                bytes.remove(place);
            }
            if let Ok(index) = Index::open(Cursor::new(bytes), spec)
                && let Ok(claims) = index.claims(spec, few, &Silent)
            {
                let _ = claims.decide(spec, &index, &Silent);
            }
        });
    }
}
