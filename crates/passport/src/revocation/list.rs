//! The issuer's side: what is revoked, exactly, and how it is cut into slices.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::bloom::BloomFilter;
use super::hash_list::HashList;
use super::{
    ChunkSlice, HashKind, Kid, KidList, Manifest, Mode, Partition, RevocationHash, SliceId,
    SliceKind,
};

/// Everything that is revoked.
///
/// Two lists are equal when the same hashes are revoked until the same moments, whatever way led there: a mistaken revocation that was taken
/// back leaves no trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RevocationList {
    kids: BTreeMap<Option<Kid>, BTreeMap<(RevocationHash, HashKind), Timestamp>>,
}

/// How to cut and pack a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The form of the slices.
    pub form: SliceForm,
    /// How often at most a hash that is not revoked may be taken for one that is, between 0 and 1.
    pub false_positive_rate: f64,
    /// How lists are cut; chosen by their length, if not given.
    pub mode: Option<Mode>,
    /// Moments of expiry are put off to the end of a period of so many days, so that there are few slices; at least 1.
    pub expiry_days: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            form: SliceForm::VarHashList { shortest: 4 },
            false_positive_rate: 1e-9,
            mode: None,
            expiry_days: 28,
        }
    }
}

/// The form of slices, with what is particular to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SliceForm {
    /// Bloom filters.
    BloomFilter,
    /// Variable-length hash lists.
    VarHashList {
        /// Bytes kept of a hash at least.
        shortest: u8,
    },
}

/// A list as it is handed out.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// What a verifier reads first.
    pub manifest: Manifest,
    /// The slices by name.
    pub slices: BTreeMap<SliceId, Vec<u8>>,
    /// How much it is, and how often it errs.
    pub size: Size,
}

/// The extent of a publication.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Hashes that are listed.
    pub entries: usize,
    /// Slices.
    pub slices: usize,
    /// Bytes of all slices.
    pub bytes: usize,
    /// The largest rate, over all chunks, at which a hash that is not revoked is taken for one that is; reckoned from what the slices hold.
    pub false_positive_rate: f64,
}

/// Why a list cannot be published: the caller's options.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The rate is none.
    #[error("a false-positive rate lies between 0 and 1, both excluded, but it is {0}")]
    Rate(f64),
    /// A slice would be too large.
    #[error(
        "a slice of {entries} hashes would be too large; cut the list by COORDINATE or raise the rate"
    )]
    TooLarge {
        /// Its hashes.
        entries: usize,
    },
}

impl RevocationList {
    /// Puts a hash on the list until the moment at which its certificate expires anyway; if it stands there, until the later moment.
    pub fn revoke(
        &mut self,
        kid: Option<Kid>,
        kind: HashKind,
        hash: RevocationHash,
        expires: Timestamp,
    ) {
        let entries = self.kids.entry(kid).or_default();
        let until = entries.entry((hash, kind)).or_insert(expires);
        *until = expires.max(*until);
    }

    /// Takes a mistaken revocation back; `false` when there was none. Slices have to be published anew. Verifiers with old slices go on
    /// refusing until these are stale: who cannot wait needs a new certificate.
    pub fn unrevoke(&mut self, kid: Option<Kid>, kind: HashKind, hash: RevocationHash) -> bool {
        let Entry::Occupied(mut entries) = self.kids.entry(kid) else {
            return false;
        };
        let was_there = entries.get_mut().remove(&(hash, kind)).is_some();
        if entries.get().is_empty() {
            entries.remove();
        }
        was_there
    }

    /// Puts everything of another list on this one.
    pub fn merge(&mut self, other: &Self) {
        for (kid, kind, hash, expires) in other.iter() {
            self.revoke(kid, kind, hash, expires);
        }
    }

    /// Drops what has expired; tells how many.
    pub fn drop_expired(&mut self, now: Timestamp) -> usize {
        let before = self.len();
        for entries in self.kids.values_mut() {
            entries.retain(|_, expires| *expires > now);
        }
        self.kids.retain(|_, entries| !entries.is_empty());
        before - self.len()
    }

