//! Rumormill: a peer-to-peer blockchain playground in a terminal.
//!
//! One idea carries the house: **a node is a deterministic state machine** ([`node::Node`]). It takes an input and
//! the time, and answers with outputs; it owns no socket, no clock, no thread and no file. Two drivers run the very
//! same node: [`net`] over TCP with Noise, [`sim`] in virtual time from a seed. What anybody sees of a node is one
//! stream of [`node::Event`]s, which [`observe`] folds into snapshots for the dashboard.
//!
//! | Room | What it holds |
//! |---|---|
//! | [`chain`] | the ledger: blocks, transactions, state, validation, fork choice, mempool, mining rules |
//! | [`wire`] | what peers say to each other: messages, codec, frames, limits |
//! | [`node`] | the state machine: handshake, peers, reputation, relay, sync, mining |
//! | [`link`] | what lies between two nodes: latency, loss, bandwidth; the same under both drivers |
//! | [`net`] | the sockets driver: listener, dialer, connection, encryption |
//! | [`sim`] | the simulation driver: virtual clock, links, trace |
//! | [`store`] | where blocks and state are kept: in memory, on disk |
//! | [`reading`] | texts that people write by hand: mistakes with their place, nearest names |
//! | [`panics`] | panics that are caught, and known to be |
//! | [`cluster`] | presets, and their launch on a driver |
//! | [`observe`] | turns events into snapshots, lines, logs and recordings |
//! | [`cli`] | one file a subcommand |
//!
//! Who may use whom: `cli → cluster, net, observe, ui` · `cluster → sim, net, node` · `net, sim → node, link` ·
//! `node → chain, wire, store's trait` · `wire → chain's types` · `chain → nothing of ours`. A test holds this.

#![forbid(unsafe_code)]

pub mod chain;
pub mod cli;
pub mod cluster;
pub mod link;
pub mod net;
pub mod node;
pub mod observe;
pub mod panics;
pub mod reading;
pub mod sim;
pub mod store;
pub mod wire;
