//! The verifier's side: slices read with care, and the question whether a certificate is listed.

use std::collections::HashMap;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use signing::jws::JwsError;
use signing::{DetachedJws, Trust};

use super::bloom::BloomFilter;
use super::hash_list::HashList;
use super::{
    CertificateHashes, HashKind, Kid, KidList, Manifest, Mode, Partition, RevocationHash, SliceId,
    SliceKind,
};
use registry::text::Text;

/// Everything that a verifier knows about revocations.
#[derive(Debug, Clone)]
pub struct Revocations {
    as_of: Timestamp,
    stale_after: Timestamp,
    lists: HashMap<Option<Kid>, Chunks>,
}

#[derive(Debug, Clone)]
struct Chunks {
    mode: Mode,
    kinds: Vec<HashKind>,
    /// Slices by the digits that their hashes share, each with the moment of its expiry.
    slices: HashMap<u16, Vec<(Timestamp, Slice)>>,
}

/// A slice of a list, read and ready.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice(Form);

#[derive(Debug, Clone, PartialEq)]
enum Form {
    Bloom(BloomFilter),
    List(HashList),
}

/// What is wrong with the bytes of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SliceError {
    /// Bytes are missing, or left over.
    #[error("it has not the length that it states")]
    Truncated,
    /// A form that we don't know.
    #[error("version {version} with hash function {function} is not known here")]
    Unknown {
        /// The version of the form.
        version: u16,
        /// The hash function.
        function: u8,
    },
    /// Numbers that no slice has.
    #[error("its header states what cannot be")]
    Impossible,
}

/// Why revocations cannot be told. Whoever gets this must not let a certificate pass as not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevocationError {
    /// The manifest is no manifest.
    #[error("the revocation list cannot be read: {0}")]
    Manifest(#[from] serde_json::Error),
    /// The manifest is not signed by anybody who is to be believed.
    #[error("the revocation list is not to be believed: {0}")]
    Signature(#[from] JwsError),
    /// Parts of the manifest contradict each other.
    #[error("the revocation list contradicts itself: {what}")]
    Contradiction {
        /// Where.
        what: String,
    },
    /// A slice is not there.
    #[error("slice {id} of the revocation list is missing; fetch it")]
    Missing {
        /// Its name.
        id: SliceId,
    },
    /// A slice is not the one that the manifest names.
    #[error("slice {id} of the revocation list was changed or damaged; fetch it again")]
    Changed {
        /// Its name.
        id: SliceId,
    },
    /// A slice cannot be read.
    #[error("slice {id} of the revocation list cannot be read: {problem}")]
    Slice {
        /// Its name.
        id: SliceId,
        /// What is wrong with it.
        problem: SliceError,
    },
    /// What we know is too old.
    #[error("the revocation list is of {as_of} and counted until {stale_after}; fetch a new one")]
    Stale {
        /// Moment of knowledge.
        as_of: Timestamp,
        /// How long that counts.
        stale_after: Timestamp,
    },
}

impl RevocationError {
    /// What to tell the person who checks.
    pub fn message(&self) -> Text {
        let (vi, en) = match self {
            Self::Stale { .. } => (
                "Danh sách thu hồi đã quá hạn. Hãy kết nối mạng để tải danh sách mới rồi kiểm tra lại.",
                "The revocation list is out of date. Go online to fetch a new one, then check again.",
            ),
            Self::Signature(_) => (
                "Danh sách thu hồi không có chữ ký hợp lệ. Không dùng danh sách này.",
                "The revocation list has no valid signature. Do not use it.",
            ),
            _ => (
                "Danh sách thu hồi bị thiếu hoặc hỏng. Hãy tải lại rồi kiểm tra lại.",
                "The revocation list is incomplete or damaged. Fetch it again, then check again.",
            ),
        };
        Text::new(vi, en)
    }
}

impl Slice {
    /// Reads a slice.
    ///
    /// # Errors
    /// When the bytes are no slice of this kind.
    pub fn from_bytes(kind: SliceKind, bytes: &[u8]) -> Result<Self, SliceError> {
        Ok(Self(match kind {
            SliceKind::BloomFilter => Form::Bloom(BloomFilter::from_bytes(bytes)?),
            SliceKind::VarHashList => Form::List(HashList::from_bytes(bytes)?),
        }))
    }

    /// The bytes of the slice.
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.0 {
            Form::Bloom(filter) => filter.to_bytes(),
            Form::List(list) => list.to_bytes(),
        }
    }

    /// Whether a hash may be in it; certainly, if it is.
    pub fn may_contain(&self, hash: &RevocationHash) -> bool {
        match &self.0 {
            Form::Bloom(filter) => filter.may_contain_hash(hash),
            Form::List(list) => list.may_contain(hash),
        }
    }
}

