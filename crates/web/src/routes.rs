//! All routes, each with its documentation beside its handler: what is not documented can't be reached.

mod access;
mod exchange;
mod files;

use axum::routing::{MethodRouter, get, post};
use casework::account::Account;
use casework::campaign::Campaign;
use casework::cleaning::item::Item;
use casework::cleaning::list::List;
use casework::contact::Contact;
use casework::facility::Facility;
use casework::feedback::Feedback;
use casework::inquiry::Inquiry;
use casework::report::Report;
use casework::subject::Subject;
use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema as _, ToSchema};

use crate::Api;
use crate::resource::{self, Opened, Resource};
use crate::{about, lists, people, queues, signing};

/// One route.
pub(crate) struct Route {
    /// `get` or `post`.
    pub(crate) method: &'static str,
    /// Where, with `{parameters}`.
    pub(crate) path: String,
    /// What answers.
    pub(crate) handler: MethodRouter<Api>,
    /// What the documentation says.
    pub(crate) told: Told,
}

/// What the documentation says of a route.
#[derive(Default)]
pub(crate) struct Told {
    /// Its name in generated clients.
    pub(crate) operation: String,
    /// Under which heading.
    pub(crate) tag: &'static str,
    /// In one line.
    pub(crate) summary: String,
    /// At length.
    pub(crate) description: &'static str,
    /// Open to everybody.
    pub(crate) public: bool,
    /// Parameters, by their names among the components.
    pub(crate) parameters: &'static [&'static str],
    /// The body that it takes.
    pub(crate) body: Option<Value>,
    /// The media type of a body that is a file.
    pub(crate) takes: Option<&'static str>,
    /// The media type of an answer that is a file.
    pub(crate) gives: Option<&'static str>,
    /// Status of a good answer, its headers by name, and its schema; a text when there is none.
    pub(crate) answer: Option<(u16, &'static [&'static str], Option<Value>)>,
    /// What may go wrong, by status.
    pub(crate) problems: &'static [u16],
    /// Schemas that it needs.
    pub(crate) schemas: Vec<(String, RefOr<Schema>)>,
}

/// What may go wrong wherever somebody has to sign in.
const READING: &[u16] = &[400, 401, 403, 404, 500, 503];

/// What may go wrong wherever something is changed.
const WRITING: &[u16] = &[400, 401, 403, 404, 409, 413, 415, 422, 500, 503];

/// What may go wrong wherever a record is changed.
const ACTING: &[u16] = &[400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 500, 503];

/// All routes.
pub(crate) fn all() -> Vec<Route> {
    let mut routes = vec![whoami(), healthz(), readyz(), openapi(), problem()];
    routes.extend(access::all());
    routes.extend([checkpoint(), proof()]);
    routes.extend([queue(), counts(), progress()]);
    routes.extend(exchange::all());
    routes.extend(files::all());
    routes.extend([search(), join(), separate(), to_sign(), sign(), issue()]);
    opened::<Subject>(&mut routes);
    opened::<Facility>(&mut routes);
    opened::<List>(&mut routes);
    of::<Item>(&mut routes);
    opened::<Inquiry>(&mut routes);
    opened::<Feedback>(&mut routes);
    opened::<Campaign>(&mut routes);
    opened::<Report>(&mut routes);
    opened::<Contact>(&mut routes);
    opened::<Account>(&mut routes);
    routes
}

fn opened<P: Opened>(routes: &mut Vec<Route>) {
    let mut told = Told {
        operation: format!("open_{}", P::PATH),
        tag: P::PATH,
        summary: format!("Open a record. {}", P::ABOUT),
        description: "The header `Location` says where it is. `why` is the reason, for the log.",
        parameters: &["IdempotencyKeyRequired"],
        answer: Some((201, &["ETag", "Location"], Some(reference("Opened")))),
        problems: WRITING,
        ..Told::default()
    };
    P::Create::schemas(&mut told.schemas);
    let name = P::Create::name().into_owned();
    told.schemas.push((name.clone(), P::Create::schema()));
    told.body = Some(reference(&name));
    routes.push(Route {
        method: "post",
        path: format!("/api/v1/{}", P::PATH),
        handler: post(resource::open::<P>),
        told,
    });
    of::<P>(routes);
}

