//! Detached signatures and proofs of records: no text makes the readers panic, and nothing is believed without trust.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use signing::{DetachedJws, RecordProof, Trust};

fuzz_target!(|text: &str| {
    let trust = Trust::default();
    if let Ok(jws) = DetachedJws::parse(text) {
        assert_eq!(jws.text(), text);
        assert!(
            jws.verify(b"payload", &trust, Timestamp::UNIX_EPOCH)
                .is_err()
        );
    }
    if let Ok(proof) = RecordProof::parse(text) {
        let text = proof.to_text().expect("numbers that were read from JSON");
        assert_eq!(RecordProof::parse(&text).expect("its own text"), proof);
        assert!(
            proof
                .verify(b"record", &trust, Timestamp::UNIX_EPOCH)
                .is_err()
        );
    }
});
