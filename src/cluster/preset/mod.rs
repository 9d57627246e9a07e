//! What a cluster looks like, what happens to it and what must come out: one TOML file, read strictly.
//!
//! - [`model`]: a preset as data
//! - [`built_in`]: the presets compiled in
//! - [`format`]: every table and key of the file, as data
//! - [`read`]: from the file to the data, with [`table`] (one table by its description), [`names`] (of nodes), [`values`] (with
//!   units)
//!
//! Mistakes and nearest names are those of [`reading`](crate::reading).
//!
//! Written back it is by [`write`](super::write), described to editors by [`schema`](super::schema).

mod built_in;
pub(super) mod format;
mod model;
mod names;
mod read;
mod table;
pub(super) mod values;

pub use built_in::{BUILT_IN, DEFAULT};
pub use model::{Chain, Group, LinkRule, Links, Mining, Nodes, Preset, Settings, TimingName, TrafficRate};
pub(super) use read::{Unit, default_chain};

use super::PresetError;
use super::limits::MAX_FILE;
use std::io::Read;
use std::path::Path;

impl Preset {
    /// A built-in preset by its name, or one from a file by its path.
    pub fn find(name: &str) -> Result<Self, PresetError> {
        let text = Self::text(name)?;
        match BUILT_IN.iter().any(|(stem, _)| *stem == name) {
            true => Self::parse(name, &text),
            false => {
                let stem = Path::new(name).file_stem().map_or_else(|| name.into(), |stem| stem.to_string_lossy());
                read::read(&stem, name, &text)
            }
        }
    }

    /// The TOML of a built-in preset by its name, or of a file by its path, as it is written.
    pub fn text(name: &str) -> Result<String, PresetError> {
        if let Some((_, text)) = BUILT_IN.iter().find(|(stem, _)| *stem == name) {
            return Ok((*text).to_owned());
        }
        let path = Path::new(name);
        let is_path = path.extension().is_some() || path.components().count() > 1 || path.is_file();
        if is_path { Self::load(path) } else { Err(PresetError::Unknown { name: name.to_owned() }) }
    }

    /// Reads a preset's text. `name` is what it is called, in errors too.
    pub fn parse(name: &str, text: &str) -> Result<Self, PresetError> {
        read::read(name, name, text)
    }

    /// A preset file's text, if it is a text of at most [`MAX_FILE`] bytes.
    fn load(path: &Path) -> Result<String, PresetError> {
        let unreadable = |why: String| PresetError::Unreadable { path: path.display().to_string(), why };
        let file = std::fs::File::open(path).map_err(|error| unreadable(error.to_string()))?;
        let mut text = String::new();
        file.take(MAX_FILE + 1).read_to_string(&mut text).map_err(|error| unreadable(error.to_string()))?;
        match text.len() as u64 > MAX_FILE {
            true => Err(unreadable(format!("it is longer than {MAX_FILE} bytes, which no preset needs"))),
            false => Ok(text),
        }
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod error_tests;