fn of<P: Resource>(routes: &mut Vec<Route>) {
    let path = P::PATH;
    routes.push(Route {
        method: "get",
        path: format!("/api/v1/{path}/{{id}}"),
        handler: get(resource::show::<P>),
        told: Told {
            operation: format!("show_{path}"),
            tag: path,
            summary: format!("Show a record as far as the caller may see it. {}", P::ABOUT),
            description: "The read is noted in the ledger. What lies beyond the caller's reach is answered like what does not exist.",
            parameters: &["Id"],
            answer: Some((200, &["ETag"], Some(reference("Record")))),
            problems: READING,
            ..Told::default()
        },
    });
    routes.push(Route {
        method: "get",
        path: format!("/api/v1/{path}/{{id}}/history"),
        handler: get(resource::history::<P>),
        told: Told {
            operation: format!("history_of_{path}"),
            tag: path,
            summary: "Show everything that happened to a record, the first first.".to_owned(),
            description: "Only for those who may see all of the record. The read is noted in the ledger.",
            parameters: &["Id", "After", "Limit"],
            answer: Some((200, &[], Some(reference("History")))),
            problems: READING,
            ..Told::default()
        },
    });
    routes.push(Route {
        method: "get",
        path: format!("/api/v1/{path}/{{id}}/reads"),
        handler: get(crate::exchange::reads::<P>),
        told: Told {
            operation: format!("reads_of_{path}"),
            tag: path,
            summary:
                "Show who read a record, found it by a search or was refused it, the newest first."
                    .to_owned(),
            description: "For auditors.",
            parameters: &["Id", "Limit"],
            answer: Some((200, &[], Some(reference("Reads")))),
            problems: READING,
            ..Told::default()
        },
    });
    let mut told = Told {
        operation: format!("act_on_{path}"),
        tag: path,
        summary: format!("Act on a record. {}", P::ABOUT),
        description: "`act` says what, `why` is the reason, for the log. `If-Match` carries the ETag that was read: when the record changed since, nothing happens, and the answer tells what changed.",
        parameters: &["Id", "IfMatch", "IdempotencyKey"],
        answer: Some((200, &["ETag"], Some(reference("Acted")))),
        problems: ACTING,
        ..Told::default()
    };
    P::Act::schemas(&mut told.schemas);
    let name = P::Act::name().into_owned();
    told.schemas.push((name.clone(), P::Act::schema()));
    told.body = Some(reference(&name));
    routes.push(Route {
        method: "post",
        path: format!("/api/v1/{path}/{{id}}/acts"),
        handler: post(resource::act::<P>),
        told,
    });
}

fn whoami() -> Route {
    Route {
        method: "get",
        path: "/api/v1/whoami".to_owned(),
        handler: get(about::whoami),
        told: Told {
            operation: "whoami".to_owned(),
            tag: "about",
            summary: "Who the caller is, and what the role may do.".to_owned(),
            answer: Some((200, &[], Some(json!({ "type": "object" })))),
            problems: &[401, 403, 500, 503],
            ..Told::default()
        },
    }
}

fn healthz() -> Route {
    Route {
        method: "get",
        path: "/healthz".to_owned(),
        handler: get(about::healthz),
        told: Told {
            operation: "healthz".to_owned(),
            tag: "about",
            summary: "Whether the process answers.".to_owned(),
            public: true,
            answer: Some((200, &[], Some(reference("Status")))),
            problems: &[],
            ..Told::default()
        },
    }
}

