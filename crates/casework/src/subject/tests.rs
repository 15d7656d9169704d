//! The ways of one record, and random walks beside a reference.

use proptest::prelude::*;
use registry::area::CommuneCode;

use super::dose::CertificateCheck;
use super::passport::Basis;
use super::*;
use crate::facility::{Mandate, SigningRight};
use crate::{AccountId, Actor, Origin, Role, carry_out, replay};

const VERIFIED: &str = "001084000123";

fn facility(code: &str) -> FacilityCode {
    FacilityCode::parse(code).expect("a code")
}

fn at(hour: i64) -> Timestamp {
    // 19 April 2022, 08:00 in Vietnam.
    Timestamp::from_second(1_650_330_000 + hour * 3600).expect("a time")
}

fn staff(unit: Unit, role: Role, account: &str) -> Actor {
    Actor::Staff {
        account: AccountId(account.into()),
        unit,
        role,
    }
}

fn clerk(code: &str) -> Actor {
    staff(Unit::Facility(facility(code)), Role::Clerk, "clerk")
}

fn act(by: Actor, hour: i64) -> Act {
    Act {
        at: at(hour),
        by,
        from: Origin("test".into()),
        why: Some("thử".into()),
    }
}

fn person(number: Option<&str>) -> Person {
    Person {
        full_name: "Nguyễn Thị Đào".into(),
        birth_date: "1984-05-03".into(),
        sex: "F".into(),
        number: number.map(str::to_owned),
        foreign: false,
    }
}

fn facts(day: &str, code: &str) -> DoseFacts {
    DoseFacts {
        injected_on: day.into(),
        vaccine: "comirnaty".into(),
        lot: Some("FF0001".into()),
        number: Some(1),
        facility: Some(facility(code)),
        facility_place: Place::of_commune(CommuneCode(4)).expect("a commune"),
    }
}

fn new_dose(id: &str, day: &str) -> NewDose {
    NewDose {
        id: DoseId(id.into()),
        facts: facts(day, "TYT-01"),
        check: DoseCheck::default(),
    }
}

fn registration(number: Option<&str>, answer: Option<RegisterAnswer>) -> Registration {
    Registration {
        person: person(number),
        contact: Contact::default(),
        residence: Place::of_commune(CommuneCode(4)).expect("a commune"),
        hamlet: None,
        answer,
        doses: vec![new_dose("d1", "2021-09-01"), new_dose("d2", "2021-10-01")],
        cluster: None,
    }
}

fn command(action: Action) -> Command {
    Command {
        action,
        policy: Arc::new(Policy::shipped()),
    }
}

fn done(state: Option<Subject>, action: Action, by: &Act) -> Subject {
    let (state, _) = carry_out(state, &command(action), by).expect("allowed");
    state.expect("a state")
}

fn refused(state: &Subject, action: Action, by: &Act) -> &'static str {
    Subject::decide(Some(state), &command(action), by)
        .expect_err("refused")
        .reason
        .code
}

fn verified() -> Subject {
    let new = registration(Some(VERIFIED), Some(RegisterAnswer::True));
    done(
        None,
        Action::Register(new),
        &act(Actor::system("import"), 0),
    )
}

fn signature(subject: &Subject, hash: &str) -> Action {
    let content = subject.content_of(&facility("TYT-01"));
    let signature = Signature {
        content_sha256: hash.into(),
        evidence: "proof".into(),
        signed_at: at(1),
        mandate: Mandate {
            account: AccountId("head".into()),
            right: SigningRight::Head,
        },
        certificate: CertificateCheck {
            name: "C=VN".into(),
            valid: true,
            of_signer: true,
        },
    };
    Action::Sign { content, signature }
}

fn certificate(subject: &Subject, uvci: &str, hour: i64) -> Certificate {
    Certificate {
        uvci: uvci.into(),
        issued_at: at(hour),
        expires_at: at(hour + 24 * 365),
        renew_from: at(hour + 24 * 337),
        profile: "eu-2023".into(),
        code_sha256: "00".into(),
        basis: subject.passport_basis(),
    }
}

