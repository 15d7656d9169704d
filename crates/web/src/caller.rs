//! Who sends a request: proved by a bearer token, looked up anew for each request.

use std::net::SocketAddr;
use std::pin::Pin;

use axum::extract::FromRequestParts;
use casework::{Act, Actor, Origin, Refusal};
use hyper::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::Api;
use crate::envelope::RequestId;
use crate::problem::{self, Problem};

/// What proves who sends a request.
pub trait Authenticate: Send + Sync {
    /// Who has such a token at that moment.
    fn authenticate<'a>(&'a self, bearer: &'a str, at: Timestamp) -> Authenticating<'a>;
}

/// The answer, once it is known.
pub type Authenticating<'a> = Pin<Box<dyn Future<Output = Result<Actor, Denied>> + Send + 'a>>;

/// Why a token proves nobody.
#[derive(Debug)]
pub enum Denied {
    /// It counts for nothing, or not any more.
    Refused,
    /// It is somebody's who has to do something first.
    Because(Refusal),
    /// It can't be looked up now.
    Failed(storage::StorageError),
}

/// The address at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Who sends a request, and when it came.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Who.
    pub(crate) by: Actor,
    /// When.
    pub(crate) at: Timestamp,
    /// From where, and in which request.
    pub(crate) from: Origin,
    /// A name under which no two callers meet.
    pub(crate) name: String,
}

impl Caller {
    /// The act that the caller wants, with the reason given.
    pub(crate) fn act(&self, why: Option<String>) -> Act {
        Act {
            at: self.at,
            by: self.by.clone(),
            from: self.from.clone(),
            why,
        }
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let bearer = bearer(parts.headers.get(AUTHORIZATION))?;
        let at = api.now();
        let by = api
            .authenticate(bearer, at)
            .await
            .map_err(|denied| match denied {
                Denied::Refused => challenge(&problem::BAD_BEARER),
                Denied::Because(refusal) => refusal.into(),
                Denied::Failed(error) => error.into(),
            })?;
        let request = parts.extensions.get::<RequestId>();
        let request = request.map_or("", |RequestId(id)| id);
        let peer = parts.extensions.get::<Peer>();
        let peer = peer.map_or_else(String::new, |Peer(address)| format!(" {}", address.ip()));
        Ok(Self {
            name: name(&by, bearer),
            by,
            at,
            from: Origin(format!("api {request}{peer}")),
        })
    }
}

/// Citizens have no account: each is known by the token alone, of which only a hash goes further.
fn name(by: &Actor, bearer: &str) -> String {
    match by {
        Actor::Staff { account, .. } => format!("staff/{account}"),
        Actor::Client { token, .. } => format!("client/{token}"),
        Actor::Citizen => format!("citizen/{}", hex::encode(Sha256::digest(bearer))),
        Actor::System { part } => format!("system/{part}"),
    }
}

fn bearer(header: Option<&HeaderValue>) -> Result<&str, Problem> {
    let header = header.ok_or_else(|| challenge(&problem::NO_BEARER))?;
    let text = header.to_str().unwrap_or_default();
    let token = text
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = token.map(|(_, token)| token.trim());
    token
        .filter(|token| !token.is_empty())
        .ok_or_else(|| challenge(&problem::NO_BEARER))
}

fn challenge(fault: &'static problem::Fault) -> Problem {
    Problem::of(fault).header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}
