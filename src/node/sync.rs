//! Catching up: headers first from the peer with most work, then bodies from everyone who has them, validated in order.

use super::context::Context;
use super::limits::{
    BODIES_PER_PEER, BODY_WINDOW, CATCHING_UP, INITIAL_DOWNLOAD, KNOWN_BLOCKS_PER_PEER, LONGEST_ANSWER, REFUSAL, STEADY_LAG,
    SYNC_REPORT, UNANSWERED,
};
use super::peers::offences::{Merit, Offence};
use super::peers::peer::HeadersAsked;
use super::presync::Screened;
use super::timers::Timer;
use super::{ConnectionId, Direction, Event, Node, Output, SyncPhase, Time};
use crate::chain::{Block, BlockError, BlockId, Connected, Header, HeaderError, Need, Reorg, Verdict};
use crate::wire::Message;
use crate::wire::limits::{MAX_HEADERS, MAX_LOCATOR};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// One body on its way.
struct Asked {
    from: ConnectionId,
    at: Time,
    /// Until when it is expected; then another peer is asked too late or not at all.
    patience: Duration,
}

/// What synchronization is doing.
#[derive(Default)]
pub(super) struct Sync {
    /// Who is being asked for headers.
    headers_from: Option<ConnectionId>,
    requests: u64,
    asked: BTreeMap<BlockId, Asked>,
    /// Who said not to have a body, or was late with it, and when.
    refused: BTreeMap<BlockId, BTreeMap<ConnectionId, Time>>,
    /// Bodies downloaded since the node was last at the tip.
    pub(super) downloaded: u64,
    reported: Option<(SyncPhase, Time)>,
    /// Height up to which the best chain is validated, and when that last changed.
    progress: (u64, Time),
}

impl Sync {
    /// Notes that a peer does not give a body, so that it is not asked for it again for a while.
    pub(super) fn refused_by(&mut self, id: BlockId, connection: ConnectionId, now: Time) {
        self.refused.entry(id).or_default().insert(connection, now);
    }

    /// Refusals that are old enough no longer count: the peer may have the block by now.
    pub(super) fn forget_refusals(&mut self, now: Time) {
        self.refused.retain(|_, refused| {
            refused.retain(|_, at| now.since(*at) < REFUSAL);
            !refused.is_empty()
        });
    }

    /// We stood still for this long: what is awaited gets the time back.
    pub(super) fn forgive(&mut self, lost: Duration) {
        self.asked.values_mut().for_each(|asked| asked.at = asked.at + lost);
    }
}

impl Node {
    /// Whether so much is missing that only catching up makes sense.
    pub(super) fn is_far_behind(&self, now: Time) -> bool {
        self.ledger.best_header().height > self.ledger.tip().height.saturating_add(INITIAL_DOWNLOAD)
            && now < self.catching_up_until()
    }

    /// Asks for whatever is missing: headers of a better chain, bodies of the best one.
    pub(super) fn schedule_sync(&mut self, cx: &mut Context<'_>) {
        self.note_progress(cx.now);
        if self.stopping {
            return;
        }
        self.schedule_headers(cx);
        self.schedule_bodies(cx);
        self.report_sync(cx);
    }

    fn schedule_headers(&mut self, cx: &mut Context<'_>) {
        if self.sync.headers_from.is_some_and(|from| self.peers.get(&from).is_some_and(|peer| peer.headers_asked.is_some())) {
            return;
        }
        self.sync.headers_from = None;
        let ours = self.ledger.best_header().work;
        let best = self.peers.iter().filter(|(_, peer)| peer.is_ready() && peer.work > ours && peer.headers_asked.is_none());
        // Whom we chose ourselves comes first: anybody may dial us and claim whatever he likes, and is waited for.
        let best = best
            .max_by_key(|(connection, peer)| {
                let chosen = peer.direction == Direction::Outbound;
                (chosen, peer.work, peer.health.score(), std::cmp::Reverse(**connection))
            })
            .map(|(id, _)| *id);
        if let Some(connection) = best {
            self.ask_for_headers(cx, connection);
        }
    }

    /// Asks one peer for the headers after what we have; one question at a time.
    pub(super) fn ask_for_headers(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        let locator = self.ledger.locator();
        self.ask_for_headers_after(cx, connection, locator);
    }