fn head() -> Act {
    act(
        staff(Unit::Facility(facility("TYT-01")), Role::Head, "head"),
        1,
    )
}

fn signed() -> Subject {
    let subject = verified();
    let sign = signature(&subject, "h1");
    done(Some(subject), sign, &head())
}

fn issued() -> Subject {
    let subject = signed();
    let issue = Action::Issue(certificate(&subject, "URN:UVCI:V1:VN:1", 2));
    let subject = done(Some(subject), issue, &act(Actor::system("issuing"), 2));
    done(
        Some(subject),
        Action::Deliver,
        &act(Actor::system("issuing"), 2),
    )
}

fn police_list(change: IdentityChange) -> Action {
    let evidence = IdentityEvidence::PoliceList {
        list: "list/1".into(),
        row: "1".into(),
        content_sha256: "aa".into(),
    };
    Action::ChangeIdentity { change, evidence }
}

fn renamed() -> Action {
    police_list(IdentityChange {
        full_name: Some("Nguyễn Thị Đạo".into()),
        ..IdentityChange::default()
    })
}

#[test]
fn a_verified_record_goes_all_the_way_to_its_passport() {
    let subject = verified();
    assert!(
        subject
            .doses
            .values()
            .all(|dose| dose.state == DoseState::Eligible)
    );
    assert_eq!(
        subject.why_no_passport(&Policy::shipped(), at(0)),
        Some(WhyNone::WaitingForFacility)
    );
    assert_eq!(
        subject.tasks().len(),
        1,
        "only the facility has something to do"
    );
    let subject = signed();
    assert_eq!(subject.passport.state, PassportState::Queued);
    let subject = issued();
    assert_eq!(subject.passport.state, PassportState::Delivered);
    assert_eq!(subject.tasks().iter().filter(|task| task.open).count(), 0);
    assert_eq!(subject.reminders().len(), 1);
}

#[test]
fn a_changed_identity_takes_back_signature_and_passport_in_one_decision() {
    let station = act(
        staff(Unit::Commune(CommuneCode(4)), Role::Station, "station"),
        3,
    );
    let (after, events) =
        carry_out(Some(issued()), &command(renamed()), &station).expect("allowed");
    let after = after.expect("a state");
    assert_eq!(after.identity, SubjectIdentity::Stale);
    assert!(
        after
            .doses
            .values()
            .all(|dose| dose.state == DoseState::Entered && dose.version == 2)
    );
    assert_eq!(after.passport.state, PassportState::Revoked);
    let revoked = Event::PassportRevoked {
        cause: RevocationCause::Corrected,
    };
    assert!(events.contains(&revoked));
    assert_eq!(
        refused(&after, signature(&after, "h2"), &head()),
        "signing.not_verified"
    );
}

#[test]
fn a_corrected_record_gets_a_new_certificate_under_another_code() {
    let system = act(Actor::system("register"), 4);
    let subject = done(Some(issued()), renamed(), &system);
    let subject = done(
        Some(subject),
        Action::Send {
            request: "q1".into(),
        },
        &system,
    );
    let answer = Action::Answer {
        request: "q1".into(),
        answer: RegisterAnswer::True,
    };
    let subject = done(Some(subject), answer, &system);
    let sign = signature(&subject, "h2");
    let subject = done(Some(subject), sign, &head());
    assert_eq!(subject.passport.state, PassportState::Queued);
    let again = certificate(&subject, "URN:UVCI:V1:VN:1", 5);
    assert_eq!(
        refused(&subject, Action::Issue(again), &system),
        "passport.uvci_reused"
    );
    let new = certificate(&subject, "URN:UVCI:V1:VN:2", 5);
    let subject = done(Some(subject), Action::Issue(new), &system);
    assert_eq!(subject.passport.earlier.len(), 1);
}

