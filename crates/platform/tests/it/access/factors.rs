//! Second factors: an authenticator app, recovery codes, and passkeys of a software authenticator.

use async_trait::async_trait;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use casework::{Act, Role};
use jiff::Timestamp;
use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::client::{Client, DefaultClientData};
use passkey::crypto::rust_crypto::RustCryptoBackend;
use passkey::types::Passkey;
use passkey::types::ctap2::{Aaguid, Ctap2Error};
use platform::access::{Access, Secret, Step, Who};
use serde_json::{Value, json};
use url::Url;

use super::{OWN, account, act_of, code, office, on_both_stores, opened};
use crate::world::at;

/// What an app shows, from what was typed into it.
fn shown(secret: &Secret, when: Timestamp) -> String {
    let (mut held, mut bits, mut key) = (0u32, 0, Vec::new());
    for letter in secret.expose().bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            _ => letter - b'2' + 26,
        };
        held = (held << 5 | u32::from(value)) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            key.push((held >> bits) as u8);
        }
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let step = when.as_second().cast_unsigned() / 30;
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let offset = usize::from(tag.as_ref()[19] & 15);
    let word: [u8; 4] = tag.as_ref()[offset..offset + 4].try_into().expect("four");
    format!(
        "{:06}",
        (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000
    )
}

/// A head of a facility's district who has just chosen a password, and has to register a factor.
async fn on_the_way(access: &Access, when: i64) -> Secret {
    let first = opened(access, "huyen", "district/001", Role::Supervisor, at(0)).await;
    let step = access
        .sign_in("huyen", first.password.expose(), &office(), at(when))
        .await
        .expect("signs in");
    let Step::ChoosePassword { ticket } = step else {
        panic!("chooses a password: {step:?}")
    };
    let step = access
        .choose_password(ticket.expose(), OWN, &office(), at(when))
        .await
        .expect("chooses");
    match step {
        Step::RegisterFactor { ticket } => ticket,
        other => panic!("registers a factor: {other:?}"),
    }
}

/// Registers an app on the way in: its secret, the recovery codes, the session.
pub(super) async fn with_app(access: &Access, when: i64) -> (Secret, Vec<Secret>, Secret) {
    let ticket = on_the_way(access, when).await;
    let origin = office();
    let who = Who::OnTheWay {
        ticket: ticket.expose(),
        from: &origin,
        at: at(when),
    };
    let new = access.start_totp(who).await.expect("starts");
    assert!(new.uri.expose().contains(new.secret.expose()));
    let wrong = access.finish_totp(who, new.ticket.expose(), "000000").await;
    assert_eq!(code(wrong), "access.code_wrong");
    let code = shown(&new.secret, at(when));
    let done = access
        .finish_totp(who, new.ticket.expose(), &code)
        .await
        .expect("registers");
    let Some(Step::SignedIn { session, .. }) = done.step else {
        panic!("signed in: {done:?}")
    };
    (new.secret, done.recovery_codes, session)
}

async fn second_step(access: &Access, when: i64) -> Secret {
    let step = access.sign_in("huyen", OWN, &office(), at(when)).await;
    match step.expect("signs in") {
        Step::SecondFactor { ticket, .. } => ticket,
        other => panic!("proves a factor: {other:?}"),
    }
}

#[test]
fn a_role_that_signs_gets_in_with_an_app_and_no_code_holds_twice() {
    on_both_stores(|access| async move {
        let (secret, codes, session) = with_app(&access, 10).await;
        assert_eq!(codes.len(), 10);
        act_of(&access, &session, &office(), at(11)).await;
        let kept = access.platform().store().totp(&account("huyen")).await;
        let kept = kept.expect("reads").expect("there");
        assert_eq!((kept[0], kept.len()), (1, 1 + 12 + 20 + 16), "sealed");

        let ticket = second_step(&access, 12).await;
        // The code that registered the app was used with that.
        let code_now = shown(&secret, at(12));
        let again = access
            .prove_totp(ticket.expose(), &code_now, &office(), at(12))
            .await;
        assert_eq!(code(again), "access.code_wrong");
        let next = shown(&secret, at(60));
        let step = access
            .prove_totp(ticket.expose(), &next, &office(), at(60))
            .await;
        assert!(matches!(step, Ok(Step::SignedIn { .. })), "{step:?}");
        let ticket_again = access
            .prove_totp(ticket.expose(), &next, &office(), at(61))
            .await;
        assert_eq!(code(ticket_again), "access.ticket");
        let ticket = second_step(&access, 62).await;
        let replayed = access
            .prove_totp(ticket.expose(), &next, &office(), at(62))
            .await;
        assert_eq!(code(replayed), "access.code_wrong");
        let back = access
            .prove_totp(ticket.expose(), &shown(&secret, at(30)), &office(), at(30))
            .await;
        assert_eq!(code(back), "access.code_wrong");
    });
}

