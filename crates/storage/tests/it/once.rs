//! Requests that are sent twice are carried out once.

use storage::{Claim, Claimed, Store};

use crate::place::{at, on_both};

fn claim(key: &str, request: &str, now: i64) -> Claim {
    Claim {
        sender: "staff/an".into(),
        key: key.into(),
        fingerprint: request.into(),
        lease_until: at(now + 60),
        expires_at: at(now + 3600),
    }
}

async fn ask(store: &Store, claim: &Claim, now: i64) -> Claimed {
    store.claim(claim, at(now)).await.expect("answers")
}

#[test]
fn the_first_answer_is_kept_for_the_same_request_and_no_other() {
    on_both(|store| async move {
        let first = claim("k", "a", 0);
        assert_eq!(ask(&store, &first, 0).await, Claimed::First);
        assert_eq!(ask(&store, &claim("k", "a", 1), 1).await, Claimed::Running);
        assert_eq!(
            ask(&store, &claim("k", "b", 1), 1).await,
            Claimed::OtherRequest
        );
        store.answer_claim(&first, "201").await.expect("keeps");
        store
            .answer_claim(&first, "500")
            .await
            .expect("keeps the first");
        let again = ask(&store, &claim("k", "a", 2), 2).await;
        assert_eq!(again, Claimed::Done("201".into()));
        let of_another = Claim {
            sender: "staff/binh".into(),
            ..claim("k", "b", 2)
        };
        assert_eq!(ask(&store, &of_another, 2).await, Claimed::First);
    });
}

#[test]
fn a_request_that_was_given_back_or_whose_worker_died_is_carried_out_by_the_next() {
    on_both(|store| async move {
        let first = claim("k", "a", 0);
        assert_eq!(ask(&store, &first, 0).await, Claimed::First);
        store.release_claim(&first).await.expect("gives back");
        let second = claim("k", "a", 1);
        assert_eq!(ask(&store, &second, 1).await, Claimed::First);
        let third = claim("k", "a", 61);
        assert_eq!(ask(&store, &third, 61).await, Claimed::First);
        store
            .answer_claim(&second, "late")
            .await
            .expect("is not kept");
        store
            .release_claim(&second)
            .await
            .expect("gives nothing back");
        store.answer_claim(&third, "201").await.expect("keeps");
        let fourth = ask(&store, &claim("k", "a", 62), 62).await;
        assert_eq!(fourth, Claimed::Done("201".into()));
    });
}

#[test]
fn a_key_is_free_again_when_its_time_is_over() {
    on_both(|store| async move {
        let first = claim("k", "a", 0);
        assert_eq!(ask(&store, &first, 0).await, Claimed::First);
        store.answer_claim(&first, "201").await.expect("keeps");
        let other = claim("k", "b", 3600);
        assert_eq!(ask(&store, &other, 3600).await, Claimed::First);
        assert_eq!(store.forget_claims(at(3601)).await.expect("forgets"), 0);
        assert_eq!(store.forget_claims(at(7200)).await.expect("forgets"), 1);
    });
}

#[test]
fn of_many_at_once_with_one_key_one_is_the_first() {
    on_both(|store| async move {
        for now in [0, 100] {
            let mut senders = Vec::new();
            for n in 0..12 {
                let store = store.clone();
                // Each has its own moment, as clocks do.
                let mine = Claim {
                    lease_until: at(now + 60)
                        .checked_add(jiff::SignedDuration::from_micros(n))
                        .expect("a time"),
                    ..claim("k", "a", now)
                };
                senders.push(tokio::spawn(async move { ask(&store, &mine, now).await }));
            }
            let mut first = 0;
            for sender in senders {
                first += usize::from(sender.await.expect("ends") == Claimed::First);
            }
            assert_eq!(first, 1, "at {now}");
        }
    });
}

#[test]
fn a_store_says_which_migrations_it_lacks_without_running_them() {
    on_both(|store| async move {
        assert!(store.pending_migrations().await.expect("reads").is_empty());
    });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("new.db").display());
        let postgres = crate::place::database().await;
        for url in [url, postgres] {
            let store = Store::open(&url).await.expect("opens");
            let pending = store.pending_migrations().await.expect("reads");
            assert!(pending.starts_with(&[1]), "{pending:?}");
            assert_eq!(store.pending_migrations().await.expect("reads"), pending);
        }
    });
}
