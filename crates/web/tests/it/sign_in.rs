//! The way in over HTTP: first passwords, second factors, sessions, tokens of other systems.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use crate::place::{Place, Reply, new_key, now, on_both, on_one, token};

/// A password that is one's own.
const OWN: &str = "con mèo trắng ngủ trên mái ngói";

/// What an authenticator app shows, from what was typed into it.
fn shown(secret: &str) -> String {
    let (mut held, mut bits, mut key) = (0u32, 0, Vec::new());
    for letter in secret.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            _ => letter - b'2' + 26,
        };
        held = (held << 5 | u32::from(value)) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            key.push((held >> bits) as u8);
        }
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let step = now().as_second().cast_unsigned() / 30;
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let offset = usize::from(tag.as_ref()[19] & 15);
    let word: [u8; 4] = tag.as_ref()[offset..offset + 4].try_into().expect("four");
    format!(
        "{:06}",
        (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000
    )
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}"))
}

/// A step on the way in that is taken.
async fn step(place: &Place, body: Value) -> Value {
    let reply = place.post("/api/v1/sign-in", &body).send().await;
    assert_eq!(reply.status, 200, "{body}: {}", reply.text());
    reply.json()
}

/// A step that is refused.
async fn refused(place: &Place, body: Value) -> (u16, String) {
    place.post("/api/v1/sign-in", &body).send().await.problem()
}

/// Something about one's own account.
async fn own(place: &Place, session: &str, body: Value) -> Reply {
    place
        .post("/api/v1/me/acts", &body)
        .by(session)
        .send()
        .await
}

async fn who(place: &Place, session: &str) -> Reply {
    place.get("/api/v1/whoami").by(session).send().await
}

/// An account that somebody opens; its first password.
async fn opened(place: &Place, by: &str, id: &str, unit: &str, role: &str) -> String {
    let body = json!({ "id": id, "name": "Lê Văn Ân", "unit": unit, "role": role });
    let asking = place.post("/api/v1/accounts", &body).by(by).key(&new_key());
    let reply = asking.send().await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    text(&reply.json()["first_password"]["password"]).to_owned()
}

fn supervisor() -> String {
    token("supervisor", "district/001")
}

async fn with_facility(place: &Place) {
    let body =
        json!({ "code": "TYT-00004", "name": "Trạm y tế thử", "place": { "commune": "00004" } });
    let administrator = token("administrator", "ministry");
    place.open("facilities", &administrator, &body).await;
}

/// A clerk, who needs no second factor, in with a password of their own.
async fn clerk(place: &Place, id: &str) -> String {
    let first = opened(place, &supervisor(), id, "facility/TYT-00004", "clerk").await;
    let next = step(
        place,
        json!({ "act": "password", "name": id, "password": first }),
    )
    .await;
    assert_eq!(next["step"], "choose_password");
    let next = step(
        place,
        json!({ "act": "choose_password", "ticket": next["ticket"], "password": OWN }),
    )
    .await;
    assert_eq!(next["step"], "signed_in");
    text(&next["session"]).to_owned()
}

#[test]
fn a_first_password_is_shown_once_and_leads_to_a_session_of_ones_own() {
    on_both(|place| async move {
        with_facility(&place).await;
        let body = json!({ "id": "le.an", "name": "Lê Văn Ân", "unit": "facility/TYT-00004", "role": "clerk" });
        let key = new_key();
        let by = supervisor();
        let ask = || place.post("/api/v1/accounts", &body).by(&by).key(&key);
        let first = ask().send().await.json();
        let again = ask().send().await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(again.json()["first_password"], Value::Null);
        let password = text(&first["first_password"]["password"]);

        let wrong = json!({ "act": "password", "name": "le.an", "password": "wrong" });
        let nobody = json!({ "act": "password", "name": "no.one", "password": password });
        for body in [wrong, nobody] {
            let told = refused(&place, body).await;
            assert_eq!(told, (403, "access.credentials".to_owned()));
        }
        let with = json!({ "act": "password", "name": "le.an", "password": password });
        let next = step(&place, with).await;
        let choose = |own: &str| json!({ "act": "choose_password", "ticket": next["ticket"], "password": own });
        assert_eq!(
            refused(&place, choose("ngắn")).await.1,
            "access.password_short"
        );
        let next = step(&place, choose(OWN)).await;
        assert_eq!(
            (&next["step"], &next["account"]),
            (&json!("signed_in"), &json!("le.an"))
        );
        let session = text(&next["session"]);

        let by = who(&place, session).await.json()["by"].clone();
        assert_eq!(
            (&by["account"], &by["role"]),
            (&json!("le.an"), &json!("clerk"))
        );
        let me = place.get("/api/v1/me").by(session).send().await.json();
        assert_eq!(me["account"]["state"], "active");
        assert_eq!(me["sessions"][0]["origin"], "127.0.0.1");
        assert_eq!(me["session"], me["sessions"][0]["id"]);
        let told: Vec<&str> = me["notices"]
            .as_array()
            .expect("notices")
            .iter()
            .map(|notice| text(&notice["what"]))
            .collect();
        assert!(told.contains(&"password_changed"), "{told:?}");

        let other = "năm con vịt bơi qua sông";
        let body = json!({ "act": "change_password", "old": OWN, "new": other });
        assert_eq!(own(&place, session, body).await.status, 200);
        assert_eq!(
            own(&place, session, json!({ "act": "sign_out" }))
                .await
                .status,
            200
        );
        let gone = who(&place, session).await;
        assert_eq!(gone.problem(), (401, "auth.refused".to_owned()));
        assert_eq!(gone.json()["reason"], "access.session");
        let body = json!({ "act": "password", "name": "le.an", "password": other });
        assert_eq!(step(&place, body).await["step"], "signed_in");
    });
}

