//! What a cluster looks like: one TOML file, read strictly.

use super::error::caret;
use super::limits::{MAX_BLOCK_TIME, MAX_NODES, MAX_TRANSACTIONS_PER_SECOND, MAX_TRIES, MIN_BLOCK_TIME};
use super::{PresetError, Selection, Topology};
use std::path::Path;
use std::time::Duration;
use toml::Spanned;

/// The presets compiled in, by name (their file's stem), and their text.
pub const BUILT_IN: &[(&str, &str)] =
    &[("hello", include_str!("../../presets/hello.toml")), ("ring-8", include_str!("../../presets/ring-8.toml"))];

/// The preset that runs when none is named.
pub const DEFAULT: &str = "ring-8";

/// What a cluster looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// The name it was asked for by: a built-in's stem, or a file's.
    pub name: String,
    /// A few words for the title bar.
    pub title: String,
    /// What there is to see, in a sentence or two.
    pub about: String,
    /// Feeds keys, nodes and traffic.
    pub seed: u64,
    /// The nodes.
    pub nodes: Nodes,
    /// How they are linked.
    pub topology: Topology,
    /// What they pay each other.
    pub traffic: TrafficRate,
}

/// A preset's nodes: `n0` and following.
#[derive(Clone, Debug, PartialEq)]
pub struct Nodes {
    /// How many.
    pub count: u32,
    /// Who mines, if anyone.
    pub mining: Option<Mining>,
}

/// A preset's miners.
#[derive(Clone, Debug, PartialEq)]
pub struct Mining {
    /// Who mines.
    pub nodes: Selection,
    /// Tries a second of each.
    pub tries_per_second: u64,
    /// Wanted time between blocks, of all miners together.
    pub block_time: Duration,
}

/// A preset's traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrafficRate {
    /// Transfers a second, of all nodes together; 0 for none.
    pub transactions_per_second: f64,
}

impl Preset {
    /// A built-in preset by its name, or one from a file by its path.
    pub fn find(name: &str) -> Result<Self, PresetError> {
        if let Some((_, text)) = BUILT_IN.iter().find(|(stem, _)| *stem == name) {
            return Self::parse(name, text);
        }
        let path = Path::new(name);
        let is_path = path.extension().is_some() || path.components().count() > 1 || path.is_file();
        if !is_path {
            return Err(PresetError::Unknown { name: name.to_owned() });
        }
        let text = std::fs::read_to_string(path)
            .map_err(|error| PresetError::Unreadable { path: name.to_owned(), why: error.to_string() })?;
        let stem = path.file_stem().map_or_else(|| name.to_owned(), |stem| stem.to_string_lossy().into_owned());
        Self::parse(&stem, &text).map_err(|error| match error {
            PresetError::Wrong { report, .. } => PresetError::Wrong { name: name.to_owned(), report },
            other => other,
        })
    }

    /// Reads a preset's text. `name` is for its errors and its title.
    pub fn parse(name: &str, text: &str) -> Result<Self, PresetError> {
        let wrong = |report: String| PresetError::Wrong { name: name.to_owned(), report: report.trim_end().to_owned() };
        let file: File = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        file.check(name).map_err(|(span, message)| wrong(caret(text, span, &message)))
    }
}

/// The file as written; ranges are checked after reading, while the places of the values are still known.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    about: String,
    seed: u64,
    nodes: FileNodes,
    topology: Topology,
    traffic: Option<FileTraffic>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FileNodes {
    count: Spanned<u32>,
    mining: Option<FileMining>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FileMining {
    nodes: Spanned<Selection>,
    tries_per_second: Spanned<u64>,
    block_time: Spanned<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTraffic {
    transactions_per_second: Spanned<f64>,
}

/// Where in the file, and what is wrong there.
type Complaint = (std::ops::Range<usize>, String);

impl File {
    fn check(self, name: &str) -> Result<Preset, Complaint> {
        let count = *self.nodes.count.get_ref();
        if !(1..=MAX_NODES).contains(&count) {
            return Err((self.nodes.count.span(), format!("{count} nodes: 1 to {MAX_NODES} are allowed")));
        }
        let mining = self.nodes.mining.map(|mining| mining.check(count)).transpose()?;
        let traffic = self.traffic.map(FileTraffic::check).transpose()?.unwrap_or_default();
        Ok(Preset {
            name: name.to_owned(),
            title: self.title,
            about: self.about,
            seed: self.seed,
            nodes: Nodes { count, mining },
            topology: self.topology,
            traffic,
        })
    }
}

impl FileMining {
    fn check(self, count: u32) -> Result<Mining, Complaint> {
        if let Some(highest) = self.nodes.get_ref().highest().filter(|highest| *highest >= count) {
            let message = format!("there is no n{highest}: with {count} nodes the last one is n{}", count - 1);
            return Err((self.nodes.span(), message));
        }
        let tries_per_second = *self.tries_per_second.get_ref();
        if !(1..=MAX_TRIES).contains(&tries_per_second) {
            let message = format!("{tries_per_second} tries a second: 1 to {MAX_TRIES} are allowed");
            return Err((self.tries_per_second.span(), message));
        }
        let text = self.block_time.get_ref();
        let complain = |why: String| (self.block_time.span(), why);
        let block_time = humantime::parse_duration(text)
            .map_err(|error| complain(format!("{text:?} is no duration ({error}): write \"4s\" or \"250ms\"")))?;
        if !(MIN_BLOCK_TIME..=MAX_BLOCK_TIME).contains(&block_time) {
            let (least, most) = (humantime::format_duration(MIN_BLOCK_TIME), humantime::format_duration(MAX_BLOCK_TIME));
            return Err(complain(format!("a block every {text}: {least} to {most} are allowed")));
        }
        Ok(Mining { nodes: self.nodes.into_inner(), tries_per_second, block_time })
    }
}

impl FileTraffic {
    fn check(self) -> Result<TrafficRate, Complaint> {
        let transactions_per_second = *self.transactions_per_second.get_ref();
        if !(0.0..=MAX_TRANSACTIONS_PER_SECOND).contains(&transactions_per_second) {
            let message = format!("{transactions_per_second} transfers a second: 0 to {MAX_TRANSACTIONS_PER_SECOND} are allowed");
            return Err((self.transactions_per_second.span(), message));
        }
        Ok(TrafficRate { transactions_per_second })
    }
}

#[cfg(test)]
#[path = "preset_tests.rs"]
mod tests;