#[test]
fn a_later_dose_replaces_the_passport_only_once_it_is_signed() {
    let enter = Action::EnterDose {
        dose: DoseId("d3".into()),
        facts: facts("2022-04-19", "TYT-01"),
        check: DoseCheck::default(),
    };
    let subject = done(Some(issued()), enter, &act(clerk("TYT-01"), 3));
    assert_eq!(subject.passport.state, PassportState::Delivered);
    let sign = signature(&subject, "h3");
    let (after, events) = carry_out(Some(subject), &command(sign), &head()).expect("allowed");
    let replaced = Event::PassportRevoked {
        cause: RevocationCause::Supplemented,
    };
    assert!(events.contains(&replaced));
    assert_eq!(
        after.expect("a state").passport.state,
        PassportState::Queued
    );
}

#[test]
fn the_same_signature_twice_changes_nothing() {
    let subject = signed();
    let events = Subject::decide(Some(&subject), &command(signature(&subject, "h1")), &head());
    assert_eq!(events, Ok(Vec::new()));
}

#[test]
fn every_reason_not_to_sign_is_named() {
    let subject = verified();
    let sign = signature(&subject, "h1");
    let feedback = done(
        Some(subject.clone()),
        Action::OpenFeedback("f1".into()),
        &head(),
    );
    assert_eq!(
        refused(&feedback, sign.clone(), &head()),
        "signing.feedback_open"
    );
    let found = DoseCheck {
        blocking: vec!["DT-01".into()],
        ..DoseCheck::default()
    };
    let check = Action::CheckDose {
        dose: DoseId("d1".into()),
        check: found,
    };
    let blocked = done(Some(subject.clone()), check, &head());
    assert_eq!(
        refused(&blocked, sign.clone(), &head()),
        "signing.not_eligible"
    );
    let twice = DoseCheck {
        repeats: Some(DoseId("d1".into())),
        ..DoseCheck::default()
    };
    let check = Action::CheckDose {
        dose: DoseId("d2".into()),
        check: twice,
    };
    let suspected = done(Some(subject.clone()), check, &head());
    assert_eq!(
        refused(&suspected, sign.clone(), &head()),
        "signing.duplicate_suspected"
    );
    let mut later = facts("2021-10-02", "TYT-01");
    later.number = Some(2);
    let correct = Action::CorrectDose {
        dose: DoseId("d2".into()),
        version: 1,
        facts: later,
        check: DoseCheck::default(),
    };
    let corrected = done(Some(subject.clone()), correct, &act(clerk("TYT-01"), 1));
    assert_eq!(
        refused(&corrected, sign.clone(), &head()),
        "signing.content_changed"
    );
    let Action::Sign {
        content,
        mut signature,
    } = sign
    else {
        unreachable!()
    };
    signature.certificate.valid = false;
    let revoked = Action::Sign {
        content: content.clone(),
        signature: signature.clone(),
    };
    assert_eq!(
        refused(&subject, revoked, &head()),
        "signing.certificate_unfit"
    );
    let elsewhere = SignedContent {
        facility: facility("TYT-02"),
        ..content
    };
    let other = Action::Sign {
        content: elsewhere,
        signature,
    };
    assert_eq!(refused(&subject, other, &head()), "signing.nothing_to_sign");
    let unverified = registration(
        Some(VERIFIED),
        Some(RegisterAnswer::False {
            differing: Vec::new(),
        }),
    );
    let unverified = done(None, Action::Register(unverified), &head());
    let sign = self::signature(&unverified, "h1");
    assert_eq!(refused(&unverified, sign, &head()), "signing.not_verified");
}

#[test]
fn the_only_editor_of_an_overridden_finding_may_not_sign_it() {
    let subject = done(
        None,
        Action::Register(Registration {
            doses: Vec::new(),
            ..registration(Some(VERIFIED), Some(RegisterAnswer::True))
        }),
        &head(),
    );
    let check = DoseCheck {
        overridden: vec!["LT-01".into()],
        ..DoseCheck::default()
    };
    let enter = Action::EnterDose {
        dose: DoseId("d1".into()),
        facts: facts("2022-04-19", "TYT-01"),
        check,
    };
    let subject = done(Some(subject), enter, &head());
    assert_eq!(
        refused(&subject, signature(&subject, "h"), &head()),
        "signing.sole_editor"
    );
}

