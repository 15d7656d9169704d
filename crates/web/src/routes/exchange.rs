//! The routes of what other systems ask for and take out.

use axum::routing::{get, post};

use super::{READING, Route, Told, WRITING, reference, schemas_of};
use crate::{exchange, imports};

pub(super) fn all() -> Vec<Route> {
    vec![verify(), export(), passport(), preview(), take()]
}

fn verify() -> Route {
    Route {
        method: "post",
        path: "/api/v1/subjects/verify".to_owned(),
        handler: post(exchange::verify),
        told: Told {
            operation: "verify_subject".to_owned(),
            tag: "subjects",
            summary: "Whether somebody is who they say, and what is vouched for them.".to_owned(),
            description: "Number, name and birth date must all agree. Nobody at all, another name and somebody beyond reach are answered alike: with null. The question is noted in the ledger, its words are not.",
            body: Some(reference("SubjectClaim")),
            answer: Some((200, &[], Some(reference("Verified")))),
            problems: &[400, 401, 403, 404, 413, 415, 422, 500, 503],
            schemas: schemas_of::<exchange::Said>(),
            ..Told::default()
        },
    }
}

fn export() -> Route {
    Route {
        method: "get",
        path: "/api/v1/exports/subjects".to_owned(),
        handler: get(exchange::export),
        told: Told {
            operation: "export_subjects".to_owned(),
            tag: "subjects",
            summary: "Take out the records of those who live in an area, part by part.".to_owned(),
            description: "As far as the caller may see them. A part may be empty and still have a next one. Each part is noted in the ledger with its purpose.",
            parameters: &["Area", "Purpose", "After", "Limit"],
            answer: Some((200, &[], Some(reference("ExportPage")))),
            problems: READING,
            ..Told::default()
        },
    }
}

fn passport() -> Route {
    Route {
        method: "get",
        path: "/api/v1/subjects/{id}/passport".to_owned(),
        handler: get(exchange::passport),
        told: Told {
            operation: "passport_of_subject".to_owned(),
            tag: "subjects",
            summary: "The text of the code of a person's present passport (`HC1:…`).".to_owned(),
            description: "The read is noted in the ledger.",
            parameters: &["Id"],
            answer: Some((200, &[], Some(reference("PassportCode")))),
            problems: READING,
            ..Told::default()
        },
    }
}

fn preview() -> Route {
    Route {
        method: "post",
        path: "/api/v1/imports/preview".to_owned(),
        handler: post(imports::preview),
        told: Told {
            operation: "preview_import".to_owned(),
            summary:
                "What records that another system sends would do, row by row; nothing is done."
                    .to_owned(),
            parameters: &["IdempotencyKey"],
            ..import()
        },
    }
}

fn take() -> Route {
    Route {
        method: "post",
        path: "/api/v1/imports".to_owned(),
        handler: post(imports::take),
        told: Told {
            operation: "import".to_owned(),
            summary: "Take in records that another system sends, row by row.".to_owned(),
            parameters: &["IdempotencyKeyRequired"],
            ..import()
        },
    }
}

fn import() -> Told {
    Told {
        tag: "imports",
        description: "Each row is new, updated, unchanged, duplicate or rejected, and an act by itself. Sent again, it changes nothing. With the revision that a preview showed (`read`), a row whose record changed since comes back. A row never changes who a known person is; rows that look sorted apart are refused as a whole.",
        body: Some(reference("ImportRows")),
        answer: Some((200, &[], Some(reference("Imported")))),
        problems: WRITING,
        schemas: schemas_of::<imports::Sent>(),
        ..Told::default()
    }
}
