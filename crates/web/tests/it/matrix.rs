//! All routes, all roles, all areas: nobody of one province learns anything of another one, in no record, count, hint or error text.
//!
//! The routes are those of the OpenAPI document itself; one that this file has no request for fails the test. What is asked about a record
//! of another province must be answered byte for byte like what is asked about a record that does not exist.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::document::document;
use crate::place::{HÀ_NỘI, Place, Reply, Settled, SÀI_GÒN, new_key, on_both, settle, token};

/// An id that no record has.
const NOBODY: &str = "no-such-record";

/// Everybody of one area, and everybody of the ministry.
fn staff(of: &Settled) -> Vec<String> {
    let (commune, district, province) = (of.commune, of.district, of.province);
    let facility = format!("facility/{}", of.facility());
    let units = [
        ("clerk", facility.clone()),
        ("head", facility),
        ("station", format!("commune/{commune}")),
        ("hamlet_team", format!("hamlet/{commune}/To 1")),
        ("police", format!("police/{commune}")),
        ("police", format!("district-police/{district}")),
        ("police_chief", format!("district-police/{district}")),
        ("police_chief", format!("province-police/{province}")),
        ("station", format!("district/{district}")),
        ("supervisor", format!("district/{district}")),
        ("supervisor", format!("province/{province}")),
        ("auditor", format!("province/{province}")),
    ];
    units.iter().map(|(role, unit)| token(role, unit)).collect()
}

/// A body for each act that the document names.
fn acts(kind: &str) -> Vec<Value> {
    let hash = "0".repeat(64);
    let facts = json!({ "injected_on": "2021-10-01", "vaccine": "jcovden", "number": 2 });
    let certificate = json!({ "uvci": "URN:UVCI:01:VN:TEST", "issued_at": "2022-04-25T00:00:00Z", "expires_at": "2023-04-25T00:00:00Z",
        "renew_from": "2023-03-25T00:00:00Z", "profile": "p", "code_sha256": hash, "identity_version": 1, "doses": [] });
    let document = json!({ "number": "2262/BYT", "date": "2022-04-25" });
    let target = json!({ "id": "more", "what": "entry", "addressee": "all", "due": "2022-06-01", "document": document });
    let officer = json!({ "officer": { "name": "Lê Văn Khác", "title": "Phó trạm", "phone": "024 3000 0002", "email": "khac@example.vn" } });
    match kind {
        "subjects" => vec![
            json!({ "act": "change_foreigner", "change": { "full_name": "Anna Test" }, "facility": "TYT-1" }),
            json!({ "act": "change_contact", "contact": {} }),
            json!({ "act": "move", "residence": {} }),
            json!({ "act": "enter_dose", "dose": "D-new", "facts": facts }),
            json!({ "act": "correct_dose", "dose": "D-new", "version": 1, "facts": facts }),
            json!({ "act": "retract_dose", "dose": "D-new", "why": "thử" }),
            json!({ "act": "override_finding", "dose": "D-new", "rule": "LT-01", "why": "thử" }),
            json!({ "act": "judge_duplicate", "dose": "D-new", "same": false, "why": "thử" }),
            json!({ "act": "withdraw_signature", "facility": "TYT-1", "why": "thử" }),
            json!({ "act": "issue_passport", "certificate": certificate }),
            json!({ "act": "renew_passport", "certificate": certificate }),
            json!({ "act": "revoke_passport", "why": "thử" }),
            json!({ "act": "unlink", "why": "thử" }),
            json!({ "act": "seal", "why": "thử" }),
            json!({ "act": "unseal", "why": "thử" }),
        ],
        "facilities" => vec![
            json!({ "act": "name_head", "account": "nobody.here" }),
            json!({ "act": "delegate", "account": "nobody.here", "until": "2023-01-01T00:00:00Z" }),
            json!({ "act": "end_delegation", "account": "nobody.here" }),
            json!({ "act": "designate_signer" }),
            json!({ "act": "close" }),
        ],
        "lists" => vec![
            json!({ "act": "hand_out" }),
            json!({ "act": "sign", "content_sha256": hash, "evidence": { "digital": { "signature": "x" } } }),
            json!({ "act": "apply" }),
        ],
        "items" => vec![
            json!({ "act": "hand_out" }),
            json!({ "act": "review", "outcome": { "not_found": {} } }),
            json!({ "act": "confirm" }),
            json!({ "act": "note_register", "note": "thử" }),
            json!({ "act": "ask_back", "question": "thử" }),
            json!({ "act": "cannot_confirm", "reason": "thử" }),
            json!({ "act": "apply" }),
        ],
        "inquiries" => vec![
            json!({ "act": "answer", "answer": { "not_here": {} } }),
            json!({ "act": "forward", "to": {} }),
            json!({ "act": "close" }),
            json!({ "act": "withdraw", "why": "thử" }),
        ],
        "feedback" => vec![
            json!({ "act": "redirect", "to": "ministry", "why": "thử" }),
            json!({ "act": "take_up" }),
            json!({ "act": "assign", "officer": "nobody.here", "why": "thử" }),
            json!({ "act": "decide", "outcome": { "approved": { "text": "thử" } } }),
            json!({ "act": "correct", "correction": { "measure": { "text": "thử" } } }),
            json!({ "act": "reopen", "text": "thử" }),
        ],
        "campaigns" => vec![
            json!({ "act": "add_target", "target": target }),
            json!({ "act": "move_target", "target": "cleaning", "due": "2022-06-01", "document": document }),
            json!({ "act": "close" }),
        ],
        "reports" => vec![json!({ "act": "sign", "content_sha256": hash, "evidence": "x" })],
        "contacts" => vec![
            json!({ "act": "change", "version": 1, "officer": officer }),
            json!({ "act": "confirm", "version": 1 }),
            json!({ "act": "set_interval", "days": 60 }),
        ],
        "accounts" => vec![
            json!({ "act": "assign", "unit": "ministry", "role": "auditor" }),
            json!({ "act": "disable" }),
            json!({ "act": "enable" }),
            json!({ "act": "reset" }),
        ],
        _ => Vec::new(),
    }
}

