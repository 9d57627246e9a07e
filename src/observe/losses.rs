//! What one direction of a connection lost on the way lately.

use super::limits::{LOSS_SAMPLES, LOSS_WINDOW};
use std::collections::VecDeque;
use std::time::Duration;

/// What was counted, by when it was told.
#[derive(Clone, Default)]
pub(super) struct Losses {
    /// When told, packets sent and lost since the count before.
    samples: VecDeque<(Duration, u64, u64)>,
    /// The last counts, since the connection was made.
    last: (u64, u64),
}

impl Losses {
    /// Takes the counts since the connection was made. Returns how many more were lost.
    pub fn add(&mut self, at: Duration, sent: u64, lost: u64) -> u64 {
        let last = std::mem::replace(&mut self.last, (sent, lost));
        let (sent, lost) = (sent.saturating_sub(last.0), lost.saturating_sub(last.1));
        let full = self.samples.len() >= LOSS_SAMPLES;
        match self.samples.back_mut() {
            Some(newest) if full => {
                *newest = (at, newest.1.saturating_add(sent), newest.2.saturating_add(lost));
            }
            _ => self.samples.push_back((at, sent, lost)),
        }
        lost
    }

    /// Forgets what is older than [`LOSS_WINDOW`].
    pub fn forget(&mut self, now: Duration) {
        while self.samples.front().is_some_and(|(at, ..)| now.saturating_sub(*at) > LOSS_WINDOW) {
            self.samples.pop_front();
        }
    }

    /// Packets sent and lost lately; `None`: none was counted.
    pub fn lately(&self) -> Option<(u64, u64)> {
        let add =
            |sum: (u64, u64), sample: &(Duration, u64, u64)| (sum.0.saturating_add(sample.1), sum.1.saturating_add(sample.2));
        Some(self.samples.iter().fold((0, 0), add)).filter(|(sent, _)| *sent > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_is_a_sliding_window_over_growing_counts() {
        let mut losses = Losses::default();
        assert_eq!(losses.lately(), None);
        for second in 1..=60u32 {
            let counts = (u64::from(second) * 10, u64::from(second.min(30)) * 2);
            assert_eq!(losses.add(SECOND * second, counts.0, counts.1), if second <= 30 { 2 } else { 0 });
            losses.forget(SECOND * second);
        }
        let (sent, lost) = losses.lately().unwrap();
        assert!((300..=310).contains(&sent) && lost <= 2, "{sent} {lost}");
        losses.forget(SECOND * 91);
        assert_eq!(losses.lately(), None, "what stands still is of the past");
        assert_eq!(losses.add(SECOND * 92, 610, 61), 1, "the counts go on where they were");
        assert_eq!(losses.lately(), Some((10, 1)));
    }

    #[test]
    fn it_is_bounded_and_counts_that_fall_do_no_harm() {
        let mut losses = Losses::default();
        for count in 0..10_000 {
            losses.add(SECOND, count, count);
        }
        assert!(losses.samples.len() <= LOSS_SAMPLES);
        assert_eq!(losses.lately(), Some((9_999, 9_999)));
        assert_eq!(losses.add(SECOND, 0, 0), 0);
        losses.add(SECOND, u64::MAX, u64::MAX);
        losses.add(SECOND, 0, 0);
        losses.add(SECOND, u64::MAX, u64::MAX);
        assert_eq!(losses.lately(), Some((u64::MAX, u64::MAX)));
    }
}
