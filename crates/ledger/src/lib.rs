//! An append-only Merkle log (RFC 6962 hashing) that anybody can check offline.
//!
//! A [`Log`] takes entries and gives proofs; what its entries mean is not its business. The tree's nodes stand in a [`NodeStore`], one
//! after the other in the order in which they become known, so that appending only ever writes at the end: [`FileStore`] keeps them in
//! one plain file, and a database can keep them as rows `position → hash`. A [`Checkpoint`] states the size and root of the tree and is
//! signed as a note (C2SP tlog-checkpoint); witnesses cosign it. [`Proof`] carries one entry's inclusion together with the checkpoint,
//! and [`audit`] names the first entry that is not what it was.
//!
//! ```
//! use ledger::{Log, MemoryStore, leaf_hash};
//!
//! let mut log = Log::new(MemoryStore::default())?;
//! log.append(["first", "second", "third"])?;
//! let path = log.inclusion(1, 3)?;
//! path.verify(leaf_hash(b"second"), log.root())?;
//! assert!(path.verify(leaf_hash(b"another"), log.root()).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod audit;
mod checkpoint;
mod file;
mod hash;
mod log;
mod note;
mod proof;
mod store;
mod tree;

pub use audit::{Audit, Difference, Verdict, audit};
pub use checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
pub use file::{FileStore, OpenError, Recovery};
pub use hash::{Hash, leaf_hash, node_hash};
pub use log::Log;
pub use note::{KeyType, Note, NoteError, NoteKey, NoteSigner};
pub use proof::{Consistency, Inclusion, Plan, Proof, ProofError, ProofTextError};
pub use store::{MemoryStore, NodeStore, StoreError};
pub use tree::{Frontier, node_count, node_position};
