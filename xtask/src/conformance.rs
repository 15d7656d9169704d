//! `cargo xtask conformance dcc|certlogic|rules FOLDER`: public test cases of others, ours or any folder of them.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::{Verdict, shell};

/// Which cases, and where they are.
#[derive(clap::Subcommand)]
pub(crate) enum Suite {
    /// The EU's raw 2D-code cases (dgc-testdata): every step that a case states must come out as stated.
    Dcc {
        /// A folder that holds cases at any depth.
        #[arg(default_value = "data/dcc/cases")]
        folder: PathBuf,
    },
    /// The suites of the CertLogic specification: every assertion has to hold.
    Certlogic {
        /// A folder that holds suites at any depth.
        #[arg(default_value = "data/dcc/certlogic")]
        folder: PathBuf,
    },
    /// Business rules of countries: each has to pass the tests beside it.
    Rules {
        /// A folder that holds rules with their tests.
        #[arg(default_value = "data/dcc/rules")]
        folder: PathBuf,
    },
}

/// Runs an example of `passport`, so that this program needs no cryptography to be built.
pub(crate) fn run(suite: &Suite) -> Result<Verdict> {
    let (cases, folder) = match suite {
        Suite::Dcc { folder } => ("dcc", folder),
        Suite::Certlogic { folder } => ("certlogic", folder),
        Suite::Rules { folder } => ("rules", folder),
    };
    let cargo = [
        "run",
        "--quiet",
        "--package",
        "passport",
        "--example",
        "conformance",
        "--",
    ];
    let mut command = shell::command("cargo", &cargo);
    command.arg(cases).arg(folder);
    let status = command.status().context("cargo does not run")?;
    match status.code() {
        Some(0) => Ok(Verdict::Good),
        Some(1) => Ok(Verdict::Bad),
        _ => bail!("the cases were not run"),
    }
}
