//! Mining beside the node: one thread that works on the latest job at its pace, and sleeps between slices.

use super::clock::Clock;
use super::limits::{MINING_SLICES, MINING_STRIDE, MINING_TIME};
use super::switches::Switches;
use crate::chain::{Block, MiningJob, Template};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// A mining thread. It ends when this is dropped.
pub struct Miner {
    jobs: Sender<Option<Box<MiningJob>>>,
}

/// What to do after a look at the jobs.
enum Next {
    /// Go on.
    Same,
    /// Mine on this instead, or not at all.
    Change(Option<Box<MiningJob>>),
    /// Nobody wants a block any more.
    End,
}

impl Miner {
    /// Starts a thread that makes `tries_per_second` while the node runs, and hands each block it finds to `found`.
    pub fn start(
        tries_per_second: u64,
        clock: Clock,
        switches: Arc<Switches>,
        found: impl Fn(Arc<Block>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = channel();
        let rig = Rig { rate: tries_per_second, clock, switches, found };
        thread::Builder::new().name("miner".to_owned()).spawn(move || mine(&receiver, &rig))?;
        Ok(Self { jobs: sender })
    }

    /// From now on mine on this.
    pub fn set(&self, job: Option<MiningJob>) {
        // A thread that has gone has nothing to mine.
        let _ = self.jobs.send(job.map(Box::new));
    }
}

/// What stays the same from job to job.
struct Rig<F> {
    rate: u64,
    clock: Clock,
    switches: Arc<Switches>,
    found: F,
}

fn mine<F: Fn(Arc<Block>)>(jobs: &Receiver<Option<Box<MiningJob>>>, rig: &Rig<F>) {
    let mut job = None;
    loop {
        // Without a job: wait for one. With one: work until there is another.
        job = match job.take() {
            None => match jobs.recv() {
                Ok(job) => newest(jobs, job),
                Err(_) => return,
            },
            Some(current) => match work(jobs, &current, rig) {
                Next::Same => None,
                Next::Change(next) => next,
                Next::End => return,
            },
        };
    }
}

/// The last of the jobs that wait.
fn newest(jobs: &Receiver<Option<Box<MiningJob>>>, first: Option<Box<MiningJob>>) -> Option<Box<MiningJob>> {
    jobs.try_iter().last().unwrap_or(first)
}

/// Works on one job until a block is found (`Same`), or there is another.
fn work<F: Fn(Arc<Block>)>(jobs: &Receiver<Option<Box<MiningJob>>>, job: &MiningJob, rig: &Rig<F>) -> Next {
    let Rig { rate, clock, switches, found } = rig;
    let mut template = job.build(clock.now().as_millis());
    let mut nonce = 0;
    let slice = Duration::from_secs(1) / MINING_SLICES;
    let mut pace = Pace::new(*rate, Instant::now());
    let mut timed = Instant::now();
    loop {
        match wait(jobs, pace.pause(Instant::now(), slice)) {
            Next::Same => {}
            other => return other,
        }
        if switches.is_still() {
            // What is not tried in a pause is not made up for.
            pace = Pace::new(*rate, Instant::now());
            continue;
        }
        let now = Instant::now();
        if now.duration_since(timed) >= MINING_TIME {
            timed = now;
            template.set_time(clock.now().as_millis());
        }
        let count = pace.due(now, slice);
        if let Some(block) = search(&template, nonce, count) {
            found(Arc::new(block));
            return Next::Same;
        }
        nonce = nonce.wrapping_add(count);
        pace.done(count);
    }
}

fn search(template: &Template, first: u64, count: u64) -> Option<Block> {
    (count > 0).then(|| template.search(first, count)).flatten()
}

/// Looks for a new job, for as long as `pause`.
fn wait(jobs: &Receiver<Option<Box<MiningJob>>>, pause: Duration) -> Next {
    let job = if pause.is_zero() {
        match jobs.try_recv() {
            Ok(job) => job,
            Err(TryRecvError::Empty) => return Next::Same,
            Err(TryRecvError::Disconnected) => return Next::End,
        }
    } else {
        match jobs.recv_timeout(pause) {
            Ok(job) => job,
            Err(RecvTimeoutError::Timeout) => return Next::Same,
            Err(RecvTimeoutError::Disconnected) => return Next::End,
        }
    };
    Next::Change(newest(jobs, job))
}

/// Keeps to so many tries a second.
struct Pace {
    rate: u64,
    /// Tries are due from here on.
    since: Instant,
    done: u64,
}

impl Pace {
    fn new(rate: u64, now: Instant) -> Self {
        Self { rate, since: now, done: 0 }
    }

    /// Tries that are due since the beginning.
    fn total(&self, now: Instant) -> u64 {
        let micros = now.duration_since(self.since).as_micros();
        u64::try_from(u128::from(self.rate) * micros / 1_000_000).unwrap_or(u64::MAX)
    }

    /// How long to sleep: a slice, or not at all while more is due than one stride.
    fn pause(&self, now: Instant, slice: Duration) -> Duration {
        if self.total(now).saturating_sub(self.done) >= MINING_STRIDE { Duration::ZERO } else { slice }
    }

    /// How many tries to make now. What a slow machine could not make is forgiven: it never works off a debt.
    fn due(&mut self, now: Instant, slice: Duration) -> u64 {
        let mut owed = self.total(now).saturating_sub(self.done);
        let most = self.total(self.since + slice * 2).max(1);
        if owed > most {
            (self.since, self.done) = (now - slice.min(now.duration_since(self.since)), 0);
            owed = self.total(now);
        }
        owed.min(MINING_STRIDE)
    }

    fn done(&mut self, count: u64) {
        self.done = self.done.saturating_add(count);
    }
}

#[cfg(test)]
#[path = "miner_tests.rs"]
mod tests;
