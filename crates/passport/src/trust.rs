//! Trust lists: which signer certificates a verifier accepts, and how fresh that knowledge is.
//!
//! A [`TrustList`] is built from the signer certificates (DSC) that countries hand in and the authorities (CSCA) that vouch for them, signed,
//! and carried to verifiers. Its JSON is:
//!
//! ```json
//! {
//!   "asOf": "2026-11-25T00:00:00Z", "staleAfter": "2026-11-27T00:00:00Z",
//!   "signers": [{"kid": "…Base64…", "country": "VN", "certificate": "…Base64 of the DER…"}],
//!   "removed": [{"kid": "…Base64…", "fingerprint": "…hex…", "since": "2026-11-01T00:00:00Z", "reason": "key compromised"}]
//! }
//! ```
//!
//! It is signed by a detached JWS over these bytes with the certificate chain in its header ([`signing::DetachedJws`]; RFC 7515, appendix F),
//! kept beside it. Several signers may share a kid, and a verifier has to try them all. A list that is stale hands out no signer at all
//! ([`TrustList::at`]): a verifier that cannot know what was removed must not accept.
//!
//! A compromised key is *removed* with a date and stays in the list as such, so that it does not come back with the next import. What it
//! signed before is not accepted either, since whoever has the key can write any date.
//!
//! [`Import`] reads the lists of others.

mod import;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use registry::text::Text;
use serde::{Deserialize, Serialize};
use signing::jws::JwsError;
use signing::{Certificate, CertificateError, ChainError, DetachedJws, Trust};

pub use import::{Import, ImportError, ImportedSigner, Skipped};

use crate::verify::Signers;

/// Signer certificates, and until when they may be relied upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustList {
    as_of: Timestamp,
    stale_after: Timestamp,
    /// By kid and fingerprint.
    signers: Vec<TrustedSigner>,
    /// By fingerprint.
    removed: Vec<RemovedSigner>,
}

/// A signer that is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedSigner {
    /// Under which the signer's certificates name it; usually the beginning of the fingerprint.
    pub kid: Vec<u8>,
    /// Its country, two letters.
    pub country: String,
    /// Its certificate.
    pub certificate: Certificate,
}

/// A signer that is trusted no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedSigner {
    /// Under which the signer's certificates name it.
    pub kid: Vec<u8>,
    /// SHA-256 of its certificate.
    pub fingerprint: [u8; 32],
    /// When it was removed.
    pub since: Timestamp,
    /// Why.
    pub reason: String,
}

/// On whose word a signer is taken.
#[derive(Debug, Clone, Copy)]
pub enum Basis<'t> {
    /// An authority has signed its certificate.
    Authorities(&'t Trust),
    /// Whoever handed the list in: only for lists that were checked by other means.
    HandedIn,
}

/// A signer that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The subject of its certificate.
    pub subject: String,
    /// Why.
    pub why: Rejection,
}

/// Why a signer is not taken into a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// No authority vouches for it at the moment of the list.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// It is not valid at the moment of the list.
    #[error("it is valid from {not_before} to {not_after}")]
    NotValid {
        /// Beginning of its validity.
        not_before: Timestamp,
        /// End of its validity.
        not_after: Timestamp,
    },
    /// Its key is neither on P-256 nor RSA of 2048 bits or more.
    #[error("its key is of a kind that signs no certificates of this system")]
    Key,
    /// It was removed before.
    #[error("it was removed on {since}: {reason}")]
    Removed {
        /// When.
        since: Timestamp,
        /// Why.
        reason: String,
    },
}

