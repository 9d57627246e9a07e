//! The canonical encoding: the bytes that ids, signatures and roots are computed over.
//!
//! Hand-written, so that no serializer's change can change an id. Integers are little-endian and of fixed width, ids are their 32
//! bytes, fields follow each other in the order of their declaration, and every kind starts with a domain tag, so that the bytes of
//! one kind can never be taken for another's.
//!
//! | What is hashed or signed | Tag, then |
//! |---|---|
//! | header, its id by double SHA-256 | `rumormill/header/1`, version u16, height u64, parent, transaction root, state root, time u64, stream u8, difficulty u64, miner, seal code u8 (0: work), nonce u64 |
//! | transfer, signed | `rumormill/transfer/1`, chain u32, from, to, amount u64, fee u64, nonce u64 |
//! | transaction, its id by double SHA-256 | `rumormill/transaction/1`, the transfer's fields, signature 64 bytes |
//! | chain parameters, SHA-256 | `rumormill/spec/1`, chain u32, block time u64, initial difficulty u64, reward u64, most transactions u64 |

use super::{Block, ChainSpec, Hash256, Header, Seal, Transaction, Transfer};
use sha2::{Digest, Sha256};

const HEADER_TAG: &[u8] = b"rumormill/header/1";
const TRANSFER_TAG: &[u8] = b"rumormill/transfer/1";
const TRANSACTION_TAG: &[u8] = b"rumormill/transaction/1";
const SPEC_TAG: &[u8] = b"rumormill/spec/1";

/// Code of [`Seal::Work`]; 1 and 2 are reserved for `space` and `clock`.
const SEAL_WORK: u8 = 0;

/// Bytes of a header's fields, tag left out.
pub(super) const HEADER_BYTES: usize = 2 + 8 + 32 + 32 + 32 + 8 + 1 + 8 + 32 + 1 + 8;
const NONCE_BYTES: usize = 8;
const TRANSFER_BYTES: usize = 4 + 32 + 32 + 8 + 8 + 8;
/// Bytes of the count before a block's transactions.
const COUNT_BYTES: usize = 4;

/// What comes before the nonce of a header: the same for all tries of a search.
pub(super) type HeaderPrefix = [u8; HEADER_TAG.len() + HEADER_BYTES - NONCE_BYTES];
/// What a payer signs.
pub(super) type SignedBytes = [u8; TRANSFER_TAG.len() + TRANSFER_BYTES];

/// Fills an array of exactly `N` bytes.
struct Writer<const N: usize> {
    bytes: [u8; N],
    at: usize,
}

impl<const N: usize> Writer<N> {
    fn new(tag: &[u8]) -> Self {
        Self { bytes: [0; N], at: 0 }.put(tag)
    }

    fn put(mut self, bytes: &[u8]) -> Self {
        let end = self.at + bytes.len();
        self.bytes[self.at..end].copy_from_slice(bytes);
        self.at = end;
        self
    }

    fn transfer(self, transfer: &Transfer) -> Self {
        self.put(&transfer.chain.0.to_le_bytes())
            .put(&transfer.from.0)
            .put(&transfer.to.0)
            .put(&transfer.amount.to_le_bytes())
            .put(&transfer.fee.to_le_bytes())
            .put(&transfer.nonce.to_le_bytes())
    }

    fn finish(self) -> [u8; N] {
        debug_assert_eq!(self.at, N, "an encoding has a fixed length");
        self.bytes
    }
}

/// The header up to its nonce, which comes last so that a search can start from the hash of this.
pub(super) fn header_prefix(header: &Header) -> HeaderPrefix {
    let seal = match header.seal {
        Seal::Work { .. } => SEAL_WORK,
    };
    Writer::new(HEADER_TAG)
        .put(&header.version.to_le_bytes())
        .put(&header.height.to_le_bytes())
        .put(&header.parent.0)
        .put(&header.tx_root.0)
        .put(&header.state_root.0)
        .put(&header.time.to_le_bytes())
        .put(&[header.stream])
        .put(&header.difficulty.to_le_bytes())
        .put(&header.miner.0)
        .put(&[seal])
        .finish()
}

/// The hash of a header with this nonce, from the hash state that has taken its prefix.
pub(super) fn header_hash(midstate: Sha256, nonce: u64) -> [u8; 32] {
    Sha256::digest(midstate.chain_update(nonce.to_le_bytes()).finalize()).into()
}

/// A hash state that has taken a header's prefix.
pub(super) fn header_midstate(header: &Header) -> Sha256 {
    Sha256::new().chain_update(header_prefix(header))
}

/// What the payer of a transfer signs.
pub(super) fn signed_bytes(transfer: &Transfer) -> SignedBytes {
    Writer::new(TRANSFER_TAG).transfer(transfer).finish()
}

/// The hash that names a transaction.
pub(super) fn transaction_hash(transaction: &Transaction) -> [u8; 32] {
    let bytes: [u8; TRANSACTION_TAG.len() + Transaction::SIZE] =
        Writer::new(TRANSACTION_TAG).transfer(&transaction.transfer).put(&transaction.signature.0).finish();
    Sha256::digest(Sha256::digest(bytes)).into()
}

/// Bytes of a block: header, count, transactions.
pub(super) fn block_size(block: &Block) -> usize {
    HEADER_BYTES + COUNT_BYTES + block.transactions.len() * Transaction::SIZE
}

/// The most transactions a block may have so that it is at most `bytes` long.
pub(super) fn transactions_within(bytes: usize) -> usize {
    bytes.saturating_sub(HEADER_BYTES + COUNT_BYTES) / Transaction::SIZE
}

/// Names the parameters of a chain. Allocation and genesis time are not among them: the genesis header carries the root of the one, and the other.
pub(super) fn spec_hash(spec: &ChainSpec) -> Hash256 {
    let hash = Sha256::new()
        .chain_update(SPEC_TAG)
        .chain_update(spec.chain.0.to_le_bytes())
        .chain_update(spec.block_time_ms.to_le_bytes())
        .chain_update(spec.initial_difficulty.to_le_bytes())
        .chain_update(spec.reward.to_le_bytes())
        .chain_update((spec.max_transactions as u64).to_le_bytes());
    Hash256(hash.finalize().into())
}
