//! Verifying: every answer for every kind of bad input.

use jiff::{Timestamp, ToSpan as _};
use passport::dcc::Dcc;
use passport::schema::Rule;
use passport::verify::{
    Failure, NotACode, Outcome, Report, Signers, Step, Warning, verify, verify_message,
};
use passport::zlib::ZlibError;
use passport::{base45, cbor, cose, cwt};
use serde_json::{Value, json};
use signing::{Algorithm, Certificate, Purpose, Signer as _};

use crate::support::{Dsc, Kind, issued, now, public};

fn failure(report: &Report) -> &Failure {
    report.failure().expect("the code should not be valid")
}

#[test]
fn what_is_no_code_is_named_as_what_it_is() {
    let code = issued().code;
    let broken = format!("{}\n{}", &code[..300], &code[300..]);
    let lower_body = format!("HC1:{}", code["HC1:".len()..].to_lowercase());
    for (text, expected) in [
        ("", NotACode::Empty),
        (" \n", NotACode::Empty),
        (
            "shc:/5676290952432060346029243740446031222959532654603460292540",
            NotACode::SmartHealthCard,
        ),
        (
            r#"{"data":{"hdr":{"is":"AUS","t":"icao.vacc","v":1}}}"#,
            NotACode::VdsNc,
        ),
        ("https://example.org/verify?id=1", NotACode::Url),
        ("HC2:6BF", NotACode::OtherVersion),
        (&code.to_lowercase(), NotACode::LowerCase),
        (&lower_body, NotACode::LowerCase),
        (&format!(" {code}"), NotACode::LeadingSpace),
        (&format!("{code}\n"), NotACode::LineBreak),
        (&broken, NotACode::LineBreak),
        (&format!("{code}{code}"), NotACode::Doubled),
        (&format!("{code} {code}"), NotACode::Doubled),
        (&format!("HC1:{}", "0".repeat(5000)), NotACode::TooLong),
        ("Nguyễn Văn A", NotACode::Other),
        (&code[4..], NotACode::Other),
    ] {
        let report = verify(text, Dsc::usual().trusted(), now());
        assert_eq!(failure(&report), &Failure::NotACode(expected), "{text:.40}");
        assert!(!report.is_valid() && report.contents.is_none());
    }
}

#[test]
fn a_truncated_code_is_damaged_or_incomplete_wherever_it_ends() {
    let code = issued().code;
    for length in 4..code.len() {
        let report = verify(&code[..length], Dsc::usual().trusted(), now());
        let failure = failure(&report);
        assert!(
            matches!(failure, Failure::Base45(_) | Failure::Zlib(_)),
            "{length}: {failure:?}"
        );
    }
}

#[test]
fn a_bomb_that_fits_a_qr_code_is_refused() {
    let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::best());
    let zeros = vec![0; 2_000_000];
    let mut stream = vec![0; compressor.zlib_compress_bound(zeros.len())];
    let length = compressor.zlib_compress(&zeros, &mut stream).unwrap();
    let mut code = String::from("HC1:");
    base45::encode_into(&stream[..length], &mut code);
    assert!(code.len() < 4296);
    let report = verify(&code, Dsc::usual().trusted(), now());
    assert_eq!(failure(&report), &Failure::Zlib(ZlibError::TooLarge));
}

#[test]
fn a_signer_that_is_not_trusted_or_did_not_sign_is_told_apart() {
    let code = issued().code;
    let nobody: &[Certificate] = &[];
    let report = verify(&code, nobody, now());
    let kid = Dsc::usual().certificate.kid().to_vec();
    assert_eq!(failure(&report), &Failure::UnknownSigner { kid });
    // What does not depend on the signer was still tried.
    assert_eq!(report.outcome(Step::Expiry), &Outcome::Ok);
    assert_eq!(report.outcome(Step::Schema), &Outcome::Ok);
    assert_eq!(report.outcome(Step::KeyUsage), &Outcome::Skipped);

    let other = Dsc::new(&Kind::default());
    let report = verify(&code, &Everybody(vec![other.certificate.clone()]), now());
    assert_eq!(failure(&report), &Failure::Signature);
    assert!(report.signer.is_none());
}

/// A list that answers to every key identifier, as if all had collided.
struct Everybody(Vec<Certificate>);

impl Signers for Everybody {
    fn with_kid(&self, _: &[u8]) -> impl Iterator<Item = &Certificate> {
        self.0.iter()
    }
}

