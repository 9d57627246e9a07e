//! One peer, as this node sees it, and what ends it.

use super::health::Health;
use super::offences::{Merit, Offence};
use crate::chain::{Address, BlockId, TxId};
use crate::node::bucket::{Bucket, Rate};
use crate::node::context::Context;
use crate::node::discovery::gossip::Gossip;
use crate::node::limits::{
    FIND_NODE_BURST, FIND_NODE_PAUSE, KNOWN_BLOCKS_PER_PEER, SERVED_BURST, SERVED_RATE, SPAM_BURST, SPAM_RATE, UNKNOWN_MESSAGES,
};
use crate::node::presync::Presync;
use crate::node::{CloseReason, ConnectionId, Direction, Event, Node, PeerTraffic, Time};
use crate::wire::{ErrorCode, GoodbyeReason, Message, WireError};
use std::collections::{BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Where a connection is in its life.
enum Stage {
    /// Encrypted; hands are not shaken.
    Handshaking,
    /// Talking, but about look-ups alone: see [`crate::node::discovery::kademlia`].
    Visiting,
    /// Talking.
    Ready,
    /// Closed by us, for this reason; the driver has not said so yet.
    Closing { why: String },
}

/// A ping on its way.
pub(in crate::node) struct PingSent {
    pub(in crate::node) nonce: u64,
    pub(in crate::node) at: Time,
    /// The highest block that we had sent or announced to it by then: with the pong it is known to have arrived.
    pub(in crate::node) told_height: u64,
    /// Bytes that we had sent it by then: with the pong they are known to have arrived.
    pub(in crate::node) bytes_out: u64,
    /// Bytes that had come from it by then: whatever comes later is a sign of life.
    pub(in crate::node) bytes_in: u64,
}

/// A request for headers on its way.
pub(in crate::node) struct HeadersAsked {
    pub(in crate::node) request: u64,
    pub(in crate::node) at: Time,
    /// Until when the answer is waited for; it grows while nobody else answers either.
    pub(in crate::node) patience: Duration,
}

/// One connection and who is at its other end.
pub(in crate::node) struct Peer {
    pub(in crate::node) id: Address,
    /// The other end of the socket.
    pub(in crate::node) address: SocketAddr,
    /// Where it can be dialled, if it listens.
    pub(in crate::node) listens: Option<SocketAddr>,
    pub(in crate::node) direction: Direction,
    stage: Stage,
    /// When hands were shaken, if they ever were.
    ready_since: Option<Time>,
    /// Whether it said goodbye before hands were shaken, or without need of the link: it is there, and nothing failed.
    pub(in crate::node) declined: bool,
    /// Whether it had no slot for us any more, or needed it for somebody else.
    pub(in crate::node) displaced: bool,
    /// Whether this link only tests the address.
    pub(in crate::node) feeler: bool,
    /// Whether we ourselves said goodbye.
    pub(in crate::node) dismissed: bool,
    pub(in crate::node) traffic: PeerTraffic,
    /// When it connected.
    pub(in crate::node) since: Time,
    /// When the link last was of use to either side; at first, when it connected.
    pub(in crate::node) served: Time,
    /// When it last was the first to bring a block that proved valid; a transaction.
    pub(in crate::node) new_block: Option<Time>,
    pub(in crate::node) new_transaction: Option<Time>,
    pub(in crate::node) health: Health,
    /// When anything last came from it.
    pub(in crate::node) heard: Time,
    /// When it last answered a request in time.
    pub(in crate::node) answered: Option<Time>,
    /// Whether it relays transactions.
    pub(in crate::node) relays: bool,
    /// Whether it answers look-ups.
    pub(in crate::node) dht: bool,
    /// Whether it came only to ask, or to see whether we answer, and was let in for that.
    pub(in crate::node) guest: bool,
    /// Whether we dialled it only to ask one question.
    pub(in crate::node) visit: bool,
    /// Where it sees us come from.
    pub(in crate::node) sees_us_at: Option<IpAddr>,

    pub(in crate::node) ping: Option<PingSent>,
    /// Bytes sent to it that are known to have arrived.
    pub(in crate::node) bytes_confirmed: u64,
    /// Smoothed round-trip time.
    pub(in crate::node) rtt: Option<Duration>,

    /// Its chain as last heard of.
    pub(in crate::node) height: u64,
    pub(in crate::node) work: u128,
    /// Height of the highest block that we told it of.
    pub(in crate::node) told_height: u64,
    /// Blocks it has, lately: those it told of and those we told it of.
    known_blocks: VecDeque<BlockId>,
    pub(in crate::node) headers_asked: Option<HeadersAsked>,
    /// A chain of low work that it shows us.
    pub(in crate::node) presync: Option<Presync>,
    /// Blocks that it told of and was asked for, which were then asked of others.
    pub(in crate::node) debts: BTreeSet<BlockId>,
    /// Questions that it did not answer, as far as we see.
    pub(in crate::node) suspicions: u32,
    /// When the last of them was given up.
    pub(in crate::node) suspected: Time,
    /// Bodies asked of it.
    pub(in crate::node) bodies: BTreeSet<BlockId>,
    /// How many bodies may be asked of it at a time; falls when it is slow.
    pub(in crate::node) body_window: usize,
    /// How long its bodies take lately, from the question to the answer: on a thin line much longer than a round trip.
    pub(in crate::node) body_time: Duration,
    /// Blocks being read from the store for it.
    pub(in crate::node) loads: usize,

    /// Transactions to be announced to it.
    pub(in crate::node) announcing: Vec<TxId>,
    /// Transactions asked of it.
    pub(in crate::node) transactions_asked: usize,

    /// Whether an answer with addresses is awaited from it.
    pub(in crate::node) owes_addresses: bool,
    /// When it last asked for addresses.
    pub(in crate::node) asked_us_for_peers: Option<Time>,
    /// News of addresses.
    pub(in crate::node) gossip: Gossip,
    /// What it may still ask of our table.
    find_nodes: Bucket,
    /// Whether it ever asked our table.
    told_nodes: bool,
    unknown_messages: u32,
    /// What it may still send unasked.
    unasked: Bucket,
    /// The bytes that it may still ask of us.
    served_bytes: Bucket,
}

/// Messages that nobody asked for.
const UNASKED: Rate = Rate { burst: SPAM_BURST, count: SPAM_RATE, per: Duration::from_secs(1) };
/// Questions of look-ups.
const FIND_NODES: Rate = Rate { burst: FIND_NODE_BURST, count: 1, per: FIND_NODE_PAUSE };
/// Bytes of headers and bodies.
const SERVED: Rate = Rate { burst: SERVED_BURST, count: SERVED_RATE, per: Duration::from_secs(1) };

impl Peer {
    pub(in crate::node) fn new(
        connection: ConnectionId,
        id: Address,
        address: SocketAddr,
        direction: Direction,
        now: Time,
    ) -> Self {
        Self {
            id,
            address,
            listens: (direction == Direction::Outbound).then_some(address),
            direction,
            stage: Stage::Handshaking,
            ready_since: None,
            declined: false,
            displaced: false,
            feeler: false,
            guest: false,
            dismissed: false,
            traffic: PeerTraffic { connection: connection.0, ..PeerTraffic::default() },
            since: now,
            served: now,
            new_block: None,
            new_transaction: None,
            health: Health::default(),
            heard: now,
            answered: None,
            relays: false,
            dht: false,
            visit: false,
            sees_us_at: None,
            ping: None,
            bytes_confirmed: 0,
            rtt: None,
            height: 0,
            work: 0,
            told_height: 0,
            known_blocks: VecDeque::new(),
            headers_asked: None,
            presync: None,
            debts: BTreeSet::new(),
            suspicions: 0,
            suspected: Time(0),
            bodies: BTreeSet::new(),
            body_window: crate::node::limits::BODIES_PER_PEER,
            body_time: Duration::ZERO,
            loads: 0,
            announcing: Vec::new(),
            transactions_asked: 0,
            owes_addresses: false,
            asked_us_for_peers: None,
            gossip: Gossip::default(),
            find_nodes: Bucket::full(&FIND_NODES),
            told_nodes: false,
            unknown_messages: 0,
            unasked: Bucket::full(&UNASKED),
            served_bytes: Bucket::full(&SERVED),
        }
    }

    pub(in crate::node) fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Ready)
    }

    /// Whether hands are shaken for questions of look-ups alone.
    pub(in crate::node) fn is_visiting(&self) -> bool {
        matches!(self.stage, Stage::Visiting)
    }

    pub(in crate::node) fn set_visiting(&mut self) {
        self.stage = Stage::Visiting;
    }

    /// Whether it may ask our table once more.
    pub(in crate::node) fn may_find_nodes(&mut self, now: Time) -> bool {
        self.told_nodes = true;
        self.find_nodes.take(1, &FIND_NODES, now)
    }

    /// Whether it ever asked our table: it had its answer, or asked for more than its share.
    pub(in crate::node) fn was_told_nodes(&self) -> bool {
        self.told_nodes
    }

    pub(in crate::node) fn is_closing(&self) -> bool {
        matches!(self.stage, Stage::Closing { .. })
    }

    pub(in crate::node) fn set_ready(&mut self, now: Time) {
        self.stage = Stage::Ready;
        self.ready_since = Some(now);
    }

    /// When hands were shaken, if they ever were; also after the link was closed.
    pub(in crate::node) fn ready_since(&self) -> Option<Time> {
        self.ready_since
    }

    /// Whether hands were ever shaken.
    pub(in crate::node) fn was_ready(&self) -> bool {
        self.ready_since.is_some()
    }

    pub(in crate::node) fn set_closing(&mut self, why: String) {
        self.stage = Stage::Closing { why };
    }

    /// Whether a ping has gone unanswered for longer than `patience`.
    pub(in crate::node) fn is_silent(&self, now: Time, patience: Duration) -> bool {
        self.ping.as_ref().is_some_and(|ping| now.since(ping.at) > patience)
    }

    /// We stood still for this long: what is awaited from it gets the time back.
    pub(in crate::node) fn forgive(&mut self, lost: Duration) {
        if let Some(ping) = &mut self.ping {
            ping.at = ping.at + lost;
        }
        if let Some(asked) = &mut self.headers_asked {
            asked.at = asked.at + lost;
        }
        self.suspected = self.suspected + lost;
    }

    /// Notes that it was of use.
    pub(in crate::node) fn note_merit(&mut self, merit: Merit, now: Time) {
        self.served = now;
        match merit {
            Merit::Block => self.new_block = Some(now),
            Merit::Transactions(_) => self.new_transaction = Some(now),
        }
    }

    /// An answer that was given up has come after all: true if there was one to wait for.
    pub(in crate::node) fn clear_suspicion(&mut self) -> bool {
        let suspected = self.suspicions > 0;
        self.suspicions = self.suspicions.saturating_sub(1);
        suspected
    }

    /// Notes that it answered a request in time.
    pub(in crate::node) fn note_answer(&mut self, now: Time) {
        self.answered = Some(now);
        self.health.note_request(true);
    }

    /// Whether the link was of use lately, beyond its being there.
    pub(in crate::node) fn is_in_use(&self, now: Time, lately: Duration) -> bool {
        self.served > self.since && now.since(self.served) < lately
    }

    /// Notes that it has a block; whether that was not known yet.
    pub(in crate::node) fn learn_block(&mut self, id: BlockId) -> bool {
        let news = !self.knows_block(&id);
        if news {
            if self.known_blocks.len() >= KNOWN_BLOCKS_PER_PEER {
                self.known_blocks.pop_front();
            }
            self.known_blocks.push_back(id);
        }
        news
    }

    /// Notes that it told us of a block: that is of use, even if others told of it before.
    pub(in crate::node) fn tells_of_block(&mut self, id: BlockId, now: Time) {
        if self.learn_block(id) {
            self.served = now;
        }
    }

    /// Whether it is known to have a block.
    pub(in crate::node) fn knows_block(&self, id: &BlockId) -> bool {
        self.known_blocks.contains(id)
    }

    /// Counts a message that nobody asked for; true once for each burst that is too much.
    pub(in crate::node) fn is_spamming(&mut self, now: Time, message: &Message) -> bool {
        let unasked = match message {
            Message::Ping { .. }
            | Message::Heartbeat
            | Message::GetPeers
            | Message::GetHeaders { .. }
            | Message::GetData { .. }
            | Message::Announce { .. }
            | Message::NewBlock { .. } => true,
            Message::FindNode { .. } => true,
            Message::Peers { answer, .. } => !(*answer && self.owes_addresses),
            Message::Headers { answer, .. } => !answer,
            _ => false,
        };
        unasked && is_too_much(&mut self.unasked, 1, &UNASKED, now)
    }

    /// Counts bytes that are to be sent because it asked; true once for each burst that is more than a link can carry.
    pub(in crate::node) fn is_draining(&mut self, now: Time, bytes: u64) -> bool {
        is_too_much(&mut self.served_bytes, bytes, &SERVED, now)
    }

    /// How many blocks are remembered that it has.
    pub(in crate::node) fn known_block_count(&self) -> usize {
        self.known_blocks.len()
    }
}

