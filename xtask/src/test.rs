//! `cargo xtask test`: everything that has to hold before a change goes in, in one command.
//!
//! All steps run even after one failed, so that one run shows all there is to mend. That generated documents are
//! current is proved by a test of the crate that generates them.

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;

use crate::measure::Stopwatch;
use crate::{Verdict, browser, contract, fuzz, packages, postgres, shell};

/// What `cargo xtask test` can be told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leave out what takes a browser or long: only format, lints, unit and integration tests.
    #[arg(long)]
    fast: bool,
    /// Also ask the API at random in the name of each role (schemathesis), run the tests of a night, and every fuzz target for a minute.
    #[arg(long, conflicts_with = "fast")]
    long: bool,
}

pub(crate) fn run(options: &Options) -> Result<Verdict> {
    packages::require(&packages::TESTS)?;
    packages::login_provider()?;
    if !options.fast {
        packages::require(&[packages::CHROMIUM])?;
    }
    let mut report = Report::default();
    report.step("format", || cargo(&["fmt", "--all", "--check"]));
    report.step("lints", || {
        cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ])
    });
    let tests = if shell::works("cargo", &["nextest", "--version"]) {
        ["nextest", "run", "--workspace", "--no-fail-fast"]
    } else {
        ["test", "--workspace", "--all-targets", "--no-fail-fast"]
    };
    let server = postgres::Server::start(postgres::For::Tests)?;
    let store = (postgres::VARIABLE, server.url());
    report.counted("tests", &tests, &store);
    if !options.fast {
        let examples = ["test", "--workspace", "--doc", "--no-fail-fast"];
        report.counted("documentation examples", &examples, &store);
        report.step("fuzz targets compile", || {
            let fuzz = ["--manifest-path", "fuzz/Cargo.toml"];
            cargo(&[&["fmt", "--check"], &fuzz[..]].concat())?;
            cargo(&[&["check", "--quiet"], &fuzz[..]].concat())
        });
        report.step("report in a browser", browser::check_report);
        if shell::works("cargo", &["deny", "--version"]) {
            report.step("licences", || {
                cargo(&["deny", "check", "licenses", "bans", "sources"])
            });
        } else {
            report.skip(
                "licences",
                "cargo-deny is not installed: `cargo install --locked cargo-deny`",
            );
        }
    }
    if options.long {
        report.counted(
            "tests of a night",
            &[
                "test",
                "--quiet",
                "-p",
                "platform",
                "-p",
                "minhchung",
                "--test",
                "it",
                "--",
                "--ignored",
            ],
            &store,
        );
        report.step("API asked at random", contract::check);
        report.step("fuzz targets, a minute each", fuzz::run_all);
    }
    drop(server);
    Ok(report.finish())
}

fn cargo(arguments: &[&str]) -> Result<()> {
    shell::run(&mut shell::command("cargo", arguments))
}

/// The steps so far, and the numbers of tests that the test runners reported.
#[derive(Default)]
struct Report {
    lines: Vec<String>,
    failed_steps: usize,
    tests: Tests,
}

impl Report {
    fn step(&mut self, name: &str, work: impl FnOnce() -> Result<()>) {
        eprintln!("\n== {name}");
        let watch = Stopwatch::start();
        let outcome = work();
        if let Err(error) = &outcome {
            eprintln!("{error:#}");
        }
        self.note(name, outcome.is_ok(), &watch);
    }

    /// A step whose runner says how many tests passed.
    fn counted(&mut self, name: &str, arguments: &[&str], variable: &(&str, String)) {
        eprintln!("\n== {name}");
        let watch = Stopwatch::start();
        let mut command: Command = shell::command("cargo", arguments);
        command.env(variable.0, &variable.1);
        let outcome = shell::watch(&mut command, |line| self.tests.read(line));
        self.note(name, outcome.is_ok_and(|success| success), &watch);
    }

    fn note(&mut self, name: &str, good: bool, watch: &Stopwatch) {
        self.failed_steps += usize::from(!good);
        let word = if good { "ok" } else { "FAILED" };
        self.lines
            .push(format!("{word:7} {:7.1} s  {name}", watch.seconds()));
    }

    fn skip(&mut self, name: &str, reason: &str) {
        self.lines
            .push(format!("skipped           {name}: {reason}"));
    }

    fn finish(self) -> Verdict {
        println!();
        for line in &self.lines {
            println!("{line}");
        }
        let [passed, failed, skipped] = self.tests.totals();
        println!("{passed} passed, {failed} failed, {skipped} skipped");
        if self.failed_steps == 0 {
            Verdict::Good
        } else {
            Verdict::Bad
        }
    }
}

/// Tests counted from the runners' own summary lines.
#[derive(Default)]
struct Tests {
    passed: AtomicU64,
    failed: AtomicU64,
    skipped: AtomicU64,
}

impl Tests {
    /// Reads `test result: ok. 5 passed; 0 failed; 1 ignored; …` of the standard runner and
    /// `Summary [1.2s] 5 tests run: 4 passed, 1 failed, 0 skipped` of nextest.
    fn read(&self, line: &str) {
        let line = line.trim_start();
        if !(line.starts_with("test result:") || line.starts_with("Summary [")) {
            return;
        }
        let words: Vec<&str> = line
            .split([' ', ',', ';'])
            .filter(|word| !word.is_empty())
            .collect();
        for pair in words.windows(2) {
            let &[number, word] = pair else { continue };
            let counter = match word {
                "passed" => &self.passed,
                "failed" => &self.failed,
                "skipped" | "ignored" => &self.skipped,
                _ => continue,
            };
            counter.fetch_add(number.parse().unwrap_or(0), Ordering::Relaxed);
        }
    }

    fn totals(&self) -> [u64; 3] {
        [&self.passed, &self.failed, &self.skipped].map(|counter| counter.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::Tests;

    #[test]
    fn summary_lines_of_both_runners_are_counted_and_other_lines_are_not() {
        let tests = Tests::default();
        tests.read("test result: FAILED. 5 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        tests.read("     Summary [   0.012s] 10 tests run: 9 passed (1 slow), 1 failed, 3 skipped");
        tests.read("test 7 passed ... ok");
        assert_eq!(tests.totals(), [14, 2, 5]);
    }
}
