//! Keys held by the program itself, at rest in encrypted PKCS#8 files (RFC 5958, RFC 8018).

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PSS_SHA256, RsaKeyPair,
};
use pkcs8::der::pem::PemLabel as _;
use pkcs8::pkcs5::{self, pbes2, scrypt};
use pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument};
use zeroize::Zeroizing;

use crate::{Algorithm, KeyPair, SignError, Signer};

/// Cost of scrypt for files that are written: N = 2^14, r = 8, p = 5, one of the OWASP settings. N is the greatest that OpenSSL reads
/// without being told to.
const SCRYPT: (u8, u32, u32) = (14, 8, 5);
/// The most that a file may ask for when it is read: scrypt over 256 MiB in all, or ten million rounds. More is an attack, not a key.
const MAX_SCRYPT_BYTES: u64 = 1 << 28;
const MAX_ROUNDS: u32 = 10_000_000;

/// A private key in memory. The cryptographic library wipes it when it is dropped.
pub struct SoftwareKey {
    kind: Kind,
    public: Vec<u8>,
}

enum Kind {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// The kinds of key that can be generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// P-256, for ES256: short signatures, and what new signers should use.
    P256,
    /// RSA of 2048 bits, for PS256.
    Rsa2048,
    /// RSA of 3072 bits, for PS256.
    Rsa3072,
}

/// Why a key could not be made, read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The file holds something else than a key that can sign here.
    #[error("this is no usable private key: {reason}")]
    Unusable {
        /// What is wrong.
        reason: String,
    },
    /// The passphrase does not open the file.
    #[error("the passphrase does not open this key; nothing else is wrong with the file")]
    WrongPassphrase,
    /// A key without a passphrase would lie open.
    #[error("a key file needs a passphrase; give one that is not empty")]
    NoPassphrase,
    /// The file is not encrypted.
    #[error(
        "this key lies open; encrypt it with `openssl pkcs8 -topk8 -v2 aes256 -in OPEN -out CLOSED` and destroy the open file"
    )]
    NotEncrypted,
}

