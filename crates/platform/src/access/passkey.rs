//! Passkeys: registering one, proving one as the second factor, and signing in with one alone (it proves the person too).

use casework::account::AccountState;
use casework::{AccountId, Origin};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::access::{AccessChange, Passkey};

use super::login::{Acting, Progress, Stage};
use super::secret::{self, Secret};
use super::webauthn::{self, Assertion, Registration};
use super::{Access, AccessError, Means, Registered, Step, Who, reasons};

/// A ceremony that the browser takes part in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ceremony {
    /// For its end.
    pub ticket: Secret,
    /// What goes to `navigator.credentials`, as `parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` read it.
    pub options: Value,
}

/// What the ticket of a registration says.
#[derive(Serialize, Deserialize)]
struct Pending {
    generation: u32,
    name: String,
}

/// Characters of a passkey's name.
const LONGEST_NAME: usize = 60;

impl Access {
    /// Begins to register a passkey; `name` is the owner's for it.
    ///
    /// # Errors
    /// `access.ticket`.
    pub async fn start_passkey_registration(
        &self,
        who: Who<'_>,
        name: &str,
    ) -> Result<Ceremony, AccessError> {
        let Acting { account, act, .. } = self.acting(who).await?;
        let known = self.credentials(&account.id).await?;
        let pending = Pending {
            generation: account.generation,
            name: name.trim().chars().take(LONGEST_NAME).collect(),
        };
        let ticket = self
            .ticket(Stage::NewPasskey, Some(&account.id), &pending, act.at)
            .await?;
        let handle = handle(&account.id);
        let user = (
            handle.as_slice(),
            account.id.0.as_str(),
            account.name.as_str(),
        );
        let challenge = challenge(ticket.expose());
        let options = webauthn::creation_options(&self.0.setup.site, &challenge, user, &known);
        Ok(Ceremony { ticket, options })
    }

    /// Registers the passkey with the browser's answer.
    ///
    /// # Errors
    /// `access.passkey_refused`, `access.passkey_exists`, `access.ticket`.
    pub async fn finish_passkey_registration(
        &self,
        who: Who<'_>,
        ticket: &str,
        answer: &Value,
    ) -> Result<Registered, AccessError> {
        let acting = self.acting(who).await?;
        let challenge = challenge(ticket);
        let at = acting.act.at;
        let (ticket, pending): (_, Pending) =
            self.read_ticket(ticket, Stage::NewPasskey, 1, at).await?;
        let account = &acting.account;
        let of_them = ticket.account.as_ref() == Some(&account.id)
            && pending.generation == account.generation;
        reasons::TICKET.unless(of_them)?;
        let refused = || reasons::PASSKEY_REFUSED.refusal();
        let answer = Registration::deserialize(answer).map_err(|_| refused())?;
        let new = webauthn::register(&self.0.setup.site, &challenge, &answer);
        let new = new.map_err(|_| refused())?;
        let known = self.store().passkey(&new.id).await?;
        reasons::PASSKEY_EXISTS.unless(known.is_none())?;
        self.take(&ticket).await?;
        let change = AccessChange::Passkey(Passkey {
            id: new.id,
            account: account.id.clone(),
            name: pending.name,
            public_key: new.public_key,
            counter: new.counter,
            made_at: at,
            used_at: None,
        });
        self.register(acting, "passkey", change).await
    }

    /// Begins to prove a passkey as the second factor; the ticket stays that of the step.
    ///
    /// # Errors
    /// `access.ticket`.
    pub async fn start_passkey_proof(
        &self,
        ticket: &str,
        at: Timestamp,
    ) -> Result<Ceremony, AccessError> {
        let (row, _): (_, Progress) = self.read_ticket(ticket, Stage::SecondFactor, 0, at).await?;
        let known = match &row.account {
            Some(id) => self.credentials(id).await?,
            None => Vec::new(),
        };
        let challenge = challenge(ticket);
        Ok(Ceremony {
            ticket: ticket.to_owned().into(),
            options: webauthn::request_options(&self.0.setup.site, &challenge, &known),
        })
    }

