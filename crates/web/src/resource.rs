//! Records over HTTP: the same four routes for each procedure.
//!
//! `POST /kind` opens a record, `GET /kind/{id}` shows it as far as the caller may see it, `GET /kind/{id}/history` shows what happened,
//! `POST /kind/{id}/acts` does something to it. Who may do what is decided further in.

mod kinds;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use casework::{Act, Procedure, RecordId};
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, IF_MATCH};
use hyper::http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use platform::access::Access;
use platform::{Done, Governed, Happened};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::Api;
use crate::caller::Caller;
use crate::fields::Words;
use crate::json::{self, JsonError};
use crate::once::{Answer, Keyed, Wanted, once};
use crate::page::{self, Page};
use crate::problem::{self, Problem};

/// A procedure as a resource.
pub(crate) trait Resource: Governed + 'static {
    /// Its name in addresses.
    const PATH: &'static str;

    /// What it is, in the documentation.
    const ABOUT: &'static str;

    /// What may be asked of a record.
    type Act: DeserializeOwned + ToSchema + Send + 'static;

    /// Acts on a record.
    fn act(
        access: &Access,
        act: &Act,
        id: &RecordId,
        read: Option<u64>,
        wanted: Self::Act,
    ) -> impl Future<Output = Result<Acted, Problem>> + Send;
}

/// A resource whose records somebody opens.
pub(crate) trait Opened: Resource {
    /// What opens a record.
    type Create: DeserializeOwned + ToSchema + Send + 'static;

    /// Opens a record.
    fn open(
        access: &Access,
        act: &Act,
        create: Self::Create,
    ) -> impl Future<Output = Result<NewRecord, Problem>> + Send;
}

/// A record that was opened.
pub(crate) struct NewRecord {
    /// Its id.
    pub(crate) id: RecordId,
    /// Its revision.
    pub(crate) revision: u64,
    /// What is shown once.
    pub(crate) secret: Option<(&'static str, Value)>,
}

/// What an act came to.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Acted {
    /// The revision now.
    pub(crate) revision: u64,
    /// False when it was so already.
    pub(crate) changed: bool,
    /// What became of each row, where an act goes over many.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) rows: Vec<Value>,
    /// What is shown once.
    #[serde(skip)]
    pub(crate) secret: Option<(&'static str, Value)>,
}

impl<P: Procedure> From<Done<P>> for Acted {
    fn from(done: Done<P>) -> Self {
        Self {
            revision: done.revision,
            changed: !done.events.is_empty(),
            ..Self::default()
        }
    }
}

/// What a request wants that is carried out once: how it is recognised when it is sent again, whose act it is, and the body without the
/// reason for it.
pub(crate) fn asked(
    caller: &Caller,
    parts: &Parts,
    bytes: &[u8],
    keyed: Keyed,
) -> Result<(Wanted, Act, Map<String, Value>), Problem> {
    let wanted = Wanted::read(parts, bytes, keyed)?;
    let mut members = members(bytes)?;
    let act = caller.act(why(&mut members)?);
    Ok((wanted, act, members))
}

/// `POST /kind`.
pub(crate) async fn open<P: Opened>(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, bytes) = read(&api, request).await?;
    let (wanted, act, members) = asked(&caller, &parts, &bytes, Keyed::Always)?;
    let create: P::Create = json::fit(Value::Object(members))?;
    let access = api.access().clone();
    let work = async move {
        let new = P::open(&access, &act, create).await?;
        let body = json!({ "id": new.id, "revision": new.revision });
        Ok(Answer::json(StatusCode::CREATED, body)
            .with_revision(new.revision)
            .with_location(address(P::PATH, &new.id))
            .with_secret(new.secret))
    };
    once(&api, &caller, wanted, work).await
}

/// `POST /kind/{id}/acts`.
pub(crate) async fn act<P: Resource>(
    State(api): State<Api>,
    caller: Caller,
    Named(id): Named,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, bytes) = read(&api, request).await?;
    let read = if_match(&parts)?;
    let (wanted, act, members) = asked(&caller, &parts, &bytes, Keyed::IfGiven)?;
    let command: P::Act = json::fit_tagged(members, "act")?;
    let access = api.access().clone();
    let work = async move {
        let acted = P::act(&access, &act, &id, read, command).await?;
        let mut body = json!(acted);
        if let Value::Object(members) = &mut body {
            members.insert("id".to_owned(), json!(id));
        }
        Ok(Answer::json(StatusCode::OK, body)
            .with_revision(acted.revision)
            .with_secret(acted.secret))
    };
    once(&api, &caller, wanted, work).await
}

/// `GET /kind/{id}`.
pub(crate) async fn show<P: Resource>(
    State(api): State<Api>,
    caller: Caller,
    Named(id): Named,
) -> Result<Response, Problem> {
    let stored = api.platform().view::<P>(&caller.act(None), &id).await?;
    let body = json!({ "id": id, "revision": stored.revision, "state": stored.state });
    Ok(Answer::json(StatusCode::OK, body)
        .with_revision(stored.revision)
        .response(false))
}

/// `GET /kind/{id}/history`.
pub(crate) async fn history<P: Resource>(
    State(api): State<Api>,
    caller: Caller,
    Named(id): Named,
    query: page::Query,
) -> Result<Response, Problem> {
    let page = Page::of_numbers(&query)?;
    let act = caller.act(None);
    let history = api.platform().history::<P>(&act, &id).await?;
    let entries = history.into_iter().map(Happened::from);
    let (entries, next) = page.cut(entries);
    Ok(axum::Json(json!({ "entries": entries, "next": next })).into_response())
}

