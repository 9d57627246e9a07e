//! Who told of an address, and in whose account it is booked.

use super::scope::{Group, group};
use crate::chain::Address;
use crate::store::Teller;
use std::net::IpAddr;
use std::sync::Arc;

/// Who told of an address. One source can fill no more than its share of the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::node) enum Source {
    /// Our own set-up, or a person.
    Bootstrap,
    /// A peer, in an exchange: its node id, and where it is.
    Peer(Address, IpAddr),
    /// A DNS seed, by its name.
    Seed(Arc<str>),
    /// A node that answered a look-up: its node id, and where it is.
    Lookup(Address, IpAddr),
    /// The node itself, by a record that it signed, over a connection from the IP address that the record names: its id, and where it is.
    Record(Address, IpAddr),
    /// The node itself, which dialled us and says where it listens.
    Inbound,
}

impl Source {
    /// Whether we know that the node is at that IP address: it was heard from there.
    pub(super) fn is_there(&self) -> bool {
        matches!(self, Self::Record(..) | Self::Inbound)
    }

    /// In whose account an address at `ip`, said to be of `node`, is booked. Tellers of one network group share an account: whoever has
    /// a /16 has as many peers in it as he likes. In a network of one's own, where all share a group, each node has one.
    pub(super) fn account(&self, ip: IpAddr, node: Option<Address>) -> Teller {
        match self {
            Self::Bootstrap => Teller::Own,
            Self::Peer(teller, from) | Self::Lookup(teller, from) | Self::Record(teller, from) => at(*from, Some(*teller)),
            Self::Seed(name) => Teller::Seed(Arc::clone(name)),
            Self::Inbound => at(ip, node),
        }
    }
}

fn at(ip: IpAddr, node: Option<Address>) -> Teller {
    match (group(ip), node) {
        (Some(Group::V4(group)), _) => Teller::Ipv4(group),
        (Some(Group::V6(group)), _) => Teller::Ipv6(group),
        (None, Some(node)) => {
            let mut first = [0; 8];
            first.iter_mut().zip(node.0).for_each(|(to, byte)| *to = byte);
            Teller::Node(first)
        }
        (None, None) => Teller::Own,
    }
}
