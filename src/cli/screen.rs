//! The dashboard: one thread folds events into snapshots, another draws them and reads keys.

use super::ending::{Ending, Reason};
use super::signals;
use crate::observe::{Hub, LoadMeter, Observer};
use rumormill_ui::Options;
use rumormill_ui::model::{Intent, Snapshot};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Between snapshots: four a second look live, and cost next to nothing.
const SNAPSHOT: Duration = Duration::from_millis(250);

/// The latest snapshot, handed from the thread that makes it to the one that draws it.
type Slot = Arc<Mutex<Arc<Snapshot>>>;

/// Starts both threads.
pub fn show(
    options: Options,
    mut observer: Observer,
    hub: Arc<Hub>,
    closing: Arc<AtomicBool>,
    ending: Ending,
) -> Vec<io::Result<JoinHandle<()>>> {
    // Never a blank first frame: what the nodes said while they started is in it.
    observer.drain(&hub, super::now());
    let slot: Slot = Arc::new(Mutex::new(observer.snapshot(super::now())));
    let for_screen = slot.clone();
    let observing = thread::Builder::new().name("observer".into()).spawn(move || observe(observer, &hub, &slot, &closing));
    let drawing = thread::Builder::new().name("dashboard".into()).spawn(move || draw(options, &for_screen, &ending));
    vec![observing, drawing]
}

fn observe(mut observer: Observer, hub: &Hub, slot: &Slot, closing: &AtomicBool) {
    let mut meter = LoadMeter::new();
    while !closing.load(Ordering::Acquire) {
        thread::sleep(SNAPSHOT);
        let now = super::now();
        observer.drain(hub, now);
        observer.set_load(meter.read(Duration::ZERO));
        let snapshot = observer.snapshot(now);
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }
}

fn draw(options: Options, slot: &Slot, ending: &Ending) {
    // Whatever ends the screen ends the run: nobody could see it or quit it otherwise.
    let mut shown = None;
    let newer = || {
        let snapshot = slot.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (shown.replace(snapshot.generation) != Some(snapshot.generation)).then_some(snapshot)
    };
    let quit = |Intent::Quit| {
        ending.bring(Reason::Quit);
    };
    let outcome = rumormill_ui::run(options, newer, ending.flag(), quit, signals::suspend);
    match outcome {
        Ok(()) => ending.bring(Reason::Quit),
        Err(error) => {
            eprintln!("error: the dashboard could not go on ({error}): say --headless to do without");
            ending.bring(Reason::ScreenFailed)
        }
    };
}
