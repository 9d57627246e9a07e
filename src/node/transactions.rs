//! Relay of transactions: announced by id, asked from one peer at a time, checked, pooled, announced on.

use super::context::Context;
use super::limits::{POOL_EXPIRY_CHECK, TRANSACTION_REQUEST, TRANSACTIONS_BYTES, TRANSACTIONS_CHECKING, TRANSACTIONS_IN_FLIGHT};
use super::peers::offences::{Merit, Offence};
use super::peers::reputation::Source;
use super::timers::Timer;
use super::{ConnectionId, Event, Node, Output, Time};
use crate::chain::{Address, Hash256, Transaction, TransactionError, Transfer, TxId};
use crate::wire::Message;
use crate::wire::limits::MAX_IDS;
use std::collections::{BTreeMap, BTreeSet};

/// What is being checked and announced.
#[derive(Default)]
pub(super) struct Relay {
    /// Batches whose signatures are being checked: who brought them (`None`: submitted here), and their ids, computed once.
    checking: BTreeMap<u64, (Option<Source>, Vec<TxId>)>,
    requests: u64,
    /// Whether [`Timer::Announce`] is set.
    flushing: bool,
}

impl Relay {
    /// Transactions whose signatures are being checked.
    pub(super) fn checking_count(&self) -> usize {
        self.checking.values().map(|(_, ids)| ids.len()).sum()
    }
}

impl Node {
    /// A peer has transactions: what is new is asked of it, or, if that is under way, it is remembered as another source.
    pub(super) fn on_announce(&mut self, cx: &mut Context<'_>, connection: ConnectionId, ids: &[TxId]) {
        if self.is_far_behind(cx.now) {
            return;
        }
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        let (mut ask, mut news) = (Vec::new(), false);
        for id in ids {
            if let Some(entry) = self.inventory.get_mut(id) {
                news |= entry.add_holder(connection);
                self.report.duplicates += 1;
            } else if self.mempool.contains(id) {
                news |= self.inventory.entry(*id, cx.now).add_holder(connection);
                self.report.duplicates += 1;
            } else if peer.transactions_asked + ask.len() < TRANSACTIONS_IN_FLIGHT {
                self.inventory.ask(*id, connection, cx.now + TRANSACTION_REQUEST, cx.now);
                ask.push(*id);
            }
        }
        if news {
            // Others were quicker, but it did tell.
            peer.served = cx.now;
        }
        self.ask_for_transactions(cx, connection, ask);
    }

    fn ask_for_transactions(&mut self, cx: &mut Context<'_>, connection: ConnectionId, ids: Vec<TxId>) {
        if ids.is_empty() {
            return;
        }
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        peer.transactions_asked += ids.len();
        for id in &ids {
            self.timers.set(cx.now + TRANSACTION_REQUEST, Timer::Transaction(*id));
        }
        let what = if ids.len() == 1 { format!("transaction {}", ids[0].short()) } else { format!("{} transactions", ids.len()) };
        cx.event(Event::Asked { connection, what });
        self.send(cx, connection, Message::GetData { ids });
    }

    /// The one asked has not delivered: the next is asked.
    pub(super) fn on_transaction_deadline(&mut self, cx: &mut Context<'_>, id: TxId) {
        // A deadline that was overtaken says nothing of whom it is asked of since.
        if let Some((asked, until)) = self.inventory.asked(&id)
            && cx.now >= until
        {
            if let Some(peer) = self.peers.get_mut(&asked) {
                peer.health.note_request(false);
            }
            self.ask_another(cx, id, asked);
        }
    }

    /// Asks the next source for a transaction, if there is one.
    fn ask_another(&mut self, cx: &mut Context<'_>, id: TxId, failed: ConnectionId) {
        if self.inventory.asked(&id).is_none_or(|(asked, _)| asked != failed) {
            return;
        }
        if let Some(peer) = self.peers.get_mut(&failed) {
            peer.transactions_asked = peer.transactions_asked.saturating_sub(1);
        }
        let peers = &self.peers;
        let next = self.inventory.get_mut(&id).and_then(|entry| {
            // It had its turn; whoever is asked next had none.
            entry.holders.retain(|holder| *holder != failed);
            // Of the others the one that serves best, then the one that told of it first.
            let ready = |holder: &ConnectionId| peers.get(holder).filter(|peer| peer.is_ready());
            let scored = entry.holders.iter().rev().filter_map(|holder| Some((ready(holder)?.health.score(), *holder)));
            scored.max_by_key(|(score, _)| *score).map(|(_, holder)| holder)
        });
        match next {
            Some(next) => {
                self.inventory.ask(id, next, cx.now + TRANSACTION_REQUEST, cx.now);
                self.ask_for_transactions(cx, next, vec![id]);
            }
            None => self.inventory.forget(&id),
        }
    }

