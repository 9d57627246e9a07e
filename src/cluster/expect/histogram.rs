//! How often each of many durations occurred, in bounded memory: whole microseconds below two milliseconds, and buckets of a thousandth
//! of their value above. (The idea is that of HdrHistogram by Gil Tene.)

use std::time::Duration;

/// Buckets of each octave: none is wider than so great a part of its values.
const BUCKETS: u64 = 1_024;
/// Octaves: the last one ends after more than 300 years, as many microseconds as a number holds.
const OCTAVES: usize = 55;

#[derive(Clone, Copy, Default)]
struct Bucket {
    count: u64,
    /// Of its values, each less the bucket's own lower end: small numbers.
    above: u64,
}

/// The buckets of one octave; none until they are needed.
#[derive(Clone, Default)]
struct Octave {
    count: u64,
    buckets: Vec<Bucket>,
}

/// Durations, counted.
#[derive(Clone)]
pub(super) struct Histogram {
    octaves: Vec<Octave>,
    count: u64,
    longest: Duration,
}

impl Histogram {
    pub(super) fn new() -> Self {
        Self { octaves: vec![Octave::default(); OCTAVES], count: 0, longest: Duration::ZERO }
    }

    pub(super) fn add(&mut self, value: Duration) {
        let micros = u64::try_from(value.as_micros()).unwrap_or(u64::MAX);
        let (octave, bucket) = place(micros);
        let Some(octave_of) = self.octaves.get_mut(octave) else { return };
        if octave_of.buckets.is_empty() {
            octave_of.buckets = vec![Bucket::default(); BUCKETS as usize];
        }
        octave_of.count += 1;
        if let Some(found) = octave_of.buckets.get_mut(bucket) {
            found.count += 1;
            found.above = found.above.saturating_add(micros - lower(octave, bucket));
        }
        self.count += 1;
        self.longest = self.longest.max(value);
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The longest; `None` of none.
    pub(super) fn longest(&self) -> Option<Duration> {
        (self.count > 0).then_some(self.longest)
    }

    /// The one in the middle (the lower of two), or the mean of those that share its bucket; `None` of none.
    pub(super) fn median(&self) -> Option<Duration> {
        let mut rank = self.count.checked_sub(1)? / 2;
        for (octave, of) in self.octaves.iter().enumerate() {
            if rank >= of.count {
                rank -= of.count;
                continue;
            }
            for (bucket, found) in of.buckets.iter().enumerate() {
                if rank < found.count {
                    return Some(Duration::from_micros(lower(octave, bucket).saturating_add(found.above / found.count)));
                }
                rank -= found.count;
            }
        }
        None
    }
}

/// The octave and its bucket that a value belongs to.
fn place(micros: u64) -> (usize, usize) {
    let octave = (micros / BUCKETS).checked_ilog2().map_or(0, |log| log + 1);
    let within = if octave == 0 { micros } else { (micros >> (octave - 1)) - BUCKETS };
    (octave as usize, within as usize)
}

/// The least value of a bucket.
fn lower(octave: usize, bucket: usize) -> u64 {
    if octave == 0 { bucket as u64 } else { (BUCKETS + bucket as u64) << (octave - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn few_values_are_exact_and_the_extremes_have_their_places() {
        let mut histogram = Histogram::new();
        assert_eq!((histogram.median(), histogram.longest()), (None, None));
        for millis in [700, 100, 900] {
            histogram.add(Duration::from_millis(millis));
        }
        assert_eq!(histogram.median(), Some(Duration::from_millis(700)));
        for extreme in [Duration::ZERO, Duration::MAX] {
            histogram.add(extreme);
        }
        assert_eq!((histogram.median(), histogram.longest()), (Some(Duration::from_millis(700)), Some(Duration::MAX)));
        assert_eq!(place(u64::MAX), (OCTAVES - 1, BUCKETS as usize - 1));
    }

    #[test]
    fn it_does_not_grow_with_what_is_counted() {
        let mut histogram = Histogram::new();
        for micros in 0..1_000_000 {
            histogram.add(Duration::from_micros(micros));
        }
        // A million different values; their octaves are those from nothing to a second.
        assert_eq!(histogram.octaves.iter().map(|octave| octave.buckets.len()).sum::<usize>(), 11 * 1_024);
        assert_eq!(histogram.count(), 1_000_000);
    }

    proptest! {
        #[test]
        fn the_median_is_off_by_a_thousandth_at_most(values in proptest::collection::vec(0_u64..10_000_000_000, 1..200)) {
            let mut histogram = Histogram::new();
            values.iter().for_each(|value| histogram.add(Duration::from_micros(*value)));
            let mut sorted = values;
            sorted.sort_unstable();
            let exact = sorted[(sorted.len() - 1) / 2];
            let found = u64::try_from(histogram.median().unwrap().as_micros()).unwrap();
            prop_assert!(found.abs_diff(exact) <= exact / 1_000, "{} for {}", found, exact);
            prop_assert_eq!(histogram.longest(), sorted.last().map(|value| Duration::from_micros(*value)));
        }
    }
}
