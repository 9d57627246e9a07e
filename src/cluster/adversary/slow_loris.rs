//! Sends its frames a byte at a time: each arrives when its last byte would.

use super::limits::TRICKLE;
use super::line::{Line, is_handshake};
use super::shell::{Around, Behaviour};
use crate::node::{ConnectionId, Input, Output, Time};
use crate::wire::encoded_len;
use std::collections::BTreeMap;

/// Each connection is a line of its own.
#[derive(Default)]
pub(super) struct SlowLoris {
    lines: BTreeMap<ConnectionId, Line>,
}

impl Behaviour for SlowLoris {
    fn on_input(&mut self, _around: &mut Around<'_>, input: Input) -> Option<Input> {
        if let Input::Disconnected { connection, .. } = &input {
            self.lines.remove(connection);
        }
        Some(input)
    }

    fn on_output(&mut self, around: &mut Around<'_>, output: Output) -> Option<Output> {
        let Output::Send { to, message, priority } = output else { return Some(output) };
        if is_handshake(&message) {
            return Some(Output::Send { to, message, priority });
        }
        let bytes = u32::try_from(encoded_len(&message)).unwrap_or(u32::MAX);
        for connection in to {
            let line = self.lines.entry(connection).or_default();
            let at = line.last(around.now) + TRICKLE * bytes;
            line.hold(at, Output::Send { to: vec![connection], message: message.clone(), priority });
        }
        None
    }

    fn on_deadline(&mut self, around: &mut Around<'_>) {
        self.lines.values_mut().for_each(|line| line.release(around));
    }

    fn next_deadline(&self) -> Time {
        self.lines.values().map(Line::next).min().unwrap_or(Time::MAX)
    }
}