#[test]
fn what_a_rule_found_is_overridden_by_somebody_else_than_the_editors_with_a_reason() {
    let registered = Action::Register(Registration {
        doses: Vec::new(),
        ..registration(Some(VERIFIED), Some(RegisterAnswer::True))
    });
    let check = DoseCheck {
        blocking: vec!["LT-01".into()],
        ..DoseCheck::default()
    };
    let enter = Action::EnterDose {
        dose: DoseId("d1".into()),
        facts: facts("2022-04-19", "TYT-01"),
        check: check.clone(),
    };
    let by_clerk = act(clerk("TYT-01"), 1);
    let subject = done(Some(done(None, registered, &by_clerk)), enter, &by_clerk);
    let override_it = |rule: &str| Action::OverrideFinding {
        dose: DoseId("d1".into()),
        rule: rule.into(),
    };
    let refused_for = |by: &Act, rule| refused(&subject, override_it(rule), by);
    assert_eq!(refused_for(&by_clerk, "LT-01"), "dose.second_person");
    assert_eq!(refused_for(&head(), "LT-02"), "dose.finding_unknown");
    let elsewhere = act(clerk("TYT-02"), 1);
    assert_eq!(refused_for(&elsewhere, "LT-01"), "dose.other_facility");
    let silent = Act {
        why: None,
        ..head()
    };
    assert_eq!(refused_for(&silent, "LT-01"), "subject.why_missing");

    let overridden = done(Some(subject), override_it("LT-01"), &head());
    let dose = &overridden.doses[&DoseId("d1".into())];
    assert_eq!(dose.check.overridden, ["LT-01"]);
    assert!(dose.objections().is_empty());
    let again = overridden.clone();
    assert_eq!(done(Some(again), override_it("LT-01"), &head()), overridden);
    // The rules run again: what they find in the same facts stays overridden.
    assert_eq!(check.keeping_overrides(&dose.check), dose.check);
    let signed = done(
        Some(overridden.clone()),
        signature(&overridden, "h"),
        &head(),
    );
    assert_eq!(
        signed.doses[&DoseId("d1".into())].state,
        DoseState::FacilitySigned
    );
}

#[test]
fn only_the_facility_that_entered_a_dose_may_correct_it_and_a_stale_reader_is_told() {
    let correct = |version| Action::CorrectDose {
        dose: DoseId("d1".into()),
        version,
        facts: facts("2021-09-02", "TYT-01"),
        check: DoseCheck::default(),
    };
    assert_eq!(
        refused(&verified(), correct(1), &act(clerk("TYT-02"), 1)),
        "dose.other_facility"
    );
    let once = done(Some(verified()), correct(1), &act(clerk("TYT-01"), 1));
    assert_eq!(
        refused(&once, correct(1), &act(clerk("TYT-01"), 1)),
        "dose.changed"
    );
}

#[test]
fn an_answer_about_the_identity_of_before_is_refused() {
    let system = act(Actor::system("register"), 1);
    let subject = done(
        None,
        Action::Register(registration(Some(VERIFIED), None)),
        &system,
    );
    let subject = done(
        Some(subject),
        Action::Send {
            request: "q1".into(),
        },
        &system,
    );
    let subject = done(Some(subject), renamed(), &system);
    let answer = Action::Answer {
        request: "q1".into(),
        answer: RegisterAnswer::True,
    };
    assert_eq!(
        refused(&subject, answer, &system),
        "subject.answer_outdated"
    );
    let subject = done(
        Some(subject),
        Action::Send {
            request: "q2".into(),
        },
        &system,
    );
    let answer = Action::Answer {
        request: "q2".into(),
        answer: RegisterAnswer::True,
    };
    assert_eq!(
        done(Some(subject), answer, &system).identity,
        SubjectIdentity::True
    );
}

