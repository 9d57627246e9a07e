//! Who may become a peer: identity, duplicates, slots, chain and version.
//!
//! The dialler sends a `Handshake`, the listener answers with a `HandshakeAck`, or with an `Error` that says why not.

use super::offences::Offence;
use super::peer::Peer;
use crate::chain::Address;
use crate::node::context::Context;
use crate::node::limits::{ANNOUNCE_TO_NEW, CLOCK_WARNING};
use crate::node::timers::Timer;
use crate::node::{CloseReason, ConnectionId, Direction, Event, Node};
use crate::wire::limits::{VERSION_HIGHEST, VERSION_LOWEST};
use crate::wire::{Capabilities, ErrorCode, GoodbyeReason, Hello, Message, mapped};
use rand::Rng;
use std::net::SocketAddr;
use std::sync::Arc;

impl Node {
    /// A connection is up and its other end's key is proven.
    pub(in crate::node) fn on_connected(
        &mut self,
        cx: &mut Context<'_>,
        connection: ConnectionId,
        address: SocketAddr,
        direction: Direction,
        id: Address,
    ) {
        // One peer, whichever form of its address it comes from. Ours is kept as the book knows it.
        let address = match direction {
            Direction::Inbound => SocketAddr::new(address.ip().to_canonical(), address.port()),
            Direction::Outbound => address,
        };
        let visit = self.is_visit(&address, direction);
        let mut peer = Peer::new(connection, id, address, direction, cx.now);
        peer.visit = visit;
        if direction == Direction::Outbound && !visit {
            self.counts.bootstrap_answers += u64::from(self.book.is_bootstrap(&address));
            peer.feeler = self.book.connected(address, connection, id);
        }
        self.peers.insert(connection, peer);
        if !visit {
            cx.event(Event::Connected { connection, address, direction, peer: id });
        } else if !self.on_visit_connected(cx, connection, &address, &id) {
            return;
        }
        if id == self.id {
            if direction == Direction::Outbound {
                self.book.forget(&address);
            }
            return self.close(cx, connection, CloseReason::Abrupt("that address is our own".to_owned()));
        }
        if self.stopping {
            return self.part(cx, connection, GoodbyeReason::ShuttingDown, "this node is shutting down");
        }
        if self.bans.is_banned(&id, cx.now) {
            return self.part(cx, connection, GoodbyeReason::Banned, "it is banned");
        }
        if self.bans.is_address_banned(&address.ip(), cx.now) {
            return self.part(cx, connection, GoodbyeReason::Banned, "its address is banned");
        }
        // Who comes is known to stay, or not, by its Hello.
        let dials_link = direction == Direction::Outbound && self.peers.get(&connection).is_some_and(Peer::is_link);
        if dials_link && !self.settle_duplicate(cx, connection) || !self.settle_slot(cx, connection, false) {
            return;
        }
        self.admit(cx);
        self.timers.set(cx.now + self.config.timing.handshake, Timer::Handshake(connection));
        if direction == Direction::Outbound {
            let hello = self.hello(cx, !dials_link);
            self.send(cx, connection, Message::Handshake { hello });
        }
    }

    /// Of two links with the same peer one goes; both sides choose the same one: that dialled by the smaller node id stays. A link that
    /// has been silent past its ping gives way to the new one, whoever dialled: its other end may have crashed and come back. Visits
    /// stand beside a link. False if `new` went.
    fn settle_duplicate(&mut self, cx: &mut Context<'_>, new: ConnectionId) -> bool {
        let Some(newcomer) = self.peers.get(&new) else { return false };
        let (id, direction) = (newcomer.id, newcomer.direction);
        let old = self
            .peers
            .iter()
            .find(|(connection, peer)| **connection != new && peer.id == id && peer.is_known_link())
            .map(|(connection, peer)| (*connection, peer.direction, peer.is_silent(cx.now, self.config.timing.ping)));
        let Some((old, old_direction, silent)) = old else { return true };
        let dialled_by_smaller = |direction| (direction == Direction::Outbound) == (self.id < id);
        let new_stays = silent || (direction != old_direction && dialled_by_smaller(direction));
        let (goes, stays) = if new_stays { (old, new) } else { (new, old) };
        tracing::debug!(?goes, ?stays, peer = %id, "two connections with one peer");
        self.part(cx, goes, GoodbyeReason::Duplicate, "another connection with the same peer is kept");
        new_stays
    }