impl Revocations {
    /// Reads a manifest with the signature beside it, which must be of somebody who is to be believed now, and all slices that it names.
    /// Slices need no signature: the manifest names them by their hashes.
    ///
    /// # Errors
    /// When the signature is not good, and as [`Revocations::open`].
    pub fn open_signed(
        manifest: &str,
        jws: &str,
        trust: &Trust,
        now: Timestamp,
        fetch: impl FnMut(&SliceId) -> Option<Vec<u8>>,
    ) -> Result<Self, RevocationError> {
        DetachedJws::parse(jws)?.verify(manifest.as_bytes(), trust, now)?;
        Self::open(manifest, fetch)
    }

    /// Reads a manifest that is not signed, or whose signature was checked already, and all slices that it names.
    ///
    /// # Errors
    /// When anything is missing or broken: a list with holes would call revoked certificates good.
    pub fn open(
        manifest: &str,
        mut fetch: impl FnMut(&SliceId) -> Option<Vec<u8>>,
    ) -> Result<Self, RevocationError> {
        let manifest: Manifest = serde_json::from_str(manifest)?;
        let mut lists = HashMap::new();
        for list in &manifest.lists {
            let chunks = Chunks::open(list, &mut fetch)?;
            if lists.insert(list.kid, chunks).is_some() {
                return Err(contradiction("two lists of one kid"));
            }
        }
        Ok(Self {
            as_of: manifest.as_of,
            stale_after: manifest.stale_after,
            lists,
        })
    }

    /// Whether a certificate of this signer is revoked, and which of its hashes is listed. A list errs as rarely as it was promised when it
    /// was published, and only by calling a good certificate revoked.
    ///
    /// # Errors
    /// When the list is stale.
    pub fn find(
        &self,
        kid: &[u8],
        hashes: &CertificateHashes,
        now: Timestamp,
    ) -> Result<Option<HashKind>, RevocationError> {
        if now >= self.stale_after {
            return Err(RevocationError::Stale {
                as_of: self.as_of,
                stale_after: self.stale_after,
            });
        }
        let signer = Kid::try_from(kid)
            .ok()
            .and_then(|kid| self.lists.get(&Some(kid)));
        let lists = signer.into_iter().chain(self.lists.get(&None));
        Ok(lists.into_iter().find_map(|list| list.find(hashes, now)))
    }

    /// The moment of knowledge.
    pub fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// From when on [`Revocations::find`] refuses to answer.
    pub fn stale_after(&self) -> Timestamp {
        self.stale_after
    }
}

impl Chunks {
    fn open(
        list: &KidList,
        fetch: &mut impl FnMut(&SliceId) -> Option<Vec<u8>>,
    ) -> Result<Self, RevocationError> {
        let mut chunks = Self {
            mode: list.mode,
            kinds: list.hash_types.clone(),
            slices: HashMap::new(),
        };
        for partition in &list.partitions {
            let place = place_of(list.mode, partition)?;
            for (digit, slices) in &partition.chunks {
                let place = place << 4 | digit_of(digit)?;
                let mut read = Vec::with_capacity(slices.len());
                for (expires, slice) in slices {
                    read.push((*expires, open_slice(slice.hash, slice.kind, fetch)?));
                }
                if chunks.slices.insert(place, read).is_some() {
                    return Err(contradiction("two chunks of the same digits"));
                }
            }
        }
        Ok(chunks)
    }

    fn find(&self, hashes: &CertificateHashes, now: Timestamp) -> Option<HashKind> {
        self.kinds.iter().copied().find(|kind| {
            let hash = hashes.of_kind(*kind);
            let slices = self
                .slices
                .get(&self.mode.chunk_of(&hash))
                .into_iter()
                .flatten();
            slices
                .into_iter()
                .any(|(expires, slice)| *expires > now && slice.may_contain(&hash))
        })
    }
}

fn open_slice(
    id: SliceId,
    kind: SliceKind,
    fetch: &mut impl FnMut(&SliceId) -> Option<Vec<u8>>,
) -> Result<Slice, RevocationError> {
    let bytes = fetch(&id).ok_or(RevocationError::Missing { id })?;
    if <[u8; 32]>::from(Sha256::digest(&bytes)) != id.0 {
        return Err(RevocationError::Changed { id });
    }
    Slice::from_bytes(kind, &bytes).map_err(|problem| RevocationError::Slice { id, problem })
}

/// The digits of a partition as a number; 0 in mode POINT.
fn place_of(mode: Mode, partition: &Partition) -> Result<u16, RevocationError> {
    match (mode, &partition.x, &partition.y) {
        (Mode::Point, None, None) => Ok(0),
        (Mode::Vector, Some(x), None) => digit_of(x),
        (Mode::Coordinate, Some(x), Some(y)) => Ok(digit_of(x)? << 4 | digit_of(y)?),
        _ => Err(contradiction(
            "a partition has not the coordinates of its mode",
        )),
    }
}

fn digit_of(text: &str) -> Result<u16, RevocationError> {
    let mut characters = text.chars();
    match (
        characters.next().and_then(|digit| digit.to_digit(16)),
        characters.next(),
    ) {
        (Some(digit), None) => Ok(digit as u16),
        _ => Err(contradiction(&format!("{text:?} is no hexadecimal digit"))),
    }
}

fn contradiction(what: &str) -> RevocationError {
    RevocationError::Contradiction {
        what: what.to_owned(),
    }
}
