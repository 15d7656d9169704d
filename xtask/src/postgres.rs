//! A PostgreSQL server for tests and benches: its own cluster in a new folder, on a socket there, gone when they are.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell;

/// The variable in which tests find the server.
pub(crate) const VARIABLE: &str = "MINHCHUNG_TEST_POSTGRES";

/// Ticks of `/proc`: the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a server is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// Tests need no crash safety: what they lose with the server is a folder that goes anyway.
    Tests,
    /// Measurements: what was acknowledged is on disk, and the memory is what a machine of a few gigabytes would give.
    Benches,
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    programs: PathBuf,
    folder: tempfile::TempDir,
}

impl For {
    fn settings(self) -> &'static str {
        match self {
            Self::Tests => "-c fsync=off -c max_connections=200",
            Self::Benches => "-c shared_buffers=1GB -c max_wal_size=8GB",
        }
    }

    /// The settings as one reads them.
    pub(crate) fn words(self) -> String {
        self.settings().replace("-c ", "")
    }
}

impl Server {
    /// Makes a cluster and starts it.
    pub(crate) fn start(purpose: For) -> Result<Self> {
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
        let settings = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' {}",
            server.folder.path().display(),
            purpose.settings()
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
        self.url_of("postgres")
    }

    /// Where a database is found.
    pub(crate) fn url_of(&self, database: &str) -> String {
        let host = self.folder.path().display();
        format!("postgres:///{database}?user=minhchung&host={host}")
    }

    /// A new database; an old one of that name is gone.
    pub(crate) fn database(&self, name: &str) -> Result<String> {
        self.drop_database(name)?;
        shell::capture(&mut self.client("createdb", &[name]))?;
        Ok(self.url_of(name))
    }

    /// Throws a database away, if there is one.
    pub(crate) fn drop_database(&self, name: &str) -> Result<()> {
        let words = ["--if-exists", "--force", name];
        shell::capture(&mut self.client("dropdb", &words)).map(|_| ())
    }

    fn client(&self, program: &str, words: &[&str]) -> Command {
        let mut client = self.program(program);
        client.args(["--username=minhchung", "--host"]);
        client.arg(self.folder.path()).args(words);
        client
    }

    /// Seconds of processor time that the server took so far: of all its processes, those that ended too.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let lock = std::fs::read_to_string(self.path("data").join("postmaster.pid"))?;
        let first: u32 = lock.lines().next().unwrap_or_default().parse()?;
        let mut ticks = 0;
        for entry in std::fs::read_dir("/proc")? {
            // A process may end while this looks.
            let stat = std::fs::read_to_string(entry?.path().join("stat"));
            ticks += stat
                .ok()
                .and_then(|stat| ticks_of(&stat, first))
                .unwrap_or(0);
        }
        Ok(ticks as f64 / TICKS_PER_SECOND)
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

/// Ticks of the processes of a server in a line of `/proc/PID/stat`: of the first process with those of its children that ended; of its
/// children that run.
fn ticks_of(stat: &str, first: u32) -> Option<u64> {
    let (pid, rest) = stat.split_once(' ')?;
    // The name, in brackets, may hold anything.
    let (_, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
    let (parent, own) = (number(1)?, number(11)? + number(12)?);
    if pid.parse() == Ok(first) {
        Some(own + number(13)? + number(14)?)
    } else {
        (parent == u64::from(first)).then_some(own)
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

#[cfg(test)]
mod tests {
    use super::ticks_of;

    #[test]
    fn a_server_has_the_time_of_its_first_process_and_of_that_ones_children() {
        let stat = |pid: u32, parent: u32| {
            format!("{pid} (post) gres) S {parent} 1 1 0 -1 4 5 6 7 8 100 20 3000 400 20 0 1 0")
        };
        assert_eq!(ticks_of(&stat(7, 1), 7), Some(3520));
        assert_eq!(ticks_of(&stat(8, 7), 7), Some(120));
        assert_eq!(ticks_of(&stat(9, 8), 7), None);
        assert_eq!(ticks_of("", 7), None);
    }
}
