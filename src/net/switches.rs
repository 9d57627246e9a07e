//! What all tasks of a node look at: whether it runs, stands still or was killed, and whether it trickles.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It runs.
    Running,
    /// It stands still, as a stopped process.
    Paused,
    /// It ends without another step, as by `kill -9`. Nothing comes after this.
    Killed,
}

/// A node's switches, shared by its tasks.
pub struct Switches {
    mode: watch::Sender<Mode>,
    /// Whether the mode is another than running: a look costs one load.
    still: AtomicBool,
    stood: Mutex<Stood>,
    trickle: AtomicBool,
}

/// How long a node has stood still.
#[derive(Default)]
struct Stood {
    /// In all pauses that are over.
    before: Duration,
    /// Since when it does now.
    since: Option<Instant>,
}

/// A moment that a pause puts off by as long as it lasts: what has so much time has it while the node runs.
#[derive(Clone)]
pub struct Deadline {
    switches: Arc<Switches>,
    due: Instant,
    /// How long the node had stood still when it was set.
    stood: Duration,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            mode: watch::Sender::new(Mode::Running),
            still: AtomicBool::new(false),
            stood: Mutex::default(),
            trickle: AtomicBool::new(false),
        }
    }
}

impl Switches {
    /// Changes the mode, unless the node was killed.
    pub fn set(&self, mode: Mode) {
        self.mode.send_if_modified(|now| {
            let changes = *now != Mode::Killed && *now != mode;
            if changes {
                let mut stood = self.stood();
                stood.before = stood.in_all();
                stood.since = (mode != Mode::Running).then(Instant::now);
                *now = mode;
                self.still.store(mode != Mode::Running, Ordering::Release);
            }
            changes
        });
    }

    /// The mode, to be waited on.
    pub fn watch(&self) -> watch::Receiver<Mode> {
        self.mode.subscribe()
    }

    /// Whether nothing may move: paused or killed.
    pub fn is_still(&self) -> bool {
        self.still.load(Ordering::Acquire)
    }

    /// Whether it was killed.
    pub fn is_killed(&self) -> bool {
        *self.mode.borrow() == Mode::Killed
    }

    /// Waits until the node runs. Never ready for one that was killed.
    pub async fn running(&self) {
        // The sender lives as long as this.
        let _ = self.watch().wait_for(|mode| *mode == Mode::Running).await;
    }

    /// Runs `future`, but takes no step of it while the node stands still.
    pub async fn while_running<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut watch = self.watch();
        loop {
            self.running().await;
            tokio::select! {
                biased;
                _ = watch.wait_for(|mode| *mode != Mode::Running) => {}
                output = &mut future => return output,
            }
        }
    }

    /// The moment when `time` is over, pauses not counted.
    pub fn deadline(self: &Arc<Self>, time: Duration) -> Deadline {
        Deadline { switches: Arc::clone(self), due: Instant::now() + time, stood: self.stood().in_all() }
    }

    fn stood(&self) -> MutexGuard<'_, Stood> {
        // Nothing in here panics while it holds the lock.
        self.stood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on frames are written a byte at a time, or not.
    pub fn set_trickle(&self, on: bool) {
        self.trickle.store(on, Ordering::Relaxed);
    }

    /// Whether frames are written a byte at a time.
    pub fn trickles(&self) -> bool {
        self.trickle.load(Ordering::Relaxed)
    }
}

impl Stood {
    fn in_all(&self) -> Duration {
        self.before + self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

impl Deadline {
    /// When it comes, if the node stands still no longer than it has.
    pub fn due(&self) -> Instant {
        self.due + self.switches.stood().in_all().saturating_sub(self.stood)
    }

    /// Ready once it has come, and never while the node stands still.
    pub async fn passed(&self) {
        loop {
            self.switches.running().await;
            let due = self.due();
            if due <= Instant::now() {
                return;
            }
            sleep_until(due).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{sleep, timeout};

    #[tokio::test(start_paused = true)]
    async fn a_pause_puts_a_deadline_off_by_as_long_as_it_lasts() {
        let switches = Arc::new(Switches::default());
        let second = Duration::from_secs(1);
        let began = Instant::now();
        let first = switches.deadline(second * 3);
        let control = async {
            sleep(second).await;
            switches.set(Mode::Paused);
            sleep(second * 10).await;
            // One that is set while it stands still has all its time afterwards.
            let second_one = switches.deadline(second * 3);
            sleep(second * 100).await;
            assert_eq!((first.due(), second_one.due()), (began + second * 113, began + second * 114));
            switches.set(Mode::Running);
            sleep(second / 2).await;
            // Two pauses count together.
            switches.set(Mode::Paused);
            sleep(second).await;
            switches.set(Mode::Running);
            second_one.passed().await;
            assert_eq!(began.elapsed(), second * 115);
        };
        let passed = async {
            first.passed().await;
            assert_eq!(began.elapsed(), second * 114);
        };
        tokio::join!(control, passed);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_moves_while_it_stands_still() {
        let switches = Switches::default();
        let began = Instant::now();
        let steps = switches.while_running(async {
            for _ in 0..10 {
                sleep(Duration::from_secs(1)).await;
            }
        });
        let control = async {
            sleep(Duration::from_millis(2_500)).await;
            switches.set(Mode::Paused);
            assert!(switches.is_still() && !switches.is_killed());
            sleep(Duration::from_secs(100)).await;
            switches.set(Mode::Running);
        };
        tokio::join!(steps, control);
        // The third step was due during the pause and is made after it.
        assert_eq!(began.elapsed(), Duration::from_millis(102_500) + Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn the_killed_never_move_again() {
        let switches = Switches::default();
        switches.set(Mode::Killed);
        switches.set(Mode::Running);
        assert!(switches.is_killed() && switches.is_still());
        assert!(timeout(Duration::from_secs(1_000), switches.while_running(async {})).await.is_err());
    }
}
