//! When look-ups begin, what is asked over which link, and what answers bring.

use super::answering::Judgement;
use super::lookup::{Lookup, Purpose};
use super::{LookedUp, Question};
use crate::chain::Address;
use crate::node::context::Context;
use crate::node::discovery::book::Source;
use crate::node::limits::{BUCKET, JOIN_PAUSE, LOOKUP_PAUSES, LOOKUPS};
use crate::node::timers::Timer;
use crate::node::{ConnectionId, Direction, Node, Time};
use crate::wire::{Message, NodeRecord};
use rand::{Rng, RngExt};
use std::time::Duration;

/// What became of the wish to ask someone.
enum Asked {
    /// It is on its way.
    Yes,
    /// There is no room for another visit at this moment, or we are on our way there already; when that ends, [`Node::pump_lookups`] is due.
    Later,
    /// It cannot be asked.
    No,
}

impl Node {
    /// The last look-up for one node, if one has ended.
    pub fn looked_up(&self) -> Option<LookedUp> {
        self.kademlia.looked_up
    }

    /// Nodes in the table that look-ups begin with.
    pub fn routing_table_len(&self) -> usize {
        self.kademlia.table.len()
    }

    /// Sets the first refresh.
    pub(in crate::node) fn start_lookups(&mut self, cx: &Context<'_>) {
        if self.config.discovery.kademlia {
            self.schedule_lookup(cx, self.config.timing.lookup);
        }
    }

    fn schedule_lookup(&mut self, cx: &Context<'_>, pause: Duration) {
        let jitter = self.rng.random_range(0..=pause.as_micros() as u64 / 10);
        self.kademlia.next = cx.now + pause + Duration::from_micros(jitter);
        self.timers.set(self.kademlia.next, Timer::Lookup);
    }

    /// Someone to ask is here: a node that is new looks its own id up at once, so that others get to know it.
    pub(in crate::node) fn join_lookups(&mut self, cx: &Context<'_>) {
        if self.config.discovery.kademlia && !self.kademlia.joined && self.kademlia.next > cx.now + JOIN_PAUSE * 2 {
            self.schedule_lookup(cx, JOIN_PAUSE);
        }
    }

    /// Our own address is known, or is another one: those nearest to us are to have the record that says so.
    pub(in crate::node) fn rejoin_lookups(&mut self, cx: &Context<'_>) {
        self.kademlia.joined = false;
        self.kademlia.pauses = 1;
        self.join_lookups(cx);
    }

    /// Time for a refresh: of our own id until that has had answers, then of the bucket that was left alone for longest.
    pub(in crate::node) fn on_lookup_deadline(&mut self, cx: &mut Context<'_>) {
        // One that was put off by an earlier one comes too late.
        if cx.now < self.kademlia.next || self.stopping {
            return;
        }
        self.schedule_lookup(cx, self.config.timing.lookup * self.kademlia.pauses);
        self.kademlia.table.expire(self.clock(cx.now));
        if self.kademlia.lookups.values().any(|lookup| lookup.purpose == Purpose::Refresh) {
            return;
        }
        let mut random = [0; 32];
        self.rng.fill_bytes(&mut random);
        let target = match self.kademlia.table.stalest() {
            Some((index, _)) if self.kademlia.joined => self.kademlia.table.target_in(index, random),
            _ => self.id,
        };
        self.begin_lookup(cx, target, Purpose::Refresh);
    }

    /// Looks one node up, because somebody asked for it.
    pub(in crate::node) fn look_up(&mut self, cx: &mut Context<'_>, target: Address) {
        if self.config.discovery.kademlia && !self.stopping {
            self.begin_lookup(cx, target, Purpose::Find);
        }
    }

