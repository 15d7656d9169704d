//! A log in a folder: one file of nodes, which only grows, and the last checkpoint beside it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::hash::Hash;
use crate::log::Log;
use crate::store::{NodeStore, StoreError};
use crate::tree::{Frontier, node_count, whole_leaves};

/// Bytes of a node.
const WIDTH: u64 = 32;
/// Nodes are written when so many wait: 1 MiB.
const PENDING: usize = 1 << 15;

/// Nodes in the file `nodes` of a folder, 32 bytes each, in the order of their places.
///
/// Only one process has it open. What a checkpoint covers outlasts a loss of power. Entries after it do when they were written whole: on
/// opening they are computed again, and when one of them does not fit, all of them are cut off and reported, since nothing vouches for
/// them. Who appends them again from where they came from loses nothing.
#[derive(Debug)]
pub struct FileStore {
    folder: PathBuf,
    file: Mutex<File>,
    /// Nodes in the file.
    written: u64,
    /// Nodes that follow them and are not in the file yet.
    pending: Vec<Hash>,
    checkpoint: Option<SignedCheckpoint>,
}

/// What was cut off when a log was opened that was not closed well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Entries that the log has now: those of its last checkpoint.
    pub entries: u64,
    /// Bytes that were cut off the file.
    pub bytes_cut: u64,
    /// Why they were worthless.
    pub reason: &'static str,
}

/// Why a log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("{folder}: another process has this log open; stop it, or wait until it is done")]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// Entries that were signed for are gone. This is not repaired: to go on would be a second history.
    #[error(
        "{folder}: the last checkpoint is over {signed} entries, the file holds {present} whole ones; restore it from a copy"
    )]
    Lost {
        /// The folder.
        folder: PathBuf,
        /// Entries of the checkpoint.
        signed: u64,
        /// Entries that are there.
        present: u64,
    },
    /// The nodes are not those that were signed for.
    #[error(
        "{folder}: the nodes do not lead to the root of the last checkpoint; find the altered entry with an audit, then restore the log from a copy"
    )]
    Altered {
        /// The folder.
        folder: PathBuf,
    },
    /// The file `checkpoint` is no checkpoint.
    #[error("{folder}: the file `checkpoint` cannot be read ({source}); restore it from a copy")]
    Checkpoint {
        /// The folder.
        folder: PathBuf,
        /// What is wrong.
        source: CheckpointError,
    },
    /// The medium failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Log<FileStore> {
    /// Opens the log in a folder, or begins one there. Says what had to be cut off.
    ///
    /// The root of the last checkpoint is compared with the nodes; its signatures are for those to check who know the keys.
    ///
    /// # Errors
    ///
    /// When it is in use, when entries of the last checkpoint are lost or altered, or when the medium fails.
    pub fn open(folder: &Path) -> Result<(Self, Option<Recovery>), OpenError> {
        let (store, recovery) = FileStore::open(folder)?;
        let log = Self::new(store)?;
        let signed = log.store().checkpoint().map(SignedCheckpoint::unverified);
        if let Some(signed) = signed
            && log.root_at(signed.size)? != signed.root
        {
            return Err(OpenError::Altered {
                folder: folder.to_owned(),
            });
        }
        Ok((log, recovery))
    }

    /// Keeps a checkpoint of this log, once everything that it covers is safe on the medium.
    ///
    /// # Errors
    ///
    /// When it is not of this log or is older than the last one, or when the medium fails.
    pub fn save_checkpoint(&mut self, signed: SignedCheckpoint) -> Result<(), StoreError> {
        let checkpoint = signed.unverified();
        let size = checkpoint.size;
        let foreign = |reason| StoreError::ForeignCheckpoint { size, reason };
        let last = self.store().checkpoint().map(SignedCheckpoint::unverified);
        if last.is_some_and(|last| last.size > size) {
            return Err(foreign("a later one is kept already"));
        }
        if size > self.size() {
            return Err(foreign("the log has fewer entries"));
        }
        if self.root_at(size)? != checkpoint.root {
            return Err(foreign("its root is another"));
        }
        self.sync()?;
        self.store_mut().keep(signed)
    }
}

impl FileStore {
    /// The last checkpoint that was kept.
    pub fn checkpoint(&self) -> Option<&SignedCheckpoint> {
        self.checkpoint.as_ref()
    }