#[test]
fn every_certificate_of_a_key_identifier_is_tried() {
    let rsa = Dsc::new(&Kind {
        algorithm: Algorithm::Ps256,
        ..Kind::default()
    });
    let other = Dsc::new(&Kind::default());
    let right = Dsc::usual();
    let list = [&rsa, &other, right].map(|dsc| dsc.certificate.clone());
    for turn in 0..3 {
        let mut list = list.to_vec();
        list.rotate_left(turn);
        let report = verify(&issued().code, &Everybody(list), now());
        assert!(report.is_valid());
        assert_eq!(report.signer.as_ref(), Some(&right.certificate));
    }
}

#[test]
fn times_are_checked_to_the_second_with_both_ends_included() {
    let issued = issued();
    let (from, until) = (issued.issued_at, issued.expires_at);
    let at = |time: Timestamp| verify(&issued.code, Dsc::usual().trusted(), time);
    assert!(at(from).is_valid() && at(until).is_valid());
    let early = at(from - 1.second());
    assert_eq!(
        failure(&early),
        &Failure::IssuedInFuture { issued_at: from }
    );
    let late = at(until + 1.second());
    assert_eq!(failure(&late), &Failure::Expired { expires_at: until });
    assert!(late.sentence().vi.contains("hết hạn"));
    // After the signer has expired the expired signer is the reason, since it comes first.
    let much_later = at("2027-06-01T00:00:00Z".parse().unwrap());
    assert!(matches!(
        failure(&much_later),
        Failure::SignerExpired { .. }
    ));
}

/// A message of the usual signer with any claims, any header and any payload.
fn message(times: [Option<&str>; 2], payload: &Value) -> Vec<u8> {
    let dsc = Dsc::usual();
    let [issued_at, expires_at] = times.map(|time| time.map(|time| time.parse().unwrap()));
    let dcc = cbor::from_json(payload);
    let claims = cwt::Cwt {
        issuer: Some("VN"),
        issued_at,
        expires_at,
        dcc: &dcc,
    }
    .to_cbor();
    let protected = cose::protected_header(Algorithm::Es256, &dsc.certificate.kid());
    let signature = dsc
        .key
        .sign(&cose::to_be_signed(&protected, &claims))
        .unwrap();
    cose::sign1(&protected, &claims, &signature)
}

const YEAR: [Option<&str>; 2] = [Some("2024-01-01T00:00:00Z"), Some("2024-12-31T00:00:00Z")];

fn check(times: [Option<&str>; 2], payload: &Value) -> Report {
    verify_message(&message(times, payload), Dsc::usual().trusted(), now())
}

#[test]
fn a_certificate_without_times_fails_the_expiry_step_and_no_other_of_its_own() {
    for times in [[None, YEAR[1]], [YEAR[0], None]] {
        let report = check(times, &issued().dcc.to_json());
        assert_eq!(
            report.outcome(Step::Expiry),
            &Outcome::Failed(Failure::NoTimes)
        );
        assert_eq!(report.outcome(Step::Signature), &Outcome::Ok);
        assert!(report.contents.and_then(|contents| contents.dcc).is_some());
    }
}

#[test]
fn a_payload_outside_the_schema_is_signed_and_still_not_valid() {
    let good = issued().dcc.to_json();
    let mut changed = Vec::new();
    for (pointer, value, rule) in [
        ("/dob", json!("1815-08-24"), "dob"),
        ("/v/0/dn", json!(0), "v/dn"),
        ("/v/0/dt", json!("2021-09-99"), "v/dt"),
        ("/v", json!([]), "v"),
        ("/nam/fnt", json!("Đào"), "nam/fnt"),
        ("/v/0/co", Value::Null, "v/co"),
    ] {
        let mut payload = good.clone();
        *payload.pointer_mut(pointer).unwrap() = value;
        changed.push((payload, rule));
    }
    let mut twice = good.clone();
    twice["t"] = json!([{}]);
    changed.push((twice, "t"));
    for (payload, at) in changed {
        let report = check(YEAR, &payload);
        assert_eq!(report.outcome(Step::Signature), &Outcome::Ok);
        let Outcome::Failed(Failure::Schema(violation)) = report.outcome(Step::Schema) else {
            panic!("{payload}");
        };
        assert!(violation.at.starts_with(at), "{violation}");
    }
}

