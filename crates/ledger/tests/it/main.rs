//! The log as its callers use it, held to the published vectors.

mod audits;
mod files;
mod notes;
mod proofs;
mod vectors;

use ledger::{Hash, Log, MemoryStore, leaf_hash};

/// A log of entries `0`, `1`, … .
fn log_of(size: u64) -> Log<MemoryStore> {
    let mut log = Log::new(MemoryStore::default()).expect("an empty store");
    log.append((0..size).map(|entry| entry.to_string()))
        .expect("memory");
    log
}

/// The hashes of the entries `0`, `1`, … .
fn leaves(size: u64) -> Vec<Hash> {
    (0..size)
        .map(|entry| leaf_hash(entry.to_string().as_bytes()))
        .collect()
}

/// The same hash with one bit turned.
fn turned(hash: Hash) -> Hash {
    let mut bytes = hash.0;
    bytes[7] ^= 4;
    Hash(bytes)
}
