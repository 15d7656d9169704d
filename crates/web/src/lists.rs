//! Cleaning lists on paper and in spreadsheets: what the police are to sign, sheets out and back.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use casework::RecordId;
use hyper::StatusCode;
use hyper::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use platform::sheets::{self, Returned, SheetError, SheetOutcome, SheetRow};
use serde_json::{Value, json};

use crate::Api;
use crate::caller::Caller;
use crate::exchange::purpose;
use crate::files::read_bytes;
use crate::once::{Answer, Keyed, Wanted, once};
use crate::page::Query;
use crate::problem::{self, Problem, refuse_row};
use crate::resource::Named;

/// A workbook (Office Open XML).
pub(crate) const WORKBOOK: &str =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Bytes of a sheet that comes back: a commune's list has some thousand rows.
const SHEET_BYTES: usize = 16 << 20;

/// `GET /lists/{id}/to-sign`.
pub(crate) async fn to_sign(
    State(api): State<Api>,
    caller: Caller,
    Named(id): Named,
) -> Result<Response, Problem> {
    let rows = api.platform().to_sign(&caller.act(None), &id).await?;
    let body = json!({ "rows": rows.rows, "content_sha256": rows.content_sha256 });
    Ok(Json(body).into_response())
}

/// `GET /lists/{id}/sheet`.
pub(crate) async fn sheet(
    State(api): State<Api>,
    caller: Caller,
    Named(id): Named,
    query: Query,
) -> Result<Response, Problem> {
    query.only(&["purpose"])?;
    let purpose = purpose(&query)?;
    let act = caller.act(None);
    let bytes = api.platform().list_sheet(&act, &id, purpose).await?;
    let named = HeaderValue::from_static("attachment; filename=\"danh-sach.xlsx\"");
    let workbook = HeaderValue::from_static(WORKBOOK);
    Ok((
        [(CONTENT_TYPE, workbook), (CONTENT_DISPOSITION, named)],
        bytes,
    )
        .into_response())
}

/// `POST /lists/{id}/sheet/preview`.
pub(crate) async fn preview(
    State(api): State<Api>,
    caller: Caller,
    Named(id): Named,
    request: Request,
) -> Result<Response, Problem> {
    back(&api, &caller, id, request, false).await
}

/// `POST /lists/{id}/sheet`.
pub(crate) async fn take(
    State(api): State<Api>,
    caller: Caller,
    Named(id): Named,
    request: Request,
) -> Result<Response, Problem> {
    back(&api, &caller, id, request, true).await
}

async fn back(
    api: &Api,
    caller: &Caller,
    list: RecordId,
    request: Request,
    take: bool,
) -> Result<Response, Problem> {
    let (parts, bytes) = read_bytes(request, WORKBOOK, SHEET_BYTES).await?;
    let wanted = Wanted::read(&parts, &bytes, Keyed::IfGiven)?;
    let (platform, act) = (api.platform().clone(), caller.act(None));
    let work = async move {
        // Reading a workbook takes a processor for a while.
        let rows = tokio::task::spawn_blocking(move || sheets::read("danh-sach.xlsx", bytes)).await;
        let rows = rows.map_err(|stopped| Problem::ours(stopped.to_string()))?;
        let rows = rows.map_err(SheetError::from)?;
        let returned = platform.sheet_returned(&act, &list, &rows, take).await?;
        Ok(Answer::json(StatusCode::OK, told(&returned)))
    };
    once(api, caller, wanted, work).await
}

fn told(returned: &Returned) -> Value {
    let rows: Vec<Value> = returned.rows.iter().map(row).collect();
    json!({ "rows": rows, "missing": returned.missing })
}

fn row(row: &SheetRow) -> Value {
    let mut told = json!({ "row": row.row, "item": row.item });
    match &row.outcome {
        SheetOutcome::Unchanged => told["outcome"] = "unchanged".into(),
        SheetOutcome::Taken(state) => {
            told["outcome"] = "taken".into();
            told["state"] = json!(state);
        }
        SheetOutcome::Refused(refusal) => {
            told["outcome"] = "refused".into();
            refuse_row(&mut told, refusal);
        }
    }
    told
}

impl From<SheetError> for Problem {
    fn from(error: SheetError) -> Self {
        match error {
            SheetError::Act(error) => error.into(),
            // What is wrong with the file is told to who sent it, by place, never by a value of a person.
            SheetError::Unreadable(error) => {
                Self::of(&problem::BAD_SHEET).because(error.to_string())
            }
            SheetError::Unwritable(error) => Self::ours(error.to_string()),
        }
    }
}
