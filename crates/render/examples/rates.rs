//! Codes and certificates drawn per second of processor time on one core, one JSON object a line, for `cargo xtask bench passport`. The
//! example `speed` tells more, to people.
#![expect(clippy::print_stdout, reason = "this example is a command")]

use std::hint::black_box;
use std::num::NonZeroU8;
use std::time::Duration;

use cpu_time::ThreadTime;
use render::{Form, Level, Mask, Qr};

#[expect(dead_code, reason = "the tests need more of them")]
#[path = "../tests/it/invented.rs"]
mod invented;

use invented::{HC1, certificate};

/// As on a screen.
const PIXELS: NonZeroU8 = NonZeroU8::MIN.saturating_add(3);

fn main() {
    measure("QR image (PNG, level Q)", || {
        Qr::encode(black_box(HC1), Level::Q, Mask::Fixed).map(|qr| qr.png(PIXELS))
    });
    for (what, form) in [("A4 certificate", Form::A4), ("card", Form::Card)] {
        let certificate = certificate();
        measure(&format!("{what} as PDF"), || {
            black_box(&certificate).pdf(form, Level::Q).is_ok()
        });
    }
}

/// Prints the best of several rounds.
fn measure<T>(what: &str, mut operation: impl FnMut() -> T) {
    const ROUNDS: usize = 7;
    const ROUND: Duration = Duration::from_millis(150);
    let mut best = 0_f64;
    for _ in 0..ROUNDS {
        let start = ThreadTime::now();
        let mut calls = 0_u32;
        while start.elapsed() < ROUND {
            black_box(operation());
            calls += 1;
        }
        best = best.max(f64::from(calls) / start.elapsed().as_secs_f64());
    }
    println!(
        r#"{{"peer":"Minh Chứng, paper","operation":"{what}","per_second_per_core":{best:.0}}}"#
    );
}