/// Why a trust list cannot be used. Whoever gets this must not accept any certificate.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It is no trust list.
    #[error("the trust list cannot be read: {0}")]
    Form(#[from] serde_json::Error),
    /// Something in it is not what it should be.
    #[error("the trust list cannot be read: {what}")]
    Entry {
        /// Where, and what is wrong.
        what: String,
    },
    /// A certificate in it is broken.
    #[error("the trust list cannot be read: {0}")]
    Certificate(#[from] CertificateError),
    /// It is not signed by anybody who is to be believed.
    #[error("the trust list is not to be believed: {0}")]
    Signature(#[from] JwsError),
    /// It is too old.
    #[error("the trust list is of {as_of} and counted until {stale_after}; fetch a new one")]
    Stale {
        /// Moment of knowledge.
        as_of: Timestamp,
        /// How long that counts.
        stale_after: Timestamp,
    },
    /// It is of a later moment than now.
    #[error("the trust list is of {as_of}, which is in the future; set the clock of this device")]
    Future {
        /// Moment of knowledge.
        as_of: Timestamp,
    },
}

impl TrustError {
    /// What to tell the person who checks.
    pub fn message(&self) -> Text {
        match self {
            Self::Stale { stale_after, .. } => Text::new(
                format!(
                    "Danh sách tin cậy đã quá hạn từ {}. Hãy kết nối mạng để tải danh sách mới rồi kiểm tra lại.",
                    stale_after.strftime("%d/%m/%Y %H:%M UTC")
                ),
                format!(
                    "The trust list is out of date since {}. Go online to fetch a new one, then check again.",
                    stale_after.strftime("%Y-%m-%d %H:%M UTC")
                ),
            ),
            Self::Future { .. } => Text::new(
                "Đồng hồ của thiết bị chạy sai. Hãy chỉnh lại giờ rồi kiểm tra lại.",
                "The clock of this device is wrong. Set it, then check again.",
            ),
            Self::Signature(_) => Text::new(
                "Danh sách tin cậy không có chữ ký hợp lệ. Không dùng danh sách này.",
                "The trust list has no valid signature. Do not use it.",
            ),
            _ => Text::new(
                "Danh sách tin cậy bị hỏng. Hãy tải lại rồi kiểm tra lại.",
                "The trust list is damaged. Fetch it again, then check again.",
            ),
        }
    }
}

/// Devices whose clock is a little slow shall not refuse a list that has just been made.
const CLOCK_TOLERANCE_SECONDS: i64 = 300;

impl TrustList {
    /// Builds a list of the signers that are valid at its moment, for whom there is somebody's word, and that were not removed before.
    /// Whoever is left out is named with the reason.
    pub fn build(
        basis: Basis<'_>,
        signers: impl IntoIterator<Item = ImportedSigner>,
        removed: Vec<RemovedSigner>,
        as_of: Timestamp,
        stale_after: Timestamp,
    ) -> (Self, Vec<Rejected>) {
        let mut list = Self {
            as_of,
            stale_after,
            signers: Vec::new(),
            removed,
        };
        let mut rejected = Vec::new();
        for signer in signers {
            match list.accept(basis, &signer.certificate) {
                Ok(()) => list.signers.push(TrustedSigner {
                    kid: signer.kid,
                    country: signer.country,
                    certificate: signer.certificate,
                }),
                Err(why) => rejected.push(Rejected {
                    subject: signer.certificate.subject(),
                    why,
                }),
            }
        }
        list.sort();
        (list, rejected)
    }

    fn accept(&self, basis: Basis<'_>, certificate: &Certificate) -> Result<(), Rejection> {
        if let Some(removed) = self.removed_signer(certificate.fingerprint()) {
            return Err(Rejection::Removed {
                since: removed.since,
                reason: removed.reason.clone(),
            });
        }
        if certificate.algorithm().is_none() {
            return Err(Rejection::Key);
        }
        match basis {
            Basis::Authorities(trust) => trust
                .check(certificate, self.as_of)
                .map(|_| ())
                .map_err(Rejection::Chain),
            Basis::HandedIn if certificate.valid_at(self.as_of) => Ok(()),
            Basis::HandedIn => Err(Rejection::NotValid {
                not_before: certificate.not_before(),
                not_after: certificate.not_after(),
            }),
        }
    }

    fn sort(&mut self) {
        let key = |signer: &TrustedSigner| (signer.kid.clone(), *signer.certificate.fingerprint());
        self.signers.sort_by_key(key);
        self.signers.dedup_by_key(|signer| key(signer));
        self.removed
            .sort_by_key(|removed| (removed.fingerprint, removed.since));
        self.removed.dedup_by_key(|removed| removed.fingerprint);
    }

    /// Takes a signer out, because its key was compromised or for another reason; `false` when it was not in.
    pub fn remove(&mut self, fingerprint: &[u8; 32], since: Timestamp, reason: &str) -> bool {
        let (gone, stay) = std::mem::take(&mut self.signers)
            .into_iter()
            .partition(|signer| signer.certificate.fingerprint() == fingerprint);
        self.signers = stay;
        let gone: Vec<TrustedSigner> = gone;
        let was_in = !gone.is_empty();
        self.removed
            .extend(gone.into_iter().map(|signer| RemovedSigner {
                kid: signer.kid,
                fingerprint: *fingerprint,
                since,
                reason: reason.to_owned(),
            }));
        self.sort();
        was_in
    }

    /// The signers at a moment.
    ///
    /// # Errors
    /// When the list is stale by then, or of a later moment.
    pub fn at(&self, now: Timestamp) -> Result<TrustedSigners<'_>, TrustError> {
        let (as_of, stale_after) = (self.as_of, self.stale_after);
        if now >= stale_after {
            return Err(TrustError::Stale { as_of, stale_after });
        }
        if as_of.as_second() > now.as_second().saturating_add(CLOCK_TOLERANCE_SECONDS) {
            return Err(TrustError::Future { as_of });
        }
        Ok(TrustedSigners { list: self })
    }

    /// How fresh the list is, for the person who checks.
    pub fn status(&self, now: Timestamp) -> Text {
        if let Err(error) = self.at(now) {
            return error.message();
        }
        let count = self.signers.len();
        let (form_vi, form_en) = ("%d/%m/%Y %H:%M UTC", "%Y-%m-%d %H:%M UTC");
        Text::new(
            format!(
                "Danh sách tin cậy lúc {}, {count} chứng thư, dùng được đến {}.",
                self.as_of.strftime(form_vi),
                self.stale_after.strftime(form_vi)
            ),
            format!(
                "Trust list of {}, {count} certificates, good until {}.",
                self.as_of.strftime(form_en),
                self.stale_after.strftime(form_en)
            ),
        )
    }

    /// Moment of knowledge.
    pub fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// From when on [`TrustList::at`] refuses.
    pub fn stale_after(&self) -> Timestamp {
        self.stale_after
    }

    /// All signers, by kid.
    pub fn signers(&self) -> &[TrustedSigner] {
        &self.signers
    }

    /// All removed signers, by fingerprint.
    pub fn removed(&self) -> &[RemovedSigner] {
        &self.removed
    }

    /// The removal of a certificate, if it was removed.
    pub fn removed_signer(&self, fingerprint: &[u8; 32]) -> Option<&RemovedSigner> {
        self.removed
            .iter()
            .find(|removed| removed.fingerprint == *fingerprint)
    }

    /// The JSON that is signed and handed out. The same list gives the same bytes.
    pub fn to_json(&self) -> String {
        let signers = self.signers.iter().map(|signer| SignerFile {
            kid: STANDARD.encode(&signer.kid),
            country: signer.country.clone(),
            certificate: STANDARD.encode(signer.certificate.der()),
        });
        let removed = self.removed.iter().map(|removed| RemovedFile {
            kid: STANDARD.encode(&removed.kid),
            fingerprint: hex::encode(removed.fingerprint),
            since: removed.since,
            reason: removed.reason.clone(),
        });
        let file = ListFile {
            as_of: self.as_of,
            stale_after: self.stale_after,
            signers: signers.collect(),
            removed: removed.collect(),
        };
        serde_json::json!(file).to_string()
    }

    /// Reads a list that is not signed, or whose signature was checked already.
    ///
    /// # Errors
    /// When anything in it is broken: a list with a hole would refuse good certificates without a word.
    pub fn from_json(text: &str) -> Result<Self, TrustError> {
        let file: ListFile = serde_json::from_str(text)?;
        let signers: Result<_, TrustError> = file
            .signers
            .into_iter()
            .map(TrustedSigner::from_file)
            .collect();
        let removed: Result<_, TrustError> = file
            .removed
            .into_iter()
            .map(RemovedSigner::from_file)
            .collect();
        let mut list = Self {
            as_of: file.as_of,
            stale_after: file.stale_after,
            signers: signers?,
            removed: removed?,
        };
        list.sort();
        if let Some(signer) = list.signers.iter().find(|signer| {
            list.removed_signer(signer.certificate.fingerprint())
                .is_some()
        }) {
            return Err(entry(&format!(
                "{} is both trusted and removed",
                signer.certificate.subject()
            )));
        }
        Ok(list)
    }

    /// Reads a list with the signature beside it, which must be of somebody who is to be believed now.
    ///
    /// # Errors
    /// When the signature is not good, the list is broken, stale, or of a later moment.
    pub fn open(text: &str, jws: &str, trust: &Trust, now: Timestamp) -> Result<Self, TrustError> {
        DetachedJws::parse(jws)?.verify(text.as_bytes(), trust, now)?;
        let list = Self::from_json(text)?;
        list.at(now)?;
        Ok(list)
    }
}

/// The signers of a list that is known to be fresh.
#[derive(Debug, Clone, Copy)]
pub struct TrustedSigners<'l> {
    list: &'l TrustList,
}

