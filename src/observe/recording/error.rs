//! Why a file cannot be played.

use super::limits::{LINE, VERSION};
use std::io;

/// Why a file cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The system does not let us read it.
    #[error("cannot read it: {0}")]
    Io(#[from] io::Error),
    /// It holds something else.
    #[error("this is no recording of Rumormill's: its first line is not a recording's header; record a run with --record FILE")]
    Foreign,
    /// It is empty, or ends before its first line does.
    #[error("it ends within its first line, so there is nothing to play: the run that wrote it was cut off at once")]
    Empty,
    /// Another program wrote it, which knows more.
    #[error("it has format version {found}, and this program plays up to {VERSION}: play it with a newer rumormill")]
    Newer {
        /// The file's version.
        found: u32,
    },
    /// A line that is longer than any that we write.
    #[error("line {line} is longer than {} MiB: this is no recording of Rumormill's", LINE >> 20)]
    TooLong {
        /// Its number, from 1.
        line: u64,
    },
}

impl RecordingError {
    /// Whether another file would help, rather than another moment.
    pub fn is_argument(&self) -> bool {
        match self {
            Self::Io(error) => matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::IsADirectory),
            _ => true,
        }
    }
}
