//! `cargo xtask conformance certlogic|rules FOLDER`: the suites of the CertLogic specification, and business rules with their tests.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::{Verdict, shell};

/// Every assertion of the specification's suites below a folder has to hold.
pub(crate) fn certlogic(folder: &Path) -> Result<Verdict> {
    run("certlogic", folder)
}

/// Every rule below a folder has to pass the tests beside it.
pub(crate) fn rules(folder: &Path) -> Result<Verdict> {
    run("rules", folder)
}

/// An example of `passport`, so that this program needs no cryptography to be built.
fn run(suite: &str, folder: &Path) -> Result<Verdict> {
    let example = "run --quiet --package passport --example conformance_rules --";
    let mut command = shell::command("cargo", &example.split(' ').collect::<Vec<_>>());
    let status = command
        .arg(suite)
        .arg(folder)
        .status()
        .context("cargo does not run")?;
    match status.code() {
        Some(0) => Ok(Verdict::Good),
        Some(1) => Ok(Verdict::Bad),
        _ => bail!("the tests were not run"),
    }
}
