//! `cargo xtask conformance dcc FOLDER`: public test cases of others, ours or any folder of them.

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
}

pub(crate) fn run(suite: &Suite) -> Result<Verdict> {
    let Suite::Dcc { folder } = suite;
    // An example of its own, so that this program needs no cryptography to be built.
    let example = "run --quiet --package passport --example conformance --";
    let mut command = shell::command("cargo", &example.split(' ').collect::<Vec<_>>());
    let status = command.arg(folder).status().context("cargo does not run")?;
    match status.code() {
        Some(0) => Ok(Verdict::Good),
        Some(1) => Ok(Verdict::Bad),
        _ => bail!("the cases were not run"),
    }
}
