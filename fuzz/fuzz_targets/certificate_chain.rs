//! Certificates and requests: no bytes make the readers panic, what was read reads back, and nobody is believed without an authority.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use signing::authority::Request;
use signing::{Certificate, Trust};

fuzz_target!(|bytes: &[u8]| {
    let _ = Request::from_der(bytes);
    let Ok(certificates) = Certificate::from_bytes(bytes) else {
        return;
    };
    let trust = Trust::new(certificates.clone());
    for certificate in &certificates {
        let again = Certificate::from_pem(&certificate.to_pem()).expect("its own text");
        assert_eq!(again, std::slice::from_ref(certificate));
        assert!(
            Trust::default()
                .check(certificate, Timestamp::UNIX_EPOCH)
                .is_err()
        );
        let _ = trust.check(certificate, certificate.not_before());
        if let Some(algorithm) = certificate.algorithm() {
            assert!(!certificate.verify(algorithm, b"message", bytes));
        }
    }
});
