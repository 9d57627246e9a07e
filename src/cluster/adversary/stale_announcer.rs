//! Announces blocks and transactions and never delivers them.

use super::forge::Forge;
use super::limits::{BEAT, FORGER_PERCENT, SPAM_IDS};
use super::shell::{Around, Behaviour};
use crate::chain::TxId;
use crate::node::{Event, Input, Output, Time};
use crate::wire::Message;
use rand::Rng;

#[derive(Default)]
pub(super) struct StaleAnnouncer {
    forge: Option<Forge>,
    next: Time,
}

impl StaleAnnouncer {
    fn begin(&mut self, around: &Around<'_>) {
        let job = around.node.ledger().mining_job(around.node.id());
        self.forge = Some(Forge::new(&job, FORGER_PERCENT, around.now));
    }
}

impl Behaviour for StaleAnnouncer {
    fn on_start(&mut self, around: &mut Around<'_>) {
        self.next = around.now + BEAT;
        self.begin(around);
    }

    /// What it announced it does not even look up.
    fn on_input(&mut self, _around: &mut Around<'_>, input: Input) -> Option<Input> {
        match &input {
            Input::Received { message, .. } if matches!(**message, Message::GetBlock { .. } | Message::GetData { .. }) => None,
            _ => Some(input),
        }
    }

    fn on_output(&mut self, around: &mut Around<'_>, output: Output) -> Option<Output> {
        match output {
            Output::Mine(_) => return None,
            Output::Event(Event::TipChanged { .. }) => self.begin(around),
            // A block that is given whole would be a delivery.
            Output::Send { to, message, .. } if matches!(*message, Message::NewBlock { .. }) => {
                if let Message::NewBlock { block } = &*message {
                    around.send(to, Message::Headers { answer: false, headers: vec![block.header] });
                }
                return None;
            }
            _ => {}
        }
        Some(output)
    }

    fn on_deadline(&mut self, around: &mut Around<'_>) {
        if self.next <= around.now {
            self.next = around.now + BEAT;
            let ids = (0..SPAM_IDS).map(|_| {
                let mut id = [0; 32];
                around.rng.fill_bytes(&mut id);
                TxId(id)
            });
            let ids = ids.collect();
            around.broadcast(Message::Announce { ids });
        }
        if self.forge.as_ref().is_some_and(|forge| forge.next() <= around.now)
            && let Some(block) = self.forge.as_mut().and_then(|forge| forge.search(around.now))
        {
            around.broadcast(Message::Headers { answer: false, headers: vec![block.header] });
            self.begin(around);
        }
    }

    fn next_deadline(&self) -> Time {
        self.forge.as_ref().map_or(Time::MAX, Forge::next).min(self.next)
    }
}
