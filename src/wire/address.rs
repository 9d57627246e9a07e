//! A peer's address as peers tell it to each other.

use crate::chain::Address;
use std::net::{IpAddr, SocketAddr};

/// An IP address as it goes over the wire: 16 bytes, IPv4 mapped into IPv6.
pub fn mapped(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

/// Where a node can be dialled, and who is expected there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub struct PeerAddress {
    /// IPv6, or IPv4 mapped into it.
    pub ip: [u8; 16],
    /// TCP port.
    pub port: u16,
    /// The node's id.
    pub node: Address,
    /// Seconds since the sender last knew it alive.
    pub age: u32,
}

impl PeerAddress {
    /// From a socket address.
    pub fn new(address: SocketAddr, node: Address, age: u32) -> Self {
        Self { ip: mapped(address.ip()), port: address.port(), node, age }
    }

    /// As a socket address; a mapped IPv4 address comes back as IPv4.
    pub fn socket(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::from(self.ip).to_canonical(), self.port)
    }
}
