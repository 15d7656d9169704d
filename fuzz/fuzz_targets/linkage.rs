//! Linking: no cells make standardising, blocking, training or linking panic, and every probability is one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linkage::{Linker, Records, RecordsBuilder, Silent, Spec, TrainOptions};

// One record per line, its cells separated by vertical bars; the file is linked with itself.
fuzz_target!(|text: &str| {
    let Ok(spec) = Spec::builtin("vietnam") else {
        panic!("the built-in spec is gone")
    };
    let (a, b) = (records(&spec, text), records(&spec, text));
    let linker = Linker::new(&spec, &a, &b);
    let candidates = linker.candidates(&Silent);
    let Ok(model) = linker.train(&candidates, &TrainOptions::default()) else {
        return; // Too little to learn from.
    };
    let Ok(links) = linker.link(&model, &candidates, &Silent) else {
        panic!("a model does not fit the data that it was trained on")
    };
    for row in 0..links.len() as u32 {
        let found = links.of(row).iter().map(|candidate| candidate.probability);
        for probability in found.chain([links.p_none(row)]) {
            assert!((0.0..=1.0).contains(&probability), "{probability}");
        }
    }
});

fn records(spec: &Spec, text: &str) -> Records {
    let mut records = RecordsBuilder::new(spec);
    for line in text.lines().take(50) {
        let mut cells = line.split('|');
        let row: Vec<Option<&str>> = spec.columns().iter().map(|_| cells.next()).collect();
        // A row that does not fit, such as one without an id, is refused: that is what should happen.
        let _ = records.push(&row);
    }
    records.finish()
}
