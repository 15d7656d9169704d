//! How much is too much, and what surrounds every answer.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use web::{Limits, ServeError, Server};

use crate::place::{self, new_key, on_both_within, on_one, on_one_within, token};

#[test]
fn a_body_that_is_too_large_is_refused() {
    on_one(|place| async move {
        let clerk = token("clerk", "facility/TYT-00004");
        let large = format!("{{\"why\": \"{}\"}}", "a".repeat(300 * 1024));
        let reply = place
            .ask("POST", "/api/v1/subjects")
            .body(large)
            .by(&clerk)
            .key(&new_key())
            .send()
            .await;
        assert_eq!(reply.problem(), (413, "body.too_large".to_owned()));
    });
}

#[test]
fn every_answer_can_be_traced_and_is_neither_kept_nor_sniffed_nor_shared() {
    on_one(|place| async move {
        for path in ["/healthz", "/api/v1/whoami", "/nowhere", "/openapi.json"] {
            let reply = place.get(path).send().await;
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
            assert!(
                reply
                    .header("content-security-policy")
                    .is_some_and(|policy| policy.contains("'none'"))
            );
            assert_eq!(reply.header("access-control-allow-origin"), None);
            assert!(
                reply
                    .header("x-request-id")
                    .is_some_and(|id| id.starts_with("test-"))
            );
        }
        let own = place
            .get("/healthz")
            .header("x-request-id", "abc-1")
            .send()
            .await;
        assert_eq!(own.header("x-request-id"), Some("abc-1"));
    });
}

#[test]
fn the_log_has_a_line_for_each_request_and_no_id_of_a_record_in_it() {
    on_one(|place| async move {
        let clerk = token("clerk", "facility/TYT-00004");
        place
            .get("/api/v1/subjects/001084000001?x=1")
            .by(&clerk)
            .send()
            .await;
        let log = place.log.lock().expect("a log").join("\n");
        assert!(
            log.contains("method=GET route=/api/v1/subjects/{id} status=404"),
            "{log}"
        );
        assert!(
            !log.contains("001084000001") && !log.contains("clerk"),
            "{log}"
        );
    });
}

#[test]
fn more_at_once_than_the_server_takes_are_asked_to_come_again() {
    let limits = Limits {
        at_once: 0,
        ..Limits::default()
    };
    on_both_within(limits, |place| async move {
        let reply = place
            .get("/api/v1/whoami")
            .by(&token("auditor", "ministry"))
            .send()
            .await;
        assert_eq!(reply.problem(), (503, "server.busy".to_owned()));
        assert_eq!(reply.header("retry-after"), Some("1"));
        assert_eq!(
            place.get("/healthz").send().await.status,
            200,
            "whoever watches it still gets an answer"
        );
    });
}

#[test]
fn a_sender_that_is_too_slow_is_answered_and_let_go() {
    let limits = Limits {
        timeout: Duration::from_millis(300),
        head_timeout: Duration::from_millis(300),
        ..Limits::default()
    };
    on_one_within(limits, |place| async move {
        // All of it, or the server would end here.
        let place = &place;
        let clerk = token("clerk", "facility/TYT-00004");
        let mut body = TcpStream::connect(place.address).await.expect("connects");
        let head = format!(
            "POST /api/v1/subjects HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {clerk}\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{{"
        );
        body.write_all(head.as_bytes()).await.expect("writes");
        let mut answer = vec![0; 1024];
        let read = body.read(&mut answer).await.expect("reads");
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert!(
            answer.starts_with("HTTP/1.1 503") && answer.contains("server.timeout"),
            "{answer}"
        );
        let mut head = TcpStream::connect(place.address).await.expect("connects");
        head.write_all(b"GET /healthz HTTP/1.1\r\n")
            .await
            .expect("writes");
        let mut rest = Vec::new();
        head.read_to_end(&mut rest).await.expect("is closed");
        assert!(!String::from_utf8_lossy(&rest).contains("200"));
    });
}

#[test]
fn a_server_that_ends_finishes_what_is_at_work() {
    on_one(|mut place| async move {
        let clerk = token("clerk", "facility/TYT-00004");
        let mut stream = TcpStream::connect(place.address).await.expect("connects");
        let body =
            json!({ "person": { "full_name": "Lê Văn Một", "birth_date": "1984", "sex": "M" } })
                .to_string();
        let head = format!(
            "POST /api/v1/subjects HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {clerk}\r\ncontent-type: application/json\r\nidempotency-key: test-key-end\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("writes");
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (address, ending) = (
            place.address,
            tokio::spawn(async move { place.end().await }),
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
        stream.write_all(body.as_bytes()).await.expect("writes");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("reads");
        assert!(String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 201"));
        ending.await.expect("ends");
        assert!(TcpStream::connect(address).await.is_err());
    });
}

#[test]
fn no_server_starts_over_a_store_whose_tables_are_of_another_version() {
    place::runtime().block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let file = format!("sqlite:{}", folder.path().join("store.db").display());
        let store = storage::Store::open(&file).await.expect("opens");
        let api = place::api(
            place::platform(store),
            Limits::default(),
            std::sync::Arc::default(),
        );
        let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let refused = Server::listen(api, any).await;
        assert!(matches!(&refused, Err(ServeError::NotMigrated)));
        assert!(
            refused
                .expect_err("refused")
                .to_string()
                .contains("minhchung migrate")
        );
    });
}
