//! No bytes and no text make a parser panic, and what is written reads back the same.

use jiff::Timestamp;
use passport::cwt::Cwt;
use passport::dcc::{Dcc, Entry, PersonName, Recovery, Test, Vaccination};
use passport::{base45, cbor, cose, uvci, zlib};
use proptest::prelude::*;
use serde_json::Value;
use signing::Algorithm;

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,12}"
}

fn name() -> impl Strategy<Value = PersonName> {
    let part = || prop::option::of(text());
    (part(), part(), part(), part()).prop_map(|(family, family_icao, given, given_icao)| {
        PersonName {
            family,
            family_icao,
            given,
            given_icao,
        }
    })
}

fn entry() -> impl Strategy<Value = Entry> {
    let texts = prop::array::uniform8(text());
    let options = prop::array::uniform3(prop::option::of(text()));
    (0..3, texts, options, 1_u32.., 1_u32..).prop_map(|(kind, texts, options, dose, doses)| {
        let [disease, a, b, c, d, country, issuer, id] = texts;
        let [name, manufacturer, centre] = options;
        match kind {
            0 => Entry::Vaccination(Vaccination {
                disease,
                prophylaxis: a,
                product: b,
                manufacturer: c,
                dose,
                doses,
                date: d,
                country,
                issuer,
                id,
            }),
            1 => Entry::Test(Test {
                disease,
                kind: a,
                name,
                manufacturer,
                sampled_at: b,
                result: c,
                centre,
                country,
                issuer,
                id,
            }),
            _ => Entry::Recovery(Recovery {
                disease,
                first_positive: a,
                country,
                issuer,
                valid_from: b,
                valid_until: c,
                id,
            }),
        }
    })
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn base45_reads_back_what_it_wrote(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut text = String::new();
        base45::encode_into(&bytes, &mut text);
        prop_assert_eq!(base45::decode(&text), Ok(bytes));
    }

    #[test]
    fn a_text_that_is_base45_is_the_only_spelling_of_its_bytes(text in "[0-9A-Z $%*+./:-]{0,60}|\\PC{0,20}") {
        if let Ok(bytes) = base45::decode(&text) {
            let mut again = String::new();
            base45::encode_into(&bytes, &mut again);
            prop_assert_eq!(again, text);
        }
    }

    #[test]
    fn zlib_reads_back_what_it_wrote_and_survives_anything(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert_eq!(zlib::inflate(&zlib::deflate(&bytes).unwrap()), Ok(bytes.clone()));
        let _ = zlib::inflate(&bytes);
        let _ = zlib::inflate(&[&[0x78, 0xDA], &bytes[..]].concat());
    }

    #[test]
    fn cbor_reads_back_what_it_wrote(json in json()) {
        prop_assert_eq!(cbor::to_json(&cbor::from_json(&json)), Ok(json));
    }

    #[test]
    fn a_payload_reads_back_the_same_in_both_forms(
        version in text(),
        name in name(),
        birth_date in text(),
        entry in entry(),
    ) {
        let dcc = Dcc { version, name, birth_date, entry };
        prop_assert_eq!(Dcc::from_cbor(&dcc.to_cbor()), Ok(dcc.clone()));
        prop_assert_eq!(Dcc::from_json(&dcc.to_json()), Ok(dcc));
    }

    #[test]
    fn claims_and_envelope_read_back_the_same(
        issuer in prop::option::of(text()),
        times in prop::array::uniform2(prop::option::of(0..4_000_000_000_i64)),
        payload in json(),
        signature in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let dcc = cbor::from_json(&payload);
        let [issued_at, expires_at] = times.map(|time| time.map(|time| Timestamp::from_second(time).unwrap()));
        let cwt = Cwt { issuer: issuer.as_deref(), issued_at, expires_at, dcc: &dcc };
        let claims = cwt.to_cbor();
        prop_assert_eq!(Cwt::parse(&claims), Ok(cwt));
        let protected = cose::protected_header(Algorithm::Ps256, b"12345678");
        let message = cose::sign1(&protected, &claims, &signature);
        let read = cose::Sign1::parse(&message).unwrap();
        prop_assert_eq!((read.payload, read.signature), (&claims[..], &signature[..]));
        prop_assert_eq!(read.to_be_signed(), cose::to_be_signed(&protected, &claims));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = cbor::to_json(&bytes);
        let _ = cose::Sign1::parse(&bytes);
        let _ = Cwt::parse(&bytes);
        let _ = Dcc::from_cbor(&bytes);
    }

    #[test]
    fn no_text_makes_the_identifier_check_panic(text in "\\PC{0,60}|URN:UVCI:01:VN:[A-Z0-9#/:]{0,40}") {
        let _ = uvci::check(&text);
    }
}