    fn begin_lookup(&mut self, cx: &mut Context<'_>, target: Address, purpose: Purpose) {
        if self.kademlia.lookups.len() >= LOOKUPS {
            return;
        }
        let mut lookup = Lookup::new(target, purpose);
        for record in self.kademlia.table.closest(&target, BUCKET) {
            lookup.offer(record.node, Some(record));
        }
        for peer in self.peers.values().filter(|peer| peer.is_ready() && peer.dht) {
            lookup.offer(peer.id, self.kademlia.table.get(&peer.id).copied());
        }
        self.kademlia.table.note_refresh(&target, cx.now);
        self.kademlia.begun += 1;
        self.kademlia.lookups.insert(self.kademlia.begun, lookup);
        self.counts.lookups += 1;
        self.pump_lookups(cx);
    }

    /// Asks whom the look-ups want to ask, as far as there is room, and ends those that are over.
    pub(in crate::node) fn pump_lookups(&mut self, cx: &mut Context<'_>) {
        if self.stopping {
            return;
        }
        let under_way: Vec<u64> = self.kademlia.lookups.keys().copied().collect();
        for id in under_way {
            while let Some((node, record)) = self.kademlia.lookups.get(&id).and_then(Lookup::next) {
                let asked = self.ask(cx, id, node, record);
                let Some(lookup) = self.kademlia.lookups.get_mut(&id) else { break };
                match asked {
                    Asked::Yes => lookup.asking(&node),
                    Asked::Later => break,
                    Asked::No => lookup.failed(&node),
                }
            }
            if self.kademlia.lookups.get(&id).is_some_and(Lookup::is_done) {
                self.end_lookup(id);
            }
        }
    }

    /// Puts a look-up's question to a node: over the link with it, or by a visit.
    fn ask(&mut self, cx: &mut Context<'_>, lookup: u64, node: Address, record: Option<NodeRecord>) -> Asked {
        // Beside a link there may be a guest, a feeler or a visit of the same node: only the link is asked.
        let own = || self.peers.iter().filter(|(_, peer)| peer.id == node && !peer.is_closing());
        if let Some((connection, peer)) = own().find(|(_, peer)| peer.is_ready() && !peer.feeler) {
            let (connection, can) = (*connection, peer.dht);
            if can {
                self.put_question(cx, lookup, node, connection);
            }
            return if can { Asked::Yes } else { Asked::No };
        }
        // A dial of ours comes to an end, and to a link that can be asked; who dials us may keep us waiting as long as he likes.
        if own().any(|(_, peer)| peer.direction == Direction::Outbound) {
            return Asked::Later;
        }
        match record {
            Some(record) if self.is_going_to(&record.socket()) || !self.kademlia.has_free_visit() => Asked::Later,
            Some(record) if self.visit(cx, &record, Some(lookup)) => Asked::Yes,
            Some(_) | None => Asked::No,
        }
    }

    /// Sends the question.
    pub(super) fn put_question(&mut self, cx: &mut Context<'_>, lookup: u64, node: Address, connection: ConnectionId) {
        let Some(target) = self.kademlia.lookups.get(&lookup).map(|lookup| lookup.target) else { return };
        let nonce = self.rng.next_u64();
        let timing = &self.config.timing;
        let rtt = self.peers.get(&connection).and_then(|peer| peer.rtt);
        let patience = rtt.map_or(timing.handshake, |rtt| rtt * 3).clamp(timing.request.0, timing.request.1);
        let due = cx.now + patience;
        self.kademlia.questions.insert(nonce, Question { lookup, node, connection, due });
        self.timers.set(due, Timer::Question(nonce));
        self.counts.kademlia.asked += 1;
        let own = self.own_record(cx.now);
        self.send(cx, connection, Message::FindNode { nonce, target, own });
    }

