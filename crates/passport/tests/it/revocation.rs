//! Revocation lists from the issuer's exact list to the verifier's answer.

use std::collections::BTreeSet;

use jiff::Timestamp;
use passport::revocation::{
    Batch, BatchError, CertificateHashes, HashKind, Kid, Mode, Options, Publication, PublishError,
    RevocationError, RevocationHash, RevocationList, Revocations, Slice, SliceForm, SliceKind,
};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde_json::{Value as Json, json};
use signing::{Algorithm, Trust};

use crate::trust::Country;

const KID: Kid = [1, 2, 3, 4, 5, 6, 7, 8];
const FORMS: [SliceForm; 2] = [
    SliceForm::BloomFilter,
    SliceForm::VarHashList { shortest: 4 },
];
const MODES: [Mode; 3] = [Mode::Point, Mode::Vector, Mode::Coordinate];

fn at(day: &str) -> Timestamp {
    format!("{day}T00:00:00Z").parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-25")
}

fn options(form: SliceForm, mode: Mode, rate: f64) -> Options {
    Options {
        form,
        mode: Some(mode),
        false_positive_rate: rate,
        ..Options::default()
    }
}

fn publish(list: &RevocationList, options: &Options) -> Publication {
    list.publish(options, now(), at("2026-11-27")).unwrap()
}

fn open(published: &Publication) -> Revocations {
    Revocations::open(&published.manifest_json(), |id| {
        published.slices.get(id).cloned()
    })
    .unwrap()
}

/// A certificate that has the hash as that of its identifier, and others of its own.
fn certificate(hash: RevocationHash) -> CertificateHashes {
    let other =
        |byte: u8| RevocationHash(hash.0.map(|own| own.wrapping_mul(31).wrapping_add(byte)));
    CertificateHashes {
        uci: hash,
        country_code_uci: other(7),
        signature: other(11),
    }
}

fn random_hashes(seed: u64, count: usize) -> Vec<RevocationHash> {
    let mut random = Pcg64::seed_from_u64(seed);
    std::iter::repeat_with(|| RevocationHash(random.random()))
        .take(count)
        .collect()
}

#[test]
fn every_form_and_mode_finds_what_is_revoked_and_keeps_its_promise_for_the_rest() {
    let revoked = random_hashes(1, 3000);
    let others = random_hashes(2, 100_000);
    for form in FORMS {
        for mode in MODES {
            // A rate that can be measured; two periods of expiry, so that a chunk has two slices.
            let rate = 0.01;
            let mut list = RevocationList::default();
            for (number, hash) in revoked.iter().enumerate() {
                let expires = if number % 2 == 0 {
                    at("2027-01-31")
                } else {
                    at("2027-06-30")
                };
                list.revoke(Some(KID), HashKind::Uci, *hash, expires);
            }
            let mut options = options(form, mode, rate);
            if let SliceForm::VarHashList { shortest } = &mut options.form {
                *shortest = 1;
            }
            let published = publish(&list, &options);
            let revocations = open(&published);
            let found = |hash: &RevocationHash| {
                revocations.find(&KID, &certificate(*hash), now()).unwrap() == Some(HashKind::Uci)
            };
            assert!(revoked.iter().all(found), "{form:?} {mode:?}");
            let measured =
                others.iter().filter(|hash| found(hash)).count() as f64 / others.len() as f64;
            let size = published.size;
            assert!(
                size.false_positive_rate <= rate,
                "{form:?} {mode:?} {size:?}"
            );
            // 100,000 draws at a rate of 0.01 lie within 0.0016 of it, five standard deviations.
            assert!(measured <= rate + 0.0016, "{form:?} {mode:?}: {measured}");
            assert_eq!((size.entries, size.slices), (3000, published.slices.len()));
            assert_eq!(
                size.bytes,
                published.slices.values().map(Vec::len).sum::<usize>()
            );
        }
    }
}

