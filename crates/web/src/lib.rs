//! The JSON API: routes, wire format, problems, idempotency, OpenAPI.
//!
//! Nothing here decides what `casework` decides or knows SQL: a request is read, its sender is looked up, an act of `platform` is asked
//! for, and what comes of it is written. The parts of a request's way:
//!
//! * `envelope` surrounds each request: id, language, log line, time, how many at once, security headers, the words of a problem;
//! * `caller` is who sends it; `json`, `fields` and `wire` are what may be sent; `page` is how lists are cut;
//! * `once` carries a request out once, however often it is sent;
//! * `resource` holds the routes that all procedures have, `routes` the table of all routes with their documentation.

mod about;
mod access;
mod caller;
mod envelope;
mod exchange;
mod fields;
mod files;
mod imports;
mod json;
mod lists;
mod once;
mod openapi;
mod page;
mod people;
mod problem;
mod queues;
mod resource;
mod routes;
mod server;
mod signing;
mod tables;
mod wire;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use casework::Origin;
use jiff::{SignedDuration, Timestamp};
use platform::access::{Access, Authenticated};
use platform::{Keys, Platform};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_http::catch_panic::CatchPanicLayer;

pub use caller::{Authenticate, Authenticating, Denied};
pub use server::{ServeError, Server};
pub use tables::codes_as_markdown;

/// The API over a platform. Cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Parts>);

struct Parts {
    settings: Settings,
    document: Value,
    places: Arc<Semaphore>,
    requests: AtomicU64,
}

/// What a deployment decides.
#[derive(Clone)]
pub struct Settings {
    /// How people sign in.
    pub access: Access,
    /// Who has a token: those who signed in, and other systems.
    pub authenticate: Arc<dyn Authenticate>,
    /// The keys that sign here.
    pub keys: Arc<Keys>,
    /// Addresses of our own proxies, which are believed about where a request came from.
    pub proxies: Vec<IpAddr>,
    /// The clock.
    pub clock: fn() -> Timestamp,
    /// Where a line of the log goes: one for each request, with the pattern of its route, never with an id of a record.
    pub log: Arc<dyn Fn(&str) + Send + Sync>,
    /// Begins the id of each request, so that those of two starts are told apart.
    pub run: String,
    /// How much is too much.
    pub limits: Limits,
}

/// How much is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Requests at work at once; more are asked to come again.
    pub at_once: u32,
    /// Connections at once; more wait to be taken.
    pub connections: u32,
    /// A request takes no longer.
    pub timeout: Duration,
    /// The head of a request takes no longer to arrive.
    pub head_timeout: Duration,
    /// The answer to a request with a key is kept so long.
    pub answers_kept: SignedDuration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            at_once: 64,
            connections: 1024,
            timeout: Duration::from_secs(30),
            head_timeout: Duration::from_secs(10),
            answers_kept: SignedDuration::from_hours(24),
        }
    }
}

impl Api {
    /// The API over the platform whose accounts sign in.
    pub fn new(settings: Settings) -> Self {
        let places = Semaphore::new(settings.limits.at_once as usize);
        Self(Arc::new(Parts {
            document: openapi::document(&routes::all()),
            places: Arc::new(places),
            requests: AtomicU64::new(0),
            settings,
        }))
    }

    /// All routes.
    pub fn router(&self) -> Router {
        let (mut open, mut bounded) = (Router::new(), Router::new());
        for route in routes::all() {
            // Whoever watches the server gets an answer also when it takes no more work.
            if route.path.starts_with("/api/") {
                bounded = bounded.route(&route.path, route.handler);
            } else {
                open = open.route(&route.path, route.handler);
            }
        }
        bounded
            .layer(from_fn_with_state(self.clone(), envelope::bound))
            .merge(open)
            .layer(CatchPanicLayer::custom(envelope::panicked))
            .layer(from_fn_with_state(self.clone(), envelope::surround))
            .with_state(self.clone())
    }

    /// The OpenAPI document.
    pub fn document(&self) -> &Value {
        &self.0.document
    }

    pub(crate) fn platform(&self) -> &Platform {
        self.access().platform()
    }

    pub(crate) fn access(&self) -> &Access {
        &self.0.settings.access
    }

    pub(crate) fn keys(&self) -> &Arc<Keys> {
        &self.0.settings.keys
    }

    pub(crate) fn proxies(&self) -> &[IpAddr] {
        &self.0.settings.proxies
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.settings.limits
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.0.settings.clock)()
    }

    pub(crate) fn log(&self, line: &str) {
        (self.0.settings.log)(line);
    }

    pub(crate) async fn authenticate(
        &self,
        bearer: &str,
        from: &Origin,
        at: Timestamp,
    ) -> Result<Authenticated, Denied> {
        let authenticate = &self.0.settings.authenticate;
        authenticate.authenticate(bearer, from, at).await
    }

    pub(crate) fn new_request_id(&self) -> String {
        let number = self.0.requests.fetch_add(1, Ordering::Relaxed);
        format!("{}-{number:x}", self.0.settings.run)
    }

    /// A place among the requests at work; `None` when all are taken.
    pub(crate) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.places).try_acquire_owned().ok()
    }

    /// Waits until no request is at work any more.
    pub(crate) async fn idle(&self) {
        let all = self.limits().at_once;
        let all = self.0.places.acquire_many(all).await;
        drop(all);
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api")
            .field("limits", self.limits())
            .finish_non_exhaustive()
    }
}
