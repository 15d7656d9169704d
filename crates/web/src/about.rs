//! About the caller, the server, its ledger and its answers.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use casework::rights::{self, Right, TABLE};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use ledger::SignedCheckpoint;
use serde_json::{Value, json};

use crate::Api;
use crate::caller::Caller;
use crate::problem::{self, Problem, reasons, status_of};

/// `GET /whoami`.
pub(crate) async fn whoami(caller: Caller) -> Json<Value> {
    let role = caller.by.role();
    let of_role = TABLE.iter().find(|(of, _)| Some(*of) == role);
    let rights: Vec<Value> = of_role
        .iter()
        .flat_map(|(_, rights)| rights.iter())
        .map(|(right, reach)| json!({ "right": right, "reach": reach }))
        .collect();
    Json(json!({ "by": caller.by, "rights": rights }))
}

/// `GET /healthz`: the process answers.
pub(crate) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /readyz`: the store answers, and its tables are those of this version.
pub(crate) async fn readyz(State(api): State<Api>) -> Result<Json<Value>, Problem> {
    match api.platform().store().pending_migrations().await {
        Ok(pending) if pending.is_empty() => Ok(Json(json!({ "status": "ok" }))),
        Ok(_) | Err(_) => Err(Problem::of(&problem::NOT_READY).retry_after(5)),
    }
}

/// `GET /openapi.json`.
pub(crate) async fn openapi(State(api): State<Api>) -> Json<Value> {
    Json(api.document().clone())
}

/// `GET /problems/{code}`: what a problem means, in both languages.
pub(crate) async fn problem(
    code: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, Problem> {
    let Path(code) = code.map_err(|_| Problem::of(&problem::NO_PROBLEM))?;
    let told = |code: &str, status: u16, words: [&str; 4]| {
        let [vi, en, hint_vi, hint_en] = words;
        json!({ "code": code, "status": status, "vi": { "title": vi, "hint": hint_vi }, "en": { "title": en, "hint": hint_en } })
    };
    let fault = problem::ALL.iter().find(|fault| fault.code == code);
    if let Some(of) = fault {
        let words = [of.vi, of.en, of.hint_vi, of.hint_en];
        return Ok(Json(told(of.code, of.status, words)));
    }
    let reason = reasons().find(|reason| reason.code == code);
    let of = reason.ok_or_else(|| Problem::of(&problem::NO_PROBLEM))?;
    let words = [of.vi, of.en, of.hint_vi, of.hint_en];
    Ok(Json(told(of.code, status_of(of), words)))
}

/// `GET /ledger/checkpoint`: the last one signed, as a signed note.
pub(crate) async fn checkpoint(
    State(api): State<Api>,
    caller: Caller,
) -> Result<Response, Problem> {
    rights::check_role(&caller.by, Right::ReadLog)?;
    let note = last_checkpoint(&api).await?;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    Ok(([(CONTENT_TYPE, text)], note).into_response())
}

/// `GET /ledger/entries/{position}/proof`: that an entry is in the ledger that was signed last.
pub(crate) async fn proof(
    State(api): State<Api>,
    caller: Caller,
    position: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, Problem> {
    rights::check_role(&caller.by, Right::ReadLog)?;
    let no_entry = || Problem::of(&problem::NO_ENTRY);
    let Path(position) = position.map_err(|_| no_entry())?;
    let digits = position.bytes().all(|b| b.is_ascii_digit());
    let position: u64 = position
        .parse()
        .ok()
        .filter(|_| digits)
        .ok_or_else(no_entry)?;
    let note = last_checkpoint(&api).await?;
    let size = size_of(&note)?;
    if position >= size {
        return Err(no_entry());
    }
    let store = api.platform().store();
    let entry = store.entries(position, 1).await?.into_iter().next();
    let entry = entry
        .filter(|entry| entry.position == position)
        .ok_or_else(no_entry)?;
    let inclusion = store.inclusion(position, size).await?;
    let path: Vec<String> = inclusion
        .path
        .iter()
        .map(|hash| hex::encode(hash.0))
        .collect();
    Ok(Json(json!({
        "position": position,
        "size": size,
        "entry": entry.text,
        "leaf": hex::encode(entry.leaf().0),
        "path": path,
        "checkpoint": note,
    })))
}

async fn last_checkpoint(api: &Api) -> Result<String, Problem> {
    let notes = api.platform().store().checkpoints().await?;
    let last = notes.into_iter().next_back();
    last.ok_or_else(|| Problem::of(&problem::NO_CHECKPOINT))
}

fn size_of(note: &str) -> Result<u64, Problem> {
    let unreadable = |_| Problem::ours("a kept checkpoint can't be read");
    let signed = SignedCheckpoint::parse(note).map_err(unreadable)?;
    Ok(signed.unverified().size)
}