#[test]
fn the_manifest_has_the_fields_of_the_eu_service() {
    let mut list = RevocationList::default();
    let hash = RevocationHash(*b"\xab\xcdefghijklmnopqr");
    list.revoke(
        Some(KID),
        HashKind::CountryCodeUci,
        hash,
        "2027-01-01T12:00:00Z".parse().unwrap(),
    );
    let options = Options {
        form: SliceForm::VarHashList { shortest: 4 },
        mode: Some(Mode::Coordinate),
        false_positive_rate: 1e-6,
        expiry_days: 1,
    };
    let published = publish(&list, &options);
    let (id, bytes) = published.slices.first_key_value().unwrap();
    assert_eq!(bytes[10..], *b"\x04\xab\xcdef");
    let manifest: Json = serde_json::from_str(&published.manifest_json()).unwrap();
    assert_eq!(
        manifest,
        json!({
            "asOf": "2026-11-25T00:00:00Z",
            "staleAfter": "2026-11-27T00:00:00Z",
            "lists": [{
                "kid": "AQIDBAUGBwg=",
                "mode": "COORDINATE",
                "hashTypes": ["COUNTRYCODEUCI"],
                "expires": "2027-01-02T00:00:00Z",
                "lastUpdated": "2026-11-25T00:00:00Z",
                "partitions": [{
                    "id": "ab", "x": "a", "y": "b",
                    "lastUpdated": "2026-11-25T00:00:00Z",
                    "expired": "2027-01-02T00:00:00Z",
                    "chunks": {"c": {"2027-01-02T00:00:00Z": {"type": "VARHASHLIST", "version": "1.0", "hash": id.to_string()}}}
                }]
            }]
        })
    );
}

#[test]
fn only_the_signer_and_the_kinds_of_hashes_that_are_listed_count() {
    let hash = RevocationHash([0x42; 16]);
    let mut list = RevocationList::default();
    list.revoke(Some(KID), HashKind::Signature, hash, at("2027-01-01"));
    list.revoke(
        None,
        HashKind::Uci,
        RevocationHash([0x43; 16]),
        at("2027-01-01"),
    );
    let revocations = open(&publish(&list, &Options::default()));
    let signed = CertificateHashes {
        signature: hash,
        ..certificate(RevocationHash([0; 16]))
    };
    let find =
        |kid: Kid, hashes: &CertificateHashes| revocations.find(&kid, hashes, now()).unwrap();
    assert_eq!(find(KID, &signed), Some(HashKind::Signature));
    assert_eq!(find([9; 8], &signed), None);
    assert_eq!(find(KID, &certificate(hash)), None);
    // A certificate whose signer was not known when it was revoked is so under every signer.
    assert_eq!(
        find([9; 8], &certificate(RevocationHash([0x43; 16]))),
        Some(HashKind::Uci)
    );
}

#[test]
fn what_expires_is_dropped_and_asked_for_no_more() {
    let (early, late) = (RevocationHash([1; 16]), RevocationHash([2; 16]));
    let mut list = RevocationList::default();
    list.revoke(Some(KID), HashKind::Uci, early, at("2027-01-01"));
    list.revoke(Some(KID), HashKind::Uci, late, at("2027-06-01"));
    let published = list
        .publish(
            &Options {
                expiry_days: 1,
                ..Options::default()
            },
            now(),
            at("2028-01-01"),
        )
        .unwrap();
    let revocations = open(&published);
    let find = |hash, now| revocations.find(&KID, &certificate(hash), now).unwrap();
    assert_eq!(find(early, at("2026-12-31")), Some(HashKind::Uci));
    assert_eq!(find(early, at("2027-01-01")), None);
    assert_eq!(find(late, at("2027-01-01")), Some(HashKind::Uci));
    assert_eq!(list.drop_expired(at("2027-01-01")), 1);
    assert_eq!(
        (
            list.len(),
            list.revoked_until(Some(KID), HashKind::Uci, early)
        ),
        (1, None)
    );
    assert_eq!(list.drop_expired(at("2027-12-01")), 1);
    assert!(list.is_empty());
}

