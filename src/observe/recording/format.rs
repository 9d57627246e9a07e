//! The lines of a recording.

use super::RecordingError;
use super::limits::{NODES, VERSION};
use crate::node::{Event, Stamped, Time};
use rumormill_ui::model::{ClockMode, ExpectationLine, LinkShape, LogLevel, TimelineLine};
use serde::{Deserialize, Serialize};
use std::io;
use std::time::Duration;

/// What the first line's first field says.
const MAGIC: &str = "recording";

/// Which engine ran what was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineName {
    /// Virtual time.
    Simulation,
    /// Real sockets, real time.
    #[default]
    Sockets,
}

/// The first line: what is known of a run before its first event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// What runs, as the dashboard shows it.
    pub title: String,
    /// The preset's name, if one ran.
    pub preset: Option<String>,
    /// The run's seed, where it has one.
    pub seed: Option<u64>,
    /// What ran it.
    pub engine: EngineName,
    /// When the run starts; the times of all lines count from here.
    pub start: Time,
    /// Wanted speed against real time in percent.
    pub speed_percent: u32,
    /// The nodes' names, by index.
    pub nodes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct HeaderLine {
    rumormill: String,
    version: u32,
    title: String,
    #[serde(default)]
    preset: Option<String>,
    #[serde(default)]
    seed: Option<u64>,
    #[serde(default)]
    engine: EngineName,
    start: Time,
    #[serde(default = "real_time")]
    speed: u32,
    #[serde(default)]
    nodes: Vec<String>,
}

/// Of any version: enough to tell what a file is.
#[derive(Deserialize)]
struct AnyHeader {
    rumormill: String,
    version: u32,
}

fn real_time() -> u32 {
    100
}

impl Header {
    /// How the line begins.
    pub(super) const BEGINNING: &[u8] = b"{\"rumormill\":\"";

    /// Appends the line, with its end.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> io::Result<()> {
        let line = HeaderLine {
            rumormill: MAGIC.to_owned(),
            version: VERSION,
            title: self.title.clone(),
            preset: self.preset.clone(),
            seed: self.seed,
            engine: self.engine,
            start: self.start,
            speed: self.speed_percent,
            nodes: self.nodes.clone(),
        };
        serde_json::to_writer(&mut *out, &line)?;
        out.push(b'\n');
        Ok(())
    }

    pub(super) fn read(line: &[u8]) -> Result<Self, RecordingError> {
        let any: AnyHeader = serde_json::from_slice(line).map_err(|_| RecordingError::Foreign)?;
        if any.rumormill != MAGIC || any.version == 0 {
            return Err(RecordingError::Foreign);
        }
        if any.version > VERSION {
            return Err(RecordingError::Newer { found: any.version });
        }
        let line: HeaderLine = serde_json::from_slice(line).map_err(|_| RecordingError::Foreign)?;
        Ok(Self {
            title: line.title,
            preset: line.preset,
            seed: line.seed,
            engine: line.engine,
            start: line.start,
            speed_percent: line.speed,
            nodes: line.nodes.into_iter().take(NODES).collect(),
        })
    }
}

/// A fault that holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultLine {
    /// Its number, as shown.
    pub number: u32,
    /// "loss 20% n5 -> n6"
    pub text: String,
    /// When (run time) it ends; `None`: when it is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
}

/// What was asked of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkLine {
    /// A node.
    pub from: u32,
    /// Another.
    pub to: u32,
    /// From the first to the second.
    pub there: LinkShape,
    /// From the second to the first.
    pub back: LinkShape,
}

