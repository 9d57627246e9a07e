//! Relay of blocks: small new ones whole to a few, headers to the rest, bodies to whoever asks.

use super::context::Context;
use super::limits::{BODY_SOURCES, EAGER_BLOCK_BYTES, EAGER_PEERS, LOADS_PER_PEER};
use super::peers::offences::Offence;
use super::peers::reputation::Source;
use super::{ConnectionId, Event, Node, Output, Priority};
use crate::chain::{Block, BlockId, Hash256, HeaderError};
use crate::wire::limits::MAX_HEADERS;
use crate::wire::{Message, encoded_len};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why blocks are being read from the store.
pub(super) enum Load {
    /// A peer asked for one.
    Serve(ConnectionId),
    /// The ledger needs them for a reorg.
    Ledger,
}

/// What is under way between us, the store and the peers.
#[derive(Default)]
pub(super) struct Relay {
    loads: BTreeMap<u64, Load>,
    requests: u64,
    /// Who brought the body of a block that is not validated yet.
    pub(super) sources: BTreeMap<BlockId, Source>,
}

impl Node {
    /// Tells peers of our new tip: a small block goes whole to the best few, all others get its header.
    pub(super) fn announce_tip(&mut self, cx: &mut Context<'_>, block: &Arc<Block>, id: BlockId) {
        let mut unaware: Vec<_> = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.is_ready() && !peer.knows_block(&id))
            .map(|(connection, peer)| (std::cmp::Reverse(self.reputations.value(&peer.id, cx.now)), *connection))
            .collect();
        unaware.sort_unstable();
        let mut eager: Vec<_> = unaware.into_iter().map(|(_, connection)| connection).collect();
        for connection in &eager {
            if let Some(peer) = self.peers.get_mut(connection) {
                peer.learn_block(id);
                peer.told_height = peer.told_height.max(block.header.height);
            }
        }
        let small = block.size() <= EAGER_BLOCK_BYTES;
        let others = eager.split_off(if small { eager.len().min(EAGER_PEERS) } else { 0 });
        self.broadcast(cx, eager, Message::NewBlock { block: block.clone() });
        // A header sent for news is more urgent than one sent for history.
        self.broadcast_at(cx, others, Message::Headers { answer: false, headers: vec![block.header] }, Priority::High);
    }

    /// A body: asked for, or (small and new) not.
    pub(super) fn on_block(&mut self, cx: &mut Context<'_>, connection: ConnectionId, block: &Arc<Block>, asked: bool) {
        let id = block.id();
        if let Some(peer) = self.peers.get_mut(&connection) {
            // What is not known to be a block is of use only once it has proved to be one.
            if self.ledger.header(&id).is_some() {
                peer.tells_of_block(id, cx.now);
            } else {
                peer.learn_block(id);
            }
        }
        let in_time = self.body_arrived(cx.now, &id, connection);
        if let Some(peer) = self.peers.get_mut(&connection) {
            if in_time {
                peer.note_answer(cx.now);
            } else if asked && self.ledger.header(&id).is_some() {
                peer.clear_suspicion();
            }
        }
        if self.ledger.has_body(&id) || self.ledger.is_invalid(&id) {
            self.report.duplicates += 1;
            return self.schedule_sync(cx);
        }
        if asked && !in_time && self.ledger.header(&id).is_none() {
            // An answer to a question that we never put.
            return self.offend(cx, connection, Offence::Late);
        }
        if self.ledger.header(&id).is_none() && self.is_of_low_work(&block.header) {
            return self.schedule_sync(cx);
        }
        match self.ledger.insert_header(&block.header, self.wall(cx.now)) {
            Ok(_) => {
                self.note_chain(cx, connection, &id);
                self.take_body(cx, Some(connection), id, block.clone());
            }
            Err(HeaderError::UnknownParent(_)) => self.ask_for_headers(cx, connection),
            Err(error) => self.on_header_error(cx, connection, error),
        }
    }

    /// A body whose header is in the tree goes to the ledger.
    pub(super) fn take_body(&mut self, cx: &mut Context<'_>, from: Option<ConnectionId>, id: BlockId, block: Arc<Block>) {
        let header = block.header;
        let (transactions, size) = (block.transactions.len(), block.size());
        if self.ledger.insert_body(id, block) {
            if let Some(source) = from.and_then(|connection| self.source(connection)) {
                if self.blocks.sources.len() >= BODY_SOURCES {
                    // What is furthest below the tip belongs to a branch that nobody validates any longer.
                    let height = |id: &BlockId| self.ledger.header(id).map_or(0, |header| header.height);
                    let lowest = self.blocks.sources.keys().min_by_key(|id| (height(id), **id)).copied();
                    if let Some(lowest) = lowest {
                        self.blocks.sources.remove(&lowest);
                    }
                }
                self.blocks.sources.insert(id, source);
                cx.event(Event::BlockReceived {
                    id,
                    height: header.height,
                    transactions,
                    size,
                    miner: header.miner,
                    connection: source.connection,
                    peer: source.id,
                });
            }
            self.sync.downloaded += 1;
        }
        self.advance(cx);
        self.schedule_sync(cx);
    }

    /// What to do about a header that the ledger refuses.
    pub(super) fn on_header_error(&mut self, cx: &mut Context<'_>, connection: ConnectionId, error: HeaderError) {
        match error {
            // It may be valid in a while, and clocks differ: no offence.
            HeaderError::FromTheFuture { .. } => {
                if let Some(more) = self.report.put_off.say(cx.now) {
                    cx.event(Event::Warning { text: format!("a header was put off{more}: {error}") });
                }
            }
            // The one who relays it may not have seen the invalid body.
            HeaderError::UnknownParent(_) | HeaderError::InvalidParent => {}
            HeaderError::Invalid(why) => {
                tracing::debug!(why, "invalid header");
                self.offend(cx, connection, Offence::InvalidHeader);
            }
        }
    }

    /// Headers after the first that we share.
    pub(super) fn on_get_headers(&mut self, cx: &mut Context<'_>, connection: ConnectionId, locator: &[BlockId]) {
        let headers = self.ledger.headers_after(locator, MAX_HEADERS);
        self.serve(cx, connection, Message::Headers { answer: true, headers });
    }

    /// Sends what was asked for, unless that is more than a link can carry: then it is asked for the sake of the work.
    fn serve(&mut self, cx: &mut Context<'_>, connection: ConnectionId, message: Message) {
        let bytes = encoded_len(&message) as u64;
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        if peer.is_draining(cx.now, bytes) {
            return self.offend(cx, connection, Offence::Spam);
        }
        self.send(cx, connection, message);
    }

    /// A body, from memory or from the store. Only validated blocks are given: what we pass on, we answer for.
    pub(super) fn on_get_block(&mut self, cx: &mut Context<'_>, connection: ConnectionId, id: BlockId) {
        if !self.ledger.is_valid(&id) {
            return self.send(cx, connection, Message::NotFound { ids: vec![Hash256(id.0)] });
        }
        if let Some(block) = self.ledger.body(&id) {
            return self.serve(cx, connection, Message::Block { block });
        }
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        if peer.loads >= LOADS_PER_PEER {
            return self.send(cx, connection, Message::NotFound { ids: vec![Hash256(id.0)] });
        }
        peer.loads += 1;
        self.load(cx, Load::Serve(connection), vec![id]);
    }

    fn load(&mut self, cx: &mut Context<'_>, why: Load, ids: Vec<BlockId>) {
        let request = self.blocks.requests;
        self.blocks.requests += 1;
        self.blocks.loads.insert(request, why);
        cx.out.push(Output::Load { request, ids });
    }

    /// The ledger needs stored bodies for a reorg.
    pub(super) fn load_for_ledger(&mut self, cx: &mut Context<'_>, ids: Vec<BlockId>) {
        if !self.blocks.loads.values().any(|load| matches!(load, Load::Ledger)) {
            self.load(cx, Load::Ledger, ids);
        }
    }

    /// Blocks came from the store.
    pub(super) fn on_loaded(&mut self, cx: &mut Context<'_>, request: u64, blocks: Vec<(BlockId, Option<Arc<Block>>)>) {
        match self.blocks.loads.remove(&request) {
            Some(Load::Serve(connection)) => {
                if let Some(peer) = self.peers.get_mut(&connection) {
                    peer.loads = peer.loads.saturating_sub(1);
                }
                for (id, block) in blocks {
                    let message = match block {
                        Some(block) => Message::Block { block },
                        None => Message::NotFound { ids: vec![Hash256(id.0)] },
                    };
                    self.serve(cx, connection, message);
                }
            }
            Some(Load::Ledger) => {
                for (id, block) in blocks {
                    match block {
                        Some(block) => {
                            self.ledger.insert_body(id, block);
                        }
                        // Lost from the store: asked of peers like any other.
                        None => self.ledger.forget_body(&id),
                    }
                }
                self.advance(cx);
                self.schedule_sync(cx);
            }
            None => {}
        }
    }

    /// A peer does not have what we asked of it.
    pub(super) fn on_not_found(&mut self, cx: &mut Context<'_>, connection: ConnectionId, ids: &[Hash256]) {
        for id in ids {
            let block = BlockId(id.0);
            if let Some(peer) = self.peers.get_mut(&connection) {
                peer.debts.remove(&block);
            }
            if self.peers.get(&connection).is_some_and(|peer| peer.bodies.contains(&block)) {
                self.body_arrived(cx.now, &block, connection);
                self.sync.refused_by(block, connection, cx.now);
                // It is to blame only if it told us of this block; we may have guessed from its height that it has it.
                if self.peers.get(&connection).is_some_and(|peer| peer.knows_block(&block)) {
                    self.offend(cx, connection, Offence::NotFound);
                }
            } else {
                self.transaction_not_found(cx, connection, id);
            }
        }
        self.schedule_sync(cx);
    }
}
