//! Log lines, bounded: warnings are kept apart from chatter, so that none is pushed out by it.

use super::limits::{LOG_CHATTER, LOG_LINES};
use rumormill_ui::model::{LogLevel, LogLine};
use std::collections::VecDeque;

/// The last log lines.
#[derive(Clone, Default)]
pub(super) struct Journal {
    lines: VecDeque<(u64, LogLine)>,
    chatter: VecDeque<(u64, LogLine)>,
    next: u64,
}

impl Journal {
    /// Adds a line; the oldest of its kind goes when there are too many.
    pub fn add(&mut self, line: LogLine) {
        let (ring, most) =
            if line.level <= LogLevel::Info { (&mut self.lines, LOG_LINES) } else { (&mut self.chatter, LOG_CHATTER) };
        if ring.len() == most {
            ring.pop_front();
        }
        ring.push_back((self.next, line));
        self.next += 1;
    }

    /// All lines in the order in which they came.
    pub fn lines(&self) -> Vec<LogLine> {
        let mut out = Vec::with_capacity(self.lines.len() + self.chatter.len());
        let (mut a, mut b) = (self.lines.iter().peekable(), self.chatter.iter().peekable());
        loop {
            let first = match (a.peek(), b.peek()) {
                (Some(x), Some(y)) => x.0 < y.0,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => return out,
            };
            let next = if first { a.next() } else { b.next() };
            out.extend(next.map(|(_, line)| line.clone()));
        }
    }
}
