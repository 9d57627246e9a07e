//! The launcher's end of one node's process: started, told, heard, and ended for certain.

use super::CHILD_COMMAND;
use super::channel::{ChildSetup, Order, Said, line, read_line};
use crate::cluster::limits::{CHILD_ERRORS, CHILD_ORDERS, CHILD_START};
use crate::node::EventSink;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// One process. Dropping it kills and reaps it.
pub struct Process {
    shared: Arc<Shared>,
    orders: SyncSender<Vec<u8>>,
    /// Says nothing; closed once the process has been reaped.
    ended: Receiver<()>,
    reader: Option<JoinHandle<()>>,
}

struct Shared {
    child: Mutex<Child>,
    memory: AtomicU64,
    /// Why it was ended by us, or how it ended.
    end: Mutex<Option<String>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each is changed in one step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Ends it as `kill -9` does, which this is. `why` stands if it is the first reason.
    fn kill(&self, why: Option<String>) {
        if let Some(why) = why {
            lock(&self.end).get_or_insert(why);
        }
        // One that has ended cannot be killed again, and its number is not given to another before it is reaped.
        let _ = lock(&self.child).kill();
    }
}

impl Process {
    /// Starts a node's process and waits until it listens. Where, or why it does not, in words. What it writes to its standard error is
    /// kept in the file `errors`.
    pub fn start(program: &Path, setup: &ChildSetup, errors: &Path, events: EventSink) -> Result<(Self, SocketAddr), String> {
        let first = line(setup).map_err(|error| error.to_string())?;
        let log = File::create(errors).map_err(|error| format!("cannot write {}: {error}", errors.display()))?;
        let mut command = Command::new(program);
        command.arg(CHILD_COMMAND).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let shared = Arc::new(Shared { child: Mutex::new(child), memory: AtomicU64::new(0), end: Mutex::new(None) });
        let (orders, ordered) = sync_channel(CHILD_ORDERS);
        let (ready, readied) = sync_channel(1);
        let (ending, ended) = sync_channel(0);
        let mut process = Self { shared: Arc::clone(&shared), orders, ended, reader: None };
        let (Some(input), Some(output)) = (input, output) else { return Err("it has no control channel".to_owned()) };
        // Whichever way this function is left, dropping `process` kills what was started.
        let no_thread = |error: std::io::Error| format!("the operating system gives no thread: {error}");
        let heard = Heard { index: setup.index, shared, ready, events, errors: errors.to_owned(), _ending: ending };
        let reader = thread::Builder::new().name(format!("n{} events", setup.index)).spawn(move || heard.listen(output));
        process.reader = Some(reader.map_err(no_thread)?);
        let writer = thread::Builder::new().name(format!("n{} orders", setup.index)).spawn(move || write(input, &ordered));
        writer.map_err(no_thread)?;
        let _ = process.orders.try_send(first);
        match readied.recv_timeout(CHILD_START) {
            Ok(Ok(address)) => Ok((process, address)),
            Ok(Err(why)) => Err(why),
            Err(RecvTimeoutError::Disconnected) => Err(process.reap().unwrap_or_default()),
            Err(RecvTimeoutError::Timeout) => {
                Err(format!("its process did not begin within {} s; give this machine less to do", CHILD_START.as_secs()))
            }
        }
    }

    /// Tells it something. One that has taken nothing for so long that the queue is full hangs, and is ended.
    pub fn order(&self, order: &Order) {
        let Ok(line) = line(order) else { return };
        if let Err(TrySendError::Full(_)) = self.orders.try_send(line) {
            self.shared.kill(Some(format!("its process was ended: it had not taken {CHILD_ORDERS} orders")));
        }
    }

    /// Its resident memory as it last said, bytes.
    pub fn memory(&self) -> u64 {
        self.shared.memory.load(Ordering::Relaxed)
    }

    /// Whether it has ended and was reaped.
    pub fn has_ended(&self) -> bool {
        self.reader.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until it has ended by itself, and kills it at `deadline`.
    pub fn end_by(mut self, deadline: Instant) {
        // Nothing is ever sent: this ends when the other end is dropped, or at the deadline.
        let _ = self.ended.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        self.reap();
    }

    /// Kills it. Once this returns it is gone, and all that it said was heard.
    pub fn kill(mut self) {
        self.reap();
    }

    /// Kills what still runs, and waits for its end. How it ended, in words.
    pub fn reap(&mut self) -> Option<String> {
        self.shared.kill(None);
        if let Some(reader) = self.reader.take() {
            // A panic in it was told by the hook.
            let _ = reader.join();
        }
        lock(&self.shared.end).take()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.reap();
        // Where not even a reader could be started.
        let _ = lock(&self.shared.child).wait();
    }
}

/// Gives it its orders. Ends with the process, or with whoever gives them.
fn write(mut input: ChildStdin, orders: &Receiver<Vec<u8>>) {
    while let Ok(line) = orders.recv() {
        if input.write_all(&line).is_err() {
            return;
        }
    }
}

/// Where what it says goes.
struct Heard {
    index: u32,
    shared: Arc<Shared>,
    ready: SyncSender<Result<SocketAddr, String>>,
    events: EventSink,
    errors: std::path::PathBuf,
    _ending: SyncSender<()>,
}

impl Heard {
    /// Hears it to its end, and reaps it.
    fn listen(self, output: ChildStdout) {
        let (mut output, mut bytes) = (BufReader::new(output), Vec::new());
        let unclear = loop {
            match read_line(&mut output, &mut bytes) {
                Ok(true) => match serde_json::from_slice(&bytes) {
                    Ok(said) => self.take(said),
                    Err(error) => break Some(format!("its process was ended: it said what is not understood ({error})")),
                },
                Ok(false) => break None,
                Err(error) => break Some(format!("its process was ended: {error}")),
            }
        };
        // Without a channel it is of no use, and its output closes only with its end otherwise.
        self.shared.kill(unclear);
        let status = lock(&self.shared.child).wait();
        let said = last_line(&self.errors).map_or_else(String::new, |line| format!(": {line}"));
        let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        lock(&self.shared.end).get_or_insert_with(|| format!("its process ended ({how}){said}"));
    }

    fn take(&self, said: Said<'_>) {
        match said {
            Said::Ready(address) => drop(self.ready.try_send(Ok(address))),
            Said::Failed(why) => drop(self.ready.try_send(Err(why))),
            Said::Event(stamped) => {
                let mut stamped = stamped.into_owned();
                stamped.node = self.index;
                (self.events)(stamped);
            }
            Said::Memory(bytes) => self.shared.memory.store(bytes, Ordering::Relaxed),
        }
    }
}

/// The last line of what it wrote to its standard error, if anything.
fn last_line(errors: &Path) -> Option<String> {
    let mut file = File::open(errors).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(CHILD_ERRORS))).ok()?;
    let mut bytes = Vec::new();
    file.take(CHILD_ERRORS).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
    // What a terminal would obey is not passed on to one.
    Some(line.chars().filter(|character| !character.is_control()).collect())
}

/// Ends all of these side by side: each may take until the same moment.
pub fn end_all(processes: Vec<Process>, patience: Duration) {
    let deadline = Instant::now() + patience;
    for process in processes {
        process.end_by(deadline);
    }
}
