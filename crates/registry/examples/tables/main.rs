//! Writes `tables/areas.tsv.deflate` from the tables in `data/vn`: `cargo run -p registry --example tables`.

use std::io::Write as _;
use std::path::Path;

mod generate;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let areas = generate::areas(&root.join("../../data/vn"))?;
    let target = std::fs::File::create(root.join("tables/areas.tsv.deflate"))?;
    let mut writer = flate2::write::DeflateEncoder::new(target, flate2::Compression::best());
    writer.write_all(areas.as_bytes())?;
    writer.finish()?;
    Ok(())
}
