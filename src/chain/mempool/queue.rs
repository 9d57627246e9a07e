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
    waiting: BTreeMap<u64, Waiting>,
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
    let waiting = queue.map(|queue| &queue.waiting);
    let others = waiting
        .into_iter()
        .flat_map(|waiting| waiting.range(account_nonce..))
        .map(|(nonce, waiting)| (*nonce, waiting.transaction.transfer.fee));
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

impl Queue {
    pub(super) fn new(account: Account) -> Self {
        Self { account, waiting: BTreeMap::new(), cost: 0 }
    }

    pub(super) fn get(&self, nonce: u64) -> Option<&Waiting> {
        self.waiting.get(&nonce)
    }

    pub(super) fn last_nonce(&self) -> Option<u64> {
        self.waiting.last_key_value().map(|(nonce, _)| *nonce)
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
        while self.waiting.contains_key(&nonce) && nonce < u64::MAX {
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
        let (_, tail) = self.waiting.last_key_value()?;
        let fees = self.waiting.iter().map(|(nonce, waiting)| (*nonce, waiting.transaction.transfer.fee));
        Some((worth(self.account.nonce, fees), tail.arrival))
    }

    /// Adds one; the one it replaces.
    pub(super) fn put(&mut self, waiting: Waiting) -> Option<Waiting> {
        let transfer = waiting.transaction.transfer;
        self.cost += cost(&transfer);
        let replaced = self.waiting.insert(transfer.nonce, waiting);
        self.cost -= replaced.as_ref().map_or(0, |old| cost(&old.transaction.transfer));
        replaced
    }

    pub(super) fn remove(&mut self, nonce: u64) -> Option<Waiting> {
        let removed = self.waiting.remove(&nonce)?;
        self.cost -= cost(&removed.transaction.transfer);
        Some(removed)
    }

    /// Takes out what does not fit the account as it is now: used nonces, those too far ahead, and from the end what it cannot pay.
    pub(super) fn set_account(&mut self, account: Account) -> Vec<Waiting> {
        self.account = account;
        let mut out = Vec::new();
        while let Some((nonce, _)) = self.waiting.first_key_value().filter(|(nonce, _)| **nonce < account.nonce) {
            out.extend(self.remove(*nonce));
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
