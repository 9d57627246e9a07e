//! One measure: over which nodes, how much it is now, and whether that is within its bounds.

use super::facts::{Change, Facts, NodeFacts};
use super::tally::Tally;
use super::words;
use crate::chain::{Address, BlockId};
use crate::cluster::scenario::{Bounds, Expectation, What, When};
use crate::cluster::{Plan, Selection};
use crate::node::{Event, Stamped, SyncPhase};
use std::collections::BTreeMap;

enum Measure {
    Tips(Tally<BlockId>, Tally<u64>),
    Heights(Tally<u64>),
    Synced(Tally<bool>),
    Peers(Tally<u64>),
    HonestOutbound(Tally<u64>),
    /// Counted.
    Count(u64),
    /// Reputation in hundredths by observer and subject, and how often each value occurs.
    Reputations(BTreeMap<(u32, Address), i32>, BTreeMap<i32, u32>),
    /// The highest so far.
    Highest(u64),
    Sums(Change),
    /// Read off the facts.
    Elsewhere,
}

/// One measure of one expectation.
pub(super) struct Gauge {
    what: What,
    bounds: Bounds,
    members: Vec<bool>,
    /// Nodes in whose name bans and reputations count: the honest ones.
    observers: Vec<bool>,
    mines: bool,
    /// Whether there must be a transfer before all of them can be mined.
    awaits_transfers: bool,
    measure: Measure,
}

impl Gauge {
    pub(super) fn new(expectation: &Expectation, plan: &Plan) -> Self {
        let named = expectation.nodes != Selection::All;
        let honest = |node: &u32| !plan.adversaries.contains(node);
        let nodes = plan.count;
        let measure = match &expectation.what {
            What::SameTip => Measure::Tips(Tally::new(nodes), Tally::new(nodes)),
            What::Height => Measure::Heights(Tally::new(nodes)),
            What::Synced => Measure::Synced(Tally::new(nodes)),
            What::Connected => Measure::Peers(Tally::new(nodes)),
            What::HonestOutbound => Measure::HonestOutbound(Tally::new(nodes)),
            What::Bans | What::BansOf | What::Events { .. } => Measure::Count(0),
            What::Reputation => Measure::Reputations(BTreeMap::new(), BTreeMap::new()),
            What::ReorgDepth => Measure::Highest(0),
            What::DuplicatesPerDelivery | What::MessagesPerBlock | What::BytesPerBlock => Measure::Sums(Change::default()),
            What::BlockPropagation { .. } | What::TransactionPropagation { .. } | What::Memory | What::TransactionsMined => {
                Measure::Elsewhere
            }
        };
        Self {
            what: expectation.what.clone(),
            bounds: expectation.bounds,
            members: (0..nodes).map(|node| expectation.nodes.contains(node) && (named || honest(&node))).collect(),
            observers: (0..nodes).map(|node| honest(&node)).collect(),
            mines: plan.mines,
            awaits_transfers: matches!(expectation.when, When::By(_)) && plan.transactions_per_second > 0.0,
            measure,
        }
    }

    fn is_member(&self, node: u32) -> bool {
        self.members.get(node as usize).copied().unwrap_or(false)
    }

