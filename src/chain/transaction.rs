//! Signed transfers.

use super::{Address, ChainId, KeyPair, Signature, TransactionError, TxId, encode, validate};

/// What is signed: `amount` from one account to another, and `fee` to the miner. Amounts are in the smallest unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub struct Transfer {
    /// The chain it is for, so that it cannot be replayed on another.
    pub chain: ChainId,
    /// Who pays.
    pub from: Address,
    /// Who is paid.
    pub to: Address,
    /// How much.
    pub amount: u64,
    /// What the miner gets.
    pub fee: u64,
    /// The payer's count of transfers before this one.
    pub nonce: u64,
}

/// A transfer with its payer's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub struct Transaction {
    /// What was signed.
    pub transfer: Transfer,
    /// By `transfer.from`.
    pub signature: Signature,
}

impl Transfer {
    /// Signs it. `keys` must be those of `self.from`, else the result will not verify.
    pub fn sign(self, keys: &KeyPair) -> Transaction {
        Transaction { signature: keys.sign(&encode::signed_bytes(&self)), transfer: self }
    }
    /// What it takes from the payer: amount and fee. `None` if that does not fit 64 bits.
    pub fn cost(&self) -> Option<u64> {
        self.amount.checked_add(self.fee)
    }
    /// Checks all that needs neither state nor signature: the chain, and that the cost does not overflow.
    pub(super) fn check(&self, chain: ChainId) -> Result<(), TransactionError> {
        if self.chain != chain {
            return Err(TransactionError::WrongChain(self.chain.0));
        }
        self.cost().map(|_| ()).ok_or(TransactionError::Overflow)
    }
}

impl Transaction {
    /// Its id (double SHA-256 of the canonical encoding, signature included).
    pub fn id(&self) -> TxId {
        TxId(encode::transaction_hash(self))
    }
    /// Bytes of its canonical encoding (the domain tag left out): what it counts for in a block and in the pool.
    pub const SIZE: usize = 4 + 32 + 32 + 8 + 8 + 8 + 64;
    /// Checks all that needs no state: chain, amounts that do not overflow, signature.
    pub fn verify(&self, chain: ChainId) -> Result<(), TransactionError> {
        self.transfer.check(chain)?;
        match self.has_valid_signature() {
            true => Ok(()),
            false => Err(TransactionError::BadSignature),
        }
    }
    pub(super) fn has_valid_signature(&self) -> bool {
        self.signature.verify(&self.transfer.from, &encode::signed_bytes(&self.transfer))
    }
}

/// Checks many signatures at once (batch; one thread). `Err` holds the index of one that fails: the first.
pub fn verify_signatures(transactions: &[Transaction]) -> Result<(), usize> {
    let ids: Vec<TxId> = transactions.iter().map(Transaction::id).collect();
    validate::verify_batch(transactions, &ids)
}

#[cfg(test)]
#[path = "transaction_tests.rs"]
mod tests;
