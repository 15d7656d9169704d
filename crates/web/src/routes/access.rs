//! The routes about who somebody is.

use axum::routing::{get, post};

use super::{READING, Route, Told, WRITING, reference, schemas_of};
use crate::access::{accounts, own, sign_in, tokens};

/// What may go wrong on the way in and with one's own account.
const AT_THE_DOOR: &[u16] = &[400, 403, 404, 409, 413, 415, 422, 429, 500, 503];

pub(super) fn all() -> Vec<Route> {
    vec![
        sign_in(),
        me(),
        own_acts(),
        list_accounts(),
        list_tokens(),
        make_token(),
        revoke_token(),
    ]
}

fn sign_in() -> Route {
    Route {
        method: "post",
        path: "/api/v1/sign-in".to_owned(),
        handler: post(sign_in::sign_in),
        told: Told {
            operation: "sign_in".to_owned(),
            tag: "access",
            summary: "Take a step on the way in.".to_owned(),
            description: "Begin with name and password, a passkey or a login provider, and follow `step` until it is `signed_in`. Failed attempts make the next one wait. No answer is kept: it holds secrets.",
            public: true,
            body: Some(reference("SignInAct")),
            answer: Some((200, &[], Some(reference("SignedIn")))),
            problems: AT_THE_DOOR,
            schemas: schemas_of::<sign_in::Step>(),
            ..Told::default()
        },
    }
}

fn me() -> Route {
    Route {
        method: "get",
        path: "/api/v1/me".to_owned(),
        handler: get(own::show),
        told: Told {
            operation: "me".to_owned(),
            tag: "access",
            summary: "One's own account: second factors, sessions, and what one has to know."
                .to_owned(),
            description: "For people; another system has no account.",
            answer: Some((200, &[], Some(reference("Own")))),
            problems: READING,
            ..Told::default()
        },
    }
}

fn own_acts() -> Route {
    Route {
        method: "post",
        path: "/api/v1/me/acts".to_owned(),
        handler: post(own::act),
        told: Told {
            operation: "act_on_me".to_owned(),
            tag: "access",
            summary: "Change how one signs in, or sign out.".to_owned(),
            description: "No answer is kept: it may hold secrets.",
            body: Some(reference("OwnAct")),
            answer: Some((200, &[], Some(reference("OwnActed")))),
            problems: &[400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503],
            schemas: schemas_of::<own::OwnAct>(),
            ..Told::default()
        },
    }
}

fn list_accounts() -> Route {
    Route {
        method: "get",
        path: "/api/v1/accounts".to_owned(),
        handler: get(accounts::list),
        told: Told {
            operation: "list_accounts".to_owned(),
            tag: "accounts",
            summary: "The accounts that the caller runs, by name.".to_owned(),
            parameters: &["After", "Limit"],
            answer: Some((200, &[], Some(reference("Accounts")))),
            problems: READING,
            ..Told::default()
        },
    }
}

fn list_tokens() -> Route {
    Route {
        method: "get",
        path: "/api/v1/tokens".to_owned(),
        handler: get(tokens::list),
        told: Told {
            operation: "list_tokens".to_owned(),
            tag: "tokens",
            summary: "The tokens of other systems that the caller runs, by name.".to_owned(),
            parameters: &["After", "Limit"],
            answer: Some((200, &[], Some(reference("Tokens")))),
            problems: READING,
            ..Told::default()
        },
    }
}

fn make_token() -> Route {
    Route {
        method: "post",
        path: "/api/v1/tokens".to_owned(),
        handler: post(tokens::make),
        told: Told {
            operation: "make_token".to_owned(),
            tag: "tokens",
            summary: "Make a token for another system, bound to a unit and a role.".to_owned(),
            description: "By whoever may open such an account. The token is shown once: an answer that is given again has `null` in its place.",
            parameters: &["IdempotencyKeyRequired"],
            body: Some(reference("TokenCreate")),
            answer: Some((201, &[], Some(reference("TokenMade")))),
            problems: WRITING,
            schemas: schemas_of::<tokens::Create>(),
            ..Told::default()
        },
    }
}

fn revoke_token() -> Route {
    Route {
        method: "post",
        path: "/api/v1/tokens/{id}/revoke".to_owned(),
        handler: post(tokens::revoke),
        told: Told {
            operation: "revoke_token".to_owned(),
            tag: "tokens",
            summary: "Take a token back, for good.".to_owned(),
            parameters: &["Id", "IdempotencyKey"],
            body: Some(reference("Why")),
            answer: Some((200, &[], Some(reference("TokenRevoked")))),
            problems: WRITING,
            ..Told::default()
        },
    }
}
