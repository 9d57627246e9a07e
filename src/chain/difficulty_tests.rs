use super::*;
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

const BLOCK_TIME: u64 = 4_000;

/// Mines `blocks` blocks at `tries_per_ms`, with exponential solve times; the difficulty after each.
fn simulate(start: u64, tries_per_ms: f64, blocks: usize, seed: u64) -> Vec<u64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut difficulty, mut time, mut before) = (start, 1_000_000u64, 996_000u64);
    (0..blocks)
        .map(|_| {
            difficulty = next_difficulty(difficulty, time, before, BLOCK_TIME);
            let uniform: f64 = rng.random_range(f64::MIN_POSITIVE..1.0);
            before = time;
            time += (-uniform.ln() * difficulty as f64 / tries_per_ms) as u64;
            difficulty
        })
        .collect()
}

fn mean(values: &[u64]) -> f64 {
    values.iter().map(|value| *value as f64).sum::<f64>() / values.len() as f64
}

#[test]
fn converges_from_ten_times_too_easy_and_too_hard() {
    for seed in 0..20 {
        for start in [800, 80_000] {
            // 2 tries a millisecond at 4 s a block: 8000 is right.
            let run = simulate(start, 2.0, 1_100, seed);
            let settled = mean(&run[100..]);
            assert!((6_800.0..9_200.0).contains(&settled), "seed {seed}, from {start}: mean {settled}");
            let early = mean(&run[60..90]);
            assert!((4_500.0..13_000.0).contains(&early), "seed {seed}, from {start}: {early} after 60 blocks");
        }
    }
}

#[test]
fn leaves_the_smallest_difficulties() {
    let run = simulate(1, 2.0, 300, 7);
    assert!(mean(&run[200..]) > 5_000.0, "{run:?}");
    let down = simulate(50, 1.0 / 8_000.0, 300, 7);
    assert!(*down.last().unwrap() < 10, "{down:?}");
}

#[test]
fn on_time_blocks_keep_it() {
    for difficulty in [1, 2, 3, 15, 16, 8_000, u64::MAX] {
        assert_eq!(next_difficulty(difficulty, 14_000, 10_000, BLOCK_TIME), difficulty);
    }
}

#[test]
fn one_block_changes_it_within_bounds_whatever_the_times() {
    for (time, before) in [(0, u64::MAX), (u64::MAX, 0), (0, 0), (u64::MAX, u64::MAX), (5, 1)] {
        for block_time in [0, 1, BLOCK_TIME, u64::MAX] {
            for difficulty in [0, 1, 1_000_000, u64::MAX / 2, u64::MAX] {
                let next = next_difficulty(difficulty, time, before, block_time);
                let (low, high) = (u128::from(difficulty) * 16 / 21, u128::from(difficulty) * 16 / 9 + 2);
                assert!(next >= 1 && u128::from(next) + 2 >= low && u128::from(next) <= high, "{difficulty} → {next}");
            }
        }
    }
    assert_eq!(next_difficulty(u64::MAX, 0, u64::MAX, BLOCK_TIME), u64::MAX);
}

#[test]
fn a_time_that_runs_ahead_is_paid_back() {
    let ahead = next_difficulty(1_000_000, 10_000 + 6 * BLOCK_TIME, 10_000, BLOCK_TIME);
    let back = next_difficulty(ahead, 10_000 + 2 * BLOCK_TIME, 10_000 + 6 * BLOCK_TIME, BLOCK_TIME);
    assert!(ahead < 800_000 && back > 1_000_000, "{ahead} {back}");
}

#[test]
fn the_target_is_a_share_of_all_ids() {
    let mut id = BlockId([0xff; 32]);
    assert!(meets(&id, 1) && meets(&id, 0) && !meets(&id, 2));
    id.0[0] = 0x7f;
    assert!(meets(&id, 2) && !meets(&id, 3));
    assert!(meets(&BlockId([0; 32]), u64::MAX));
    id = BlockId([0; 32]);
    id.0[7] = 2;
    assert!(!meets(&id, u64::MAX) && meets(&id, u64::MAX / 2));
}
