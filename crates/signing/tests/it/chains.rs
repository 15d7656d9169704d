//! Making certificates, and believing signers at a time.

use proptest::prelude::*;
use signing::authority::{IssueError, Request, Subject, create_authority, issue_signer};
use signing::certificate::ObjectIdentifier;
use signing::{Algorithm, Certificate, ChainError, KeyKind, Purpose, Revocation, Trust};

use crate::{at, authority, from_to, signer, software, subject};

/// Made by OpenSSL 3.0; see `tests/data/chains/README.md`.
const OPENSSL: [(&str, &str); 4] = [
    (
        include_str!("../data/chains/p256-ca.pem"),
        include_str!("../data/chains/p256-signer.pem"),
    ),
    (
        include_str!("../data/chains/p384-ca.pem"),
        include_str!("../data/chains/p384-signer.pem"),
    ),
    (
        include_str!("../data/chains/rsa-ca.pem"),
        include_str!("../data/chains/rsa-signer.pem"),
    ),
    (
        include_str!("../data/chains/pss-ca.pem"),
        include_str!("../data/chains/pss-signer.pem"),
    ),
];

#[test]
fn what_is_made_says_what_was_asked_for() {
    let (authority_key, key) = (software(KeyKind::P256), software(KeyKind::Rsa2048));
    let authority = authority(&*authority_key);
    assert_eq!(
        authority.subject(),
        "CN=CSCA thử nghiệm,O=Bộ Y tế (thử nghiệm),C=VN"
    );
    assert_eq!(authority.issuer(), authority.subject());
    assert!(authority.may_sign_certificates() && !authority.may_sign_messages());
    let validity = from_to("2026-06-01T00:00:00Z", "2052-01-01T00:00:00Z");
    let long_key = software(KeyKind::P256);
    let long = create_authority(&*long_key, &subject("CSCA"), validity).expect("creates");
    assert_eq!(
        (long.not_before(), long.not_after()),
        (validity.not_before, validity.not_after)
    );

    let validity = from_to("2026-06-01T00:00:00Z", "2028-06-01T12:34:56Z");
    let request = Request::create(&*key, &subject("DSC")).expect("requests");
    for purposes in [
        &[][..],
        &[Purpose::Test],
        &[Purpose::Vaccination, Purpose::Recovery],
    ] {
        let signer = issue_signer(&*authority_key, &authority, &request, purposes, validity)
            .expect("issues");
        let oids: Vec<ObjectIdentifier> = purposes.iter().map(|of| of.oid()).collect();
        assert_eq!(signer.extended_key_usage(), oids);
        assert_eq!(signer.subject_country(), Some("VN"));
        assert_eq!(signer.not_after(), validity.not_after);
        assert!(!signer.may_sign_certificates() && signer.may_sign_messages());
        for purpose in [Purpose::Test, Purpose::Vaccination, Purpose::Recovery] {
            assert_eq!(
                signer.allows(purpose),
                purposes.is_empty() || purposes.contains(&purpose)
            );
        }
    }
}

#[test]
fn names_of_every_kind_are_written_as_they_are() {
    let key = software(KeyKind::P256);
    for name in [
        "Viện Vệ sinh, dịch tễ + Trung ương",
        "#1 \"A\" <b>; c=d \\ e",
        "Ơ Ư Đ",
    ] {
        let request = Request::create(&*key, &subject(name)).expect("requests");
        let again = Request::from_pem(&request.to_pem()).expect("its own text");
        assert_eq!(again.subject(), request.subject());
        let text = again.subject().replace('\\', "");
        assert!(text.contains(&name.replace('\\', "")), "{text}");
    }
    for (country, common_name) in [
        ("vn", "x"),
        ("VNM", "x"),
        ("VN", ""),
        ("VN", "a\nb"),
        ("VN", " x"),
    ] {
        let subject = Subject {
            country: country.to_owned(),
            ..subject(common_name)
        };
        assert!(matches!(
            Request::create(&*key, &subject),
            Err(IssueError::Subject(_))
        ));
    }
}

