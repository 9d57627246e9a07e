//! One node as seen so far.

use super::blocks::Blocks;
use super::connections::{Connections, per_second, push_bounded};
use super::limits::{BANS, KINDS, LAG_BLOCKS, LAG_GRACE, PULSE_GAP, TRAFFIC_SAMPLES};
use super::progress::Progress;
use crate::chain::limits::COIN;
use crate::node::{KindCount, PeerTraffic, SyncPhase};
use rumormill_ui::model::{self, Ban, Node, NodeState, TrafficSample};
use std::time::Duration;

/// A node, folded from its events.
#[derive(Clone, Default)]
pub(super) struct Watched {
    /// As the dashboard shows it; what `connections`, `blocks` and `progress` hold is filled in for each snapshot.
    pub node: Node,
    pub connections: Connections,
    pub blocks: Blocks,
    pub progress: Progress,
    /// Duplicates it has counted since it started.
    pub duplicates: u64,
    /// What it received by kind since it started, and how much of that a second at last.
    pub received: Vec<(KindCount, u64)>,
    last_pulse: Option<Duration>,
    /// Since when it is [`LAG_BLOCKS`] behind.
    behind_since: Option<Duration>,
}

impl Watched {
    /// A node not heard from yet.
    pub fn new(index: u32, name: String, address: String) -> Self {
        let node = Node { index, name, address, ..Node::default() };
        Self { node, ..Self::default() }
    }

    /// It starts, or starts again: nothing of its earlier life holds, but its name and what the graph of its traffic shows.
    pub fn restart(&mut self, at: Duration) {
        let mut fresh = Self::new(self.node.index, std::mem::take(&mut self.node.name), std::mem::take(&mut self.node.address));
        fresh.node.traffic = std::mem::take(&mut self.node.traffic);
        fresh.last_pulse = self.last_pulse;
        fresh.node.state = NodeState::Ok;
        fresh.node.state_since = at;
        fresh.node.tip_since = at;
        *self = fresh;
    }

    /// It no longer runs.
    pub fn stop(&mut self, at: Duration, reason: String) {
        self.set_state(NodeState::Down, at);
        self.node.reason = Some(reason);
        self.node.sync = model::Sync::default();
        self.node.mempool = (0, 0);
        self.received.clear();
        self.connections.clear();
        self.behind_since = None;
    }

    /// Whether it is known to run.
    pub fn runs(&self) -> bool {
        !matches!(self.node.state, NodeState::Down | NodeState::Starting)
    }

    /// Its main chain's tip moved.
    pub fn set_tip(&mut self, at: Duration, height: u64, tip: String) {
        if self.node.tip != tip {
            self.node.tip = tip;
            self.node.tip_since = at;
        }
        self.node.height = height;
        // A tip is a header that is known. At the tip, nothing above it is wanted.
        let sync = &mut self.node.sync;
        let settled = matches!(sync.phase, model::SyncPhase::Idle | model::SyncPhase::Synced);
        sync.headers = if settled { height } else { sync.headers.max(height) };
        sync.target = if settled { height } else { sync.target.max(height) };
    }

    /// A peer says that its chain is this high: worth reaching until our own synchronization knows better.
    pub fn peer_height(&mut self, height: u64) {
        self.node.sync.target = self.node.sync.target.max(height);
    }

    /// What it says of its synchronization.
    pub fn sync(&mut self, at: Duration, phase: SyncPhase, height: u64, target: u64) {
        let phase = phase_of(phase);
        let sync = &mut self.node.sync;
        let (was, is) = (is_busy(sync.phase), is_busy(phase));
        sync.phase = phase;
        sync.target = target;
        if is && !was {
            self.progress.begin(at, height);
        } else if is {
            self.progress.at(at, height);
        }
        sync.validated = height.saturating_sub(self.progress.from);
    }

    /// A ban began; a longer list than [`BANS`] loses the one that ends first.
    pub fn ban(&mut self, ban: Ban) {
        let bans = &mut self.node.bans;
        bans.retain(|other| other.id != ban.id);
        if bans.len() >= BANS
            && let Some(place) = (0..bans.len()).min_by_key(|&place| bans[place].until)
        {
            bans.remove(place);
        }
        bans.push(ban);
    }

