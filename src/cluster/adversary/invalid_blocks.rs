//! Mines blocks that pay their miner twice the reward, and relays others' blocks with a changed body.

use super::forge::{Forge, greedy};
use super::limits::FORGER_PERCENT;
use super::shell::{Around, Behaviour};
use crate::chain::Block;
use crate::node::{Event, Output, Time};
use crate::wire::Message;
use std::sync::Arc;

#[derive(Default)]
pub(super) struct InvalidBlocks {
    forge: Option<Forge>,
}

impl InvalidBlocks {
    fn begin(&mut self, around: &Around<'_>) {
        let job = greedy(around.node.ledger().mining_job(around.node.id()));
        self.forge = Some(Forge::new(&job, FORGER_PERCENT, around.now));
    }
}

/// The same header over a body that lacks its last transaction; `None` for an empty block.
fn mutated(block: &Block) -> Option<Block> {
    let (_, rest) = block.transactions.split_last()?;
    Some(Block { header: block.header, transactions: rest.to_vec() })
}

impl Behaviour for InvalidBlocks {
    fn on_start(&mut self, around: &mut Around<'_>) {
        self.begin(around);
    }

    fn on_output(&mut self, around: &mut Around<'_>, output: Output) -> Option<Output> {
        match output {
            // It forges instead.
            Output::Mine(_) => return None,
            Output::Event(Event::TipChanged { .. }) => self.begin(around),
            Output::Send { to, message, priority } => {
                let message = match &*message {
                    Message::NewBlock { block } => mutated(block).map(|block| Message::NewBlock { block: Arc::new(block) }),
                    Message::Block { block } => mutated(block).map(|block| Message::Block { block: Arc::new(block) }),
                    _ => None,
                }
                .map_or(message, Arc::new);
                return Some(Output::Send { to, message, priority });
            }
            _ => {}
        }
        Some(output)
    }

    fn on_deadline(&mut self, around: &mut Around<'_>) {
        let found = self.forge.as_mut().and_then(|forge| forge.search(around.now));
        if let Some(block) = found {
            around.broadcast(Message::NewBlock { block });
            self.begin(around);
        }
    }

    fn next_deadline(&self) -> Time {
        self.forge.as_ref().map_or(Time::MAX, Forge::next)
    }
}
