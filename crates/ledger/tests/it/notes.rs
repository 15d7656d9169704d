//! Signed notes, checkpoints and cosignatures, held to the vector of golang.org/x/mod/sumdb/note (BSD-3-Clause).

use ledger::{
    Checkpoint, CheckpointError, Hash, KeyType, Note, NoteError, NoteKey, NoteSigner,
    SignedCheckpoint,
};
use proptest::prelude::*;

const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PRIVATE: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const BODY: &str = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
const LINE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

#[test]
fn the_published_key_signs_the_published_note() {
    let signer = NoteSigner::parse(PRIVATE).expect("private key");
    assert_eq!(signer.public().to_string(), PUBLIC);
    assert_eq!(*signer.to_private_text().expect("its text"), PRIVATE);
    let note = Note::sign(BODY, &signer).expect("signs");
    assert_eq!(note.text(), format!("{BODY}\n{LINE}"));
    let keys = [NoteKey::parse(PUBLIC).expect("public key")];
    let signed = note.verify(&keys).expect("verifies");
    assert_eq!(signed, [(&keys[0], None)]);
}

#[test]
fn every_part_of_a_key_that_is_not_the_whole_is_refused() {
    for from in 0..PUBLIC.len() {
        for to in from..PUBLIC.len() {
            assert!(NoteKey::parse(&PUBLIC[from..to]).is_err());
        }
    }
    assert!(NoteKey::parse(&PUBLIC.replace("c74f", "C74F")).is_err());
}

#[test]
fn a_note_with_any_byte_altered_is_not_accepted() {
    let keys = [NoteKey::parse(PUBLIC).expect("public key")];
    let text = format!("{BODY}\n{LINE}");
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(altered) = String::from_utf8(bytes) else {
            continue;
        };
        let accepted = Note::parse(&altered).and_then(|note| note.verify(&keys).map(drop));
        assert!(accepted.is_err(), "byte {at}");
    }
}

#[test]
fn signatures_of_unknown_keys_are_ignored_and_a_wrong_one_of_a_known_key_spoils_the_note() {
    let keys = [NoteKey::parse(PUBLIC).expect("public key")];
    let other = "— Somebody AAAAAAAAAAAA\n";
    let note = Note::parse(&format!("{BODY}\n{other}{LINE}")).expect("a note");
    assert_eq!(note.verify(&keys).expect("verifies").len(), 1);
    let spoiled = LINE.replace("Zb6", "Zb7");
    let note = Note::parse(&format!("{BODY}\n{LINE}{spoiled}")).expect("a note");
    assert!(matches!(
        note.verify(&keys),
        Err(NoteError::BadSignature { .. })
    ));
    let note = Note::parse(&format!("{BODY}\n{other}")).expect("a note");
    assert_eq!(note.verify(&keys), Err(NoteError::Unsigned));
}

#[test]
fn texts_that_are_no_notes_are_refused() {
    for text in [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— name AAAAAAA=",
        "text\n\n— name\n",
        "text\n\n— na+me AAAAAAA=\n",
        "text\n\n— name AAAA\n",
        "text\n\n- name AAAAAAA=\n",
        "te\txt\n\n— name AAAAAAA=\n",
    ] {
        assert!(
            matches!(Note::parse(text), Err(NoteError::Malformed(_))),
            "{text:?}"
        );
    }
    let many = "— name AAAAAAA=\n".repeat(101);
    assert!(Note::parse(&format!("text\n\n{many}")).is_err());
    assert!(Note::parse(&format!("text\n\n{}", &many[..many.len() / 101 * 16])).is_ok());
}