/// What opens a record in somebody else's area.
fn openings(kind: &str, of: &Settled) -> Value {
    let place = json!({ "commune": of.commune });
    match kind {
        "subjects" => {
            json!({ "person": of.person(), "residence": place, "doses": [{ "id": "D-x", "facts": { "facility": of.facility() } }] })
        }
        "facilities" => json!({ "code": "TYT-NEW", "name": "Trạm mới", "place": place }),
        "lists" => json!({ "campaign": of.id("campaigns"), "place": place }),
        "inquiries" => json!({ "subject": of.id("subjects"), "text": "thử", "place": place }),
        "feedback" => {
            json!({ "kind": "no_certificate", "facility": of.facility(), "person": { "full_name": "Lê Văn Thử", "birth_date": "1984", "phone": "0901000009" } })
        }
        "campaigns" => {
            json!({ "title": "Thử", "document": { "number": "1/X", "date": "2022-04-25" }, "scope": place, "warn_days": 1, "targets": [] })
        }
        "reports" => {
            json!({ "unit": format!("commune/{}", of.commune), "campaign": of.id("campaigns") })
        }
        "contacts" => json!({ "unit": format!("police/{}", of.commune), "interval_days": 30,
            "officer": { "officer": { "name": "Lê Văn Thử", "title": "x", "phone": "024 3000 0003", "email": "x@example.vn" } } }),
        "accounts" => {
            json!({ "id": "new.account", "name": "Lê Văn Thử", "unit": format!("facility/{}", of.facility()), "role": "clerk" })
        }
        _ => Value::Null,
    }
}

