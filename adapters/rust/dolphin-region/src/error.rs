//! What can be wrong with a region: in words, and as codes.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a file is no usable region; the codes are those of the project's test vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)] // each is explained in adapters/shm/vectors/v1/vectors.json
pub enum Reason {
    Truncated,
    Count,
    Name,
    TooLarge,
    Magic,
    ByteOrder,
    Version,
    SnapshotSize,
    FactorCount,
    RecordSize,
    Capacity,
    SchemaHash,
    FileSize,
    BootId,
    TimeNamespace,
    Sequence,
}

impl Reason {
    /// Returns the code, for example `schema_hash`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Count => "count",
            Self::Name => "name",
            Self::TooLarge => "too_large",
            Self::Magic => "magic",
            Self::ByteOrder => "byte_order",
            Self::Version => "version",
            Self::SnapshotSize => "snapshot_size",
            Self::FactorCount => "factor_count",
            Self::RecordSize => "record_size",
            Self::Capacity => "capacity",
            Self::SchemaHash => "schema_hash",
            Self::FileSize => "file_size",
            Self::BootId => "boot_id",
            Self::TimeNamespace => "time_namespace",
            Self::Sequence => "sequence",
        }
    }
}

/// A file's bytes are not those of a usable region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The rule that does not hold.
    pub reason: Reason,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// A region cannot be attached or read.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing at the path yet: the producer has not started. Try again later.
    NotReady(PathBuf),
    /// The file is no usable region.
    Refused(PathBuf, Refusal),
    /// The file or folder may not be trusted: its type, owner, mode or links.
    Untrusted(PathBuf, String),
    /// The region does not hold the record that it announces. Open the path again later.
    Contradiction(PathBuf, String),
    /// The file became smaller while it was read. Open the path again later.
    Truncated(PathBuf),
    /// All 64 places for sleeping readers are taken. Spin, or poll.
    NoPlace(PathBuf),
    /// The operating system refused something.
    Io(PathBuf, io::Error),
}

impl Error {
    pub(crate) fn io(path: &Path, error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            Self::NotReady(path.to_owned())
        } else {
            Self::Io(path.to_owned(), error)
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReady(path) => write!(
                f,
                "{} does not exist yet: its producer has not started",
                path.display()
            ),
            Self::Refused(path, refusal) => write!(
                f,
                "{} is not a usable region: expected {}, found {}; start its producer again",
                path.display(),
                refusal.expected,
                refusal.found
            ),
            Self::Untrusted(path, what) => write!(
                f,
                "{} is refused: {what}; check who made it",
                path.display()
            ),
            Self::Contradiction(path, what) => write!(
                f,
                "{} contradicts itself: {what}; open it again",
                path.display()
            ),
            Self::Truncated(path) => write!(
                f,
                "{} was truncated while it was read; its producer must start again",
                path.display()
            ),
            Self::NoPlace(path) => write!(
                f,
                "{}: all 64 places for sleeping readers are taken; spin, or stop a reader",
                path.display()
            ),
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, error) => Some(error),
            _ => None,
        }
    }
}
