//! Who somebody is: passwords, second factors, passkeys, login providers, sessions, and tokens of other systems.
//!
//! Signing in is a walk over [`Step`]s: a password, one's own in place of a first one, a second factor where there is one or the role asks
//! for one, and then a session. Between two steps the caller holds a ticket: short-lived, used once, dead as soon as the account changes.
//! [`Access::authenticate`] turns the secret of a session or a token into an [`Actor`], and looks at the account each time: whatever is
//! taken away is gone with the next request.
//!
//! Nothing that opens something is kept: of random secrets a hash, of passwords argon2id. What happens is in the ledger: changes of an
//! account as its events, sign-ins and failures as notes.

mod account;
mod attempts;
mod factor;
#[doc(hidden)]
pub mod fuzzing;
mod login;
mod passkey;
mod password;
mod provider;
pub mod reasons;
mod rules;
mod secret;
mod session;
mod token;
mod totp;
mod webauthn;

use std::sync::Arc;

use casework::account::{Account, AccountState, Command};
use casework::{AccountId, Act, Actor, Kind, Origin, RecordId, Refusal};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use storage::access::{AccessChange, Notice};
use storage::{Batch, Note, StorageError, Store};

pub use account::{FirstPassword, NewAccount};
pub use factor::{Factors, NewTotp, Registered};
pub use login::{Step, Who};
pub use passkey::Ceremony;
pub use provider::{Outcome, Provider, Redirect, Returned};
pub use rules::{Rules, RulesError};
pub use secret::{SealKey, Secret};
pub use session::{Authenticated, OwnSession};
pub use token::{NewToken, TokenInfo};

use crate::trail::{self, Trace};
use crate::{ActError, Done, Platform};

/// How often an act is decided anew when somebody else changed the account in between.
const TRIES: u32 = 5;

/// Everything about who somebody is, on one platform.
#[derive(Clone)]
pub struct Access(Arc<Parts>);

struct Parts {
    platform: Platform,
    setup: Setup,
    hasher: password::Hasher,
    providers: provider::Known,
}

/// What a deployment decides about signing in.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The terms.
    pub rules: Rules,
    /// The key under which secrets of authenticator apps lie.
    pub seal: Option<SealKey>,
    /// Where the pages are.
    pub site: Site,
    /// Login providers.
    pub providers: Vec<Provider>,
}

/// Where the pages are: passkeys hold there and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// What people call it.
    pub name: String,
    /// Its domain (`tiemchung.example.vn`).
    pub domain: String,
    /// The origins of its pages (`https://tiemchung.example.vn`).
    pub origins: Vec<String>,
}

/// Why somebody does not get in, or an account is not changed.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// A named reason.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The act on the account's record failed.
    #[error(transparent)]
    Act(Box<ActError>),
    /// A secret can't be sealed or opened: the deployment's key is missing or another one.
    #[error("{0}")]
    Seal(&'static str),
    /// A password can't be hashed.
    #[error("{0}")]
    Hashing(&'static str),
    /// No connections can be made to login providers.
    #[error("login providers can't be asked: {0}")]
    Client(String),
}

/// With what somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// A password.
    Password,
    /// A passkey with the person verified by it.
    Passkey,
    /// A login provider.
    Provider,
}

impl Access {
    /// Signing in on a platform.
    ///
    /// # Errors
    /// The parameters for passwords are none, or no connections can be made.
    pub fn new(platform: Platform, setup: Setup) -> Result<Self, AccessError> {
        let hasher = password::Hasher::new(&setup.rules.argon2id)?;
        let providers = provider::Known::new(&setup.providers)?;
        Ok(Self(Arc::new(Parts {
            platform,
            setup,
            hasher,
            providers,
        })))
    }

    /// The platform whose accounts these are.
    pub fn platform(&self) -> &Platform {
        &self.0.platform
    }

    /// The terms.
    pub fn rules(&self) -> &Rules {
        &self.0.setup.rules
    }

    /// Throws away what has run out. The clock asks for it now and then.
    ///
    /// # Errors
    /// The store failed.
    pub async fn tidy(&self, at: Timestamp) -> Result<(), AccessError> {
        let rules = self.rules();
        let sessions = before(at, rules::hours(rules.session.longest_hours));
        let attempts = before(at, rules::hours(rules.attempts.forget_hours));
        let lock = rules.attempts.lock_after;
        Ok(self
            .store()
            .tidy_access(at, sessions, attempts, lock)
            .await?)
    }

    fn store(&self) -> &Store {
        self.0.platform.store()
    }

    fn seal_key(&self) -> Option<&SealKey> {
        self.0.setup.seal.as_ref()
    }

