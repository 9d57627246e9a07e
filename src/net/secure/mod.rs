//! Connections are secured: which transport, and what each proves.
//!
//! | File | What |
//! |---|---|
//! | `transport` | which there are, and their names |

mod transport;

pub use transport::{Transport, UnknownTransport};