#[test]
fn a_recovery_code_works_once_and_the_owner_is_told() {
    on_both_stores(|access| async move {
        let (_, codes, _) = with_app(&access, 10).await;
        let ticket = second_step(&access, 20).await;
        let typed = codes[3].expose().to_uppercase().replace('-', " ");
        let step = access
            .prove_recovery_code(ticket.expose(), &typed, &office(), at(21))
            .await;
        let Ok(Step::SignedIn { session, .. }) = step else {
            panic!("signed in: {step:?}")
        };
        let ticket = second_step(&access, 30).await;
        let again = access
            .prove_recovery_code(ticket.expose(), &typed, &office(), at(31))
            .await;
        assert_eq!(code(again), "access.code_wrong");
        let act = act_of(&access, &session, &office(), at(32)).await;
        let notices = access.notices(&act, 20).await.expect("reads");
        assert!(notices.iter().any(|n| n.what == "recovery_code_used"));
        let (_, factors) = access.account(&act, &account("huyen")).await.expect("own");
        assert_eq!(factors.recovery_codes, 9);
        assert_eq!(code(access.drop_totp(&act).await), "access.factor_required");
    });
}

#[test]
fn a_password_alone_never_resets_the_count_of_wrong_codes() {
    on_both_stores(|access| async move {
        with_app(&access, 10).await;
        let mut slowed = false;
        for n in 0..12 {
            let step = access.sign_in("huyen", OWN, &office(), at(20 + n)).await;
            let Ok(Step::SecondFactor { ticket, .. }) = step else {
                slowed = true;
                continue;
            };
            let guess = access
                .prove_totp(ticket.expose(), "123456", &office(), at(20 + n))
                .await;
            slowed |= code(guess) == "access.slow_down";
        }
        assert!(slowed);
    });
}

#[test]
fn lost_factors_are_removed_by_the_level_above() {
    on_both_stores(|access| async move {
        with_app(&access, 10).await;
        let console = Act::system("console", at(20));
        let kept = access.reset(&console, &account("huyen"), None, false).await;
        let kept = kept.expect("resets");
        let step = access
            .sign_in("huyen", kept.password.expose(), &office(), at(21))
            .await;
        // Who has the first password alone does not even choose another.
        assert!(matches!(step, Ok(Step::SecondFactor { .. })), "{step:?}");
        let removed = access.reset(&console, &account("huyen"), None, true).await;
        let removed = removed.expect("resets");
        let step = access
            .sign_in("huyen", removed.password.expose(), &office(), at(22))
            .await;
        assert!(matches!(step, Ok(Step::ChoosePassword { .. })), "{step:?}");
    });
}

/// Somebody who is there and shows a finger.
struct Present;

#[async_trait]
impl UserValidationMethod for Present {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        _hint: UiHint<'a, Passkey>,
        _presence: bool,
        _verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck {
            presence: true,
            verification: true,
        })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

fn coded(bytes: &[u8]) -> Value {
    URL_SAFE_NO_PAD.encode(bytes).into()
}

