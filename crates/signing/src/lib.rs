//! Keys that sign, certificates that say whose they are, and signatures over many records at once.
//!
//! A [`Signer`] is a private key in use, whatever holds it: [`SoftwareKey`] reads an encrypted file, [`token::TokenKey`] leaves the key
//! in a PKCS#11 token. [`authority`] makes the certificates, [`KeyRing`] chooses the signer whose certificate outlives what it signs, and
//! [`Trust`] answers whether a signer was to be believed at a time. [`Batch`] signs many records with one operation of the key and gives
//! each of them a [`RecordProof`] that verifies alone. Nothing here does storage or HTTP.

pub mod authority;
pub mod batch;
pub mod canonical;
pub mod certificate;
pub mod jws;
pub mod ring;
pub mod software;
pub mod token;
pub mod trust;

pub use batch::{Batch, RecordProof};
pub use certificate::{Certificate, CertificateError, Purpose};
pub use jws::DetachedJws;
pub use ring::KeyRing;
pub use software::{KeyError, KeyKind, SoftwareKey};
pub use trust::{ChainError, Revocation, Trust};

/// The two signature algorithms that the EU specification makes mandatory (hcert spec 1.0.5, section 3.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256; a signature is `r || s`, 64 bytes (RFC 9053, section 2.1).
    Es256,
    /// RSASSA-PSS with SHA-256 and a 32-byte salt (RFC 8230).
    Ps256,
}

/// Something that holds a private key and signs with it: a file, or a token that never gives the key away.
pub trait Signer: Send + Sync {
    /// The algorithm of every signature that it makes.
    fn algorithm(&self) -> Algorithm;

    /// Signs the message (hashing is the signer's part).
    ///
    /// # Errors
    ///
    /// When the key cannot be used now: see [`SignError`].
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// A signer that can also show the public half of its key, which is what a certificate is made of.
pub trait KeyPair: Signer {
    /// The public key as X.509 `SubjectPublicKeyInfo`, DER.
    fn public_key_der(&self) -> &[u8];
}

/// Why no signature was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The provider refused.
    #[error("the key provider refused to sign: {reason}")]
    Provider {
        /// What the provider said.
        reason: String,
    },
    /// The token was there and is gone.
    #[error(
        "the token is gone ({reason}); what was signed stays valid: put the token back, log in again and go on with the rest"
    )]
    TokenGone {
        /// What the provider said.
        reason: String,
    },
}
