//! One signature over many records, and a proof for each record that verifies alone.
//!
//! The records are the leaves of a Merkle tree; the signature covers the tree's root and size. Who holds one record and its proof can
//! check it without any other record.

use jiff::Timestamp;
use ledger::{Hash, Inclusion, Log, MemoryStore, ProofError, StoreError, leaf_hash};
use serde::{Deserialize, Serialize};

use crate::Signer;
use crate::canonical::{self, CanonicalError};
use crate::certificate::Certificate;
use crate::jws::{DetachedJws, JwsError, Verified};
use crate::trust::Trust;

/// What the signature says of itself: never to be taken for a signature over something else.
const STATEMENT: &str = "minhchung/batch@v1";
const PROOF: &str = "minhchung/record-proof@v1";
/// The greatest integer that JSON says exactly (RFC 8785, section 3.2.2.3), and the height of a tree of so many records.
const MAX_SIZE: u64 = 1 << 53;
const MAX_PATH: usize = 53;

/// A signed batch, from which the proofs are taken.
#[derive(Debug)]
pub struct Batch {
    tree: Log<MemoryStore>,
    signature: DetachedJws,
}

/// All that somebody needs, beside the record and their trust, to check that it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordProof {
    inclusion: Inclusion,
    signature: DetachedJws,
}

/// Why a batch was not signed, or why a proof cannot be read or proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// There is nothing to sign.
    #[error("the batch has no records; nothing was signed")]
    Empty,
    /// There is no record of this number.
    #[error("the batch has {size} records, none with the number {index} (from 0)")]
    NoSuchRecord {
        /// What was asked for, from 0.
        index: u64,
        /// Records of the batch.
        size: u64,
    },
    /// The text is no proof.
    #[error("this is no proof of a record: {0}; ask for it again")]
    Malformed(String),
    /// The record is not the one that was signed.
    #[error("the record, or its proof, is not the original: {0}")]
    Proof(#[from] ProofError),
    /// The signature was not made, cannot be read or is not to be believed.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// What is signed cannot be written.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// The tree could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is signed, as canonical JSON.
#[derive(Serialize)]
struct Statement {
    #[serde(rename = "type")]
    kind: &'static str,
    root: String,
    size: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofText {
    #[serde(rename = "type")]
    kind: String,
    index: u64,
    size: u64,
    path: Vec<String>,
    signature: String,
}

impl Batch {
    /// Signs records, each given as its canonical bytes, with one operation of the key. The chain begins with the certificate of the key.
    ///
    /// # Errors
    ///
    /// When there are no records, when the key cannot sign, or when the certificate is not that of the key.
    pub fn sign<R: AsRef<[u8]>>(
        records: impl IntoIterator<Item = R>,
        signer: &dyn Signer,
        chain: &[Certificate],
        at: Timestamp,
    ) -> Result<Self, BatchError> {
        let mut tree = Log::new(MemoryStore::default())?;
        tree.append(records)?;
        if tree.size() == 0 {
            return Err(BatchError::Empty);
        }
        let signature =
            DetachedJws::sign(&statement(tree.root(), tree.size())?, signer, chain, at)?;
        Ok(Self { tree, signature })
    }

    /// Number of records.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Root of the tree over the records.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// The one signature.
    pub fn signature(&self) -> &DetachedJws {
        &self.signature
    }

    /// The proof of one record, by its number in the batch from 0.
    ///
    /// # Errors
    ///
    /// When there is no such record.
    pub fn proof(&self, index: u64) -> Result<RecordProof, BatchError> {
        let size = self.size();
        if index >= size {
            return Err(BatchError::NoSuchRecord { index, size });
        }
        Ok(RecordProof {
            inclusion: self.tree.inclusion(index, size)?,
            signature: self.signature.clone(),
        })
    }
}

impl RecordProof {
    /// Reads the JSON text of a proof.
    ///
    /// # Errors
    ///
    /// Says what is wrong.
    pub fn parse(text: &str) -> Result<Self, BatchError> {
        let malformed = |reason: &dyn std::fmt::Display| BatchError::Malformed(reason.to_string());
        let parsed: ProofText = serde_json::from_str(text).map_err(|source| malformed(&source))?;
        if parsed.kind != PROOF {
            return Err(malformed(&format_args!("its type is not {PROOF}")));
        }
        if parsed.index >= parsed.size || parsed.size > MAX_SIZE || parsed.path.len() > MAX_PATH {
            return Err(malformed(&"its numbers are of no batch"));
        }
        let path = parsed
            .path
            .iter()
            .map(|of| Hash::from_base64(of))
            .collect::<Option<_>>();
        Ok(Self {
            inclusion: Inclusion {
                index: parsed.index,
                size: parsed.size,
                path: path.ok_or_else(|| malformed(&"its path is not of hashes in base64"))?,
            },
            signature: DetachedJws::parse(&parsed.signature)?,
        })
    }

    /// The proof as canonical JSON.
    ///
    /// # Errors
    ///
    /// When the batch is greater than a JSON number can say.
    pub fn to_text(&self) -> Result<String, BatchError> {
        let Inclusion { index, size, path } = &self.inclusion;
        Ok(canonical::to_text(&ProofText {
            kind: PROOF.to_owned(),
            index: *index,
            size: *size,
            path: path.iter().map(Hash::to_string).collect(),
            signature: self.signature.text().to_owned(),
        })?)
    }

    /// The record's number in its batch, from 0.
    pub fn index(&self) -> u64 {
        self.inclusion.index
    }

    /// The signature of the batch.
    pub fn signature(&self) -> &DetachedJws {
        &self.signature
    }

    /// Checks that the record, given as its canonical bytes, was signed by a signer who was to be believed at the moment at which the
    /// signature is known to have existed (see [`DetachedJws::verify`]).
    ///
    /// # Errors
    ///
    /// Says why not.
    pub fn verify(
        &self,
        record: &[u8],
        trust: &Trust,
        at: Timestamp,
    ) -> Result<Verified, BatchError> {
        let root = self.inclusion.root(leaf_hash(record))?;
        let statement = statement(root, self.inclusion.size)?;
        Ok(self.signature.verify(&statement, trust, at)?)
    }
}

fn statement(root: Hash, size: u64) -> Result<Vec<u8>, CanonicalError> {
    let statement = Statement {
        kind: STATEMENT,
        root: root.to_string(),
        size,
    };
    Ok(canonical::to_text(&statement)?.into_bytes())
}
