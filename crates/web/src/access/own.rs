//! One's own account: second factors, sessions, what one has to know about it.
//!
//! What answers hold opens something, so no answer is kept to be given again.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use casework::account::NOT_YOURS;
use platform::access::{Access, AccessError, Who};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::sign_in::{CameBack, Code, Password, Ticket, told};
use crate::Api;
use crate::caller::Caller;
use crate::fields::{Line, Moment};
use crate::json;
use crate::once::apart;
use crate::problem::Problem;
use crate::resource::{members, read, why};

/// Notices that are shown, the newest first.
const NOTICES: u32 = 50;

/// What one may do about one's own account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = OwnAct)]
pub(crate) enum OwnAct {
    /// Another password: all other sessions are over.
    ChangePassword {
        /// The one so far.
        old: Password,
        /// The new one.
        new: Password,
    },
    /// Begin to register an authenticator app.
    StartTotp {},
    /// Register it, in place of an earlier one, once it shows the right code.
    FinishTotp {
        /// The ticket of its beginning.
        begun: Ticket,
        /// What the app shows.
        code: Code,
    },
    /// Remove the authenticator app.
    DropTotp {},
    /// Begin to register a passkey.
    StartPasskey {
        /// One's name for it.
        name: Line,
    },
    /// Register it with the browser's answer.
    FinishPasskey {
        /// The ticket of its beginning.
        begun: Ticket,
        /// What the browser answers.
        #[schema(value_type = Object)]
        answer: Value,
    },
    /// Remove a passkey.
    DropPasskey {
        /// Which, as one's account shows it.
        passkey: Line,
    },
    /// New recovery codes in place of those that are left.
    MakeRecoveryCodes {},
    /// Begin to link an identity of a login provider.
    StartProvider {
        /// The provider's name here.
        provider: Line,
    },
    /// Come back from the login provider.
    FinishProvider {
        /// The ticket that the browser kept.
        ticket: Ticket,
        /// What the provider's address carried.
        returned: CameBack,
    },
    /// Unlink the identities of a login provider.
    UnlinkProvider {
        /// The provider's issuer, as one's account shows it.
        issuer: Line,
    },
    /// End a session: this one, or another of one's own.
    SignOut {
        /// Which, as one's account shows it; this one when it is absent.
        #[serde(default, deserialize_with = "crate::json::present")]
        #[schema(nullable = false)]
        session: Option<Line>,
    },
    /// End all of one's sessions.
    SignOutEverywhere {},
    /// One has read what there was up to a moment.
    SeeNotices {
        /// The moment of the newest that was read.
        until: Moment,
    },
}

/// `GET /me`.
pub(crate) async fn show(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let (access, act) = (api.access(), caller.own_act(None));
    let id = act.by.account().ok_or_else(|| NOT_YOURS.refusal())?;
    let (account, factors) = access.account(&act, id).await?;
    let sessions = access.sessions(&act).await?;
    let notices = access.notices(&act, NOTICES).await?;
    let notices: Vec<Value> = notices
        .iter()
        .map(|it| json!({ "at": it.at, "what": it.what, "origin": it.origin, "seen": it.seen }))
        .collect();
    Ok(Json(json!({
        "account": account,
        "factors": factors,
        "session": caller.session,
        "sessions": sessions,
        "notices": notices,
    }))
    .into_response())
}

/// `POST /me/acts`.
pub(crate) async fn act(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, bytes) = read(&api, request).await?;
    let mut members = members(&bytes)?;
    let why = why(&mut members)?;
    let wanted: OwnAct = json::fit_tagged(members, "act")?;
    let access = api.access().clone();
    let place = parts.extensions.get().cloned();
    let work = async move { Ok(take(&access, &caller, why, &wanted).await?) };
    Ok(Json(apart(place, work).await?).into_response())
}

async fn take(
    access: &Access,
    caller: &Caller,
    why: Option<String>,
    wanted: &OwnAct,
) -> Result<Value, AccessError> {
    let act = &caller.own_act(why);
    let who = Who::SignedIn(act);
    match wanted {
        OwnAct::ChangePassword { old, new } => {
            let keep = caller.bearer.expose();
            told(access.change_password(act, old.as_str(), new.as_str(), keep)).await
        }
        OwnAct::StartTotp {} => told(access.start_totp(who)).await,
        OwnAct::FinishTotp { begun, code } => {
            told(access.finish_totp(who, begun.as_str(), code.as_str())).await
        }
        OwnAct::DropTotp {} => told(access.drop_totp(act)).await,
        OwnAct::StartPasskey { name } => {
            told(access.start_passkey_registration(who, name.as_str())).await
        }
        OwnAct::FinishPasskey { begun, answer } => {
            told(access.finish_passkey_registration(who, begun.as_str(), answer)).await
        }
        OwnAct::DropPasskey { passkey } => told(access.drop_passkey(act, passkey.as_str())).await,
        OwnAct::MakeRecoveryCodes {} => {
            let codes = access.new_recovery_codes(act).await?;
            Ok(json!({ "recovery_codes": codes }))
        }
        OwnAct::StartProvider { provider } => {
            told(access.start_provider(provider.as_str(), Some(act), act.at)).await
        }
        OwnAct::FinishProvider { ticket, returned } => {
            let (from, returned) = (&act.from, returned.into());
            told(access.finish_provider(ticket.as_str(), &returned, Some(act), from, act.at)).await
        }
        OwnAct::UnlinkProvider { issuer } => {
            let id = act.by.account().ok_or_else(|| NOT_YOURS.refusal())?;
            told(access.unlink(act, id, issuer.as_str())).await
        }
        OwnAct::SignOut { session } => {
            let named = session.as_ref().map(Line::as_str);
            let session = named.or(caller.session.as_deref()).unwrap_or_default();
            told(access.end_session(act, session)).await
        }
        OwnAct::SignOutEverywhere {} => told(access.end_all_sessions(act)).await,
        OwnAct::SeeNotices { until } => told(access.see_notices(act, until.0)).await,
    }
}
