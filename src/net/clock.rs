//! The node's clock: Unix time that never goes back.

use super::limits::CLOCK_BEHIND;
use crate::node::Time;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Where the system's time since the Unix epoch is read.
type System = Arc<dyn Fn() -> Duration + Send + Sync>;

/// The system's time, read once; from then on the monotonic clock counts. That clock stands while the machine sleeps, so where the
/// system's has got ahead of it, the node catches up. When somebody sets the system's clock back, the node goes on counting from where
/// it is. Clones are one clock.
#[derive(Clone)]
pub struct Clock {
    unix: Time,
    anchor: Instant,
    /// Microseconds that the monotonic clock did not count. They only grow.
    missed: Arc<AtomicU64>,
    system: System,
}

/// Farthest that a timer is set; it rings early for anything beyond, which is harmless.
const FARTHEST: Duration = Duration::from_secs(3_600);

impl Clock {
    /// Anchored now.
    pub fn start() -> Self {
        Self::reading(Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()))
    }

    /// The same, with the system's time from `system`.
    fn reading(system: System) -> Self {
        Self { unix: Time::default() + system(), anchor: Instant::now(), missed: Arc::default(), system }
    }

    /// The time.
    pub fn now(&self) -> Time {
        let counted = self.unix + self.anchor.elapsed();
        let now = counted + Duration::from_micros(self.missed.load(Ordering::Relaxed));
        let system = Time::default() + (self.system)();
        if system.since(now) <= CLOCK_BEHIND {
            return now;
        }
        let missed = u64::try_from(system.since(counted).as_micros()).unwrap_or(u64::MAX);
        let missed = self.missed.fetch_max(missed, Ordering::Relaxed).max(missed);
        counted + Duration::from_micros(missed)
    }

    /// The runtime's instant for a time; `None` for never.
    pub fn instant(&self, at: Time) -> Option<Instant> {
        if at == Time::MAX {
            return None;
        }
        Instant::now().checked_add(at.since(self.now()).min(FARTHEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const HOUR: Duration = Duration::from_secs(3_600);
    const SECOND: Duration = Duration::from_secs(1);

    /// A system whose clock is set by the test, in microseconds; the other one is the runtime's, which stands still.
    fn bench() -> (Arc<AtomicU64>, Clock) {
        let system = Arc::new(AtomicU64::new(1_800_000_000_000_000));
        let read = Arc::clone(&system);
        let clock = Clock::reading(Arc::new(move || Duration::from_micros(read.load(Ordering::Relaxed))));
        (system, clock)
    }

    fn pass(system: &AtomicU64, time: Duration) {
        system.fetch_add(time.as_micros() as u64, Ordering::Relaxed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_slept_knows_the_time() {
        let (system, clock) = bench();
        let begin = clock.now();
        advance(10 * SECOND).await;
        pass(&system, 10 * SECOND);
        assert_eq!(clock.now(), begin + 10 * SECOND);
        // Asleep: the monotonic clock stands, the system's is put right on waking.
        pass(&system, 8 * HOUR);
        let other = clock.clone();
        assert_eq!(clock.now(), begin + 8 * HOUR + 10 * SECOND);
        assert_eq!(other.now(), clock.now(), "clones are one clock");
        advance(SECOND).await;
        pass(&system, SECOND);
        assert_eq!(clock.now(), begin + 8 * HOUR + 11 * SECOND);
        let soon = clock.now() + 5 * SECOND;
        assert_eq!(clock.instant(soon), Some(Instant::now() + 5 * SECOND));
        pass(&system, 8 * HOUR);
        assert_eq!(clock.now(), begin + 16 * HOUR + 11 * SECOND, "and a second time");
    }

    #[tokio::test(start_paused = true)]
    async fn it_never_goes_back_nor_stands_still() {
        let (system, clock) = bench();
        let begin = clock.now();
        pass(&system, HOUR);
        assert_eq!(clock.now(), begin + HOUR);
        system.fetch_sub(2 * HOUR.as_micros() as u64, Ordering::Relaxed);
        assert_eq!(clock.now(), begin + HOUR);
        advance(5 * SECOND).await;
        assert_eq!(clock.now(), begin + HOUR + 5 * SECOND);
        system.store(u64::MAX, Ordering::Relaxed);
        assert!(clock.now() > begin, "the largest number saturates");
    }

    #[tokio::test(start_paused = true)]
    async fn a_system_that_is_a_little_ahead_is_not_followed() {
        let (system, clock) = bench();
        let begin = clock.now();
        pass(&system, CLOCK_BEHIND);
        assert_eq!(clock.now(), begin);
    }
}
