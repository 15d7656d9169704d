//! Failures cost time: each further one in a row waits twice as long, by name and by origin, and a hundred lock a password.

use casework::{Origin, Refusal};
use jiff::{SignedDuration, Timestamp};
use storage::access::{AccessChange, Attempts};

use super::rules::{minutes, seconds};
use super::{Access, AccessError, reasons, secret};

/// An attempt that is counted as failed until it is known not to be: so many at once are as slow as one after another.
pub(crate) struct Attempt {
    /// The name's key, where there is a name.
    name: Option<String>,
    origin: Option<String>,
}

/// What failures under a key cost.
struct Price {
    free: u32,
    longest: SignedDuration,
    lock_after: u32,
    /// After so long the next failure is a first one.
    forgets: Option<SignedDuration>,
}

impl Attempt {
    /// The change that forgets the failures of the name: somebody got in.
    pub(crate) fn forget(name: &str) -> AccessChange {
        AccessChange::ForgetAttempts(name_key(name))
    }
}

impl Access {
    /// Begins an attempt for a name (or none) from an origin.
    pub(crate) async fn attempt(
        &self,
        name: Option<&str>,
        from: &Origin,
        at: Timestamp,
    ) -> Result<Attempt, AccessError> {
        let rules = &self.rules().attempts;
        let of_origin = Price {
            free: rules.free_of_origin,
            longest: seconds(rules.longest_wait_of_origin_seconds),
            lock_after: u32::MAX,
            forgets: Some(minutes(rules.origin_forgets_minutes)),
        };
        let of_name = Price {
            free: rules.free,
            longest: seconds(rules.longest_wait_seconds),
            lock_after: rules.lock_after,
            forgets: None,
        };
        let origin = (!from.0.is_empty()).then(|| format!("from:{}", from.0));
        if let Some(key) = &origin {
            self.count(key, &of_origin, at).await?;
        }
        let name = name.map(name_key);
        if let Some(key) = &name {
            self.count(key, &of_name, at).await?;
        }
        Ok(Attempt { name, origin })
    }

    /// It was no failure. Those before it still count, until somebody is in.
    pub(crate) async fn no_failure(&self, attempt: Attempt) -> Result<(), AccessError> {
        for key in [attempt.name, attempt.origin].into_iter().flatten() {
            self.store().uncount_attempt(&key).await?;
        }
        Ok(())
    }

    /// Counts one more under a key, unless it has to wait.
    async fn count(&self, key: &str, price: &Price, at: Timestamp) -> Result<(), AccessError> {
        loop {
            let before = self.store().attempts(key).await?;
            let failures = match before {
                None => 0,
                Some(before) => price.of(before, at)?,
            };
            let after = Attempts {
                failures: failures + 1,
                last_at: at,
            };
            // Somebody else counted in between: what they did counts here too. Each round one of them gets on.
            if self.store().count_attempt(key, before, after).await? {
                return Ok(());
            }
        }
    }
}

impl Price {
    /// The failures that count, when nothing has to be waited for.
    fn of(&self, before: Attempts, at: Timestamp) -> Result<u32, Refusal> {
        // With a clock that was set back, what lies in the future happened just now.
        let since = at.duration_since(before.last_at).max(SignedDuration::ZERO);
        let set_back = at < before.last_at;
        if self.forgets.is_some_and(|forgets| since > forgets) {
            return Ok(0);
        }
        if before.failures >= self.lock_after {
            return Err(reasons::LOCKED.refusal());
        }
        let wait = self.wait(before.failures);
        if since < wait && !set_back {
            let left = (wait - since).as_secs() + 1;
            return Err(reasons::SLOW_DOWN.because(format!("{left} s")));
        }
        Ok(before.failures)
    }

    fn wait(&self, failures: u32) -> SignedDuration {
        let Some(beyond) = failures.checked_sub(self.free) else {
            return SignedDuration::ZERO;
        };
        let doubled = 1i64.checked_shl(beyond.min(32)).unwrap_or(i64::MAX);
        SignedDuration::from_secs(doubled).min(self.longest)
    }
}

/// The key of a name. Hashed: what was typed may be a password in the wrong field.
fn name_key(name: &str) -> String {
    let name = name.trim().to_lowercase();
    format!("name:{}", hex::encode(secret::hash(&name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price() -> Price {
        Price {
            free: 5,
            longest: SignedDuration::from_mins(15),
            lock_after: 100,
            forgets: None,
        }
    }

    #[test]
    fn each_further_failure_waits_twice_as_long_up_to_the_longest() {
        let waits: Vec<i64> = [0, 4, 5, 6, 7, 14, 15, 99, u32::MAX]
            .map(|failures| price().wait(failures).as_secs())
            .into();
        assert_eq!(waits, [0, 0, 1, 2, 4, 512, 900, 900, 900]);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out_and_unlocks_nobody() {
        let before = |failures| Attempts {
            failures,
            last_at: Timestamp::from_second(10_000_000).expect("a time"),
        };
        let earlier = Timestamp::from_second(9_000_000).expect("a time");
        assert_eq!(price().of(before(50), earlier), Ok(50));
        let locked = price().of(before(100), earlier).expect_err("locked");
        assert_eq!(locked.reason, &reasons::LOCKED);
        let same = price()
            .of(before(50), before(50).last_at)
            .expect_err("has to wait");
        assert_eq!(same.detail.as_deref(), Some("901 s"));
    }
}
