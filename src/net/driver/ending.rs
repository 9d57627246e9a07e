//! The node's end, in order or not.

use super::Driver;
use crate::net::alarm::Alarm;
use crate::net::inbox::Outlet;
use crate::net::limits::{COMMIT, CUT_OFF, FAREWELL, INPUT_BATCH};
use crate::node::{CloseReason, Event, Input};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

impl Driver {
    /// As by `kill -9`: no farewell, nothing more is sent or stored. Returns when all tasks have ended and the store is closed.
    pub(super) async fn die(mut self, listener: Option<JoinSet<()>>) {
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
    }

    /// After the farewell: what is queued is sent, connections end, the store commits. Bounded by the limits of each step.
    pub(super) async fn end(mut self, alarm: &mut Alarm, outlet: &mut Outlet, answered: &mut mpsc::UnboundedReceiver<Input>) {
        self.ending = true;
        self.miner = None;
        for entry in self.links.values_mut() {
            entry.closing = true;
            // Where the node has said why already, that stands.
            entry.link.close(CloseReason::Graceful("the node stops".to_owned()));
        }
        let cut_off = Instant::now() + FAREWELL;
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
        if timeout(COMMIT, self.writer.finish()).await.is_err() {
            tracing::error!("the store did not commit in time; it goes on as long as the process lives");
        }
    }
}
