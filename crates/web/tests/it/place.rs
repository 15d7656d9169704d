//! Servers to ask, callers to ask as, and invented people in two provinces.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use casework::policy::Policy;
use casework::routing::Delegations;
use casework::{AccountId, Actor, Role};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use platform::access::{Access, Authenticated, Rules, SealKey, Setup, Site};
use platform::{Platform, RandomIds};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _};
use storage::Store;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use web::{Api, Authenticate, Authenticating, Denied, Limits, Server, Settings};

use crate::keys::keys;

/// Where the tests find a PostgreSQL server.
const VARIABLE: &str = "MINHCHUNG_TEST_POSTGRES";

static DATABASES: AtomicU32 = AtomicU32::new(0);

/// Seconds since the tests' first moment; a test may set it on.
static CLOCK: AtomicI64 = AtomicI64::new(0);

/// A server that answers.
pub(crate) struct Place {
    pub(crate) address: SocketAddr,
    pub(crate) platform: Platform,
    pub(crate) api: Api,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
    /// Where the store lies, if it is a file.
    pub(crate) folder: Option<PathBuf>,
    end: Option<oneshot::Sender<()>>,
    ended: Option<tokio::task::JoinHandle<()>>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

/// A request in the making.
pub(crate) struct Asking<'p> {
    place: &'p Place,
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Bytes>,
}

/// Tokens of the tests: `ROLE|UNIT|ACCOUNT` in plain words, and `citizen`; every other one is that of a session or of another system.
struct PlainWords(Access);

impl Authenticate for PlainWords {
    fn authenticate<'a>(
        &'a self,
        bearer: &'a str,
        from: &'a casework::Origin,
        at: Timestamp,
    ) -> Authenticating<'a> {
        match actor(bearer) {
            Some(by) => Box::pin(std::future::ready(Ok(Authenticated {
                by,
                name: String::new(),
                session: None,
                until: Timestamp::MAX,
            }))),
            None if bearer.contains(['|', ' ']) => {
                Box::pin(std::future::ready(Err(Denied::Refused)))
            }
            None => Authenticate::authenticate(&self.0, bearer, from, at),
        }
    }
}

/// Signing in at the tests' own site.
fn access(platform: Platform) -> Access {
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
        providers: Vec::new(),
    };
    Access::new(platform, setup).expect("sets up")
}

fn actor(bearer: &str) -> Option<Actor> {
    if bearer == "citizen" {
        return Some(Actor::Citizen);
    }
    let (role, rest) = bearer.split_once('|')?;
    let (unit, account) = rest.split_once('|')?;
    let role: Role = serde_json::from_value(role.into()).ok()?;
    Some(Actor::Staff {
        account: AccountId(account.to_owned()),
        unit: unit.parse().ok()?,
        role,
    })
}

/// The token of somebody of the staff.
pub(crate) fn token(role: &str, unit: &str) -> String {
    format!("{role}|{unit}|{role}.{}", unit.replace('/', "."))
}

/// Runs a test against a server over a new store of each kind.
pub(crate) fn on_both<F: Future<Output = ()>>(test: impl Fn(Place) -> F) {
    on_both_within(Limits::default(), test);
}

/// The same with other limits.
pub(crate) fn on_both_within<F: Future<Output = ()>>(limits: Limits, test: impl Fn(Place) -> F) {
    runtime().block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let file = format!("sqlite:{}", folder.path().join("store.db").display());
        test(Place::over(&file, limits).await).await;
        test(Place::over(&database().await, limits).await).await;
    });
}

/// Runs a test against a server over a file, where the store makes no difference.
pub(crate) fn on_one<F: Future<Output = ()>>(test: impl Fn(Place) -> F) {
    on_one_within(Limits::default(), test);
}

