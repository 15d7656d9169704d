//! Whether a signer was to be believed at a time: its chain, its validity and what has been revoked.

use aws_lc_rs::signature as lc;
use jiff::Timestamp;
use x509_cert::der::asn1::ContextSpecific;
use x509_cert::der::{Decode, SliceReader};
use x509_cert::spki::{AlgorithmIdentifierOwned, AlgorithmIdentifierRef, ObjectIdentifier};

use crate::certificate::Certificate;

/// The authorities (CSCA) whose signers are believed, and what has been revoked.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    authorities: Vec<Certificate>,
    revocations: Vec<Revocation>,
}

/// A certificate that is not believed from a moment on. What it had signed before stays valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// SHA-256 of the certificate's DER.
    pub fingerprint: [u8; 32],
    /// The first moment at which it is not believed.
    pub since: Timestamp,
}

/// Why a signer was not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// No trusted authority has the name of the issuer.
    #[error(
        "nobody trusted here has issued the certificate of {subject}; its issuer calls itself {issuer}"
    )]
    UnknownIssuer {
        /// Subject of the certificate.
        subject: String,
        /// Who it names as its issuer.
        issuer: String,
    },
    /// An authority of this name is trusted, but did not sign the certificate.
    #[error("{issuer} has not signed the certificate of {subject}: it is forged or damaged")]
    Forged {
        /// Subject of the certificate.
        subject: String,
        /// Who it names as its issuer.
        issuer: String,
    },
    /// The certificate that should be an authority's may not sign others.
    #[error("the certificate of {issuer} may not sign other certificates")]
    NotAnAuthority {
        /// Subject of the issuing certificate.
        issuer: String,
    },
    /// The certificate may not sign messages.
    #[error("the certificate of {subject} is not for signing")]
    NotForSigning {
        /// Subject of the certificate.
        subject: String,
    },
    /// The moment lies before or after the validity.
    #[error("the certificate of {subject} is valid from {not_before} to {not_after}, not at {at}")]
    NotValid {
        /// Subject of the certificate.
        subject: String,
        /// When the signature was made.
        at: Timestamp,
        /// Beginning of the validity.
        not_before: Timestamp,
        /// End of the validity.
        not_after: Timestamp,
    },
    /// The signature was made after the certificate had been revoked.
    #[error("the certificate of {subject} is revoked since {since}, the signature is of {at}")]
    Revoked {
        /// Subject of the certificate.
        subject: String,
        /// When the signature was made.
        at: Timestamp,
        /// Since when it is revoked.
        since: Timestamp,
    },
}

impl Trust {
    /// Trust in these authorities.
    pub fn new(authorities: impl IntoIterator<Item = Certificate>) -> Self {
        Self {
            authorities: authorities.into_iter().collect(),
            revocations: Vec::new(),
        }
    }

    /// The same trust, with further revocations.
    #[must_use]
    pub fn with_revocations(mut self, more: impl IntoIterator<Item = Revocation>) -> Self {
        self.revocations.extend(more);
        self
    }

    /// The authorities.
    pub fn authorities(&self) -> &[Certificate] {
        &self.authorities
    }

    /// Whether the signer was to be believed for a signature that existed at this moment; gives the authority that vouches for it.
    ///
    /// # Errors
    ///
    /// Says why not.
    pub fn check(&self, signer: &Certificate, at: Timestamp) -> Result<&Certificate, ChainError> {
        let authority = self.issuer(signer)?;
        if !authority.may_sign_certificates() {
            return Err(ChainError::NotAnAuthority {
                issuer: authority.subject(),
            });
        }
        if !signer.may_sign_messages() {
            return Err(ChainError::NotForSigning {
                subject: signer.subject(),
            });
        }
        for certificate in [authority, signer] {
            valid(certificate, at)?;
            self.not_revoked(certificate, at)?;
        }
        Ok(authority)
    }

    /// The authority that has signed the certificate: several may bear the same name when their keys are changed.
    fn issuer(&self, signer: &Certificate) -> Result<&Certificate, ChainError> {
        let (subject, issuer) = (signer.subject(), signer.issuer());
        let name = signer.parsed().tbs_certificate().issuer();
        let mut named = self
            .authorities
            .iter()
            .filter(|of| of.parsed().tbs_certificate().subject() == name)
            .peekable();
        if named.peek().is_none() {
            return Err(ChainError::UnknownIssuer { subject, issuer });
        }
        named
            .find(|authority| has_signed(authority, signer))
            .ok_or(ChainError::Forged { subject, issuer })
    }