#[test]
fn nothing_that_opens_something_is_kept_with_an_answer() {
    on_one(|place| async move {
        with_facility(&place).await;
        let password = opened(
            &place,
            &supervisor(),
            "le.an",
            "facility/TYT-00004",
            "clerk",
        )
        .await;
        let body = json!({ "name": "his.a", "unit": "facility/TYT-00004", "role": "clerk", "until": "2022-12-31T00:00:00Z" });
        let asking = place
            .post("/api/v1/tokens", &body)
            .by(&supervisor())
            .key(&new_key());
        let made = asking.send().await;
        let system = text(&made.json()["token"]).to_owned();
        let secrets = [password, system];
        let folder = place.folder.clone().expect("a folder");
        let mut read = 0;
        for file in std::fs::read_dir(folder).expect("a folder") {
            let bytes = std::fs::read(file.expect("a file").path()).expect("reads");
            read += bytes.len();
            for secret in &secrets {
                let found = bytes
                    .windows(secret.len())
                    .any(|part| part == secret.as_bytes());
                assert!(!found, "a secret lies in the store");
            }
        }
        assert!(read > 0);
    });
}

#[test]
fn a_role_that_needs_a_second_factor_registers_one_on_the_way_in_and_proves_it_from_then_on() {
    on_both(|place| async move {
        with_facility(&place).await;
        let first = opened(
            &place,
            &supervisor(),
            "truong.tram",
            "facility/TYT-00004",
            "head",
        )
        .await;
        let with = |password: &str| json!({ "act": "password", "name": "truong.tram", "password": password });
        let next = step(&place, with(&first)).await;
        let next = step(
            &place,
            json!({ "act": "choose_password", "ticket": next["ticket"], "password": OWN }),
        )
        .await;
        assert_eq!(next["step"], "register_factor");
        let ticket = &next["ticket"];
        let new = step(&place, json!({ "act": "register_totp", "ticket": ticket })).await;
        let code = shown(text(&new["secret"]));
        let body = json!({ "act": "registered_totp", "ticket": ticket, "begun": new["ticket"], "code": code });
        let done = step(&place, body).await;
        assert_eq!(done["step"]["step"], "signed_in");
        let codes = done["recovery_codes"].as_array().expect("codes").clone();

        let next = step(&place, with(OWN)).await;
        assert_eq!(
            (&next["step"], &next["totp"], &next["recovery_code"]),
            (&json!("second_factor"), &json!(true), &json!(true))
        );
        let again = json!({ "act": "totp", "ticket": next["ticket"], "code": code });
        assert_eq!(refused(&place, again).await.1, "access.code_wrong");
        let body = json!({ "act": "recovery_code", "ticket": next["ticket"], "code": codes[0] });
        let next = step(&place, body).await;
        let session = text(&next["session"]);
        let me = place.get("/api/v1/me").by(session).send().await.json();
        assert_eq!(me["factors"]["totp"], true);
        assert_eq!(me["factors"]["recovery_codes"], 9);
        let dropped = own(&place, session, json!({ "act": "drop_totp" })).await;
        assert_eq!(
            dropped.problem(),
            (422, "access.factor_required".to_owned())
        );
        let made = own(&place, session, json!({ "act": "make_recovery_codes" })).await;
        assert_eq!(
            made.json()["recovery_codes"].as_array().map(Vec::len),
            Some(10)
        );
        let begun = own(
            &place,
            session,
            json!({ "act": "start_passkey", "name": "khóa" }),
        )
        .await;
        assert_eq!(begun.json()["options"]["rp"]["id"], "tiemchung.example");
    });
}