#[test]
fn a_stale_list_answers_nothing() {
    let published = publish(&RevocationList::default(), &Options::default());
    let revocations = open(&published);
    let hashes = CertificateHashes::new("VN", "x", Algorithm::Es256, &[0; 64]);
    assert_eq!(revocations.find(&KID, &hashes, now()).unwrap(), None);
    let error = revocations
        .find(&KID, &hashes, at("2026-11-27"))
        .unwrap_err();
    assert!(matches!(error, RevocationError::Stale { .. }), "{error}");
    assert!(error.message().vi.contains("quá hạn") && error.message().en.contains("out of date"));
}

#[test]
fn a_list_with_holes_or_changes_is_not_opened() {
    let mut list = RevocationList::default();
    list.revoke(
        Some(KID),
        HashKind::Uci,
        RevocationHash([1; 16]),
        at("2027-01-01"),
    );
    let published = publish(&list, &Options::default());
    let manifest = published.manifest_json();
    let text = |changed: Json| changed.to_string();
    let json: Json = serde_json::from_str(&manifest).unwrap();
    let with = |path: &str, value: Json| {
        let mut changed = json.clone();
        *changed.pointer_mut(path).unwrap() = value;
        text(changed)
    };
    let twice = json!([json["lists"][0], json["lists"][0]]);
    for (manifest, problem) in [
        ("{".to_owned(), "cannot be read"),
        (with("/lists/0/mode", json!("SPIRAL")), "cannot be read"),
        (with("/lists/0/kid", json!("AQID")), "a kid is 8 bytes"),
        (
            with("/lists/0/mode", json!("VECTOR")),
            "coordinates of its mode",
        ),
        (
            with("/lists/0/partitions/0/chunks", json!({"10": {}})),
            "no hexadecimal digit",
        ),
        (
            with("/lists/0/partitions/0/chunks", json!({"": {}})),
            "no hexadecimal digit",
        ),
        (
            with("/lists/0/partitions/0/chunks", json!({"a": {}, "A": {}})),
            "two chunks",
        ),
        (with("/lists", twice), "two lists of one kid"),
    ] {
        let error =
            Revocations::open(&manifest, |id| published.slices.get(id).cloned()).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }
    let error = Revocations::open(&manifest, |_| None).unwrap_err();
    assert!(matches!(error, RevocationError::Missing { .. }), "{error}");
    assert!(error.message().vi.contains("thiếu hoặc hỏng"));
    let error = Revocations::open(&manifest, |id| {
        let mut bytes = published.slices.get(id).cloned()?;
        bytes.push(0);
        Some(bytes)
    });
    assert!(matches!(
        error.unwrap_err(),
        RevocationError::Changed { .. }
    ));
    // The bytes are those that the manifest names, but of another form.
    let text = manifest.replace("VARHASHLIST", "BLOOMFILTER");
    let error = Revocations::open(&text, |id| published.slices.get(id).cloned()).unwrap_err();
    assert!(matches!(error, RevocationError::Slice { .. }), "{error}");
}

#[test]
fn a_signed_list_is_opened_only_as_it_was_signed_and_by_whom() {
    let country = Country::new("VN");
    let signer = country.signer("2026-01-01", "2028-01-01");
    let mut list = RevocationList::default();
    list.revoke(
        Some(KID),
        HashKind::Uci,
        RevocationHash([1; 16]),
        at("2027-01-01"),
    );
    let published = publish(&list, &Options::default());
    let manifest = published.manifest_json();
    let jws = signer.sign(&manifest, now());
    let open = |manifest: &str, jws: &str, trust: &Trust| {
        Revocations::open_signed(manifest, jws, trust, now(), |id| {
            published.slices.get(id).cloned()
        })
    };
    let trust = Trust::new([country.certificate.clone()]);
    assert!(open(&manifest, &jws, &trust).is_ok());
    let nobody = Trust::default();
    let later = manifest.replace("2026-11-27", "2036-11-27");
    assert_ne!(later, manifest);
    for result in [
        open(&later, &jws, &trust),
        open(&manifest, &jws, &nobody),
        open(&manifest, "a..b", &trust),
    ] {
        let error = result.unwrap_err();
        assert!(matches!(error, RevocationError::Signature(_)), "{error}");
        assert!(error.message().vi.contains("chữ ký"));
    }
}

