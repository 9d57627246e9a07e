//! Blocks and their headers.

use super::{Address, BlockId, Hash256, Transaction, TxId, difficulty, encode, merkle};
use std::fmt;

/// What makes a header costly to forge. Codes of later seals (`space`, `clock`) are reserved: 1 and 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub enum Seal {
    /// Proof of work: with this nonce the header's id lies below the target of its difficulty.
    Work {
        /// Found by search.
        nonce: u64,
    },
}

/// A block's header. Its canonical encoding is hashed for the id, and is what the seal binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub struct Header {
    /// Version of the rules.
    pub version: u16,
    /// Blocks before it.
    pub height: u64,
    /// The block before it.
    pub parent: BlockId,
    /// Merkle root of the transaction ids.
    pub tx_root: Hash256,
    /// Root of the state after this block.
    pub state_root: Hash256,
    /// When it was made: Unix time, milliseconds.
    pub time: u64,
    /// Which stream of the chain it belongs to; 0 where there is one.
    pub stream: u8,
    /// Expected number of tries to seal it; its share of the chain's work.
    pub difficulty: u64,
    /// Who is paid the reward and the fees.
    pub miner: Address,
    /// The proof.
    pub seal: Seal,
}

/// A header and its transactions.
///
/// Its canonical encoding is the header's, a u32 count, and the transactions'.
#[derive(Clone, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub struct Block {
    /// The header.
    pub header: Header,
    /// In the order in which they are applied.
    pub transactions: Vec<Transaction>,
}

impl Header {
    /// Bytes of its canonical encoding (the domain tag left out).
    pub const SIZE: usize = encode::HEADER_BYTES;
    /// Double SHA-256 of the canonical encoding.
    pub fn id(&self) -> BlockId {
        let Seal::Work { nonce } = self.seal;
        BlockId(encode::header_hash(encode::header_midstate(self), nonce))
    }
    /// Whether its seal holds for the difficulty that it claims; whether that is the right one, only its ancestors tell.
    pub fn is_sealed(&self) -> bool {
        difficulty::meets(&self.id(), self.difficulty)
    }
}

impl Block {
    /// Its header's id.
    pub fn id(&self) -> BlockId {
        self.header.id()
    }
    /// Bytes of its canonical encoding (the domain tags left out).
    pub fn size(&self) -> usize {
        encode::block_size(self)
    }
    /// The ids of its transactions, in order.
    pub fn transaction_ids(&self) -> Vec<TxId> {
        self.transactions.iter().map(Transaction::id).collect()
    }
    /// Whether the transactions are those that the header commits to.
    pub fn body_matches(&self) -> bool {
        merkle::transaction_root(&self.transaction_ids()) == self.header.tx_root
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("id", &self.id())
            .field("height", &self.header.height)
            .field("transactions", &self.transactions.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "block_tests.rs"]
mod tests;