    /// Until when a hash is revoked, if it is.
    pub fn revoked_until(
        &self,
        kid: Option<Kid>,
        kind: HashKind,
        hash: RevocationHash,
    ) -> Option<Timestamp> {
        self.kids.get(&kid)?.get(&(hash, kind)).copied()
    }

    /// Number of hashes.
    pub fn len(&self) -> usize {
        self.kids.values().map(BTreeMap::len).sum()
    }

    /// Whether nothing is revoked.
    pub fn is_empty(&self) -> bool {
        self.kids.is_empty()
    }

    /// All entries, by kid and hash.
    pub fn iter(&self) -> impl Iterator<Item = (Option<Kid>, HashKind, RevocationHash, Timestamp)> {
        self.kids.iter().flat_map(|(kid, entries)| {
            entries
                .iter()
                .map(|((hash, kind), expires)| (*kid, *kind, *hash, *expires))
        })
    }

    /// Cuts the list into slices. The same list and options give the same bytes.
    ///
    /// # Errors
    /// When the options cannot be met: see [`PublishError`].
    pub fn publish(
        &self,
        options: &Options,
        as_of: Timestamp,
        stale_after: Timestamp,
    ) -> Result<Publication, PublishError> {
        let rate = options.false_positive_rate;
        if !(rate > 0.0 && rate < 1.0) {
            return Err(PublishError::Rate(rate));
        }
        let mut cutter = Cutter {
            options,
            as_of,
            slices: BTreeMap::new(),
            worst_rate: 0.0,
        };
        let lists: Result<Vec<_>, _> = self
            .kids
            .iter()
            .map(|(kid, entries)| cutter.list(*kid, entries))
            .collect();
        let size = Size {
            entries: self.len(),
            slices: cutter.slices.len(),
            bytes: cutter.slices.values().map(Vec::len).sum(),
            false_positive_rate: cutter.worst_rate,
        };
        let manifest = Manifest {
            as_of,
            stale_after,
            lists: lists?,
        };
        Ok(Publication {
            manifest,
            slices: cutter.slices,
            size,
        })
    }
}

impl Publication {
    /// The manifest as the JSON text that is signed and handed out.
    pub fn manifest_json(&self) -> String {
        serde_json::json!(self.manifest).to_string()
    }
}

/// Hashes of one chunk, by the moment of their expiry.
type Chunk = BTreeMap<Timestamp, BTreeSet<RevocationHash>>;

struct Cutter<'o> {
    options: &'o Options,
    as_of: Timestamp,
    slices: BTreeMap<SliceId, Vec<u8>>,
    worst_rate: f64,
}

