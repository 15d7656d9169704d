//! Files: what citizens attach to their feedback.

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use casework::RecordId;
use hyper::StatusCode;
use hyper::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use serde_json::json;

use crate::Api;
use crate::caller::Caller;
use crate::once::{Answer, Keyed, Wanted, once};
use crate::problem::{self, Problem};
use crate::resource::{bounded, essence};

/// A file of whatever kind: its first bytes say what it is.
pub(crate) const BYTES: &str = "application/octet-stream";

/// `POST /attachments`.
pub(crate) async fn attach(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let most = api.platform().settings().policy.feedback.attachment_bytes;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let (parts, bytes) = read_bytes(request, BYTES, most).await?;
    let wanted = Wanted::read(&parts, &bytes, Keyed::IfGiven)?;
    let (platform, act) = (api.platform().clone(), caller.act(None));
    let work = async move {
        let kept = platform.attach(&act, bytes).await?;
        Ok(Answer::json(StatusCode::CREATED, json!(kept)))
    };
    once(&api, &caller, wanted, work).await
}

/// `GET /feedback/{id}/attachments/{sha256}`.
pub(crate) async fn show(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<(String, String)>, axum::extract::rejection::PathRejection>,
) -> Result<Response, Problem> {
    let unknown = |_| Problem::from(casework::rights::NOT_FOUND.refusal());
    let Path((feedback, sha256)) = path.map_err(unknown)?;
    let act = caller.act(None);
    let feedback = RecordId(feedback);
    let found = api.platform().attachment(&act, &feedback, &sha256);
    let (file, bytes) = found.await?;
    let kind = HeaderValue::from_str(&file.media_type);
    let kind = kind.unwrap_or_else(|_| HeaderValue::from_static(BYTES));
    // Never shown inside a page of ours, whatever a stranger sent.
    let saved = HeaderValue::from_static("attachment");
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, saved)], bytes).into_response())
}

/// The whole body, if it is of that media type and not too large.
pub(crate) async fn read_bytes(
    request: Request,
    media_type: &'static str,
    most: usize,
) -> Result<(Parts, Vec<u8>), Problem> {
    let (parts, body) = request.into_parts();
    if !essence(&parts).eq_ignore_ascii_case(media_type) {
        return Err(Problem::of(&problem::OTHER_MEDIA_TYPE).because(media_type));
    }
    let bytes = bounded(body, most).await?;
    Ok((parts, bytes))
}
