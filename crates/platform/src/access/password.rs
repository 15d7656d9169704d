//! Passwords: what one has to be, and how it is kept.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use casework::Refusal;
use casework::account::Account;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::rules::{HashingRules, PasswordRules};
use super::{AccessError, reasons, secret};

/// The characters of a long password that are looked at for patterns: more of them make none weaker.
const LOOKED_AT: usize = 64;

/// Checks and keeps passwords, so many at once.
pub(crate) struct Hasher {
    params: Params,
    permits: Semaphore,
    /// What is checked when there is nothing to check, so that a name that nobody has costs what another costs.
    nobody: String,
}

/// What a check of a password found.
pub(crate) enum Checked {
    /// It is another.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, and is kept with parameters that are no longer ours: here it is with ours.
    RightAgain(String),
}

impl Hasher {
    /// With these parameters.
    pub(crate) fn new(rules: &HashingRules) -> Result<Self, AccessError> {
        let params = rules
            .params()
            .ok_or(AccessError::Hashing("these are no parameters of argon2id"))?;
        let nobody = hash(&params, &secret::random::<16>()?)?;
        Ok(Self {
            params,
            permits: Semaphore::new(rules.at_once),
            nobody,
        })
    }

    /// The password as it is kept.
    pub(crate) async fn keep(&self, password: &str) -> Result<String, AccessError> {
        let params = self.params.clone();
        let password = normal(password);
        self.apart(move || hash(&params, password.as_bytes())).await
    }

    /// Whether it is this password. Without one to compare with it is wrong, after the same work.
    pub(crate) async fn check(
        &self,
        password: &str,
        kept: Option<&str>,
    ) -> Result<Checked, AccessError> {
        let params = self.params.clone();
        let password = normal(password);
        let known = kept.is_some();
        let kept = kept.unwrap_or(&self.nobody).to_owned();
        self.apart(move || {
            let right = verify(&password, &kept)?;
            match (known && right, outdated(&params, &kept)) {
                (false, _) => Ok(Checked::Wrong),
                (true, false) => Ok(Checked::Right),
                (true, true) => Ok(Checked::RightAgain(hash(&params, password.as_bytes())?)),
            }
        })
        .await
    }

    /// Away from what answers requests, and only so many at once.
    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AccessError> + Send + 'static,
    ) -> Result<T, AccessError> {
        let _permit = self
            .permits
            .acquire()
            .await
            .map_err(|_| AccessError::Hashing("the platform is stopping"))?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| AccessError::Hashing("hashing a password failed"))?
    }
}

fn argon2id(params: Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(params: &Params, password: &[u8]) -> Result<String, AccessError> {
    let salt = secret::random::<16>()?;
    argon2id(params.clone())
        .hash_password_with_salt(password, &salt)
        .map(|hash: PasswordHash| hash.to_string())
        .map_err(|_| AccessError::Hashing("hashing a password failed"))
}

fn verify(password: &str, kept: &str) -> Result<bool, AccessError> {
    let kept = PasswordHash::new(kept)
        .map_err(|_| AccessError::Hashing("a kept password is none of argon2id's"))?;
    // The parameters are those of the kept one.
    Ok(Argon2::default()
        .verify_password(password.as_bytes(), &kept)
        .is_ok())
}

fn outdated(params: &Params, kept: &str) -> bool {
    let used = PasswordHash::new(kept)
        .ok()
        .and_then(|kept| Params::try_from(&kept).ok());
    let ours = (params.m_cost(), params.t_cost(), params.p_cost());
    used.is_none_or(|used| (used.m_cost(), used.t_cost(), used.p_cost()) != ours)
}

/// The same password typed on two keyboards is the same: composed and decomposed accents are one (NIST SP 800-63B-4, 3.1.1.2).
fn normal(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfc().collect())
}

/// Whether somebody may choose this password.
pub(crate) fn check_new(
    rules: &PasswordRules,
    password: &str,
    owner: &Account,
) -> Result<(), Refusal> {
    let password = normal(password);
    let length = password.chars().count();
    if length < rules.shortest {
        let least = format!("{length} < {}", rules.shortest);
        return Err(reasons::PASSWORD_SHORT.because(least));
    }
    if length > rules.longest {
        let most = format!("{length} > {}", rules.longest);
        return Err(reasons::PASSWORD_LONG.because(most));
    }
    let own = own_words(owner);
    reasons::PASSWORD_COMMON.unless(left_without(&own, &password) >= rules.shortest / 2)?;
    let mut words: Vec<&str> = own.iter().map(String::as_str).collect();
    words.extend(rules.common.iter().map(String::as_str));
    let start: Zeroizing<String> = Zeroizing::new(password.chars().take(LOOKED_AT).collect());
    let score = u8::from(zxcvbn::zxcvbn(&start, &words).score());
    reasons::PASSWORD_COMMON.unless(score >= rules.least_score)
}

