//! The machine around a node: carries what goes in and what comes out past a misbehaviour.

use crate::node::{ConnectionId, Event, Input, Machine, Node, Output, Priority, Time, briefer};
use crate::wire::{Message, check, encoded_len};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a misbehaviour has around it.
pub(super) struct Around<'a> {
    pub(super) now: Time,
    /// The node inside, to look at.
    pub(super) node: &'a Node,
    /// Connections on which hands are shaken.
    pub(super) peers: &'a BTreeSet<ConnectionId>,
    pub(super) rng: &'a mut ChaCha8Rng,
    /// What goes to the driver.
    pub(super) out: &'a mut Vec<Output>,
}

impl Around<'_> {
    /// Says something that the node inside does not say.
    pub(super) fn send(&mut self, to: Vec<ConnectionId>, message: Message) {
        if !to.is_empty() {
            self.out.push(Output::Send { to, message: Arc::new(takeable(message)), priority: Priority::Normal });
        }
    }

    /// Says it to all with whom hands are shaken.
    pub(super) fn broadcast(&mut self, message: Message) {
        self.send(self.peers.iter().copied().collect(), message);
    }
}

/// As it is if anybody takes it: a block that is too large to be news goes by its header, as that of an honest node does.
fn takeable(message: Message) -> Message {
    match briefer(&message) {
        Some(brief) if check(&message).is_err() => brief,
        _ => message,
    }
}

/// How a node misbehaves. What is not overridden is honest.
pub(super) trait Behaviour: Send {
    /// The node inside has started.
    fn on_start(&mut self, _around: &mut Around<'_>) {}

    /// Something goes in; `None`: the node does not learn of it.
    fn on_input(&mut self, _around: &mut Around<'_>, input: Input) -> Option<Input> {
        Some(input)
    }

    /// Something comes out; `None`: the driver does not learn of it.
    fn on_output(&mut self, _around: &mut Around<'_>, output: Output) -> Option<Output> {
        Some(output)
    }

    /// [`Behaviour::next_deadline`] has come.
    fn on_deadline(&mut self, _around: &mut Around<'_>) {}

    /// When it wants to be called next, apart from the node's own deadlines.
    fn next_deadline(&self) -> Time {
        Time::MAX
    }
}

/// A node and its misbehaviour.
pub(super) struct Shell {
    node: Node,
    behaviour: Box<dyn Behaviour>,
    peers: BTreeSet<ConnectionId>,
    rng: ChaCha8Rng,
    /// Bytes and messages that went out to each connection. The node inside counts what it says itself, which is not all, nor always
    /// what is said.
    sent: BTreeMap<ConnectionId, (u64, u64)>,
    /// What the node put out; kept, so that its memory is used again.
    inner: Vec<Output>,
}

impl Shell {
    pub(super) fn new(node: Node, behaviour: Box<dyn Behaviour>, seed: u64) -> Self {
        Self {
            node,
            behaviour,
            peers: BTreeSet::new(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            sent: BTreeMap::new(),
            inner: Vec::new(),
        }
    }

    fn with<T>(&mut self, now: Time, out: &mut Vec<Output>, act: impl FnOnce(&mut dyn Behaviour, &mut Around<'_>) -> T) -> T {
        let mut around = Around { now, node: &self.node, peers: &self.peers, rng: &mut self.rng, out };
        act(&mut *self.behaviour, &mut around)
    }

    /// Carries the node's outputs past the misbehaviour, in order.
    fn carry_out(&mut self, now: Time, out: &mut Vec<Output>) {
        let mut inner = std::mem::take(&mut self.inner);
        for output in inner.drain(..) {
            match &output {
                Output::Event(Event::NewPeer { connection, .. }) => {
                    self.peers.insert(*connection);
                }
                Output::Event(Event::Disconnected { connection, .. }) | Output::Close { connection, .. } => {
                    self.peers.remove(connection);
                }
                _ => {}
            }
            if let Some(output) = self.with(now, out, |behaviour, around| behaviour.on_output(around, output)) {
                out.push(output);
            }
        }
        self.inner = inner;
    }
}

impl Shell {
    /// Counts what goes out, and has the node's own report say so.
    fn count(&mut self, outputs: &mut [Output]) {
        for output in outputs {
            match output {
                Output::Send { to, message, .. } => {
                    let bytes = encoded_len(message) as u64;
                    for connection in to {
                        let sent = self.sent.entry(*connection).or_default();
                        *sent = (sent.0 + bytes, sent.1 + 1);
                    }
                }
                Output::Event(Event::Pulse { peers, .. }) => {
                    for peer in peers.iter_mut() {
                        let sent = self.sent.get(&ConnectionId(peer.connection)).copied();
                        (peer.bytes_out, peer.messages_out) = sent.unwrap_or_default();
                    }
                    // Connections that are gone come no more.
                    self.sent.retain(|connection, _| peers.iter().any(|peer| peer.connection == connection.0));
                }
                _ => {}
            }
        }
    }

    fn act(&mut self, now: Time, input: Input, out: &mut Vec<Output>) {
        if matches!(input, Input::Deadline) {
            if self.behaviour.next_deadline() <= now {
                self.with(now, out, |behaviour, around| behaviour.on_deadline(around));
            }
            if self.node.next_deadline() > now {
                return;
            }
        }
        if let Some(input) = self.with(now, out, |behaviour, around| behaviour.on_input(around, input)) {
            self.node.handle(now, input, &mut self.inner);
            self.carry_out(now, out);
        }
    }
}

impl Machine for Shell {
    fn start(&mut self, now: Time, out: &mut Vec<Output>) {
        let before = out.len();
        self.node.start(now, &mut self.inner);
        self.with(now, out, |behaviour, around| behaviour.on_start(around));
        self.carry_out(now, out);
        self.count(out.get_mut(before..).unwrap_or_default());
    }

    fn handle(&mut self, now: Time, input: Input, out: &mut Vec<Output>) {
        let before = out.len();
        self.act(now, input, out);
        self.count(out.get_mut(before..).unwrap_or_default());
    }

    fn next_deadline(&self) -> Time {
        self.node.next_deadline().min(self.behaviour.next_deadline())
    }

    fn node(&self) -> &Node {
        &self.node
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{Block, ChainId, ChainSpec, Signature, Transaction, Transfer};

    #[test]
    fn a_block_that_nobody_would_take_as_news_goes_by_its_header() {
        let (from, to) = Default::default();
        let transfer = Transfer { chain: ChainId(1), from, to, amount: 1, fee: 1, nonce: 0 };
        let header = ChainSpec::lab().genesis().0.header;
        let block = |count| {
            let transactions = vec![Transaction { transfer, signature: Signature([0; 64]) }; count];
            Message::NewBlock { block: Arc::new(Block { header, transactions }) }
        };
        assert!(takeable(block(400)) == block(400));
        assert!(takeable(block(10_000)) == Message::Headers { answer: false, headers: vec![header] });
    }
}
