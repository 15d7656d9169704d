//! The way in: password, one's own in place of a first one, second factor, session.

use casework::account::{self, Account, AccountState, Command};
use casework::{AccountId, Act, Origin};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use storage::StorageError;
use storage::access::{AccessChange, Session, Ticket};

use super::attempts::Attempt;
use super::password::{Checked, check_new};
use super::secret::{self, Secret};
use super::{
    Access, AccessError, Means, after, note_of, notice, own_act, owner, reasons, rules, totp,
};
use crate::trail::Trace;

/// Bytes of a password that are looked at at all: nobody's own is longer.
const LONGEST_TYPED: usize = 4096;

/// What comes next on the way in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Prove a second factor: [`Access::prove_totp`], [`Access::prove_recovery_code`], [`Access::start_passkey_proof`].
    SecondFactor {
        /// For that.
        ticket: Secret,
        /// There is an authenticator app.
        totp: bool,
        /// There is a passkey.
        passkey: bool,
        /// There are recovery codes left.
        recovery_code: bool,
    },
    /// Choose a password of one's own: [`Access::choose_password`].
    ChoosePassword {
        /// For that.
        ticket: Secret,
    },
    /// Register a second factor, which the role asks for: as [`Who::OnTheWay`].
    RegisterFactor {
        /// For that.
        ticket: Secret,
    },
    /// In.
    SignedIn {
        /// The session's secret.
        session: Secret,
        /// Who.
        account: AccountId,
    },
}

/// Who registers a factor.
#[derive(Debug, Clone, Copy)]
pub enum Who<'a> {
    /// Somebody who is signed in.
    SignedIn(&'a Act),
    /// Somebody who needs one to get in ([`Step::RegisterFactor`]).
    OnTheWay {
        /// That step's ticket.
        ticket: &'a str,
        /// From where.
        from: &'a Origin,
        /// When.
        at: Timestamp,
    },
}

/// Somebody who registers a factor.
pub(crate) struct Acting {
    pub account: Account,
    pub act: Act,
    way: Option<(Ticket, Progress)>,
}

/// What a ticket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    SecondFactor,
    ChoosePassword,
    RegisterFactor,
    NewTotp,
    NewPasskey,
    Passkey,
    Provider,
}

/// How far somebody has come.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// The account as it was then: a change of it ends the way.
    pub generation: u32,
    /// With what it began.
    pub means: Means,
    /// A second factor was proved.
    pub proved: bool,
}

impl Access {
    /// Signs in with name and password. Name and password, wrong either way, get one answer at one price.
    ///
    /// # Errors
    /// `access.credentials`; `access.slow_down` and `access.locked` after failures; `access.first_password_expired`; `account.disabled`
    /// for whoever has the right password.
    pub async fn sign_in(
        &self,
        name: &str,
        password: &str,
        from: &Origin,
        at: Timestamp,
    ) -> Result<Step, AccessError> {
        let attempt = self.attempt(Some(name), from, at).await?;
        // A name that can't be one is looked up like any other.
        let id = AccountId::parse(name).unwrap_or_else(|| AccountId(String::new()));
        let account = self.load(&id).await?;
        let kept = self.store().password(&id).await?;
        let typed = if password.len() > LONGEST_TYPED {
            ""
        } else {
            password
        };
        let hash = kept.as_ref().map(|kept| kept.hash.as_str());
        let checked = self.0.hasher.check(typed, hash).await?;
        let (Some(account), Some(kept)) = (account, &kept) else {
            let refusal = reasons::CREDENTIALS.refusal();
            return self.refuse(None, refusal, from, at).await;
        };
        let refusal = match checked {
            Checked::Wrong => Some(&reasons::CREDENTIALS),
            _ if account.state == AccountState::Disabled => Some(&account::DISABLED),
            _ if kept.until.is_some_and(|until| at > until) => {
                Some(&reasons::FIRST_PASSWORD_EXPIRED)
            }
            _ => None,
        };
        if let Some(reason) = refusal {
            return self.refuse(Some(&id), reason.refusal(), from, at).await;
        }
        if let Checked::RightAgain(hash) = checked {
            self.store().rehash(&id, &kept.hash, &hash).await?;
        }
        self.no_failure(attempt).await?;
        let progress = Progress {
            generation: account.generation,
            means: Means::Password,
            proved: false,
        };
        self.advance(&account, progress, from, at).await
    }

