//! Revocation slices, manifests and batches: no bytes make a reader panic, and a slice that was read is written and read back as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passport::revocation::{Batch, RevocationHash, Revocations, Slice, SliceKind};

fuzz_target!(|bytes: &[u8]| {
    for kind in [SliceKind::BloomFilter, SliceKind::VarHashList] {
        if let Ok(slice) = Slice::from_bytes(kind, bytes) {
            let _ = slice.may_contain(&RevocationHash([0x5a; 16]));
            let written = slice.to_bytes();
            assert!(
                Slice::from_bytes(kind, &written).is_ok_and(|again| again.to_bytes() == written)
            );
        }
    }
    if let Ok(text) = str::from_utf8(bytes) {
        let _ = Revocations::open(text, |_| Some(bytes.to_vec()));
        if let Ok(batch) = Batch::from_json(text) {
            assert!(Batch::from_json(&batch.to_json()).is_ok_and(|again| again == batch));
        }
    }
});
