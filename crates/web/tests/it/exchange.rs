//! What other systems ask for and take out, sheets and files, and signatures with keys that the server holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use casework::subject::person::RegisterAnswer;
use casework::subject::{self, Action, Subject};
use casework::{Act, RecordId};
use serde_json::{Value, json};

use crate::place::{HÀ_NỘI, Place, Reply, SÀI_GÒN, new_key, now, on_both, settle, token};

const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

async fn ask(place: &Place, by: &str, path: &str, body: Value) -> Reply {
    place.post(path, &body).by(by).key(&new_key()).send().await
}

/// Somebody of the facility with a number and a dose; the record.
async fn vaccinated(place: &Place, facility: &str, commune: &str) -> String {
    let person = json!({ "full_name": "Trần Văn Thử", "birth_date": "1970-01-02", "sex": "M", "number": "001070000009" });
    let facts = json!({ "injected_on": "2021-09-01", "vaccine": "jcovden", "number": 1, "facility": facility });
    let body = json!({ "person": person, "residence": { "commune": commune }, "doses": [{ "id": "D-1", "facts": facts }] });
    let clerk = token("clerk", &format!("facility/{facility}"));
    place.open("subjects", &clerk, &body).await
}

/// The facility's head gets an account, and is named.
async fn named_head(place: &Place, facility: &str, district: &str) {
    let body = json!({ "id": "truong.tram", "name": "Lê Văn Trưởng", "unit": format!("facility/{facility}"), "role": "head" });
    let supervisor = token("supervisor", &format!("district/{district}"));
    place.open("accounts", &supervisor, &body).await;
    let named = json!({ "act": "name_head", "account": "truong.tram" });
    let administrator = token("administrator", "ministry");
    let named = place
        .act("facilities", facility, &administrator, &named)
        .await;
    assert_eq!(named.status, 200, "{}", named.text());
}

/// The register confirms a person.
async fn confirmed(place: &Place, id: &str) {
    let (act, id) = (Act::system("register", now()), RecordId(id.to_owned()));
    let request = "test".to_owned();
    let answer = RegisterAnswer::True;
    for action in [
        Action::Send {
            request: request.clone(),
        },
        Action::Answer { request, answer },
    ] {
        let policy = Arc::clone(&place.platform.settings().policy);
        let command = subject::Command { action, policy };
        let done = place.platform.act::<Subject>(&act, &id, None, command);
        done.await.expect("answers");
    }
}

#[test]
fn another_system_learns_what_is_vouched_for_whoever_is_all_of_what_they_say() {
    on_both(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        let id = vaccinated(&place, &it.facility(), it.commune).await;
        let clerk = token("clerk", "facility/TYT-00004");
        let said = |name: &str| json!({ "number": "001 070 000 009", "full_name": name, "birth_date": "1970-01-02", "why": "khám" });
        let path = "/api/v1/subjects/verify";
        let told = ask(&place, &clerk, path, said("TRẦN VĂN  THỬ"))
            .await
            .json();
        assert_eq!(told["standing"]["id"], json!(id));
        assert_eq!(told["standing"]["signed_doses"], 0);
        let wrong = ask(&place, &clerk, path, said("Trần Văn Khác")).await;
        assert_eq!(wrong.json(), json!({ "standing": null }));
        let beyond = token("clerk", "facility/TYT-26734");
        let beyond = ask(&place, &beyond, path, said("Trần Văn Thử")).await;
        assert_eq!(beyond.bytes, wrong.bytes);
        let police = token("police", "police/00004");
        let refused = ask(&place, &police, path, said("Trần Văn Thử")).await;
        assert_eq!(refused.problem(), (403, "rights.forbidden".to_owned()));
    });
}

