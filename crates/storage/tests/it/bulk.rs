//! Many changes at once: the same as one by one, only faster.

use casework::Kind;
use casework::subject::person::{IdentityField, RegisterAnswer};
use casework::subject::{Action, Contact, Subject};
use ledger::{Checkpoint, Verdict};
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg32;
use storage::{Batch, Change, Job, Message, Note, StorageError, Store};

use crate::intruder::Intruder;
use crate::place::{
    at, change, id, on_both, on_both_by_url, open, registration, settle, system, try_change,
};

/// Enough for `COPY`, and for several statements of several sizes.
const MANY: usize = 333;

fn answer(n: usize) -> RegisterAnswer {
    match n % 3 {
        0 => RegisterAnswer::True,
        1 => RegisterAnswer::Unverifiable,
        _ => RegisterAnswer::False {
            differing: vec![IdentityField::FullName],
        },
    }
}

fn phone(n: usize) -> Action {
    Action::ChangeContact(Contact {
        phone: Some(format!("0901{n:06}")),
        email: None,
    })
}

/// Commits a change by itself, and gives it back.
async fn alone(store: &Store, n: usize, action: Action, seconds: i64) -> Option<Change> {
    let change = change(store, n, action, &system(seconds)).await?;
    let batch = Batch {
        changes: vec![change.clone()],
        ..Batch::default()
    };
    store.commit(&batch).await.expect("commits");
    Some(change)
}

/// Work, messages and notes beside the changes; some keys twice.
fn beside(n: usize) -> Batch {
    let job = Job {
        key: format!("job {}", n % 40),
        name: "recheck".into(),
        payload: format!("{{\"n\":{n}}}"),
        run_at: at(n as i64),
        attempts: 0,
    };
    let message = Message {
        key: format!("message {}", n % 50),
        channel: "sms".into(),
        recipient: "0901000001".into(),
        body: format!("Đã cập nhật {n}"),
        at: at(n as i64),
    };
    let note = Note {
        about: format!("subject/S{n:06}"),
        at: at(n as i64),
        body: "{}".into(),
    };
    Batch {
        jobs: vec![job],
        messages: vec![message],
        notes: vec![note],
        ..Batch::default()
    }
}

/// A second store of the same kind.
async fn another(url: &str) -> (Store, String) {
    let url = match url.strip_prefix("sqlite:") {
        Some(file) => format!("sqlite:{file}.2"),
        None => crate::place::database().await,
    };
    (open(&url).await, url)
}

#[test]
fn many_changes_at_once_leave_every_table_as_one_by_one() {
    on_both_by_url(|one_by_one, url| async move {
        let (at_once, second) = another(&url).await;
        let mut dice = Pcg32::seed_from_u64(3);
        for round in 0..3usize {
            let mut all = Batch::default();
            for step in 0..MANY {
                // New records, changes of old ones, and several changes of one within the batch.
                let n = dice.random_range(0..(round + 1) * MANY);
                let action = match dice.random_range(0..8) {
                    0..5 => {
                        Action::Register(registration(n, [4, 6, 26734][n % 3], Some(answer(n))))
                    }
                    5 => Action::Age,
                    6 => Action::Seal,
                    _ => phone(step),
                };
                let known = one_by_one
                    .load::<Subject>(&id(n))
                    .await
                    .expect("loads")
                    .is_some();
                if known == matches!(action, Action::Register(_)) {
                    continue;
                }
                all.changes
                    .extend(alone(&one_by_one, n, action, step as i64).await);
                let beside = beside(step);
                one_by_one.commit(&beside).await.expect("commits");
                all.jobs.extend(beside.jobs);
                all.messages.extend(beside.messages);
                all.notes.extend(beside.notes);
            }
            all.changes.shuffle(&mut dice);
            all.changes.sort_by_key(Change::read);
            let revisions = at_once.commit(&all).await.expect("commits");
            let expected: Vec<u64> = all.changes.iter().map(|change| change.read() + 1).collect();
            assert_eq!(revisions, expected);
            let before = Intruder::enter(&url).await.everything().await;
            let after = Intruder::enter(&second).await.everything().await;
            assert_eq!(before, after);
        }
    });
}

