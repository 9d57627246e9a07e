//! One direction of a connection: what waits, and how it travels.

use crate::link::{LinkModel, Packets, Shaper};
use crate::node::{ConnectionId, Event, Outbox, OutboxFull, Priority, Time};
use crate::wire::Message;
use std::sync::Arc;

/// Bytes of the third message of Noise XX: a key, an identity, a signature, two tags.
const LAST_HANDSHAKE_BYTES: usize = 180;

/// What travels.
pub(super) enum Cargo {
    /// A message, and the bytes of its frame.
    Message { message: Arc<Message>, bytes: usize },
    /// The dialler's last message of the encryption's handshake.
    LastHandshake,
    /// The end of the connection, with why.
    End(&'static str),
}

impl Cargo {
    /// Bytes on the wire.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Message { bytes, .. } => *bytes,
            Self::LastHandshake => LAST_HANDSHAKE_BYTES,
            Self::End(_) => 0,
        }
    }
}

/// What a line does next.
pub(super) enum Sent {
    /// This arrives then.
    Arrives(Time, Cargo),
    /// The line is taken until then.
    Wait(Time),
}

/// What waits in one direction of a connection, and its shaper.
pub(super) struct Line {
    /// Made when something waits for the first time: on most links nothing ever does, and what a message passes should be small.
    outbox: Option<Box<Outbox<Cargo>>>,
    shaper: Shaper,
    /// The connection ends when all is sent.
    end: Option<&'static str>,
    ended: bool,
    /// Whether somebody looks when the line is free.
    awaited: bool,
    told: Told,
}

/// What observers were told last: messages and bytes that wait, messages dropped, packets counted.
#[derive(Default)]
struct Told {
    outbox: (usize, usize, u64),
    packets: Packets,
}

impl Line {
    pub(super) fn new(model: LinkModel, seed: u64) -> Self {
        let shaper = Shaper::new(model, seed);
        Self { outbox: None, shaper, end: None, ended: false, awaited: false, told: Told::default() }
    }

    pub(super) fn set_model(&mut self, model: LinkModel) {
        self.shaper.set_model(model);
    }

    /// Sends a message past the outbox where nothing waits and nothing holds it up, as on most links at most times: when it arrives.
    pub(super) fn carry_at_once(&mut self, cargo: &Cargo, now: Time) -> Option<Time> {
        let model = self.shaper.model();
        let clear = !model.cut && model.corrupt == 0 && self.shaper.free() <= now;
        (clear && self.is_empty() && self.end.is_none() && !self.ended).then(|| self.shaper.carry(now, cargo.bytes()).arrives)
    }

    fn is_empty(&self) -> bool {
        self.outbox.as_ref().is_none_or(|outbox| outbox.is_empty())
    }

    /// Whether more waits than it takes.
    pub(super) fn is_backed_up(&self) -> bool {
        self.outbox.as_ref().is_some_and(|outbox| outbox.is_backed_up())
    }

    /// Queues a message; nothing more is taken once the line is to end.
    pub(super) fn push(&mut self, cargo: Cargo, priority: Priority) -> Result<(), OutboxFull> {
        if self.end.is_some() || self.ended {
            return Ok(());
        }
        let bytes = cargo.bytes();
        self.outbox.get_or_insert_default().push(cargo, bytes, priority)
    }

    /// The connection ends: after all that waits, or at once.
    pub(super) fn end(&mut self, why: &'static str, flush: bool) {
        if !self.ended {
            self.end = Some(why);
            if !flush {
                self.outbox = None;
            }
        }
    }

    /// What observers are to be told of the line that `connection` sends on: what has changed since they were told last.
    pub(super) fn news(&mut self, connection: ConnectionId) -> impl Iterator<Item = Event> + use<> {
        let outbox = self.outbox.as_ref().map_or((0, 0, 0), |outbox| (outbox.len(), outbox.bytes(), outbox.dropped()));
        let waits = (std::mem::replace(&mut self.told.outbox, outbox) != outbox).then(|| {
            let (messages, bytes, dropped) = outbox;
            Event::Outbox { connection, messages, bytes, dropped }
        });
        let packets = self.shaper.packets();
        let loss = (std::mem::replace(&mut self.told.packets, packets) != packets).then_some(Event::Loss {
            connection,
            sent: packets.sent,
            lost: packets.lost,
        });
        waits.into_iter().chain(loss)
    }

    /// Whoever waited for the line to be free looks now.
    pub(super) fn is_free(&mut self) {
        self.awaited = false;
    }

    /// What sets out at this moment, or when to look again; `None` if nothing waits, or someone looks already.
    pub(super) fn next(&mut self, now: Time) -> Option<Sent> {
        if self.shaper.model().cut || self.awaited || (self.is_empty() && self.end.is_none()) {
            return None;
        }
        if self.shaper.free() > now {
            self.awaited = true;
            return Some(Sent::Wait(self.shaper.free()));
        }
        let Some((cargo, bytes)) = self.outbox.as_mut().and_then(|outbox| outbox.pop()) else {
            self.ended = true;
            let why = self.end.take()?;
            return Some(Sent::Arrives(self.shaper.carry(now, 0).arrives, Cargo::End(why)));
        };
        let carried = self.shaper.carry(now, bytes);
        if carried.corrupted {
            // Its record cannot be decrypted: the receiver gives the connection up, and nothing after it counts.
            (self.ended, self.end) = (true, None);
            self.outbox = None;
            return Some(Sent::Arrives(carried.arrives, Cargo::End("a record could not be decrypted")));
        }
        Some(Sent::Arrives(carried.arrives, cargo))
    }
}
