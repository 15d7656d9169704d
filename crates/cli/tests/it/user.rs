//! The operator's console on both stores: the first account of all, what is refused, and what is shown once.

use std::process::Command;
use std::sync::Arc;

use casework::account::has_role;
use casework::policy::Policy;
use casework::rights::TABLE;
use casework::routing::Delegations;
use casework::{AccountId, Act, Actor, Origin, Role, Unit};
use jiff::{SignedDuration, Timestamp};
use platform::access::{Access, AccessError, NewAccount, Rules, Setup, Site, Step};
use platform::{Platform, RandomIds, Settings};
use serde_json::Value;
use storage::Store;

use crate::store::database;
use crate::tool::{Run, minhchung};

/// A store, and how to see everything that is in it.
struct Kept {
    url: String,
    dump: Box<dyn Fn() -> Command>,
}

impl Kept {
    /// Runs `minhchung user` on the store.
    fn user(&self, words: &[&str]) -> Run {
        minhchung(&[&["user"], words, &["--store", &self.url]].concat())
    }

    /// The object that a command printed.
    fn object(&self, words: &[&str]) -> Value {
        let run = self.user(&[words, &["--json"]].concat());
        assert_eq!(run.code, 0, "{words:?}: {}", run.stderr);
        serde_json::from_str(&run.stdout).expect("one JSON object")
    }

    /// Asserts that a command is refused for this reason, with what to do, and prints nothing that opens something.
    fn refuses(&self, words: &[&str], code: &str, hint: &str) {
        let run = self.user(words);
        assert_eq!(run.code, 2, "{words:?}: {}", run.stdout);
        assert_eq!(run.stdout, "", "{words:?}");
        for part in [code, hint] {
            assert!(run.stderr.contains(part), "{words:?}: {}", run.stderr);
        }
    }

    /// Asserts that a secret is nowhere in the store, as text or as bytes.
    fn does_not_hold(&self, secret: &str) {
        let dump = (self.dump)().output().expect("the store's tool starts");
        assert!(dump.status.success(), "{:?}", dump.stderr);
        let dump = String::from_utf8_lossy(&dump.stdout).to_lowercase();
        assert!(dump.contains("van.hanh"), "the dump is of this store");
        for form in [secret.to_lowercase(), hex::encode(secret)] {
            assert!(!dump.contains(&form), "the store holds a secret");
        }
    }

    /// Does what the server does, on this store.
    fn serve<T>(&self, work: impl AsyncFnOnce(&Access) -> T) -> T {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let store = Store::open(&self.url).await.expect("opens");
            let done = work(&access(store.clone())).await;
            store.close().await;
            done
        })
    }
}

fn access(store: Store) -> Access {
    let settings = Settings {
        policy: Arc::new(Policy::shipped()),
        delegations: Delegations::default(),
        ids: Arc::new(RandomIds),
        vault: None,
    };
    let setup = Setup {
        rules: Rules::shipped(),
        seal: None,
        site: Site {
            name: "Minh Chứng".into(),
            domain: "tiemchung.example".into(),
            origins: vec!["https://tiemchung.example".into()],
        },
        providers: Vec::new(),
    };
    Access::new(Platform::new(store, settings), setup).expect("sets up")
}

/// Runs a test on a new store of each kind.
fn on_both(name: &str, test: impl Fn(&Kept)) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("records.db");
    test(&Kept {
        url: format!("sqlite:{}", file.display()),
        dump: Box::new(move || {
            let mut command = Command::new("sqlite3");
            command.arg(&file).arg(".dump");
            command
        }),
    });
    let url = database(name);
    test(&Kept {
        url: url.clone(),
        dump: Box::new(move || {
            let mut command = Command::new("pg_dump");
            command.args(["--data-only", &url]);
            command
        }),
    });
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().expect("a text").to_owned()
}

/// A moment at which what was made just now holds.
fn while_it_holds(made: &Value) -> Timestamp {
    let until: Timestamp = made["until"]
        .as_str()
        .and_then(|until| until.parse().ok())
        .expect("a moment");
    until - SignedDuration::from_hours(1)
}

fn office() -> Origin {
    Origin("203.0.113.7".into())
}

fn code<T: std::fmt::Debug>(result: Result<T, AccessError>) -> &'static str {
    match result {
        Err(AccessError::Refused(refusal)) => refusal.reason.code,
        other => panic!("refused: {other:?}"),
    }
}

const OPERATOR: &[&str] = &[
    "create",
    "van.hanh",
    "--name",
    "Vũ Văn Hạnh",
    "--unit",
    "ministry",
    "--role",
    "operator",
];

