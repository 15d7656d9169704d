//! What can be wrong with a request, and that each gets a precise refusal.

use serde_json::{Value, json};

use crate::place::{HÀ_NỘI, new_key, on_one, settle, token};

const SUBJECTS: &str = "/api/v1/subjects";

fn clerk() -> String {
    token("clerk", "facility/TYT-00004")
}

#[test]
fn a_body_that_is_no_json_is_told_where_it_breaks() {
    on_one(|place| async move {
        let ask = |bytes: &'static [u8]| {
            place
                .ask("POST", SUBJECTS)
                .body(bytes)
                .by(&clerk())
                .key(&new_key())
                .send()
        };
        let broken = ask(b"{\n  \"person\": }").await;
        assert_eq!(broken.problem(), (400, "body.malformed".to_owned()));
        assert_eq!(
            (
                broken.json()["line"].clone(),
                broken.json()["column"].clone()
            ),
            (json!(2), json!(13))
        );
        let cut = ask(b"{\"person\": {").await;
        assert_eq!(cut.problem().1, "body.malformed");
        let latin = ask(b"{\"person\": \"\xe9\"}").await;
        assert_eq!(latin.problem().1, "body.malformed");
        assert!(
            latin.json()["detail"]
                .as_str()
                .is_some_and(|told| told.contains("UTF-8"))
        );
        let nul = ask(b"{\"person\": \"\\u0000\"}").await;
        assert_eq!(nul.problem().1, "body.malformed");
        let twice = ask(b"{\"person\": {}, \"person\": {}}").await;
        assert_eq!(twice.problem().1, "body.malformed");
        let array = ask(b"[]").await;
        assert_eq!(array.problem(), (422, "body.unfit".to_owned()));
    });
}

#[test]
fn a_value_that_does_not_fit_is_told_by_its_pointer() {
    on_one(|place| async move {
        let person = json!({ "full_name": "Lê Văn Một", "birth_date": "1984", "sex": "M" });
        let with = |member: &str, value: Value| {
            let mut body = json!({ "person": person, "doses": [{ "id": "D", "facts": {} }] });
            *body.pointer_mut(member).expect("a place") = value;
            body
        };
        let too_much = json!({ "person": person, "sealed": true });
        let cases = [
            (with("/person/full_name", json!(7)), "/person/full_name"),
            (
                with("/person/full_name", json!("a".repeat(201))),
                "/person/full_name",
            ),
            (
                with("/doses/0/facts", json!({ "number": 300 })),
                "/doses/0/facts/number",
            ),
            (
                with("/doses/0/facts", json!({ "facility": "Trạm" })),
                "/doses/0/facts/facility",
            ),
            (
                with("/doses/0/facts", json!({ "facility_place": {} })),
                "/doses/0/facts/facility_place",
            ),
            (with("/doses/0/id", json!("")), "/doses/0/id"),
            (too_much, "/sealed"),
            (
                json!({ "person": person, "residence": { "province": "79", "commune": "00004" } }),
                "/residence",
            ),
            (json!({ "person": person, "why": 1 }), "/why"),
            (json!({}), ""),
        ];
        for (body, pointer) in cases {
            let reply = place
                .post(SUBJECTS, &body)
                .by(&clerk())
                .key(&new_key())
                .send()
                .await;
            assert_eq!(reply.problem(), (422, "body.unfit".to_owned()), "{body}");
            assert_eq!(reply.json()["pointer"], pointer, "{body}: {}", reply.text());
        }
    });
}

#[test]
fn an_act_that_is_none_is_told_as_such() {
    on_one(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        let cases = [
            (json!({ "act": "sign" }), "/act"),
            (json!({}), "/act"),
            (json!({ "act": 1 }), "/act"),
            (json!({ "act": "retract_dose" }), ""),
            (json!({ "act": "retract_dose", "dose": 1 }), "/dose"),
            (
                json!({ "act": "enter_dose", "dose": "D", "facts": { "number": "một" } }),
                "/facts/number",
            ),
            (json!({ "act": "seal", "until": "2022" }), "/until"),
        ];
        for (body, pointer) in cases {
            let reply = place
                .act("subjects", it.id("subjects"), &clerk(), &body)
                .await;
            assert_eq!(reply.problem(), (422, "body.unfit".to_owned()), "{body}");
            assert_eq!(reply.json()["pointer"], pointer, "{body}: {}", reply.text());
        }
    });
}

#[test]
fn what_is_wrong_in_an_address_is_told() {
    on_one(|place| async move {
        let cases = [
            ("/api/v1/nowhere", 404, "route.unknown"),
            ("/api/v1/queues/nothing", 404, "route.unknown"),
            ("/api/v1/queues/signing?limit=0", 400, "query.unfit"),
            ("/api/v1/queues/signing?stat=X", 400, "query.unfit"),
            ("/api/v1/queues/signing?scope=all", 400, "query.unfit"),
            ("/api/v1/queues/signing?after=z", 400, "query.cursor_unfit"),
            ("/api/v1/progress?unit=atlantis", 400, "query.unfit"),
            ("/api/v1/subjects/%FF", 404, "record.not_found"),
            ("/api/v1/subjects/%00", 404, "record.not_found"),
            ("/api/v1/problems/nothing", 404, "problem.unknown"),
        ];
        for (path, status, code) in cases {
            let reply = place.get(path).by(&clerk()).send().await;
            assert_eq!(reply.problem(), (status, code.to_owned()), "{path}");
        }
        let reply = place.ask("DELETE", SUBJECTS).by(&clerk()).send().await;
        assert_eq!(
            reply.problem(),
            (405, "route.method_not_allowed".to_owned())
        );
        assert_eq!(reply.header("allow"), Some("POST"));
    });
}