impl SoftwareKey {
    /// Makes a new key from the randomness of the system.
    ///
    /// # Errors
    ///
    /// When the system has none.
    pub fn generate(kind: KeyKind) -> Result<Self, KeyError> {
        let rsa = |size| RsaKeyPair::generate(size).map(Kind::Rsa);
        let kind = match kind {
            KeyKind::P256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Kind::Ec),
            KeyKind::Rsa2048 => rsa(KeySize::Rsa2048),
            KeyKind::Rsa3072 => rsa(KeySize::Rsa3072),
        };
        Self::new(kind.map_err(|_| unusable("the system gave no randomness"))?)
    }

    /// Reads an encrypted PKCS#8 file in PEM form: PBES2 with scrypt or PBKDF2, and AES.
    ///
    /// # Errors
    ///
    /// A wrong passphrase is [`KeyError::WrongPassphrase`]; anything else says what is wrong with the file.
    pub fn from_encrypted_pem(pem: &str, passphrase: &[u8]) -> Result<Self, KeyError> {
        let (label, document) = SecretDocument::from_pem(pem).map_err(unusable)?;
        if label != EncryptedPrivateKeyInfoRef::PEM_LABEL {
            return Err(if label.ends_with("PRIVATE KEY") {
                KeyError::NotEncrypted
            } else {
                unusable(format_args!("it is a {}", label.to_lowercase()))
            });
        }
        let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).map_err(unusable)?;
        affordable(&info)?;
        let plain = info.decrypt(passphrase).map_err(|failed| match failed {
            // Deciphered with the wrong key, one text in 256 has a padding that fits, and then is no key.
            pkcs8::Error::EncryptedPrivateKey(pkcs5::Error::DecryptFailed)
            | pkcs8::Error::Asn1(_) => KeyError::WrongPassphrase,
            other => unusable(other),
        })?;
        match PrivateKeyInfoRef::try_from(plain.as_bytes()) {
            Ok(_) => Self::from_pkcs8_der(plain.as_bytes()),
            Err(_) => Err(KeyError::WrongPassphrase),
        }
    }

    /// The key as an encrypted PKCS#8 file in PEM form: PBES2 with scrypt and AES-256-CBC, readable by OpenSSL.
    ///
    /// # Errors
    ///
    /// When the passphrase is empty, or when the system has no randomness.
    pub fn to_encrypted_pem(&self, passphrase: &[u8]) -> Result<String, KeyError> {
        if passphrase.is_empty() {
            return Err(KeyError::NoPassphrase);
        }
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        for random in [&mut salt, &mut iv] {
            rand::fill(random).map_err(|_| unusable("the system gave no randomness"))?;
        }
        let (log_n, r, p) = SCRYPT;
        let cost = scrypt::Params::new(log_n, r, p).map_err(unusable)?;
        let parameters = pbes2::Parameters::generate_scrypt_aes256cbc(cost, &salt, iv);
        let plain = self.to_pkcs8_der()?;
        let info = PrivateKeyInfoRef::try_from(plain.as_slice()).map_err(unusable)?;
        let encrypted = info.encrypt_with_params(parameters.map_err(unusable)?, passphrase);
        let pem = encrypted
            .map_err(unusable)?
            .to_pem(EncryptedPrivateKeyInfoRef::PEM_LABEL, LineEnding::LF);
        Ok(pem.map_err(unusable)?.to_string())
    }

    /// Reads a plain PKCS#8 key in DER form, on P-256 or RSA of 2048 bits and more.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        if let Ok(key) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der) {
            return Self::new(Kind::Ec(key));
        }
        match RsaKeyPair::from_pkcs8(der) {
            Ok(key) => Self::new(Kind::Rsa(key)),
            Err(rejected) => Err(unusable(format_args!(
                "neither P-256 nor RSA of 2048 bits and more ({rejected})"
            ))),
        }
    }

    fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let hidden = |_| unusable("the cryptographic library does not give it");
        Ok(Zeroizing::new(match &self.kind {
            Kind::Ec(key) => key.to_pkcs8v1().map_err(hidden)?.as_ref().to_vec(),
            Kind::Rsa(key) => {
                let der: Pkcs8V1Der<'_> = key.as_der().map_err(hidden)?;
                der.as_ref().to_vec()
            }
        }))
    }

    fn new(kind: Kind) -> Result<Self, KeyError> {
        let public: Result<PublicKeyX509Der<'_>, _> = match &kind {
            Kind::Ec(key) => key.public_key().as_der(),
            Kind::Rsa(key) => key.public_key().as_der(),
        };
        let public = public.map_err(|_| unusable("its public half cannot be written"))?;
        Ok(Self {
            public: public.as_ref().to_vec(),
            kind,
        })
    }
}

impl Signer for SoftwareKey {
    fn algorithm(&self) -> Algorithm {
        match self.kind {
            Kind::Ec(_) => Algorithm::Es256,
            Kind::Rsa(_) => Algorithm::Ps256,
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let random = SystemRandom::new();
        let refused = |_| SignError::Provider {
            reason: "the cryptographic library gave no signature".to_owned(),
        };
        match &self.kind {
            Kind::Ec(key) => {
                let signature = key.sign(&random, message).map_err(refused)?;
                Ok(signature.as_ref().to_vec())
            }
            Kind::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PSS_SHA256, &random, message, &mut signature)
                    .map_err(refused)?;
                Ok(signature)
            }
        }
    }
}

impl KeyPair for SoftwareKey {
    fn public_key_der(&self) -> &[u8] {
        &self.public
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SoftwareKey")
            .field(&self.algorithm())
            .finish()
    }
}

/// Refuses a file that asks for more work than any honest one.
fn affordable(info: &EncryptedPrivateKeyInfoRef<'_>) -> Result<(), KeyError> {
    let kdf = info.encryption_algorithm.pbes2().map(|of| &of.kdf);
    let kdf = kdf.ok_or_else(|| unusable("its encryption is not PBES2"))?;
    let dear = match (kdf.scrypt(), kdf.pbkdf2()) {
        (Some(scrypt), _) => {
            let bytes = scrypt
                .cost_parameter
                .saturating_mul(u64::from(scrypt.block_size) * 128);
            bytes.saturating_mul(u64::from(scrypt.parallelization)) > MAX_SCRYPT_BYTES
        }
        (_, Some(pbkdf2)) => pbkdf2.iteration_count > MAX_ROUNDS,
        _ => true,
    };
    if dear {
        Err(unusable(
            "opening it would take more work than a key file may ask for",
        ))
    } else {
        Ok(())
    }
}

fn unusable(reason: impl fmt::Display) -> KeyError {
    KeyError::Unusable {
        reason: reason.to_string(),
    }
}
