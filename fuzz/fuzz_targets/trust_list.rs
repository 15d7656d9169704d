//! Trust lists, ours and those of others: no bytes make a reader panic, and a list that was read is written and read back as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passport::trust::{Import, TrustList};

fuzz_target!(|bytes: &[u8]| {
    let _ = Import::read(bytes);
    if let Ok(text) = str::from_utf8(bytes)
        && let Ok(list) = TrustList::from_json(text)
    {
        assert!(TrustList::from_json(&list.to_json()).is_ok_and(|again| again == list));
        let _ = list.status(list.as_of());
    }
});
