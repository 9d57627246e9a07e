//! Our own address, as others reach it: what a gateway says, what we were set up with, or what those say whom we dialled.

use crate::node::context::Context;
use crate::node::limits::OWN_ADDRESS_VOTES;
use crate::node::{AddressScope, ConnectionId, Direction, Event, Node};
use crate::wire::mapped;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// What is known of our own address.
#[derive(Default)]
pub(in crate::node) struct State {
    /// A gateway forwards this to us.
    mapped: Option<SocketAddr>,
    /// Where we come from, as those agree whom we dialled.
    agreed: Option<IpAddr>,
}

impl Node {
    /// Where others can dial us, if we know it and it is of use to them.
    pub fn own_address(&self) -> Option<SocketAddr> {
        let agreed = || self.own.agreed.map(|ip| SocketAddr::new(ip, self.config.port));
        let address = self.own.mapped.or(self.config.address).or_else(agreed)?;
        self.config.address_scope.takes(&address).then_some(address)
    }

    /// The port that peers are told.
    pub(in crate::node) fn told_port(&self) -> u16 {
        self.own.mapped.map_or(self.config.port, |address| address.port())
    }

    /// A gateway lets the world in.
    pub(in crate::node) fn on_mapped(&mut self, cx: &mut Context<'_>, address: SocketAddr) {
        if !self.config.address_scope.takes(&address) {
            let text = format!("the gateway says that we are reached at {address}, which nobody outside can dial");
            cx.event(Event::Warning { text });
            // In any case it no longer says what it said before.
            return self.on_unmapped(cx);
        }
        cx.event(Event::Mapped { address });
        self.note_mapping(cx, Some(address));
        self.book.forget(&address);
    }

    /// The gateway lets nobody in any more. What else we know of our own address holds again.
    pub(in crate::node) fn on_unmapped(&mut self, cx: &mut Context<'_>) {
        if let Some(address) = self.own.mapped {
            cx.event(Event::Unmapped { address });
            self.note_mapping(cx, None);
        }
    }

    fn note_mapping(&mut self, cx: &Context<'_>, mapped: Option<SocketAddr>) {
        let before = self.own_address();
        if let Some(old) = std::mem::replace(&mut self.own.mapped, mapped) {
            self.book.disown(&old);
        }
        // Our neighbours shall have a record of where we are now.
        if self.own_address() != before {
            self.rejoin_lookups(cx);
        }
    }

    /// The other end of a link says where it sees us come from. Only those whom we chose to dial are believed, and only when several
    /// of them agree: who dials us could be anybody, as often as he likes.
    pub(in crate::node) fn note_seen_from(&mut self, cx: &Context<'_>, connection: ConnectionId, seen: &[u8; 16]) {
        if let Some(peer) = self.peers.get_mut(&connection) {
            peer.sees_us_at = Some(IpAddr::from(*seen).to_canonical());
        }
        let mut votes: BTreeMap<IpAddr, BTreeSet<[u8; 16]>> = BTreeMap::new();
        let chosen =
            self.peers.values().filter(|peer| peer.direction == Direction::Outbound && !peer.visit && !peer.is_closing());
        for peer in chosen {
            let Some(ip) = peer.sees_us_at else { continue };
            // On the Internet neighbours have one vote together.
            let voter = match (self.config.address_scope, mapped(peer.address.ip())) {
                (AddressScope::Any, _) => std::array::from_fn(|at| peer.id.0[at]),
                (AddressScope::Routable, [.., a, b, _, _]) if peer.address.is_ipv4() => mapped(IpAddr::from([a, b, 0, 0])),
                (AddressScope::Routable, address) => std::array::from_fn(|at| if at < 4 { address[at] } else { 0 }),
            };
            votes.entry(ip).or_default().insert(voter);
        }
        let agreed = votes.into_iter().filter(|(_, voters)| voters.len() >= OWN_ADDRESS_VOTES);
        // Of equally many the one we believed in stays.
        let best = agreed.max_by_key(|(ip, voters)| (voters.len(), Some(*ip) == self.own.agreed, *ip));
        if let Some((ip, _)) = best
            && self.own.agreed.replace(ip) != Some(ip)
        {
            self.rejoin_lookups(cx);
        }
    }
}
