//! Plays a recording: at any speed, one event at a time, from any moment.
//!
//! What is seen at a moment is folded from all lines before it. So that going back (or far ahead) does not mean to begin anew, clones of
//! the folded state are kept at even distances; a scout that runs ahead while there is time lays them for the whole file.

use super::RecordingError;
use super::format::Header;
use super::head::{Checkpoint, Head, lay};
use super::index::Index;
use super::limits::{CHECKPOINT_LINES, CHECKPOINT_NODES, CHECKPOINTS, SLICE};
use super::reader::Reader;
use super::speed::Speed;
use crate::observe::Diagnose;
use rumormill_ui::model::{ClockMode, Controls, Intent, Load, LogLevel, Recording, Snapshot};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Plays one recording.
pub struct Player {
    path: PathBuf,
    header: Header,
    index: Index,
    head: Head,
    /// The moment that is shown.
    at: Duration,
    /// The moment that is sought.
    goal: Option<Duration>,
    paused: bool,
    speed: Speed,
    generation: u64,
    notice: Option<(Duration, String)>,
    load: Load,
    /// By the number of the line before which they are.
    checkpoints: BTreeMap<u64, Checkpoint>,
    /// Lines between two of them.
    interval: u64,
    scout: Option<Head>,
    scouted: bool,
    diagnose: Diagnose,
    log_level: LogLevel,
}

impl Player {
    /// Opens a recording at its beginning, and passes over it once. `diagnose` fills each snapshot's problems.
    ///
    /// # Errors
    /// See [`RecordingError`].
    pub fn open(path: &Path, diagnose: Diagnose) -> Result<Self, RecordingError> {
        let mut reader = Reader::open(path)?;
        let header = reader.header().clone();
        let index = Index::build(&mut reader)?;
        reader.go(index.bounds.0)?;
        let nodes = u64::try_from(header.nodes.len().max(1)).unwrap_or(u64::MAX);
        let most = (CHECKPOINT_NODES as u64 / nodes).clamp(CHECKPOINTS.0 as u64, CHECKPOINTS.1 as u64);
        let lines = index.bounds.1.line.saturating_sub(index.bounds.0.line);
        let log_level = LogLevel::Debug;
        let head = Head::new(reader, &index, diagnose, log_level);
        Ok(Self {
            path: path.to_owned(),
            interval: lines.div_ceil(most).max(CHECKPOINT_LINES),
            header,
            index,
            head,
            at: Duration::ZERO,
            goal: None,
            paused: false,
            speed: Speed::default(),
            generation: 0,
            notice: None,
            load: Load::default(),
            checkpoints: BTreeMap::new(),
            scout: None,
            scouted: false,
            diagnose,
            log_level,
        })
    }

    /// What the first line says.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How long the recording is, its marks, and whether it ends in the middle of a line.
    pub fn recording(&self) -> Recording {
        let Index { length, marks, torn, .. } = &self.index;
        Recording { length: *length, marks: marks.clone(), torn: *torn || self.head.end != self.index.bounds.1 }
    }

    /// The moment that is shown, run time.
    pub fn at(&self) -> Duration {
        self.at
    }

    /// Whether the end is reached.
    pub fn has_ended(&self) -> bool {
        self.goal.is_none() && self.at >= self.index.length
    }

    /// Whether a moment is being sought: [`Player::advance`] goes on towards it.
    pub fn is_seeking(&self) -> bool {
        self.goal.is_some()
    }

    /// Whether it stands still at the reader's wish.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// The speed it plays at.
    pub fn speed(&self) -> Speed {
        self.speed
    }

    /// Changes the speed.
    pub fn set_speed(&mut self, speed: Speed) {
        self.speed = speed;
    }

    /// What this process takes of the machine now.
    pub fn set_load(&mut self, load: Load) {
        self.load = load;
    }

    /// Log lines less grave than this are not made; to be called before anything is played.
    pub fn set_log_level(&mut self, level: LogLevel) {
        self.log_level = level;
        self.head.observer.set_log_level(level);
    }

