//! Accounts as those run them who may: opened, reset, closed, given to another unit or role.

use casework::account::{Account, Command};
use casework::rights::Right;
use casework::{AccountId, Act, Kind, Procedure as _, Role, Unit, lookup, rights};
use jiff::Timestamp;
use registry::area::Place;
use serde::{Deserialize, Serialize};
use storage::access::{AccessChange, OutsideIdentity};

use super::attempts::Attempt;
use super::secret::{self, Secret};
use super::token::target;
use super::{Access, AccessError, Factors, after, note_of, notice, owner, reasons, record, rules};
use crate::Done;

/// An account that is to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAccount {
    /// The name at login.
    pub id: String,
    /// The person's name.
    pub name: String,
    /// The unit.
    pub unit: Unit,
    /// The role.
    pub role: Role,
}

/// What whoever opened or reset an account hands to its owner, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstPassword {
    /// The name at login.
    pub id: AccountId,
    /// It.
    pub password: Secret,
    /// Its last moment.
    pub until: Timestamp,
    /// The revision of the account's record with it.
    pub revision: u64,
}

impl Access {
    /// Opens an account. Its first password is shown here and nowhere else.
    ///
    /// # Errors
    /// The refusals of [`casework::account`].
    pub async fn create(&self, act: &Act, new: &NewAccount) -> Result<FirstPassword, AccessError> {
        let id = AccountId::parse(&new.id).ok_or_else(|| casework::account::NAME_UNFIT.refusal());
        let id = self.noting_refusal(act, id.map_err(Into::into)).await?;
        let command = Command::Create {
            id: id.clone(),
            name: new.name.trim().to_owned(),
            unit: new.unit.clone(),
            place: Place::default(),
            role: new.role,
        };
        self.hand_out(act, id, None, &command, Vec::new()).await
    }

    /// Takes an account's password away and makes a new first one: all sessions are over and a lock is gone. `factors`: the second factors
    /// and linked identities go too, for somebody who lost them. `read`, here as below: the revision that the actor saw.
    ///
    /// # Errors
    /// The refusals of [`casework::account`].
    pub async fn reset(
        &self,
        act: &Act,
        id: &AccountId,
        read: Option<u64>,
        factors: bool,
    ) -> Result<FirstPassword, AccessError> {
        let mut access = vec![Attempt::forget(&id.0)];
        if factors {
            access.push(AccessChange::DropFactors(id.clone()));
            access.push(notice(id, "factors_removed", act));
        }
        self.hand_out(act, id.clone(), read, &Command::Reset, access)
            .await
    }

    /// Closes an account: its sessions are over at once.
    ///
    /// # Errors
    /// The refusals of [`casework::account`].
    pub async fn disable(
        &self,
        act: &Act,
        id: &AccountId,
        read: Option<u64>,
    ) -> Result<Done<Account>, AccessError> {
        self.change(act, id, read, &Command::Disable, vec![end_all(id)])
            .await
    }

    /// Opens a closed account again, with a new first password.
    ///
    /// # Errors
    /// The refusals of [`casework::account`].
    pub async fn enable(
        &self,
        act: &Act,
        id: &AccountId,
        read: Option<u64>,
    ) -> Result<FirstPassword, AccessError> {
        let access = vec![Attempt::forget(&id.0)];
        self.hand_out(act, id.clone(), read, &Command::Enable, access)
            .await
    }

    /// Gives an account another unit or role: its sessions are over.
    ///
    /// # Errors
    /// The refusals of [`casework::account`].
    pub async fn assign(
        &self,
        act: &Act,
        id: &AccountId,
        read: Option<u64>,
        unit: Unit,
        role: Role,
    ) -> Result<Done<Account>, AccessError> {
        let command = Command::Assign {
            unit,
            place: Place::default(),
            role,
        };
        let access = vec![end_all(id), notice(id, "assigned", act)];
        self.change(act, id, read, &command, access).await
    }

    /// An account and its second factors, for its owner and for those who run it.
    ///
    /// # Errors
    /// Not found, for one beyond reach too.
    pub async fn account(
        &self,
        act: &Act,
        id: &AccountId,
    ) -> Result<(Account, Factors), AccessError> {
        let found = self.within_reach(act, id).await;
        let account = self.noting_refusal(act, found).await?;
        Ok((account, self.factors(id).await?))
    }

    /// The accounts of a unit, by name.
    ///
    /// # Errors
    /// Not found, for a unit beyond reach.
    pub async fn accounts_of(&self, act: &Act, unit: &Unit) -> Result<Vec<Account>, AccessError> {
        let place = self.0.platform.place_of(unit).await?;
        let reached = rights::check(&act.by, Right::ManageAccounts, &target(unit, place));
        self.noting_refusal(act, reached.map_err(Into::into))
            .await?;
        let key = lookup::unit(unit);
        let found = self.store().find(Kind::Account, &key, None, u32::MAX);
        let mut accounts = Vec::new();
        for id in found.await? {
            accounts.extend(self.load(&AccountId(id.0)).await?);
        }
        Ok(accounts)
    }

