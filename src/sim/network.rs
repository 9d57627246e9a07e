//! Connections between nodes, over links with latency that can be cut.
//!
//! A connection is a pipe with two ends. Each direction keeps its order, as TCP does.

use super::queue::Happening;
use super::trace::Trace;
use crate::node::{ConnectionId, Direction, Input, Time};
use crate::wire::{Message, MessageKind};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Latency where nothing else was said: about that of two processes on one machine.
const LOOPBACK: Duration = Duration::from_micros(50);
/// Trips over the link until the dialler's end is encrypted: one round trip for TCP, one for Noise XX's first two messages.
const DIALLER_TRIPS: u32 = 4;
/// The listener learns of it with the third Noise message.
const LISTENER_TRIPS: u32 = 5;

/// What travels.
pub(super) enum Cargo {
    /// A message; its digest goes into the trace.
    Message { message: Arc<Message>, bytes: usize, digest: u64 },
    /// The end of the connection, with why.
    End(&'static str),
}

/// Something on its way to one end of a pipe.
pub(super) struct Delivery {
    pub(super) host: usize,
    pub(super) pipe: u64,
    pub(super) end: usize,
    pub(super) cargo: Cargo,
}

struct End {
    host: usize,
    connection: ConnectionId,
    /// Whether its node has been told `Connected`, and not yet `Disconnected`.
    open: bool,
    /// When the last thing sent towards it arrives: nothing later may arrive earlier.
    busy_until: Time,
}

struct Pipe {
    /// The dialler's end and the listener's.
    ends: [End; 2],
    /// Node ids at the ends.
    ids: [crate::chain::Address; 2],
    addresses: [SocketAddr; 2],
}

/// A connection to be made.
pub(super) struct NewPipe {
    pub(super) hosts: [usize; 2],
    pub(super) ids: [crate::chain::Address; 2],
    pub(super) addresses: [SocketAddr; 2],
}

/// All connections and links.
pub(super) struct Network {
    pipes: BTreeMap<u64, Pipe>,
    /// Which pipe, and which end of it, a node's connection is.
    ends: BTreeMap<ConnectionId, (u64, usize)>,
    latency: Duration,
    latencies: BTreeMap<(usize, usize), Duration>,
    cut: BTreeSet<(usize, usize)>,
    /// What was sent over a cut link, in order.
    held: Vec<Delivery>,
    next: u64,
    pub(super) delivered: u64,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            pipes: BTreeMap::new(),
            ends: BTreeMap::new(),
            latency: LOOPBACK,
            latencies: BTreeMap::new(),
            cut: BTreeSet::new(),
            held: Vec::new(),
            next: 0,
            delivered: 0,
        }
    }
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

impl Network {
    pub(super) fn set_latency(&mut self, latency: Duration) {
        self.latency = latency;
    }

    pub(super) fn set_latency_between(&mut self, a: usize, b: usize, latency: Duration) {
        self.latencies.insert(pair(a, b), latency);
    }

    pub(super) fn latency(&self, a: usize, b: usize) -> Duration {
        self.latencies.get(&pair(a, b)).copied().unwrap_or(self.latency)
    }

    pub(super) fn is_cut(&self, a: usize, b: usize) -> bool {
        self.cut.contains(&pair(a, b))
    }

    pub(super) fn cut(&mut self, a: usize, b: usize) {
        self.cut.insert(pair(a, b));
    }

    /// Mends a link; what arrives now.
    pub(super) fn mend(&mut self, a: usize, b: usize, now: Time) -> Vec<(Time, Happening)> {
        self.cut.remove(&pair(a, b));
        let held = std::mem::take(&mut self.held);
        let mut out = Vec::new();
        for delivery in held {
            let hosts = self.pipes.get(&delivery.pipe).map(|pipe| (pipe.ends[0].host, pipe.ends[1].host));
            match hosts {
                Some((x, y)) if self.is_cut(x, y) => self.held.push(delivery),
                Some(_) => out.extend(self.travel(delivery, now)),
                None => {}
            }
        }
        out
    }