#[test]
fn nothing_is_issued_beyond_the_authority_or_without_its_key() {
    let (authority_key, key) = (software(KeyKind::P256), software(KeyKind::P256));
    let authority = authority(&*authority_key);
    let request = Request::create(&*key, &subject("DSC")).expect("requests");
    for (from, to) in [
        ("2025-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
        ("2027-01-01T00:00:00Z", "2036-01-01T00:00:01Z"),
        ("2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    ] {
        let issued = issue_signer(
            &*authority_key,
            &authority,
            &request,
            &[],
            from_to(from, to),
        );
        assert!(matches!(issued, Err(IssueError::Validity { .. })));
    }
    let year = from_to("2026-06-01T00:00:00Z", "2027-06-01T00:00:00Z");
    let foreign = issue_signer(&*key, &authority, &request, &[], year);
    assert!(matches!(foreign, Err(IssueError::Authority(_))));
    let signer = signer(&*authority_key, &authority, &*key, year);
    let by_a_signer = issue_signer(&*key, &signer, &request, &[], year);
    assert!(matches!(by_a_signer, Err(IssueError::Authority(_))));
}

#[test]
fn a_request_that_its_key_did_not_sign_is_refused() {
    let key = software(KeyKind::P256);
    let pem = Request::create(&*key, &subject("DSC"))
        .expect("requests")
        .to_pem();
    let position = pem.len() / 3;
    let old = &pem[position..=position];
    let altered = format!(
        "{}{}{}",
        &pem[..position],
        if old == "A" { "B" } else { "A" },
        &pem[position + 1..]
    );
    assert!(matches!(
        Request::from_pem(&altered),
        Err(IssueError::Request(_))
    ));
    assert!(matches!(
        Request::from_pem("nothing"),
        Err(IssueError::Request(_))
    ));
}

#[test]
fn requests_of_openssl_are_answered() {
    let request = include_str!("../data/chains/pss-request.pem");
    let request = Request::from_pem(request).expect("a request");
    assert_eq!(request.subject(), "CN=pss signer,O=Test,C=XX");
    let authority_key = software(KeyKind::Rsa2048);
    let authority = authority(&*authority_key);
    let year = from_to("2026-06-01T00:00:00Z", "2027-06-01T00:00:00Z");
    let signer = issue_signer(&*authority_key, &authority, &request, &[], year).expect("issues");
    assert_eq!(signer.subject(), request.subject());
    let trust = Trust::new([authority]);
    assert!(trust.check(&signer, year.not_after).is_ok());
}

#[test]
fn keys_that_are_not_for_this_work_verify_nothing() {
    let short = include_str!("../data/chains/rsa1024.pem");
    for pem in [short, OPENSSL[1].0] {
        let certificate = Certificate::from_pem(pem).expect("PEM").remove(0);
        assert_eq!(certificate.algorithm(), None);
        for algorithm in [Algorithm::Es256, Algorithm::Ps256] {
            assert!(!certificate.verify(algorithm, b"message", &[0; 128]));
        }
    }
}

#[test]
fn a_signature_made_before_the_revocation_stays_valid() {
    let (authority_key, key) = (software(KeyKind::P256), software(KeyKind::P256));
    let authority = authority(&*authority_key);
    let signer = signer(
        &*authority_key,
        &authority,
        &*key,
        from_to("2026-06-01T00:00:00Z", "2028-06-01T00:00:00Z"),
    );
    let since = at("2027-03-01T00:00:00Z");
    let plain = Trust::new([authority.clone()]);
    for revoked in [&signer, &authority] {
        let revocation = Revocation {
            fingerprint: *revoked.fingerprint(),
            since,
        };
        let trust = plain.clone().with_revocations([revocation]);
        assert_eq!(
            trust.check(&signer, at("2027-02-28T23:59:59Z")),
            Ok(&authority)
        );
        for at in [since, at("2028-01-01T00:00:00Z")] {
            let subject = revoked.subject();
            assert_eq!(
                trust.check(&signer, at),
                Err(ChainError::Revoked { subject, at, since })
            );
            assert!(plain.check(&signer, at).is_ok());
        }
    }
}

#[test]
fn a_signer_is_believed_within_its_validity_only_and_from_its_own_authority_only() {
    let (authority_key, key) = (software(KeyKind::P256), software(KeyKind::P256));
    let own = authority(&*authority_key);
    let signer = signer(
        &*authority_key,
        &own,
        &*key,
        from_to("2026-06-01T00:00:00Z", "2028-06-01T00:00:00Z"),
    );
    let trust = Trust::new([own.clone()]);
    for (moment, valid) in [
        ("2026-05-31T23:59:59.999Z", false),
        ("2026-06-01T00:00:00Z", true),
        ("2028-06-01T00:00:00Z", true),
        ("2028-06-01T00:00:01Z", false),
    ] {
        let checked = trust.check(&signer, at(moment));
        assert_eq!(checked.is_ok(), valid, "{moment}");
        assert!(valid || matches!(checked, Err(ChainError::NotValid { .. })));
    }
    let now = at("2027-01-01T00:00:00Z");
    let namesake = authority(&*software(KeyKind::P256));
    let forged = Trust::new([namesake.clone()]).check(&signer, now).map(drop);
    assert!(matches!(forged, Err(ChainError::Forged { .. })));
    assert_eq!(
        Trust::new([namesake, own.clone()]).check(&signer, now),
        Ok(&own)
    );
    let unknown = Trust::default().check(&signer, now).map(drop);
    assert!(matches!(unknown, Err(ChainError::UnknownIssuer { .. })));
    let itself = trust.check(&own, now).map(drop);
    assert!(matches!(itself, Err(ChainError::NotForSigning { .. })));
}

#[test]
fn chains_of_openssl_are_believed_and_altered_ones_are_not() {
    let now = at("2027-01-01T00:00:00Z");
    for (ca, signer) in OPENSSL {
        let ca = Certificate::from_pem(ca).expect("PEM").remove(0);
        let signer = Certificate::from_pem(signer).expect("PEM").remove(0);
        let trust = Trust::new([ca.clone()]);
        assert_eq!(trust.check(&signer, now), Ok(&ca), "{signer:?}");
        let mut refused = 0;
        for at in 0..signer.der().len() {
            let mut der = signer.der().to_vec();
            der[at] ^= 1;
            if let Ok(altered) = Certificate::from_der(&der) {
                assert!(
                    trust.check(&altered, now).is_err(),
                    "byte {at} of {signer:?}"
                );
                refused += 1;
            }
        }
        assert!(refused > 100);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_certificate_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), at: prop::sample::Index, value: u8) {
        let _ = Certificate::from_bytes(&bytes);
        let _ = Request::from_der(&bytes);
        let mut der = Certificate::from_pem(OPENSSL[0].1).expect("PEM").remove(0).der().to_vec();
        let at = at.index(der.len());
        der[at] = value;
        if let Ok(altered) = Certificate::from_der(&der) {
            prop_assert_eq!(altered.der(), &der);
            prop_assert_eq!(Certificate::from_pem(&altered.to_pem()).expect("its own text"), [altered]);
        }
    }
}
