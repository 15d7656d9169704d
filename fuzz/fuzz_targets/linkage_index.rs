//! A damaged index, or damaged claims, are refused or give some links, but never end the program.
#![no_main]

use std::io::Cursor;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use linkage::{
    Claims, Index, Model, Records, RecordsBuilder, Silent, Spec, TrainOptions, write_index,
};

/// A spec, a record, and the index of a small register.
static MADE: OnceLock<(Spec, Records, Vec<u8>)> = OnceLock::new();

fn made() -> (Spec, Records, Vec<u8>) {
    let spec = Spec::builtin("who_person").expect("built in");
    let mut people = RecordsBuilder::new(&spec);
    for n in 0..300_u32 {
        let cells = [
            format!("r{n}"),
            format!("Family{}", n % 40),
            format!("Given{}", n % 23),
            format!("{}-{:02}-{:02}", 1940 + n % 70, 1 + n % 12, 1 + n % 28),
            if n % 2 == 0 { "F" } else { "M" }.to_owned(),
            format!("{}", 1000 + n % 50),
        ];
        people
            .push(&cells.each_ref().map(|cell| Some(cell.as_str())))
            .expect("a row of the spec");
    }
    let people = people.finish();
    let model = Model::train(&spec, &people, &people, &TrainOptions::default()).expect("a model");
    let mut index = Vec::new();
    write_index(&spec, &people, &model, 0, &mut index, &Silent).expect("an index");
    (spec, people, index)
}

fuzz_target!(|data: (Vec<(u32, u8)>, u16, Vec<u8>)| {
    let (changes, cut, claims) = data;
    let (spec, people, index) = MADE.get_or_init(made);
    let mut bytes = index.clone();
    for (place, change) in changes {
        let place = place as usize % bytes.len();
        bytes[place] ^= change;
    }
    bytes.truncate(bytes.len() - usize::from(cut) % bytes.len());
    let Ok(index) = Index::open(Cursor::new(bytes), spec) else {
        return;
    };
    let _ = Claims::read(claims.as_slice(), &index);
    if let Ok(claims) = index.claims(spec, people, &Silent) {
        let _ = claims.decide(spec, &index, &Silent);
    }
});
