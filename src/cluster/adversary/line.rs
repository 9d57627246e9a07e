//! Frames that come late: an ordered line of what was said, released when its time has come.

use super::limits::HELD_FRAMES;
use super::shell::Around;
use crate::node::{ConnectionId, Output, Time};
use crate::wire::Message;
use std::collections::VecDeque;

/// What waits.
#[derive(Default)]
pub(super) struct Line {
    held: VecDeque<(Time, Output)>,
}

/// Without these no connection comes to stand.
pub(super) fn is_handshake(message: &Message) -> bool {
    matches!(message, Message::Handshake { .. } | Message::HandshakeAck { .. })
}

impl Line {
    /// Holds something back until `at`, and never overtakes what is held already.
    pub(super) fn hold(&mut self, at: Time, output: Output) {
        let at = self.held.back().map_or(at, |(last, _)| at.max(*last));
        if self.held.len() >= HELD_FRAMES {
            self.held.pop_front();
        }
        self.held.push_back((at, output));
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Time {
        self.held.front().map_or(Time::MAX, |(at, _)| *at)
    }

    /// When the last of what is held goes out; `now` if nothing is.
    pub(super) fn last(&self, now: Time) -> Time {
        self.held.back().map_or(now, |(at, _)| *at)
    }

    /// Lets go of all that is due.
    pub(super) fn release(&mut self, around: &mut Around<'_>) {
        while self.held.front().is_some_and(|(at, _)| *at <= around.now) {
            if let Some((_, output)) = self.held.pop_front() {
                around.out.push(output);
            }
        }
    }

    /// A connection is over: what was for it alone is forgotten.
    pub(super) fn forget(&mut self, connection: ConnectionId) {
        self.held.retain(|(_, output)| !matches!(output, Output::Send { to, .. } if *to == [connection]));
    }
}