    /// An answer. One that nobody waits for any more is of no use, and no offence.
    pub(in crate::node) fn on_nodes(
        &mut self,
        cx: &mut Context<'_>,
        connection: ConnectionId,
        nonce: u64,
        own: Option<&NodeRecord>,
        records: &[NodeRecord],
    ) {
        let Some(question) = self.kademlia.questions.get(&nonce).filter(|question| question.connection == connection) else {
            return;
        };
        let (lookup, node, due) = (question.lookup, question.node, question.due);
        self.kademlia.questions.remove(&nonce);
        self.timers.cancel(due, Timer::Question(nonce));
        self.counts.kademlia.answered += 1;
        if let Some(lookup) = self.kademlia.lookups.get_mut(&lookup) {
            lookup.answered(&node);
        }
        self.kademlia.table.alive(&node);
        let Some(source) = self.peers.get(&connection).map(|peer| Source::Lookup(node, peer.address.ip())) else { return };
        // Whoever lied about himself is not believed about others.
        let honest = own.is_none_or(|own| self.take_own_record(cx, connection, own));
        for record in records.iter().filter(|_| honest) {
            match self.judge(cx.now, record) {
                Judgement::Bad => {
                    self.offend_record(cx, connection);
                    break;
                }
                Judgement::Useless => {}
                Judgement::Good => {
                    let new = self.learn_record(cx.now, record, &source);
                    if let Some(lookup) = self.kademlia.lookups.get_mut(&lookup) {
                        lookup.fruitful |= new;
                        lookup.offer(record.node, Some(*record));
                    }
                }
            }
        }
        self.end_visit(cx, connection);
        self.pump_lookups(cx);
    }

    /// The answer is not here.
    pub(in crate::node) fn on_question_deadline(&mut self, cx: &mut Context<'_>, nonce: u64) {
        let Some(question) = self.kademlia.questions.remove(&nonce) else { return };
        self.question_failed(&question, false);
        self.end_visit(cx, question.connection);
        self.pump_lookups(cx);
    }

    /// A question came to nothing; its node may be there all the same, and only have no room for us.
    fn question_failed(&mut self, question: &Question, lives: bool) {
        self.counts.kademlia.failed += 1;
        if lives {
            self.kademlia.table.alive(&question.node);
        } else {
            self.kademlia.table.failed(&question.node);
        }
        if let Some(lookup) = self.kademlia.lookups.get_mut(&question.lookup) {
            lookup.failed(&question.node);
        }
    }

    /// A connection is closed: what was asked over it is asked of others.
    pub(in crate::node) fn release_questions(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        let gone: Vec<u64> = self
            .kademlia
            .questions
            .iter()
            .filter(|(_, question)| question.connection == connection)
            .map(|(nonce, _)| *nonce)
            .collect();
        let visited = self.forget_visit(connection);
        for nonce in &gone {
            if let Some(question) = self.kademlia.questions.remove(nonce) {
                self.timers.cancel(question.due, Timer::Question(*nonce));
                self.question_failed(&question, visited == Some(true));
            }
        }
        if visited.is_some() || !gone.is_empty() {
            self.pump_lookups(cx);
        }
    }

    /// A look-up is over.
    fn end_lookup(&mut self, id: u64) {
        let Some(lookup) = self.kademlia.lookups.remove(&id) else { return };
        tracing::debug!(target = %lookup.target, asked = lookup.asked, answered = lookup.answered, "a look-up has ended");
        match lookup.purpose {
            Purpose::Find => {
                let (found, rounds) = match lookup.found {
                    Some((record, rounds)) => (Some(record.socket()), rounds),
                    None => (None, lookup.rounds()),
                };
                self.kademlia.looked_up = Some(LookedUp { target: lookup.target, found, rounds, asked: lookup.asked });
            }
            Purpose::Refresh => {
                self.kademlia.joined |= lookup.target == self.id && lookup.answered > 0;
                // In a network where nothing moves there is nothing to refresh; who failed may have left many others.
                let quiet = lookup.answered > 0 && lookup.failed == 0 && !lookup.fruitful;
                self.kademlia.pauses = if quiet { (self.kademlia.pauses + 1).min(LOOKUP_PAUSES) } else { 1 };
            }
        }
    }

    /// What our own clock shows, in seconds: records are dated with it.
    pub(super) fn clock(&self, now: Time) -> u64 {
        self.wall(now) / 1_000
    }
}