#[test]
fn what_is_wrong_in_a_header_is_told() {
    on_one(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        let (open, acts) = (
            SUBJECTS.to_owned(),
            format!("{SUBJECTS}/{}/acts", it.id("subjects")),
        );
        let bearer = format!("Bearer {}", clerk());
        let (auth, media, key) = (
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", "test-key-a"),
        );
        let cases = [
            (&open, vec![media, key], 401, "auth.missing"),
            (
                &open,
                vec![media, key, ("authorization", "Basic abc")],
                401,
                "auth.missing",
            ),
            (
                &open,
                vec![media, key, ("authorization", "Bearer nobody")],
                401,
                "auth.refused",
            ),
            (&open, vec![auth, key], 415, "body.not_json"),
            (
                &open,
                vec![auth, key, ("content-type", "text/plain")],
                415,
                "body.not_json",
            ),
            (&open, vec![auth, media], 400, "idempotency.key_missing"),
            (
                &open,
                vec![auth, media, ("idempotency-key", "short")],
                400,
                "idempotency.key_unfit",
            ),
            (&acts, vec![auth, media], 428, "if_match.missing"),
            (
                &acts,
                vec![auth, media, ("if-match", "7")],
                400,
                "if_match.unfit",
            ),
            (
                &acts,
                vec![auth, media, ("if-match", "\"99\"")],
                412,
                "revision.stale",
            ),
        ];
        for (path, headers, status, code) in cases {
            let mut asking = place
                .ask("POST", path)
                .bytes(json!({ "act": "unlink" }).to_string());
            for (name, value) in headers {
                asking = asking.header(name, value);
            }
            let reply = asking.send().await;
            assert_eq!(
                reply.problem(),
                (status, code.to_owned()),
                "{}",
                reply.text()
            );
            let challenge = reply.header("www-authenticate");
            assert_eq!(challenge, (status == 401).then_some("Bearer"));
        }
    });
}

#[test]
fn a_problem_speaks_the_language_asked_for_and_explains_itself() {
    on_one(|place| async move {
        let vietnamese = place.get("/api/v1/whoami").send().await;
        assert_eq!(vietnamese.json()["title"], "Chưa đăng nhập");
        assert_eq!(vietnamese.header("content-language"), Some("vi"));
        let english = place
            .get("/api/v1/whoami")
            .header("accept-language", "en")
            .send()
            .await;
        assert_eq!(english.json()["title"], "You are not signed in");
        let explained = english.json()["type"]
            .as_str()
            .expect("an address")
            .to_owned();
        let explained = place.get(&explained).send().await.json();
        assert_eq!(explained["code"], "auth.missing");
        assert_eq!(explained["vi"]["title"], "Chưa đăng nhập");
    });
}

#[test]
fn a_procedure_s_own_refusals_arrive_with_their_codes() {
    on_one(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        let subject = it.id("subjects");
        let dose = format!("D-{}", it.commune);
        let facts = json!({ "injected_on": "2021-09-01", "vaccine": "jcovden", "number": 1, "facility": "TYT-00004" });
        let cases = [
            (
                json!({ "act": "enter_dose", "dose": dose, "facts": facts }),
                409,
                "dose.exists",
            ),
            (
                json!({ "act": "retract_dose", "dose": dose }),
                422,
                "subject.why_missing",
            ),
            (
                json!({ "act": "correct_dose", "dose": dose, "version": 9, "facts": facts }),
                409,
                "dose.changed",
            ),
            (
                json!({ "act": "retract_dose", "dose": "D-0", "why": "nhầm" }),
                404,
                "dose.unknown",
            ),
            (
                json!({ "act": "unlink", "why": "nhầm" }),
                409,
                "subject.not_linked",
            ),
            (
                json!({ "act": "seal", "why": "bảo vệ" }),
                403,
                "rights.forbidden",
            ),
            (
                json!({ "act": "change_foreigner", "change": { "full_name": "Lê Thị Mận" }, "facility": "TYT-00004" }),
                422,
                "subject.value_unfit",
            ),
        ];
        for (body, status, code) in cases {
            let reply = place.act("subjects", subject, &clerk(), &body).await;
            assert_eq!(
                reply.problem(),
                (status, code.to_owned()),
                "{body}: {}",
                reply.text()
            );
        }
        let twice = json!({ "code": "TYT-00004", "name": "Trạm", "place": { "commune": "00004" } });
        let reply = place
            .post("/api/v1/facilities", &twice)
            .by(&token("administrator", "ministry"))
            .key(&new_key())
            .send()
            .await;
        assert_eq!(reply.problem().0, 412, "{}", reply.text());
    });
}
