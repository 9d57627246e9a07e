//! Writes a run down while it happens: a bounded queue, and a thread of its own that writes what waits there. Nodes never wait for it.

use super::format::{Control, Header, Line};
use super::limits::{BATCH, FINISH, FLUSH, QUEUE, QUEUE_RESERVE, ROOM, WRITE};
use crate::node::{EventSink, Stamped, Time};
use crate::observe::hub::is_chatter;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::mem;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Tells people that recording has stopped, and why. Called once at most, from the thread that writes.
type Warn = Box<dyn FnOnce(&str) + Send>;

/// Records a run. Dropped, or [finished](Recorder::finish), it writes what still waits.
pub struct Recorder {
    shared: Arc<Shared>,
    done: Receiver<Finished>,
}

/// What became of a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// Lines written, the header too.
    pub lines: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Events that are missing, because they came too fast.
    pub lost: u64,
    /// Why it ends early, if it does: the sentence that was told.
    pub problem: Option<String>,
}

struct Shared {
    queue: Mutex<Queue>,
    filled: Condvar,
    emptied: Condvar,
    /// Nothing can be written any more: what comes is let go at once.
    broken: AtomicBool,
    capacity: usize,
}

#[derive(Default)]
struct Queue {
    lines: Vec<Line>,
    lost: u64,
    closed: bool,
    /// The last control of each kind: one that says the same again is not written.
    said: Vec<Control>,
}

impl Recorder {
    /// Records into a new file at `path`. A file that exists is not overwritten; a device or a pipe is written to. `warn` gets one
    /// sentence if the disk fails later; the run goes on without.
    ///
    /// # Errors
    /// When the file exists or cannot be made, and when its header cannot be written.
    pub fn create(path: &Path, header: &Header, warn: impl FnOnce(&str) + Send + 'static) -> io::Result<Self> {
        let file = open(path)?;
        let path = path.display().to_string();
        let warn = move |why: &str| warn(&format!("the recording {path} ends here: {why}; the run goes on without it"));
        Self::start(file, header, warn)
    }

