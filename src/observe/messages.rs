//! Messages received by all nodes, by kind.

use super::limits::KINDS;
use super::watched::Watched;
use crate::node::KindCount;
use rumormill_ui::model::MessageCount;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Counts of lives that ended: a node counts anew when it starts again.
#[derive(Clone, Default)]
pub(super) struct Messages(BTreeMap<Cow<'static, str>, (u64, u64)>);

impl Messages {
    /// A node's life ended with these counts.
    pub fn bury(&mut self, received: &[(KindCount, u64)]) {
        for (kind, _) in received {
            if self.0.len() >= KINDS && !self.0.contains_key(&kind.kind) {
                continue;
            }
            let (count, bytes) = self.0.entry(kind.kind.clone()).or_default();
            *count = count.saturating_add(kind.count);
            *bytes = bytes.saturating_add(kind.bytes);
        }
    }

    /// All kinds that ever came, sorted by their words.
    pub fn counts<'a>(&'a self, nodes: impl Iterator<Item = &'a Watched>) -> Vec<MessageCount> {
        let mut all: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
        for (kind, (count, bytes)) in &self.0 {
            all.insert(kind, (*count, *bytes, 0));
        }
        for (kind, rate) in nodes.flat_map(|watched| &watched.received) {
            let sum = all.entry(&kind.kind).or_default();
            sum.0 = sum.0.saturating_add(kind.count);
            sum.1 = sum.1.saturating_add(kind.bytes);
            sum.2 = sum.2.saturating_add(*rate);
        }
        let line = |(kind, (count, bytes, rate)): (&str, _)| MessageCount { kind: kind.to_owned(), count, rate, bytes };
        all.into_iter().map(line).collect()
    }
}
