//! Applies transfers to a state: the one place where coins move, used to validate a block and to build one.

use super::state::{self, Key, Keyed};
use super::{Account, Address, State, Transfer};
use std::collections::BTreeMap;

/// Why a transfer does not apply to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ExecuteError {
    #[error("its nonce is {found}, the account's is {wanted}")]
    Nonce { found: u64, wanted: u64 },
    #[error("it costs more than the account's {0}")]
    Balance(u64),
    #[error("the account has used up its nonces")]
    NoncesUsedUp,
    #[error("the receiver's balance overflows")]
    ReceiverOverflow,
    #[error("reward and fees overflow the miner's balance")]
    MinerOverflow,
}

/// A state with the changes of a block that is being executed.
pub(super) struct Execution<'a> {
    state: &'a State,
    /// Each with its key in the state, which is a hash: it is taken once.
    changed: BTreeMap<Address, (Key, Account)>,
    fees: u64,
}

impl<'a> Execution<'a> {
    pub(super) fn new(state: &'a State) -> Self {
        Self { state, changed: BTreeMap::new(), fees: 0 }
    }

    /// Moves amount and fee, and counts up the payer's nonce. Changes nothing if it does not apply.
    pub(super) fn apply(&mut self, transfer: &Transfer) -> Result<(), ExecuteError> {
        let (payer_key, mut payer) = self.account(&transfer.from);
        if payer.nonce != transfer.nonce {
            return Err(ExecuteError::Nonce { found: transfer.nonce, wanted: payer.nonce });
        }
        let left = transfer.cost().and_then(|cost| payer.balance.checked_sub(cost));
        payer.balance = left.ok_or(ExecuteError::Balance(payer.balance))?;
        payer.nonce = payer.nonce.checked_add(1).ok_or(ExecuteError::NoncesUsedUp)?;
        let fees = self.fees.checked_add(transfer.fee).ok_or(ExecuteError::MinerOverflow)?;
        if transfer.from == transfer.to {
            // What it pays comes back to it; it cannot overflow, since it was there before.
            payer.balance += transfer.amount;
        } else {
            let (key, mut receiver) = self.account(&transfer.to);
            receiver.balance = receiver.balance.checked_add(transfer.amount).ok_or(ExecuteError::ReceiverOverflow)?;
            self.changed.insert(transfer.to, (key, receiver));
        }
        self.changed.insert(transfer.from, (payer_key, payer));
        self.fees = fees;
        Ok(())
    }

    /// Pays the miner, and gives the state after the block.
    pub(super) fn finish(mut self, miner: &Address, reward: u64) -> Result<State, ExecuteError> {
        let (key, mut account) = self.account(miner);
        let income = reward.checked_add(self.fees).ok_or(ExecuteError::MinerOverflow)?;
        account.balance = account.balance.checked_add(income).ok_or(ExecuteError::MinerOverflow)?;
        self.changed.insert(*miner, (key, account));
        let changes: Vec<Keyed> = self.changed.into_iter().map(|(address, (key, account))| (key, address, account)).collect();
        Ok(self.state.with_keyed(changes))
    }

    fn account(&self, address: &Address) -> (Key, Account) {
        self.changed.get(address).copied().unwrap_or_else(|| {
            let key = state::key(address);
            (key, self.state.get_keyed(&key, address).unwrap_or_default())
        })
    }
}
