//! What was folded up to some line of a recording, and points to come back to.

use super::RecordingError;
use super::format::Line;
use super::index::Index;
use super::reader::{Place, Reader};
use crate::node::Time;
use crate::observe::{Diagnose, Observer, Plan};
use rumormill_ui::model::LogLevel;
use std::collections::BTreeMap;
use std::time::Duration;

/// What was folded up to some line.
pub(super) struct Head {
    reader: Reader,
    pub observer: Observer,
    start: Time,
    /// Where lines end.
    pub end: Place,
    /// The latest time of the lines folded.
    pub seen: Duration,
    /// The line read and not yet folded: where it stands, and when it is due.
    next: Option<(Place, Duration, Line)>,
}

/// A point to come back to: the state before some line.
pub(super) struct Checkpoint {
    pub place: Place,
    seen: Duration,
    /// The latest moment that the state knows of.
    pub moment: Duration,
    observer: Observer,
}

impl Head {
    /// At the beginning.
    pub fn new(reader: Reader, index: &Index, diagnose: Diagnose, log_level: LogLevel) -> Self {
        let header = reader.header();
        let plan = Plan {
            title: header.title.clone(),
            seed: header.seed,
            start: header.start,
            speed_percent: header.speed_percent,
            nodes: header.nodes.iter().map(|name| (name.clone(), String::new())).collect(),
        };
        let start = header.start;
        let mut observer = Observer::new(plan, diagnose);
        observer.set_log_level(log_level);
        Self { reader, observer, start, end: index.bounds.1, seen: Duration::ZERO, next: None }
    }

    /// Whether all that was read is folded.
    pub fn is_level(&self) -> bool {
        self.next.is_none()
    }

    /// When the next line is due; `None` at the end.
    pub fn due(&mut self) -> Result<Option<Duration>, RecordingError> {
        if self.next.is_none() && self.reader.place().offset < self.end.offset {
            let place = self.reader.place();
            match self.reader.next()? {
                Some(line) => {
                    let due = line.at().since(self.start).max(self.seen);
                    self.next = Some((place, due, line));
                }
                // A broken line, which the pass over the file had no reason to read.
                None => self.end = place,
            }
        }
        Ok(self.next.as_ref().map(|(_, due, _)| *due))
    }

    /// Folds the line that is due.
    pub fn fold(&mut self) {
        let Some((_, due, line)) = self.next.take() else { return };
        self.seen = due;
        match &line {
            Line::Event(stamped) => self.observer.observe(stamped),
            Line::Control { at, control } => self.observer.apply(*at, control),
        }
    }

    /// The line to be folded next.
    pub fn place(&self) -> Place {
        self.next.as_ref().map_or_else(|| self.reader.place(), |(place, ..)| *place)
    }

    pub fn checkpoint(&self) -> Checkpoint {
        let moment = self.seen.max(self.observer.moment());
        Checkpoint { place: self.place(), seen: self.seen, moment, observer: self.observer.clone() }
    }

    pub fn go(&mut self, checkpoint: &Checkpoint) -> Result<(), RecordingError> {
        self.reader.go(checkpoint.place)?;
        self.observer.clone_from(&checkpoint.observer);
        self.seen = checkpoint.seen;
        self.next = None;
        Ok(())
    }
}

/// Keeps the state before every so many lines, once.
pub(super) fn lay(checkpoints: &mut BTreeMap<u64, Checkpoint>, interval: u64, first: Place, head: &Head) {
    let line = head.place().line;
    if (line - first.line).is_multiple_of(interval) && !checkpoints.contains_key(&line) {
        checkpoints.insert(line, head.checkpoint());
    }
}
