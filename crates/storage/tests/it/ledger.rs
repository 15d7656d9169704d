//! The ledger in the store: every event has its place, and nothing can be changed unseen.

use casework::subject::Subject;
use casework::subject::person::RegisterAnswer;
use ledger::{Checkpoint, Log, MemoryStore, NodeStore as _, Verdict, leaf_hash};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg32;
use storage::{Batch, Note, StorageError, Store};

use crate::intruder::Intruder;
use crate::place::{at, id, on_both, on_both_by_url, settle};

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

const NOTES: u32 = 20;

fn note(person: u32, seconds: i64) -> Note {
    Note {
        about: format!("subject/S{person:06}"),
        at: at(seconds),
        body: format!(r#"{{"read":"whole record","turn":{seconds}}}"#),
    }
}

async fn keep_notes(store: &Store, notes: Vec<Note>) {
    let batch = Batch {
        notes,
        ..Batch::default()
    };
    store.commit(&batch).await.expect("commits");
}

#[test]
fn notes_come_back_the_newest_first_and_have_places_in_the_ledger() {
    on_both(|store| async move {
        settle(&store, 0..2, 4, &RegisterAnswer::True).await;
        keep_notes(&store, vec![note(0, 1), note(1, 2), note(0, 3)]).await;
        keep_notes(&store, vec![note(0, 4), note(0, 4)]).await;
        let about = |person: usize, limit| {
            let store = store.clone();
            async move {
                let about = format!("subject/S{person:06}");
                store.notes(&about, limit).await.expect("reads")
            }
        };
        let all = [note(0, 4), note(0, 4), note(0, 3), note(0, 1)];
        assert_eq!(about(0, 10).await, all);
        assert_eq!(about(0, 3).await, all[..3]);
        assert!(about(7, 10).await.is_empty());
        // They are no history of the record, and they change nothing of it.
        let history = store.history::<Subject>(&id(0)).await.expect("reads");
        assert_eq!(history.len(), 2);
        assert_eq!(store.sequence(100).await.expect("sequences").size, 9);
    });
}

/// A store with entries, notes among them, and a checkpoint over all that is kept elsewhere.
async fn signed(store: &Store, people: usize) -> Checkpoint {
    settle(store, 0..people, 4, &RegisterAnswer::True).await;
    let notes = (0..NOTES).map(|n| note(n % 4, i64::from(n))).collect();
    keep_notes(store, notes).await;
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
                    80,
                ),
                (
                    "SELECT salt FROM event WHERE position = $1",
                    "UPDATE event SET salt = $2 WHERE position = $1",
                    80,
                ),
                (
                    "SELECT CAST(id AS BLOB) FROM event WHERE position = $1",
                    "UPDATE event SET id = CAST($2 AS TEXT) WHERE position = $1",
                    80,
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
                    80,
                ),
                (
                    "SELECT salt FROM event WHERE position = $1",
                    "UPDATE event SET salt = $2 WHERE position = $1",
                    80,
                ),
                (
                    "SELECT convert_to(id, 'UTF8') FROM event WHERE position = $1",
                    "UPDATE event SET id = convert_from($2, 'UTF8') WHERE position = $1",
                    80,
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
fn a_removed_an_exchanged_an_inserted_and_a_cut_off_entry_are_found() {
    let attacks: [&[&'static str]; 10] = [
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
        &["DELETE FROM event WHERE position = 71 AND kind = 'note'"],
        &[
            "UPDATE event SET body = replace(body, 'whole', 'no') WHERE position = 72 AND kind = 'note'",
        ],
        &["UPDATE event SET id = 'subject/S000099' WHERE position = 73 AND kind = 'note'"],
        &[
            "INSERT INTO event (kind, id, revision, ordinal, at, salt, body, position) \
           SELECT kind, id, revision, ordinal + 1, at, salt, body, 80 FROM event WHERE position = 74",
        ],
        &[
            "UPDATE event SET position = -position WHERE position > 74",
            "UPDATE event SET position = 1 - position WHERE position < 0",
            "INSERT INTO event (kind, id, revision, ordinal, at, salt, body, position) \
             SELECT kind, id, revision, ordinal + 1, at, salt, body, 75 FROM event WHERE position = 74",
        ],
    ];
    on_both_by_url(|_, url| async move {
        for (n, attack) in attacks.into_iter().enumerate() {
            let url = match url.strip_prefix("sqlite:") {
                Some(file) => format!("sqlite:{file}.{n}"),
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