/// A request about something of an area: the address, the body, and the same about nothing.
struct Question {
    method: &'static str,
    path: String,
    body: Option<Body>,
    /// The same about what does not exist; `None` where it is about the caller or about nobody.
    nothing: Option<(String, Option<Body>)>,
}

/// What is sent, and what it is.
#[derive(Debug, Clone)]
struct Body {
    media_type: &'static str,
    bytes: Vec<u8>,
}

impl From<Value> for Body {
    fn from(value: Value) -> Self {
        Self {
            media_type: "application/json",
            bytes: value.to_string().into_bytes(),
        }
    }
}

impl Question {
    fn get(path: String, nothing: Option<String>) -> Self {
        Self {
            method: "GET",
            path,
            body: None,
            nothing: nothing.map(|path| (path, None)),
        }
    }

    fn post(path: String, body: Value, nothing: Option<(String, Value)>) -> Self {
        let nothing = nothing.map(|(path, body)| (path, Some(body.into())));
        Self {
            method: "POST",
            path,
            body: Some(body.into()),
            nothing,
        }
    }

    fn file(
        path: String,
        media_type: &'static str,
        bytes: Vec<u8>,
        nothing: Option<String>,
    ) -> Self {
        let body = Body { media_type, bytes };
        Self {
            method: "POST",
            path,
            nothing: nothing.map(|path| (path, Some(body.clone()))),
            body: Some(body),
        }
    }
}

/// Everything that can be asked on a route about an area; `None` for a route that this file does not know.
fn questions(method: &str, path: &str, of: &Settled) -> Option<Vec<Question>> {
    let rest = path.strip_prefix("/api/v1/").unwrap_or(path);
    let kind = rest.split('/').next().unwrap_or_default();
    overviews(method, rest, path, of)
        .or_else(|| of_people(method, rest, path, of))
        .or_else(|| of_work(method, rest, path, of))
        .or_else(|| of_records(method, rest, path, of, kind))
}

/// The same route about a record of theirs, and about none.
fn about(path: &str, theirs: &str) -> (String, String) {
    let path = path.replace("{sha256}", &"0".repeat(64));
    let with = |id: &str| path.replace("{id}", id);
    (with(theirs), with(NOBODY))
}

/// What the caller sees of an area as a whole.
fn overviews(method: &str, rest: &str, path: &str, of: &Settled) -> Option<Vec<Question>> {
    Some(match (method, rest) {
        (
            "get",
            "whoami"
            | "me"
            | "/healthz"
            | "/readyz"
            | "/openapi.json"
            | "problems/{code}"
            | "ledger/checkpoint"
            | "ledger/entries/{position}/proof",
        ) => {
            let path = path
                .replace("{code}", "rights.forbidden")
                .replace("{position}", "0");
            vec![Question::get(path, None)]
        }
        ("get", "queues/{queue}" | "queues/{queue}/counts") => {
            let scopes = [
                format!("desk:commune/{}", of.commune),
                format!("desk:police/{}", of.commune),
                format!("desk:facility/{}", of.facility()),
                format!("desk:district/{}", of.district),
                format!("desk:province/{}", of.province),
                format!("commune:{}", of.commune),
                format!("district:{}", of.district),
                format!("province:{}", of.province),
                "country".to_owned(),
                "desk:ministry".to_owned(),
            ];
            let all = casework::Queue::ALL.iter().flat_map(|queue| {
                let path = path.replace("{queue}", queue.as_str());
                scopes
                    .iter()
                    .map(move |scope| Question::get(format!("{path}?scope={scope}"), None))
            });
            all.collect()
        }
        ("get", "accounts" | "tokens") => {
            let longest = format!("{path}?limit=200");
            vec![Question::get(longest, None)]
        }
        ("get", "exports/subjects") => {
            let areas = [
                format!("commune:{}", of.commune),
                format!("district:{}", of.district),
                format!("province:{}", of.province),
                "country".to_owned(),
            ];
            let of_area = |area: &String| {
                Question::get(format!("{path}?area={area}&purpose=ki%E1%BB%83m+tra"), None)
            };
            areas.iter().map(of_area).collect()
        }
        ("get", "progress") => {
            let units = [
                format!("commune/{}", of.commune),
                format!("facility/{}", of.facility()),
                format!("province/{}", of.province),
                "ministry".to_owned(),
            ];
            let nothing = format!("{path}?unit=facility/NOWHERE");
            units
                .iter()
                .map(|unit| Question::get(format!("{path}?unit={unit}"), Some(nothing.clone())))
                .collect()
        }
        _ => return None,
    })
}

