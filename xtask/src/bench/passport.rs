//! `cargo xtask bench passport`: certificates issued and verified per second of CPU time on one core, beside the peers.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use super::linkage::environment;
use super::{Section, Targets, out, table};
use crate::measure::Spread;
use crate::shell;

/// Certificates per second and core that we must reach with ES256.
const LEAST_ISSUED: f64 = 30_000.0;
const LEAST_VERIFIED: f64 = 18_000.0;
/// Share of the bare RSA signatures that issuing with PS256 must reach.
const LEAST_OF_RSA: f64 = 0.95;
/// QR images per second and core that we must reach: 60 µs each.
const LEAST_DRAWN: f64 = 16_667.0;
/// What two threads must issue of what one does.
const LEAST_OF_TWO: f64 = 1.9;
const OURS: &str = "Minh Chứng, eu-2023";
const OURS_RSA: &str = "Minh Chứng, vn-2022";
const OURS_PAPER: &str = "Minh Chứng, paper";

/// A figure that a program printed.
struct Figure {
    peer: String,
    operation: String,
    per_second: f64,
}

pub(super) fn run(runs: u64) -> Result<Section> {
    let mut figures = Vec::new();
    for _ in 0..runs {
        for mut program in programs()? {
            for line in shell::capture(&mut program)?.lines() {
                figures.push(figure(line)?);
            }
        }
    }
    let of = |peer: &str, operation: &str| {
        let same = |figure: &&Figure| figure.peer == peer && figure.operation == operation;
        Spread::of(
            &figures.iter().filter(same).collect::<Vec<_>>(),
            0,
            |figure| figure.per_second,
        )
    };
    let mut targets = Targets::default();
    let mut least = |what: &str, value: f64, limit: f64| {
        targets.add(
            format!("{what} at least {limit}; measured {value:.2}"),
            value >= limit,
        );
    };
    least(
        "ES256 issued per second and core",
        of(OURS, "issue").median(),
        LEAST_ISSUED,
    );
    least(
        "ES256 verified per second and core",
        of(OURS, "verify").median(),
        LEAST_VERIFIED,
    );
    least(
        "PS256 issued, share of the bare signatures",
        of(OURS_RSA, "issue").median() / of(OURS_RSA, "sign alone").median(),
        LEAST_OF_RSA,
    );
    least(
        "QR images per second and core",
        of(OURS_PAPER, "QR image (PNG, level Q)").median(),
        LEAST_DRAWN,
    );
    least(
        "ES256 issued by two threads, of what one issues,",
        of(OURS, "issue, threads at once: 2").median()
            / of(OURS, "issue, threads at once: 1").median(),
        LEAST_OF_TWO,
    );
    let mut rows: Vec<Vec<String>> = Vec::new();
    for Figure {
        peer, operation, ..
    } in &figures
    {
        if !rows
            .iter()
            .any(|row| row[0] == *peer && row[1] == *operation)
        {
            let spread = of(peer, operation);
            rows.push(vec![peer.clone(), operation.clone(), spread.to_string()]);
        }
    }
    Ok(Section {
        name: "passport",
        text: format!(
            "## Certificates\n\n`cargo xtask bench passport --runs {runs}`: per second of CPU time on one core, from claims to the `HC1:` text and from the text to\n\
             a checked signature with typed claims and schema (of the peers: decoded claims); \"threads at once\" is all threads on the wall; [bench/certificates](../bench/certificates/README.md) holds\n\
             the peers, \"floor\" being the least that the signature leaves possible. Median (smallest–largest) of {runs} runs.\n\n{}",
            table(&["who", "what", "per second and core"], &rows)
        ),
        targets,
    })
}

/// Ours and the peers, ready to run.
fn programs() -> Result<Vec<std::process::Command>> {
    let ours = |package, example| {
        let words = ["run", "--quiet", "--release", "--package"];
        let mut ours = shell::command("cargo", &words);
        ours.args([package, "--example", example]);
        ours
    };
    let mut rust = shell::command(
        "cargo",
        &["run", "--quiet", "--release", "--locked", "--manifest-path"],
    );
    rust.arg("bench/certificates/rust/Cargo.toml")
        .arg("--target-dir")
        .arg(out().join("certificate_peers"));
    let python = environment(
        "venv_certificates",
        "bench/certificates/python/requirements.txt",
    )?;
    Ok(vec![
        ours("passport", "certificates"),
        ours("render", "rates"),
        rust,
        shell::command(python, &["bench/certificates/python/peer.py"]),
        shell::command(
            "node",
            &[node()?.to_str().context("a path that is no text")?],
        ),
    ])
}

/// The Node peer with its libraries, beside the other data of benches.
fn node() -> Result<PathBuf> {
    let folder = out().join("certificates/node");
    if !folder.join("node_modules").exists() {
        std::fs::create_dir_all(&folder)?;
        let peer = shell::root().join("bench/certificates");
        for name in ["package.json", "package-lock.json", "peer.js"] {
            std::fs::copy(peer.join("node").join(name), folder.join(name))?;
        }
        std::fs::copy(
            peer.join("sample.json"),
            out().join("certificates/sample.json"),
        )?;
        shell::run(
            shell::command(
                "npm",
                &["ci", "--silent", "--no-audit", "--no-fund", "--prefix"],
            )
            .arg(&folder),
        )?;
    }
    Ok(folder.join("peer.js"))
}

fn figure(line: &str) -> Result<Figure> {
    let told: Value = serde_json::from_str(line).with_context(|| format!("no JSON: {line}"))?;
    let text = |name: &str| {
        told[name]
            .as_str()
            .map(str::to_owned)
            .with_context(|| format!("no {name}: {line}"))
    };
    Ok(Figure {
        peer: text("peer")?,
        operation: text("operation")?,
        per_second: told["per_second_per_core"]
            .as_f64()
            .with_context(|| format!("no number: {line}"))?,
    })
}
