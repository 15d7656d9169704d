//! Columns of anything: a spec is proposed that can be read back, or refused in words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linkage::Spec;
use linkage::auto::{SampleColumn, propose};

fuzz_target!(|text: &str| {
    // The first line holds the headings.
    let mut lines = text.lines().take(40);
    let headings: Vec<&str> = lines
        .next()
        .unwrap_or_default()
        .split(',')
        .take(20)
        .collect();
    let mut columns: Vec<SampleColumn> = headings
        .iter()
        .map(|heading| SampleColumn {
            heading: (*heading).to_owned(),
            values: Vec::new(),
        })
        .collect();
    for line in lines {
        let mut cells = line.split(',');
        for column in &mut columns {
            let cell = cells.next().filter(|cell| !cell.is_empty());
            column.values.push(cell.map(str::to_owned));
        }
    }
    match propose(&columns) {
        Ok(proposal) => {
            let read = Spec::from_toml(&proposal.toml).expect("its own text");
            assert_eq!(read.fingerprint(), proposal.spec.fingerprint());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