impl Cutter<'_> {
    fn list(
        &mut self,
        kid: Option<Kid>,
        entries: &BTreeMap<(RevocationHash, HashKind), Timestamp>,
    ) -> Result<KidList, PublishError> {
        let mode = self.options.mode.unwrap_or_else(|| mode_for(entries.len()));
        let mut partitions: BTreeMap<u16, BTreeMap<u16, Chunk>> = BTreeMap::new();
        let mut hash_types = BTreeSet::new();
        for ((hash, kind), expires) in entries {
            hash_types.insert(*kind);
            let place = mode.chunk_of(hash);
            let chunk = partitions
                .entry(place >> 4)
                .or_default()
                .entry(place & 0xf)
                .or_default();
            chunk
                .entry(self.end_of_period(*expires))
                .or_default()
                .insert(*hash);
        }
        let partitions: Result<Vec<_>, _> = partitions
            .iter()
            .map(|(place, chunks)| self.partition(mode, *place, chunks))
            .collect();
        let partitions = partitions?;
        Ok(KidList {
            kid,
            mode,
            hash_types: hash_types.into_iter().collect(),
            expires: partitions
                .iter()
                .map(|part| part.expired)
                .max()
                .unwrap_or(self.as_of),
            last_updated: self.as_of,
            partitions,
        })
    }

    fn partition(
        &mut self,
        mode: Mode,
        place: u16,
        chunks: &BTreeMap<u16, Chunk>,
    ) -> Result<Partition, PublishError> {
        let (x, y) = match mode {
            Mode::Point => (None, None),
            Mode::Vector => (Some(format!("{place:x}")), None),
            Mode::Coordinate => (
                Some(format!("{:x}", place >> 4)),
                Some(format!("{:x}", place & 0xf)),
            ),
        };
        let id = x
            .as_ref()
            .map(|x| format!("{x}{}", y.as_deref().unwrap_or("")));
        let expired = chunks
            .values()
            .filter_map(|chunk| chunk.keys().last())
            .max()
            .copied();
        let chunks: Result<BTreeMap<_, _>, _> = chunks
            .iter()
            .map(|(digit, chunk)| Ok((format!("{digit:x}"), self.chunk(mode, chunk)?)))
            .collect();
        let expired = expired.unwrap_or(self.as_of);
        Ok(Partition {
            id,
            x,
            y,
            last_updated: self.as_of,
            expired,
            chunks: chunks?,
        })
    }

    fn chunk(
        &mut self,
        mode: Mode,
        chunk: &Chunk,
    ) -> Result<BTreeMap<Timestamp, ChunkSlice>, PublishError> {
        // A hash is looked for in every slice of its chunk: together they must keep the promise.
        let rate = self.options.false_positive_rate / chunk.len() as f64;
        let mut expected = 0.0;
        let slices: Result<_, _> = chunk
            .iter()
            .map(|(expires, hashes)| {
                let hashes: Vec<_> = hashes.iter().copied().collect();
                let (kind, bytes, rate) = self.slice(mode, &hashes, rate)?;
                expected += rate;
                let hash = SliceId(Sha256::digest(&bytes).into());
                self.slices.insert(hash, bytes);
                Ok((
                    *expires,
                    ChunkSlice {
                        kind,
                        version: "1.0".to_owned(),
                        hash,
                    },
                ))
            })
            .collect();
        self.worst_rate = self.worst_rate.max(expected);
        slices
    }

    fn slice(
        &self,
        mode: Mode,
        hashes: &[RevocationHash],
        rate: f64,
    ) -> Result<(SliceKind, Vec<u8>, f64), PublishError> {
        match self.options.form {
            SliceForm::VarHashList { shortest } => {
                let list = HashList::with_rate(hashes, mode.digits(), rate, shortest);
                Ok((
                    SliceKind::VarHashList,
                    list.to_bytes(),
                    list.expected_rate(mode.digits()),
                ))
            }
            SliceForm::BloomFilter => {
                let too_large = PublishError::TooLarge {
                    entries: hashes.len(),
                };
                let capacity = u32::try_from(hashes.len()).ok();
                let filter = capacity.and_then(|capacity| BloomFilter::with_rate(capacity, rate));
                let mut filter = filter.ok_or(too_large)?;
                for hash in hashes {
                    filter.add(&hash.0);
                }
                Ok((
                    SliceKind::BloomFilter,
                    filter.to_bytes(),
                    filter.expected_rate(),
                ))
            }
        }
    }

    fn end_of_period(&self, expires: Timestamp) -> Timestamp {
        let period = i64::from(self.options.expiry_days.max(1)) * 86_400;
        // The very second counts into the period that it ends.
        let whole = (expires.as_second() + i64::from(expires.subsec_nanosecond() > 0) + period - 1)
            .div_euclid(period);
        Timestamp::from_second(whole * period).unwrap_or(expires)
    }
}

/// Cut so that a slice has some dozens to some thousands of hashes.
fn mode_for(entries: usize) -> Mode {
    match entries {
        0..10_000 => Mode::Point,
        10_000..500_000 => Mode::Vector,
        _ => Mode::Coordinate,
    }
}