    fn not_revoked(&self, certificate: &Certificate, at: Timestamp) -> Result<(), ChainError> {
        let since = self
            .revocations
            .iter()
            .filter(|of| of.fingerprint == *certificate.fingerprint())
            .map(|of| of.since)
            .min();
        match since {
            Some(since) if since <= at => Err(ChainError::Revoked {
                subject: certificate.subject(),
                at,
                since,
            }),
            _ => Ok(()),
        }
    }
}

fn valid(certificate: &Certificate, at: Timestamp) -> Result<(), ChainError> {
    if certificate.valid_at(at) {
        return Ok(());
    }
    Err(ChainError::NotValid {
        subject: certificate.subject(),
        at,
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
    })
}

/// Whether the key of the authority made the signature of the certificate, over the bytes as they were received.
pub(crate) fn has_signed(authority: &Certificate, certificate: &Certificate) -> bool {
    let parsed = certificate.parsed();
    let Some(signature) = parsed.signature().as_bytes() else {
        return false;
    };
    let Ok(message) = certificate.signed_part() else {
        return false;
    };
    // The algorithm stands outside and inside of what is signed; they have to agree (RFC 5280, section 4.1.1.2).
    parsed.signature_algorithm() == parsed.tbs_certificate().signature()
        && verify_x509(authority, parsed.signature_algorithm(), message, signature)
}

fn verify_x509(
    authority: &Certificate,
    algorithm: &AlgorithmIdentifierOwned,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let info = authority
        .parsed()
        .tbs_certificate()
        .subject_public_key_info();
    let curve = info
        .algorithm
        .parameters
        .as_ref()
        .and_then(|of| of.decode_as().ok());
    let algorithm = x509_algorithm(algorithm, curve);
    let key = info.subject_public_key.as_bytes();
    algorithm.zip(key).is_some_and(|(algorithm, key)| {
        let key = lc::UnparsedPublicKey::new(algorithm, key);
        key.verify(message, signature).is_ok()
    })
}

/// The algorithm of a signature over a certificate or request. The curve is a property of the key.
pub(crate) fn x509_algorithm(
    algorithm: &AlgorithmIdentifierOwned,
    curve: Option<ObjectIdentifier>,
) -> Option<&'static dyn lc::VerificationAlgorithm> {
    let curve = curve.map(|oid| oid.to_string()).unwrap_or_default();
    let hash = match algorithm.oid.to_string().as_str() {
        "1.2.840.113549.1.1.10" => pss_hash(algorithm)?,
        other => return plain_algorithm(other, &curve),
    };
    match hash.to_string().as_str() {
        "2.16.840.1.101.3.4.2.1" => Some(&lc::RSA_PSS_2048_8192_SHA256),
        "2.16.840.1.101.3.4.2.2" => Some(&lc::RSA_PSS_2048_8192_SHA384),
        "2.16.840.1.101.3.4.2.3" => Some(&lc::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

fn plain_algorithm(oid: &str, curve: &str) -> Option<&'static dyn lc::VerificationAlgorithm> {
    const P256: &str = "1.2.840.10045.3.1.7";
    const P384: &str = "1.3.132.0.34";
    const P521: &str = "1.3.132.0.35";
    Some(match (oid, curve) {
        ("1.2.840.10045.4.3.2", P256) => &lc::ECDSA_P256_SHA256_ASN1,
        ("1.2.840.10045.4.3.2", P384) => &lc::ECDSA_P384_SHA256_ASN1,
        ("1.2.840.10045.4.3.3", P256) => &lc::ECDSA_P256_SHA384_ASN1,
        ("1.2.840.10045.4.3.3", P384) => &lc::ECDSA_P384_SHA384_ASN1,
        ("1.2.840.10045.4.3.4", P521) => &lc::ECDSA_P521_SHA512_ASN1,
        ("1.2.840.113549.1.1.11", _) => &lc::RSA_PKCS1_2048_8192_SHA256,
        ("1.2.840.113549.1.1.12", _) => &lc::RSA_PKCS1_2048_8192_SHA384,
        ("1.2.840.113549.1.1.13", _) => &lc::RSA_PKCS1_2048_8192_SHA512,
        _ => return None,
    })
}

/// The hash of RSASSA-PSS parameters (RFC 4055, section 3.1); their default, SHA-1, is not accepted.
fn pss_hash(algorithm: &AlgorithmIdentifierOwned) -> Option<ObjectIdentifier> {
    let parameters = algorithm.parameters.as_ref()?;
    let mut reader = SliceReader::new(parameters.value()).ok()?;
    let hash = ContextSpecific::<AlgorithmIdentifierRef<'_>>::decode(&mut reader).ok()?;
    (hash.tag_number.value() == 0).then_some(hash.value.oid)
}
