//! Mines in secret and publishes late: selfish mining, after Eyal and Sirer, "Majority is not enough" (2014), algorithm 1.
//!
//! The node inside mines on its own blocks as if they were known; here they are kept from everybody until the others come near.

use super::shell::{Around, Behaviour};
use crate::chain::{Block, BlockId, Header};
use crate::node::{Event, Output};
use crate::wire::{Hello, Message};
use std::collections::VecDeque;
use std::sync::Arc;

#[derive(Default)]
pub(super) struct Withholding {
    /// Its blocks that nobody knows, lowest first; they end at its tip.
    secret: VecDeque<Arc<Block>>,
    /// Blocks of its branch since the fork, published or not.
    branch: u64,
    /// Height that everybody knows of: of the others' blocks and of its own published ones.
    public: u64,
}

impl Withholding {
    fn hides(&self, id: &BlockId) -> bool {
        self.secret.iter().any(|block| block.id() == *id)
    }

    /// How far its branch is ahead of what everybody knows; negative if behind.
    fn lead(&self, around: &Around<'_>) -> i128 {
        i128::from(around.node.ledger().tip().height) - i128::from(self.public)
    }

    /// Gives away the lowest `count` secret blocks.
    fn publish(&mut self, around: &mut Around<'_>, count: usize) {
        for block in self.secret.drain(..count.min(self.secret.len())) {
            self.public = self.public.max(block.header.height);
            around.broadcast(Message::NewBlock { block });
        }
    }

    /// It found a block: the race at equal length is won with it, else it stays secret.
    fn on_own(&mut self, around: &mut Around<'_>, id: BlockId) {
        let Some(block) = around.node.ledger().body(&id) else { return };
        let was_level = self.lead(around) == 1;
        self.secret.push_back(block);
        self.branch += 1;
        if was_level && self.branch == 2 {
            self.publish(around, usize::MAX);
            self.branch = 0;
        }
    }

    /// The others found a block.
    fn on_others(&mut self, around: &mut Around<'_>, height: u64) {
        if height <= self.public {
            return;
        }
        let lead = self.lead(around);
        self.public = height;
        match lead {
            // Level, or behind: the node inside goes over to them by itself.
            ..=0 => self.branch = 0,
            // The race is open: half of the network may take ours first.
            1 => self.publish(around, 1),
            // Just ahead: all out, and all of it wins.
            2 => {
                self.publish(around, usize::MAX);
                self.branch = 0;
            }
            _ => self.publish(around, 1),
        }
    }

    /// The last block that the others may know of.
    fn shown(&self, hello: &Hello, around: &Around<'_>) -> Hello {
        let ledger = around.node.ledger();
        let parent = self.secret.front().map(|block| block.header.parent);
        let Some((id, header)) = parent.and_then(|id| Some((id, ledger.header(&id)?))) else { return hello.clone() };
        Hello { height: header.height, work: ledger.work(&id).unwrap_or(0), tip: id, ..hello.clone() }
    }

    fn known(&self, headers: &[Header]) -> Vec<Header> {
        headers.iter().take_while(|header| !self.hides(&header.id())).copied().collect()
    }
}

impl Behaviour for Withholding {
    fn on_output(&mut self, around: &mut Around<'_>, output: Output) -> Option<Output> {
        match output {
            Output::Event(Event::BlockMined { id, .. }) => self.on_own(around, id),
            Output::Event(Event::BlockReceived { height, miner, .. }) if miner != around.node.id() => {
                self.on_others(around, height)
            }
            Output::Event(Event::Reorg { .. }) => {
                // What left the main chain lost the race.
                let ledger = around.node.ledger();
                self.secret.retain(|block| ledger.at_height(block.header.height) == Some(block.id()));
                self.branch = self.secret.len() as u64;
            }
            Output::Send { to, message, priority } => {
                let message = match &*message {
                    Message::NewBlock { block } if self.hides(&block.id()) => return None,
                    Message::Headers { answer, headers } => {
                        let headers = self.known(headers);
                        if headers.is_empty() && !answer {
                            return None;
                        }
                        Arc::new(Message::Headers { answer: *answer, headers })
                    }
                    Message::Handshake { hello } => Arc::new(Message::Handshake { hello: self.shown(hello, around) }),
                    Message::HandshakeAck { hello, version, seen } => {
                        Arc::new(Message::HandshakeAck { hello: self.shown(hello, around), version: *version, seen: *seen })
                    }
                    _ => message,
                };
                return Some(Output::Send { to, message, priority });
            }
            _ => {}
        }
        Some(output)
    }
}
