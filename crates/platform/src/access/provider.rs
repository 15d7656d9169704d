//! Login providers: OpenID Connect, authorization code with PKCE (RFC 7636), nonce, and a state that is used once.
//!
//! A provider says who somebody is, never that they have an account: its identity is linked to one beforehand. What it stands for is a
//! password: a second factor is asked for as always, and an account whose first password waits is not opened by it.

pub(super) mod idtoken;

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use casework::account::AccountState;
use casework::{AccountId, Act, Origin};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;
use url::Url;

use super::login::{Progress, Stage};
use super::secret::{self, Secret};
use super::{Access, AccessError, Means, Step, owner, reasons};
use crate::address::guarded;

/// A login provider, as the deployment configures it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its name in addresses (`vneid`).
    pub name: String,
    /// Its issuer, as its tokens say it.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there, if we have one.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// Where it sends people back to.
    pub redirect_uri: String,
}

/// Where somebody is sent to sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// For the way back; kept by the browser, in no address.
    pub ticket: Secret,
    /// There.
    pub url: String,
}

/// With what they come back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The state that went out.
    #[serde(default)]
    pub state: String,
    /// The authorization code.
    #[serde(default)]
    pub code: Option<String>,
    /// Why there is none.
    #[serde(default)]
    pub error: Option<String>,
    /// The issuer (RFC 9207).
    #[serde(default)]
    pub iss: Option<String>,
}

/// What coming back led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The identity is linked to the account of whoever was signed in.
    Linked,
    /// Signing in goes on.
    Step(Step),
}

/// The providers, and what they said of themselves.
pub(crate) struct Known {
    providers: Vec<Provider>,
    http: reqwest::Client,
    said: Mutex<BTreeMap<String, Arc<Said>>>,
}

/// What a provider says of itself, and its keys.
struct Said {
    at: Timestamp,
    metadata: Metadata,
    keys: JwkSet,
}

/// The entries of OpenID Connect Discovery that we need.
#[derive(Debug, Clone, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    /// How clients prove themselves; `client_secret_basic` where it does not say.
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// What the ticket of the way there says.
#[derive(Serialize, Deserialize)]
struct Pending {
    provider: String,
    nonce: String,
    /// Of PKCE.
    verifier: Secret,
    /// Whose account it is to be linked to; none for signing in.
    link: Option<AccountId>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// Why a provider's answer leads nowhere.
#[derive(Debug)]
pub(crate) enum Failed {
    /// It does not answer, or not what the protocol asks.
    Silent,
    /// What it says does not hold.
    Refused,
}

/// Bytes of an answer that are read.
const LONGEST_ANSWER: usize = 1 << 20;

/// What a provider said of itself is asked anew after so long.
const STALE: SignedDuration = SignedDuration::from_hours(1);

/// A key that is not known is asked for again, but not more often.
const KEYS_AT_MOST: SignedDuration = SignedDuration::from_mins(1);

const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

impl Access {
    /// Begins to sign in with a provider, or to link one to the account of whoever is signed in.
    ///
    /// # Errors
    /// `access.provider_unknown`, `access.provider_silent`.
    pub async fn start_provider(
        &self,
        name: &str,
        link: Option<&Act>,
        at: Timestamp,
    ) -> Result<Redirect, AccessError> {
        let known = &self.0.providers;
        let provider = known.by_name(name)?;
        let said = known.said(provider, at, STALE).await?;
        let pending = Pending {
            provider: provider.name.clone(),
            nonce: URL_SAFE_NO_PAD.encode(secret::random::<32>()?),
            verifier: URL_SAFE_NO_PAD.encode(secret::random::<32>()?).into(),
            link: link.map(owner).transpose()?.cloned(),
        };
        let ticket = self
            .ticket(Stage::Provider, pending.link.as_ref(), &pending, at)
            .await?;
        let mut url = address(&said.metadata.authorization_endpoint)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("scope", "openid")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", &provider.redirect_uri)
            .append_pair("state", &state_of(ticket.expose()))
            .append_pair("nonce", &pending.nonce)
            .append_pair("code_challenge", &challenge_of(pending.verifier.expose()))
            .append_pair("code_challenge_method", "S256");
        Ok(Redirect {
            ticket,
            url: url.into(),
        })
    }