    /// What we say of ourselves.
    fn hello(&mut self, cx: &Context<'_>, visit: bool) -> Hello {
        let dht = if self.config.discovery.kademlia { Capabilities::DHT.0 } else { 0 };
        // A visitor wants nothing but an answer.
        let relay = if visit { Capabilities::VISIT.0 } else { Capabilities::RELAY.0 };
        let tip = self.ledger.tip();
        Hello {
            version_lowest: VERSION_LOWEST,
            version_highest: VERSION_HIGHEST,
            chain: self.ledger.spec().chain,
            genesis: self.genesis,
            node: self.id,
            agent: self.config.agent.clone(),
            port: self.told_port(),
            height: tip.height,
            work: tip.work,
            tip: tip.id,
            capabilities: Capabilities(relay | dht),
            time: self.wall(cx.now),
            nonce: self.rng.next_u64(),
        }
    }

    /// Before hands are shaken only the handshake's own messages are allowed, each from its own side.
    pub(in crate::node) fn on_handshake_message(
        &mut self,
        cx: &mut Context<'_>,
        connection: ConnectionId,
        message: &Arc<Message>,
    ) {
        let Some(direction) = self.peers.get(&connection).map(|peer| peer.direction) else { return };
        match (&**message, direction) {
            (Message::Handshake { hello }, Direction::Inbound) => {
                if let Some(version) = self.check_hello(cx, connection, hello) {
                    // For a guest nobody gives way.
                    let guest = hello.capabilities.has(Capabilities::VISIT);
                    let settled = guest || (self.settle_duplicate(cx, connection) && self.settle_slot(cx, connection, true));
                    if !settled {
                        return;
                    }
                    let ours = self.hello(cx, false);
                    let seen = self.peers.get(&connection).map_or([0; 16], |peer| mapped(peer.address.ip()));
                    self.send(cx, connection, Message::HandshakeAck { hello: ours, version, seen });
                    if guest {
                        return self.on_guest(cx, connection);
                    }
                    self.on_ready(cx, connection, hello, version);
                }
            }
            (Message::HandshakeAck { hello, version, seen }, Direction::Outbound) => {
                if let Some(highest) = self.check_hello(cx, connection, hello) {
                    if *version != highest {
                        let text = format!("version {version} was taken, {highest} is the highest in common");
                        return self.refuse(cx, connection, ErrorCode::NoCommonVersion, text.clone(), text);
                    }
                    match self.peers.get(&connection) {
                        Some(peer) if peer.visit => self.on_visit_ready(cx, connection, hello),
                        Some(peer) if peer.feeler => self.on_feeler_ready(cx, connection),
                        _ => {
                            self.note_seen_from(cx, connection, seen);
                            self.on_ready(cx, connection, hello, highest);
                        }
                    }
                }
            }
            (Message::Goodbye { reason }, _) => {
                self.note_turned_away(connection, *reason);
                self.on_goodbye(cx, connection, *reason);
            }
            (Message::Error { code, text }, _) => self.on_error(cx, connection, *code, text),
            _ => self.offend(cx, connection, Offence::OutOfPlace),
        }
    }

    /// The version to speak, or `None` after telling the peer why not.
    fn check_hello(&mut self, cx: &mut Context<'_>, connection: ConnectionId, hello: &Hello) -> Option<u16> {
        let peer = self.peers.get(&connection)?;
        let address = peer.address;
        let spec = self.ledger.spec();
        let genesis = self.genesis;
        let refusal = if hello.node != peer.id {
            let text = "the node id said is not the one proven";
            Some((ErrorCode::WrongIdentity, text.to_owned(), text.to_owned()))
        } else if hello.chain != spec.chain || hello.genesis != genesis {
            let ours = format!("chain {} with genesis {}", spec.chain.0, genesis.short());
            let its = format!("chain {} with genesis {}", hello.chain.0, hello.genesis.short());
            let told = format!("we are on {ours}, you are on {its}");
            Some((ErrorCode::WrongChain, told, format!("it is on {its}, we are on {ours}: these are two networks")))
        } else if hello.version_highest.min(VERSION_HIGHEST) < hello.version_lowest.max(VERSION_LOWEST) {
            let (lowest, highest) = (hello.version_lowest, hello.version_highest);
            let told = format!("we speak versions {VERSION_LOWEST} to {VERSION_HIGHEST}, you {lowest} to {highest}");
            let who = if highest < VERSION_LOWEST { "its" } else { "this" };
            let said = format!(
                "it speaks versions {lowest} to {highest}, we {VERSION_LOWEST} to {VERSION_HIGHEST}: {who} program is to be brought up to date"
            );
            Some((ErrorCode::NoCommonVersion, told, said))
        } else {
            None
        };
        if let Some((code, told, said)) = refusal {
            self.book.refused(address, cx.now, &self.config.timing);
            self.refuse(cx, connection, code, told, said);
            return None;
        }
        let off = hello.time.abs_diff(self.wall(cx.now));
        if off > CLOCK_WARNING
            && let Some(more) = self.report.clocks.say(cx.now)
        {
            let text = format!("the clock of {} is {} s off ours{more}: check both clocks", hello.node.short(), off / 1_000);
            cx.event(Event::Warning { text });
        }
        Some(hello.version_highest.min(VERSION_HIGHEST))
    }

