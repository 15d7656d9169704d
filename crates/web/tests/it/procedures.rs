//! Records opened, read, changed and traced over the API.

use serde_json::json;

use crate::place::{HÀ_NỘI, on_both, settle, token};

#[test]
fn a_record_is_opened_shown_changed_and_its_history_told() {
    on_both(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        let clerk = token("clerk", "facility/TYT-00004");
        let path = format!("/api/v1/subjects/{}", it.id("subjects"));
        let shown = place.get(&path).by(&clerk).send().await;
        assert_eq!(shown.status, 200, "{}", shown.text());
        let etag = shown.header("etag").expect("an ETag").to_owned();
        let body = shown.json();
        assert_eq!(etag, format!("\"{}\"", body["revision"]));
        assert_eq!(body["state"]["person"]["full_name"], "Lê Thị Xuyến");
        let contact = json!({ "act": "change_contact", "contact": { "phone": "0901000002" }, "why": "số mới" });
        let changed = place
            .post(&format!("{path}/acts"), &contact)
            .by(&clerk)
            .header("if-match", &etag)
            .send()
            .await;
        assert_eq!(changed.status, 200, "{}", changed.text());
        assert_eq!(changed.json()["changed"], true);
        let revision = body["revision"].as_u64().expect("a number") + 1;
        assert_eq!(changed.json()["revision"], revision);
        let again = place
            .post(&format!("{path}/acts"), &contact)
            .by(&clerk)
            .header("if-match", &format!("\"{revision}\""))
            .send()
            .await;
        assert_eq!(again.json()["changed"], false, "it was so already");
        let history = place
            .get(&format!("{path}/history?limit=200"))
            .by(&clerk)
            .send()
            .await;
        let history = history.json();
        let last = history["entries"]
            .as_array()
            .and_then(|all| all.last())
            .expect("an entry");
        assert_eq!(last["event"]["type"], "contact_changed");
        assert_eq!(last["act"]["why"], "số mới");
        assert_eq!(last["act"]["by"]["account"], "clerk.facility.TYT-00004");
        assert!(
            last["act"]["from"]
                .as_str()
                .is_some_and(|from| from.contains("127.0.0.1"))
        );
        let mut seen = Vec::new();
        let mut next = String::new();
        loop {
            let page = place
                .get(&format!("{path}/history?limit=1{next}"))
                .by(&clerk)
                .send()
                .await
                .json();
            seen.extend(page["entries"].as_array().cloned().expect("entries"));
            match page["next"].as_str() {
                Some(cursor) => next = format!("&after={cursor}"),
                None => break,
            }
        }
        assert_eq!(json!(seen), history["entries"]);
    });
}

#[test]
fn the_second_of_two_clerks_sees_what_the_first_one_changed_and_overwrites_nothing() {
    on_both(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        let clerk = token("clerk", "facility/TYT-00004");
        let path = format!("/api/v1/subjects/{}", it.id("subjects"));
        let etag = place.get(&path).by(&clerk).send().await;
        let etag = etag.header("etag").expect("an ETag").to_owned();
        let change = |phone: &str| {
            let body = json!({ "act": "change_contact", "contact": { "phone": phone } });
            place
                .post(&format!("{path}/acts"), &body)
                .by(&clerk)
                .header("if-match", &etag)
                .send()
        };
        assert_eq!(change("0901000002").await.status, 200);
        let second = change("0901000003").await;
        assert_eq!(second.problem(), (412, "revision.stale".to_owned()));
        let told = second.json();
        assert_eq!(
            told["now"].as_u64(),
            told["read"].as_u64().map(|read| read + 1)
        );
        assert_eq!(told["since"][0]["event"]["after"]["phone"], "0901000002");
        let now = place.get(&path).by(&clerk).send().await.json();
        assert_eq!(now["state"]["contact"]["phone"], "0901000002");
    });
}