/// What a browser at an address makes of options, with the authenticator that it has.
macro_rules! browser {
    ($client:expr, $page:expr, $options:expr, create) => {{
        let options = json!({ "publicKey": $options });
        let options = serde_json::from_value(options).expect("options");
        let made = $client.register(&$page, options, DefaultClientData).await;
        made.map(|made| {
            json!({
                "id": made.id,
                "type": "public-key",
                "response": {
                    "clientDataJSON": coded(&made.response.client_data_json),
                    "attestationObject": coded(&made.response.attestation_object),
                },
            })
        })
    }};
    ($client:expr, $page:expr, $options:expr, get) => {{
        let options = json!({ "publicKey": $options });
        let options = serde_json::from_value(options).expect("options");
        let made = $client.authenticate(&$page, options, DefaultClientData).await;
        made.map(|made| {
            json!({
                "id": made.id,
                "type": "public-key",
                "response": {
                    "clientDataJSON": coded(&made.response.client_data_json),
                    "authenticatorData": coded(&made.response.authenticator_data),
                    "signature": coded(&made.response.signature),
                    "userHandle": made.response.user_handle.map(|handle| coded(&handle)),
                },
            })
        })
    }};
}

fn page() -> Url {
    Url::parse("https://tiemchung.example").expect("an address")
}

#[test]
fn a_passkey_registers_proves_and_signs_in_and_no_altered_answer_holds() {
    on_both_stores(|access| async move {
        let store: Option<Passkey> = None;
        let authenticator =
            Authenticator::new(Aaguid::new_empty(), store, Present, RustCryptoBackend);
        let mut client = Client::new(authenticator);

        let ticket = on_the_way(&access, 10).await;
        let origin = office();
        let who = Who::OnTheWay {
            ticket: ticket.expose(),
            from: &origin,
            at: at(10),
        };
        let started = access.start_passkey_registration(who, "điện thoại").await;
        let started = started.expect("starts");
        let answer = browser!(client, page(), started.options, create).expect("makes one");
        let done = access
            .finish_passkey_registration(who, started.ticket.expose(), &answer)
            .await
            .expect("registers");
        assert_eq!(done.recovery_codes.len(), 10);
        assert!(matches!(done.step, Some(Step::SignedIn { .. })), "{done:?}");

        let ticket = second_step(&access, 20).await;
        let started = access.start_passkey_proof(ticket.expose(), at(20)).await;
        let options = started.expect("starts").options;
        let answer = browser!(client, page(), options, get).expect("proves it");
        let step = access
            .prove_passkey(ticket.expose(), &answer, &office(), at(21))
            .await;
        assert!(matches!(step, Ok(Step::SignedIn { .. })), "{step:?}");
        // The same answer proves nothing in another ceremony.
        let ticket = second_step(&access, 22).await;
        let replayed = access
            .prove_passkey(ticket.expose(), &answer, &office(), at(22))
            .await;
        assert_eq!(code(replayed), "access.passkey_refused");

        for part in ["clientDataJSON", "authenticatorData", "signature"] {
            let started = access.start_passkey_sign_in(at(30)).await.expect("starts");
            let ticket = started.ticket.expose();
            let answer = browser!(client, page(), started.options, get).expect("proves it");
            for altered in altered(&answer, part) {
                let refused = access
                    .finish_passkey_sign_in(ticket, &altered, &office(), at(31))
                    .await;
                assert_eq!(code(refused), "access.passkey_refused", "{part}");
            }
            let step = access
                .finish_passkey_sign_in(ticket, &answer, &office(), at(31))
                .await;
            assert!(matches!(step, Ok(Step::SignedIn { .. })), "{step:?}");
            let again = access
                .finish_passkey_sign_in(ticket, &answer, &office(), at(32))
                .await;
            assert_eq!(code(again), "access.ticket");
        }
    });
}

/// The answer with a byte of a part changed, in four places.
fn altered(answer: &Value, part: &str) -> Vec<Value> {
    let text = answer["response"][part].as_str().expect("a text");
    let whole = URL_SAFE_NO_PAD.decode(text).expect("bytes");
    let places = [0, whole.len() / 3, whole.len() / 2, whole.len() - 1];
    let alter = |place: usize| {
        let (mut bytes, mut one) = (whole.clone(), answer.clone());
        bytes[place] ^= 1;
        one["response"][part] = coded(&bytes);
        one
    };
    places.into_iter().map(alter).collect()
}
