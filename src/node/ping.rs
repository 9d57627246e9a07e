//! Whether a peer lives, and how far away it is.

use super::context::Context;
use super::peer::PingSent;
use super::timers::Timer;
use super::{CloseReason, ConnectionId, Event, Node};
use crate::wire::Message;
use rand::{Rng, RngExt};
use std::time::Duration;

impl Node {
    /// Asks for a sign of life.
    pub(super) fn send_ping(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        let nonce = self.rng.next_u64();
        let Some(peer) = self.peers.get_mut(&connection).filter(|peer| peer.is_ready()) else { return };
        // A ping whose pong is still on its way has its own deadline; a second one would only hide how late it is.
        if peer.ping.is_none() {
            peer.ping = Some(PingSent { nonce, at: cx.now, told_height: peer.told_height });
            self.send(cx, connection, Message::Ping { nonce, time: cx.now.as_millis() });
            self.timers.set(cx.now + self.config.timing.pong, Timer::Pong(connection, nonce));
        }
        // A tenth of jitter keeps a network that started together from pinging together.
        let interval = self.config.timing.ping;
        let jitter = self.rng.random_range(0..=(interval.as_micros() as u64 / 10));
        self.timers.set(cx.now + interval + Duration::from_micros(jitter), Timer::Ping(connection));
    }

    /// Answers one.
    pub(super) fn on_ping(&mut self, cx: &mut Context<'_>, connection: ConnectionId, nonce: u64) {
        self.send(cx, connection, Message::Pong { nonce, time: cx.now.as_millis() });
    }

    /// It lives. A pong that we did not ask for says nothing.
    pub(super) fn on_pong(&mut self, cx: &mut Context<'_>, connection: ConnectionId, nonce: u64) {
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        let Some(sent) = peer.ping.take_if(|ping| ping.nonce == nonce) else { return };
        let time = cx.now.since(sent.at);
        // Smoothed as TCP does it (RFC 6298): seven parts old, one part new.
        peer.rtt = Some(peer.rtt.map_or(time, |old| (old * 7 + time) / 8));
        cx.event(Event::RoundTrip { connection, time });
        // Who gets a block from us does not tell us of it again, so this is how we learn that it is as high.
        if sent.told_height > peer.height {
            peer.height = sent.told_height;
            cx.event(Event::PeerHeight { connection, height: sent.told_height });
        }
    }

    /// The pong is missing.
    pub(super) fn on_pong_deadline(&mut self, cx: &mut Context<'_>, connection: ConnectionId, nonce: u64) {
        let missing = self.peers.get(&connection).and_then(|peer| peer.ping.as_ref()).is_some_and(|ping| ping.nonce == nonce);
        if missing {
            let why = format!("no pong within {} s", self.config.timing.pong.as_secs());
            self.close(cx, connection, CloseReason::Abrupt(why));
        }
    }
}
