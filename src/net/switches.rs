//! What all tasks of a node look at: whether it runs, stands still or was killed, and whether it trickles.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

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
    trickle: AtomicBool,
}

impl Default for Switches {
    fn default() -> Self {
        Self { mode: watch::Sender::new(Mode::Running), still: AtomicBool::new(false), trickle: AtomicBool::new(false) }
    }
}

impl Switches {
    /// Changes the mode, unless the node was killed.
    pub fn set(&self, mode: Mode) {
        self.mode.send_if_modified(|now| {
            let changes = *now != Mode::Killed && *now != mode;
            if changes {
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

    /// From now on frames are written a byte at a time, or not.
    pub fn set_trickle(&self, on: bool) {
        self.trickle.store(on, Ordering::Relaxed);
    }

    /// Whether frames are written a byte at a time.
    pub fn trickles(&self) -> bool {
        self.trickle.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::{Instant, sleep, timeout};

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
