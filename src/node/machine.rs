//! What a driver drives: a node, or something that pretends to be one.

use super::{Input, Node, Output, Time};

/// A state machine that a driver carries inputs to and outputs from. [`Node`] is the honest one; adversaries wrap a node and change
/// what comes out of it, or what goes in.
pub trait Machine: Send {
    /// See [`Node::start`].
    fn start(&mut self, now: Time, out: &mut Vec<Output>);
    /// See [`Node::handle`].
    fn handle(&mut self, now: Time, input: Input, out: &mut Vec<Output>);
    /// See [`Node::next_deadline`].
    fn next_deadline(&self) -> Time;
    /// The node, or the one inside.
    fn node(&self) -> &Node;
}

/// Makes a machine of a node: the node itself, or an adversary around it.
pub type Wrap = std::sync::Arc<dyn Fn(Node) -> Box<dyn Machine> + Send + Sync>;

impl Machine for Node {
    fn start(&mut self, now: Time, out: &mut Vec<Output>) {
        Node::start(self, now, out);
    }

    fn handle(&mut self, now: Time, input: Input, out: &mut Vec<Output>) {
        Node::handle(self, now, input, out);
    }

    fn next_deadline(&self) -> Time {
        Node::next_deadline(self)
    }

    fn node(&self) -> &Node {
        self
    }
}
