//! A facility signs, and everybody who is not signed for learns why.

use std::sync::Arc;

use ::signing::authority::{Request, Subject as Name, Validity, create_authority, issue_signer};
use ::signing::{Certificate, KeyKind, Purpose, RecordProof, SoftwareKey, Trust, canonical};
use casework::facility::{Command as FacilityCommand, Facility};
use casework::subject::dose::DoseId;
use casework::subject::person::{IdentityField, RegisterAnswer};
use casework::subject::{self, Action, Subject};
use casework::{Act, RecordId, Unit};
use platform::Platform;
use platform::signing::{Signed, SigningKey};
use registry::status::DoseState;

use crate::world::{
    HERE, THERE, at, clerk, code, code_of, facts, head, id, on_both, open_facility, person,
    province, settle, subject,
};

/// A new key with its certificate, and the authority that vouches for it.
pub(crate) fn certified(
    common_name: &str,
    purposes: &[Purpose],
) -> (SoftwareKey, Certificate, Certificate) {
    let name = |common_name: &str| Name {
        country: "VN".into(),
        organisation: "Bộ Y tế".into(),
        common_name: common_name.into(),
    };
    let years = Validity {
        not_before: "2022-01-01T00:00:00Z".parse().expect("a time"),
        not_after: "2032-01-01T00:00:00Z".parse().expect("a time"),
    };
    let authority_key = SoftwareKey::generate(KeyKind::P256).expect("a key");
    let authority = create_authority(&authority_key, &name("CA"), years).expect("an authority");
    let key = SoftwareKey::generate(KeyKind::P256).expect("a key");
    let request = Request::create(&key, &name(common_name)).expect("a request");
    let certificate = issue_signer(&authority_key, &authority, &request, purposes, years);
    (key, certificate.expect("a certificate"), authority)
}

/// A key of the unit, and the authority that vouches for it.
pub(crate) fn key_of(unit: Unit) -> (SigningKey, Trust) {
    let (key, certificate, authority) = certified("Trạm Y tế", &[]);
    let key = SigningKey {
        signer: Arc::new(key),
        chain: vec![certificate],
        unit,
    };
    (key, Trust::new([authority]))
}

fn facility() -> Unit {
    Unit::Facility(code(HERE))
}

pub(crate) async fn sign(
    platform: &Platform,
    act: &Act,
    subjects: &[RecordId],
    (key, trust): &(SigningKey, Trust),
) -> Vec<String> {
    let signed = platform
        .sign_for_facility(act, &code(HERE), subjects, key, trust)
        .await
        .expect("signs");
    let word = |(_, outcome)| match outcome {
        Signed::Signed(revision) => format!("signed {revision}"),
        Signed::Already => "already".to_owned(),
        Signed::Refused(refusal) => refusal.reason.code.to_owned(),
    };
    signed.into_iter().map(word).collect()
}

#[test]
fn every_person_of_a_batch_gets_a_proof_or_a_reason() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        open_facility(&platform, THERE).await;
        let yes = || Some(RegisterAnswer::True);
        let one = settle(&platform, 1, HERE, person(1), yes()).await;
        let two = settle(&platform, 2, HERE, person(2), yes()).await;
        let differing = vec![IdentityField::BirthDate];
        let wrong = settle(
            &platform,
            3,
            HERE,
            person(3),
            Some(RegisterAnswer::False { differing }),
        )
        .await;
        let foreign = settle(&platform, 4, THERE, person(4), yes()).await;
        let all = [one.clone(), wrong, two, foreign, id("S99999")];
        let key = key_of(facility());
        let outcomes = sign(&platform, &head(HERE), &all, &key).await;
        assert_eq!(
            outcomes,
            [
                "signed 2",
                "signing.not_verified",
                "signed 2",
                "record.not_found",
                "record.not_found"
            ]
        );
        let again = sign(&platform, &head(HERE), &all[..1], &key).await;
        assert_eq!(again, ["already"], "signing again changes nothing");

        // The proof stands alone: without the platform, without the store.
        let signed = subject(&platform, &one).await;
        let dose = signed.doses.get(&DoseId("D1".into())).expect("a dose");
        assert_eq!(dose.state, DoseState::FacilitySigned);
        let signature = dose.signature.as_ref().expect("a signature");
        let proof = RecordProof::parse(&signature.evidence).expect("a proof");
        let bytes = canonical::to_text(&signed.content_of(&code(HERE))).expect("writes");
        let (_, trust) = &key;
        proof
            .verify(bytes.as_bytes(), trust, at(60))
            .expect("proves it");
        let other = bytes.replace("Thử", "Thứ");
        assert!(proof.verify(other.as_bytes(), trust, at(60)).is_err());
        assert!(!signature.evidence.contains("Thử"), "a proof names nobody");
    });
}

