//! Invents a country and says what was invented:
//!
//! ```text
//! cargo run --release -p synth --example invent -- 1000000 national OUT [parquet|csv|xlsx] [SEED] [PROVINCE]
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::path::Path;

use registry::area::ProvinceCode;
use synth::{DEFAULT_TODAY, Format, Order, Profile, write_folder};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument =
        |at: usize, default: &'static str| arguments.get(at).map_or(default, |text| text.as_str());
    let format = match argument(3, "parquet") {
        "csv" => Format::Csv,
        "xlsx" => Format::Xlsx,
        _ => Format::Parquet,
    };
    let order = Order {
        people: argument(0, "20000").parse()?,
        seed: argument(4, "1").parse()?,
        profile: Profile::builtin(argument(1, "national"))?,
        provinces: arguments
            .get(5)
            .and_then(|code| ProvinceCode::parse(code))
            .map(|code| vec![code]),
        today: DEFAULT_TODAY,
    };
    let counts = write_folder(
        &order,
        Path::new(argument(2, "out")),
        format,
        &mut |_, _| true,
    )?;
    println!("{}", serde_json::to_string_pretty(&counts)?);
    Ok(())
}
