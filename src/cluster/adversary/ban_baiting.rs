//! Tries to have honest peers blamed: claims work that it cannot show, tells of blocks that are invalid, and gives their bodies to one peer
//! only, so that the others ask those who never had them.

use super::forge::{Forge, greedy};
use super::limits::{BRAGGED_HEIGHT, BRAGGED_WORK, FORGER_PERCENT, KEPT_BLOCKS};
use super::shell::{Around, Behaviour};
use crate::chain::Block;
use crate::node::{Event, Input, Output, Time};
use crate::wire::{Hello, Message};
use std::collections::VecDeque;
use std::sync::Arc;

#[derive(Default)]
pub(super) struct BanBaiting {
    forge: Option<Forge>,
    /// Its invalid blocks, to be served to one each.
    baits: VecDeque<Arc<Block>>,
}

impl BanBaiting {
    fn begin(&mut self, around: &Around<'_>) {
        let job = greedy(around.node.ledger().mining_job(around.node.id()));
        self.forge = Some(Forge::new(&job, FORGER_PERCENT, around.now));
    }
}

fn bragging(hello: &Hello) -> Hello {
    Hello { height: hello.height.saturating_add(BRAGGED_HEIGHT), work: hello.work.saturating_add(BRAGGED_WORK), ..hello.clone() }
}

impl Behaviour for BanBaiting {
    fn on_start(&mut self, around: &mut Around<'_>) {
        self.begin(around);
    }

    fn on_input(&mut self, around: &mut Around<'_>, input: Input) -> Option<Input> {
        if let Input::Received { connection, message, .. } = &input
            && let Message::GetBlock { id } = &**message
            && let Some(at) = self.baits.iter().position(|block| block.id() == *id)
        {
            // The first to ask has it; whoever asks later is told that it is not here.
            if let Some(block) = self.baits.remove(at) {
                around.send(vec![*connection], Message::Block { block });
            }
            return None;
        }
        Some(input)
    }

    fn on_output(&mut self, around: &mut Around<'_>, output: Output) -> Option<Output> {
        match output {
            Output::Mine(_) => return None,
            Output::Event(Event::TipChanged { .. }) => self.begin(around),
            // What others find invalid it goes on telling of.
            Output::Event(Event::BlockInvalid { id, .. }) => {
                if let Some(header) = around.node.ledger().header(&id).copied() {
                    around.broadcast(Message::Headers { answer: false, headers: vec![header] });
                }
            }
            Output::Send { to, message, priority } => {
                let message = match &*message {
                    Message::Handshake { hello } => Arc::new(Message::Handshake { hello: bragging(hello) }),
                    Message::HandshakeAck { hello, version, seen } => {
                        Arc::new(Message::HandshakeAck { hello: bragging(hello), version: *version, seen: *seen })
                    }
                    _ => message,
                };
                return Some(Output::Send { to, message, priority });
            }
            _ => {}
        }
        Some(output)
    }

    fn on_deadline(&mut self, around: &mut Around<'_>) {
        let found = self.forge.as_mut().and_then(|forge| forge.search(around.now));
        if let Some(block) = found {
            around.broadcast(Message::Headers { answer: false, headers: vec![block.header] });
            if self.baits.len() >= KEPT_BLOCKS {
                self.baits.pop_front();
            }
            self.baits.push_back(block);
            self.begin(around);
        }
    }

    fn next_deadline(&self) -> Time {
        self.forge.as_ref().map_or(Time::MAX, Forge::next)
    }
}
