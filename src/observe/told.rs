//! What no event says: what whoever runs the nodes sets, for the dashboard and, as [`Control`]s, for a recording.

use super::observer::Observer;
use super::recording::{Control, FaultLine};
use super::words::clean;
use crate::node::Time;
use rumormill_ui::model::{ClockMode, Controls, ExpectationLine, Fault, LinkShape, LogLevel, Recording, TimelineLine};
use std::collections::BTreeMap;
use std::time::Duration;

/// Two nodes, the smaller index first.
pub type Pair = (u32, u32);

/// What was set.
#[derive(Clone, Default)]
pub(super) struct Told {
    pub timeline: Vec<TimelineLine>,
    pub expectations: Vec<ExpectationLine>,
    pub controls: Controls,
    pub recording: Option<Recording>,
    pub notice: Option<(Duration, String)>,
    /// What was asked for, the first node to the second and back.
    pub shapes: BTreeMap<Pair, (LinkShape, LinkShape)>,
}

impl Observer {
    /// Whether the run moves, and its wanted speed in percent of real time.
    pub fn set_clock(&mut self, mode: ClockMode, speed_percent: u32) {
        self.clock.mode = mode;
        self.clock.speed_percent = speed_percent;
    }

    /// The faults that hold now, by when they end: the time left is counted down by itself.
    pub fn set_fault_lines(&mut self, faults: &[FaultLine]) {
        let fault = |line: &FaultLine| {
            let fault = Fault { number: line.number, text: line.text.clone(), left: None };
            (fault, line.until)
        };
        self.faults = faults.iter().map(fault).collect();
    }

    /// The pairs of nodes whose link a fault cuts now. A pair without a connection is shown as a cut link.
    pub fn set_cuts(&mut self, pairs: impl IntoIterator<Item = (u32, u32)>) {
        self.cuts = pairs.into_iter().map(|(a, b)| (a.min(b), a.max(b))).collect();
    }

    /// What the scenario will do and has done, in order of time.
    pub fn set_timeline(&mut self, lines: Vec<TimelineLine>) {
        self.told.timeline = lines;
    }

    /// What must come out, with verdicts so far.
    pub fn set_expectations(&mut self, lines: Vec<ExpectationLine>) {
        self.told.expectations = lines;
    }

    /// What whoever runs this can be asked to do.
    pub fn set_controls(&mut self, controls: Controls) {
        self.told.controls = controls;
    }

    /// What was last done or refused at the reader's wish, and when (run time).
    pub fn set_notice(&mut self, at: Duration, text: String) {
        self.told.notice = Some((at, clean(&text)));
    }

    /// What was asked of links: for a pair of nodes, the direction from its first to its second, and back. Shown at links that exist.
    pub fn set_shapes(&mut self, shapes: BTreeMap<Pair, (LinkShape, LinkShape)>) {
        let ordered = |((a, b), (there, back))| if a <= b { ((a, b), (there, back)) } else { ((b, a), (back, there)) };
        self.told.shapes = shapes.into_iter().map(ordered).collect();
    }

    /// What recording this is a replay of.
    pub fn set_recording(&mut self, recording: Option<Recording>) {
        self.told.recording = recording;
    }

    /// A node no longer runs, or could not start, and why in words: "killed by you".
    pub fn node_down(&mut self, node: u32, now: Time, reason: &str) {
        let at = now.since(self.start);
        self.tick(at);
        self.stop(at, node, clean(reason));
        self.log(now, LogLevel::Warn, Some(node), "node", &format!("down: {reason}"));
    }

    /// A node stands still at somebody's wish, or goes on.
    pub fn node_paused(&mut self, node: u32, now: Time, paused: bool) {
        self.tick(now.since(self.start));
        self.log(now, LogLevel::Warn, Some(node), "node", if paused { "paused" } else { "goes on" });
    }

    /// Takes what a [`Control`] says, at `now`: what the runner sets live, and a replay sets again.
    pub fn apply(&mut self, now: Time, control: &Control) {
        match control {
            Control::Faults { faults } => self.set_fault_lines(faults),
            Control::Cuts { pairs } => self.set_cuts(pairs.iter().copied()),
            Control::Timeline { lines } => self.set_timeline(lines.clone()),
            Control::Expectations { lines } => self.set_expectations(lines.clone()),
            Control::Clock { mode, speed_percent } => self.set_clock(*mode, *speed_percent),
            Control::Shapes { links } => {
                self.set_shapes(links.iter().map(|link| ((link.from, link.to), (link.there, link.back))).collect())
            }
            Control::Down { node, reason } => self.node_down(*node, now, reason),
            Control::Paused { node, paused } => self.node_paused(*node, now, *paused),
            Control::Log { level, node, target, text } => self.log(now, *level, *node, target, text),
            Control::Notice { text } => self.set_notice(now.since(self.start), text.clone()),
            Control::Lost { count } => {
                let text = format!("{count} events came faster than they could be recorded, and are missing here");
                self.log(now, LogLevel::Warn, None, "observe", &text);
            }
            Control::End => {}
        }
    }

    /// A node ends.
    pub(super) fn stop(&mut self, at: Duration, node: u32, reason: String) {
        let Some(watched) = Self::watched(&mut self.nodes, &self.names, node) else {
            return;
        };
        self.messages.bury(&watched.received);
        self.past_duplicates += std::mem::take(&mut watched.duplicates);
        watched.stop(at, reason);
        self.count_running();
    }

    /// Counts the nodes that run: kept, since each arrival of a block is told of how many.
    pub(super) fn count_running(&mut self) {
        let running = self.nodes.values().filter(|watched| watched.runs()).count();
        self.running = u32::try_from(running).unwrap_or(u32::MAX);
    }

    /// The faults with the time they have left at `at`.
    pub(super) fn faults_at(&self, at: Duration) -> Vec<Fault> {
        let fault = |(fault, until): &(Fault, Option<Duration>)| Fault {
            left: until.map(|until| until.saturating_sub(at)),
            ..fault.clone()
        };
        self.faults.iter().map(fault).collect()
    }
}