fn readyz() -> Route {
    Route {
        method: "get",
        path: "/readyz".to_owned(),
        handler: get(about::readyz),
        told: Told {
            operation: "readyz".to_owned(),
            tag: "about",
            summary: "Whether the store answers and its tables are those of this version."
                .to_owned(),
            public: true,
            answer: Some((200, &[], Some(reference("Status")))),
            problems: &[503],
            ..Told::default()
        },
    }
}

fn openapi() -> Route {
    Route {
        method: "get",
        path: "/openapi.json".to_owned(),
        handler: get(about::openapi),
        told: Told {
            operation: "openapi".to_owned(),
            tag: "about",
            summary: "This document.".to_owned(),
            public: true,
            answer: Some((200, &[], Some(json!({ "type": "object" })))),
            problems: &[],
            ..Told::default()
        },
    }
}

fn problem() -> Route {
    Route {
        method: "get",
        path: "/api/v1/problems/{code}".to_owned(),
        handler: get(about::problem),
        told: Told {
            operation: "problem".to_owned(),
            tag: "about",
            summary: "What a problem's code means, in both languages: the address in its `type`."
                .to_owned(),
            public: true,
            parameters: &["Code"],
            answer: Some((200, &[], Some(json!({ "type": "object" })))),
            problems: &[404],
            ..Told::default()
        },
    }
}

fn checkpoint() -> Route {
    Route {
        method: "get",
        path: "/api/v1/ledger/checkpoint".to_owned(),
        handler: get(about::checkpoint),
        told: Told {
            operation: "ledger_checkpoint".to_owned(),
            tag: "ledger",
            summary: "The ledger's last checkpoint, as a signed note.".to_owned(),
            answer: Some((200, &[], None)),
            problems: &[401, 403, 404, 500, 503],
            ..Told::default()
        },
    }
}

fn proof() -> Route {
    Route {
        method: "get",
        path: "/api/v1/ledger/entries/{position}/proof".to_owned(),
        handler: get(about::proof),
        told: Told {
            operation: "ledger_proof".to_owned(),
            tag: "ledger",
            summary: "The proof that an entry is in the ledger that was signed last (RFC 6962)."
                .to_owned(),
            description: "An entry holds no personal data: of what happened only a salted hash.",
            parameters: &["Position"],
            answer: Some((200, &[], Some(reference("InclusionProof")))),
            problems: &[401, 403, 404, 500, 503],
            ..Told::default()
        },
    }
}

fn queue() -> Route {
    Route {
        method: "get",
        path: "/api/v1/queues/{queue}".to_owned(),
        handler: get(queues::page),
        told: Told {
            operation: "queue".to_owned(),
            tag: "queues",
            summary: "The next rows of a queue, by due time.".to_owned(),
            parameters: &["Queue", "Scope", "State", "After", "Limit"],
            answer: Some((200, &[], Some(reference("QueuePage")))),
            problems: READING,
            schemas: schemas_of::<queues::QueuePage>(),
            ..Told::default()
        },
    }
}

fn counts() -> Route {
    Route {
        method: "get",
        path: "/api/v1/queues/{queue}/counts".to_owned(),
        handler: get(queues::counts),
        told: Told {
            operation: "queue_counts".to_owned(),
            tag: "queues",
            summary: "How many rows of a queue are in each state.".to_owned(),
            parameters: &["Queue", "Scope"],
            answer: Some((200, &[], Some(reference("QueueCounts")))),
            problems: READING,
            schemas: schemas_of::<queues::QueueCounts>(),
            ..Told::default()
        },
    }
}

fn progress() -> Route {
    Route {
        method: "get",
        path: "/api/v1/progress".to_owned(),
        handler: get(queues::progress),
        told: Told {
            operation: "progress".to_owned(),
            tag: "queues",
            summary: "The numbers of a unit and of what lies in its area, as they are now."
                .to_owned(),
            parameters: &["Unit"],
            answer: Some((200, &[], Some(reference("Progress")))),
            problems: READING,
            ..Told::default()
        },
    }
}

