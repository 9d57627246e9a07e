//! Transactions that wait to be mined, ordered by fee.
//!
//! Each account has a queue by nonce. Two orders are kept over the queues, where they are wanted: by the fee of those heads that could be
//! mined now, and by what the tails are worth (the first to be evicted first). An operation costs the logarithm of the pool and the
//! length of one queue; only to drop what is too old, once a minute, all are looked at.

mod orders;
mod queue;

use super::limits::{POOL_ACCOUNT_CHAIN, POOL_BYTES, POOL_EXPIRY_MS, POOL_TRANSACTIONS};
use super::{Address, PoolError, State, Transaction, TxId};
use orders::Orders;
use queue::{Queue, Waiting};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// What admission did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The transaction's id.
    pub id: TxId,
    /// One it replaced (same account and nonce, at least 10 % less fee).
    pub replaced: Option<TxId>,
    /// Those that went because the pool was full, or their account changed so that they no longer apply.
    pub evicted: Vec<TxId>,
}

/// The pool. Signatures have been verified before a transaction comes here.
pub struct Mempool {
    queues: BTreeMap<Address, Queue>,
    /// Where each transaction waits.
    places: BTreeMap<TxId, (Address, u64)>,
    orders: Orders,
    /// The state that the queues were checked against last.
    state: Option<State>,
    /// How many ever came: orders what pays the same.
    arrivals: u64,
    most: usize,
}

impl Mempool {
    /// An empty pool with the limits of [`super::limits`].
    pub fn new() -> Self {
        Self::with_room_for(POOL_TRANSACTIONS.min(POOL_BYTES / Transaction::SIZE))
    }
    /// An empty pool for at most this many transactions.
    pub(super) fn with_room_for(most: usize) -> Self {
        Self { queues: BTreeMap::new(), places: BTreeMap::new(), orders: Orders::default(), state: None, arrivals: 0, most }
    }
    /// Takes a verified transaction, `now` in Unix milliseconds. Checks nonce (less than 64 ahead of the account), balance of the
    /// whole chain of the account, replacement, capacity.
    ///
    /// `state` is that of the last [`Mempool::tip_changed`]. When the pool is full, the transaction that is worth least leaves:
    /// the tail of the account whose cheapest transaction pays least, since whatever comes after that one waits for it; and before all, tails that
    /// wait for a missing nonce.
    pub fn insert(&mut self, transaction: Transaction, state: &State, now: u64) -> Result<Admitted, PoolError> {
        self.insert_known(transaction.id(), transaction, state, now)
    }
    /// [`Mempool::insert`] for one whose id was computed before.
    pub(crate) fn insert_known(
        &mut self,
        id: TxId,
        transaction: Transaction,
        state: &State,
        now: u64,
    ) -> Result<Admitted, PoolError> {
        let transfer = transaction.transfer;
        if self.places.contains_key(&id) {
            return Err(PoolError::Known);
        }
        let account = state.get(&transfer.from).unwrap_or_default();
        let mut evicted = Vec::new();
        let mut queue = self.queues.get(&transfer.from);
        if queue.is_some_and(|queue| !queue.is_of(&account)) {
            evicted = self.edit(transfer.from, |queue| queue.set_account(account));
            queue = self.queues.get(&transfer.from);
        }
        let (nonce, wanted) = (transfer.nonce, account.nonce);
        if nonce < wanted {
            return Err(PoolError::Stale { nonce, account: wanted });
        }
        if nonce - wanted >= POOL_ACCOUNT_CHAIN {
            return Err(PoolError::TooFarAhead { nonce, account: wanted });
        }
        let replaced = queue.and_then(|queue| queue.get(nonce)).map(|waiting| waiting.transaction.transfer);
        if let Some(old) = replaced {
            let least = queue::replacement_fee(old.fee);
            if transfer.fee < least || transfer.fee == old.fee {
                return Err(PoolError::FeeTooLowToReplace(least));
            }
        }
        let others = queue.map_or(0, |queue| queue.cost()) - replaced.as_ref().map_or(0, queue::cost);
        if others + queue::cost(&transfer) > u128::from(account.balance) {
            return Err(PoolError::Unaffordable);
        }
        while replaced.is_none() && self.len() >= self.most {
            let worth = queue::worth_with(self.queues.get(&transfer.from), account.nonce, &transfer);
            match self.orders.tails(&self.queues).first().copied() {
                Some((least, _, address)) if least < worth => evicted.extend(self.drop_tail(address)),
                _ => return Err(PoolError::Full),
            }
        }
        self.arrivals += 1;
        let waiting = Waiting { transaction, id, added: now, arrival: self.arrivals };
        let queue = self.queues.entry(transfer.from).or_insert_with(|| Queue::new(account));
        self.orders.leave(&transfer.from, queue);
        let replaced = queue.put(waiting).map(|old| old.id);
        self.orders.enter(&transfer.from, queue);
        if let Some(old) = &replaced {
            self.places.remove(old);
        }
        self.places.insert(id, (transfer.from, nonce));
        Ok(Admitted { id, replaced, evicted })
    }
    /// The transaction, if here.
    pub fn get(&self, id: &TxId) -> Option<&Transaction> {
        let (from, nonce) = self.places.get(id)?;
        self.queues.get(from)?.get(*nonce).map(|waiting| &waiting.transaction)
    }
    /// Whether it is here.
    pub fn contains(&self, id: &TxId) -> bool {
        self.places.contains_key(id)
    }
    /// How many wait.
    pub fn len(&self) -> usize {
        self.places.len()
    }
    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Bytes of all that wait (canonical encoding).
    pub fn bytes(&self) -> usize {
        self.len() * Transaction::SIZE
    }
    /// The next nonce `from` may use: the account's, plus what waits here in an unbroken row.
    pub fn next_nonce(&self, from: &Address, state: &State) -> u64 {
        let nonce = state.get(from).unwrap_or_default().nonce;
        self.queues.get(from).map_or(nonce, |queue| queue.next_nonce(nonce))
    }
    /// Up to `count` in the order to mine them: by fee, each account's own in nonce order.
    ///
    /// What waits for a missing nonce is left out. Of equal fees the one that came first goes first.
    pub fn best(&mut self, count: usize) -> Vec<Transaction> {
        self.best_waiting(count, |waiting| waiting.transaction)
    }
    /// The ids of [`Mempool::best`].
    pub fn best_ids(&mut self, count: usize) -> Vec<TxId> {
        self.best_waiting(count, |waiting| waiting.id)
    }