#[test]
fn options_that_cannot_be_met_are_refused() {
    let mut list = RevocationList::default();
    list.revoke(
        Some(KID),
        HashKind::Uci,
        RevocationHash([1; 16]),
        at("2027-01-01"),
    );
    for rate in [0.0, 1.0, -0.5, 2.0, f64::NAN, f64::INFINITY] {
        let options = options(SliceForm::BloomFilter, Mode::Point, rate);
        let error = list.publish(&options, now(), now()).unwrap_err();
        assert!(matches!(error, PublishError::Rate(_)), "{error}");
    }
}

#[test]
fn a_batch_has_the_fields_of_the_gateway_and_says_the_same_as_the_list() {
    let mut list = RevocationList::default();
    let hash = RevocationHash(*b"0123456789abcdef");
    list.revoke(Some(KID), HashKind::Signature, hash, at("2027-01-01"));
    let batches = list.to_batches("VN");
    let json: Json = serde_json::from_str(&batches[0].to_json()).unwrap();
    assert_eq!(
        json,
        json!({
            "country": "VN", "expires": "2027-01-01T00:00:00Z", "kid": "AQIDBAUGBwg=", "hashType": "SIGNATURE",
            "entries": [{"hash": "MDEyMzQ1Njc4OWFiY2RlZg=="}]
        })
    );
    for hash in random_hashes(3, 2500) {
        list.revoke(None, HashKind::Uci, hash, at("2027-02-01"));
    }
    let batches = list.to_batches("VN");
    let sizes: Vec<_> = batches.iter().map(|batch| batch.entries.len()).collect();
    assert_eq!(sizes, [1000, 1000, 500, 1]);
    let mut again = RevocationList::default();
    for batch in &batches {
        let read = Batch::from_json(&batch.to_json()).unwrap();
        assert_eq!(read, *batch);
        again.add_batch(&read).unwrap();
    }
    assert_eq!(again, list);
}

#[test]
fn a_broken_batch_adds_nothing() {
    let batch = |entries: Json| {
        json!({"country": "VN", "expires": "2027-01-01T00:00:00Z", "kid": "UNKNOWN_KID", "hashType": "UCI", "entries": entries})
            .to_string()
    };
    let good = json!({"hash": "MDEyMzQ1Njc4OWFiY2RlZg=="});
    let many = Json::from(vec![good.clone(); 1001]);
    assert!(Batch::from_json(&batch(json!([good]))).is_ok());
    for (text, problem) in [
        ("[]".to_owned(), "not a revocation batch"),
        (batch(json!([])), "but this one has 0"),
        (batch(many), "but this one has 1001"),
        (
            batch(json!([good, {"hash": "MDEy"}])),
            "entry 2 of the revocation batch",
        ),
        (
            batch(json!([{"hash": "?"}])),
            "entry 1 of the revocation batch",
        ),
    ] {
        let error: BatchError = Batch::from_json(&text).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }
}

type Revocation = (u8, HashKind, [u8; 16], i64);

fn any_revocations() -> impl Strategy<Value = Vec<Revocation>> {
    let kind = prop::sample::select(vec![
        HashKind::Uci,
        HashKind::CountryCodeUci,
        HashKind::Signature,
    ]);
    // Few different first bytes, so that entries meet in a slice.
    let hash = (0..3u8, any::<[u8; 15]>()).prop_map(|(first, rest)| {
        let mut hash = [first; 16];
        hash[1..].copy_from_slice(&rest);
        hash
    });
    prop::collection::vec(
        (0..3u8, kind, hash, 1_800_000_000..1_900_000_000_i64),
        0..40,
    )
}

fn list_of(revocations: &[Revocation]) -> RevocationList {
    let mut list = RevocationList::default();
    for (kid, kind, hash, expires) in revocations {
        list.revoke(
            kid_of(*kid),
            *kind,
            RevocationHash(*hash),
            Timestamp::from_second(*expires).unwrap(),
        );
    }
    list
}

fn kid_of(number: u8) -> Option<Kid> {
    (number > 0).then_some([number; 8])
}

