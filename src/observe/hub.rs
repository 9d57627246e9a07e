//! The queue between nodes and whoever watches them: bounded, double-buffered, and never in a node's way.

use super::limits::{QUEUE_EVENTS, QUEUE_KEEP, QUEUE_RESERVE};
use crate::node::{Event, EventSink, Stamped};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where nodes put events and an observer takes them.
///
/// Putting one in is a push under a lock that is held for nothing else; taking all is a swap under the same lock. When nobody takes
/// them, what comes is counted and dropped, chatter first.
pub struct Hub {
    queue: Mutex<Queue>,
    filled: Condvar,
    capacity: usize,
}

#[derive(Default)]
struct Queue {
    events: Vec<Stamped>,
    dropped: u64,
}

impl Hub {
    /// For [`QUEUE_EVENTS`] events.
    pub fn new() -> Arc<Self> {
        Self::with_capacity(QUEUE_EVENTS)
    }

    /// For `capacity` events.
    pub fn with_capacity(capacity: usize) -> Arc<Self> {
        Arc::new(Self { queue: Mutex::new(Queue::default()), filled: Condvar::new(), capacity: capacity.max(1) })
    }

    /// What to give to nodes.
    pub fn sink(self: &Arc<Self>) -> EventSink {
        let hub = Arc::clone(self);
        Arc::new(move |event| hub.push(event))
    }

    /// Puts an event in, or counts it as dropped. Never waits for the reader's work.
    pub fn push(&self, event: Stamped) {
        let room = if is_chatter(&event.event) { self.capacity - self.capacity / QUEUE_RESERVE } else { self.capacity };
        let mut queue = self.lock();
        if queue.events.len() >= room {
            queue.dropped += 1;
            return;
        }
        queue.events.push(event);
        if queue.events.len() == 1 {
            drop(queue);
            self.filled.notify_one();
        }
    }

    /// How many events wait.
    pub fn waiting(&self) -> usize {
        self.lock().events.len()
    }

    /// Takes all events in their order, in exchange for `buffer`, whose content is discarded. Returns how many were dropped since
    /// the last call.
    pub fn drain(&self, buffer: &mut Vec<Stamped>) -> u64 {
        // A burst's room is given back little by little once it is no longer used.
        let used = buffer.len();
        buffer.clear();
        if buffer.capacity() > QUEUE_KEEP && used < buffer.capacity() / 8 {
            buffer.shrink_to((buffer.capacity() / 2).max(QUEUE_KEEP));
        }
        let mut queue = self.lock();
        std::mem::swap(&mut queue.events, buffer);
        std::mem::take(&mut queue.dropped)
    }

    /// Waits until there is an event, at most `timeout`. For a thread that has nothing else to do; whether there is one.
    pub fn wait(&self, timeout: Duration) -> bool {
        let (queue, _) = self
            .filled
            .wait_timeout_while(self.lock(), timeout, |queue| queue.events.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        !queue.events.is_empty()
    }

    /// A push cannot leave the queue half changed, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sink that gives each event to all of `sinks`, in their order.
pub fn tee(sinks: Vec<EventSink>) -> EventSink {
    Arc::new(move |event: Stamped| {
        if let Some((last, rest)) = sinks.split_last() {
            for sink in rest {
                sink(event.clone());
            }
            last(event);
        }
    })
}

/// Events whose loss leaves a graph a little poorer, and nothing wrong.
pub(super) fn is_chatter(event: &Event) -> bool {
    matches!(
        event,
        Event::Connecting { .. }
            | Event::RoundTrip { .. }
            | Event::PeerHeight { .. }
            | Event::AddressesReceived { .. }
            | Event::TransactionAccepted { .. }
            | Event::Asked { .. }
            | Event::Mining { .. }
            | Event::Pulse { .. }
            | Event::Loss { .. }
            | Event::Statistics { .. }
    )
}
