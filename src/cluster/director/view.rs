//! What people are shown of what is done to a network.

use super::{By, Director, fault_words, seconds};
use crate::cluster::scenario::TimelineEntry;
use crate::link::LinkModel;
use rumormill_ui::model;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A stretch of time as a row has room for it: tenths of a second from a second on.
fn shown(lasts: Duration) -> Duration {
    let tenths = u64::try_from(lasts.as_millis() / 100).unwrap_or(u64::MAX);
    if lasts < Duration::from_secs(1) { lasts } else { Duration::from_millis(tenths.saturating_mul(100)) }
}

impl Director {
    /// The faults that hold, with the time they have left.
    pub fn faults(&self, elapsed: Duration) -> Vec<model::Fault> {
        let shown = |active: &super::Active| model::Fault {
            number: active.number,
            text: fault_words(&active.fault),
            left: active.until.map(|until| until.saturating_sub(elapsed)),
        };
        self.active.iter().map(shown).collect()
    }

    /// Why a node that was killed is down, in words.
    pub fn why_down(&self, node: u32) -> String {
        let kills = |active: &&super::Active| matches!(&active.fault, super::Fault::Kill(nodes) if nodes.contains(node));
        match self.active.iter().rev().find(kills) {
            Some(active) if active.by == By::Hand => format!("killed by hand (fault #{})", active.number),
            Some(active) => format!("killed by the scenario (fault #{})", active.number),
            None => "killed by a fault".to_owned(),
        }
    }

    /// The timeline with what was added by hand, in the order of time.
    pub fn timeline(&self, elapsed: Duration) -> Vec<model::TimelineLine> {
        let line = |entry: &TimelineEntry, by: By| {
            let mut text = fault_words(&entry.fault);
            if let Some(lasts) = entry.lasts {
                text.push_str(" for ");
                text.push_str(&seconds(shown(lasts)));
            }
            if by == By::Hand {
                text.push_str(", by hand");
            }
            model::TimelineLine { at: entry.at, text, done: entry.at <= elapsed }
        };
        let script = self.script.iter().map(|entry| line(entry, By::Timeline));
        let mut lines: Vec<_> = script.chain(self.by_hand.iter().map(|entry| line(entry, By::Hand))).collect();
        lines.sort_by_key(|line| line.at);
        lines
    }

    /// How each direction between any two nodes is told to behave now, linked or not.
    pub fn links(&self) -> &BTreeMap<(u32, u32), LinkModel> {
        self.told.links()
    }

    /// Of those between which there are links, as far as is known.
    fn known(&self) -> impl Iterator<Item = (&(u32, u32), &LinkModel)> {
        self.links().iter().filter(|(pair, _)| self.linked.contains(*pair))
    }

    /// The pairs of linked nodes between which nothing comes through in one direction at least.
    pub fn cuts(&self) -> BTreeSet<(u32, u32)> {
        let cut = self.known().filter(|(_, model)| model.cut);
        cut.map(|((from, to), _)| (*from.min(to), *from.max(to))).collect()
    }

    /// The links that behave in any way at all, both directions of each, by their ends, the smaller first.
    pub fn shapes(&self) -> BTreeMap<(u32, u32), (model::LinkShape, model::LinkShape)> {
        let mut shapes: BTreeMap<(u32, u32), (model::LinkShape, model::LinkShape)> = BTreeMap::new();
        for ((from, to), model) in self.known().filter(|(_, model)| !model.is_clear()) {
            let both = shapes.entry((*from.min(to), *from.max(to))).or_default();
            *(if from < to { &mut both.0 } else { &mut both.1 }) = shape(model);
        }
        shapes
    }
}

fn shape(model: &LinkModel) -> model::LinkShape {
    let LinkModel { latency, jitter, loss, bandwidth, cut, .. } = *model;
    model::LinkShape { latency, jitter, loss, bandwidth, cut }
}
