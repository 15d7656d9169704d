//! Revocation lists after the EU specification: hashes in slices, signed.
//!
//! An issuer keeps a [`RevocationList`]: exactly what is revoked, by signer (kid) and hash, with the day from which it need not be listed
//! any more. [`RevocationList::publish`] cuts it into slices that verifiers download, and a [`Manifest`] that says which slice answers
//! which question. A verifier opens both as [`Revocations`] and asks for the hashes of a certificate; nobody learns from a slice who is
//! revoked, only whether somebody at hand is.
//!
//! ```
//! use passport::revocation::{CertificateHashes, HashKind, Options, RevocationList, Revocations};
//!
//! let kid = *b"\x01\x02\x03\x04\x05\x06\x07\x08";
//! let hashes = CertificateHashes::new("VN", "URN:UVCI:01:VN:5E1AC3", signing::Algorithm::Es256, &[7; 64]);
//! let (now, expires) = ("2026-11-25T00:00:00Z".parse()?, "2027-06-01T00:00:00Z".parse()?);
//!
//! let mut list = RevocationList::default();
//! list.revoke(Some(kid), HashKind::Uci, hashes.uci, expires);
//! let published = list.publish(&Options::default(), now, "2026-11-27T00:00:00Z".parse()?)?;
//!
//! let revocations = Revocations::open(&published.manifest_json(), |id| published.slices.get(id).cloned())?;
//! assert_eq!(revocations.find(&kid, &hashes, now)?, Some(HashKind::Uci));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Hashes
//!
//! Commission Implementing Decision (EU) 2022/483, annex: the first 128 bits of SHA-256 over
//!
//! * `UCI`: the unique certificate identifier as it stands in `ci`, in UTF-8;
//! * `COUNTRYCODEUCI`: the issuing country (`iss`, two letters) and the identifier behind it;
//! * `SIGNATURE`: the signature; of an ECDSA signature its first half, `r`, because the second can be changed without making it invalid.
//!
//! # Slices
//!
//! A list is cut by the first hexadecimal digits of the hash, so that a verifier fetches little: mode `POINT` makes 16 chunks of the first
//! digit; `VECTOR` partitions by the first digit (`x`) and chunks by the second; `COORDINATE` partitions by the first two (`x`, `y`) and
//! chunks by the third. Within a chunk there is one slice for each day of expiry. A slice is named by the SHA-256 of its bytes. All numbers
//! are big-endian. Either form can give a false alarm and neither can miss what is revoked.
//!
//! A **Bloom filter** (`BLOOMFILTER`):
//!
//! | bytes | content |
//! |---|---|
//! | 0–1 | version, 1 |
//! | 2 | `k`, number of hash rounds, 1 to 127 |
//! | 3 | hash function, 0 = SHA-256 |
//! | 4–7 | promised false-positive rate, IEEE 754 single |
//! | 8–11 | elements for which it was built |
//! | 12–15 | elements in it |
//! | 16–19 | number of words `w` |
//! | 20– | `w` words of 4 bytes; bit 0 is the highest of the first word |
//!
//! Round `i` sets the bit SHA-256(hash ‖ byte `i`), read as a *signed* integer, modulo 32·`w`.
//!
//! A **variable-length hash list** (`VARHASHLIST`):
//!
//! | bytes | content |
//! |---|---|
//! | 0–1 | version, 1 |
//! | 2–5 | promised false-positive rate, IEEE 754 single |
//! | 6–9 | number of hashes |
//! | 10 | bytes kept of each hash, 1 to 16 |
//! | 11– | the beginnings of the hashes, ascending as signed integers |
//!
//! # How far this meets the EU's software
//!
//! Forms, names and modes are those of the reference services (`dgca-revocation-distribution-service`, `dgc-bloomfilter`,
//! `dgca-partialvarhashfilter`); filters are built bit for bit as theirs, and their published vectors are among our tests. Differences:
//!
//! * The public description of the Bloom filter puts bytes 2 and 3 the other way round than the reference writes them. Both are read; the
//!   order of the reference is written. The iOS reader of the reference, which takes the rate as 8 bytes, fits neither.
//! * The number of bytes that a hash list keeps follows from the promised rate; the reference's formula does not promise one.
//! * In a hash list the reference writes a hash that begins with nine one bits as if it began with eight zeros; such an entry of theirs
//!   (one in 512) cannot be found, by them or by us. Hashes are written here as they are.
//! * What the services answer from several addresses (`/lists`, `/lists/{kid}/partitions`) stands here in one manifest with the same
//!   fields, and the manifest is signed as a whole by a detached JWS ([`signing::DetachedJws`]); the EU signs batches between states as
//!   CMS, which is not spoken here. [`Batch`] is the JSON within.

mod batch;
mod bloom;
mod hash_list;
mod list;
mod manifest;
mod verify;

pub use batch::{Batch, BatchError};
pub use list::{Options, Publication, PublishError, RevocationList, Size, SliceForm};
pub use manifest::{ChunkSlice, KidList, Manifest, Mode, Partition, SliceId, SliceKind};
pub use verify::{RevocationError, Revocations, Slice, SliceError};

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use signing::Algorithm;