#[test]
fn foreigners_are_exempt_and_answered_for_by_their_facility() {
    let mut new = registration(Some("B1234567"), None);
    new.person.foreign = true;
    let subject = done(None, Action::Register(new), &act(clerk("TYT-01"), 0));
    assert_eq!(subject.identity, SubjectIdentity::ForeignerExempt);
    assert!(
        subject
            .doses
            .values()
            .all(|dose| dose.state == DoseState::Eligible)
    );
    assert_eq!(
        refused(
            &subject,
            Action::Send {
                request: "q".into()
            },
            &head()
        ),
        "subject.exempt"
    );
    let change = IdentityChange {
        full_name: Some("Anna Nowak".into()),
        ..IdentityChange::default()
    };
    let evidence = IdentityEvidence::ForeignPassport {
        facility: facility("TYT-01"),
    };
    let action = Action::ChangeIdentity { change, evidence };
    assert_eq!(
        refused(&subject, action.clone(), &act(clerk("TYT-02"), 1)),
        "subject.evidence_unfit"
    );
    assert_eq!(
        refused(&verified(), action.clone(), &act(clerk("TYT-01"), 1)),
        "subject.evidence_unfit"
    );
    assert_eq!(
        done(Some(subject), action, &act(clerk("TYT-01"), 1))
            .person
            .full_name,
        "Anna Nowak"
    );
}

#[test]
fn a_passport_renews_itself_and_expires_by_the_clock_alone() {
    let clock = |hours| act(Actor::system("clock"), hours);
    let subject = issued();
    let early = Subject::decide(Some(&subject), &command(Action::Clock), &clock(24 * 300));
    assert_eq!(early, Ok(Vec::new()));
    let subject = done(Some(subject), Action::Clock, &clock(24 * 340));
    assert_eq!(subject.passport.state, PassportState::Expiring);
    let new = certificate(&subject, "URN:UVCI:V1:VN:2", 24 * 340);
    let renewed = done(Some(subject.clone()), Action::Renew(new), &clock(24 * 340));
    assert_eq!(renewed.passport.state, PassportState::Delivered);
    let expired = done(Some(subject), Action::Clock, &clock(24 * 366));
    assert_eq!(expired.passport.state, PassportState::Expired);
}

#[test]
fn a_withdrawn_passport_comes_back_only_after_a_correction() {
    let ministry = act(staff(Unit::Ministry, Role::CentralSigner, "dpm"), 3);
    let subject = done(Some(issued()), Action::Revoke, &ministry);
    assert_eq!(subject.passport.state, PassportState::Revoked);
    assert_eq!(
        subject.why_no_passport(&Policy::shipped(), at(3)),
        Some(WhyNone::Withheld)
    );
    let silent = Act {
        why: Some("  ".into()),
        ..ministry
    };
    assert_eq!(
        refused(&issued(), Action::Revoke, &silent),
        "subject.why_missing"
    );
}

#[test]
fn two_verified_numbers_are_never_one_person() {
    let link = |numbers: &[&str]| Action::Link {
        cluster: "c1".into(),
        verified_numbers: numbers.iter().map(|number| (*number).to_owned()).collect(),
    };
    assert_eq!(
        refused(&verified(), link(&["001184000999"]), &head()),
        "subject.other_person"
    );
    let linked = done(Some(verified()), link(&[VERIFIED]), &head());
    let unlinked = done(Some(linked), Action::Unlink, &head());
    assert_eq!(unlinked, verified());
}

#[test]
fn a_protected_person_is_on_no_list() {
    let sealed = done(Some(verified()), Action::Seal, &head());
    assert_eq!(sealed.tasks(), Vec::new());
    assert_eq!(
        done(Some(sealed), Action::Unseal, &head()).tasks(),
        verified().tasks()
    );
}

