//! Says everything late, by the same delay.

use super::line::{Line, is_handshake};
use super::shell::{Around, Behaviour};
use crate::node::{Input, Output, Time};
use std::time::Duration;

pub(super) struct Slow {
    delay: Duration,
    line: Line,
}

impl Slow {
    pub(super) fn new(delay: Duration) -> Self {
        Self { delay, line: Line::default() }
    }
}

impl Behaviour for Slow {
    fn on_input(&mut self, _around: &mut Around<'_>, input: Input) -> Option<Input> {
        if let Input::Disconnected { connection, .. } = &input {
            self.line.forget(*connection);
        }
        Some(input)
    }

    fn on_output(&mut self, around: &mut Around<'_>, output: Output) -> Option<Output> {
        match &output {
            Output::Send { message, .. } if !is_handshake(message) => {
                self.line.hold(around.now + self.delay, output);
                None
            }
            _ => Some(output),
        }
    }

    fn on_deadline(&mut self, around: &mut Around<'_>) {
        self.line.release(around);
    }

    fn next_deadline(&self) -> Time {
        self.line.next()
    }
}