#[test]
fn an_areas_records_are_taken_out_part_by_part_by_those_in_whose_area_they_live() {
    on_both(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        settle(&place, SÀI_GÒN).await;
        let station = token("station", "commune/00004");
        let mut taken = BTreeSet::new();
        let mut after = String::new();
        loop {
            let path = format!(
                "/api/v1/exports/subjects?area=commune:00004&purpose=b%C3%A1o+c%C3%A1o&limit=1{after}"
            );
            let part = place.get(&path).by(&station).send().await;
            assert_eq!(part.status, 200, "{}", part.text());
            let part = part.json();
            for record in part["records"].as_array().expect("records") {
                assert!(taken.insert(record["id"].as_str().expect("an id").to_owned()));
                assert!(record["state"]["person"]["full_name"].is_string());
            }
            match part["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(taken.len(), 3);
        assert!(taken.contains(it.id("subjects")));
        let whole = token("supervisor", "province/01");
        let whole = place
            .get("/api/v1/exports/subjects?area=province:01&purpose=x")
            .by(&whole);
        let whole = whole.send().await.json();
        assert_eq!(whole["records"].as_array().map(Vec::len), Some(3));
        let numbers = whole["records"].to_string();
        assert!(!numbers.contains(&it.number()), "masked for a supervisor");
        let beyond = place.get("/api/v1/exports/subjects?area=commune:26734&purpose=x");
        let beyond = beyond.by(&station).send().await;
        assert_eq!(beyond.problem(), (404, "record.not_found".to_owned()));
        let aimless = place.get("/api/v1/exports/subjects?area=commune:00004");
        let aimless = aimless.by(&station).send().await;
        assert_eq!(aimless.problem(), (400, "query.unfit".to_owned()));
    });
}

#[test]
fn an_auditor_sees_who_read_a_record_of_their_area_and_of_no_other() {
    on_both(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        let record = format!("/api/v1/subjects/{}", it.id("subjects"));
        let clerk = token("clerk", "facility/TYT-00004");
        place.get(&record).by(&clerk).send().await;
        let reads = place.get(&format!("{record}/reads"));
        let reads = reads
            .by(&token("auditor", "province/01"))
            .send()
            .await
            .json();
        let first = &reads["reads"][0]["note"];
        assert_eq!(first["what"], "read");
        assert_eq!(first["act"]["by"]["account"], "clerk.facility.TYT-00004");
        for (role, unit, status) in [
            ("auditor", "province/79", 404),
            ("auditor", "ministry", 200),
            ("clerk", "facility/TYT-00004", 403),
        ] {
            let reads = place.get(&format!("{record}/reads"));
            let reads = reads.by(&token(role, unit)).send().await;
            assert_eq!(reads.status, status, "{role} {unit}: {}", reads.text());
        }
    });
}

#[test]
fn a_sheet_goes_out_and_comes_back_and_what_is_no_sheet_is_refused() {
    on_both(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        let station = token("station", "commune/00004");
        let path = format!("/api/v1/lists/{}/sheet", it.id("lists"));
        assert!(it.sheet.starts_with(b"PK"));
        let back = |path: &str, bytes: Vec<u8>| {
            let asking = place
                .ask("POST", path)
                .by(&token("station", "commune/00004"));
            asking.bytes(bytes).header("content-type", WORKBOOK).send()
        };
        for path in [format!("{path}/preview"), path.clone()] {
            let told = back(&path, it.sheet.clone()).await;
            assert_eq!(told.status, 200, "{}", told.text());
            let told = told.json();
            assert_eq!(told["rows"][0]["outcome"], "unchanged");
            assert_eq!(told["missing"], json!([]));
        }
        let broken = back(&path, b"PK no workbook".to_vec()).await;
        assert_eq!(broken.problem(), (422, "sheet.no_workbook".to_owned()));
        let other = place.post(&path, &json!({})).by(&station).send().await;
        assert_eq!(other.problem(), (415, "body.other_media_type".to_owned()));
        let aimless = place.get(&path).by(&station).send().await;
        assert_eq!(aimless.problem(), (400, "query.unfit".to_owned()));
    });
}

#[test]
fn a_photo_that_a_citizen_attached_is_read_with_the_feedback_alone() {
    on_both(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        let photo = b"\x89PNG\r\n\x1a\n a photo".to_vec();
        let hand_in = |bytes: Vec<u8>| {
            let asking = place.ask("POST", "/api/v1/attachments").by("citizen");
            asking
                .bytes(bytes)
                .header("content-type", "application/octet-stream")
                .send()
        };
        let kept = hand_in(photo.clone()).await;
        assert_eq!(kept.status, 201, "{}", kept.text());
        let kept = kept.json();
        let body = json!({ "kind": "no_certificate", "facility": it.facility(), "attachments": [kept],
            "person": { "full_name": "Lê Thị Thử", "birth_date": "1984-05-03", "phone": "0901000008" } });
        let feedback = place.open("feedback", "citizen", &body).await;
        let path = format!(
            "/api/v1/feedback/{feedback}/attachments/{}",
            kept["sha256"].as_str().expect("a hash")
        );
        let clerk = token("clerk", "facility/TYT-00004");
        let shown = place.get(&path).by(&clerk).send().await;
        assert_eq!((shown.status.as_u16(), &shown.bytes[..]), (200, &photo[..]));
        assert_eq!(shown.header("content-type"), Some("image/png"));
        assert_eq!(shown.header("content-disposition"), Some("attachment"));
        let beyond = place.get(&path).by(&token("clerk", "facility/TYT-26734"));
        assert_eq!(beyond.send().await.status, 404);
        let page = hand_in(b"<html><script>".to_vec()).await;
        assert_eq!(page.problem().0, 422);
        let empty = hand_in(Vec::new()).await;
        assert_eq!(empty.problem().0, 422);
    });
}