#[test]
fn who_may_sign_and_with_which_certificate() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let one = settle(&platform, 1, HERE, person(1), Some(RegisterAnswer::True)).await;
        let key = key_of(facility());
        let by = async |act: &Act| {
            let signed = platform
                .sign_for_facility(act, &code(HERE), std::slice::from_ref(&one), &key.0, &key.1)
                .await;
            match signed.expect_err("refused") {
                platform::signing::SigningError::Act(error) => code_of::<()>(Err(error)),
                other => panic!("{other}"),
            }
        };
        assert_eq!(by(&clerk(HERE)).await, "facility.may_not_sign");
        assert_eq!(by(&head(THERE)).await, "record.not_found");
        assert_eq!(by(&province()).await, "facility.may_not_sign");
        assert_eq!(by(&crate::world::police(HERE)).await, "rights.forbidden");

        // A certificate of another unit, and one that nobody trusts.
        let of_other = key_of(Unit::Facility(code(THERE)));
        assert_eq!(
            sign(
                &platform,
                &head(HERE),
                std::slice::from_ref(&one),
                &of_other
            )
            .await,
            ["signing.certificate_unfit"]
        );
        let untrusted = (key.0.clone(), Trust::default());
        assert_eq!(
            sign(
                &platform,
                &head(HERE),
                std::slice::from_ref(&one),
                &untrusted
            )
            .await,
            ["signing.certificate_unfit"]
        );

        // The province designates itself.
        let facility_id = id(code(HERE).as_str());
        let designate = FacilityCommand::DesignateSigner(province().by.unit().cloned());
        platform
            .act::<Facility>(&province(), &facility_id, None, designate)
            .await
            .expect("designates");
        let of_province = key_of(province().by.unit().expect("a unit").clone());
        assert_eq!(
            sign(
                &platform,
                &province(),
                std::slice::from_ref(&one),
                &of_province
            )
            .await,
            ["signed 2"]
        );
    });
}

#[test]
fn a_correction_takes_the_signature_back_and_the_rules_run_on_what_was_written() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let one = settle(&platform, 1, HERE, person(1), Some(RegisterAnswer::True)).await;
        let key = key_of(facility());
        assert_eq!(
            sign(&platform, &head(HERE), std::slice::from_ref(&one), &key).await,
            ["signed 2"]
        );
        let correct = |injected_on: &str, version| subject::Command {
            action: Action::CorrectDose {
                dose: DoseId("D1".into()),
                version,
                facts: casework::subject::dose::DoseFacts {
                    injected_on: injected_on.into(),
                    ..facts(HERE)
                },
                // What a caller says of the rules counts for nothing.
                check: casework::subject::dose::DoseCheck::default(),
            },
            policy: Arc::clone(&platform.settings().policy),
        };
        let act = clerk(HERE);
        let future = platform
            .act::<Subject>(&act, &one, Some(2), correct("2031-09-01", 1))
            .await;
        let future = future.expect("is written").state;
        let dose = future.doses.get(&DoseId("D1".into())).expect("a dose");
        assert_eq!(dose.signature, None);
        assert!(
            !dose.check.blocking.is_empty(),
            "a day in the future stands against a signature"
        );
        assert_eq!(
            sign(&platform, &head(HERE), std::slice::from_ref(&one), &key).await,
            ["signing.not_eligible"]
        );

        // The second of two clerks sees what happened since, and overwrites nothing.
        let stale = platform
            .act::<Subject>(&act, &one, Some(2), correct("2021-09-02", 1))
            .await;
        match stale.expect_err("refused") {
            platform::ActError::Changed {
                read: 2,
                now: 3,
                since,
                ..
            } => {
                assert!(
                    !since.is_empty() && since.iter().all(|it| it["revision"] == 3),
                    "{since:?}"
                );
            }
            other => panic!("{other}"),
        }
        let mended = platform
            .act::<Subject>(&act, &one, Some(3), correct("2021-09-02", 2))
            .await;
        mended.expect("is written");
        assert_eq!(
            sign(&platform, &head(HERE), &[one], &key).await,
            ["signed 5"]
        );
    });
}

#[test]
fn a_finding_holds_up_the_signature_until_it_is_mended_or_a_second_person_overrides_it() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let one = settle(&platform, 1, HERE, person(1), Some(RegisterAnswer::True)).await;
        let key = key_of(facility());
        let act_on = async |by: &Act, action| {
            let command = subject::Command {
                action,
                policy: Arc::clone(&platform.settings().policy),
            };
            platform.act::<Subject>(by, &one, None, command).await
        };
        let dose = DoseId("D1".into());
        // VD-05: before the product was licensed.
        let early = casework::subject::dose::DoseFacts {
            injected_on: "2020-06-01".into(),
            ..facts(HERE)
        };
        let correct = Action::CorrectDose {
            dose: dose.clone(),
            version: 1,
            facts: early,
            check: casework::subject::dose::DoseCheck::default(),
        };
        let corrected = act_on(&clerk(HERE), correct).await.expect("corrects");
        assert_eq!(corrected.state.doses[&dose].check.blocking, ["VD-05"]);
        let batch = std::slice::from_ref(&one);
        let held_up = sign(&platform, &head(HERE), batch, &key).await;
        assert_eq!(held_up, ["signing.not_eligible"]);
        let over = |rule: &str| Action::OverrideFinding {
            dose: dose.clone(),
            rule: rule.into(),
        };
        let by_editor = act_on(&clerk(HERE), over("VD-05")).await;
        assert_eq!(code_of(by_editor), "dose.second_person");
        let blocking = act_on(&head(HERE), over("VD-04")).await;
        assert_eq!(code_of(blocking), "dose.finding_stands");
        let elsewhere = act_on(&head(THERE), over("VD-05")).await;
        assert_eq!(code_of(elsewhere), "record.not_found");
        act_on(&head(HERE), over("VD-05")).await.expect("overrides");
        let signed = sign(&platform, &head(HERE), batch, &key).await;
        assert_eq!(signed, ["signed 4"]);
    });
}