    /// Makes a connection; what happens then.
    pub(super) fn connect(&mut self, new: NewPipe, now: Time) -> Vec<(Time, Happening)> {
        let pipe = self.next;
        self.next += 1;
        let latency = self.latency(new.hosts[0], new.hosts[1]);
        let end =
            |host: usize, side: u64| End { host, connection: ConnectionId(pipe * 2 + side), open: false, busy_until: Time(0) };
        let ends = [end(new.hosts[0], 0), end(new.hosts[1], 1)];
        for (side, end) in ends.iter().enumerate() {
            self.ends.insert(end.connection, (pipe, side));
        }
        self.pipes.insert(pipe, Pipe { ends, ids: new.ids, addresses: new.addresses });
        // One trip, the dial itself, is already over.
        vec![
            (now + latency * (DIALLER_TRIPS - 1), Happening::Handshaken { pipe, end: 0 }),
            (now + latency * (LISTENER_TRIPS - 1), Happening::Handshaken { pipe, end: 1 }),
        ]
    }

    /// One end is encrypted: the input that tells its node.
    pub(super) fn established(&mut self, pipe: u64, end: usize) -> Option<(usize, Input)> {
        let pipe = self.pipes.get_mut(&pipe)?;
        // Its machine may have lost power meanwhile.
        if !self.ends.contains_key(&pipe.ends[end].connection) {
            return None;
        }
        let other = 1 - end;
        let (address, peer) = (pipe.addresses[other], pipe.ids[other]);
        let this = &mut pipe.ends[end];
        this.open = true;
        let direction = if end == 0 { Direction::Outbound } else { Direction::Inbound };
        Some((this.host, Input::Connected { connection: this.connection, address, direction, peer }))
    }

    /// Sends something over a connection; when what happens. Nothing, if it is held at a cut or the connection is gone.
    pub(super) fn send(&mut self, connection: ConnectionId, cargo: Cargo, now: Time) -> Option<(Time, Happening)> {
        let (id, from) = *self.ends.get(&connection)?;
        let pipe = self.pipes.get(&id)?;
        if !pipe.ends[from].open {
            return None;
        }
        let (host, other) = (pipe.ends[1 - from].host, pipe.ends[from].host);
        let delivery = Delivery { host, pipe: id, end: 1 - from, cargo };
        if self.is_cut(host, other) {
            self.held.push(delivery);
            return None;
        }
        self.travel(delivery, now)
    }

    fn travel(&mut self, delivery: Delivery, now: Time) -> Option<(Time, Happening)> {
        let pipe = self.pipes.get(&delivery.pipe)?;
        let latency = self.latency(pipe.ends[0].host, pipe.ends[1].host);
        let end = &mut self.pipes.get_mut(&delivery.pipe)?.ends[delivery.end];
        end.busy_until = end.busy_until.max(now + latency);
        Some((end.busy_until, Happening::Deliver(delivery)))
    }

    /// Something arrives: the input it makes, if its connection still stands.
    pub(super) fn arrive(&mut self, delivery: &Delivery, trace: &mut Trace, now: Time) -> Option<Input> {
        let end = &self.pipes.get(&delivery.pipe)?.ends[delivery.end];
        let connection = end.connection;
        match &delivery.cargo {
            Cargo::Message { message, bytes, digest } => {
                if !end.open {
                    return None;
                }
                self.delivered += 1;
                let kind: MessageKind = message.kind();
                trace.note(now, b"deliver", connection.0, &[kind as u64, *bytes as u64, *digest]);
                Some(Input::Received { connection, message: message.clone(), bytes: *bytes })
            }
            Cargo::End(why) => self.disconnect(connection, why),
        }
    }

    /// One end is closed: the input that tells its node, once.
    pub(super) fn disconnect(&mut self, connection: ConnectionId, why: &str) -> Option<Input> {
        let (id, side) = self.ends.remove(&connection)?;
        let pipe = self.pipes.get_mut(&id)?;
        let was_open = std::mem::take(&mut pipe.ends[side].open);
        if !self.ends.contains_key(&pipe.ends[1 - side].connection) {
            self.pipes.remove(&id);
        }
        was_open.then(|| Input::Disconnected { connection, reason: why.to_owned() })
    }

    /// A machine has lost power: its ends are gone, and the others will learn it.
    pub(super) fn abandon(&mut self, host: usize, now: Time) -> Vec<(Time, Happening)> {
        let own: Vec<_> = self
            .ends
            .iter()
            .filter(|(_, (pipe, side))| self.pipes.get(pipe).is_some_and(|pipe| pipe.ends[*side].host == host))
            .map(|(connection, _)| *connection)
            .collect();
        let mut out = Vec::new();
        for connection in own {
            // The operating system of a killed process resets its connections.
            out.extend(self.send(connection, Cargo::End("connection reset by the peer"), now));
            self.disconnect(connection, "");
        }
        out
    }
}