#[test]
fn records_that_were_joined_are_taken_apart_again() {
    on_both(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        let path = format!("/api/v1/clusters/{}/separate", it.cluster);
        let clerk = token("clerk", "facility/TYT-00004");
        let apart = ask(&place, &clerk, &path, json!({ "why": "nhầm" })).await;
        assert_eq!(apart.status, 200, "{}", apart.text());
        assert_eq!(apart.json()["subjects"].as_array().map(Vec::len), Some(2));
        let again = ask(&place, &clerk, &path, json!({})).await;
        assert_eq!(again.problem(), (404, "record.not_found".to_owned()));
    });
}

#[test]
fn a_head_signs_the_ministry_issues_and_the_code_is_fetched() {
    on_both(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        let id = vaccinated(&place, &it.facility(), it.commune).await;
        confirmed(&place, &id).await;
        let head = "head|facility/TYT-00004|truong.tram".to_owned();
        let central = token("central_signer", "ministry");
        let sign = "/api/v1/facilities/TYT-00004/sign";
        let persons = json!({ "subjects": [id, "nobody"] });
        let early = ask(&place, &head, sign, persons.clone()).await;
        assert_eq!(early.status, 403, "no mandate yet: {}", early.text());
        named_head(&place, "TYT-00004", "001").await;

        let signed = ask(&place, &head, sign, persons.clone()).await;
        assert_eq!(signed.status, 200, "{}", signed.text());
        let signed = signed.json();
        assert_eq!(signed["persons"][0]["outcome"], "signed", "{signed}");
        assert_eq!(signed["persons"][1]["code"], "record.not_found");
        let again = ask(&place, &head, sign, persons).await.json();
        assert_eq!(again["persons"][0]["outcome"], "already");

        let forbidden = ask(&place, &head, "/api/v1/passports/issue", json!({})).await;
        assert_eq!(forbidden.problem(), (403, "rights.forbidden".to_owned()));
        let evening = ask(&place, &central, "/api/v1/passports/issue", json!({})).await;
        assert_eq!(evening.status, 200, "{}", evening.text());
        assert_eq!(evening.json()["issued"], 1, "{}", evening.text());
        let code = place.get(&format!("/api/v1/subjects/{id}/passport"));
        let code = code.by(&head).send().await.json();
        assert!(
            code["code"]
                .as_str()
                .is_some_and(|code| code.starts_with("HC1:"))
        );
    });
}

#[test]
fn a_facility_whose_key_is_elsewhere_is_told_so() {
    on_both(|place| async move {
        let it = settle(&place, SÀI_GÒN).await;
        let head = format!("head|facility/{}|truong.tram", it.facility());
        named_head(&place, &it.facility(), it.district).await;
        let path = format!("/api/v1/facilities/{}/sign", it.facility());
        let told = ask(
            &place,
            &head,
            &path,
            json!({ "subjects": [it.id("subjects")] }),
        )
        .await;
        assert_eq!(told.problem(), (404, "signing.no_key_here".to_owned()));
    });
}

/// A row of another system of the station: somebody with one dose.
fn sent(n: u32, name: &str) -> Value {
    let facts = json!({ "injected_on": "2021-09-01", "vaccine": "comirnaty", "number": 1, "facility": "TYT-00004" });
    json!({ "id": format!("HIS-{n}"), "record": {
        "person": { "full_name": name, "birth_date": "1984-05-03", "sex": "F", "number": format!("0011840{n:05}") },
        "contact": { "phone": format!("09010{n:05}") }, "residence": { "commune": "00004" },
        "doses": [{ "id": "D-1", "facts": facts }] } })
}

fn outcomes(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let told = reply.json();
    let tally = &told["tally"];
    let sum: u64 = ["new", "updated", "unchanged", "duplicate", "rejected"]
        .into_iter()
        .map(|name| tally[name].as_u64().expect("a number"))
        .sum();
    assert_eq!(tally["rows"], sum, "{tally}");
    let rows = told["rows"].as_array().expect("rows");
    let word = |row: &Value| {
        row["code"]
            .as_str()
            .or(row["outcome"].as_str())
            .expect("a word")
            .to_owned()
    };
    rows.iter().map(word).collect()
}

