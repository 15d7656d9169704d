//! The document that describes the API (OpenAPI 3.1), made from the routes and the types of the wire.

use serde_json::{Map, Value, json};

use crate::page::MOST_ROWS;
use crate::problem::MEDIA_TYPE;
use crate::routes::{Route, Told};

/// Schemas in which one member names which of several forms the others have; what that member is called.
const TAGS: &[(&str, &str)] = &[("Act", "act"), ("SubjectSearch", "by")];

/// Other bodies that have a reason.
const WITH_WHY: &[&str] = &["SubjectJoin", "SubjectClaim", "FacilitySign", "ImportRows"];

/// Of whoever signs in nobody asks why.
const WITHOUT_WHY: &str = "SignInAct";

/// The document over all routes.
pub(crate) fn document(routes: &[Route]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let mut schemas = common();
    for route in routes {
        let operations = paths.entry(route.path.clone()).or_insert_with(|| json!({}));
        operations[route.method] = operation(&route.told);
        for (name, schema) in &route.told.schemas {
            schemas.insert(name.clone(), json!(schema));
        }
    }
    for (name, schema) in &mut schemas {
        let tag = TAGS.iter().find(|(ending, _)| name.ends_with(ending));
        if let Some((_, tag)) = tag {
            *schema = tagged(schema, tag, name != WITHOUT_WHY);
        } else if let Some(Value::Array(variants)) = schema.get_mut("oneOf") {
            for variant in variants {
                close(variant);
            }
        }
        if name.ends_with("Create") || WITH_WHY.contains(&name.as_str()) {
            schema["properties"]["why"] = why();
        }
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Minh Chứng",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Procedures of vaccination records. Every answer that is not good is an RFC 9457 problem with a stable `code`; see docs/api.md.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "description": "The token of a session, or one made for another system." } },
            "parameters": parameters(),
            "headers": headers(),
            "responses": { "Problem": { "description": "Nothing was done.", "content": { MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } } } },
            "schemas": schemas,
        },
    });
    // The same text whatever features another crate of the build asks of the JSON library.
    document.sort_all_objects();
    document
}

