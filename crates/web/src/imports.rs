//! Records that another system sends, many at once: looked at, then taken in.

use axum::extract::{Request, State};
use axum::response::Response;
use hyper::StatusCode;
use platform::bulk::{Row, RowDone, RowOutcome};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::Api;
use crate::caller::Caller;
use crate::fields::{ExternalId, Items};
use crate::json;
use crate::once::{Answer, Keyed, once};
use crate::problem::{Problem, STALE, refuse_row};
use crate::resource::{asked, read_up_to};
use crate::wire::subject;

/// Bytes of one request.
const BYTES: usize = 4 << 20;

/// Records that are sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportRows)]
pub(crate) struct Sent {
    /// The rows.
    #[schema(min_items = 1, max_items = 500, value_type = Vec<SentRow>)]
    rows: Items<SentRow, 1, 500>,
}

/// One person as another system knows them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportRow)]
pub(crate) struct SentRow {
    /// The sender's id of the person. Of a facility's own system the record's id is `FACILITY.ID`.
    id: ExternalId,
    /// The revision that a preview showed: when the record changed since, the row comes back.
    #[serde(default, deserialize_with = "crate::json::present")]
    #[schema(nullable = false)]
    read: Option<u64>,
    /// What is known of the person.
    record: subject::Create,
}

/// `POST /imports/preview`.
pub(crate) async fn preview(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    rows(&api, &caller, request, false).await
}

/// `POST /imports`.
pub(crate) async fn take(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    rows(&api, &caller, request, true).await
}

async fn rows(
    api: &Api,
    caller: &Caller,
    request: Request,
    take: bool,
) -> Result<Response, Problem> {
    let (parts, bytes) = read_up_to(request, BYTES).await?;
    let keyed = if take { Keyed::Always } else { Keyed::IfGiven };
    let (wanted, act, members) = asked(caller, &parts, &bytes, keyed)?;
    let sent: Sent = json::fit(Value::Object(members))?;
    let rows: Vec<Row> = sent.rows.into();
    let platform = api.platform().clone();
    let work = async move {
        let done = platform.take_rows(&act, &rows, take).await?;
        Ok(Answer::json(StatusCode::OK, told(&done)))
    };
    once(api, caller, wanted, work).await
}

fn told(done: &[RowDone]) -> Value {
    let count = |wanted: &str| {
        done.iter()
            .filter(|row| word(&row.outcome) == wanted)
            .count()
    };
    let tally = json!({
        "rows": done.len(),
        "new": count("new"),
        "updated": count("updated"),
        "unchanged": count("unchanged"),
        "duplicate": count("duplicate"),
        "rejected": count("rejected"),
    });
    let rows: Vec<Value> = done.iter().enumerate().map(row).collect();
    json!({ "tally": tally, "rows": rows })
}

fn row((place, row): (usize, &RowDone)) -> Value {
    let RowDone { id, read, outcome } = row;
    let mut told =
        json!({ "row": place + 1, "subject": id, "read": read, "outcome": word(outcome) });
    match outcome {
        RowOutcome::New(revision) | RowOutcome::Updated(revision) => {
            told["revision"] = (*revision).into();
        }
        RowOutcome::Stale(now) => {
            told["code"] = STALE.code.into();
            told["status"] = STALE.status.into();
            told["detail"] = format!("revision {now}").into();
        }
        RowOutcome::Rejected(refusal) => refuse_row(&mut told, refusal),
        RowOutcome::Unchanged | RowOutcome::Duplicate => {}
    }
    told
}

/// A row that comes back is one that was turned away: every row is one of five.
fn word(outcome: &RowOutcome) -> &'static str {
    match outcome {
        RowOutcome::New(_) => "new",
        RowOutcome::Updated(_) => "updated",
        RowOutcome::Unchanged => "unchanged",
        RowOutcome::Duplicate => "duplicate",
        RowOutcome::Stale(_) | RowOutcome::Rejected(_) => "rejected",
    }
}

impl From<SentRow> for Row {
    fn from(row: SentRow) -> Self {
        Self {
            id: row.id.0,
            read: row.read,
            registration: row.record.into(),
        }
    }
}
