//! A timer that is cheap to move: deadlines move with every message, the runtime's timer only when it must.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::time::{Instant, Sleep, sleep_until};

/// Rings no later than the deadline last set, perhaps earlier: whoever hears it looks at the clock and sets it again.
pub struct Alarm {
    sleep: Pin<Box<Sleep>>,
    armed: Option<Instant>,
}

impl Alarm {
    /// One that is not set.
    pub fn new() -> Self {
        Self { sleep: Box::pin(sleep_until(Instant::now())), armed: None }
    }

    /// Sees to it that it rings by `due`.
    pub fn set(&mut self, due: Option<Instant>) {
        if let Some(due) = due
            && self.armed.is_none_or(|armed| due < armed)
        {
            self.sleep.as_mut().reset(due);
            self.armed = Some(due);
        }
    }

    /// Ready once it rings.
    pub fn poll_ring(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.armed.is_none() {
            return Poll::Pending;
        }
        self.sleep.as_mut().poll(cx).map(|()| self.armed = None)
    }

    /// Waits until it rings.
    pub async fn ring(&mut self) {
        std::future::poll_fn(|cx| self.poll_ring(cx)).await;
    }
}
