//! Relays transactions whose signatures are forged.

use super::limits::BEAT;
use super::shell::{Around, Behaviour};
use crate::chain::{Address, Signature, Transaction, Transfer};
use crate::node::Time;
use crate::wire::Message;
use rand::{Rng, RngExt};

#[derive(Default)]
pub(super) struct InvalidTransactions {
    next: Time,
}

/// Somebody's coins for us, "signed" by chance.
fn forged(around: &mut Around<'_>) -> Transaction {
    let ledger = around.node.ledger();
    let (mut from, mut signature) = ([0; 32], [0; 64]);
    around.rng.fill_bytes(&mut from);
    around.rng.fill_bytes(&mut signature);
    let transfer = Transfer {
        chain: ledger.spec().chain,
        from: Address(from),
        to: around.node.id(),
        amount: around.rng.random_range(1..1_000),
        fee: 1,
        nonce: 0,
    };
    Transaction { transfer, signature: Signature(signature) }
}

impl Behaviour for InvalidTransactions {
    fn on_start(&mut self, around: &mut Around<'_>) {
        self.next = around.now;
    }

    fn on_deadline(&mut self, around: &mut Around<'_>) {
        self.next = around.now + BEAT;
        let transactions = vec![forged(around)];
        around.broadcast(Message::Transaction { transactions });
    }

    fn next_deadline(&self) -> Time {
        self.next
    }
}