#[test]
fn an_undone_registration_leaves_no_record_until_it_is_registered_again() {
    let undo = |before: Option<Subject>| Action::Undo {
        of: "import/1".into(),
        before: before.map(Box::new),
    };
    let import = act(Actor::system("import"), 5);
    assert_eq!(
        refused(&verified(), undo(None), &head()),
        "subject.undo_by_platform"
    );
    let gone = done(Some(verified()), undo(None), &import);
    assert_eq!(
        (gone.tasks(), gone.reminders(), gone.keys()),
        Default::default()
    );
    assert_eq!(refused(&gone, Action::Seal, &head()), "subject.unknown");
    assert_eq!(refused(&gone, undo(None), &import), "subject.unknown");
    let opening = act(Actor::system("import"), 0);
    let again = Action::Register(registration(Some(VERIFIED), Some(RegisterAnswer::True)));
    assert_eq!(done(Some(gone), again, &opening), verified());
}

#[test]
fn an_undo_brings_the_record_back_as_it_was_but_never_a_passport() {
    let undo = |before: Subject| Action::Undo {
        of: "import/1".into(),
        before: Some(Box::new(before)),
    };
    let import = act(Actor::system("import"), 5);
    let corrected = |subject: Subject| {
        let correct = Action::CorrectDose {
            dose: DoseId("d1".into()),
            version: 1,
            facts: facts("2021-09-02", "TYT-01"),
            check: DoseCheck::default(),
        };
        done(Some(subject), correct, &import)
    };
    let after = corrected(signed());
    assert_ne!(after, signed());
    assert_eq!(done(Some(after), undo(signed()), &import), signed());
    assert_eq!(
        refused(&corrected(issued()), undo(issued()), &import),
        "subject.undo_passport"
    );
}

/// One step of a random walk; what it needs of the state is taken from it when it is made.
#[derive(Debug, Clone)]
enum Step {
    Send,
    Answer(u8),
    OldAnswer,
    Age,
    Rename(u8),
    Renumber(bool),
    Enter(u8, bool),
    Correct(u8, u8),
    Retract(u8),
    Check(u8, u8),
    Judge(u8, bool),
    Override(u8),
    Sign(u8),
    Withdraw,
    Issue,
    Deliver,
    Clock(u16),
    Renew,
    Revoke,
    Feedback(bool),
    Link(bool),
    Seal(bool),
    /// Back to an earlier state of the walk; to none at all.
    Undo(Option<u8>),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Send),
        6 => (0..3u8).prop_map(Step::Answer),
        1 => Just(Step::OldAnswer),
        1 => Just(Step::Age),
        2 => (0..3u8).prop_map(Step::Rename),
        2 => any::<bool>().prop_map(Step::Renumber),
        3 => ((0..4u8), any::<bool>()).prop_map(|(id, own)| Step::Enter(id, own)),
        2 => ((0..4u8), (0..3u8)).prop_map(|(id, day)| Step::Correct(id, day)),
        1 => (0..4u8).prop_map(Step::Retract),
        2 => ((0..4u8), (0..4u8)).prop_map(|(id, found)| Step::Check(id, found)),
        2 => ((0..4u8), any::<bool>()).prop_map(|(id, same)| Step::Judge(id, same)),
        2 => (0..4u8).prop_map(Step::Override),
        6 => (0..4u8).prop_map(Step::Sign),
        1 => Just(Step::Withdraw),
        6 => Just(Step::Issue),
        3 => Just(Step::Deliver),
        2 => (0..500u16).prop_map(Step::Clock),
        2 => Just(Step::Renew),
        1 => Just(Step::Revoke),
        1 => any::<bool>().prop_map(Step::Feedback),
        1 => any::<bool>().prop_map(Step::Link),
        1 => any::<bool>().prop_map(Step::Seal),
        2 => proptest::option::of(any::<u8>()).prop_map(Step::Undo),
        2 => Just(Step::Reopen),
    ]
}

