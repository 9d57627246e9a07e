//! The end of a run: asked for from several sides (a signal, the dashboard, a closed pipe, the clock), seen by all.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// Why a run ends. The first reason given stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A person or the system asked by a signal.
    Signal,
    /// A person asked on the dashboard.
    Quit,
    /// Nobody reads our output any more.
    OutputClosed,
    /// The time that was set is over.
    TimeUp,
    /// The dashboard could not go on.
    ScreenFailed,
    /// A thread or task met a fault of ours, and has said so.
    Fault,
}

impl Reason {
    /// The exit code of a run that ended so.
    pub fn code(self) -> ExitCode {
        match self {
            Self::Signal | Self::Quit | Self::OutputClosed | Self::TimeUp => ExitCode::SUCCESS,
            Self::ScreenFailed | Self::Fault => ExitCode::FAILURE,
        }
    }
}

/// A run's end, shared by all who may bring it about and all who wait for it.
#[derive(Clone)]
pub struct Ending {
    reason: watch::Sender<Option<Reason>>,
    has_come: Arc<AtomicBool>,
}

impl Ending {
    /// Of a run that goes on.
    pub fn new() -> Self {
        Self { reason: watch::Sender::new(None), has_come: Arc::new(AtomicBool::new(false)) }
    }

    /// Ends the run. Returns whether it was still going on.
    pub fn bring(&self, reason: Reason) -> bool {
        let first = self.reason.send_if_modified(|now| {
            let first = now.is_none();
            now.get_or_insert(reason);
            first
        });
        self.has_come.store(true, Ordering::Release);
        first
    }

    /// Whether it has come, for those who look again and again.
    pub fn flag(&self) -> &AtomicBool {
        &self.has_come
    }

    /// Why it came, if it has come.
    pub fn reason(&self) -> Option<Reason> {
        *self.reason.borrow()
    }

    /// The same, for another thread to keep.
    pub fn shared_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.has_come)
    }

    /// Waits for it.
    pub async fn come(&self) -> Reason {
        let mut reason = self.reason.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail.
        match reason.wait_for(Option::is_some).await.map(|reason| *reason) {
            Ok(Some(reason)) => reason,
            _ => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_stands() {
        let ending = Ending::new();
        assert!(!ending.flag().load(Ordering::Acquire));
        assert!(ending.bring(Reason::Quit));
        assert!(!ending.clone().bring(Reason::Signal));
        assert!(ending.flag().load(Ordering::Acquire));
        assert_eq!(ending.come().await, Reason::Quit);
    }
}
