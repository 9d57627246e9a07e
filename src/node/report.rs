//! What is told to people at intervals.

use super::context::Context;
use super::seldom::Seldom;
use super::timers::Timer;
use super::{Event, KindCount, Node};
use crate::chain::{Block, BlockId};
use crate::wire::MessageKind;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Counts that only people need.
#[derive(Default)]
pub(super) struct State {
    /// Messages and announcements that brought nothing new.
    pub(super) duplicates: u64,
    /// Transactions on the main chain.
    pub(super) transactions_on_chain: u64,
    /// Blocks found by our miner whose validation is under way.
    pub(super) mined: BTreeSet<BlockId>,
    /// What came, by kind.
    pub(super) received: Received,
    /// Warnings of headers that are put off, of clocks that are off, and of stored blocks that cannot be read.
    pub(super) put_off: Seldom,
    pub(super) clocks: Seldom,
    pub(super) unread: Seldom,
}

/// Messages and bytes received, each kind at its place in [`MessageKind::ALL`].
#[derive(Default)]
pub(super) struct Received([(u64, u64); MessageKind::ALL.len()]);

impl Received {
    /// A message of `bytes` came.
    pub(super) fn count(&mut self, kind: MessageKind, bytes: usize) {
        // The kinds stand in the order of their codes.
        if let Some(entry) = MessageKind::ALL.binary_search(&kind).ok().and_then(|place| self.0.get_mut(place)) {
            entry.0 += 1;
            entry.1 = entry.1.saturating_add(bytes as u64);
        }
    }

    /// The kinds that came.
    fn counts(&self) -> Vec<KindCount> {
        let came = MessageKind::ALL.iter().zip(self.0).filter(|(_, (count, _))| *count > 0);
        came.map(|(kind, (count, bytes))| KindCount { kind: Cow::Borrowed(kind.word()), count, bytes }).collect()
    }
}

impl Node {
    /// Says who starts, and sets the intervals.
    pub(super) fn start_reporting(&mut self, cx: &mut Context<'_>) {
        let tip = self.ledger.tip();
        cx.event(Event::Started {
            id: self.id,
            height: tip.height,
            tip: tip.id,
            balance: self.balance(),
            max_peers: self.config.max_outbound + self.config.max_inbound,
            mining: self.config.mining.map(|mining| mining.tries_per_second),
        });
        self.timers.set(cx.now + self.config.timing.report.0, Timer::Pulse);
        self.timers.set(cx.now + self.config.timing.report.1, Timer::Statistics);
    }

    /// Balance of our account at the tip, smallest unit.
    pub(super) fn balance(&self) -> u64 {
        self.ledger.state().get(&self.id).map_or(0, |account| account.balance)
    }

    /// A block of ours is on the main chain.
    pub(super) fn report_if_mined(&mut self, cx: &mut Context<'_>, block: &Block) {
        let id = block.id();
        if self.report.mined.remove(&id) {
            let fees = block.transactions.iter().fold(0u64, |sum, transaction| sum.saturating_add(transaction.transfer.fee));
            cx.event(Event::BlockMined {
                id,
                height: block.header.height,
                transactions: block.transactions.len(),
                size: block.size(),
                reward: self.ledger.spec().reward.saturating_add(fees),
            });
        }
    }

    pub(super) fn on_pulse(&mut self, cx: &mut Context<'_>) {
        cx.event(Event::Pulse {
            peers: self.peers.values().filter(|peer| !peer.visit).map(|peer| peer.traffic).collect(),
            duplicates: self.report.duplicates,
            mempool: self.mempool.len(),
            mempool_bytes: self.mempool.bytes(),
            messages: self.report.received.counts(),
        });
        self.timers.set(cx.now + self.config.timing.report.0, Timer::Pulse);
        self.refresh_health();
        self.reap_idle(cx);
        // Time alone makes somebody old enough to give way.
        self.admit(cx);
        // The second's tick also lets old refusals go, so that a block nobody had is asked for again.
        self.sync.forget_refusals(cx.now);
        self.schedule_sync(cx);
    }

    pub(super) fn on_statistics(&mut self, cx: &mut Context<'_>) {
        cx.event(Event::Statistics {
            blocks: self.ledger.tip().height,
            transactions: self.report.transactions_on_chain,
            balance: self.balance(),
            peers: self.peers.values().filter(|peer| peer.is_ready()).count(),
            mempool: self.mempool.len(),
        });
        self.report_health(cx);
        self.report_connectivity(cx);
        self.timers.set(cx.now + self.config.timing.report.1, Timer::Statistics);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_by_kind_in_the_order_of_codes() {
        assert!(MessageKind::ALL.is_sorted(), "a kind's place is found by its code");
        let mut received = Received::default();
        assert_eq!(received.counts(), []);
        for (kind, bytes) in [(MessageKind::Pong, 21), (MessageKind::Handshake, 200), (MessageKind::Pong, 21)] {
            received.count(kind, bytes);
        }
        let word = |kind: MessageKind, count, bytes| KindCount { kind: kind.word().into(), count, bytes };
        assert_eq!(received.counts(), [word(MessageKind::Handshake, 1, 200), word(MessageKind::Pong, 2, 42)]);
        for kind in MessageKind::ALL {
            received.count(*kind, 5);
        }
        assert_eq!(received.counts().len(), MessageKind::ALL.len());
    }
}
