//! Discovery: which addresses are known, where they come from, and which of them are dialled when.
//!
//! | File | Its story |
//! |---|---|
//! | `book` | the addresses that are known |
//! | `coordinator` | the four ways to addresses, side by side |
//! | `seeds` | DNS seeds |
//! | `gossip` | news of addresses, told unasked |
//! | `kademlia` | nodes looked up by their ids |
//! | `own` | our own address, as others reach it |
//! | `dial` | which of them are dialled, and when |
//! | `feeler` | which of them are only tested |
//! | `keep` | what is kept of them across a restart |
//! | `counts` | what finding and keeping peers has come to |
//! | `exchange` | addresses asked of peers, and told to them |

pub(in crate::node) mod book;
pub(in crate::node) mod coordinator;
pub(in crate::node) mod counts;
pub(in crate::node) mod dial;
pub(in crate::node) mod exchange;
pub(in crate::node) mod feeler;
pub(in crate::node) mod gossip;
pub(in crate::node) mod kademlia;
pub(in crate::node) mod keep;
pub(in crate::node) mod own;
pub(in crate::node) mod seeds;
