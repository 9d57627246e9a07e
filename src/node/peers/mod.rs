//! Peers: who may become one, whether it lives, what it is worth, and which gives way when there are too many.
//!
//! | File | Its story |
//! |---|---|
//! | `peer` | one connection and who is at its other end; what ends it |
//! | `handshake` | who may become a peer |
//! | `slots` | who gets an inbound slot, and who gives his up; bans as they are carried out |
//! | `eviction` | who gives way when all slots are taken |
//! | `ping` | whether a peer lives, and how far away it is |
//! | `health` | how well a peer serves |
//! | `recovery` | what is lost and comes back, counted |
//! | `offences` | the table of what lowers and what raises a reputation |
//! | `reputation` | what a peer is worth, with a reason for every change |
//! | `bans` | who is banned, until when |

pub(in crate::node) mod bans;
pub(in crate::node) mod eviction;
pub(in crate::node) mod handshake;
pub(in crate::node) mod health;
pub(in crate::node) mod offences;
pub(in crate::node) mod peer;
pub(in crate::node) mod ping;
pub(in crate::node) mod recovery;
pub(in crate::node) mod reputation;
pub(in crate::node) mod slots;
