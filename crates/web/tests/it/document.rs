//! The OpenAPI document: current, whole, and true.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::place::{self, on_one};

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api.md");

/// Set to write the document and the table of codes anew.
const RENEW: &str = "MINHCHUNG_RENEW";

#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the test says whether to renew what is made"
)]
fn renewing() -> bool {
    std::env::var(RENEW).is_ok()
}

/// Compares what is committed with what it must be, or writes it.
fn current(path: &str, committed: &str, wanted: &str) {
    if committed == wanted {
        return;
    }
    assert!(
        renewing(),
        "{path} is not current: run `{RENEW}=1 cargo test -p web document` and look at the difference"
    );
    std::fs::write(path, wanted).expect("writes");
}

pub(crate) fn document() -> Value {
    let text = std::fs::read_to_string(SNAPSHOT).expect("the document");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn the_document_is_current() {
    on_one(|place| async move {
        let wanted = serde_json::to_string_pretty(place.api.document()).expect("JSON") + "\n";
        let committed = std::fs::read_to_string(SNAPSHOT).unwrap_or_default();
        current(SNAPSHOT, &committed, &wanted);
        let served = place.get("/openapi.json").send().await.json();
        assert_eq!(&served, place.api.document());
    });
}

#[test]
fn the_table_of_codes_in_the_guide_is_current() {
    let guide = std::fs::read_to_string(GUIDE).expect("docs/api.md");
    let (before, rest) = guide
        .split_once("<!-- codes -->\n")
        .expect("where the table begins");
    let (_, after) = rest
        .split_once("<!-- end of codes -->")
        .expect("where it ends");
    let table = web::codes_as_markdown();
    let wanted = format!("{before}<!-- codes -->\n{table}<!-- end of codes -->{after}");
    current(GUIDE, &guide, &wanted);
}

#[test]
fn every_reference_of_the_document_leads_somewhere_and_every_object_that_is_sent_is_closed() {
    place::runtime().block_on(async {
        let document = document();
        let mut references = BTreeSet::new();
        collect(&document, &mut references);
        for reference in &references {
            let pointer = reference.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        let schemas = document["components"]["schemas"]
            .as_object()
            .expect("schemas");
        for (name, schema) in schemas {
            let unused = !references.contains(&format!("#/components/schemas/{name}"));
            assert!(!unused, "{name} is not used");
            if name.ends_with("Act") {
                for variant in schema["oneOf"].as_array().expect("variants") {
                    assert_eq!(variant["additionalProperties"], false, "{variant}");
                    assert!(variant["description"].is_string(), "{variant}");
                }
            }
            if name.ends_with("Create") {
                assert_eq!(schema["additionalProperties"], false, "{name}");
            }
        }
    });
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                references.insert(reference.clone());
            }
            for member in members.values() {
                collect(member, references);
            }
        }
        Value::Array(items) => {
            for item in items {
                collect(item, references);
            }
        }
        _ => {}
    }
}
