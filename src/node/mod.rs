//! The state machine: what a node knows, and how it answers each input.
//!
//! [`Node::handle`] takes one [`Input`] and the time, and appends [`Output`]s. All time is an argument, all randomness comes from one
//! seeded generator, and no container is iterated in an order that chance decides: the same inputs give the same outputs, byte for byte.
//!
//! | File | Its story |
//! |---|---|
//! | `io`, `event`, `config`, `time`, `limits` | what goes in and out, what observers see, the set-up, the numbers |
//! | `context`, `timers` | the moment at hand: sending, events, deadlines as data |
//! | `peers` | who may become a peer, whether it lives, what it is worth, which gives way |
//! | `discovery` | which addresses are known, where they come from, and whom to dial |
//! | `transactions`, `inventory` | relay of transactions |
//! | `blocks`, `sync`, `presync` | relay of blocks; catching up; refusing what is worth nothing |
//! | `mining`, `storage`, `report`, `seldom` | what is mined, what is kept, what is told to people, and how often |
//! | `bucket` | token buckets: who may do how much of something, and how fast |
//! | `budgets` | whether all that others can make it hold is within bounds |
//! | `machine` | what a driver drives: a node, or an adversary around one |
//! | `outbox` | what waits to be sent to one peer, under both drivers |

mod blocks;
mod bucket;
mod budgets;
mod config;
mod context;
mod discovery;
mod event;
mod inventory;
mod io;
pub mod limits;
mod machine;
mod mining;
mod outbox;
mod peers;
mod presync;
mod report;
mod seldom;
mod storage;
mod sync;
mod time;
mod timers;
mod transactions;

pub use config::{AddressScope, Config, Discovery, Mining, Timing};
pub use discovery::book::scope::{host, host_name};
pub use discovery::kademlia::LookedUp;
pub use event::{Event, KindCount, NamedCount, PeerTraffic, SyncPhase};
pub use io::{Admission, CloseReason, Command, ConnectionId, DialError, Direction, EventSink, Input, Output, Priority, Stamped};
pub use machine::{Machine, Wrap};
pub use outbox::{Outbox, OutboxFull, briefer};
pub use peers::reputation::decayed;
pub use time::Time;

use crate::chain::{Address, BlockId, KeyPair, Ledger, Mempool};
use crate::wire::Message;
use context::Context;
use discovery::book::Book;
use discovery::counts::Counts;
use discovery::keep::Keeping;
use inventory::Inventory;
use peers::bans::Bans;
use peers::offences;
use peers::peer::{Peer, is_request};
use peers::recovery::Recovery;
use peers::reputation::Reputations;
use peers::slots::Slots;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use std::collections::BTreeMap;
use std::sync::Arc;
use timers::{Timer, Timers};

/// A node: a deterministic state machine. It owns no socket, clock, thread, file or global generator.
pub struct Node {
    config: Config,
    keys: KeyPair,
    id: Address,
    /// The chain's first block.
    genesis: BlockId,
    rng: ChaCha8Rng,
    timers: Timers,
    ledger: Ledger,
    mempool: Mempool,
    peers: BTreeMap<ConnectionId, Peer>,
    book: Book,
    reputations: Reputations,
    bans: Bans,
    slots: Slots,
    counts: Counts,
    keeping: Keeping,
    answers: discovery::exchange::Answers,
    dialling: discovery::dial::Dialling,
    own: discovery::own::State,
    seeds: discovery::seeds::State,
    kademlia: discovery::kademlia::State,
    recovery: Recovery,
    transactions: transactions::Relay,
    inventory: Inventory,
    blocks: blocks::Relay,
    sync: sync::Sync,
    mining: mining::State,
    storage: storage::State,
    report: report::State,
    /// How far its clock is believed to be off, in milliseconds.
    clock_skew: i64,
    /// Set by [`Command::Shutdown`]: no new links, no new work.
    stopping: bool,
}

impl Node {
    /// A node on `ledger`. `seed` feeds its only random generator.
    pub fn new(config: Config, keys: KeyPair, ledger: Ledger, seed: u64, now: Time) -> Self {
        // No transaction stands before the first block: a thousand new nodes need not each look at a thousand accounts.
        let transactions_on_chain = match ledger.tip().height {
            0 => 0,
            _ => ledger.state().iter().fold(0u64, |sum, (_, account)| sum.saturating_add(account.nonce)),
        };
        let id = keys.address();
        let genesis = ledger.at_height(0).unwrap_or_else(|| ledger.spec().genesis_id());
        Self {
            genesis,
            book: Book::new(&config, seed, now),
            rng: ChaCha8Rng::seed_from_u64(seed),
            timers: Timers::default(),
            mempool: Mempool::new(),
            peers: BTreeMap::new(),
            reputations: Reputations::default(),
            bans: Bans::default(),
            slots: Slots::new(seed),
            counts: Counts::default(),
            keeping: Keeping::default(),
            answers: discovery::exchange::Answers::default(),
            dialling: discovery::dial::Dialling::default(),
            own: discovery::own::State::default(),
            seeds: discovery::seeds::State::new(&config.discovery.dns_seeds),
            kademlia: discovery::kademlia::State::new(id),
            recovery: Recovery::default(),
            transactions: transactions::Relay::default(),
            inventory: Inventory::new(now),
            blocks: blocks::Relay::default(),
            sync: sync::Sync::default(),
            mining: mining::State::default(),
            storage: storage::State::default(),
            report: report::State { transactions_on_chain, ..Default::default() },
            clock_skew: 0,
            stopping: false,
            config,
            keys,
            id,
            ledger,
        }
    }

