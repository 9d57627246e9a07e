//! Mines two blocks on the same parent and gives one to each half of its peers.

use super::forge::Forge;
use super::limits::{KEPT_BLOCKS, TWIN_PATIENCE, TWIN_PERCENT};
use super::shell::{Around, Behaviour};
use crate::chain::{Block, BlockId, MiningJob};
use crate::node::{Event, Input, Output, Time};
use crate::wire::Message;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// A block of its own that is held back until its twin is found.
struct First {
    block: Arc<Block>,
    twin: Forge,
    until: Time,
}

#[derive(Default)]
pub(super) struct Equivocation {
    job: Option<MiningJob>,
    first: Option<First>,
    /// Twins given away, which the node inside does not know: served to whoever asks.
    twins: VecDeque<Arc<Block>>,
}

impl Equivocation {
    /// Both are there, or there is only one: out with them.
    fn publish(&mut self, around: &mut Around<'_>, twin: Option<Arc<Block>>) {
        let Some(First { block, .. }) = self.first.take() else { return };
        let peers: Vec<_> = around.peers.iter().copied().collect();
        let Some(twin) = twin else { return around.send(peers, Message::NewBlock { block }) };
        let (one, other) = peers.split_at(peers.len().div_ceil(2));
        around.send(one.to_vec(), Message::NewBlock { block });
        around.send(other.to_vec(), Message::NewBlock { block: twin.clone() });
        if self.twins.len() >= KEPT_BLOCKS {
            self.twins.pop_front();
        }
        self.twins.push_back(twin);
    }

    fn holds(&self, id: &BlockId) -> bool {
        self.first.as_ref().is_some_and(|first| first.block.id() == *id)
    }
}

impl Behaviour for Equivocation {
    fn on_input(&mut self, around: &mut Around<'_>, input: Input) -> Option<Input> {
        match &input {
            Input::Received { connection, message, .. } => {
                if let Message::GetBlock { id } = &**message
                    && let Some(twin) = self.twins.iter().find(|twin| twin.id() == *id).cloned()
                {
                    around.send(vec![*connection], Message::Block { block: twin });
                    return None;
                }
            }
            Input::Mined(block) => {
                // The job that it was found on: its twin has the same parent, and another body or time.
                if let Some(job) = self.job.clone().filter(|job| job.parent_id == block.header.parent) {
                    let twin = Forge::new(&MiningJob { transactions: Vec::new(), ..job }, TWIN_PERCENT, around.now);
                    let patience = Duration::from_millis(around.node.ledger().spec().block_time_ms) * TWIN_PATIENCE;
                    self.first = Some(First { block: block.clone(), twin, until: around.now + patience });
                }
            }
            _ => {}
        }
        Some(input)
    }

    fn on_output(&mut self, around: &mut Around<'_>, output: Output) -> Option<Output> {
        match &output {
            Output::Mine(Some(job)) => self.job = Some((**job).clone()),
            // Somebody else was quicker: too late for a twin.
            Output::Event(Event::TipChanged { id, .. }) if self.first.is_some() && !self.holds(id) => self.publish(around, None),
            Output::Send { message, .. } => match &**message {
                Message::NewBlock { block } if self.holds(&block.id()) => return None,
                Message::Headers { answer: false, headers } if headers.iter().any(|header| self.holds(&header.id())) => {
                    return None;
                }
                _ => {}
            },
            _ => {}
        }
        Some(output)
    }

    fn on_deadline(&mut self, around: &mut Around<'_>) {
        let Some(first) = &mut self.first else { return };
        match first.twin.search(around.now) {
            Some(twin) if twin.id() != first.block.id() => self.publish(around, Some(twin)),
            _ if first.until <= around.now => self.publish(around, None),
            _ => {}
        }
    }

    fn next_deadline(&self) -> Time {
        self.first.as_ref().map_or(Time::MAX, |first| first.twin.next())
    }
}
