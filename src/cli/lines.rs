//! Lines instead of a dashboard: for pipes, logs and people who like them.

use super::console::Run;
use super::ending::Reason;
use super::failure::tell;
use crate::observe::{Format, Hub, Lines, Names};
use std::io::{self, BufWriter, Stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How long the printer sleeps at most before it looks whether it is wanted any more.
const LOOK: Duration = Duration::from_millis(100);

/// Starts the thread that prints.
pub fn print(format: Format, names: Names, run: Run) -> io::Result<()> {
    let printing = move || {
        let lines = Lines::new(BufWriter::new(io::stdout()), format, names);
        match print_all(lines, &run.hub, &run.closing) {
            // A reader that has seen enough is no fault, and nobody is left to be told.
            Ok(()) => {}
            Err(error) => tell(format_args!("error: cannot write to standard output: {error}")),
        }
        run.ending.bring(Reason::OutputClosed);
        // Named, so that the closure holds it until here.
        drop(run.alive);
    };
    thread::Builder::new().name("lines".into()).spawn(printing).map(drop)
}

/// Prints until it is told to close, or until nobody reads any more.
fn print_all(mut lines: Lines<BufWriter<Stdout>>, hub: &Hub, closing: &AtomicBool) -> io::Result<()> {
    loop {
        // Looked at before the queue is: what came before the closing is printed.
        let last = closing.load(Ordering::Acquire);
        hub.wait(if last { Duration::ZERO } else { LOOK });
        if !lines.drain(hub)? || last {
            return Ok(());
        }
    }
}
