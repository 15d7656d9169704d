//! Time and memory of other programs, seen from outside and in the same way for ours and for peers.

use std::fmt;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use wait4::Wait4;

use crate::shell;

/// A running clock.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "measuring time is what this module is for"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the start.
    pub(crate) fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// What one run of a program took, from its start to its end.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    /// Seconds on the wall.
    pub(crate) wall: f64,
    /// Seconds of processor time, user and system, of all threads.
    pub(crate) cpu: f64,
    /// Largest resident memory, bytes.
    pub(crate) memory: u64,
}

/// Runs a program to its end and returns what it took and what it printed on stdout.
pub(crate) fn measure(command: &mut Command) -> Result<(Usage, String)> {
    let line = shell::line(command);
    eprintln!("running {line}");
    let watch = Stopwatch::start();
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{line}`"))?;
    let mut printed = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout
            .read_to_string(&mut printed)
            .with_context(|| format!("`{line}` printed no UTF-8"))?;
    }
    let end = child.wait4()?;
    ensure!(end.status.success(), "`{line}` ended with {}", end.status);
    let usage = Usage {
        wall: watch.seconds(),
        cpu: (end.rusage.utime + end.rusage.stime).as_secs_f64(),
        memory: end.rusage.maxrss,
    };
    Ok((usage, printed))
}

/// Several measurements of the same thing.
pub(crate) struct Spread {
    sorted: Vec<f64>,
    digits: usize,
}

impl Spread {
    /// Of one figure of each run; shown with this many digits.
    pub(crate) fn of<T>(runs: &[T], digits: usize, figure: impl Fn(&T) -> f64) -> Self {
        let mut sorted: Vec<f64> = runs.iter().map(figure).collect();
        sorted.sort_by(f64::total_cmp);
        Self { sorted, digits }
    }

    /// The largest.
    pub(crate) fn max(&self) -> f64 {
        self.sorted.last().copied().unwrap_or(f64::NAN)
    }

    /// The smallest: of times, that of the run that was disturbed least.
    pub(crate) fn min(&self) -> f64 {
        self.sorted.first().copied().unwrap_or(f64::NAN)
    }

    /// The one in the middle (of an even number, the upper of the two).
    pub(crate) fn median(&self) -> f64 {
        self.sorted
            .get(self.sorted.len() / 2)
            .copied()
            .unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Spread {
    /// `median (min–max)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits;
        write!(
            f,
            "{:.digits$} ({:.digits$}–{:.digits$})",
            self.median(),
            self.min(),
            self.max()
        )
    }
}

/// The three figures of several runs as cells of a table: wall s, CPU s, peak MiB.
pub(crate) fn usage_cells(runs: &[Usage]) -> [String; 3] {
    [
        Spread::of(runs, 1, |run| run.wall).to_string(),
        Spread::of(runs, 1, |run| run.cpu).to_string(),
        Spread::of(runs, 0, |run| run.memory as f64 / 1_048_576.0).to_string(),
    ]
}

/// Where and when a measurement was made: processor, cores, memory, load, date, commit.
pub(crate) fn circumstances() -> Result<String> {
    let cpu = proc_line("/proc/cpuinfo", "model name")?;
    let memory: f64 = proc_line("/proc/meminfo", "MemTotal")?
        .trim_end_matches(" kB")
        .parse()?;
    let load = std::fs::read_to_string("/proc/loadavg")?;
    Ok(format!(
        "{} cores of {cpu}, {:.0} GiB; load before the first run {}; {}, commit {}.",
        cores(),
        memory / 1_048_576.0,
        load.split(' ').next().unwrap_or_default(),
        today(),
        commit()?,
    ))
}

/// The commit that was measured, and whether what is measured has been changed since.
fn commit() -> Result<String> {
    let head = shell::capture(&mut shell::command(
        "git",
        &["rev-parse", "--short", "HEAD"],
    ))?;
    let measured = [
        "status",
        "--porcelain",
        "--",
        "Cargo.toml",
        "Cargo.lock",
        "crates",
        "bench",
    ];
    let changed = shell::capture(&mut shell::command("git", &measured))?;
    let note = if changed.is_empty() {
        ""
    } else {
        " with changes"
    };
    Ok(format!("{}{note}", head.trim()))
}

/// Processor cores that a program may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a measurement carries the day on which it was made"
)]
fn today() -> String {
    jiff::Timestamp::now().strftime("%F").to_string()
}

/// The value of the first `name : value` line of a file of /proc.
fn proc_line(file: &str, name: &str) -> Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
    let line = text.lines().find(|line| line.starts_with(name));
    let (_, value) = line
        .and_then(|line| line.split_once(':'))
        .with_context(|| format!("no {name} in {file}"))?;
    Ok(value.trim().to_owned())
}
