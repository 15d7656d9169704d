//! Proofs: no text makes the parser or the verifier panic, what was read reads back the same, and nothing is proved by chance.
#![no_main]

use ledger::{Consistency, Hash, Inclusion, Proof, leaf_hash};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(proof) = Proof::parse(text) else {
        return;
    };
    assert_eq!(proof.to_text(), text);
    let Proof {
        index,
        path,
        checkpoint,
        ..
    } = proof;
    let size = checkpoint.unverified().size;
    let inclusion = Inclusion {
        index,
        size,
        path: path.clone(),
    };
    assert!(
        inclusion
            .verify(leaf_hash(b"entry"), Hash([1; 32]))
            .is_err()
    );
    let consistency = Consistency {
        old: index,
        new: size,
        path,
    };
    assert!(consistency.verify(Hash([1; 32]), Hash([2; 32])).is_err());
});
