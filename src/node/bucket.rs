//! A token bucket: what somebody may do at once, and how fast he earns more. One for each thing that has a pace: messages nobody asked for,
//! addresses told, questions of look-ups, bytes served.

use super::Time;
use std::time::Duration;

/// How much a bucket holds, and how fast it fills: `count` in each `per`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub(super) burst: u64,
    pub(super) count: u64,
    pub(super) per: Duration,
}

/// What is left of a burst, and until when what was earned is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    left: u64,
    since: Time,
}

impl Bucket {
    /// A full one.
    pub(super) const fn full(rate: &Rate) -> Self {
        Self { left: rate.burst, since: Time(0) }
    }

    /// Adds what was earned meanwhile. A part of a token that is not whole yet stays in the time, or a busy peer would earn less than an
    /// idle one.
    fn refill(&mut self, rate: &Rate, now: Time) {
        let (count, per) = (u128::from(rate.count.max(1)), rate.per.as_micros().max(1));
        let earned = now.since(self.since).as_micros() * count / per;
        let left = u128::from(self.left) + earned;
        if left >= u128::from(rate.burst) {
            (self.left, self.since) = (rate.burst, now);
        } else {
            self.left = left as u64;
            self.since = self.since + Duration::from_micros((earned * per).div_ceil(count) as u64);
        }
    }

    /// Takes `count`, if so many are left.
    pub(super) fn take(&mut self, count: u64, rate: &Rate, now: Time) -> bool {
        self.refill(rate, now);
        let enough = self.left >= count;
        if enough {
            self.left -= count;
        }
        enough
    }

    /// Takes `count`, or what is left; how many that is.
    pub(super) fn take_up_to(&mut self, count: u64, rate: &Rate, now: Time) -> u64 {
        self.refill(rate, now);
        let taken = count.min(self.left);
        self.left -= taken;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const THOUSAND: Rate = Rate { burst: 50, count: 1_000, per: Duration::from_secs(1) };
    /// More than one in a microsecond.
    const BYTES: Rate = Rate { burst: 1_000, count: 3_000_000, per: Duration::from_secs(1) };

    #[test]
    fn a_burst_is_had_at_once_and_then_the_pace() {
        let mut bucket = Bucket::full(&THOUSAND);
        let now = Time(77);
        assert_eq!(bucket.take_up_to(60, &THOUSAND, now), 50);
        assert!(!bucket.take(1, &THOUSAND, now));
        assert!(bucket.take(1, &THOUSAND, Time(1_077)));
        assert!(!bucket.take(1, &THOUSAND, Time(2_076)));
        assert!(bucket.take(50, &THOUSAND, Time(u64::MAX)), "it holds no more than a burst, and no time overflows");
        assert!(!bucket.take(1, &THOUSAND, Time(u64::MAX)));
    }

    proptest! {
        /// However often it is looked at: all that was earned can be had, and nothing more.
        #[test]
        fn nothing_of_the_pace_is_lost_or_made_up(steps in proptest::collection::vec(0u64..3_000, 1..300), bytes in any::<bool>()) {
            let rate = if bytes { BYTES } else { THOUSAND };
            let mut bucket = Bucket::full(&rate);
            let (mut now, mut taken) = (Time(0), bucket.take_up_to(u64::MAX, &rate, Time(0)));
            let mut lost = 0;
            for step in steps {
                now = Time(now.0 + step);
                let got = bucket.take_up_to(u64::MAX, &rate, now);
                // What does not fit is gone.
                lost += u64::from(got == rate.burst) * (step * rate.count / 1_000_000);
                taken += got;
            }
            let earned = now.0 * rate.count / 1_000_000 + rate.burst;
            prop_assert!(taken <= earned);
            // Less than a microsecond's worth at each look, where one brings more than one.
            let slack = if bytes { 3 * 300 } else { 1 };
            prop_assert!(taken + lost + slack >= earned, "{taken} + {lost} of {earned}");
        }
    }
}