    /// Its id, which is also its account.
    pub fn id(&self) -> Address {
        self.id
    }

    /// The ledger, to look at.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The pool, to look at.
    pub fn mempool(&self) -> &Mempool {
        &self.mempool
    }

    /// The node ids of the peers with whom hands are shaken, in order.
    pub fn ready_peers(&self) -> Vec<Address> {
        let mut ids: Vec<_> = self.peers.values().filter(|peer| peer.is_ready()).map(|peer| peer.id).collect();
        ids.sort_unstable();
        ids
    }

    /// A peer's reputation in hundredths at `now`: -10,000 to 10,000.
    pub fn reputation(&self, peer: &Address, now: Time) -> i32 {
        self.reputations.value(peer, now)
    }

    /// To be called once, before any input: dials the bootstrap addresses, starts mining.
    pub fn start(&mut self, now: Time, out: &mut Vec<Output>) {
        let mut cx = Context { now, out };
        self.start_reporting(&mut cx);
        self.start_mining(&mut cx);
        self.admit(&mut cx);
        self.timers.set(now + limits::POOL_EXPIRY_CHECK, Timer::ExpirePool);
        self.start_keeping(&mut cx);
        self.schedule_feeler(&cx);
        self.start_discovery(&mut cx);
        // Blocks that were stored but not on the main chain may still complete a better one.
        self.advance(&mut cx);
        self.report_sync(&mut cx);
    }

    /// Takes one input; appends what is to be done. Never blocks.
    pub fn handle(&mut self, now: Time, input: Input, out: &mut Vec<Output>) {
        let cx = &mut Context { now, out };
        self.forgive(now);
        match input {
            Input::Connected { connection, address, direction, peer } => {
                self.on_connected(cx, connection, address, direction, peer)
            }
            Input::Received { connection, message, bytes } => self.on_received(cx, connection, &message, bytes),
            Input::Malformed { connection, error } => self.on_malformed(cx, connection, &error),
            Input::Unknown { connection, bytes, .. } => self.on_unknown(cx, connection, bytes),
            Input::Disconnected { connection, reason } => self.on_disconnected(cx, connection, reason),
            Input::DialFailed { address, error } => self.on_dial_failed(cx, address, error),
            Input::Resolved { name, addresses } => self.on_resolved(cx, &name, addresses),
            Input::Mapped { address } => self.on_mapped(cx, address),
            Input::Unmapped => self.on_unmapped(cx),
            Input::AddressesKept(result) => self.on_addresses_kept(cx, result),
            Input::Deadline => self.on_deadline(cx),
            Input::Command(command) => self.on_command(cx, command),
            Input::Validated(verdict) => self.on_validated(cx, &verdict),
            Input::TransactionsChecked { request, results } => self.on_transactions_checked(cx, request, results),
            Input::Mined(block) => self.on_mined(cx, block),
            Input::Loaded { request, blocks } => self.on_loaded(cx, request, blocks),
            Input::Stored(ids) => self.on_stored(&ids),
            Input::StoreFailed(why) => self.on_store_failed(cx, why),
            Input::ReadFailed(why) => self.on_read_failed(cx, &why),
        }
    }

    /// When it wants [`Input::Deadline`] next; [`Time::MAX`]: never.
    pub fn next_deadline(&self) -> Time {
        self.timers.next()
    }

    /// What its own clock shows: Unix milliseconds. Intervals are not measured with it, since a clock may be off.
    fn wall(&self, now: Time) -> u64 {
        now.as_millis().saturating_add_signed(self.clock_skew)
    }

