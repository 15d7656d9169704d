//! Debian packages that the commands need, installed when they are missing and may be.

use anyhow::{Result, bail};

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

/// Only root on a Debian system may.
fn may_install() -> bool {
    shell::works("sh", &["-c", r#"test "$(id -u)" = 0"#]) && shell::works("apt-get", &["--version"])
}
