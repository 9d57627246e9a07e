//! Without descriptors it waits; failed handshakes take no place, and places are bounded.

use super::super::limits::{PENDING_INBOUND, STRANGER_GRACE};
use super::*;
use std::collections::VecDeque;
use tokio::time::{Instant, timeout};

const LONG: Duration = Duration::from_secs(1_000);

/// Gives what it was told to, then nothing any more.
struct Script(VecDeque<io::Result<u32>>);

/// A gate that lets everybody in.
fn open() -> Arc<Gate> {
    Arc::default()
}

impl Source for Script {
    type Stream = u32;

    fn refuse(&mut self, stream: u32, _: Option<Refusal>) {
        panic!("{stream} was refused");
    }

    async fn take(&mut self) -> io::Result<(u32, SocketAddr)> {
        match self.0.pop_front() {
            Some(Ok(stream)) => Ok((stream, "[::ffff:10.0.0.1]:7".parse().unwrap())),
            Some(Err(error)) => Err(error),
            None => std::future::pending().await,
        }
    }
}

/// `EMFILE` on Linux and macOS: the process has no file descriptor left.
fn no_descriptors() -> io::Result<u32> {
    Err(io::Error::from_raw_os_error(24))
}

#[tokio::test(start_paused = true)]
async fn without_descriptors_it_waits_ever_longer_and_goes_on() {
    let errors = |count| (0..count).map(|_| no_descriptors());
    let script = errors(7).chain([Ok(1)]).chain(errors(1)).chain([Ok(2)]).collect();
    let (sender, mut accepted) = mpsc::channel(10);
    let task = tokio::spawn(accept(Script(script), open(), Arc::default(), sender, LONG));
    let began = Instant::now();
    let first = accepted.recv().await.unwrap();
    // 50 + 100 + 200 + 400 + 800 + 1,000 + 1,000.
    assert_eq!((first.stream, began.elapsed().as_millis()), (1, 3_550));
    assert_eq!(first.address, "10.0.0.1:7".parse().unwrap());
    // The next time it begins with the shortest pause again.
    let second = accepted.recv().await.unwrap();
    assert_eq!((second.stream, began.elapsed().as_millis()), (2, 3_600));
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn failures_take_no_place_and_the_places_are_bounded() {
    let failures = (0..PENDING_INBOUND as u32).map(|_| no_descriptors());
    let aborted = (0..PENDING_INBOUND as u32).map(|_| Err(io::ErrorKind::ConnectionAborted.into()));
    let comers = (0..PENDING_INBOUND as u32 + 2).map(Ok);
    let (sender, mut accepted) = mpsc::channel(2 * PENDING_INBOUND);
    let task =
        tokio::spawn(accept(Script(failures.chain(aborted).chain(comers).collect()), open(), Arc::default(), sender, LONG));
    let mut held = Vec::new();
    for _ in 0..PENDING_INBOUND {
        held.push(accepted.recv().await.unwrap());
    }
    assert!(timeout(STRANGER_GRACE / 2, accepted.recv()).await.is_err(), "one too many");
    held.pop();
    let last = accepted.recv().await.unwrap();
    assert_eq!(last.stream, PENDING_INBOUND as u32);
    // The next waits until the first has had his time.
    assert!(timeout(STRANGER_GRACE / 4, accepted.recv()).await.is_err(), "one too many");
    held[0].stranger.lost().await;
    assert_eq!(accepted.recv().await.unwrap().stream, PENDING_INBOUND as u32 + 1);
    task.abort();
}
