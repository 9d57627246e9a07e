//! How a command fails: in one sentence, with an exit code.

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// What was said is wrong, and would be wrong anywhere: exit code 2.
    Argument(String),
    /// What was said may be right, and this machine, at this time, does not allow it: exit code 1.
    Environment(String),
}

impl Failure {
    /// Its exit code.
    pub fn code(&self) -> ExitCode {
        match self {
            Self::Argument(_) => ExitCode::from(2),
            Self::Environment(_) => ExitCode::from(1),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Argument(sentence) | Self::Environment(sentence)) = self;
        f.write_str(sentence)
    }
}

/// Writes a sentence to standard error. A terminal that was closed takes none, and that must not become a fault of its own, as it
/// would with `eprintln!`.
pub fn tell(sentence: fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{sentence}");
}
