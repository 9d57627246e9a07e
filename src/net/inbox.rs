//! What peers sent and the node has not yet handled, bounded by weight: whoever would pass the bound waits, and reads no more meanwhile. Each
//! connection has its share of it, so that what others sent waits only so long behind the flood of one.

use super::limits::{INBOX_SHARE, INBOX_WEIGHT, INPUT_WEIGHT};
use super::link::Link;
use super::secure::Transport;
use crate::chain::Address;
use crate::node::{ConnectionId, Direction, Input};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc};

/// What a connection tells the node task.
pub enum Item {
    /// It is up. With it comes the way to send over it.
    Connected {
        /// Its number.
        connection: ConnectionId,
        /// The other end.
        address: SocketAddr,
        /// Who dialled.
        direction: Direction,
        /// Its node id, proven.
        peer: Address,
        /// The way to send over it.
        link: Arc<Link>,
    },
    /// Somebody dialled us who speaks another transport, and was told.
    Mismatch {
        /// From where.
        address: SocketAddr,
        /// Which.
        theirs: Transport,
    },
    /// Anything else.
    Input(Input),
}

/// An item, and what it weighs.
pub struct Delivery {
    /// The item.
    pub item: Item,
    /// To be given back to the [`Outlet`] once it is handled.
    pub weight: u32,
    /// Of its connection's share: given back when this is dropped.
    pub share: Option<OwnedSemaphorePermit>,
}

/// Room for one input.
pub struct Permit {
    all: OwnedSemaphorePermit,
    share: OwnedSemaphorePermit,
}

/// The end that connections hold.
#[derive(Clone)]
pub struct Inbox {
    queue: mpsc::UnboundedSender<Delivery>,
    room: Arc<Semaphore>,
    /// What is left of this connection's share.
    share: Arc<Semaphore>,
}

/// The end that the node task holds.
pub struct Outlet {
    queue: mpsc::UnboundedReceiver<Delivery>,
    room: Arc<Semaphore>,
}

/// Waiting for room for one item.
pub type Waiting = Pin<Box<dyn Future<Output = Result<Permit, AcquireError>> + Send>>;

/// The node task has ended.
#[derive(Debug)]
pub struct Gone;

/// A new inbox, for one connection and, by [`Inbox::another`], for more. Its queue is bounded by the weights that go in.
pub fn inbox() -> (Inbox, Outlet) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(INBOX_WEIGHT));
    let share = Arc::new(Semaphore::new(INBOX_SHARE));
    (Inbox { queue: sender, room: Arc::clone(&room), share }, Outlet { queue: receiver, room })
}

/// What an input of `bytes` weighs; the largest as much as all there is room for.
fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes.saturating_add(INPUT_WEIGHT).min(INBOX_WEIGHT)).unwrap_or(u32::MAX)
}

/// What an input of this weight takes of its connection's share: the largest all of it.
fn of_share(weight: u32) -> u32 {
    weight.min(u32::try_from(INBOX_SHARE).unwrap_or(u32::MAX))
}

impl Inbox {
    /// The same inbox, for another connection.
    pub fn another(&self) -> Self {
        Self { share: Arc::new(Semaphore::new(INBOX_SHARE)), ..self.clone() }
    }

    /// Hands in an input if there is room; else gives it back, with what to wait for before [`Inbox::finish`].
    pub fn offer(&self, input: Input, bytes: usize) -> Result<Option<(Input, Waiting)>, Gone> {
        let weight = weight(bytes);
        let taken = Arc::clone(&self.share).try_acquire_many_owned(of_share(weight)).and_then(|share| {
            self.room.try_acquire_many(weight)?.forget();
            Ok(share)
        });
        match taken {
            Ok(share) => self.send(Item::Input(input), weight, Some(share)).map(|()| None),
            Err(TryAcquireError::NoPermits) => Ok(Some((input, self.wait(weight)))),
            Err(TryAcquireError::Closed) => Err(Gone),
        }
    }

    fn wait(&self, weight: u32) -> Waiting {
        let (room, share) = (Arc::clone(&self.room), Arc::clone(&self.share));
        Box::pin(async move {
            // One's own share first: who waits for that keeps no room from others.
            let share = share.acquire_many_owned(of_share(weight)).await?;
            let all = room.acquire_many_owned(weight).await?;
            Ok(Permit { all, share })
        })
    }

    /// Hands in an input for which room was waited for.
    pub fn finish(&self, input: Input, permit: Permit) -> Result<(), Gone> {
        let Permit { all, share } = permit;
        let weight = u32::try_from(all.num_permits()).unwrap_or(u32::MAX);
        all.forget();
        self.send(Item::Input(input), weight, Some(share))
    }

    /// Hands in what comes once or twice for a connection, and weighs nothing.
    pub fn tell(&self, item: Item) -> Result<(), Gone> {
        self.send(item, 0, None)
    }

    fn send(&self, item: Item, weight: u32, share: Option<OwnedSemaphorePermit>) -> Result<(), Gone> {
        self.queue.send(Delivery { item, weight, share }).map_err(|_| Gone)
    }
}

impl Outlet {
    /// Takes up to `most` deliveries, at least one; zero when nothing can come any more.
    pub async fn take(&mut self, into: &mut Vec<Delivery>, most: usize) -> usize {
        self.queue.recv_many(into, most).await
    }

    /// What weighed this much was handled.
    pub fn handled(&self, weight: usize) {
        self.room.add_permits(weight);
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        // Whoever waits for room learns that nobody reads.
        self.room.close();
    }
}

#[cfg(test)]
#[path = "inbox_tests.rs"]
mod tests;
