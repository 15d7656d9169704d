//! Every proof of every small tree, and every way to spoil one.

use ledger::{Checkpoint, ProofTextError};
use ledger::{Hash, Inclusion, KeyType, NoteSigner, Proof, ProofError, StoreError};
use proptest::prelude::*;

use crate::{leaves, log_of, turned};

const LARGEST: u64 = 200;

#[test]
fn every_inclusion_proof_up_to_200_verifies_and_every_altered_one_fails() {
    let log = log_of(LARGEST);
    let leaves = leaves(LARGEST);
    for size in 1..=LARGEST {
        let root = log.root_at(size).expect("in range");
        for index in 0..size {
            let proof = log.inclusion(index, size).expect("in range");
            let leaf = leaves[index as usize];
            assert_eq!(proof.verify(leaf, root), Ok(()), "{index} of {size}");
            assert!(proof.verify(turned(leaf), root).is_err());
            assert!(proof.verify(leaf, turned(root)).is_err());
            for path in spoiled(&proof.path) {
                let spoiled = Inclusion {
                    path,
                    ..proof.clone()
                };
                assert!(spoiled.verify(leaf, root).is_err(), "{index} of {size}");
            }
            for other in [index + 1, index.wrapping_sub(1), index ^ 1] {
                let moved = Inclusion {
                    index: other,
                    ..proof.clone()
                };
                assert!(other == index || moved.verify(leaf, root).is_err());
            }
        }
    }
}

#[test]
fn every_consistency_proof_up_to_200_verifies_and_every_altered_one_fails() {
    let log = log_of(LARGEST);
    let roots: Vec<Hash> = (0..=LARGEST)
        .map(|size| log.root_at(size).expect("in range"))
        .collect();
    for new in 0..=LARGEST {
        let new_root = roots[new as usize];
        for old in 0..=new {
            let old_root = roots[old as usize];
            let proof = log.consistency(old, new).expect("in range");
            assert_eq!(proof.verify(old_root, new_root), Ok(()), "{old} of {new}");
            assert!(proof.verify(turned(old_root), new_root).is_err());
            if old > 0 {
                assert!(proof.verify(old_root, turned(new_root)).is_err());
            }
            for path in spoiled(&proof.path) {
                let spoiled = ledger::Consistency {
                    path,
                    ..proof.clone()
                };
                assert!(
                    spoiled.verify(old_root, new_root).is_err(),
                    "{old} of {new}"
                );
            }
        }
    }
}

/// The path with a bit turned in each hash, with each hash left out, with one too many at each end, and with neighbours exchanged.
fn spoiled(path: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for at in 0..path.len() {
        let mut bit = path.to_vec();
        bit[at] = turned(bit[at]);
        let mut without = path.to_vec();
        without.remove(at);
        all.extend([bit, without]);
        if at > 0 {
            let mut exchanged = path.to_vec();
            exchanged.swap(at - 1, at);
            all.push(exchanged);
        }
    }
    let more = Hash([7; 32]);
    all.push([&[more], path].concat());
    all.push([path, &[more]].concat());
    all
}

#[test]
fn what_a_log_does_not_have_cannot_be_proved() {
    let log = log_of(5);
    for refused in [
        log.inclusion(5, 5).map(drop),
        log.inclusion(0, 6).map(drop),
        log.inclusion(0, 0).map(drop),
        log.consistency(3, 6).map(drop),
        log.consistency(4, 3).map(drop),
        log.leaf(5).map(drop),
        log.root_at(6).map(drop),
    ] {
        assert!(matches!(
            refused,
            Err(StoreError::OutOfRange { size: 5, .. })
        ));
    }
    let nowhere = Inclusion {
        index: 3,
        size: 3,
        path: Vec::new(),
    };
    assert_eq!(
        nowhere.verify(Hash::empty(), Hash::empty()),
        Err(ProofError::OutOfRange)
    );
}

#[test]
fn a_proof_in_a_file_verifies_alone_with_log_and_witness() {
    let signer = NoteSigner::from_seed("example.org/log", KeyType::Ed25519, &[1; 32]).expect("key");
    let witness =
        NoteSigner::from_seed("example.net/witness", KeyType::Cosignature, &[2; 32]).expect("key");
    let witnesses = [witness.public().clone()];
    let log = log_of(11);
    let mut checkpoint = Checkpoint::new("example.org/log", 11, log.root())
        .sign(&signer)
        .expect("signs");
    let line = checkpoint.cosign(&witness, 1_770_000_000).expect("cosigns");
    checkpoint.accept(&line, &witnesses).expect("of a witness");
    let path = log.inclusion(4, 11).expect("in range").path;
    let proof = Proof {
        extra: Some(b"for the reader".to_vec()),
        index: 4,
        path,
        checkpoint,
    };

    let read = Proof::parse(&proof.to_text()).expect("its own text");
    assert_eq!(read, proof);
    let proved = read
        .verify(b"4", signer.public(), &witnesses, 1)
        .expect("verifies");
    assert_eq!(proved.size, 11);
    let wrong = read.verify(b"5", signer.public(), &witnesses, 1);
    assert!(matches!(
        wrong,
        Err(ProofTextError::Proof(ProofError::OtherRoot))
    ));
    let unseen = read.verify(b"4", signer.public(), &[], 1);
    assert!(matches!(unseen, Err(ProofTextError::Checkpoint(_))));
}

proptest! {
    #[test]
    fn no_text_makes_the_proof_parser_panic(text in "(c2sp.org/tlog-proof@v1\n)?(extra [a-z+=]*\n)?(index [0-9]{1,3}\n)?([A-Za-z0-9+/]{43}=\n){0,3}\n?\\PC*") {
        if let Ok(proof) = Proof::parse(&text) {
            prop_assert_eq!(proof.to_text(), text);
        }
    }

    #[test]
    fn no_numbers_make_a_verifier_panic(index: u64, size: u64, path in prop::collection::vec(any::<[u8; 32]>().prop_map(Hash), 0..70)) {
        let inclusion = Inclusion { index, size, path: path.clone() };
        prop_assert!(path.is_empty() || inclusion.verify(Hash([1; 32]), Hash([2; 32])).is_err());
        let consistency = ledger::Consistency { old: index, new: size, path };
        prop_assert!(consistency.verify(Hash([1; 32]), Hash([2; 32])).is_err());
    }
}
