//! The ledger in the store: every event has its place, and nothing can be changed unseen.

use casework::subject::person::RegisterAnswer;
use ledger::{Checkpoint, Log, MemoryStore, NodeStore as _, Verdict, leaf_hash};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg32;
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use storage::{StorageError, Store};

use crate::place::{on_both, on_both_by_url, settle};

async fn nodes(store: &Store) -> Vec<ledger::Hash> {
    let mut nodes = Vec::new();
    for page in 0.. {
        let of_page = store.nodes(page).await.expect("reads");
        if of_page.is_empty() {
            break;
        }
        nodes.extend(of_page);
    }
    nodes
}

#[test]
fn every_event_gets_a_place_and_the_tree_is_that_of_the_ledger() {
    on_both(|store| async move {
        let mut expected = Log::new(MemoryStore::default()).expect("opens");
        for round in 0..4 {
            settle(
                &store,
                round * 90..(round + 1) * 90,
                4,
                &RegisterAnswer::True,
            )
            .await;
            while store.sequence(70).await.expect("sequences").size < (round as u64 + 1) * 180 {}
        }
        let entries = store.entries(0, 10_000).await.expect("reads");
        assert_eq!(entries.len(), 720);
        assert!(
            (0..)
                .zip(&entries)
                .all(|(position, entry)| entry.position == position)
        );
        expected
            .append(entries.iter().map(|entry| entry.text.as_bytes()))
            .expect("appends");
        let head = store.log_head().await.expect("reads");
        assert_eq!((head.size, head.root), (expected.size(), expected.root()));
        assert_eq!(nodes(&store).await.len() as u64, expected.store().len());
    });
}

#[test]
fn proofs_from_the_store_verify_alone() {
    on_both(|store| async move {
        settle(&store, 0..300, 4, &RegisterAnswer::True).await;
        let old = store.sequence(100).await.expect("sequences");
        let new = store.sequence(10_000).await.expect("sequences");
        assert_eq!((old.size, new.size), (100, 600));
        let entries = store.entries(0, 10_000).await.expect("reads");
        for index in [0, 1, 255, 256, 511, 599] {
            let proof = store.inclusion(index, new.size).await.expect("a proof");
            let entry = entries.get(index as usize).expect("an entry");
            proof
                .verify(leaf_hash(entry.text.as_bytes()), new.root)
                .expect("verifies");
        }
        let grew = store
            .consistency(old.size, new.size)
            .await
            .expect("a proof");
        grew.verify(old.root, new.root).expect("verifies");
        assert!(store.inclusion(600, 600).await.is_err());
    });
}

#[test]
fn writers_at_once_lose_no_entry() {
    on_both(|store| async move {
        let mut writers = Vec::new();
        for writer in 0..4usize {
            let store = store.clone();
            writers.push(tokio::spawn(async move {
                settle(
                    &store,
                    writer * 20..(writer + 1) * 20,
                    4,
                    &RegisterAnswer::True,
                )
                .await;
                store.sequence(1_000).await.expect("sequences");
            }));
        }
        for writer in writers {
            writer.await.expect("finishes");
        }
        let head = store.sequence(1_000).await.expect("sequences");
        assert_eq!(head.size, 160);
        let entries = store.entries(0, 1_000).await.expect("reads");
        assert!(
            (0..)
                .zip(&entries)
                .all(|(position, entry)| entry.position == position)
        );
    });
}

/// Somebody with the password of the database.
enum Intruder {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Intruder {
    async fn enter(url: &str) -> Self {
        if url.starts_with("sqlite:") {
            Self::Sqlite(SqliteConnection::connect(url).await.expect("connects"))
        } else {
            Self::Postgres(PgConnection::connect(url).await.expect("connects"))
        }
    }

    async fn run(&mut self, sql: &'static str) {
        match self {
            Self::Sqlite(connection) => {
                sqlx::query(sql).execute(connection).await.expect(sql);
            }
            Self::Postgres(connection) => {
                sqlx::query(sql).execute(connection).await.expect(sql);
            }
        }
    }

    /// Writes bytes over a column of a row and gives what stood there.
    async fn swap(
        &mut self,
        read: &'static str,
        write: &'static str,
        row: i64,
        change: impl Fn(&mut Vec<u8>),
    ) -> Vec<u8> {
        let before: Vec<u8> = match self {
            Self::Sqlite(connection) => sqlx::query_scalar(read)
                .bind(row)
                .fetch_one(connection)
                .await
                .expect(read),
            Self::Postgres(connection) => sqlx::query_scalar(read)
                .bind(row)
                .fetch_one(connection)
                .await
                .expect(read),
        };
        let mut after = before.clone();
        change(&mut after);
        self.put(write, row, after).await;
        before
    }

