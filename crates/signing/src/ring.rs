//! Several signers at once, so that one can follow the other: which of them signs what is issued now.

use std::sync::Arc;

use jiff::Timestamp;

use crate::KeyPair;
use crate::certificate::{Certificate, Purpose};

/// The signers of an issuer, with overlapping validity.
#[derive(Clone, Default)]
pub struct KeyRing(Vec<Member>);

/// A signer and its certificate.
#[derive(Clone)]
pub struct Member {
    /// Its certificate.
    pub certificate: Certificate,
    /// Its key.
    pub key: Arc<dyn KeyPair>,
}

/// Why no signer could be added or chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// Key and certificate are not of one pair.
    #[error("the certificate of {subject} does not belong to this key")]
    ForeignKey {
        /// Subject of the certificate.
        subject: String,
    },
    /// No certificate is valid now and for this purpose.
    #[error(
        "no signer for this kind of certificate is valid at {at}; have a signer certificate issued"
    )]
    NoneValid {
        /// When it is issued.
        at: Timestamp,
    },
    /// The certificate would outlive every signer.
    #[error(
        "what is issued would be valid until {expiry}, but no signer is after {longest}, and a signer must not be outlived by what it signed; have a new signer certificate issued"
    )]
    Outlived {
        /// When it shall expire.
        expiry: Timestamp,
        /// The end of the longest validity of the signers.
        longest: Timestamp,
    },
}

impl KeyRing {
    /// Adds a signer.
    ///
    /// # Errors
    ///
    /// When the certificate is not that of the key.
    pub fn add(
        &mut self,
        certificate: Certificate,
        key: Arc<dyn KeyPair>,
    ) -> Result<(), RingError> {
        let of_certificate = certificate.public_key_der();
        if of_certificate.is_ok_and(|public| public == key.public_key_der()) {
            self.0.push(Member { certificate, key });
            Ok(())
        } else {
            Err(RingError::ForeignKey {
                subject: certificate.subject(),
            })
        }
    }

    /// All signers, in the order in which they were added.
    pub fn members(&self) -> &[Member] {
        &self.0
    }

    /// The signer for a certificate of this kind that is issued now and valid until `expiry`: of those whose validity covers both, the
    /// one whose validity began last, so that a new signer takes over as soon as it is valid.
    ///
    /// # Errors
    ///
    /// When none is valid now, or when none is valid long enough.
    pub fn choose(
        &self,
        purpose: Purpose,
        now: Timestamp,
        expiry: Timestamp,
    ) -> Result<&Member, RingError> {
        let valid = |of: &&Member| {
            let certificate = &of.certificate;
            certificate.valid_at(now)
                && certificate.allows(purpose)
                && certificate.may_sign_messages()
        };
        let valid: Vec<&Member> = self.0.iter().filter(valid).collect();
        let ends = valid.iter().map(|of| of.certificate.not_after());
        let longest = ends.max().ok_or(RingError::NoneValid { at: now })?;
        let enough = valid
            .into_iter()
            .filter(|of| expiry <= of.certificate.not_after());
        enough
            .max_by_key(|of| (of.certificate.not_before(), of.certificate.not_after()))
            .ok_or(RingError::Outlived { expiry, longest })
    }
}
