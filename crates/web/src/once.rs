//! Requests that are carried out once, however often they are sent: the header `Idempotency-Key`.
//!
//! The first answer is kept with a hash of the request and given again to whoever sends the same. It is carried out apart from the
//! connection: a sender that goes away changes nothing, and finds the answer when it comes back.

use std::pin::Pin;
use std::time::Duration;

use axum::response::Response;
use hyper::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use hyper::http::request::Parts;
use hyper::{HeaderMap, StatusCode};
use jiff::SignedDuration;
use registry::text::Lang;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use storage::{Claim, Claimed};

use crate::Api;
use crate::caller::Caller;
use crate::envelope::{Language, Place, RequestId};
use crate::problem::{self, Problem};

/// The header with the key.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The header that says that an answer was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// An answer as it is sent and kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// The revision, quoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
    /// Where the record is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<String>,
    /// The media type.
    pub(crate) media_type: String,
    /// The body.
    pub(crate) body: Value,
    /// A member of the body that is shown once: it opens something, and is kept nowhere.
    #[serde(skip)]
    pub(crate) secret: Option<(&'static str, Value)>,
}

/// Whether a request must have a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyed {
    /// It opens a record: without a key, sending it twice would open two.
    Always,
    /// It is bound to a revision, which a second try no longer has.
    IfGiven,
}

/// What is known of a request that is to be carried out once.
pub(crate) struct Wanted {
    key: Option<String>,
    fingerprint: String,
    request: String,
    lang: Lang,
    place: Option<Place>,
}

impl Wanted {
    /// Reads the key; the fingerprint covers method, path, sender's revision and body.
    pub(crate) fn read(parts: &Parts, body: &[u8], keyed: Keyed) -> Result<Self, Problem> {
        let key = match parts.headers.get(KEY) {
            Some(value) => Some(key(value)?),
            None if keyed == Keyed::Always => return Err(Problem::of(&problem::NO_KEY)),
            None => None,
        };
        let mut hash = Sha256::new();
        let if_match = parts.headers.get(hyper::header::IF_MATCH);
        for part in [
            parts.method.as_str().as_bytes(),
            parts.uri.path().as_bytes(),
            if_match.map_or(&[], HeaderValue::as_bytes),
            body,
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let request = parts.extensions.get::<RequestId>();
        let lang = parts.extensions.get::<Language>();
        Ok(Self {
            key,
            fingerprint: hex::encode(hash.finalize()),
            request: request.map_or_else(String::new, |RequestId(id)| id.clone()),
            lang: lang.map_or(Lang::Vi, |Language(lang)| *lang),
            place: parts.extensions.get::<Place>().cloned(),
        })
    }
}

/// Carries a request out, or gives the answer that it had before.
pub(crate) async fn once(
    api: &Api,
    caller: &Caller,
    wanted: Wanted,
    work: impl Future<Output = Result<Answer, Problem>> + Send + 'static,
) -> Result<Response, Problem> {
    carry_out(api, caller, wanted, Box::pin(work)).await
}

/// What is to be done, of one type: what is done once is compiled once, and not for each route.
type Work<T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send>>;

async fn carry_out(
    api: &Api,
    caller: &Caller,
    wanted: Wanted,
    work: Work<Answer>,
) -> Result<Response, Problem> {
    let Some(key) = wanted.key.clone() else {
        return Ok(apart(wanted.place, work).await?.response(false));
    };
    let claim = claim(api, caller, key, wanted.fingerprint.clone());
    match api.platform().store().claim(&claim, caller.at).await? {
        Claimed::First => {}
        Claimed::Running => return Err(Problem::of(&problem::IN_PROGRESS).retry_after(1)),
        Claimed::OtherRequest => return Err(Problem::of(&problem::KEY_REUSED)),
        Claimed::Done(answer) => {
            let answer: Answer = serde_json::from_str(&answer)
                .map_err(|_| Problem::ours("a kept answer can't be read"))?;
            return Ok(answer.response(true));
        }
    }
    let api = api.clone();
    let done = tokio::spawn(async move {
        let _place = wanted.place.clone();
        // A panic in the work is caught by a task of its own, so that the claim is given back.
        let done = tokio::spawn(work).await.map_err(stopped).flatten();
        keep(&api, &claim, done, &wanted).await
    });
    let answer = done.await.map_err(stopped)??;
    Ok(answer.response(false))
}

/// Does something apart from the connection: a sender that goes away breaks nothing off.
pub(crate) async fn apart<T: Send + 'static>(
    place: Option<Place>,
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    let work: Work<T> = Box::pin(work);
    let done = tokio::spawn(async move {
        let _place = place;
        work.await
    });
    done.await.map_err(stopped)?
}