/// Who somebody is: accounts, tokens, persons looked for and joined.
fn of_people(method: &str, rest: &str, path: &str, of: &Settled) -> Option<Vec<Question>> {
    Some(match (method, rest) {
        ("post", "sign-in") => {
            let body = json!({ "act": "start_passkey" });
            vec![Question::post(path.to_owned(), body, None)]
        }
        ("post", "me/acts") => {
            let body = json!({ "act": "sign_out", "session": of.id("accounts") });
            vec![Question::post(path.to_owned(), body, None)]
        }
        ("post", "tokens") => {
            let body = json!({ "name": "other.system", "unit": format!("facility/{}", of.facility()), "role": "clerk", "until": "2022-12-31T00:00:00Z" });
            vec![Question::post(path.to_owned(), body, None)]
        }
        ("post", "tokens/{id}/revoke" | "clusters/{id}/separate") => {
            let theirs = if rest.starts_with("tokens") {
                of.token()
            } else {
                of.cluster.clone()
            };
            let with = |name: &str| path.replace("{id}", name);
            let nothing = Some((with(NOBODY), json!({})));
            vec![Question::post(with(&theirs), json!({}), nothing)]
        }
        ("post", "subjects/verify") => {
            let name = of.person()["full_name"].clone();
            let claim = |name: Value| json!({ "number": of.number(), "full_name": name, "birth_date": "1984-05-03" });
            let nothing = Some((path.to_owned(), claim("Không Ai".into())));
            vec![Question::post(path.to_owned(), claim(name), nothing)]
        }
        ("post", "subjects/search") => {
            let name = of.person()["full_name"].clone();
            let by_person = |name: Value| json!({ "by": "person", "full_name": name, "birth_date": "1984-05-03" });
            let by_phone = |phone: String| json!({ "by": "phone", "phone": phone });
            vec![
                Question::post(
                    path.to_owned(),
                    by_person(name),
                    Some((path.to_owned(), by_person("Không Ai".into()))),
                ),
                Question::post(
                    path.to_owned(),
                    by_phone(format!("09010{}", of.commune)),
                    Some((path.to_owned(), by_phone("0999999999".into()))),
                ),
            ]
        }
        ("post", "subjects/join") => {
            let join = |id: &str| json!({ "subjects": [id, NOBODY], "why": "thử" });
            vec![Question::post(
                path.to_owned(),
                join(of.id("subjects")),
                Some((path.to_owned(), join("another-nobody"))),
            )]
        }
        _ => return None,
    })
}

/// Acts over many records, and files.
fn of_work(method: &str, rest: &str, path: &str, of: &Settled) -> Option<Vec<Question>> {
    Some(match (method, rest) {
        ("get", "lists/{id}/sheet") => {
            let (theirs, nothing) = about(&format!("{path}?purpose=in"), of.id("lists"));
            vec![Question::get(theirs, Some(nothing))]
        }
        ("post", "lists/{id}/sheet" | "lists/{id}/sheet/preview") => {
            let (theirs, nothing) = about(path, of.id("lists"));
            let workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            vec![Question::file(
                theirs,
                workbook,
                of.sheet.clone(),
                Some(nothing),
            )]
        }
        ("post", "attachments") => {
            let bytes = b"%PDF-1.7 %%EOF".to_vec();
            vec![Question::file(
                path.to_owned(),
                "application/octet-stream",
                bytes,
                None,
            )]
        }
        ("post", "facilities/{id}/sign") => {
            let (theirs, nothing) = about(path, of.id("facilities"));
            let body = json!({ "subjects": [of.id("subjects")] });
            vec![Question::post(theirs, body.clone(), Some((nothing, body)))]
        }
        ("post", "imports" | "imports/preview") => {
            let row = |facility: &str| {
                let facts = json!({ "facility": facility });
                let record =
                    json!({ "person": of.person(), "doses": [{ "id": "D-x", "facts": facts }] });
                json!({ "rows": [{ "id": "X-1", "record": record }] })
            };
            let nothing = Some((path.to_owned(), row("NOWHERE")));
            vec![Question::post(
                path.to_owned(),
                row(&of.facility()),
                nothing,
            )]
        }
        ("post", "passports/issue") => vec![Question::post(path.to_owned(), json!({}), None)],
        _ => return None,
    })
}

