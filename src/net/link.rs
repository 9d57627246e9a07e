//! What the node task and a connection's task share: the outbox, and whether and how to end.

use super::switches::Switches;
use crate::link::{LinkModel, Packets};
use crate::node::{CloseReason, Outbox, OutboxFull, Priority};
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// A frame that waits, since when, and how many bytes the peer had taken by then.
struct Queued {
    frame: Bytes,
    since: Instant,
    taken: u64,
}

/// Guarded by one lock.
#[derive(Default)]
struct State {
    outbox: Outbox<Queued>,
    close: Option<CloseReason>,
    model: LinkModel,
    packets: Packets,
}

/// The node task's way to one connection.
#[derive(Default)]
pub struct Link {
    state: Mutex<State>,
    established: AtomicBool,
    /// Bytes that the peer has taken.
    taken: AtomicU64,
    /// Blocks that were asked of the peer and have not come.
    asked: AtomicUsize,
    /// The model is another than its task knows.
    reshaped: AtomicBool,
    /// Of the chances of what is sent.
    seed: u64,
    switches: Arc<Switches>,
    wake: Notify,
}

impl Link {
    /// The way to a connection over which frames travel as `model` says, by chances from `seed`.
    pub(super) fn new(switches: Arc<Switches>, model: LinkModel, seed: u64) -> Self {
        let state = Mutex::new(State { model, ..State::default() });
        Self { state, reshaped: AtomicBool::new(!model.is_clear()), seed, switches, ..Self::default() }
    }

    /// What is sent travels otherwise from now on; what is on its way arrives as it would have.
    pub fn set_model(&self, model: LinkModel) {
        self.state().model = model;
        self.reshaped.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Whether the model has changed since it was taken: one load, as it is asked in each round.
    pub(super) fn is_reshaped(&self) -> bool {
        self.reshaped.load(Ordering::Acquire)
    }

    /// The model, for its task.
    pub(super) fn take_model(&self) -> LinkModel {
        // Cleared first: a change in between is seen again.
        self.reshaped.store(false, Ordering::Release);
        self.state().model
    }

    /// Of the chances of what is sent.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// The node's switches.
    pub(super) fn switches(&self) -> &Arc<Switches> {
        &self.switches
    }

    /// Queues an encoded frame; does nothing once the connection is being closed.
    ///
    /// # Errors
    /// [`OutboxFull`]: the connection is to be closed.
    pub fn push(&self, frame: &Bytes, priority: Priority, now: Instant) -> Result<(), OutboxFull> {
        let mut state = self.state();
        if state.close.is_some() {
            return Ok(());
        }
        let idle = state.outbox.is_empty();
        let bytes = frame.len();
        let taken = self.taken.load(Ordering::Relaxed);
        state.outbox.push(Queued { frame: frame.clone(), since: now, taken }, bytes, priority)?;
        drop(state);
        // Its task empties the outbox whenever it looks, so one call is enough.
        if idle {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Ends the connection. An abrupt close overrides a graceful one; else the first reason stands.
    pub fn close(&self, reason: CloseReason) {
        let mut state = self.state();
        let stronger = matches!((&state.close, &reason), (Some(CloseReason::Graceful(_)), CloseReason::Abrupt(_)));
        if state.close.is_none() || stronger {
            state.close = Some(reason);
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Hands are shaken: the peer may now send what its messages' caps allow.
    pub fn establish(&self) {
        self.established.store(true, Ordering::Release);
    }

    /// Whether hands are shaken.
    pub fn is_established(&self) -> bool {
        self.established.load(Ordering::Acquire)
    }

    /// A block is asked of the peer.
    pub fn ask(&self) {
        self.asked.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether the peer was asked for a block that has not come.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire) > 0
    }

    /// A block has come, asked for or not.
    pub(super) fn came(&self) {
        // One that was not asked for takes nothing away.
        let _ = self.asked.fetch_update(Ordering::AcqRel, Ordering::Acquire, |asked| asked.checked_sub(1));
    }

    /// Why the connection is to end, if it is.
    pub(super) fn closing(&self) -> Option<CloseReason> {
        self.state().close.clone()
    }

    /// Takes frames until they make `bytes`, most urgent first; whether something is to be sent.
    pub(super) fn take(&self, bytes: usize, into: &mut VecDeque<Bytes>) -> bool {
        let mut state = self.state();
        let mut taken = 0;
        while taken < bytes
            && let Some((queued, size)) = state.outbox.pop()
        {
            taken += size;
            into.push_back(queued.frame);
        }
        taken > 0
    }

    /// The peer has taken bytes.
    pub(super) fn took(&self, bytes: usize) {
        self.taken.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Since when the oldest critical or high message waits, and how many bytes the peer has taken meanwhile.
    pub(super) fn urgent_since(&self) -> Option<(Instant, u64)> {
        let state = self.state();
        let urgent = [Priority::Critical, Priority::High].into_iter().filter_map(|priority| state.outbox.oldest(priority));
        let oldest = urgent.min_by_key(|queued| queued.since)?;
        Some((oldest.since, self.taken.load(Ordering::Relaxed).saturating_sub(oldest.taken)))
    }

    /// Wakes when something was queued, or the connection is to end.
    pub(super) fn woken(&self) -> tokio::sync::futures::Notified<'_> {
        self.wake.notified()
    }

    /// Messages and bytes that wait, and messages dropped so far.
    pub fn waiting(&self) -> (usize, usize, u64) {
        let state = self.state();
        (state.outbox.len(), state.outbox.bytes(), state.outbox.dropped())
    }

    /// Whether more waits than the line takes.
    pub fn is_backed_up(&self) -> bool {
        self.state().outbox.is_backed_up()
    }

    /// What has gone over a lossy link, as its task has counted.
    pub fn packets(&self) -> Packets {
        self.state().packets
    }

    /// Its task has counted so much.
    pub(super) fn set_packets(&self, packets: Packets) {
        self.state().packets = packets;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
