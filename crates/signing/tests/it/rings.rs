//! Which of several signers signs.

use std::sync::Arc;

use signing::ring::RingError;
use signing::{Certificate, KeyKind, KeyPair, KeyRing, Purpose};

use crate::{at, authority, from_to, signer, software};

fn ring(validities: &[(&str, &str)]) -> (KeyRing, Vec<Certificate>) {
    let authority_key = software(KeyKind::P256);
    let authority = authority(&*authority_key);
    let mut ring = KeyRing::default();
    let mut certificates = Vec::new();
    for (from, to) in validities {
        let key: Arc<dyn KeyPair> = software(KeyKind::P256);
        let certificate = signer(&*authority_key, &authority, &*key, from_to(from, to));
        certificates.push(certificate.clone());
        ring.add(certificate, key).expect("its own key");
    }
    (ring, certificates)
}

#[test]
fn the_newest_signer_that_outlives_the_certificate_is_chosen() {
    let (ring, certificates) = ring(&[
        ("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z"),
        ("2026-06-01T00:00:00Z", "2028-06-01T00:00:00Z"),
        ("2026-07-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    ]);
    for (now, expiry, chosen) in [
        ("2026-03-01T00:00:00Z", "2027-03-01T00:00:00Z", 0),
        ("2026-05-31T23:59:59Z", "2027-05-31T00:00:00Z", 0),
        ("2026-06-01T00:00:00Z", "2027-06-01T00:00:00Z", 1),
        ("2026-08-01T00:00:00Z", "2026-12-01T00:00:00Z", 2),
        ("2026-08-01T00:00:00Z", "2027-01-01T00:00:00Z", 2),
        ("2026-08-01T00:00:00Z", "2027-01-01T00:00:01Z", 1),
        ("2026-08-01T00:00:00Z", "2028-06-01T00:00:00Z", 1),
    ] {
        let member = ring
            .choose(Purpose::Vaccination, at(now), at(expiry))
            .expect("one fits");
        assert_eq!(
            member.certificate, certificates[chosen],
            "{now} to {expiry}"
        );
    }
}

#[test]
fn no_certificate_outlives_its_signer() {
    let (ring, _) = ring(&[("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z")]);
    let choose = |purpose, now, expiry| ring.choose(purpose, at(now), at(expiry)).map(drop);
    let longest = at("2028-01-01T00:00:00Z");
    let expiry = at("2028-01-01T00:00:01Z");
    let late = choose(
        Purpose::Vaccination,
        "2027-03-01T00:00:00Z",
        "2028-01-01T00:00:01Z",
    );
    assert_eq!(late, Err(RingError::Outlived { expiry, longest }));
    for (purpose, now) in [
        (Purpose::Vaccination, "2025-12-31T23:59:59Z"),
        (Purpose::Vaccination, "2028-01-01T00:00:01Z"),
        (Purpose::Test, "2027-01-01T00:00:00Z"),
    ] {
        let refused = choose(purpose, now, now);
        assert_eq!(refused, Err(RingError::NoneValid { at: at(now) }));
    }
}

#[test]
fn a_certificate_of_another_key_is_not_added() {
    let (ring, _) = ring(&[("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z")]);
    let certificate = ring.members()[0].certificate.clone();
    let added = KeyRing::default().add(certificate, software(KeyKind::P256));
    assert!(matches!(added, Err(RingError::ForeignKey { .. })));
}
