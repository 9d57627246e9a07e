//! Whoever looks on at a run beyond its events: the dashboard, a recording, people who wait for the end.

use super::failure::tell;
use crate::cluster::{Audience, Progress};
use crate::node::Time;
use crate::observe::{Control, Hub, Recorder};
use rumormill_ui::model::{Controls, Intent};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Events that may wait for those who look on before a run in virtual time waits for them: a quarter of what its queue holds.
const WAITING: usize = HUB / 4;
/// Events that such a run's queue holds: what a slice of it brings at full speed, several times over.
pub const HUB: usize = 1 << 18;
/// Between two looks whether they have caught up.
const LOOK: Duration = Duration::from_millis(1);

/// What a run and its dashboard hand each other.
#[derive(Clone)]
pub struct Desk {
    /// The clock of a run that has its own, in microseconds; `None`: the real one.
    now: Option<Arc<AtomicU64>>,
    told: Arc<Mutex<Vec<(Time, Control)>>>,
    /// The most that the run was late since that was last taken, microseconds of real time.
    late: Arc<AtomicU64>,
    /// Takes wishes.
    pub order: Order,
    /// What may be wished for.
    pub allowed: Controls,
}

/// Takes wishes. They are lost when the run has ended first.
pub type Order = Arc<dyn Fn(Intent) + Send + Sync>;

impl Desk {
    /// For a run with a clock of its own, which starts at `start`.
    pub fn new(start: Time, order: Order, allowed: Controls) -> Self {
        Self { now: Some(Arc::new(AtomicU64::new(start.0))), told: Arc::default(), late: Arc::default(), order, allowed }
    }

    /// For a run in real time.
    pub fn real(order: Order, allowed: Controls) -> Self {
        Self { now: None, told: Arc::default(), late: Arc::default(), order, allowed }
    }

    /// The run's clock.
    pub fn now(&self) -> Time {
        self.now.as_ref().map_or_else(super::now, |now| Time(now.load(Ordering::Acquire)))
    }

    /// Whether the run has a clock of its own.
    pub fn has_clock(&self) -> bool {
        self.now.is_some()
    }

    /// The run is so late against its own clock.
    pub fn late(&self, by: Duration) {
        self.late.fetch_max(u64::try_from(by.as_micros()).unwrap_or(u64::MAX), Ordering::AcqRel);
    }

    /// The most that it was late since this was last called.
    pub fn take_late(&self) -> Duration {
        Duration::from_micros(self.late.swap(0, Ordering::AcqRel))
    }

    /// Tells the dashboard what no event says.
    pub fn tell(&self, control: Control) {
        lock(&self.told).push((self.now(), control));
    }

    /// What was told since this was last called.
    pub fn take(&self) -> Vec<(Time, Control)> {
        std::mem::take(&mut *lock(&self.told))
    }
}

/// All who look on.
pub struct Gallery {
    /// The dashboard's.
    pub desk: Option<Desk>,
    /// Where events wait for dashboard or lines.
    pub hub: Option<Arc<Hub>>,
    /// Written along.
    pub recorder: Mutex<Option<Recorder>>,
    /// Whether people without a screen are told how far the run has come.
    pub progress: bool,
    /// Set once nobody takes events any more.
    pub ending: Arc<AtomicBool>,
}

impl Gallery {
    /// Writes the recording's last line, and says what was wrong with it.
    pub fn finish(&self, at: Time) {
        if let Some(recorder) = lock(&self.recorder).take() {
            let finished = recorder.finish(at);
            if let Some(problem) = finished.problem {
                tell(format_args!("warning: the recording is not whole: {problem}"));
            }
        }
    }
}

impl Audience for Gallery {
    fn control(&self, at: Time, control: Control) {
        if let Some(recorder) = &*lock(&self.recorder) {
            recorder.control(at, control.clone());
        }
        if let Some(desk) = &self.desk {
            lock(&desk.told).push((at, control));
        }
    }

    fn now(&self, at: Time) {
        if let Some(now) = self.desk.as_ref().and_then(|desk| desk.now.as_ref()) {
            now.store(at.0, Ordering::Release);
        }
    }

    fn late(&self, by: Duration) {
        if let Some(desk) = &self.desk {
            desk.late(by);
        }
    }

    fn keep_pace(&self) {
        if let Some(recorder) = &*lock(&self.recorder) {
            recorder.wait_for_room(&self.ending);
        }
        if let Some(hub) = &self.hub {
            while hub.waiting() > WAITING && !self.ending.load(Ordering::Acquire) {
                std::thread::sleep(LOOK);
            }
        }
    }

    fn progress(&self, progress: &Progress) {
        if !self.progress {
            return;
        }
        let seconds = |time: Duration| crate::cluster::director::seconds(Duration::from_secs(time.as_secs()));
        let end = progress.end.map_or_else(String::new, |end| format!(" of {}", seconds(end)));
        let (met, missed, pending) = progress.counts;
        tell(format_args!(
            "{}{end}: {}; {met} met, {missed} missed, {pending} not decided",
            seconds(progress.elapsed),
            progress.standing.brief()
        ));
    }
}

/// What is held under these locks is replaced whole: a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dashboard_hears_of_the_latest_moment_since_it_last_asked() {
        let desk = Desk::new(Time(0), Arc::new(|_| {}), Controls::default());
        let gallery =
            Gallery { desk: Some(desk.clone()), hub: None, recorder: Mutex::new(None), progress: false, ending: Arc::default() };
        for millis in [20, 700, 30] {
            gallery.late(Duration::from_millis(millis));
        }
        assert_eq!(desk.take_late(), Duration::from_millis(700));
        assert_eq!(desk.take_late(), Duration::ZERO);
    }
}
