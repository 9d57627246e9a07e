//! The connections of one node, each by its number: what comes late for an old one cannot touch its successor.

use super::limits::{REMEMBERED_PEERS, REPUTATION_CHANGES, RTT_SAMPLES};
use super::losses::Losses;
use crate::chain::Address;
use crate::node::{ConnectionId, PeerTraffic, decayed};
use rumormill_ui::model::{Peer, ReputationChange, TrafficSample};
use std::time::Duration;

/// One connection as seen so far.
#[derive(Clone)]
pub(super) struct Connection {
    /// As the dashboard shows it.
    pub peer: Peer,
    /// The other end's node id.
    pub id: Address,
    /// Messages a second, both ways, lately.
    pub messages: u64,
    /// Messages dropped from its full outbox so far.
    pub dropped: u64,
    /// Packets that it lost on their way lately.
    pub losses: Losses,
}

/// All of a node, sorted by number.
#[derive(Clone, Default)]
pub(super) struct Connections {
    list: Vec<Connection>,
    /// What is held against or for peers that left, by their ids: the node remembers it too. The latest is last.
    remembered: Vec<(Address, f64, Vec<ReputationChange>)>,
}

impl Connections {
    pub fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.list.iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Connection> {
        self.list.iter_mut()
    }

    pub fn clear(&mut self) {
        self.list.clear();
        self.remembered.clear();
    }

    /// Whether one of them leads to the watched node `index`.
    pub fn leads_to(&self, index: u32) -> bool {
        self.list.iter().any(|connection| connection.peer.node == Some(index))
    }

    pub fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.place(id).ok().map(|place| &self.list[place])
    }

    pub fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        match self.place(id) {
            Ok(place) => self.list.get_mut(place),
            Err(_) => None,
        }
    }

    /// A new one. Who was here before keeps the name that he has.
    pub fn insert(&mut self, mut connection: Connection) {
        let peer = &mut connection.peer;
        if let Some(place) = self.remembered.iter().position(|(id, ..)| *id == connection.id) {
            (_, peer.reputation, peer.reputation_history) = self.remembered.remove(place);
        } else if let Some(other) = self.list.iter().find(|other| other.id == connection.id) {
            peer.reputation = other.peer.reputation;
            peer.reputation_history.clone_from(&other.peer.reputation_history);
        }
        match self.place(ConnectionId(connection.peer.connection)) {
            Ok(place) => self.list[place] = connection,
            Err(place) => self.list.insert(place, connection),
        }
    }

    /// One is over.
    pub fn remove(&mut self, id: ConnectionId) -> Option<Connection> {
        let gone = self.place(id).ok().map(|place| self.list.remove(place))?;
        let history = &gone.peer.reputation_history;
        if !history.is_empty() && self.list.iter().all(|other| other.id != gone.id) {
            push_bounded(&mut self.remembered, (gone.id, gone.peer.reputation, history.clone()), REMEMBERED_PEERS);
        }
        Some(gone)
    }

    /// A ban is over: its peer starts anew.
    pub fn forgive(&mut self, id: &Address) {
        self.remembered.retain(|(other, ..)| other != id);
    }

    /// Takes the counts of a pulse, `span` after the one before. Returns what went over all connections in that time.
    pub fn pulse(&mut self, counts: &[PeerTraffic], span: Duration) -> TrafficSample {
        let mut sum = TrafficSample::default();
        for count in counts {
            let Some(connection) = self.get_mut(ConnectionId(count.connection)) else {
                continue;
            };
            let peer = &mut connection.peer;
            let bytes = (count.bytes_in.saturating_sub(peer.bytes.0), count.bytes_out.saturating_sub(peer.bytes.1));
            let messages =
                (count.messages_in.saturating_sub(peer.messages.0), count.messages_out.saturating_sub(peer.messages.1));
            peer.bytes = (count.bytes_in, count.bytes_out);
            peer.messages = (count.messages_in, count.messages_out);
            peer.rate = (per_second(bytes.0, span), per_second(bytes.1, span));
            connection.messages = per_second(messages.0.saturating_add(messages.1), span);
            sum.bytes_in = sum.bytes_in.saturating_add(bytes.0);
            sum.bytes_out = sum.bytes_out.saturating_add(bytes.1);
            sum.messages_in = sum.messages_in.saturating_add(messages.0);
            sum.messages_out = sum.messages_out.saturating_add(messages.1);
        }
        sum
    }

    fn place(&self, id: ConnectionId) -> Result<usize, usize> {
        self.list.binary_search_by_key(&id.0, |connection| connection.peer.connection)
    }
}

impl Connection {
    pub fn round_trip(&mut self, time: Duration) {
        self.peer.rtt = Some(time);
        push_bounded(&mut self.peer.rtt_history, u64::try_from(time.as_micros()).unwrap_or(u64::MAX), RTT_SAMPLES);
    }

    /// The peer as it is at `now`: a reputation is told when it changes, and decays in between.
    pub fn peer_at(&self, now: Duration) -> Peer {
        let mut peer = self.peer.clone();
        if let Some(last) = peer.reputation_history.first() {
            let told = (last.value * 100.0).round() as i32;
            peer.reputation = f64::from(decayed(told, now.saturating_sub(last.at))) / 100.0;
        }
        peer
    }

    /// `delta` and `value` in hundredths.
    pub fn reputation(&mut self, at: Duration, delta: i32, value: i32, reason: String) {
        let (delta, value) = (f64::from(delta) / 100.0, f64::from(value) / 100.0);
        self.peer.reputation = value;
        let history = &mut self.peer.reputation_history;
        history.truncate(REPUTATION_CHANGES - 1);
        history.insert(0, ReputationChange { at, delta, value, reason });
    }
}

/// Adds at the end; the first goes when there are more than `most`.
pub(super) fn push_bounded<T>(list: &mut Vec<T>, item: T, most: usize) {
    if list.len() >= most {
        list.remove(0);
    }
    list.push(item);
}

/// What `count` within `span` makes in a second.
pub(super) fn per_second(count: u64, span: Duration) -> u64 {
    let micros = span.as_micros().max(1);
    u64::try_from(u128::from(count) * 1_000_000 / micros).unwrap_or(u64::MAX)
}
