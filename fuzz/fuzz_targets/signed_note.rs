//! Signed notes, checkpoints and their keys: no text makes the parsers panic, and what was read reads back the same.
#![no_main]

use ledger::{Checkpoint, Note, NoteKey, NoteSigner, SignedCheckpoint};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = NoteSigner::parse(text);
    let keys: Vec<NoteKey> = NoteKey::parse(text).into_iter().collect();
    for key in &keys {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(note) = Note::parse(text) {
        assert_eq!(note.text(), text);
        assert!(note.verify(&keys).is_err());
    }
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.to_text(), text);
    }
    if let Ok(signed) = SignedCheckpoint::parse(text) {
        assert_eq!(signed.text(), text);
    }
});
