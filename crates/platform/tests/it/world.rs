//! A small invented country: one commune of Hà Nội and one of Hồ Chí Minh City, with their people, facilities and staff.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use casework::campaign::{
    Addressee, Campaign, Command as Order, Document, NewTarget, Opening, TargetId, Work,
};
use casework::facility::{self, Facility};
use casework::policy::Policy;
use casework::routing::Delegations;
use casework::subject::dose::{DoseCheck, DoseFacts, DoseId};
use casework::subject::person::{Person, RegisterAnswer};
use casework::subject::{self, Action, Contact, NewDose, Registration, Subject};
use casework::{AccountId, Act, Actor, Origin, RecordId, Role, Unit, carry_out};
use jiff::Timestamp;
use jiff::civil::date;
use platform::{Ids, Platform, Settings};
use registry::area::{CommuneCode, DistrictCode, Place, ProvinceCode};
use registry::facility::FacilityCode;
use sqlx::{AssertSqlSafe, Connection as _};
use storage::{Batch, Change, StorageError, Store};

/// Trúc Bạch in Hà Nội.
pub(crate) const HERE: u32 = 4;
/// Bến Nghé in Hồ Chí Minh City.
pub(crate) const THERE: u32 = 26740;

/// Where the tests find a PostgreSQL server.
const VARIABLE: &str = "MINHCHUNG_TEST_POSTGRES";

static DATABASES: AtomicU32 = AtomicU32::new(0);

/// Runs a test on a new store of each kind.
pub(crate) fn on_both<F: Future<Output = ()>>(test: impl Fn(Platform) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let file = format!("sqlite:{}", folder.path().join("store.db").display());
        for url in [file, database().await] {
            let store = Store::open(&url).await.expect("opens");
            store.migrate().await.expect("migrates");
            test(platform(store)).await;
        }
    });
}

pub(crate) fn platform(store: Store) -> Platform {
    let settings = Settings {
        policy: Arc::new(Policy::shipped()),
        delegations: Delegations::default(),
        ids: Arc::new(Counted::default()),
        vault: None,
    };
    Platform::new(store, settings)
}

/// Ids that tests can repeat.
#[derive(Default)]
struct Counted(AtomicU64);

impl Ids for Counted {
    fn next(&self) -> Result<u128, StorageError> {
        Ok(u128::from(self.0.fetch_add(1, Ordering::Relaxed)))
    }
}

async fn database() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test command says where its server is"
    )]
    let server = std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!("these tests need a PostgreSQL server: run `cargo xtask test`, or set {VARIABLE} to one's address")
    });
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    let name = format!("platform_{}_{number}", std::process::id());
    let mut connection = sqlx::PgConnection::connect(&server)
        .await
        .expect("connects");
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .expect("creates");
    let (before, after) = server
        .split_once("/postgres?")
        .expect("an address with /postgres?");
    format!("{before}/{name}?{after}")
}

/// Seconds after noon of 19 April 2022 in Vietnam.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_650_344_400 + seconds).expect("a time")
}

pub(crate) fn id(text: &str) -> RecordId {
    RecordId(text.to_owned())
}

pub(crate) fn place(commune: u32) -> Place {
    Place::of_commune(CommuneCode(commune)).expect("a commune")
}

pub(crate) fn code(commune: u32) -> FacilityCode {
    FacilityCode::parse(&format!("TYT-{commune:05}")).expect("a code")
}

/// Somebody of the staff; the account is named after unit and role.
pub(crate) fn staff(unit: Unit, role: Role) -> Act {
    let account = format!("{unit}.{role:?}")
        .to_lowercase()
        .replace(['/', ' '], ".");
    Act {
        at: at(0),
        by: Actor::Staff {
            account: AccountId(account),
            unit,
            role,
        },
        from: Origin("127.0.0.1".into()),
        why: Some("theo quy trình".into()),
    }
}

/// The unit of each role that works in a commune or above it.
pub(crate) fn everybody(commune: u32) -> Vec<Act> {
    let place = place(commune);
    let district = place.district.expect("a district");
    let province = place.province.expect("a province");
    let commune = CommuneCode(commune);
    let facility = Unit::Facility(code(commune.0));
    vec![
        staff(facility.clone(), Role::Clerk),
        staff(facility, Role::Head),
        staff(Unit::Commune(commune), Role::Station),
        staff(Unit::Hamlet(commune, "Tổ 1".into()), Role::HamletTeam),
        staff(Unit::Police(commune), Role::Police),
        staff(Unit::DistrictPolice(district), Role::PoliceChief),
        staff(Unit::ProvincePolice(province), Role::PoliceChief),
        staff(Unit::District(district), Role::Supervisor),
        staff(Unit::Province(province), Role::Supervisor),
    ]
}

pub(crate) fn clerk(commune: u32) -> Act {
    staff(Unit::Facility(code(commune)), Role::Clerk)
}