#[test]
fn a_list_goes_through_hamlet_police_and_station() {
    on_both(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        let station = token("station", "commune/00004");
        let hamlet = token("hamlet_team", "hamlet/00004/To 1");
        let police = token("police", "police/00004");
        let (list, item) = (it.id("lists"), it.id("items"));
        let values = json!({ "number": "001184000001" });
        let outcome = json!({ "corrected": { "values": values, "evidence": "CCCD" } });
        let steps = [
            ("lists", list, &station, json!({ "act": "hand_out" })),
            (
                "items",
                item,
                &hamlet,
                json!({ "act": "review", "outcome": outcome }),
            ),
            (
                "items",
                item,
                &police,
                json!({ "act": "confirm", "values": values }),
            ),
        ];
        for (kind, id, by, body) in steps {
            let reply = place.act(kind, id, by, &body).await;
            assert_eq!(reply.status, 200, "{body}: {}", reply.text());
            assert_eq!(reply.json()["changed"], true, "{body}");
        }
        let to_sign = place
            .get(&format!("/api/v1/lists/{list}/to-sign"))
            .by(&police)
            .send()
            .await
            .json();
        assert_eq!(to_sign["rows"].as_array().map(Vec::len), Some(1));
        let evidence = json!({ "digital": { "signature": "chữ ký" } });
        let sign =
            |hash: &str| json!({ "act": "sign", "content_sha256": hash, "evidence": evidence });
        let other = place
            .act("lists", list, &police, &sign(&"0".repeat(64)))
            .await;
        assert_eq!(other.problem().1, "cleaning.content_changed");
        let hash = to_sign["content_sha256"].as_str().expect("a hash");
        let signed = place.act("lists", list, &police, &sign(hash)).await;
        assert_eq!(signed.status, 200, "{}", signed.text());
        let again = place.act("lists", list, &police, &sign(hash)).await;
        assert_eq!(again.problem().1, "cleaning.archived");
        let applied = place
            .act("lists", list, &station, &json!({ "act": "apply" }))
            .await;
        assert_eq!(
            applied.json()["rows"][0]["state"],
            "TYT_UPDATED",
            "{}",
            applied.text()
        );
        let subject = format!("/api/v1/subjects/{}", it.id("subjects"));
        let now = place.get(&subject).by(&station).send().await.json();
        assert_eq!(now["state"]["person"]["number"], "001184000001");
    });
}

#[test]
fn feedback_is_worked_on_and_a_supervisor_sees_numbers_masked() {
    on_both(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        let clerk = token("clerk", "facility/TYT-00004");
        let feedback = it.id("feedback");
        assert_eq!(
            place
                .act("feedback", feedback, &clerk, &json!({ "act": "take_up" }))
                .await
                .status,
            200
        );
        let outcome = json!({ "rejected": { "reason": "TK-08", "text": "Ảnh mờ" } });
        let decided = place
            .act(
                "feedback",
                feedback,
                &clerk,
                &json!({ "act": "decide", "outcome": outcome }),
            )
            .await;
        assert_eq!(decided.status, 200, "{}", decided.text());
        let reopened = place
            .act(
                "feedback",
                feedback,
                &clerk,
                &json!({ "act": "reopen", "text": "Xem lại" }),
            )
            .await;
        assert_eq!(reopened.problem(), (403, "rights.forbidden".to_owned()));
        let number = json!({ "person": { "full_name": "Trần Văn Thử", "birth_date": "1984-05-03", "sex": "M", "number": "001084000001" },
            "doses": [{ "id": "D-1", "facts": { "injected_on": "2021-09-01", "vaccine": "jcovden", "number": 1, "facility": "TYT-00004" } }] });
        let id = place.open("subjects", &clerk, &number).await;
        let path = format!("/api/v1/subjects/{id}");
        let supervisor = token("supervisor", "province/01");
        let masked = place.get(&path).by(&supervisor).send().await.json();
        assert_eq!(masked["state"]["person"]["number"], "001******001");
        let history = place
            .get(&format!("{path}/history"))
            .by(&supervisor)
            .send()
            .await;
        assert_eq!(history.problem().0, 403);
        let wish = json!({ "by": "number", "number": "001084000001" });
        let found = place
            .post("/api/v1/subjects/search", &wish)
            .by(&clerk)
            .send()
            .await
            .json();
        assert_eq!(found["found"][0]["id"], json!(id));
    });
}

