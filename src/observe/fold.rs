//! What each event changes in what is seen.

use super::connections::Connection;
use super::limits::{COUNTS, HISTORY_BLOCKS};
use super::losses::Losses;
use super::observer::Observer;
use super::relays::{Arrival, Source, Thing};
use super::watched::in_hundredths;
use super::words::{clean, counted, hundredths, span};
use crate::node::{Direction, Event, host_name};
use rumormill_ui::model::{self, Ban, BlockLine, Peer, PeerState, RelayKind};
use std::time::Duration;

impl Observer {
    /// Takes an event of a node that is known. Exhaustive on purpose: a new event must be given its place here.
    pub(super) fn fold(&mut self, at: Duration, index: u32, event: &Event) {
        match event {
            Event::Started { .. }
            | Event::Listening { .. }
            | Event::Mining { .. }
            | Event::Sync { .. }
            | Event::Pulse { .. }
            | Event::Statistics { .. }
            | Event::Stopped => self.fold_node(at, index, event),
            Event::Connected { .. }
            | Event::NewPeer { .. }
            | Event::Disconnected { .. }
            | Event::RoundTrip { .. }
            | Event::Outbox { .. }
            | Event::AddressBanned { .. }
            | Event::AddressUnbanned { .. }
            | Event::Health { .. }
            | Event::Loss { .. }
            | Event::Connectivity { .. }
            | Event::PeerHeight { .. }
            | Event::Reputation { .. }
            | Event::Banned { .. }
            | Event::Unbanned { .. }
            | Event::AddressesReceived { .. }
            | Event::Asked { .. } => self.fold_peers(at, index, event),
            Event::BlockMined { .. }
            | Event::BlockReceived { .. }
            | Event::TipChanged { .. }
            | Event::Reorg { .. }
            | Event::TransactionAccepted { .. } => self.fold_chain(at, index, event),
            // Told in the log, and change nothing.
            Event::Mapped { .. }
            | Event::Unmapped { .. }
            | Event::Connecting { .. }
            | Event::DialFailed { .. }
            | Event::BlockInvalid { .. }
            | Event::TransactionRefused { .. }
            | Event::Warning { .. } => {}
        }
    }

    /// Its life, its mining, its counts.
    fn fold_node(&mut self, at: Duration, index: u32, event: &Event) {
        let Some(watched) = self.nodes.get_mut(&index) else {
            return;
        };
        match event {
            Event::Started { id, height, tip, balance, max_peers, mining } => {
                self.past_duplicates += watched.duplicates;
                self.messages.bury(&watched.received);
                watched.restart(at);
                let node = &mut watched.node;
                node.id = id.to_string();
                node.max_peers = u32::try_from(*max_peers).unwrap_or(u32::MAX);
                node.balance = in_hundredths(*balance);
                node.mining = mining.map(|tries| model::Mining { tries_per_second: tries, ..Default::default() });
                watched.set_tip(at, *height, tip.to_string());
                watched.blocks.tip(*tip, *height);
                self.count_running();
            }
            Event::Listening { address } => watched.node.address = address.to_string(),
            Event::Mining { height, difficulty } => {
                let mining = watched.node.mining.get_or_insert_default();
                mining.height = *height;
                mining.difficulty = *difficulty;
            }
            Event::Sync { phase, height, headers, target, downloaded, from } => {
                watched.sync(at, *phase, *height, *target);
                let name = from.and_then(|from| watched.connections.get(from));
                let sync = &mut watched.node.sync;
                sync.headers = *headers;
                sync.downloaded = *downloaded;
                sync.from = name.map(|connection| connection.peer.name.clone());
            }
            Event::Pulse { peers, duplicates, mempool, mempool_bytes, messages } => {
                watched.duplicates = *duplicates;
                watched.node.mempool = (*mempool as u64, *mempool_bytes as u64);
                let sum = watched.pulse(at, peers, messages);
                let totals = &mut self.totals;
                totals.bytes_in = totals.bytes_in.saturating_add(sum.bytes_in);
                totals.bytes_out = totals.bytes_out.saturating_add(sum.bytes_out);
                totals.messages_in = totals.messages_in.saturating_add(sum.messages_in);
            }
            Event::Statistics { transactions, balance, .. } => {
                watched.node.transactions = *transactions;
                watched.node.balance = in_hundredths(*balance);
            }
            Event::Stopped => self.stop(at, index, "stopped".to_owned()),
            _ => {}
        }
    }

