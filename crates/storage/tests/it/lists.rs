//! Queues: rows and counts that never disagree, pages that never skip or repeat.

use casework::subject::person::{IdentityField, RegisterAnswer};
use casework::subject::{Action, Contact};
use casework::{Queue, Unit};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg32;
use registry::area::{CommuneCode, DistrictCode, ProvinceCode};
use registry::status::SubjectIdentity;
use storage::{Count, PageQuery, Scope, Store};

use crate::place::{keep, on_both, registration, settle, system, try_to_keep};

fn false_answer() -> RegisterAnswer {
    RegisterAnswer::False {
        differing: vec![IdentityField::FullName],
    }
}

fn scopes() -> Vec<Scope> {
    vec![
        Scope::Desk(Unit::Commune(CommuneCode(4))),
        Scope::Desk(Unit::Commune(CommuneCode(6))),
        Scope::District(DistrictCode(1)),
        Scope::Province(ProvinceCode(1)),
        Scope::Province(ProvinceCode(79)),
        Scope::Country,
    ]
}

async fn check_counts(store: &Store) {
    for queue in Queue::ALL {
        for scope in scopes() {
            let counted = store.counts(*queue, &scope).await.expect("counts");
            let recounted = store.recount(*queue, &scope).await.expect("recounts");
            assert_eq!(counted, recounted, "{queue:?} {scope:?}");
        }
    }
}

async fn walk(store: &Store, scope: Scope, limit: u32) -> Vec<String> {
    let mut query = PageQuery {
        queue: Queue::Identity,
        scope,
        state: None,
        after: None,
        limit,
    };
    let mut ids = Vec::new();
    loop {
        let page = store.page(&query).await.expect("a page");
        let Some(last) = page.last() else { return ids };
        query.after = Some(last.cursor.clone());
        ids.extend(page.into_iter().map(|row| row.cursor.id.0));
    }
}

#[test]
fn a_desk_sees_its_rows_and_those_above_see_them_too() {
    on_both(|store| async move {
        settle(&store, 0..5, 4, &false_answer()).await;
        settle(&store, 5..8, 6, &RegisterAnswer::Unverifiable).await;
        settle(&store, 8..9, 26734, &false_answer()).await;
        settle(&store, 9..12, 4, &RegisterAnswer::True).await;
        let rows = |scope| walk(&store, scope, 2);
        assert_eq!(
            rows(Scope::Desk(Unit::Commune(CommuneCode(4)))).await.len(),
            5
        );
        assert_eq!(rows(Scope::District(DistrictCode(1))).await.len(), 8);
        assert_eq!(rows(Scope::Province(ProvinceCode(79))).await, ["S000008"]);
        assert_eq!(rows(Scope::Country).await.len(), 9);
        let counts = store
            .counts(Queue::Identity, &Scope::Province(ProvinceCode(1)))
            .await
            .expect("counts");
        let count = |state: &str, rows| Count {
            state: state.into(),
            open: true,
            rows,
        };
        assert_eq!(counts, [count("FALSE", 5), count("UNVERIFIABLE", 3)]);
        check_counts(&store).await;
    });
}

#[test]
fn pages_of_any_size_walk_every_row_once() {
    on_both(|store| async move {
        settle(&store, 0..20, 4, &false_answer()).await;
        settle(&store, 20..33, 4, &RegisterAnswer::Unverifiable).await;
        let whole = walk(&store, Scope::Country, 100).await;
        assert_eq!(whole.len(), 33);
        for limit in [1, 2, 7, 33] {
            assert_eq!(walk(&store, Scope::Country, limit).await, whole);
        }
    });
}

#[test]
fn counts_equal_a_recount_after_any_walk_of_acts() {
    on_both(|store| async move {
        let mut dice = Pcg32::seed_from_u64(5);
        for step in 0..120 {
            let n = dice.random_range(0..12usize);
            let commune = [4, 6, 26734][n % 3];
            let action = match dice.random_range(0..6) {
                0..2 => Action::Register(registration(n, commune, Some(false_answer()))),
                2 => Action::Send {
                    request: format!("q{step}"),
                },
                3 => Action::Age,
                4 => Action::Seal,
                _ => Action::ChangeContact(Contact {
                    phone: Some(format!("09{step:08}")),
                    email: None,
                }),
            };
            let act = system(step);
            try_to_keep(&store, n, action, &act).await;
        }
        check_counts(&store).await;
    });
}

#[test]
fn a_protected_person_leaves_every_list_and_count() {
    on_both(|store| async move {
        settle(&store, 0..3, 4, &false_answer()).await;
        keep(&store, 1, Action::Seal, &system(1)).await;
        let query = PageQuery {
            queue: Queue::Identity,
            scope: Scope::Country,
            state: Some(SubjectIdentity::False.as_str().into()),
            after: None,
            limit: 10,
        };
        assert_eq!(store.page(&query).await.expect("a page").len(), 2);
        check_counts(&store).await;
    });
}
