//! What can go wrong in a job, by whose fault.

use std::path::{Path, PathBuf};

use registry::date::Date;

/// Why a job ended early.
#[derive(Debug, thiserror::Error)]
pub enum CleanError {
    /// The caller's: an input can't be read.
    #[error("{role}: {source}")]
    Input {
        /// What the file was given as ("subjects", "register", …).
        role: &'static str,
        /// What is wrong with it and what to do.
        source: intake::IntakeError,
    },
    /// The caller's: an input holds no usable row.
    #[error(
        "{role}: {path} holds no usable row ({rejected} rejected); see {rejects} for the reasons, or name the columns with --map"
    )]
    NoRows {
        /// What the file was given as.
        role: &'static str,
        /// The file.
        path: PathBuf,
        /// Rows rejected.
        rejected: u64,
        /// The reject list.
        rejects: PathBuf,
    },
    /// The caller's: two rows of a file carry the same id.
    #[error(
        "{role}: rows {first_row} and {second_row} of {path} carry the same id '{id}' ({count} ids are not unique); give each record its own id, or remove the copies"
    )]
    DuplicateId {
        /// What the file was given as.
        role: &'static str,
        /// The file.
        path: PathBuf,
        /// The id.
        id: String,
        /// Where it stands first.
        first_row: u64,
        /// Where it stands again.
        second_row: u64,
        /// How many ids stand more than once.
        count: u64,
    },
    /// The caller's: the register was extracted before the newest records were made.
    #[error(
        "register: {path} is of {register} ({basis}), but {role} of {newest} were entered after it: people born or registered since would look unknown. Take a newer extract, or go on with --allow-old-register"
    )]
    OldRegister {
        /// The register file.
        path: PathBuf,
        /// Its day.
        register: Date,
        /// How the day is known.
        basis: &'static str,
        /// Which records are newer.
        role: &'static str,
        /// The newest entry.
        newest: Date,
    },
    /// The caller's: the output folder holds something else.
    #[error("{path} is not empty and holds no earlier result of this command; name a new folder")]
    ForeignFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The caller's: `--resume` without anything to resume.
    #[error("{path} holds no unfinished job with these inputs and options; run without --resume")]
    NothingToResume {
        /// The folder.
        path: PathBuf,
    },
    /// The caller's: a spec, model or catalogue does not fit.
    #[error("{0}")]
    Settings(String),
    /// The user stopped the job.
    #[error("stopped; `--resume` goes on after the last finished stage")]
    Stopped,
    /// The machine's: a file can't be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The machine's: a table can't be written.
    #[error(transparent)]
    Write(intake::IntakeError),
    /// The machine's: a file of ours is not as we wrote it.
    #[error("{path} is damaged: it is not as this program wrote it; run again without --resume")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The machine's: a Parquet file of ours can't be read or written.
    #[error("{path}: {source}")]
    Parquet {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: parquet::errors::ParquetError,
    },
    /// Ours: a list or report can't be made.
    #[error("{path}: {message}")]
    Render {
        /// The file.
        path: PathBuf,
        /// The cause.
        message: String,
    },
}

impl CleanError {
    /// True when the input or the call has to change; false when the machine or we failed.
    pub fn is_callers(&self) -> bool {
        match self {
            Self::Input { source, .. } => source.is_callers(),
            // A path that is not there, or not to be used, is the caller's too.
            Self::Io { source, .. } => matches!(
                source.kind(),
                std::io::ErrorKind::NotFound
                    | std::io::ErrorKind::PermissionDenied
                    | std::io::ErrorKind::IsADirectory
                    | std::io::ErrorKind::NotADirectory
            ),
            Self::NoRows { .. }
            | Self::DuplicateId { .. }
            | Self::OldRegister { .. }
            | Self::ForeignFolder { .. }
            | Self::NothingToResume { .. }
            | Self::Settings(_) => true,
            Self::Stopped
            | Self::Write(_)
            | Self::Damaged { .. }
            | Self::Parquet { .. }
            | Self::Render { .. } => false,
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn parquet(
        path: &Path,
    ) -> impl FnOnce(parquet::errors::ParquetError) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Parquet { path, source }
    }
}

impl From<crate::worklist::WorklistError> for CleanError {
    fn from(error: crate::worklist::WorklistError) -> Self {
        Self::Render {
            path: error.path,
            message: error.source.to_string(),
        }
    }
}