/// Takes `count`; if there is not so much, it is too much, and a new burst begins.
fn is_too_much(bucket: &mut Bucket, count: u64, rate: &Rate, now: Time) -> bool {
    let enough = bucket.take(count, rate, now);
    if !enough {
        *bucket = Bucket::full(rate);
        bucket.take(0, rate, now);
    }
    !enough
}

/// Whether a message asks for a part of the chain or of the pool: such questions are what links are for. Pings are not, and neither are
/// questions for addresses, which everybody asks of everybody.
pub(in crate::node) fn is_request(message: &Message) -> bool {
    matches!(message, Message::GetHeaders { .. } | Message::GetBlock { .. } | Message::GetData { .. })
}

impl Node {
    /// A frame that is no message: the bytes after it cannot be trusted either.
    pub(in crate::node) fn on_malformed(&mut self, cx: &mut Context<'_>, connection: ConnectionId, error: &WireError) {
        if self.peers.get(&connection).is_some_and(|peer| !peer.is_closing()) {
            self.send(cx, connection, Message::Error { code: ErrorCode::BadMessage, text: error.to_string() });
            self.offend(cx, connection, Offence::Malformed);
        }
    }

    /// A type that we do not know: a newer peer may say such things, but not without end.
    pub(in crate::node) fn on_unknown(&mut self, cx: &mut Context<'_>, connection: ConnectionId, bytes: usize) {
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        peer.traffic.bytes_in += bytes as u64;
        peer.traffic.messages_in += 1;
        peer.unknown_messages += 1;
        if peer.unknown_messages > UNKNOWN_MESSAGES && !peer.is_closing() {
            self.offend(cx, connection, Offence::TooManyUnknown);
        }
    }

