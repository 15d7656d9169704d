//! Events as entries of the ledger.

use crate::StorageError;
use ledger::{Hash, leaf_hash};
use sha2::{Digest as _, Sha256};

/// Nodes of the tree on one page.
pub(crate) const PAGE: u64 = 256;

/// Size and root of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogHead {
    /// Entries that have their place.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// An entry of the ledger as its columns say now. It holds no personal data: of the body only a salted hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place, from 0.
    pub position: u64,
    /// The text that is hashed into the tree.
    pub text: String,
}

impl Entry {
    /// The hash that stands in the tree.
    pub fn leaf(&self) -> Hash {
        leaf_hash(self.text.as_bytes())
    }
}

/// Bytes of a salt.
pub(crate) const SALT: usize = 16;

/// Sixteen random bytes for each of so many entries, so that the hash of a short body can't be guessed from a published ledger.
pub(crate) fn salts(entries: usize) -> Result<Vec<u8>, StorageError> {
    let mut salts = vec![0; entries * SALT];
    aws_lc_rs::rand::fill(&mut salts).map_err(|_| StorageError::NoRandomness)?;
    Ok(salts)
}

/// Where the ordinals of a batch's notes begin: 31 random bits, so that two about one thing in one microsecond keep apart without asking
/// for each other.
pub(crate) fn random_ordinal() -> Result<i64, StorageError> {
    let mut bytes = [0; 4];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| StorageError::NoRandomness)?;
    Ok(i64::from(u32::from_le_bytes(bytes) >> 1))
}

/// A row of the event table.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct EventRow {
    pub seq: i64,
    pub kind: String,
    pub id: String,
    pub revision: i64,
    pub ordinal: i64,
    pub at: i64,
    pub salt: Vec<u8>,
    pub body: String,
    pub position: Option<i64>,
}

/// The columns of an event that the ledger binds: all but the running number and the place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntryColumns<'r> {
    pub kind: &'r str,
    pub id: &'r str,
    pub revision: i64,
    pub ordinal: i64,
    pub at: i64,
    pub salt: &'r [u8],
    pub body: &'r str,
}

impl EventRow {
    pub(crate) fn entry(&self) -> String {
        EntryColumns {
            kind: &self.kind,
            id: &self.id,
            revision: self.revision,
            ordinal: self.ordinal,
            at: self.at,
            salt: &self.salt,
            body: &self.body,
        }
        .text()
    }
}

impl EntryColumns<'_> {
    /// The text that the ledger binds, the body by its salted hash. One field per line, in a fixed order; a line break in an id could pass
    /// for another field, so it is escaped as JSON.
    pub(crate) fn text(&self) -> String {
        let body = Sha256::new()
            .chain_update(self.salt)
            .chain_update(self.body)
            .finalize();
        let id = serde_json::Value::from(self.id);
        format!(
            "minhchung event 1\nkind {}\nid {id}\nrevision {}\nordinal {}\nat {}\nbody {}\n",
            serde_json::Value::from(self.kind),
            self.revision,
            self.ordinal,
            self.at,
            hex::encode(body),
        )
    }
}
