//! Batches: how states hand revocations to each other (Implementing Decision (EU) 2022/483, annex; the gateway's revocation batches).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::manifest::kid_text;
use super::{HashKind, Kid, RevocationHash, RevocationList};

/// Up to a thousand hashes of one signer and kind that expire together. Its JSON is what a state signs and uploads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    /// The country that revokes, two letters.
    pub country: String,
    /// When the batch can be dropped.
    pub expires: Timestamp,
    /// The signer, if it is known.
    #[serde(with = "kid_text")]
    pub kid: Option<Kid>,
    /// What the hashes are made of.
    pub hash_type: HashKind,
    /// The hashes.
    pub entries: Vec<BatchEntry>,
}

/// One hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchEntry {
    /// 128 bits in Base64.
    hash: String,
}

/// Hashes of a batch at most.
const MAX_ENTRIES: usize = 1000;

/// Why a text is no batch; the fault of whoever sent it.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// It is not JSON of a batch.
    #[error("not a revocation batch: {0}")]
    Form(#[from] serde_json::Error),
    /// It has none or more hashes than a batch may have.
    #[error("a revocation batch has 1 to {MAX_ENTRIES} entries, but this one has {0}")]
    Entries(usize),
    /// A hash is not 128 bits in Base64.
    #[error("entry {number} of the revocation batch is no hash of 128 bits in Base64")]
    Hash {
        /// Counted from 1.
        number: usize,
    },
}

impl Batch {
    /// Reads a batch and the hashes in it.
    ///
    /// # Errors
    /// When the text is no batch: see [`BatchError`].
    pub fn from_json(text: &str) -> Result<Self, BatchError> {
        let batch: Self = serde_json::from_str(text)?;
        batch.hashes()?;
        Ok(batch)
    }

    /// The JSON of the batch.
    pub fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }

    fn hashes(&self) -> Result<Vec<RevocationHash>, BatchError> {
        if !(1..=MAX_ENTRIES).contains(&self.entries.len()) {
            return Err(BatchError::Entries(self.entries.len()));
        }
        let hash = |(number, entry): (usize, &BatchEntry)| {
            let bytes = STANDARD
                .decode(&entry.hash)
                .ok()
                .and_then(|bytes| bytes.try_into().ok());
            bytes
                .map(RevocationHash)
                .ok_or(BatchError::Hash { number: number + 1 })
        };
        self.entries.iter().enumerate().map(hash).collect()
    }
}

impl RevocationList {
    /// Puts all hashes of a batch on the list; none, when one of them is broken.
    ///
    /// # Errors
    /// As [`Batch::from_json`].
    pub fn add_batch(&mut self, batch: &Batch) -> Result<(), BatchError> {
        for hash in batch.hashes()? {
            self.revoke(batch.kid, batch.hash_type, hash, batch.expires);
        }
        Ok(())
    }

    /// The list as batches of a country, which together say the same.
    pub fn to_batches(&self, country: &str) -> Vec<Batch> {
        let mut entries: Vec<_> = self.iter().collect();
        entries.sort_by_key(|(kid, kind, hash, expires)| (*kid, *kind, *expires, *hash));
        let same = entries.chunk_by(|a, b| (a.0, a.1, a.3) == (b.0, b.1, b.3));
        let batches = same
            .flat_map(|group| group.chunks(MAX_ENTRIES))
            .filter_map(|group| {
                let (kid, hash_type, _, expires) = *group.first()?;
                let entries = group.iter().map(|(_, _, hash, _)| BatchEntry {
                    hash: STANDARD.encode(hash.0),
                });
                Some(Batch {
                    country: country.to_owned(),
                    expires,
                    kid,
                    hash_type,
                    entries: entries.collect(),
                })
            });
        batches.collect()
    }
}
