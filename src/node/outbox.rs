//! What waits to be sent to one peer: four queues by priority, bounded in messages and bytes. The same code under both drivers.

use super::Priority;
use super::limits::{EAGER_BACKLOG, OUTBOX_BYTES, OUTBOX_MESSAGES};
use crate::wire::Message;
use std::collections::VecDeque;

/// The outbox overflowed although nothing of low value was left to drop: close the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the peer does not read: its outbox is full")]
pub struct OutboxFull;

/// Number of priorities.
const CLASSES: usize = 4;
/// The first class that may be dropped: normal. Critical and high come before it.
const FIRST_DROPPABLE: usize = Priority::Normal as usize;
/// What a message weighs at most, in bytes: three quarters of the bound. So a message beyond the bound passes, but one of that size at a
/// time, and what is urgent still finds room beside it.
const HEAVIEST: usize = OUTBOX_BYTES / 4 * 3;

/// A bounded queue of messages of type `M` (encoded bytes under sockets, shared messages in simulation).
///
/// The bounds are [`OUTBOX_MESSAGES`] and [`OUTBOX_BYTES`]. A single message of more than 6 MiB weighs 6 MiB against the latter. When a
/// bound is passed, the oldest message of the least urgent class goes (low, then normal), be it the newcomer itself when all that
/// waits is more urgent; critical and high ones are never dropped, and without room for one the peer is lost: [`OutboxFull`].
///
/// Four queues and a bit mask: pushing and popping take a constant time.
#[derive(Debug)]
pub struct Outbox<M> {
    queues: [VecDeque<(M, usize)>; CLASSES],
    /// Bit n: queue n is not empty.
    mask: u8,
    messages: usize,
    bytes: usize,
    /// Bytes, each message counted with at most [`HEAVIEST`].
    weight: usize,
    dropped: u64,
}

impl<M> Outbox<M> {
    /// An empty one.
    pub fn new() -> Self {
        Self { queues: Default::default(), mask: 0, messages: 0, bytes: 0, weight: 0, dropped: 0 }
    }

    /// Queues a message of `bytes`. When full, the oldest of the lowest class goes (counted); critical and high are never dropped.
    ///
    /// # Errors
    /// [`OutboxFull`] when the message is critical or high, and so is all that waits; it was not queued.
    pub fn push(&mut self, message: M, bytes: usize, priority: Priority) -> Result<(), OutboxFull> {
        let class = priority as usize;
        while self.messages >= OUTBOX_MESSAGES || self.weight + weight(bytes) > OUTBOX_BYTES {
            match self.lowest() {
                Some(lowest) if lowest >= class.max(FIRST_DROPPABLE) => {
                    self.take(lowest);
                    self.dropped += 1;
                }
                _ if class >= FIRST_DROPPABLE => {
                    self.dropped += 1;
                    return Ok(());
                }
                _ => return Err(OutboxFull),
            }
        }
        self.queues[class].push_back((message, bytes));
        self.mask |= 1 << class;
        self.messages += 1;
        self.bytes += bytes;
        self.weight += weight(bytes);
        Ok(())
    }

    /// The next to send: most urgent first, oldest first within a class.
    pub fn pop(&mut self) -> Option<(M, usize)> {
        self.take(self.mask.trailing_zeros() as usize)
    }

    /// The oldest message of a class.
    pub fn oldest(&self, priority: Priority) -> Option<&M> {
        self.queues[priority as usize].front().map(|(message, _)| message)
    }

    /// Messages that wait.
    pub fn len(&self) -> usize {
        self.messages
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether more waits than the line takes: then what can be said [more briefly](briefer) is.
    pub fn is_backed_up(&self) -> bool {
        self.bytes >= EAGER_BACKLOG
    }

    /// Messages dropped since the start.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The least urgent class in which something waits.
    fn lowest(&self) -> Option<usize> {
        self.mask.checked_ilog2().map(|class| class as usize)
    }

    /// Takes the oldest of a class.
    fn take(&mut self, class: usize) -> Option<(M, usize)> {
        let queue = self.queues.get_mut(class)?;
        let (message, bytes) = queue.pop_front()?;
        if queue.is_empty() {
            self.mask &= !(1 << class);
        }
        self.messages -= 1;
        self.bytes -= bytes;
        self.weight -= weight(bytes);
        Some((message, bytes))
    }
}

/// What is sent instead to a peer whose outbox [is backed up](Outbox::is_backed_up): of a new block its header. Whoever has room for the
/// body asks for it, once, and not of everybody.
pub fn briefer(message: &Message) -> Option<Message> {
    match message {
        Message::NewBlock { block } => Some(Message::Headers { answer: false, headers: vec![block.header] }),
        _ => None,
    }
}

/// What a message of `bytes` counts for.
fn weight(bytes: usize) -> usize {
    bytes.min(HEAVIEST)
}

impl<M> Default for Outbox<M> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