    fn open(folder: &Path) -> Result<(Self, Option<Recovery>), OpenError> {
        fs::create_dir_all(folder).map_err(at(folder))?;
        let path = folder.join("nodes");
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(at(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse {
                    folder: folder.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(at(&path)(source).into()),
        }
        let checkpoint = read_checkpoint(folder)?;
        let bytes = file.metadata().map_err(at(&path))?.len();
        let mut store = Self {
            folder: folder.to_owned(),
            file: Mutex::new(file),
            written: bytes / WIDTH,
            pending: Vec::new(),
            checkpoint,
        };
        let recovery = store.recover(bytes)?;
        Ok((store, recovery))
    }

    /// Cuts the file back to the last checkpoint when what follows it is not whole.
    fn recover(&mut self, bytes: u64) -> Result<Option<Recovery>, OpenError> {
        let signed = self
            .checkpoint
            .as_ref()
            .map_or(0, |of| of.unverified().size);
        // The size comes from a file: a number that no log can have must not overflow.
        if signed > self.written || node_count(signed) > self.written {
            return Err(OpenError::Lost {
                folder: self.folder.clone(),
                signed,
                present: whole_leaves(self.written),
            });
        }
        let Some(reason) = self.torn(signed, bytes)? else {
            return Ok(None);
        };
        let kept = node_count(signed);
        let path = self.path();
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        file.set_len(kept * WIDTH).map_err(at(&path))?;
        file.sync_all().map_err(at(&path))?;
        self.written = kept;
        Ok(Some(Recovery {
            entries: signed,
            bytes_cut: bytes - kept * WIDTH,
            reason,
        }))
    }

    /// Why what follows the first `signed` entries is not whole, if it is not: every inner node is computed anew.
    fn torn(&self, signed: u64, bytes: u64) -> Result<Option<&'static str>, StoreError> {
        if !bytes.is_multiple_of(WIDTH) {
            return Ok(Some("the file ends within a node"));
        }
        let peaks = self.read(&Frontier::positions(signed))?;
        let Some(mut frontier) = Frontier::restore(signed, peaks) else {
            return Ok(Some("nodes are missing"));
        };
        let path = self.path();
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = self.written - node_count(signed);
        file.seek(SeekFrom::Start(node_count(signed) * WIDTH))
            .map_err(at(&path))?;
        let mut reader = BufReader::with_capacity(1 << 20, &mut *file);
        let mut expected = Vec::new();
        while left > 0 {
            let leaf = read_node(&mut reader).map_err(at(&path))?;
            if leaf == Hash([0; 32]) {
                return Ok(Some("an entry was never written"));
            }
            expected.clear();
            frontier.append(leaf, &mut expected);
            let Some(after) = left.checked_sub(expected.len() as u64) else {
                return Ok(Some("the last entry is not whole"));
            };
            left = after;
            for node in expected.iter().skip(1) {
                if read_node(&mut reader).map_err(at(&path))? != *node {
                    return Ok(Some("a node does not follow from its entries"));
                }
            }
        }
        Ok(None)
    }

    /// Writes the checkpoint beside the old one and puts it in its place in one step.
    fn keep(&mut self, signed: SignedCheckpoint) -> Result<(), StoreError> {
        let partial = self.folder.join("checkpoint.partial");
        let mut file = File::create(&partial).map_err(at(&partial))?;
        file.write_all(signed.text().as_bytes())
            .map_err(at(&partial))?;
        file.sync_all().map_err(at(&partial))?;
        let path = self.folder.join("checkpoint");
        fs::rename(&partial, &path).map_err(at(&path))?;
        // The folder too has to be written, or the new name may be lost. Where folders cannot be opened, the system does it itself.
        if let Ok(folder) = File::open(&self.folder) {
            folder.sync_all().map_err(at(&self.folder))?;
        }
        self.checkpoint = Some(signed);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let path = self.path();
        let bytes: Vec<u8> = self.pending.iter().flat_map(|node| node.0).collect();
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.written * WIDTH))
            .map_err(at(&path))?;
        file.write_all(&bytes).map_err(at(&path))?;
        self.written += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    /// Reads neighbouring nodes from the file.
    fn read_run(&self, first: u64, count: usize, nodes: &mut Vec<Hash>) -> Result<(), StoreError> {
        let path = self.path();
        let mut bytes = vec![0; count * WIDTH as usize];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(first * WIDTH))
            .map_err(at(&path))?;
        file.read_exact(&mut bytes).map_err(at(&path))?;
        let (chunks, _) = bytes.as_chunks();
        nodes.extend(chunks.iter().map(|chunk| Hash(*chunk)));
        Ok(())
    }

    fn path(&self) -> PathBuf {
        self.folder.join("nodes")
    }
}

impl NodeStore for FileStore {
    fn len(&self) -> u64 {
        self.written + self.pending.len() as u64
    }

    fn read(&self, positions: &[u64]) -> Result<Vec<Hash>, StoreError> {
        let mut nodes = Vec::with_capacity(positions.len());
        for run in positions.chunk_by(|a, b| a + 1 == *b) {
            let Some(&first) = run.first() else { continue };
            let in_file = run
                .iter()
                .take_while(|&&position| position < self.written)
                .count();
            if in_file > 0 {
                self.read_run(first, in_file, &mut nodes)?;
            }
            for &position in run.iter().skip(in_file) {
                let waiting = self.pending.get((position - self.written) as usize);
                nodes.push(*waiting.ok_or(StoreError::Missing { position })?);
            }
        }
        Ok(nodes)
    }

    fn append(&mut self, nodes: &[Hash]) -> Result<(), StoreError> {
        self.pending.extend_from_slice(nodes);
        if self.pending.len() >= PENDING {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.flush()?;
        let path = self.path();
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        file.sync_data().map_err(at(&path))
    }
}

/// What was appended and not synced is written, as far as that can be done without a word.
impl Drop for FileStore {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

fn read_checkpoint(folder: &Path) -> Result<Option<SignedCheckpoint>, OpenError> {
    let path = folder.join("checkpoint");
    match fs::read(&path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let signed = SignedCheckpoint::parse(&text);
            signed.map(Some).map_err(|source| OpenError::Checkpoint {
                folder: folder.to_owned(),
                source,
            })
        }
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(at(&path)(source).into()),
    }
}

fn read_node(reader: &mut impl Read) -> io::Result<Hash> {
    let mut bytes = [0; WIDTH as usize];
    reader.read_exact(&mut bytes)?;
    Ok(Hash(bytes))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |source| StoreError::Io { path, source }
}
