//! Discovery: which addresses are known, where they come from, and which of them are dialled when.
//!
//! | File | Its story |
//! |---|---|
//! | `book` | the addresses that are known |
//! | `dial` | which of them are dialled, and when |
//! | `counts` | what finding and keeping peers has come to |
//! | `exchange` | addresses asked of peers, and told to them |

pub(in crate::node) mod book;
pub(in crate::node) mod counts;
pub(in crate::node) mod dial;
pub(in crate::node) mod exchange;
