//! Who sends a request: proved by a bearer token, looked up anew for each request.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;

use axum::extract::FromRequestParts;
use casework::{Act, Actor, Origin, Refusal};
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use jiff::Timestamp;
use platform::access::{Access, AccessError, Authenticated, Secret};
use sha2::{Digest as _, Sha256};

use crate::Api;
use crate::envelope::{Place, RequestId};
use crate::problem::{self, Problem};

/// What proves who sends a request.
pub trait Authenticate: Send + Sync {
    /// Who has such a token at that moment.
    fn authenticate<'a>(
        &'a self,
        bearer: &'a str,
        from: &'a Origin,
        at: Timestamp,
    ) -> Authenticating<'a>;
}

/// The answer, once it is known.
pub type Authenticating<'a> =
    Pin<Box<dyn Future<Output = Result<Authenticated, Denied>> + Send + 'a>>;

/// Why a token proves nobody.
#[derive(Debug)]
pub enum Denied {
    /// It counts for nothing, or not any more.
    Refused,
    /// The same, for a named reason.
    Because(Refusal),
    /// It can't be looked up now; what the operator reads.
    Failed(String),
}

/// Sessions and tokens as the platform keeps them.
impl Authenticate for Access {
    fn authenticate<'a>(
        &'a self,
        bearer: &'a str,
        from: &'a Origin,
        at: Timestamp,
    ) -> Authenticating<'a> {
        Box::pin(async move {
            match Access::authenticate(self, bearer, from, at).await {
                Ok(authenticated) => Ok(authenticated),
                Err(AccessError::Refused(refusal)) => Err(Denied::Because(refusal)),
                Err(other) => Err(Denied::Failed(other.to_string())),
            }
        })
    }
}

/// The address at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Where a proxy says from whom a request came, the nearest last.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Somebody whom nobody knows yet.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    /// From where: the address alone, by which attempts are counted.
    pub(crate) from: Origin,
    /// When.
    pub(crate) at: Timestamp,
    /// The request's place among those at work.
    pub(crate) place: Option<Place>,
}

impl FromRequestParts<Api> for Door {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        Ok(Self {
            from: Origin(address(parts, api.proxies())),
            at: api.now(),
            place: parts.extensions.get().cloned(),
        })
    }
}

/// Whose request it is: the other end of the connection, or who it says that it speaks for, if it is one of our proxies.
fn address(parts: &Parts, proxies: &[IpAddr]) -> String {
    let Some(Peer(peer)) = parts.extensions.get::<Peer>() else {
        return String::new();
    };
    let mut nearest = peer.ip().to_canonical();
    let headers = parts.headers.get_all(FORWARDED_FOR).iter();
    let texts: Vec<&str> = headers.filter_map(|text| text.to_str().ok()).collect();
    let mut behind = texts.iter().flat_map(|text| text.split(',')).rev();
    // Whatever a stranger claims of others counts for nothing.
    while proxies.contains(&nearest) {
        match behind.next().map(|text| text.trim().parse::<IpAddr>()) {
            Some(Ok(address)) => nearest = address.to_canonical(),
            _ => break,
        }
    }
    nearest.to_string()
}

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
    /// The session's name; none for another system.
    pub(crate) session: Option<String>,
    /// What proved it.
    pub(crate) bearer: Secret,
    /// The address alone.
    address: String,
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

    /// The same about one's own account, where what counts is the place and not the request.
    pub(crate) fn own_act(&self, why: Option<String>) -> Act {
        Act {
            from: Origin(self.address.clone()),
            ..self.act(why)
        }
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let bearer = bearer(parts.headers.get(AUTHORIZATION))?;
        let at = api.now();
        let request = parts.extensions.get::<RequestId>();
        let request = request.map_or("", |RequestId(id)| id);
        let address = address(parts, api.proxies());
        let from = Origin(format!("api {request} {address}"));
        let Authenticated { by, session, .. } = api
            // Where a session is used is the address alone: the next request comes from the same place.
            .authenticate(bearer, &Origin(address.clone()), at)
            .await
            .map_err(|denied| match denied {
                Denied::Refused => challenge(&problem::BAD_BEARER),
                Denied::Because(refusal) => challenge(&problem::BAD_BEARER)
                    .because(refusal.reason.en)
                    .member("reason", refusal.reason.code.into()),
                Denied::Failed(cause) => Problem::ours(cause),
            })?;
        Ok(Self {
            name: name(&by, bearer),
            by,
            at,
            from,
            session,
            bearer: bearer.to_owned().into(),
            address,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let mut request = hyper::Request::new(());
        for value in forwarded {
            let value = value.parse().expect("a header");
            request.headers_mut().append(FORWARDED_FOR, value);
        }
        let (mut parts, ()) = request.into_parts();
        let peer = SocketAddr::new(peer.parse().expect("an address"), 4000);
        parts.extensions.insert(Peer(peer));
        let proxies = ["10.0.0.1", "10.0.0.2"].map(|text| text.parse().expect("an address"));
        address(&parts, &proxies)
    }

    #[test]
    fn only_our_own_proxies_are_believed_about_where_a_request_came_from() {
        assert_eq!(seen("203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        let faked = ["127.0.0.1, 198.51.100.9", "198.51.100.1, 10.0.0.2"];
        assert_eq!(seen("10.0.0.1", &faked), "198.51.100.1");
        for nothing in [&[][..], &["unknown"], &["198.51.100.1, "]] {
            assert_eq!(seen("10.0.0.1", nothing), "10.0.0.1", "{nothing:?}");
        }
    }
}
