//! Signing in on both stores: accounts, steps, factors, sessions and tokens, with time set forward and back.

mod factors;
mod provider;
mod sessions;
mod tokens;

use casework::account::AccountState;
use casework::{AccountId, Act, Origin, Role, Unit};
use jiff::Timestamp;
use platform::Platform;
use platform::access::{
    Access, AccessError, FirstPassword, NewAccount, Provider, Rules, SealKey, Secret, Setup, Site,
    Step,
};

use crate::world::{at, on_both};

/// A password that is one's own.
const OWN: &str = "con mèo trắng ngủ trên mái ngói";

fn from(place: &str) -> Origin {
    Origin(place.to_owned())
}

fn office() -> Origin {
    from("203.0.113.7")
}

fn access(platform: Platform, providers: Vec<Provider>) -> Access {
    let mut rules = Rules::shipped();
    // What a password costs is no matter of these tests.
    rules.argon2id.memory_kib = 64;
    let setup = Setup {
        rules,
        seal: Some(SealKey::new([7; 32])),
        site: Site {
            name: "Minh Chứng".into(),
            domain: "tiemchung.example".into(),
            origins: vec!["https://tiemchung.example".into()],
        },
        providers,
    };
    Access::new(platform, setup).expect("sets up")
}

fn on_both_stores<F: Future<Output = ()>>(test: impl Fn(Access) -> F) {
    on_both(|platform| test(access(platform, Vec::new())));
}

/// Why something was refused.
fn code<T: std::fmt::Debug>(result: Result<T, AccessError>) -> &'static str {
    match result {
        Err(AccessError::Refused(refusal)) => refusal.reason.code,
        other => panic!("refused: {other:?}"),
    }
}

/// The operator at the console opens an account.
async fn opened(
    access: &Access,
    id: &str,
    unit: &str,
    role: Role,
    when: Timestamp,
) -> FirstPassword {
    let new = NewAccount {
        id: id.into(),
        name: "Lê Văn Ân".into(),
        unit: unit.parse().expect("a unit"),
        role,
    };
    let act = Act::system("console", when);
    access.create(&act, &new).await.expect("opens")
}

/// A clerk of a commune's hamlet team, who needs no second factor, with a password of their own.
async fn clerk(access: &Access, id: &str) {
    let first = opened(access, id, "hamlet/00004/Tổ 3", Role::HamletTeam, at(0)).await;
    let step = access
        .sign_in(id, first.password.expose(), &office(), at(1))
        .await
        .expect("signs in");
    let Step::ChoosePassword { ticket } = step else {
        panic!("chooses a password: {step:?}")
    };
    let step = access
        .choose_password(ticket.expose(), OWN, &office(), at(2))
        .await
        .expect("chooses");
    assert!(matches!(step, Step::SignedIn { .. }), "{step:?}");
}

async fn session(access: &Access, id: &str, from: &Origin, when: Timestamp) -> Secret {
    let step = access.sign_in(id, OWN, from, when).await.expect("signs in");
    match step {
        Step::SignedIn { session, .. } => session,
        other => panic!("signed in: {other:?}"),
    }
}

async fn act_of(access: &Access, session: &Secret, from: &Origin, when: Timestamp) -> Act {
    let known = access.authenticate(session.expose(), from, when).await;
    Act {
        at: when,
        by: known.expect("signed in").by,
        from: from.clone(),
        why: None,
    }
}

fn account(id: &str) -> AccountId {
    AccountId(id.into())
}

#[test]
fn the_first_account_of_an_empty_store_has_no_default_password() {
    on_both_stores(|access| async move {
        let nobody = access.sign_in("admin", "admin", &office(), at(0)).await;
        assert_eq!(code(nobody), "access.credentials");
        let first = opened(&access, "ha.noi", "ministry", Role::Operator, at(0)).await;
        let other = opened(&access, "hai.phong", "ministry", Role::Operator, at(0)).await;
        assert_ne!(first.password, other.password);
        assert_eq!(first.until, at(72 * 3600));
        let (record, factors) = access
            .account(&Act::system("console", at(1)), &account("ha.noi"))
            .await
            .expect("there");
        assert_eq!(record.state, AccountState::Invited);
        assert!(!factors.totp && factors.passkeys.is_empty());
    });
}

#[test]
fn a_first_password_leads_to_ones_own_and_to_nothing_else() {
    on_both_stores(|access| async move {
        let first = opened(&access, "le.an", "hamlet/00004/A", Role::HamletTeam, at(0)).await;
        let given = first.password.expose();
        let step = access.sign_in("LE.AN ", given, &office(), at(1)).await;
        let Ok(Step::ChoosePassword { ticket }) = step else {
            panic!("chooses a password: {step:?}")
        };
        let choose = |password: &'static str, when| {
            let (access, ticket) = (access.clone(), ticket.clone());
            async move {
                access
                    .choose_password(ticket.expose(), password, &office(), when)
                    .await
            }
        };
        assert_eq!(code(choose("ngắn", at(2)).await), "access.password_short");
        assert_eq!(
            code(choose("matkhau123456", at(2)).await),
            "access.password_common"
        );
        let same = access
            .choose_password(ticket.expose(), given, &office(), at(2))
            .await;
        assert_eq!(code(same), "access.password_same");
        assert!(matches!(
            choose(OWN, at(3)).await,
            Ok(Step::SignedIn { .. })
        ));
        assert_eq!(code(choose(OWN, at(4)).await), "access.ticket");
        let again = access.sign_in("le.an", given, &office(), at(5)).await;
        assert_eq!(code(again), "access.credentials");
        session(&access, "le.an", &office(), at(6)).await;
    });
}