fn search() -> Route {
    let mut told = Told {
        operation: "search_subjects".to_owned(),
        tag: "subjects",
        summary: "Find persons by number, by name and birth date, or by phone.".to_owned(),
        description: "All of it must agree. The search is noted in the ledger, its words are not.",
        body: Some(reference(&people::Wish::name())),
        answer: Some((200, &[], Some(reference("Found")))),
        problems: &[400, 401, 403, 404, 413, 415, 422, 500, 503],
        ..Told::default()
    };
    told.schemas = schemas_of::<people::Wish>();
    Route {
        method: "post",
        path: "/api/v1/subjects/search".to_owned(),
        handler: post(people::search),
        told,
    }
}

fn join() -> Route {
    let mut told = Told {
        operation: "join_subjects".to_owned(),
        tag: "subjects",
        summary: "Join records of one person: by a link, which can be taken apart exactly."
            .to_owned(),
        description: "All of them, or none. Two different verified numbers are two persons.",
        parameters: &["IdempotencyKeyRequired"],
        body: Some(reference(&people::Join::name())),
        answer: Some((200, &[], Some(reference("Joined")))),
        problems: WRITING,
        ..Told::default()
    };
    told.schemas = schemas_of::<people::Join>();
    Route {
        method: "post",
        path: "/api/v1/subjects/join".to_owned(),
        handler: post(people::join),
        told,
    }
}

fn separate() -> Route {
    Route {
        method: "post",
        path: "/api/v1/clusters/{id}/separate".to_owned(),
        handler: post(people::separate),
        told: Told {
            operation: "separate_subjects".to_owned(),
            tag: "subjects",
            summary: "Take the records of a cluster apart again, exactly.".to_owned(),
            parameters: &["Id", "IdempotencyKey"],
            body: Some(reference("Why")),
            answer: Some((200, &[], Some(reference("Separated")))),
            problems: WRITING,
            ..Told::default()
        },
    }
}

fn sign() -> Route {
    Route {
        method: "post",
        path: "/api/v1/facilities/{id}/sign".to_owned(),
        handler: post(signing::sign),
        told: Told {
            operation: "sign_for_facility".to_owned(),
            tag: "facilities",
            summary: "Vouch for a facility's doses of persons, with the key that this server holds for the caller's unit.".to_owned(),
            description: "One signature over all, and a proof for each. Every person comes back with what became of them; sent again, nobody is signed twice.",
            parameters: &["Id", "IdempotencyKey"],
            body: Some(reference("FacilitySign")),
            answer: Some((200, &[], Some(reference("FacilitySigned")))),
            problems: WRITING,
            schemas: schemas_of::<signing::Persons>(),
            ..Told::default()
        },
    }
}

fn issue() -> Route {
    Route {
        method: "post",
        path: "/api/v1/passports/issue".to_owned(),
        handler: post(signing::issue),
        told: Told {
            operation: "issue_passports".to_owned(),
            tag: "subjects",
            summary: "Issue every passport that waits, and renew every one whose window is open."
                .to_owned(),
            description: "Goes on after a timeout; sent again, nobody gets two.",
            parameters: &["IdempotencyKey"],
            body: Some(reference("Why")),
            answer: Some((200, &[], Some(reference("Issued")))),
            problems: WRITING,
            ..Told::default()
        },
    }
}

fn to_sign() -> Route {
    Route {
        method: "get",
        path: "/api/v1/lists/{id}/to-sign".to_owned(),
        handler: get(lists::to_sign),
        told: Told {
            operation: "list_to_sign".to_owned(),
            tag: "lists",
            summary:
                "What the police would sign now: the rows that they confirmed, and their hash."
                    .to_owned(),
            parameters: &["Id"],
            answer: Some((200, &[], Some(reference("ToSign")))),
            problems: READING,
            ..Told::default()
        },
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn schemas_of<T: ToSchema>() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = Vec::new();
    T::schemas(&mut schemas);
    schemas.push((T::name().into_owned(), T::schema()));
    schemas
}