    /// Comes back from a provider. `act` is that of whoever is signed in, for linking.
    ///
    /// # Errors
    /// `access.provider_refused`, `access.provider_silent`; `access.not_linked`; `access.linked_elsewhere`; `access.password_first`.
    pub async fn finish_provider(
        &self,
        ticket: &str,
        returned: &Returned,
        act: Option<&Act>,
        from: &Origin,
        at: Timestamp,
    ) -> Result<Outcome, AccessError> {
        let attempt = self.attempt(None, from, at).await?;
        let state = state_of(ticket);
        let (ticket, pending): (_, Pending) =
            self.read_ticket(ticket, Stage::Provider, 1, at).await?;
        self.take(&ticket).await?;
        let provider = self.0.providers.by_name(&pending.provider)?;
        let subject = if returned.state == state {
            self.0
                .providers
                .subject(provider, &pending, returned, at)
                .await
        } else {
            Err(Failed::Refused)
        };
        let subject = match subject {
            Ok(subject) => subject,
            Err(failed) => {
                let refusal = failed.reason().refusal();
                return self.refuse(pending.link.as_ref(), refusal, from, at).await;
            }
        };
        self.no_failure(attempt).await?;
        if let Some(id) = &pending.link {
            let act = act.filter(|act| act.by.account() == Some(id));
            let act = act.ok_or_else(|| reasons::TICKET.refusal())?;
            self.keep_link(act, id, &provider.issuer, &subject).await?;
            return Ok(Outcome::Linked);
        }
        self.sign_in_as(&provider.issuer, &subject, from, at).await
    }

    async fn sign_in_as(
        &self,
        issuer: &str,
        subject: &str,
        from: &Origin,
        at: Timestamp,
    ) -> Result<Outcome, AccessError> {
        let id = self.store().outside_identity(issuer, subject).await?;
        let account = match &id {
            Some(id) => self.load(id).await?,
            None => None,
        };
        let refusal = match &account {
            None => Some(reasons::NOT_LINKED.refusal()),
            Some(account) if account.state == AccountState::Disabled => {
                Some(casework::account::DISABLED.refusal())
            }
            Some(_) => None,
        };
        let (Some(account), None) = (account, &refusal) else {
            let refusal = refusal.unwrap_or_else(|| reasons::NOT_LINKED.refusal());
            return self.refuse(id.as_ref(), refusal, from, at).await;
        };
        let progress = Progress {
            generation: account.generation,
            means: Means::Provider,
            proved: false,
        };
        Ok(Outcome::Step(
            self.advance(&account, progress, from, at).await?,
        ))
    }
}

impl Known {
    pub(crate) fn new(providers: &[Provider]) -> Result<Self, AccessError> {
        let http = reqwest::Client::builder()
            // An address that sends elsewhere would be asked with our secret.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .no_proxy()
            .build()
            .map_err(|error| AccessError::Client(error.to_string()))?;
        Ok(Self {
            providers: providers.to_vec(),
            http,
            said: Mutex::default(),
        })
    }

    /// True when there is a provider of that issuer.
    pub(crate) fn has(&self, issuer: &str) -> bool {
        self.providers.iter().any(|known| known.issuer == issuer)
    }

    fn by_name(&self, name: &str) -> Result<&Provider, AccessError> {
        let found = self.providers.iter().find(|known| known.name == name);
        Ok(found.ok_or_else(|| reasons::PROVIDER_UNKNOWN.refusal())?)
    }

