//! `node.toml`: found, read, and all that is wrong in it.

use super::draft::Draft;
use super::keys::{Key, Row, TABLE};
use super::origin::Origin;
use super::value::Value;
use crate::reading::{Complaint, Report, describe, nearest};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::de::DeTable;

/// Its name in the data directory.
pub const NAME: &str = "node.toml";
/// Longest that is read, in bytes: with a hundred peers and comments it has 10 KB.
const LONGEST: u64 = 256 * 1024;

/// A file, and what is wrong in it.
#[derive(Debug)]
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What is wrong in it.
    pub report: Report,
    /// What is wrong is that it is no TOML: more cannot be said.
    pub broken: bool,
}

impl File {
    /// Reads the file at `path`; `None` if there is none.
    ///
    /// # Errors
    /// Why it cannot be read, in a sentence.
    pub fn open(path: &Path) -> Result<Option<(Self, Draft)>, String> {
        let cannot = |why: String| format!("cannot read {}: {why}", path.display());
        let file = match std::fs::File::open(path) {
            Ok(file) => file,
            // A data directory that is no folder is complained of where it is opened.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(error) => return Err(cannot(error.to_string())),
        };
        let mut text = String::new();
        file.take(LONGEST + 1).read_to_string(&mut text).map_err(|error| cannot(error.to_string()))?;
        if text.len() as u64 > LONGEST {
            return Err(cannot(format!("it is longer than {LONGEST} bytes, which no node needs")));
        }
        Ok(Some(Self::parse(path, text)))
    }

    /// What a text at `path` says, and what is wrong with it.
    pub fn parse(path: &Path, text: String) -> (Self, Draft) {
        let (mut report, mut draft) = (Report::default(), Draft::default());
        let name: Arc<str> = shown(path).into();
        // An editor's mark at the start is no part of the text; a space in its place keeps the columns.
        let text = text.replacen('\u{feff}', " ", usize::from(text.starts_with('\u{feff}')));
        let (document, syntax) = DeTable::parse_recoverable(&text);
        for (written, value) in document.get_ref() {
            let Some(row) = Row::named(written.get_ref()) else {
                let names = TABLE.iter().map(|row| row.name);
                let what = format!("unknown key `{}`", written.get_ref());
                report.add(Complaint::unknown(written.span(), what, written.get_ref(), names.clone()));
                // What it probably means was not said, but was not left out either.
                if let Some(row) = nearest(written.get_ref(), names).and_then(Row::named)
                    && draft.value(row.key).is_none()
                {
                    draft.wrong(row.key);
                }
                continue;
            };
            match row.shape.read_toml(value.get_ref()) {
                Ok(value) if row.key == Key::DataDir => {
                    draft.say(row.key, from(path, value), origin(&name, &text, written.span()))
                }
                Ok(value) => draft.say(row.key, value, origin(&name, &text, written.span())),
                Err(why) => {
                    let what = format!("`{}` is {}", row.name, describe(value.get_ref()));
                    report.add(Complaint::new(value.span(), what).label(why));
                    draft.wrong(row.key);
                }
            }
        }
        report.add_syntax(&text, &syntax);
        let broken = !syntax.is_empty();
        (Self { path: path.to_owned(), text, report, broken }, draft)
    }

    /// The folder that it is in.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

fn origin(path: &Arc<str>, text: &str, span: std::ops::Range<usize>) -> Origin {
    let before = text.as_bytes().get(..span.start).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    Origin::File { path: Arc::clone(path), line, span }
}

/// A folder that a file names: relative to where the file is, not to where the node happens to be started.
fn from(path: &Path, value: Value) -> Value {
    match (value, path.parent()) {
        (Value::Text(folder), Some(parent)) => Value::Text(parent.join(folder).to_string_lossy().into_owned()),
        (value, _) => value,
    }
}

/// A path in a line of text.
pub fn shown(path: &Path) -> String {
    path.display().to_string().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