    /// Tells a peer why it is refused, and closes; `said` is the same in words for our own people.
    fn refuse(&mut self, cx: &mut Context<'_>, connection: ConnectionId, code: ErrorCode, mut told: String, said: String) {
        if self.peers.get(&connection).is_none_or(Peer::is_closing) {
            return;
        }
        let end = (0..=told.len().min(crate::wire::limits::MAX_TEXT)).rev().find(|end| told.is_char_boundary(*end));
        told.truncate(end.unwrap_or(0));
        self.send(cx, connection, Message::Error { code, text: told });
        self.close(cx, connection, CloseReason::Graceful(said));
    }

    /// Hands are shaken.
    fn on_ready(&mut self, cx: &mut Context<'_>, connection: ConnectionId, hello: &Hello, version: u16) {
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        peer.set_ready(cx.now);
        peer.height = hello.height;
        peer.work = hello.work;
        peer.learn_block(hello.tip);
        peer.relays = hello.capabilities.has(Capabilities::RELAY);
        peer.dht = hello.capabilities.has(Capabilities::DHT);
        if peer.direction == Direction::Inbound && hello.port != 0 {
            peer.listens = Some(SocketAddr::new(peer.address.ip(), hello.port));
        }
        let (id, relays, dht) = (peer.id, peer.relays, peer.dht);
        let address = peer.listens.unwrap_or(peer.address);
        let (direction, listens) = (peer.direction, peer.listens);
        match (direction, listens) {
            (Direction::Outbound, _) => self.book.answered(address, cx.now),
            (Direction::Inbound, Some(listens)) => {
                self.on_newcomer(cx, connection, listens, id);
                self.book.met(listens, id, cx.now);
            }
            (Direction::Inbound, None) => {}
        }
        self.admit(cx);
        self.count_found(id);
        self.count_peers(cx.now);
        let agent = hello.agent.chars().filter(|c| !c.is_control()).collect();
        cx.event(Event::NewPeer { connection, peer: id, address, agent, version, height: hello.height });

        self.send_ping(cx, connection);
        self.ask_for_addresses(cx, connection);
        if dht {
            self.join_lookups(cx);
        }
        if relays {
            let ids = self.mempool.best_ids(ANNOUNCE_TO_NEW);
            self.announce_to(cx, connection, &ids);
        }
        let tip = self.ledger.tip();
        // Our tip may have moved since we said hello, and news went only to those who were ready then.
        if tip.work > hello.work
            && let Some(header) = self.ledger.header(&tip.id).copied()
        {
            self.send(cx, connection, Message::Headers { answer: false, headers: vec![header] });
        }
        self.schedule_sync(cx);
        self.start_mining(cx);
        if direction == Direction::Outbound {
            self.pump_lookups(cx);
        }
    }

    /// Hands were not shaken in time.
    pub(in crate::node) fn on_handshake_deadline(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        let shaken = |peer: &Peer| peer.is_ready() || peer.is_visiting();
        if self.peers.get(&connection).is_some_and(|peer| !shaken(peer) && !peer.is_closing()) {
            self.close(cx, connection, CloseReason::Abrupt("hands were not shaken in time".to_owned()));
        }
    }

    /// Goodbye to all; the driver flushes and ends.
    pub(in crate::node) fn shut_down(&mut self, cx: &mut Context<'_>) {
        if std::mem::replace(&mut self.stopping, true) {
            return;
        }
        self.stop_mining(cx);
        self.keep_addresses(cx);
        let open: Vec<_> = self.peers.iter().filter(|(_, peer)| !peer.is_closing()).map(|(id, _)| *id).collect();
        for connection in open {
            self.part(cx, connection, GoodbyeReason::ShuttingDown, "this node shuts down");
        }
        self.store_again(cx);
        cx.event(Event::Stopped);
    }
}