#[test]
fn the_first_operator_is_opened_on_an_empty_store_and_no_default_password_exists() {
    on_both("first", |store| {
        assert_eq!(
            store.object(&["list"])["accounts"],
            Value::Array(Vec::new())
        );
        let chosen = store.user(&[OPERATOR, &["--password", "admin"]].concat());
        assert_eq!(chosen.code, 2, "nobody chooses a password for another");
        let first = store.object(OPERATOR);
        let (password, when) = (text(&first, "password"), while_it_holds(&first));
        assert_eq!(password.len(), 23, "100 random bits in groups");
        store.does_not_hold(&password);
        let other = store.object(&[
            "create",
            "thu.ha",
            "--name",
            "Lê Thu Hà",
            "--unit",
            "ministry",
            "--role",
            "operator",
        ]);
        assert_ne!(text(&other, "password"), password);
        store.refuses(OPERATOR, "account.exists", "Chọn tên khác.");

        store.serve(async |access| {
            for guess in ["admin", "van.hanh", "password", ""] {
                let tried = access.sign_in("van.hanh", guess, &office(), when).await;
                assert_eq!(code(tried), "access.credentials");
            }
            let step = access.sign_in("van.hanh", &password, &office(), when).await;
            assert!(matches!(step, Ok(Step::ChoosePassword { .. })), "{step:?}");
        });
        let shown = store.object(&["show", "van.hanh"]);
        assert_eq!(
            (&shown["state"], &shown["role"], &shown["factors"]["totp"]),
            (&"invited".into(), &"operator".into(), &false.into())
        );
    });
}

#[test]
fn a_role_that_the_unit_lacks_is_refused_with_its_code_and_what_to_do() {
    on_both("roles", |store| {
        store.object(OPERATOR);
        let wrong = |verb: &[&str], more: &[&str]| {
            let post = ["--unit", "police/00004", "--role", "clerk"];
            store.refuses(
                &[verb, more, &post].concat(),
                "account.role_unfit",
                "Choose a role of that kind of unit.",
            );
        };
        wrong(&["create", "le.an"], &["--name", "Lê Văn Ân"]);
        wrong(&["assign", "van.hanh"], &[]);
        wrong(&["token", "create", "thong-ke"], &["--days", "30"]);
        let unknown = store.user(&[
            "assign",
            "van.hanh",
            "--unit",
            "police/00004",
            "--role",
            "boss",
        ]);
        assert_eq!(unknown.code, 2);
        assert!(
            unknown.stderr.contains("police_chief"),
            "{}",
            unknown.stderr
        );
        assert_eq!(
            store.object(&["show", "van.hanh"])["role"],
            "operator",
            "nothing was changed"
        );
        let moved = store.object(&[
            "assign", "van.hanh", "--unit", "ministry", "--role", "auditor",
        ]);
        assert_eq!(moved["role"], "auditor");
    });
}

#[test]
fn a_reset_and_a_reopening_give_a_new_password_and_end_the_old_one() {
    on_both("reset", |store| {
        let first = store.object(OPERATOR);
        let when = while_it_holds(&first);
        let reset = store.object(&["reset", "VAN.HANH", "--factors", "--why", "mất điện thoại"]);
        store.refuses(
            &["enable", "van.hanh"],
            "access.not_closed",
            "If its owner forgot the password, reset it.",
        );
        let closed = store.object(&["disable", "van.hanh"]);
        assert_eq!(closed["state"], "disabled");
        store.refuses(&["reset", "van.hanh"], "account.disabled", "cấp trên");
        let again = store.object(&["enable", "van.hanh"]);
        store.refuses(&["disable", "nobody"], "account.unknown", "Check the name.");
        let steps = store.serve(async |access| {
            let mut steps = Vec::new();
            for made in [&first, &reset, &again] {
                let password = text(made, "password");
                let step = access.sign_in("van.hanh", &password, &office(), when).await;
                steps.push(step.is_ok());
            }
            steps
        });
        assert_eq!(steps, [false, false, true]);
        let told = store.user(&["list", "--unit", "ministry"]);
        assert!(
            told.stdout.contains("van.hanh") && told.stdout.contains("Vũ Văn Hạnh"),
            "{}",
            told.stdout
        );
    });
}

#[test]
fn a_token_is_shown_once_and_never_runs_accounts() {
    on_both("token", |store| {
        store.object(OPERATOR);
        let wanted = |name, unit, role, days| {
            let post = [
                "token", "create", name, "--unit", unit, "--role", role, "--days", days,
            ];
            post.map(str::to_owned)
        };
        let refuses = |words: [String; 9], code, hint| {
            store.refuses(&words.each_ref().map(String::as_str), code, hint);
        };
        let words = wanted("thong-ke", "province/01", "supervisor", "30");
        let made = store.object(&words.each_ref().map(String::as_str));
        let (token, when) = (text(&made, "token"), while_it_holds(&made));
        assert!(token.starts_with("mct_"), "whoever finds one knows it");
        store.does_not_hold(&token);
        for words in [&["token", "list"][..], &["token", "list", "--json"]] {
            let listed = store.user(words);
            assert!(listed.stdout.contains("thong-ke"), "{}", listed.stderr);
            assert!(!listed.stdout.contains(&token), "shown once");
        }

        refuses(words, "access.token_name", "Use 3 to 60");
        refuses(
            wanted("van-hanh", "ministry", "operator", "30"),
            "access.token_unfit",
            "Choose another role.",
        );
        refuses(
            wanted("lau-dai", "province/01", "supervisor", "367"),
            "access.token_until",
            "within a year",
        );
        let asked = ["--right", "manage_accounts"];
        let words = wanted("quyen", "province/01", "supervisor", "30");
        let asked = store.user(&[&words.each_ref().map(String::as_str)[..], &asked].concat());
        assert_eq!(asked.code, 2, "rights are those of the role, less accounts");

        store.serve(async |access| acts_but_runs_no_accounts(access, &token, when).await);
        store.object(&["token", "revoke", "thong-ke"]);
        store.refuses(&["token", "revoke", "khac"], "record.not_found", "Check");
        let after = store.serve(async |access| access.authenticate(&token, &office(), when).await);
        assert_eq!(code(after), "access.token");
    });
}

