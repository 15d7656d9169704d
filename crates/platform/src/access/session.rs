//! Who is signed in: what a session's or a token's secret stands for, looked up anew with each request.

use casework::account::AccountState;
use casework::{AccountId, Act, Actor, Origin};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use storage::access::{Notice, Session};

use super::{
    Access, AccessError, actor, after, at_the_door, before, owner, reasons, rules, secret,
};
use crate::trail::Trace;

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// As whom they act.
    pub by: Actor,
    /// The person's name, or the token's.
    pub name: String,
    /// The session's name ([`OwnSession::id`]); none for another system.
    pub session: Option<String>,
    /// Until when this holds at most.
    pub until: Timestamp,
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnSession {
    /// Its name, which opens nothing.
    pub id: String,
    /// With what it was opened.
    pub means: String,
    /// Where it was used last.
    pub origin: String,
    /// When it was opened.
    pub made_at: Timestamp,
    /// When it was used last.
    pub used_at: Timestamp,
}

/// A clock of another machine may be so much ahead.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

impl Access {
    /// Who has this secret: somebody who is signed in, or another system.
    ///
    /// # Errors
    /// `access.session` and `access.token`: unknown, run out, taken back, or of an account that was closed, reset or given to another
    /// unit or role since.
    pub async fn authenticate(
        &self,
        bearer: &str,
        from: &Origin,
        at: Timestamp,
    ) -> Result<Authenticated, AccessError> {
        if bearer.starts_with(secret::TOKEN) {
            return self.authenticate_token(bearer, from, at).await;
        }
        let hash = secret::hash(bearer);
        let session = self.store().session(&hash).await?;
        let session = session.ok_or_else(|| reasons::SESSION.refusal())?;
        let until = self.until(&session);
        let account = match self.load_open(&session.account, session.generation).await? {
            Some(account)
                if account.state == AccountState::Active && self.is_running(&session, at) =>
            {
                account
            }
            // Noted once: from now on there is no such session.
            _ => {
                self.store().end_session(&hash).await?;
                let refusal = reasons::SESSION.refusal();
                return self.refuse(Some(&session.account), refusal, from, at).await;
            }
        };
        self.touch(&session, from, at).await?;
        Ok(Authenticated {
            by: actor(&account),
            name: account.name,
            session: Some(name_of(&session)),
            until,
        })
    }

    /// One's own sessions that are running, the oldest first.
    ///
    /// # Errors
    /// Not somebody of the staff.
    pub async fn sessions(&self, act: &Act) -> Result<Vec<OwnSession>, AccessError> {
        let sessions = self.running(owner(act)?, act.at).await?;
        let own = |session: Session| OwnSession {
            id: name_of(&session),
            means: session.means,
            origin: session.origin,
            made_at: session.made_at,
            used_at: session.used_at,
        };
        Ok(sessions.into_iter().map(own).collect())
    }

    /// Ends one of one's own sessions, the present one or another.
    ///
    /// # Errors
    /// `access.session` when there is no such one.
    pub async fn end_session(&self, act: &Act, session: &str) -> Result<(), AccessError> {
        let id = owner(act)?;
        let sessions = self.store().sessions(id).await?;
        let found = sessions.iter().find(|own| name_of(own) == session);
        let found = found.ok_or_else(|| reasons::SESSION.refusal())?;
        self.store().end_session(&found.hash).await?;
        self.note(Some(id), Trace::SignedOut, act).await
    }

    /// Ends all of one's own sessions.
    ///
    /// # Errors
    /// Not somebody of the staff.
    pub async fn end_all_sessions(&self, act: &Act) -> Result<(), AccessError> {
        let id = owner(act)?;
        for session in self.store().sessions(id).await? {
            self.store().end_session(&session.hash).await?;
        }
        self.note(Some(id), Trace::SignedOut, act).await
    }

    /// What one has to know about one's own account, the newest first.
    ///
    /// # Errors
    /// Not somebody of the staff.
    pub async fn notices(&self, act: &Act, limit: u32) -> Result<Vec<Notice>, AccessError> {
        Ok(self.store().notices(owner(act)?, limit).await?)
    }

    /// One has read what there was up to a moment.
    ///
    /// # Errors
    /// Not somebody of the staff.
    pub async fn see_notices(&self, act: &Act, until: Timestamp) -> Result<(), AccessError> {
        Ok(self.store().see_notices(owner(act)?, until).await?)
    }

    /// A session that is used from elsewhere than another one, or than itself just before: accounts are never shared, so the owner is
    /// told, once for each such place and span of time.
    pub(crate) async fn tell_of_other_places(
        &self,
        session: &Session,
        from: &Origin,
        at: Timestamp,
    ) -> Result<(), AccessError> {
        let span = i64::from(self.rules().session.elsewhere_minutes) * 60;
        let since = before(at, SignedDuration::from_secs(span));
        let sessions = self.running(&session.account, at).await?;
        let other = sessions
            .into_iter()
            .find(|other| other.used_at > since && other.origin != from.0);
        let Some(other) = other else { return Ok(()) };
        let begins = at.as_second().div_euclid(span.max(1)) * span;
        let told = Notice {
            account: session.account.clone(),
            at: Timestamp::from_second(begins).unwrap_or(at),
            what: "used_elsewhere".to_owned(),
            origin: from.0.clone(),
            seen: false,
        };
        if self.store().keep_notice(&told).await? {
            let trace = Trace::UsedElsewhere {
                other: &other.origin,
            };
            self.note(Some(&session.account), trace, &at_the_door(from, at))
                .await?;
        }
        Ok(())
    }

    /// Notes where and when a session was used: at once from another place, now and then from the same.
    async fn touch(
        &self,
        session: &Session,
        from: &Origin,
        at: Timestamp,
    ) -> Result<(), AccessError> {
        let fresh = rules::seconds(self.rules().session.touch_seconds);
        let same = session.origin == from.0;
        if same && at.duration_since(session.used_at).abs() < fresh {
            return Ok(());
        }
        self.tell_of_other_places(session, from, at).await?;
        // With a clock that was set back the last use stays where it was: nothing lives longer by it.
        let used_at = at.max(session.used_at);
        Ok(self
            .store()
            .touch_session(&session.hash, &from.0, used_at)
            .await?)
    }

    /// An account's sessions that have not run out.
    async fn running(&self, id: &AccountId, at: Timestamp) -> Result<Vec<Session>, AccessError> {
        let mut sessions = self.store().sessions(id).await?;
        sessions.retain(|session| self.is_running(session, at));
        Ok(sessions)
    }

    fn is_running(&self, session: &Session, at: Timestamp) -> bool {
        let idle = rules::minutes(self.rules().session.idle_minutes);
        let begun = at >= before(session.made_at, SKEW);
        begun && at < self.until(session) && at < after(session.used_at, idle)
    }

    fn until(&self, session: &Session) -> Timestamp {
        let longest = rules::hours(self.rules().session.longest_hours);
        after(session.made_at, longest)
    }
}

/// A session's name: the beginning of its hash, which opens nothing.
fn name_of(session: &Session) -> String {
    hex::encode(&session.hash[..8])
}
