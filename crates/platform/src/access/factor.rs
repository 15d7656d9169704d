//! Second factors: authenticator apps and recovery codes, and what an account has of them.

use casework::account::{self, Command};
use casework::{AccountId, Act};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use storage::access::{AccessChange, SecretHash};

use super::login::{Acting, Stage};
use super::secret::{self, Secret};
use super::{Access, AccessError, Step, Who, notice, owner, reasons, totp};

/// What an account has besides its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Factors {
    /// An authenticator app.
    pub totp: bool,
    /// Passkeys.
    pub passkeys: Vec<OwnPasskey>,
    /// Recovery codes that are left.
    pub recovery_codes: u64,
    /// Login providers that know the person.
    pub providers: Vec<String>,
}

/// A passkey as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnPasskey {
    /// Its name for machines, in hexadecimal.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// When it was registered.
    pub made_at: Timestamp,
    /// When it was used last.
    pub used_at: Option<Timestamp>,
}

/// An authenticator app that is to be proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTotp {
    /// For [`Access::finish_totp`].
    pub ticket: Secret,
    /// What is typed into an app that can't scan.
    pub secret: Secret,
    /// What goes into the QR code.
    pub uri: Secret,
}

/// A factor that was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// Recovery codes, shown once; none when there are some already.
    pub recovery_codes: Vec<Secret>,
    /// Where whoever was on the way in goes on.
    pub step: Option<Step>,
}

/// What the ticket of a new authenticator app says.
#[derive(Serialize, Deserialize)]
struct Pending {
    generation: u32,
    /// Sealed, in hexadecimal.
    secret: String,
}

impl Access {
    /// What an account has besides its password.
    ///
    /// # Errors
    /// The store failed.
    pub async fn factors(&self, id: &AccountId) -> Result<Factors, AccessError> {
        let passkeys = self.store().passkeys(id).await?;
        let outside = self.store().outside_identities(id).await?;
        let own = |passkey: storage::access::Passkey| OwnPasskey {
            id: hex::encode(passkey.id),
            name: passkey.name,
            made_at: passkey.made_at,
            used_at: passkey.used_at,
        };
        Ok(Factors {
            totp: self.store().totp(id).await?.is_some(),
            passkeys: passkeys.into_iter().map(own).collect(),
            recovery_codes: self.store().recovery_codes(id).await?,
            providers: outside
                .into_iter()
                .map(|identity| identity.issuer)
                .collect(),
        })
    }

    /// Begins to register an authenticator app.
    ///
    /// # Errors
    /// `access.ticket`; the deployment's key is missing.
    pub async fn start_totp(&self, who: Who<'_>) -> Result<NewTotp, AccessError> {
        let Acting { account, act, .. } = self.acting(who).await?;
        let secret = secret::random::<20>()?;
        let sealed = secret::seal(self.seal_key(), &account.id.0, &secret)?;
        let pending = Pending {
            generation: account.generation,
            secret: hex::encode(sealed),
        };
        let ticket = self
            .ticket(Stage::NewTotp, Some(&account.id), &pending, act.at)
            .await?;
        Ok(NewTotp {
            ticket,
            secret: secret::base32(&secret).into(),
            uri: totp::uri(&secret, &self.0.setup.site.name, &account.id.0).into(),
        })
    }

    /// Registers the authenticator app, in place of an earlier one, once it shows the right code.
    ///
    /// # Errors
    /// `access.code_wrong`; `access.ticket`.
    pub async fn finish_totp(
        &self,
        who: Who<'_>,
        ticket: &str,
        code: &str,
    ) -> Result<Registered, AccessError> {
        let acting = self.acting(who).await?;
        let (account, act) = (&acting.account, &acting.act);
        let (ticket, pending): (_, Pending) =
            self.read_ticket(ticket, Stage::NewTotp, 1, act.at).await?;
        let of_them = ticket.account.as_ref() == Some(&account.id)
            && pending.generation == account.generation;
        reasons::TICKET.unless(of_them)?;
        let sealed = hex::decode(&pending.secret).map_err(|_| reasons::TICKET.refusal())?;
        let secret = secret::unseal(self.seal_key(), &account.id.0, &sealed)?;
        let step = totp::step_of(&secret, code, act.at);
        let step = step.ok_or_else(|| reasons::CODE_WRONG.refusal())?;
        self.take(&ticket).await?;
        let change = AccessChange::Totp {
            account: account.id.clone(),
            secret: sealed,
            step,
        };
        self.register(acting, "totp", change).await
    }

