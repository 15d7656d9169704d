//! Pictures and PDFs of strangers, read in a process of its own: what inflates without end or breaks a library ends that process and
//! nothing else.
//!
//! The libraries that unpack pictures and draw PDFs take the memory that a file asks for, and a file of kilobytes can ask for all there
//! is. Nothing in a process can take memory back from a library in it; the system can, from a process that has bound itself.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use clap::Args;
use render::{FileKind, read_codes};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::exit::{Blame, Exit, Failure, usage};

/// Bytes of address space: three times what the largest picture that is read takes.
const MEMORY: u64 = 2 << 30;
/// Seconds of processor time: ten times what the slowest page that is read takes.
const SECONDS: u64 = 60;
/// The hidden command.
const NAME: &str = "read-picture";

/// What one process tells the other.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    Codes(Vec<String>),
    /// In words.
    Error(String),
}

/// The texts of all QR codes in a picture or PDF; there is at least one.
pub(super) fn codes(name: &str, file: &[u8]) -> Result<Vec<String>, Failure> {
    let program = std::env::current_exe().or_fault()?;
    let mut reader = Command::new(program)
        .args(["passport", NAME])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .or_fault()?;
    if let Some(mut stdin) = reader.stdin.take() {
        // One that ended early is told by how it ended.
        let _ = stdin.write_all(file);
    }
    let output = reader.wait_with_output().or_fault()?;
    if !output.status.success() {
        let kind = FileKind::of(file).map_or_else(|| "file".to_owned(), |kind| kind.to_string());
        return Err(usage(format!(
            "{name}: the {kind} was given up: it takes more than {} GiB of memory or {SECONDS} seconds to read, or breaks the reader; \
             give a photo of the code, or its text",
            MEMORY >> 30
        )));
    }
    match serde_json::from_slice(&output.stdout).or_fault()? {
        Told::Codes(codes) => Ok(codes),
        Told::Error(error) => Err(usage(format!("{name}: {error}"))),
    }
}

/// Reads a picture or PDF from stdin, with little memory and time; prints what was found as JSON.
#[derive(Args)]
pub struct ReadPicture;

impl ReadPicture {
    /// Runs the command.
    pub(super) fn run() -> Outcome {
        for (resource, most) in [
            (Resource::As, MEMORY),
            (Resource::Cpu, SECONDS),
            (Resource::Core, 0),
        ] {
            let limit = Rlimit {
                current: Some(most),
                maximum: Some(most),
            };
            setrlimit(resource, limit).or_fault()?;
        }
        let mut file = Vec::new();
        std::io::stdin().lock().read_to_end(&mut file).or_fault()?;
        let told = match read_codes(&file) {
            Ok(codes) => Told::Codes(codes),
            Err(error) => Told::Error(error.to_string()),
        };
        println!("{}", serde_json::to_string(&told).or_fault()?);
        Ok(Exit::Good)
    }
}
