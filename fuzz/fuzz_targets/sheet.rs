//! A list that comes back as a spreadsheet: no bytes make the reader panic, and rows are numbered as they stand.
//!
//! As for `xlsx`, only a panic that comes out counts: the library under the reader may panic, and is caught.
#![no_main]

use libfuzzer_sys::fuzz_target;
use platform::sheets;

fuzz_target!(
    init: std::panic::set_hook(Box::new(|_| {})),
    |bytes: &[u8]| {
        for name in ["list.xlsx", "list.csv"] {
            if let Ok(rows) = sheets::read(name, bytes.to_vec()) {
                for (number, row) in (1..).zip(&rows) {
                    assert_eq!(row.row, number);
                    assert_eq!(row.item, row.item.trim());
                }
            }
        }
    }
);