#[test]
fn a_checkpoint_needs_its_log_and_enough_witnesses() {
    let log = NoteSigner::from_seed("example.org/log", KeyType::Ed25519, &[1; 32]).expect("key");
    let witnesses: Vec<NoteSigner> = [("example.net/w1", [2; 32]), ("example.net/w2", [3; 32])]
        .iter()
        .map(|(name, seed)| NoteSigner::from_seed(name, KeyType::Cosignature, seed).expect("key"))
        .collect();
    let keys: Vec<NoteKey> = witnesses.iter().map(|of| of.public().clone()).collect();
    let mut signed = Checkpoint::new("example.org/log", 3, Hash([5; 32]))
        .sign(&log)
        .expect("signs");

    assert!(signed.verify(log.public(), &keys, 0).is_ok());
    let alone = signed.verify(log.public(), &keys, 1);
    assert_eq!(
        alone,
        Err(CheckpointError::TooFewWitnesses { have: 0, needed: 1 })
    );
    for (witness, time) in witnesses.iter().zip([1_770_000_000, 1_770_000_060]) {
        let line = signed.cosign(witness, time).expect("cosigns");
        signed.accept(&line, &keys).expect("of a witness");
    }
    let read = SignedCheckpoint::parse(signed.text()).expect("its own text");
    let times: Vec<u64> = read
        .cosignatures(&keys)
        .expect("verify")
        .into_iter()
        .map(|(_, time)| time)
        .collect();
    assert_eq!(times, [1_770_000_000, 1_770_000_060]);
    assert_eq!(
        read.verify(log.public(), &keys, 2).expect("verifies").size,
        3
    );

    let other = NoteSigner::from_seed("example.com/log", KeyType::Ed25519, &[1; 32]).expect("key");
    let wrong = read.verify(other.public(), &keys, 0);
    assert!(matches!(wrong, Err(CheckpointError::OtherLog { .. })));
    let later = read
        .text()
        .replace("example.org/log\n3", "example.org/log\n4");
    let altered = SignedCheckpoint::parse(&later)
        .expect("a checkpoint")
        .verify(log.public(), &keys, 0);
    assert!(matches!(
        altered,
        Err(CheckpointError::Note(NoteError::BadSignature { .. }))
    ));
}

#[test]
fn lines_of_strangers_and_of_other_checkpoints_are_not_taken_over() {
    let log = NoteSigner::from_seed("example.org/log", KeyType::Ed25519, &[1; 32]).expect("key");
    let witness =
        NoteSigner::from_seed("example.net/w1", KeyType::Cosignature, &[2; 32]).expect("key");
    let stranger =
        NoteSigner::from_seed("example.net/w9", KeyType::Cosignature, &[9; 32]).expect("key");
    let keys = [witness.public().clone()];
    let mut signed = Checkpoint::new("example.org/log", 3, Hash([5; 32]))
        .sign(&log)
        .expect("signs");
    let later = Checkpoint::new("example.org/log", 4, Hash([6; 32]))
        .sign(&log)
        .expect("signs");
    let before = signed.clone();
    for line in [
        signed.cosign(&stranger, 5).expect("cosigns"),
        later.cosign(&witness, 5).expect("cosigns"),
        signed.cosign(&witness, 5).expect("cosigns")
            + &signed.cosign(&stranger, 5).expect("cosigns"),
        "nonsense\n".to_owned(),
    ] {
        assert!(signed.accept(&line, &keys).is_err(), "{line}");
    }
    assert_eq!(signed, before);
    assert!(signed.cosign(&log, 5).is_err());
    assert!(
        Checkpoint::new("x", 1, Hash([1; 32]))
            .sign(&witness)
            .is_err()
    );
}

#[test]
fn checkpoints_in_another_spelling_are_refused() {
    let root = Hash([5; 32]);
    assert!(Checkpoint::parse(&format!("log\n12\n{root}\nmore\n")).is_ok());
    for body in [
        format!("log\n012\n{root}\n"),
        format!("log\n+12\n{root}\n"),
        format!("\n12\n{root}\n"),
        format!("log\n12\n{root}\n\n"),
        format!("log\n12\n{root}"),
        "log\n12\nAAAA\n".to_owned(),
        "log\n12\n".to_owned(),
        String::new(),
    ] {
        assert!(Checkpoint::parse(&body).is_err(), "{body:?}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parsers_panic_and_what_is_read_is_kept(text in "(\\PC|\n){0,40}(\n\n— [a-z]{1,4} [A-Za-z0-9+/]{8,12}\n)?") {
        if let Ok(note) = Note::parse(&text) {
            prop_assert_eq!(note.text(), &text);
        }
        if let Ok(checkpoint) = Checkpoint::parse(&text) {
            prop_assert_eq!(checkpoint.to_text(), text.clone());
        }
        let _ = SignedCheckpoint::parse(&text);
        let _ = NoteKey::parse(&text);
    }

    #[test]
    fn a_checkpoint_reads_back_as_it_was_written(origin in "[^\\p{Cc}]{1,20}", size: u64, root: [u8; 32], extensions in prop::collection::vec("[^\\p{Cc}]{1,9}", 0..3)) {
        let checkpoint = Checkpoint { origin, size, root: Hash(root), extensions };
        prop_assert_eq!(Checkpoint::parse(&checkpoint.to_text()), Ok(checkpoint));
    }
}