    /// Proves the authenticator app.
    ///
    /// # Errors
    /// `access.code_wrong`, for a code that was accepted before too; `access.ticket`; `access.slow_down` and `access.locked`.
    pub async fn prove_totp(
        &self,
        ticket: &str,
        code: &str,
        from: &Origin,
        at: Timestamp,
    ) -> Result<Step, AccessError> {
        let (ticket, progress, account) = self.second_step(ticket, at).await?;
        let attempt = self.attempt(Some(&account.id.0), from, at).await?;
        let step = match self.store().totp(&account.id).await? {
            Some(kept) => {
                let secret = secret::unseal(self.seal_key(), &account.id.0, &kept)?;
                totp::step_of(&secret, code, at)
            }
            None => None,
        };
        let accepted = match step {
            Some(step) => self.store().accept_step(&account.id, step).await?,
            None => false,
        };
        if !accepted {
            let refusal = reasons::CODE_WRONG.refusal();
            return self.refuse(Some(&account.id), refusal, from, at).await;
        }
        self.no_failure(attempt).await?;
        self.proved(&ticket, progress, &account, from, at).await
    }

    /// Uses a recovery code in place of a lost second factor. The owner is told.
    ///
    /// # Errors
    /// As for [`Access::prove_totp`].
    pub async fn prove_recovery_code(
        &self,
        ticket: &str,
        code: &str,
        from: &Origin,
        at: Timestamp,
    ) -> Result<Step, AccessError> {
        let (ticket, progress, account) = self.second_step(ticket, at).await?;
        let attempt = self.attempt(Some(&account.id.0), from, at).await?;
        let hash = secret::hash(&secret::plain_code(code));
        if !self.store().use_recovery_code(&account.id, &hash).await? {
            let refusal = reasons::CODE_WRONG.refusal();
            return self.refuse(Some(&account.id), refusal, from, at).await;
        }
        self.no_failure(attempt).await?;
        let told = notice(
            &account.id,
            "recovery_code_used",
            &own_act(&account, from, at),
        );
        self.store().change_access(&[told]).await?;
        self.proved(&ticket, progress, &account, from, at).await
    }

    /// Chooses a password of one's own in place of the first one.
    ///
    /// # Errors
    /// `access.password_short`, `_long`, `_common`, `_same`; `access.ticket`.
    pub async fn choose_password(
        &self,
        ticket: &str,
        password: &str,
        from: &Origin,
        at: Timestamp,
    ) -> Result<Step, AccessError> {
        let (ticket, progress, account) = self
            .on_the_way(ticket, Stage::ChoosePassword, 0, at)
            .await?;
        reasons::TICKET.unless(account.state == AccountState::Invited)?;
        check_new(&self.rules().password, password, &account)?;
        let kept = self.store().password(&account.id).await?;
        let given = kept.as_ref().map(|kept| kept.hash.as_str());
        let same = self.0.hasher.check(password, given).await?;
        reasons::PASSWORD_SAME.unless(matches!(same, Checked::Wrong))?;
        let hash = self.0.hasher.keep(password).await?;
        self.take(&ticket).await?;
        let act = own_act(&account, from, at);
        let account = self.keep_password(&act, &account.id, hash, None).await?;
        self.advance(&account, progress, from, at).await
    }

