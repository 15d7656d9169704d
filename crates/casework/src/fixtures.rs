//! What the log of version 1 says must stay readable for ever: one file of events per procedure, read by every later version.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    Procedure, Reason, account, campaign, cleaning, contact, facility, feedback, inquiry, report,
    rights, subject,
};

/// Reads a fixture: every event is understood in full, reads back from what is written of it, and no kind of event is missing.
fn check<P: Procedure>(text: &str) -> Vec<P::Event> {
    let values: Vec<Value> = serde_json::from_str(text).expect("a list of events");
    let mut kinds = BTreeSet::new();
    let mut events = Vec::new();
    for then in values {
        let event: P::Event =
            serde_json::from_value(then.clone()).unwrap_or_else(|error| panic!("{error}: {then}"));
        let now = serde_json::to_value(&event).expect("writes");
        assert!(keeps(&now, &then), "{then} became {now}");
        let again: P::Event = serde_json::from_value(now).expect("reads");
        assert_eq!(again, event);
        kinds.extend(then["type"].as_str().map(str::to_owned));
        events.push(event);
    }
    assert_eq!(kinds, kinds_of::<P::Event>(), "{:?}", P::KIND);
    events
}

/// True when nothing that was said then is lost now; later versions may say more.
fn keeps(now: &Value, then: &Value) -> bool {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => then
            .iter()
            .all(|(key, value)| now.get(key).is_some_and(|now| keeps(now, value))),
        (Value::Array(now), Value::Array(then)) => {
            now.len() == then.len() && now.iter().zip(then).all(|(now, then)| keeps(now, then))
        }
        _ => now == then,
    }
}

/// The kinds of events that a type reads, from its own words about one that it does not.
fn kinds_of<E: DeserializeOwned>() -> BTreeSet<String> {
    let refusal = serde_json::from_value::<E>(json!({"type": "?"})).err();
    let words = refusal.expect("no event is called ?").to_string();
    let (_, expected) = words.split_once("expected").expect("names the kinds");
    let quoted = expected.split('`').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

#[test]
fn every_event_of_version_1_is_read_and_none_is_missing() {
    check::<subject::Subject>(include_str!("subject/events_v1.json"));
    check::<facility::Facility>(include_str!("facility/events_v1.json"));
    check::<account::Account>(include_str!("account/events_v1.json"));
    check::<campaign::Campaign>(include_str!("campaign/events_v1.json"));
    check::<contact::Contact>(include_str!("contact/events_v1.json"));
    check::<report::Report>(include_str!("report/events_v1.json"));
    check::<feedback::Feedback>(include_str!("feedback/events_v1.json"));
    check::<cleaning::list::List>(include_str!("cleaning/list/events_v1.json"));
    check::<cleaning::item::Item>(include_str!("cleaning/item/events_v1.json"));
    check::<inquiry::Inquiry>(include_str!("inquiry/events_v1.json"));
}

#[test]
fn the_hash_that_a_report_was_signed_over_stays_the_hash_of_what_it_says() {
    let events = check::<report::Report>(include_str!("report/events_v1.json"));
    let [
        report::Event::ReportTaken { snapshot },
        report::Event::ReportSigned { content_sha256, .. },
    ] = events.as_slice()
    else {
        panic!("a report taken and signed: {events:?}");
    };
    assert_eq!(snapshot.content_sha256(), *content_sha256);
}

#[test]
fn every_reason_has_its_own_code_and_words_in_both_languages() {
    let mut codes = BTreeSet::new();
    let all: [&[&Reason]; 10] = [
        subject::ALL,
        facility::ALL,
        account::ALL,
        rights::ALL,
        campaign::ALL,
        contact::ALL,
        report::ALL,
        feedback::ALL,
        cleaning::ALL,
        inquiry::ALL,
    ];
    for reason in all.into_iter().flatten() {
        let code = reason.code;
        assert!(codes.insert(code), "{code} twice");
        assert!(
            code.split_once('.')
                .is_some_and(|(of, what)| !of.is_empty() && !what.is_empty())
        );
        for text in [reason.vi, reason.en, reason.hint_vi, reason.hint_en] {
            assert!(!text.trim().is_empty(), "{code}");
        }
        for text in [reason.vi, reason.hint_vi] {
            assert!(!text.is_ascii(), "{code}: `{text}` has lost its accents");
        }
        for text in [reason.en, reason.hint_en] {
            assert!(text.is_ascii(), "{code}: `{text}` is not English");
        }
    }
    let prefixed = |reasons: &[&Reason], prefix: &str| {
        reasons.iter().all(|reason| reason.code.starts_with(prefix))
    };
    assert!(prefixed(campaign::ALL, "campaign."));
    assert!(prefixed(contact::ALL, "contact."));
    assert!(prefixed(report::ALL, "report."));
    assert!(prefixed(feedback::ALL, "feedback."));
    assert!(prefixed(cleaning::ALL, "cleaning."));
    assert!(prefixed(inquiry::ALL, "inquiry."));
}
