//! The server as its operator meets it: started with what the deployment decides, signed into, asked, and ended.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::store::database;
use crate::tool::minhchung;

/// How often it is looked for what the platform does by itself: a minute in all, which is many of its rounds.
const LOOKS: u32 = 300;
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// A running server; ended when it goes out of scope.
struct Running {
    child: Child,
    address: String,
}

impl Running {
    fn start(store: &str, config: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_minhchung"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--store",
                store,
                "--config",
            ])
            .arg(config)
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut log = BufReader::new(child.stderr.take().expect("a log"));
        let mut line = String::new();
        while !line.contains("listening at ") {
            line.clear();
            let read = log.read_line(&mut line).expect("reads");
            assert!(read > 0, "the server ended before it listened");
        }
        // Nobody reads on: the server must not wait for that.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        let address = line.trim().rsplit('/').next().expect("an address");
        Self {
            child,
            address: address.to_owned(),
        }
    }

    fn ask(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).expect("connects");
        let body = body.map(Value::to_string).unwrap_or_default();
        let bearer = token.map_or_else(String::new, |token| {
            format!("Authorization: Bearer {token}\r\n")
        });
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{bearer}\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).expect("sends");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
        let body = serde_json::from_str(body).unwrap_or_else(|_| body.into());
        (status.expect("a status"), body)
    }

    /// Asks it to end, and waits until it has.
    fn end(mut self) -> Option<i32> {
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        assert!(asked.expect("kills").success());
        self.child.wait().expect("ends").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command printed, which must go well.
fn told(words: &[&str]) -> String {
    let run = minhchung(words);
    assert_eq!(run.code, 0, "{words:?}: {}", run.stderr);
    run.stdout
}

fn serves(store: &str, folder: &Path) {
    told(&["migrate", "--store", store]);
    let log_key = folder.join("log.key");
    told(&[
        "ledger",
        "key",
        "--name",
        "minhchung.example/log",
        "--out",
        log_key.to_str().expect("a path"),
    ]);
    fs::write(folder.join("seal.key"), "07".repeat(32)).expect("writes");
    let config = folder.join("serve.toml");
    let text = "checkpoint_key = 'log.key'\nseal_key = 'seal.key'\nmessages = 'out'\nproxies = ['127.0.0.1']\n\n[attachments]\nfolder = 'files'\n\n[delegations]\ncommunes = ['00004']\n";
    fs::write(&config, text).expect("writes");
    let first = told(&[
        "user",
        "create",
        "le.an",
        "--name",
        "Lê Văn Ân",
        "--unit",
        "facility/TYT-00004",
        "--role",
        "clerk",
        "--json",
        "--store",
        store,
    ]);
    let first: Value = serde_json::from_str(&first).expect("JSON");
    let auditor = told(&[
        "user",
        "token",
        "create",
        "kiem.toan",
        "--unit",
        "ministry",
        "--role",
        "auditor",
        "--days",
        "7",
        "--json",
        "--store",
        store,
    ]);
    let auditor: Value = serde_json::from_str(&auditor).expect("JSON");
    let auditor = auditor["token"].as_str().expect("a token");

    let server = Running::start(store, &config);
    assert_eq!(server.ask("GET", "/readyz", None, None).0, 200);
    let sign_in = |body: Value| server.ask("POST", "/api/v1/sign-in", None, Some(&body));
    let (status, next) =
        sign_in(json!({ "act": "password", "name": "le.an", "password": first["password"] }));
    assert_eq!(
        (status, &next["step"]),
        (200, &json!("choose_password")),
        "{next}"
    );
    let own = "con mèo trắng ngủ trên mái ngói";
    let (_, next) =
        sign_in(json!({ "act": "choose_password", "ticket": next["ticket"], "password": own }));
    let session = next["session"].as_str().expect("a session").to_owned();
    let (_, me) = server.ask("GET", "/api/v1/me", Some(&session), None);
    assert_eq!(me["account"]["name"], "Lê Văn Ân");

    let mut note = Value::Null;
    for _ in 0..LOOKS {
        let (status, told) = server.ask("GET", "/api/v1/ledger/checkpoint", Some(auditor), None);
        note = told;
        if status == 200 {
            break;
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
    let checkpoint = note.as_str().unwrap_or_default();
    assert!(
        checkpoint.starts_with("minhchung.example/log\n"),
        "{checkpoint}"
    );
    assert!(folder.join("out").is_dir() && folder.join("files").is_dir());
    assert_eq!(server.end(), Some(0));
}

#[test]
fn a_server_lets_people_in_and_signs_its_ledger_over_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = format!("sqlite:{}", folder.path().join("records.db").display());
    serves(&store, folder.path());
}

#[test]
fn a_server_lets_people_in_and_signs_its_ledger_over_a_database() {
    let folder = tempfile::tempdir().expect("a folder");
    serves(&database("serve"), folder.path());
}

#[test]
fn a_deployment_that_does_not_fit_is_refused_by_its_place_before_anything_is_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = format!("sqlite:{}", folder.path().join("records.db").display());
    told(&["migrate", "--store", &store]);
    let config = folder.path().join("serve.toml");
    for (text, said) in [
        ("chekpoint_key = 'log.key'", "chekpoint_key"),
        ("checkpoint_key = 'nowhere.key'", "nowhere.key"),
        ("seal_key = 'serve.toml'", "64 hexadecimal digits"),
        (
            "[[signing_key]]\nunit = 'nobody'\nkey = 'a.p8'\ncertificate = 'a.pem'",
            "nobody",
        ),
        ("proxies = ['everybody']", "proxies"),
    ] {
        fs::write(&config, text).expect("writes");
        let config = config.to_str().expect("a path");
        let run = minhchung(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--store",
            &store,
            "--config",
            config,
        ]);
        assert_eq!(run.code, 2, "{text}: {}", run.stderr);
        assert!(run.stderr.contains(said), "{text}: {}", run.stderr);
    }
}