    /// Accounts within reach after a name, by name.
    ///
    /// # Errors
    /// The role does not run accounts.
    pub async fn accounts(
        &self,
        act: &Act,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Account>, AccessError> {
        /// Accounts that are read at once.
        const CHUNK: u32 = 500;
        rights::check_role(&act.by, Right::ManageAccounts)?;
        let mut accounts = Vec::new();
        let mut after = after.to_owned();
        loop {
            let chunk = self.store().accounts(&after, CHUNK).await?;
            let Some(last) = chunk.last() else {
                return Ok(accounts);
            };
            after.clone_from(&last.id.0);
            let reached = |account: &Account| {
                let target = target(&account.unit, account.place);
                rights::check(&act.by, Right::ManageAccounts, &target).is_ok()
            };
            accounts.extend(chunk.into_iter().filter(reached));
            if accounts.len() >= limit {
                accounts.truncate(limit);
                return Ok(accounts);
            }
        }
    }

    /// Links an identity of a login provider to an account, as whoever runs it. The owner is told.
    ///
    /// # Errors
    /// `access.provider_unknown`; `access.linked_elsewhere`; the account is beyond reach.
    pub async fn link(
        &self,
        act: &Act,
        id: &AccountId,
        issuer: &str,
        subject: &str,
    ) -> Result<(), AccessError> {
        let linked = self.try_link(act, id, issuer, subject).await;
        self.noting_refusal(act, linked).await
    }

    async fn try_link(
        &self,
        act: &Act,
        id: &AccountId,
        issuer: &str,
        subject: &str,
    ) -> Result<(), AccessError> {
        let account = self.within_reach(act, id).await?;
        // Who may reset the password may link; nobody links to themselves what they did not prove.
        Account::decide(Some(&account), &Command::Reset, act)?;
        reasons::PROVIDER_UNKNOWN.unless(self.0.providers.has(issuer))?;
        self.keep_link(act, id, issuer, subject).await
    }

    /// Keeps a link: for the owner, who proved it, or for whoever runs the account.
    pub(crate) async fn keep_link(
        &self,
        act: &Act,
        id: &AccountId,
        issuer: &str,
        subject: &str,
    ) -> Result<(), AccessError> {
        let known = self.store().outside_identity(issuer, subject).await?;
        if known.as_ref() == Some(id) {
            return Ok(());
        }
        reasons::LINKED_ELSEWHERE.unless(known.is_none())?;
        let identity = AccessChange::Outside(OutsideIdentity {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            account: id.clone(),
            made_at: act.at,
        });
        let access = vec![identity, notice(id, "identity_linked", act)];
        self.keep_with_note(act, id, access).await
    }

    /// Unlinks the identities of a login provider from an account, as its owner or as whoever runs it.
    ///
    /// # Errors
    /// The account is beyond reach.
    pub async fn unlink(&self, act: &Act, id: &AccountId, issuer: &str) -> Result<(), AccessError> {
        let found = self.within_reach(act, id).await;
        self.noting_refusal(act, found).await?;
        let drop = AccessChange::DropOutside {
            account: id.clone(),
            issuer: issuer.to_owned(),
        };
        let access = vec![drop, notice(id, "identity_unlinked", act)];
        self.keep_with_note(act, id, access).await
    }

    async fn keep_with_note(
        &self,
        act: &Act,
        id: &AccountId,
        access: Vec<AccessChange>,
    ) -> Result<(), AccessError> {
        let trace = crate::trail::Trace::ChangedAccess {
            part: "outside_identity",
        };
        let batch = storage::Batch {
            notes: vec![note_of(Some(id), trace, act)?],
            access,
            ..storage::Batch::default()
        };
        self.store().commit(&batch).await?;
        Ok(())
    }

    /// An account that one owns or runs.
    async fn within_reach(&self, act: &Act, id: &AccountId) -> Result<Account, AccessError> {
        let own = owner(act).is_ok_and(|owner| owner == id);
        if !own {
            rights::check_role(&act.by, Right::ManageAccounts)?;
        }
        let account = self.load(id).await?;
        let account = account.ok_or_else(|| rights::NOT_FOUND.refusal())?;
        if !own {
            let target = target(&account.unit, account.place);
            rights::check(&act.by, Right::ManageAccounts, &target)?;
        }
        Ok(account)
    }

    /// Refuses what [`Access::change`] would refuse, without changing anything.
    async fn may_change(
        &self,
        act: &Act,
        id: &AccountId,
        read: Option<u64>,
        command: &Command,
    ) -> Result<(), AccessError> {
        let (platform, record) = (&self.0.platform, record(id));
        let mut unsaved = storage::Batch::default();
        let done = platform
            .prepare::<Account>(act, &record, read, command, &mut unsaved)
            .await;
        platform
            .noting_refusal::<Account, _>(act, &record, done)
            .await?;
        Ok(())
    }

    /// An act on an account that leaves its owner with a new first password.
    async fn hand_out(
        &self,
        act: &Act,
        id: AccountId,
        read: Option<u64>,
        command: &Command,
        mut access: Vec<AccessChange>,
    ) -> Result<FirstPassword, AccessError> {
        // Hashing costs what a login costs: nobody without the right makes the server pay it.
        self.may_change(act, &id, read, command).await?;
        let password = secret::first_password()?;
        let hash = self.0.hasher.keep(password.expose()).await?;
        let until = after(
            act.at,
            rules::hours(self.rules().password.first_lasts_hours),
        );
        access.extend([
            AccessChange::Password {
                account: id.clone(),
                hash,
                until: Some(until),
            },
            end_all(&id),
            notice(&id, "first_password_made", act),
        ]);
        let done = self.change(act, &id, read, command, access).await?;
        reasons::NOT_CLOSED.unless(!done.events.is_empty())?;
        Ok(FirstPassword {
            id,
            password,
            until,
            revision: done.revision,
        })
    }
}

fn end_all(id: &AccountId) -> AccessChange {
    AccessChange::EndSessions {
        account: id.clone(),
        keep: None,
    }
}
