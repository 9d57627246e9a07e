//! How fast a recording is played.

use super::limits::SPEEDS;
use std::str::FromStr;
use std::time::Duration;

/// How fast a recording is played, percent of its own time: 10 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed(u32);

impl Speed {
    /// The nearest allowed speed.
    pub fn new(percent: u32) -> Self {
        Self(percent.clamp(SPEEDS.0, SPEEDS.1))
    }

    /// Percent of the run's own time.
    pub fn percent(self) -> u32 {
        self.0
    }

    /// How far the recording goes on within `real` time.
    pub fn of(self, real: Duration) -> Duration {
        let micros = real.as_micros().saturating_mul(u128::from(self.0)) / 100;
        Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    /// How long the recording's `span` takes.
    pub fn takes(self, span: Duration) -> Duration {
        let micros = span.as_micros().saturating_mul(100) / u128::from(self.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }
}

impl Default for Speed {
    fn default() -> Self {
        Self(100)
    }
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const WANTED: &str = "write a number from 0.1x to 100x, as in 0.5x, 2x or 10x";
        let number = text.strip_suffix('x').unwrap_or(text);
        let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let times: f64 = number.parse().ok().filter(|_| plain).ok_or_else(|| format!("not a speed: {WANTED}"))?;
        let percent = (times * 100.0).round();
        if percent < f64::from(SPEEDS.0) || percent > f64::from(SPEEDS.1) {
            return Err(format!("out of range: {WANTED}"));
        }
        // Within the bounds above, so that nothing is cut off.
        Ok(Self(percent as u32))
    }
}