impl Signers for TrustedSigners<'_> {
    fn with_kid(&self, kid: &[u8]) -> impl Iterator<Item = &Certificate> {
        let signers = &self.list.signers;
        let first = signers.partition_point(|signer| signer.kid.as_slice() < kid);
        let from_first = signers.get(first..).unwrap_or_default().iter();
        from_first
            .take_while(move |signer| signer.kid == kid)
            .map(|signer| &signer.certificate)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListFile {
    as_of: Timestamp,
    stale_after: Timestamp,
    signers: Vec<SignerFile>,
    removed: Vec<RemovedFile>,
}

#[derive(Serialize, Deserialize)]
struct SignerFile {
    kid: String,
    country: String,
    certificate: String,
}

#[derive(Serialize, Deserialize)]
struct RemovedFile {
    kid: String,
    fingerprint: String,
    since: Timestamp,
    reason: String,
}

impl TrustedSigner {
    fn from_file(file: SignerFile) -> Result<Self, TrustError> {
        Ok(Self {
            kid: kid_of(&file.kid)?,
            country: file.country,
            certificate: Certificate::from_base64(&file.certificate)?,
        })
    }
}

impl RemovedSigner {
    fn from_file(file: RemovedFile) -> Result<Self, TrustError> {
        let mut fingerprint = [0; 32];
        hex::decode_to_slice(&file.fingerprint, &mut fingerprint)
            .map_err(|_| entry(&format!("{:?} is no fingerprint", file.fingerprint)))?;
        Ok(Self {
            kid: kid_of(&file.kid)?,
            fingerprint,
            since: file.since,
            reason: file.reason,
        })
    }
}

fn kid_of(text: &str) -> Result<Vec<u8>, TrustError> {
    import::kid_of(text).ok_or_else(|| entry(&format!("{text:?} is no kid in Base64")))
}

fn entry(what: &str) -> TrustError {
    TrustError::Entry {
        what: what.to_owned(),
    }
}
