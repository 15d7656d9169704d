//! What the job tells its caller while it runs, and how it is asked to stop.

/// The stages of a job, in the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Raw files to canonical columns and reject lists.
    Read,
    /// Rules that a subject's own record and file decide.
    Check,
    /// Exact comparison with the register.
    Verify,
    /// Probabilistic search in the register.
    Link,
    /// Records of the same person among the subjects.
    Dedupe,
    /// One outcome per subject, and the findings that need the register.
    Outcome,
    /// Rules, order and duplicates of doses.
    Doses,
    /// All findings in one file.
    Findings,
    /// Spreadsheets per commune and per facility.
    Worklists,
    /// Summary and report.
    Report,
}

impl Stage {
    /// All stages in order.
    pub const ALL: &'static [Self] = &[
        Self::Read,
        Self::Check,
        Self::Verify,
        Self::Link,
        Self::Dedupe,
        Self::Outcome,
        Self::Doses,
        Self::Findings,
        Self::Worklists,
        Self::Report,
    ];

    /// Short name, as manifests and progress lines carry it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Check => "check",
            Self::Verify => "verify",
            Self::Link => "link",
            Self::Dedupe => "dedupe",
            Self::Outcome => "outcome",
            Self::Doses => "doses",
            Self::Findings => "findings",
            Self::Worklists => "worklists",
            Self::Report => "report",
        }
    }
}

/// Follows a job: progress goes out through it, the wish to stop comes in.
pub trait Watch: Sync {
    /// A stage begins; `total` units of work are expected.
    fn begin(&self, stage: Stage, total: u64, unit: &'static str);
    /// So many more units are done.
    fn advance(&self, units: u64);
    /// The stage has ended. `reused`: its results of an earlier run were taken.
    fn end(&self, stage: Stage, reused: bool);
    /// True once the user wants the job to stop.
    fn stop_requested(&self) -> bool;
}

/// A watch that sees nothing and never stops the job.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn begin(&self, _stage: Stage, _total: u64, _unit: &'static str) {}
    fn advance(&self, _units: u64) {}
    fn end(&self, _stage: Stage, _reused: bool) {}
    fn stop_requested(&self) -> bool {
        false
    }
}