/// What the other system holds is a supervisor's token: it is known, and still opens no account and makes no token.
async fn acts_but_runs_no_accounts(access: &Access, token: &str, when: Timestamp) {
    let known = access.authenticate(token, &office(), when).await;
    let by = known.expect("it holds").by;
    let unit: Unit = "province/01".parse().expect("a unit");
    let expected = Actor::Client {
        token: "thong-ke".into(),
        unit,
        role: Role::Supervisor,
    };
    assert_eq!(by, expected);
    let act = Act {
        by,
        ..Act::system("test", when)
    };
    let new = NewAccount {
        id: "le.an".into(),
        name: "Lê Văn Ân".into(),
        unit: "commune/00004".parse().expect("a unit"),
        role: Role::Station,
    };
    assert_eq!(code(access.create(&act, &new).await), "rights.forbidden");
    let other = AccountId("van.hanh".into());
    let reset = access.reset(&act, &other, None, true).await;
    assert_eq!(code(reset), "rights.forbidden");
    assert_eq!(code(access.tokens(&act).await), "rights.forbidden");
}

#[test]
fn an_account_of_a_facility_without_a_record_is_opened_with_a_warning() {
    on_both("facility", |store| {
        let run = store.user(&[
            "create",
            "le.an",
            "--name",
            "Lê Văn Ân",
            "--unit",
            "facility/TYT-00004",
            "--role",
            "clerk",
        ]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stdout.contains("first password"), "{}", run.stdout);
        assert!(
            run.stderr.contains("import the facilities"),
            "{}",
            run.stderr
        );
    });
}

#[test]
fn the_page_on_accounts_says_the_shipped_terms_and_the_roles_of_each_unit() {
    let page = include_str!("../../../../docs/accounts.md");
    let rules = Rules::shipped();
    let (password, hashing, attempts) = (&rules.password, &rules.argon2id, &rules.attempts);
    let mut said = vec![
        format!("| first password | {} hours |", password.first_lasts_hours),
        format!("{} to {} characters", password.shortest, password.longest),
        format!(
            "argon2id ({} KiB, {} passes, {} lane)",
            hashing.memory_kib, hashing.passes, hashing.lanes
        ),
        format!(
            "| {} minutes, {} tries |",
            rules.ticket.lasts_minutes, rules.ticket.tries
        ),
        format!("without use | {} minutes |", rules.session.idle_minutes),
        format!("in all | {} hours |", rules.session.longest_hours),
        format!("| within {} minutes |", rules.session.elsewhere_minutes),
        format!("| at most {} days |", rules.token.longest_days),
        format!("| {}, each used once |", rules.second_factor.recovery_codes),
        format!(
            "| {}, then 1, 2, 4 … {} seconds |",
            attempts.free, attempts.longest_wait_seconds
        ),
        format!("until it is reset | {} |", attempts.lock_after),
        format!("forgotten after | {} hours |", attempts.forget_hours),
        format!(
            "| {}, then up to {} seconds, forgotten after {} minutes |",
            attempts.free_of_origin,
            attempts.longest_wait_of_origin_seconds,
            attempts.origin_forgets_minutes
        ),
    ];
    let units = [
        "ministry",
        "province/01",
        "district/001",
        "commune/00004",
        "facility/TYT-00004",
        "hamlet/00004/Tổ 3",
        "police/00004",
        "district-police/001",
        "province-police/01",
    ];
    for name in units {
        let unit: Unit = name.parse().expect("a unit");
        let of_unit = TABLE.iter().filter(|(role, _)| has_role(&unit, *role));
        let roles: Vec<String> = of_unit
            .map(|(role, _)| format!("`{}`", code_of(*role)))
            .collect();
        said.push(format!("| `{name}` | {} |", roles.join(", ")));
    }
    let alone = TABLE
        .iter()
        .filter(|(role, _)| !rules.needs_second_factor(*role));
    let alone: Vec<String> = alone
        .map(|(role, _)| format!("`{}`", code_of(*role)))
        .collect();
    said.push(format!("all but {}.", alone.join(" and ")));
    for part in said {
        assert!(
            page.contains(&part),
            "docs/accounts.md does not say: {part}"
        );
    }
}

fn code_of(role: Role) -> String {
    let code = serde_json::to_value(role).expect("a code");
    code.as_str().expect("a text").to_owned()
}
