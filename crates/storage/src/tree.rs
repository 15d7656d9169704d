//! The ledger's tree in the store: compiled once for each database.

use std::collections::{BTreeMap, btree_map};

use ledger::{Frontier, Hash, node_count};

use super::backend::Tx;
use super::insert;
use crate::log::{Entry, PAGE};
use crate::rows::Rows;
use crate::{LogHead, StorageError};

/// The head of the tree, locked until the transaction ends: one writer of places at a time.
pub(super) struct Head {
    begin: u64,
    frontier: Frontier,
    nodes: Vec<Hash>,
}

impl Head {
    pub(super) async fn lock(tx: &mut Tx) -> Result<Self, StorageError> {
        let (size,): (i64,) =
            sqlx::query_as("UPDATE ledger_head SET size = size WHERE one = 1 RETURNING size")
                .fetch_one(&mut **tx)
                .await?;
        let begin = size.cast_unsigned();
        Ok(Self {
            begin,
            frontier: frontier(tx, begin).await?,
            nodes: Vec::new(),
        })
    }

    /// The next place.
    pub(super) fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Gives an entry the next place.
    pub(super) fn place(&mut self, text: String) -> u64 {
        let position = self.frontier.size();
        let entry = Entry { position, text };
        self.frontier.append(entry.leaf(), &mut self.nodes);
        position
    }

    /// Writes what was appended.
    pub(super) async fn write(self, tx: &mut Tx) -> Result<LogHead, StorageError> {
        write_nodes(tx, node_count(self.begin), &self.nodes).await?;
        sqlx::query("UPDATE ledger_head SET size = $1 WHERE one = 1")
            .bind(self.frontier.size().cast_signed())
            .execute(&mut **tx)
            .await?;
        Ok(LogHead {
            size: self.frontier.size(),
            root: self.frontier.root(),
        })
    }
}

pub(super) async fn frontier(tx: &mut Tx, size: u64) -> Result<Frontier, StorageError> {
    let peaks = read_nodes(tx, &Frontier::positions(size)).await?;
    Frontier::restore(size, peaks)
        .ok_or_else(|| StorageError::LedgerNotWhole(format!("no root at size {size}")))
}

pub(super) async fn read_nodes(tx: &mut Tx, positions: &[u64]) -> Result<Vec<Hash>, StorageError> {
    let mut pages: BTreeMap<u64, Vec<Hash>> = BTreeMap::new();
    let mut nodes = Vec::with_capacity(positions.len());
    for position in positions {
        let (page, place) = (position / PAGE, (position % PAGE) as usize);
        let hashes = match pages.entry(page) {
            btree_map::Entry::Occupied(read) => read.into_mut(),
            btree_map::Entry::Vacant(unread) => {
                unread.insert(read_page(tx, page).await?.unwrap_or_default())
            }
        };
        let missing = || StorageError::LedgerNotWhole(format!("node {position} is missing"));
        nodes.push(*hashes.get(place).ok_or_else(missing)?);
    }
    Ok(nodes)
}

pub(super) async fn read_page(tx: &mut Tx, page: u64) -> Result<Option<Vec<Hash>>, StorageError> {
    let row: Option<(Vec<u8>,)> = sqlx::query_as("SELECT hashes FROM ledger_page WHERE page = $1")
        .bind(page.cast_signed())
        .fetch_optional(&mut **tx)
        .await?;
    let Some((bytes,)) = row else { return Ok(None) };
    let (hashes, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() {
        return Err(StorageError::LedgerNotWhole(format!(
            "page {page} has {} bytes",
            bytes.len()
        )));
    }
    Ok(Some(hashes.iter().copied().map(Hash).collect()))
}

/// Appends nodes from a place on.
async fn write_nodes(tx: &mut Tx, from: u64, nodes: &[Hash]) -> Result<(), StorageError> {
    let Some(begun) = PAGE.checked_sub(from % PAGE).filter(|_| !nodes.is_empty()) else {
        return Ok(());
    };
    let first = from / PAGE;
    let mut hashes = read_page(tx, first).await?.unwrap_or_default();
    // What stands beyond the head was never part of the ledger.
    hashes.truncate((from % PAGE) as usize);
    if hashes.len() as u64 != from % PAGE {
        return Err(StorageError::LedgerNotWhole(format!(
            "page {first} ends before node {from}"
        )));
    }
    let (rest_of_page, whole) = nodes.split_at(nodes.len().min(begun as usize));
    hashes.extend(rest_of_page);
    let bytes = |hashes: &[Hash]| hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>();
    let pages: Vec<Vec<u8>> = std::iter::once(hashes.as_slice())
        .chain(whole.chunks(PAGE as usize))
        .map(bytes)
        .collect();
    let rows = Rows::into("ledger_page")
        .integer("page", (first.cast_signed()..).take(pages.len()))
        .bytes("hashes", pages.iter().map(Vec::as_slice))
        .on_conflict("ON CONFLICT (page) DO UPDATE SET hashes = excluded.hashes");
    insert(tx, &rows).await
}
