//! The accounts of those who run them.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::Api;
use crate::caller::Caller;
use crate::page::{self, decode, encode};
use crate::problem::Problem;

/// `GET /accounts`.
pub(crate) async fn list(
    State(api): State<Api>,
    caller: Caller,
    query: page::Query,
) -> Result<Response, Problem> {
    query.only(&["after", "limit"])?;
    let after: String = query
        .get("after")
        .map(decode)
        .transpose()?
        .unwrap_or_default();
    let limit = query.limit()? as usize;
    let act = caller.act(None);
    let accounts = api.access().accounts(&act, &after, limit).await?;
    let last = accounts.last().filter(|_| accounts.len() == limit);
    let next = last.map(|account| encode(&account.id.0));
    Ok(Json(json!({ "accounts": accounts, "next": next })).into_response())
}
