//! The dashboard: one thread folds events into snapshots, another draws them and reads keys.

use super::console::Run;
use super::ending::Reason;
use super::failure::tell;
use super::gallery::Desk;
use super::signals;
use crate::node::{Stamped, Time};
use crate::observe::{LoadMeter, Observer};
use rumormill_ui::Options;
use rumormill_ui::model::{Intent, LogLevel, Snapshot};
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Between snapshots: four a second look live, and cost next to nothing.
const SNAPSHOT: Duration = Duration::from_millis(250);
/// Between two takings of events from a run in virtual time, which may bring very many.
const TAKE: Duration = Duration::from_millis(20);

/// The latest snapshot, handed from the thread that makes it to the one that draws it.
type Slot = Arc<Mutex<Arc<Snapshot>>>;

/// Starts both threads.
pub fn show(options: Options, mut observer: Observer, run: Run) -> io::Result<()> {
    // Never a blank first frame: what the nodes said while they started is in it.
    if let Some(desk) = &run.desk {
        observer.set_controls(desk.allowed);
    }
    let now = take(&mut observer, &run, &mut Vec::new());
    let slot: Slot = Arc::new(Mutex::new(observer.snapshot(now)));
    let (for_screen, for_run) = (slot.clone(), run.clone());
    thread::Builder::new().name("observer".into()).spawn(move || observe(observer, &slot, &run))?;
    thread::Builder::new().name("dashboard".into()).spawn(move || draw(options, &for_screen, &for_run)).map(drop)
}

fn observe(mut observer: Observer, slot: &Slot, run: &Run) {
    let mut meter = LoadMeter::new();
    let mut buffer = Vec::new();
    let mut last = Instant::now();
    let mut late = Duration::ZERO;
    while !run.closing.load(Ordering::Acquire) {
        let clocked = run.desk.as_ref().filter(|desk| desk.has_clock());
        let (beat, asked) = (if clocked.is_some() { TAKE } else { SNAPSHOT }, Instant::now());
        thread::sleep(beat);
        // A node in real time has no clock to be late against: that this thread was woken late says the same of the machine.
        late = late.max(clocked.map_or_else(|| asked.elapsed().saturating_sub(beat), Desk::take_late));
        let now = take(&mut observer, run, &mut buffer);
        if last.elapsed() < SNAPSHOT {
            continue;
        }
        last = Instant::now();
        observer.set_load(meter.read(std::mem::take(&mut late)));
        let snapshot = observer.snapshot(now);
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }
}

/// Takes what has come: events, and between them, at their times, what no event says. The run's time.
fn take(observer: &mut Observer, run: &Run, buffer: &mut Vec<Stamped>) -> Time {
    let Some(desk) = &run.desk else {
        let now = super::now();
        observer.drain(&run.hub, now);
        return now;
    };
    let now = desk.now();
    let mut told = desk.take().into_iter().peekable();
    let dropped = run.hub.drain(buffer);
    for event in &*buffer {
        while let Some((at, control)) = told.next_if(|(at, _)| *at <= event.at) {
            observer.apply(at, &control);
        }
        observer.observe(event);
    }
    for (at, control) in told {
        observer.apply(at, &control);
    }
    if dropped > 0 {
        let text = format!("{dropped} events came faster than they were shown and were left out");
        observer.log(now, LogLevel::Warn, None, "observe", &text);
    }
    now
}

fn draw(options: Options, slot: &Slot, run: &Run) {
    let ending = &run.ending;
    // Whatever ends the screen ends the run: nobody could see it or quit it otherwise.
    let mut shown = None;
    let newer = || {
        let snapshot = slot.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (shown.replace(snapshot.generation) != Some(snapshot.generation)).then_some(snapshot)
    };
    let wanted = |intent: Intent| match (&run.desk, intent) {
        (_, Intent::Quit) => {
            ending.bring(Reason::Quit);
        }
        (Some(desk), intent) => (desk.order)(intent),
        (None, _) => {}
    };
    let outcome = rumormill_ui::run(options, newer, ending.flag(), wanted, signals::suspend);
    match outcome {
        Ok(()) => ending.bring(Reason::Quit),
        Err(error) => {
            tell(format_args!("error: the dashboard could not go on ({error}): say --headless to do without"));
            ending.bring(Reason::ScreenFailed)
        }
    };
}
