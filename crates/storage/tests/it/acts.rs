//! One act: all of it, or nothing.

use casework::subject::person::{IdentityField, RegisterAnswer};
use casework::subject::{Action, Contact, Subject};
use casework::{AccountId, Kind, replay};
use storage::access::AccessChange;
use storage::{Batch, Job, Message, Note, StorageError};

use crate::place::{at, change, id, keep, on_both, registration, settle, system};

fn phone(number: &str) -> Action {
    Action::ChangeContact(Contact {
        phone: Some(number.into()),
        email: None,
    })
}

#[test]
fn what_was_kept_comes_back_and_its_history_rebuilds_it() {
    on_both(|store| async move {
        let new = registration(
            1,
            4,
            Some(RegisterAnswer::False {
                differing: vec![IdentityField::FullName],
            }),
        );
        keep(&store, 1, Action::Register(new), &system(0)).await;
        keep(&store, 1, phone("0901000001"), &system(1)).await;
        let stored = store
            .load::<Subject>(&id(1))
            .await
            .expect("loads")
            .expect("is there");
        assert_eq!(stored.revision, 2);
        assert_eq!(stored.state.contact.phone.as_deref(), Some("0901000001"));
        let history = store.history::<Subject>(&id(1)).await.expect("reads");
        let rebuilt: Option<Subject> =
            replay(history.iter().map(|entry| (&entry.event, &entry.act)));
        assert_eq!(rebuilt, Some(stored.state));
        assert!(
            store
                .load::<Subject>(&id(2))
                .await
                .expect("loads")
                .is_none()
        );
    });
}

#[test]
fn the_second_of_two_clerks_is_told_and_overwrites_nothing() {
    on_both(|store| async move {
        settle(&store, 1..2, 4, &RegisterAnswer::True).await;
        let mine = change(&store, 1, phone("0901000001"), &system(1))
            .await
            .expect("a change");
        let yours = change(&store, 1, phone("0901000002"), &system(2))
            .await
            .expect("a change");
        store
            .commit(&Batch {
                changes: vec![mine],
                ..Batch::default()
            })
            .await
            .expect("commits");
        let refused = store
            .commit(&Batch {
                changes: vec![yours],
                ..Batch::default()
            })
            .await;
        assert!(
            matches!(
                refused,
                Err(StorageError::Conflict {
                    kind: Kind::Subject,
                    expected: 1,
                    ..
                })
            ),
            "{refused:?}"
        );
        let stored = store
            .load::<Subject>(&id(1))
            .await
            .expect("loads")
            .expect("is there");
        assert_eq!(stored.state.contact.phone.as_deref(), Some("0901000001"));
    });
}

#[test]
fn a_batch_with_one_conflict_writes_nothing_at_all() {
    on_both(|store| async move {
        settle(&store, 1..3, 4, &RegisterAnswer::True).await;
        let first = change(&store, 1, phone("0901000001"), &system(1))
            .await
            .expect("a change");
        let stale = change(&store, 2, phone("0901000002"), &system(1))
            .await
            .expect("a change");
        keep(&store, 2, phone("0901000003"), &system(2)).await;
        let job = Job {
            key: "j".into(),
            name: "n".into(),
            payload: "{}".into(),
            run_at: at(0),
            attempts: 0,
        };
        let message = Message {
            key: "m".into(),
            channel: "sms".into(),
            recipient: "0901".into(),
            body: "b".into(),
            at: at(0),
        };
        let note = Note {
            about: "subject/S000001".into(),
            at: at(0),
            body: "{}".into(),
        };
        let owner = AccountId("le.van.an".into());
        let password = AccessChange::Password {
            account: owner.clone(),
            hash: "$argon2id$".into(),
            until: None,
        };
        let batch = Batch {
            changes: vec![first, stale],
            jobs: vec![job],
            messages: vec![message],
            notes: vec![note],
            access: vec![password],
            ..Batch::default()
        };
        assert!(store.commit(&batch).await.is_err());
        assert_eq!(store.password(&owner).await.expect("reads"), None);
        assert_eq!(
            store
                .load::<Subject>(&id(1))
                .await
                .expect("loads")
                .map(|stored| stored.revision),
            Some(1)
        );
        assert_eq!(
            store.history::<Subject>(&id(1)).await.expect("reads").len(),
            1 + after_registration()
        );
        assert!(
            store
                .lease(at(10), at(20), 10)
                .await
                .expect("leases")
                .is_empty()
        );
        assert!(store.unsent(10).await.expect("reads").is_empty());
        assert!(
            store
                .notes("subject/S000001", 10)
                .await
                .expect("reads")
                .is_empty()
        );
    });
}

/// Registering a verified person makes the dose ready to be signed: one event more.
fn after_registration() -> usize {
    1
}

#[test]
fn of_many_writers_at_once_one_wins_each_revision() {
    on_both(|store| async move {
        settle(&store, 1..2, 4, &RegisterAnswer::True).await;
        let mut clerks = Vec::new();
        for clerk in 0..8 {
            let store = store.clone();
            clerks.push(tokio::spawn(async move {
                let mut kept = 0u64;
                for turn in 0..5 {
                    let action = phone(&format!("09{clerk:02}{turn:06}"));
                    let Some(change) = change(&store, 1, action, &system(turn)).await else {
                        continue;
                    };
                    match store
                        .commit(&Batch {
                            changes: vec![change],
                            ..Batch::default()
                        })
                        .await
                    {
                        Ok(_) => kept += 1,
                        Err(StorageError::Conflict { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
                kept
            }));
        }
        let mut kept = 0;
        for clerk in clerks {
            kept += clerk.await.expect("finishes");
        }
        let stored = store
            .load::<Subject>(&id(1))
            .await
            .expect("loads")
            .expect("is there");
        assert_eq!(stored.revision, 1 + kept);
        let history = store.history::<Subject>(&id(1)).await.expect("reads");
        let rebuilt: Option<Subject> =
            replay(history.iter().map(|entry| (&entry.event, &entry.act)));
        assert_eq!(rebuilt, Some(stored.state));
    });
}