    /// Proves a passkey as the second factor.
    ///
    /// # Errors
    /// `access.passkey_refused`, `access.ticket`, `access.slow_down`.
    pub async fn prove_passkey(
        &self,
        ticket: &str,
        answer: &Value,
        from: &Origin,
        at: Timestamp,
    ) -> Result<Step, AccessError> {
        let challenge = challenge(ticket);
        let (ticket, progress, account) = self.second_step(ticket, at).await?;
        let attempt = self.attempt(Some(&account.id.0), from, at).await?;
        let used = self.use_passkey(answer, &challenge, at).await?;
        if used.as_ref() != Some(&account.id) {
            let refusal = reasons::PASSKEY_REFUSED.refusal();
            return self.refuse(Some(&account.id), refusal, from, at).await;
        }
        self.no_failure(attempt).await?;
        self.proved(&ticket, progress, &account, from, at).await
    }

    /// Begins to sign in with a passkey alone.
    ///
    /// # Errors
    /// The store failed.
    pub async fn start_passkey_sign_in(&self, at: Timestamp) -> Result<Ceremony, AccessError> {
        let ticket = self.ticket(Stage::Passkey, None, &Value::Null, at).await?;
        let challenge = challenge(ticket.expose());
        let options = webauthn::request_options(&self.0.setup.site, &challenge, &[]);
        Ok(Ceremony { ticket, options })
    }

    /// Signs in with a passkey alone: it is in somebody's hand, and knew that it is theirs.
    ///
    /// # Errors
    /// `access.passkey_refused`; `access.ticket`; `access.password_first` while a first password waits.
    pub async fn finish_passkey_sign_in(
        &self,
        ticket: &str,
        answer: &Value,
        from: &Origin,
        at: Timestamp,
    ) -> Result<Step, AccessError> {
        let attempt = self.attempt(None, from, at).await?;
        let challenge = challenge(ticket);
        let (ticket, _): (_, Value) = self.read_ticket(ticket, Stage::Passkey, 1, at).await?;
        let id = self.use_passkey(answer, &challenge, at).await?;
        let account = match &id {
            Some(id) => self.load(id).await?,
            None => None,
        };
        let account = account.filter(|account| account.state != AccountState::Disabled);
        let Some(account) = account else {
            let refusal = reasons::PASSKEY_REFUSED.refusal();
            return self.refuse(id.as_ref(), refusal, from, at).await;
        };
        self.no_failure(attempt).await?;
        let progress = Progress {
            generation: account.generation,
            means: Means::Passkey,
            proved: false,
        };
        self.proved(&ticket, progress, &account, from, at).await
    }

    /// Whose passkey this answer proves, if it does.
    async fn use_passkey(
        &self,
        answer: &Value,
        challenge: &[u8],
        at: Timestamp,
    ) -> Result<Option<AccountId>, AccessError> {
        let Ok(answer) = Assertion::deserialize(answer) else {
            return Ok(None);
        };
        let Ok(id) = answer.credential() else {
            return Ok(None);
        };
        let Some(passkey) = self.store().passkey(&id).await? else {
            return Ok(None);
        };
        let handle = handle(&passkey.account);
        let site = &self.0.setup.site;
        let Ok(counter) = webauthn::assert(site, challenge, &answer, &passkey.public_key, &handle)
        else {
            return Ok(None);
        };
        // A count that did not grow is that of a copy.
        let used = self.store().use_passkey(&id, counter, at).await?;
        Ok(used.then_some(passkey.account))
    }

    async fn credentials(&self, id: &AccountId) -> Result<Vec<Vec<u8>>, AccessError> {
        let passkeys = self.store().passkeys(id).await?;
        Ok(passkeys.into_iter().map(|passkey| passkey.id).collect())
    }
}

/// What the authenticator signs: follows from the ticket, which is random and used once.
fn challenge(ticket: &str) -> [u8; 32] {
    secret::hash(&format!("passkey challenge {ticket}"))
}

/// An account as authenticators know it: no name.
fn handle(id: &AccountId) -> [u8; 32] {
    secret::hash(&format!("passkey user {id}"))
}
