//! Connections between nodes, over links that are shaped.
//!
//! A connection is a pipe with two ends and a [`Line`] towards each. Each direction keeps its order, as TCP does.

use super::line::{Cargo, Line, Sent};
use super::queue::{Happening, Queue};
use super::trace::Trace;
use crate::chain::Address;
use crate::link::LinkModel;
use crate::node::{ConnectionId, DialError, Direction, Event, Input, OutboxFull, Priority, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

/// What every way takes, shaped or not: about that between two processes on one machine.
pub(super) const LOOPBACK: Duration = Duration::from_micros(50);
/// Trips over the link until the dialler's end is encrypted: one round trip for TCP, one for Noise XX's first two messages.
const DIALLER_TRIPS: u32 = 4;

/// Something on its way to one end of a pipe.
pub(super) struct Delivery {
    pub(super) host: usize,
    pub(super) pipe: usize,
    pub(super) end: usize,
    pub(super) cargo: Cargo,
}

struct End {
    host: usize,
    /// Which boot of the machine it belongs to.
    boot: u64,
    connection: ConnectionId,
    id: Address,
    address: SocketAddr,
    /// Whether its node has been told `Connected`, and not yet `Disconnected`.
    open: bool,
    /// Whether it is closed, or its machine has lost power.
    gone: bool,
    /// Towards this end.
    line: Line,
}

struct Pipe {
    /// The dialler's end and the listener's.
    ends: [End; 2],
}

/// One end of a connection to be made: a machine, which boot of it, its node's id and its address.
pub(super) struct NewEnd {
    pub(super) host: usize,
    pub(super) boot: u64,
    pub(super) id: Address,
    pub(super) address: SocketAddr,
}

/// All connections and links.
pub(super) struct Network {
    /// By number; `None` when both ends are gone. A pipe's ends are the connections of twice its number, and one more.
    pipes: Vec<Option<Box<Pipe>>>,
    /// The pipes that are there: a day of a hundred nodes makes some hundred thousand, of which a thousand stand at a time.
    live: BTreeSet<usize>,
    /// How links behave that have no model of their own.
    usual: LinkModel,
    models: BTreeMap<(usize, usize), LinkModel>,
    seed: u64,
    pub(super) delivered: u64,
}

impl Network {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            pipes: Vec::new(),
            live: BTreeSet::new(),
            usual: LinkModel::default(),
            models: BTreeMap::new(),
            seed,
            delivered: 0,
        }
    }

    /// How what `from` sends to `to` travels.
    pub(super) fn model(&self, from: usize, to: usize) -> LinkModel {
        self.models.get(&(from, to)).copied().unwrap_or(self.usual)
    }

    /// How all links behave that have no model of their own, those that stand included.
    pub(super) fn set_usual(&mut self, model: LinkModel, now: Time, queue: &mut Queue) {
        self.usual = model;
        self.reshape(|_, _| true, now, queue);
    }

    /// How what `from` sends to `to` travels from now on. What was held at a cut sets out.
    pub(super) fn set_model(&mut self, from: usize, to: usize, model: LinkModel, now: Time, queue: &mut Queue) {
        self.models.insert((from, to), model);
        self.reshape(|a, b| (a, b) == (from, to), now, queue);
    }

    fn reshape(&mut self, concerned: impl Fn(usize, usize) -> bool, now: Time, queue: &mut Queue) {
        for id in self.live.iter().copied() {
            let Some(Some(pipe)) = self.pipes.get_mut(id) else { continue };
            for side in 0..2 {
                let (from, to) = (pipe.ends[1 - side].host, pipe.ends[side].host);
                if concerned(from, to) {
                    let model = self.models.get(&(from, to)).copied().unwrap_or(self.usual);
                    pipe.ends[side].line.set_model(model);
                    set_out(pipe, id, side, now, queue);
                }
            }
        }
    }

    /// The delay of one trip, without its chances; `None` if it is cut.
    pub(super) fn trip(&self, from: usize, to: usize) -> Option<Duration> {
        let model = self.model(from, to);
        (!model.cut).then_some(model.latency + LOOPBACK)
    }

    /// Makes a connection.
    pub(super) fn connect(&mut self, dialler: NewEnd, listener: NewEnd, now: Time, queue: &mut Queue) {
        let pipe = self.pipes.len();
        let there = self.model(dialler.host, listener.host);
        let back = self.model(listener.host, dialler.host);
        // Half of the trips go each way.
        let trip = (there.latency + back.latency) / 2 + LOOPBACK;
        let seed = self.seed;
        let end = |new: NewEnd, side: u64, model| {
            let connection = pipe as u64 * 2 + side;
            // Odd multipliers keep the chances of all lines apart.
            let line = Line::new(model, seed ^ (connection + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let connection = ConnectionId(connection);
            End { host: new.host, boot: new.boot, connection, id: new.id, address: new.address, open: false, gone: false, line }
        };
        let ends = [end(dialler, 0, back), end(listener, 1, there)];
        self.pipes.push(Some(Box::new(Pipe { ends })));
        self.live.insert(pipe);
        // One trip, the dial itself, is already over.
        queue.push(now + trip * (DIALLER_TRIPS - 1), Happening::Handshaken { pipe });
    }

    /// The dialler's end is encrypted: the input that tells its node. The listener's is, when the last message of the handshake arrives.
    pub(super) fn dialled(&mut self, id: usize, now: Time, queue: &mut Queue) -> Option<(usize, Input)> {
        let connected = self.established(id, 0)?;
        let pipe = self.pipes.get_mut(id)?.as_mut()?;
        pipe.ends[1].line.push(Cargo::LastHandshake, Priority::Critical).ok()?;
        set_out(pipe, id, 1, now, queue);
        Some(connected)
    }

    fn established(&mut self, pipe: usize, end: usize) -> Option<(usize, Input)> {
        let pipe = self.pipes.get_mut(pipe)?.as_mut()?;
        // Its machine may have lost power meanwhile.
        if pipe.ends[end].gone {
            return None;
        }
        let (address, peer) = (pipe.ends[1 - end].address, pipe.ends[1 - end].id);
        let this = &mut pipe.ends[end];
        this.open = true;
        let direction = if end == 0 { Direction::Outbound } else { Direction::Inbound };
        Some((this.host, Input::Connected { connection: this.connection, address, direction, peer }))
    }

    /// Sends a message over a connection.
    ///
    /// # Errors
    /// [`OutboxFull`]: the peer takes nothing in; the caller closes the connection.
    pub(super) fn send(
        &mut self,
        connection: ConnectionId,
        cargo: Cargo,
        priority: Priority,
        now: Time,
        queue: &mut Queue,
    ) -> Result<(), OutboxFull> {
        let (id, from) = place(connection);
        let Some(Some(pipe)) = self.pipes.get_mut(id) else { return Ok(()) };
        if !pipe.ends[from].open {
            return Ok(());
        }
        let to = &mut pipe.ends[1 - from];
        if let Some(arrives) = to.line.carry_at_once(&cargo, now) {
            let delivery = Delivery { host: to.host, pipe: id, end: 1 - from, cargo };
            queue.push(arrives + LOOPBACK, Happening::Deliver(delivery));
            return Ok(());
        }
        to.line.push(cargo, priority)?;
        set_out(pipe, id, 1 - from, now, queue);
        Ok(())
    }

    /// Whether more waits on the line that a connection sends on than the line takes.
    pub(super) fn is_backed_up(&self, connection: ConnectionId) -> bool {
        let (id, from) = place(connection);
        let pipe = self.pipes.get(id).and_then(Option::as_ref);
        pipe.is_some_and(|pipe| pipe.ends[1 - from].line.is_backed_up())
    }

    /// One end closes. The other learns of it after what is queued (`flush`), or at once.
    pub(super) fn close(&mut self, connection: ConnectionId, why: &'static str, flush: bool, now: Time, queue: &mut Queue) {
        let (id, from) = place(connection);
        let Some(Some(pipe)) = self.pipes.get_mut(id) else { return };
        if pipe.ends[from].gone {
            return;
        }
        pipe.ends[1 - from].line.end(why, flush);
        set_out(pipe, id, 1 - from, now, queue);
    }

    /// A line may be free for the next message.
    pub(super) fn line_free(&mut self, id: usize, end: usize, now: Time, queue: &mut Queue) {
        let Some(Some(pipe)) = self.pipes.get_mut(id) else { return };
        pipe.ends[end].line.is_free();
        set_out(pipe, id, end, now, queue);
    }

    /// What is new of the line that a connection sends on; see [`Line::news`].
    pub(super) fn news(&mut self, connection: ConnectionId) -> impl Iterator<Item = Event> + use<> {
        let (id, from) = place(connection);
        let pipe = self.pipes.get_mut(id).and_then(Option::as_mut);
        pipe.map(|pipe| pipe.ends[1 - from].line.news(connection)).into_iter().flatten()
    }

    /// Something arrives: the input it makes, if its connection still stands.
    pub(super) fn arrive(&mut self, delivery: &Delivery, trace: &mut Trace, now: Time) -> Option<Input> {
        let end = &self.pipes.get(delivery.pipe)?.as_ref()?.ends[delivery.end];
        let connection = end.connection;
        match &delivery.cargo {
            Cargo::Message { message, bytes } => {
                if !end.open {
                    return None;
                }
                self.delivered += 1;
                trace.note(now, b"deliver", connection.0, &[*bytes as u64]);
                Some(Input::Received { connection, message: message.clone(), bytes: *bytes })
            }
            Cargo::LastHandshake => self.established(delivery.pipe, delivery.end).map(|(_, input)| input),
            Cargo::End(why) => {
                trace.note(now, b"end", connection.0, &[]);
                self.disconnect(connection, why)
            }
        }
    }

    /// One end is gone: the input that tells its node, once.
    pub(super) fn disconnect(&mut self, connection: ConnectionId, why: &str) -> Option<Input> {
        let (id, side) = place(connection);
        let slot = self.pipes.get_mut(id)?;
        let pipe = slot.as_mut()?;
        let was_open = std::mem::take(&mut pipe.ends[side].open);
        pipe.ends[side].gone = true;
        if pipe.ends.iter().all(|end| end.gone) {
            *slot = None;
            self.live.remove(&id);
        }
        was_open.then(|| Input::Disconnected { connection, reason: why.to_owned() })
    }

    /// A machine has lost power: its ends are gone, and the others will learn it.
    pub(super) fn abandon(&mut self, host: usize, now: Time, queue: &mut Queue) {
        let own: Vec<_> = self
            .live
            .iter()
            .filter_map(|id| self.pipes.get(*id)?.as_ref())
            .flat_map(|pipe| &pipe.ends)
            .filter(|end| end.host == host)
            .map(|end| end.connection)
            .collect();
        for connection in own {
            self.break_dial(connection, now, queue);
            // The operating system of a killed process resets its connections.
            self.close(connection, "connection reset by the peer", false, now, queue);
            self.disconnect(connection, "");
        }
    }
}

impl Network {
    /// Whoever was just dialling a machine that lost power learns that it failed, or it would wait for ever.
    fn break_dial(&mut self, listener: ConnectionId, now: Time, queue: &mut Queue) {
        let (id, side) = place(listener);
        let Some(Some(pipe)) = self.pipes.get_mut(id) else { return };
        let [dialler, listener] = &mut pipe.ends;
        if side == 1 && !dialler.open && !dialler.gone {
            dialler.gone = true;
            let error = DialError::Failed("connection reset by the peer".to_owned());
            let input = Input::DialFailed { address: listener.address, error };
            queue.push(now, Happening::Input { host: dialler.host, input, boot: Some(dialler.boot) });
        }
    }
}

/// Which pipe, and which end of it, a connection is.
fn place(connection: ConnectionId) -> (usize, usize) {
    ((connection.0 / 2) as usize, (connection.0 % 2) as usize)
}

/// Sends what a line can take on its way, and sees to it that somebody looks again for the rest.
fn set_out(pipe: &mut Pipe, id: usize, end: usize, now: Time, queue: &mut Queue) {
    let this = &mut pipe.ends[end];
    while let Some(sent) = this.line.next(now) {
        match sent {
            Sent::Arrives(time, cargo) => {
                let delivery = Delivery { host: this.host, pipe: id, end, cargo };
                queue.push(time + LOOPBACK, Happening::Deliver(delivery));
            }
            Sent::Wait(time) => queue.push(time, Happening::LineFree { pipe: id, end }),
        }
    }
}
