//! Hostile bytes against a real node: the rows of the list in `INVARIANTS.md` that need a socket, and more.
//!
//! Each test starts a victim and an honest miner linked with it, attacks the victim with a raw client that shares no code with the
//! product's connections, and ends with proof that the honest link is unharmed. What needs hours or exact deadlines is tested in
//! virtual time, in `src/net`, `src/node` and `src/sim`.
//!
//! | File | What |
//! |---|---|
//! | `client`, `noise` | the raw client, with an encryption of its own |
//! | `stage` | the victim, the honest peer, and the proof |
//! | `samples` | a message of each kind |
//! | `silence` | nothing, or a byte at a time |
//! | `handshake` | handshakes that are replayed, wrong, or out of order |
//! | `identity` | two links where one should be |
//! | `crowd`, `floods` | more than there are places for, or anybody reads |
//! | `numbers` | the largest numbers everywhere |
//! | `fuzz` | valid sessions, changed at random |
//! | `frames`, `memory` | frames that are not what they say, and what they cost |

mod client;
mod crowd;
mod floods;
mod frames;
mod fuzz;
mod handshake;
mod identity;
mod memory;
#[path = "../common/nodes.rs"]
mod nodes;
mod noise;
mod numbers;
mod samples;
mod silence;
mod stage;
