//! How many signatures a key makes and a certificate verifies per CPU second, software and token.
//!
//! `cargo run --release -p signing --example signatures -- [TOKEN_LIBRARY TOKEN_LABEL PIN]`
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measuring programme reads the clock and prints"
)]

use std::error::Error;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use jiff::Timestamp;
use signing::authority::{Subject, Validity, create_authority};
use signing::token::Token;
use signing::{Batch, KeyKind, KeyPair, SoftwareKey};

const LONG_ENOUGH: Duration = Duration::from_secs(2);

fn main() -> Result<(), Box<dyn Error>> {
    let kinds = [KeyKind::P256, KeyKind::Rsa2048, KeyKind::Rsa3072];
    for kind in kinds {
        let key = SoftwareKey::generate(kind)?;
        measure(&format!("software {kind:?}"), &key)?;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [library, label, pin] = &arguments[..] {
        for sessions in [1, 2, 4] {
            let token = Token::open(Path::new(library), label, pin, sessions, false)?;
            for kind in kinds {
                let name = format!("{kind:?} {sessions}");
                let key = token.key(&name).or_else(|_| token.generate(&name, kind))?;
                threads(
                    &format!("token {kind:?}, {sessions} sessions and threads"),
                    &key,
                    sessions,
                );
            }
        }
    }
    batch()
}

fn measure(name: &str, key: &dyn KeyPair) -> Result<(), Box<dyn Error>> {
    let message = [7; 300];
    let signs = per_cpu_second(|| key.sign(&message).is_ok());
    let certificate = create_authority(key, &subject(), validity()?)?;
    let signature = key.sign(&message)?;
    let verifies = per_cpu_second(|| certificate.verify(key.algorithm(), &message, &signature));
    println!("{name}: {signs:.0} signatures and {verifies:.0} verifications per CPU second");
    Ok(())
}

fn threads(name: &str, key: &dyn KeyPair, count: usize) {
    let (start, cpu) = (Instant::now(), ProcessTime::now());
    let signed: u32 = thread::scope(|scope| {
        let workers: Vec<_> = (0..count)
            .map(|_| scope.spawn(|| until_long_enough(|| key.sign(&[7; 300]).is_ok())))
            .collect();
        workers
            .into_iter()
            .filter_map(|worker| worker.join().ok())
            .sum()
    });
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu.elapsed().as_secs_f64());
    println!(
        "{name}: {:.0} signatures/s, {:.0} per CPU second",
        f64::from(signed) / wall,
        f64::from(signed) / cpu
    );
}

/// A facility's day: 100,000 records of 400 bytes under one signature, and a proof for each.
fn batch() -> Result<(), Box<dyn Error>> {
    let key = SoftwareKey::generate(KeyKind::P256)?;
    let certificate = create_authority(&key, &subject(), validity()?)?;
    let records: Vec<Vec<u8>> = (0..100_000u32)
        .map(|record| record.to_be_bytes().repeat(100))
        .collect();
    let cpu = ProcessTime::now();
    let batch = Batch::sign(&records, &key, &[certificate], validity()?.not_before)?;
    println!(
        "batch of 100,000 records signed: {:.0} ms",
        cpu.elapsed().as_secs_f64() * 1e3
    );
    let cpu = ProcessTime::now();
    for index in 0..batch.size() {
        batch.proof(index)?.to_text()?;
    }
    println!(
        "a proof as text: {:.1} µs",
        cpu.elapsed().as_secs_f64() * 1e6 / batch.size() as f64
    );
    Ok(())
}

fn per_cpu_second(work: impl FnMut() -> bool) -> f64 {
    let cpu = ProcessTime::now();
    let done = until_long_enough(work);
    f64::from(done) / cpu.elapsed().as_secs_f64()
}

fn until_long_enough(mut work: impl FnMut() -> bool) -> u32 {
    let start = Instant::now();
    let mut done = 0;
    while start.elapsed() < LONG_ENOUGH && work() {
        done += 1;
    }
    done
}

fn subject() -> Subject {
    Subject {
        country: "VN".to_owned(),
        organisation: "Measured".to_owned(),
        common_name: "Measured".to_owned(),
    }
}

fn validity() -> Result<Validity, jiff::Error> {
    Ok(Validity {
        not_before: Timestamp::from_second(1_770_000_000)?,
        not_after: Timestamp::from_second(1_870_000_000)?,
    })
}
