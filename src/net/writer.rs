//! The store's thread: whatever waits goes to disk in one commit; the address book after it.

use super::limits::STORE_ORDERS;
use crate::chain::{Block, BlockId};
use crate::node::Input;
use crate::store::{AddressFile, Batch, SavedAddresses, Store};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use tokio::sync::oneshot;

/// What the node wants of its store.
enum Order {
    Store(Batch),
    Load(u64, Vec<BlockId>),
    Keep(Box<SavedAddresses>),
}

/// The thread that owns the store. When this is dropped it commits what is queued, and ends.
pub struct Writer {
    orders: Sender<Order>,
    abandoned: Arc<AtomicBool>,
    ended: oneshot::Receiver<()>,
}

impl Writer {
    /// Starts the thread; answers go to `answer`.
    pub fn start(
        store: Box<dyn Store>,
        addresses: Option<AddressFile>,
        answer: impl Fn(Input) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = channel();
        let (end, ended) = oneshot::channel();
        let abandoned = Arc::new(AtomicBool::new(false));
        let given_up = Arc::clone(&abandoned);
        thread::Builder::new().name("store".to_owned()).spawn(move || {
            serve(store, addresses.as_ref(), &receiver, &given_up, answer);
            // Nobody may be waiting any more.
            let _ = end.send(());
        })?;
        Ok(Self { orders: sender, abandoned, ended })
    }

    /// Keeps a batch.
    pub fn store(&self, batch: Batch) {
        let _ = self.orders.send(Order::Store(batch));
    }

    /// Keeps the address book.
    pub fn keep(&self, addresses: Box<SavedAddresses>) {
        let _ = self.orders.send(Order::Keep(addresses));
    }

    /// Reads blocks.
    pub fn load(&self, request: u64, ids: Vec<BlockId>) {
        let _ = self.orders.send(Order::Load(request, ids));
    }

    /// Waits until all that is queued is committed.
    pub async fn finish(self) {
        let Self { orders, ended, .. } = self;
        drop(orders);
        let _ = ended.await;
    }

    /// Throws away what is queued, and waits until the store is closed. A commit under way is still made.
    pub async fn abandon(self) {
        self.abandoned.store(true, Ordering::Release);
        self.finish().await;
    }
}

/// What waits to be committed.
#[derive(Default)]
struct Queue {
    batch: Option<Batch>,
    /// The blocks in it: the node hands over again what it has no word of, and each is held once.
    ids: HashSet<BlockId>,
    /// It was tried as it is, and failed.
    failed: bool,
}

/// Serves until nobody can order any more and the queue is empty, or until it is abandoned.
fn serve(
    mut store: Box<dyn Store>,
    addresses: Option<&AddressFile>,
    orders: &Receiver<Order>,
    abandoned: &AtomicBool,
    answer: impl Fn(Input),
) {
    let mut queue = Queue::default();
    while let Ok(first) = orders.recv() {
        let mut book = None;
        // One commit for all that came meanwhile. A load sees what was ordered before it.
        for order in std::iter::once(first).chain(orders.try_iter().take(STORE_ORDERS)) {
            if abandoned.load(Ordering::Acquire) {
                return;
            }
            match order {
                Order::Store(batch) => queue.merge(batch),
                Order::Load(request, ids) => {
                    queue.commit(&mut *store, &answer);
                    load(&*store, request, &ids, &answer);
                }
                Order::Keep(addresses) => book = Some(addresses),
            }
        }
        queue.commit(&mut *store, &answer);
        // After the chain: of the two it is what cannot be found again.
        if let (Some(file), Some(book)) = (addresses, book) {
            let kept = file.save(&book).inspect_err(|error| tracing::warn!(%error, "the address book could not be kept"));
            answer(Input::AddressesKept(kept.map_err(|error| error.to_string())));
        }
    }
}

impl Queue {
    /// Blocks one after the other, each once; the last tip and state win.
    fn merge(&mut self, batch: Batch) {
        let Batch { mut blocks, tip, state } = batch;
        blocks.retain(|block| self.ids.insert(block.id()));
        match &mut self.batch {
            None => self.batch = Some(Batch { blocks, tip, state }),
            Some(before) => {
                before.blocks.append(&mut blocks);
                (before.tip, before.state) = (tip, state);
            }
        }
        self.failed = false;
    }

    /// Commits what waits, unless it has just failed: when it is tried again is for the node to say. Till then it is held, since what the
    /// node hands over before it hears of the failure builds on it. What is held is no more than what the node holds itself.
    fn commit(&mut self, store: &mut dyn Store, answer: &impl Fn(Input)) {
        if self.failed {
            return;
        }
        let Some(batch) = self.batch.take() else { return };
        match store.commit(&batch) {
            Ok(()) => {
                self.ids.clear();
                answer(Input::Stored(batch.blocks.iter().map(|block| block.id()).collect()));
            }
            Err(error) => {
                tracing::error!(%error, "the store failed");
                answer(Input::StoreFailed(error.to_string()));
                self.batch = Some(batch);
                self.failed = true;
            }
        }
    }
}

fn load(store: &dyn Store, request: u64, ids: &[BlockId], answer: &impl Fn(Input)) {
    let mut blocks: Vec<(BlockId, Option<Arc<Block>>)> = Vec::with_capacity(ids.len());
    for id in ids {
        let block = store.block(id).unwrap_or_else(|error| {
            answer(Input::StoreFailed(error.to_string()));
            None
        });
        blocks.push((*id, block));
    }
    answer(Input::Loaded { request, blocks });
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