/// The id in the path.
pub(crate) struct Named(pub(crate) RecordId);

impl FromRequestParts<Api> for Named {
    type Rejection = Problem;

    /// An id that no record can have is answered like one that no record has.
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let unknown = || Problem::from(casework::rights::NOT_FOUND.refusal());
        let Path(id) = Path::<String>::from_request_parts(parts, api)
            .await
            .map_err(|_| unknown())?;
        let fits = (1..=100).contains(&id.chars().count()) && !id.chars().any(char::is_control);
        if fits {
            Ok(Self(RecordId(id)))
        } else {
            Err(unknown())
        }
    }
}

/// The address of a record.
fn address(kind: &str, id: &RecordId) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');
    format!("/api/v1/{kind}/{}", utf8_percent_encode(&id.0, KEPT))
}

/// The whole body, if it is JSON and not too large.
pub(crate) async fn read(api: &Api, request: Request) -> Result<(Parts, Vec<u8>), Problem> {
    read_up_to(request, api.limits().body_bytes).await
}

/// The same with another limit.
pub(crate) async fn read_up_to(request: Request, most: usize) -> Result<(Parts, Vec<u8>), Problem> {
    let (parts, body) = request.into_parts();
    if !essence(&parts).eq_ignore_ascii_case("application/json") {
        return Err(Problem::of(&problem::NOT_JSON));
    }
    let bytes = bounded(body, most).await?;
    Ok((parts, bytes))
}

/// The media type of a body without its parameters.
pub(crate) fn essence(parts: &Parts) -> &str {
    let media_type = parts.headers.get(CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok());
    let essence = media_type.unwrap_or_default().split(';').next();
    essence.unwrap_or_default().trim()
}

pub(crate) async fn bounded(body: Body, most: usize) -> Result<Vec<u8>, Problem> {
    match to_bytes(body, most).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) => {
            let mut cause: &(dyn std::error::Error + 'static) = &error;
            loop {
                if cause.is::<http_body_util::LengthLimitError>() {
                    let told = format!("at most {most} bytes");
                    return Err(Problem::of(&problem::TOO_LARGE).because(told));
                }
                match cause.source() {
                    Some(source) => cause = source,
                    None => return Err(Problem::of(&problem::CUT_OFF)),
                }
            }
        }
    }
}

/// The members of the object that a body is.
pub(crate) fn members(bytes: &[u8]) -> Result<Map<String, Value>, JsonError> {
    match json::read(bytes)? {
        Value::Object(members) => Ok(members),
        _ => Err(JsonError::Unfit {
            pointer: String::new(),
            message: "expected an object".to_owned(),
        }),
    }
}

/// The reason that the caller gives: a member of every body.
pub(crate) fn why(members: &mut Map<String, Value>) -> Result<Option<String>, JsonError> {
    let Some(value) = members.remove("why") else {
        return Ok(None);
    };
    let why: Words = json::fit(value).map_err(|error| match error {
        JsonError::Unfit { message, .. } => JsonError::Unfit {
            pointer: "/why".to_owned(),
            message,
        },
        other => other,
    })?;
    Ok(Some(why.into_string()))
}

/// The revision that the caller read: `"7"`, or `*` for whatever it is now.
fn if_match(parts: &Parts) -> Result<Option<u64>, Problem> {
    let mut given = parts.headers.get_all(IF_MATCH).iter();
    let value = given
        .next()
        .ok_or_else(|| Problem::of(&problem::NO_IF_MATCH))?;
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" && given.next().is_none() {
        return Ok(None);
    }
    let quoted = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let digits = quoted.filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let revision = digits.and_then(|text| text.parse().ok());
    match revision.filter(|_| given.next().is_none()) {
        Some(revision) => Ok(Some(revision)),
        None => Err(Problem::of(&problem::BAD_IF_MATCH)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(values: &[&str]) -> Result<Option<u64>, &'static str> {
        let mut request = hyper::Request::new(());
        for value in values {
            let value = value.parse().expect("a header");
            request.headers_mut().append(IF_MATCH, value);
        }
        let (parts, ()) = request.into_parts();
        if_match(&parts).map_err(|problem| problem.code())
    }

    #[test]
    fn a_revision_is_one_quoted_number() {
        assert_eq!(revision(&["\"7\""]), Ok(Some(7)));
        assert_eq!(revision(&["*"]), Ok(None));
        assert_eq!(revision(&[]), Err("if_match.missing"));
        for wrong in [
            "7",
            "W/\"7\"",
            "\"7\", \"8\"",
            "\"\"",
            "\"-1\"",
            "\"+7\"",
            "\"99999999999999999999\"",
        ] {
            assert_eq!(revision(&[wrong]), Err("if_match.unfit"), "{wrong}");
        }
        assert_eq!(revision(&["\"7\"", "\"8\""]), Err("if_match.unfit"));
    }

    #[test]
    fn an_address_holds_any_id_in_one_segment() {
        let of = |id: &str| address("contacts", &RecordId(id.into()));
        assert_eq!(of("commune.00004"), "/api/v1/contacts/commune.00004");
        assert_eq!(of("a/b c"), "/api/v1/contacts/a%2Fb%20c");
    }
}
