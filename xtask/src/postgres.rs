//! A PostgreSQL server for the tests: its own cluster in a new folder, on a socket there, gone when the tests are.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell;

/// The variable in which tests find the server.
pub(crate) const VARIABLE: &str = "MINHCHUNG_TEST_POSTGRES";

/// A server that runs until it is dropped.
pub(crate) struct Server {
    programs: PathBuf,
    folder: tempfile::TempDir,
}

impl Server {
    /// Makes a cluster and starts it.
    pub(crate) fn start() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("minhchung-postgres-")
            .tempdir()?;
        let server = Self {
            programs: programs()?,
            folder,
        };
        if shell::is_root() {
            // The server refuses to run as root: its folder belongs to the user of the package.
            shell::run(
                Command::new("chown")
                    .arg("postgres")
                    .arg(server.folder.path()),
            )?;
        }
        let data = server.path("data");
        let init = [
            "--auth=trust",
            "--username=minhchung",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        ];
        shell::capture(
            server
                .program("initdb")
                .args(init)
                .arg("--pgdata")
                .arg(&data),
        )?;
        // Tests need no crash safety of the server: what they lose with it is a folder that goes anyway.
        let settings = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off -c max_connections=200",
            server.folder.path().display()
        );
        let mut start = server.program("pg_ctl");
        start.args(["start", "--wait", "--silent", "--options", &settings]);
        start
            .arg("--pgdata")
            .arg(&data)
            .arg("--log")
            .arg(server.path("log"));
        shell::run(&mut start).context("PostgreSQL does not start")?;
        Ok(server)
    }

    /// Where the tests find it.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres:///postgres?user=minhchung&host={}",
            self.folder.path().display()
        )
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = if shell::is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "--mode=immediate", "--silent", "--pgdata"])
            .arg(self.path("data"));
        if let Err(error) = shell::run(&mut stop) {
            eprintln!("PostgreSQL was not stopped: {error:#}");
        }
    }
}

/// The folder of the newest server on this machine.
fn programs() -> Result<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql")
        .ok()
        .into_iter()
        .flatten()
        .flatten();
    let mut found: Vec<PathBuf> = installed
        .map(|entry| entry.path().join("bin"))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    found.sort();
    let on_path = || shell::works("initdb", &["--version"]).then(|| Path::new("").to_owned());
    found
        .pop()
        .or_else(on_path)
        .context("PostgreSQL's `initdb` is not installed")
}
