//! What other systems ask for and take out: whether somebody is who they say, an area's records, the code of a passport.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use casework::RecordId;
use platform::Governed;
use platform::exchange::{Claim, Exported};
use registry::area::Place;
use serde::Deserialize;
use serde_json::{Value, json};
use storage::{Note, Scope};
use utoipa::ToSchema;

use crate::Api;
use crate::caller::Caller;
use crate::fields::{Line, Text};
use crate::json;
use crate::page::{Query, decode, encode};
use crate::problem::{self, Problem};
use crate::queues::parse_scope;
use crate::resource::{Named, members, read, why};

/// Who somebody says that they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubjectClaim, examples(json!({"number": "001184000001", "full_name": "Lê Thị Thử", "birth_date": "1984-05-03"})))]
pub(crate) struct Said {
    /// The whole identity number.
    number: Text<40>,
    /// Full name; accents and case do not matter.
    full_name: Line,
    /// Birth date as recorded.
    birth_date: Text<40>,
}

/// `POST /subjects/verify`.
pub(crate) async fn verify(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let (_, bytes) = read(&api, request).await?;
    let mut members = members(&bytes)?;
    let act = caller.act(why(&mut members)?);
    let said: Said = json::fit(Value::Object(members))?;
    let claim = Claim {
        number: said.number.into_string(),
        full_name: said.full_name.into_string(),
        birth_date: said.birth_date.into_string(),
    };
    let standing = api.platform().standing(&act, &claim).await?;
    Ok(Json(json!({ "standing": standing })).into_response())
}

/// `GET /exports/subjects`.
pub(crate) async fn export(
    State(api): State<Api>,
    caller: Caller,
    query: Query,
) -> Result<Response, Problem> {
    query.only(&["area", "purpose", "after", "limit"])?;
    let bad = |told: &str| Problem::of(&problem::BAD_QUERY).because(told);
    let area = query.get("area").and_then(area);
    let area =
        area.ok_or_else(|| bad("`area` is commune:CODE, district:CODE, province:CODE or country"))?;
    let purpose = purpose(&query)?;
    let from = query.get("after").map(decode).transpose()?;
    let limit = query.limit()?;
    let act = caller.act(None);
    let platform = api.platform();
    let Exported { records, next } = platform.export(&act, area, from, limit, purpose).await?;
    let record = |(id, stored): (RecordId, storage::Stored<casework::subject::Subject>)| json!({ "id": id, "revision": stored.revision, "state": stored.state });
    let records: Vec<Value> = records.into_iter().map(record).collect();
    let next = next.map(|next| encode(&next));
    Ok(Json(json!({ "records": records, "next": next })).into_response())
}

/// What something is taken out for: it is kept in the log.
pub(crate) fn purpose(query: &Query) -> Result<&str, Problem> {
    let given = query.get("purpose").map(str::trim);
    given
        .filter(|text| (1..=200).contains(&text.chars().count()))
        .ok_or_else(|| {
            Problem::of(&problem::BAD_QUERY)
                .because("`purpose` says what it is for, in 1 to 200 characters")
        })
}

fn area(text: &str) -> Option<Place> {
    match parse_scope(text)? {
        Scope::Commune(code) => Place::of_commune(code),
        Scope::District(code) => Place::of_district(code),
        Scope::Province(code) => Place::of_province(code),
        Scope::Country => Some(Place::default()),
        Scope::Desk(_) => None,
    }
}

/// `GET /subjects/{id}/passport`.
pub(crate) async fn passport(
    State(api): State<Api>,
    caller: Caller,
    Named(id): Named,
) -> Result<Response, Problem> {
    let code = api.platform().passport_code(&caller.act(None), &id).await?;
    Ok(Json(json!({ "code": code })).into_response())
}

/// `GET /kind/{id}/reads`.
pub(crate) async fn reads<P: Governed>(
    State(api): State<Api>,
    caller: Caller,
    Named(id): Named,
    query: Query,
) -> Result<Response, Problem> {
    query.only(&["limit"])?;
    let (act, limit) = (caller.act(None), query.limit()?);
    let notes = api.platform().reads::<P>(&act, &id, limit).await?;
    let shown = |note: Note| {
        let body: Value = serde_json::from_str(&note.body).unwrap_or(Value::Null);
        json!({ "at": note.at, "note": body })
    };
    let reads: Vec<Value> = notes.into_iter().map(shown).collect();
    Ok(Json(json!({ "reads": reads })).into_response())
}