    /// A peer is gone or closing: what was asked of it is asked of others.
    pub(super) fn release_transactions(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        let asked: Vec<_> = self.inventory.all_asked().copied().collect();
        for id in asked {
            self.ask_another(cx, id, connection);
        }
    }

    /// Gives what the pool has of what was asked; each once, however often the same message asks for it.
    pub(super) fn on_get_data(&mut self, cx: &mut Context<'_>, connection: ConnectionId, ids: &[TxId]) {
        let (mut asked, mut found, mut missing) = (BTreeSet::new(), Vec::new(), Vec::new());
        for id in ids.iter().filter(|id| asked.insert(**id)) {
            match self.mempool.get(id) {
                Some(transaction) => found.push(*transaction),
                None => missing.push(Hash256(id.0)),
            }
        }
        for part in found.chunks(TRANSACTIONS_BYTES / Transaction::SIZE) {
            self.send(cx, connection, Message::Transaction { transactions: part.to_vec() });
        }
        if !missing.is_empty() {
            self.send(cx, connection, Message::NotFound { ids: missing });
        }
    }

    /// The peer does not have a transaction that it announced; it may have been mined meanwhile, so this is no offence.
    pub(super) fn transaction_not_found(&mut self, cx: &mut Context<'_>, connection: ConnectionId, id: &Hash256) {
        self.ask_another(cx, TxId(id.0), connection);
    }

    /// Transactions came: the new ones are checked beside the state machine.
    pub(super) fn on_transactions(&mut self, cx: &mut Context<'_>, connection: ConnectionId, transactions: &[Transaction]) {
        if self.is_far_behind(cx.now) {
            return;
        }
        let (mut new, mut ids) = (Vec::new(), Vec::new());
        for transaction in transactions {
            let id = transaction.id();
            if self.arrived(cx.now, id, Some(connection)) {
                new.push(*transaction);
                ids.push(id);
            } else {
                self.report.duplicates += 1;
            }
        }
        let source = self.source(connection);
        self.check_transactions(cx, source, new, ids);
    }

    /// A transaction is here, from a peer or submitted: nobody is asked for it any longer. Whether it is new.
    fn arrived(&mut self, now: Time, id: TxId, from: Option<ConnectionId>) -> bool {
        let (asked, is_new) = self.inventory.arrive(id, from, now);
        if let Some((asked, until)) = asked {
            self.timers.cancel(until, Timer::Transaction(id));
            if let Some(peer) = self.peers.get_mut(&asked) {
                peer.transactions_asked = peer.transactions_asked.saturating_sub(1);
                if Some(asked) == from {
                    peer.health.note_request(true);
                }
            }
        }
        is_new
    }

    /// Has transactions checked beside the state machine; `ids` are theirs.
    fn check_transactions(
        &mut self,
        cx: &mut Context<'_>,
        source: Option<Source>,
        transactions: Vec<Transaction>,
        ids: Vec<TxId>,
    ) {
        if transactions.is_empty() {
            return;
        }
        if self.transactions.checking_count() + transactions.len() > TRANSACTIONS_CHECKING {
            // We are too slow; it may come again later.
            ids.iter().for_each(|id| self.inventory.forget(id));
            return;
        }
        let request = self.transactions.requests;
        self.transactions.requests += 1;
        self.transactions.checking.insert(request, (source, ids));
        cx.out.push(Output::CheckTransactions { request, transactions });
    }

    /// Signatures have been checked: the good ones go into the pool and are announced.
    pub(super) fn on_transactions_checked(
        &mut self,
        cx: &mut Context<'_>,
        request: u64,
        results: Vec<(Transaction, Result<(), TransactionError>)>,
    ) {
        let Some((source, ids)) = self.transactions.checking.remove(&request) else { return };
        let mut accepted = Vec::new();
        for ((transaction, result), id) in results.into_iter().zip(ids) {
            match (result, source) {
                (Ok(()), _) => accepted.extend(self.pool(cx, id, transaction, source.map(|source| source.connection))),
                (Err(_), Some(source)) => self.blame(cx, source, Offence::InvalidTransaction),
                (Err(error), None) => {
                    cx.event(Event::TransactionRefused { id, why: error.to_string() });
                }
            }
        }
        if let Some(source) = source.filter(|_| !accepted.is_empty()) {
            self.reward(cx, source.connection, Merit::Transactions(accepted.len()));
        }
        self.announce(cx, &accepted);
    }