/// What a stranger who knows the person tries first: name and account, whole and in parts, with and without accents and spaces.
fn own_words(owner: &Account) -> Vec<String> {
    let folded = registry::name::fold(&owner.name);
    let mut words = vec![
        owner.id.0.clone(),
        owner.name.to_lowercase(),
        folded.clone(),
        folded.replace(' ', ""),
        folded.split(' ').rev().collect::<String>(),
    ];
    let parts = owner.id.0.split(['.', '-', '_', '@']);
    words.extend(parts.chain(folded.split(' ')).map(str::to_owned));
    words.extend(owner.name.to_lowercase().split(' ').map(str::to_owned));
    words.retain(|word| word.chars().count() > 1);
    words
}

/// Letters and digits that a password has besides the owner's own words.
fn left_without(own: &[String], password: &str) -> usize {
    let mut words: Vec<String> = own.iter().map(|word| registry::name::fold(word)).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut rest = Zeroizing::new(registry::name::fold(password));
    for word in words.iter().filter(|word| !word.is_empty()) {
        rest = Zeroizing::new(rest.replace(word.as_str(), " "));
    }
    // What does not fold (letters of another script, signs) is not one of the owner's words.
    let folded = password
        .chars()
        .filter(|c| !c.is_alphanumeric() && !c.is_ascii())
        .count();
    rest.chars().filter(|c| !c.is_whitespace()).count() + folded
}

#[cfg(test)]
mod tests {
    use casework::account::AccountState;
    use casework::{AccountId, Role, Unit};
    use registry::area::Place;

    use super::super::rules::Rules;
    use super::*;

    fn owner() -> Account {
        Account {
            id: AccountId("nguyen.thi.hoa".into()),
            name: "Nguyễn Thị Hoa".into(),
            unit: Unit::Ministry,
            place: Place::default(),
            role: Role::Operator,
            state: AccountState::Invited,
            generation: 1,
        }
    }

    fn code(password: &str) -> Option<&'static str> {
        let rules = Rules::shipped().password;
        check_new(&rules, password, &owner())
            .err()
            .map(|refusal| refusal.reason.code)
    }

    #[test]
    fn common_personal_and_patterned_passwords_are_refused_and_phrases_are_not() {
        for common in [
            "password1234",
            "qwertyuiop123",
            "123456789012",
            "aaaaaaaaaaaaaaaa",
            "matkhau123456",
            "anhyeuem2022",
            "NguyenThiHoa1",
            "nguyễn thị hoa",
            "hoa.nguyen.thi",
            "vietnam123456",
            "tiemchung2021",
            "iloveyou2022!",
        ] {
            assert_eq!(code(common), Some("access.password_common"), "{common}");
        }
        for good in [
            "con mèo trắng ngủ trên mái ngói",
            "correct horse battery staple",
            "🐟 nướng than đước 47",
            "kV7#pQz2!mNx",
        ] {
            assert_eq!(code(good), None, "{good}");
        }
        assert_eq!(code("ngắn quá"), Some("access.password_short"));
        assert_eq!(code(&"dài ".repeat(100)), Some("access.password_long"));
    }

    #[tokio::test]
    async fn accents_typed_either_way_are_one_password_and_old_parameters_are_replaced() {
        let mut rules = Rules::shipped().argon2id;
        rules.memory_kib = 64;
        let old = Hasher::new(&rules).expect("parameters");
        let kept = old.keep("mái ngói đỏ tươi").await.expect("hashes");
        assert!(kept.starts_with("$argon2id$v=19$m=64,t=2,p=1$"), "{kept}");
        let decomposed: String = "mái ngói đỏ tươi".nfd().collect();
        let checked = old.check(&decomposed, Some(&kept)).await.expect("checks");
        assert!(matches!(checked, Checked::Right));
        rules.passes = 3;
        let new = Hasher::new(&rules).expect("parameters");
        let checked = new.check(&decomposed, Some(&kept)).await.expect("checks");
        let Checked::RightAgain(again) = checked else {
            panic!("kept with other parameters")
        };
        assert!(again.starts_with("$argon2id$v=19$m=64,t=3,p=1$"), "{again}");
        let wrong = new
            .check("mái ngói đỏ", Some(&again))
            .await
            .expect("checks");
        assert!(matches!(wrong, Checked::Wrong));
        let nobody = new.check(&decomposed, None).await.expect("checks");
        assert!(matches!(nobody, Checked::Wrong));
    }
}