    /// Keeps a new factor with its event, with recovery codes where there are none.
    pub(crate) async fn register(
        &self,
        acting: Acting,
        what: &str,
        change: AccessChange,
    ) -> Result<Registered, AccessError> {
        let (id, act) = (&acting.account.id, &acting.act);
        let mut changes = vec![change, notice(id, &format!("{what}_registered"), act)];
        let mut recovery_codes = Vec::new();
        if self.store().recovery_codes(id).await? == 0 {
            let (codes, hashes) = self.make_codes()?;
            recovery_codes = codes;
            changes.push(AccessChange::RecoveryCodes {
                account: id.clone(),
                hashes,
            });
        }
        let command = Command::ChangeFactor(what.to_owned());
        self.change(act, id, None, &command, changes).await?;
        let step = self.go_on(&acting).await?;
        Ok(Registered {
            recovery_codes,
            step,
        })
    }

    /// Makes new recovery codes in place of those that are left.
    ///
    /// # Errors
    /// Not somebody of the staff.
    pub async fn new_recovery_codes(&self, act: &Act) -> Result<Vec<Secret>, AccessError> {
        let id = owner(act)?;
        let (codes, hashes) = self.make_codes()?;
        let changes = vec![
            AccessChange::RecoveryCodes {
                account: id.clone(),
                hashes,
            },
            notice(id, "recovery_codes_made", act),
        ];
        let command = Command::ChangeFactor("recovery_codes".into());
        self.change(act, id, None, &command, changes).await?;
        Ok(codes)
    }

    /// Removes one's own authenticator app.
    ///
    /// # Errors
    /// `access.factor_required` when the role needs a second factor and there is no other.
    pub async fn drop_totp(&self, act: &Act) -> Result<(), AccessError> {
        let id = owner(act)?;
        let factors = self.factors(id).await?;
        reasons::FACTOR_UNKNOWN.unless(factors.totp)?;
        self.may_do_without(id, !factors.passkeys.is_empty())
            .await?;
        let changes = vec![
            AccessChange::DropTotp(id.clone()),
            notice(id, "totp_removed", act),
        ];
        let command = Command::ChangeFactor("totp_removed".into());
        self.change(act, id, None, &command, changes).await?;
        Ok(())
    }

    /// Removes one of one's own passkeys, named as in [`OwnPasskey::id`].
    ///
    /// # Errors
    /// As for [`Access::drop_totp`].
    pub async fn drop_passkey(&self, act: &Act, passkey: &str) -> Result<(), AccessError> {
        let id = owner(act)?;
        let factors = self.factors(id).await?;
        let known = factors.passkeys.iter().any(|own| own.id == passkey);
        let passkey = hex::decode(passkey).ok().filter(|_| known);
        let passkey = passkey.ok_or_else(|| reasons::FACTOR_UNKNOWN.refusal())?;
        let others = factors.totp || factors.passkeys.len() > 1;
        self.may_do_without(id, others).await?;
        let changes = vec![
            AccessChange::DropPasskey {
                account: id.clone(),
                id: passkey,
            },
            notice(id, "passkey_removed", act),
        ];
        let command = Command::ChangeFactor("passkey_removed".into());
        self.change(act, id, None, &command, changes).await?;
        Ok(())
    }

    async fn may_do_without(&self, id: &AccountId, others: bool) -> Result<(), AccessError> {
        let account = self.load(id).await?;
        let account = account.ok_or_else(|| account::UNKNOWN.refusal())?;
        let needed = self.rules().needs_second_factor(account.role);
        Ok(reasons::FACTOR_REQUIRED.unless(others || !needed)?)
    }

    fn make_codes(&self) -> Result<(Vec<Secret>, Vec<SecretHash>), AccessError> {
        let mut codes = Vec::new();
        let mut hashes = Vec::new();
        for _ in 0..self.rules().second_factor.recovery_codes {
            let code = secret::recovery_code()?;
            hashes.push(secret::hash(code.expose()));
            codes.push(code);
        }
        Ok((codes, hashes))
    }
}
