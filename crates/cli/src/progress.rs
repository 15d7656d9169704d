//! Progress on stderr: bars on a terminal, plain lines otherwise; and Ctrl-C.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cleaning::{Stage, Watch};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Set by Ctrl-C; long work looks at it between two pieces.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The first Ctrl-C asks the command to stop, the second one ends it at once.
pub fn listen_for_interrupt() {
    let heard = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    });
    if heard.is_err() {
        eprintln!("warning: Ctrl-C will end the program at once");
    }
}

/// True after Ctrl-C.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Shows one piece of work after the other.
pub struct Progress {
    /// `None` when nothing is to be shown.
    shown: bool,
    terminal: bool,
    current: Mutex<Option<Running>>,
}

struct Running {
    bar: ProgressBar,
    name: String,
    unit: &'static str,
    started: Instant,
    said: Instant,
}

/// How often a plain line is printed where there is no terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

impl Progress {
    /// Progress for people, unless `quiet`.
    pub fn new(quiet: bool) -> Self {
        Self {
            shown: !quiet,
            terminal: std::io::stderr().is_terminal(),
            current: Mutex::new(None),
        }
    }

    /// A piece of work begins.
    #[expect(clippy::disallowed_methods, reason = "a progress line shows real time")]
    pub fn start(&self, name: &str, total: u64, unit: &'static str) {
        let bar = ProgressBar::new(total);
        if self.shown && self.terminal {
            bar.set_style(
                ProgressStyle::with_template(
                    "{prefix:>10} {bar:30} {human_pos}/{human_len} {msg}  {per_sec}  {eta} left",
                )
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar.set_prefix(name.to_owned());
            bar.set_message(unit);
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let now = Instant::now();
        self.put(Some(Running {
            bar,
            name: name.to_owned(),
            unit,
            started: now,
            said: now,
        }));
    }

    /// So many more units are done.
    #[expect(clippy::disallowed_methods, reason = "a progress line shows real time")]
    pub fn add(&self, units: u64) {
        let mut current = self.lock();
        let Some(running) = current.as_mut() else {
            return;
        };
        running.bar.inc(units);
        let now = Instant::now();
        if self.shown && !self.terminal && now.duration_since(running.said) >= PLAIN_EVERY {
            running.said = now;
            let done = running.bar.position();
            let total = running.bar.length().unwrap_or(done);
            let seconds = now.duration_since(running.started).as_secs_f64();
            let rate = done as f64 / seconds;
            let left = total.saturating_sub(done) as f64 / rate.max(1.0);
            eprintln!(
                "{:>10}: {done} of {total} {}, {rate:.0}/s, {left:.0} s left",
                running.name, running.unit
            );
        }
    }

    /// The piece of work is done.
    #[expect(clippy::disallowed_methods, reason = "a progress line shows real time")]
    pub fn stop(&self, name: &str, note: &str) {
        let running = self.lock().take();
        if let Some(running) = &running {
            running.bar.finish_and_clear();
        }
        if self.shown {
            let seconds = running.map_or(0.0, |running| {
                Instant::now().duration_since(running.started).as_secs_f64()
            });
            eprintln!("{name:>10}: done in {seconds:.1} s{note}");
        }
    }

    fn put(&self, running: Option<Running>) {
        let earlier = std::mem::replace(&mut *self.lock(), running);
        if let Some(earlier) = earlier {
            earlier.bar.finish_and_clear();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.current
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl linkage::Progress for Progress {
    fn stage(&self, name: &'static str, total: u64) {
        self.start(name, total, "records");
    }

    fn advance(&self, units: u64) {
        self.add(units);
    }
}

impl Watch for Progress {
    fn begin(&self, stage: Stage, total: u64, unit: &'static str) {
        self.start(stage.name(), total, unit);
    }

    fn advance(&self, units: u64) {
        self.add(units);
    }

    fn end(&self, stage: Stage, reused: bool) {
        self.stop(
            stage.name(),
            if reused {
                " (taken from the earlier run)"
            } else {
                ""
            },
        );
    }

    fn stop_requested(&self) -> bool {
        interrupted()
    }
}