    /// Does what the reader wants. False for what a recording cannot do: [`Intent::Quit`], and all that would change what happened.
    ///
    /// # Errors
    /// [`RecordingError::Io`].
    pub fn handle(&mut self, intent: &Intent) -> Result<bool, RecordingError> {
        self.notice = None;
        match intent {
            Intent::TogglePause if !self.paused && self.has_ended() => {
                self.tell("this is the end of the recording: go back first")
            }
            Intent::TogglePause => self.paused = !self.paused,
            Intent::Step => {
                self.paused = true;
                if !self.step()? {
                    self.tell("this is the end of the recording");
                }
            }
            Intent::Speed(percent) => self.speed = Speed::new(*percent),
            Intent::Seek(to) => self.begin_seek(*to)?,
            Intent::Quit => return Ok(false),
            _ => {
                self.tell("what happened cannot be changed: this is a recording");
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Goes on by `real` time at the speed set, or towards the moment that is sought.
    ///
    /// # Errors
    /// [`RecordingError::Io`].
    pub fn advance(&mut self, real: Duration) -> Result<(), RecordingError> {
        if let Some(goal) = self.goal {
            if self.play(goal, SLICE)? {
                self.goal = None;
                self.at = goal.min(self.index.length);
                self.notice = None;
            } else {
                self.at = self.head.seen;
            }
        } else if !self.paused && self.at < self.index.length {
            let to = self.at.saturating_add(self.speed.of(real)).min(self.index.length);
            self.play(to, u64::MAX)?;
            self.at = to.min(self.index.length);
        }
        Ok(())
    }

    /// Plays one line. False at the end.
    ///
    /// # Errors
    /// [`RecordingError::Io`].
    pub fn step(&mut self) -> Result<bool, RecordingError> {
        let Some(due) = self.head.due()? else {
            self.at = self.index.length;
            return Ok(false);
        };
        self.play_one();
        self.at = self.at.max(due);
        Ok(true)
    }

    /// Goes to a moment, however long it takes.
    ///
    /// # Errors
    /// [`RecordingError::Io`].
    pub fn seek(&mut self, to: Duration) -> Result<(), RecordingError> {
        self.begin_seek(to)?;
        while self.goal.is_some() {
            self.advance(Duration::ZERO)?;
        }
        Ok(())
    }

    /// Uses time that is left to look ahead, for about ten milliseconds, so that later jumps are short. False when all is known.
    ///
    /// # Errors
    /// [`RecordingError::Io`].
    pub fn scout(&mut self) -> Result<bool, RecordingError> {
        if self.scouted {
            return Ok(false);
        }
        if self.scout.is_none() {
            let mut scout = Head::new(Reader::open(&self.path)?, &self.index, self.diagnose, self.log_level);
            if let Some((_, last)) = self.checkpoints.last_key_value() {
                scout.go(last)?;
            }
            self.scout = Some(scout);
        }
        let Some(scout) = &mut self.scout else { return Ok(false) };
        for _ in 0..SLICE {
            if scout.due()?.is_none() {
                self.scouted = true;
                self.scout = None;
                return Ok(false);
            }
            lay(&mut self.checkpoints, self.interval, self.index.bounds.0, scout);
            scout.fold();
        }
        Ok(true)
    }

    /// All that can be seen at this moment.
    pub fn snapshot(&mut self) -> Arc<Snapshot> {
        self.generation += 1;
        let recording = self.recording();
        let mode = if self.goal.is_none() && self.paused {
            ClockMode::Paused
        } else if self.has_ended() {
            ClockMode::Ended
        } else {
            ClockMode::Live
        };
        let observer = &mut self.head.observer;
        observer.generation = self.generation - 1;
        observer.set_clock(mode, self.speed.percent());
        observer.set_controls(Controls { pause: true, step: true, speed: true, ..Controls::default() });
        observer.set_recording(Some(recording));
        observer.set_load(self.load);
        let recorded = observer.told.notice.clone();
        if let Some((at, text)) = &self.notice {
            observer.set_notice(*at, text.clone());
        }
        let snapshot = observer.snapshot(self.header.start + self.at);
        observer.told.notice = recorded;
        snapshot
    }

    #[cfg(test)]
    pub(super) fn set_checkpoint_lines(&mut self, lines: u64) {
        self.interval = lines;
    }

    #[cfg(test)]
    pub(super) fn checkpoints(&self) -> usize {
        self.checkpoints.len()
    }

    /// Lines between checkpoints.
    #[cfg(test)]
    pub(super) fn lines_from_checkpoint(&self) -> u64 {
        self.interval
    }

    fn tell(&mut self, text: &str) {
        self.notice = Some((self.at, text.to_owned()));
    }

    fn begin_seek(&mut self, to: Duration) -> Result<(), RecordingError> {
        let to = to.min(self.index.length);
        let line = self.head.place().line;
        let known = self.checkpoints.range(..).rev().map(|(_, checkpoint)| checkpoint).find(|checkpoint| checkpoint.moment <= to);
        match known {
            Some(checkpoint) if to < self.at || checkpoint.place.line > line => self.head.go(checkpoint)?,
            None if to < self.at => {
                let mut reader = Reader::open(&self.path)?;
                reader.go(self.index.bounds.0)?;
                self.head = Head::new(reader, &self.index, self.diagnose, self.log_level);
            }
            _ => {}
        }
        self.goal = Some(to);
        let text = format!("going to {}", humantime::format_duration(Duration::from_secs(to.as_secs())));
        self.tell(&text);
        Ok(())
    }

    /// Folds what is due up to `to`, at most so many lines. Whether all of it was.
    fn play(&mut self, to: Duration, most: u64) -> Result<bool, RecordingError> {
        for _ in 0..most {
            if self.head.due()?.is_none_or(|due| due > to) {
                if self.head.is_level() && self.head.end != self.index.bounds.1 {
                    // It ends earlier than it seemed.
                    self.index.length = self.index.length.min(self.head.seen);
                }
                return Ok(true);
            }
            self.play_one();
        }
        Ok(false)
    }

    fn play_one(&mut self) {
        lay(&mut self.checkpoints, self.interval, self.index.bounds.0, &self.head);
        self.head.fold();
    }
}