/// What all procedures have.
fn of_records(
    method: &str,
    rest: &str,
    path: &str,
    of: &Settled,
    kind: &str,
) -> Option<Vec<Question>> {
    Some(match (method, rest) {
        ("get", _) if rest.contains("{id}") => {
            let (theirs, nothing) = about(path, of.id(kind));
            vec![Question::get(theirs, Some(nothing))]
        }
        ("post", _) if rest.ends_with("/{id}/acts") => {
            let (theirs, nothing) = about(path, of.id(kind));
            let ask = |body: Value| {
                Question::post(theirs.clone(), body.clone(), Some((nothing.clone(), body)))
            };
            acts(kind).into_iter().map(ask).collect()
        }
        ("post", _) if rest == kind && !openings(kind, of).is_null() => {
            vec![Question::post(path.to_owned(), openings(kind, of), None)]
        }
        _ => return None,
    })
}

async fn ask(
    place: &Place,
    by: &str,
    method: &'static str,
    path: &str,
    body: Option<&Body>,
    read: &str,
) -> Reply {
    // One id for both, so that nothing but the content can differ.
    let asking = place
        .ask(method, path)
        .by(by)
        .header("x-request-id", "same");
    match body {
        Some(body) => {
            asking
                .bytes(body.bytes.clone())
                .header("content-type", body.media_type)
                .key(&new_key())
                .header("if-match", read)
                .send()
                .await
        }
        None => asking.send().await,
    }
}

/// The routes of the document.
fn routes() -> Vec<(String, String)> {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    let of_path = |(path, operations): (&String, &Value)| {
        let methods: Vec<String> = operations
            .as_object()
            .expect("operations")
            .keys()
            .cloned()
            .collect();
        methods
            .into_iter()
            .map(|method| (method, path.clone()))
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

#[test]
fn nobody_of_one_province_learns_anything_of_another() {
    on_both(|place| async move {
        let theirs = settle(&place, SÀI_GÒN).await;
        let ours = settle(&place, HÀ_NỘI).await;
        let mut asked = 0;
        for (method, path) in routes() {
            let questions = questions(&method, &path, &theirs);
            let questions = questions
                .unwrap_or_else(|| panic!("no question for {method} {path}: add one to matrix.rs"));
            assert!(!questions.is_empty(), "{method} {path}");
            for question in &questions {
                for by in staff(&ours) {
                    for read in ["\"1\"", "*"] {
                        check(&place, &theirs, &by, question, read).await;
                        asked += 1;
                        if question.body.is_none() {
                            break;
                        }
                    }
                }
            }
        }
        assert!(asked > 3_000, "{asked}");
    });
}

async fn check(place: &Place, theirs: &Settled, by: &str, question: &Question, read: &str) {
    let Question {
        method,
        path,
        body,
        nothing,
    } = question;
    let reply = ask(place, by, method, path, body.as_ref(), read).await;
    let sent = body
        .as_ref()
        .map(|body| String::from_utf8_lossy(&body.bytes));
    let told = format!(
        "{by}: {method} {path} {sent:?} {read}: {} {}",
        reply.status,
        reply.text()
    );
    assert_ne!(reply.status, 500, "{told}");
    let text = reply.text();
    for (kind, id) in &theirs.records {
        assert!(
            !text.contains(id.as_str()),
            "{kind} of another province: {told}"
        );
    }
    assert!(
        !text.contains(theirs.mark),
        "a name of another province: {told}"
    );
    if let Some((path, body)) = nothing {
        let unknown = ask(place, by, method, path, body.as_ref(), read).await;
        assert_eq!(
            (reply.status, &reply.bytes),
            (unknown.status, &unknown.bytes),
            "{told} and {}",
            unknown.text()
        );
        assert_eq!(headers(&reply), headers(&unknown), "{told}");
    } else if reply.status.is_success() {
        let counted = reply.json();
        let none = |name: &str| counted[name].as_array().is_none_or(Vec::is_empty);
        let lists = ["rows", "counts", "records"];
        assert!(lists.into_iter().all(none), "{told}");
    }
}

fn headers(reply: &Reply) -> BTreeMap<String, String> {
    let shown = reply
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), format!("{value:?}")));
    shown.filter(|(name, _)| name != "date").collect()
}

