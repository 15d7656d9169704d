//! Debian packages that the commands need, installed when they are missing and may be.

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// What a command needs from the system.
pub(crate) struct Need {
    /// Debian package.
    package: &'static str,
    /// A program call that succeeds when the package is there.
    probe: (&'static str, &'static [&'static str]),
}

/// The browser that shows the report.
pub(crate) const CHROMIUM: Need = Need {
    package: "chromium",
    probe: ("chromium", &["--version"]),
};

/// A token in software, for the tests of keys that never leave their device.
pub(crate) const SOFT_TOKEN: Need = Need {
    package: "softhsm2",
    probe: ("softhsm2-util", &["--version"]),
};

/// A second reader of QR codes, independent of ours.
pub(crate) const CODE_READER: Need = Need {
    package: "zbar-tools",
    probe: ("zbarimg", &["--version"]),
};

/// Reads the text, the fonts and the pictures of a PDF.
pub(crate) const PDF_TOOLS: Need = Need {
    package: "poppler-utils",
    probe: ("pdftotext", &["-v"]),
};

/// Checks the structure of a PDF.
pub(crate) const PDF_CHECKER: Need = Need {
    package: "qpdf",
    probe: ("qpdf", &["--version"]),
};

/// Draws an SVG as a picture.
pub(crate) const SVG_DRAWER: Need = Need {
    package: "librsvg2-bin",
    probe: ("rsvg-convert", &["--version"]),
};

/// The store of many.
pub(crate) const POSTGRESQL: Need = Need {
    package: "postgresql",
    probe: (
        "sh",
        &[
            "-c",
            "ls /usr/lib/postgresql/*/bin/initdb || initdb --version",
        ],
    ),
};

/// Reads and changes the file of a store, for tests that go behind its back.
pub(crate) const SQLITE: Need = Need {
    package: "sqlite3",
    probe: ("sqlite3", &["--version"]),
};

/// Runs the login provider of the tests, which needs version 20.
pub(crate) const NODE: Need = Need {
    package: "nodejs",
    probe: (
        "node",
        &[
            "--eval",
            "process.exit(Number(parseInt(process.versions.node) < 20))",
        ],
    ),
};

/// Installs the libraries of that provider.
pub(crate) const NPM: Need = Need {
    package: "npm",
    probe: ("npm", &["--version"]),
};

/// What tests of keys, of certificates on paper, of stores and of signing in call.
pub(crate) const TESTS: [Need; 9] = [
    SOFT_TOKEN,
    CODE_READER,
    PDF_TOOLS,
    PDF_CHECKER,
    SVG_DRAWER,
    POSTGRESQL,
    SQLITE,
    NODE,
    NPM,
];

/// A font with all Vietnamese letters, for screenshots that look as on a desk.
pub(crate) const FONTS: Need = Need {
    package: "fonts-noto-core",
    probe: ("sh", &["-c", "fc-list | grep -q NotoSans-Regular"]),
};

/// Python with virtual environments, for the peers of the benchmarks.
pub(crate) const PYTHON: Need = Need {
    package: "python3-venv",
    probe: ("python3", &["-c", "import ensurepip, venv"]),
};

/// Installs those of the packages that are missing.
///
/// # Errors
///
/// Names the command to run when this user may not install, or when installing failed.
pub(crate) fn require(needs: &[Need]) -> Result<()> {
    let missing: Vec<&str> = needs
        .iter()
        .filter(|need| !shell::works(need.probe.0, need.probe.1))
        .map(|need| need.package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let install = format!(
        "apt-get install --yes --no-install-recommends {}",
        missing.join(" ")
    );
    if !may_install() {
        bail!(
            "missing on this machine: {}\nhint: run `sudo {install}`, then try again",
            missing.join(", ")
        );
    }
    eprintln!("installing {}", missing.join(", "));
    let script =
        format!("export DEBIAN_FRONTEND=noninteractive; apt-get update --quiet && {install}");
    shell::run(&mut shell::command("sh", &["-c", &script]))
}

/// Installs the login provider that tests sign in with, unless it is there in the version that its lock file names.
///
/// # Errors
///
/// Its libraries can't be fetched.
pub(crate) fn login_provider() -> Result<()> {
    let at = ["--prefix", "crates/platform/tests/provider", "--silent"];
    if shell::works("npm", &[&["ls"], &at[..]].concat()) {
        return Ok(());
    }
    eprintln!("installing the login provider of the tests");
    shell::run(&mut shell::command("npm", &[&["ci"], &at[..]].concat()))
        .context("the login provider of the tests could not be fetched: is the network there?")
}

/// Only root on a Debian system may.
fn may_install() -> bool {
    shell::is_root() && shell::works("apt-get", &["--version"])
}
