//! What every provider of keys has to pass, software or token.

use std::sync::Arc;
use std::thread;

use ledger::leaf_hash;
use signing::authority::{Request, create_authority, issue_signer};
use signing::{Algorithm, Batch, DetachedJws, KeyKind, KeyPair, Purpose, Trust};

use crate::{at, from_to, software, subject};

/// Makes keys of a name and kind with the provider and uses them for all that the product uses keys for.
pub(crate) fn pass_the_suite(make: &dyn Fn(&str, KeyKind) -> Arc<dyn KeyPair>) {
    for (kind, algorithm, length) in [
        (KeyKind::P256, Algorithm::Es256, 64),
        (KeyKind::Rsa2048, Algorithm::Ps256, 256),
        (KeyKind::Rsa3072, Algorithm::Ps256, 384),
    ] {
        let authority_key = make(&format!("csca {kind:?}"), kind);
        let key = make(&format!("dsc {kind:?}"), kind);
        assert_eq!(key.algorithm(), algorithm);

        let years = from_to("2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z");
        let authority =
            create_authority(&*authority_key, &subject("CSCA"), years).expect("creates");
        let request = Request::create(&*key, &subject("DSC")).expect("requests");
        let request = Request::from_pem(&request.to_pem()).expect("its own text");
        assert_eq!(request.algorithm(), algorithm);
        let certificate = issue_signer(
            &*authority_key,
            &authority,
            &request,
            &[Purpose::Vaccination],
            years,
        )
        .expect("issues");
        assert_eq!(certificate.algorithm(), Some(algorithm));
        assert_eq!(
            certificate.public_key_der().expect("writes"),
            key.public_key_der()
        );
        let trust = Trust::new([authority.clone()]);
        let now = at("2027-05-01T00:00:00Z");
        assert_eq!(trust.check(&certificate, now), Ok(&authority));

        let signature = key.sign(b"record").expect("signs");
        assert_eq!(signature.len(), length);
        assert!(certificate.verify(algorithm, b"record", &signature));
        assert!(!certificate.verify(algorithm, b"Record", &signature));
        assert!(!authority.verify(algorithm, b"record", &signature));

        let chain = [certificate.clone(), authority.clone()];
        let jws = DetachedJws::sign(b"payload", &*key, &chain, now).expect("signs");
        assert!(jws.verify(b"payload", &trust, now).is_ok());
        let records: Vec<String> = (0..9).map(|record| format!("record {record}")).collect();
        let batch = Batch::sign(&records, &*key, &chain, now).expect("signs");
        for (index, record) in (0..).zip(&records) {
            let proof = batch.proof(index).expect("there");
            assert_eq!(
                proof
                    .verify(record.as_bytes(), &trust, now)
                    .expect("verifies")
                    .signer,
                certificate
            );
        }

        thread::scope(|scope| {
            for worker in 0..4u8 {
                let (key, certificate) = (&key, &certificate);
                scope.spawn(move || {
                    for number in 0..20u8 {
                        let message = leaf_hash(&[worker, number]).0;
                        let signature = key.sign(&message).expect("signs");
                        assert!(certificate.verify(algorithm, &message, &signature));
                    }
                });
            }
        });
    }
}

#[test]
fn software_keys_pass_the_suite() {
    pass_the_suite(&|_, kind| software(kind));
}
