//! The moments of a recording that are worth jumping to: few, and none twice.

use super::format::{Control, Line};
use super::limits::{MARK_GAP, MARKS};
use crate::node::{Event, Stamped};
use crate::observe::Names;
use crate::observe::words::clean;
use std::collections::BTreeSet;
use std::time::Duration;

/// What kind of moment. Kinds with a later place go first when there are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    FirstBlock,
    Fault,
    Down,
    Ban,
    Reorg,
    Paused,
    Lost,
    Disconnect,
}

struct Mark {
    at: Duration,
    kind: Kind,
    text: String,
    /// More of the same kind at nearly the same time.
    more: u64,
}

/// Collects marks from lines in order of time.
pub(super) struct Marks {
    list: Vec<Mark>,
    names: Names,
    faults: BTreeSet<u32>,
    has_block: bool,
    /// Kinds from this one on are left out.
    without: Option<Kind>,
    gap: Duration,
}

impl Marks {
    pub fn new(nodes: &[String]) -> Self {
        let mut names = Names::new();
        for (index, name) in (0..).zip(nodes) {
            names.set_node(index, name.as_str());
        }
        Self { list: Vec::new(), names, faults: BTreeSet::new(), has_block: false, without: None, gap: MARK_GAP }
    }

    /// Whether an event or control of this name may be a mark, or tells a name that marks need.
    pub fn wants(&self, name: &[u8]) -> bool {
        match name {
            b"started" | b"reorg" | b"banned" | b"stopped" | b"faults" | b"down" | b"paused" | b"lost" => true,
            b"block-mined" | b"block-received" => !self.has_block,
            b"disconnected" => self.without.is_none(),
            _ => false,
        }
    }

    /// A line that is wanted.
    pub fn see(&mut self, at: Duration, line: &Line) {
        match line {
            Line::Event(stamped) => self.event(at, stamped),
            Line::Control { control, .. } => self.control(at, control),
        }
    }

    /// The marks, in order of time.
    pub fn into_list(self) -> Vec<(Duration, String)> {
        let words = |mark: Mark| {
            let text = if mark.more > 0 { format!("{} (and {} more)", mark.text, mark.more) } else { mark.text };
            (mark.at, text)
        };
        self.list.into_iter().map(words).collect()
    }

    fn event(&mut self, at: Duration, Stamped { node, event, .. }: &Stamped) {
        let name = self.names.node(*node).into_owned();
        match event {
            Event::Started { id, .. } => {
                self.names.set_id(*node, *id);
            }
            Event::BlockMined { height, .. } if !self.has_block => {
                self.has_block = true;
                self.add(at, Kind::FirstBlock, format!("first block: {height}, mined by {name}"));
            }
            Event::BlockReceived { height, .. } if !self.has_block => {
                self.has_block = true;
                self.add(at, Kind::FirstBlock, format!("first block: {height}, received by {name}"));
            }
            Event::Reorg { depth, .. } => self.add(at, Kind::Reorg, format!("{name} reorg, depth {depth}")),
            Event::Banned { peer, reason, .. } => {
                let text = format!("{name} banned {}: {}", self.names.peer(peer), clean(reason));
                self.add(at, Kind::Ban, text);
            }
            Event::Stopped => self.add(at, Kind::Down, format!("{name} stopped")),
            Event::Disconnected { peer, why, .. } if !is_orderly(why) => {
                let text = format!("{name} lost {}: {}", self.names.peer(peer), clean(why));
                self.add(at, Kind::Disconnect, text);
            }
            _ => {}
        }
    }

    fn control(&mut self, at: Duration, control: &Control) {
        match control {
            Control::Faults { faults } => {
                let now: BTreeSet<u32> = faults.iter().map(|fault| fault.number).collect();
                let before = std::mem::replace(&mut self.faults, now);
                for fault in faults.iter().filter(|fault| !before.contains(&fault.number)) {
                    self.add_to(at, Kind::Fault, format!("fault: {}", clean(&fault.text)));
                }
                if self.faults.is_empty() && !before.is_empty() {
                    self.add_to(at, Kind::Fault, "no fault any more".to_owned());
                }
            }
            Control::Down { node, reason } => {
                let text = format!("{} down: {}", self.names.node(*node), clean(reason));
                self.add(at, Kind::Down, text);
            }
            Control::Paused { node, paused: true } => {
                let text = format!("{} paused", self.names.node(*node));
                self.add(at, Kind::Paused, text);
            }
            Control::Lost { count } => self.add(at, Kind::Lost, format!("{count} events are missing")),
            _ => {}
        }
    }

    /// One of the same kind within the gap is the same moment.
    fn add(&mut self, at: Duration, kind: Kind, text: String) {
        let gap = self.gap;
        let near = self.list.iter_mut().rev().take_while(|mark| at.saturating_sub(mark.at) < gap);
        match near.into_iter().find(|mark| mark.kind == kind) {
            Some(mark) => mark.more += 1,
            None => self.add_to(at, kind, text),
        }
    }

    fn add_to(&mut self, at: Duration, kind: Kind, text: String) {
        if self.without.is_some_and(|first| kind >= first) {
            return;
        }
        self.list.push(Mark { at, kind, text, more: 0 });
        if self.list.len() > MARKS {
            self.thin();
        }
    }

    /// Too many: lost connections go first, then what is near to each other becomes one.
    fn thin(&mut self) {
        if self.without.is_none() {
            self.without = Some(Kind::Disconnect);
            self.list.retain(|mark| mark.kind != Kind::Disconnect);
        }
        while self.list.len() > MARKS / 2 {
            self.gap *= 2;
            let gap = self.gap;
            let mut kept: Vec<Mark> = Vec::new();
            for mark in self.list.drain(..) {
                let near = kept.iter_mut().rev().take_while(|other| mark.at.saturating_sub(other.at) < gap);
                match near.into_iter().find(|other| other.kind == mark.kind) {
                    Some(other) => other.more += 1 + mark.more,
                    None => kept.push(mark),
                }
            }
            self.list = kept;
        }
    }
}

/// An end of a connection that is no event of its own: one that was agreed on, or that comes with a node's end.
fn is_orderly(why: &str) -> bool {
    ["goodbye", "shuts down", "shutting down", "another connection", "our own"].iter().any(|word| why.contains(word))
}
