//! Lists that people work from, how many rows they have, and how far a unit is.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use casework::{Queue, Unit};
use hyper::http::request::Parts;
use jiff::Timestamp;
use registry::area::{CommuneCode, DistrictCode, ProvinceCode};
use serde::Serialize;
use storage::{PageQuery, Scope, Waiting};
use utoipa::ToSchema;

use crate::Api;
use crate::caller::Caller;
use crate::fields::Moment;
use crate::page::{self, Query};
use crate::problem::{self, Problem};

/// A page of a queue, by due time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueuePage {
    /// The rows.
    rows: Vec<QueueRow>,
    /// The cursor of the next page; null after the last.
    next: Option<String>,
}

/// A row of a queue.
#[derive(Debug, Serialize, ToSchema)]
struct QueueRow {
    /// Kind of the record.
    kind: &'static str,
    /// Its id.
    id: String,
    /// Whose turn it is.
    desk: String,
    /// Its state, as the queue shows it.
    state: String,
    /// Somebody has to act.
    open: bool,
    /// By when.
    due: Option<Moment>,
}

/// How many rows of a queue are in each state.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueueCounts {
    /// By state.
    counts: Vec<StateCount>,
}

/// How many rows are in a state.
#[derive(Debug, Serialize, ToSchema)]
struct StateCount {
    /// The state.
    state: String,
    /// Somebody has to act on them.
    open: bool,
    /// How many.
    rows: u64,
}

/// The queue in the path.
pub(crate) struct Named(Queue);

impl FromRequestParts<Api> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let name = Path::<String>::from_request_parts(parts, api).await.ok();
        let queue = name.and_then(|Path(name)| Queue::parse(&name));
        queue
            .map(Self)
            .ok_or_else(|| Problem::of(&problem::NO_ROUTE))
    }
}

/// `GET /queues/{queue}`.
pub(crate) async fn page(
    State(api): State<Api>,
    caller: Caller,
    Named(queue): Named,
    query: Query,
) -> Result<Json<QueuePage>, Problem> {
    query.only(&["scope", "state", "after", "limit"])?;
    let limit = query.limit()?;
    let wanted = PageQuery {
        queue,
        scope: scope(&query, &caller)?,
        state: query.get("state").map(str::to_owned),
        after: query.get("after").map(page::row_before).transpose()?,
        limit,
    };
    let waiting = api.platform().page(&caller.act(None), &wanted).await?;
    let full = waiting.len() >= limit as usize;
    let next = waiting
        .last()
        .filter(|_| full)
        .map(|row| page::after_row(&row.cursor));
    Ok(Json(QueuePage {
        rows: waiting.into_iter().map(QueueRow::from).collect(),
        next,
    }))
}

/// `GET /queues/{queue}/counts`.
pub(crate) async fn counts(
    State(api): State<Api>,
    caller: Caller,
    Named(queue): Named,
    query: Query,
) -> Result<Json<QueueCounts>, Problem> {
    query.only(&["scope"])?;
    let scope = scope(&query, &caller)?;
    let counts = api
        .platform()
        .counts(&caller.act(None), queue, &scope)
        .await?;
    let count = |count: storage::Count| StateCount {
        state: count.state,
        open: count.open,
        rows: count.rows,
    };
    Ok(Json(QueueCounts {
        counts: counts.into_iter().map(count).collect(),
    }))
}

/// `GET /progress`.
pub(crate) async fn progress(
    State(api): State<Api>,
    caller: Caller,
    query: Query,
) -> Result<Json<casework::report::Counts>, Problem> {
    query.only(&["unit"])?;
    let unit = match query.get("unit") {
        Some(text) => text
            .parse()
            .map_err(|_| bad("`unit` names no unit, such as province/01"))?,
        None => own(&caller)?,
    };
    Ok(Json(
        api.platform().progress(&caller.act(None), &unit).await?,
    ))
}

/// Whose rows: the caller's own desk unless something else is asked for.
fn scope(query: &Query, caller: &Caller) -> Result<Scope, Problem> {
    let Some(text) = query.get("scope") else {
        return own(caller).map(Scope::Desk);
    };
    parse_scope(text).ok_or_else(|| {
        bad("`scope` is desk:UNIT, commune:CODE, district:CODE, province:CODE or country")
    })
}

pub(crate) fn parse_scope(text: &str) -> Option<Scope> {
    let (kind, code) = text.split_once(':').unwrap_or((text, ""));
    match kind {
        "desk" => code.parse::<Unit>().ok().map(Scope::Desk),
        "commune" => CommuneCode::parse(code).map(Scope::Commune),
        "district" => DistrictCode::parse(code).map(Scope::District),
        "province" => ProvinceCode::parse(code).map(Scope::Province),
        "country" => code.is_empty().then_some(Scope::Country),
        _ => None,
    }
}

fn own(caller: &Caller) -> Result<Unit, Problem> {
    let forbidden = || casework::rights::FORBIDDEN.refusal();
    Ok(caller.by.unit().cloned().ok_or_else(forbidden)?)
}

fn bad(told: &str) -> Problem {
    Problem::of(&problem::BAD_QUERY).because(told)
}

impl From<Waiting> for QueueRow {
    fn from(row: Waiting) -> Self {
        let due: Option<Timestamp> = row.cursor.due;
        Self {
            kind: row.cursor.kind.as_str(),
            id: row.cursor.id.0,
            desk: row.desk.to_string(),
            state: row.state,
            open: row.open,
            due: due.map(Moment),
        }
    }
}
