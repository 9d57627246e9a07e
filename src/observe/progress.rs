//! How fast a synchronization goes, and when it will be done.

use super::limits::{SYNC_SAMPLE, SYNC_SMOOTHING};
use std::time::Duration;

/// A smoothed rate of blocks a second.
#[derive(Clone, Default)]
pub(super) struct Progress {
    /// Height when it began.
    pub from: u64,
    last: Option<(Duration, u64)>,
    rate: f64,
    measured: bool,
}

impl Progress {
    /// Begins anew at `height`.
    pub fn begin(&mut self, at: Duration, height: u64) {
        *self = Self { from: height, last: Some((at, height)), ..Self::default() };
    }

    /// The validated height is now `height`.
    pub fn at(&mut self, at: Duration, height: u64) {
        let Some((before, low)) = self.last else {
            self.begin(at, height);
            return;
        };
        let span = at.saturating_sub(before);
        if span < SYNC_SAMPLE {
            return;
        }
        let now = height.saturating_sub(low) as f64 / span.as_secs_f64();
        let keep = if self.measured { (-span.as_secs_f64() / SYNC_SMOOTHING.as_secs_f64()).exp() } else { 0.0 };
        self.rate = self.rate * keep + now * (1.0 - keep);
        self.measured = true;
        self.last = Some((at, height));
    }

    /// Blocks a second. Silence for more than a second counts as standing still: a stalled download must not keep its rate.
    pub fn rate(&self, now: Duration) -> f64 {
        let Some((last, _)) = self.last else {
            return 0.0;
        };
        let idle = now.saturating_sub(last).saturating_sub(Duration::from_secs(1));
        self.rate * (-idle.as_secs_f64() / SYNC_SMOOTHING.as_secs_f64()).exp()
    }

    /// Until `left` more blocks are here; `None` when nothing moves.
    pub fn eta(&self, now: Duration, left: u64) -> Option<Duration> {
        let rate = self.rate(now);
        // Below a block in 20 s no honest forecast can be made.
        if rate < 0.05 {
            return None;
        }
        Duration::try_from_secs_f64(left as f64 / rate).ok()
    }
}