#[test]
fn records_of_one_person_are_joined_and_separated() {
    on_both(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        let clerk = token("clerk", "facility/TYT-00004");
        let second = json!({ "person": it.person(), "doses": [] });
        let second = place.open("subjects", &clerk, &second).await;
        let both = json!({ "subjects": [it.id("subjects"), second], "why": "cùng một người" });
        let joined = place
            .post("/api/v1/subjects/join", &both)
            .by(&clerk)
            .key("join-0001")
            .send()
            .await;
        // A record without doses belongs to no facility: the clerk may not even know of it.
        assert_eq!(joined.problem().0, 404);
        let administrator = token("administrator", "ministry");
        let joined = place
            .post("/api/v1/subjects/join", &both)
            .by(&administrator)
            .key("join-0001")
            .send()
            .await;
        assert_eq!(joined.status, 200, "{}", joined.text());
        let cluster = joined.json()["cluster"].clone();
        assert_eq!(cluster, it.id("subjects").min(second.as_str()));
        let apart = place
            .act(
                "subjects",
                &second,
                &administrator,
                &json!({ "act": "unlink", "why": "nhầm" }),
            )
            .await;
        assert_eq!(apart.status, 200, "{}", apart.text());
    });
}

#[test]
fn queues_count_what_they_show() {
    on_both(|place| async move {
        settle(&place, HÀ_NỘI).await;
        let station = token("station", "commune/00004");
        let page = place
            .get("/api/v1/queues/cleaning?scope=commune:00004")
            .by(&station)
            .send()
            .await
            .json();
        let counts = place
            .get("/api/v1/queues/cleaning/counts")
            .by(&station)
            .send()
            .await
            .json();
        let rows = page["rows"].as_array().expect("rows").len() as u64;
        let counted: u64 = counts["counts"]
            .as_array()
            .expect("counts")
            .iter()
            .filter_map(|count| count["rows"].as_u64())
            .sum();
        assert_eq!((rows, counted), (1, 1));
        let progress = place
            .get("/api/v1/progress")
            .by(&station)
            .send()
            .await
            .json();
        assert_eq!(
            progress["cleaning.LISTED"],
            json!({ "of": "rows", "number": 1 }),
            "{progress}"
        );
    });
}

#[test]
fn the_ledger_proves_an_entry_to_whoever_has_the_checkpoint() {
    on_both(|place| async move {
        settle(&place, HÀ_NỘI).await;
        let auditor = token("auditor", "ministry");
        let none = place
            .get("/api/v1/ledger/checkpoint")
            .by(&auditor)
            .send()
            .await;
        assert_eq!(none.problem(), (404, "ledger.no_checkpoint".to_owned()));
        let store = place.platform.store();
        let head = store.sequence(10_000).await.expect("sequences");
        let signer = ledger::NoteSigner::generate("minhchung.test/log", ledger::KeyType::Ed25519)
            .expect("a key");
        let checkpoint = ledger::Checkpoint::new("minhchung.test/log", head.size, head.root);
        let note = checkpoint.sign(&signer).expect("signs");
        store
            .keep_checkpoint(&checkpoint, note.text(), crate::place::now())
            .await
            .expect("keeps");
        let kept = place
            .get("/api/v1/ledger/checkpoint")
            .by(&auditor)
            .send()
            .await;
        assert_eq!(kept.text(), note.text());
        let proof = place
            .get("/api/v1/ledger/entries/2/proof")
            .by(&auditor)
            .send()
            .await
            .json();
        let hash = |text: &serde_json::Value| {
            let bytes = hex::decode(text.as_str().expect("hex")).expect("hex");
            ledger::Hash(bytes.try_into().expect("32 bytes"))
        };
        let inclusion = ledger::Inclusion {
            index: 2,
            size: head.size,
            path: proof["path"]
                .as_array()
                .expect("a path")
                .iter()
                .map(hash)
                .collect(),
        };
        let entry = proof["entry"].as_str().expect("an entry");
        inclusion
            .verify(ledger::leaf_hash(entry.as_bytes()), head.root)
            .expect("is in it");
        let beyond = place
            .get("/api/v1/ledger/entries/100000/proof")
            .by(&auditor)
            .send()
            .await;
        assert_eq!(beyond.problem().1, "ledger.no_entry");
        let clerk = token("clerk", "facility/TYT-00004");
        let forbidden = place
            .get("/api/v1/ledger/checkpoint")
            .by(&clerk)
            .send()
            .await;
        assert_eq!(forbidden.problem().0, 403);
    });
}
