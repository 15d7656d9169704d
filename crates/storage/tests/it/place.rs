//! Stores to test on, and records to put into them.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use casework::policy::Policy;
use casework::subject::dose::{DoseCheck, DoseFacts, DoseId};
use casework::subject::person::{Person, RegisterAnswer};
use casework::subject::{Action, Command, Contact, NewDose, Registration, Subject};
use casework::{Act, RecordId, Refusal, carry_out};
use jiff::Timestamp;
use registry::area::{CommuneCode, Place};
use registry::facility::FacilityCode;
use sqlx::{AssertSqlSafe, Connection as _};
use storage::{Batch, Change, Store};

/// Where the tests find a PostgreSQL server.
const VARIABLE: &str = "MINHCHUNG_TEST_POSTGRES";

static DATABASES: AtomicU32 = AtomicU32::new(0);

/// Runs a test on a new store of each kind.
pub(crate) fn on_both<F: Future<Output = ()>>(test: impl Fn(Store) -> F) {
    on_both_by_url(|store, _| test(store));
}

/// The same for tests that also go behind the store's back.
pub(crate) fn on_both_by_url<F: Future<Output = ()>>(test: impl Fn(Store, String) -> F) {
    on_new(async |url: String| test(open(&url).await, url.clone()).await);
}

/// The same where there are no tables yet.
pub(crate) fn on_new(test: impl AsyncFn(String)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("store.db");
        // SQLite's own connections make no file.
        std::fs::File::create(&file).expect("a file");
        test(format!("sqlite:{}", file.display())).await;
        test(database().await).await;
    });
}

/// Opens a store and makes its tables.
pub(crate) async fn open(url: &str) -> Store {
    let store = Store::open(url).await.expect("opens");
    store.migrate().await.expect("migrates");
    store
}

/// A new database on the tests' server.
pub(crate) async fn database() -> String {
    #[expect(clippy::disallowed_methods, reason = "the test command says where its server is")]
    let server = std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!("these tests need a PostgreSQL server: run `cargo xtask test`, or set {VARIABLE} to one's address")
    });
    let name = format!(
        "test_{}_{}",
        std::process::id(),
        DATABASES.fetch_add(1, Ordering::Relaxed)
    );
    let mut connection = sqlx::PgConnection::connect(&server)
        .await
        .expect("connects");
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create)
        .execute(&mut connection)
        .await
        .expect("creates");
    let (before, after) = server
        .split_once("/postgres?")
        .expect("an address with /postgres?");
    format!("{before}/{name}?{after}")
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_650_330_000 + seconds).expect("a time")
}

pub(crate) fn id(n: usize) -> RecordId {
    RecordId(format!("S{n:06}"))
}

pub(crate) fn command(action: Action) -> Command {
    Command {
        action,
        policy: Arc::new(Policy::shipped()),
    }
}

pub(crate) fn system(seconds: i64) -> Act {
    Act::system("test", at(seconds))
}

/// An invented person with one dose, resident in a commune.
pub(crate) fn registration(n: usize, commune: u32, answer: Option<RegisterAnswer>) -> Registration {
    let place = Place::of_commune(CommuneCode(commune)).expect("a commune");
    let facts = DoseFacts {
        injected_on: "2021-09-01".into(),
        vaccine: "jcovden".into(),
        lot: None,
        number: Some(1),
        facility: FacilityCode::parse(&format!("TYT-{commune:05}")),
        facility_place: place,
    };
    Registration {
        person: Person {
            full_name: "Trần Văn Thử".into(),
            birth_date: "1984-05-03".into(),
            sex: "M".into(),
            number: Some(format!("001084{n:06}")),
            foreign: false,
        },
        contact: Contact::default(),
        residence: place,
        hamlet: None,
        answer,
        doses: vec![NewDose {
            id: DoseId(format!("D{n}")),
            facts,
            check: DoseCheck::default(),
        }],
        cluster: None,
    }
}

/// Load, decide, one change of a batch; `None` when it was so already.
async fn decide(
    store: &Store,
    n: usize,
    action: Action,
    act: &Act,
) -> Result<Option<Change>, Refusal> {
    let stored = store.load::<Subject>(&id(n)).await.expect("loads");
    let (revision, before) = stored.map_or((0, None), |it| (it.revision, Some(it.state)));
    let (after, events) = carry_out(before, &command(action), act)?;
    let after = after.filter(|_| !events.is_empty());
    let change = |after| Change::of::<Subject>(&id(n), revision, &after, &events, act);
    Ok(after.map(|after| change(after).expect("writes")))
}

/// The change that an action makes.
pub(crate) async fn change(store: &Store, n: usize, action: Action, act: &Act) -> Option<Change> {
    decide(store, n, action, act).await.expect("allowed")
}

/// The same where the procedure may refuse it.
pub(crate) async fn try_change(
    store: &Store,
    n: usize,
    action: Action,
    act: &Act,
) -> Option<Change> {
    let decided = decide(store, n, action, act).await;
    decided.ok().flatten()
}

/// Carries an action out, unless the procedure refuses it, and keeps it.
pub(crate) async fn try_to_keep(store: &Store, n: usize, action: Action, act: &Act) {
    let changes = try_change(store, n, action, act)
        .await
        .into_iter()
        .collect();
    let batch = Batch {
        changes,
        ..Batch::default()
    };
    store.commit(&batch).await.expect("commits");
}

/// Carries an action out and keeps it.
pub(crate) async fn keep(store: &Store, n: usize, action: Action, act: &Act) {
    let changes = change(store, n, action, act).await.into_iter().collect();
    let batch = Batch {
        changes,
        ..Batch::default()
    };
    store.commit(&batch).await.expect("commits");
}

/// Puts so many people into a commune.
pub(crate) async fn settle(
    store: &Store,
    people: std::ops::Range<usize>,
    commune: u32,
    answer: &RegisterAnswer,
) {
    let mut batch = Batch::default();
    for n in people {
        let action = Action::Register(registration(n, commune, Some(answer.clone())));
        batch
            .changes
            .extend(change(store, n, action, &system(0)).await);
    }
    store.commit(&batch).await.expect("commits");
}