pub(crate) fn head(commune: u32) -> Act {
    staff(Unit::Facility(code(commune)), Role::Head)
}

pub(crate) fn station(commune: u32) -> Act {
    staff(Unit::Commune(CommuneCode(commune)), Role::Station)
}

pub(crate) fn police(commune: u32) -> Act {
    staff(Unit::Police(CommuneCode(commune)), Role::Police)
}

pub(crate) fn district() -> Act {
    staff(Unit::District(DistrictCode(1)), Role::Supervisor)
}

pub(crate) fn province() -> Act {
    staff(Unit::Province(ProvinceCode(1)), Role::Supervisor)
}

pub(crate) fn ministry(role: Role) -> Act {
    staff(Unit::Ministry, role)
}

/// An invented person; the number and the id follow from `n`.
pub(crate) fn person(n: u32) -> Person {
    Person {
        full_name: "Trần Văn Thử".into(),
        birth_date: "1984-05-03".into(),
        sex: "M".into(),
        number: Some(format!("001084{n:06}")),
        foreign: false,
    }
}

/// One injection of Janssen, which is a whole course.
pub(crate) fn facts(commune: u32) -> DoseFacts {
    DoseFacts {
        injected_on: "2021-09-01".into(),
        vaccine: "jcovden".into(),
        lot: None,
        number: Some(1),
        facility: Some(code(commune)),
        facility_place: place(commune),
    }
}

/// Puts a person with one dose on record, as an import does.
pub(crate) async fn settle(
    platform: &Platform,
    n: u32,
    commune: u32,
    person: Person,
    answer: Option<RegisterAnswer>,
) -> RecordId {
    let new = Registration {
        person,
        contact: Contact {
            phone: Some(format!("09123{n:05}")),
            email: None,
        },
        residence: place(commune),
        hamlet: Some("Tổ 1".into()),
        answer,
        doses: vec![NewDose {
            id: DoseId(format!("D{n}")),
            facts: facts(commune),
            check: DoseCheck::default(),
        }],
        cluster: None,
    };
    let subject = id(&format!("S{n:05}"));
    let command = subject::Command {
        action: Action::Register(new),
        policy: Arc::new(Policy::shipped()),
    };
    put::<Subject>(platform, &subject, &command).await;
    subject
}

/// A facility with its head, as the province would have set it up.
pub(crate) async fn open_facility(platform: &Platform, commune: u32) {
    let facility_code = code(commune);
    let register = facility::Command::Register {
        code: facility_code.clone(),
        name: "Trạm Y tế".into(),
        place: place(commune),
    };
    let facility_id = id(facility_code.as_str());
    put::<Facility>(platform, &facility_id, &register).await;
    let account = head(commune).by.account().expect("an account").clone();
    put::<Facility>(
        platform,
        &facility_id,
        &facility::Command::NameHead(account),
    )
    .await;
}

/// The campaign of the order.
pub(crate) async fn order(platform: &Platform) -> RecordId {
    let opening = Opening {
        title: "Làm sạch dữ liệu tiêm chủng".into(),
        document: Document {
            number: "1975/BYT-CNTT".into(),
            date: date(2022, 4, 19),
        },
        scope: Place::default(),
        warn_days: 3,
        targets: vec![NewTarget {
            id: TargetId("lam-sach".into()),
            what: Work::Cleaning,
            addressee: Addressee::Communes,
            due: date(2022, 5, 5),
            document: Document {
                number: "1975/BYT-CNTT".into(),
                date: date(2022, 4, 19),
            },
        }],
    };
    let campaign = id("1975");
    let by = ministry(Role::Administrator);
    let done = platform
        .act::<Campaign>(&by, &campaign, None, Order::Open(opening))
        .await;
    done.expect("opens");
    campaign
}

/// Carries a command out as the platform itself, without asking anybody.
async fn put<P: casework::Procedure>(platform: &Platform, id: &RecordId, command: &P::Command) {
    let act = Act::system("test", at(-3600));
    let stored = platform.store().load::<P>(id).await.expect("loads");
    let (revision, before) = stored.map_or((0, None), |it| (it.revision, Some(it.state)));
    let (after, events) = carry_out(before, command, &act).expect("allowed");
    let after = after.expect("a state");
    let change = Change::of::<P>(id, revision, &after, &events, &act).expect("writes");
    let batch = Batch {
        changes: vec![change],
        ..Batch::default()
    };
    platform.store().commit(&batch).await.expect("commits");
}

pub(crate) async fn subject(platform: &Platform, id: &RecordId) -> Subject {
    let stored = platform.store().load::<Subject>(id).await.expect("loads");
    stored.expect("is there").state
}

/// The stable code of a refusal.
pub(crate) fn code_of<T: std::fmt::Debug>(result: Result<T, platform::ActError>) -> &'static str {
    match result.expect_err("refused") {
        platform::ActError::Refused(refusal) => refusal.reason.code,
        other => panic!("{other}"),
    }
}
