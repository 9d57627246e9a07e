//! Who told of an address.

use crate::chain::Address;
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
    /// The node itself, which dialled us and says where it listens.
    Inbound,
}