    /// Takes one event. Whether the measure may have changed.
    pub(super) fn see(&mut self, stamped: &Stamped, facts: &Facts, change: &Change) -> bool {
        let member = self.is_member(stamped.node);
        let observer = self.observers.get(stamped.node as usize).copied().unwrap_or(false);
        match (&mut self.measure, &stamped.event) {
            (Measure::Count(count), Event::Banned { peer, .. }) if matches!(self.what, What::Bans | What::BansOf) => {
                let subject = facts.index(peer).is_some_and(|peer| self.members.get(peer as usize).copied().unwrap_or(false));
                let counts = if self.what == What::Bans { member } else { subject && observer };
                *count += u64::from(counts);
                counts
            }
            (Measure::Count(count), event) => {
                let What::Events { kind } = &self.what else { return false };
                let counts = member && super::event_kind(event) == kind;
                *count += u64::from(counts);
                counts
            }
            (Measure::Reputations(of, counts), Event::NewPeer { peer, .. } | Event::Reputation { peer, .. }) => {
                let subject = facts.index(peer).is_some_and(|peer| self.members.get(peer as usize).copied().unwrap_or(false));
                if !subject || !observer {
                    return false;
                }
                let value = match &stamped.event {
                    Event::Reputation { value, .. } => *value,
                    _ => of.get(&(stamped.node, *peer)).copied().unwrap_or(0),
                };
                if let Some(old) = of.insert((stamped.node, *peer), value)
                    && let Some(count) = counts.get_mut(&old)
                {
                    *count -= 1;
                    if *count == 0 {
                        counts.remove(&old);
                    }
                }
                *counts.entry(value).or_default() += 1;
                true
            }
            (Measure::Highest(highest), Event::Reorg { depth, .. }) if member => {
                *highest = (*highest).max(*depth);
                true
            }
            (Measure::Sums(sums), _) => {
                if member {
                    sums.add(*change);
                }
                member && *change != Change::default()
            }
            (Measure::Elsewhere, event) => match self.what {
                What::BlockPropagation { .. } => matches!(event, Event::BlockReceived { .. } | Event::BlockMined { .. }),
                What::TransactionPropagation { .. } => matches!(event, Event::TransactionAccepted { .. }),
                What::TransactionsMined => {
                    matches!(event, Event::TransactionAccepted { from: None, .. } | Event::TipChanged { .. })
                }
                _ => false,
            },
            (
                Measure::Tips(..) | Measure::Heights(_) | Measure::Synced(_) | Measure::Peers(_) | Measure::HonestOutbound(_),
                Event::Started { .. }
                | Event::Stopped
                | Event::TipChanged { .. }
                | Event::Sync { .. }
                | Event::NewPeer { .. }
                | Event::Disconnected { .. },
            ) => self.node_changed(stamped.node, facts),
            _ => false,
        }
    }

    /// A node is otherwise than it was. Whether the measure changed.
    pub(super) fn node_changed(&mut self, node: u32, facts: &Facts) -> bool {
        let member = self.is_member(node);
        let running = facts.nodes.get(node as usize).filter(|facts| facts.up && member);
        match &mut self.measure {
            Measure::Tips(tips, heights) => {
                heights.set(node, running.map(|facts| facts.height)) | tips.set(node, running.map(|facts| facts.tip))
            }
            Measure::Heights(heights) => heights.set(node, running.map(|facts| facts.height)),
            Measure::Synced(synced) => synced.set(node, running.map(|facts| facts.phase == SyncPhase::Synced)),
            Measure::Peers(peers) => peers.set(node, running.map(NodeFacts::peers)),
            Measure::HonestOutbound(links) => links.set(node, running.map(|node| facts.honest_outbound(node))),
            _ => false,
        }
    }

    /// Whether it is within its bounds now.
    pub(super) fn holds(&self, facts: &Facts) -> bool {
        match &self.measure {
            // Where somebody mines, agreeing takes a block: at the start all agree on nothing.
            Measure::Tips(tips, heights) => {
                let least = facts.first_height.unwrap_or_default() + u64::from(self.mines);
                tips.kinds() == 1 && heights.lowest().is_some_and(|height| height >= least)
            }
            Measure::Synced(synced) => synced.lowest() == Some(true),
            Measure::Elsewhere if self.what == What::TransactionsMined => {
                let (submitted, mined) = facts.transfers();
                // At first all of no transfers are mined: where some come, that is no moment that was waited for.
                mined >= submitted && (submitted > 0 || !self.awaits_transfers)
            }
            _ => {
                let (low, high) = self.range(facts);
                let least = self.bounds.at_least.is_none_or(|least| low.is_some_and(|low| low >= least));
                least && self.bounds.at_most.is_none_or(|most| high.is_some_and(|high| high <= most))
            }
        }
    }

