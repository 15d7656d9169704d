//! Writes a report and two lists from invented numbers, to look at while their design changes:
//! `cargo run -p cleaning --example sample_report -- FOLDER`.

#[path = "../tests/it/sample.rs"]
mod sample;

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder")?);
    std::fs::create_dir_all(&folder)?;
    for (name, summary) in [
        ("province", sample::province()),
        ("national", sample::national()),
    ] {
        std::fs::write(
            folder.join(format!("{name}.html")),
            cleaning::report::render(&summary)?,
        )?;
    }
    let stamp = sample::stamp();
    cleaning::worklist::write_commune(
        &folder.join("commune.xlsx"),
        &sample::commune_list(60),
        &stamp,
    )?;
    cleaning::worklist::write_facility(
        &folder.join("facility.xlsx"),
        &sample::facility_list(),
        &stamp,
    )?;
    Ok(())
}