use crate::verify::Contents;

/// Identifies a signer: the first 8 bytes of its certificate's fingerprint.
pub type Kid = [u8; 8];

/// What a revocation hash is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HashKind {
    /// The signature of the certificate.
    Signature,
    /// The unique certificate identifier.
    Uci,
    /// Country and unique certificate identifier.
    CountryCodeUci,
}

/// The first 128 bits of a SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RevocationHash(pub [u8; 16]);

/// The hashes under which a certificate may be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateHashes {
    /// Of its signature.
    pub signature: RevocationHash,
    /// Of its identifier.
    pub uci: RevocationHash,
    /// Of its country and identifier.
    pub country_code_uci: RevocationHash,
}

impl CertificateHashes {
    /// The hashes of a certificate: issuing country, identifier, and signature with its algorithm.
    pub fn new(country: &str, uci: &str, algorithm: Algorithm, signature: &[u8]) -> Self {
        let signed = match algorithm {
            Algorithm::Es256 => signature.split_at(signature.len() / 2).0,
            Algorithm::Ps256 => signature,
        };
        Self {
            signature: RevocationHash::of(&[signed]),
            uci: RevocationHash::of_uci(uci),
            country_code_uci: RevocationHash::of(&[country.as_bytes(), uci.as_bytes()]),
        }
    }

    /// The hashes of what a code holds; `None` when the certificate in it cannot be read.
    ///
    /// The algorithm follows from the length: signatures of ES256 alone have 64 bytes (RFC 9053, section 2.1), those of RSA keys have 256
    /// and more.
    pub fn of(contents: &Contents) -> Option<Self> {
        let entry = &contents.dcc.as_ref()?.entry;
        let algorithm = match contents.signature.len() {
            64 => Algorithm::Es256,
            _ => Algorithm::Ps256,
        };
        let country = contents.issuer.as_deref().unwrap_or(entry.country());
        Some(Self::new(
            country,
            entry.id(),
            algorithm,
            &contents.signature,
        ))
    }

    /// Each hash with its kind.
    pub fn all(&self) -> [(HashKind, RevocationHash); 3] {
        [HashKind::Uci, HashKind::CountryCodeUci, HashKind::Signature]
            .map(|kind| (kind, self.of_kind(kind)))
    }

    /// The hash of a kind.
    pub fn of_kind(&self, kind: HashKind) -> RevocationHash {
        match kind {
            HashKind::Signature => self.signature,
            HashKind::Uci => self.uci,
            HashKind::CountryCodeUci => self.country_code_uci,
        }
    }
}

impl RevocationHash {
    /// The hash of a unique certificate identifier, for [`HashKind::Uci`].
    pub fn of_uci(uci: &str) -> Self {
        Self::of(&[uci.as_bytes()])
    }

    fn of(parts: &[&[u8]]) -> Self {
        let mut sha = Sha256::new();
        for part in parts {
            sha.update(part);
        }
        let mut hash = [0; 16];
        for (to, from) in hash.iter_mut().zip(sha.finalize()) {
            *to = from;
        }
        Self(hash)
    }

    /// The first `digits` hexadecimal digits as a number, at most three.
    fn prefix(&self, digits: u32) -> u16 {
        let [first, second, ..] = self.0;
        u16::from_be_bytes([first, second]) >> (16 - 4 * digits)
    }
}

impl fmt::Debug for RevocationHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for RevocationHash {
    /// In hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_of_what_the_decision_says() {
        // Known answers: printf 'VNURN:UVCI:01:VN:ABC' | sha256sum, and so on.
        let mut signature = vec![1; 32];
        signature.extend([2; 32]);
        let hashes =
            CertificateHashes::new("VN", "URN:UVCI:01:VN:ABC", Algorithm::Es256, &signature);
        assert_eq!(hashes.uci.to_string(), "2e32c48ffd7aa4b3eccd00c8cf29c97a");
        assert_eq!(
            hashes.country_code_uci.to_string(),
            "45b8474e746f3f7c8cd667ee0eef7e8f"
        );
        assert_eq!(
            hashes.signature.to_string(),
            "72cd6e8422c407fb6d098690f1130b7d"
        );
        let rsa = CertificateHashes::new("VN", "x", Algorithm::Ps256, &signature);
        assert_eq!(
            rsa.signature.to_string(),
            "f818afd37a6dc3bc92fb447310112770"
        );
    }

    #[test]
    fn a_changed_half_of_an_ecdsa_signature_does_not_change_the_hash() {
        let of = |s: u8| {
            let mut signature = vec![1; 32];
            signature.extend([s; 32]);
            CertificateHashes::new("VN", "x", Algorithm::Es256, &signature).signature
        };
        assert_eq!(of(2), of(3));
    }

    #[test]
    fn a_prefix_is_the_first_digits() {
        let mut hash = RevocationHash([0; 16]);
        hash.0[0] = 0xab;
        hash.0[1] = 0xcd;
        assert_eq!(
            [1, 2, 3].map(|digits| hash.prefix(digits)),
            [0xa, 0xab, 0xabc]
        );
    }
}
