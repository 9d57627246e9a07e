//! How fast virtual time runs beside real time.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// Percent of real time; [`Speed::FULL`]: as fast as the machine can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed(u32);

/// Slowest, in percent: a hundredth, at which each message can be watched.
const SLOWEST: u32 = 1;
/// Fastest that is still measured, in percent: ten thousand times real time. Beyond it the machine is the limit.
const FASTEST: u32 = 1_000_000;
/// A run that is later than this against its own clock does not try to catch up: it would only be seen to race.
const LATE: Duration = Duration::from_secs(1);

impl Speed {
    /// As fast as the machine can: the dashboard's own word for it.
    pub const FULL: Self = Self(u32::MAX);
    /// Real time.
    pub const REAL: Self = Self(100);

    /// So many percent of real time, brought within the limits.
    pub fn new(percent: u32) -> Self {
        if percent == u32::MAX { Self::FULL } else { Self(percent.clamp(SLOWEST, FASTEST)) }
    }

    /// Percent of real time.
    pub fn percent(self) -> u32 {
        self.0
    }
}

/// Not a speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a speed: write a factor from 0.01x to 10000x, as in 10x or 0.5x, or max")]
pub struct ParseSpeedError;

impl FromStr for Speed {
    type Err = ParseSpeedError;

    fn from_str(text: &str) -> Result<Self, ParseSpeedError> {
        if text == "max" {
            return Ok(Self::FULL);
        }
        let factor: f64 = text.strip_suffix('x').unwrap_or(text).parse().map_err(|_| ParseSpeedError)?;
        let percent = (factor * 100.0).round();
        let allowed = f64::from(SLOWEST)..=f64::from(FASTEST);
        if allowed.contains(&percent) { Ok(Self(percent as u32)) } else { Err(ParseSpeedError) }
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::FULL { f.write_str("max") } else { write!(f, "{}x", f64::from(self.0) / 100.0) }
    }
}

/// Where a run should be by now.
pub(super) struct Pace {
    speed: Speed,
    paused: bool,
    anchor: (Instant, Duration),
    /// How late the run was at the last look, in real time.
    late: Duration,
}

impl Pace {
    pub(super) fn new(speed: Speed, now: Instant) -> Self {
        Self { speed, paused: false, anchor: (now, Duration::ZERO), late: Duration::ZERO }
    }

    pub(super) fn speed(&self) -> Speed {
        self.speed
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused
    }

    /// From this moment of the run on, at this speed.
    pub(super) fn set(&mut self, speed: Speed, paused: bool, now: Instant, elapsed: Duration) {
        (self.speed, self.paused, self.anchor) = (speed, paused, (now, elapsed));
        self.late = Duration::ZERO;
    }

    /// How late the run was against its own clock when its target was last asked for, in real time. A run as fast as the machine can is
    /// never late.
    pub(super) fn late(&self) -> Duration {
        self.late
    }

    /// The moment of the run that belongs to `now`; `None`: as far as it gets.
    pub(super) fn target(&mut self, now: Instant, elapsed: Duration) -> Option<Duration> {
        if self.speed == Speed::FULL {
            return None;
        }
        let factor = f64::from(self.speed.0) / 100.0;
        let scaled = |real: Duration| real.mul_f64(factor);
        let target = self.anchor.1.saturating_add(scaled(now.saturating_duration_since(self.anchor.0)));
        let behind = target.saturating_sub(elapsed);
        self.late = behind.div_f64(factor);
        if behind > scaled(LATE) {
            self.anchor = (now, elapsed);
            return Some(elapsed);
        }
        Some(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_read_strictly() {
        assert_eq!("10x".parse(), Ok(Speed(1_000)));
        assert_eq!("0.5".parse(), Ok(Speed(50)));
        assert_eq!("max".parse(), Ok(Speed::FULL));
        for wrong in ["", "x", "-1x", "0x", "NaN", "inf", "1e9x", "fast"] {
            assert_eq!(wrong.parse::<Speed>(), Err(ParseSpeedError), "{wrong}");
        }
        assert_eq!((Speed(50).to_string(), Speed::FULL.to_string()), ("0.5x".into(), "max".into()));
        assert_eq!(Speed::new(0), Speed(1));
    }

    #[test]
    fn time_passes_at_the_speed_asked_for_and_lost_time_stays_lost() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut pace = Pace::new(Speed(1_000), start);
        assert_eq!(pace.target(start + second, 5 * second), Some(10 * second));
        assert_eq!(pace.late(), second / 2, "five seconds of a run that makes ten a second");
        // Eleven seconds of the run behind: it goes on from where it is.
        assert_eq!(pace.target(start + 2 * second, 9 * second), Some(9 * second));
        assert_eq!(pace.late(), 11 * second / 10);
        assert_eq!(pace.target(start + 3 * second, 10 * second), Some(19 * second));
        assert_eq!(pace.late(), 9 * second / 10);
        pace.set(Speed::FULL, false, start, second);
        assert_eq!(pace.target(start + second, second), None);
        assert_eq!(pace.late(), Duration::ZERO);
    }
}
