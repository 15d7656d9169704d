//! Trust lists: built, signed, read from others, and refused when they are not fresh.

use jiff::Timestamp;
use passport::trust::{
    Basis, Import, ImportError, ImportedSigner, Rejection, RemovedSigner, TrustError, TrustList,
};
use passport::verify::Signers;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use signing::authority::{Request, Subject, Validity, create_authority, issue_signer};
use signing::{Certificate, ChainError, DetachedJws, KeyKind, SoftwareKey, Trust};

/// A country with an authority, valid from 2020 to 2040.
pub(crate) struct Country {
    code: String,
    key: SoftwareKey,
    pub(crate) certificate: Certificate,
}

/// A signer of a country.
pub(crate) struct Dsc {
    key: SoftwareKey,
    pub(crate) certificate: Certificate,
}

fn at(day: &str) -> Timestamp {
    format!("{day}T00:00:00Z").parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-25")
}

fn stale() -> Timestamp {
    at("2026-11-27")
}

fn key() -> SoftwareKey {
    SoftwareKey::generate(KeyKind::P256).unwrap()
}

impl Country {
    pub(crate) fn new(code: &str) -> Self {
        let key = key();
        let validity = Validity {
            not_before: at("2020-01-01"),
            not_after: at("2040-01-01"),
        };
        let certificate = create_authority(&key, &subject(code, "CSCA"), validity).unwrap();
        Self {
            code: code.to_owned(),
            key,
            certificate,
        }
    }

    pub(crate) fn signer(&self, from: &str, to: &str) -> Dsc {
        let own = key();
        let request = Request::create(&own, &subject(&self.code, "DSC")).unwrap();
        let validity = Validity {
            not_before: at(from),
            not_after: at(to),
        };
        let certificate =
            issue_signer(&self.key, &self.certificate, &request, &[], validity).unwrap();
        Dsc {
            key: own,
            certificate,
        }
    }

    fn trust(&self) -> Trust {
        Trust::new([self.certificate.clone()])
    }
}

impl Dsc {
    pub(crate) fn sign(&self, text: &str, at: Timestamp) -> String {
        let chain = std::slice::from_ref(&self.certificate);
        let jws = DetachedJws::sign(text.as_bytes(), &self.key, chain, at);
        jws.unwrap().text().to_owned()
    }

    fn imported(&self) -> ImportedSigner {
        self.certificate.clone().into()
    }
}

