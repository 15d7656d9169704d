//! How long a command took, in wall and CPU seconds, and how much memory.

use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use serde_json::{Value, json};

/// Times the stages of a command.
pub struct Stopwatch {
    begun: (Instant, ProcessTime),
    last: (Instant, ProcessTime),
    stages: serde_json::Map<String, Value>,
}

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        let now = now();
        Self {
            begun: now,
            last: now,
            stages: serde_json::Map::new(),
        }
    }

    /// Ends a stage; the next one starts.
    pub fn lap(&mut self, stage: &str) {
        let now = now();
        self.stages
            .insert(stage.to_owned(), seconds(self.last, now));
        self.last = now;
    }

    /// Adds `stages`, `wall_seconds`, `cpu_seconds` and `peak_rss_bytes` to what a command tells of itself.
    pub fn tell(&self, told: &mut Value) {
        let all = seconds(self.begun, now());
        told["wall_seconds"] = all["wall_seconds"].clone();
        told["cpu_seconds"] = all["cpu_seconds"].clone();
        told["stages"] = Value::Object(self.stages.clone());
        told["peak_rss_bytes"] = json!(peak_rss_bytes());
    }
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch shows real time")]
fn now() -> (Instant, ProcessTime) {
    (Instant::now(), ProcessTime::now())
}

fn seconds(from: (Instant, ProcessTime), to: (Instant, ProcessTime)) -> Value {
    let rounded = |time: Duration| (time.as_secs_f64() * 1e3).round() / 1e3;
    json!({
        "wall_seconds": rounded(to.0.duration_since(from.0)),
        "cpu_seconds": rounded(to.1.duration_since(from.1)),
    })
}

/// Most memory that this process held, in bytes; `None` where the system does not tell.
pub fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
