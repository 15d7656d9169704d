//! Runs the public test cases of the EU in a folder: `conformance FOLDER`. Exit code 1 when one came out otherwise than it
//! states, 2 when they could not be run.

#![expect(clippy::print_stdout, reason = "this example is a command")]

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use image::ImageFormat;
use passport::conformance::{Report, dcc};

fn main() -> ExitCode {
    match run() {
        Ok(report) if report.failures.is_empty() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            println!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<Report, Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("which folder?")?;
    let report = dcc(Path::new(&folder), &read_picture)?;
    for difference in report.known.iter().chain(&report.failures) {
        println!("{difference}");
    }
    println!(
        "{} flags tested, {} without input, {} differ for a known cause",
        report.flags,
        report.untested,
        report.known.len()
    );
    println!("passed {} of {}", report.passed(), report.cases);
    Ok(report)
}

/// The text of the QR code in a PNG.
fn read_picture(png: &[u8]) -> Option<String> {
    let picture = image::load_from_memory_with_format(png, ImageFormat::Png).ok()?;
    let picture = picture.into_luma_alpha8();
    // What is transparent is paper.
    let grey = image::GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
        let image::LumaA([grey, opacity]) = *picture.get_pixel(x, y);
        image::Luma([grey.max(u8::MAX - opacity)])
    });
    let mut prepared = rqrr::PreparedImage::prepare(grey);
    let codes = prepared.detect_grids();
    codes.iter().find_map(|code| Some(code.decode().ok()?.1))
}
