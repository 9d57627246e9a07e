//! Run control: which speed comes next, and where a replay goes.

use crate::model::{Clock, Intent, Recording, Snapshot};
use std::time::Duration;

/// Speeds that `+` and `-` go through, percent of real time.
const SPEEDS: [u32; 11] = [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, Clock::FULL_SPEED];
/// How far the brackets go.
const SEEK: Duration = Duration::from_secs(5);
/// Going back to a mark right after it was passed goes to the one before, as players of music do.
const JUST_PASSED: Duration = Duration::from_secs(1);
/// What was asked for shows in a snapshot soon; until so many came, the next key goes on from what was asked.
const SOON: u8 = 3;

/// What was asked for and does not show yet, so that keys pressed quickly add up.
#[derive(Debug, Default)]
pub(crate) struct Steering {
    speed: Option<(u32, u8)>,
    position: Option<(Duration, u8)>,
}

impl Steering {
    /// A snapshot came.
    pub fn shown(&mut self) {
        fn fade<T>(asked: &mut Option<(T, u8)>) {
            if let Some((_, left)) = asked {
                *left -= 1;
                if *left == 0 {
                    *asked = None;
                }
            }
        }
        fade(&mut self.speed);
        fade(&mut self.position);
    }

    /// The next speed up or down; `None` at either end.
    pub fn speed(&mut self, snapshot: &Snapshot, up: bool) -> Option<Intent> {
        let now = self.speed.map_or(snapshot.clock.speed_percent, |(speed, _)| speed);
        let next = if up { SPEEDS.iter().find(|speed| **speed > now) } else { SPEEDS.iter().rev().find(|speed| **speed < now) };
        let next = *next?;
        self.speed = Some((next, SOON));
        Some(Intent::Speed(next))
    }

    fn position(&self, snapshot: &Snapshot) -> Duration {
        self.position.map_or(snapshot.clock.elapsed, |(position, _)| position)
    }

    fn go(&mut self, to: Duration) -> Option<Intent> {
        self.position = Some((to, SOON));
        Some(Intent::Seek(to))
    }

    /// A few seconds on or back, held to the recording's ends.
    pub fn seek(&mut self, snapshot: &Snapshot, on: bool) -> Option<Intent> {
        let recording = snapshot.recording.as_ref()?;
        let now = self.position(snapshot);
        self.go(if on { now.saturating_add(SEEK).min(recording.length) } else { now.saturating_sub(SEEK) })
    }

    /// The beginning or the end.
    pub fn end(&mut self, recording: &Recording, last: bool) -> Option<Intent> {
        self.go(if last { recording.length } else { Duration::ZERO })
    }

    /// The next mark or the one before; `None` when there is none.
    pub fn mark(&mut self, snapshot: &Snapshot, next: bool) -> Option<Intent> {
        let marks = &snapshot.recording.as_ref()?.marks;
        let now = self.position(snapshot);
        let at = if next {
            marks.iter().find(|(at, _)| *at > now)
        } else {
            marks.iter().rev().find(|(at, _)| at.saturating_add(JUST_PASSED) < now)
        };
        self.go(at?.0)
    }
}

#[cfg(test)]
#[path = "steering_tests.rs"]
mod tests;