    /// The peer parts in good order; the driver will see the end of the stream.
    pub(in crate::node) fn on_goodbye(&mut self, cx: &mut Context<'_>, connection: ConnectionId, reason: GoodbyeReason) {
        if let Some(peer) = self.peers.get_mut(&connection) {
            // A feeler has seen what it wanted to see: nothing was lost.
            peer.dismissed |= reason == GoodbyeReason::Idle;
            // A link that served nobody while slots were scarce would serve nobody at once again.
            let reaped = reason == GoodbyeReason::Idle && peer.was_ready() && !peer.feeler;
            peer.displaced = reason == GoodbyeReason::Full || reaped;
            peer.declined = true;
        }
        let why = match reason {
            GoodbyeReason::ShuttingDown => "it shuts down",
            GoodbyeReason::Full => "it has no free slot",
            GoodbyeReason::Duplicate => "it keeps another connection with us",
            GoodbyeReason::Reputation => "our reputation with it fell too low",
            GoodbyeReason::Banned => "it has banned us",
            GoodbyeReason::Idle => "it no longer needs the link",
        };
        self.close(cx, connection, CloseReason::Abrupt(format!("the peer said goodbye: {why}")));
    }

    /// The peer tells why it will close.
    pub(in crate::node) fn on_error(&mut self, cx: &mut Context<'_>, connection: ConnectionId, code: ErrorCode, text: &str) {
        if matches!(code, ErrorCode::WrongChain | ErrorCode::NoCommonVersion)
            && let Some(peer) = self.peers.get(&connection)
        {
            self.book.refused(peer.address, cx.now, &self.config.timing);
        }
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        self.close(cx, connection, CloseReason::Abrupt(format!("the peer refused us, in its words: {text}")));
    }

    /// A connection is over.
    pub(in crate::node) fn on_disconnected(&mut self, cx: &mut Context<'_>, connection: ConnectionId, reason: String) {
        self.release_requests(cx, connection);
        let Some(peer) = self.peers.remove(&connection) else { return };
        let why = match &peer.stage {
            Stage::Closing { why } => why.clone(),
            _ => reason,
        };
        if peer.visit {
            // Whom we visited we may want to dial for good.
            return self.dial_soon(cx);
        }
        if peer.was_ready() && !peer.dismissed {
            self.count_lost(peer.id);
        }
        self.count_peers(cx.now);
        self.admit(cx);
        cx.event(Event::Disconnected { connection, peer: peer.id, address: peer.address, why, guest: peer.guest });
        self.on_link_ended(cx, &peer);
        self.schedule_sync(cx);
    }

    /// Gives up what was asked of a peer, so that others are asked.
    pub(in crate::node) fn release_requests(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        self.release_bodies(cx, connection);
        self.release_transactions(cx, connection);
        self.release_questions(cx, connection);
    }
}
