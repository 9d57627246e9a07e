//! A node's address, signed by the node itself: what look-ups find, and what nobody else can make.

use super::address::mapped;
use crate::chain::{Address, BlockId, ChainId, KeyPair, Signature};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// What the signature's message begins with: keeps a record from passing for anything else that the same key signs.
const DOMAIN: &[u8] = b"rumormill/node-record/1";

/// Where a node says that it can be dialled: a record of Kademlia (Maymounkov & Mazières 2002), as the signed records of Ethereum's
/// EIP-778 in purpose, not in form.
#[derive(Clone, Copy, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub struct NodeRecord {
    /// Whose address it is, and who signed.
    pub node: Address,
    /// IPv6, or IPv4 mapped into it.
    pub ip: [u8; 16],
    /// TCP port.
    pub port: u16,
    /// The signer's clock when it signed, in seconds since the Unix epoch: of two records of a node the one with the higher number holds.
    pub sequence: u64,
    /// The node's, over all of this and the chain that the node is on.
    pub signature: Signature,
}

impl NodeRecord {
    /// Signs that the node of `keys`, on this chain, can be dialled at `address`.
    pub fn sign(keys: &KeyPair, chain: ChainId, genesis: &BlockId, address: SocketAddr, sequence: u64) -> Self {
        let (node, ip, port) = (keys.address(), mapped(address.ip()), address.port());
        let mut record = Self { node, ip, port, sequence, signature: Signature([0; 64]) };
        record.signature = keys.sign(&record.signed(chain, genesis));
        record
    }

    /// Whether the node itself signed this, for this chain.
    pub fn verify(&self, chain: ChainId, genesis: &BlockId) -> bool {
        self.signature.verify(&self.node, &self.signed(chain, genesis))
    }

    /// As a socket address; a mapped IPv4 address comes back as IPv4.
    pub fn socket(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::from(self.ip).to_canonical(), self.port)
    }

    /// The bytes that are signed: each field of fixed width, little-endian.
    fn signed(&self, chain: ChainId, genesis: &BlockId) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(DOMAIN.len() + 4 + 32 + 32 + 16 + 2 + 8);
        bytes.extend_from_slice(DOMAIN);
        bytes.extend_from_slice(&chain.0.to_le_bytes());
        bytes.extend_from_slice(genesis.as_bytes());
        bytes.extend_from_slice(self.node.as_bytes());
        bytes.extend_from_slice(&self.ip);
        bytes.extend_from_slice(&self.port.to_le_bytes());
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        bytes
    }
}

impl fmt::Debug for NodeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeRecord({} at {}, {})", self.node.short(), self.socket(), self.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENESIS: BlockId = BlockId([7; 32]);

    fn record() -> NodeRecord {
        NodeRecord::sign(&KeyPair::from_seed([1; 32]), ChainId(1), &GENESIS, "1.2.3.4:8080".parse().unwrap(), 1_000)
    }

    #[test]
    fn a_record_holds_on_its_own_chain_only() {
        assert!(record().verify(ChainId(1), &GENESIS));
        assert!(!record().verify(ChainId(2), &GENESIS));
        assert!(!record().verify(ChainId(1), &BlockId([8; 32])));
    }

    #[test]
    fn no_field_can_be_changed() {
        let changes: [fn(&mut NodeRecord); 5] = [
            |record| record.node = KeyPair::from_seed([2; 32]).address(),
            |record| record.ip[15] ^= 1,
            |record| record.port += 1,
            |record| record.sequence += 1,
            |record| record.signature.0[0] ^= 1,
        ];
        for change in changes {
            let mut record = record();
            change(&mut record);
            assert!(!record.verify(ChainId(1), &GENESIS), "{record:?}");
        }
    }

    /// Another implementation must sign the same bytes.
    #[test]
    fn golden_bytes() {
        let signed = record().signed(ChainId(1), &GENESIS);
        let mut wanted = b"rumormill/node-record/1".to_vec();
        wanted.extend([1, 0, 0, 0]);
        wanted.extend([7; 32]);
        wanted.extend(record().node.0);
        wanted.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4]);
        wanted.extend([0x90, 0x1f]);
        wanted.extend([0xe8, 3, 0, 0, 0, 0, 0, 0]);
        assert_eq!(signed, wanted);
    }
}