#[test]
fn a_first_password_and_a_step_run_out() {
    on_both_stores(|access| async move {
        let first = opened(&access, "le.an", "hamlet/00004/A", Role::HamletTeam, at(0)).await;
        let given = first.password.expose();
        let late = access
            .sign_in("le.an", given, &office(), at(72 * 3600 + 1))
            .await;
        assert_eq!(code(late), "access.first_password_expired");
        let step = access.sign_in("le.an", given, &office(), at(10)).await;
        let Ok(Step::ChoosePassword { ticket }) = step else {
            panic!("chooses a password: {step:?}")
        };
        let late = access
            .choose_password(ticket.expose(), OWN, &office(), at(10 + 601))
            .await;
        assert_eq!(code(late), "access.ticket");
    });
}

#[test]
fn unknown_names_and_wrong_passwords_get_one_answer_wait_and_lock_alike() {
    on_both_stores(|access| async move {
        clerk(&access, "le.an").await;
        for name in ["le.an", "nobody"] {
            for n in 0..5 {
                let wrong = access.sign_in(name, "sai", &from(""), at(10 + n)).await;
                assert_eq!(code(wrong), "access.credentials", "{name}");
            }
            let next = access.sign_in(name, OWN, &from(""), at(14)).await;
            assert_eq!(code(next), "access.slow_down", "{name}");
            // A clock that is set back locks nobody out, and lets nobody guess for free.
            let wrong = access.sign_in(name, "sai", &from(""), at(-86_400)).await;
            assert_eq!(code(wrong), "access.credentials", "{name}");
            let next = access.sign_in(name, OWN, &from(""), at(-86_400)).await;
            assert_eq!(code(next), "access.slow_down", "{name}");
            for n in 6..100 {
                let when = at(1000 * n);
                let wrong = access.sign_in(name, "sai", &from(""), when).await;
                assert_eq!(code(wrong), "access.credentials", "{name} {n}");
            }
            let locked = access.sign_in(name, OWN, &from(""), at(10_000_000)).await;
            assert_eq!(code(locked), "access.locked", "{name}");
        }
        let act = Act::system("console", at(10_000_001));
        let again = access
            .reset(&act, &account("le.an"), None, false)
            .await
            .expect("resets");
        let step = access
            .sign_in("le.an", again.password.expose(), &from(""), at(10_000_002))
            .await;
        assert!(matches!(step, Ok(Step::ChoosePassword { .. })), "{step:?}");
    });
}

#[test]
fn guesses_made_at_the_same_moment_are_as_slow_as_one_after_another() {
    on_both_stores(|access| async move {
        clerk(&access, "le.an").await;
        let guesses = (0..40).map(|_| {
            let access = access.clone();
            tokio::spawn(async move { access.sign_in("le.an", "sai", &from(""), at(10)).await })
        });
        let mut tried = 0;
        for guess in guesses.collect::<Vec<_>>() {
            let refused = code(guess.await.expect("runs"));
            tried += u32::from(refused == "access.credentials");
        }
        assert_eq!(tried, 5);
    });
}

#[test]
fn failures_and_sign_ins_are_noted_and_no_note_holds_what_was_typed() {
    on_both_stores(|access| async move {
        clerk(&access, "le.an").await;
        let typed = "con mèo đen ngủ";
        assert!(
            access
                .sign_in("le.an", typed, &office(), at(20))
                .await
                .is_err()
        );
        assert!(access.sign_in(typed, OWN, &office(), at(21)).await.is_err());
        session(&access, "le.an", &office(), at(22)).await;
        let store = access.platform().store();
        let mut notes = store.notes("account/le.an", 10).await.expect("reads");
        notes.extend(store.notes("account", 10).await.expect("reads"));
        let all: String = notes.iter().map(|note| note.body.as_str()).collect();
        for found in ["signed_in", "access.credentials", "203.0.113.7"] {
            assert!(all.contains(found), "{found} in {all}");
        }
        assert!(!all.contains("con m"), "{all}");
    });
}

#[test]
fn an_account_is_run_one_level_up_and_an_open_one_is_not_opened_again() {
    on_both_stores(|access| async move {
        clerk(&access, "le.an").await;
        let console = Act::system("console", at(30));
        let open = access.enable(&console, &account("le.an"), None).await;
        assert_eq!(code(open), "access.not_closed");
        // The password is still the owner's.
        session(&access, "le.an", &office(), at(31)).await;
        let elsewhere = Act {
            by: casework::Actor::Staff {
                account: account("xa"),
                unit: "commune/26740".parse::<Unit>().expect("a unit"),
                role: Role::Station,
            },
            ..console
        };
        let beyond = access
            .reset(&elsewhere, &account("le.an"), None, true)
            .await;
        assert_eq!(code(beyond), "record.not_found");
        let beyond = access.account(&elsewhere, &account("le.an")).await;
        let nowhere = access.account(&elsewhere, &account("nobody")).await;
        assert_eq!(code(beyond), code(nowhere));
        let listed = access.accounts(&elsewhere, "", 10).await.expect("lists");
        assert!(listed.is_empty());
    });
}
