//! Peers: who may become one, whether it lives, what it is worth, and which gives way when there are too many.
//!
//! | File | Its story |
//! |---|---|
//! | `peer` | one connection and who is at its other end; what ends it |
//! | `handshake` | who may become a peer |
//! | `ping` | whether a peer lives, and how far away it is |
//! | `recovery` | what is lost and comes back, counted |
//! | `reputation` | what a peer is worth, with a reason for every change; bans |

pub(in crate::node) mod handshake;
pub(in crate::node) mod peer;
pub(in crate::node) mod ping;
pub(in crate::node) mod recovery;
pub(in crate::node) mod reputation;