    /// The same with any output; `warn` gets the reason alone.
    ///
    /// # Errors
    /// When the header cannot be written, or no thread can be started.
    pub fn start<W>(out: W, header: &Header, warn: impl FnOnce(&str) + Send + 'static) -> io::Result<Self>
    where
        W: Write + Send + 'static,
    {
        Self::with_capacity(out, header, warn, QUEUE)
    }

    pub(super) fn with_capacity<W>(
        mut out: W,
        header: &Header,
        warn: impl FnOnce(&str) + Send + 'static,
        capacity: usize,
    ) -> io::Result<Self>
    where
        W: Write + Send + 'static,
    {
        let mut buffer = Vec::with_capacity(WRITE);
        header.write(&mut buffer)?;
        out.write_all(&buffer)?;
        out.flush()?;
        let finished = Finished { lines: 1, bytes: buffer.len() as u64, ..Finished::default() };
        buffer.clear();
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            broken: AtomicBool::new(false),
            capacity: capacity.max(1),
        });
        let (tell, done) = mpsc::channel();
        let mut writer =
            Writer { out, buffer, start: header.start, finished, warn: Some(Box::new(warn)), shared: shared.clone() };
        thread::Builder::new().name("recorder".into()).spawn(move || {
            writer.run();
            // Nobody waits any more when the run has ended without us.
            let _ = tell.send(writer.finished);
        })?;
        Ok(Self { shared, done })
    }

    /// What to give to nodes, beside the hub's.
    pub fn sink(&self) -> EventSink {
        let shared = Arc::clone(&self.shared);
        Arc::new(move |stamped: Stamped| {
            let room =
                if is_chatter(&stamped.event) { shared.capacity - shared.capacity / QUEUE_RESERVE } else { shared.capacity };
            shared.push(room, || Line::Event(stamped));
        })
    }

    /// Writes what no event says. One that says the same as the last of its kind is left out.
    pub fn control(&self, at: Time, control: Control) {
        let mut queue = self.shared.lock();
        let is_state = control.is_state();
        let kind = mem::discriminant(&control);
        let said = queue.said.iter().position(|said| is_state && mem::discriminant(said) == kind);
        if said.and_then(|place| queue.said.get(place)).is_some_and(|said| *said == control) {
            return;
        }
        let kept = is_state.then(|| control.clone());
        let taken = self.shared.put(&mut queue, self.shared.capacity, || Line::Control { at, control });
        // What found no room was not said: it may be said again.
        if let Some(control) = kept.filter(|_| taken) {
            match said.and_then(|place| queue.said.get_mut(place)) {
                Some(said) => *said = control,
                None => queue.said.push(control),
            }
        }
    }

    /// Waits until half of the queue is free, so that nothing is lost: for a run in virtual time, which can stand still meanwhile. A
    /// reader that has stopped reading is waited for until `ending` is set, and no longer.
    pub fn wait_for_room(&self, ending: &AtomicBool) {
        let mut queue = self.shared.lock();
        while queue.lines.len() > self.shared.capacity / 2
            && !self.shared.broken.load(Ordering::Acquire)
            && !ending.load(Ordering::Acquire)
        {
            queue = self.shared.emptied.wait_timeout(queue, ROOM).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Writes the last line and all that waits. A disk that hangs is waited for 5 s.
    pub fn finish(self, at: Time) -> Finished {
        self.shared.push(usize::MAX, || Line::Control { at, control: Control::End });
        self.close()
    }

    fn close(&self) -> Finished {
        self.shared.lock().closed = true;
        self.shared.filled.notify_one();
        self.done.recv_timeout(FINISH).unwrap_or_else(|_| {
            let problem = Some("the disk did not take the last lines in time".to_owned());
            Finished { problem, ..Finished::default() }
        })
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if !self.shared.lock().closed {
            self.close();
        }
    }
}

impl Control {
    /// Whether it says how something is, rather than that something happened.
    fn is_state(&self) -> bool {
        !matches!(
            self,
            Self::Down { .. } | Self::Paused { .. } | Self::Log { .. } | Self::Notice { .. } | Self::Lost { .. } | Self::End
        )
    }
}

impl Shared {
    fn push(&self, room: usize, line: impl FnOnce() -> Line) {
        if !self.broken.load(Ordering::Relaxed) {
            self.put(&mut self.lock(), room, line);
        }
    }

    /// Whether there was room for it.
    fn put(&self, queue: &mut Queue, room: usize, line: impl FnOnce() -> Line) -> bool {
        if queue.closed || self.broken.load(Ordering::Relaxed) {
            return false;
        }
        if queue.lines.len() >= room {
            queue.lost += 1;
            return false;
        }
        queue.lines.push(line());
        if queue.lines.len() == 1 || queue.lines.len() == self.plenty() {
            self.filled.notify_one();
        }
        true
    }

    /// So many lines are written at once, without waiting for more.
    fn plenty(&self) -> usize {
        (self.capacity / 4).max(1)
    }

    /// A push cannot leave the queue half changed, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Writer<W> {
    out: W,
    buffer: Vec<u8>,
    start: Time,
    finished: Finished,
    warn: Option<Warn>,
    shared: Arc<Shared>,
}

impl<W: Write> Writer<W> {
    /// Writes until the queue is closed and empty.
    fn run(&mut self) {
        let mut lines = Vec::new();
        loop {
            let (lost, closed) = self.take(&mut lines);
            let at = lines.last().map_or(self.start, Line::at);
            // The last line stays the last.
            let end = lines.pop_if(|line| matches!(line, Line::Control { control: Control::End, .. }));
            for line in lines.drain(..) {
                self.line(&line);
            }
            if lost > 0 {
                self.finished.lost += lost;
                self.line(&Line::Control { at, control: Control::Lost { count: lost } });
            }
            if let Some(end) = end {
                self.line(&end);
            }
            self.flush();
            if closed {
                return;
            }
        }
    }

    /// Takes what waits; waits for it, and then a little for more, so that writes are large and lines never late.
    fn take(&mut self, lines: &mut Vec<Line>) -> (u64, bool) {
        let shared = Arc::clone(&self.shared);
        let wait = |queue, time, enough: usize| {
            let idle = |queue: &mut Queue| !queue.closed && queue.lines.len() < enough;
            shared.filled.wait_timeout_while(queue, time, idle).unwrap_or_else(PoisonError::into_inner).0
        };
        let queue = wait(shared.lock(), FLUSH, 1);
        let mut queue = wait(queue, BATCH, shared.plenty());
        mem::swap(&mut queue.lines, lines);
        let taken = (mem::take(&mut queue.lost), queue.closed);
        drop(queue);
        self.shared.emptied.notify_all();
        taken
    }

    fn line(&mut self, line: &Line) {
        if self.finished.problem.is_some() {
            return;
        }
        match line.write(self.start, &mut self.buffer) {
            Ok(()) => self.finished.lines += 1,
            Err(error) => tracing::warn!(%error, "an event could not be written down"),
        }
        if self.buffer.len() >= WRITE {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.finished.problem.is_some() || self.buffer.is_empty() {
            return;
        }
        match self.out.write_all(&self.buffer).and_then(|()| self.out.flush()) {
            Ok(()) => self.finished.bytes += self.buffer.len() as u64,
            Err(error) => self.fail(&error),
        }
        self.buffer.clear();
    }

    fn fail(&mut self, error: &io::Error) {
        let why = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => format!("the disk is full ({error})"),
            _ => format!("it cannot be written ({error})"),
        };
        self.shared.broken.store(true, Ordering::Release);
        self.shared.lock().lines = Vec::new();
        self.shared.emptied.notify_all();
        if let Some(warn) = self.warn.take() {
            warn(&why);
        }
        self.finished.problem = Some(why);
    }
}

fn open(path: &Path) -> io::Result<File> {
    let special = fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
    let mut options = OpenOptions::new();
    options.write(true);
    if !special {
        options.create_new(true);
    }
    options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            io::Error::new(error.kind(), "a file with this name exists; remove it, or choose another name")
        }
        _ => error,
    })
}