    pub(super) fn ask_for_headers_after(&mut self, cx: &mut Context<'_>, connection: ConnectionId, locator: Vec<BlockId>) {
        let request = self.sync.requests;
        let Some(peer) = self.peers.get_mut(&connection).filter(|peer| peer.is_ready()) else { return };
        if peer.headers_asked.is_some() {
            return;
        }
        self.sync.requests += 1;
        self.sync.headers_from.get_or_insert(connection);
        peer.headers_asked = Some(HeadersAsked { request, at: cx.now, patience: UNANSWERED });
        self.timers.set(cx.now + UNANSWERED, Timer::Headers(connection, request));
        cx.event(Event::Asked { connection, what: "headers".to_owned() });
        self.send(cx, connection, Message::GetHeaders { locator });
    }

    /// Headers: an answer, or the news of a block.
    pub(super) fn on_headers(&mut self, cx: &mut Context<'_>, connection: ConnectionId, answer: bool, headers: &[Header]) {
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        if answer {
            if peer.headers_asked.take().is_none() && !peer.clear_suspicion() {
                return self.offend(cx, connection, Offence::Late);
            }
            peer.note_answer(cx.now);
        }
        let ids: Vec<_> = headers.iter().map(Header::id).collect();
        if headers.iter().skip(1).zip(&ids).any(|(header, parent)| header.parent != *parent) {
            return self.offend(cx, connection, Offence::UnconnectedHeaders);
        }
        if matches!(self.screen(cx, connection, answer, headers, &ids), Screened::Done) {
            return;
        }
        let mut all = true;
        for (header, id) in headers.iter().zip(&ids) {
            match self.ledger.insert_header(header, self.wall(cx.now)) {
                // A chain with an invalid block in it counts for nothing, whoever still believes in it.
                Ok(_) if self.ledger.is_invalid(id) => {
                    all = false;
                    break;
                }
                Ok(_) => {}
                Err(HeaderError::UnknownParent(_)) if !answer => {
                    // News of a chain that we do not know yet.
                    return self.ask_for_headers(cx, connection);
                }
                Err(HeaderError::UnknownParent(_)) => {
                    // Our question ended with the genesis block, so an honest answer always connects.
                    return self.offend(cx, connection, Offence::UnconnectedHeaders);
                }
                Err(error) => {
                    self.on_header_error(cx, connection, error);
                    all = false;
                    break;
                }
            }
            self.note_chain(cx, connection, id);
        }
        if let Some(last) = ids.last().filter(|_| answer && all && headers.len() >= MAX_HEADERS) {
            // There is more. The question starts from the last one got, which need not be on our best chain.
            let mut locator = vec![*last];
            locator.extend(self.ledger.locator().into_iter().take(MAX_LOCATOR - 1));
            self.ask_for_headers_after(cx, connection, locator);
        } else if answer && let Some(peer) = self.peers.get_mut(&connection) {
            // It gave all it has: if it claimed more work than that, the claim is not believed any longer.
            let best = ids.last().and_then(|id| self.ledger.work(id));
            peer.work = peer.work.min(best.unwrap_or(0).max(self.ledger.best_header().work));
        }
        self.advance(cx);
        self.schedule_sync(cx);
    }

    /// A peer has a block whose header is in our tree: so it has its ancestors, and at least its work.
    pub(super) fn note_chain(&mut self, cx: &mut Context<'_>, connection: ConnectionId, id: &BlockId) {
        let (Some(work), Some(height)) = (self.ledger.work(id), self.ledger.header(id).map(|header| header.height)) else {
            return;
        };
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        peer.tells_of_block(*id, cx.now);
        peer.work = peer.work.max(work);
        if height > peer.height {
            peer.height = height;
            cx.event(Event::PeerHeight { connection, height });
        }
    }

    /// No answer to a question for headers.
    pub(super) fn on_headers_deadline(&mut self, cx: &mut Context<'_>, connection: ConnectionId, request: u64) {
        let Some(peer) = self.peers.get(&connection) else { return };
        let Some(asked) = peer.headers_asked.as_ref().filter(|asked| asked.request == request) else { return };
        let (at, waited) = (asked.at, asked.patience);
        let slow_ourselves = waited < LONGEST_ANSWER && !self.others_answer(connection, at);
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        if slow_ourselves {
            let patience = (waited * 2).min(LONGEST_ANSWER);
            peer.headers_asked = Some(HeadersAsked { request, at, patience });
            self.timers.set(at + patience, Timer::Headers(connection, request));
            // Meanwhile another is asked: if that one answers, it was not our line.
            self.sync.headers_from = None;
            return self.schedule_sync(cx);
        }
        peer.headers_asked = None;
        // Whatever it claims to have, it does not give it.
        peer.work = 0;
        peer.health.note_request(false);
        self.suspect(cx, connection);
        self.schedule_sync(cx);
    }

