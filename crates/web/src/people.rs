//! Persons found, joined and separated.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use casework::RecordId;
use hyper::StatusCode;
use platform::{Line as Found, Search};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::Api;
use crate::caller::Caller;
use crate::fields::{Id, Items, Line, Text};
use crate::json;
use crate::once::{Answer, Keyed, once};
use crate::problem::Problem;
use crate::resource::{Named, asked, members, read, why};

/// By what a person is searched. All of it must agree: nobody is found by trying letters.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = SubjectSearch)]
pub(crate) enum Wish {
    /// The whole identity number.
    Number {
        /// The number.
        number: Text<40>,
    },
    /// Name and birth date.
    Person {
        /// Full name; accents and case do not matter.
        full_name: Line,
        /// Birth date as recorded.
        birth_date: Text<40>,
    },
    /// The phone.
    Phone {
        /// The phone.
        phone: Text<40>,
    },
}

/// Records of one person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubjectJoin)]
pub(crate) struct Join {
    /// The records to join: two at least.
    #[schema(min_items = 2, max_items = 100, value_type = Vec<Id>)]
    subjects: Items<Id, 2, 100>,
}

/// `POST /subjects/search`: a POST, because what is searched is no one's business in an address.
pub(crate) async fn search(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let (_, bytes) = read(&api, request).await?;
    let mut members = members(&bytes)?;
    let act = caller.act(why(&mut members)?);
    let wish: Wish = json::fit_tagged(members, "by")?;
    let found: Vec<Found> = api.platform().search(&act, &wish.into()).await?;
    Ok(Json(json!({ "found": found })).into_response())
}

/// `POST /subjects/join`.
pub(crate) async fn join(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, bytes) = read(&api, request).await?;
    let (wanted, act, members) = asked(&caller, &parts, &bytes, Keyed::Always)?;
    let join: Join = json::fit(Value::Object(members))?;
    let platform = api.platform().clone();
    let work = async move {
        let subjects: Vec<RecordId> = join.subjects.into();
        let cluster = platform.join(&act, &subjects).await?;
        Ok(Answer::json(StatusCode::OK, json!({ "cluster": cluster })))
    };
    once(&api, &caller, wanted, work).await
}

/// `POST /clusters/{id}/separate`.
pub(crate) async fn separate(
    State(api): State<Api>,
    caller: Caller,
    Named(id): Named,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, bytes) = read(&api, request).await?;
    let (wanted, act, members) = asked(&caller, &parts, &bytes, Keyed::IfGiven)?;
    json::nothing_else(members)?;
    let platform = api.platform().clone();
    let work = async move {
        let subjects = platform.separate(&act, &id.0).await?;
        Ok(Answer::json(
            StatusCode::OK,
            json!({ "subjects": subjects }),
        ))
    };
    once(&api, &caller, wanted, work).await
}

impl From<Wish> for Search {
    fn from(wish: Wish) -> Self {
        match wish {
            Wish::Number { number } => Self::Number(number.into_string()),
            Wish::Person {
                full_name,
                birth_date,
            } => Self::Person {
                full_name: full_name.into_string(),
                birth_date: birth_date.into_string(),
            },
            Wish::Phone { phone } => Self::Phone(phone.into_string()),
        }
    }
}
