//! What a verifier reads first: which lists there are, how each is cut, and the names of the slices.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{HashKind, Kid, RevocationHash};

/// Lists and slices of all signers, with the moment of knowledge. Its JSON is what is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Everything revoked until this moment is in the lists.
    pub as_of: Timestamp,
    /// From this moment on the lists must not be relied upon: fetch new ones.
    pub stale_after: Timestamp,
    /// One for each signer.
    pub lists: Vec<KidList>,
}

/// The list of one signer (the EU service's answer under `/lists`, with its partitions).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KidList {
    /// The signer; `None`, written `UNKNOWN_KID`, for certificates whose signer was not known when they were revoked.
    #[serde(with = "kid_text")]
    pub kid: Option<Kid>,
    /// How it is cut.
    pub mode: Mode,
    /// Which hashes of a certificate may be in it.
    pub hash_types: Vec<HashKind>,
    /// When the last entry expires.
    pub expires: Timestamp,
    /// When it was last changed.
    pub last_updated: Timestamp,
    /// Its parts.
    pub partitions: Vec<Partition>,
}

/// A part of a list (the EU service's answer under `/lists/{kid}/partitions`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Partition {
    /// `x` and `y` behind one another; none in mode POINT.
    pub id: Option<String>,
    /// The first hexadecimal digit of its hashes, in modes VECTOR and COORDINATE.
    pub x: Option<String>,
    /// The second, in mode COORDINATE.
    pub y: Option<String>,
    /// When it was last changed.
    pub last_updated: Timestamp,
    /// When its last entry expires.
    pub expired: Timestamp,
    /// By the next hexadecimal digit of the hashes: the slices, by the moment at which they expire.
    pub chunks: BTreeMap<String, BTreeMap<Timestamp, ChunkSlice>>,
}

/// One slice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkSlice {
    /// Its form.
    #[serde(rename = "type")]
    pub kind: SliceKind,
    /// Version of the form.
    pub version: String,
    /// Its name.
    pub hash: SliceId,
}

/// The form of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SliceKind {
    /// A Bloom filter.
    #[serde(rename = "BLOOMFILTER")]
    BloomFilter,
    /// A variable-length hash list.
    #[serde(rename = "VARHASHLIST")]
    VarHashList,
}

/// How a list is cut by the first digits of its hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Mode {
    /// 16 chunks by the first digit.
    Point,
    /// 16 partitions of 16 chunks, by the first two digits.
    Vector,
    /// 256 partitions of 16 chunks, by the first three digits.
    Coordinate,
}

impl Mode {
    /// Digits that all hashes of a slice share.
    pub(super) fn digits(self) -> u32 {
        match self {
            Self::Point => 1,
            Self::Vector => 2,
            Self::Coordinate => 3,
        }
    }

    /// The chunk in which a hash stands, by its first digits.
    pub(super) fn chunk_of(self, hash: &RevocationHash) -> u16 {
        hash.prefix(self.digits())
    }
}

/// The name of a slice: the SHA-256 of its bytes, in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SliceId(pub [u8; 32]);

impl fmt::Display for SliceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SliceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for SliceId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut id = [0; 32];
        hex::decode_to_slice(text, &mut id)
            .map_err(|_| "the name of a slice has 64 hexadecimal digits")?;
        Ok(Self(id))
    }
}

impl Serialize for SliceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SliceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Key identifiers as the EU writes them: Base64, or `UNKNOWN_KID`.
pub(super) mod kid_text {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Kid;

    const UNKNOWN: &str = "UNKNOWN_KID";

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub(in super::super) fn serialize<S: Serializer>(
        kid: &Option<Kid>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match kid {
            Some(kid) => serializer.serialize_str(&STANDARD.encode(kid)),
            None => serializer.serialize_str(UNKNOWN),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Kid>, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == UNKNOWN {
            return Ok(None);
        }
        let bytes = STANDARD
            .decode(&text)
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Some)
            .ok_or_else(|| D::Error::custom("a kid is 8 bytes in Base64, or UNKNOWN_KID"))
    }
}