proptest! {
    #[test]
    fn nothing_that_is_revoked_is_ever_missed(
        revocations in any_revocations(),
        bloom in any::<bool>(),
        mode in prop::sample::select(MODES.to_vec()),
        rate in 1e-12..0.9,
        expiry_days in 0..400_u16,
    ) {
        let options = Options { expiry_days, ..options(FORMS[usize::from(bloom)], mode, rate) };
        let published = publish(&list_of(&revocations), &options);
        prop_assert!(published.size.false_positive_rate <= rate);
        let opened = open(&published);
        for (kid, kind, hash, _) in revocations {
            let none = RevocationHash([0xee; 16]);
            let mut hashes = CertificateHashes { uci: none, country_code_uci: none, signature: none };
            *match kind {
                HashKind::Uci => &mut hashes.uci,
                HashKind::CountryCodeUci => &mut hashes.country_code_uci,
                HashKind::Signature => &mut hashes.signature,
            } = RevocationHash(hash);
            let kid = kid_of(kid).unwrap_or([0x77; 8]);
            prop_assert!(opened.find(&kid, &hashes, now()).unwrap().is_some());
        }
    }

    #[test]
    fn merging_is_the_union(a in any_revocations(), b in any_revocations()) {
        let mut merged = list_of(&a);
        merged.merge(&list_of(&b));
        prop_assert_eq!(&merged, &list_of(&[a.clone(), b.clone()].concat()));
        let mut other_way = list_of(&b);
        other_way.merge(&list_of(&a));
        prop_assert_eq!(&merged, &other_way);
        let keys = |list: &RevocationList| -> BTreeSet<_> {
            list.iter().map(|(kid, kind, hash, _)| (kid, kind, hash)).collect()
        };
        let both: BTreeSet<_> = keys(&list_of(&a)).union(&keys(&list_of(&b))).copied().collect();
        prop_assert_eq!(keys(&merged), both);
    }

    #[test]
    fn taking_a_revocation_back_leaves_no_trace(
        kept in any_revocations(),
        mistaken in any_revocations(),
        bloom in any::<bool>(),
    ) {
        let expected = list_of(&kept);
        let mut list = list_of(&kept);
        for (kid, kind, hash, expires) in mistaken {
            let (kid, hash) = (kid_of(kid), RevocationHash(hash));
            if expected.revoked_until(kid, kind, hash).is_none() {
                list.revoke(kid, kind, hash, Timestamp::from_second(expires).unwrap());
                prop_assert!(list.unrevoke(kid, kind, hash));
                prop_assert!(!list.unrevoke(kid, kind, hash));
            }
        }
        prop_assert_eq!(&list, &expected);
        let options = options(FORMS[usize::from(bloom)], Mode::Point, 1e-6);
        prop_assert_eq!(publish(&list, &options), publish(&expected, &options));
    }

    #[test]
    fn no_bytes_make_the_slice_reader_panic_and_what_it_reads_it_writes_back(
        mut bytes in prop::collection::vec(any::<u8>(), 0..200),
        bloom in any::<bool>(),
        plausible in any::<bool>(),
        hash in any::<[u8; 16]>(),
    ) {
        if plausible && bytes.len() > 24 {
            bytes[..4].copy_from_slice(if bloom { &[0, 1, 3, 0] } else { &[0, 1, 9, 9] });
            let words = (bytes.len() - 20) / 4;
            if bloom {
                bytes.truncate(20 + words * 4);
                bytes[16..20].copy_from_slice(&(words as u32).to_be_bytes());
            } else {
                bytes[10] = 1 + bytes[10] % 3;
            }
        }
        let kind = if bloom { SliceKind::BloomFilter } else { SliceKind::VarHashList };
        if let Ok(slice) = Slice::from_bytes(kind, &bytes) {
            let _ = slice.may_contain(&RevocationHash(hash));
            let written = slice.to_bytes();
            let again = Slice::from_bytes(kind, &written).unwrap();
            prop_assert_eq!(again.to_bytes(), written);
        }
    }

    #[test]
    fn no_text_makes_the_manifest_or_batch_reader_panic(text in ".{0,80}") {
        let _ = Revocations::open(&text, |_| Some(Vec::new()));
        let _ = Batch::from_json(&text);
    }
}
