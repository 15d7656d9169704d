//! What people and systems sign in with, and who is signed in.
//!
//! What changes together with an event of an account is an [`AccessChange`] of its [`crate::Batch`]; what only happens while somebody signs
//! in (a ticket, a session, a failed attempt) has a method of its own, each one statement that is right whoever else runs it.

use casework::{AccountId, Role, Unit};
use jiff::Timestamp;
use registry::area::Place;

use crate::{PostgresStore, SqliteStore, StorageError, Store, ask};

/// SHA-256 of a random secret that only its holder has.
pub type SecretHash = [u8; 32];

/// A change of what an account signs in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessChange {
    /// Another password.
    Password {
        /// Whose.
        account: AccountId,
        /// It, as a PHC string.
        hash: String,
        /// The last moment of a first password; `None` for one that its owner chose.
        until: Option<Timestamp>,
    },
    /// An authenticator app.
    Totp {
        /// Whose.
        account: AccountId,
        /// Its secret, as it is kept.
        secret: Vec<u8>,
        /// The step with which it was proved.
        step: u64,
    },
    /// No authenticator app any more.
    DropTotp(AccountId),
    /// Recovery codes in place of those that were.
    RecoveryCodes {
        /// Whose.
        account: AccountId,
        /// The codes.
        hashes: Vec<SecretHash>,
    },
    /// A new passkey.
    Passkey(Passkey),
    /// A passkey less.
    DropPasskey {
        /// Whose.
        account: AccountId,
        /// Which.
        id: Vec<u8>,
    },
    /// An identity of a login provider that stands for the account.
    Outside(OutsideIdentity),
    /// It no longer does.
    DropOutside {
        /// Whose.
        account: AccountId,
        /// The provider.
        issuer: String,
    },
    /// All second factors and outside identities are gone.
    DropFactors(AccountId),
    /// All sessions are over, but for one.
    EndSessions {
        /// Whose.
        account: AccountId,
        /// The one that goes on.
        keep: Option<SecretHash>,
    },
    /// Failures under a key count no longer.
    ForgetAttempts(String),
    /// Something that the owner has to know.
    Notice(Notice),
}

/// A password as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password {
    /// It, as a PHC string.
    pub hash: String,
    /// The last moment of a first password; `None` for one that its owner chose.
    pub until: Option<Timestamp>,
}

/// A public key of an authenticator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// The authenticator's name for it.
    pub id: Vec<u8>,
    /// Whose.
    pub account: AccountId,
    /// The owner's name for it.
    pub name: String,
    /// The key, in COSE.
    pub public_key: Vec<u8>,
    /// The highest count of signatures that was seen; authenticators that do not count say 0.
    pub counter: u32,
    /// When it was registered.
    pub made_at: Timestamp,
    /// When it was used last.
    pub used_at: Option<Timestamp>,
}

/// Somebody as a login provider knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideIdentity {
    /// The provider.
    pub issuer: String,
    /// Its name for the person.
    pub subject: String,
    /// The account.
    pub account: AccountId,
    /// When it was linked.
    pub made_at: Timestamp,
}

/// A step of signing in, or a ceremony that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Of what its holder has.
    pub hash: SecretHash,
    /// What it is for.
    pub stage: String,
    /// Whose, once that is known.
    pub account: Option<AccountId>,
    /// What the next step has to know, as JSON.
    pub body: String,
    /// Its last moment.
    pub until: Timestamp,
    /// How often it may still be tried.
    pub tries: u32,
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Of what its holder has.
    pub hash: SecretHash,
    /// Who.
    pub account: AccountId,
    /// The account's generation when it was opened.
    pub generation: u32,
    /// With what it was opened.
    pub means: String,
    /// Where it was used last.
    pub origin: String,
    /// When it was opened.
    pub made_at: Timestamp,
    /// When it was used last.
    pub used_at: Timestamp,
}

/// Failures in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// How many.
    pub failures: u32,
    /// The last of them.
    pub last_at: Timestamp,
}

/// What another system signs in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Of what the other system has.
    pub hash: SecretHash,
    /// Its name in the log.
    pub name: String,
    /// For which unit it acts.
    pub unit: Unit,
    /// Where that stands.
    pub place: Place,
    /// In which role.
    pub role: Role,
    /// Who made it.
    pub maker: String,
    /// When.
    pub made_at: Timestamp,
    /// Its last moment.
    pub until: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When it was used last.
    pub used_at: Option<Timestamp>,
}

/// Something that the owner of an account has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whose account.
    pub account: AccountId,
    /// When.
    pub at: Timestamp,
    /// Stable code of what happened.
    pub what: String,
    /// From where.
    pub origin: String,
    /// The owner has read it.
    pub seen: bool,
}

