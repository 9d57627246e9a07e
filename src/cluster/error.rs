//! What is wrong with a preset: where, what was found, and what is allowed.

use super::preset::BUILT_IN;
use std::fmt::Write;
use std::ops::Range;

/// A preset that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PresetError {
    /// Neither a built-in name nor a file.
    #[error("no preset named {name:?}: the built-in ones are {}; a path to a preset file (ending in .toml) works too", names())]
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
    #[error("the preset {name:?} is wrong:\n{report}")]
    Wrong {
        /// Its name or path.
        name: String,
        /// Line, column, the line itself with a caret, and what is wrong with it.
        report: String,
    },
}

fn names() -> String {
    BUILT_IN.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// Draws `message` under the place in `source` that it is about, in the manner of the TOML reader's own errors, so that a value
/// out of range looks like a comma too many.
pub(super) fn caret(source: &str, span: Range<usize>, message: &str) -> String {
    let start = span.start.min(source.len());
    let before = source.get(..start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = source.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
    let number = before.matches('\n').count() + 1;
    let column = source.get(line_start..start).unwrap_or_default().chars().count();
    let found = source.get(start..span.end.clamp(start, source.len())).unwrap_or_default();
    let width = found.lines().next().map_or(1, |text| text.chars().count()).max(1);

    let margin = number.to_string().len();
    let mut report = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(report, "TOML parse error at line {number}, column {}", column + 1);
    let _ = writeln!(report, "{:margin$} |", "");
    let _ = writeln!(report, "{number} | {line}");
    let _ = writeln!(report, "{:margin$} | {:column$}{}", "", "", "^".repeat(width));
    report.push_str(message);
    report
}