#[test]
fn another_systems_records_are_looked_at_and_taken_in_row_by_row() {
    on_both(|place| async move {
        let it = settle(&place, HÀ_NỘI).await;
        let clerk = token("clerk", "facility/TYT-00004");
        let (preview, import) = ("/api/v1/imports/preview", "/api/v1/imports");
        let mut elsewhere = sent(3, "Lê Thị Ba");
        elsewhere["record"]["doses"][0]["facts"]["facility"] = "TYT-26734".into();
        let rows = json!({ "rows": [sent(1, "Lê Thị Một"), sent(2, "Lê Thị Hai"), sent(1, "Lê Thị Một"), elsewhere] });
        let wanted = ["new", "new", "duplicate", "record.not_found"];
        assert_eq!(
            outcomes(&ask(&place, &clerk, preview, rows.clone()).await),
            wanted
        );
        let first = ask(&place, &clerk, import, rows.clone()).await;
        assert_eq!(outcomes(&first), wanted);
        let id = first.json()["rows"][0]["subject"]
            .as_str()
            .expect("an id")
            .to_owned();
        assert_eq!(id, format!("{}.HIS-1", it.facility()));
        let again = ask(&place, &clerk, import, rows).await;
        assert_eq!(
            outcomes(&again),
            ["unchanged", "unchanged", "duplicate", "record.not_found"]
        );

        let mut changed = sent(1, "Lê Thị Một");
        changed["record"]["doses"][0]["facts"]["lot"] = "XE395".into();
        changed["record"]["contact"]["phone"] = "0901000077".into();
        let looked = ask(&place, &clerk, preview, json!({ "rows": [changed] })).await;
        assert_eq!(outcomes(&looked), ["updated"]);
        changed["read"] = looked.json()["rows"][0]["read"].clone();
        let meanwhile = json!({ "act": "change_contact", "contact": { "phone": "0901000088" } });
        assert_eq!(
            place.act("subjects", &id, &clerk, &meanwhile).await.status,
            200
        );
        let back = ask(&place, &clerk, import, json!({ "rows": [changed] })).await;
        assert_eq!(outcomes(&back), ["revision.stale"]);
        changed["read"] = json!(back.json()["rows"][0]["read"]);
        let taken = ask(&place, &clerk, import, json!({ "rows": [changed] })).await;
        assert_eq!(outcomes(&taken), ["updated"]);
        let other = ask(
            &place,
            &clerk,
            import,
            json!({ "rows": [sent(1, "Trần Thị Khác")] }),
        )
        .await;
        assert_eq!(outcomes(&other), ["import.identity_differs"]);

        let record = place
            .get(&format!("/api/v1/subjects/{id}/history"))
            .by(&clerk)
            .send()
            .await;
        let events = record.json()["entries"].as_array().map(Vec::len);
        assert!(events.is_some_and(|events| events >= 4));
        let police = token("police", "police/00004");
        let forbidden = ask(
            &place,
            &police,
            import,
            json!({ "rows": [sent(1, "Lê Thị Một")] }),
        )
        .await;
        assert_eq!(forbidden.problem(), (403, "rights.forbidden".to_owned()));
        let none = ask(&place, &clerk, import, json!({ "rows": [] })).await;
        assert_eq!(none.problem(), (422, "body.unfit".to_owned()));
    });
}

#[test]
fn rows_that_were_sorted_apart_are_refused_as_a_whole() {
    on_both(|place| async move {
        settle(&place, HÀ_NỘI).await;
        let clerk = token("clerk", "facility/TYT-00004");
        let names = |shift: u32| -> Vec<Value> {
            (0..25)
                .map(|n| {
                    let mut row = sent(n, "");
                    row["record"]["person"] = sent(
                        (n + shift) % 25,
                        &format!("Lê Thị Người {}", (n + shift) % 25),
                    )["record"]["person"]
                        .clone();
                    row
                })
                .collect()
        };
        let import = "/api/v1/imports";
        let first = ask(&place, &clerk, import, json!({ "rows": names(0) })).await;
        assert_eq!(outcomes(&first), vec!["new"; 25]);
        let shifted = ask(&place, &clerk, import, json!({ "rows": names(1) })).await;
        assert_eq!(shifted.problem(), (422, "import.looks_shifted".to_owned()));
    });
}
