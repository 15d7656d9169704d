//! The API as its own document says it is: asked at random by schemathesis, in the name of each role.
//!
//! A server over the demo's store answers. What must hold: no answer is a fault of ours, and each has a status, a media type, headers and a
//! body that the document names; what the document does not allow is refused.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{browser, shell};

/// The version whose findings are known.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// Requests for each operation and role.
const EXAMPLES: &str = "25";

/// What must hold of each answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,negative_data_rejection,missing_required_header,unsupported_method";

/// 428 is the status for a missing precondition (RFC 6585), which the tool does not expect by itself.
const SETTINGS: &str = "[checks]\nmissing_required_header.expected-statuses = [\"400\", \"401\", \"403\", \"415\", \"422\", \"428\"]\n";

/// Operations that take a workbook, which the tool can't invent; their reader has a fuzz target.
const LEFT_OUT: [&str; 2] = ["take_sheet_of_list", "preview_sheet_of_list"];

/// Those who ask, besides the accounts of the demo: a role of the ministry each.
const MINISTRY: [&str; 3] = ["administrator", "central_signer", "auditor"];

/// Asks everything.
pub(crate) fn check() -> Result<()> {
    let schemathesis = schemathesis()?;
    let minhchung = shell::build_minhchung(false)?;
    browser::demo_report(&minhchung, "2000")?;
    let records = browser::work_folder().join("demo").join("records.db");
    let store = format!("sqlite:{}", records.display());
    let callers = callers(&minhchung, &store)?;
    ensure!(callers.len() > MINISTRY.len(), "the demo has no accounts");
    let server = Server::start(&minhchung, &store)?;
    let settings = browser::work_folder().join("schemathesis.toml");
    std::fs::write(&settings, SETTINGS)?;
    for (role, token) in callers {
        eprintln!("\n-- as {role}");
        let document = format!("{}/openapi.json", server.base);
        let mut ask = shell::command(&schemathesis, &["--config-file"]);
        ask.arg(&settings)
            .args(["run", &document, "--checks", CHECKS]);
        ask.args(["--phases", "examples,coverage,fuzzing", "--workers", "1"]);
        ask.args(["--max-examples", EXAMPLES, "--seed", "1"]);
        ask.args(["--continue-on-failure", "--no-color", "--warnings", "off"]);
        for operation in LEFT_OUT {
            ask.args(["--exclude-operation-id", operation]);
        }
        ask.arg("--header")
            .arg(format!("Authorization: Bearer {token}"));
        shell::run(&mut ask)?;
    }
    Ok(())
}

/// The program, in a folder of its own.
fn schemathesis() -> Result<PathBuf> {
    let folder = shell::root().join("target").join("schemathesis");
    let program = folder.join("bin").join("schemathesis");
    if !program.exists() {
        let at = folder.display().to_string();
        shell::run(&mut shell::command("python3", &["-m", "venv", &at]))?;
        let pip = folder.join("bin").join("pip");
        let install = ["install", "--quiet", SCHEMATHESIS];
        shell::run(&mut shell::command(pip, &install)).context("schemathesis is not installed")?;
    }
    Ok(program)
}

/// A token for each role that the demo has somebody of, and for those of the ministry.
fn callers(minhchung: &Path, store: &str) -> Result<Vec<(String, String)>> {
    let listed = shell::command(minhchung, &["user", "list", "--json", "--store", store]);
    let listed: Value = serde_json::from_str(&shell::capture(&mut { listed })?)?;
    let accounts = listed["accounts"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut posts: Vec<(String, String)> = MINISTRY
        .map(|role| (role.to_owned(), "ministry".to_owned()))
        .into();
    for account in &accounts {
        let (role, unit) = (text(&account["role"]), text(&account["unit"]));
        // No other system has the role of an operator.
        if role != "operator" && posts.iter().all(|(known, _)| *known != role) {
            posts.push((role, unit));
        }
    }
    let mut tokens = Vec::new();
    for (role, unit) in posts {
        let name = format!("test.{}", role.replace('_', "-"));
        let mut make = shell::command(minhchung, &["user", "token", "create", &name]);
        make.args(["--unit", &unit, "--role", &role, "--days", "1", "--json"]);
        let told = shell::capture(make.args(["--store", store]))?;
        let told: Value = serde_json::from_str(&told)?;
        tokens.push((role, text(&told["token"])));
    }
    Ok(tokens)
}

/// A server that runs until it is dropped.
struct Server {
    child: Child,
    base: String,
}

impl Server {
    fn start(minhchung: &Path, store: &str) -> Result<Self> {
        let mut child = Command::new(minhchung)
            .args(["serve", "--listen", "127.0.0.1:0", "--store", store])
            .stderr(Stdio::piped())
            .spawn()?;
        let log = child.stderr.take().context("the server has no log")?;
        let mut server = Self {
            child,
            base: String::new(),
        };
        let mut log = BufReader::new(log);
        while server.base.is_empty() {
            let mut line = String::new();
            let read = log.read_line(&mut line)?;
            ensure!(read > 0, "the server ended before it listened");
            if let Some((_, address)) = line.split_once("listening at ") {
                address.trim().clone_into(&mut server.base);
            }
        }
        // Nobody reads on: the server must not wait for that.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
