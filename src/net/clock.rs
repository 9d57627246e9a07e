//! The node's clock: Unix time that never goes back.

use crate::node::Time;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// The system's time, read once; from then on the monotonic clock counts. When somebody sets the system's clock, a running node keeps its own.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    unix: Time,
    anchor: Instant,
}

/// Farthest that a timer is set; it rings early for anything beyond, which is harmless.
const FARTHEST: Duration = Duration::from_secs(3_600);

impl Clock {
    /// Anchored now.
    pub fn start() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { unix: Time(u64::try_from(unix.as_micros()).unwrap_or(u64::MAX)), anchor: Instant::now() }
    }

    /// The time.
    pub fn now(&self) -> Time {
        self.unix + self.anchor.elapsed()
    }

    /// The runtime's instant for a time; `None` for never.
    pub fn instant(&self, at: Time) -> Option<Instant> {
        if at == Time::MAX {
            return None;
        }
        let now = Instant::now();
        let ahead = at.since(self.unix).saturating_sub(now.duration_since(self.anchor)).min(FARTHEST);
        now.checked_add(ahead)
    }
}