    /// Whether somebody other than this peer has answered a request since. If nobody has, it may well be we who are
    /// slow: an answer can be large, and a thin line lets pongs through long before it.
    fn others_answer(&self, connection: ConnectionId, since: Time) -> bool {
        self.peers.iter().any(|(other, peer)| *other != connection && peer.answered.is_some_and(|at| at > since))
    }

    /// Whether anything at all has come since, from anybody. If not, our own line is dead.
    fn is_anyone_heard(&self, since: Time) -> bool {
        self.peers.values().any(|peer| peer.heard > since)
    }

    /// Shares the missing bodies out among the peers that have them.
    fn schedule_bodies(&mut self, cx: &mut Context<'_>) {
        let mut free: BTreeMap<ConnectionId, usize> = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.is_ready())
            .map(|(connection, peer)| (*connection, peer.body_window.saturating_sub(peer.bodies.len())))
            .filter(|(_, slots)| *slots > 0)
            .collect();
        if free.is_empty() {
            return;
        }
        let slots: usize = free.values().sum();
        let wanted = self.ledger.wanted_bodies(BODY_WINDOW, self.sync.asked.len() + slots);
        for id in wanted {
            if self.sync.asked.contains_key(&id) {
                continue;
            }
            let Some(height) = self.ledger.header(&id).map(|header| header.height) else { continue };
            let refused = self.sync.refused.get(&id);
            // The one with the most free slots, so that the work spreads, each weighed with how well it serves; ties go to the older
            // connection.
            let best = free
                .iter()
                .filter(|(connection, _)| !refused.is_some_and(|refused| refused.contains_key(connection)))
                .filter(|(connection, _)| {
                    self.peers.get(connection).is_some_and(|peer| peer.height >= height || peer.knows_block(&id))
                })
                .max_by_key(|(connection, slots)| {
                    (**slots * usize::from(self.health_of(connection).max(1)), std::cmp::Reverse(**connection))
                })
                .map(|(connection, _)| *connection);
            let Some(connection) = best else { continue };
            if let Some(slots) = free.get_mut(&connection) {
                *slots -= 1;
                if *slots == 0 {
                    free.remove(&connection);
                }
            }
            self.ask_for_body(cx, connection, id, height);
            if free.is_empty() {
                break;
            }
        }
    }

    fn ask_for_body(&mut self, cx: &mut Context<'_>, connection: ConnectionId, id: BlockId, height: u64) {
        let (least, most) = self.config.timing.request;
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        // Three round trips for each block in its queue, or twice what its bodies take, within bounds; it doubles for a peer that was late
        // before, as its window halves.
        let slowness = (BODIES_PER_PEER / peer.body_window.max(1)) as u32;
        let queue = peer.bodies.len() as u32 + 1;
        let patience = (peer.rtt.unwrap_or(most / 10) * 3 * queue * slowness).max(peer.body_time * 2).clamp(least, most);
        peer.bodies.insert(id);
        self.sync.asked.insert(id, Asked { from: connection, at: cx.now, patience });
        self.timers.set(cx.now + patience, Timer::Body(id, connection));
        cx.event(Event::Asked { connection, what: format!("block {height}") });
        self.send(cx, connection, Message::GetBlock { id });
    }

    /// A body is here, or will not come from this peer. True if it was asked of it and still waited for.
    pub(super) fn body_arrived(&mut self, now: Time, id: &BlockId, connection: ConnectionId) -> bool {
        let Some(peer) = self.peers.get_mut(&connection) else { return false };
        let asked = peer.bodies.remove(id);
        peer.debts.remove(id);
        let request = match self.sync.asked.get(id) {
            Some(request) if request.from == connection => self.sync.asked.remove(id),
            _ => None,
        };
        if asked {
            peer.body_window = (peer.body_window + 1).min(BODIES_PER_PEER);
            let took = request.map_or(Duration::ZERO, |request| now.since(request.at));
            peer.body_time = (peer.body_time * 3 + took) / 4;
        }
        asked
    }

    /// A body is late. Whoever else has it is asked; if nobody, we wait on, and in the end give the peer up for this block.
    pub(super) fn on_body_deadline(&mut self, cx: &mut Context<'_>, id: BlockId, connection: ConnectionId) {
        let Some(asked) = self.sync.asked.get_mut(&id).filter(|asked| asked.from == connection) else { return };
        let waited = cx.now.since(asked.at);
        // The very sum that the timer was set to: time counts whole microseconds, a patience does not, and a difference of less than one
        // would pass for "not yet" and leave the block unasked for ever.
        if cx.now < asked.at + asked.patience {
            return;
        }
        let height = self.ledger.header(&id).map_or(0, |header| header.height);
        let another = self.peers.iter().any(|(other, peer)| {
            *other != connection && peer.is_ready() && peer.height >= height && peer.bodies.len() < peer.body_window
        });
        let (at, patience) = (asked.at, asked.patience);
        let slow_ourselves = waited < LONGEST_ANSWER && !self.is_anyone_heard(at);
        let most = if slow_ourselves { LONGEST_ANSWER } else { UNANSWERED };
        if !another && waited < most {
            let patience = (patience * 2).min(most);
            if let Some(asked) = self.sync.asked.get_mut(&id) {
                asked.patience = patience;
            }
            self.timers.set(at + patience, Timer::Body(id, connection));
            return;
        }
        self.sync.asked.remove(&id);
        self.sync.refused_by(id, connection, cx.now);
        if let Some(peer) = self.peers.get_mut(&connection) {
            peer.bodies.remove(&id);
            peer.body_window = (peer.body_window / 2).max(1);
            peer.health.note_request(false);
            // As long at least: the next one is given twice that.
            peer.body_time = peer.body_time.max(waited);
        }
        if waited >= UNANSWERED && !slow_ourselves {
            self.suspect(cx, connection);
        } else if let Some(peer) = self.peers.get_mut(&connection).filter(|peer| peer.knows_block(&id)) {
            // It told of it, and so still owes an answer.
            if peer.debts.len() < KNOWN_BLOCKS_PER_PEER && peer.debts.insert(id) {
                self.timers.set(cx.now + UNANSWERED, Timer::Debt(id, connection));
            }
        }
        self.schedule_sync(cx);
    }

    /// A block that a peer told of has not come from it at all, however long it had.
    pub(super) fn on_debt_deadline(&mut self, cx: &mut Context<'_>, id: BlockId, connection: ConnectionId) {
        let owed = self.peers.get_mut(&connection).is_some_and(|peer| peer.debts.remove(&id));
        let since = Time(cx.now.0.saturating_sub(UNANSWERED.as_micros() as u64));
        if owed && self.is_anyone_heard(since) {
            self.suspect(cx, connection);
        }
    }

    /// Notes whether the best chain's bodies come; headers alone do not count.
    pub(super) fn note_progress(&mut self, now: Time) {
        let height = self.ledger.validated_height();
        if self.sync.progress.0 != height {
            self.sync.progress = (height, now);
        }
    }

    /// Until when the better chain is waited for.
    pub(super) fn catching_up_until(&self) -> Time {
        self.sync.progress.1 + CATCHING_UP
    }

    /// A peer is gone or closing: its bodies are asked of others.
    pub(super) fn release_bodies(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        if self.sync.headers_from == Some(connection) {
            self.sync.headers_from = None;
        }
        if let Some(peer) = self.peers.get_mut(&connection) {
            peer.headers_asked = None;
            for id in std::mem::take(&mut peer.bodies) {
                self.sync.asked.remove(&id);
            }
            self.schedule_sync(cx);
        }
    }

    /// Lets the ledger go on as far as it can.
    pub(super) fn advance(&mut self, cx: &mut Context<'_>) {
        match self.ledger.next_need() {
            Need::Nothing => {}
            Need::Load(ids) => self.load_for_ledger(cx, ids),
            Need::Validate(job) => cx.out.push(Output::Validate(job)),
        }
    }

    /// A block was validated.
    pub(super) fn on_validated(&mut self, cx: &mut Context<'_>, verdict: &Verdict) {
        let source = self.blocks.sources.remove(&verdict.id);
        match self.ledger.connect(verdict) {
            Connected::Tip { connected, reorg } => {
                if let Some(source) = source {
                    self.reward(cx, source.connection, Merit::Block);
                }
                self.on_new_tip(cx, &connected, reorg);
            }
            Connected::Side | Connected::Stale => {}
            Connected::Invalid(error @ BlockError::Unchecked) => {
                // Nobody's fault but ours. Its body is asked for again, of somebody else first.
                cx.event(Event::Warning { text: format!("block {}: {error}", verdict.id.short()) });
                if let Some(source) = source {
                    self.sync.refused_by(verdict.id, source.connection, cx.now);
                }
            }
            Connected::Invalid(error) => {
                cx.event(Event::BlockInvalid { id: verdict.id, why: error.to_string() });
                if let Some(source) = source {
                    if error == BlockError::BodyMismatch {
                        self.sync.refused_by(verdict.id, source.connection, cx.now);
                    }
                    self.blame(cx, source, Offence::InvalidBlock);
                }
            }
        }
        if verdict.result.is_ok() {
            self.sync.refused.remove(&verdict.id);
        }
        self.advance(cx);
        self.schedule_sync(cx);
    }

    fn on_new_tip(&mut self, cx: &mut Context<'_>, connected: &[Arc<Block>], reorg: Option<Reorg>) {
        let tip = self.ledger.tip();
        let joined: Vec<_> = connected.iter().flat_map(|block| block.transactions.iter().copied()).collect();
        let left: Vec<_> =
            reorg.iter().flat_map(|reorg| &reorg.disconnected).flat_map(|block| block.transactions.iter().copied()).collect();
        let counted = self.report.transactions_on_chain + joined.len() as u64;
        self.report.transactions_on_chain = counted.saturating_sub(left.len() as u64);
        self.mempool.tip_changed(&joined, &left, self.ledger.state(), cx.now.as_millis());
        for block in connected {
            self.report_if_mined(cx, block);
        }
        if let Some(reorg) = &reorg {
            let old_tip = reorg.disconnected.last().map_or(reorg.fork, |block| block.id());
            cx.event(Event::Reorg { depth: reorg.depth, fork_height: reorg.fork_height, old_tip, new_tip: tip.id });
        }
        let balance = self.balance();
        let transactions = self.report.transactions_on_chain;
        cx.event(Event::TipChanged { id: tip.id, height: tip.height, balance, transactions });
        self.store(cx, connected);
        // While blocks of history stream in, each is no news to anybody.
        if tip.height + 1 >= self.ledger.best_header().height
            && let Some(block) = connected.last()
        {
            self.announce_tip(cx, block, tip.id);
        }
        self.mine_on_tip(cx);
    }

    /// What synchronization is doing, told when it changes and now and then while it goes on.
    pub(super) fn report_sync(&mut self, cx: &mut Context<'_>) {
        let (tip, best) = (self.ledger.tip(), self.ledger.best_header());
        let ready = self.peers.values().any(|peer| peer.is_ready());
        let target = self.peers.values().filter(|peer| peer.is_ready() && peer.work > tip.work).map(|peer| peer.height).max();
        let target = target.unwrap_or(0).max(best.height).max(tip.height);
        let asking_headers = self.sync.headers_from.is_some() && target > best.height;
        let phase = if !ready {
            SyncPhase::Idle
        } else if asking_headers {
            SyncPhase::Headers
        } else if best.height > tip.height {
            if self.sync.asked.is_empty() { SyncPhase::Validating } else { SyncPhase::Blocks }
        } else if target > tip.height {
            SyncPhase::Discovering
        } else {
            SyncPhase::Synced
        };
        let old = self.sync.reported;
        // A new block on its way is no catching up.
        let steady = matches!(old, Some((SyncPhase::Synced, _))) && target <= tip.height.saturating_add(STEADY_LAG);
        let phase = if steady && ready { SyncPhase::Synced } else { phase };
        let moving = !matches!(phase, SyncPhase::Idle | SyncPhase::Synced);
        let due = old.is_none_or(|(_, at)| cx.now.since(at) >= SYNC_REPORT);
        if old.is_none_or(|(old, _)| old != phase) || (moving && due) {
            self.sync.reported = Some((phase, cx.now));
            let from = self.sync.headers_from;
            let downloaded = self.sync.downloaded;
            cx.event(Event::Sync { phase, height: tip.height, headers: best.height, target, downloaded, from });
            if phase == SyncPhase::Synced {
                self.sync.downloaded = 0;
            }
        }
    }
}