fn action(step: &Step, subject: &Subject, turn: usize, earlier: &[Subject]) -> Action {
    let id = |id: u8| DoseId(format!("d{id}"));
    let asked = || {
        subject
            .asked
            .as_ref()
            .map_or_else(|| "none".to_owned(), |asked| asked.request.clone())
    };
    match step {
        Step::Send => Action::Send {
            request: format!("q{turn}"),
        },
        Step::Answer(kind) => Action::Answer {
            request: asked(),
            answer: match kind {
                0 => RegisterAnswer::True,
                1 => RegisterAnswer::False {
                    differing: vec![IdentityField::FullName],
                },
                _ => RegisterAnswer::Unverifiable,
            },
        },
        Step::OldAnswer => Action::Answer {
            request: "q-old".into(),
            answer: RegisterAnswer::True,
        },
        Step::Age => Action::Age,
        Step::Rename(name) => police_list(IdentityChange {
            full_name: Some(
                ["Nguyễn Thị Đào", "Nguyễn Thị Đạo", "Lê Văn Ân"][usize::from(*name)].into(),
            ),
            ..IdentityChange::default()
        }),
        Step::Renumber(good) => police_list(IdentityChange {
            number: Some(if *good { VERIFIED } else { "12" }.into()),
            ..IdentityChange::default()
        }),
        Step::Enter(dose, own) => Action::EnterDose {
            dose: id(*dose),
            facts: facts("2022-04-19", if *own { "TYT-01" } else { "TYT-02" }),
            check: DoseCheck::default(),
        },
        Step::Correct(dose, day) => Action::CorrectDose {
            dose: id(*dose),
            version: subject.doses.get(&id(*dose)).map_or(1, |dose| dose.version),
            facts: facts(
                ["2021-09-01", "2021-09-02", "không rõ"][usize::from(*day)],
                "TYT-01",
            ),
            check: DoseCheck::default(),
        },
        Step::Retract(dose) => Action::RetractDose { dose: id(*dose) },
        Step::Check(dose, found) => Action::CheckDose {
            dose: id(*dose),
            check: match found {
                0 => DoseCheck::default(),
                1 => DoseCheck {
                    blocking: vec!["LT-01".into()],
                    ..DoseCheck::default()
                },
                other => DoseCheck {
                    repeats: Some(id(*other)),
                    ..DoseCheck::default()
                },
            },
        },
        Step::Judge(dose, same) => Action::JudgeDuplicate {
            dose: id(*dose),
            same: *same,
        },
        Step::Override(dose) => Action::OverrideFinding {
            dose: id(*dose),
            rule: "LT-01".into(),
        },
        Step::Sign(hash) => signature(subject, &format!("h{hash}")),
        Step::Withdraw => Action::Withdraw {
            facility: facility("TYT-01"),
        },
        Step::Issue => Action::Issue(certificate(subject, &format!("U{turn}"), 0)),
        Step::Deliver => Action::Deliver,
        Step::Clock(_) => Action::Clock,
        Step::Renew => Action::Renew(certificate(subject, &format!("U{turn}"), 0)),
        Step::Revoke => Action::Revoke,
        Step::Feedback(true) => Action::OpenFeedback("f".into()),
        Step::Feedback(false) => Action::CloseFeedback("f".into()),
        Step::Link(true) => Action::Link {
            cluster: "c".into(),
            verified_numbers: Vec::new(),
        },
        Step::Link(false) => Action::Unlink,
        Step::Seal(true) => Action::Seal,
        Step::Seal(false) => Action::Unseal,
        Step::Undo(back) => Action::Undo {
            of: "import/1".into(),
            before: back
                .and_then(|back| earlier.iter().rev().nth(usize::from(back)))
                .map(|earlier| Box::new(earlier.clone())),
        },
        Step::Reopen => Action::Register(registration(Some(VERIFIED), None)),
    }
}

