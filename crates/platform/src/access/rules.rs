//! The terms of signing in, as data.

use casework::Role;
use jiff::SignedDuration;
use serde::Deserialize;

/// The terms of signing in. Each field is explained in `rules.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// What a password has to be.
    pub password: PasswordRules,
    /// What it costs to check one.
    pub argon2id: HashingRules,
    /// Who needs more than a password.
    pub second_factor: SecondFactorRules,
    /// Steps of signing in.
    pub ticket: TicketRules,
    /// How long one stays signed in.
    pub session: SessionRules,
    /// What failures cost.
    pub attempts: AttemptRules,
    /// Tokens of other systems.
    pub token: TokenRules,
}

/// What a password has to be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordRules {
    /// Characters at least.
    pub shortest: usize,
    /// Characters at most.
    pub longest: usize,
    /// The least score of zxcvbn, 0 to 4.
    pub least_score: u8,
    /// Words that are guessed first.
    pub common: Vec<String>,
    /// Hours that a first password lives.
    pub first_lasts_hours: u32,
}

/// Parameters of argon2id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashingRules {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// Passwords that are hashed at once.
    pub at_once: usize,
}

/// Who needs more than a password.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorRules {
    /// Roles that do not get in without.
    pub roles: Vec<Role>,
    /// Recovery codes that are made at once.
    pub recovery_codes: usize,
}

/// Steps of signing in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketRules {
    /// Minutes that a step waits.
    pub lasts_minutes: u32,
    /// How often it may be tried.
    pub tries: u32,
}

/// How long one stays signed in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRules {
    /// Minutes without a use.
    pub idle_minutes: u32,
    /// Hours in all.
    pub longest_hours: u32,
    /// Seconds between uses that are written down.
    pub touch_seconds: u32,
    /// Minutes within which two places are at once.
    pub elsewhere_minutes: u32,
}

/// What failures cost.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttemptRules {
    /// Failures of a name that cost nothing.
    pub free: u32,
    /// The longest wait of a name.
    pub longest_wait_seconds: u32,
    /// Failures in a row that lock a name.
    pub lock_after: u32,
    /// Failures of an origin that cost nothing.
    pub free_of_origin: u32,
    /// The longest wait of an origin.
    pub longest_wait_of_origin_seconds: u32,
    /// Minutes after which an origin's failures are no longer in a row.
    pub origin_forgets_minutes: u32,
    /// Hours after which failures below the lock are thrown away.
    pub forget_hours: u32,
}

/// Tokens of other systems.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRules {
    /// Days that a token may live.
    pub longest_days: u32,
}

/// Terms that can't be read, or that would leave a door open.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// No such file.
    #[error("the terms of signing in can't be read: {0}")]
    Unreadable(#[from] toml::de::Error),
    /// A term that is out of bounds.
    #[error("{0}")]
    OutOfBounds(&'static str),
}

impl Rules {
    /// The shipped terms.
    ///
    /// # Panics
    /// Never: a test reads them.
    pub fn shipped() -> Self {
        Self::parse(include_str!("rules.toml")).unwrap_or_else(|error| unreachable!("{error}"))
    }

    /// Reads terms.
    ///
    /// # Errors
    /// They can't be read, or one is weaker than what NIST SP 800-63B-4 and OWASP ask at least.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let rules: Self = toml::from_str(text)?;
        let bounds = [
            (
                rules.password.shortest >= 8 && rules.password.longest >= 64,
                "a password of 8 to 64 characters has to be allowed or asked for: [password] shortest >= 8, longest >= 64",
            ),
            (
                rules.password.longest <= 1024 && rules.password.shortest <= rules.password.longest,
                "a password has at most 1024 characters: [password] shortest <= longest <= 1024",
            ),
            (
                rules.password.least_score <= 4,
                "zxcvbn's scores are 0 to 4: [password] least_score",
            ),
            (
                rules.argon2id.params().is_some() && rules.argon2id.at_once > 0,
                "these are no parameters of argon2id: [argon2id]",
            ),
            (
                rules.ticket.tries > 0 && rules.ticket.lasts_minutes > 0,
                "a step has to be tried at least once: [ticket]",
            ),
            (
                (1..=100).contains(&rules.attempts.lock_after),
                "a name is locked after at most 100 failures: [attempts] lock_after",
            ),
        ];
        match bounds.into_iter().find(|(kept, _)| !kept) {
            Some((_, complaint)) => Err(RulesError::OutOfBounds(complaint)),
            None => Ok(rules),
        }
    }

    /// True when the role does not get in with a password alone.
    pub fn needs_second_factor(&self, role: Role) -> bool {
        self.second_factor.roles.contains(&role)
    }
}

impl HashingRules {
    /// As the library takes them; `None` when it does not.
    pub(crate) fn params(&self) -> Option<argon2::Params> {
        argon2::Params::new(self.memory_kib, self.passes, self.lanes, None).ok()
    }
}

/// So many of a unit, as a duration.
pub(crate) fn seconds(n: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(n))
}

/// So many minutes.
pub(crate) fn minutes(n: u32) -> SignedDuration {
    SignedDuration::from_mins(i64::from(n))
}

/// So many hours.
pub(crate) fn hours(n: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(n))
}

#[cfg(test)]
mod tests {
    use casework::rights::{Right, TABLE};

    use super::*;

    #[test]
    fn whoever_signs_confirms_or_runs_accounts_needs_a_second_factor() {
        let rules = Rules::shipped();
        let weighty = [
            Right::SignDoses,
            Right::IssuePassports,
            Right::ConfirmIdentity,
            Right::ManageAccounts,
            Right::RunPlatform,
            Right::ReadLog,
        ];
        for (role, _) in TABLE {
            if weighty.iter().any(|right| right.reach(*role).is_some()) {
                assert!(rules.needs_second_factor(*role), "{role:?}");
            }
        }
        assert!(!rules.needs_second_factor(Role::Clerk));
    }

    #[test]
    fn terms_weaker_than_the_guideline_are_refused() {
        let shipped = include_str!("rules.toml");
        for (from, to) in [
            ("shortest = 12", "shortest = 6"),
            ("longest = 256", "longest = 32"),
            ("lock_after = 100", "lock_after = 1000"),
            ("memory_kib = 19456", "memory_kib = 1"),
            ("tries = 5", "tries = 0"),
            ("tries = 5", "trys = 5"),
        ] {
            assert!(shipped.contains(from), "{from}");
            assert!(
                Rules::parse(&shipped.replacen(from, to, 1)).is_err(),
                "{to}"
            );
        }
    }
}
