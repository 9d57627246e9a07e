//! Surrounds others with its own: whoever asks for addresses, or looks somebody up, hears of accomplices only, and whoever does not ask
//! hears of them too.
//!
//! After Heilman et al., "Eclipse Attacks on Bitcoin's Peer-to-Peer Network" (2015). Besides, it is the best of peers, so that nothing
//! but the choice of addresses stands against it.

use super::Accomplices;
use super::league::League;
use super::limits::GOSSIP;
use super::shell::{Around, Behaviour};
use crate::node::{ConnectionId, Input, Output, Time};
use crate::wire::{Message, PeerAddress};

pub(super) struct Eclipse {
    league: League,
    next: Time,
}

impl Eclipse {
    pub(super) fn new(accomplices: &Accomplices) -> Self {
        Self { league: League::new(accomplices), next: Time(0) }
    }

    fn tell(answer: bool, addresses: Vec<PeerAddress>, around: &mut Around<'_>, to: Vec<ConnectionId>) {
        if !addresses.is_empty() {
            around.send(to, Message::Peers { answer, addresses });
        }
    }
}

impl Behaviour for Eclipse {
    fn on_start(&mut self, around: &mut Around<'_>) {
        self.next = around.now + GOSSIP;
    }

    fn on_input(&mut self, around: &mut Around<'_>, input: Input) -> Option<Input> {
        self.league.on_input(&input);
        match &input {
            Input::Received { connection, message, .. } if matches!(**message, Message::GetPeers) => {
                Self::tell(true, self.league.addresses(), around, vec![*connection]);
                None
            }
            _ => Some(input),
        }
    }

    fn on_output(&mut self, _around: &mut Around<'_>, output: Output) -> Option<Output> {
        let output = self.league.on_output(output);
        match &output {
            // What the node inside would tell of others is kept back.
            Output::Send { message, .. } if matches!(**message, Message::Peers { .. }) => None,
            _ => Some(output),
        }
    }

    fn on_deadline(&mut self, around: &mut Around<'_>) {
        self.next = around.now + GOSSIP;
        let everybody = around.peers.iter().copied().collect();
        Self::tell(false, self.league.portion(), around, everybody);
    }

    fn next_deadline(&self) -> Time {
        self.next
    }
}
