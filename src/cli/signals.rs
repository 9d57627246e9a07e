//! Signals: the first asks for a graceful end, the second ends at once.

use super::ending::{Ending, Reason};
#[cfg(unix)]
use std::sync::{Condvar, Mutex, PoisonError};
#[cfg(unix)]
use std::time::Duration;

/// How long a stop may take to come over all threads of a busy machine. Where there is no shell to wake us the kernel does not stop us
/// at all, and the screen comes back after this time.
#[cfg(unix)]
const STOPS_WITHIN: Duration = Duration::from_secs(1);

/// How often this process was woken by SIGCONT.
#[cfg(unix)]
static WOKEN: (Mutex<u64>, Condvar) = (Mutex::new(0), Condvar::new());

/// The number of SIGTERM.
const TERMINATE: i32 = 15;

/// Listens for the signals that ask a program to end, for as long as the runtime lives. To be called within the runtime.
pub fn listen(ending: Ending) -> std::io::Result<()> {
    let mut signals = Signals::new()?;
    #[cfg(unix)]
    listen_for_waking()?;
    tokio::spawn(async move {
        signals.next().await;
        ending.bring(Reason::Signal);
        let number = signals.next().await;
        rumormill_ui::restore_terminal();
        // As a shell reports a program that a signal ended.
        std::process::exit(128 + number);
    });
    Ok(())
}

/// For a process that its launcher ends: what is typed at their terminal is for the launcher alone; only SIGTERM ends this process, and
/// in good order. To be called within the runtime.
pub fn leave_to_launcher(ending: Ending) -> std::io::Result<()> {
    let mut signals = Signals::new()?;
    tokio::spawn(async move {
        while signals.next().await != TERMINATE {}
        ending.bring(Reason::Signal);
    });
    Ok(())
}

/// Stops this job until its shell says `fg`; for the dashboard, which gives the terminal back before and takes it again after.
/// The whole process group, as the terminal itself would do it: under `cargo run` the shell waits for cargo. Where there is no job
/// control this does nothing.
pub fn suspend() {
    #[cfg(unix)]
    {
        let (woken, news) = &WOKEN;
        let before = woken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = *before;
        // A job that has no shell to wake it again is not stopped; the kernel sees to that.
        if rustix::process::kill_current_process_group(rustix::process::Signal::TSTP).is_ok() {
            // The signal stops the threads one after the other, and this one may run on for a while: who took the terminal now
            // would leave it to the shell like that.
            drop(news.wait_timeout_while(before, STOPS_WITHIN, |now| *now == count));
        }
    }
}

/// Counts SIGCONT, and has the dashboard set the terminal up again after it.
#[cfg(unix)]
fn listen_for_waking() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut wakes = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
    tokio::spawn(async move {
        while wakes.recv().await.is_some() {
            *WOKEN.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            WOKEN.1.notify_all();
            rumormill_ui::resume();
        }
    });
    Ok(())
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// `None` where whoever started us wants it ignored, as `nohup` does.
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: if ignores_hang_up() { None } else { Some(signal(SignalKind::hangup())?) },
        })
    }

    /// The next one's number. A stream of signals never ends.
    async fn next(&mut self) -> i32 {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => 2,
            _ = self.terminate.recv() => TERMINATE,
            () = async {
                match &mut self.hang_up {
                    Some(hang_up) => drop(hang_up.recv().await),
                    None => std::future::pending().await,
                }
            } => 1,
        }
    }
}

/// Whether this process was started with SIGHUP ignored. Told by Linux in the lowest bit of a mask; elsewhere not known.
#[cfg(unix)]
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask =
        status.lines().find_map(|line| line.strip_prefix("SigIgn:")).and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> i32 {
        match tokio::signal::ctrl_c().await {
            Ok(()) => 2,
            Err(_) => std::future::pending().await,
        }
    }
}