#[test]
fn of_many_changes_the_one_that_conflicts_is_named() {
    on_both_by_url(|store, url| async move {
        settle(&store, 0..MANY, 4, &RegisterAnswer::True).await;
        let mut stale = Batch::default();
        for n in 0..MANY {
            stale
                .changes
                .extend(change(&store, n, phone(n), &system(1)).await);
        }
        alone(&store, 211, phone(999), 2).await;
        let named = |refused: Result<Vec<u64>, StorageError>| match refused {
            Err(StorageError::Conflict {
                kind: Kind::Subject,
                id,
                expected,
            }) => (id, expected),
            other => panic!("{other:?}"),
        };
        assert_eq!(named(store.commit(&stale).await), (id(211), 1));
        let mut new = Batch::default();
        for n in MANY..2 * MANY {
            let action = Action::Register(registration(n, 4, None));
            new.changes
                .extend(change(&store, n, action, &system(3)).await);
        }
        settle(&store, 500..501, 4, &RegisterAnswer::True).await;
        assert_eq!(named(store.commit(&new).await), (id(500), 0));
        assert_eq!(named(store.commit_in_ledger(&new).await), (id(500), 0));
        // A record that is not there is none to change.
        let (elsewhere, _) = another(&url).await;
        stale.changes.retain(|change| change.id() == &id(7));
        assert_eq!(named(elsewhere.commit(&stale).await), (id(7), 1));
        let loaded = store
            .load_many::<Subject>(&[id(500), id(MANY), id(0)])
            .await
            .expect("loads");
        let revisions: Vec<Option<u64>> = loaded
            .iter()
            .map(|stored| stored.as_ref().map(|stored| stored.revision))
            .collect();
        assert_eq!(revisions, [Some(1), None, Some(1)]);
    });
}

#[test]
fn entries_that_get_their_places_at_once_are_as_good_as_those_that_get_them_later() {
    on_both(|store| async move {
        settle(&store, 0..40, 4, &RegisterAnswer::True).await;
        for round in 1..4usize {
            let mut batch = beside(round);
            for n in round * MANY..(round + 1) * MANY {
                let action = Action::Register(registration(n, 4, Some(answer(n))));
                batch
                    .changes
                    .extend(change(&store, n, action, &system(1)).await);
            }
            store.commit_in_ledger(&batch).await.expect("commits");
            settle(&store, 10_000 + round..10_001 + round, 4, &answer(0)).await;
        }
        let entries = store.sequence(10_000).await.expect("sequences").size;
        let head = store.log_head().await.expect("reads");
        let events = 80 + 3 * (MANY as u64 + MANY as u64 / 3 + 1 + 2);
        assert_eq!((entries, head.size), (events, events));
        let checkpoint = Checkpoint::new("test", head.size, head.root);
        let audit = store.audit(&[checkpoint]).await.expect("audits");
        assert_eq!(audit.verdict, Verdict::Intact);
    });
}

#[test]
fn large_batches_over_the_same_records_never_wait_for_each_other_in_a_ring() {
    on_both(|store| async move {
        settle(&store, 0..MANY, 4, &answer(1)).await;
        let mut writers = Vec::new();
        for writer in 0..4usize {
            let store = store.clone();
            writers.push(tokio::spawn(async move {
                let mut dice = Pcg32::seed_from_u64(writer as u64);
                let mut kept = 0;
                for turn in 0..4usize {
                    let mut batch = Batch::default();
                    for n in 0..MANY {
                        let action = if n % 2 == 0 {
                            Action::Seal
                        } else {
                            phone(writer * 1000 + turn)
                        };
                        batch
                            .changes
                            .extend(change(&store, n, action, &system(1)).await);
                        let fresh = 1000 + turn * MANY + n;
                        let action = Action::Register(registration(fresh, 4, None));
                        batch
                            .changes
                            .extend(try_change(&store, fresh, action, &system(1)).await);
                    }
                    batch.changes.shuffle(&mut dice);
                    match store.commit(&batch).await {
                        Ok(_) => kept += 1,
                        Err(StorageError::Conflict { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
                kept
            }));
        }
        let mut kept = 0;
        for writer in writers {
            kept += writer.await.expect("finishes");
        }
        assert!(kept > 0);
    });
}

#[test]
fn after_a_load_the_store_has_the_indexes_that_it_had_and_after_a_killed_one_too() {
    on_both_by_url(|store, url| async move {
        let mut intruder = Intruder::enter(&url).await;
        let before = intruder.indexes().await;
        store.begin_load().await.expect("begins");
        assert!(intruder.indexes().await.len() < before.len());
        settle(&store, 0..MANY, 4, &answer(1)).await;
        store.end_load().await.expect("ends");
        assert_eq!(intruder.indexes().await, before);
        store.begin_load().await.expect("begins");
        store.close().await;
        open(&url).await;
        assert_eq!(intruder.indexes().await, before);
    });
}