fn subject(country: &str, name: &str) -> Subject {
    Subject {
        country: country.to_owned(),
        organisation: "Bộ Y tế (thử nghiệm)".to_owned(),
        common_name: name.to_owned(),
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn a_list_takes_who_is_valid_and_vouched_for_and_names_the_rest() {
    let (vietnam, nowhere) = (Country::new("VN"), Country::new("XX"));
    let good = vietnam.signer("2026-01-01", "2028-01-01");
    let expired = vietnam.signer("2024-01-01", "2026-01-01");
    let removed = vietnam.signer("2026-01-01", "2028-01-01");
    let foreign = nowhere.signer("2026-01-01", "2028-01-01");
    let removal = RemovedSigner {
        kid: removed.certificate.kid().to_vec(),
        fingerprint: *removed.certificate.fingerprint(),
        since: at("2026-10-01"),
        reason: "key compromised".to_owned(),
    };
    let all = [&good, &expired, &removed, &foreign, &good].map(Dsc::imported);
    let trust = vietnam.trust();
    let (list, rejected) = TrustList::build(
        Basis::Authorities(&trust),
        all.clone(),
        vec![removal.clone()],
        now(),
        stale(),
    );
    let kept: Vec<_> = list
        .signers()
        .iter()
        .map(|signer| &signer.certificate)
        .collect();
    assert_eq!(kept, [&good.certificate]);
    assert_eq!(list.signers()[0].country, "VN");
    assert!(matches!(
        rejected[0].why,
        Rejection::Chain(ChainError::NotValid { .. })
    ));
    assert_eq!(
        rejected[1].why,
        Rejection::Removed {
            since: at("2026-10-01"),
            reason: "key compromised".to_owned()
        }
    );
    assert!(matches!(
        rejected[2].why,
        Rejection::Chain(ChainError::UnknownIssuer { .. })
    ));
    assert_eq!(rejected.len(), 3);
    // Without authorities it is the word of whoever hands the list in.
    let (list, rejected) = TrustList::build(Basis::HandedIn, all, vec![removal], now(), stale());
    assert_eq!((list.signers().len(), rejected.len()), (2, 2));
    assert!(matches!(rejected[0].why, Rejection::NotValid { .. }));
}

#[test]
fn every_signer_with_a_kid_is_handed_out() {
    let country = Country::new("VN");
    let signers: Vec<_> = (0..5)
        .map(|_| country.signer("2026-01-01", "2028-01-01"))
        .collect();
    let shared = vec![1, 2, 3];
    let imported = signers.iter().enumerate().map(|(number, signer)| {
        let mut signer = signer.imported();
        if number < 3 {
            signer.kid.clone_from(&shared);
        }
        signer
    });
    let (list, _) = TrustList::build(Basis::HandedIn, imported, Vec::new(), now(), stale());
    let fresh = list.at(now()).unwrap();
    assert_eq!(fresh.with_kid(&shared).count(), 3);
    assert!(fresh.with_kid(&shared).all(|certificate| {
        signers[..3]
            .iter()
            .any(|dsc| dsc.certificate == *certificate)
    }));
    let last = &signers[4].certificate;
    assert_eq!(fresh.with_kid(&last.kid()).collect::<Vec<_>>(), [last]);
    assert_eq!(fresh.with_kid(&[1, 2]).count(), 0);
    assert_eq!(fresh.with_kid(&[]).count(), 0);
}

#[test]
fn a_removed_signer_is_handed_out_no_more_and_does_not_come_back() {
    let country = Country::new("VN");
    let signer = country.signer("2026-01-01", "2028-01-01");
    let trust = country.trust();
    let build = |removed| {
        TrustList::build(
            Basis::Authorities(&trust),
            [signer.imported()],
            removed,
            now(),
            stale(),
        )
    };
    let (mut list, _) = build(Vec::new());
    let fingerprint = signer.certificate.fingerprint();
    assert!(list.remove(fingerprint, now(), "khóa bị lộ"));
    assert!(!list.remove(fingerprint, now(), "again"));
    assert_eq!(
        list.at(now())
            .unwrap()
            .with_kid(&signer.certificate.kid())
            .count(),
        0
    );
    let removal = list.removed_signer(fingerprint).unwrap().clone();
    assert_eq!(
        (removal.since, removal.reason.as_str()),
        (now(), "khóa bị lộ")
    );
    let (again, rejected) = build(list.removed().to_vec());
    assert_eq!((again.signers().len(), rejected.len()), (0, 1));
    assert_eq!(TrustList::from_json(&list.to_json()).unwrap(), list);
}

#[test]
fn a_list_that_is_not_fresh_hands_out_nobody() {
    let (list, _) = TrustList::build(
        Basis::HandedIn,
        Vec::<ImportedSigner>::new(),
        Vec::new(),
        now(),
        stale(),
    );
    let second = jiff::SignedDuration::from_secs(1);
    assert!(list.at(stale() - second).is_ok());
    let error = list.at(stale()).unwrap_err();
    assert!(matches!(error, TrustError::Stale { .. }));
    assert_eq!(
        error.message().vi,
        "Danh sách tin cậy đã quá hạn từ 27/11/2026 00:00 UTC. Hãy kết nối mạng để tải danh sách mới rồi kiểm tra lại."
    );
    assert_eq!(
        error.message().en,
        "The trust list is out of date since 2026-11-27 00:00 UTC. Go online to fetch a new one, then check again."
    );
    // A clock that is five minutes slow is slow; one that is a day slow is wrong.
    assert!(list.at(now() - second * 300).is_ok());
    let error = list.at(at("2026-11-24")).unwrap_err();
    assert!(matches!(error, TrustError::Future { .. }) && error.message().en.contains("clock"));
    assert_eq!(
        list.status(now()).vi,
        "Danh sách tin cậy lúc 25/11/2026 00:00 UTC, 0 chứng thư, dùng được đến 27/11/2026 00:00 UTC."
    );
    assert_eq!(
        list.status(stale()).en,
        list.at(stale()).unwrap_err().message().en
    );
}

#[test]
fn a_signed_list_is_read_only_as_it_was_signed_and_by_whom() {
    let country = Country::new("VN");
    let (keeper, signer) = (
        country.signer("2026-01-01", "2028-01-01"),
        country.signer("2026-01-01", "2028-01-01"),
    );
    let (list, _) = TrustList::build(
        Basis::HandedIn,
        [signer.imported()],
        Vec::new(),
        now(),
        stale(),
    );
    let text = list.to_json();
    let jws = keeper.sign(&text, now());
    let trust = country.trust();
    assert_eq!(TrustList::open(&text, &jws, &trust, now()).unwrap(), list);
    let longer = text.replace("2026-11-27", "2036-11-27");
    assert_ne!(longer, text);
    let stranger = Country::new("VN").trust();
    for (text, jws, trust) in [
        (&longer, jws.as_str(), &trust),
        (&text, &jws, &stranger),
        (&text, "", &trust),
    ] {
        let error = TrustList::open(text, jws, trust, now()).unwrap_err();
        assert!(matches!(error, TrustError::Signature(_)), "{error}");
        assert!(error.message().vi.contains("chữ ký"));
    }
    let error = TrustList::open(&text, &jws, &trust, stale()).unwrap_err();
    assert!(matches!(error, TrustError::Stale { .. }), "{error}");
}

#[test]
fn a_broken_list_is_refused_as_a_whole() {
    let country = Country::new("VN");
    let signer = country.signer("2026-01-01", "2028-01-01");
    let (mut list, _) = TrustList::build(
        Basis::HandedIn,
        [signer.imported()],
        Vec::new(),
        now(),
        stale(),
    );
    let good: Json = serde_json::from_str(&list.to_json()).unwrap();
    list.remove(signer.certificate.fingerprint(), now(), "x");
    let removed: Json = serde_json::from_str(&list.to_json()).unwrap();
    let with = |path: &str, value: Json| {
        let mut changed = good.clone();
        *changed.pointer_mut(path).unwrap() = value;
        changed.to_string()
    };
    for (text, problem) in [
        ("[]".to_owned(), "cannot be read"),
        (with("/asOf", json!("yesterday")), "cannot be read"),
        (with("/signers/0/kid", json!("?")), "is no kid"),
        (with("/signers/0/kid", json!("")), "is no kid"),
        (
            with("/signers/0/certificate", json!("AAAA")),
            "no X.509 certificate",
        ),
        (
            with(
                "/removed",
                json!([{"kid": "AQ==", "fingerprint": "00", "since": "2026-01-01T00:00:00Z", "reason": ""}]),
            ),
            "is no fingerprint",
        ),
        (
            with("/removed", removed["removed"].clone()),
            "both trusted and removed",
        ),
    ] {
        let error = TrustList::from_json(&text).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
        assert!(error.message().vi.contains("bị hỏng"));
    }
}

#[test]
fn the_list_of_the_eu_gateway_is_read() {
    let country = Country::new("VN");
    let signer = country.signer("2026-01-01", "2028-01-01");
    let der = base64(signer.certificate.der());
    let entry = |kind: &str, certificate: &Certificate| {
        json!({
            "kid": base64(&certificate.kid()), "timestamp": "2026-11-01T12:00:00+01:00", "country": "VN",
            "certificateType": kind, "thumbprint": hex::encode(certificate.fingerprint()),
            "signature": "MIIB", "rawData": base64(certificate.der())
        })
    };
    let mut wrong_thumbprint = entry("DSC", &signer.certificate);
    wrong_thumbprint["thumbprint"] = json!("00");
    let mut own_kid = entry("DSC", &signer.certificate);
    own_kid["kid"] = json!("AQIDBAUGBwg=");
    own_kid["rawData"] = json!(signer.certificate.to_pem());
    let list = json!([
        entry("CSCA", &country.certificate),
        entry("DSC", &signer.certificate),
        own_kid,
        entry("UPLOAD", &country.certificate),
        wrong_thumbprint,
        {"certificateType": "DSC", "kid": "AQIDBAUGBwg="},
        {"certificateType": "DSC", "rawData": der.get(..40).unwrap()}
    ]);
    let import = Import::read(format!("\n {list}").as_bytes()).unwrap();
    assert_eq!(
        import.authorities,
        std::slice::from_ref(&country.certificate)
    );
    let kids: Vec<_> = import
        .signers
        .iter()
        .map(|signer| signer.kid.clone())
        .collect();
    assert_eq!(
        kids,
        [
            signer.certificate.kid().to_vec(),
            vec![1, 2, 3, 4, 5, 6, 7, 8]
        ]
    );
    let skipped: Vec<_> = import
        .skipped
        .iter()
        .map(|skipped| format!("{} {}", skipped.entry, skipped.problem))
        .collect();
    assert_eq!(
        skipped[0],
        "4 certificates of type UPLOAD are not used here"
    );
    assert_eq!(skipped[1], "5 its thumbprint is of another certificate");
    assert_eq!(skipped[2], "6 it has no rawData");
    assert!(
        skipped[3].starts_with("7 this is no X.509 certificate"),
        "{}",
        skipped[3]
    );
    assert_eq!(skipped.len(), 4);
}

#[test]
fn plain_lists_are_read() {
    let country = Country::new("VN");
    let signer = country.signer("2026-01-01", "2028-01-01");
    let (kid, der) = (
        base64(&signer.certificate.kid()),
        base64(signer.certificate.der()),
    );
    let pem = signer.certificate.to_pem();
    for list in [
        json!({&kid: der}).to_string(),
        json!({&kid: [der]}).to_string(),
        json!([der]).to_string(),
        json!([pem]).to_string(),
        pem.clone(),
    ] {
        let import = Import::read(list.as_bytes()).unwrap();
        assert_eq!(import.signers, [signer.imported()], "{list}");
        assert_eq!(import.skipped, []);
    }
    let import = Import::read(signer.certificate.der()).unwrap();
    assert_eq!(import.signers, [signer.imported()]);
    let both = format!("{}{pem}", country.certificate.to_pem());
    let import = Import::read(both.as_bytes()).unwrap();
    assert_eq!((import.authorities.len(), import.signers.len()), (1, 1));
    // Two signers of one kid, and a kid that is none.
    let other = country.signer("2026-01-01", "2028-01-01");
    let list = json!({&kid: [der, base64(other.certificate.der())], "?": der});
    let import = Import::read(list.to_string().as_bytes()).unwrap();
    assert_eq!((import.signers.len(), import.skipped.len()), (2, 1));
    assert_eq!(import.signers[0].kid, import.signers[1].kid);
}

#[test]
fn what_is_no_list_is_refused() {
    for text in [
        "",
        "hello",
        "{\"a\": 1}",
        "[1]",
        "[[]]",
        "{\"a\": [1]}",
        "{",
        "\u{feff}[]",
    ] {
        assert!(Import::read(text.as_bytes()).is_err(), "{text}");
    }
    assert!(matches!(Import::read(b"[1]"), Err(ImportError::Form)));
    assert_eq!(Import::read(b"[]").unwrap(), Import::default());
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in "[\\[{\"a-zA-Z0-9:, \\]}]{0,60}") {
        let _ = Import::read(text.as_bytes());
        let _ = TrustList::from_json(&text);
    }
}
