//! Keys held by the program itself, at rest in encrypted PKCS#8 files.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PSS_SHA256, RsaKeyPair,
};

use crate::{Algorithm, KeyPair, SignError, Signer};

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
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file holds something else than a key that can sign here.
    #[error("this is no usable private key: {reason}")]
    Unusable {
        /// What is wrong.
        reason: String,
    },
}

impl SoftwareKey {
    /// Makes a new key from the randomness of the system.
    ///
    /// # Errors
    ///
    /// When the system has none.
    pub fn generate(kind: KeyKind) -> Result<Self, KeyError> {
        let no_random = |_| KeyError::Unusable {
            reason: "the system gave no randomness".to_owned(),
        };
        let kind = match kind {
            KeyKind::P256 => Kind::Ec(
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(no_random)?,
            ),
            KeyKind::Rsa2048 => {
                Kind::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).map_err(no_random)?)
            }
            KeyKind::Rsa3072 => {
                Kind::Rsa(RsaKeyPair::generate(KeySize::Rsa3072).map_err(no_random)?)
            }
        };
        Self::new(kind)
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
            Err(rejected) => Err(KeyError::Unusable {
                reason: format!("neither P-256 nor RSA of 2048 bits and more ({rejected})"),
            }),
        }
    }

    fn new(kind: Kind) -> Result<Self, KeyError> {
        let public: Result<PublicKeyX509Der<'_>, _> = match &kind {
            Kind::Ec(key) => key.public_key().as_der(),
            Kind::Rsa(key) => key.public_key().as_der(),
        };
        let public = public.map_err(|_| KeyError::Unusable {
            reason: "its public half cannot be written".to_owned(),
        })?;
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
            reason: "the cryptographic library refused to sign".to_owned(),
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
