//! How fast entries are appended on disk and proofs are made and checked.
//!
//! `cargo run --release -p ledger --example appending -- [ENTRIES] [FOLDER]`
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measuring programme reads the clock and prints"
)]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use cpu_time::ProcessTime;
use ledger::{Checkpoint, KeyType, Log, NoteSigner};

/// Entries appended between two checkpoints.
const BATCH: u64 = 100_000;
const PROOFS: u64 = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let entries: u64 = arguments.next().map_or(Ok(10_000_000), |of| of.parse())?;
    let temporary = tempfile::tempdir()?;
    let folder = arguments
        .next()
        .map_or(temporary.path().to_owned(), |of| Path::new(&of).to_owned());
    let signer = NoteSigner::generate("example.org/log", KeyType::Ed25519)?;
    let (mut log, _) = Log::open(&folder)?;

    let (start, cpu) = (Instant::now(), ProcessTime::now());
    let mut next = log.size();
    let end = next + entries;
    while next < end {
        let until = end.min(next + BATCH);
        log.append((next..until).map(entry))?;
        let checkpoint = Checkpoint::new("example.org/log", log.size(), log.root());
        log.save_checkpoint(checkpoint.sign(&signer)?)?;
        next = until;
    }
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu.elapsed().as_secs_f64());
    println!("appended on disk, a synced checkpoint every {BATCH}: {entries} entries");
    println!(
        "  {:.0} entries/s, {:.0} per CPU second",
        entries as f64 / wall,
        entries as f64 / cpu
    );

    let size = log.size();
    let start = Instant::now();
    let mut slowest = 0.0_f64;
    let mut proofs = Vec::new();
    for step in 0..PROOFS {
        let index = step * 7_919_123 % size;
        let one = Instant::now();
        proofs.push(log.inclusion(index, size)?);
        slowest = slowest.max(one.elapsed().as_secs_f64());
    }
    let each = start.elapsed().as_secs_f64() / PROOFS as f64;
    println!(
        "inclusion proof: {:.1} µs, slowest {:.0} µs",
        each * 1e6,
        slowest * 1e6
    );

    let (start, root) = (Instant::now(), log.root());
    for proof in &proofs {
        proof.verify(ledger::leaf_hash(&entry(proof.index)), root)?;
    }
    println!(
        "proof checked: {:.1} µs",
        start.elapsed().as_secs_f64() / PROOFS as f64 * 1e6
    );

    drop(log);
    let start = Instant::now();
    Log::open(&folder)?;
    println!(
        "opened again: {:.1} ms",
        start.elapsed().as_secs_f64() * 1e3
    );
    Ok(())
}

/// An entry of the size of an event: 200 bytes.
fn entry(index: u64) -> Vec<u8> {
    let mut bytes = vec![b'x'; 200];
    bytes.splice(..8, index.to_be_bytes());
    bytes
}
