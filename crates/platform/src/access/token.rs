//! Tokens of other systems: bound to a unit and a role, for a limited time, shown once.

use casework::account::{Account, Command};
use casework::rights::Right;
use casework::{AccountId, Act, Actor, Origin, Procedure as _, Role, Unit, rights};
use jiff::Timestamp;
use registry::area::Place;
use serde::{Deserialize, Serialize};
use storage::access::Token;

use super::secret::{self, Secret};
use super::{Access, AccessError, Authenticated, after, reasons, rules};
use crate::trail::Trace;

/// A token that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    /// Its name in the log: which system, not which person.
    pub name: String,
    /// For which unit it acts.
    pub unit: Unit,
    /// In which role.
    pub role: Role,
    /// Its last moment.
    pub until: Timestamp,
}

/// A token as those see it who run accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenInfo {
    /// Its name in the log.
    pub name: String,
    /// For which unit it acts.
    pub unit: Unit,
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

impl Access {
    /// Makes a token. Whoever may open an account for that role in that unit may make one, nobody else.
    ///
    /// # Errors
    /// The refusals of opening such an account; `access.token_name`, `access.token_until`, `access.token_unfit`.
    pub async fn make_token(&self, act: &Act, new: &NewToken) -> Result<Secret, AccessError> {
        let made = self.try_make_token(act, new).await;
        self.noting_refusal(act, made).await
    }

    async fn try_make_token(&self, act: &Act, new: &NewToken) -> Result<Secret, AccessError> {
        let place = self.0.platform.place_of(&new.unit).await?;
        rights::check(&act.by, Right::ManageAccounts, &target(&new.unit, place))?;
        let name = AccountId::parse(&new.name).ok_or_else(|| reasons::TOKEN_NAME.refusal())?;
        // An account for it would be no more: role and unit fit, and its unit is one level below.
        let like_an_account = Command::Create {
            id: name.clone(),
            name: name.0.clone(),
            unit: new.unit.clone(),
            place,
            role: new.role,
        };
        Account::decide(None, &like_an_account, act)?;
        // What an operator does, no other system does.
        reasons::TOKEN_UNFIT.unless(new.role != Role::Operator)?;
        let longest = rules::hours(24) * self.rules().token.longest_days.cast_signed();
        let last = after(act.at, longest);
        reasons::TOKEN_UNTIL.unless(new.until > act.at && new.until <= last)?;
        let (secret, hash) = secret::new_secret(secret::TOKEN)?;
        let token = Token {
            hash,
            name: name.0,
            unit: new.unit.clone(),
            place,
            role: new.role,
            maker: maker(&act.by),
            made_at: act.at,
            until: new.until,
            revoked_at: None,
            used_at: None,
        };
        reasons::TOKEN_NAME.unless(self.store().keep_token(&token).await?)?;
        self.note_token(&token.name, "token_made", act).await?;
        Ok(secret)
    }

    /// Takes a token back, for good.
    ///
    /// # Errors
    /// Not found, for a token beyond reach too.
    pub async fn revoke_token(&self, act: &Act, name: &str) -> Result<(), AccessError> {
        let found = self.tokens(act).await;
        let found = found.map(|tokens| tokens.into_iter().any(|token| token.name == name));
        let known = self.noting_refusal(act, found).await?;
        let known = Ok(rights::NOT_FOUND.unless(known)?);
        self.noting_refusal(act, known).await?;
        self.store().revoke_token(name, act.at).await?;
        self.note_token(name, "token_revoked", act).await
    }

    /// The tokens within reach, by name.
    ///
    /// # Errors
    /// The role does not run accounts.
    pub async fn tokens(&self, act: &Act) -> Result<Vec<TokenInfo>, AccessError> {
        rights::check_role(&act.by, Right::ManageAccounts)?;
        let mut tokens = self.store().tokens().await?;
        tokens.retain(|token| {
            let target = target(&token.unit, token.place);
            rights::check(&act.by, Right::ManageAccounts, &target).is_ok()
        });
        let info = |token: Token| TokenInfo {
            name: token.name,
            unit: token.unit,
            role: token.role,
            maker: token.maker,
            made_at: token.made_at,
            until: token.until,
            revoked_at: token.revoked_at,
            used_at: token.used_at,
        };
        Ok(tokens.into_iter().map(info).collect())
    }

    pub(crate) async fn authenticate_token(
        &self,
        bearer: &str,
        from: &Origin,
        at: Timestamp,
    ) -> Result<Authenticated, AccessError> {
        let hash = secret::hash(bearer);
        let token = self.store().token(&hash).await?;
        let token = token.ok_or_else(|| reasons::TOKEN.refusal())?;
        let fresh = rules::seconds(self.rules().session.touch_seconds);
        let holds = token.revoked_at.is_none() && at <= token.until;
        let touched = token
            .used_at
            .is_some_and(|used| at.duration_since(used).abs() < fresh);
        if !touched {
            self.store().touch_token(&hash, at).await?;
        }
        let by = Actor::Client {
            token: token.name.clone(),
            unit: token.unit,
            role: token.role,
        };
        if holds {
            return Ok(Authenticated {
                by,
                name: token.name,
                session: None,
                until: token.until,
            });
        }
        let refusal = reasons::TOKEN.refusal();
        // Another system does not give up by itself: what it tries is noted as often as its use.
        if !touched {
            let code = refusal.reason.code;
            let act = Act {
                at,
                by,
                from: from.clone(),
                why: None,
            };
            let note = crate::trail::note(about(&token.name), Trace::Refused { code }, &act)?;
            self.0.platform.keep_note(note).await?;
        }
        Err(refusal.into())
    }

    async fn note_token(&self, name: &str, part: &str, act: &Act) -> Result<(), AccessError> {
        let note = crate::trail::note(about(name), Trace::ChangedAccess { part }, act)?;
        Ok(self.0.platform.keep_note(note).await?)
    }

    /// Hands a result on; a refusal of somebody who is known is noted first.
    pub(crate) async fn noting_refusal<T>(
        &self,
        act: &Act,
        result: Result<T, AccessError>,
    ) -> Result<T, AccessError> {
        if let Err(AccessError::Refused(refusal)) = &result {
            let code = refusal.reason.code;
            self.note(act.by.account(), Trace::Refused { code }, act)
                .await?;
        }
        result
    }
}

fn about(token: &str) -> String {
    format!("token/{token}")
}

fn maker(by: &Actor) -> String {
    match by {
        Actor::Staff { account, .. } => account.0.clone(),
        Actor::System { part } => part.clone(),
        Actor::Client { token, .. } => token.clone(),
        Actor::Citizen => String::new(),
    }
}

/// Whose accounts and tokens those of a unit are.
pub(crate) fn target(unit: &Unit, place: Place) -> rights::Target {
    let places = if place == Place::default() {
        Vec::new()
    } else {
        vec![place]
    };
    rights::Target {
        units: vec![unit.clone()],
        places,
        sealed: false,
    }
}
