//! When to mine, and on what. The search itself runs beside the state machine.

use super::context::Context;
use super::limits::{MINED_KEPT, MINING_LAG, MINING_PATIENCE, TEMPLATE_RENEWAL};
use super::timers::Timer;
use super::{Event, Node, Output, Time};
use crate::chain::Block;
use std::sync::Arc;

/// What the miner is doing.
#[derive(Default)]
pub(super) struct State {
    /// Whether a job is out.
    running: bool,
    /// When the last job went out.
    since: Time,
    /// Whether transactions came since, and [`Timer::Mine`] is set.
    renewing: bool,
    /// When the node started, for its patience.
    started: Option<Time>,
}

impl Node {
    /// Mines, if it is time to: at once with peers or without bootstrap addresses, else after some patience, so that a node that
    /// comes back does not fork off from its old tip.
    pub(super) fn start_mining(&mut self, cx: &mut Context<'_>) {
        if self.mining.started.is_none() {
            self.mining.started = Some(cx.now);
            if self.config.mining.is_some() && self.book.has_bootstrap() {
                self.timers.set(cx.now + MINING_PATIENCE, Timer::Mine);
            }
        }
        if !self.mining.running {
            self.mine_on_tip(cx);
        }
    }

    /// The tip is new, or something else that the template depends on.
    pub(super) fn mine_on_tip(&mut self, cx: &mut Context<'_>) {
        if self.config.mining.is_none() || self.stopping {
            return;
        }
        let waited = self.mining.started.is_some_and(|started| cx.now.since(started) >= MINING_PATIENCE);
        let alone = !self.peers.values().any(|peer| peer.is_ready());
        self.note_progress(cx.now);
        let catching_up = self.catching_up_until();
        let behind =
            self.ledger.best_header().height > self.ledger.tip().height.saturating_add(MINING_LAG) && cx.now < catching_up;
        if behind {
            // Headers are cheaper to make than to believe: if no bodies follow, mining goes on.
            self.timers.set(catching_up, Timer::Mine);
        }
        if behind || (alone && self.book.has_bootstrap() && !waited) {
            return self.stop_mining(cx);
        }
        let mut job = self.ledger.mining_job(self.id);
        job.clock_skew = self.clock_skew;
        job.transactions = self.mempool.best(self.ledger.spec().max_transactions);
        (self.mining.running, self.mining.since) = (true, cx.now);
        cx.event(Event::Mining { height: job.parent.height.saturating_add(1), difficulty: job.difficulty });
        cx.out.push(Output::Mine(Some(Box::new(job))));
    }

    /// Stops the search.
    pub(super) fn stop_mining(&mut self, cx: &mut Context<'_>) {
        if std::mem::take(&mut self.mining.running) {
            cx.out.push(Output::Mine(None));
        }
    }

    /// A transaction came: the template takes it in, but not more often than now and then.
    pub(super) fn template_is_old(&mut self, cx: &mut Context<'_>) {
        if self.mining.running && !self.mining.renewing {
            self.mining.renewing = true;
            let soonest = self.mining.since + TEMPLATE_RENEWAL;
            self.timers.set(soonest.max(cx.now), Timer::Mine);
        }
    }

    /// Patience is over, or the template is to be renewed.
    pub(super) fn on_mine_deadline(&mut self, cx: &mut Context<'_>) {
        let renewing = std::mem::take(&mut self.mining.renewing);
        if renewing || !self.mining.running {
            self.mine_on_tip(cx);
        }
    }

    /// The search found a block: it takes the same way as anybody's.
    pub(super) fn on_mined(&mut self, cx: &mut Context<'_>, block: Arc<Block>) {
        let id = block.id();
        if block.header.parent != self.ledger.tip().id || self.stopping {
            return;
        }
        match self.ledger.insert_header(&block.header, self.wall(cx.now)) {
            Ok(_) => {
                // One that lost long ago comes back no more.
                let (ledger, tip) = (&self.ledger, self.ledger.tip().height);
                self.report.mined.retain(|id| ledger.header(id).is_some_and(|header| header.height + MINED_KEPT >= tip));
                self.report.mined.insert(id);
                self.take_body(cx, None, id, block);
            }
            Err(error) => cx.event(Event::Warning { text: format!("our own block was refused: {error}") }),
        }
    }
}