/// The same with other limits.
pub(crate) fn on_one_within<F: Future<Output = ()>>(limits: Limits, test: impl Fn(Place) -> F) {
    runtime().block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let file = format!("sqlite:{}", folder.path().join("store.db").display());
        let mut place = Place::over(&file, limits).await;
        place.folder = Some(folder.path().to_owned());
        test(place).await;
    });
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A new database on the tests' server.
async fn database() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test command says where its server is"
    )]
    let server = std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!("these tests need a PostgreSQL server: run `cargo xtask test`, or set {VARIABLE} to one's address")
    });
    let name = format!(
        "web_{}_{}",
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

/// The tests' moment: 25 April 2022, and on by as many seconds as a test said.
pub(crate) fn now() -> Timestamp {
    let seconds = 1_650_870_000 + CLOCK.load(Ordering::Relaxed);
    Timestamp::from_second(seconds).expect("a time")
}

pub(crate) fn platform(store: Store) -> Platform {
    let settings = platform::Settings {
        policy: Arc::new(Policy::shipped()),
        delegations: Delegations::default(),
        ids: Arc::new(RandomIds),
        vault: None,
    };
    Platform::new(store, settings)
}

pub(crate) fn api(platform: Platform, limits: Limits, log: Arc<Mutex<Vec<String>>>) -> Api {
    let access = access(platform);
    let settings = Settings {
        access: access.clone(),
        authenticate: Arc::new(PlainWords(access)),
        keys: Arc::new(keys()),
        proxies: Vec::new(),
        clock: now,
        log: Arc::new(move |line| log.lock().expect("a log").push(line.to_owned())),
        run: "test".to_owned(),
        limits,
    };
    Api::new(settings)
}

impl Place {
    async fn over(url: &str, limits: Limits) -> Self {
        let store = Store::open(url).await.expect("opens");
        store.migrate().await.expect("migrates");
        let platform = platform(store);
        let log = Arc::new(Mutex::new(Vec::new()));
        let api = api(platform.clone(), limits, Arc::clone(&log));
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = Server::listen(api.clone(), any).await.expect("listens");
        let address = server.address();
        let (end, ending) = oneshot::channel();
        let ended = tokio::spawn(server.run(async {
            let _ = ending.await;
        }));
        Self {
            address,
            platform,
            api,
            log,
            folder: None,
            end: Some(end),
            ended: Some(ended),
        }
    }

    /// Ends the server, and waits until it has.
    pub(crate) async fn end(&mut self) {
        drop(self.end.take());
        if let Some(ended) = self.ended.take() {
            ended.await.expect("ends");
        }
    }

    pub(crate) fn get(&self, path: &str) -> Asking<'_> {
        self.ask("GET", path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Asking<'_> {
        self.ask("POST", path).body(body.to_string())
    }

    pub(crate) fn ask(&self, method: &'static str, path: &str) -> Asking<'_> {
        Asking {
            place: self,
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// Opens a record; its id.
    pub(crate) async fn open(&self, kind: &str, by: &str, body: &Value) -> String {
        let reply = self
            .post(&format!("/api/v1/{kind}"), body)
            .by(by)
            .key(&new_key())
            .send()
            .await;
        assert_eq!(reply.status, 201, "{kind}: {}", reply.text());
        reply.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Acts on a record as it is now.
    pub(crate) async fn act(&self, kind: &str, id: &str, by: &str, body: &Value) -> Reply {
        let path = format!("/api/v1/{kind}/{}/acts", id.replace('/', "%2F"));
        self.post(&path, body)
            .by(by)
            .header("if-match", "*")
            .send()
            .await
    }
}

/// A key that was not used before.
pub(crate) fn new_key() -> String {
    static KEYS: AtomicU32 = AtomicU32::new(0);
    format!("test-key-{}", KEYS.fetch_add(1, Ordering::Relaxed))
}

impl Asking<'_> {
    pub(crate) fn by(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self.header("content-type", "application/json")
    }

    /// A body without its media type.
    pub(crate) fn bytes(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) async fn send(self) -> Reply {
        let stream = TcpStream::connect(self.place.address)
            .await
            .expect("connects");
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .expect("shakes hands");
        tokio::spawn(connection);
        let mut request = Request::builder()
            .method(self.method)
            .uri(&self.path)
            .header("host", self.place.address.to_string());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let body = Full::new(self.body.unwrap_or_default());
        let request = request.body(body).expect("a request");
        let (head, body) = sender
            .send_request(request)
            .await
            .expect("an answer")
            .into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        Reply {
            status: head.status,
            headers: head.headers,
            bytes,
        }
    }
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("JSON: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("text"))
    }

    /// The status and code of a problem, which is one in every respect.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.text()
        );
        let body = self.json();
        for member in ["type", "title", "status", "code", "hint", "instance"] {
            assert!(!body[member].is_null(), "{member} of {body}");
        }
        assert_eq!(body["status"], self.status.as_u16());
        assert_eq!(body["instance"].as_str(), self.header("x-request-id"));
        (
            self.status.as_u16(),
            body["code"].as_str().unwrap_or_default().to_owned(),
        )
    }
}

/// One commune with a record of each kind; every name in it holds its mark.
pub(crate) struct Settled {
    pub(crate) mark: &'static str,
    pub(crate) commune: &'static str,
    pub(crate) district: &'static str,
    pub(crate) province: &'static str,
    /// Two records that were joined.
    pub(crate) cluster: String,
    /// The list as a workbook.
    pub(crate) sheet: Vec<u8>,
    /// Kind in addresses, and id.
    pub(crate) records: Vec<(&'static str, String)>,
}

/// Trúc Bạch, Ba Đình, Hà Nội; its neighbour is Phúc Xá.
pub(crate) const HÀ_NỘI: (&str, &str, &str, &str, &str) = ("Xuyến", "00004", "00001", "001", "01");

/// Tân Định, Quận 1, thành phố Hồ Chí Minh; its neighbour is Đa Kao.
pub(crate) const SÀI_GÒN: (&str, &str, &str, &str, &str) = ("Ngạn", "26734", "26737", "760", "79");

impl Settled {
    pub(crate) fn id(&self, kind: &str) -> &str {
        let found = self.records.iter().find(|(of, _)| *of == kind);
        found.map(|(_, id)| id.as_str()).expect("a record")
    }

    pub(crate) fn facility(&self) -> String {
        format!("TYT-{}", self.commune)
    }

    /// The number of the person whose two records were joined.
    pub(crate) fn number(&self) -> String {
        format!("0011840{}", self.commune)
    }

    /// The token of the facility's own system.
    pub(crate) fn token(&self) -> String {
        format!("system.{}", self.commune)
    }

    /// A person whose identity is not complete, so that lists and hamlets have work.
    pub(crate) fn person(&self) -> Value {
        json!({ "full_name": format!("Lê Thị {}", self.mark), "birth_date": "1984-05-03", "sex": "F" })
    }
}

/// Puts a record of each kind into a commune, by those whose work it is.
pub(crate) async fn settle(
    place: &Place,
    (mark, commune, neighbour, district, province): (
        &'static str,
        &'static str,
        &'static str,
        &'static str,
        &'static str,
    ),
) -> Settled {
    let mut it = Settled {
        mark,
        commune,
        district,
        province,
        cluster: String::new(),
        sheet: Vec::new(),
        records: Vec::new(),
    };
    let code = it.facility();
    let administrator = token("administrator", "ministry");
    let station = token("station", &format!("commune/{commune}"));
    let police = token("police", &format!("police/{commune}"));
    let clerk = token("clerk", &format!("facility/{code}"));
    let supervisor = token("supervisor", &format!("district/{district}"));
    let document = json!({ "number": format!("1975/{mark}"), "date": "2022-04-18" });

    let body = json!({ "code": code, "name": format!("Trạm y tế {mark}"), "place": { "commune": commune } });
    let id = place.open("facilities", &administrator, &body).await;
    it.records.push(("facilities", id));
    let body = json!({ "id": format!("clerk.{commune}"), "name": format!("Lê Văn {mark}"), "unit": format!("facility/{code}"), "role": "clerk" });
    let id = place.open("accounts", &supervisor, &body).await;
    it.records.push(("accounts", id));
    let body = json!({ "name": it.token(), "unit": format!("facility/{code}"), "role": "clerk", "until": "2022-12-31T00:00:00Z" });
    let made = place
        .post("/api/v1/tokens", &body)
        .by(&supervisor)
        .key(&new_key());
    assert_eq!(made.send().await.status, 201);
    let body = json!({ "person": it.person(), "residence": { "commune": commune }, "hamlet": "To 1",
        "contact": { "phone": format!("09010{commune}") },
        "doses": [{ "id": format!("D-{commune}"), "facts": { "injected_on": "2021-09-01", "vaccine": "jcovden", "number": 1, "facility": code } }] });
    let id = place.open("subjects", &clerk, &body).await;
    it.records.push(("subjects", id));
    let body = json!({ "title": format!("Làm sạch {mark}"), "document": document, "scope": { "province": province }, "warn_days": 3,
        "targets": [{ "id": "cleaning", "what": "cleaning", "addressee": "communes", "due": "2022-05-05", "document": document }] });
    let campaign = place.open("campaigns", &administrator, &body).await;
    it.records.push(("campaigns", campaign.clone()));
    let body = json!({ "campaign": campaign, "place": { "commune": commune } });
    let id = place.open("lists", &station, &body).await;
    it.records.push(("lists", id));
    let sheet = format!("/api/v1/lists/{}/sheet?purpose=in", it.id("lists"));
    let sheet = place.get(&sheet).by(&station).send().await;
    assert_eq!(sheet.status, 200, "{}", sheet.text());
    it.sheet = sheet.bytes.to_vec();
    let queue = place
        .get("/api/v1/queues/cleaning")
        .by(&station)
        .send()
        .await
        .json();
    let id = queue["rows"][0]["id"].as_str().expect("a row").to_owned();
    it.records.push(("items", id));
    let body = json!({ "subject": it.id("subjects"), "text": format!("Bà {mark} có thường trú không?"), "place": { "commune": neighbour } });
    let id = place.open("inquiries", &police, &body).await;
    it.records.push(("inquiries", id));
    let body = json!({ "kind": "no_certificate", "facility": code,
        "person": { "full_name": format!("Lê Thị {mark}"), "birth_date": "1984-05-03", "phone": format!("09010{commune}") } });
    let id = place.open("feedback", "citizen", &body).await;
    it.records.push(("feedback", id));
    let body = json!({ "unit": format!("commune/{commune}"), "campaign": campaign });
    let id = place.open("reports", &station, &body).await;
    it.records.push(("reports", id));
    let officer = json!({ "officer": { "name": format!("Trần Thị {mark}"), "title": "Trưởng trạm", "phone": "024 3000 0001", "email": "tram@example.vn" } });
    let body =
        json!({ "unit": format!("commune/{commune}"), "officer": officer, "interval_days": 30 });
    let id = place.open("contacts", &station, &body).await;
    it.records.push(("contacts", id));
    it.cluster = joined(place, &it, &clerk).await;
    it
}

/// The cluster of two records of one person, both of the facility.
async fn joined(place: &Place, of: &Settled, clerk: &str) -> String {
    let mut subjects = Vec::new();
    for _ in 0..2 {
        let mut person = of.person();
        person["number"] = of.number().into();
        let dose = json!({ "id": "D-1", "facts": { "injected_on": "2021-09-01", "vaccine": "jcovden", "number": 1, "facility": of.facility() } });
        let body =
            json!({ "person": person, "residence": { "commune": of.commune }, "doses": [dose] });
        subjects.push(place.open("subjects", clerk, &body).await);
    }
    let join = place.post("/api/v1/subjects/join", &json!({ "subjects": subjects }));
    let joined = join.by(clerk).key(&new_key()).send().await;
    assert_eq!(joined.status, 200, "{}", joined.text());
    joined.json()["cluster"]
        .as_str()
        .expect("a cluster")
        .to_owned()
}
