//! Records are found by what their states say, and by nothing that they no longer say.

use std::collections::BTreeSet;

use casework::subject::person::RegisterAnswer;
use casework::subject::{Action, Contact, Subject};
use casework::{Kind, Procedure as _, RecordId, lookup};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg32;
use storage::Store;

use crate::intruder::Intruder;
use crate::place::{id, keep, on_both, on_both_by_url, registration, settle, system, try_to_keep};

async fn found(store: &Store, key: &str) -> Vec<String> {
    let ids = store.find(Kind::Subject, key, None, 100).await;
    ids.expect("finds").into_iter().map(|id| id.0).collect()
}

#[test]
fn a_person_is_found_by_number_name_and_phone_until_they_change() {
    on_both(|store| async move {
        settle(&store, 1..4, 4, &RegisterAnswer::True).await;
        let name = lookup::person("TRAN VAN THU", "1984-05-03").expect("a key");
        assert_eq!(
            found(&store, &name).await,
            ["S000001", "S000002", "S000003"]
        );
        let number = lookup::number("001084 000002").expect("a key");
        assert_eq!(found(&store, &number).await, ["S000002"]);
        let phone = |number: &str| {
            Action::ChangeContact(Contact {
                phone: Some(number.into()),
                email: None,
            })
        };
        keep(&store, 2, phone("0901 000 001"), &system(1)).await;
        let first = lookup::phone("+84901000001").expect("a key");
        assert_eq!(found(&store, &first).await, ["S000002"]);
        keep(&store, 2, phone("0901000002"), &system(2)).await;
        assert!(found(&store, &first).await.is_empty());
        assert!(
            store
                .find(Kind::Account, &number, None, 100)
                .await
                .expect("finds")
                .is_empty()
        );
    });
}

#[test]
fn pages_of_namesakes_walk_each_once() {
    on_both(|store| async move {
        settle(&store, 0..23, 4, &RegisterAnswer::True).await;
        let name = lookup::person("Trần Văn Thử", "1984-05-03").expect("a key");
        for limit in [1, 5, 23] {
            let mut ids: Vec<RecordId> = Vec::new();
            loop {
                let page = store
                    .find(Kind::Subject, &name, ids.last(), limit)
                    .await
                    .expect("finds");
                if page.is_empty() {
                    break;
                }
                ids.extend(page);
            }
            assert_eq!(ids, (0..23).map(id).collect::<Vec<_>>());
        }
    });
}

#[test]
fn what_records_are_found_by_equals_what_their_states_say_after_any_walk_of_acts() {
    on_both_by_url(|store, url| async move {
        let mut dice = Pcg32::seed_from_u64(11);
        for step in 0..150 {
            let n = dice.random_range(0..10usize);
            let action = match dice.random_range(0..7) {
                0..2 => Action::Register(registration(n, 4, None)),
                2 => Action::ChangeContact(Contact {
                    phone: (step % 3 != 0).then(|| format!("0901{:06}", step % 4)),
                    email: None,
                }),
                3 => Action::Link {
                    cluster: format!("S00000{}", step % 3),
                    verified_numbers: Vec::new(),
                },
                4 => Action::Unlink,
                5 => Action::OpenFeedback(format!("F{}", step % 5)),
                _ => Action::CloseFeedback(format!("F{}", step % 5)),
            };
            try_to_keep(&store, n, action, &system(step)).await;
        }
        let mut expected = BTreeSet::new();
        for n in 0..10 {
            let stored = store.load::<Subject>(&id(n)).await.expect("loads");
            let keys = stored.into_iter().flat_map(|stored| stored.state.keys());
            expected.extend(keys.map(|key| ("subject".to_owned(), id(n).0, key)));
        }
        let rows = Intruder::enter(&url).await.lookups().await;
        assert_eq!(rows.len(), expected.len());
        assert_eq!(rows.into_iter().collect::<BTreeSet<_>>(), expected);
    });
}

#[test]
fn many_keys_and_many_histories_at_once_are_those_of_each_alone() {
    on_both(|store| async move {
        settle(&store, 0..30, 4, &RegisterAnswer::True).await;
        for n in (0..30).step_by(4) {
            let contact = Contact {
                phone: Some(format!("09010000{:02}", n % 3)),
                email: None,
            };
            keep(&store, n, Action::ChangeContact(contact), &system(n as i64)).await;
        }
        let mut keys: Vec<String> = (0..4)
            .filter_map(|n| lookup::phone(&format!("09010000{n:02}")))
            .collect();
        keys.extend(lookup::number("001084000007"));
        let mut alone = BTreeSet::new();
        for key in &keys {
            alone.extend(
                found(&store, key)
                    .await
                    .into_iter()
                    .map(|id| (key.clone(), id)),
            );
        }
        let together = store.find_many(Kind::Subject, &keys).await.expect("finds");
        let together: Vec<(String, String)> =
            together.into_iter().map(|(key, id)| (key, id.0)).collect();
        assert_eq!(together.len(), alone.len(), "each once");
        assert_eq!(together.into_iter().collect::<BTreeSet<_>>(), alone);

        let ids: Vec<RecordId> = (0..32).rev().map(id).collect();
        let histories = store.histories::<Subject>(&ids).await.expect("reads");
        assert_eq!(histories.len(), ids.len());
        for (id, history) in ids.iter().zip(histories) {
            assert_eq!(history, store.history::<Subject>(id).await.expect("reads"));
        }
    });
}

#[test]
fn a_file_that_was_kept_elsewhere_and_is_handed_in_again_is_kept_here_and_stays() {
    on_both(|store| async move {
        let kept = async |bytes: Option<&[u8]>| {
            let blob = storage::Blob {
                sha256: "0".repeat(64),
                media_type: "image/png".into(),
                at: system(1).at,
                bytes: bytes.map(<[u8]>::to_vec),
                size: 3,
            };
            let batch = storage::Batch {
                blobs: vec![blob],
                ..storage::Batch::default()
            };
            store.commit(&batch).await.expect("keeps");
            let blob = store.blob(&"0".repeat(64)).await.expect("reads");
            blob.expect("a blob").bytes
        };
        assert_eq!(kept(None).await, None);
        assert_eq!(kept(Some(b"png")).await.as_deref(), Some(&b"png"[..]));
        assert_eq!(kept(None).await.as_deref(), Some(&b"png"[..]));
    });
}