fn operation(told: &Told) -> Value {
    let mut operation = json!({
        "operationId": told.operation,
        "tags": [told.tag],
        "summary": told.summary,
        "responses": responses(told),
    });
    if !told.description.is_empty() {
        operation["description"] = told.description.into();
    }
    if !told.parameters.is_empty() {
        let name = |name: &&str| json!({ "$ref": format!("#/components/parameters/{name}") });
        operation["parameters"] = told.parameters.iter().map(name).collect();
    }
    if let Some(schema) = &told.body {
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    if let Some(media_type) = told.takes {
        operation["requestBody"] = json!({ "required": true, "content": { media_type: {} } });
    }
    if told.public {
        operation["security"] = json!([]);
    }
    operation
}

fn responses(told: &Told) -> Value {
    let mut responses = Map::new();
    if let Some((status, headers, schema)) = &told.answer {
        let content = match (told.gives, schema) {
            (Some(media_type), _) => json!({ media_type: {} }),
            (None, Some(schema)) => json!({ "application/json": { "schema": schema } }),
            (None, None) => json!({ "text/plain": { "schema": { "type": "string" } } }),
        };
        let mut good = json!({ "description": "Done.", "content": content });
        for name in *headers {
            good["headers"][name] = json!({ "$ref": format!("#/components/headers/{name}") });
        }
        responses.insert(status.to_string(), good);
    }
    for status in told.problems {
        let problem = json!({ "$ref": "#/components/responses/Problem" });
        responses.insert(status.to_string(), problem);
    }
    Value::Object(responses)
}

/// The schema of an enum as it is sent: the name of the variant is one member, those of the variant stand beside it.
fn tagged(schema: &Value, tag: &str, with_why: bool) -> Value {
    let variants = schema["oneOf"].as_array().cloned().unwrap_or_default();
    let flat: Vec<Value> = variants
        .iter()
        .filter_map(|it| flattened(it, tag, with_why))
        .collect();
    let mut tagged = schema.clone();
    tagged["oneOf"] = flat.into();
    tagged
}

fn flattened(variant: &Value, tag: &str, with_why: bool) -> Option<Value> {
    let (name, inner) = variant["properties"].as_object()?.iter().next()?;
    let mut properties = Map::new();
    properties.insert(tag.to_owned(), json!({ "type": "string", "const": name }));
    if let Some(own) = inner["properties"].as_object() {
        properties.extend(own.clone());
    }
    if with_why {
        properties.insert("why".to_owned(), why());
    }
    let mut required = vec![json!(tag)];
    required.extend(inner["required"].as_array().cloned().unwrap_or_default());
    let description = variant.get("description").or(inner.get("description"));
    let mut flat = json!({
        "type": "object",
        "title": name,
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    });
    if let Some(description) = description {
        flat["description"] = description.clone();
    }
    Some(flat)
}

/// A variant of an enum inside a body has one member, named like it, and nothing else in it or beside it.
fn close(variant: &mut Value) {
    let Some(members) = variant.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for inner in members.values_mut() {
        inner["additionalProperties"] = false.into();
    }
    variant["additionalProperties"] = false.into();
}

fn why() -> Value {
    json!({ "type": "string", "maxLength": 2000, "description": "The reason, in the caller's words: it is kept in the log." })
}

/// Schemas of answers.
fn common() -> Map<String, Value> {
    let object = |description: &str, required: &[&str], properties: Value| json!({ "type": "object", "description": description, "required": required, "properties": properties });
    let id = json!({ "type": "string", "description": "The id of the record." });
    let revision = json!({ "type": "integer", "minimum": 1, "description": "Counts the acts on the record; also the ETag." });
    let hash = json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" });
    let schemas = json!({
        "Status": object("The server answers.", &["status"], json!({ "status": { "const": "ok" } })),
        "Record": object("A record.", &["id", "revision", "state"], json!({
            "id": id, "revision": revision,
            "state": { "type": "object", "description": "The record, without what the caller may not see. Fields are added in later versions, never renamed." },
        })),
        "Opened": object("A new record.", &["id", "revision"], json!({ "id": id, "revision": revision, "first_password": first_password() })),
        "Acted": object("What an act came to.", &["id", "revision", "changed"], json!({
            "id": id, "revision": revision,
            "changed": { "type": "boolean", "description": "False when it was so already." },
            "rows": { "type": "array", "description": "What became of each row, where an act goes over many.", "items": { "type": "object" } },
            "first_password": first_password(),
        })),
        "History": object("What happened to a record.", &["entries", "next"], json!({
            "entries": { "type": "array", "items": object("One event, and the act that led to it.", &["revision", "event", "act"], json!({
                "revision": revision,
                "event": { "type": "object", "description": "What happened; `type` says which kind of event it is." },
                "act": { "type": "object", "description": "Who, when, from where, why." },
                "position": { "type": "integer", "minimum": 0, "description": "Its place in the ledger, once it has one." },
            })) },
            "next": cursor(),
        })),
        "Progress": json!({ "type": "object", "description": "Numbers by name (`cleaning.RESOLVED`), each with what it counts.", "additionalProperties":
            object("A number.", &["of", "number"], json!({ "of": { "type": "string" }, "number": { "type": "integer", "minimum": 0 } })) }),
        "Found": object("Persons found.", &["found"], json!({ "found": { "type": "array", "items": { "type": "object" } } })),
        "Joined": object("The cluster of the records.", &["cluster"], json!({ "cluster": { "type": "string" } })),
        "ToSign": object("What the police are to sign.", &["rows", "content_sha256"], json!({ "rows": { "type": "array", "items": { "type": "object" } }, "content_sha256": hash })),
        "Separated": object("Records that were taken apart.", &["subjects"], json!({ "subjects": { "type": "array", "items": { "type": "string" } } })),
        "Verified": object("What is vouched for somebody.", &["standing"], json!({ "standing": { "type": ["object", "null"], "description": "Null when nobody within reach is all of that.", "properties": {
            "id": id, "identity": { "type": "string" }, "signed_doses": { "type": "integer", "minimum": 0, "description": "Injections that a facility signed." },
            "passport": { "type": "string" }, "expires_at": { "type": ["string", "null"], "format": "date-time", "description": "Until when its code holds." },
        } } })),
        "ExportPage": object("A part of an area's records.", &["records", "next"], json!({ "records": { "type": "array", "items": { "$ref": "#/components/schemas/Record" } }, "next": cursor() })),
        "Imported": object("What became of each row.", &["tally", "rows"], json!({
            "tally": { "type": "object", "description": "`rows` is the sum of the others.", "additionalProperties": { "type": "integer", "minimum": 0 } },
            "rows": { "type": "array", "items": object("A row.", &["row", "subject", "read", "outcome"], json!({
                "row": { "type": "integer", "minimum": 1 }, "subject": id,
                "read": { "type": "integer", "minimum": 0, "description": "The revision that it was decided on; 0 when there was no record." },
                "outcome": { "type": "string", "enum": ["new", "updated", "unchanged", "duplicate", "rejected"] },
                "revision": revision, "code": { "type": "string" }, "status": { "type": "integer" }, "detail": { "type": ["string", "null"] },
            })) },
        })),
        "PassportCode": object("A code.", &["code"], json!({ "code": { "type": "string", "description": "The text that goes into the QR code." } })),
        "Reads": object("Who looked at a record.", &["reads"], json!({ "reads": { "type": "array", "items": { "type": "object" } } })),
        "SheetReturned": object("What became of each row of a sheet.", &["rows", "missing"], json!({
            "rows": { "type": "array", "items": object("A row of the sheet.", &["row", "item", "outcome"], json!({
                "row": { "type": "integer", "minimum": 1, "description": "Under the headings." }, "item": { "type": "string" },
                "outcome": { "type": "string", "enum": ["unchanged", "taken", "refused"] },
                "state": { "type": "string" }, "code": { "type": "string" }, "status": { "type": "integer" }, "detail": { "type": ["string", "null"] },
            })) },
            "missing": { "type": "array", "description": "Rows of the list that are not on the sheet.", "items": { "type": "string" } },
        })),
        "Attached": object("A file that is kept.", &["id", "media_type", "sha256", "size"], json!({ "id": { "type": "string" }, "media_type": { "type": "string" }, "sha256": hash, "size": { "type": "integer", "minimum": 1 } })),
        "FacilitySigned": object("What became of each person.", &["persons"], json!({ "persons": { "type": "array", "items": object("A person.", &["subject", "outcome"], json!({
            "subject": id, "outcome": { "type": "string", "enum": ["signed", "already", "refused"] }, "revision": revision,
            "code": { "type": "string" }, "status": { "type": "integer" }, "detail": { "type": ["string", "null"] },
        })) } })),
        "Issued": object("What an evening's work came to.", &["issued", "renewed", "refused"], json!({
            "issued": { "type": "integer", "minimum": 0 }, "renewed": { "type": "integer", "minimum": 0 }, "refused": { "type": "array", "items": { "type": "object" } },
        })),
        "InclusionProof": object("The proof that an entry is in the ledger.", &["position", "size", "entry", "leaf", "path", "checkpoint"], json!({
            "position": { "type": "integer", "minimum": 0 }, "size": { "type": "integer", "minimum": 1 },
            "entry": { "type": "string", "description": "The text that is hashed." }, "leaf": hash,
            "path": { "type": "array", "items": hash }, "checkpoint": { "type": "string", "description": "The signed note." },
        })),
        "SignedIn": signed_in(),
        "Own": object("One's own account.", &["account", "factors", "session", "sessions", "notices"], json!({
            "account": { "type": "object" }, "factors": { "type": "object" },
            "session": { "type": ["string", "null"], "description": "The session that asks." },
            "sessions": { "type": "array", "items": { "type": "object" } },
            "notices": { "type": "array", "description": "What one has to know, the newest first.", "items": { "type": "object" } },
        })),
        "OwnActed": json!({ "type": ["object", "string", "null"], "description": "What the act gives: a ceremony, recovery codes, where to go; null when there is nothing to tell." }),
        "Accounts": object("Accounts by name.", &["accounts", "next"], json!({ "accounts": { "type": "array", "items": { "type": "object" } }, "next": cursor() })),
        "Tokens": object("Tokens by name.", &["tokens", "next"], json!({ "tokens": { "type": "array", "items": { "type": "object" } }, "next": cursor() })),
        "TokenMade": object("A token that was made.", &["name", "until", "token"], json!({
            "name": { "type": "string" }, "until": { "type": "string", "format": "date-time" },
            "token": { "type": ["string", "null"], "description": "Shown once: null when the answer is given again." },
        })),
        "TokenRevoked": object("A token that was taken back.", &["name", "revoked"], json!({ "name": { "type": "string" }, "revoked": { "const": true } })),
        "Why": json!({ "type": "object", "properties": { "why": why() }, "additionalProperties": false }),
        "Problem": problem(),
    });
    match schemas {
        Value::Object(schemas) => schemas,
        _ => Map::new(),
    }
}

fn first_password() -> Value {
    json!({ "type": ["object", "null"], "description": "Of an account whose owner gets a first password: shown once, null when the answer is given again.",
        "properties": { "password": { "type": "string" }, "until": { "type": "string", "format": "date-time", "description": "Its last moment." } } })
}

/// What a step of signing in answers.
fn signed_in() -> Value {
    let ticket =
        json!({ "type": "string", "description": "For the next step: short-lived, used once." });
    json!({
        "type": "object",
        "description": "`step` says what comes next: `second_factor`, `choose_password`, `register_factor`, or `signed_in` with the session's secret. The beginning of a ceremony gives a ticket and what the browser needs.",
        "properties": {
            "step": { "type": "string", "enum": ["second_factor", "choose_password", "register_factor", "signed_in"] },
            "ticket": ticket,
            "totp": { "type": "boolean" }, "passkey": { "type": "boolean" }, "recovery_code": { "type": "boolean" },
            "session": { "type": "string", "description": "The secret for the header Authorization." },
            "account": { "type": "string" },
            "options": { "type": "object", "description": "For navigator.credentials." },
            "secret": { "type": "string" }, "uri": { "type": "string", "description": "What goes into the QR code of an authenticator app." },
            "url": { "type": "string", "description": "Where the browser goes to sign in." },
            "recovery_codes": { "type": "array", "items": { "type": "string" } },
        },
    })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "Why nothing was done (RFC 9457). The words are in the language of Accept-Language, Vietnamese first; the code never changes.",
        "required": ["type", "title", "status", "code", "hint", "instance"],
        "properties": {
            "type": { "type": "string", "description": "Where the code is explained." },
            "title": { "type": "string", "description": "What is wrong." },
            "status": { "type": "integer" },
            "code": { "type": "string", "description": "Stable code." },
            "detail": { "type": "string", "description": "The particular of this case; never a name or a number of a person." },
            "hint": { "type": "string", "description": "What to do." },
            "instance": { "type": "string", "description": "The id of the request, as in the header X-Request-Id and in the log." },
            "pointer": { "type": "string", "description": "JSON pointer to the value that does not fit." },
            "line": { "type": "integer" },
            "column": { "type": "integer" },
            "read": { "type": "integer", "description": "The revision that was read." },
            "now": { "type": "integer", "description": "The revision now." },
            "since": { "type": "array", "description": "What happened since, as in the history.", "items": { "type": "object" } },
        },
    })
}

