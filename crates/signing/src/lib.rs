//! Keys that sign, certificates that say whose they are, and signatures over many records at once.
//!
//! A [`Signer`] is a private key in use, whatever holds it: [`software::SoftwareKey`] reads an encrypted file. A [`Certificate`] is the
//! public side. Nothing here does storage or HTTP.

pub mod certificate;
pub mod software;

pub use certificate::{Certificate, CertificateError, Purpose};
pub use software::SoftwareKey;

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
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The provider refused or is gone.
    #[error("the key provider does not answer: {reason}")]
    Provider {
        /// What the provider said.
        reason: String,
    },
}