#[test]
fn each_record_is_shown_to_somebody_of_its_own_area() {
    on_both(|place| async move {
        let ours = settle(&place, HÀ_NỘI).await;
        for (kind, id) in &ours.records {
            let mut shown = BTreeSet::new();
            for by in staff(&ours) {
                let reply = place
                    .get(&format!("/api/v1/{kind}/{id}"))
                    .by(&by)
                    .send()
                    .await;
                if reply.status == 200 {
                    assert_eq!(reply.json()["id"], json!(id));
                    shown.insert(by);
                }
            }
            assert!(!shown.is_empty(), "{kind}: the matrix would prove nothing");
        }
    });
}

#[test]
fn every_act_of_the_document_has_a_question_and_fits_the_wire() {
    on_both(|place| async move {
        let ours = settle(&place, HÀ_NỘI).await;
        let document = document();
        let administrator = token("administrator", "ministry");
        for (kind, id) in &ours.records {
            let path = format!("/api/v1/{kind}/{{id}}/acts");
            let schema = &document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
                ["schema"];
            let schema = schema["$ref"]
                .as_str()
                .expect("a reference")
                .trim_start_matches('#')
                .to_owned();
            let variants = document.pointer(&schema).expect("a schema")["oneOf"]
                .as_array()
                .cloned()
                .expect("variants");
            let documented: BTreeSet<String> = variants
                .iter()
                .filter_map(|it| it["title"].as_str().map(str::to_owned))
                .collect();
            let bodies = acts(kind);
            let tried: BTreeSet<String> = bodies
                .iter()
                .filter_map(|it| it["act"].as_str().map(str::to_owned))
                .collect();
            assert_eq!(tried, documented, "{kind}");
            for body in bodies {
                let reply = place.act(kind, id, &administrator, &body).await;
                assert_ne!(
                    reply.json()["code"],
                    "body.unfit",
                    "{body}: {}",
                    reply.text()
                );
            }
        }
    });
}

#[test]
fn without_a_token_nothing_is_answered_but_what_is_open_to_all() {
    on_both(|place| async move {
        let ours = settle(&place, HÀ_NỘI).await;
        let document = document();
        for (method, path) in routes() {
            let open = document["paths"][&path][&method]["security"] == json!([]);
            for question in questions(&method, &path, &ours).expect("questions") {
                let asking = place.ask(question.method, &question.path);
                let reply = match question.body {
                    Some(body) => {
                        asking
                            .bytes(body.bytes)
                            .header("content-type", body.media_type)
                            .send()
                            .await
                    }
                    None => asking.send().await,
                };
                assert_eq!(
                    reply.status != 401,
                    open,
                    "{method} {path}: {}",
                    reply.text()
                );
            }
        }
    });
}