    /// An account's record.
    async fn load(&self, id: &AccountId) -> Result<Option<Account>, AccessError> {
        let stored = self.store().load::<Account>(&record(id)).await?;
        Ok(stored.map(|stored| stored.state))
    }

    /// An account that a ticket or a session stands for, if it is still open and nothing was taken from it since.
    async fn load_open(
        &self,
        id: &AccountId,
        generation: u32,
    ) -> Result<Option<Account>, AccessError> {
        let account = self.load(id).await?;
        Ok(account.filter(|account| {
            account.state != AccountState::Disabled && account.generation == generation
        }))
    }

    /// One act on an account's record, and what goes with it, in one transaction; `read` is the revision that the actor saw. The rights are
    /// those of every act.
    async fn change(
        &self,
        act: &Act,
        id: &AccountId,
        read: Option<u64>,
        command: &Command,
        access: Vec<AccessChange>,
    ) -> Result<Done<Account>, AccessError> {
        let (platform, record) = (&self.0.platform, record(id));
        let mut batch = Batch {
            access,
            ..Batch::default()
        };
        for _ in 0..TRIES {
            batch.changes.clear();
            let done = platform
                .prepare::<Account>(act, &record, read, command, &mut batch)
                .await;
            let done = platform
                .noting_refusal::<Account, _>(act, &record, done)
                .await?;
            if done.events.is_empty() {
                // It was so already: a password must not change by an act that changes nothing.
                return Ok(done);
            }
            match self.store().commit(&batch).await {
                Ok(_) => return Ok(done),
                Err(StorageError::Conflict { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(StorageError::Conflict {
            kind: Kind::Account,
            id: record,
            expected: 0,
        }
        .into())
    }

    /// Notes that something happened at an account's door.
    async fn note(
        &self,
        account: Option<&AccountId>,
        trace: Trace<'_>,
        act: &Act,
    ) -> Result<(), AccessError> {
        Ok(self
            .0
            .platform
            .keep_note(note_of(account, trace, act)?)
            .await?)
    }

    /// A refusal on the way in: noted, and handed back.
    async fn refuse<T>(
        &self,
        account: Option<&AccountId>,
        refusal: Refusal,
        from: &Origin,
        at: Timestamp,
    ) -> Result<T, AccessError> {
        let code = refusal.reason.code;
        let act = at_the_door(from, at);
        self.note(account, Trace::Refused { code }, &act).await?;
        Err(refusal.into())
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

impl From<ActError> for AccessError {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Refused(refusal) => Self::Refused(refusal),
            ActError::Storage(error) => Self::Storage(error),
            other => Self::Act(Box::new(other)),
        }
    }
}

impl Means {
    fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passkey => "passkey",
            Self::Provider => "provider",
        }
    }
}

/// The note of something that happened at an account's door.
fn note_of(account: Option<&AccountId>, trace: Trace<'_>, act: &Act) -> Result<Note, StorageError> {
    // What was typed as a name that nobody has may be a password in the wrong field.
    let about = account.map_or_else(
        || "account".to_owned(),
        |account| trail::about(Kind::Account, &record(account)),
    );
    trail::note(about, trace, act)
}

/// Before anybody is known it is the platform that acts, for whoever is at the door.
fn at_the_door(from: &Origin, at: Timestamp) -> Act {
    Act {
        at,
        by: Actor::system("access"),
        from: from.clone(),
        why: None,
    }
}

/// An account's own act.
fn own_act(account: &Account, from: &Origin, at: Timestamp) -> Act {
    Act {
        at,
        by: actor(account),
        from: from.clone(),
        why: None,
    }
}

fn actor(account: &Account) -> Actor {
    Actor::Staff {
        account: account.id.clone(),
        unit: account.unit.clone(),
        role: account.role,
    }
}

/// The person of the staff who acts.
fn owner(act: &Act) -> Result<&AccountId, Refusal> {
    act.by
        .account()
        .ok_or_else(|| casework::account::NOT_YOURS.refusal())
}

fn record(id: &AccountId) -> RecordId {
    RecordId(id.0.clone())
}

fn notice(account: &AccountId, what: &str, act: &Act) -> AccessChange {
    AccessChange::Notice(Notice {
        account: account.clone(),
        at: act.at,
        what: what.to_owned(),
        origin: act.from.0.clone(),
        seen: false,
    })
}

/// So long before a moment, or the beginning of time.
fn before(at: Timestamp, span: jiff::SignedDuration) -> Timestamp {
    at.checked_sub(span).unwrap_or(Timestamp::MIN)
}

/// So long after a moment, or the end of time.
fn after(at: Timestamp, span: jiff::SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}