#[test]
fn a_session_is_over_with_the_next_request_after_whoever_runs_the_account_says_so() {
    on_both(|place| async move {
        with_facility(&place).await;
        let session = clerk(&place, "le.an").await;
        let show = place.get("/api/v1/accounts/le.an").by(&supervisor());
        let tag = show.send().await.header("etag").expect("a tag").to_owned();
        let by = supervisor();
        let act = |body: Value, tag: &str| {
            place
                .post("/api/v1/accounts/le.an/acts", &body)
                .by(&by)
                .header("if-match", tag)
        };
        let stale = act(json!({ "act": "disable" }), "\"1\"").send().await;
        assert_eq!(stale.problem(), (412, "revision.stale".to_owned()));
        assert_eq!(who(&place, &session).await.status, 200);
        let closed = act(json!({ "act": "disable" }), &tag).send().await;
        assert_eq!(closed.status, 200, "{}", closed.text());
        assert_eq!(who(&place, &session).await.status, 401);
        let opened = act(json!({ "act": "enable" }), "*").send().await;
        let first = opened.json()["first_password"]["password"].clone();
        let body = json!({ "act": "password", "name": "le.an", "password": first });
        assert_eq!(step(&place, body).await["step"], "choose_password");
        let again = act(json!({ "act": "enable" }), "*").send().await;
        assert_eq!(again.problem(), (409, "access.not_closed".to_owned()));
        let listed = place.get("/api/v1/accounts?limit=1").by(&supervisor());
        let listed = listed.send().await.json();
        assert_eq!(listed["accounts"][0]["id"], "le.an");
    });
}

#[test]
fn another_system_acts_in_its_role_until_its_token_is_taken_back() {
    on_both(|place| async move {
        with_facility(&place).await;
        let body = json!({ "name": "his.a", "unit": "facility/TYT-00004", "role": "clerk", "until": "2022-12-31T00:00:00Z" });
        let key = new_key();
        let by = supervisor();
        let ask = || place.post("/api/v1/tokens", &body).by(&by).key(&key);
        let made = ask().send().await;
        assert_eq!(made.status, 201, "{}", made.text());
        assert_eq!(ask().send().await.json()["token"], Value::Null);
        let made = made.json();
        let system = text(&made["token"]);
        let by = who(&place, system).await.json()["by"].clone();
        assert_eq!(
            (&by["token"], &by["role"]),
            (&json!("his.a"), &json!("clerk"))
        );
        let me = place.get("/api/v1/me").by(system).send().await;
        assert_eq!(me.problem(), (403, "account.not_yours".to_owned()));
        let listed = place.get("/api/v1/tokens").by(&supervisor()).send().await;
        assert_eq!(listed.json()["tokens"][0]["name"], "his.a");
        let revoke = place.post("/api/v1/tokens/his.a/revoke", &json!({ "why": "thử" }));
        assert_eq!(revoke.by(&supervisor()).send().await.status, 200);
        let gone = who(&place, system).await;
        assert_eq!(gone.json()["reason"], "access.token");
    });
}

#[test]
fn whoever_guesses_waits_and_is_told_how_long() {
    on_both(|place| async move {
        let guess = json!({ "act": "password", "name": "le.an", "password": "x" });
        for _ in 0..5 {
            assert_eq!(refused(&place, guess.clone()).await.1, "access.credentials");
        }
        let wait = place.post("/api/v1/sign-in", &guess).send().await;
        assert_eq!(wait.problem(), (429, "access.slow_down".to_owned()));
        assert!(wait.header("retry-after").is_some());
    });
}

#[test]
fn a_step_that_does_not_fit_is_refused_where_it_stands_and_asks_no_reason() {
    on_one(|place| async move {
        let body = json!({ "act": "password", "name": "le.an", "password": "x", "why": "thử" });
        let reply = place.post("/api/v1/sign-in", &body).send().await;
        assert_eq!(reply.problem(), (422, "body.unfit".to_owned()));
        let body = json!({ "act": "choose_password", "ticket": "x", "password": OWN });
        assert_eq!(
            refused(&place, body).await,
            (422, "access.ticket".to_owned())
        );
        let body = json!({ "act": "start_provider", "provider": "vneid" });
        assert_eq!(
            refused(&place, body).await,
            (404, "access.provider_unknown".to_owned())
        );
    });
}