    /// Changes one's own password. All other sessions are over; `keep` is the secret of the one that goes on.
    ///
    /// # Errors
    /// `access.credentials` when the old one is wrong, and as for [`Access::choose_password`].
    pub async fn change_password(
        &self,
        act: &Act,
        old: &str,
        new: &str,
        keep: &str,
    ) -> Result<(), AccessError> {
        let id = owner(act)?;
        let account = self.load(id).await?;
        let account = account.ok_or_else(|| account::UNKNOWN.refusal())?;
        let attempt = self.attempt(Some(&id.0), &act.from, act.at).await?;
        let kept = self.store().password(id).await?;
        let hash = kept.as_ref().map(|kept| kept.hash.as_str());
        if matches!(self.0.hasher.check(old, hash).await?, Checked::Wrong) {
            let refusal = reasons::CREDENTIALS.refusal();
            return self.refuse(Some(id), refusal, &act.from, act.at).await;
        }
        self.no_failure(attempt).await?;
        check_new(&self.rules().password, new, &account)?;
        let hash = self.0.hasher.keep(new).await?;
        self.keep_password(act, id, hash, Some(keep)).await?;
        Ok(())
    }

    async fn keep_password(
        &self,
        act: &Act,
        id: &AccountId,
        hash: String,
        keep: Option<&str>,
    ) -> Result<Account, AccessError> {
        let access = vec![
            AccessChange::Password {
                account: id.clone(),
                hash,
                until: None,
            },
            AccessChange::EndSessions {
                account: id.clone(),
                keep: keep.map(secret::hash),
            },
            notice(id, "password_changed", act),
        ];
        let done = self.change(act, id, None, &Command::ChoosePassword, access);
        Ok(done.await?.state)
    }

    // Between the steps.

    /// The next step of somebody who has come so far.
    pub(crate) async fn advance(
        &self,
        account: &Account,
        progress: Progress,
        from: &Origin,
        at: Timestamp,
    ) -> Result<Step, AccessError> {
        let factors = self.factors(&account.id).await?;
        let registered = factors.totp || !factors.passkeys.is_empty();
        if registered && !progress.proved {
            return Ok(Step::SecondFactor {
                ticket: self
                    .ticket(Stage::SecondFactor, Some(&account.id), &progress, at)
                    .await?,
                totp: factors.totp,
                passkey: !factors.passkeys.is_empty(),
                recovery_code: factors.recovery_codes > 0,
            });
        }
        if account.state == AccountState::Invited {
            // Only the first password itself leads to one's own.
            reasons::PASSWORD_FIRST.unless(progress.means == Means::Password)?;
            let ticket = self
                .ticket(Stage::ChoosePassword, Some(&account.id), &progress, at)
                .await?;
            return Ok(Step::ChoosePassword { ticket });
        }
        if !progress.proved && self.rules().needs_second_factor(account.role) {
            let ticket = self
                .ticket(Stage::RegisterFactor, Some(&account.id), &progress, at)
                .await?;
            return Ok(Step::RegisterFactor { ticket });
        }
        self.open_session(account, progress.means, from, at).await
    }

    async fn open_session(
        &self,
        account: &Account,
        means: Means,
        from: &Origin,
        at: Timestamp,
    ) -> Result<Step, AccessError> {
        let (session, hash) = secret::new_secret(secret::SESSION)?;
        let row = Session {
            hash,
            account: account.id.clone(),
            generation: account.generation,
            means: means.as_str().to_owned(),
            origin: from.0.clone(),
            made_at: at,
            used_at: at,
        };
        self.store().open_session(&row).await?;
        self.tell_of_other_places(&row, from, at).await?;
        let trace = Trace::SignedIn {
            means: means.as_str(),
        };
        let batch = storage::Batch {
            notes: vec![note_of(
                Some(&account.id),
                trace,
                &own_act(account, from, at),
            )?],
            access: vec![Attempt::forget(&account.id.0)],
            ..storage::Batch::default()
        };
        self.store().commit(&batch).await?;
        Ok(Step::SignedIn {
            session,
            account: account.id.clone(),
        })
    }

    /// A second factor was proved: the ticket is used up, and the way goes on.
    pub(crate) async fn proved(
        &self,
        ticket: &Ticket,
        progress: Progress,
        account: &Account,
        from: &Origin,
        at: Timestamp,
    ) -> Result<Step, AccessError> {
        self.take(ticket).await?;
        let progress = Progress {
            proved: true,
            ..progress
        };
        self.advance(account, progress, from, at).await
    }

