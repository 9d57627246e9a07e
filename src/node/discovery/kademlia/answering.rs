//! What others are told, and whose records are believed.

use super::table::{Offered, is_stale};
use crate::chain::Address;
use crate::node::context::Context;
use crate::node::discovery::book::Source;
use crate::node::limits::{BUCKET, RECORD_AHEAD, RECORD_RENEWAL};
use crate::node::peers::offences::Offence;
use crate::node::{ConnectionId, Node, Time};
use crate::wire::{Message, NodeRecord, mapped};

/// What a record is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Its node signed it, and it can be of use.
    Good,
    /// Old, from the future, our own, or of an address that we do not dial: nobody's fault.
    Useless,
    /// Its signature is false: whoever passed it on must have seen that.
    Bad,
}

impl Node {
    /// Our own record, if we know where we can be dialled; signed anew when the address has changed, and now and then.
    pub(in crate::node) fn own_record(&mut self, now: Time) -> Option<NodeRecord> {
        let address = self.own_address()?;
        let clock = self.clock(now);
        let old = self.kademlia.own;
        if let Some(record) = old
            && record.socket() == address
            && clock.saturating_sub(record.sequence) < RECORD_RENEWAL.as_secs()
        {
            return old;
        }
        // Never behind the one before, even if the clock was set back.
        let sequence = old.map_or(clock, |record| clock.max(record.sequence.saturating_add(1)));
        let chain = self.ledger.spec().chain;
        self.kademlia.own = Some(NodeRecord::sign(&self.keys, chain, &self.genesis, address, sequence));
        self.kademlia.own
    }

    /// Answers with the closest nodes that we know to be alive. Asked too often, we stay silent.
    pub(in crate::node) fn on_find_node(
        &mut self,
        cx: &mut Context<'_>,
        connection: ConnectionId,
        nonce: u64,
        target: &Address,
        own: Option<&NodeRecord>,
    ) {
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        if !self.config.discovery.kademlia || !peer.may_find_nodes(cx.now) {
            return;
        }
        let asker = peer.id;
        if let Some(own) = own
            && !self.take_own_record(cx, connection, own)
        {
            return;
        }
        let mut records = self.kademlia.table.closest(target, BUCKET + 1);
        records.retain(|record| record.node != asker);
        records.truncate(BUCKET);
        let own = self.own_record(cx.now);
        self.counts.kademlia_told += 1;
        self.send(cx, connection, Message::Nodes { nonce, own, records });
    }

    /// What a record from outside is worth. The cheap questions come first.
    pub(super) fn judge(&mut self, now: Time, record: &NodeRecord) -> Judgement {
        let clock = self.clock(now);
        let dated = !is_stale(record, clock) && record.sequence <= clock.saturating_add(RECORD_AHEAD.as_secs());
        if record.node == self.id || !dated || !self.is_wanted(&record.socket()) {
            return Judgement::Useless;
        }
        if self.kademlia.table.get(&record.node) == Some(record) || self.kademlia.verified.contains(record) {
            return Judgement::Good;
        }
        if !record.verify(self.ledger.spec().chain, &self.genesis) {
            return Judgement::Bad;
        }
        self.kademlia.verified.insert(*record);
        Judgement::Good
    }

    /// The record that a peer says is its own. It is taken for the table if it names the address that the peer is at: else somebody with
    /// one machine could stand for many networks. False if the peer lied.
    pub(super) fn take_own_record(&mut self, cx: &mut Context<'_>, connection: ConnectionId, record: &NodeRecord) -> bool {
        let Some(peer) = self.peers.get(&connection) else { return false };
        let (id, here, source) = (peer.id, record.ip == mapped(peer.address.ip()), Source::Record(peer.id, peer.address.ip()));
        let judgement = if record.node == id { self.judge(cx.now, record) } else { Judgement::Bad };
        match judgement {
            Judgement::Bad => {
                self.offend_record(cx, connection);
                return false;
            }
            Judgement::Good if here => {
                self.learn_record(cx.now, record, &source);
                self.offer_record(cx, record);
            }
            Judgement::Good | Judgement::Useless => {}
        }
        true
    }

    /// A node that has just spoken to us goes into the table; if its bucket is full, the node there that was seen longest ago is asked
    /// whether it lives.
    fn offer_record(&mut self, cx: &mut Context<'_>, record: &NodeRecord) {
        if let Offered::Full(oldest) = self.kademlia.table.offer(*record, cx.now) {
            let linked = self.peers.values().any(|peer| peer.id == oldest.node && peer.is_ready());
            if linked {
                self.kademlia.table.alive(&oldest.node);
            } else if self.kademlia.has_free_visit() {
                self.visit(cx, &oldest, None);
            }
        }
    }

    /// Puts the address of a good record into the book; true if it was new.
    pub(super) fn learn_record(&mut self, now: Time, record: &NodeRecord, source: &Source) -> bool {
        let seen = Time::from_millis(record.sequence.saturating_mul(1_000)).min(now);
        self.learn(source, record.socket(), Some(record.node), seen, now)
    }

    pub(super) fn offend_record(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        self.offend(cx, connection, Offence::InvalidRecord);
    }
}
