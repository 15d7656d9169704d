//! The SQL of signing in, compiled once for each database like `backend.rs`.

use casework::{AccountId, Role};
use jiff::Timestamp;
use sqlx::{FromRow, Transaction};

use super::{BEGIN, Backend, Db};
use crate::StorageError;
use crate::access::{
    AccessChange, Attempts, Notice, OutsideIdentity, Passkey, Password, SecretHash, Session,
    Ticket, Token,
};

type Tx = Transaction<'static, Db>;

/// A query for whole rows of a table.
macro_rules! passkeys {
    ($rest:literal) => {
        concat!(
            "SELECT id, account, name, public_key, counter, made_at, used_at FROM passkey ",
            $rest
        )
    };
}
macro_rules! sessions {
    ($rest:literal) => {
        concat!(
            "SELECT hash, account, generation, means, origin, made_at, used_at FROM session ",
            $rest
        )
    };
}
macro_rules! tokens {
    ($rest:literal) => {
        concat!("SELECT hash, name, unit, place, role, maker, made_at, until, revoked_at, used_at FROM token ", $rest)
    };
}

impl Backend {
    pub(crate) async fn accounts(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(String, String)>, StorageError> {
        let rows = sqlx::query_as(
            "SELECT id, state FROM record WHERE kind = 'account' AND id > $1 ORDER BY id LIMIT $2",
        );
        Ok(rows
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(self.pool())
            .await?)
    }

    // Passwords and second factors.

    pub(crate) async fn password(
        &self,
        account: &AccountId,
    ) -> Result<Option<Password>, StorageError> {
        let row: Option<(String, Option<i64>)> =
            sqlx::query_as("SELECT hash, until FROM password WHERE account = $1")
                .bind(&account.0)
                .fetch_optional(self.pool())
                .await?;
        let password = |(hash, until): (String, Option<i64>)| {
            let until = until.map(|until| moment("until", until)).transpose()?;
            Ok(Password { hash, until })
        };
        row.map(password).transpose()
    }

    pub(crate) async fn rehash(
        &self,
        account: &AccountId,
        old: &str,
        new: &str,
    ) -> Result<(), StorageError> {
        sqlx::query("UPDATE password SET hash = $3 WHERE account = $1 AND hash = $2")
            .bind(&account.0)
            .bind(old)
            .bind(new)
            .execute(self.pool())
            .await?;
        Ok(())
    }

    pub(crate) async fn totp(&self, account: &AccountId) -> Result<Option<Vec<u8>>, StorageError> {
        let row: Option<(Vec<u8>,)> = sqlx::query_as("SELECT secret FROM totp WHERE account = $1")
            .bind(&account.0)
            .fetch_optional(self.pool())
            .await?;
        Ok(row.map(|(secret,)| secret))
    }

    pub(crate) async fn accept_step(
        &self,
        account: &AccountId,
        step: u64,
    ) -> Result<bool, StorageError> {
        let done = sqlx::query("UPDATE totp SET step = $2 WHERE account = $1 AND step < $2")
            .bind(&account.0)
            .bind(step.cast_signed())
            .execute(self.pool())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn recovery_codes(&self, account: &AccountId) -> Result<u64, StorageError> {
        let (left,): (i64,) =
            sqlx::query_as("SELECT COUNT(*) FROM recovery_code WHERE account = $1")
                .bind(&account.0)
                .fetch_one(self.pool())
                .await?;
        Ok(left.cast_unsigned())
    }

    pub(crate) async fn use_recovery_code(
        &self,
        account: &AccountId,
        hash: &SecretHash,
    ) -> Result<bool, StorageError> {
        let done = sqlx::query("DELETE FROM recovery_code WHERE account = $1 AND hash = $2")
            .bind(&account.0)
            .bind(hash.as_slice())
            .execute(self.pool())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn passkeys(&self, account: &AccountId) -> Result<Vec<Passkey>, StorageError> {
        let rows: Vec<PasskeyRow> =
            sqlx::query_as(passkeys!("WHERE account = $1 ORDER BY made_at, id"))
                .bind(&account.0)
                .fetch_all(self.pool())
                .await?;
        rows.into_iter().map(PasskeyRow::read).collect()
    }

    pub(crate) async fn passkey(&self, id: &[u8]) -> Result<Option<Passkey>, StorageError> {
        let row: Option<PasskeyRow> = sqlx::query_as(passkeys!("WHERE id = $1"))
            .bind(id)
            .fetch_optional(self.pool())
            .await?;
        row.map(PasskeyRow::read).transpose()
    }

    pub(crate) async fn use_passkey(
        &self,
        id: &[u8],
        counter: u32,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        let done = sqlx::query(
            "UPDATE passkey SET counter = $2, used_at = $3 \
             WHERE id = $1 AND (counter < $2 OR (counter = 0 AND $2 = 0))",
        )
        .bind(id)
        .bind(i64::from(counter))
        .bind(at.as_microsecond())
        .execute(self.pool())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn outside_identity(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<AccountId>, StorageError> {
        let row: Option<(String,)> = sqlx::query_as(
            "SELECT account FROM outside_identity WHERE issuer = $1 AND subject = $2",
        )
        .bind(issuer)
        .bind(subject)
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(|(account,)| AccountId(account)))
    }

    pub(crate) async fn outside_identities(
        &self,
        account: &AccountId,
    ) -> Result<Vec<OutsideIdentity>, StorageError> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT issuer, subject, made_at FROM outside_identity WHERE account = $1 ORDER BY issuer, subject",
        )
        .bind(&account.0)
        .fetch_all(self.pool())
        .await?;
        let identity = |(issuer, subject, made_at)| {
            Ok(OutsideIdentity {
                issuer,
                subject,
                account: account.clone(),
                made_at: moment("made_at", made_at)?,
            })
        };
        rows.into_iter().map(identity).collect()
    }

    pub(crate) async fn change_access(&self, changes: &[AccessChange]) -> Result<(), StorageError> {
        let mut tx = self.pool().begin_with(BEGIN).await?;
        write(&mut tx, changes).await?;
        Ok(tx.commit().await?)
    }

    // Tickets and sessions.

    pub(crate) async fn keep_ticket(&self, ticket: &Ticket) -> Result<(), StorageError> {
        sqlx::query(
            "INSERT INTO ticket (hash, stage, account, body, until, tries) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(ticket.hash.as_slice())
        .bind(&ticket.stage)
        .bind(ticket.account.as_ref().map(|account| account.0.as_str()))
        .bind(&ticket.body)
        .bind(ticket.until.as_microsecond())
        .bind(i64::from(ticket.tries))
        .execute(self.pool())
        .await?;
        Ok(())
    }

    pub(crate) async fn try_ticket(
        &self,
        hash: &SecretHash,
        at: Timestamp,
        tries: u32,
    ) -> Result<Option<Ticket>, StorageError> {
        let row: Option<TicketRow> = sqlx::query_as(
            "UPDATE ticket SET tries = tries - $3 WHERE hash = $1 AND tries > 0 AND until >= $2 \
             RETURNING stage, account, body, until, tries",
        )
        .bind(hash.as_slice())
        .bind(at.as_microsecond())
        .bind(i64::from(tries))
        .fetch_optional(self.pool())
        .await?;
        let ticket = |row: TicketRow| {
            Ok(Ticket {
                hash: *hash,
                stage: row.stage,
                account: row.account.map(AccountId),
                body: row.body,
                until: moment("until", row.until)?,
                tries: number("tries", row.tries)?,
            })
        };
        row.map(ticket).transpose()
    }

    pub(crate) async fn use_ticket(&self, hash: &SecretHash) -> Result<bool, StorageError> {
        let done = sqlx::query("DELETE FROM ticket WHERE hash = $1")
            .bind(hash.as_slice())
            .execute(self.pool())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn open_session(&self, session: &Session) -> Result<(), StorageError> {
        sqlx::query(
            "INSERT INTO session (hash, account, generation, means, origin, made_at, used_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(session.hash.as_slice())
        .bind(&session.account.0)
        .bind(i64::from(session.generation))
        .bind(&session.means)
        .bind(&session.origin)
        .bind(session.made_at.as_microsecond())
        .bind(session.used_at.as_microsecond())
        .execute(self.pool())
        .await?;
        Ok(())
    }

    pub(crate) async fn session(&self, hash: &SecretHash) -> Result<Option<Session>, StorageError> {
        let row: Option<SessionRow> = sqlx::query_as(sessions!("WHERE hash = $1"))
            .bind(hash.as_slice())
            .fetch_optional(self.pool())
            .await?;
        row.map(SessionRow::read).transpose()
    }

    pub(crate) async fn sessions(&self, account: &AccountId) -> Result<Vec<Session>, StorageError> {
        let rows: Vec<SessionRow> =
            sqlx::query_as(sessions!("WHERE account = $1 ORDER BY made_at, hash"))
                .bind(&account.0)
                .fetch_all(self.pool())
                .await?;
        rows.into_iter().map(SessionRow::read).collect()
    }

    pub(crate) async fn touch_session(
        &self,
        hash: &SecretHash,
        origin: &str,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        sqlx::query("UPDATE session SET origin = $2, used_at = $3 WHERE hash = $1")
            .bind(hash.as_slice())
            .bind(origin)
            .bind(at.as_microsecond())
            .execute(self.pool())
            .await?;
        Ok(())
    }

    pub(crate) async fn end_session(&self, hash: &SecretHash) -> Result<(), StorageError> {
        sqlx::query("DELETE FROM session WHERE hash = $1")
            .bind(hash.as_slice())
            .execute(self.pool())
            .await?;
        Ok(())
    }

    // Attempts.

    pub(crate) async fn attempts(&self, key: &str) -> Result<Option<Attempts>, StorageError> {
        let row: Option<(i64, i64)> =
            sqlx::query_as("SELECT failures, last_at FROM attempt WHERE key = $1")
                .bind(key)
                .fetch_optional(self.pool())
                .await?;
        let attempts = |(failures, last_at)| {
            Ok(Attempts {
                failures: number("failures", failures)?,
                last_at: moment("last_at", last_at)?,
            })
        };
        row.map(attempts).transpose()
    }

    pub(crate) async fn count_attempt(
        &self,
        key: &str,
        before: Option<Attempts>,
        after: Attempts,
    ) -> Result<bool, StorageError> {
        let counted = match before {
            None => sqlx::query(
                "INSERT INTO attempt (key, failures, last_at) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING",
            )
            .bind(key)
            .bind(i64::from(after.failures))
            .bind(after.last_at.as_microsecond()),
            Some(before) => sqlx::query(
                "UPDATE attempt SET failures = $2, last_at = $3 WHERE key = $1 AND failures = $4 AND last_at = $5",
            )
            .bind(key)
            .bind(i64::from(after.failures))
            .bind(after.last_at.as_microsecond())
            .bind(i64::from(before.failures))
            .bind(before.last_at.as_microsecond()),
        };
        Ok(counted.execute(self.pool()).await?.rows_affected() == 1)
    }

    pub(crate) async fn uncount_attempt(&self, key: &str) -> Result<(), StorageError> {
        sqlx::query("UPDATE attempt SET failures = failures - 1 WHERE key = $1 AND failures > 0")
            .bind(key)
            .execute(self.pool())
            .await?;
        Ok(())
    }

    // Tokens and notices.

    pub(crate) async fn keep_token(&self, token: &Token) -> Result<bool, StorageError> {
        let done = sqlx::query(
            "INSERT INTO token (hash, name, unit, place, role, maker, made_at, until) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO NOTHING",
        )
        .bind(token.hash.as_slice())
        .bind(&token.name)
        .bind(token.unit.to_string())
        .bind(serde_json::to_string(&token.place)?)
        .bind(serde_json::to_string(&token.role)?)
        .bind(&token.maker)
        .bind(token.made_at.as_microsecond())
        .bind(token.until.as_microsecond())
        .execute(self.pool())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn token(&self, hash: &SecretHash) -> Result<Option<Token>, StorageError> {
        let row: Option<TokenRow> = sqlx::query_as(tokens!("WHERE hash = $1"))
            .bind(hash.as_slice())
            .fetch_optional(self.pool())
            .await?;
        row.map(TokenRow::read).transpose()
    }

    pub(crate) async fn tokens(&self) -> Result<Vec<Token>, StorageError> {
        let rows: Vec<TokenRow> = sqlx::query_as(tokens!("ORDER BY name"))
            .fetch_all(self.pool())
            .await?;
        rows.into_iter().map(TokenRow::read).collect()
    }

    pub(crate) async fn touch_token(
        &self,
        hash: &SecretHash,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        sqlx::query("UPDATE token SET used_at = $2 WHERE hash = $1")
            .bind(hash.as_slice())
            .bind(at.as_microsecond())
            .execute(self.pool())
            .await?;
        Ok(())
    }

    pub(crate) async fn revoke_token(&self, name: &str, at: Timestamp) -> Result<(), StorageError> {
        sqlx::query("UPDATE token SET revoked_at = $2 WHERE name = $1 AND revoked_at IS NULL")
            .bind(name)
            .bind(at.as_microsecond())
            .execute(self.pool())
            .await?;
        Ok(())
    }

    pub(crate) async fn keep_notice(&self, notice: &Notice) -> Result<bool, StorageError> {
        let mut tx = self.pool().begin_with(BEGIN).await?;
        let new = add_notice(&mut tx, notice).await?;
        tx.commit().await?;
        Ok(new)
    }

    pub(crate) async fn notices(
        &self,
        account: &AccountId,
        limit: u32,
    ) -> Result<Vec<Notice>, StorageError> {
        let rows: Vec<(i64, String, String, i64)> = sqlx::query_as(
            "SELECT at, what, origin, seen FROM notice WHERE account = $1 ORDER BY at DESC, what, origin LIMIT $2",
        )
        .bind(&account.0)
        .bind(i64::from(limit))
        .fetch_all(self.pool())
        .await?;
        let notice = |(at, what, origin, seen)| {
            Ok(Notice {
                account: account.clone(),
                at: moment("at", at)?,
                what,
                origin,
                seen: seen != 0,
            })
        };
        rows.into_iter().map(notice).collect()
    }

    pub(crate) async fn see_notices(
        &self,
        account: &AccountId,
        until: Timestamp,
    ) -> Result<(), StorageError> {
        sqlx::query("UPDATE notice SET seen = 1 WHERE account = $1 AND at <= $2")
            .bind(&account.0)
            .bind(until.as_microsecond())
            .execute(self.pool())
            .await?;
        Ok(())
    }

    pub(crate) async fn tidy_access(
        &self,
        now: Timestamp,
        sessions_before: Timestamp,
        attempts_before: Timestamp,
        locking: u32,
    ) -> Result<(), StorageError> {
        sqlx::query("DELETE FROM ticket WHERE until < $1")
            .bind(now.as_microsecond())
            .execute(self.pool())
            .await?;
        sqlx::query("DELETE FROM session WHERE made_at < $1")
            .bind(sessions_before.as_microsecond())
            .execute(self.pool())
            .await?;
        sqlx::query("DELETE FROM attempt WHERE last_at < $1 AND failures < $2")
            .bind(attempts_before.as_microsecond())
            .bind(i64::from(locking))
            .execute(self.pool())
            .await?;
        Ok(())
    }
}

/// Writes changes within the transaction of the events that they go with.
pub(crate) async fn write(tx: &mut Tx, changes: &[AccessChange]) -> Result<(), StorageError> {
    for change in changes {
        write_one(tx, change).await?;
    }
    Ok(())
}

async fn write_one(tx: &mut Tx, change: &AccessChange) -> Result<(), StorageError> {
    match change {
        AccessChange::Password {
            account,
            hash,
            until,
        } => set_password(tx, account, hash, *until).await,
        AccessChange::Totp {
            account,
            secret,
            step,
        } => set_totp(tx, account, secret, *step).await,
        AccessChange::RecoveryCodes { account, hashes } => set_codes(tx, account, hashes).await,
        AccessChange::Passkey(passkey) => add_passkey(tx, passkey).await,
        AccessChange::DropPasskey { account, id } => {
            let sql = "DELETE FROM passkey WHERE account = $1 AND id = $2";
            delete_of(tx, sql, account, id.as_slice()).await
        }
        AccessChange::Outside(identity) => add_outside(tx, identity).await,
        AccessChange::DropOutside { account, issuer } => {
            let sql = "DELETE FROM outside_identity WHERE account = $1 AND issuer = $2";
            delete_of(tx, sql, account, issuer.as_str()).await
        }
        AccessChange::DropTotp(account) => {
            delete_all(tx, "DELETE FROM totp WHERE account = $1", account).await
        }
        AccessChange::DropFactors(account) => drop_factors(tx, account).await,
        AccessChange::EndSessions { account, keep } => {
            let keep = keep.map_or_else(Vec::new, |hash| hash.to_vec());
            let sql = "DELETE FROM session WHERE account = $1 AND hash <> $2";
            delete_of(tx, sql, account, keep).await
        }
        AccessChange::ForgetAttempts(key) => {
            sqlx::query("DELETE FROM attempt WHERE key = $1")
                .bind(key)
                .execute(&mut **tx)
                .await?;
            Ok(())
        }
        AccessChange::Notice(notice) => add_notice(tx, notice).await.map(|_| ()),
    }
}

async fn set_password(
    tx: &mut Tx,
    account: &AccountId,
    hash: &str,
    until: Option<Timestamp>,
) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO password (account, hash, until) VALUES ($1, $2, $3) \
         ON CONFLICT (account) DO UPDATE SET hash = excluded.hash, until = excluded.until",
    )
    .bind(&account.0)
    .bind(hash)
    .bind(until.map(Timestamp::as_microsecond))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn set_totp(
    tx: &mut Tx,
    account: &AccountId,
    secret: &[u8],
    step: u64,
) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO totp (account, secret, step) VALUES ($1, $2, $3) \
         ON CONFLICT (account) DO UPDATE SET secret = excluded.secret, step = excluded.step",
    )
    .bind(&account.0)
    .bind(secret)
    .bind(step.cast_signed())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn set_codes(
    tx: &mut Tx,
    account: &AccountId,
    hashes: &[SecretHash],
) -> Result<(), StorageError> {
    delete_all(tx, "DELETE FROM recovery_code WHERE account = $1", account).await?;
    for hash in hashes {
        sqlx::query("INSERT INTO recovery_code (account, hash) VALUES ($1, $2)")
            .bind(&account.0)
            .bind(hash.as_slice())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

async fn add_outside(tx: &mut Tx, identity: &OutsideIdentity) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO outside_identity (issuer, subject, account, made_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(&identity.issuer)
    .bind(&identity.subject)
    .bind(&identity.account.0)
    .bind(identity.made_at.as_microsecond())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn add_notice(tx: &mut Tx, notice: &Notice) -> Result<bool, StorageError> {
    let done = sqlx::query(
        "INSERT INTO notice (account, at, what, origin) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (account, at, what, origin) DO NOTHING",
    )
    .bind(&notice.account.0)
    .bind(notice.at.as_microsecond())
    .bind(&notice.what)
    .bind(&notice.origin)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn add_passkey(tx: &mut Tx, passkey: &Passkey) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO passkey (id, account, name, public_key, counter, made_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&passkey.id)
    .bind(&passkey.account.0)
    .bind(&passkey.name)
    .bind(&passkey.public_key)
    .bind(i64::from(passkey.counter))
    .bind(passkey.made_at.as_microsecond())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn drop_factors(tx: &mut Tx, account: &AccountId) -> Result<(), StorageError> {
    for sql in [
        "DELETE FROM totp WHERE account = $1",
        "DELETE FROM recovery_code WHERE account = $1",
        "DELETE FROM passkey WHERE account = $1",
        "DELETE FROM outside_identity WHERE account = $1",
    ] {
        delete_all(tx, sql, account).await?;
    }
    Ok(())
}

async fn delete_all(
    tx: &mut Tx,
    sql: &'static str,
    account: &AccountId,
) -> Result<(), StorageError> {
    sqlx::query(sql).bind(&account.0).execute(&mut **tx).await?;
    Ok(())
}

async fn delete_of<'v, V>(
    tx: &mut Tx,
    sql: &'static str,
    account: &'v AccountId,
    what: V,
) -> Result<(), StorageError>
where
    V: 'v + sqlx::Encode<'v, Db> + sqlx::Type<Db>,
{
    sqlx::query(sql)
        .bind(&account.0)
        .bind(what)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct PasskeyRow {
    id: Vec<u8>,
    account: String,
    name: String,
    public_key: Vec<u8>,
    counter: i64,
    made_at: i64,
    used_at: Option<i64>,
}

impl PasskeyRow {
    fn read(self) -> Result<Passkey, StorageError> {
        Ok(Passkey {
            id: self.id,
            account: AccountId(self.account),
            name: self.name,
            public_key: self.public_key,
            counter: number("counter", self.counter)?,
            made_at: moment("made_at", self.made_at)?,
            used_at: self.used_at.map(|at| moment("used_at", at)).transpose()?,
        })
    }
}

#[derive(FromRow)]
struct TicketRow {
    stage: String,
    account: Option<String>,
    body: String,
    until: i64,
    tries: i64,
}

#[derive(FromRow)]
struct SessionRow {
    hash: Vec<u8>,
    account: String,
    generation: i64,
    means: String,
    origin: String,
    made_at: i64,
    used_at: i64,
}

impl SessionRow {
    fn read(self) -> Result<Session, StorageError> {
        Ok(Session {
            hash: secret_hash(&self.hash)?,
            account: AccountId(self.account),
            generation: number("generation", self.generation)?,
            means: self.means,
            origin: self.origin,
            made_at: moment("made_at", self.made_at)?,
            used_at: moment("used_at", self.used_at)?,
        })
    }
}

#[derive(FromRow)]
struct TokenRow {
    hash: Vec<u8>,
    name: String,
    unit: String,
    place: String,
    role: String,
    maker: String,
    made_at: i64,
    until: i64,
    revoked_at: Option<i64>,
    used_at: Option<i64>,
}

impl TokenRow {
    fn read(self) -> Result<Token, StorageError> {
        let altered = |column, value: &str| StorageError::Altered {
            column,
            value: value.to_owned(),
        };
        let role: Role =
            serde_json::from_str(&self.role).map_err(|_| altered("role", &self.role))?;
        Ok(Token {
            hash: secret_hash(&self.hash)?,
            unit: self.unit.parse().map_err(|_| altered("unit", &self.unit))?,
            place: serde_json::from_str(&self.place).map_err(|_| altered("place", &self.place))?,
            role,
            name: self.name,
            maker: self.maker,
            made_at: moment("made_at", self.made_at)?,
            until: moment("until", self.until)?,
            revoked_at: self
                .revoked_at
                .map(|at| moment("revoked_at", at))
                .transpose()?,
            used_at: self.used_at.map(|at| moment("used_at", at)).transpose()?,
        })
    }
}

fn secret_hash(bytes: &[u8]) -> Result<SecretHash, StorageError> {
    bytes.try_into().map_err(|_| StorageError::Altered {
        column: "hash",
        value: format!("{} bytes", bytes.len()),
    })
}

fn number(column: &'static str, value: i64) -> Result<u32, StorageError> {
    u32::try_from(value).map_err(|_| StorageError::Altered {
        column,
        value: value.to_string(),
    })
}

fn moment(column: &'static str, microseconds: i64) -> Result<Timestamp, StorageError> {
    Timestamp::from_microsecond(microseconds).map_err(|_| StorageError::Altered {
        column,
        value: microseconds.to_string(),
    })
}
