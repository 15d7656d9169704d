//! Certificates as the field issues them.

use signing::{Algorithm, Certificate, CertificateError, Purpose};

use crate::at;

const EU_TEST_SIGNERS: &str = include_str!("../data/eu-test-signers/certificates.txt");

#[test]
fn every_signer_of_the_eu_test_cases_is_read_and_has_a_key_that_verifies() {
    let certificates: Vec<Certificate> = EU_TEST_SIGNERS
        .lines()
        .map(|line| Certificate::from_base64(line).expect(line))
        .collect();
    assert_eq!(certificates.len(), 69);
    for certificate in &certificates {
        assert!(certificate.algorithm().is_some(), "{certificate:?}");
        assert!(certificate.may_sign_messages(), "{certificate:?}");
        assert!(certificate.not_before() < certificate.not_after());
        let again = Certificate::from_pem(&certificate.to_pem()).expect("own PEM");
        assert_eq!(again, std::slice::from_ref(certificate));
    }
    let rsa = certificates
        .iter()
        .filter(|of| of.algorithm() == Some(Algorithm::Ps256))
        .count();
    assert_eq!(rsa, 6);
}

#[test]
fn a_certificate_shows_what_openssl_shows() {
    let dutch = eu_test_signer(|of| of.subject().contains("valid-for-test"), "NL");
    assert_eq!(
        dutch.kid(),
        [0xe3, 0x6f, 0x05, 0x3a, 0x55, 0x31, 0x35, 0x13]
    );
    assert_eq!(dutch.not_before(), at("2021-04-26T08:57:12Z"));
    assert_eq!(dutch.not_after(), at("2032-04-23T08:57:12Z"));
    assert_eq!(dutch.issuer_country(), Some("NL"));
}

#[test]
fn the_kinds_that_a_signer_may_sign_are_read_in_both_spellings() {
    use Purpose::{Recovery, Test, Vaccination};
    let current = eu_test_signer(|of| of.subject().contains("valid-for-test"), "NL");
    assert_eq!(
        [Test, Vaccination, Recovery].map(|of| current.allows(of)),
        [true, false, false]
    );
    let older = eu_test_signer(|of| !of.extended_key_usage().is_empty(), "IE");
    assert!(
        older
            .extended_key_usage()
            .iter()
            .all(|of| of.to_string().contains(".0.1847."))
    );
    assert!(older.allows(Vaccination));
    let every = eu_test_signer(|of| of.extended_key_usage().is_empty(), "HU");
    assert_eq!(
        [Test, Vaccination, Recovery].map(|of| every.allows(of)),
        [true; 3]
    );
}

fn eu_test_signer(wanted: impl Fn(&Certificate) -> bool, country: &str) -> Certificate {
    let all = EU_TEST_SIGNERS
        .lines()
        .map(|line| Certificate::from_base64(line).expect(line));
    let mut of_country = all.filter(|of| of.subject_country() == Some(country));
    of_country.find(wanted).expect(country)
}

#[test]
fn a_pem_text_of_several_certificates_is_read_in_order_with_text_between() {
    let certificates: Vec<Certificate> = EU_TEST_SIGNERS
        .lines()
        .take(3)
        .map(|line| Certificate::from_base64(line).expect(line))
        .collect();
    let mut text = String::new();
    for certificate in &certificates {
        text += &certificate.subject();
        text += "\r\n";
        text += &certificate.to_pem();
    }
    assert_eq!(
        Certificate::from_bytes(text.as_bytes()).expect("PEM"),
        certificates
    );
    let first = certificates.first().expect("one");
    assert_eq!(
        Certificate::from_bytes(first.der()).expect("DER"),
        std::slice::from_ref(first)
    );
}

#[test]
fn what_is_no_certificate_is_refused_with_the_reason() {
    assert!(matches!(
        Certificate::from_pem("hello"),
        Err(CertificateError::Empty)
    ));
    let cut = "-----BEGIN CERTIFICATE-----\nMIIB";
    assert!(matches!(
        Certificate::from_pem(cut),
        Err(CertificateError::Malformed { .. })
    ));
    let first = EU_TEST_SIGNERS.lines().next().expect("one");
    assert!(Certificate::from_base64(&first[..first.len() - 4]).is_err());
}