fn cursor() -> Value {
    json!({ "type": ["string", "null"], "description": "The cursor of the next page, for `after`; null after the last." })
}

fn parameters() -> Value {
    let path = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema });
    let query = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema });
    let header = |name: &str, required: bool, description: &str, schema: Value| json!({ "name": name, "in": "header", "required": required, "description": description, "schema": schema });
    let queues: Vec<&str> = casework::Queue::ALL
        .iter()
        .map(|queue| queue.as_str())
        .collect();
    let key = json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{8,128}$" });
    let units = "(ministry|(province|province-police)/[0-9]{2}|(district|district-police)/[0-9]{3}|(commune|police)/[0-9]{5}|facility/[A-Z0-9-]{2,20})";
    let areas = "^(commune:[0-9]{5}|district:[0-9]{3}|province:[0-9]{2}|country)$";
    let needed = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "query", "required": true, "description": description, "schema": schema });
    json!({
        "Area": needed("area", "Which area.", json!({ "type": "string", "pattern": areas, "examples": ["province:01"] })),
        "Purpose": needed("purpose", "What it is for: kept in the log.", json!({ "type": "string", "minLength": 1, "maxLength": 200 })),
        "Sha256": path("sha256", "The hash of the file.", json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })),
        "Id": path("id", "The id of the record.", json!({ "type": "string", "minLength": 1, "maxLength": 100 })),
        "Queue": path("queue", "Which queue.", json!({ "type": "string", "enum": queues })),
        "Code": path("code", "The code of a problem.", json!({ "type": "string" })),
        "Position": path("position", "The place of the entry, from 0.", json!({ "type": "integer", "minimum": 0 })),
        "After": query("after", "The cursor that the page before gave.", json!({ "type": "string" })),
        "Limit": query("limit", "How many rows.", json!({ "type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": 50 })),
        "Scope": query("scope", "Whose rows; the caller's own desk when it is absent.", json!({ "type": "string",
            "pattern": format!("^(desk:{units}|commune:[0-9]{{5}}|district:[0-9]{{3}}|province:[0-9]{{2}}|country)$"), "examples": ["desk:commune/00004", "province:01"] })),
        "State": query("state", "Only rows in this state.", json!({ "type": "string" })),
        "Unit": query("unit", "Whose numbers; the caller's own unit when it is absent.", json!({ "type": "string", "pattern": format!("^{units}$"), "examples": ["province/01"] })),
        "IfMatch": header("If-Match", true, "The ETag that was read, or `*` for whatever the record is now.", json!({ "type": "string", "pattern": "^(\"[0-9]{1,18}\"|\\*)$", "examples": ["\"7\""] })),
        "IdempotencyKey": header("Idempotency-Key", false, "A new random value for each request; the same request with the same value is carried out once.", key.clone()),
        "IdempotencyKeyRequired": header("Idempotency-Key", true, "A new random value for each request; the same request with the same value is carried out once.", key),
    })
}

fn headers() -> Value {
    json!({
        "ETag": { "description": "The revision of the record, quoted.", "schema": { "type": "string" } },
        "Location": { "description": "Where the record is.", "schema": { "type": "string" } },
    })
}
