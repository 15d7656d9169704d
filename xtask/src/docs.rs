//! `cargo xtask docs` and `cargo xtask screenshots`: what is committed but made by the product itself.

use anyhow::{Context, Result};

use crate::{browser, packages, shell};

/// Writes docs/rules.md from the rule catalogue.
pub(crate) fn write_rules() -> Result<()> {
    let minhchung = shell::build_minhchung(false)?;
    let rules = shell::capture(&mut shell::command(
        minhchung,
        &["rules", "list", "--markdown"],
    ))?;
    let path = shell::root().join("docs/rules.md");
    std::fs::write(&path, rules).with_context(|| format!("cannot write {}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}

/// Photographs the report of a fresh demo as it opens on a laptop and on a telephone.
pub(crate) fn photograph_report() -> Result<()> {
    packages::require(&[packages::CHROMIUM, packages::FONTS])?;
    let minhchung = shell::build_minhchung(true)?;
    let report = browser::demo_report(&minhchung, "20000")?;
    let images = shell::root().join("docs/images");
    std::fs::create_dir_all(&images).context("cannot make docs/images")?;
    for (size, name) in [
        (browser::LAPTOP, "report.png"),
        (browser::TELEPHONE, "report-360.png"),
    ] {
        let image = images.join(name);
        browser::photograph(&report, size, &image)?;
        println!("{}", image.display());
    }
    Ok(())
}