    /// Its connections and what it thinks of them.
    fn fold_peers(&mut self, at: Duration, index: u32, event: &Event) {
        let Some(watched) = self.nodes.get_mut(&index) else {
            return;
        };
        let names = &self.names;
        match event {
            Event::Connected { connection, address, direction, peer } => {
                watched.connections.insert(Connection {
                    peer: Peer {
                        connection: connection.0,
                        node: names.index_of(peer),
                        id: peer.to_string(),
                        name: names.peer(peer),
                        address: address.to_string(),
                        direction: match direction {
                            Direction::Inbound => model::Direction::Inbound,
                            Direction::Outbound => model::Direction::Outbound,
                        },
                        since: at,
                        ..Peer::default()
                    },
                    id: *peer,
                    messages: 0,
                    dropped: 0,
                    losses: Losses::default(),
                });
            }
            Event::NewPeer { connection, address, agent, version, height, .. } => {
                let Some(link) = watched.connections.get_mut(*connection) else {
                    return;
                };
                let peer = &mut link.peer;
                peer.state = PeerState::Ready;
                peer.address = address.to_string();
                peer.agent = clean(agent);
                peer.version = u32::from(*version);
                peer.height = *height;
                // Both ends of a link between watched nodes say so: the one that dialled is shown.
                if peer.node.is_none() || peer.direction == model::Direction::Outbound {
                    let mut path = vec![watched.node.name.clone(), peer.name.clone()];
                    if peer.direction == model::Direction::Inbound {
                        path.reverse();
                    }
                    let note = peer.agent.clone();
                    self.relays.note(at, RelayKind::Connect, path, note);
                }
            }
            Event::Disconnected { connection, why, .. } => {
                let Some(gone) = watched.connections.remove(*connection) else {
                    return;
                };
                let name = watched.node.name.clone();
                // Shown once: when the other end has not said it yet, or never will.
                let first = gone.peer.node.is_none_or(|other| {
                    self.nodes.get(&other).is_none_or(|other| !other.runs() || other.connections.leads_to(index))
                });
                if first && gone.peer.state == PeerState::Ready {
                    let path = vec![name, gone.peer.name];
                    self.relays.note(at, RelayKind::Disconnect, path, clean(why));
                }
            }
            Event::RoundTrip { connection, time } => {
                if let Some(connection) = watched.connections.get_mut(*connection) {
                    connection.round_trip(*time);
                }
            }
            Event::Outbox { connection, messages, bytes, dropped } => {
                if let Some(connection) = watched.connections.get_mut(*connection) {
                    connection.peer.outbox = (*messages as u64, *bytes as u64);
                    let more = dropped.saturating_sub(std::mem::replace(&mut connection.dropped, *dropped));
                    self.totals.drops = self.totals.drops.saturating_add(more);
                }
            }
            Event::Loss { connection, sent, lost } => {
                if let Some(connection) = watched.connections.get_mut(*connection) {
                    let more = connection.losses.add(at, *sent, *lost);
                    self.totals.drops = self.totals.drops.saturating_add(more);
                }
            }
            Event::PeerHeight { connection, height } => {
                if let Some(connection) = watched.connections.get_mut(*connection) {
                    connection.peer.height = *height;
                    watched.peer_height(*height);
                }
            }
            Event::Reputation { connection, delta, value, reason, .. } => {
                if let Some(connection) = watched.connections.get_mut(*connection) {
                    connection.reputation(at, *delta, *value, clean(reason));
                }
            }
            Event::Banned { peer, reason, time } => {
                self.totals.bans += 1;
                let change = watched
                    .connections
                    .iter()
                    .filter(|connection| connection.id == *peer)
                    .find_map(|connection| connection.peer.reputation_history.first())
                    .map(|change| (change.value - change.delta, change.value));
                let note = match change {
                    Some((before, after)) => format!(
                        "reputation {} -> {}: {}, {}",
                        hundredths((before * 100.0).round() as i32),
                        hundredths((after * 100.0).round() as i32),
                        clean(reason),
                        span(*time)
                    ),
                    None => format!("{}, {}", clean(reason), span(*time)),
                };
                let name = names.peer(peer);
                let path = vec![watched.node.name.clone(), name.clone()];
                self.relays.note(at, RelayKind::Ban, path, note);
                let until = at.saturating_add(*time);
                watched.ban(Ban { name, id: peer.to_string(), reason: clean(reason), until });
            }
            Event::Unbanned { peer } => {
                let id = peer.to_string();
                watched.node.bans.retain(|ban| ban.id != id);
                watched.connections.forgive(peer);
            }
            Event::AddressBanned { address, reason, time } => {
                self.totals.bans += 1;
                let name = host_name(*address);
                let path = vec![watched.node.name.clone(), name.clone()];
                self.relays.note(at, RelayKind::Ban, path, format!("{}, {}", clean(reason), span(*time)));
                watched.ban(Ban { id: address.to_string(), name, reason: clean(reason), until: at.saturating_add(*time) });
            }
            Event::AddressUnbanned { address } => {
                let id = address.to_string();
                watched.node.bans.retain(|ban| ban.id != id);
            }
            Event::Health { scores } => {
                for (connection, score) in scores {
                    if let Some(connection) = watched.connections.get_mut(*connection) {
                        connection.peer.health = Some((*score).min(100));
                    }
                }
            }
            Event::Connectivity { known, tried, counts } => {
                watched.node.known_addresses = u32::try_from(*known).unwrap_or(u32::MAX);
                watched.node.tried_addresses = u32::try_from(*tried).unwrap_or(u32::MAX);
                watched.node.connectivity = counts.iter().take(COUNTS).map(|count| (clean(&count.name), count.count)).collect();
            }
            Event::AddressesReceived { connection, count, known } => {
                watched.node.known_addresses = u32::try_from(*known).unwrap_or(u32::MAX);
                let what = counted(*count as u64, "address", "addresses");
                let own = watched.node.name.clone();
                if let Some(connection) = watched.connections.get_mut(*connection) {
                    connection.peer.last_sent = Some(what.clone());
                    let path = vec![connection.peer.name.clone(), own];
                    self.relays.note(at, RelayKind::Peers, path, what);
                }
            }
            Event::Asked { connection, what } => {
                if let Some(connection) = watched.connections.get_mut(*connection) {
                    connection.peer.last_asked = Some(clean(what));
                }
            }
            _ => {}
        }
    }