/// Keeps what will not change when it is sent again. A fault of ours may pass, so the request may be sent anew.
async fn keep(
    api: &Api,
    claim: &Claim,
    done: Result<Answer, Problem>,
    wanted: &Wanted,
) -> Result<Answer, Problem> {
    let store = api.platform().store();
    let answer = match done {
        Ok(answer) => answer,
        Err(problem) if !problem.may_pass() => Answer {
            status: problem.status().as_u16(),
            etag: None,
            location: None,
            media_type: problem::MEDIA_TYPE.to_owned(),
            body: problem.body(wanted.lang, &wanted.request),
            secret: None,
        },
        Err(problem) => {
            store.release_claim(claim).await?;
            return Err(problem);
        }
    };
    let text = serde_json::to_string(&answer)
        .map_err(|_| Problem::ours("an answer can't be written as JSON"))?;
    store.answer_claim(claim, &text).await?;
    Ok(answer)
}

fn claim(api: &Api, caller: &Caller, key: String, fingerprint: String) -> Claim {
    let after = |span: SignedDuration| caller.at.checked_add(span).unwrap_or(jiff::Timestamp::MAX);
    let limits = api.limits();
    let lease = SignedDuration::try_from(limits.timeout.saturating_mul(2));
    Claim {
        sender: caller.name.clone(),
        key,
        fingerprint,
        lease_until: after(lease.unwrap_or(SignedDuration::from_mins(1))),
        expires_at: after(limits.answers_kept),
    }
}

/// The work ended in a panic.
fn stopped(_: tokio::task::JoinError) -> Problem {
    Problem::ours("a panic; see the line before for its place")
}

fn key(value: &HeaderValue) -> Result<String, Problem> {
    let text = value.to_str().unwrap_or_default();
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if (8..=128).contains(&text.len()) && text.bytes().all(legal) {
        return Ok(text.to_owned());
    }
    Err(Problem::of(&problem::BAD_KEY))
}

impl Answer {
    /// A JSON answer.
    pub(crate) fn json(status: StatusCode, body: Value) -> Self {
        Self {
            status: status.as_u16(),
            etag: None,
            location: None,
            media_type: "application/json".to_owned(),
            body,
            secret: None,
        }
    }

    /// With a member that is shown once: `null` in its place when the answer is given again.
    pub(crate) fn with_secret(mut self, secret: Option<(&'static str, Value)>) -> Self {
        if let Some((name, _)) = &secret {
            self.body[*name] = Value::Null;
        }
        self.secret = secret;
        self
    }

    /// With the revision of the record.
    pub(crate) fn with_revision(mut self, revision: u64) -> Self {
        self.etag = Some(format!("\"{revision}\""));
        self
    }

    /// With the address of the record.
    pub(crate) fn with_location(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }

    /// As a response.
    pub(crate) fn response(&self, replayed: bool) -> Response {
        let mut body = self.body.clone();
        if let Some((name, secret)) = &self.secret {
            body[name] = secret.clone();
        }
        let mut response = Response::new(body.to_string().into());
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        put(headers, CONTENT_TYPE, Some(&self.media_type));
        put(headers, ETAG, self.etag.as_deref());
        put(headers, LOCATION, self.location.as_deref());
        put(headers, REPLAYED, replayed.then_some("true"));
        response
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
        headers.insert(name, value);
    }
}

/// Forgets, now and then, the requests whose time is over.
///
/// # Errors
/// The store failed.
pub(crate) async fn forget(api: &Api) -> Result<u64, storage::StorageError> {
    api.platform().store().forget_claims(api.now()).await
}

/// How often that is done.
pub(crate) const FORGET_EVERY: Duration = Duration::from_mins(10);