/// What a snapshot needs beyond events: each kind replaces what was said of it before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "control", rename_all = "kebab-case")]
pub enum Control {
    /// The faults that hold now.
    Faults {
        /// All of them.
        faults: Vec<FaultLine>,
    },
    /// The pairs of nodes whose link a fault cuts now.
    Cuts {
        /// All of them.
        pairs: Vec<(u32, u32)>,
    },
    /// The scenario's timeline.
    Timeline {
        /// All of it.
        lines: Vec<TimelineLine>,
    },
    /// What must come out.
    Expectations {
        /// All of it.
        lines: Vec<ExpectationLine>,
    },
    /// The run's clock changed.
    Clock {
        /// Whether it moves.
        mode: ClockMode,
        /// Wanted speed against real time in percent.
        speed_percent: u32,
    },
    /// What was asked of links.
    Shapes {
        /// All of them.
        links: Vec<LinkLine>,
    },
    /// A node no longer runs, and did not say so itself.
    Down {
        /// Which.
        node: u32,
        /// Why, in words.
        reason: String,
    },
    /// A node stands still, or goes on.
    Paused {
        /// Which.
        node: u32,
        /// Whether it stands still.
        paused: bool,
    },
    /// A log line that no event tells.
    Log {
        /// How grave.
        level: LogLevel,
        /// Which node's, if one's.
        node: Option<u32>,
        /// Which room said it.
        target: String,
        /// What it said.
        text: String,
    },
    /// What was done or refused at the reader's wish.
    Notice {
        /// In words.
        text: String,
    },
    /// Events came faster than they could be written, and are missing here.
    Lost {
        /// How many.
        count: u64,
    },
    /// The run ended in good order; the last line.
    End,
}

/// One line after the first.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// Something happened in a node.
    Event(Stamped),
    /// Something else changed.
    Control {
        /// When.
        at: Time,
        /// What.
        control: Control,
    },
}

#[derive(Serialize)]
struct EventOut<'a> {
    t: u64,
    n: u32,
    e: &'a Event,
}

#[derive(Serialize)]
struct ControlOut<'a> {
    t: u64,
    c: &'a Control,
}

#[derive(Deserialize)]
struct LineIn {
    t: u64,
    #[serde(default)]
    n: u32,
    #[serde(default)]
    e: Option<Event>,
    #[serde(default)]
    c: Option<Control>,
}

impl Line {
    /// When.
    pub fn at(&self) -> Time {
        match self {
            Self::Event(stamped) => stamped.at,
            Self::Control { at, .. } => *at,
        }
    }

    /// Appends the line, with its end. Times before `start` become it.
    pub(super) fn write(&self, start: Time, out: &mut Vec<u8>) -> io::Result<()> {
        let t = self.at().0.saturating_sub(start.0);
        let before = out.len();
        let written = match self {
            Self::Event(stamped) => serde_json::to_writer(&mut *out, &EventOut { t, n: stamped.node, e: &stamped.event }),
            Self::Control { control, .. } => serde_json::to_writer(&mut *out, &ControlOut { t, c: control }),
        };
        if written.is_err() {
            out.truncate(before);
        }
        written?;
        out.push(b'\n');
        Ok(())
    }

    /// Reads a line; `None` if it is none of ours.
    pub(super) fn read(start: Time, line: &[u8]) -> Option<Self> {
        let LineIn { t, n, e, c } = serde_json::from_slice(line).ok()?;
        let at = Time(start.0.checked_add(t)?);
        match (e, c) {
            (Some(event), None) => Some(Self::Event(Stamped { at, node: n, event })),
            (None, Some(control)) => Some(Self::Control { at, control }),
            _ => None,
        }
    }
}

/// The time of a line, and the name of its event or control, without reading the rest: for a pass over a whole file. Lines
/// that are written otherwise than we write them are read in full.
pub(super) fn glance(line: &[u8]) -> Option<(u64, &[u8])> {
    let rest = line.strip_prefix(b"{\"t\":")?;
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let (number, rest) = rest.split_at_checked(digits)?;
    let t: u64 = std::str::from_utf8(number).ok()?.parse().ok()?;
    let rest = match rest.strip_prefix(b",\"c\":{\"control\":\"") {
        Some(rest) => rest,
        None => {
            let rest = rest.strip_prefix(b",\"n\":")?;
            let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
            rest.get(digits..)?.strip_prefix(b",\"e\":{\"event\":\"")?
        }
    };
    let end = rest.iter().position(|byte| *byte == b'"')?;
    // Whole lines end so; one that does not was cut and grown together with another.
    (line.last() == Some(&b'}')).then_some((t, rest.get(..end)?))
}
