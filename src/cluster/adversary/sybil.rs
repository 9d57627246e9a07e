//! One of many identities of one operator: takes every slot it can get, tells of its accomplices, and gives nothing for it.
//!
//! After Douceur, "The Sybil Attack" (2002): identities cost nothing, so a network that trusted their number would be lost.

use super::Accomplices;
use super::league::League;
use super::limits::{GOSSIP, SLOT_BEAT, SLOT_DIALS, TARGETS};
use super::shell::{Around, Behaviour};
use crate::chain::Address;
use crate::node::{Event, Input, Output, Time};
use crate::wire::Message;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

pub(super) struct Sybil {
    league: League,
    /// Whose slots are wanted.
    targets: BTreeMap<Address, SocketAddr>,
    connected: BTreeSet<Address>,
    /// The target that was dialled last: the next one follows it.
    last: Option<Address>,
    /// When it tries for more slots, and when it tells of its accomplices.
    next: Time,
    gossip: Time,
}

impl Sybil {
    pub(super) fn new(accomplices: &Accomplices) -> Self {
        let league = League::new(accomplices);
        Self { league, targets: BTreeMap::new(), connected: BTreeSet::new(), last: None, next: Time(0), gossip: Time(0) }
    }

    fn aim(&mut self, around: &Around<'_>, peer: Address, address: SocketAddr) {
        if peer != around.node.id() && self.targets.len() < TARGETS {
            self.targets.insert(peer, address);
        }
    }
}

impl Behaviour for Sybil {
    fn on_start(&mut self, around: &mut Around<'_>) {
        self.next = around.now + SLOT_BEAT;
        self.gossip = around.now + GOSSIP;
    }

    fn on_input(&mut self, around: &mut Around<'_>, input: Input) -> Option<Input> {
        self.league.on_input(&input);
        if let Input::Received { connection, message, .. } = &input {
            match &**message {
                Message::Peers { addresses, .. } => {
                    addresses.iter().for_each(|entry| self.aim(around, entry.node, entry.socket()));
                }
                Message::GetPeers => {
                    let addresses = self.league.addresses();
                    around.send(vec![*connection], Message::Peers { answer: true, addresses });
                    return None;
                }
                _ => {}
            }
        }
        Some(input)
    }

    fn on_output(&mut self, around: &mut Around<'_>, output: Output) -> Option<Output> {
        let output = self.league.on_output(output);
        match &output {
            Output::Event(Event::NewPeer { peer, address, .. }) => {
                self.connected.insert(*peer);
                self.aim(around, *peer, *address);
            }
            Output::Event(Event::Disconnected { peer, .. }) => {
                self.connected.remove(peer);
            }
            // It relays nothing and serves nobody, but it lives: it shakes hands and answers pings.
            Output::Send { message, .. } => match &**message {
                Message::NewBlock { .. }
                | Message::Block { .. }
                | Message::Headers { .. }
                | Message::Announce { .. }
                | Message::Transaction { .. }
                | Message::Peers { .. } => return None,
                _ => {}
            },
            _ => {}
        }
        Some(output)
    }

    fn on_deadline(&mut self, around: &mut Around<'_>) {
        self.next = around.now + SLOT_BEAT;
        if self.gossip <= around.now {
            self.gossip = around.now + GOSSIP;
            let addresses = self.league.portion();
            if !addresses.is_empty() {
                around.broadcast(Message::Peers { answer: false, addresses });
            }
        }
        let free = |target: &(&Address, &SocketAddr)| !self.connected.contains(target.0);
        let after = self.last.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let later = self.targets.range((after, std::ops::Bound::Unbounded));
        let chosen: Vec<_> = later.chain(&self.targets).filter(free).take(SLOT_DIALS).map(|(id, at)| (*id, *at)).collect();
        for (target, address) in chosen {
            self.last = Some(target);
            around.out.push(Output::Dial(address));
        }
    }

    fn next_deadline(&self) -> Time {
        self.next
    }
}