#[test]
fn what_is_tolerated_or_odd_becomes_a_warning() {
    let mut payload = issued().dcc.to_json();
    payload["dob"] = json!("1985-07-21T00:00:00");
    payload["v"][0]["vp"] = json!("J07BX03");
    payload["v"][0]["mp"] = json!("AstraZeneca");
    payload["v"][0]["ci"] = json!("URN:UVCI:01:VN:8F2C#Z");
    let report = check([YEAR[0], Some("2026-10-18T00:00:00Z")], &payload);
    assert!(report.is_valid());
    let text: Vec<_> = report
        .warnings
        .iter()
        .map(|warning| warning.text().en)
        .collect();
    assert_eq!(report.warnings.len(), 5, "{text:?}");
    assert!(
        matches!(&report.warnings[0], Warning::Schema(violation) if violation.rule == Rule::DateWithTime)
    );
    assert!(report.warnings.contains(&Warning::DeprecatedCode {
        field: "vp",
        code: "J07BX03".into()
    }));
    assert!(report.warnings.contains(&Warning::UnknownCode {
        field: "mp",
        code: "AstraZeneca".into()
    }));
    assert!(
        report
            .warnings
            .contains(&Warning::LongValidity { days: 1021 })
    );
}

#[test]
fn the_traits_of_the_countrys_published_sample_are_read_and_its_errors_are_named() {
    // As the sample has them: product and manufacturer that do not belong together, a deprecated code, 1,021 days.
    let mut payload = issued().dcc.to_json();
    payload["v"][0]["vp"] = json!("J07BX03");
    payload["v"][0]["mp"] = json!("EU/1/21/1529");
    payload["v"][0]["ma"] = json!("ORG-100030215");
    payload["v"][0]["is"] = json!("Ban Co Yeu");
    let report = check([YEAR[0], Some("2026-10-18T00:00:00Z")], &payload);
    assert!(report.is_valid());
    for found in [
        Warning::DeprecatedCode {
            field: "vp",
            code: "J07BX03".into(),
        },
        Warning::Manufacturer {
            product: "EU/1/21/1529".into(),
            manufacturer: "ORG-100030215".into(),
        },
        Warning::LongValidity { days: 1021 },
    ] {
        assert!(report.warnings.contains(&found), "{found:?}");
    }
}

#[test]
fn key_usage_is_held_against_the_kind_of_certificate() {
    use Purpose::{Recovery, Test, Vaccination};
    let recovery = json!({
        "ver": "1.3.0", "dob": "1985", "nam": { "fnt": "LE" },
        "r": [{ "tg": "840539006", "fr": "2021-08-01", "co": "VN", "is": "X", "df": "2021-08-12", "du": "2022-02-01", "ci": "01:VN:A" }],
    });
    for (purposes, allowed) in [
        (&[][..], true),
        (&[Recovery], true),
        (&[Test, Recovery], true),
        (&[Vaccination], false),
        (&[Test, Vaccination], false),
    ] {
        let dsc = Dsc::new(&Kind {
            purposes,
            ..Kind::default()
        });
        let dcc = cbor::from_json(&recovery);
        let times = YEAR.map(|time| time.map(|time| time.parse().unwrap()));
        let claims = cwt::Cwt {
            issuer: None,
            issued_at: times[0],
            expires_at: times[1],
            dcc: &dcc,
        }
        .to_cbor();
        let protected = cose::protected_header(Algorithm::Es256, &dsc.certificate.kid());
        let signature = dsc
            .key
            .sign(&cose::to_be_signed(&protected, &claims))
            .unwrap();
        let report = verify_message(
            &cose::sign1(&protected, &claims, &signature),
            dsc.trusted(),
            now(),
        );
        assert_eq!(report.is_valid(), allowed, "{purposes:?}");
        if !allowed {
            assert_eq!(failure(&report), &Failure::KeyUsage(Purpose::Recovery));
        }
    }
}

#[test]
fn an_algorithm_that_is_not_allowed_or_not_that_of_the_key_never_verifies() {
    let dsc = Dsc::usual();
    let good = message(YEAR, &issued().dcc.to_json());
    let kid = dsc.certificate.kid();
    let es256 = cose::protected_header(Algorithm::Es256, &kid);
    let payload = cose::Sign1::parse(&good).unwrap().payload;
    let with = |protected: &[u8]| {
        let signature = dsc
            .key
            .sign(&cose::to_be_signed(protected, payload))
            .unwrap();
        verify_message(
            &cose::sign1(protected, payload, &signature),
            dsc.trusted(),
            now(),
        )
    };
    assert!(with(&es256).is_valid());
    let ps256 = cose::protected_header(Algorithm::Ps256, &kid);
    assert_eq!(failure(&with(&ps256)), &Failure::Signature);
    // ES384 (-35) and RS256 (-257) in the place of -7 (0x26).
    for (bytes, number) in [(&[0x38, 0x22][..], -35), (&[0x39, 0x01, 0x00], -257)] {
        let protected = [&es256[..2], bytes, &es256[3..]].concat();
        assert_eq!(
            failure(&with(&protected)),
            &Failure::Algorithm(Some(number))
        );
    }
    // A key identifier that is too short or too long is that of nobody.
    for length in [0, 4, 7, 9] {
        let kid = [&kid[..], &[0; 8]].concat();
        let protected = cose::protected_header(Algorithm::Es256, &kid[..length]);
        assert!(matches!(
            failure(&with(&protected)),
            Failure::UnknownSigner { .. }
        ));
    }
    assert_eq!(failure(&with(&[])), &Failure::NoKid);
}