    /// Its chain and its pool.
    fn fold_chain(&mut self, at: Duration, index: u32, event: &Event) {
        let Some(watched) = self.nodes.get_mut(&index) else {
            return;
        };
        let names = &self.names;
        match event {
            Event::BlockMined { id, height, transactions, size, .. } => {
                watched.node.blocks_mined += 1;
                let line = block_line(at, id.short(), *height, *transactions, *size);
                let line = BlockLine { miner: watched.node.name.clone(), ..line };
                watched.blocks.body(*id, line);
                let arrival = Arrival { at, node: index, source: Source::Own, news: true, running: self.running };
                self.relays.arrived(Thing::Block(*id, *height), arrival);
            }
            Event::BlockReceived { id, height, transactions, size, miner, connection, peer } => {
                watched.node.blocks_received += 1;
                let line = block_line(at, id.short(), *height, *transactions, *size);
                let line = BlockLine { miner: names.peer(miner), from: Some(names.peer(peer)), ..line };
                watched.blocks.body(*id, line);
                if let Some(connection) = watched.connections.get_mut(*connection) {
                    connection.peer.last_sent = Some(format!("block {height}"));
                }
                let source = match names.index_of(peer) {
                    Some(node) => Source::Node(node),
                    None => Source::Stranger(peer.short()),
                };
                let news = height.saturating_add(HISTORY_BLOCKS) >= watched.node.sync.target;
                let arrival = Arrival { at, node: index, source, news, running: self.running };
                self.relays.arrived(Thing::Block(*id, *height), arrival);
            }
            Event::TipChanged { id, height, balance, transactions } => {
                watched.set_tip(at, *height, id.to_string());
                watched.node.balance = in_hundredths(*balance);
                watched.node.transactions = *transactions;
                watched.blocks.tip(*id, *height);
            }
            Event::Reorg { depth, fork_height, old_tip, new_tip } => {
                self.totals.reorgs += 1;
                let (count, deepest) = watched.node.reorgs;
                watched.node.reorgs = (count + 1, deepest.max(*depth));
                watched.blocks.reorg(*fork_height, *new_tip);
                let note = format!("depth {depth}: {} -> {}", old_tip.short(), new_tip.short());
                let path = vec![watched.node.name.clone()];
                self.relays.note(at, RelayKind::Reorg, path, note);
            }
            Event::TransactionAccepted { id, from } => {
                let source = match from {
                    None => Source::Own,
                    Some(from) => match watched.connections.get_mut(*from) {
                        Some(connection) => {
                            connection.peer.last_sent = Some(format!("transaction {}", id.short()));
                            match connection.peer.node {
                                Some(node) => Source::Node(node),
                                None => Source::Stranger(connection.peer.name.clone()),
                            }
                        }
                        None => Source::Unknown,
                    },
                };
                let arrival = Arrival { at, node: index, source, news: true, running: self.running };
                self.relays.arrived(Thing::Transaction(*id), arrival);
            }
            _ => {}
        }
    }
}

fn block_line(at: Duration, id: String, height: u64, transactions: usize, size: usize) -> BlockLine {
    BlockLine {
        height,
        id,
        transactions: u32::try_from(transactions).unwrap_or(u32::MAX),
        size: size as u64,
        at,
        ..BlockLine::default()
    }
}
