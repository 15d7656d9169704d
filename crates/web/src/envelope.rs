//! What surrounds each request: its id, its language, its log line, its time, how many at once, and the words of what went wrong.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hyper::header::{
    ACCEPT_LANGUAGE, ALLOW, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{HeaderMap, StatusCode};
use registry::text::Lang;
use tokio::sync::OwnedSemaphorePermit;

use crate::Api;
use crate::problem::{self, Problem};

/// The header with the id of a request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id of a request that is taken over from the sender.
const LONGEST_REQUEST_ID: usize = 64;

/// The id of a request.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// The language of the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Language(pub(crate) Lang);

/// The place of a request among those at work; whoever goes on working after the answer keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Place(#[expect(dead_code, reason = "held, not read")] Arc<OwnedSemaphorePermit>);

/// The outermost layer: every answer passes here, whatever went wrong further in.
pub(crate) async fn surround(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let begun = api.now();
    let id = request_id(request.headers()).unwrap_or_else(|| api.new_request_id());
    let lang = language(request.headers());
    let method = request.method().clone();
    // The pattern, not the path: ids of records are nobody's business in a log, and one could be a number that names a person.
    let route = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(Language(lang));
    let mut response = worded(next.run(request).await, lang, &id, &api);
    let took = api.now().duration_since(begun);
    api.log(&format!(
        "request={id} method={method} route={} status={} took_us={}",
        route.as_ref().map_or("-", MatchedPath::as_str),
        response.status().as_u16(),
        took.as_micros(),
    ));
    dress(response.headers_mut(), lang, &id);
    response
}

/// How long a request may take, and how many are at work at once.
pub(crate) async fn bound(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let Some(permit) = api.place() else {
        return Problem::of(&problem::BUSY).retry_after(1).into_response();
    };
    request.extensions_mut().insert(Place(Arc::new(permit)));
    match tokio::time::timeout(api.limits().timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::of(&problem::TIMEOUT)
            .retry_after(5)
            .into_response(),
    }
}

/// Puts a problem into words, also one that the router found.
fn worded(response: Response, lang: Lang, id: &str, api: &Api) -> Response {
    let problem = response.extensions().get::<Arc<Problem>>().cloned();
    let found = match response.status() {
        StatusCode::NOT_FOUND => Some(&problem::NO_ROUTE),
        StatusCode::METHOD_NOT_ALLOWED => Some(&problem::NO_METHOD),
        _ => None,
    };
    let unworded = response.headers().get(CONTENT_TYPE).is_none();
    let problem = problem.or_else(|| {
        let fault = found.filter(|_| unworded)?;
        let problem = Problem::of(fault);
        let allow = response.headers().get(ALLOW).cloned();
        Some(Arc::new(match allow {
            Some(allow) => problem.header(ALLOW, allow),
            None => problem,
        }))
    });
    let Some(problem) = problem else {
        return response;
    };
    if let Some(cause) = problem.cause() {
        api.log(&format!(
            "request={id} code={} cause={cause}",
            problem.code()
        ));
    }
    problem.response(lang, id)
}

/// Headers that every answer has: nothing is kept, sniffed, framed or run.
fn dress(headers: &mut HeaderMap, lang: Lang, id: &str) {
    let fixed = [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let lang = match lang {
        Lang::Vi => "vi",
        Lang::En => "en",
    };
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(lang));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// The sender's own id for the request, when it can stand in a log.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let fits = (1..=LONGEST_REQUEST_ID).contains(&id.len()) && id.bytes().all(legal);
    fits.then(|| id.to_owned())
}

/// Vietnamese, unless the sender would rather have English.
fn language(headers: &HeaderMap) -> Lang {
    let accepted = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    let (mut vi, mut en) = (0.0, 0.0);
    for range in accepted.unwrap_or_default().split(',') {
        let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
        let weight = weight
            .trim()
            .strip_prefix("q=")
            .and_then(|q| q.trim().parse().ok());
        let weight: f32 = weight.unwrap_or(0.0);
        let tag = tag.trim().to_ascii_lowercase();
        let primary = tag.split('-').next().unwrap_or_default();
        match primary {
            "vi" => vi = weight.max(vi),
            "en" => en = weight.max(en),
            _ => {}
        }
    }
    if en > vi { Lang::En } else { Lang::Vi }
}

/// The answer to a panic: the payload may hold data of a person, so it goes nowhere.
pub(crate) fn panicked(_payload: Box<dyn std::any::Any + Send>) -> hyper::Response<Body> {
    Problem::ours("a panic; see the line before for its place").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        let value = HeaderValue::from_str(value).expect("a header");
        HeaderMap::from_iter([(name, value)])
    }

    #[test]
    fn vietnamese_is_first_and_english_is_given_to_who_asks_for_it() {
        let of = |text| language(&with(ACCEPT_LANGUAGE, text));
        assert_eq!(language(&HeaderMap::new()), Lang::Vi);
        assert_eq!(of("en"), Lang::En);
        assert_eq!(of("en-GB,en;q=0.9,vi;q=0.8"), Lang::En);
        assert_eq!(of("vi-VN,vi;q=0.9,en;q=0.8"), Lang::Vi);
        assert_eq!(of("fr, *"), Lang::Vi);
        assert_eq!(of("en;q=nonsense"), Lang::Vi);
    }

    #[test]
    fn an_id_that_could_break_a_log_line_is_not_taken_over() {
        let of = |text| request_id(&with(REQUEST_ID, text));
        assert_eq!(of("a-1.b_2").as_deref(), Some("a-1.b_2"));
        assert_eq!(of("a b"), None);
        assert_eq!(of(""), None);
        assert_eq!(of(&"a".repeat(65)), None);
    }
}
