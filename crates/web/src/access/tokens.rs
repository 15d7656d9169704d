//! Tokens of other systems, as those run them who run accounts.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use hyper::StatusCode;
use platform::access::NewToken;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::Api;
use crate::caller::Caller;
use crate::fields::{AccountName, Moment, UnitCode};
use crate::json;
use crate::once::{Answer, Keyed, once};
use crate::page::{self, Page};
use crate::problem::Problem;
use crate::resource::{Named, asked, read};
use crate::wire::account::RoleName;

/// A token for another system.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TokenCreate, examples(json!({"name": "his.benh-vien-a", "unit": "facility/TYT-00004", "role": "clerk", "until": "2022-12-31T17:00:00Z"})))]
pub(crate) struct Create {
    /// Its name in the log: which system, not which person.
    name: AccountName,
    /// For which unit it acts.
    unit: UnitCode,
    /// In which role.
    role: RoleName,
    /// Its last moment: within a year.
    until: Moment,
}

/// `GET /tokens`.
pub(crate) async fn list(
    State(api): State<Api>,
    caller: Caller,
    query: page::Query,
) -> Result<Response, Problem> {
    let page = Page::of_numbers(&query)?;
    let tokens = api.access().tokens(&caller.act(None)).await?;
    let (tokens, next) = page.cut(tokens.into_iter());
    Ok(Json(json!({ "tokens": tokens, "next": next })).into_response())
}

/// `POST /tokens`.
pub(crate) async fn make(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, bytes) = read(&api, request).await?;
    let (wanted, act, members) = asked(&caller, &parts, &bytes, Keyed::Always)?;
    let new: Create = json::fit(Value::Object(members))?;
    let new = NewToken {
        name: new.name.0.0,
        unit: new.unit.0,
        role: new.role.into(),
        until: new.until.0,
    };
    let access = api.access().clone();
    let work = async move {
        let token = access.make_token(&act, &new).await?;
        let body = json!({ "name": new.name, "until": new.until });
        Ok(Answer::json(StatusCode::CREATED, body).with_secret(Some(("token", json!(token)))))
    };
    once(&api, &caller, wanted, work).await
}

/// `POST /tokens/{id}/revoke`.
pub(crate) async fn revoke(
    State(api): State<Api>,
    caller: Caller,
    Named(name): Named,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, bytes) = read(&api, request).await?;
    let (wanted, act, members) = asked(&caller, &parts, &bytes, Keyed::IfGiven)?;
    json::nothing_else(members)?;
    let access = api.access().clone();
    let work = async move {
        access.revoke_token(&act, &name.0).await?;
        Ok(Answer::json(
            StatusCode::OK,
            json!({ "name": name, "revoked": true }),
        ))
    };
    once(&api, &caller, wanted, work).await
}