    pub(crate) async fn second_step(
        &self,
        ticket: &str,
        at: Timestamp,
    ) -> Result<(Ticket, Progress, Account), AccessError> {
        self.on_the_way(ticket, Stage::SecondFactor, 1, at).await
    }

    /// Who registers a factor.
    pub(crate) async fn acting(&self, who: Who<'_>) -> Result<Acting, AccessError> {
        match who {
            Who::SignedIn(act) => {
                let account = self.load(owner(act)?).await?;
                Ok(Acting {
                    account: account.ok_or_else(|| account::UNKNOWN.refusal())?,
                    act: act.clone(),
                    way: None,
                })
            }
            Who::OnTheWay { ticket, from, at } => {
                let (ticket, progress, account) = self
                    .on_the_way(ticket, Stage::RegisterFactor, 0, at)
                    .await?;
                Ok(Acting {
                    act: own_act(&account, from, at),
                    account,
                    way: Some((ticket, progress)),
                })
            }
        }
    }

    /// The factor is registered: whoever needed it to get in goes on.
    pub(crate) async fn go_on(&self, acting: &Acting) -> Result<Option<Step>, AccessError> {
        let Some((ticket, progress)) = &acting.way else {
            return Ok(None);
        };
        let (from, at) = (&acting.act.from, acting.act.at);
        let step = self.proved(ticket, *progress, &acting.account, from, at);
        Ok(Some(step.await?))
    }

    // Tickets.

    /// A ticket for the next step.
    pub(crate) async fn ticket(
        &self,
        stage: Stage,
        account: Option<&AccountId>,
        body: &impl Serialize,
        at: Timestamp,
    ) -> Result<Secret, AccessError> {
        let rules = &self.rules().ticket;
        let (secret, hash) = secret::new_secret("")?;
        let ticket = Ticket {
            hash,
            stage: stage.as_str().to_owned(),
            account: account.cloned(),
            body: serde_json::to_string(body).map_err(StorageError::from)?,
            until: after(at, rules::minutes(rules.lasts_minutes)),
            tries: rules.tries,
        };
        self.store().keep_ticket(&ticket).await?;
        Ok(secret)
    }

    /// What a ticket says; takes so many of its tries.
    pub(crate) async fn read_ticket<B: DeserializeOwned>(
        &self,
        ticket: &str,
        stage: Stage,
        tries: u32,
        at: Timestamp,
    ) -> Result<(Ticket, B), AccessError> {
        let over = || reasons::TICKET.refusal();
        let ticket = self
            .store()
            .try_ticket(&secret::hash(ticket), at, tries)
            .await?
            .filter(|ticket| ticket.stage == stage.as_str())
            .ok_or_else(over)?;
        // What an earlier version wrote is over with its minutes.
        let body = serde_json::from_str(&ticket.body).map_err(|_| over())?;
        Ok((ticket, body))
    }

    async fn on_the_way(
        &self,
        ticket: &str,
        stage: Stage,
        tries: u32,
        at: Timestamp,
    ) -> Result<(Ticket, Progress, Account), AccessError> {
        let (ticket, progress): (Ticket, Progress) =
            self.read_ticket(ticket, stage, tries, at).await?;
        let account = match &ticket.account {
            Some(id) => self.load_open(id, progress.generation).await?,
            None => None,
        };
        let account = account.ok_or_else(|| reasons::TICKET.refusal())?;
        Ok((ticket, progress, account))
    }

    /// Uses a ticket up.
    pub(crate) async fn take(&self, ticket: &Ticket) -> Result<(), AccessError> {
        let taken = self.store().use_ticket(&ticket.hash).await?;
        Ok(reasons::TICKET.unless(taken)?)
    }
}

impl Stage {
    fn as_str(self) -> &'static str {
        match self {
            Self::SecondFactor => "second_factor",
            Self::ChoosePassword => "choose_password",
            Self::RegisterFactor => "register_factor",
            Self::NewTotp => "new_totp",
            Self::NewPasskey => "new_passkey",
            Self::Passkey => "passkey",
            Self::Provider => "provider",
        }
    }
}
