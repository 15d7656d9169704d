//! Jobs, messages and the clock: each once, whatever happens.

use storage::{Batch, Job, Message};

use crate::place::{at, on_both};

fn job(key: &str, seconds: i64) -> Job {
    Job {
        key: key.into(),
        name: "recheck".into(),
        payload: "{}".into(),
        run_at: at(seconds),
        attempts: 0,
    }
}

#[test]
fn a_job_is_leased_to_one_worker_and_comes_back_when_that_one_dies() {
    on_both(|store| async move {
        let batch = Batch {
            jobs: vec![job("a", 0), job("b", 5), job("a", 0)],
            ..Batch::default()
        };
        store.commit(&batch).await.expect("commits");
        let first = store.lease(at(10), at(40), 1).await.expect("leases");
        assert_eq!(
            first.iter().map(|job| job.key.as_str()).collect::<Vec<_>>(),
            ["a"]
        );
        let second = store.lease(at(11), at(41), 10).await.expect("leases");
        assert_eq!(
            second
                .iter()
                .map(|job| job.key.as_str())
                .collect::<Vec<_>>(),
            ["b"]
        );
        assert!(
            store
                .lease(at(12), at(42), 10)
                .await
                .expect("leases")
                .is_empty()
        );
        store.finish("b").await.expect("finishes");
        let again = store.lease(at(41), at(71), 10).await.expect("leases");
        assert_eq!(
            again
                .iter()
                .map(|job| (job.key.as_str(), job.attempts))
                .collect::<Vec<_>>(),
            [("a", 2)]
        );
        store
            .put_off("a", "không kết nối được", at(100))
            .await
            .expect("puts off");
        assert!(
            store
                .lease(at(99), at(120), 10)
                .await
                .expect("leases")
                .is_empty()
        );
        assert_eq!(
            store
                .lease(at(100), at(120), 10)
                .await
                .expect("leases")
                .len(),
            1
        );
    });
}

#[test]
fn workers_at_once_never_get_the_same_job() {
    on_both(|store| async move {
        let jobs = (0..50).map(|n| job(&format!("j{n:02}"), 0)).collect();
        store
            .commit(&Batch {
                jobs,
                ..Batch::default()
            })
            .await
            .expect("commits");
        let mut workers = Vec::new();
        for _ in 0..6 {
            let store = store.clone();
            workers.push(tokio::spawn(async move {
                let mut keys = Vec::new();
                for _ in 0..10 {
                    let leased = store.lease(at(1), at(100), 4).await.expect("leases");
                    keys.extend(leased.into_iter().map(|job| job.key));
                }
                keys
            }));
        }
        let mut keys = Vec::new();
        for worker in workers {
            keys.extend(worker.await.expect("finishes"));
        }
        let leased = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!((keys.len(), leased), (50, 50));
    });
}

#[test]
fn a_message_is_kept_once_and_leaves_when_it_is_sent() {
    on_both(|store| async move {
        let message = |body: &str| Message {
            key: "feedback/1/approved".into(),
            channel: "sms".into(),
            recipient: "0901000001".into(),
            body: body.into(),
            at: at(0),
        };
        for body in ["Đã cập nhật", "lần hai"] {
            store
                .commit(&Batch {
                    messages: vec![message(body)],
                    ..Batch::default()
                })
                .await
                .expect("commits");
        }
        assert_eq!(
            store.unsent(10).await.expect("reads"),
            [message("Đã cập nhật")]
        );
        store
            .sent("feedback/1/approved", at(9))
            .await
            .expect("marks");
        assert!(store.unsent(10).await.expect("reads").is_empty());
    });
}
