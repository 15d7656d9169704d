//! Tokens of other systems.

use casework::{Act, Actor, Origin, Role, Unit};
use platform::access::NewToken;

use super::{account, code, office, on_both_stores};
use crate::world::at;

fn supervisor(unit: &str) -> Act {
    Act {
        at: at(0),
        by: Actor::Staff {
            account: account("huyen"),
            unit: unit.parse().expect("a unit"),
            role: Role::Supervisor,
        },
        from: Origin("203.0.113.7".into()),
        why: None,
    }
}

fn wanted(unit: &str, role: Role) -> NewToken {
    NewToken {
        name: "thong-ke".into(),
        unit: unit.parse().expect("a unit"),
        role,
        until: at(86_400),
    }
}

#[test]
fn a_token_acts_for_its_unit_until_it_is_taken_back_or_runs_out() {
    on_both_stores(|access| async move {
        let maker = supervisor("district/001");
        let new = wanted("commune/00004", Role::Station);
        let secret = access.make_token(&maker, &new).await.expect("makes");
        assert_eq!(
            code(access.make_token(&maker, &new).await),
            "access.token_name"
        );
        let known = access
            .authenticate(secret.expose(), &office(), at(1))
            .await
            .expect("known");
        let by = Actor::Client {
            token: "thong-ke".into(),
            unit: "commune/00004".parse::<Unit>().expect("a unit"),
            role: Role::Station,
        };
        assert_eq!(known.by, by);
        let listed = access.tokens(&maker).await.expect("lists");
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].used_at, Some(at(1)));
        let late = access
            .authenticate(secret.expose(), &office(), at(86_401))
            .await;
        assert_eq!(code(late), "access.token");
        access
            .revoke_token(&maker, "thong-ke")
            .await
            .expect("revokes");
        let revoked = access.authenticate(secret.expose(), &office(), at(2)).await;
        assert_eq!(code(revoked), "access.token");
    });
}

#[test]
fn a_token_gets_no_role_that_the_unit_lacks_and_reaches_no_further_than_its_maker() {
    on_both_stores(|access| async move {
        let maker = supervisor("district/001");
        let refused = [
            ("commune/00004", Role::Police, "account.role_unfit"),
            ("police/00004", Role::Police, "account.not_above"),
            ("district/001", Role::Supervisor, "account.not_above"),
            ("province/01", Role::Supervisor, "record.not_found"),
            ("commune/26740", Role::Station, "record.not_found"),
            ("ministry", Role::Operator, "record.not_found"),
        ];
        for (unit, role, reason) in refused {
            let made = access.make_token(&maker, &wanted(unit, role)).await;
            assert_eq!(code(made), reason, "{unit}");
        }
        let mut long = wanted("commune/00004", Role::Station);
        long.until = at(367 * 86_400);
        assert_eq!(
            code(access.make_token(&maker, &long).await),
            "access.token_until"
        );
        access
            .make_token(&maker, &wanted("commune/00004", Role::Station))
            .await
            .expect("makes");
        let elsewhere = supervisor("district/760");
        let revoked = access.revoke_token(&elsewhere, "thong-ke").await;
        assert_eq!(code(revoked), "record.not_found");
    });
}

#[test]
fn a_token_opens_no_account_and_makes_no_token() {
    on_both_stores(|access| async move {
        let mut client = supervisor("district/001");
        client.by = Actor::Client {
            token: "thong-ke".into(),
            unit: "district/001".parse::<Unit>().expect("a unit"),
            role: Role::Supervisor,
        };
        let new = wanted("commune/00004", Role::Station);
        assert_eq!(
            code(access.make_token(&client, &new).await),
            "rights.forbidden"
        );
        let account = platform::access::NewAccount {
            id: "an.moi".into(),
            name: "Lê Văn Ân".into(),
            unit: "commune/00004".parse().expect("a unit"),
            role: Role::Station,
        };
        assert_eq!(
            code(access.create(&client, &account).await),
            "rights.forbidden"
        );
    });
}