    /// Puts a checked transaction into the pool; its id, if it is to be announced.
    fn pool(&mut self, cx: &mut Context<'_>, id: TxId, transaction: Transaction, from: Option<ConnectionId>) -> Option<TxId> {
        match self.mempool.insert_known(id, transaction, self.ledger.state(), cx.now.as_millis()) {
            Ok(_) => {
                cx.event(Event::TransactionAccepted { id, from });
                self.template_is_old(cx);
                Some(id)
            }
            Err(error) => {
                if from.is_none() {
                    cx.event(Event::TransactionRefused { id, why: error.to_string() });
                }
                None
            }
        }
    }

    /// Signs a transfer with our own key and submits it.
    pub(super) fn submit_transfer(&mut self, cx: &mut Context<'_>, to: Address, amount: u64, fee: u64) {
        let nonce = self.mempool.next_nonce(&self.id, self.ledger.state());
        let chain = self.ledger.spec().chain;
        let transaction = Transfer { chain, from: self.id, to, amount, fee, nonce }.sign(&self.keys);
        let id = transaction.id();
        self.arrived(cx.now, id, None);
        if self.pool(cx, id, transaction, None).is_some() {
            self.announce(cx, &[id]);
        }
    }

    /// Takes a transaction signed elsewhere.
    pub(super) fn submit(&mut self, cx: &mut Context<'_>, transaction: Transaction) {
        let id = transaction.id();
        self.arrived(cx.now, id, None);
        self.check_transactions(cx, None, vec![transaction], vec![id]);
    }

    /// Gathers ids for all peers that do not have them; they go out together a moment later.
    fn announce(&mut self, cx: &mut Context<'_>, ids: &[TxId]) {
        let mut any = false;
        for id in ids {
            let entry = self.inventory.entry(*id, cx.now);
            for (connection, peer) in self.peers.iter_mut().filter(|(_, peer)| peer.is_ready() && peer.relays) {
                if entry.add_holder(*connection) {
                    peer.announcing.push(*id);
                    any = true;
                }
            }
        }
        if any {
            self.flush_soon(cx);
        }
    }

    /// Gathers ids for one peer.
    pub(super) fn announce_to(&mut self, cx: &mut Context<'_>, connection: ConnectionId, ids: &[TxId]) {
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        for id in ids {
            if self.inventory.entry(*id, cx.now).add_holder(connection) {
                peer.announcing.push(*id);
            }
        }
        if !peer.announcing.is_empty() {
            self.flush_soon(cx);
        }
    }

    /// Sees to it that what was gathered goes out.
    fn flush_soon(&mut self, cx: &mut Context<'_>) {
        if !self.transactions.flushing {
            self.transactions.flushing = true;
            self.timers.set(cx.now + self.config.timing.announce, Timer::Announce);
        }
    }

    /// Sends what was gathered; peers that get the same share one message.
    pub(super) fn flush_announcements(&mut self, cx: &mut Context<'_>) {
        self.transactions.flushing = false;
        let mut batches: BTreeMap<Vec<TxId>, Vec<ConnectionId>> = BTreeMap::new();
        for (connection, peer) in &mut self.peers {
            if !peer.announcing.is_empty() && peer.is_ready() {
                batches.entry(std::mem::take(&mut peer.announcing)).or_default().push(*connection);
            }
        }
        for (ids, to) in batches {
            if ids.len() <= MAX_IDS {
                self.broadcast(cx, to, Message::Announce { ids });
                continue;
            }
            for part in ids.chunks(MAX_IDS) {
                self.broadcast(cx, to.clone(), Message::Announce { ids: part.to_vec() });
            }
        }
    }

    /// Drops what has waited too long.
    pub(super) fn on_expire_pool(&mut self, cx: &mut Context<'_>) {
        self.mempool.expire(cx.now.as_millis());
        self.timers.set(cx.now + POOL_EXPIRY_CHECK, Timer::ExpirePool);
    }
}