    /// The once-a-second counts. Returns what went through since the last.
    pub fn pulse(&mut self, at: Duration, counts: &[PeerTraffic], kinds: &[KindCount]) -> TrafficSample {
        let since = self.last_pulse.unwrap_or(self.node.state_since);
        let mut span = at.saturating_sub(since);
        if span.is_zero() {
            span = Duration::from_secs(1);
        }
        self.fill_silence(at);
        self.last_pulse = Some(at);
        let sum = self.connections.pulse(counts, span);
        push_bounded(&mut self.node.traffic, sum, TRAFFIC_SAMPLES);
        let before = std::mem::take(&mut self.received);
        self.received = kinds
            .iter()
            .take(KINDS)
            .map(|kind| {
                let had = before.iter().find(|(old, _)| old.kind == kind.kind).map_or(0, |(old, _)| old.count);
                (kind.clone(), per_second(kind.count.saturating_sub(had), span))
            })
            .collect();
        sum
    }

    /// Draws seconds without a pulse as silence, so that a node that is down or stuck does not keep its last figures.
    fn fill_silence(&mut self, now: Duration) {
        let Some(last) = self.last_pulse else { return };
        let gap = now.saturating_sub(last);
        if gap < PULSE_GAP {
            return;
        }
        let seconds = gap.as_secs() - 1;
        for _ in 0..seconds.min(TRAFFIC_SAMPLES as u64) {
            push_bounded(&mut self.node.traffic, TrafficSample::default(), TRAFFIC_SAMPLES);
        }
        self.last_pulse = Some(last + Duration::from_secs(seconds));
        for connection in self.connections.iter_mut() {
            connection.peer.rate = (0, 0);
            connection.messages = 0;
        }
        for (_, rate) in &mut self.received {
            *rate = 0;
        }
    }

    /// Brings what depends on the moment up to date: lag, state, expired bans. `best` is the best tip of all. Called at each
    /// [`TICK`](super::limits::TICK), and never because somebody looks.
    pub fn refresh(&mut self, now: Duration, best: u64) {
        self.fill_silence(now);
        self.connections.iter_mut().for_each(|connection| connection.losses.forget(now));
        self.node.bans.retain(|ban| ban.until > now);
        let lag = best.saturating_sub(self.node.height);
        self.node.lag = lag;
        if !self.runs() {
            return;
        }
        if lag < LAG_BLOCKS {
            self.behind_since = None;
        } else {
            self.behind_since.get_or_insert(now);
        }
        let state = self.state(now, lag);
        self.set_state(state, now);
    }

    /// How it is at this moment, `lag` blocks behind the best.
    fn state(&self, now: Duration, lag: u64) -> NodeState {
        let missing = self.node.sync.target.saturating_sub(self.node.height).max(lag);
        let lagging = self.behind_since.is_some_and(|since| now.saturating_sub(since) >= LAG_GRACE);
        if !self.runs() {
            self.node.state
        } else if is_busy(self.node.sync.phase) && missing >= LAG_BLOCKS {
            NodeState::Syncing
        } else if lagging && lag >= LAG_BLOCKS {
            NodeState::Lagging
        } else {
            NodeState::Ok
        }
    }

    /// What the dashboard gets. `best` is the best tip of all.
    pub fn snapshot(&self, now: Duration, best: u64) -> Node {
        let mut node = self.node.clone();
        node.lag = best.saturating_sub(node.height);
        let state = self.state(now, node.lag);
        if node.state != state {
            node.state = state;
            node.state_since = now;
        }
        node.bans.retain(|ban| ban.until > now);
        node.peers = self.connections.iter().map(|connection| connection.peer_at(now)).collect();
        node.blocks = self.blocks.lines();
        if is_busy(node.sync.phase) {
            node.sync.blocks_per_second = self.progress.rate(now);
            let left = node.sync.target.saturating_sub(node.height);
            node.sync.eta = self.progress.eta(now, left);
        }
        node
    }

    fn set_state(&mut self, state: NodeState, at: Duration) {
        if self.node.state != state {
            self.node.state = state;
            self.node.state_since = at;
        }
    }
}

/// Whether this phase moves data.
fn is_busy(phase: model::SyncPhase) -> bool {
    use model::SyncPhase::{Blocks, Headers, Validating};
    matches!(phase, Headers | Blocks | Validating)
}

fn phase_of(phase: SyncPhase) -> model::SyncPhase {
    match phase {
        SyncPhase::Idle => model::SyncPhase::Idle,
        SyncPhase::Discovering => model::SyncPhase::Discovering,
        SyncPhase::Headers => model::SyncPhase::Headers,
        SyncPhase::Blocks => model::SyncPhase::Blocks,
        SyncPhase::Validating => model::SyncPhase::Validating,
        SyncPhase::Synced => model::SyncPhase::Synced,
    }
}

/// Smallest units as the model wants them: coins times 100.
pub(super) fn in_hundredths(units: u64) -> u64 {
    u64::try_from(u128::from(units) * 100 / u128::from(COIN)).unwrap_or(u64::MAX)
}
