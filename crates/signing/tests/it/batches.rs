//! Batch signatures and detached JWS, whole and spoiled.

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use signing::batch::BatchError;
use signing::jws::JwsError;
use signing::{
    Algorithm, Batch, Certificate, ChainError, DetachedJws, KeyKind, KeyPair, RecordProof,
    Revocation, SignError, Signer, Trust,
};

use crate::{at, authority, from_to, signer, software};

struct Issuer {
    key: Arc<dyn KeyPair>,
    chain: [Certificate; 2],
    trust: Trust,
}

fn issuer() -> Issuer {
    let (authority_key, key) = (software(KeyKind::P256), software(KeyKind::P256));
    let authority = authority(&*authority_key);
    let years = from_to("2026-06-01T00:00:00Z", "2028-06-01T00:00:00Z");
    let signer = signer(&*authority_key, &authority, &*key, years);
    Issuer {
        key,
        trust: Trust::new([authority.clone()]),
        chain: [signer, authority],
    }
}

fn now() -> Timestamp {
    at("2026-11-25T00:00:00Z")
}

#[test]
fn each_record_of_a_batch_verifies_alone_and_no_other_does() {
    let issuer = issuer();
    for size in [1u64, 2, 3, 7, 64, 65] {
        let records: Vec<String> = (0..size)
            .map(|record| format!("{{\"record\":{record}}}"))
            .collect();
        let batch = Batch::sign(&records, &*issuer.key, &issuer.chain, now()).expect("signs");
        for (index, record) in (0..).zip(&records) {
            let text = batch
                .proof(index)
                .expect("there")
                .to_text()
                .expect("writes");
            let proof = RecordProof::parse(&text).expect("its own text");
            assert_eq!(proof.to_text().expect("writes"), text);
            let verified = proof
                .verify(record.as_bytes(), &issuer.trust, now())
                .expect("verifies");
            assert_eq!(verified.signed_at, Some(now()));
            for other in &records {
                let same = other == record;
                assert_eq!(
                    proof.verify(other.as_bytes(), &issuer.trust, now()).is_ok(),
                    same
                );
            }
        }
        assert!(matches!(
            batch.proof(size),
            Err(BatchError::NoSuchRecord { .. })
        ));
    }
}

#[test]
fn one_operation_of_the_key_signs_the_whole_batch() {
    struct Counting(Arc<dyn KeyPair>, std::sync::atomic::AtomicU32);
    impl Signer for Counting {
        fn algorithm(&self) -> Algorithm {
            self.0.algorithm()
        }
        fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
            self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            self.0.sign(message)
        }
    }
    let issuer = issuer();
    let counting = Counting(Arc::clone(&issuer.key), 0.into());
    let records: Vec<[u8; 4]> = (0..1000u32).map(u32::to_be_bytes).collect();
    Batch::sign(&records, &counting, &issuer.chain, now()).expect("signs");
    assert_eq!(counting.1.into_inner(), 1);
}

#[test]
fn an_empty_batch_is_not_signed_nor_one_with_a_foreign_certificate() {
    let issuer = issuer();
    let empty = Batch::sign([""; 0], &*issuer.key, &issuer.chain, now());
    assert!(matches!(empty, Err(BatchError::Empty)));
    let foreign = Batch::sign(["x"], &*software(KeyKind::P256), &issuer.chain, now());
    assert!(matches!(
        foreign,
        Err(BatchError::Jws(JwsError::ForeignCertificate(_)))
    ));
}

#[test]
fn no_byte_of_a_proof_can_be_altered() {
    let issuer = issuer();
    let batch = Batch::sign(
        ["a", "b", "c", "d", "e"],
        &*issuer.key,
        &issuer.chain,
        now(),
    )
    .expect("signs");
    let text = batch.proof(3).expect("there").to_text().expect("writes");
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(altered) = String::from_utf8(bytes) else {
            continue;
        };
        let accepted =
            RecordProof::parse(&altered).and_then(|proof| proof.verify(b"d", &issuer.trust, now()));
        assert!(accepted.is_err(), "byte {at}: {altered}");
    }
}

#[test]
fn a_signature_is_believed_at_the_time_at_which_it_is_known_to_have_existed() {
    let issuer = issuer();
    let jws = DetachedJws::sign(b"payload", &*issuer.key, &issuer.chain, now()).expect("signs");
    let since = at("2027-01-01T00:00:00Z");
    let revocation = Revocation {
        fingerprint: *issuer.chain[0].fingerprint(),
        since,
    };
    let trust = issuer.trust.clone().with_revocations([revocation]);
    assert!(
        jws.verify(b"payload", &trust, at("2026-12-31T00:00:00Z"))
            .is_ok()
    );
    let after = jws.verify(b"payload", &trust, since);
    assert!(matches!(
        after,
        Err(JwsError::Chain(ChainError::Revoked { .. }))
    ));
    let before_it_was_made = jws.verify(b"payload", &trust, at("2026-11-24T23:59:59Z"));
    assert!(matches!(
        before_it_was_made,
        Err(JwsError::SignedLater { .. })
    ));
    let other = jws.verify(b"payloaD", &trust, now());
    assert!(matches!(other, Err(JwsError::BadSignature)));
    let nobody = jws.verify(b"payload", &Trust::default(), now());
    assert!(matches!(
        nobody,
        Err(JwsError::Chain(ChainError::UnknownIssuer { .. }))
    ));
}

#[test]
fn headers_that_demand_or_promise_something_else_are_refused() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let jws = {
        let issuer = issuer();
        DetachedJws::sign(b"payload", &*issuer.key, &issuer.chain, now()).expect("signs")
    };
    let (header, signature) = jws.text().split_once("..").expect("two parts");
    let header = String::from_utf8(URL_SAFE_NO_PAD.decode(header).expect("base64")).expect("text");
    for (part, instead) in [
        ("\"alg\":\"ES256\"", "\"alg\":\"none\""),
        ("\"alg\":\"ES256\"", "\"alg\":\"HS256\""),
        (
            "\"alg\":\"ES256\"",
            "\"alg\":\"ES256\",\"crit\":[\"b64\"],\"b64\":false",
        ),
        ("\"x5c\":[", "\"x5c\":[],\"x5d\":["),
        ("\"x5c\":[\"", "\"x5c\":[\"AA"),
    ] {
        assert!(header.contains(part));
        let header = URL_SAFE_NO_PAD.encode(header.replace(part, instead));
        assert!(
            DetachedJws::parse(&format!("{header}..{signature}")).is_err(),
            "{instead}"
        );
    }
    for text in ["", "..", "a.b.c", jws.text().trim_end_matches(signature)] {
        assert!(
            DetachedJws::parse(&text.replace("..", "...")).is_err(),
            "{text}"
        );
    }
    let attached = jws.text().replace("..", ".cGF5bG9hZA.");
    assert!(DetachedJws::parse(&attached).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_the_readers_panic(text in "\\PC*", header in "\\{(\"alg\":\"ES256\"|\"x5c\":\\[\"[A-Za-z0-9+/]*\"\\]|,)*\\}") {
        use base64::Engine as _;
        let _ = DetachedJws::parse(&text);
        let _ = RecordProof::parse(&text);
        let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header);
        let refused = DetachedJws::parse(&format!("{header}..AAAA")).is_err();
        prop_assert!(refused);
    }
}
