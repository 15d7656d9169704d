//! CSV files: no bytes make the reader panic or lose a row.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| minhchung_fuzz::read("people.csv", bytes));