    /// The lowest and the highest figure; both the same where there is one.
    fn range(&self, facts: &Facts) -> (Option<f64>, Option<f64>) {
        let one = |value: Option<f64>| (value, value);
        let per = |sum: u64, count: u64| (count > 0).then(|| sum as f64 / count as f64);
        match (&self.measure, &self.what) {
            (Measure::Heights(tally) | Measure::Peers(tally) | Measure::HonestOutbound(tally), _) => {
                (tally.lowest().map(|low| low as f64), tally.highest().map(|high| high as f64))
            }
            (Measure::Count(count) | Measure::Highest(count), _) => one(Some(*count as f64)),
            (Measure::Reputations(_, counts), _) => {
                let value = |value: Option<&i32>| value.map(|value| f64::from(*value) / 100.0);
                (value(counts.keys().next()), value(counts.keys().next_back()))
            }
            (Measure::Sums(sums), What::DuplicatesPerDelivery) => one(per(sums.duplicates, sums.deliveries)),
            (Measure::Sums(sums), What::MessagesPerBlock) => one(per(sums.messages, facts.chain_growth())),
            (Measure::Sums(sums), What::BytesPerBlock) => one(per(sums.bytes, facts.chain_growth())),
            (_, What::BlockPropagation { percentile }) => one(facts.blocks.median(*percentile).map(|time| time.as_secs_f64())),
            (_, What::TransactionPropagation { percentile }) => {
                one(facts.transactions.median(*percentile).map(|time| time.as_secs_f64()))
            }
            (_, What::Memory) => one((facts.memory > 0).then_some(facts.memory as f64)),
            _ => (None, None),
        }
    }

    /// What it is now, in words.
    pub(super) fn measured(&self, facts: &Facts) -> String {
        match &self.measure {
            Measure::Tips(tips, heights) => match (tips.kinds(), heights.highest(), tips.commonest()) {
                (0, ..) => "no node runs".to_owned(),
                (1, Some(height), _) => format!("one tip, block {height}, on {} nodes", tips.len()),
                (kinds, _, Some((_, most))) => format!("{kinds} tips, the commonest on {most} of {} nodes", tips.len()),
                _ => "nothing heard".to_owned(),
            },
            Measure::Synced(synced) => match (synced.lowest(), synced.commonest()) {
                (None, _) => "no node runs".to_owned(),
                (Some(true), _) => format!("all {} synced", synced.len()),
                (_, Some((state, count))) => {
                    let synced_nodes = if state { count } else { synced.len() - count };
                    format!("{synced_nodes} of {} synced", synced.len())
                }
                _ => "nothing heard".to_owned(),
            },
            Measure::Elsewhere if self.what == What::TransactionsMined => {
                let (submitted, mined) = facts.transfers();
                format!("{mined} of {submitted} on the main chain")
            }
            _ => {
                let (low, high) = self.range(facts);
                let mut text = match (low, high) {
                    (Some(low), Some(high)) if low == high => words::figure(&self.what, low),
                    (Some(low), Some(high)) => {
                        format!("{} to {}", words::figure(&self.what, low), words::figure(&self.what, high))
                    }
                    _ => "nothing measured".to_owned(),
                };
                let spread = match self.what {
                    What::BlockPropagation { .. } => Some((&facts.blocks, "blocks")),
                    What::TransactionPropagation { .. } => Some((&facts.transactions, "transactions")),
                    _ => None,
                };
                if let Some((spread, name)) = spread {
                    text.push_str(&format!(" (median of {} {name})", spread.count()));
                }
                text
            }
        }
    }
}

impl NodeFacts {
    /// Different peers: two connections to one count once.
    fn peers(&self) -> u64 {
        let mut ids: Vec<_> = self.ready.values().collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len() as u64
    }
}
