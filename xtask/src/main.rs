//! Developer commands, run as `cargo xtask …`. Users of `minhchung` need none of them.

mod bench;
mod browser;
mod conformance;
mod contract;
mod docs;
mod fuzz;
mod measure;
mod packages;
mod postgres;
mod shell;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Developer commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check everything: format, lints, all tests, licences, the report in a browser.
    Test(test::Options),
    /// Measure, and with `--write` put the numbers into docs/benchmarks.md.
    Bench(bench::Options),
    /// Run public test cases: each that comes out otherwise than stated, and how many passed.
    #[command(subcommand)]
    Conformance(conformance::Suite),
    /// Write the generated documents anew: docs/rules.md.
    Docs,
    /// Photograph the report of the demo, wide and narrow, into docs/images.
    Screenshots,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Test(options) => test::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Conformance(suite) => conformance::run(&suite),
        Command::Docs => docs::write_rules().map(|()| Verdict::Good),
        Command::Screenshots => docs::photograph_report().map(|()| Verdict::Good),
    };
    match outcome {
        Ok(Verdict::Good) => ExitCode::SUCCESS,
        Ok(Verdict::Bad) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// How a command that came to its end judges what it saw.
enum Verdict {
    /// All is as it should be: exit code 0.
    Good,
    /// A check failed or a target was missed: exit code 1. Code 2 is for what could not be tried.
    Bad,
}
