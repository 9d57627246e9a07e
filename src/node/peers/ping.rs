//! Whether a peer lives, how far away it is, and whether it is silent or only its line.

use super::offences::Offence;
use super::peer::{Peer, PingSent};
use crate::node::context::Context;
use crate::node::limits::{LONGEST_PONG, SLOWEST_LINE, UNANSWERED};
use crate::node::timers::Timer;
use crate::node::{CloseReason, ConnectionId, Event, Node, Time};
use crate::wire::Message;
use rand::{Rng, RngExt};
use std::time::Duration;

impl Node {
    /// Asks for a sign of life.
    pub(in crate::node) fn send_ping(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        let Some(peer) = self.peers.get_mut(&connection).filter(|peer| peer.is_ready()) else { return };
        // A ping whose pong is still on its way has its own deadline; a second one would only hide how late it is.
        if peer.ping.is_some() {
            peer.health.note_ping(false);
        } else {
            self.ping_now(cx, connection);
        }
        // A tenth of jitter keeps a network that started together from pinging together.
        let interval = self.config.timing.ping;
        let jitter = self.rng.random_range(0..=(interval.as_micros() as u64 / 10));
        self.timers.set(cx.now + interval + Duration::from_micros(jitter), Timer::Ping(connection));
    }

    fn ping_now(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        let nonce = self.rng.next_u64();
        let Some(peer) = self.peers.get_mut(&connection).filter(|peer| peer.is_ready()) else { return };
        peer.ping = Some(PingSent {
            nonce,
            at: cx.now,
            told_height: peer.told_height,
            bytes_out: peer.traffic.bytes_out,
            bytes_in: peer.traffic.bytes_in,
        });
        self.send(cx, connection, Message::Ping { nonce, time: cx.now.as_millis() });
        self.timers.set(cx.now + self.config.timing.pong, Timer::Pong(connection, nonce));
    }

    /// A question has gone unanswered for as long as anybody has. A ping tells whether the peer is silent or its line: what comes in order
    /// comes after the answer. Without a pong it is the line, and the link ends; nobody is to blame for that.
    pub(in crate::node) fn suspect(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        peer.suspicions = peer.suspicions.saturating_add(1);
        peer.suspected = cx.now;
        if peer.ping.is_none() {
            self.ping_now(cx, connection);
        }
    }

    /// It speaks, and has not answered.
    fn confirm_suspicions(&mut self, cx: &mut Context<'_>, connection: ConnectionId, pinged: Time) {
        let Some(peer) = self.peers.get_mut(&connection).filter(|peer| peer.suspicions > 0) else { return };
        if pinged < peer.suspected {
            // It was asked whether it speaks before it was suspected.
            return self.ping_now(cx, connection);
        }
        for _ in 0..std::mem::take(&mut peer.suspicions) {
            self.offend(cx, connection, Offence::Unanswered);
        }
    }

    /// Answers one.
    pub(in crate::node) fn on_ping(&mut self, cx: &mut Context<'_>, connection: ConnectionId, nonce: u64) {
        self.send(cx, connection, Message::Pong { nonce, time: cx.now.as_millis() });
    }

    /// It lives. A pong that we did not ask for says nothing.
    pub(in crate::node) fn on_pong(&mut self, cx: &mut Context<'_>, connection: ConnectionId, nonce: u64) {
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        let Some(sent) = peer.ping.take_if(|ping| ping.nonce == nonce) else { return };
        self.timers.cancel(sent.at + self.config.timing.pong, Timer::Pong(connection, nonce));
        let time = cx.now.since(sent.at);
        peer.bytes_confirmed = sent.bytes_out;
        peer.health.note_ping(true);
        // Smoothed as TCP does it (RFC 6298): seven parts old, one part new.
        peer.rtt = Some(peer.rtt.map_or(time, |old| (old * 7 + time) / 8));
        cx.event(Event::RoundTrip { connection, time });
        // Who gets a block from us does not tell us of it again, so this is how we learn that it is as high.
        if sent.told_height > peer.height {
            peer.height = sent.told_height;
            cx.event(Event::PeerHeight { connection, height: sent.told_height });
        }
        self.confirm_suspicions(cx, connection, sent.at);
    }

    /// The pong is missing: is it late?
    pub(in crate::node) fn on_pong_deadline(&mut self, cx: &mut Context<'_>, connection: ConnectionId, nonce: u64) {
        let least = self.config.timing.pong;
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        let patience = pong_patience(peer, least);
        let bytes_in = peer.traffic.bytes_in;
        let Some(sent) = peer.ping.as_mut().filter(|ping| ping.nonce == nonce) else { return };
        let waited = cx.now.since(sent.at);
        if waited < patience {
            self.timers.set(sent.at + patience, Timer::Pong(connection, nonce));
        } else if waited < least + LONGEST_PONG && sent.bytes_in < bytes_in {
            // It talks: on a thin line its pong waits behind what it said first.
            sent.bytes_in = bytes_in;
            self.timers.set(cx.now + least, Timer::Pong(connection, nonce));
        } else {
            self.close(cx, connection, CloseReason::Abrupt(format!("no pong within {} s", waited.as_secs())));
        }
    }
}

/// How long a pong may take. On a slow line a ping waits behind what we send, and its pong behind what we asked for: neither is
/// the peer's silence.
fn pong_patience(peer: &Peer, least: Duration) -> Duration {
    let ahead = peer.traffic.bytes_out.saturating_sub(peer.bytes_confirmed);
    let patience = least + Duration::from_secs(ahead / SLOWEST_LINE).min(LONGEST_PONG);
    let headers = peer.headers_asked.as_ref().map_or(Duration::ZERO, |asked| asked.patience);
    let bodies = if peer.bodies.is_empty() { Duration::ZERO } else { UNANSWERED };
    patience.max(headers).max(bodies)
}
