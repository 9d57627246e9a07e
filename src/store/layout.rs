//! The tables of the chain's file, and the bytes in them.
//!
//! | Table | Key | Value |
//! |---|---|---|
//! | `meta` | `format`, `chain`, `genesis`, `tip` | little-endian u32, u32, 32 bytes, 32 bytes |
//! | `headers` | height (big-endian, so that parents come first), id | the header |
//! | `blocks` | id | 8 bytes of SHA-256 over the rest, the block |
//! | `accounts` | address | balance, nonce (little-endian u64 each) |
//!
//! Headers and blocks are bincode with fixed-width little-endian integers. Everything is checked when read: a header against the id in
//! its key, a block against its checksum and id, the accounts together against the tip's state root.

use super::StoreError;
use super::limits::{CHECKSUM_BYTES, DECODE_BYTES};
use crate::chain::{Account, Block, BlockId, Header};
use redb::TableDefinition;
use sha2::{Digest, Sha256};

pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
pub(super) const HEADERS: TableDefinition<'_, &[u8; 40], &[u8]> = TableDefinition::new("headers");
pub(super) const BLOCKS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("blocks");
pub(super) const ACCOUNTS: TableDefinition<'_, &[u8; 32], &[u8; 16]> = TableDefinition::new("accounts");

fn config() -> impl bincode::config::Config {
    bincode::config::legacy().with_limit::<DECODE_BYTES>()
}

fn encode(value: &impl bincode::Encode) -> Result<Vec<u8>, StoreError> {
    bincode::encode_to_vec(value, bincode::config::legacy()).map_err(|error| StoreError::Refused(error.to_string()))
}

fn decode<T: bincode::Decode<()>>(bytes: &[u8], what: &str) -> Result<T, StoreError> {
    match bincode::decode_from_slice(bytes, config()) {
        Ok((value, used)) if used == bytes.len() => Ok(value),
        Ok(_) => Err(StoreError::Damaged(format!("{what} has bytes left over"))),
        Err(_) => Err(StoreError::Damaged(format!("{what} cannot be decoded"))),
    }
}

/// Where a header is kept.
pub(super) fn header_key(height: u64, id: &BlockId) -> [u8; 40] {
    let mut key = [0; 40];
    key[..8].copy_from_slice(&height.to_be_bytes());
    key[8..].copy_from_slice(&id.0);
    key
}

pub(super) fn encode_header(header: &Header) -> Result<Vec<u8>, StoreError> {
    encode(header)
}

/// The header under this key, with its id.
pub(super) fn decode_header(key: &[u8; 40], bytes: &[u8]) -> Result<(BlockId, Header), StoreError> {
    let header: Header = decode(bytes, "a header")?;
    let id = header.id();
    if header_key(header.height, &id) != *key {
        return Err(StoreError::Damaged(format!("header {} is not what its key says", id.short())));
    }
    Ok((id, header))
}

pub(super) fn encode_block(block: &Block) -> Result<Vec<u8>, StoreError> {
    let body = encode(block)?;
    let mut bytes = Vec::with_capacity(CHECKSUM_BYTES + body.len());
    bytes.extend_from_slice(&checksum(&body));
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// The block under this id.
pub(super) fn decode_block(id: &BlockId, bytes: &[u8]) -> Result<Block, StoreError> {
    let what = format!("block {}", id.short());
    let Some((sum, body)) = bytes.split_first_chunk::<CHECKSUM_BYTES>() else {
        return Err(StoreError::Damaged(format!("{what} is cut short")));
    };
    if *sum != checksum(body) {
        return Err(StoreError::Damaged(format!("{what} does not match its checksum")));
    }
    let block: Block = decode(body, &what)?;
    if block.id() != *id {
        return Err(StoreError::Damaged(format!("{what} is another block")));
    }
    Ok(block)
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&Sha256::digest(bytes)[..CHECKSUM_BYTES]);
    sum
}

pub(super) fn encode_account(account: &Account) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&account.balance.to_le_bytes());
    bytes[8..].copy_from_slice(&account.nonce.to_le_bytes());
    bytes
}

pub(super) fn decode_account(bytes: &[u8; 16]) -> Account {
    let (mut balance, mut nonce) = ([0; 8], [0; 8]);
    balance.copy_from_slice(&bytes[..8]);
    nonce.copy_from_slice(&bytes[8..]);
    Account { balance: u64::from_le_bytes(balance), nonce: u64::from_le_bytes(nonce) }
}
