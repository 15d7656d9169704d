//! How fast codes and certificates are made, per second of processor time on one core: best of several rounds.
//!
//! `cargo run --release -p render --example speed`; with `-- FOLDER` it writes specimens there to look at instead.
#![expect(clippy::print_stdout, reason = "an example says what it measured")]

use std::convert::Infallible;
use std::hint::black_box;
use std::num::NonZeroU8;
use std::path::PathBuf;

use cpu_time::ProcessTime;
use render::{Certificate, Form, Level, Mask, Qr, print_all, read_codes};

#[path = "../tests/it/invented.rs"]
mod invented;

use invented::{HC1, certificate, long_certificate};

const SCALE: NonZeroU8 = NonZeroU8::MIN.saturating_add(3);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if let Some(folder) = std::env::args().nth(1) {
        return specimens(&folder.into());
    }
    println!("code of {} characters", HC1.len());
    for level in [Level::L, Level::M, Level::Q, Level::H] {
        let qr = Qr::encode(HC1, level, Mask::Fixed)?;
        println!("level {level:?}: {} modules a side", qr.side());
        per_second("  symbol, fixed mask", 2_000, || {
            black_box(Qr::encode(HC1, level, Mask::Fixed).is_ok());
        });
        per_second("  symbol, best of eight masks", 100, || {
            black_box(Qr::encode(HC1, level, Mask::Best).is_ok());
        });
        per_second("  PNG of that symbol", 2_000, || {
            black_box(qr.png(SCALE).len());
        });
        per_second("  symbol and PNG", 2_000, || {
            black_box(
                Qr::encode(HC1, level, Mask::Fixed)
                    .map(|qr| qr.png(SCALE))
                    .is_ok(),
            );
        });
        per_second("  symbol and SVG", 2_000, || {
            black_box(
                Qr::encode(HC1, level, Mask::Fixed)
                    .map(|qr| qr.svg())
                    .is_ok(),
            );
        });
    }
    let picture = Qr::encode(HC1, Level::Q, Mask::Fixed)?.png(SCALE);
    per_second("reading a PNG", 100, || {
        black_box(read_codes(&picture).is_ok());
    });
    for form in [Form::A4, Form::Card] {
        let pdf = certificate().pdf(form, Level::Q)?;
        println!("{form:?}: {} bytes", pdf.len());
        per_second("  PDF", 100, || {
            black_box(certificate().pdf(form, Level::Q).is_ok());
        });
        per_second("  reading it", 4, || {
            black_box(read_codes(&pdf).is_ok());
        });
    }
    batch();
    std::env::args()
        .nth(1)
        .map_or(Ok(()), |folder| specimens(&folder.into()))
}

/// Prints how often something runs in a second of processor time, and how long it takes.
fn per_second(what: &str, times: u32, mut run: impl FnMut()) {
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = ProcessTime::now();
        for _ in 0..times {
            run();
        }
        best = best.min(start.elapsed().as_secs_f64() / f64::from(times));
    }
    println!("{what}: {:.0}/s ({:.1} µs)", 1.0 / best, best * 1e6);
}

/// Ten thousand certificates through the batch, on all cores.
fn batch() {
    let certificates = (0..10_000).map(|number| Certificate {
        certificate_code: format!("URN:UVCI:01:VN:{number:032}"),
        ..certificate()
    });
    let (start, mut bytes) = (ProcessTime::now(), 0);
    let summary = print_all(certificates, Form::A4, Level::Q, |_, pdf| {
        bytes += pdf.map_or(0, |pdf| pdf.len());
        Ok::<(), Infallible>(())
    });
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "batch of A4: {summary:?}, {bytes} bytes, {:.0}/s of processor time",
        10_000.0 / seconds
    );
}

fn specimens(folder: &PathBuf) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::create_dir_all(folder)?;
    for form in [Form::A4, Form::Card] {
        for (length, certificate) in [("usual", certificate()), ("long", long_certificate())] {
            let name = format!("{form:?}-{length}.pdf").to_lowercase();
            std::fs::write(folder.join(name), certificate.pdf(form, Level::Q)?)?;
        }
    }
    let qr = Qr::encode(HC1, Level::Q, Mask::Fixed)?;
    std::fs::write(folder.join("code.png"), qr.png(SCALE))?;
    std::fs::write(folder.join("code.svg"), qr.svg())?;
    Ok(())
}