/// The reference: what must hold of any state, said as plainly as possible.
fn check_invariants(
    before: &Subject,
    after: &Subject,
    events: &[Event],
) -> Result<(), TestCaseError> {
    // 1. A dose is signed only over an identity that was TRUE (or exempt) after its last change.
    for dose in after
        .doses
        .values()
        .filter(|dose| dose.state == DoseState::FacilitySigned)
    {
        prop_assert_eq!(dose.signed_identity, Some(after.identity_version));
        prop_assert!(dose.signature.is_some());
    }
    for event in events {
        if let Event::Signed { .. } = event {
            prop_assert!(before.identity_vouches() && before.open_feedback.is_empty());
        }
    }
    // 2. A live passport stands on signed doses of the present identity.
    let live = [
        PassportState::CentralSigned,
        PassportState::Delivered,
        PassportState::Expiring,
    ];
    if live.contains(&after.passport.state) {
        let basis = after
            .passport
            .certificate
            .as_ref()
            .map(|certificate| certificate.basis.clone());
        let basis: Basis = basis.unwrap_or_default();
        prop_assert_eq!(basis.identity_version, after.identity_version);
        for (id, version) in &basis.doses {
            let dose = after.doses.get(id);
            prop_assert!(dose.is_some_and(
                |dose| dose.version == *version && dose.state == DoseState::FacilitySigned
            ));
        }
        prop_assert!(!matches!(
            after.identity,
            SubjectIdentity::False | SubjectIdentity::Unverifiable
        ));
    }
    // 3. What can be signed stands on the right queue, and nothing of a protected person on any.
    prop_assert!(!(after.sealed || after.taken_back) || after.tasks().is_empty());
    prop_assert!(!after.taken_back || (after.keys().is_empty() && after.reminders().is_empty()));
    let ready = after
        .doses
        .values()
        .any(|dose| dose.state == DoseState::Eligible);
    prop_assert!(!ready || after.identity_vouches());
    // 4. Codes never come back.
    if let Some(certificate) = &after.passport.certificate {
        prop_assert!(!after.passport.earlier.contains(&certificate.uvci));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_walk_reaches_a_forbidden_state_and_the_events_rebuild_it(
        number in prop_oneof![Just(Some(VERIFIED)), Just(None), Just(Some("123"))],
        steps in proptest::collection::vec(step(), 1..50),
    ) {
        let opening = act(Actor::system("import"), 0);
        let (mut state, events) =
            carry_out(None::<Subject>, &command(Action::Register(registration(number, None))), &opening).expect("opens");
        let mut earlier: Vec<Subject> = Vec::new();
        let mut log: Vec<(Event, Act)> = events.into_iter().map(|event| (event, opening.clone())).collect();
        for (turn, step) in steps.iter().enumerate() {
            let subject = state.clone().expect("a state");
            let hours = if let Step::Clock(days) = step { i64::from(*days) * 24 } else { turn as i64 };
            let by = match step {
                Step::Sign(_) | Step::Withdraw => head(),
                Step::Enter(..) | Step::Correct(..) => act(clerk("TYT-01"), hours),
                _ => act(Actor::system("test"), hours),
            };
            let action = action(step, &subject, turn, &earlier);
            let Ok((after, events)) = carry_out(Some(subject.clone()), &command(action), &by) else { continue };
            check_invariants(&subject, after.as_ref().expect("a state"), &events)?;
            log.extend(events.into_iter().map(|event| (event, by.clone())));
            earlier.push(subject);
            state = after;
        }
        let rebuilt: Option<Subject> = replay(log.iter().map(|(event, act)| (event, act)));
        prop_assert_eq!(&rebuilt, &state);
        let text = serde_json::to_string(&state).expect("writes");
        prop_assert_eq!(serde_json::from_str::<Option<Subject>>(&text).expect("reads"), state);
        for (event, _) in &log {
            let text = serde_json::to_string(event).expect("writes");
            prop_assert_eq!(&serde_json::from_str::<Event>(&text).expect("reads"), event);
        }
    }
}
