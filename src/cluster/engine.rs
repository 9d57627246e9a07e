//! What runs a cluster's nodes: the same words for virtual time and for real sockets.

use super::director::Action;
use super::scenario::EngineKind;
use crate::chain::{Address, Hash256};
use crate::link::LinkModel;
use crate::node::{Command, EventSink, Time};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A node could not be started.
#[derive(Debug, thiserror::Error)]
#[error("n{node} could not start: {why}")]
pub struct EngineError {
    /// Which.
    pub node: u32,
    /// Why, and what to do, in words.
    pub why: String,
}

/// What runs a cluster's nodes. Nodes are named by index; one that is not there is passed over.
pub trait Engine {
    /// Which it is.
    fn kind(&self) -> EngineKind;
    /// Where the nodes' events go; to be set before any of them starts.
    fn set_events(&mut self, events: EventSink);
    /// When the run began, by the clock that its events carry.
    fn start_time(&self) -> Time;
    /// How long it has run (virtual time in a simulation).
    fn elapsed(&self) -> Duration;
    /// Lets the nodes run up to this moment of the run, but gives back control at `_give_up`. Whether the moment was reached, and all
    /// that happens up to it is done. Real time passes by itself: there this only looks at the clock.
    fn run_until(&mut self, until: Duration, _give_up: Instant) -> bool {
        self.elapsed() >= until
    }
    /// When the next thing happens, where that is known.
    fn next(&self) -> Option<Duration> {
        None
    }
    /// Does the next thing. False where that cannot be done one by one.
    fn step(&mut self) -> bool {
        false
    }
    /// Starts a node that does not run, on what its store holds.
    ///
    /// # Errors
    /// [`EngineError`]; the node stays down.
    fn start(&mut self, node: u32) -> Result<(), EngineError>;
    /// Ends a node as `kill -9` does.
    fn kill(&mut self, node: u32);
    /// Lets a node say goodbye and end.
    fn leave(&mut self, node: u32);
    /// How what `from` sends to `to` travels from now on.
    fn set_link(&mut self, from: u32, to: u32, model: LinkModel);
    /// Stands a node still, or lets it go on.
    fn pause(&mut self, node: u32, paused: bool);
    /// Makes a node's store fail every commit, or work again.
    fn disk_full(&mut self, node: u32, full: bool);
    /// Asks something of a node.
    fn command(&mut self, node: u32, command: Command);
    /// A node's id, whether it runs or not.
    fn id(&self, node: u32) -> Option<Address>;
    /// Where a node listens, if it ever did.
    fn address(&self, node: u32) -> Option<SocketAddr>;
    /// Nodes that ended although nobody wanted it since this was last asked, and how, in words. They are down now.
    fn lost(&mut self) -> Vec<(u32, String)> {
        Vec::new()
    }
    /// Resident memory of other processes that run its nodes, bytes.
    fn memory(&self) -> u64 {
        0
    }
    /// The hash of the whole history, where there is one that could be the same again.
    fn trace_hash(&self) -> Option<Hash256> {
        None
    }
    /// Stops all nodes in good order.
    fn stop(&mut self);

    /// Does what a director wants.
    ///
    /// # Errors
    /// [`EngineError`] of a start.
    fn act(&mut self, action: &Action) -> Result<(), EngineError> {
        match *action {
            Action::SetLink { from, to, model } => self.set_link(from, to, model),
            Action::Kill(node) => self.kill(node),
            Action::Start(node) => return self.start(node),
            Action::Leave(node) => self.leave(node),
            Action::Pause(node, paused) => self.pause(node, paused),
            Action::SkewClock(node, millis) => self.command(node, Command::SkewClock { millis }),
            Action::DiskFull(node, full) => self.disk_full(node, full),
            Action::Pay(payment) => {
                if let Some(to) = self.id(payment.to) {
                    self.command(payment.from, Command::Transfer { to, amount: payment.amount, fee: payment.fee });
                }
            }
        }
        Ok(())
    }
}
