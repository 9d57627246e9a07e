//! A small random traffic: transfers between random nodes at random moments, all from a seed.

use super::limits::{MAX_FEE, MAX_PAYMENT};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use std::time::Duration;

/// One transfer to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// How long after the one before.
    pub gap: Duration,
    /// Index of the node that pays.
    pub from: u32,
    /// Index of the node that is paid; never the payer.
    pub to: u32,
    /// How much, in the smallest unit.
    pub amount: u64,
    /// For the miner.
    pub fee: u64,
}

/// An endless list of payments. The same seed gives the same list, whoever carries it out.
pub struct Traffic {
    random: ChaCha8Rng,
    nodes: u32,
    mean_gap: f64,
}

impl Traffic {
    /// Payments among `nodes` nodes, on average `per_second` a second, independent of each other (so their gaps are
    /// exponential). `None` where there is nothing to pay, or nobody.
    pub fn new(seed: u64, nodes: u32, per_second: f64) -> Option<Self> {
        // A stream of its own, so that other users of the same seed do not draw the same numbers.
        let random = ChaCha8Rng::seed_from_u64(seed ^ u64::from_le_bytes(*b"payments"));
        (nodes >= 2 && per_second > 0.0).then(|| Self { random, nodes, mean_gap: per_second.recip() })
    }
}

impl Iterator for Traffic {
    type Item = Payment;

    fn next(&mut self) -> Option<Payment> {
        // `random` is in [0, 1), so the logarithm's argument is never 0.
        let gap = -(1.0 - self.random.random::<f64>()).ln() * self.mean_gap;
        let from = self.random.random_range(0..self.nodes);
        let step = self.random.random_range(1..self.nodes);
        Some(Payment {
            gap: Duration::from_secs_f64(gap),
            from,
            to: (from + step) % self.nodes,
            amount: self.random.random_range(1..=MAX_PAYMENT),
            fee: self.random.random_range(1..=MAX_FEE),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_list() {
        let list = |seed| Traffic::new(seed, 8, 2.0).unwrap().take(50).collect::<Vec<_>>();
        assert_eq!(list(42), list(42));
        assert_ne!(list(42), list(43));
    }

    #[test]
    fn payments_keep_the_wanted_pace_and_nobody_pays_themselves() {
        let payments: Vec<_> = Traffic::new(7, 3, 4.0).unwrap().take(4_000).collect();
        let seconds = payments.iter().map(|payment| payment.gap).sum::<Duration>().as_secs_f64();
        assert!((900.0..1_100.0).contains(&seconds), "4,000 payments at 4 a second took {seconds} s");
        assert!(payments.iter().all(|payment| payment.from != payment.to && payment.from < 3 && payment.to < 3));
    }

    #[test]
    fn one_node_has_nobody_to_pay() {
        assert!(Traffic::new(1, 1, 2.0).is_none());
        assert!(Traffic::new(1, 8, 0.0).is_none());
    }
}
