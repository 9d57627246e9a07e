//! Where a value comes from, and which of two is the stronger.

use super::profile::Profile;
use crate::reading::Span;
use std::fmt;
use std::sync::Arc;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// It goes with the profile.
    Profile(Profile),
    /// A file says so.
    File {
        /// Its path, as people read it.
        path: Arc<str>,
        /// In this line, from 1.
        line: usize,
        /// Here.
        span: Span,
    },
    /// The data directory is where the file of this path was found.
    Found(Arc<str>),
    /// A variable says so.
    Environment(String),
    /// An argument says so: this one.
    Argument(String),
}

impl Origin {
    /// The greater one wins.
    pub fn strength(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::Profile(_) => 1,
            Self::File { .. } | Self::Found(_) => 2,
            Self::Environment(_) => 3,
            Self::Argument(_) => 4,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Profile(profile) => write!(f, "profile {profile}"),
            Self::File { path, line, .. } => write!(f, "{path}:{line}"),
            Self::Found(path) => write!(f, "where {path} was found"),
            Self::Environment(variable) => f.write_str(variable),
            Self::Argument(said) => f.write_str(said),
        }
    }
}
