//! Envelope, claims and payload: no bytes make a reader panic, and what was read as a certificate reads back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passport::cbor;
use passport::cose::Sign1;
use passport::cwt::Cwt;
use passport::dcc::Dcc;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(json) = cbor::to_json(bytes) {
        assert!(cbor::to_json(&cbor::from_json(&json)).is_ok());
    }
    if let Ok(dcc) = Dcc::from_cbor(bytes) {
        assert_eq!(Dcc::from_cbor(&dcc.to_cbor()), Ok(dcc));
    }
    let payload = Sign1::parse(bytes).map_or(bytes, |message| message.payload);
    if let Ok(cwt) = Cwt::parse(payload) {
        assert_eq!(Cwt::parse(&cwt.to_cbor()), Ok(cwt));
        let _ = Dcc::from_cbor(cwt.dcc);
    }
});
