//! Key files: written, read, and refused for the right reason.

use proptest::prelude::*;
use signing::{KeyError, KeyKind, KeyPair as _, SoftwareKey};

/// Made by OpenSSL 3.0 with the passphrase `chìa khóa`; see `tests/data/keys/README.md`.
const OPENSSL_PBKDF2: &str = include_str!("../data/keys/p256-pbkdf2.pem");
const OPENSSL_SCRYPT: &str = include_str!("../data/keys/rsa2048-scrypt.pem");
const OPENSSL_OPEN: &str = include_str!("../data/keys/p256-open.pem");
const OPENSSL_P384: &str = include_str!("../data/keys/p384-pbkdf2.pem");
const PASSPHRASE: &str = "chìa khóa";

#[test]
fn a_key_file_reads_back_as_the_same_key() {
    for kind in [KeyKind::P256, KeyKind::Rsa2048] {
        let key = SoftwareKey::generate(kind).expect("randomness");
        let pem = key.to_encrypted_pem(PASSPHRASE.as_bytes()).expect("writes");
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        let again = SoftwareKey::from_encrypted_pem(&pem, PASSPHRASE.as_bytes()).expect("reads");
        assert_eq!(again.public_key_der(), key.public_key_der());
        let other = SoftwareKey::from_encrypted_pem(&pem, b"chia khoa").expect_err("wrong");
        assert_eq!(other, KeyError::WrongPassphrase);
    }
}

#[test]
fn key_files_of_openssl_are_read() {
    for pem in [OPENSSL_PBKDF2, OPENSSL_SCRYPT] {
        assert!(SoftwareKey::from_encrypted_pem(pem, PASSPHRASE.as_bytes()).is_ok());
        let wrong = SoftwareKey::from_encrypted_pem(pem, b"").expect_err("wrong");
        assert_eq!(wrong, KeyError::WrongPassphrase);
    }
}

#[test]
fn a_wrong_passphrase_is_always_called_that_even_when_the_padding_happens_to_fit() {
    // Of 700 wrong keys about three leave a padding that fits.
    let key = SoftwareKey::generate(KeyKind::P256).expect("randomness");
    let pem = key.to_encrypted_pem(b"right").expect("writes");
    let cheap = OPENSSL_PBKDF2;
    for wrong in 0..700u32 {
        let passphrase = wrong.to_be_bytes();
        let error = SoftwareKey::from_encrypted_pem(cheap, &passphrase).expect_err("wrong");
        assert_eq!(error, KeyError::WrongPassphrase);
    }
    assert!(SoftwareKey::from_encrypted_pem(&pem, b"right").is_ok());
}

#[test]
fn what_is_no_encrypted_key_is_refused_for_its_own_reason() {
    let read = |pem: &str| {
        SoftwareKey::from_encrypted_pem(pem, PASSPHRASE.as_bytes()).expect_err("refused")
    };
    assert_eq!(read(OPENSSL_OPEN), KeyError::NotEncrypted);
    assert!(matches!(read(OPENSSL_P384), KeyError::Unusable { .. }));
    assert!(matches!(read("nothing"), KeyError::Unusable { .. }));
    let cut = &OPENSSL_PBKDF2[..OPENSSL_PBKDF2.len() / 2];
    assert!(matches!(read(cut), KeyError::Unusable { .. }));
    let key = SoftwareKey::generate(KeyKind::P256).expect("randomness");
    assert_eq!(
        key.to_encrypted_pem(b"").expect_err("refused"),
        KeyError::NoPassphrase
    );
}

proptest! {
    #[test]
    fn no_bytes_make_the_key_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(SoftwareKey::from_pkcs8_der(&bytes).is_err());
    }
}
