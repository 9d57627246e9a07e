//! The node's end, in order or not.

use super::Driver;
use crate::net::LastCommit;
use crate::net::alarm::Alarm;
use crate::net::inbox::Outlet;
use crate::net::limits::{COMMIT, CUT_OFF, INPUT_BATCH, LAST_VERDICTS};
use crate::node::{CloseReason, Event, Input};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

impl Driver {
    /// As by `kill -9`: no farewell, nothing more is sent or stored. Returns when all tasks have ended and the store is closed.
    pub(super) async fn die(mut self, listener: Option<JoinSet<()>>) -> LastCommit {
        self.miner = None;
        if let Some(mut listener) = listener {
            listener.shutdown().await;
        }
        if timeout(CUT_OFF, self.tasks.shutdown()).await.is_err() {
            tracing::error!("connections did not end in time: this is a defect");
        }
        if timeout(COMMIT, self.writer.abandon()).await.is_err() {
            tracing::error!("the store is still at its last commit");
        }
        LastCommit::Failed("the node was killed".to_owned())
    }

    /// Before the farewell: what workers, miner and store have answered already is handled, and the blocks that are being validated, one of
    /// ours perhaps, may still be accepted and stored.
    pub(super) async fn last_answers(&mut self, answered: &mut mpsc::UnboundedReceiver<Input>) {
        let until = Instant::now() + LAST_VERDICTS;
        let mut batch = Vec::new();
        while let Ok(input) = answered.try_recv() {
            batch.push(input);
        }
        self.answered(&mut batch);
        // Those that are out now: while the node catches up, each is followed by another.
        let mut awaited = self.validating;
        while awaited > 0 {
            match timeout_at(until, answered.recv()).await {
                Ok(Some(input)) => {
                    awaited -= usize::from(matches!(input, Input::Validated(_)));
                    batch.push(input);
                    self.answered(&mut batch);
                }
                Ok(None) | Err(_) => return,
            }
        }
    }

    /// After the farewell: what is queued is sent, connections end, the store commits. Bounded by the limits of each step.
    /// Says whether all is stored.
    pub(super) async fn end(
        mut self,
        alarm: &mut Alarm,
        outlet: &mut Outlet,
        answered: &mut mpsc::UnboundedReceiver<Input>,
        cut_off: Instant,
    ) -> LastCommit {
        self.ending = true;
        self.miner = None;
        for entry in self.links.values_mut() {
            entry.closing = true;
            // Where the node has said why already, that stands.
            entry.link.close(CloseReason::Graceful("the node stops".to_owned()));
        }
        let mut deliveries = Vec::new();
        let mut batch = Vec::new();
        while !self.tasks.is_empty() {
            self.deadline(alarm);
            tokio::select! {
                _ = outlet.take(&mut deliveries, INPUT_BATCH) => self.delivered(&mut deliveries, outlet),
                _ = answered.recv_many(&mut batch, INPUT_BATCH) => self.answered(&mut batch),
                _ = self.tasks.join_next() => {}
                () = alarm.ring(), if !self.stopped => {}
                () = tokio::time::sleep_until(cut_off) => break,
            }
        }
        if timeout(CUT_OFF, self.tasks.shutdown()).await.is_err() {
            tracing::error!("connections did not end in time: this is a defect");
        }
        self.emit(Event::Stopped);
        timeout(COMMIT, self.writer.finish()).await.unwrap_or_else(|_| {
            let why = "the store did not commit in time; it goes on as long as the process lives";
            tracing::error!(why);
            LastCommit::Failed(why.to_owned())
        })
    }
}
