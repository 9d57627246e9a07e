//! What makes a chain this chain: its rules' parameters and its first block.

use super::limits::{COIN, DEFAULT_TRIES_PER_SECOND, HEADER_VERSION};
use super::{Account, Address, Block, BlockId, Header, KeyPair, Seal, State, encode};

/// A chain's number: in every signature, so that a transfer of one chain is worthless on another.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    bincode::Encode,
    bincode::Decode,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct ChainId(pub u32);

/// The parameters of a chain. Two nodes agree on a chain when their specs give the same genesis id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainSpec {
    /// The chain's number.
    pub chain: ChainId,
    /// Wanted time between blocks, in milliseconds.
    pub block_time_ms: u64,
    /// Difficulty of the first block after genesis: expected tries.
    pub initial_difficulty: u64,
    /// Newly made for the miner of each block.
    pub reward: u64,
    /// Most transactions in a block.
    pub max_transactions: usize,
    /// Unix milliseconds of the genesis header.
    pub genesis_time: u64,
    /// Accounts and balances at genesis. Sorted by address.
    pub allocation: Vec<(Address, u64)>,
}

/// Seed of the lab faucet's key. It is in the source for everyone to read: lab coins are worth nothing.
const LAB_FAUCET_SEED: [u8; 32] = *b"rumormill lab faucet: public key";

/// What the lab's faucet owns at genesis: a thousand million coins, far below where sums of 64 bits end.
const LAB_FAUCET_BALANCE: u64 = 1_000_000_000 * COIN;

/// 2026-01-01T00:00:00Z in Unix milliseconds: before every block of the lab.
const LAB_GENESIS_TIME: u64 = 1_767_225_600_000;

impl ChainSpec {
    /// The lab chain: a block every 4 s among all miners, and a faucet account whose key everybody knows.
    ///
    /// The first difficulty, 8000, is right for one miner at the default of 2000 tries a second; [`ChainSpec::with_miners`] sets it for more.
    pub fn lab() -> Self {
        Self {
            chain: ChainId(1),
            block_time_ms: 4_000,
            initial_difficulty: 4 * DEFAULT_TRIES_PER_SECOND,
            reward: 50 * COIN,
            max_transactions: 10_000,
            genesis_time: LAB_GENESIS_TIME,
            allocation: vec![(Self::lab_faucet().address(), LAB_FAUCET_BALANCE)],
        }
    }
    /// The faucet's key: public by design, worth nothing outside the lab.
    pub fn lab_faucet() -> KeyPair {
        KeyPair::from_seed(LAB_FAUCET_SEED)
    }
    /// The same chain with another block time (milliseconds), and the first difficulty that gives this block time when all
    /// miners together make `tries_per_second_total` tries a second. At least 1; saturates.
    pub fn with_miners(self, block_time_ms: u64, tries_per_second_total: u64) -> Self {
        let tries = u128::from(block_time_ms) * u128::from(tries_per_second_total) / 1000;
        let initial_difficulty = u64::try_from(tries).unwrap_or(u64::MAX).max(1);
        Self { block_time_ms, initial_difficulty, ..self }
    }
    /// The first block: unsealed, no transactions; its header commits to every parameter of this spec.
    ///
    /// Its transaction root is the hash of the parameters instead of a Merkle root; its time is the genesis time, and its state
    /// root that of the allocation. If an address is allocated twice, the later entry counts.
    /// Builds the whole state of the allocation: keep the result.
    pub fn genesis(&self) -> (Block, State) {
        let accounts = self.allocation.iter().map(|(address, balance)| (*address, Account { balance: *balance, nonce: 0 }));
        let state = State::from_accounts(accounts);
        let header = Header {
            version: HEADER_VERSION,
            height: 0,
            parent: BlockId::default(),
            tx_root: encode::spec_hash(self),
            state_root: state.root(),
            time: self.genesis_time,
            stream: 0,
            difficulty: self.initial_difficulty.max(1),
            miner: Address::default(),
            seal: Seal::Work { nonce: 0 },
        };
        (Block { header, transactions: Vec::new() }, state)
    }
    /// The first block's id. Builds the genesis state; a ledger has it at height 0.
    pub fn genesis_id(&self) -> BlockId {
        self.genesis().0.id()
    }
}

#[cfg(test)]
#[path = "spec_tests.rs"]
mod tests;
