//! The waiting transactions of one account, by nonce.

use crate::chain::limits::{POOL_ACCOUNT_CHAIN, REPLACEMENT_FEE_DIVISOR};
use crate::chain::{Account, Transaction, Transfer, TxId};
use std::collections::BTreeMap;

/// A transaction in the pool.
pub(super) struct Waiting {
    pub(super) transaction: Transaction,
    pub(super) id: TxId,
    /// When it came: Unix milliseconds.
    pub(super) added: u64,
    /// Which it was of all that came.
    pub(super) arrival: u64,
}

/// What waits of one account. Affordable as a whole, and less than 64 nonces ahead of the account.
pub(super) struct Queue {
    account: Account,
    /// By nonce. A list, since most accounts have one or two: a tree's node has room for eleven, which is two kilobytes and more.
    waiting: Vec<Waiting>,
    cost: u128,
}

/// What a transfer takes from its payer.
pub(super) fn cost(transfer: &Transfer) -> u128 {
    u128::from(transfer.amount) + u128::from(transfer.fee)
}

/// The least fee that replaces a transaction of this fee.
pub(super) fn replacement_fee(old: u64) -> u64 {
    old.saturating_add(old.div_ceil(REPLACEMENT_FEE_DIVISOR).max(1))
}

/// What the tail of a queue would be worth with this transfer in it (see [`Queue::tail`]).
pub(super) fn worth_with(queue: Option<&Queue>, account_nonce: u64, transfer: &Transfer) -> u64 {
    let others = queue
        .into_iter()
        .flat_map(Queue::iter)
        .map(|waiting| (waiting.nonce(), waiting.transaction.transfer.fee))
        .filter(|(nonce, _)| *nonce >= account_nonce);
    let mut fees: BTreeMap<u64, u64> = others.collect();
    fees.insert(transfer.nonce, transfer.fee);
    worth(account_nonce, fees.into_iter())
}

/// The lowest fee of a row of nonces, or 0 if it has a gap.
fn worth(account_nonce: u64, fees: impl ExactSizeIterator<Item = (u64, u64)>) -> u64 {
    let count = fees.len() as u64;
    let (last, lowest) = fees.fold((account_nonce, u64::MAX), |(_, lowest), (nonce, fee)| (nonce, lowest.min(fee)));
    if last - account_nonce == count.saturating_sub(1) { lowest } else { 0 }
}

impl Waiting {
    fn nonce(&self) -> u64 {
        self.transaction.transfer.nonce
    }
}

impl Queue {
    pub(super) fn new(account: Account) -> Self {
        Self { account, waiting: Vec::new(), cost: 0 }
    }

    /// Where this nonce is (`Ok`), or would be.
    fn place(&self, nonce: u64) -> Result<usize, usize> {
        self.waiting.binary_search_by_key(&nonce, Waiting::nonce)
    }

    pub(super) fn get(&self, nonce: u64) -> Option<&Waiting> {
        self.waiting.get(self.place(nonce).ok()?)
    }

    /// All, by nonce.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Waiting> {
        self.waiting.iter()
    }

    /// Whether none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn last_nonce(&self) -> Option<u64> {
        self.waiting.last().map(Waiting::nonce)
    }

    /// Whether it was checked against the account as it is here.
    pub(super) fn is_of(&self, account: &Account) -> bool {
        self.account == *account
    }

    /// The account's nonce: the head's, if the head could be mined now.
    pub(super) fn account_nonce(&self) -> u64 {
        self.account.nonce
    }

    /// What all of them together take from the account.
    pub(super) fn cost(&self) -> u128 {
        self.cost
    }

    /// The first nonce from `nonce` on that is not here.
    pub(super) fn next_nonce(&self, mut nonce: u64) -> u64 {
        while self.place(nonce).is_ok() && nonce < u64::MAX {
            nonce += 1;
        }
        nonce
    }

    /// Fee and arrival of the one that could be mined now.
    pub(super) fn head(&self) -> Option<(u64, u64)> {
        self.get(self.account.nonce).map(|head| (head.transaction.transfer.fee, head.arrival))
    }

    /// What the last one is worth, and its arrival. It can only be mined after all before it, so it is worth no more than the
    /// least of them, and nothing if one is missing.
    pub(super) fn tail(&self) -> Option<(u64, u64)> {
        let tail = self.waiting.last()?;
        let fees = self.waiting.iter().map(|waiting| (waiting.nonce(), waiting.transaction.transfer.fee));
        Some((worth(self.account.nonce, fees), tail.arrival))
    }

    /// Adds one; the one it replaces.
    pub(super) fn put(&mut self, waiting: Waiting) -> Option<Waiting> {
        let transfer = waiting.transaction.transfer;
        self.cost += cost(&transfer);
        match self.place(transfer.nonce) {
            Ok(place) => {
                let old = std::mem::replace(&mut self.waiting[place], waiting);
                self.cost -= cost(&old.transaction.transfer);
                Some(old)
            }
            Err(place) => {
                // Room for one, two, four…: a list's own first step would be four.
                if self.waiting.len() == self.waiting.capacity() {
                    self.waiting.reserve_exact(self.waiting.len().max(1));
                }
                self.waiting.insert(place, waiting);
                None
            }
        }
    }

    pub(super) fn remove(&mut self, nonce: u64) -> Option<Waiting> {
        let removed = self.waiting.remove(self.place(nonce).ok()?);
        self.cost -= cost(&removed.transaction.transfer);
        Some(removed)
    }

    /// Takes out what does not fit the account as it is now: used nonces, those too far ahead, and from the end what it cannot pay.
    pub(super) fn set_account(&mut self, account: Account) -> Vec<Waiting> {
        self.account = account;
        let mut out = Vec::new();
        let used = self.waiting.partition_point(|waiting| waiting.nonce() < account.nonce);
        for waiting in self.waiting.drain(..used) {
            self.cost -= cost(&waiting.transaction.transfer);
            out.push(waiting);
        }
        while let Some(nonce) = self.last_nonce() {
            if nonce - account.nonce < POOL_ACCOUNT_CHAIN && self.cost <= u128::from(account.balance) {
                break;
            }
            out.extend(self.remove(nonce));
        }
        out
    }
}
