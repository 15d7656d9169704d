//! The way in, step by step: a password, one's own in place of a first one, a second factor, and a session in the end.
//!
//! What answers hold opens something, so no answer is kept to be given again.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use platform::access::{Access, AccessError, Returned, Who};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::Api;
use crate::caller::Door;
use crate::fields::{Line, Text};
use crate::json;
use crate::once::apart;
use crate::problem::Problem;
use crate::resource::{members, read};

/// The secret of a step: what the step before gave.
pub(crate) type Ticket = Text<200>;

/// A password as typed, whatever its length was meant to be.
pub(crate) type Password = Text<4096>;

/// A code as typed, with its spaces and dashes.
pub(crate) type Code = Text<60>;

/// A step of signing in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = SignInAct)]
pub(crate) enum Step {
    /// Begin with name and password.
    Password {
        /// The name at login.
        name: Line,
        /// The password.
        password: Password,
    },
    /// Choose a password of one's own in place of the first one (`step: choose_password`).
    ChoosePassword {
        /// That step's ticket.
        ticket: Ticket,
        /// The password.
        password: Password,
    },
    /// Prove the authenticator app (`step: second_factor`).
    Totp {
        /// That step's ticket.
        ticket: Ticket,
        /// What the app shows.
        code: Code,
    },
    /// Use a recovery code in place of a lost second factor (`step: second_factor`).
    RecoveryCode {
        /// That step's ticket.
        ticket: Ticket,
        /// One of the codes.
        code: Code,
    },
    /// Begin to prove a passkey as the second factor (`step: second_factor`).
    StartPasskeyProof {
        /// That step's ticket.
        ticket: Ticket,
    },
    /// Prove a passkey as the second factor.
    ProvePasskey {
        /// The step's ticket.
        ticket: Ticket,
        /// What the browser answers.
        #[schema(value_type = Object)]
        answer: Value,
    },
    /// Begin to sign in with a passkey alone.
    StartPasskey {},
    /// Sign in with a passkey alone.
    Passkey {
        /// The ticket of its beginning.
        ticket: Ticket,
        /// What the browser answers.
        #[schema(value_type = Object)]
        answer: Value,
    },
    /// Begin to sign in with a login provider: the browser is sent to `url`, and keeps the ticket.
    StartProvider {
        /// Its name here.
        provider: Line,
    },
    /// Come back from a login provider.
    Provider {
        /// The ticket that the browser kept.
        ticket: Ticket,
        /// What the provider's address carried.
        returned: CameBack,
    },
    /// Begin to register an authenticator app, which the role asks for (`step: register_factor`).
    RegisterTotp {
        /// That step's ticket.
        ticket: Ticket,
    },
    /// Register it, once it shows the right code.
    RegisteredTotp {
        /// The step's ticket.
        ticket: Ticket,
        /// The ticket of its beginning.
        begun: Ticket,
        /// What the app shows.
        code: Code,
    },
    /// Begin to register a passkey, which the role asks for (`step: register_factor`).
    RegisterPasskey {
        /// That step's ticket.
        ticket: Ticket,
        /// The owner's name for it.
        name: Line,
    },
    /// Register it with the browser's answer.
    RegisteredPasskey {
        /// The step's ticket.
        ticket: Ticket,
        /// The ticket of its beginning.
        begun: Ticket,
        /// What the browser answers.
        #[schema(value_type = Object)]
        answer: Value,
    },
}

/// What the address of the way back from a login provider carried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProviderReturned)]
pub(crate) struct CameBack {
    /// The state that went out.
    state: Line,
    /// The authorization code.
    #[serde(default, deserialize_with = "crate::json::present")]
    #[schema(nullable = false)]
    code: Option<Password>,
    /// Why there is none.
    #[serde(default, deserialize_with = "crate::json::present")]
    #[schema(nullable = false)]
    error: Option<Line>,
    /// The issuer (RFC 9207).
    #[serde(default, deserialize_with = "crate::json::present")]
    #[schema(nullable = false)]
    iss: Option<Line>,
}

/// `POST /sign-in`.
pub(crate) async fn sign_in(
    State(api): State<Api>,
    door: Door,
    request: Request,
) -> Result<Response, Problem> {
    let (_, bytes) = read(&api, request).await?;
    let step: Step = json::fit_tagged(members(&bytes)?, "act")?;
    let access = api.access().clone();
    let place = door.place.clone();
    let next = apart(place, async move { Ok(take(&access, &door, &step).await?) }).await?;
    Ok(Json(next).into_response())
}

async fn take(access: &Access, door: &Door, step: &Step) -> Result<Value, AccessError> {
    let Door { from, at, .. } = door;
    let (from, at) = (from, *at);
    let who = |ticket| Who::OnTheWay { ticket, from, at };
    match step {
        Step::Password { name, password } => {
            told(access.sign_in(name.as_str(), password.as_str(), from, at)).await
        }
        Step::ChoosePassword { ticket, password } => {
            told(access.choose_password(ticket.as_str(), password.as_str(), from, at)).await
        }
        Step::Totp { ticket, code } => {
            told(access.prove_totp(ticket.as_str(), code.as_str(), from, at)).await
        }
        Step::RecoveryCode { ticket, code } => {
            told(access.prove_recovery_code(ticket.as_str(), code.as_str(), from, at)).await
        }
        Step::StartPasskeyProof { ticket } => {
            told(access.start_passkey_proof(ticket.as_str(), at)).await
        }
        Step::ProvePasskey { ticket, answer } => {
            told(access.prove_passkey(ticket.as_str(), answer, from, at)).await
        }
        Step::StartPasskey {} => told(access.start_passkey_sign_in(at)).await,
        Step::Passkey { ticket, answer } => {
            told(access.finish_passkey_sign_in(ticket.as_str(), answer, from, at)).await
        }
        Step::StartProvider { provider } => {
            told(access.start_provider(provider.as_str(), None, at)).await
        }
        Step::Provider { ticket, returned } => {
            let returned = returned.into();
            told(access.finish_provider(ticket.as_str(), &returned, None, from, at)).await
        }
        Step::RegisterTotp { ticket } => told(access.start_totp(who(ticket.as_str()))).await,
        Step::RegisteredTotp {
            ticket,
            begun,
            code,
        } => {
            let who = who(ticket.as_str());
            told(access.finish_totp(who, begun.as_str(), code.as_str())).await
        }
        Step::RegisterPasskey { ticket, name } => {
            let who = who(ticket.as_str());
            told(access.start_passkey_registration(who, name.as_str())).await
        }
        Step::RegisteredPasskey {
            ticket,
            begun,
            answer,
        } => {
            let who = who(ticket.as_str());
            told(access.finish_passkey_registration(who, begun.as_str(), answer)).await
        }
    }
}

/// What a step came to, as JSON.
pub(crate) async fn told<T: serde::Serialize>(
    step: impl Future<Output = Result<T, AccessError>> + Send,
) -> Result<Value, AccessError> {
    Ok(json!(step.await?))
}

impl From<&CameBack> for Returned {
    fn from(came: &CameBack) -> Self {
        Self {
            state: came.state.as_str().to_owned(),
            code: came.code.as_ref().map(|code| code.as_str().to_owned()),
            error: came.error.as_ref().map(|error| error.as_str().to_owned()),
            iss: came.iss.as_ref().map(|iss| iss.as_str().to_owned()),
        }
    }
}
