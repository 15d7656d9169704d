//! The routes of files: sheets of lists out and back, attachments.

use axum::routing::{get, post};

use super::{READING, Route, Told, WRITING, reference};
use crate::{files, lists};

pub(super) fn all() -> Vec<Route> {
    vec![sheet(), preview(), take(), attach(), attachment()]
}

fn sheet() -> Route {
    Route {
        method: "get",
        path: "/api/v1/lists/{id}/sheet".to_owned(),
        handler: get(lists::sheet),
        told: Told {
            operation: "sheet_of_list".to_owned(),
            tag: "lists",
            summary: "A list as a workbook, to be printed and filled in.".to_owned(),
            description: "Noted in the ledger with its purpose.",
            parameters: &["Id", "Purpose"],
            answer: Some((200, &[], None)),
            gives: Some(lists::WORKBOOK),
            problems: READING,
            ..Told::default()
        },
    }
}

fn preview() -> Route {
    Route {
        method: "post",
        path: "/api/v1/lists/{id}/sheet/preview".to_owned(),
        handler: post(lists::preview),
        told: Told {
            operation: "preview_sheet_of_list".to_owned(),
            summary: "What a workbook that was filled in would do, row by row; nothing is done."
                .to_owned(),
            ..sheet_back()
        },
    }
}

fn take() -> Route {
    Route {
        method: "post",
        path: "/api/v1/lists/{id}/sheet".to_owned(),
        handler: post(lists::take),
        told: Told {
            operation: "take_sheet_of_list".to_owned(),
            summary: "Take in a workbook that was filled in, row by row.".to_owned(),
            ..sheet_back()
        },
    }
}

fn sheet_back() -> Told {
    Told {
        tag: "lists",
        description: "Rows are found by their ids and columns by their headings. A row that does not fit is refused by itself; the others are taken. The same sheet again changes nothing.",
        parameters: &["Id", "IdempotencyKey"],
        takes: Some(lists::WORKBOOK),
        answer: Some((200, &[], Some(reference("SheetReturned")))),
        problems: WRITING,
        ..Told::default()
    }
}

fn attach() -> Route {
    Route {
        method: "post",
        path: "/api/v1/attachments".to_owned(),
        handler: post(files::attach),
        told: Told {
            operation: "attach".to_owned(),
            tag: "feedback",
            summary:
                "Hand in a photo or a PDF, to be named in feedback or as the scan of a signed list."
                    .to_owned(),
            description: "What it is, its first bytes say. The same bytes twice are one file.",
            parameters: &["IdempotencyKey"],
            takes: Some(files::BYTES),
            answer: Some((201, &[], Some(reference("Attached")))),
            problems: WRITING,
            ..Told::default()
        },
    }
}

fn attachment() -> Route {
    Route {
        method: "get",
        path: "/api/v1/feedback/{id}/attachments/{sha256}".to_owned(),
        handler: get(files::show),
        told: Told {
            operation: "attachment_of_feedback".to_owned(),
            tag: "feedback",
            summary: "A file that a citizen attached.".to_owned(),
            description: "The read is noted in the ledger.",
            parameters: &["Id", "Sha256"],
            answer: Some((200, &[], None)),
            gives: Some(files::BYTES),
            problems: READING,
            ..Told::default()
        },
    }
}
