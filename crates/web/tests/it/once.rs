//! A request that is sent twice is carried out once.

use serde_json::json;

use crate::place::{HÀ_NỘI, Place, Reply, new_key, on_both, settle, token};

fn person(name: &str) -> serde_json::Value {
    json!({ "person": { "full_name": name, "birth_date": "1984", "sex": "M" } })
}

async fn open(place: &Place, key: &str, name: &str, by: &str) -> Reply {
    place
        .post("/api/v1/subjects", &person(name))
        .by(by)
        .key(key)
        .send()
        .await
}

#[test]
fn the_same_request_gets_the_same_answer_and_opens_one_record() {
    on_both(|place| async move {
        let (clerk, key) = (token("clerk", "facility/TYT-00004"), new_key());
        let first = open(&place, &key, "Lê Văn Một", &clerk).await;
        assert_eq!(first.status, 201);
        assert_eq!(first.header("idempotent-replayed"), None);
        let again = open(&place, &key, "Lê Văn Một", &clerk).await;
        assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.header("etag"), Some("\"1\""));
    });
}

#[test]
fn a_key_is_bound_to_one_request_of_one_sender() {
    on_both(|place| async move {
        let (clerk, key) = (token("clerk", "facility/TYT-00004"), new_key());
        assert_eq!(open(&place, &key, "Lê Văn Một", &clerk).await.status, 201);
        let other = open(&place, &key, "Lê Văn Hai", &clerk).await;
        assert_eq!(other.problem(), (422, "idempotency.key_reused".to_owned()));
        let colleague = token("head", "facility/TYT-00004");
        assert_eq!(
            open(&place, &key, "Lê Văn Hai", &colleague).await.status,
            201
        );
    });
}

#[test]
fn of_many_at_once_with_one_key_one_opens_a_record() {
    on_both(|place| async move {
        let (clerk, key) = (token("clerk", "facility/TYT-00004"), new_key());
        let all = (0..8).map(|_| open(&place, &key, "Lê Văn Một", &clerk));
        let mut ids = std::collections::BTreeSet::new();
        for reply in futures(all).await {
            if reply.status == 201 {
                ids.insert(reply.json()["id"].as_str().expect("an id").to_owned());
            } else {
                assert_eq!(reply.problem(), (409, "idempotency.in_progress".to_owned()));
                assert_eq!(reply.header("retry-after"), Some("1"));
            }
        }
        assert_eq!(ids.len(), 1);
    });
}

/// Runs all at once on this task.
async fn futures<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = all.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        let mut waiting = false;
        for (future, output) in &mut running {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(done) => *output = Some(done),
                    std::task::Poll::Pending => waiting = true,
                }
            }
        }
        if waiting {
            std::task::Poll::Pending
        } else {
            std::task::Poll::Ready(())
        }
    })
    .await;
    running
        .into_iter()
        .filter_map(|(_, output)| output)
        .collect()
}

#[test]
fn a_refusal_is_kept_too_and_an_act_may_do_without_a_key() {
    on_both(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        let (clerk, key) = (token("clerk", "facility/TYT-00004"), new_key());
        let path = format!("/api/v1/subjects/{}/acts", it.id("subjects"));
        let body = json!({ "act": "retract_dose", "dose": "D-unknown", "why": "nhầm" });
        let ask = || {
            place
                .post(&path, &body)
                .by(&clerk)
                .header("if-match", "*")
                .key(&key)
                .send()
        };
        let first = ask().await;
        assert_eq!(first.problem(), (404, "dose.unknown".to_owned()));
        let again = ask().await;
        assert_eq!(again.bytes, first.bytes);
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        let unkeyed = place
            .act("subjects", it.id("subjects"), &clerk, &body)
            .await;
        assert_eq!(unkeyed.problem().1, "dose.unknown");
    });
}
