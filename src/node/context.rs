//! The moment at hand: the time, and where outputs go; and the one way in which a node sends.

use super::peers::peer::is_request;
use super::{CloseReason, ConnectionId, Event, Node, Output, Priority, Time};
use crate::wire::{GoodbyeReason, Message, encoded_len};
use std::sync::Arc;

/// The time of the input at hand, and the outputs it leads to.
pub(super) struct Context<'a> {
    pub(super) now: Time,
    pub(super) out: &'a mut Vec<Output>,
}

impl Context<'_> {
    /// Tells observers.
    pub(super) fn event(&mut self, event: Event) {
        self.out.push(Output::Event(event));
    }
}

/// How urgent each kind of message is.
fn priority(message: &Message) -> Priority {
    match message {
        Message::Handshake { .. }
        | Message::HandshakeAck { .. }
        | Message::Heartbeat
        | Message::Ping { .. }
        | Message::Pong { .. }
        | Message::Error { .. } => Priority::Critical,
        // After a goodbye nothing is read: what was just found goes before it.
        Message::NewBlock { .. } | Message::Goodbye { .. } => Priority::High,
        Message::GetPeers
        | Message::Peers { .. }
        | Message::FindNode { .. }
        | Message::Nodes { .. }
        | Message::GetHeaders { .. }
        | Message::Headers { .. }
        | Message::GetBlock { .. }
        | Message::Block { .. }
        | Message::NotFound { .. } => Priority::Normal,
        Message::Transaction { .. } | Message::Announce { .. } | Message::GetData { .. } => Priority::Low,
    }
}

impl Node {
    /// Sends one message to one peer.
    pub(super) fn send(&mut self, cx: &mut Context<'_>, to: ConnectionId, message: Message) {
        self.broadcast(cx, vec![to], message);
    }

    /// Sends one message, encoded once, to several peers.
    pub(super) fn broadcast(&mut self, cx: &mut Context<'_>, to: Vec<ConnectionId>, message: Message) {
        let priority = priority(&message);
        self.broadcast_at(cx, to, message, priority);
    }

    /// Sends with another priority than the usual one of this kind.
    pub(super) fn broadcast_at(&mut self, cx: &mut Context<'_>, to: Vec<ConnectionId>, message: Message, priority: Priority) {
        if to.is_empty() {
            return;
        }
        let bytes = encoded_len(&message) as u64;
        for connection in &to {
            if let Some(peer) = self.peers.get_mut(connection) {
                if is_request(&message) || matches!(message, Message::NewBlock { .. }) {
                    peer.served = cx.now;
                }
                peer.traffic.bytes_out += bytes;
                peer.traffic.messages_out += 1;
            }
        }
        cx.out.push(Output::Send { to, message: Arc::new(message), priority });
    }

    /// Says goodbye and closes; what is queued goes first.
    pub(super) fn part(&mut self, cx: &mut Context<'_>, connection: ConnectionId, reason: GoodbyeReason, why: &str) {
        if let Some(peer) = self.peers.get_mut(&connection) {
            peer.dismissed = true;
        }
        self.send(cx, connection, Message::Goodbye { reason });
        self.close(cx, connection, CloseReason::Graceful(why.to_owned()));
    }

    /// Closes a connection, and takes nothing more from it.
    pub(super) fn close(&mut self, cx: &mut Context<'_>, connection: ConnectionId, reason: CloseReason) {
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        if peer.is_closing() {
            return;
        }
        let why = match &reason {
            CloseReason::Graceful(why) | CloseReason::Abrupt(why) => why.clone(),
        };
        peer.set_closing(why);
        cx.out.push(Output::Close { connection, reason });
        // What was asked of it is asked of another now, not when the driver has closed.
        self.release_requests(cx, connection);
        self.count_peers(cx.now);
        self.admit(cx);
    }
}
