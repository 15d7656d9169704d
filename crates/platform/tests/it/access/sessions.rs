//! Sessions end when they should, and at once when something is taken away.

use casework::{Act, Role};
use platform::access::Step;

use super::{OWN, account, act_of, clerk, code, from, office, on_both_stores, session};
use crate::world::at;

#[test]
fn a_session_ends_by_idleness_by_age_and_by_its_owner() {
    on_both_stores(|access| async move {
        clerk(&access, "le.an").await;
        let idle = session(&access, "le.an", &office(), at(10)).await;
        act_of(&access, &idle, &office(), at(10 + 1799)).await;
        let late = access
            .authenticate(idle.expose(), &office(), at(10 + 1799 + 1800))
            .await;
        assert_eq!(code(late), "access.session");

        let old = session(&access, "le.an", &office(), at(10_000)).await;
        for quarter in 1..48 {
            act_of(&access, &old, &office(), at(10_000 + quarter * 900)).await;
        }
        let late = access
            .authenticate(old.expose(), &office(), at(10_000 + 12 * 3600))
            .await;
        assert_eq!(code(late), "access.session");

        let one = session(&access, "le.an", &office(), at(100_000)).await;
        let two = session(&access, "le.an", &office(), at(100_001)).await;
        let act = act_of(&access, &two, &office(), at(100_002)).await;
        let own = access.sessions(&act).await.expect("lists");
        assert_eq!(own.len(), 2, "{own:?}");
        access.end_session(&act, &own[0].id).await.expect("ends");
        let ended = access
            .authenticate(one.expose(), &office(), at(100_003))
            .await;
        assert_eq!(code(ended), "access.session");
        act_of(&access, &two, &office(), at(100_003)).await;
        access.end_all_sessions(&act).await.expect("ends");
        let ended = access
            .authenticate(two.expose(), &office(), at(100_004))
            .await;
        assert_eq!(code(ended), "access.session");
    });
}

#[test]
fn a_clock_that_is_set_back_makes_no_session_live_longer() {
    on_both_stores(|access| async move {
        clerk(&access, "le.an").await;
        let secret = session(&access, "le.an", &office(), at(1000)).await;
        act_of(&access, &secret, &office(), at(800)).await;
        let earlier = access
            .authenticate(secret.expose(), &office(), at(600))
            .await;
        assert_eq!(code(earlier), "access.session");
    });
}

#[test]
fn what_is_taken_away_is_gone_with_the_next_request() {
    on_both_stores(|access| async move {
        clerk(&access, "le.an").await;
        let console = Act::system("console", at(10));
        let before = session(&access, "le.an", &office(), at(10)).await;
        access
            .disable(&console, &account("le.an"), None)
            .await
            .expect("closes");
        let ended = access
            .authenticate(before.expose(), &office(), at(11))
            .await;
        assert_eq!(code(ended), "access.session");
        let closed = access.sign_in("le.an", OWN, &office(), at(12)).await;
        assert_eq!(code(closed), "account.disabled");
        let wrong = access.sign_in("le.an", "sai", &office(), at(13)).await;
        assert_eq!(code(wrong), "access.credentials");

        clerk(&access, "binh").await;
        let before = session(&access, "binh", &office(), at(20)).await;
        let unit = "hamlet/00004/Tổ 4".parse().expect("a unit");
        access
            .assign(&console, &account("binh"), None, unit, Role::HamletTeam)
            .await
            .expect("assigns");
        let ended = access
            .authenticate(before.expose(), &office(), at(21))
            .await;
        assert_eq!(code(ended), "access.session");
        let after = session(&access, "binh", &office(), at(22)).await;
        let act = act_of(&access, &after, &office(), at(23)).await;
        let unit = act.by.unit().map(ToString::to_string);
        assert_eq!(unit.as_deref(), Some("hamlet/00004/Tổ 4"));
    });
}

#[test]
fn a_step_begun_before_a_reset_leads_nowhere() {
    on_both_stores(|access| async move {
        let first =
            super::opened(&access, "le.an", "hamlet/00004/A", Role::HamletTeam, at(0)).await;
        let step = access
            .sign_in("le.an", first.password.expose(), &office(), at(1))
            .await;
        let Ok(Step::ChoosePassword { ticket }) = step else {
            panic!("chooses a password: {step:?}")
        };
        let console = Act::system("console", at(2));
        access
            .reset(&console, &account("le.an"), None, false)
            .await
            .expect("resets");
        let old = access
            .choose_password(ticket.expose(), OWN, &office(), at(3))
            .await;
        assert_eq!(code(old), "access.ticket");
    });
}

#[test]
fn a_changed_password_ends_all_other_sessions() {
    on_both_stores(|access| async move {
        clerk(&access, "le.an").await;
        let here = session(&access, "le.an", &office(), at(10)).await;
        let other = session(&access, "le.an", &office(), at(11)).await;
        let act = act_of(&access, &here, &office(), at(12)).await;
        let new = "nướng than đước bốn mươi bảy";
        let wrong = access
            .change_password(&act, "sai", new, here.expose())
            .await;
        assert_eq!(code(wrong), "access.credentials");
        access
            .change_password(&act, OWN, new, here.expose())
            .await
            .expect("changes");
        act_of(&access, &here, &office(), at(13)).await;
        let ended = access.authenticate(other.expose(), &office(), at(13)).await;
        assert_eq!(code(ended), "access.session");
    });
}

#[test]
fn use_from_two_places_at_once_is_told_to_the_owner_once() {
    on_both_stores(|access| async move {
        clerk(&access, "le.an").await;
        let secret = session(&access, "le.an", &office(), at(1000)).await;
        for second in 0..20 {
            let place = if second % 2 == 0 {
                "198.51.100.9"
            } else {
                "203.0.113.7"
            };
            act_of(&access, &secret, &from(place), at(1010 + second)).await;
        }
        let act = act_of(&access, &secret, &office(), at(1040)).await;
        let notices = access.notices(&act, 50).await.expect("reads");
        let told: Vec<&str> = notices
            .iter()
            .filter(|notice| notice.what == "used_elsewhere")
            .map(|notice| notice.origin.as_str())
            .collect();
        assert_eq!(told, ["198.51.100.9", "203.0.113.7"]);
        access.see_notices(&act, at(2000)).await.expect("sees");
        let notices = access.notices(&act, 50).await.expect("reads");
        assert!(notices.iter().all(|notice| notice.seen));
    });
}