impl Store {
    /// States of all accounts after a name, in order of their names, as [`casework::account::Account`] reads them.
    ///
    /// # Errors
    /// The store failed, or a state can't be read by this version.
    pub async fn accounts(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<casework::account::Account>, StorageError> {
        let rows = ask!(self, backend => backend.accounts(after, limit).await)?;
        let read = |(id, state): (String, String)| {
            let id = casework::RecordId(id);
            crate::Stored::read(casework::Kind::Account, &id, 0, &state).map(|stored| stored.state)
        };
        rows.into_iter().map(read).collect()
    }

    /// An account's password.
    ///
    /// # Errors
    /// The store failed.
    pub async fn password(&self, account: &AccountId) -> Result<Option<Password>, StorageError> {
        ask!(self, backend => backend.password(account).await)
    }

    /// Keeps the same password with other parameters, unless it was changed in the meantime.
    ///
    /// # Errors
    /// The store failed.
    pub async fn rehash(
        &self,
        account: &AccountId,
        old: &str,
        new: &str,
    ) -> Result<(), StorageError> {
        ask!(self, backend => backend.rehash(account, old, new).await)
    }

    /// An authenticator app's secret, as it is kept.
    ///
    /// # Errors
    /// The store failed.
    pub async fn totp(&self, account: &AccountId) -> Result<Option<Vec<u8>>, StorageError> {
        ask!(self, backend => backend.totp(account).await)
    }

    /// Accepts a step of an authenticator app: true once for each, and never for an earlier one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn accept_step(&self, account: &AccountId, step: u64) -> Result<bool, StorageError> {
        ask!(self, backend => backend.accept_step(account, step).await)
    }

    /// Recovery codes that are left.
    ///
    /// # Errors
    /// The store failed.
    pub async fn recovery_codes(&self, account: &AccountId) -> Result<u64, StorageError> {
        ask!(self, backend => backend.recovery_codes(account).await)
    }

    /// Uses a recovery code up: true once for each.
    ///
    /// # Errors
    /// The store failed.
    pub async fn use_recovery_code(
        &self,
        account: &AccountId,
        hash: &SecretHash,
    ) -> Result<bool, StorageError> {
        ask!(self, backend => backend.use_recovery_code(account, hash).await)
    }