#[test]
fn signatures_of_a_wrong_length_or_form_are_wrong_and_nothing_worse() {
    let good = message(YEAR, &issued().dcc.to_json());
    let dsc = Dsc::usual();
    let message = cose::Sign1::parse(&good).unwrap();
    let protected = cose::protected_header(Algorithm::Es256, &dsc.certificate.kid());
    for length in [0, 1, 63, 65, 70, 72, 256, 4000] {
        let mut signature = message.signature.to_vec();
        signature.resize(length, 0x30);
        let altered = cose::sign1(&protected, message.payload, &signature);
        let report = verify_message(&altered, dsc.trusted(), now());
        assert_eq!(failure(&report), &Failure::Signature, "{length}");
    }
}

#[test]
fn the_signed_vector_of_the_specification_verifies() {
    let certificates: Vec<_> = (1..=4)
        .flat_map(|i| {
            Certificate::from_bytes(
                &std::fs::read(public(&format!("hcert-testdata/issuer{i}.crt"))).unwrap(),
            )
            .unwrap()
        })
        .collect();
    let bytes = std::fs::read(public("hcert-testdata/test1.bin")).unwrap();
    let clock = "2021-05-01T00:00:00Z".parse().unwrap();
    let report = match std::str::from_utf8(&bytes) {
        Ok(text) => verify(text.trim_end_matches('\n'), &certificates[..], clock),
        Err(_) => verify_message(&bytes, &certificates[..], clock),
    };
    assert_eq!(
        report.outcome(Step::Signature),
        &Outcome::Ok,
        "{:?}",
        report.sentence()
    );
    let payload = cbor::to_json(&report.contents.unwrap().payload).unwrap();
    let expected = std::fs::read_to_string(public("hcert-testdata/test1.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    assert_eq!(payload, expected);
}

#[test]
fn every_sentence_is_there_in_both_languages_in_nfc() {
    let kid = vec![1, 2];
    let time = now();
    let failures = [
        Failure::NoKid,
        Failure::Algorithm(None),
        Failure::UnknownSigner { kid },
        Failure::Signature,
        Failure::SignerExpired { until: time },
        Failure::SignerNotYetValid { from: time },
        Failure::KeyUsage(Purpose::Test),
        Failure::NoTimes,
        Failure::IssuedInFuture { issued_at: time },
        Failure::Expired { expires_at: time },
        Failure::NoCertificate,
        Failure::Cbor("x".into()),
    ];
    let codes = [
        NotACode::Empty,
        NotACode::SmartHealthCard,
        NotACode::VdsNc,
        NotACode::Url,
        NotACode::OtherVersion,
        NotACode::LowerCase,
        NotACode::LeadingSpace,
        NotACode::LineBreak,
        NotACode::Doubled,
        NotACode::TooLong,
        NotACode::Other,
    ];
    for failure in failures.into_iter().chain(codes.map(Failure::NotACode)) {
        let text = failure.text();
        for sentence in [&text.vi, &text.en] {
            assert!(sentence.ends_with('.') && sentence.len() > 10, "{sentence}");
            assert_eq!(registry::name::nfc(sentence), sentence.as_str());
        }
        assert_ne!(text.vi, text.en);
    }
}

#[test]
fn a_certificate_of_the_older_tagging_verifies_as_well() {
    let good = message(YEAR, &issued().dcc.to_json());
    assert_eq!(good[0], 0xD2);
    let untagged = &good[1..];
    let twice = [&[0xD8, 0x3D], &good[..]].concat();
    for message in [untagged, &good, &twice] {
        assert!(verify_message(message, Dsc::usual().trusted(), now()).is_valid());
    }
}

#[test]
fn a_payload_of_several_members_of_one_name_is_refused() {
    let dcc = issued().dcc;
    let mut bytes = dcc.to_cbor();
    // One more member, a second `dob`.
    bytes[0] += 1;
    bytes.extend([0x63, b'd', b'o', b'b', 0x64, b'1', b'9', b'5', b'0']);
    let error = Dcc::from_cbor(&bytes).unwrap_err();
    assert_eq!(error.to_string(), "dob: there twice");
}
