//! Exit codes and the last words of a command.

use std::fmt::Display;
use std::process::ExitCode;

/// How a command ended that ran to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done and good.
    Good,
    /// Done, and the answer is no.
    No,
}

/// Why a command did not run to its end.
#[derive(Debug)]
pub enum Failure {
    /// The call or an input has to change.
    Usage(anyhow::Error),
    /// The machine or this program failed.
    Fault(anyhow::Error),
    /// The user stopped it.
    Stopped,
    /// The user stopped it, and what was done is kept.
    Paused,
}

/// Says whose fault an error is.
pub trait Blame<T> {
    /// The call or an input has to change.
    fn or_usage(self) -> Result<T, Failure>;
    /// The machine or this program failed.
    fn or_fault(self) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> Blame<T> for Result<T, E> {
    fn or_usage(self) -> Result<T, Failure> {
        self.map_err(|error| Failure::Usage(error.into()))
    }
    fn or_fault(self) -> Result<T, Failure> {
        self.map_err(|error| Failure::Fault(error.into()))
    }
}

/// A usage error in words.
pub fn usage(message: impl Display) -> Failure {
    Failure::Usage(anyhow::anyhow!("{message}"))
}

impl From<cleaning::CleanError> for Failure {
    fn from(error: cleaning::CleanError) -> Self {
        match error {
            cleaning::CleanError::Stopped => Self::Paused,
            error if error.is_callers() => Self::Usage(error.into()),
            error => Self::Fault(error.into()),
        }
    }
}

/// Runs the program so that a fault of ours ends with the exit code that says so, and a reader that has seen enough (`… | head`) with none.
pub fn guard(run: impl FnOnce() -> ExitCode + std::panic::UnwindSafe) -> ExitCode {
    let by_default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload_as_str().unwrap_or_default();
        if text.contains("failed printing to stdout") && text.contains("Broken pipe") {
            std::process::exit(0);
        }
        by_default(panic);
    }));
    std::panic::catch_unwind(run).unwrap_or_else(|_| {
        eprintln!("error: a fault of this program. Please report it with the command you ran.");
        ExitCode::from(70)
    })
}

/// An error with its causes, each said once: many an error already says what caused it.
fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Prints what went wrong, and turns the outcome into an exit code.
pub fn report(outcome: Result<Exit, Failure>) -> ExitCode {
    match outcome {
        Ok(Exit::Good) => ExitCode::SUCCESS,
        Ok(Exit::No) => ExitCode::from(1),
        Err(Failure::Usage(error)) => {
            eprintln!("error: {}", told(&error));
            ExitCode::from(2)
        }
        Err(Failure::Fault(error)) => {
            eprintln!("error: {}", told(&error));
            eprintln!(
                "This is not the fault of your data. Please report it with the command you ran."
            );
            ExitCode::from(70)
        }
        Err(Failure::Stopped) => {
            eprintln!("Stopped. Nothing half-written is left.");
            ExitCode::from(130)
        }
        Err(Failure::Paused) => {
            eprintln!(
                "Stopped. Nothing half-written is left; `--resume` goes on after the last finished stage."
            );
            ExitCode::from(130)
        }
    }
}