    /// Who came back, in the provider's words.
    async fn subject(
        &self,
        provider: &Provider,
        pending: &Pending,
        returned: &Returned,
        at: Timestamp,
    ) -> Result<String, Failed> {
        let said = self.said(provider, at, STALE).await?;
        let issuer_said = match &returned.iss {
            Some(issuer) => *issuer == provider.issuer,
            None => !said.metadata.authorization_response_iss_parameter_supported,
        };
        let code = returned
            .code
            .as_deref()
            .filter(|_| returned.error.is_none());
        let code = code.filter(|_| issuer_said).ok_or(Failed::Refused)?;
        let tokens = self.exchange(provider, &said, pending, code).await?;
        let expected = idtoken::Expected {
            issuer: &provider.issuer,
            audience: &provider.client_id,
            nonce: &pending.nonce,
            at,
        };
        let known = idtoken::key(&said.keys, &tokens.id_token).is_some();
        let said = if known {
            said
        } else {
            self.said(provider, at, KEYS_AT_MOST).await?
        };
        idtoken::subject(&said.keys, &tokens.id_token, &expected).ok_or(Failed::Refused)
    }

    /// The code for tokens. A code is used once: a refusal here is final.
    async fn exchange(
        &self,
        provider: &Provider,
        said: &Said,
        pending: &Pending,
        code: &str,
    ) -> Result<Tokens, Failed> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &provider.redirect_uri),
            ("code_verifier", pending.verifier.expose()),
        ];
        let mut request = self.http.post(address(&said.metadata.token_endpoint)?);
        match &provider.client_secret {
            Some(secret) if said.metadata.takes_basic() => {
                request = request.basic_auth(
                    form_coded(&provider.client_id),
                    Some(form_coded(secret.expose())),
                );
            }
            secret => {
                form.push(("client_id", &provider.client_id));
                form.extend(secret.iter().map(|it| ("client_secret", it.expose())));
            }
        }
        self.read(request.form(&form), Failed::Refused).await
    }

    /// What a provider says of itself, not older than that.
    async fn said(
        &self,
        provider: &Provider,
        at: Timestamp,
        not_older: SignedDuration,
    ) -> Result<Arc<Said>, Failed> {
        let mut said = self.said.lock().await;
        if let Some(known) = said.get(&provider.issuer)
            && at.duration_since(known.at).abs() < not_older
        {
            return Ok(Arc::clone(known));
        }
        let base = provider.issuer.trim_end_matches('/');
        let address_of_it = address(&format!("{base}/.well-known/openid-configuration"))?;
        let metadata: Metadata = self
            .read(self.http.get(address_of_it), Failed::Silent)
            .await?;
        // Another issuer's tokens would pass for this one's.
        if metadata.issuer != provider.issuer {
            return Err(Failed::Silent);
        }
        let keys = self.http.get(address(&metadata.jwks_uri)?);
        let keys = self.read(keys, Failed::Silent).await?;
        let now = Arc::new(Said { at, metadata, keys });
        said.insert(provider.issuer.clone(), Arc::clone(&now));
        Ok(now)
    }

    /// Reads an answer; `declined` is what a 4xx means.
    async fn read<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
        declined: Failed,
    ) -> Result<T, Failed> {
        let mut answer = request.send().await.map_err(|_| Failed::Silent)?;
        if answer.status().is_client_error() {
            return Err(declined);
        }
        if !answer.status().is_success() {
            return Err(Failed::Silent);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| Failed::Silent)? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_ANSWER {
                return Err(Failed::Silent);
            }
        }
        serde_json::from_slice(&body).map_err(|_| Failed::Silent)
    }
}

impl Metadata {
    fn takes_basic(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        methods.is_none_or(|methods| methods.iter().any(|it| it == "client_secret_basic"))
    }
}

impl Failed {
    fn reason(&self) -> &'static casework::Reason {
        match self {
            Self::Silent => &reasons::PROVIDER_SILENT,
            Self::Refused => &reasons::PROVIDER_REFUSED,
        }
    }
}

impl From<Failed> for AccessError {
    fn from(failed: Failed) -> Self {
        failed.reason().refusal().into()
    }
}

fn address(text: &str) -> Result<Url, Failed> {
    guarded(text).ok_or(Failed::Silent)
}

/// The state of a ticket: who has only the address of the way back has no ticket.
fn state_of(ticket: &str) -> String {
    URL_SAFE_NO_PAD.encode(secret::hash(&format!("provider state {ticket}")))
}

fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

fn form_coded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        assert_eq!(
            challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
