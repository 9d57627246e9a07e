//! What is kept: every validated block, once, with the tip it belongs to. A store that fails is tried again, and nothing is lost
//! as long as the process lives.

use super::context::Context;
use super::limits::STORE_RETRY;
use super::timers::Timer;
use super::{Event, Node, Output};
use crate::chain::{Block, BlockId};
use crate::store::Batch;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Blocks handed to the store and not yet acknowledged.
#[derive(Default)]
pub(super) struct State {
    waiting: BTreeMap<(u64, BlockId), Arc<Block>>,
    /// Whether the last attempt failed and [`Timer::StoreRetry`] is set.
    failed: bool,
}

impl Node {
    /// Hands blocks that joined the main chain to the store.
    pub(super) fn store(&mut self, cx: &mut Context<'_>, blocks: &[Arc<Block>]) {
        for block in blocks {
            self.storage.waiting.insert((block.header.height, block.id()), block.clone());
        }
        if !self.storage.failed {
            cx.out.push(Output::Store(Batch {
                blocks: blocks.to_vec(),
                tip: self.ledger.tip().id,
                state: self.ledger.state().clone(),
            }));
        }
    }

    /// They are safe.
    pub(super) fn on_stored(&mut self, ids: &[BlockId]) {
        for id in ids {
            if let Some(height) = self.ledger.header(id).map(|header| header.height) {
                self.storage.waiting.remove(&(height, *id));
            }
            self.ledger.stored(id);
        }
    }

    /// The store failed: the node goes on in memory, says so, and tries again.
    pub(super) fn on_store_failed(&mut self, cx: &mut Context<'_>, why: String) {
        let text = format!(
            "{} blocks are not stored: {why}. Trying again every {} s",
            self.storage.waiting.len(),
            STORE_RETRY.as_secs()
        );
        cx.event(Event::Warning { text });
        if !std::mem::replace(&mut self.storage.failed, true) {
            self.timers.set(cx.now + STORE_RETRY, Timer::StoreRetry);
        }
    }

    /// A stored block could not be read. There is nothing to try again: who wants it asks again, and what the ledger needs comes from peers.
    pub(super) fn on_read_failed(&mut self, cx: &mut Context<'_>, why: &str) {
        if let Some(more) = self.report.unread.say(cx.now) {
            cx.event(Event::Warning { text: format!("a stored block cannot be read{more}: {why}") });
        }
    }

    /// Time to try again.
    pub(super) fn on_store_retry(&mut self, cx: &mut Context<'_>) {
        if std::mem::take(&mut self.storage.failed) {
            self.store_again(cx);
        }
    }

    /// Hands over all that is not acknowledged.
    pub(super) fn store_again(&mut self, cx: &mut Context<'_>) {
        if !self.storage.waiting.is_empty() {
            let blocks: Vec<_> = self.storage.waiting.values().cloned().collect();
            cx.out.push(Output::Store(Batch { blocks, tip: self.ledger.tip().id, state: self.ledger.state().clone() }));
        }
    }
}
