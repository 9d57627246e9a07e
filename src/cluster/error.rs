//! Why a preset cannot be used.

use super::preset::BUILT_IN;
use crate::reading::nearest;

/// A preset that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresetError {
    /// Neither a built-in name nor a file.
    #[error(
        "no preset named {name:?}: {}the built-in ones are {}; a path to a preset file (ending in .toml) works too",
        meant(name),
        names()
    )]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// The file cannot be read.
    #[error("cannot read the preset {path:?}: {why}")]
    Unreadable {
        /// Which file.
        path: String,
        /// Why, in words.
        why: String,
    },
    /// The file does not say what a preset says.
    #[error("the preset {name:?} has {}:\n\n{report}", count(*mistakes))]
    Wrong {
        /// Its name or path.
        name: String,
        /// How many mistakes there are.
        mistakes: usize,
        /// All of them, in the order of the file: each with line and column, the line itself with a caret, what was found and what is
        /// allowed.
        report: String,
    },
}

fn names() -> String {
    BUILT_IN.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn meant(name: &str) -> String {
    nearest(name, BUILT_IN.iter().map(|(name, _)| *name)).map_or_else(String::new, |meant| format!("did you mean {meant:?}? "))
}

fn count(mistakes: usize) -> String {
    if mistakes == 1 { "a mistake".to_owned() } else { format!("{mistakes} mistakes") }
}