    /// An account's passkeys, the oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn passkeys(&self, account: &AccountId) -> Result<Vec<Passkey>, StorageError> {
        ask!(self, backend => backend.passkeys(account).await)
    }

    /// The passkey of that name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn passkey(&self, id: &[u8]) -> Result<Option<Passkey>, StorageError> {
        ask!(self, backend => backend.passkey(id).await)
    }

    /// Notes a use of a passkey: false when its count did not grow since, which a copy of it would show.
    ///
    /// # Errors
    /// The store failed.
    pub async fn use_passkey(
        &self,
        id: &[u8],
        counter: u32,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        ask!(self, backend => backend.use_passkey(id, counter, at).await)
    }

    /// The account for which an outside identity stands.
    ///
    /// # Errors
    /// The store failed.
    pub async fn outside_identity(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<AccountId>, StorageError> {
        ask!(self, backend => backend.outside_identity(issuer, subject).await)
    }

    /// An account's outside identities.
    ///
    /// # Errors
    /// The store failed.
    pub async fn outside_identities(
        &self,
        account: &AccountId,
    ) -> Result<Vec<OutsideIdentity>, StorageError> {
        ask!(self, backend => backend.outside_identities(account).await)
    }

    /// Keeps a ticket.
    ///
    /// # Errors
    /// The store failed.
    pub async fn keep_ticket(&self, ticket: &Ticket) -> Result<(), StorageError> {
        ask!(self, backend => backend.keep_ticket(ticket).await)
    }

    /// What a ticket says, as long as it has tries left and its time has not run out; takes so many of them.
    ///
    /// # Errors
    /// The store failed.
    pub async fn try_ticket(
        &self,
        hash: &SecretHash,
        at: Timestamp,
        tries: u32,
    ) -> Result<Option<Ticket>, StorageError> {
        ask!(self, backend => backend.try_ticket(hash, at, tries).await)
    }

    /// Uses a ticket up: true once.
    ///
    /// # Errors
    /// The store failed.
    pub async fn use_ticket(&self, hash: &SecretHash) -> Result<bool, StorageError> {
        ask!(self, backend => backend.use_ticket(hash).await)
    }

    /// Opens a session.
    ///
    /// # Errors
    /// The store failed.
    pub async fn open_session(&self, session: &Session) -> Result<(), StorageError> {
        ask!(self, backend => backend.open_session(session).await)
    }

    /// A session.
    ///
    /// # Errors
    /// The store failed.
    pub async fn session(&self, hash: &SecretHash) -> Result<Option<Session>, StorageError> {
        ask!(self, backend => backend.session(hash).await)
    }

    /// An account's sessions, the oldest first, those that have run out among them.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sessions(&self, account: &AccountId) -> Result<Vec<Session>, StorageError> {
        ask!(self, backend => backend.sessions(account).await)
    }

    /// Notes where and when a session was used.
    ///
    /// # Errors
    /// The store failed.
    pub async fn touch_session(
        &self,
        hash: &SecretHash,
        origin: &str,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        ask!(self, backend => backend.touch_session(hash, origin, at).await)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The store failed.
    pub async fn end_session(&self, hash: &SecretHash) -> Result<(), StorageError> {
        ask!(self, backend => backend.end_session(hash).await)
    }

    /// Failures in a row under a key.
    ///
    /// # Errors
    /// The store failed.
    pub async fn attempts(&self, key: &str) -> Result<Option<Attempts>, StorageError> {
        ask!(self, backend => backend.attempts(key).await)
    }

    /// Counts one more: false when somebody else counted since `before` was read.
    ///
    /// # Errors
    /// The store failed.
    pub async fn count_attempt(
        &self,
        key: &str,
        before: Option<Attempts>,
        after: Attempts,
    ) -> Result<bool, StorageError> {
        ask!(self, backend => backend.count_attempt(key, before, after).await)
    }

    /// Takes one back: it was no failure.
    ///
    /// # Errors
    /// The store failed.
    pub async fn uncount_attempt(&self, key: &str) -> Result<(), StorageError> {
        ask!(self, backend => backend.uncount_attempt(key).await)
    }

    /// Writes changes that go with no event.
    ///
    /// # Errors
    /// The store failed.
    pub async fn change_access(&self, changes: &[AccessChange]) -> Result<(), StorageError> {
        ask!(self, backend => backend.change_access(changes).await)
    }

    /// Keeps a token: false when its name is taken.
    ///
    /// # Errors
    /// The store failed.
    pub async fn keep_token(&self, token: &Token) -> Result<bool, StorageError> {
        ask!(self, backend => backend.keep_token(token).await)
    }

    /// The token of which its holder has the secret.
    ///
    /// # Errors
    /// The store failed.
    pub async fn token(&self, hash: &SecretHash) -> Result<Option<Token>, StorageError> {
        ask!(self, backend => backend.token(hash).await)
    }

    /// All tokens, by name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn tokens(&self) -> Result<Vec<Token>, StorageError> {
        ask!(self, backend => backend.tokens().await)
    }

    /// Notes when a token was used.
    ///
    /// # Errors
    /// The store failed.
    pub async fn touch_token(&self, hash: &SecretHash, at: Timestamp) -> Result<(), StorageError> {
        ask!(self, backend => backend.touch_token(hash, at).await)
    }

    /// Takes a token back, for good.
    ///
    /// # Errors
    /// The store failed.
    pub async fn revoke_token(&self, name: &str, at: Timestamp) -> Result<(), StorageError> {
        ask!(self, backend => backend.revoke_token(name, at).await)
    }

    /// Keeps a notice: false when there is one of that moment already.
    ///
    /// # Errors
    /// The store failed.
    pub async fn keep_notice(&self, notice: &Notice) -> Result<bool, StorageError> {
        ask!(self, backend => backend.keep_notice(notice).await)
    }

    /// What the owner of an account has to know, the newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn notices(
        &self,
        account: &AccountId,
        limit: u32,
    ) -> Result<Vec<Notice>, StorageError> {
        ask!(self, backend => backend.notices(account, limit).await)
    }

    /// The owner has read what there was up to a moment.
    ///
    /// # Errors
    /// The store failed.
    pub async fn see_notices(
        &self,
        account: &AccountId,
        until: Timestamp,
    ) -> Result<(), StorageError> {
        ask!(self, backend => backend.see_notices(account, until).await)
    }

    /// Throws away what has run out: tickets by their time, sessions and attempts that are older than the moments given. Attempts from so
    /// many failures on stay: they lock.
    ///
    /// # Errors
    /// The store failed.
    pub async fn tidy_access(
        &self,
        now: Timestamp,
        sessions_before: Timestamp,
        attempts_before: Timestamp,
        locking: u32,
    ) -> Result<(), StorageError> {
        ask!(self, backend => backend.tidy_access(now, sessions_before, attempts_before, locking).await)
    }
}