    fn best_waiting<T>(&mut self, count: usize, what: impl Fn(&Waiting) -> T) -> Vec<T> {
        if count.min(self.len()) == 0 {
            return Vec::new();
        }
        let mut best = Vec::with_capacity(count.min(self.len()));
        let mut heads = self.orders.heads(&self.queues).iter().peekable();
        // What follows those that were taken: it can go as soon as the one before it has gone.
        let mut followers: BinaryHeap<(u64, Reverse<u64>, Address, u64)> = BinaryHeap::new();
        while best.len() < count {
            let head = heads.peek().map(|(Reverse(fee), arrival, _)| (*fee, Reverse(*arrival)));
            let follower = followers.peek().map(|(fee, arrival, _, _)| (*fee, *arrival));
            let place = match (head, follower) {
                (None, None) => break,
                (head, follower) if head > follower => {
                    heads.next().and_then(|(_, _, address)| Some((*address, self.queues.get(address)?.account_nonce())))
                }
                _ => followers.pop().map(|(_, _, address, nonce)| (address, nonce)),
            };
            let Some((address, nonce)) = place else { break };
            let Some(queue) = self.queues.get(&address) else {
                continue;
            };
            best.extend(queue.get(nonce).map(&what));
            if let Some((nonce, next)) = nonce.checked_add(1).and_then(|nonce| Some((nonce, queue.get(nonce)?))) {
                followers.push((next.transaction.transfer.fee, Reverse(next.arrival), address, nonce));
            }
        }
        best
    }
    /// The tip changed: drops what was mined or can no longer apply, and takes back what a reorg removed from the chain
    /// (`returned`, oldest first) where it still applies to `state`.
    ///
    /// Looks at the accounts that differ between the last state and this one. A transaction that returns makes room for itself if its
    /// account cannot pay for all: the account's last ones go.
    pub fn tip_changed(&mut self, connected: &[Transaction], returned: &[Transaction], state: &State, now: u64) {
        let changed: Vec<Address> = match &self.state {
            _ if self.queues.is_empty() => Vec::new(),
            Some(old) => state.changes_since(old).into_iter().map(|(address, _)| address).collect(),
            None => self.queues.keys().copied().collect(),
        };
        let named = connected.iter().map(|transaction| transaction.transfer.from);
        let affected: BTreeSet<Address> =
            changed.into_iter().chain(named).filter(|from| self.queues.contains_key(from)).collect();
        for address in affected {
            let account = state.get(&address).unwrap_or_default();
            self.edit(address, |queue| queue.set_account(account));
        }
        self.state = Some(state.clone());
        for transaction in returned {
            while self.insert(*transaction, state, now) == Err(PoolError::Unaffordable) {
                let (from, nonce) = (transaction.transfer.from, transaction.transfer.nonce);
                if self.queues.get(&from).and_then(Queue::last_nonce).is_none_or(|last| last <= nonce) {
                    break;
                }
                self.drop_tail(from);
            }
        }
    }
    /// Drops what has waited longer than an hour, the oldest first; their ids. Looks at all that wait: an order by age, kept up to date with
    /// each transaction that comes and goes, would cost far more.
    pub fn expire(&mut self, now: u64) -> Vec<TxId> {
        let waiting = self.queues.iter().flat_map(|(from, queue)| queue.iter().map(move |waiting| (from, waiting)));
        let mut old: Vec<_> = waiting
            .filter(|(_, waiting)| now.saturating_sub(waiting.added) > POOL_EXPIRY_MS)
            .map(|(from, waiting)| (waiting.added, waiting.id, *from, waiting.transaction.transfer.nonce))
            .collect();
        old.sort_unstable();
        old.into_iter()
            .flat_map(|(_, _, from, nonce)| self.edit(from, |queue| queue.remove(nonce).into_iter().collect()))
            .collect()
    }

    fn drop_tail(&mut self, address: Address) -> Vec<TxId> {
        self.edit(address, |queue| queue.last_nonce().and_then(|nonce| queue.remove(nonce)).into_iter().collect())
    }

    /// Changes one queue and keeps the orders true; the ids of those that `change` took out.
    fn edit(&mut self, address: Address, change: impl FnOnce(&mut Queue) -> Vec<Waiting>) -> Vec<TxId> {
        let Some(queue) = self.queues.get_mut(&address) else {
            return Vec::new();
        };
        self.orders.leave(&address, queue);
        let left = change(queue);
        self.orders.enter(&address, queue);
        if queue.is_empty() {
            self.queues.remove(&address);
        }
        for waiting in &left {
            self.places.remove(&waiting.id);
        }
        left.into_iter().map(|waiting| waiting.id).collect()
    }
}

impl Default for Mempool {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
#[path = "../mempool_tests.rs"]
mod tests;
