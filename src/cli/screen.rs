//! The dashboard: one thread folds events into snapshots, another draws them and reads keys.

use super::console::Run;
use super::ending::Reason;
use super::failure::tell;
use super::signals;
use crate::observe::{LoadMeter, Observer};
use rumormill_ui::Options;
use rumormill_ui::model::{Intent, Snapshot};
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Between snapshots: four a second look live, and cost next to nothing.
const SNAPSHOT: Duration = Duration::from_millis(250);

/// The latest snapshot, handed from the thread that makes it to the one that draws it.
type Slot = Arc<Mutex<Arc<Snapshot>>>;

/// Starts both threads.
pub fn show(options: Options, mut observer: Observer, run: Run) -> io::Result<()> {
    // Never a blank first frame: what the nodes said while they started is in it.
    observer.drain(&run.hub, super::now());
    let slot: Slot = Arc::new(Mutex::new(observer.snapshot(super::now())));
    let (for_screen, for_run) = (slot.clone(), run.clone());
    thread::Builder::new().name("observer".into()).spawn(move || observe(observer, &slot, &run))?;
    thread::Builder::new().name("dashboard".into()).spawn(move || draw(options, &for_screen, &for_run)).map(drop)
}

fn observe(mut observer: Observer, slot: &Slot, run: &Run) {
    let mut meter = LoadMeter::new();
    while !run.closing.load(Ordering::Acquire) {
        thread::sleep(SNAPSHOT);
        let now = super::now();
        observer.drain(&run.hub, now);
        observer.set_load(meter.read(Duration::ZERO));
        let snapshot = observer.snapshot(now);
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }
}

fn draw(options: Options, slot: &Slot, run: &Run) {
    let ending = &run.ending;
    // Whatever ends the screen ends the run: nobody could see it or quit it otherwise.
    let mut shown = None;
    let newer = || {
        let snapshot = slot.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (shown.replace(snapshot.generation) != Some(snapshot.generation)).then_some(snapshot)
    };
    let quit = |intent: Intent| {
        if intent == Intent::Quit {
            ending.bring(Reason::Quit);
        }
    };
    let outcome = rumormill_ui::run(options, newer, ending.flag(), quit, signals::suspend);
    match outcome {
        Ok(()) => ending.bring(Reason::Quit),
        Err(error) => {
            tell(format_args!("error: the dashboard could not go on ({error}): say --headless to do without"));
            ending.bring(Reason::ScreenFailed)
        }
    };
}