    /// Sorts a message to the room that owns its kind.
    fn on_received(&mut self, cx: &mut Context<'_>, connection: ConnectionId, message: &Arc<Message>, bytes: usize) {
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        peer.traffic.bytes_in += bytes as u64;
        peer.traffic.messages_in += 1;
        peer.heard = cx.now;
        self.report.received.count(message.kind(), bytes);
        if peer.is_closing() {
            return;
        }
        if is_request(message) {
            peer.served = cx.now;
        }
        if !peer.is_ready() && !peer.is_visiting() {
            return self.on_handshake_message(cx, connection, message);
        }
        if peer.is_spamming(cx.now, message) {
            self.offend(cx, connection, offences::Offence::Spam);
            if self.peers.get(&connection).is_none_or(Peer::is_closing) {
                return;
            }
        }
        if self.peers.get(&connection).is_some_and(Peer::is_visiting) {
            return self.on_visit_message(cx, connection, message);
        }
        match &**message {
            Message::Handshake { .. } | Message::HandshakeAck { .. } => {
                self.offend(cx, connection, offences::Offence::OutOfPlace)
            }
            Message::Heartbeat => {}
            Message::Ping { nonce, .. } => self.on_ping(cx, connection, *nonce),
            Message::Pong { nonce, .. } => self.on_pong(cx, connection, *nonce),
            Message::GetPeers => self.on_get_peers(cx, connection),
            Message::Peers { answer, addresses } => self.on_peers(cx, connection, *answer, addresses),
            Message::FindNode { nonce, target, own } => self.on_find_node(cx, connection, *nonce, target, own.as_ref()),
            Message::Nodes { nonce, own, records } => self.on_nodes(cx, connection, *nonce, own.as_ref(), records),
            Message::GetHeaders { locator } => self.on_get_headers(cx, connection, locator),
            Message::Headers { answer, headers } => self.on_headers(cx, connection, *answer, headers),
            Message::GetBlock { id } => self.on_get_block(cx, connection, *id),
            Message::Block { block } => self.on_block(cx, connection, block, true),
            Message::NewBlock { block } => self.on_block(cx, connection, block, false),
            Message::NotFound { ids } => self.on_not_found(cx, connection, ids),
            Message::Transaction { transactions } => self.on_transactions(cx, connection, transactions),
            Message::Announce { ids } => self.on_announce(cx, connection, ids),
            Message::GetData { ids } => self.on_get_data(cx, connection, ids),
            Message::Goodbye { reason } => self.on_goodbye(cx, connection, *reason),
            Message::Error { code, text } => self.on_error(cx, connection, *code, text),
        }
    }

    /// When we ourselves slept (a suspended machine, a stopped process), every deadline seems missed, and every answer late: what others
    /// owe us is then given the time that we lost, so that nobody is blamed for our pause. Whatever the first input after it is.
    fn forgive(&mut self, now: Time) {
        if let Some(lost) = self.timers.forgive(now, limits::OWN_PAUSE) {
            self.peers.values_mut().for_each(|peer| peer.forgive(lost));
            self.sync.forgive(lost);
            self.dialling.forgive(lost);
        }
    }

    /// Fires every timer that is due.
    fn on_deadline(&mut self, cx: &mut Context<'_>) {
        while let Some(timer) = self.timers.pop_due(cx.now) {
            match timer {
                Timer::Handshake(connection) => self.on_handshake_deadline(cx, connection),
                Timer::Ping(connection) => self.send_ping(cx, connection),
                Timer::Pong(connection, nonce) => self.on_pong_deadline(cx, connection, nonce),
                Timer::Headers(connection, request) => self.on_headers_deadline(cx, connection, request),
                Timer::Body(id, connection) => self.on_body_deadline(cx, id, connection),
                Timer::Debt(id, connection) => self.on_debt_deadline(cx, id, connection),
                Timer::Transaction(id) => self.on_transaction_deadline(cx, id),
                Timer::Announce => self.flush_announcements(cx),
                Timer::Dial => self.on_dial_deadline(cx),
                Timer::Exchange => self.on_exchange_deadline(cx),
                Timer::Feeler => self.on_feeler_deadline(cx),
                Timer::KeepAddresses => self.on_keep_deadline(cx),
                Timer::Gossip => self.on_gossip_deadline(cx),
                Timer::Seeds => self.on_seeds_deadline(cx),
                Timer::Lookup => self.on_lookup_deadline(cx),
                Timer::Question(nonce) => self.on_question_deadline(cx, nonce),
                Timer::Guest(connection) => self.on_guest_deadline(cx, connection),
                Timer::Unban(peer) => self.on_unban_deadline(cx, peer),
                Timer::UnbanAddress(address) => self.on_address_unban_deadline(cx, address),
                Timer::Mine => self.on_mine_deadline(cx),
                Timer::ExpirePool => self.on_expire_pool(cx),
                Timer::StoreRetry => self.on_store_retry(cx),
                Timer::Pulse => self.on_pulse(cx),
                Timer::Statistics => self.on_statistics(cx),
            }
        }
    }

    fn on_command(&mut self, cx: &mut Context<'_>, command: Command) {
        match command {
            Command::Transfer { to, amount, fee } => self.submit_transfer(cx, to, amount, fee),
            Command::Submit(transaction) => self.submit(cx, *transaction),
            Command::LookUp(node) => self.look_up(cx, node),
            Command::Connect(address) => self.connect_by_hand(cx, address),
            Command::Disconnect(peer) => self.disconnect(cx, peer),
            Command::Ban { peer, time } => self.ban_by_hand(cx, peer, time),
            Command::BanAddress { address, time } => self.ban_address_by_hand(cx, address, time),
            Command::UnbanAddress(address) => self.lift_address_ban(cx, address),
            Command::Unban(peer) => self.lift_ban(cx, peer),
            Command::SkewClock { millis } => self.clock_skew = millis,
            Command::Shutdown => self.shut_down(cx),
        }
    }
}

#[cfg(test)]
mod tests;