    async fn put(&mut self, write: &'static str, row: i64, bytes: Vec<u8>) {
        match self {
            Self::Sqlite(connection) => {
                sqlx::query(write)
                    .bind(row)
                    .bind(bytes)
                    .execute(connection)
                    .await
                    .expect(write);
            }
            Self::Postgres(connection) => {
                sqlx::query(write)
                    .bind(row)
                    .bind(bytes)
                    .execute(connection)
                    .await
                    .expect(write);
            }
        }
    }
}

/// A store with entries, and a checkpoint over them that is kept elsewhere.
async fn signed(store: &Store, people: usize) -> Checkpoint {
    settle(store, 0..people, 4, &RegisterAnswer::True).await;
    let head = store.sequence(100_000).await.expect("sequences");
    Checkpoint::new("test", head.size, head.root)
}

async fn is_intact(store: &Store, checkpoint: &Checkpoint) -> bool {
    match store.audit(std::slice::from_ref(checkpoint)).await {
        Ok(audit) => audit.verdict == Verdict::Intact,
        Err(StorageError::LedgerNotWhole(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn any_changed_byte_of_the_log_is_found() {
    on_both_by_url(|store, url| async move {
        let checkpoint = signed(&store, 30).await;
        assert!(is_intact(&store, &checkpoint).await);
        let mut intruder = Intruder::enter(&url).await;
        let columns = if url.starts_with("sqlite:") {
            [
                (
                    "SELECT CAST(body AS BLOB) FROM event WHERE position = $1",
                    "UPDATE event SET body = CAST($2 AS TEXT) WHERE position = $1",
                    60,
                ),
                (
                    "SELECT salt FROM event WHERE position = $1",
                    "UPDATE event SET salt = $2 WHERE position = $1",
                    60,
                ),
                (
                    "SELECT CAST(id AS BLOB) FROM event WHERE position = $1",
                    "UPDATE event SET id = CAST($2 AS TEXT) WHERE position = $1",
                    60,
                ),
                (
                    "SELECT hashes FROM ledger_page WHERE page = $1",
                    "UPDATE ledger_page SET hashes = $2 WHERE page = $1",
                    1,
                ),
            ]
        } else {
            [
                (
                    "SELECT convert_to(body, 'UTF8') FROM event WHERE position = $1",
                    "UPDATE event SET body = convert_from($2, 'UTF8') WHERE position = $1",
                    60,
                ),
                (
                    "SELECT salt FROM event WHERE position = $1",
                    "UPDATE event SET salt = $2 WHERE position = $1",
                    60,
                ),
                (
                    "SELECT convert_to(id, 'UTF8') FROM event WHERE position = $1",
                    "UPDATE event SET id = convert_from($2, 'UTF8') WHERE position = $1",
                    60,
                ),
                (
                    "SELECT hashes FROM ledger_page WHERE page = $1",
                    "UPDATE ledger_page SET hashes = $2 WHERE page = $1",
                    1,
                ),
            ]
        };
        let mut dice = Pcg32::seed_from_u64(7);
        for turn in 0..500usize {
            let (read, write, rows) = columns[turn % columns.len()];
            let row = dice.random_range(0..rows);
            let place = dice.random::<u32>() as usize;
            // The bodies are JSON with names: another ASCII letter in the place of an ASCII letter stays text.
            let alter = |bytes: &mut Vec<u8>| {
                let ascii: Vec<usize> = (0..bytes.len())
                    .filter(|&at| {
                        read.contains("salt") || read.contains("page") || bytes[at].is_ascii()
                    })
                    .collect();
                let at = ascii[place % ascii.len()];
                bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
            };
            let before = intruder.swap(read, write, row, alter).await;
            assert!(!is_intact(&store, &checkpoint).await, "{write} {row}");
            intruder.put(write, row, before).await;
        }
        assert!(is_intact(&store, &checkpoint).await);
    });
}

#[test]
fn a_removed_an_exchanged_and_a_cut_off_entry_are_found() {
    let attacks: [&[&'static str]; 5] = [
        &["DELETE FROM event WHERE position = 7"],
        &[
            "UPDATE event SET position = -1 WHERE position = 7",
            "UPDATE event SET position = 7 WHERE position = 8",
            "UPDATE event SET position = 8 WHERE position = -1",
        ],
        &["DELETE FROM event WHERE position >= 50"],
        &["UPDATE event SET at = at + 1 WHERE position = 3"],
        &[
            "DELETE FROM event WHERE position >= 50",
            "UPDATE ledger_head SET size = 50",
        ],
    ];
    on_both_by_url(|_, url| async move {
        for attack in attacks {
            let url = match url.strip_prefix("sqlite:") {
                Some(file) => format!("sqlite:{file}.{}", attack.len() + attack[0].len()),
                None => crate::place::database().await,
            };
            let store = crate::place::open(&url).await;
            let checkpoint = signed(&store, 30).await;
            let mut intruder = Intruder::enter(&url).await;
            for step in attack {
                intruder.run(step).await;
            }
            assert!(!is_intact(&store, &checkpoint).await, "{attack:?}");
        }
    });
}
